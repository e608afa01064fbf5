"""Sites and locations changed and removed.

A place that is inactive or archived takes no stock; so it is emptied first, and nothing open may need it.

Example::

    change_location(session, location, name="By the door", zone="A")
    remove_location(session, location)      # InUse while it holds anything
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session, col

from ambra_tui import ledger
from ambra_tui.errors import Duplicate, Invalid, ReadOnlySite
from ambra_tui.kit.text import clean_line
from ambra_tui.services.places import HELD_KINDS, MAX_CODE, READ_ONLY_KINDS, clean_address, new_location_row
from ambra_tui.services.removals import Remains, archive, counting, let_go, refuse_use
from ambra_tui.services.search import reindex_subject
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import (
    CycleCount,
    CycleCountBin,
    Location,
    MovementDocument,
    PickFace,
    ProductionBatch,
    PurchaseOrder,
    ReturnAuthorization,
    SalesOrder,
    Site,
    SiteStock,
    StockLevel,
    StockTransfer,
    Task,
    Variant,
)
from ambra_tui.store.models.places import SITE_KINDS
from ambra_tui.store.scope import fetch, now_of, scoped

PLACE_STATES = ("active", "inactive")
_ENDED = ("shipped", "delivered", "cancelled")
_OPEN_TASKS = ("open", "claimed")
_CHECKED = (
    "code", "barcode", "kind", "name", "zone", "sequence", "is_single_lot", "is_single_variant", "capacity",
)  # fmt: skip


# --- sites ----------------------------------------------------------------------------------------------------------


def change_site(session: Session, site: Site, **values: Any) -> Site:
    """Changes what is given of name, code, kind, address, parent_id and status. Raises ReadOnlySite, Invalid,
    Duplicate, NotFound for the parent, InUse for a site in use that is to be inactive."""
    _refuse_market(site)
    if "name" in values:
        site.name = clean_line(values["name"], field="name")
    if "code" in values:
        _rename_site(session, site, clean_line(values["code"], field="code", max_length=MAX_CODE))
    if "kind" in values:
        site.kind = _own_kind(values["kind"])
    if "address" in values:
        site.address = clean_address(values["address"])
    if "parent_id" in values:
        site.parent_id = _parent_of(session, Site, site, values["parent_id"], resource="site")
    if "status" in values and _changes_status(site, values["status"]):
        if values["status"] != "active":
            refuse_use(session, "site", site.code, _needed(session, site), step="close")
        site.status = values["status"]
    site.updated_at = now_of(session)
    session.add(site)
    session.flush()
    reindex_subject(session, "site", site.id, site.code, site.name)
    publish(session, "site_changed", site.id, {"code": site.code})
    audit(session, "site_changed", site.id, code=site.code, name=site.name, status=site.status)
    return site


def _refuse_market(site: Site) -> None:
    if site.is_read_only:
        raise ReadOnlySite(site.name)


def _own_kind(kind: str) -> str:
    known = [each for each in SITE_KINDS if each not in READ_ONLY_KINDS]
    if kind not in known:
        raise Invalid(f"type is one of {', '.join(known)}: it cannot become a marketplace's", field="type")
    return kind


def _rename_site(session: Session, site: Site, code: str) -> None:
    taken = scoped(session, Site).where(Site.code == code, Site.id != site.id)
    if session.exec(taken).first() is not None:
        raise Duplicate("site", "code", code)
    site.code = code


def _parent_of(session: Session, model: Any, row: Any, parent_id: str | None, *, resource: str) -> str | None:
    """The parent's id. Raises NotFound, Invalid for one that stands below the row."""
    above = parent_id
    while above is not None:
        if above == row.id:
            raise Invalid(f"a {resource} cannot stand below itself", field="parent_id")
        above = fetch(session, model, above, resource=resource).parent_id
    return parent_id


def _changes_status(row: Site | Location, status: str) -> bool:
    if status not in PLACE_STATES:
        raise Invalid(f"status is one of {', '.join(PLACE_STATES)}", field="status")
    return bool(row.status != status)


def remove_site(session: Session, site: Site) -> None:
    """A site goes with its docks: deleted when nothing ever happened there, else archived. Raises ReadOnlySite, InUse
    while it holds stock, has bins or sites below it, or an open document needs it."""
    _refuse_market(site)
    bins = counting(
        session, Location, _of(Location, "site_id", site.id), col(Location.kind) != "dock", _is_kept(Location)
    )
    below = counting(session, Site, _of(Site, "parent_id", site.id), _is_kept(Site))
    refuse_use(session, "site", site.code, {**_needed(session, site), "locations": bins, "warehouses below it": below})
    places = list(session.exec(scoped(session, Location).where(Location.site_id == site.id)).all())
    used = counting(session, SiteStock, _of(SiteStock, "site_id", site.id))
    ids = [("site", site.id), *(("location", place.id) for place in places)]
    code = site.code
    if _is_any(session, used) or not let_go(session, site, *places):
        for row in (site, *places):
            archive(session, row, now_of(session))
    _forget(session, "site_removed", ids, code)


def _needed(session: Session, site: Site) -> Remains:
    """What holds stock there or is to."""
    key = site.id

    def open_of(model: Any, *states: str) -> Any:
        return counting(session, model, _of(model, "site_id", key), col(model.status).in_(states))

    return {
        "products in stock": counting(
            session,
            SiteStock,
            _of(SiteStock, "site_id", key),
            or_(col(SiteStock.on_hand) > 0, col(SiteStock.reserved) > 0),
        ),
        "open purchase orders": open_of(PurchaseOrder, "draft", "ordered", "partially_received"),
        "open orders": counting(
            session, SalesOrder, _of(SalesOrder, "site_id", key), col(SalesOrder.status).not_in(_ENDED)
        ),
        "open stock transfers": counting(
            session,
            StockTransfer,
            or_(col(StockTransfer.source_site_id) == key, col(StockTransfer.destination_site_id) == key),
            col(StockTransfer.status).in_(("draft", "in_transit")),
        ),
        "open cycle counts": open_of(CycleCount, "draft", "in_progress"),
        "open production batches": open_of(ProductionBatch, "planned", "in_progress"),
        "open returns": open_of(ReturnAuthorization, "pending"),
        "pending movements": counting(
            session,
            MovementDocument,
            or_(col(MovementDocument.site_id) == key, col(MovementDocument.to_site_id) == key),
            col(MovementDocument.status) == "pending",
        ),
    }


# --- locations ------------------------------------------------------------------------------------------------------


def change_location(session: Session, location: Location, **values: Any) -> Location:
    """Changes what is given of code, barcode, name, kind, zone, sequence, parent_id, is_single_lot,
    is_single_variant, capacity and status; `barcode` None is the site's code, a hyphen and the code.

    Raises ReadOnlySite, Invalid, Duplicate, NotFound for the parent; InUse for a location in use that is to be inactive
    or of another kind.
    """
    site = fetch(session, Site, location.site_id or "", resource="site")
    _refuse_market(site)
    status, parent_id = values.pop("status", location.status), values.pop("parent_id", location.parent_id)
    kept = {name: getattr(location, name) for name in _CHECKED}
    checked = new_location_row(site, **{**kept, **values})
    _refuse_taken(session, location, checked)
    if checked.kind != location.kind:
        refuse_use(session, "location", location.code, _filled(session, location), step="change the type of")
        ledger.set_location_held(session, location, checked.kind in HELD_KINDS)
    if _changes_status(location, status):
        if status != "active":
            refuse_use(session, "location", location.code, _wanted(session, location), step="close")
        location.status = status
    for name in kept:
        setattr(location, name, getattr(checked, name))
    location.parent_id = _parent_of(session, Location, location, parent_id, resource="location")
    _refuse_elsewhere(session, location)
    location.updated_at = now_of(session)
    session.add(location)
    session.flush()
    reindex_subject(session, "location", location.id, location.code, location.barcode, location.name)
    audit(session, "location_changed", location.id, code=location.code, site=site.code, status=location.status)
    return location


def _refuse_taken(session: Session, location: Location, checked: Location) -> None:
    others = scoped(session, Location).where(Location.id != location.id)
    if session.exec(others.where(Location.barcode == checked.barcode)).first() is not None:
        raise Duplicate("location", "barcode", checked.barcode)
    same_code = others.where(Location.site_id == location.site_id, Location.code == checked.code)
    if session.exec(same_code).first() is not None:
        raise Duplicate("location", "code", checked.code)


def _refuse_elsewhere(session: Session, location: Location) -> None:
    if location.parent_id is None:
        return
    if fetch(session, Location, location.parent_id, resource="location").site_id != location.site_id:
        raise Invalid("the parent location is in another site", field="parent_id")


def remove_location(session: Session, location: Location) -> None:
    """A location goes: deleted when nothing ever lay there, else archived. Raises ReadOnlySite, InUse while it holds
    stock, has locations below it, or something open needs it."""
    site = fetch(session, Site, location.site_id or "", resource="site")
    _refuse_market(site)
    below = counting(session, Location, _of(Location, "parent_id", location.id), _is_kept(Location))
    refuse_use(session, "location", location.code, {**_wanted(session, location), "locations below it": below})
    code, ids = location.code, [("location", location.id)]
    used = counting(session, StockLevel, _of(StockLevel, "location_id", location.id))
    if _is_any(session, used) or not let_go(session, location):
        archive(session, location, now_of(session))
    _forget(session, "location_removed", ids, code)


def _filled(session: Session, location: Location) -> Remains:
    there = or_(col(StockLevel.on_hand) > 0, col(StockLevel.allocated) > 0)
    return {"levels in stock": counting(session, StockLevel, _of(StockLevel, "location_id", location.id), there)}


def _wanted(session: Session, location: Location) -> Remains:
    """What lies there, and what is to."""
    key = location.id
    counts = scoped(session, CycleCount).where(col(CycleCount.status).in_(("draft", "in_progress")))
    return {
        **_filled(session, location),
        "home of products": counting(session, Variant, _of(Variant, "home_location_id", key)),
        "pick faces": counting(session, PickFace, _of(PickFace, "location_id", key)),
        "open tasks": counting(session, Task, _of(Task, "location_id", key), col(Task.status).in_(_OPEN_TASKS)),
        "open cycle counts": counting(
            session,
            CycleCountBin,
            _of(CycleCountBin, "location_id", key),
            col(CycleCountBin.cycle_count_id).in_(counts.with_only_columns(col(CycleCount.id))),
        ),
        "pending movements": counting(
            session,
            MovementDocument,
            or_(col(MovementDocument.location_id) == key, col(MovementDocument.to_location_id) == key),
            col(MovementDocument.status) == "pending",
        ),
    }


# --- both -----------------------------------------------------------------------------------------------------------


def _of(model: Any, name: str, key: str) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = col(getattr(model, name)) == key
    return condition


def _is_kept(model: Any) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = col(model.status) != "archived"
    return condition


def _is_any(session: Session, count: Any) -> bool:
    return bool(session.connection().execute(select(count)).scalar_one())


def _forget(session: Session, act: str, ids: list[tuple[str, str]], code: str) -> None:
    for kind, key in ids:
        reindex_subject(session, kind, key)
    publish(session, act, ids[0][1], {"code": code})
    audit(session, act, ids[0][1], code=code)
