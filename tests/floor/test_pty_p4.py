"""P4 through a pseudo-terminal: three orders in one walk by expiry, each into its tote (FLOOR C1, C3, C8)."""

from __future__ import annotations

import pytest

from tests.floor.conftest import Start
from tests.floor.station import Station
from tests.floor.worker import Worker

GLOVE, MILK, BOLT, PAINT, CABLE = (
    "5001000000040", "5001000000019", "5001000000033", "5001000000071", "5001000000118",
)  # fmt: skip
SIZES = [
    (16, 20),
    pytest.param(8, 40, marks=pytest.mark.long),
    pytest.param(20, 40, marks=pytest.mark.long),
    pytest.param(24, 80, marks=pytest.mark.long),
    pytest.param(40, 120, marks=pytest.mark.long),
]
STOPS = [
    ("A01-1", BOLT, "T1", "PICKED 10"),
    ("A02-1", GLOVE, "T3", "PICKED 3"),
    ("A04-1", MILK, "T2", "PICKED 4"),
]
PICKS = [
    ("pick_move", "BOLT-M8", "A01-1", "T1", "", 10),
    ("pick_move", "GLOVE-L", "A02-1", "T3", "", 3),
    ("pick_move", "MILK-1L", "A04-1", "T2", "M100", 4),
    ("pick_move", "MILK-1L", "B04-1", "T1", "M090", 6),
    ("pick_move", "MILK-1L", "B04-1", "T2", "M090", 4),
    ("pick_move", "PAINT-5L", "B03-1", "T2", "", 1),
    ("pick_move", "CABLE-2M", "B01-1", "T3", "", 2),
]


def begin_cluster(desk: Worker, ana: Station) -> None:
    """SO-1, SO-2, SO-3 with T1, T2, T3."""
    desk.order("SO-1", ("BOLT-M8", 10), ("MILK-1L", 6), is_reserved=False)
    desk.order("SO-2", ("MILK-1L", 8), ("PAINT-5L", 1), is_reserved=False)
    desk.order("SO-3", ("GLOVE-L", 3), ("CABLE-2M", 2), is_reserved=False)
    ana.key("3", "Scan an order")
    ana.key("F8", "free tote")
    for number in (1, 2, 3):
        ana.scan(f"SO-{number}", "Scan a free tote for")
        ana.scan(f"T{number}", "TOTE OK", f"SO-{number} goes into T{number}")


def take(ana: Station, code: str, item: str, tote: str, *told: str) -> None:
    """Three scans of a stop."""
    ana.scan(f"WH1-{code}", "BIN OK", "Scan the item")
    put(ana, item, tote, *told)


def put(ana: Station, item: str, tote: str, *told: str) -> None:
    """Two scans of a line whose bin was scanned before; its tote stands on the screen."""
    ana.scan(item, "ITEM OK")
    ana.scan(tote, *told)


def finish_walk(ana: Station) -> None:
    """What comes after the third stop."""
    take(ana, "B04-1", MILK, "T1", "PICKED 6", "Scan the item")
    put(ana, MILK, "T2", "Is this bin empty now?")
    ana.key("1", "BIN EMPTY")
    take(ana, "B03-1", PAINT, "T2", "PICKED 1")
    take(ana, "B01-1", CABLE, "T3", "ORDER PICKED")


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_p4_three_orders_in_one_walk(desk: Worker, start: Start, rows: int, columns: int) -> None:
    ana = start(rows, columns)
    begin_cluster(desk, ana)
    before = desk.on_hand("BOLT-M8", "C02-1")
    for code, item, tote, told in STOPS:
        take(ana, code, item, tote, told)
    finish_walk(ana)
    assert desk.moves() == PICKS
    assert ana.error_tones == 0
    ana.key("F10", "SHIPPED")
    shipped: dict[tuple[str, str], int] = {}
    for kind, sku, _, place, lot, quantity in desk.moves("order_fulfilled"):
        assert (kind, place) == ("order_fulfilled", "customer")
        shipped[sku, lot] = shipped.get((sku, lot), 0) + quantity
    assert shipped == {
        ("BOLT-M8", ""): 10,
        ("MILK-1L", "M090"): 10,
        ("MILK-1L", "M100"): 4,
        ("PAINT-5L", ""): 1,
        ("GLOVE-L", ""): 3,
        ("CABLE-2M", ""): 2,
    }
    assert (desk.on_hand("BOLT-M8", "C02-1"), desk.on_hand("MILK-1L", "B04-1")) == (before, 0)
    assert desk.tasks() == []
