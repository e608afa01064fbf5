"""The status of a total, as the store computes it too, and the fact that it got worse.

Only what gets worse is told, so that whoever waits for low stock hears of it when it begins, and not again before it
was better in between.

Example::

    fall(150, 15, reorder_point=20, safety_stock=0)    # ('normal', 'low')
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

Amount = TypeVar("Amount", int, Decimal)
SEVERITIES = ("normal", "low", "critical", "out_of_stock")
STATUS_FELL = "stock_status_fell"


def status_of(available: Amount, reorder_point: Amount, safety_stock: Amount) -> str:
    """The first that fits, worst first (`STATUS_RULE` of the store, where a test compares the two)."""
    if available <= 0:
        return "out_of_stock"
    if available <= safety_stock or (not safety_stock and available * 2 <= reorder_point):
        return "critical"
    return "low" if available < reorder_point else "normal"


def fall(before: Amount, after: Amount, *, reorder_point: Amount, safety_stock: Amount) -> tuple[str, str] | None:
    """The status before and after, when so much less available made it worse."""
    if after >= before or (after >= reorder_point and after > safety_stock and after > 0):
        return None
    was, now = status_of(before, reorder_point, safety_stock), status_of(after, reorder_point, safety_stock)
    return None if was == now else (was, now)


def told(site_id: str, fallen: tuple[str, str]) -> dict[str, str]:
    """What the fact says of a variant in a site."""
    return {"site_id": site_id, "before": fallen[0], "after": fallen[1]}
