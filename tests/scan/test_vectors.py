"""The scan engine against its own table of accepted and refused scans, `vectors.tsv`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from ambra_tui.kit.quantity import show
from ambra_tui.scan.model import Scan
from ambra_tui.scan.parse import parse
from ambra_tui.scan.restricted import load_masks

TODAY = date(2026, 3, 2)
_TABLE = Path(__file__).with_name("vectors.tsv")
_TEXTS = ("gtin", "lot", "serial", "sscc", "gln", "item_reference", "error")
_DATES = ("expiry", "best_before", "production_date")
_NUMBERS = ("count", "net_weight_kg")


@dataclass(frozen=True)
class Vector:
    """One line of the table."""

    raw: str
    kind: str
    expected: dict[str, str]
    today: date
    masks: str
    is_part: bool


def _vectors() -> list[Vector]:
    lines = _TABLE.read_text("utf-8").split("\n")
    return [_vector(line) for line in lines if not line.startswith("# ") and "\t" in line]


def _vector(line: str) -> Vector:
    raw, kind, fields, options = (*line.split("\t"), "", "")[:4]
    settings = dict(option.partition("=")[::2] for option in options.split())
    unescaped = re.sub(r"\\(?:x([0-9a-f]{2})|\\)", lambda m: chr(int(m[1], 16)) if m[1] else "\\", raw)
    return Vector(
        raw=unescaped,
        kind=kind,
        expected=dict(field.partition("=")[::2] for field in fields.split()),
        today=date.fromisoformat(settings["today"]) if "today" in settings else TODAY,
        masks=settings.get("masks", ""),
        is_part="parts" in settings,
    )


def _said(scan: Scan) -> dict[str, str]:
    said = {name: getattr(scan, name) for name in _TEXTS}
    said |= {name: str(getattr(scan, name) or "") for name in _DATES}
    for name in _NUMBERS:
        number = getattr(scan, name)
        said[name] = "" if number is None else show(number)
    said |= {f"other.{ai}": value for ai, value in scan.other.items()}
    said |= {"is_content": "yes" if scan.is_content else "", "warnings": ",".join(scan.warnings)}
    return {name: text for name, text in said.items() if text}


VECTORS = _vectors()


def test_the_table_is_large_enough_on_both_sides() -> None:
    refused = sum(vector.kind == "invalid" for vector in VECTORS)
    assert refused >= 120
    assert len(VECTORS) - refused >= 150


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: ascii(vector.raw[:60]) or "empty")
def test_vector(vector: Vector) -> None:
    scan = parse(vector.raw, today=vector.today, masks=load_masks(vector.masks), associations=not vector.is_part)
    expected = dict(vector.expected)
    symbology = expected.pop("symbology", scan.symbology)
    assert (scan.kind, scan.symbology, _said(scan)) == (vector.kind, symbology, expected), scan.detail
    assert scan.raw == vector.raw
