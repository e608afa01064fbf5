"""Locations as this contract means them: warehouses and stores. Bins inside them belong to the floor.

Example::

    POST /api/v1/locations    {"location": {"name": "Main warehouse", "code": "WH1"}}
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.operations.views import LocationView
from ambra_tui.api.fields import Body, Code, Identifier, Line, OneOf
from ambra_tui.api.paging import Paging
from ambra_tui.kit.clock import to_iso
from ambra_tui.services.places import create_site, free_site_code
from ambra_tui.services.stock_views import page_of_ids, rows_by_id, the_one
from ambra_tui.store.models import Site
from ambra_tui.store.models.places import SITE_KINDS

catalogue = Catalogue("Locations")
DOCK = "RECV"


def _address(value: Any) -> Any:
    """An address is one line, or an object of lines."""
    if isinstance(value, str):
        return {"line1": value}
    if isinstance(value, dict) and all(isinstance(line, str) for line in value.values() if line is not None):
        return value
    raise ValueError("must be a line of text or an object of lines")


Address = Annotated[
    dict[str, Any], BeforeValidator(_address), WithJsonSchema({"type": ["object", "string"]}, mode="validation")
]


class LocationQuery(Paging):
    """Filters of locations."""

    kind: Annotated[Identifier, OneOf(SITE_KINDS)] | None = None


class NewLocation(Body):
    """A warehouse or store. Without a `code` one is numbered."""

    name: Line
    code: Code | None = None
    kind: Annotated[Identifier, OneOf(SITE_KINDS)] = "warehouse"
    address: Address = Field(default_factory=dict)
    parent_id: Identifier | None = None


@catalogue.read(
    "/locations", LocationQuery, scope="locations:read", operation_id="listLocations", is_list=True,
    summary="Warehouses and stores, newest first", shape=LocationView,
)  # fmt: skip
def list_locations(session: Session, _call: Call, query: LocationQuery) -> Answer:
    """A page of locations."""
    ids, total = page_of_ids(session, Site, {"kind": query.kind}, offset=query.offset, limit=query.per_page)
    return Answer([_view(row) for row in rows_by_id(session, Site, ids)], total)


@catalogue.read(
    "/locations/{id}", Nothing, scope="locations:read", operation_id="getLocation", summary="One location",
    shape=LocationView,
)  # fmt: skip
def get(session: Session, call: Call, _query: Nothing) -> Answer:
    """A location."""
    return Answer(_location(session, call.path["id"]))


@catalogue.write(
    "POST", "/locations", NewLocation, scope="locations:write", operation_id="createLocation", status=201,
    wrapper="location", summary="Register a warehouse or store, with a receiving dock", shape=LocationView,
    example={"location": {"name": "Main warehouse", "code": "WH1", "kind": "warehouse"}},
)  # fmt: skip
def create(session: Session, call: Call, body: NewLocation) -> Answer:
    """Makes the site with a dock, so that stock can come in at once."""
    site = create_site(
        session,
        code=body.code or free_site_code(session),
        name=body.name,
        kind=body.kind,
        address=body.address,
        parent_id=body.parent_id,
        dock=DOCK,
    )
    return Answer(_location(session, site.id), location=call.url(f"/locations/{site.id}"))


def _location(session: Session, location_id: str) -> LocationView:
    return _view(the_one(rows_by_id(session, Site, [location_id]), "location", location_id))


def _view(row: Any) -> LocationView:
    return {
        "id": row.id,
        "code": row.code,
        "name": row.name,
        "kind": row.kind,
        "address": row.address,
        "parent_id": row.parent_id,
        "is_read_only": bool(row.is_read_only),
        "status": row.status,
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }
