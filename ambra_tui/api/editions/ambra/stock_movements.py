"""Stock movements: in, out, adjusted, transferred; posted at once, or when a pending one is completed.

Example::

    POST /v1/stock_movements
    {"product_id": "prod_123", "type": "in", "quantity": 12, "warehouse_id": "wh_789", "complete": false}
"""

from __future__ import annotations

from typing import Annotated

from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions._products import chosen_variant, wanted_variant
from ambra_tui.api.editions.ambra._lists import Listed, Sort, SortedBy
from ambra_tui.api.editions.ambra._movements import StockMovementView, movement_views
from ambra_tui.api.editions.ambra._places import WarehouseKey, named_place
from ambra_tui.api.fields import (
    Blank,
    Body,
    Day,
    Flag,
    FromMoment,
    Identifier,
    Note,
    Number,
    OneOf,
    Price,
    SignedQuantity,
)
from ambra_tui.errors import Invalid, NotFound, WrongState
from ambra_tui.kit.money import to_unit_cost
from ambra_tui.services.documents import own_currency
from ambra_tui.services.movement_history import SORTS, MovementRow, document_row, movement_of, movements_page
from ambra_tui.services.movements import Asked, cancel_movement, complete_movement, record_movement
from ambra_tui.services.site_activity import IN, MOVEMENT_TYPES, TRANSFER
from ambra_tui.store.models.movements import MOVEMENT_STATES

catalogue = Catalogue(
    "Stock movements", about="Stock that comes in, leaves, is adjusted or goes elsewhere: at once, or on completion."
)


class MovementQuery(Listed):
    """Filters of movements. `location`: a location; a warehouse's id means all of it."""

    product_id: Identifier | None = None
    sku: Identifier | None = None
    warehouse_id: WarehouseKey | None = None
    location: WarehouseKey | None = None
    type: Annotated[Identifier, OneOf(MOVEMENT_TYPES)] | None = None
    status: Annotated[Identifier, OneOf(MOVEMENT_STATES)] | None = None
    sort: Annotated[Sort, SortedBy(*SORTS)] | None = None


class NewMovement(Body):
    """`quantity`: above zero; of an adjustment the signed difference. A place is a warehouse or a location in it; a
    transfer names a second one. `complete` false: the movement waits until it is completed. `sku` or `variant_id`
    where the product has several variants."""

    product_id: Identifier
    type: Annotated[Identifier, OneOf(MOVEMENT_TYPES)]
    quantity: SignedQuantity
    warehouse_id: Identifier | None = None
    location_id: Identifier | None = None
    to_warehouse_id: Identifier | None = None
    to_location_id: Identifier | None = None
    complete: Flag = True
    sku: Identifier | None = None
    variant_id: Identifier | None = None
    reference: Blank | None = None
    reason: Blank | None = None
    notes: Note | None = None
    cost_per_unit: Price | None = None
    lot_number: Number | None = None
    expiry_date: Day | None = None
    serial_number: Number | None = None
    occurred_at: FromMoment | None = None


class Cancellation(Body):
    """Why it is not to happen, where somebody says so."""

    reason: Blank = ""


@catalogue.read(
    "/stock_movements", MovementQuery, scope="inventory:read", operation_id="listStockMovements",
    is_list=True, is_long=True, summary="Movements, newest first", shape=StockMovementView,
)  # fmt: skip
def list_movements(session: Session, _call: Call, query: MovementQuery) -> Answer:
    """A page of movements; moves between locations of one warehouse only when they were asked for here."""
    filters = {
        "product_id": query.product_id,
        "sku": query.sku,
        "type": query.type,
        "status": query.status,
        "created_after": query.created_after,
        "updated_after": query.updated_after,
        "site_id": query.warehouse_id,
        "place_id": query.location,
    }
    rows, total = movements_page(
        session, filters, order=query.sort or (), offset=query.offset, limit=query.per_page
    )  # fmt: skip
    return Answer(movement_views(session, rows), total)


@catalogue.read(
    "/stock_movements/{id}", Nothing, scope="inventory:read", operation_id="getStockMovement",
    summary="Track one movement", shape=StockMovementView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """A movement of this edition, or any other that changed what a warehouse holds."""
    return _told(session, call)


@catalogue.write(
    "POST", "/stock_movements", NewMovement, scope="inventory:write", operation_id="createStockMovement",
    status=201, summary="Record a movement, posted at once or pending", shape=StockMovementView,
    example={
        "product_id": "prod_123", "type": "in", "quantity": 12, "warehouse_id": "wh_789", "reference": "PO-1001",
        "notes": "Received from Supplier ABC",
    },
)  # fmt: skip
def create(session: Session, call: Call, body: NewMovement) -> Answer:
    """Posts the movement, or keeps it for later."""
    place = named_place(session, body.warehouse_id, body.location_id)
    target = None
    if body.type == TRANSFER:
        target = named_place(session, body.to_warehouse_id, body.to_location_id, prefix="to_")
    elif body.to_warehouse_id is not None or body.to_location_id is not None:
        field = "to_warehouse_id" if body.to_location_id is None else "to_location_id"
        raise Invalid(f"{field} belongs to a transfer", field=field)
    choose = wanted_variant if body.type == IN else chosen_variant
    variant = choose(session, body.product_id, body.variant_id, body.sku)
    asked = Asked(
        body.type,
        variant,
        place,
        body.quantity,
        target,
        lot_number=body.lot_number or "",
        expiry_date=body.expiry_date,
        serial=body.serial_number or "",
        unit_cost=None if body.cost_per_unit is None else to_unit_cost(body.cost_per_unit, own_currency(session)),
        reason=body.reason or "",
        note=body.notes or "",
        occurred_at=body.occurred_at,
    )
    made = record_movement(session, asked, is_completed=body.complete, reference=body.reference or "")
    row = document_row(made, variant.product_id, variant.sku)
    return Answer(movement_views(session, [row])[0], location=call.url(f"/stock_movements/{row.id}"))


@catalogue.write(
    "POST", "/stock_movements/{id}/complete", Nothing, scope="inventory:write", current=get,
    operation_id="completeStockMovement", summary="Post a pending movement", shape=StockMovementView,
)  # fmt: skip
def complete(session: Session, call: Call, _body: object) -> Answer:
    """Posts it, once."""
    complete_movement(session, _pending(session, call, step="complete"))
    return _told(session, call)


@catalogue.write(
    "POST", "/stock_movements/{id}/cancel", Cancellation, scope="inventory:write", current=get,
    operation_id="cancelStockMovement", summary="Cancel a pending movement", shape=StockMovementView,
    example={"reason": "The truck did not come"},
)  # fmt: skip
def cancel(session: Session, call: Call, body: Cancellation) -> Answer:
    """It will not happen."""
    cancel_movement(session, _pending(session, call, step="cancel"), reason=body.reason)
    return _told(session, call)


def _known(session: Session, call: Call) -> MovementRow:
    row = movement_of(session, call.path["id"])
    if row is None:
        raise NotFound("movement", call.path["id"])
    return row


def _pending(session: Session, call: Call, *, step: str) -> str:
    """Its id. Raises NotFound, WrongState for what is posted already, a move of the ledger among it."""
    row = _known(session, call)
    if row.status != "pending":
        raise WrongState("movement", row.id, state=row.status, step=step)
    return row.id


def _told(session: Session, call: Call) -> Answer:
    return Answer(movement_views(session, [_known(session, call)])[0])
