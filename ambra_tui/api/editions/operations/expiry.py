"""Lots that expire soon, for organizations with the traceability module.

Example::

    GET /api/v1/expiry/alerts?days=14
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue
from ambra_tui.api.editions.operations.traces_views import ExpiryAlertView
from ambra_tui.api.fields import Body, Flag
from ambra_tui.kit.quantity import to_json
from ambra_tui.services.tracing import Expiring, expiring

catalogue = Catalogue("Expiry", module="traceability")
DEFAULT_DAYS, MAX_DAYS = 30, 365
_WHOLE = re.compile(r"[0-9]{1,4}")


def _days(value: Any) -> int:
    text = str(value)
    if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= MAX_DAYS:
        raise ValueError(f"must be a whole number from 1 to {MAX_DAYS}")
    return int(text)


AlertDays = Annotated[
    int, BeforeValidator(_days), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_DAYS})
]


class AlertQuery(Body):
    """How far ahead to look. What has expired already is told with `include_expired` only."""

    days: AlertDays = DEFAULT_DAYS
    include_expired: Flag = False


@catalogue.read(
    "/expiry/alerts", AlertQuery, scope="lots:read", operation_id="listExpiryAlerts", is_long=True,
    summary="Lots in stock that expire within so many days, soonest first", shape=list[ExpiryAlertView],
)  # fmt: skip
def list_alerts(session: Session, _call: Call, query: AlertQuery) -> Answer:
    """A bare array, as the contract prints it."""
    rows = expiring(session, days=query.days, include_expired=query.include_expired)
    return Answer([_alert(row) for row in rows])


def _alert(row: Expiring) -> ExpiryAlertView:
    return {
        "id": row.lot_id,
        "lot_number": row.lot_number,
        "variant_id": row.variant_id,
        "expiry_date": row.expiry_date.isoformat(),
        "days_until_expiry": row.days_left,
        "sku": row.sku,
        "status": row.status,  # type: ignore[typeddict-item]  # the store's CHECK knows the same words
        "on_hand": to_json(row.on_hand),
        "in_transit": to_json(row.in_transit),
        "locations": [{"location_id": site, "on_hand": to_json(held)} for site, held in row.by_site.items()],
    }
