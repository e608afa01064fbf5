"""The forecast of one item at one site as a person looks at it, and its suggestion taken into the policy.

A card looks ahead over lead time and review period, the days that the reorder point has to last for, so that its
quantiles, its reorder point and what sold in stretches of as many days can be compared.

Example::

    card = forecast_card(session, "MILK-1L", site_id=site.id)
    take_forecast(session, card)
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from sqlmodel import Session

from ambra_tui.errors import Conflict, NotFound
from ambra_tui.services import catalog
from ambra_tui.services.forecasts.answer import Forecast
from ambra_tui.services.forecasts.service import MAX_HORIZON_DAYS, forecast
from ambra_tui.services.policies import policy_for, take_suggestion
from ambra_tui.store.models import InventoryPolicy, Variant
from ambra_tui.store.scope import organization_of


def forecast_card(session: Session, text: str, *, site_id: str) -> Forecast:
    """The forecast of what `text` names: a variant's id, a code, a SKU, or words that one item alone answers to.

    Raises NotFound.
    """
    variant = _named(session, text)
    policy = policy_for(session, variant.id, site_id)
    days = min(max(1, policy.lead_time_days + policy.review_period_days), MAX_HORIZON_DAYS)
    found = forecast(session, [(variant.id, site_id)], horizon_days=days)
    if not found:
        raise NotFound("location", site_id)
    return found[0]


def take_forecast(session: Session, shown: Forecast) -> InventoryPolicy:
    """Makes the reorder point and safety stock that were shown the policy's, in whole units. Raises Conflict without a
    forecast."""
    if shown.confidence == "none":
        raise Conflict("There is no forecast to take: nothing was sold.")
    return take_suggestion(
        session,
        variant_id=shown.variant_id,
        site_id=shown.site_id,
        reorder_point=shown.reorder_point,
        safety_stock=shown.safety_stock.to_integral_value(ROUND_CEILING),
    )


def stretches(shown: Forecast) -> list[tuple[int, Decimal]]:
    """What sold in each stretch as long as the reorder point has to last: weeks before today that it ended, and
    units. Stretches of less than a week are read off the week; those with a week without stock are left out."""
    weeks = shown.cover_days / 7
    width = max(1, round(weeks))
    found = []
    for end in range(width, len(shown.history) + 1):
        part = shown.history[end - width : end]
        known = [units for units in part if units is not None]
        if len(known) == width:
            units = Decimal(f"{sum(known) * weeks / width:.2f}")
            found.append((len(shown.history) - end, units))
    return found


def _named(session: Session, text: str) -> Variant:
    variant = session.get(Variant, (organization_of(session), text))
    if variant is not None:
        return variant
    match = catalog.match_text(session, text)
    if match is not None:
        return match.variant
    like = catalog.search(session, text, limit=2)
    if len(like) == 1:
        return like[0]
    raise NotFound("variant", text)
