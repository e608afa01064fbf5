"""A movement as answers and webhooks hold it.

Example::

    movement_object(session, "mov_01K...")     # {'id': 'mov_01K...', 'product_id': 'prod_...', 'type': 'in', ...}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.money import from_unit_cost
from ambra_tui.kit.quantity import to_json
from ambra_tui.services.documents import own_currency
from ambra_tui.services.movement_history import MovementRow, movement_of

Amount = float | int
MovementType = Literal["in", "out", "adjustment", "transfer"]
MovementStatus = Literal["pending", "completed", "cancelled"]


class StockMovementView(TypedDict):
    """Stock that comes in, leaves, is adjusted or is transferred. ``quantity`` of an adjustment is signed;
    ``balance_before`` and ``balance_after`` are what the warehouse holds, once the movement is completed."""

    id: str
    product_id: str
    variant_id: str
    sku: str
    type: MovementType
    quantity: Amount
    status: MovementStatus
    warehouse_id: str
    location_id: str | None
    to_warehouse_id: str | None
    to_location_id: str | None
    balance_before: Amount | None
    balance_after: Amount | None
    lot_number: str | None
    serial_number: str | None
    cost_per_unit: Amount | None
    reference: str | None
    reference_type: str | None
    reason: str | None
    notes: str | None
    cancel_reason: str | None
    created_by: str | None
    occurred_at: str
    created_at: str
    completed_at: str | None
    cancelled_at: str | None
    updated_at: str


def movement_object(session: Session, movement_id: str) -> dict[str, Any] | None:
    """What GET /v1/stock_movements/{id} answers; None for an id that it does not know."""
    row = movement_of(session, movement_id)
    return None if row is None else {**movement_views(session, [row])[0]}


def movement_views(session: Session, rows: Sequence[MovementRow]) -> list[StockMovementView]:
    """Rows as they are told."""
    currency = own_currency(session) if any(row.unit_cost is not None for row in rows) else ""
    return [_view(row, currency) for row in rows]


def _view(row: MovementRow, currency: str) -> StockMovementView:
    return {
        "id": row.id,
        "product_id": row.product_id,
        "variant_id": row.variant_id,
        "sku": row.sku,
        "type": row.type,  # type: ignore[typeddict-item]  # one of the four by the table's rule
        "quantity": to_json(row.quantity),
        "status": row.status,  # type: ignore[typeddict-item]  # one of the three by the table's rule
        "warehouse_id": row.site_id,
        "location_id": row.location_id or None,
        "to_warehouse_id": row.to_site_id or None,
        "to_location_id": row.to_location_id or None,
        "balance_before": None if row.balance_before is None else to_json(row.balance_before),
        "balance_after": None if row.balance_after is None else to_json(row.balance_after),
        "lot_number": row.lot_number or None,
        "serial_number": row.serial or None,
        "cost_per_unit": None if row.unit_cost is None else to_json(from_unit_cost(row.unit_cost, currency)),
        "reference": row.reference or None,
        "reference_type": row.reference_kind or None,
        "reason": row.reason or None,
        "notes": row.note or None,
        "cancel_reason": row.cancel_reason or None,
        "created_by": row.actor_id or None,
        "occurred_at": to_iso(row.occurred_at),
        "created_at": to_iso(row.created_at),
        "completed_at": None if row.completed_at is None else to_iso(row.completed_at),
        "cancelled_at": None if row.cancelled_at is None else to_iso(row.cancelled_at),
        "updated_at": to_iso(row.updated_at),
    }
