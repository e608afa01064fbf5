"""Sales as a screen shows them: four figures, a series to plot, and the largest groups, as plain texts and numbers.

Example::

    board = read_sales(session, "last_30_days", "product")
    board.steps[0]      # ('03-02', Decimal('120.00'))
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlmodel import Session

from ambra_tui.errors import Invalid
from ambra_tui.services.analytics import cube, days
from ambra_tui.services.analytics.sales import GROUPS, sales
from ambra_tui.store.scope import now_of

WINDOWS = {"last_30_days": "day", "last_90_days": "week", "last_365_days": "month", "last_7_days": "day"}
SHOWN_GROUPS = 100


@dataclass(frozen=True, slots=True)
class SalesBoard:
    """Sales of a window in one currency: the organization's, or another in which something was sold when nothing was
    in that. `steps`: (what it is called, revenue). `groups`: (name, revenue, orders)."""

    window: str
    group_by: str
    currency: str
    revenue: Decimal
    orders: int
    units: Decimal
    average: Decimal | None
    steps: tuple[tuple[str, Decimal], ...]
    groups: tuple[tuple[str, Decimal, int], ...]


def read_sales(session: Session, window: str, group_by: str) -> SalesBoard:
    """The sales of a window of WINDOWS, up to today. Raises Invalid."""
    if window not in WINDOWS or group_by not in GROUPS:
        raise Invalid(f"there are no sales of {window} by {group_by}", field="report")
    own, used = cube.currencies_of(session)
    others = [each for each in used if each != own]
    span, interval = days.span_of(window, now_of(session).date()), WINDOWS[window]
    told = None
    for currency in (own, *others):
        told = sales(
            session, span=span, interval=interval, currency=currency, group_by=group_by, limit=SHOWN_GROUPS
        )  # fmt: skip
        if told.summary["orders"]:
            break
    assert told is not None
    if not told.summary["orders"] and others:
        told = sales(session, span=span, interval=interval, currency=own, group_by=group_by, limit=SHOWN_GROUPS)
    dimension = GROUPS[group_by]
    names = {"month": "%Y-%m"}
    return SalesBoard(
        window=window,
        group_by=group_by,
        currency=told.currency,
        revenue=told.summary["revenue"],
        orders=told.summary["orders"],
        units=told.summary["units"],
        average=told.summary["avg_order_value"],
        steps=tuple((f"{step.first:{names.get(interval, '%m-%d')}}", step.values["revenue"]) for step in told.series),
        groups=tuple((row.values[dimension], row.values["revenue"], row.values["orders"]) for row in told.groups),
    )
