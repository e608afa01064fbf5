"""Cycle counts: made for a location, loaded with what the book says, counted, completed.

Example::

    PATCH /api/v1/cycle_counts/cc_...
    {"cycle_count": {"cycle_count_items_attributes": [{"id": "ccl_...", "counted_quantity": 24}]}}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AliasChoices, Field
from sqlmodel import Session, col, select

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.operations.bodies import named_site, named_variant
from ambra_tui.api.editions.operations.views import CycleCountItemView, CycleCountView, number_of
from ambra_tui.api.fields import (
    Body,
    Flag,
    Identifier,
    Note,
    NotNegativeQuantity,
    Number,
    OneOf,
    Rows,
)
from ambra_tui.api.paging import Paging
from ambra_tui.errors import Invalid
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import to_json
from ambra_tui.services import count_plans, counts
from ambra_tui.services.lots import find_or_create_lot
from ambra_tui.services.places import find_location, find_plate
from ambra_tui.services.stock_views import lines_with_skus, page_of_ids, rows_by_id, the_one
from ambra_tui.store.models import CycleCount, CycleCountBin, CycleCountLine, LicensePlate, Location, Lot
from ambra_tui.store.models.counts import COUNT_STATES, UNCOUNTED
from ambra_tui.store.scope import organization_of

catalogue = Catalogue("Cycle counts")
_ITEMS = AliasChoices("cycle_count_items_attributes", "items_attributes", "items")
_BLIND = AliasChoices("blind", "is_blind")


class CycleCountQuery(Paging):
    """Filters of cycle counts."""

    location_id: Identifier | None = None
    status: Annotated[Identifier, OneOf(COUNT_STATES)] | None = None
    number: Number | None = None


class NewCycleCount(Body):
    """A count of a location: of all of it, or of the bins that `bins` (ids or codes), `aisle` or `plan` name."""

    location_id: Identifier | None = None
    number: Number | None = None
    notes: Note = ""
    blind: Flag = Field(default=True, validation_alias=_BLIND)
    uncounted: Annotated[Identifier, OneOf(UNCOUNTED)] = "keep"
    tolerance_percent: NotNegativeQuantity | None = None
    tolerance_units: NotNegativeQuantity | None = None
    bins: Annotated[list[Identifier], Rows] = Field(default_factory=list)
    aisle: Identifier | None = None
    plan: Annotated[Identifier, OneOf(("abc", "suspicion"))] | None = None


class CountedItemBody(Body):
    """How many were counted of an item, by its id; or of one that the count has no item for, by SKU and bin."""

    id: Identifier | None = None
    counted_quantity: NotNegativeQuantity
    variant_id: Identifier | None = None
    sku: Identifier | None = None
    bin: Identifier | None = None
    lot_number: Number | None = None
    serial_number: Number | None = None
    license_plate: Number | None = None


class CycleCountChange(Body):
    """What is counted, while the count is in progress; or the header of a draft."""

    notes: Note | None = None
    blind: Flag | None = Field(default=None, validation_alias=_BLIND)
    uncounted: Annotated[Identifier, OneOf(UNCOUNTED)] | None = None
    tolerance_percent: NotNegativeQuantity | None = None
    tolerance_units: NotNegativeQuantity | None = None
    cycle_count_items_attributes: Annotated[list[CountedItemBody], Rows] = Field(
        default_factory=list, validation_alias=_ITEMS
    )


class Completion(Body):
    """`uncounted`: keep or zero the items that nobody counted; else what the count says."""

    uncounted: Annotated[Identifier, OneOf(UNCOUNTED)] | None = None


@catalogue.read(
    "/cycle_counts", CycleCountQuery, scope="cycle_counts:read", operation_id="listCycleCounts",
    is_list=True, is_long=True, summary="Cycle counts, newest first", shape=CycleCountView,
)  # fmt: skip
def list_cycle_counts(session: Session, _call: Call, query: CycleCountQuery) -> Answer:
    """A page of counts with their items."""
    filters = {"site_id": query.location_id, "status": query.status, "number": query.number}
    ids, total = page_of_ids(session, CycleCount, filters, offset=query.offset, limit=query.per_page)
    return Answer(_cycle_counts(session, ids), total)


@catalogue.read(
    "/cycle_counts/{id}", Nothing, scope="cycle_counts:read", operation_id="getCycleCount",
    is_long=True, summary="One cycle count with its items", shape=CycleCountView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """A count: expected, counted and variance of each item."""
    return Answer(_cycle_count(session, call.path["id"]))


@catalogue.write(
    "POST", "/cycle_counts", NewCycleCount, scope="cycle_counts:write", operation_id="createCycleCount",
    status=201, wrapper="cycle_count", summary="Make a cycle count of a location, a draft", shape=CycleCountView,
    example={"cycle_count": {"location_id": "wh_1", "notes": "October"}},
)  # fmt: skip
def create(session: Session, call: Call, body: NewCycleCount) -> Answer:
    """Makes the draft."""
    site = named_site(session, body.location_id)
    method, bins = _bins(session, site.id, body)
    count = counts.create_count(
        session,
        site_id=site.id,
        location_ids=[row.id for row in bins],
        method=method,
        is_blind=body.blind,
        notes=body.notes,
        uncounted=body.uncounted,
        tolerance_percent=body.tolerance_percent,
        tolerance_units=body.tolerance_units,
        number=body.number,
    )
    return Answer(_cycle_count(session, count.id), location=call.url(f"/cycle_counts/{count.id}"))


def _bins(session: Session, site_id: str, body: NewCycleCount) -> tuple[str, list[Location]]:
    """How the bins are chosen, and which they are; the whole location has none of its own before it is loaded."""
    ways = [name for name, given in (("bins", body.bins), ("aisle", body.aisle), (body.plan, body.plan)) if given]
    if len(ways) > 1:
        raise Invalid("name the bins by one of bins, aisle, plan", field="bins")
    if not ways:
        return "site", []
    if body.bins:
        return "bins", [_bin(session, site_id, key) for key in body.bins]
    method = str(ways[0])
    found = count_plans.bins_by(session, site_id, method, aisle=body.aisle or "")
    if not found:
        raise Invalid("there is nothing to count that way", field="plan")
    return method, found


def _bin(session: Session, site_id: str, key: str) -> Location:
    """A bin by its id, barcode or code."""
    found = session.get(Location, (organization_of(session), key)) or find_location(session, key, site_id=site_id)
    if found is None or found.site_id != site_id:
        raise Invalid(f"there is no bin {key} in this location", field="bins")
    return found


@catalogue.write(
    "PATCH", "/cycle_counts/{id}", CycleCountChange, scope="cycle_counts:write", current=get,
    operation_id="updateCycleCount", wrapper="cycle_count", shape=CycleCountView,
    summary="Submit counted quantities, or change a draft",
    example={"cycle_count": {"cycle_count_items_attributes": [{"id": "ccl_1", "counted_quantity": 24}]}},
)  # fmt: skip
def update(session: Session, call: Call, body: CycleCountChange) -> Answer:
    """All changes or none."""
    count = counts.lock_count(session, call.path["id"])
    header: dict[str, Any] = {
        "notes": body.notes,
        "is_blind": body.blind,
        "uncounted": body.uncounted,
        "tolerance_percent": body.tolerance_percent,
        "tolerance_units": body.tolerance_units,
    }
    items = body.cycle_count_items_attributes
    if not items or any(value is not None for value in header.values()):
        counts.change_count(session, count, **header)
    if items:
        named = [_counted(session, count, item, position) for position, item in enumerate(items)]
        counts.submit_items(session, count, named)
    return Answer(_cycle_count(session, count.id))


def _counted(session: Session, count: CycleCount, item: CountedItemBody, position: int) -> counts.CountedItem:
    if item.id is not None:
        return counts.CountedItem(item.id, item.counted_quantity)
    field = f"cycle_count_items_attributes.{position}"
    if item.bin is None:
        raise Invalid("name the item by id, or a new one by sku and bin", field=f"{field}.id")
    variant = named_variant(session, item.variant_id, item.sku, field=f"{field}.sku")
    plate = find_plate(session, item.license_plate) if item.license_plate else None
    if item.license_plate and plate is None:
        raise Invalid("there is no such license plate", field=f"{field}.license_plate")
    lot = find_or_create_lot(session, variant=variant, lot_number=item.lot_number) if item.lot_number else None
    return counts.CountedItem(
        "",
        item.counted_quantity,
        location_id=_bin(session, count.site_id, item.bin).id,
        variant_id=variant.id,
        lot_id=lot.id if lot else "",
        serial=item.serial_number or "",
        plate_id=plate.id if plate else "",
    )


@catalogue.write(
    "POST", "/cycle_counts/{id}/start", Nothing, scope="cycle_counts:write", current=get,
    operation_id="startCycleCount", wrapper="cycle_count", shape=CycleCountView,
    summary="Begin a draft: draft to in_progress",
)  # fmt: skip
def start(session: Session, call: Call, _body: Nothing) -> Answer:
    """Counting begins."""
    count = counts.start_count(session, counts.lock_count(session, call.path["id"]))
    return Answer(_cycle_count(session, count.id))


@catalogue.write(
    "POST", "/cycle_counts/{id}/load_inventory", Nothing, scope="cycle_counts:write", current=get,
    operation_id="loadCycleCountInventory", wrapper="cycle_count", shape=CycleCountView,
    summary="Fill the items from what the book says now",
)  # fmt: skip
def load_inventory(session: Session, call: Call, _body: Nothing) -> Answer:
    """New items for what is there; counted ones stay."""
    count = counts.lock_count(session, call.path["id"])
    counts.load_inventory(session, count)
    return Answer(_cycle_count(session, count.id))


@catalogue.write(
    "POST", "/cycle_counts/{id}/complete", Completion, scope="cycle_counts:write", current=get,
    operation_id="completeCycleCount", wrapper="cycle_count", shape=CycleCountView,
    summary="Post the variances as cycle_count_adjustment and close the count",
)  # fmt: skip
def complete(session: Session, call: Call, body: Completion) -> Answer:
    """Each variance once."""
    count = counts.get_count(session, call.path["id"])
    counts.complete_count(session, count, idempotency_key=call.key("count"), uncounted=body.uncounted)
    return Answer(_cycle_count(session, count.id))


# --- views ----------------------------------------------------------------------------------------------------------


def _cycle_count(session: Session, count_id: str) -> CycleCountView:
    return the_one(_cycle_counts(session, [count_id]), "cycle_count", count_id)


def _cycle_counts(session: Session, ids: Sequence[str]) -> list[CycleCountView]:
    session.flush()
    lines = lines_with_skus(session, CycleCountLine, ids, key="cycle_count_id")
    found = [line for rows in lines.values() for line in rows]
    names = _Names(
        bins=_column(session, Location, "code", {line.location_id for line in found}),
        lots=_column(session, Lot, "lot_number", {line.lot_id for line in found if line.lot_id}),
        plates=_column(session, LicensePlate, "code", {line.plate_id for line in found if line.plate_id}),
    )
    bins: dict[str, list[str]] = {}
    for row in rows_by_id(session, CycleCountBin, ids, key="cycle_count_id"):
        bins.setdefault(row.cycle_count_id, []).append(row.location_id)
    return [_view(row, lines[row.id], bins.get(row.id, []), names) for row in rows_by_id(session, CycleCount, ids)]


class _Names:
    """What people call the bins, lots and plates of items: id -> name."""

    def __init__(self, *, bins: dict[str, str], lots: dict[str, str], plates: dict[str, str]) -> None:
        self.bins, self.lots, self.plates = bins, lots, plates


_MOST_NAMES = 500


def _column(session: Session, model: Any, column: str, ids: set[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    wanted = sorted(ids)
    for first in range(0, len(wanted), _MOST_NAMES):
        statement = select(model.id, getattr(model, column)).where(
            col(model.organization_id) == organization_of(session),
            col(model.id).in_(wanted[first : first + _MOST_NAMES]),
        )
        names.update(session.exec(statement).all())
    return names


def _view(row: Any, lines: Sequence[Any], bin_ids: Sequence[str], names: _Names) -> CycleCountView:
    return {
        "id": row.id,
        "number": row.number,
        "location_id": row.site_id,
        "status": row.status,
        "plan": row.method,
        "blind": row.is_blind,
        "notes": row.notes,
        "uncounted": row.uncounted,
        "tolerance_percent": to_json(row.tolerance_percent),
        "tolerance_units": to_json(row.tolerance_units),
        "bin_ids": list(bin_ids),
        "items": [_item(line, names) for line in lines],
        "started_at": to_iso(row.started_at) if row.started_at else None,
        "completed_at": to_iso(row.completed_at) if row.completed_at else None,
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def _item(line: Any, names: _Names) -> CycleCountItemView:
    return {
        "id": line.id,
        "variant_id": line.variant_id,
        "sku": line.sku,
        "bin_id": line.location_id,
        "bin": names.bins.get(line.location_id, ""),
        "lot_id": line.lot_id or None,
        "lot_number": names.lots.get(line.lot_id),
        "serial_number": line.serial or None,
        "license_plate": names.plates.get(line.plate_id),
        "expected_quantity": to_json(line.expected),
        "counted_quantity": number_of(line.counted),
        "variance": number_of(line.variance),
        "first_counted_quantity": number_of(line.first_counted),
        "posted_quantity": number_of(line.posted),
        "status": line.state,
        "counted_by": line.counted_by or None,
        "counted_at": to_iso(line.counted_at) if line.counted_at else None,
    }
