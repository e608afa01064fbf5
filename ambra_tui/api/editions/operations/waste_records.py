"""Waste, for organizations with the traceability module.

Example::

    POST /api/v1/waste_records    {"variant_id": "var_1", "location_id": "wh_1", "quantity": 3, "reason": "damaged"}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.operations.bodies import named_variant
from ambra_tui.api.editions.operations.views import WasteRecordView
from ambra_tui.api.fields import Body, Identifier, Note, Number, OneOf, PositiveQuantity
from ambra_tui.api.paging import Paging
from ambra_tui.errors import Invalid
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import to_json
from ambra_tui.services.adjustments import place_of
from ambra_tui.services.lots import get_lot
from ambra_tui.services.moves import Part
from ambra_tui.services.stock_views import page_of_ids, rows_by_id, the_one
from ambra_tui.services.waste import record_waste
from ambra_tui.store.models import Variant, WasteRecord
from ambra_tui.store.models.waste import WASTE_REASONS

catalogue = Catalogue("Waste", module="traceability")


class WasteQuery(Paging):
    """Filters of waste. What was taken back is listed with `status` reversed only."""

    variant_id: Identifier | None = None
    location_id: Identifier | None = None
    lot_record_id: Identifier | None = None
    reason: Annotated[Identifier, OneOf(WASTE_REASONS)] | None = None
    status: Annotated[Identifier, OneOf(("recorded", "reversed"))] = "recorded"


class NewWaste(Body):
    """`location_id`: a location, or one bin of it. `lot_record_id` may be left out where there is one lot alone."""

    variant_id: Identifier | None = None
    sku: Identifier | None = None
    location_id: Identifier
    quantity: PositiveQuantity
    reason: Annotated[Identifier, OneOf(WASTE_REASONS)]
    lot_record_id: Identifier | None = None
    serial_number: Number | None = None
    notes: Note = ""


@catalogue.read(
    "/waste_records", WasteQuery, scope="waste_records:read", operation_id="listWasteRecords", is_list=True,
    summary="Waste entries, newest first", shape=WasteRecordView,
)  # fmt: skip
def list_waste(session: Session, _call: Call, query: WasteQuery) -> Answer:
    """A page of waste."""
    filters = {
        "variant_id": query.variant_id,
        "site_id": query.location_id,
        "lot_id": query.lot_record_id,
        "reason": query.reason,
        "status": query.status,
    }
    ids, total = page_of_ids(session, WasteRecord, filters, offset=query.offset, limit=query.per_page)
    return Answer(_records(session, ids), total)


@catalogue.read(
    "/waste_records/{id}", Nothing, scope="waste_records:read", operation_id="getWasteRecord",
    summary="One waste entry", shape=WasteRecordView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """A waste entry, taken back or not."""
    return Answer(_record(session, call.path["id"]))


@catalogue.write(
    "POST", "/waste_records", NewWaste, scope="waste_records:write", operation_id="createWasteRecord", status=201,
    wrapper="waste_record", summary="Record waste: on-hand stock falls", shape=WasteRecordView,
    example={"variant_id": "var_1", "location_id": "wh_1", "quantity": 3, "reason": "damaged", "notes": "dropped"},
)  # fmt: skip
def create(session: Session, call: Call, body: NewWaste) -> Answer:
    """Posts the waste."""
    variant = named_variant(session, body.variant_id, body.sku, field="variant_id")
    wasted = record_waste(
        session,
        place=place_of(session, body.location_id),
        variant=variant,
        quantity=body.quantity,
        reason=body.reason,
        part=Part(lot_id=_lot_id(session, variant, body.lot_record_id), serial=body.serial_number),
        notes=body.notes,
        idempotency_key=call.key("waste"),
    )
    record_id = wasted.record.id
    return Answer(_record(session, record_id), location=call.url(f"/waste_records/{record_id}"))


def _lot_id(session: Session, variant: Variant, lot_id: str | None) -> str | None:
    if lot_id is None:
        return None
    lot = get_lot(session, lot_id)
    if lot.variant_id != variant.id:
        raise Invalid(f"lot {lot.lot_number} is of another variant", field="lot_record_id")
    return lot.id


def _record(session: Session, record_id: str) -> WasteRecordView:
    return the_one(_records(session, [record_id]), "waste_record", record_id)


def _records(session: Session, ids: Sequence[str]) -> list[WasteRecordView]:
    if not ids:
        return []
    rows = rows_by_id(session, WasteRecord, ids)
    skus = {row.id: row.sku for row in rows_by_id(session, Variant, sorted({row.variant_id for row in rows}))}
    return [_view(row, skus[row.variant_id]) for row in rows]


def _view(row: Any, sku: str) -> WasteRecordView:
    return {
        "id": row.id,
        "variant_id": row.variant_id,
        "sku": sku,
        "location_id": row.site_id,
        "quantity": to_json(row.quantity),
        "reason": row.reason,
        "notes": row.notes,
        "lot_record_id": row.lot_id or None,
        "serial_number": row.serial or None,
        "status": row.status,
        "recorded_at": to_iso(row.recorded_at),
        "reversed_at": to_iso(row.reversed_at) if row.reversed_at else None,
    }
