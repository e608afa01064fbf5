"""The reports as a screen shows them: a few bars, and the rows behind them, as plain texts and numbers.

Example::

    board = read_report(session, "aging", site_id=site.id)
    board.bars[0]     # Bar('0-30', Decimal('1204.50'))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from sqlmodel import Session

from ambra_tui.errors import Invalid
from ambra_tui.kit.quantity import show
from ambra_tui.services.reports.inventory_aging import age_totals, inventory_aging
from ambra_tui.services.reports.movers import DAYS, fast_movers
from ambra_tui.services.reports.stock_by_location import stock_by_location

SHOWN_ROWS, SHOWN_BARS = 100, 8
NO_AGE = "none"


class Bar(NamedTuple):
    """One bar; `label` is a name, or the bucket NO_AGE."""

    label: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One row: `title` and `value` are seen on every screen; `told` fills the sentence below them."""

    title: str
    value: str
    told: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReportBoard:
    """A report at this moment. `total`: how many rows there are in all; `measure`: what the bars count: units, value
    (in `currency`), or items where nothing has a value."""

    name: str
    bars: tuple[Bar, ...]
    lines: tuple[ReportLine, ...]
    total: int
    measure: str = "units"
    currency: str = ""


def read_report(session: Session, name: str, *, site_id: str) -> ReportBoard:
    """The report `name` of a site: movers, aging or sites (all of them). Raises Invalid for another name."""
    read = _REPORTS.get(name)
    if read is None:
        raise Invalid(f"there is no report '{name}'", field="report")
    return read(session, site_id)


def _movers(session: Session, site_id: str) -> ReportBoard:
    rows, total = fast_movers(session, days=DAYS, site_id=site_id, limit=SHOWN_ROWS)
    lines = tuple(
        ReportLine(
            row.sku,
            show(row.units),
            {
                "rate": show(row.units_a_day),
                "available": show(row.available),
                "days": show(row.days_of_cover.quantize(Decimal(1))),
                "name": row.name,
            },
        )
        for row in rows
    )
    return ReportBoard("movers", tuple(Bar(row.sku, row.units) for row in rows[:SHOWN_BARS]), lines, total)


def _aging(session: Session, site_id: str) -> ReportBoard:
    rows, total = inventory_aging(session, site_id=site_id, offset=0, limit=SHOWN_ROWS)
    totals = age_totals(session, site_id=site_id)
    lines = tuple(
        ReportLine(
            row.sku,
            show(row.quantity),
            {
                "days": "-" if row.age_days is None else str(row.age_days),
                "last": "-" if row.last_inbound_at is None else f"{row.last_inbound_at.astimezone():%Y-%m-%d}",
                "name": row.name,
            },
        )
        for row in rows
    )
    measure = "value" if any(each.value for each in totals) else "items"
    bars = tuple(
        Bar(each.age_bucket or NO_AGE, each.value if measure == "value" else Decimal(each.rows)) for each in totals
    )
    return ReportBoard("aging", bars, lines, total, measure, totals[0].currency)


def _sites(session: Session, site_id: str) -> ReportBoard:
    del site_id
    rows, total = stock_by_location(session, offset=0, limit=SHOWN_ROWS)
    lines = tuple(
        ReportLine(
            row.code,
            f"{row.value:f}",
            {
                "variants": str(row.variants),
                "on_hand": show(row.on_hand),
                "low": str(row.low),
                "name": row.name,
            },
        )
        for row in rows
    )
    measure, currency = "value" if any(row.value for row in rows) else "items", rows[0].currency if rows else ""
    bars = tuple(Bar(row.code, row.value if measure == "value" else Decimal(row.variants)) for row in rows[:SHOWN_BARS])
    return ReportBoard("sites", bars, lines, total, measure, currency)


_REPORTS: Mapping[str, Callable[[Session, str], ReportBoard]] = {"movers": _movers, "aging": _aging, "sites": _sites}
