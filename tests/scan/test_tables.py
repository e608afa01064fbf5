"""The data files of the scan engine: complete, consistent, explained."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest

from ambra_tui.errors import Invalid
from ambra_tui.kit.resources import data_path, docs_path
from ambra_tui.scan import symbology
from ambra_tui.scan.check_digits import price_check_digit
from ambra_tui.scan.content import compile_format
from ambra_tui.scan.refusal import WARNINGS, Code
from ambra_tui.scan.restricted import Mask, load_masks, read_restricted
from ambra_tui.scan.table import load_table


def test_the_table_is_whole() -> None:
    table = load_table()
    assert len(table) == 541
    for identifier in table:
        assert identifier.content.longest >= 1, identifier.ai
        assert identifier.content.is_fixed or not identifier.is_predefined, identifier.ai


def test_no_identifier_begins_another() -> None:
    numbers = {identifier.ai for identifier in load_table()}
    assert not [n for n in numbers for length in (2, 3) if length < len(n) and n[:length] in numbers]


def test_identifiers_of_known_length_have_the_same_length_by_their_first_two_digits() -> None:
    lengths: dict[str, set[int]] = {}
    for identifier in load_table():
        if identifier.is_predefined:
            total = len(identifier.ai) + identifier.content.longest
            lengths.setdefault(identifier.ai[:2], set()).add(total)
    assert {start for start, found in lengths.items() if len(found) != 1} == set()


def test_every_companion_is_in_the_table() -> None:
    table = load_table()
    numbers = {identifier.ai for identifier in table}
    starts = {n[:2] for n in numbers} | {n[:3] for n in numbers}
    for identifier in table:
        groups = (*identifier.requires, identifier.excludes, *identifier.qualifiers)
        for pattern in (ai for group in groups for ai in group):
            assert pattern in numbers or pattern.rstrip("n") in starts, (identifier.ai, pattern)


def test_the_origin_of_the_table_is_named() -> None:
    notice = data_path("gs1/NOTICE.md").read_text("utf-8")
    assert "Apache License" in notice
    assert "gs1-syntax-dictionary" in notice


@pytest.mark.parametrize("set_name", ["", "sweden", "baltic", "germany", "denmark", "great_britain", "united_states"])
def test_every_mask_set_loads(set_name: str) -> None:
    assert load_masks(set_name)


def test_the_first_fitting_mask_wins_and_none_reads_nothing() -> None:
    masks = (Mask("2812", 3, 5, "weight_kg", 3), Mask("28", 5, 5, "price", 2))
    assert read_restricted("02812345067898", masks) == {
        "item_reference": "345",
        "net_weight_kg": Decimal("6.789"),
    }
    assert read_restricted("02912345067899", masks) == {}


def test_a_mask_that_is_not_twelve_digits_is_refused() -> None:
    with pytest.raises(Invalid, match="describes 11 digits"):
        Mask("28", 4, 5)
    with pytest.raises(Invalid, match="4 or 5 value digits"):
        Mask("28", 3, 6, inner_check=True)
    with pytest.raises(Invalid, match="not understood"):
        Mask("2x", 5, 5)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("active = 'x'\n[sets]\n", "no mask set 'x'"),
        ("not toml", "cannot be read"),
        ("active = 'x'\n[sets]\nx = [{ prefixes = ['28'], item_digits = 5, colour = 1 }]\n", "cannot be read"),
    ],
)
def test_a_broken_mask_file_is_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "masks.toml"
    path.write_text(text)
    with pytest.raises(Invalid, match=sentence):
        load_masks("", path)


def test_an_own_mask_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "masks.toml"
    path.write_text(
        "active = 'shop'\n[sets]\nshop = [{ prefixes = ['04'], item_digits = 6, value_digits = 4, value = 'count' }]\n"
    )
    assert read_restricted("00412345600070", load_masks("", path)) == {"item_reference": "123456", "count": 7}


@pytest.mark.parametrize(("value", "digit"), [("2875", "9"), ("14685", "6"), ("0000", "0"), ("00000", "0")])
def test_inner_check_digits_of_the_general_specifications(value: str, digit: str) -> None:
    assert price_check_digit(value) == digit


def test_a_format_is_compiled_once() -> None:
    assert compile_format("N14,csum,gcppos2") is compile_format("N14,csum,gcppos2")


@pytest.mark.parametrize(
    ("identifier", "words"), [("]C1", "GS1-128"), ("]Q2", "QR Code"), ("]K7", ""), ("", ""), ("]E4", "EAN-8")]
)
def test_symbologies_have_names(identifier: str, words: str) -> None:
    assert symbology.name(identifier) == words


def test_every_code_is_explained_in_the_documentation() -> None:
    page = (docs_path() / "scanning.md").read_text("utf-8")
    assert [code for code in (*get_args(Code), *WARNINGS) if f"`{code}`" not in page] == []
