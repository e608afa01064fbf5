"""Production batches: planned, started, completed, cancelled.

Example::

    POST /api/v1/production_batches/bat_.../complete
    {"actual_quantity_produced": 19, "inputs": [{"production_batch_input_id": "pin_...", "waste_quantity": 1}]}
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.operations.bodies import own_currency
from ambra_tui.api.editions.operations.views import Amount, cost_of
from ambra_tui.api.fields import (
    Body,
    Day,
    Identifier,
    Note,
    NotNegativeQuantity,
    Number,
    OneOf,
    PositiveQuantity,
    Rows,
)
from ambra_tui.api.paging import Paging
from ambra_tui.errors import Invalid, NotFound
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import ZERO, to_json
from ambra_tui.services import production
from ambra_tui.services.adjustments import place_of
from ambra_tui.services.lots import find_lot
from ambra_tui.services.modules import MANUFACTURING
from ambra_tui.services.production import ActualInput, ChosenLot
from ambra_tui.services.stock_views import lines_with_skus, page_of_ids, rows_by_id, the_one
from ambra_tui.store.models import (
    Lot,
    ProductionBatch,
    ProductionInput,
    ProductionOutput,
    ProductionTaking,
    Site,
    Variant,
)
from ambra_tui.store.models.production import BATCH_STATES
from ambra_tui.store.scope import fetch

catalogue = Catalogue("Production batches", module=MANUFACTURING)
_INPUTS = AliasChoices("inputs", "inputs_attributes", "production_batch_inputs", "production_batch_inputs_attributes")


class ProductionLotView(TypedDict):
    """What of an input came from one lot: what went in, and what was lost."""

    lot_record_id: str
    lot_number: str
    expiry_date: str | None
    quantity: Amount
    waste_quantity: Amount


class ProductionInputView(TypedDict):
    """An ingredient of a batch. Stock falls by `actual_quantity` and `waste_quantity`."""

    id: str
    variant_id: str
    sku: str
    planned_quantity: Amount
    actual_quantity: Amount
    waste_quantity: Amount
    lots: list[ProductionLotView]


class ProductionOutputView(TypedDict):
    """What a batch made; `unit_cost` is what went in and what was lost, shared out."""

    variant_id: str
    sku: str
    lot_record_id: str | None
    lot_number: str | None
    quantity: Amount
    expiry_date: str | None
    unit_cost: Amount | None


class ProductionBatchView(TypedDict):
    """So much of a recipe's output, made at a location."""

    id: str
    number: str
    recipe_id: str
    location_id: str
    output_variant_id: str
    planned_quantity: Amount
    actual_quantity_produced: Amount | None
    status: Literal["planned", "in_progress", "completed", "cancelled"]
    notes: str
    inputs: list[ProductionInputView]
    outputs: list[ProductionOutputView]
    started_at: str | None
    completed_at: str | None
    created_at: str
    updated_at: str


class BatchQuery(Paging):
    """Filters of batches."""

    status: Annotated[Identifier, OneOf(BATCH_STATES)] | None = None
    recipe_id: Identifier | None = None
    location_id: Identifier | None = None
    number: Number | None = None


class NewBatch(Body):
    """A batch to plan."""

    recipe_id: Identifier
    location_id: Identifier
    planned_quantity: PositiveQuantity
    number: Number | None = None
    notes: Note = ""


class UsedLot(Body):
    """How much of an input came from a lot, named by its id or number."""

    lot_record_id: Identifier | None = None
    lot_number: Number | None = None
    quantity: PositiveQuantity


class UsedInput(Body):
    """What an input really was, over the whole batch."""

    production_batch_input_id: Identifier = Field(validation_alias=AliasChoices("production_batch_input_id", "id"))
    actual_quantity: NotNegativeQuantity | None = None
    waste_quantity: NotNegativeQuantity | None = None
    lots: Annotated[list[UsedLot], Rows] = Field(default_factory=list)


class CompletedBatch(Body):
    """What came out, and what went in. `location_id`: the bin that the output stands in, else where the site receives.

    An input that is not named took what was planned. The lot is numbered as the batch unless `lot_number` is given."""

    actual_quantity_produced: PositiveQuantity
    inputs: Annotated[list[UsedInput], Rows] = Field(default_factory=list, validation_alias=_INPUTS)
    lot_number: Number | None = None
    expiry_date: Day | None = None
    location_id: Identifier | None = None


@catalogue.read(
    "/production_batches", BatchQuery, scope="production_batches:read", operation_id="listProductionBatches",
    is_list=True, summary="Production batches, newest first", shape=ProductionBatchView,
)  # fmt: skip
def list_batches(session: Session, _call: Call, query: BatchQuery) -> Answer:
    """A page of batches with their inputs and outputs."""
    filters = {
        "status": query.status,
        "recipe_id": query.recipe_id,
        "site_id": query.location_id,
        "number": query.number,
    }
    ids, total = page_of_ids(session, ProductionBatch, filters, offset=query.offset, limit=query.per_page)
    return Answer(_batches(session, ids), total)


@catalogue.read(
    "/production_batches/{id}", Nothing, scope="production_batches:read", operation_id="getProductionBatch",
    summary="One batch with its inputs and outputs", shape=ProductionBatchView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """A batch with its inputs and outputs."""
    return Answer(_batch(session, call.path["id"]))


@catalogue.write(
    "POST", "/production_batches", NewBatch, scope="production_batches:write", operation_id="createProductionBatch",
    status=201, wrapper="production_batch", shape=ProductionBatchView,
    summary="Plan a batch; every ingredient must be available at this moment, nothing is reserved yet",
    example={
        "production_batch": {
            "recipe_id": "rcp_1", "location_id": "wh_1", "planned_quantity": 20, "notes": "for the weekend",
        }
    },
)  # fmt: skip
def create(session: Session, call: Call, body: NewBatch) -> Answer:
    """Plans the batch."""
    made = production.plan_batch(
        session,
        recipe_id=body.recipe_id,
        site_id=fetch(session, Site, body.location_id, resource="location").id,
        planned_quantity=body.planned_quantity,
        number=body.number,
        notes=body.notes,
    )
    return Answer(_batch(session, made.id), location=call.url(f"/production_batches/{made.id}"))


@catalogue.write(
    "POST", "/production_batches/{id}/start", Nothing, scope="production_batches:write", current=get,
    operation_id="startProductionBatch", shape=ProductionBatchView,
    summary="Start a planned batch: its ingredients are reserved, all or none",
)  # fmt: skip
def start(session: Session, call: Call, _body: Nothing) -> Answer:
    """The batch is in progress."""
    batch = production.get_batch(session, call.path["id"])
    production.start_batch(session, batch)
    return Answer(_batch(session, batch.id))


@catalogue.write(
    "POST", "/production_batches/{id}/complete", CompletedBatch, scope="production_batches:write", current=get,
    operation_id="completeProductionBatch", wrapper="production_batch", shape=ProductionBatchView,
    summary="Complete a batch: its ingredients are consumed, what it made comes into stock",
    example={
        "production_batch": {
            "actual_quantity_produced": 19,
            "inputs": [{"production_batch_input_id": "pin_1", "actual_quantity": 12, "waste_quantity": 0.5}],
        }
    },
)  # fmt: skip
def complete(session: Session, call: Call, body: CompletedBatch) -> Answer:
    """The batch is completed, all or nothing."""
    batch = production.get_batch(session, call.path["id"])
    production.complete_batch(
        session,
        batch,
        quantity=body.actual_quantity_produced,
        inputs=[_actual(session, batch, given, position) for position, given in enumerate(body.inputs)],
        lot_number=body.lot_number,
        expiry_date=body.expiry_date,
        location_id=_bin_of(session, batch, body.location_id),
        idempotency_key=call.key("complete"),
    )
    return Answer(_batch(session, batch.id))


@catalogue.write(
    "POST", "/production_batches/{id}/cancel", Nothing, scope="production_batches:write", current=get,
    operation_id="cancelProductionBatch", shape=ProductionBatchView,
    summary="Cancel a planned or running batch: what was reserved is free again, nothing is consumed",
)  # fmt: skip
def cancel(session: Session, call: Call, _body: Nothing) -> Answer:
    """Nothing is made."""
    batch = production.get_batch(session, call.path["id"])
    production.cancel_batch(session, batch, idempotency_key=call.key("cancel"))
    return Answer(_batch(session, batch.id))


# --- what a body names ----------------------------------------------------------------------------------------------


def _actual(session: Session, batch: ProductionBatch, given: UsedInput, position: int) -> ActualInput:
    lots = [
        ChosenLot(_lot_of(session, batch, given, lot, f"inputs.{position}.lots.{place}").id, lot.quantity)
        for place, lot in enumerate(given.lots)
    ]
    actual = given.actual_quantity
    if actual is None and lots:
        actual = sum((lot.quantity for lot in lots), ZERO)
    return ActualInput(given.production_batch_input_id, actual, given.waste_quantity, lots)


def _lot_of(session: Session, batch: ProductionBatch, given: UsedInput, lot: UsedLot, field: str) -> Lot:
    if lot.lot_record_id is not None:
        try:
            return fetch(session, Lot, lot.lot_record_id, resource="lot")
        except NotFound as error:
            raise NotFound("lot", lot.lot_record_id, field=f"{field}.lot_record_id") from error
    if lot.lot_number is None:
        raise Invalid("name the lot by lot_record_id or lot_number", field=f"{field}.lot_record_id")
    row = next(
        (row for row in production.inputs_of(session, batch.id) if row.id == given.production_batch_input_id), None
    )
    found = find_lot(session, row.variant_id, lot.lot_number) if row else None
    if found is None:
        raise NotFound("lot", lot.lot_number, field=f"{field}.lot_number")
    return found


def _bin_of(session: Session, batch: ProductionBatch, location_id: str | None) -> str | None:
    """The bin that a body means; the batch's own location means where it receives."""
    if location_id is None:
        return None
    place = place_of(session, location_id)
    if place.site.id != batch.site_id:
        raise Invalid("the batch is made at another location", field="location_id")
    return place.location.id if place.location else None


# --- what an answer shows -------------------------------------------------------------------------------------------


def _batch(session: Session, batch_id: str) -> ProductionBatchView:
    return the_one(_batches(session, [batch_id]), "production_batch", batch_id)


def _batches(session: Session, ids: Sequence[str]) -> list[ProductionBatchView]:
    if not ids:
        return []
    inputs = lines_with_skus(session, ProductionInput, ids, key="production_batch_id")
    takings = rows_by_id(session, ProductionTaking, ids, key="production_batch_id")
    made = rows_by_id(session, ProductionOutput, ids, key="production_batch_id")
    lots = _by_id(session, Lot, (row.lot_id for row in (*takings, *made) if row.lot_id))
    outputs = _outputs(session, made, lots)
    taken: dict[str, list[Any]] = {}
    for taking in reversed(takings):
        taken.setdefault(taking.input_id, []).append(taking)
    return [
        _view(
            row,
            [_input(line, taken.get(line.id, []), lots) for line in inputs[row.id]],
            outputs.get(row.id, []),
        )
        for row in rows_by_id(session, ProductionBatch, ids)
    ]


def _by_id(session: Session, model: Any, ids: Iterable[str]) -> dict[str, Any]:
    return {row.id: row for row in rows_by_id(session, model, sorted(set(ids)))}


def _view(row: Any, inputs: list[ProductionInputView], outputs: list[ProductionOutputView]) -> ProductionBatchView:
    return {
        "id": row.id,
        "number": row.number,
        "recipe_id": row.recipe_id,
        "location_id": row.site_id,
        "output_variant_id": row.output_variant_id,
        "planned_quantity": to_json(row.planned_quantity),
        "actual_quantity_produced": (
            None if row.actual_quantity_produced is None else to_json(row.actual_quantity_produced)
        ),
        "status": row.status,
        "notes": row.notes,
        "inputs": inputs,
        "outputs": outputs,
        "started_at": to_iso(row.started_at) if row.started_at else None,
        "completed_at": to_iso(row.completed_at) if row.completed_at else None,
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def _input(line: Any, takings: Sequence[Any], lots: dict[str, Any]) -> ProductionInputView:
    used = {lot_id: [ZERO, ZERO] for lot_id in dict.fromkeys(taking.lot_id for taking in takings if taking.lot_id)}
    for taking in takings:
        if taking.lot_id:
            used[taking.lot_id][taking.is_waste] += taking.quantity
    return {
        "id": line.id,
        "variant_id": line.variant_id,
        "sku": line.sku,
        "planned_quantity": to_json(line.planned_quantity),
        "actual_quantity": to_json(line.actual_quantity),
        "waste_quantity": to_json(line.waste_quantity),
        "lots": [
            {
                "lot_record_id": lot_id,
                "lot_number": lots[lot_id].lot_number,
                "expiry_date": _day(lots[lot_id].expiry_date),
                "quantity": to_json(quantity),
                "waste_quantity": to_json(waste),
            }
            for lot_id, (quantity, waste) in used.items()
        ],
    }


def _outputs(session: Session, made: Sequence[Any], lots: dict[str, Any]) -> dict[str, list[ProductionOutputView]]:
    if not made:
        return {}
    skus = _by_id(session, Variant, (row.variant_id for row in made))
    currency = own_currency(session, None)
    outputs: dict[str, list[ProductionOutputView]] = {}
    for row in reversed(made):
        lot = lots.get(row.lot_id)
        outputs.setdefault(row.production_batch_id, []).append(
            {
                "variant_id": row.variant_id,
                "sku": skus[row.variant_id].sku,
                "lot_record_id": lot.id if lot else None,
                "lot_number": lot.lot_number if lot else None,
                "quantity": to_json(row.quantity),
                "expiry_date": _day(lot.expiry_date) if lot else None,
                "unit_cost": cost_of(row.unit_cost, currency),
            }
        )
    return outputs


def _day(day: Any) -> str | None:
    return day.isoformat() if day else None
