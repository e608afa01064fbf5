"""Manual adjustments: stock found or missing, stated as a signed quantity with a reason.

Example::

    adjust(session, site_id=site.id, variant_id=milk.id, quantity=Decimal(-2), reason="shrinkage", idempotency_key="a1")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import InsufficientStock, Invalid, NotFound, Shortage, WrongState
from ambra_tui.kit.ids import derived_id
from ambra_tui.kit.quantity import ZERO
from ambra_tui.kit.text import clean_line
from ambra_tui.ledger import INVENTORY_LOSS, MoveKind, Posted, Posting, Source
from ambra_tui.services.documents import told_moment
from ambra_tui.services.lots import find_lot, find_or_create_lot
from ambra_tui.store.facts import audit
from ambra_tui.store.models import Location, Site, Variant
from ambra_tui.store.prepared import ORGANIZATION, Prepared, given
from ambra_tui.store.scope import fetch, organization_of

DOCUMENT = "inventory_adjustment"


@dataclass(frozen=True, slots=True)
class Place:
    """Where to adjust: a site, or one location in it."""

    site: Site
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What was posted. `balance_before`, `balance_after`: on hand of the site around it. `parts`: its postings, with
    what the ledger answered."""

    id: str
    variant: Variant
    place: Place
    quantity: Decimal
    reason: str
    note: str
    balance_before: Decimal
    balance_after: Decimal
    posted_at: datetime
    parts: tuple[tuple[Posting, Posted], ...] = ()


_LOCATED: Prepared[Site] = Prepared(
    select(Site, Location)
    .join(
        Location,
        (col(Location.organization_id) == col(Site.organization_id)) & (col(Location.site_id) == col(Site.id)),
    )
    .where(
        col(Site.organization_id) == ORGANIZATION,
        col(Location.organization_id) == ORGANIZATION,
        col(Location.id) == given("key"),
    )
)
_SITE: Prepared[Site] = Prepared(
    select(Site).where(col(Site.organization_id) == ORGANIZATION, col(Site.id) == given("key"))
)


def place_of(session: Session, key: str) -> Place:
    """The site with the id `key`, or the location inside a site with it. Raises NotFound("location")."""
    found = _LOCATED.row(session, key=key)
    if found is not None:
        return Place(*found)
    site = _SITE.first(session, key=key)
    if site is None:
        raise NotFound("location", key)
    return Place(site)


def refuse_inactive(place: Place) -> None:
    """Raises WrongState for a location that is not in use."""
    if place.location is not None and place.location.status != "active":
        raise WrongState("location", place.location.code, state=place.location.status, step="change stock in")


def adjust(
    session: Session,
    *,
    place: Place,
    variant_id: str,
    quantity: Decimal,
    idempotency_key: str,
    reason: str = "",
    note: str = "",
    lot_number: str = "",
    expiry_date: date | None = None,
    serial: str = "",
    unit_cost: int | None = None,
    occurred_at: datetime | None = None,
    kind: MoveKind = MoveKind.MANUAL_ADJUSTMENT,
    outside: str = INVENTORY_LOSS,
    origin: tuple[str, str] = ("", ""),
) -> Adjustment:
    """Posts a signed `quantity`: what is above zero comes in at the location or the site's receiving place, what is
    below leaves by the rules of an issue without reservation. `occurred_at`: when it happened, if not now. `outside`:
    the virtual location on the other side. `origin`: kind and id of the document that asks, else the adjustment itself.

    Raises Invalid, NotFound, ReadOnlySite, WrongState for a place that is not active, InsufficientStock.
    """
    if quantity == ZERO:
        raise Invalid("quantity must not be 0", field="quantity")
    if serial and abs(quantity) != 1:
        raise Invalid("one serial number is one unit", field="quantity")
    ledger.refuse_read_only(session, place.site.id)
    refuse_inactive(place)
    variant = fetch(session, Variant, variant_id, resource="variant")
    adjustment_id = derived_id("adj", str(organization_of(session)), idempotency_key)
    base = Posting(
        variant_id=variant.id, source_id="", destination_id="", quantity=abs(quantity),
        kind=kind, idempotency_key=idempotency_key, serial=serial, unit_cost=unit_cost,
        reason=clean_line(reason, field="reason", required=False),
        note=clean_line(note, field="notes", max_length=1000, required=False),
        origin_kind=DOCUMENT, origin_id=adjustment_id, occurred_at=told_moment(session, occurred_at),
    )  # fmt: skip
    if any(origin):
        base = replace(base, origin_kind=origin[0], origin_id=origin[1])
    if quantity > 0:
        incoming = _incoming(session, place, variant, base, lot_number=lot_number, expiry_date=expiry_date)
        postings = [replace(incoming, source_id=outside)]
    else:
        outgoing = _outgoing(session, place, variant, base, lot_number=lot_number)
        postings = [replace(posting, destination_id=outside) for posting in outgoing]
    posted = _post(session, postings)
    audit(session, "inventory_adjusted", variant.id, sku=variant.sku, site=place.site.code, quantity=str(quantity))
    told = _told(adjustment_id, variant, place, quantity, base, posted)
    return replace(told, parts=tuple(zip(postings, posted, strict=True)))


def _incoming(
    session: Session, place: Place, variant: Variant, base: Posting, *, lot_number: str, expiry_date: date | None
) -> Posting:
    lot_id = ""
    if lot_number:
        lot_id = find_or_create_lot(session, variant=variant, lot_number=lot_number, expiry_date=expiry_date).id
    location = place.location or ledger.receiving_location(session, site_id=place.site.id, variant=variant)
    return replace(base, source_id=INVENTORY_LOSS, destination_id=location.id, lot_id=lot_id)


def _outgoing(session: Session, place: Place, variant: Variant, base: Posting, *, lot_number: str) -> list[Posting]:
    return [
        replace(
            base,
            source_id=source.location.id,
            destination_id=INVENTORY_LOSS,
            quantity=source.quantity,
            lot_id=source.level.lot_id,
            serial=source.level.serial,
            plate_id=source.level.plate_id,
            idempotency_key=f"{base.idempotency_key}:{number}",
        )
        for number, source in enumerate(
            sources_of(session, place, variant, base.quantity, lot_number=lot_number, serial=base.serial)
        )
    ]


def sources_of(
    session: Session, place: Place, variant: Variant, quantity: Decimal, *, lot_number: str = "", serial: str = ""
) -> list[Source]:
    """The levels, and how much of each, that an issue without reservation takes `quantity` from. Raises NotFound for
    an unknown lot, InsufficientStock when they hold less."""
    if not (place.location or lot_number or serial):
        return ledger.issue_sources(session, site_id=place.site.id, variant_id=variant.id, quantity=quantity)
    lot_id = ""
    if lot_number:
        lot = find_lot(session, variant.id, lot_number)
        if lot is None:
            raise NotFound("lot", lot_number)
        lot_id = lot.id
    rest = quantity
    taken = []
    for source in ledger.open_sources(session, site_id=place.site.id, variant_id=variant.id):
        level = source.level
        is_elsewhere = place.location is not None and level.location_id != place.location.id
        if is_elsewhere or (lot_id and level.lot_id != lot_id) or (serial and level.serial != serial):
            continue
        part = min(rest, source.quantity)
        taken.append(replace(source, quantity=part))
        rest -= part
        if rest == ZERO:
            return taken
    code = place.location.code if place.location else ""
    raise InsufficientStock([Shortage(variant.sku, quantity, quantity - rest, variant.id, place.site.id, code)])


def _post(session: Session, postings: Sequence[Posting]) -> list[Posted]:
    try:
        return ledger.post(session, postings)
    except InsufficientStock as error:
        raise ledger.name_shortages(session, error) from error


def _told(
    adjustment_id: str, variant: Variant, place: Place, quantity: Decimal, base: Posting, posted: Sequence[Posted]
) -> Adjustment:
    last = posted[-1]
    after = last.destination_balance if quantity > 0 else last.source_balance
    assert after is not None
    return Adjustment(
        adjustment_id, variant, place, quantity, base.reason, base.note, after - quantity, after, last.posted_at
    )
