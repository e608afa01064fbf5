"""How this edition names warehouses and the locations in them: ``warehouse_<x>`` is a spelling of ``wh_<x>``.

What is archived is not there any more.

Example::

    place = named_place(session, warehouse_id="warehouse_01K...", location_id=None)
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator
from sqlmodel import Session

from ambra_tui.api.fields import Identifier
from ambra_tui.errors import Invalid, NotFound, ReadOnlySite
from ambra_tui.services.adjustments import Place, place_of
from ambra_tui.services.places import sites_of
from ambra_tui.store.models import Location, Site
from ambra_tui.store.scope import fetch

ARCHIVED = "archived"
_SPELLING, _PREFIX = "warehouse_", "wh_"


def warehouse_key(text: str) -> str:
    """The id that `text` is a spelling of."""
    return f"{_PREFIX}{text.removeprefix(_SPELLING)}" if text.startswith(_SPELLING) else text


WarehouseKey = Annotated[Identifier, AfterValidator(warehouse_key)]
"""A warehouse's id, as a filter."""


def named_warehouse(session: Session, text: str, *, field: str = "warehouse_id") -> Site:
    """The warehouse with the id `text`, whichever way it is spelled. Raises NotFound."""
    try:
        site = fetch(session, Site, warehouse_key(text), resource="warehouse")
    except NotFound:
        raise NotFound("warehouse", text, field=field) from None
    if site.status == ARCHIVED:
        raise NotFound("warehouse", text, field=field)
    return site


def own_warehouse(session: Session, text: str, *, field: str = "warehouse_id") -> Site:
    """As `named_warehouse`, when it is not a marketplace's. Raises ReadOnlySite too."""
    site = named_warehouse(session, text, field=field)
    if site.is_read_only:
        raise ReadOnlySite(site.name, field=field)
    return site


def default_warehouse(session: Session) -> Site:
    """The oldest warehouse of one's own that is in use, for orders that name none. Raises Invalid without any."""
    own = [site for site in sites_of(session) if not site.is_read_only and site.status == "active"]
    if not own:
        raise Invalid("warehouse_id is required: there is no warehouse yet", field="warehouse_id")
    return min(own, key=lambda site: (site.kind != "warehouse", site.created_at, site.id))


def named_location(session: Session, text: str, *, field: str = "location_id") -> Place:
    """The location inside a warehouse with the id `text`, with its warehouse. Raises NotFound."""
    place = _place(session, text, field)
    if place.location is None:
        raise NotFound("location", text, field=field)
    return place


def named_place(session: Session, warehouse_id: str | None, location_id: str | None, *, prefix: str = "") -> Place:
    """The location that a body names, else the warehouse. Raises Invalid when it names neither or two that do not
    belong together, NotFound, ReadOnlySite."""
    site = None if warehouse_id is None else own_warehouse(session, warehouse_id, field=f"{prefix}warehouse_id")
    if location_id is None:
        if site is None:
            raise Invalid(
                f"{prefix}warehouse_id is required, or {prefix}location_id", field=f"{prefix}warehouse_id"
            )  # fmt: skip
        return Place(site)
    place = _place(session, location_id, f"{prefix}location_id")
    if place.site.is_read_only:
        raise ReadOnlySite(place.site.name, field=f"{prefix}location_id")
    if site is not None and place.site.id != site.id:
        raise Invalid(f"{prefix}location_id is in another warehouse", field=f"{prefix}location_id")
    return place


def _place(session: Session, text: str, field: str) -> Place:
    """A location's id; a warehouse's means the warehouse."""
    try:
        place = place_of(session, warehouse_key(text))
    except NotFound:
        raise NotFound("location", text, field=field) from None
    found: Location | Site = place.location or place.site
    if ARCHIVED in (found.status, place.site.status):
        raise NotFound("location", text, field=field)
    return place
