"""The sentences that a forecast is explained by: what it stands on, what it cannot know, what it asks for.

Example::

    reasons_of(answer, demand)      # (('history', {'weeks': '52'}), ('enough', {...}))
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from ambra_tui.kit.quantity import show
from ambra_tui.services.forecasts.answer import Forecast, Reason
from ambra_tui.services.forecasts.method import ENOUGH_WEEKS, SURE_SALES, Demand
from ambra_tui.services.forecasts.rates import WHOLE_SITE

PEAK_MONTHS = frozenset({10, 11, 12})


def reasons_of(answer: Forecast, demand: Demand) -> tuple[Reason, ...]:
    """The sentences, in the order that they are read."""
    return (*_history(demand), *_doubts(answer, demand), _order(answer))


def _history(demand: Demand) -> Iterator[Reason]:
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


def _doubts(answer: Forecast, demand: Demand) -> Iterator[Reason]:
    if demand.method == "none":
        return
    if demand.method == "smoothing" and demand.selling_weeks < SURE_SALES:
        yield "few_sales", {"weeks": str(demand.selling_weeks)}
    if demand.may_peak:
        yield "wild", {}
    days = max(answer.horizon_days, answer.cover_days)
    if any((answer.starts_on + timedelta(days=day)).month in PEAK_MONTHS for day in range(min(days, 366))):
        yield "season", {}


def _order(answer: Forecast) -> Reason:
    told = {
        "available": show(answer.available),
        "on_order": show(answer.on_order),
        "reorder_point": show(answer.reorder_point),
        "days": str(answer.cover_days),
        "quantity": show(answer.suggested_quantity),
    }
    return ("order" if answer.suggested_quantity > 0 else "enough"), told
