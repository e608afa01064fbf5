"""The sentences that a forecast is explained by: what it stands on, what it cannot know, what it asks for.

Example::

    (*history(demand), *doubts(demand, starts_on, 28), order(answer...))      # (('history', {'weeks': '52'}), ...)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from ambra_tui.kit.quantity import show
from ambra_tui.services.forecasts.answer import Reason
from ambra_tui.services.forecasts.method import ENOUGH_WEEKS, SURE_SALES, Demand
from ambra_tui.services.forecasts.rates import WHOLE_SITE

PEAK_MONTHS = (10, 11, 12)
_A_YEAR = 366


def history(demand: Demand) -> Iterator[Reason]:
    """What it stands on."""
    if demand.method == "smoothing":
        yield "history", {"weeks": str(demand.weeks)}
    elif demand.category is not None:
        category = demand.category
        name = "category_site" if category.name == WHOLE_SITE else "category_class"
        told = {"weeks": str(demand.weeks), "enough": str(ENOUGH_WEEKS), "rate": f"{category.rate:.1f}"}
        yield name, {**told, "category": category.name}
    else:
        yield ("unsold", {"weeks": str(demand.weeks)}) if demand.weeks else ("unknown", {})
    if demand.missing_weeks:
        yield "missing", {"weeks": str(demand.missing_weeks)}


def doubts(demand: Demand, starts_on: date, days: int) -> Iterator[Reason]:
    """What it cannot know, so many days ahead."""
    if demand.confidence == "none":
        return
    if demand.method == "smoothing" and demand.selling_weeks < SURE_SALES:
        yield "few_sales", {"weeks": str(demand.selling_weeks)}
    if demand.may_peak:
        yield "wild", {}
    if meets_peak(starts_on, days):
        yield "season", {}


def meets_peak(starts_on: date, days: int) -> bool:
    """True when a day of the last quarter of a year lies ahead."""
    first = date(starts_on.year, PEAK_MONTHS[0], 1)
    return starts_on >= first or starts_on + timedelta(days=min(days, _A_YEAR) - 1) >= first


def order(available: Decimal, on_order: Decimal, reorder_point: Decimal, days: int, quantity: Decimal) -> Reason:
    """What it asks for."""
    told = {
        "available": show(available),
        "on_order": show(on_order),
        "reorder_point": show(reorder_point),
        "days": str(days),
        "quantity": show(quantity),
    }
    return ("order" if quantity > 0 else "enough"), told
