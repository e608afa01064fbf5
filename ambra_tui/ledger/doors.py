"""Doors that know only sites: where stock comes in without a location, and which levels it leaves from.

Example::

    for source in issue_sources(session, site_id=site.id, variant_id=variant.id, quantity=Decimal(5)): ...
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlmodel import Session, col, select

from ambra_tui.errors import InsufficientStock, Invalid, ReadOnlySite, Shortage, WrongState
from ambra_tui.kit.clock import EPOCH
from ambra_tui.ledger.books import HELD_LOT_STATES
from ambra_tui.ledger.posting import CUSTOMER, INVENTORY_LOSS, PRODUCTION, SUPPLIER, TRANSIT, WASTE
from ambra_tui.ledger.stocked import in_stock
from ambra_tui.store.models import Location, Lot, Site, StockLevel, Variant
from ambra_tui.store.prepared import ORGANIZATION, Prepared, given
from ambra_tui.store.scope import fetch, is_alone, known_row, now_of, organization_of

VIRTUAL_USAGES = {
    SUPPLIER: "supplier",
    CUSTOMER: "customer",
    INVENTORY_LOSS: "inventory_loss",
    WASTE: "waste",
    PRODUCTION: "production",
    TRANSIT: "transit",
}
_KIND_ORDER = {"tote": 0, "stage": 0, "pick": 1, "reserve": 2, "dock": 3}
_FAR = date.max
MAX_LISTED = 500
MAX_FEW = 10


@dataclass(frozen=True, slots=True)
class Source:
    """`quantity` of a level in a location; `expiry_date` of its lot, when it has one."""

    level: StockLevel
    location: Location
    quantity: Decimal
    expiry_date: date | None


def make_virtual_locations(session: Session) -> None:
    """The places outside every site of a new organization: supplier, customer, loss, waste, production, transit."""
    for location_id, usage in VIRTUAL_USAGES.items():
        session.add(
            Location(
                organization_id=organization_of(session),
                id=location_id,
                code=usage,
                barcode=f"@{usage}",
                name=usage.replace("_", " ").capitalize(),
                usage=usage,
                kind="virtual",
                created_at=now_of(session),
                updated_at=now_of(session),
            )
        )
    session.flush()


def refuse_read_only(session: Session, site_id: str) -> Site:
    """The site, when stock in it may change. Raises ReadOnlySite for a marketplace's, WrongState for one that is
    inactive or archived."""
    site = fetch(session, Site, site_id, resource="location")
    if site.is_read_only:
        raise ReadOnlySite(site.name)
    if site.status != "active":
        raise WrongState("site", site.code, state=site.status, step="change stock in")
    return site


_RECEIVING = (
    Location.organization_id == ORGANIZATION,
    Location.site_id == given("site_id"),
    Location.status == "active",
    Location.usage == "internal",
    col(Location.is_held).is_(False),
)
_FIRST = (col(Location.sequence), col(Location.code))
_DOCK: Prepared[Location] = Prepared(
    select(Location).where(*_RECEIVING, Location.kind == "dock").order_by(*_FIRST).limit(1)
)
_HOME: Prepared[Location] = Prepared(
    select(Location).where(
        *_RECEIVING, col(Location.kind).in_(("dock", "pick", "reserve")), Location.id == given("location_id")
    )
)
_BIN: Prepared[Location] = Prepared(
    select(Location).where(*_RECEIVING, col(Location.kind).in_(("pick", "reserve"))).order_by(*_FIRST).limit(1)
)


def receiving_location(session: Session, *, site_id: str, variant: Variant) -> Location:
    """The site's receiving dock, else the variant's home bin, else its first bin. Raises Invalid without any."""
    found = _DOCK.first(session, site_id=site_id)
    if found is None and variant.home_location_id:
        found = _HOME.first(session, site_id=site_id, location_id=variant.home_location_id)
    found = found or _BIN.first(session, site_id=site_id)
    if found is None:
        raise Invalid("the site has no location that stock could be received at", field="location_id")
    return found


_STOCKED = (
    in_stock(select(StockLevel), ORGANIZATION)
    .where(
        Location.site_id == given("site_id"),
        col(Location.is_held).is_(False),
        Location.usage == "internal",
        Location.status == "active",
    )
    .execution_options(populate_existing=True)
)
_STOCKED_WITH: Prepared[StockLevel] = Prepared(_STOCKED.where(StockLevel.variant_id == given("variant_id")))
_STOCKED_WITH_ANY: Prepared[StockLevel] = Prepared(
    _STOCKED.where(col(StockLevel.variant_id).in_(given("variant_ids", is_list=True)))
)
_LOCATIONS: Prepared[Location] = Prepared(
    select(Location).where(Location.organization_id == ORGANIZATION, col(Location.id).in_(given("ids", is_list=True)))
)
_LOTS: Prepared[Lot] = Prepared(
    select(Lot).where(Lot.organization_id == ORGANIZATION, col(Lot.id).in_(given("ids", is_list=True)))
)


def open_sources(session: Session, *, site_id: str, variant_id: str, is_physical: bool = False) -> list[Source]:
    """Every level of a variant in a site that stock may be issued from, in the order to issue it.

    Pick bins, then reserve bins, then docks; earliest expiry first, then the lot that came first. Never held stock;
    what is allocated is left out unless `is_physical`. Totes and stages belong to their documents and are left out.
    """
    levels = _STOCKED_WITH.all(session, site_id=site_id, variant_id=variant_id)
    return _in_order(session, levels, is_physical=is_physical)


def open_sources_of(session: Session, *, site_id: str, variant_ids: Collection[str]) -> dict[str, list[Source]]:
    """`open_sources` of several variants: those without any are left out."""
    levels: list[StockLevel] = []
    if is_alone(session):
        for variant_id in variant_ids:
            levels += _STOCKED_WITH.all(session, site_id=site_id, variant_id=variant_id)
    else:
        wanted = list(variant_ids)
        for first in range(0, len(wanted), MAX_LISTED):
            part = wanted[first : first + MAX_LISTED]
            levels += _STOCKED_WITH_ANY.all(session, site_id=site_id, variant_ids=part)
    found: dict[str, list[Source]] = {}
    for source in _in_order(session, levels):
        found.setdefault(source.level.variant_id, []).append(source)
    return found


def _in_order(session: Session, levels: Sequence[StockLevel], *, is_physical: bool = False) -> list[Source]:
    lots = _lots(session, {level.lot_id for level in levels if level.lot_id})
    locations = _locations(session, {level.location_id for level in levels})
    sources = []
    for level in levels:
        location = locations[level.location_id]
        lot = lots.get(level.lot_id)
        free = level.on_hand if is_physical else level.on_hand - level.allocated
        belongs_to_document = location.kind in ("tote", "stage") and not is_physical
        if free > 0 and not (lot and lot.status in HELD_LOT_STATES) and not belongs_to_document:
            sources.append(Source(level, location, free, lot.expiry_date if lot else None))
    return sorted(sources, key=lambda s: _issue_order(s, lots.get(s.level.lot_id)))


def issue_sources(
    session: Session, *, site_id: str, variant_id: str, quantity: Decimal, is_physical: bool = False
) -> list[Source]:
    """The levels, and how much of each, that `quantity` leaves from. Raises InsufficientStock when they hold less."""
    rest = quantity
    taken: list[Source] = []
    for source in open_sources(session, site_id=site_id, variant_id=variant_id, is_physical=is_physical):
        part = min(rest, source.quantity)
        taken.append(Source(source.level, source.location, part, source.expiry_date))
        rest -= part
        if rest == 0:
            return taken
    variant = fetch(session, Variant, variant_id, resource="variant")
    raise InsufficientStock([Shortage(variant.sku, quantity, quantity - rest, variant_id=variant_id, site_id=site_id)])


def _locations(session: Session, ids: set[str]) -> dict[str, Location]:
    """Places by id; those that the session knows are not read again."""
    known = {location_id: known_row(session, Location, location_id) for location_id in ids}
    found = {location_id: location for location_id, location in known.items() if location is not None}
    unknown = sorted(ids - set(found))
    if _are_few(session, unknown):
        return found | {key: fetch(session, Location, key, resource="location") for key in unknown}
    for first in range(0, len(unknown), MAX_LISTED):
        rows = _LOCATIONS.all(session, ids=unknown[first : first + MAX_LISTED])
        found |= {location.id: location for location in rows}
    return found


def _lots(session: Session, lot_ids: set[str]) -> dict[str, Lot]:
    if _are_few(session, lot_ids):
        return {key: fetch(session, Lot, key, resource="lot") for key in lot_ids}
    return {lot.id: lot for lot in _LOTS.all(session, ids=sorted(lot_ids))}


def _are_few(session: Session, ids: Collection[str]) -> bool:
    """Where one statement for each row is quicker than one for all: beside SQLite, unless they are many."""
    return not ids or (is_alone(session) and len(ids) <= MAX_FEW)


def _issue_order(source: Source, lot: Lot | None) -> tuple[object, ...]:
    created = lot.created_at if lot else EPOCH
    return (
        _KIND_ORDER.get(source.location.kind, 4),
        source.expiry_date or _FAR,
        created,
        source.location.sequence if source.location.sequence is not None else 1_000_000,
        source.location.code,
        source.level.serial,
    )
