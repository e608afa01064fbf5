"""The terminal's words in every language: the same keys, and nothing cut off on twenty columns."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from rich.cells import cell_len

from ambra_tui.kit.language import keys, languages, say
from ambra_tui.kit.resources import data_path, docs_path
from ambra_tui.tui.arrange import arrange
from ambra_tui.tui.board import STYLES
from ambra_tui.tui.help import page_names, page_text, render
from ambra_tui.tui.keys import EVERYWHERE
from ambra_tui.tui.text import wrap
from ambra_tui.tui.view import Chrome, View, key_label

KEY_OF = {"key_stay": "Esc", "key_again": "Enter", "key_send": "Enter", "key_choose": "↑↓", "key_verdicts": "F5",
          "key_next_page": "F6", "key_suffix_off": "F8", "key_suffix_on": "F8"}  # fmt: skip


def own(language: str) -> dict[str, str]:
    path = data_path("language") / language / "terminal.toml"
    texts: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))["terminal"]
    return texts


def test_every_language_has_the_same_words() -> None:
    assert {language: own(language).keys() ^ own("en").keys() for language in languages()} == {
        language: set() for language in languages()
    }


@pytest.mark.parametrize("language", ["en", "de"])
def test_keys_and_titles_fit_twenty_columns(language: str) -> None:
    texts = own(language)
    keyed = {meaning.label.removeprefix("terminal."): key_label(key) for key, meaning in EVERYWHERE.items()} | KEY_OF
    for name, key in keyed.items():
        assert cell_len(f"{key} {texts[name]}") <= 18, name
    for name in ("scan_or_type", "scan_only"):
        assert cell_len(f"›   {texts[name]}") <= 20, name
    for name in ("practice_title", "scans_title", "help_title"):
        assert cell_len(texts[name]) <= 16, name
    for name in ("todo", "history"):
        assert cell_len(texts[name]) <= 24, name


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_word_of_every_verdict_can_be_read_on_sixteen_rows_of_twenty(language: str) -> None:
    from ambra_tui.kit.language import verdict_words
    from ambra_tui.tui.view import Fact, Notice

    facts = tuple(Fact(f"Label {n}", "value") for n in range(6))
    view = View("Title", "Scan the bin to put it into", "C03-1", facts, keys=(("F1", "Help"),))
    for code in sorted(key.removeprefix("verdict.") for key in keys(language) if key.startswith("verdict.")):
        headline, detail = verdict_words(language, code, {})
        level: Any = {"G": "good", "W": "doubt"}.get(code[0], "wrong")
        lines = arrange(view, Chrome(notice=Notice(code, level, headline, detail)), width=20, height=16)
        shown = " ".join("".join(part for part, style in line if style.startswith(level)) for line in lines).split()
        for word in f"{code} {headline} {detail}".split():
            assert word in shown or all(piece in shown for piece in wrap(word, 20)), (code, word, shown)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("width", [76, 80, 120])
def test_the_last_verdicts_are_read_whole_beside_the_step(language: str, width: int) -> None:
    from ambra_tui.kit.language import verdict_words

    codes = sorted(key.removeprefix("verdict.") for key in keys(language) if key.startswith("verdict."))
    for code in codes:
        words = f"{code} {verdict_words(language, code, {})[0]}"
        view = View("Title", "Scan", history=(("14:43", "wrong", words),))
        lines = arrange(view, Chrome(history_title="Last"), width=width, height=24)
        assert any(words in "".join(part for part, _ in line) for line in lines), words


def test_help_lays_out_every_page_at_every_width() -> None:
    for name in page_names():
        for width in (16, 20, 40, 80, 120):
            lines = render(page_text(name, "en"), width)
            assert lines
            for line in lines:
                assert sum(cell_len(part) for part, _ in line) <= width, (name, line)
                assert all(style in STYLES or not style for _, style in line)


def test_the_terminals_page_names_every_key_and_variable() -> None:
    page = (docs_path() / "terminal.md").read_text(encoding="utf-8")
    for word in ("F1", "F2", "F3", "F4", "F12", "Ctrl+O", "Ctrl+C", "Ctrl+L", "Esc", "AMBRA_BELL_GAP", "AMBRA_ASCII",
                 "AMBRA_SCANNER_SUFFIX", "replay:"):  # fmt: skip
        assert word in page
    assert say("de", "terminal.scan_badge") == "Ausweis scannen"
