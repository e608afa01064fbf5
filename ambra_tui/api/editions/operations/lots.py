"""Lots, for organizations with the traceability module.

Example::

    PATCH /api/v1/lots/lot_...    {"lot": {"status": "quarantine", "reason": "seal broken"}}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.operations.bodies import named_site, named_variant
from ambra_tui.api.editions.operations.views import LotView
from ambra_tui.api.fields import Blank, Body, Day, Flag, Identifier, Number, OneOf, PositiveQuantity
from ambra_tui.api.paging import Paging
from ambra_tui.errors import Invalid
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import ZERO, to_json
from ambra_tui.services.adjustments import adjust, place_of
from ambra_tui.services.lots import CHOSEN_STATES, DATES, LOT_STATES, correct_dates, create_lot, get_lot
from ambra_tui.services.recalls import change_status
from ambra_tui.services.stock_views import page_of_ids, rows_by_id, the_one
from ambra_tui.services.tracing import on_hand_of
from ambra_tui.store.models import Lot, MoveKind, Variant

catalogue = Catalogue("Lots", module="traceability")


class LotQuery(Paging):
    """Filters of lots."""

    status: Annotated[Identifier, OneOf(LOT_STATES)] | None = None
    variant_id: Identifier | None = None
    lot_number: Number | None = None


class NewLot(Body):
    """A lot. With `quantity_initial` its stock comes in as well, at `location_id`."""

    lot_number: Number
    variant_id: Identifier | None = None
    sku: Identifier | None = None
    expiry_date: Day | None = None
    best_before_date: Day | None = None
    production_date: Day | None = None
    quantity_initial: PositiveQuantity | None = None
    location_id: Identifier | None = None
    status: Annotated[Identifier, OneOf(CHOSEN_STATES)] = "active"


class LotChange(Body):
    """The new status, or dates that were noted wrongly, and why. Recalled: the lot and what was made of it
    (`include_made_lots` false: the lot alone) are on hold everywhere; active again ends that."""

    status: Annotated[Identifier, OneOf(LOT_STATES)] | None = None
    expiry_date: Day | None = None
    best_before_date: Day | None = None
    production_date: Day | None = None
    reason: Blank = ""
    include_made_lots: Flag = True


@catalogue.read(
    "/lots", LotQuery, scope="lots:read", operation_id="listLots", is_list=True, summary="Lots, newest first",
    shape=LotView,
)  # fmt: skip
def list_lots(session: Session, _call: Call, query: LotQuery) -> Answer:
    """A page of lots."""
    filters = {"status": query.status, "variant_id": query.variant_id, "lot_number": query.lot_number}
    ids, total = page_of_ids(session, Lot, filters, offset=query.offset, limit=query.per_page)
    return Answer(_lots(session, ids), total)


@catalogue.read(
    "/lots/{id}", Nothing, scope="lots:read", operation_id="getLot", summary="One lot", shape=LotView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """A lot."""
    return Answer(lot_view(session, call.path["id"]))


@catalogue.write(
    "POST", "/lots", NewLot, scope="lots:write", operation_id="createLot", status=201, wrapper="lot",
    summary="Create a lot, with its first stock when a quantity is given", shape=LotView,
    example={"lot": {"lot_number": "M130", "sku": "MILK-1L", "expiry_date": "2026-07-15"}},
)  # fmt: skip
def create(session: Session, call: Call, body: NewLot) -> Answer:
    """Makes the lot."""
    if body.location_id is not None and body.quantity_initial is None:
        raise Invalid("a location needs a quantity_initial to bring there", field="quantity_initial")
    variant = named_variant(session, body.variant_id, body.sku)
    lot = create_lot(
        session,
        variant_id=variant.id,
        lot_number=body.lot_number,
        expiry_date=body.expiry_date,
        best_before_date=body.best_before_date,
        production_date=body.production_date,
    )
    if body.quantity_initial is not None:
        place = place_of(session, body.location_id or named_site(session, None).id)
        adjust(
            session,
            place=place,
            variant_id=variant.id,
            quantity=body.quantity_initial,
            reason="lot_created",
            kind=MoveKind.OPENING_BALANCE,
            lot_number=lot.lot_number,
            idempotency_key=call.key("lot"),
        )
    if body.status != "active":
        change_status(session, lot, body.status)
    return Answer(lot_view(session, lot.id), location=call.url(f"/lots/{lot.id}"))


@catalogue.write(
    "PATCH", "/lots/{id}", LotChange, scope="lots:write", operation_id="updateLot", wrapper="lot", current=get,
    summary="Quarantine, recall or free a lot, or correct its dates", shape=LotView,
    example={"lot": {"status": "quarantine", "reason": "seal broken"}},
)  # fmt: skip
def update(session: Session, call: Call, body: LotChange) -> Answer:
    """Changes the lot's status."""
    lot = get_lot(session, call.path["id"])
    dates = {name: day for name in DATES if (day := getattr(body, name)) is not None}
    if body.status is None and not dates:
        raise Invalid("status is required", field="status")
    if dates:
        correct_dates(session, lot, dates, reason=body.reason)
    if body.status is not None:
        change_status(session, lot, body.status, reason=body.reason, include_descendants=body.include_made_lots)
    return Answer(lot_view(session, lot.id))


def lot_view(session: Session, lot_id: str) -> LotView:
    """The lot as answers hold it. Raises NotFound."""
    return the_one(_lots(session, [lot_id]), "lot", lot_id)


def _lots(session: Session, ids: Sequence[str]) -> list[LotView]:
    if not ids:
        return []
    rows = rows_by_id(session, Lot, ids)
    skus = {row.id: row.sku for row in rows_by_id(session, Variant, sorted({row.variant_id for row in rows}))}
    on_hand = on_hand_of(session, ids)
    return [_view(row, skus[row.variant_id], on_hand.get(row.id, ZERO)) for row in rows]


def _view(row: Any, sku: str, on_hand: Any) -> LotView:
    return {
        "id": row.id,
        "lot_number": row.lot_number,
        "variant_id": row.variant_id,
        "sku": sku,
        "status": row.status,
        "expiry_date": row.expiry_date.isoformat() if row.expiry_date else None,
        "best_before_date": row.best_before_date.isoformat() if row.best_before_date else None,
        "production_date": row.production_date.isoformat() if row.production_date else None,
        "quantity_initial": to_json(row.quantity_initial),
        "on_hand": to_json(on_hand),
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }
