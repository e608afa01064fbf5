"""Warehouses: the sites that stock is in, stores and marketplaces among them. ``warehouse_<x>`` is ``wh_<x>``.

Example::

    POST /v1/warehouses    {"name": "Main warehouse", "code": "WH1"}
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.ambra._lists import Listed, Sort, SortedBy
from ambra_tui.api.editions.ambra._places import named_warehouse
from ambra_tui.api.editions.ambra._records import KEPT_STATES, STATES, changes, listing
from ambra_tui.api.fields import Body, Change, Code, Identifier, Line, OneOf
from ambra_tui.kit.clock import to_iso
from ambra_tui.services.marketplaces import marketplaces_of
from ambra_tui.services.place_changes import change_site, remove_site
from ambra_tui.services.places import create_site, free_site_code
from ambra_tui.store.models import Site, table_of
from ambra_tui.store.models.places import SITE_KINDS

catalogue = Catalogue("Warehouses", about="The places that stock is in: warehouses, stores, a marketplace's shelves.")
DOCK = "RECV"
_SORTS = ("name", "code", "status", "created_at", "updated_at")
Kind = Annotated[Identifier, OneOf(SITE_KINDS)]
Status = Annotated[Identifier, OneOf(STATES)]


def _address(value: Any) -> Any:
    """An address is one line, or an object of lines."""
    if value is None:
        return {}
    if isinstance(value, str):
        return {"line1": value}
    if isinstance(value, dict) and all(isinstance(line, str) for line in value.values() if line is not None):
        return value
    raise ValueError("must be a line of text or an object of lines")


Address = Annotated[
    dict[str, Any], BeforeValidator(_address), WithJsonSchema({"type": ["object", "string", "null"]}, mode="validation")
]


class WarehouseView(TypedDict):
    """A warehouse, a store or a marketplace's shelves (``fba``, ``fbs``), which are read-only."""

    id: str
    code: str
    name: str
    type: str
    status: str
    address: dict[str, Any]
    parent_id: str | None
    is_read_only: bool
    marketplace: str | None
    created_at: str
    updated_at: str


class WarehouseQuery(Listed):
    """Filters of warehouses. Archived ones are listed only when they are asked for."""

    search: Line | None = None
    status: Annotated[Identifier, OneOf(KEPT_STATES)] | None = None
    type: Kind | None = None
    sort: Annotated[Sort, SortedBy(*_SORTS)] | None = None


class NewWarehouse(Body):
    """A warehouse. Without a `code` one is numbered; it gets a receiving dock."""

    name: Line
    code: Code | None = None
    type: Kind = "warehouse"
    status: Status = "active"
    address: Address = Field(default_factory=dict)
    parent_id: Identifier | None = None


class WarehouseReplacement(NewWarehouse):
    """A warehouse, whole: what is left out is emptied; without a `code` it keeps its own."""


class WarehouseChange(Change):
    """What is to change; what is left out stays."""

    name: Line = ""
    code: Code = ""
    type: Kind = "warehouse"
    status: Status = "active"
    address: Address = Field(default_factory=dict)
    parent_id: Identifier | None = None


@catalogue.read(
    "/warehouses", WarehouseQuery, scope="locations:read", operation_id="listWarehouses", is_list=True,
    summary="Warehouses, newest first", shape=WarehouseView,
)  # fmt: skip
def list_warehouses(session: Session, _call: Call, query: WarehouseQuery) -> Answer:
    """A page of warehouses."""
    kinds = () if query.type is None else (table_of(Site).c.kind == query.type,)
    rows, total = listing(session, Site, "site", query, *kinds)
    markets = marketplaces_of(session) if any(row.is_read_only for row in rows) else {}
    return Answer([_view(row, markets.get(row.id)) for row in rows], total)


@catalogue.read(
    "/warehouses/{id}", Nothing, scope="locations:read", operation_id="getWarehouse", summary="One warehouse",
    shape=WarehouseView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """A warehouse that is not archived."""
    return Answer(_told(session, _warehouse(session, call)))


@catalogue.write(
    "POST", "/warehouses", NewWarehouse, scope="locations:write", operation_id="createWarehouse", status=201,
    summary="Register a warehouse, with a receiving dock", shape=WarehouseView,
    example={"name": "Main warehouse", "code": "WH1", "address": "Industriestr. 1, 12345 Berlin"},
)  # fmt: skip
def create(session: Session, call: Call, body: NewWarehouse) -> Answer:
    """Makes the warehouse with a dock, so that stock can come in at once."""
    site = create_site(
        session,
        code=body.code or free_site_code(session),
        name=body.name,
        kind=body.type,
        address=body.address,
        parent_id=None if body.parent_id is None else named_warehouse(session, body.parent_id, field="parent_id").id,
        dock=DOCK,
    )
    if body.status != site.status:
        change_site(session, site, status=body.status)
    return Answer(_told(session, site), location=call.url(f"/warehouses/{site.id}"))


@catalogue.write(
    "PUT", "/warehouses/{id}", WarehouseReplacement, scope="locations:write", current=get,
    operation_id="replaceWarehouse", summary="Replace a warehouse: what is left out is emptied", shape=WarehouseView,
    example={"name": "Main warehouse", "code": "WH1"},
)  # fmt: skip
def replace(session: Session, call: Call, body: WarehouseReplacement) -> Answer:
    """All of it is as told."""
    site = _warehouse(session, call)
    values = {
        "name": body.name,
        "code": body.code or site.code,
        "kind": body.type,
        "status": body.status,
        "address": body.address,
        "parent_id": body.parent_id,
    }
    return Answer(_told(session, change_site(session, site, **_named(session, values))))


@catalogue.write(
    "PATCH", "/warehouses/{id}", WarehouseChange, scope="locations:write", current=get,
    operation_id="updateWarehouse", summary="Change a warehouse", shape=WarehouseView, example={"name": "East"},
)  # fmt: skip
def update(session: Session, call: Call, body: WarehouseChange) -> Answer:
    """What is left out stays."""
    values = changes(body)
    if "type" in values:
        values["kind"] = values.pop("type")
    return Answer(_told(session, change_site(session, _warehouse(session, call), **_named(session, values))))


@catalogue.write(
    "DELETE", "/warehouses/{id}", Nothing, scope="locations:delete", current=get, operation_id="deleteWarehouse",
    status=204, summary="Remove a warehouse without stock, locations and open documents", shape=None,
)  # fmt: skip
def delete(session: Session, call: Call, _body: object) -> Answer:
    """It goes with its docks; archived where history names it."""
    remove_site(session, _warehouse(session, call))
    return Answer(None)


def _warehouse(session: Session, call: Call) -> Site:
    return named_warehouse(session, call.path["id"])


def _named(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """`values` with the id of the parent that they name."""
    if values.get("parent_id") is None:
        return values
    return {**values, "parent_id": named_warehouse(session, values["parent_id"], field="parent_id").id}


def _told(session: Session, site: Site) -> WarehouseView:
    return _view(site, marketplaces_of(session).get(site.id) if site.is_read_only else None)


def _view(row: Any, marketplace: str | None) -> WarehouseView:
    return {
        "id": row.id,
        "code": row.code,
        "name": row.name,
        "type": row.kind,
        "status": row.status,
        "address": row.address,
        "parent_id": row.parent_id,
        "is_read_only": bool(row.is_read_only),
        "marketplace": marketplace,
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }
