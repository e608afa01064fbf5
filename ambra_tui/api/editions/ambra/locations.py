"""Locations: the bins, docks, stages and totes inside a warehouse.

Example::

    POST /v1/locations    {"name": "A-01-02", "warehouse_id": "wh_789", "zone": "A", "sequence": 20}
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.ambra._lists import Listed, Sort, SortedBy
from ambra_tui.api.editions.ambra._places import WarehouseKey, named_location, own_warehouse, warehouse_key
from ambra_tui.api.editions.ambra._records import KEPT_STATES, STATES, changes, listing
from ambra_tui.api.fields import (
    Blank,
    Body,
    Change,
    Code,
    Flag,
    Identifier,
    Line,
    OneOf,
    PositiveQuantity,
)
from ambra_tui.errors import Invalid, ReadOnlySite
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import to_json
from ambra_tui.services.place_changes import change_location, remove_location
from ambra_tui.services.places import MAX_CODE, create_location, sites_of
from ambra_tui.store.facts import next_number
from ambra_tui.store.models import Location, Site, table_of
from ambra_tui.store.models.places import LOCATION_KINDS
from ambra_tui.store.scope import fetch

catalogue = Catalogue("Locations", about="The bins, docks, stages and totes inside a warehouse.")
KINDS = tuple(kind for kind in LOCATION_KINDS if kind != "virtual")
_SORTS = ("name", "code", "zone", "sequence", "status", "created_at", "updated_at")
Kind = Annotated[Identifier, OneOf(KINDS)]
Status = Annotated[Identifier, OneOf(STATES)]
Amount = float | int
LAST_IN_WALK = 10**9


def _walking_order(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LAST_IN_WALK:
        raise ValueError(f"must be a whole number from 0 to {LAST_IN_WALK}")
    return value


WalkingOrder = Annotated[
    int,
    BeforeValidator(_walking_order),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": LAST_IN_WALK}),
]


class LocationView(TypedDict):
    """A place inside a warehouse. ``sequence``: the walking order of picks. ``is_held``: what lies there is not to be
    used. ``capacity``: the most base units that it takes."""

    id: str
    warehouse_id: str
    code: str
    barcode: str
    name: str
    type: str
    status: str
    zone: str | None
    sequence: int | None
    parent_id: str | None
    is_held: bool
    is_single_lot: bool
    is_single_product: bool
    capacity: Amount | None
    created_at: str
    updated_at: str


class LocationQuery(Listed):
    """Filters of locations. Archived ones are listed only when they are asked for."""

    warehouse_id: WarehouseKey | None = None
    search: Line | None = None
    status: Annotated[Identifier, OneOf(KEPT_STATES)] | None = None
    type: Kind | None = None
    parent_id: Identifier | None = None
    sort: Annotated[Sort, SortedBy(*_SORTS)] | None = None


class NewLocation(Body):
    """A location. `warehouse_id` may be left out while there is one warehouse. Without a `code` it is the name, or
    numbered where that is too long; without a `barcode` it is the warehouse's code, a hyphen and the code."""

    name: Line
    warehouse_id: Identifier | None = None
    code: Code | None = None
    barcode: Identifier | None = None
    type: Kind = "pick"
    status: Status = "active"
    zone: Blank | None = None
    sequence: WalkingOrder | None = None
    parent_id: Identifier | None = None
    is_single_lot: Flag = False
    is_single_product: Flag = False
    capacity: PositiveQuantity | None = None


class LocationReplacement(NewLocation):
    """A location, whole: what is left out is emptied; without a `code` it keeps its own."""


class LocationChange(Change):
    """What is to change; what is left out stays. A location stays in its warehouse."""

    name: Line = ""
    warehouse_id: Identifier = ""
    code: Code = ""
    barcode: Identifier | None = None
    type: Kind = "pick"
    status: Status = "active"
    zone: Blank | None = None
    sequence: WalkingOrder | None = None
    parent_id: Identifier | None = None
    is_single_lot: Flag = False
    is_single_product: Flag = False
    capacity: PositiveQuantity | None = None


@catalogue.read(
    "/locations", LocationQuery, scope="locations:read", operation_id="listLocations", is_list=True,
    summary="Locations, newest first", shape=LocationView,
)  # fmt: skip
def list_locations(session: Session, _call: Call, query: LocationQuery) -> Answer:
    """A page of locations inside warehouses."""
    own = table_of(Location).c
    asked = {"site_id": query.warehouse_id, "kind": query.type, "parent_id": query.parent_id}
    matching = [own[name] == value for name, value in asked.items() if value is not None]
    rows, total = listing(session, Location, "location", query, own.site_id.is_not(None), *matching)
    return Answer([_view(row) for row in rows], total)


@catalogue.read(
    "/locations/{id}", Nothing, scope="locations:read", operation_id="getLocation", summary="One location",
    shape=LocationView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """A location that is not archived."""
    return Answer(_view(_location(session, call)))


@catalogue.write(
    "POST", "/locations", NewLocation, scope="locations:write", operation_id="createLocation", status=201,
    summary="Add a location to a warehouse", shape=LocationView,
    example={"name": "A-01-02", "warehouse_id": "wh_789", "zone": "A", "sequence": 20},
)  # fmt: skip
def create(session: Session, call: Call, body: NewLocation) -> Answer:
    """Makes the location."""
    location = create_location(
        session,
        site_id=_site(session, body.warehouse_id).id,
        code=body.code or (body.name if len(body.name) <= MAX_CODE else next_number(session, "LOC")),
        kind=body.type,
        barcode=body.barcode,
        name=body.name,
        zone=body.zone or "",
        sequence=body.sequence,
        parent_id=None if body.parent_id is None else _parent(session, body.parent_id),
        is_single_lot=body.is_single_lot,
        is_single_variant=body.is_single_product,
        capacity=body.capacity,
    )
    if body.status != location.status:
        change_location(session, location, status=body.status)
    return Answer(_view(location), location=call.url(f"/locations/{location.id}"))


@catalogue.write(
    "PUT", "/locations/{id}", LocationReplacement, scope="locations:write", current=get,
    operation_id="replaceLocation", summary="Replace a location: what is left out is emptied", shape=LocationView,
    example={"name": "A-01-02", "zone": "A", "sequence": 20},
)  # fmt: skip
def replace(session: Session, call: Call, body: LocationReplacement) -> Answer:
    """All of it is as told."""
    location = _location(session, call)
    values = {name: getattr(body, name) for name in LocationReplacement.model_fields}
    values |= {"code": body.code or location.code, "zone": body.zone or ""}
    return Answer(_view(_changed(session, location, values)))


@catalogue.write(
    "PATCH", "/locations/{id}", LocationChange, scope="locations:write", current=get, operation_id="updateLocation",
    summary="Change a location", shape=LocationView, example={"sequence": 30},
)  # fmt: skip
def update(session: Session, call: Call, body: LocationChange) -> Answer:
    """What is left out stays."""
    return Answer(_view(_changed(session, _location(session, call), changes(body, "zone"))))


@catalogue.write(
    "DELETE", "/locations/{id}", Nothing, scope="locations:delete", current=get, operation_id="deleteLocation",
    status=204, summary="Remove a location that holds nothing and that nothing open needs", shape=None,
)  # fmt: skip
def delete(session: Session, call: Call, _body: object) -> Answer:
    """Archived where history names it."""
    remove_location(session, _location(session, call))
    return Answer(None)


_OURS = {"type": "kind", "is_single_product": "is_single_variant"}


def _changed(session: Session, location: Location, values: dict[str, Any]) -> Location:
    site = fetch(session, Site, location.site_id or "", resource="warehouse")
    if site.is_read_only:
        raise ReadOnlySite(site.name)
    warehouse_id = values.pop("warehouse_id", None)
    if warehouse_id is not None and warehouse_key(warehouse_id) != site.id:
        own_warehouse(session, warehouse_id)
        raise Invalid("a location stays in its warehouse: add one there and move the stock", field="warehouse_id")
    if values.get("parent_id") is not None:
        values["parent_id"] = _parent(session, values["parent_id"])
    return change_location(session, location, **{_OURS.get(name, name): value for name, value in values.items()})


def _parent(session: Session, parent_id: str) -> str:
    place = named_location(session, parent_id, field="parent_id")
    assert place.location is not None
    return place.location.id


def _location(session: Session, call: Call) -> Location:
    place = named_location(session, call.path["id"])
    assert place.location is not None
    return place.location


def _site(session: Session, warehouse_id: str | None) -> Site:
    if warehouse_id is not None:
        return own_warehouse(session, warehouse_id)
    sites = [site for site in sites_of(session) if not site.is_read_only]
    if len(sites) != 1:
        raise Invalid("warehouse_id is required: there is not exactly one warehouse", field="warehouse_id")
    return sites[0]


def _view(row: Any) -> LocationView:
    return {
        "id": row.id,
        "warehouse_id": row.site_id,
        "code": row.code,
        "barcode": row.barcode,
        "name": row.name or row.code,
        "type": row.kind,
        "status": row.status,
        "zone": row.zone or None,
        "sequence": row.sequence,
        "parent_id": row.parent_id,
        "is_held": bool(row.is_held),
        "is_single_lot": bool(row.is_single_lot),
        "is_single_product": bool(row.is_single_variant),
        "capacity": None if row.capacity is None else to_json(row.capacity),
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }
