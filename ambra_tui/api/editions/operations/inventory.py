"""Stock levels, manual adjustments, the ledger.

Example::

    POST /api/v1/inventory_adjustments
    {"inventory_adjustment": {"sku": "MILK-1L", "location_id": "wh_...", "quantity": -2, "reason": "shrinkage"}}
"""

from __future__ import annotations

from typing import Annotated

from sqlmodel import Session, col

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.operations.bodies import named_variant, own_currency, scaled_cost
from ambra_tui.api.editions.operations.views import AdjustmentView, InventoryLevelView, LedgerEntryView
from ambra_tui.api.fields import (
    Blank,
    Body,
    Day,
    FromMoment,
    Identifier,
    Note,
    Number,
    OneOf,
    Price,
    SignedQuantity,
    UntilMoment,
)
from ambra_tui.api.paging import Paging
from ambra_tui.errors import NotFound
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import ZERO, scaled_to_json, to_json
from ambra_tui.services.adjustments import DOCUMENT, Adjustment, adjust, place_of
from ambra_tui.services.stock_views import LedgerRow, StockRow, ledger_entries, stock_by_site
from ambra_tui.store.models import MoveKind, StockMove, Variant
from ambra_tui.store.scope import fetch, scoped
from ambra_tui.store.types import EMPTY

catalogue = Catalogue("Inventory")


class LevelQuery(Paging):
    """Filters of stock levels."""

    location_id: Identifier | None = None
    variant_id: Identifier | None = None
    sku: Identifier | None = None
    product_id: Identifier | None = None


class LedgerQuery(Paging):
    """Filters of ledger entries."""

    variant_id: Identifier | None = None
    sku: Identifier | None = None
    location_id: Identifier | None = None
    entry_type: Annotated[Identifier, OneOf(MoveKind)] | None = None
    reference_id: Identifier | None = None
    start_date: FromMoment | None = None
    end_date: UntilMoment | None = None


class NewAdjustment(Body):
    """`location_id`: a location, or one bin of it. `quantity` is signed. `occurred_at`: when, if not now."""

    variant_id: Identifier | None = None
    sku: Identifier | None = None
    location_id: Identifier
    quantity: SignedQuantity
    reason: Blank = ""
    notes: Note = ""
    lot_number: Number | None = None
    expiry_date: Day | None = None
    serial_number: Number | None = None
    unit_cost: Price | None = None
    occurred_at: FromMoment | None = None


@catalogue.quick_read(
    "/inventory_levels", LevelQuery, scope="inventory:read", operation_id="listInventoryLevels", is_list=True,
    summary="Current stock of variants across locations", shape=InventoryLevelView,
)  # fmt: skip
def list_levels(call: Call, query: LevelQuery) -> Answer:
    """One row per variant and location."""
    filters = {
        "site_id": query.location_id,
        "variant_id": query.variant_id,
        "sku": query.sku,
        "product_id": query.product_id,
    }
    rows, total = stock_by_site(
        call.store, call.principal.organization_id, filters, offset=query.offset, limit=query.per_page
    )
    return Answer([_level(row) for row in rows], total)


def _level(row: StockRow) -> InventoryLevelView:
    return {
        "variant_id": row.variant_id,
        "sku": row.sku,
        "product_id": row.product_id,
        "location_id": row.site_id,
        "on_hand": scaled_to_json(row.on_hand),
        "reserved": scaled_to_json(row.reserved),
        "held": scaled_to_json(row.held),
        "available": scaled_to_json(row.available),
        "status": row.status,
    }


@catalogue.read(
    "/inventory_ledger", LedgerQuery, scope="inventory:read", operation_id="listInventoryLedger", is_list=True,
    is_long=True, summary="History of movements and changes, newest first", shape=LedgerEntryView,
)  # fmt: skip
def list_ledger(session: Session, _call: Call, query: LedgerQuery) -> Answer:
    """Moves seen from their locations; moves between bins of one location change nothing here."""
    filters = {
        "variant_id": query.variant_id,
        "sku": query.sku,
        "site_id": query.location_id,
        "kind": query.entry_type,
        "origin_id": query.reference_id,
        "since": query.start_date,
        "until": query.end_date,
    }
    rows, total = ledger_entries(session, filters, offset=query.offset, limit=query.per_page)
    return Answer([_entry(row) for row in rows], total)


def _entry(row: LedgerRow) -> LedgerEntryView:
    return {
        "id": row.id,
        "entry_type": row.kind,
        "variant_id": row.variant_id,
        "sku": row.sku,
        "location_id": row.site_id,
        "quantity": to_json(row.quantity),
        "balance_before": to_json(row.balance_before),
        "balance_after": to_json(row.balance_after),
        "lot_number": row.lot_number or None,
        "serial_number": row.serial or None,
        "reason": row.reason or None,
        "notes": row.note or None,
        "reference_type": row.origin_kind or None,
        "reference_id": row.origin_id or None,
        "created_by": row.actor_id or None,
        "occurred_at": to_iso(row.occurred_at),
        "created_at": to_iso(row.posted_at),
    }


@catalogue.read(
    "/inventory_adjustments/{id}", Nothing, scope="inventory:read", operation_id="getInventoryAdjustment",
    summary="One manual adjustment", shape=AdjustmentView,
)  # fmt: skip
def get_adjustment(session: Session, call: Call, _query: Nothing) -> Answer:
    """The moves of one adjustment, added up."""
    return Answer(_adjustment(session, call.path["id"]))


@catalogue.write(
    "POST", "/inventory_adjustments", NewAdjustment, scope="inventory:write", operation_id="createInventoryAdjustment",
    summary="Adjust a variant at a location by a signed quantity", shape=AdjustmentView, status=201,
    wrapper="inventory_adjustment",
    example={
        "inventory_adjustment": {"sku": "MILK-1L", "location_id": "wh_1", "quantity": -2, "reason": "shrinkage"}
    },
)  # fmt: skip
def create_adjustment(session: Session, call: Call, body: NewAdjustment) -> Answer:
    """Posts the adjustment."""
    place = place_of(session, body.location_id)
    variant = named_variant(session, body.variant_id, body.sku)
    made = adjust(
        session,
        place=place,
        variant_id=variant.id,
        quantity=body.quantity,
        reason=body.reason,
        note=body.notes,
        lot_number=body.lot_number or "",
        expiry_date=body.expiry_date,
        serial=body.serial_number or "",
        unit_cost=None if body.unit_cost is None else scaled_cost(body.unit_cost, own_currency(session, None)),
        occurred_at=body.occurred_at,
        idempotency_key=call.key("adjustment"),
    )
    return Answer(_made(made), location=call.url(f"/inventory_adjustments/{made.id}"))


def _made(made: Adjustment) -> AdjustmentView:
    return {
        "id": made.id,
        "entry_type": MoveKind.MANUAL_ADJUSTMENT,
        "variant_id": made.variant.id,
        "sku": made.variant.sku,
        "location_id": made.place.site.id,
        "quantity": to_json(made.quantity),
        "balance_before": to_json(made.balance_before),
        "balance_after": to_json(made.balance_after),
        "reason": made.reason or None,
        "notes": made.note or None,
        "created_at": to_iso(made.posted_at),
    }


def _adjustment(session: Session, adjustment_id: str) -> AdjustmentView:
    statement = scoped(session, StockMove).where(
        StockMove.origin_id == adjustment_id, col(StockMove.origin_id) != EMPTY, StockMove.origin_kind == DOCUMENT
    )
    moves = session.exec(statement.order_by(col(StockMove.sequence))).all()
    if not moves:
        raise NotFound("inventory_adjustment", adjustment_id)
    last = moves[-1]
    total = sum((move.quantity for move in moves), ZERO)
    is_incoming = bool(last.destination_site_id)
    quantity = total if is_incoming else -total
    after = (last.destination_balance if is_incoming else last.source_balance) or ZERO
    return {
        "id": adjustment_id,
        "entry_type": last.kind,
        "variant_id": last.variant_id,
        "sku": fetch(session, Variant, last.variant_id, resource="variant").sku,
        "location_id": last.destination_site_id or last.source_site_id,
        "quantity": to_json(quantity),
        "balance_before": to_json(after - quantity),
        "balance_after": to_json(after),
        "reason": last.reason or None,
        "notes": last.note or None,
        "created_at": to_iso(last.posted_at),
    }
