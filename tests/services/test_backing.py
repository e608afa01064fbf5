"""A sentence is told only when every number in it stands in the rows behind it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ambra_tui.services.assistants.backing import is_backed, readings

ROWS = [
    {"sku": "MILK-1L", "name": "Milk 1 l", "on_hand": 1240, "available": 12.5, "expiry_date": "2026-03-31"},
    {"sku": "22423", "name": "Cake stand, 3 tier", "on_hand": -4, "available": None, "expiry_date": None},
]


@pytest.mark.parametrize(
    "prose",
    [
        "There are 1240 MILK-1L.", "Es sind 1.240 Stück.", "1,240 units of milk", "12,5 sind verfügbar",
        "Milk 1 l expires on 31.03.2026.", "22423 stands at -4.", "Two products are listed.", "Nothing to say.",
        "In the last 7 days", "Cake stand, 3 tier: four too few?",
    ],
)  # fmt: skip
def test_backed(prose: str) -> None:
    assert is_backed(prose, rows=ROWS, also=[{"days": 7}])


@pytest.mark.parametrize(
    "prose",
    [
        "There are 1241 MILK-1L.", "Together 1236.", "About 12.6.", "1 is left.", "a dozen", "zwölf Stück", "99 %",
        "1.24 remain", "Order 500 more.", "See https://example.com", "<b>1240</b>", "[1240](x)", "", "   ", "a\x1b[2J",
        "1240 " * 200, "Es kamen 3 Tage",
    ],
)  # fmt: skip
def test_not_backed(prose: str) -> None:
    assert not is_backed(prose, rows=ROWS, also=[{"days": 7}])


@pytest.mark.parametrize(
    ("written", "meant"),
    [("1.234", {"1.234", "1234"}), ("1,234.5", {"1234.5", "12345"}), ("1 234", {"1234"}), ("7", {"7"})],
)
def test_readings(written: str, meant: set[str]) -> None:
    assert readings(written) == {Decimal(number) for number in meant}
