"""The catalogue of verdicts: every code fits the smallest screen in every language and stands in the docs."""

from __future__ import annotations

import re
import tomllib

import pytest

from ambra_tui.kit import language
from ambra_tui.kit.resources import data_path, docs_path

PLACE = re.compile(r"\{(\w+)\}")
WIDEST = {"count": "9", "seconds": "9999", "quantity": "999", "badge": "BDG-9001", "expiry": "2026-12-31"}
SEED = [f"E{number:02}" for number in (*range(1, 26), *range(30, 38), 40, 41)]


def catalogue(name: str) -> dict[str, list[str]]:
    path = data_path("language") / name / "verdict.toml"
    verdicts: dict[str, list[str]] = tomllib.loads(path.read_text(encoding="utf-8"))["verdict"]
    return verdicts


def filled(text: str) -> str:
    return PLACE.sub(lambda place: WIDEST.get(place[1], "99"), text)


@pytest.mark.parametrize("name", language.languages())
def test_every_headline_fits_twenty_columns_with_its_places_filled(name: str) -> None:
    too_wide = {code: filled(words[0]) for code, words in catalogue(name).items() if len(filled(words[0])) > 20}
    assert too_wide == {}


@pytest.mark.parametrize("name", language.languages())
def test_every_language_knows_every_code_with_the_same_places(name: str) -> None:
    english, other = catalogue("en"), catalogue(name)
    assert other.keys() == english.keys()
    for code, (headline, detail) in other.items():
        assert set(PLACE.findall(headline)) == set(PLACE.findall(english[code][0])), code
        assert set(PLACE.findall(detail)) == set(PLACE.findall(english[code][1])), code


def test_the_seed_codes_of_the_floor_are_all_there() -> None:
    assert [code for code in SEED if code not in catalogue("en")] == []


def test_codes_are_a_letter_and_two_digits_and_words_hold_no_control_character() -> None:
    for name in language.languages():
        for code, (headline, detail) in catalogue(name).items():
            assert re.fullmatch(r"[GWE]\d\d", code)
            assert headline.isprintable() and detail.isprintable()
            assert PLACE.sub("", headline) == PLACE.sub("", headline).upper()


def test_the_page_lists_every_code_with_its_words_and_no_other() -> None:
    """F9: every message has its code in the documentation."""
    page = (docs_path() / "verdicts.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^- \*\*([A-Z]\d\d) (.+?)\*\*: (?:.+)$", page, flags=re.MULTILINE))
    assert listed == {code: PLACE.sub(r"*\1*", words[0]) for code, words in catalogue("en").items()}


def test_filling_a_verdict_cuts_nothing_that_fits_and_survives_braces() -> None:
    assert language.verdict_words("en", "E31", {"quantity": "3", "bin": "A-1", "item": "{x}[/]"}) == (
        "QTY NOW 3",
        "Somebody else took some: A-1 holds 3 {x}[/] now.",
    )
