"""Putting away what came in: a bin suggested with its reason, the bins that are not legal, the move itself.

Example::

    suggestion = suggest_bin(session, site=site, contents=contents_of_plate(session, plate))
    suggestion.location.code, suggestion.reason     # ('C03-1', 'empty_same_zone')
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import literal_column
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import Conflict, Invalid
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.ledger import Posted, in_stock
from ambra_tui.services.receiving import Content, plate_levels
from ambra_tui.store.models import LicensePlate, Location, Lot, Site, StockLevel, Variant
from ambra_tui.store.prepared import ORGANIZATION, Prepared, PreparedRows, given
from ambra_tui.store.scope import fetch, is_alone, lock_row, organization_of, scoped

STORAGE_KINDS = ("pick", "reserve")
ORIGIN_KINDS = ("dock", "stage", "tote")
HOME, SAME_LOT, SAME_ITEM, EMPTY_SAME_ZONE, EMPTY = "home", "same_lot", "same_item", "empty_same_zone", "empty"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A bin, and why: home, same_lot, same_item, empty_same_zone or empty."""

    location: Location
    reason: str


class BinRefused(Conflict):
    """`location` may not take the stock. `rule`: not_storage, held, mix or full; `found`: what is in the way."""

    def __init__(self, location: Location, rule: str, message: str, *, found: str = "", room: Decimal = ZERO) -> None:
        super().__init__(message)
        self.location, self.rule, self.found, self.room = location, rule, found, room


# --- what is to be put away -----------------------------------------------------------------------------------------


def contents_of_plate(session: Session, plate: LicensePlate) -> list[Content]:
    """What stands on a plate."""
    return [_content(level, level.on_hand) for level in plate_levels(session, plate.id)]


def loose_at(session: Session, location_id: str, *, variant_id: str | None = None, limit: int = 1000) -> list[Content]:
    """What lies at a location without a plate and is not assigned to any pick."""
    if variant_id is None:
        rows = _LOOSE.all(session, location_id=location_id, limit=limit)
    else:
        rows = _LOOSE_ITEM.all(session, location_id=location_id, variant_id=variant_id, limit=limit)
    return [
        Content(found, location_id, on_hand - allocated, lot_id, serial)
        for found, lot_id, serial, on_hand, allocated in rows
        if on_hand > allocated
    ]


def plates_at(session: Session, location_id: str, *, limit: int = 100) -> list[LicensePlate]:
    """The plates that stand at a location, oldest first."""
    return _PLATES.all(session, location_id=location_id, limit=limit)


_IS_THERE = col(StockLevel.on_hand) > literal_column("0")  # no parameter: SQLite uses the partial index then
_STANDING_THERE = (
    select_columns(
        col(StockLevel.variant_id),
        col(StockLevel.lot_id),
        col(StockLevel.serial),
        col(StockLevel.on_hand),
        col(StockLevel.allocated),
    )
    .where(
        col(StockLevel.organization_id) == ORGANIZATION,
        col(StockLevel.location_id) == given("location_id"),
        col(StockLevel.plate_id) == "",
        _IS_THERE,
    )
    .order_by(col(StockLevel.variant_id), col(StockLevel.lot_id), col(StockLevel.serial))
    .limit(given("limit"))
)
_LOOSE = PreparedRows(_STANDING_THERE)
_LOOSE_ITEM = PreparedRows(_STANDING_THERE.where(col(StockLevel.variant_id) == given("variant_id")))
_PLATES: Prepared[LicensePlate] = Prepared(
    select(LicensePlate)
    .join(
        StockLevel,
        (col(StockLevel.organization_id) == col(LicensePlate.organization_id))
        & (col(StockLevel.plate_id) == col(LicensePlate.id)),
    )
    .where(
        LicensePlate.organization_id == ORGANIZATION,
        StockLevel.organization_id == ORGANIZATION,
        StockLevel.location_id == given("location_id"),
        StockLevel.plate_id != "",
        _IS_THERE,
    )
    .distinct()
    .order_by(col(LicensePlate.created_at), col(LicensePlate.id))
    .limit(given("limit"))
)


def _content(level: StockLevel, quantity: Decimal) -> Content:
    return Content(
        variant_id=level.variant_id,
        location_id=level.location_id,
        quantity=quantity,
        lot_id=level.lot_id,
        serial=level.serial,
        plate_id=level.plate_id,
    )


# --- where it may go ------------------------------------------------------------------------------------------------


def refuse_illegal_bin(session: Session, location: Location, contents: Sequence[Content]) -> None:
    """Raises BinRefused when the bin is no storage, on hold, kept for another lot or item, or too full."""
    if location.is_held:
        raise BinRefused(location, "held", f"{location.code} is on hold.")
    if location.kind not in STORAGE_KINDS or location.usage != "internal" or location.status != "active":
        raise BinRefused(location, "not_storage", f"{location.code} is no storage bin.")
    levels = _levels_in(session, [location.id]).get(location.id, [])
    _refuse_mix(session, location, levels, contents)
    _refuse_full(location, levels, contents)


def _refuse_mix(
    session: Session, location: Location, levels: Sequence[StockLevel], contents: Sequence[Content]
) -> None:
    coming = list(contents)
    for level in levels:
        is_other_item = any(level.variant_id != content.variant_id for content in coming)
        is_other_lot = is_other_item or any(level.lot_id != content.lot_id for content in coming)
        if (location.is_single_lot and is_other_lot) or (location.is_single_variant and is_other_item):
            found = _name(session, level.variant_id, level.lot_id)
            raise BinRefused(location, "mix", f"{location.code} already holds {found}.", found=found)
    kinds = {(content.variant_id, content.lot_id) for content in coming}
    too_many = (location.is_single_lot and len(kinds) > 1) or (
        location.is_single_variant and len({variant_id for variant_id, _ in kinds}) > 1
    )
    if too_many:
        found = ", ".join(_name(session, variant_id, lot_id) for variant_id, lot_id in sorted(kinds))
        raise BinRefused(location, "mix", f"{location.code} takes one kind alone, not {found}.", found=found)


def _refuse_full(location: Location, levels: Sequence[StockLevel], contents: Sequence[Content]) -> None:
    if location.capacity is None:
        return
    room = max(location.capacity - sum((level.on_hand for level in levels), ZERO), ZERO)
    if sum((content.quantity for content in contents), ZERO) > room:
        raise BinRefused(location, "full", f"{location.code} takes {show(room)} more.", room=room)


def _name(session: Session, variant_id: str, lot_id: str) -> str:
    variant = fetch(session, Variant, variant_id, resource="variant")
    lot = fetch(session, Lot, lot_id, resource="lot") if lot_id else None
    return f"{variant.sku} {lot.lot_number}" if lot else variant.sku


def _levels_in(session: Session, location_ids: Sequence[str]) -> dict[str, list[StockLevel]]:
    statement = scoped(session, StockLevel).where(
        col(StockLevel.location_id).in_(location_ids), col(StockLevel.on_hand) > ZERO
    )
    found: dict[str, list[StockLevel]] = {}
    for level in session.exec(statement.execution_options(populate_existing=True)).all():
        found.setdefault(level.location_id, []).append(level)
    return found


# --- which bin is best ----------------------------------------------------------------------------------------------


def suggest_bin(session: Session, *, site: Site, contents: Sequence[Content]) -> Suggestion | None:
    """The best legal bin: the item's home, where the same lot lies, the nearest empty reserve bin, any empty bin.

    Whole plates look at reserve bins first, loose units at pick bins first. None where no bin is legal.
    """
    if not contents:
        return None
    first = contents[0]
    variant = fetch(session, Variant, first.variant_id, resource="variant")
    is_plate = bool(first.plate_id)
    bins = _storage_bins(session, site, is_plate=is_plate)
    held = _bins_holding(session, site, first.variant_id)
    homes = [b for b in bins if b.id == variant.home_location_id]
    same_lot = [b for b in bins if (first.lot_id in held.get(b.id, ()))]
    empty = _empty_first(session, bins, near=[b for b in bins if b.id in held])
    for location, reason in (
        [(b, HOME) for b in homes] + [(b, SAME_LOT if first.lot_id else SAME_ITEM) for b in same_lot] + empty
    ):
        if _is_legal(session, location, contents):
            return Suggestion(location, reason)
    return None


def _storage_bins(session: Session, site: Site, *, is_plate: bool) -> list[Location]:
    order = {"reserve": 0, "pick": 1} if is_plate else {"pick": 0, "reserve": 1}
    statement = scoped(session, Location).where(
        Location.site_id == site.id,
        col(Location.kind).in_(STORAGE_KINDS),
        Location.usage == "internal",
        Location.status == "active",
        col(Location.is_held).is_(False),
    )
    rows = session.exec(statement).all()
    return sorted(rows, key=lambda b: (order[b.kind], b.sequence is None, b.sequence or 0, b.code))


def _bins_holding(session: Session, site: Site, variant_id: str) -> dict[str, set[str]]:
    """Location id -> the lots of the variant that lie there ('' where it has none)."""
    organization_id = organization_of(session)
    statement = in_stock(select(StockLevel.location_id, StockLevel.lot_id), organization_id).where(
        Location.site_id == site.id,
        col(Location.kind).in_(STORAGE_KINDS),
        StockLevel.variant_id == variant_id,
    )
    found: dict[str, set[str]] = {}
    for location_id, lot_id in session.exec(statement).all():
        found.setdefault(location_id, set()).add(lot_id)
    return found


def _empty_first(session: Session, bins: Sequence[Location], *, near: Sequence[Location]) -> list[tuple[Location, str]]:
    """Empty reserve bins, then empty pick bins; those in a zone where the item lies already come first."""
    taken = _taken(session, bins[0].site_id) if bins else set()
    zones = {b.zone for b in near if b.kind == "reserve" and b.zone} or {b.zone for b in near if b.zone}
    free = [b for b in bins if b.id not in taken]
    ranked = sorted(free, key=lambda b: (b.kind != "reserve", b.zone not in zones))
    return [(b, EMPTY_SAME_ZONE if b.zone in zones else EMPTY) for b in ranked]


def _taken(session: Session, site_id: str | None) -> set[str]:
    organization_id = organization_of(session)
    in_site = select(Location.id).where(Location.organization_id == organization_id, Location.site_id == site_id)
    statement = (
        select(StockLevel.location_id)
        .where(
            StockLevel.organization_id == organization_id,
            col(StockLevel.location_id).in_(in_site),
            col(StockLevel.on_hand) > ZERO,
        )
        .distinct()
    )
    return set(session.exec(statement).all())


def _is_legal(session: Session, location: Location, contents: Sequence[Content]) -> bool:
    try:
        refuse_illegal_bin(session, location, contents)
    except BinRefused:
        return False
    return True


# --- the move -------------------------------------------------------------------------------------------------------


def put_away(
    session: Session,
    *,
    contents: Sequence[Content],
    location: Location,
    idempotency_key: str,
    plate_id: str = "",
    reason: str = "",
) -> list[Posted]:
    """Moves `contents` into a legal bin, all or nothing; `plate_id`: the plate that carries them there, if any.

    Raises BinRefused, Invalid for another site, InsufficientStock when something has left meanwhile.
    """
    if not contents:
        raise Invalid("there is nothing to put away", field="contents")
    origin = fetch(session, Location, contents[0].location_id, resource="location")
    if origin.site_id != location.site_id:
        raise Invalid(f"{location.code} is in another site", field="location_id")
    ledger.refuse_read_only(session, location.site_id or "")
    lock_bin(session, location)
    refuse_illegal_bin(session, location, contents)
    return ledger.post(
        session,
        [
            replace(
                content.moved(
                    location, plate_id=plate_id, idempotency_key=f"{idempotency_key}:{number}", origin_kind="putaway"
                ),
                reason=reason,
            )
            for number, content in enumerate(contents)
        ],
    )


def lock_bin(session: Session, location: Location) -> None:
    """Two stations that fill one bin judge it one after the other."""
    if not is_alone(session):
        lock_row(session, Location, location.id, resource="location")
