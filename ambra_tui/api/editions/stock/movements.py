"""Movements: stock that comes in, leaves, is adjusted or goes to another warehouse; and their history.

Example::

    POST /api/inventory/movements
    {"product_id": "prod_123", "warehouse_id": "wh_789", "movement_type": "in", "quantity": 50, "cost_per_unit": 25.00}
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col, select

from ambra_tui.api.edition import Answer, Call, Catalogue
from ambra_tui.api.editions._products import chosen_variant
from ambra_tui.api.editions._sites import DEFAULT_LIMIT, own_site, page_headers, told
from ambra_tui.api.editions.stock.levels import Limit, meta_of
from ambra_tui.api.editions.stock.views import MovementsView, MovementView, OneMovementView
from ambra_tui.api.fields import (
    Body,
    Day,
    FromMoment,
    Identifier,
    Note,
    Number,
    OneOf,
    Price,
    Reference,
    ReferenceKind,
    SignedQuantity,
    UntilMoment,
)
from ambra_tui.api.paging import PageNumber
from ambra_tui.errors import Invalid
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.money import to_unit_cost
from ambra_tui.kit.quantity import to_json
from ambra_tui.ledger import MoveKind
from ambra_tui.services.adjustments import Adjustment, Place
from ambra_tui.services.documents import own_currency
from ambra_tui.services.movements import Asked, post_movement
from ambra_tui.services.site_activity import (
    ADJUSTMENT,
    MOVEMENT_TYPES,
    TRANSFER,
    TYPE_OF_KIND,
    Named,
    actor_names,
    kinds_of,
    site_names,
    variant_names,
)
from ambra_tui.services.stock_views import LedgerRow, ledger_entries
from ambra_tui.store.models import Site, Variant
from ambra_tui.store.scope import organization_of

catalogue = Catalogue("Movements")


class NewMovement(Body):
    """`quantity`: how much, above zero; of an adjustment the signed difference. A transfer names `to_warehouse_id`.
    `sku` or `variant_id` where the product has several variants."""

    product_id: Identifier
    warehouse_id: Identifier
    movement_type: Annotated[Identifier, OneOf(MOVEMENT_TYPES)]
    quantity: SignedQuantity
    reference_type: ReferenceKind | None = None
    reference_id: Reference | None = None
    notes: Note | None = None
    cost_per_unit: Price | None = None
    to_warehouse_id: Identifier | None = None
    sku: Identifier | None = None
    variant_id: Identifier | None = None
    lot_number: Number | None = None
    expiry_date: Day | None = None
    serial_number: Number | None = None
    occurred_at: FromMoment | None = None


class MovementQuery(BaseModel):
    """Filters of movements; both dates belong to the period."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    product_id: Identifier | None = None
    warehouse_id: Identifier | None = None
    movement_type: Annotated[Identifier, OneOf(MOVEMENT_TYPES)] | None = None
    start_date: FromMoment | None = None
    end_date: UntilMoment | None = None
    page: PageNumber = 1
    limit: Limit = DEFAULT_LIMIT


# --- recording ------------------------------------------------------------------------------------------------------


@catalogue.write(
    "POST", "/movements", NewMovement, scope="inventory:write", operation_id="recordMovement",
    summary="Record stock in, out, adjusted or transferred", shape=OneMovementView, status=201,
    example={
        "product_id": "prod_123", "warehouse_id": "wh_789", "movement_type": "in", "quantity": 50,
        "reference_type": "purchase_order", "reference_id": "po_456", "notes": "Received from Supplier ABC",
        "cost_per_unit": 25.00,
    },
)  # fmt: skip
def record_movement(session: Session, call: Call, body: NewMovement) -> Answer:
    """Posts the movement; a transfer's other side too."""
    site = own_site(session, body.warehouse_id)
    target = _target(session, body, site)
    variant = chosen_variant(session, body.product_id, body.variant_id, body.sku)
    asked = Asked(
        body.movement_type,
        variant,
        Place(site),
        body.quantity,
        None if target is None else Place(target),
        lot_number=body.lot_number or "",
        expiry_date=body.expiry_date,
        serial=body.serial_number or "",
        unit_cost=None if body.cost_per_unit is None else to_unit_cost(body.cost_per_unit, own_currency(session)),
        note=body.notes or "",
        occurred_at=body.occurred_at,
    )
    origin = (body.reference_type or "", body.reference_id or "")
    made = post_movement(session, asked, origin=origin, idempotency_key=call.key("movement"))
    return Answer({"data": _made(made, asked, body)})


def _target(session: Session, body: NewMovement, site: Site) -> Site | None:
    if body.movement_type != TRANSFER:
        return None
    if body.to_warehouse_id is None:
        raise Invalid("to_warehouse_id is required for a transfer", field="to_warehouse_id")
    target = own_site(session, body.to_warehouse_id, field="to_warehouse_id")
    if target.id == site.id:
        raise Invalid("to_warehouse_id is the warehouse itself: name another", field="to_warehouse_id")
    return target


def _made(made: Adjustment, asked: Asked, body: NewMovement) -> object:
    cost = body.cost_per_unit if asked.signed > 0 else None
    return {
        "id": made.parts[-1][1].id,
        "product_id": asked.variant.product_id,
        "warehouse_id": asked.place.site.id,
        "movement_type": body.movement_type,
        "quantity": to_json(body.quantity),
        "balance_after": to_json(made.balance_after),
        "reference_type": body.reference_type,
        "reference_id": body.reference_id,
        "notes": body.notes,
        "cost_per_unit": None if cost is None else to_json(cost),
        "created_at": to_iso(made.posted_at),
        "variant_id": asked.variant.id,
        "sku": asked.variant.sku,
        "to_warehouse_id": asked.target.site.id if asked.target else None,
    }


# --- history --------------------------------------------------------------------------------------------------------


@catalogue.read(
    "/movements", MovementQuery, scope="inventory:read", operation_id="listMovements", is_long=True,
    summary="Movement history, newest first", shape=MovementsView,
)  # fmt: skip
def list_movements(session: Session, call: Call, query: MovementQuery) -> Answer:
    """A page of entries; moves between bins of one warehouse are none."""
    rows, total = _entries(session, query)
    headers = page_headers(
        call.url("/movements"), told(query, "page", "limit"), page=query.page, limit=query.limit, total=total
    )
    return Answer({"data": _told_rows(session, rows), "meta": meta_of(query.page, query.limit, total)}, headers=headers)


def _entries(session: Session, query: MovementQuery) -> tuple[list[LedgerRow], int]:
    filters: dict[str, object] = {
        "site_id": query.warehouse_id,
        "kind": None if query.movement_type is None else kinds_of(query.movement_type),
        "since": query.start_date,
        "until": query.end_date,
    }
    if query.product_id is not None:
        statement = select(col(Variant.id)).where(
            Variant.organization_id == organization_of(session), Variant.product_id == query.product_id
        )
        filters["variant_id"] = list(session.exec(statement).all())
        if not filters["variant_id"]:
            return [], 0
    return ledger_entries(session, filters, offset=(query.page - 1) * query.limit, limit=query.limit)


def _told_rows(session: Session, rows: list[LedgerRow]) -> list[MovementView]:
    if not rows:
        return []
    products = variant_names(session, {row.variant_id for row in rows})
    sites = site_names(session, {row.site_id for row in rows})
    actors = actor_names(session, {row.actor_id for row in rows})
    return [_movement(row, products[row.variant_id], sites[row.site_id], actors) for row in rows]


def _movement(row: LedgerRow, product: Named, site: str, actors: dict[str, str]) -> MovementView:
    movement_type = TYPE_OF_KIND[MoveKind(row.kind)]
    quantity = row.quantity if movement_type == ADJUSTMENT else abs(row.quantity)
    return {
        "id": row.move_id,
        "product": {"id": product.product_id, "name": product.name, "sku": product.sku},
        "warehouse": {"id": row.site_id, "name": site},
        "movement_type": movement_type,
        "quantity": to_json(quantity),
        "balance_before": to_json(row.balance_before),
        "balance_after": to_json(row.balance_after),
        "reference_type": row.origin_kind or None,
        "reference_id": row.origin_id or None,
        "notes": row.note or None,
        "created_at": to_iso(row.posted_at),
        "created_by": {"id": row.actor_id, "name": actors.get(row.actor_id, row.actor_id)},
    }
