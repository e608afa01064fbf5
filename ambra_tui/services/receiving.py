"""What a receipt must respect, and what it does with goods that nobody ordered.

Example::

    refuse_short_dated(milk, lot_number="M130", expiry=date(2026, 7, 15), today=date(2026, 3, 2))
    receive_unordered(
        session, site=site, variant=milk, quantity=Decimal(12), location_id=dock.id, idempotency_key="r-1"
    )
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from ambra_tui import ledger
from ambra_tui.errors import Conflict, Invalid, WrongState
from ambra_tui.kit.ids import derived_id
from ambra_tui.kit.quantity import ZERO
from ambra_tui.kit.text import clean_line
from ambra_tui.ledger import SUPPLIER, Guard, MoveKind, Posted, Posting
from ambra_tui.services.catalog import positive_quantity
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import (
    Discrepancy,
    LicensePlate,
    Location,
    PurchaseOrder,
    Site,
    StockLevel,
    StockMove,
    Variant,
)
from ambra_tui.store.prepared import ORGANIZATION, Prepared, PreparedRows, given
from ambra_tui.store.scope import actor_of, fetch, is_alone, now_of, organization_of, scoped
from ambra_tui.store.types import EMPTY

BLIND_RECEIPT = "blind_receipt"
UNEXPECTED_ITEM = "unexpected_item"
OPEN = "open"


@dataclass(frozen=True, slots=True)
class Content:
    """Stock of one level: `quantity` of it."""

    variant_id: str
    location_id: str
    quantity: Decimal
    lot_id: str = ""
    serial: str = ""
    plate_id: str = ""

    def moved(self, location: Location, *, plate_id: str, idempotency_key: str, origin_kind: str) -> Posting:
        """The move of it to another place of its site; `plate_id`: the plate that it stands on there."""
        return Posting(
            variant_id=self.variant_id,
            source_id=self.location_id,
            destination_id=location.id,
            quantity=self.quantity,
            kind=MoveKind.BIN_MOVE,
            idempotency_key=idempotency_key,
            lot_id=self.lot_id,
            serial=self.serial,
            plate_id=self.plate_id,
            destination_plate_id=plate_id,
            guard=Guard.FREE,
            origin_kind=origin_kind,
        )


class Expired(Conflict):
    """The lot's date has passed."""

    def __init__(self, lot_number: str, expiry: date) -> None:
        super().__init__(f"Lot {lot_number} expired on {expiry.isoformat()}. Do not receive it.")
        self.lot_number, self.expiry = lot_number, expiry


class ShortDated(Conflict):
    """The lot has less life left than the item needs at receipt: `minimum_days`."""

    def __init__(self, lot_number: str, expiry: date, minimum_days: int) -> None:
        super().__init__(
            f"Lot {lot_number} expires on {expiry.isoformat()}; {minimum_days} days are needed at receipt. "
            "A supervisor may allow it."
        )
        self.lot_number, self.expiry, self.minimum_days = lot_number, expiry, minimum_days


class DuplicateSerial(Conflict):
    """The serial is in stock already, at `location`."""

    def __init__(self, serial: str, location: Location) -> None:
        super().__init__(f"Serial {serial} is already in {location.code}.")
        self.serial, self.location = serial, location


def refuse_short_dated(
    variant: Variant, *, lot_number: str, expiry: date, today: date, is_short_allowed: bool = False
) -> None:
    """Raises Expired for a date before today, ShortDated for too little remaining life."""
    if expiry < today:
        raise Expired(lot_number, expiry)
    minimum = variant.minimum_shelf_life_days or 0
    if (expiry - today).days < minimum and not is_short_allowed:
        raise ShortDated(lot_number, expiry, minimum)


_LOCKED_ITEM = PreparedRows(
    select(Variant.id)
    .where(Variant.organization_id == ORGANIZATION, Variant.id == given("variant_id"))
    .with_for_update()
)
_PLACE_OF_SERIAL: Prepared[Location] = Prepared(
    select(Location)
    .join(
        StockLevel,
        (col(StockLevel.organization_id) == col(Location.organization_id))
        & (col(StockLevel.location_id) == col(Location.id)),
    )
    .where(
        Location.organization_id == ORGANIZATION,
        StockLevel.organization_id == ORGANIZATION,
        StockLevel.variant_id == given("variant_id"),
        StockLevel.serial == given("serial"),
        StockLevel.serial != "",
        col(StockLevel.on_hand) > ZERO,
    )
)


def refuse_known_serial(session: Session, variant: Variant, serial: str) -> None:
    """Raises DuplicateSerial naming where the serial lies. Two receipts of one serial wait for each other here."""
    if not is_alone(session):
        _LOCKED_ITEM.first(session, variant_id=variant.id)
    location = _PLACE_OF_SERIAL.first(session, variant_id=variant.id, serial=serial)
    if location is not None:
        raise DuplicateSerial(serial, location)


def receive_unordered(
    session: Session,
    *,
    site: Site,
    variant: Variant,
    quantity: Decimal,
    location_id: str,
    idempotency_key: str,
    order: PurchaseOrder | None = None,
    lot_id: str = "",
    serial: str = "",
    plate_id: str = "",
    reason: str = "",
) -> Posted:
    """Stock that no order asked for: it is posted, and stands on the exception list until somebody gives a reason.

    `order`: the order it came with, when there was one.
    """
    ledger.refuse_read_only(session, site.id)
    if serial and not is_posted(session, idempotency_key):
        refuse_known_serial(session, variant, serial)
    posting = Posting(
        variant_id=variant.id,
        source_id=SUPPLIER,
        destination_id=location_id,
        quantity=positive_quantity(quantity, field="quantity"),
        kind=MoveKind.PURCHASE_RECEIVED,
        idempotency_key=idempotency_key,
        lot_id=lot_id,
        serial=serial,
        destination_plate_id=plate_id,
        reason=reason,
        origin_kind="purchase_order" if order else BLIND_RECEIPT,
        origin_id=order.id if order else "",
    )
    posted = ledger.post(session, [posting])[0]
    if not posted.repeated:
        _note_exception(session, site, variant, quantity, order, posted)
    return posted


def _note_exception(
    session: Session, site: Site, variant: Variant, quantity: Decimal, order: PurchaseOrder | None, posted: Posted
) -> None:
    exception = Discrepancy(
        organization_id=organization_of(session),
        id=_exception_id(posted.id),
        kind=UNEXPECTED_ITEM if order else BLIND_RECEIPT,
        site_id=site.id,
        variant_id=variant.id,
        document_kind="purchase_order" if order else "",
        document_id=order.id if order else "",
        quantity=quantity,
        actor_id=actor_of(session).id,
        created_at=now_of(session),
    )
    session.add(exception)
    session.flush()
    publish(session, "exception_opened", exception.id, {"kind": exception.kind, "variant_id": variant.id})


def is_posted(session: Session, idempotency_key: str) -> bool:
    """True when a posting with this key is in the ledger: a repeat posts nothing, so nothing speaks against it."""
    return _POSTED.first(session, key=ledger.move_id(organization_of(session), idempotency_key)) is not None


_POSTED = PreparedRows(
    select(StockMove.id).where(StockMove.organization_id == ORGANIZATION, StockMove.id == given("key"))
)


def _exception_id(move_id: str) -> str:
    return derived_id("dis", move_id)


def is_settled(session: Session, move_id: str) -> bool:
    """True when somebody has explained the exception that a receipt left."""
    exception = session.get(Discrepancy, (organization_of(session), _exception_id(move_id)))
    return exception is not None and exception.status != OPEN


def drop_exception(session: Session, move_id: str) -> None:
    """The receipt that an exception told of was taken back: there is nothing left to explain."""
    exception = session.get(Discrepancy, (organization_of(session), _exception_id(move_id)))
    if exception is not None and exception.status == OPEN:
        _resolve(session, exception, "receipt taken back")


def list_exceptions(
    session: Session, *, site_id: str | None = None, status: str | None = OPEN
) -> SelectOfScalar[Discrepancy]:
    """The statement of the exceptions that match, oldest first; the caller pages it."""
    statement = scoped(session, Discrepancy)
    if site_id is not None:
        statement = statement.where(Discrepancy.site_id == site_id)
    if status is not None:
        statement = statement.where(Discrepancy.status == status)
    return statement.order_by(col(Discrepancy.created_at), col(Discrepancy.id))


def resolve_exception(session: Session, exception_id: str, *, reason: str) -> Discrepancy:
    """Closes an exception with a reason. Raises WrongState when it is closed, Invalid without a reason."""
    why = clean_line(reason, field="reason")
    exception = fetch(session, Discrepancy, exception_id, resource="discrepancy")
    if exception.status != OPEN:
        raise WrongState("discrepancy", exception.id, state=exception.status, step="resolve")
    _resolve(session, exception, f"{exception.reason}: {why}"[:255] if exception.reason else why)
    return exception


def _resolve(session: Session, exception: Discrepancy, reason: str) -> None:
    exception.status = "resolved"
    exception.reason = reason
    exception.resolved_at = now_of(session)
    session.add(exception)
    session.flush()
    audit(session, "discrepancy_resolved", exception.id, kind=exception.kind, reason=reason)


# --- places and plates ----------------------------------------------------------------------------------------------


def docks_of(session: Session, site_id: str) -> list[Location]:
    """A site's receiving docks."""
    return _DOCKS.all(session, site_id=site_id)


_DOCKS: Prepared[Location] = Prepared(
    select(Location)
    .where(
        Location.organization_id == ORGANIZATION,
        Location.site_id == given("site_id"),
        Location.kind == "dock",
        Location.status == "active",
        col(Location.is_held).is_(False),
    )
    .order_by(col(Location.sequence), col(Location.code))
)


def landing_location(session: Session, *, site_id: str, variant: Variant) -> Location:
    """Where goods come in when nobody names a bin: the site's dock, else where the ledger's rule says."""
    docks = docks_of(session, site_id)
    return docks[0] if docks else ledger.receiving_location(session, site_id=site_id, variant=variant)


def quarantine_location(session: Session, site_id: str) -> Location:
    """Where damaged goods of a site go: its damaged location, else its quarantine. Raises Invalid without either."""
    statement = scoped(session, Location).where(
        Location.site_id == site_id,
        col(Location.kind).in_(("damaged", "quarantine")),
        col(Location.is_held).is_(True),
        Location.status == "active",
    )
    found = sorted(session.exec(statement).all(), key=lambda row: (row.kind != "damaged", row.code))
    if not found:
        raise Invalid("the site has no quarantine location", field="location_id")
    return found[0]


def plate_levels(session: Session, plate_id: str) -> list[StockLevel]:
    """What stands on a license plate."""
    statement = scoped(session, StockLevel).where(
        StockLevel.plate_id == plate_id, col(StockLevel.plate_id) != EMPTY, col(StockLevel.on_hand) > ZERO
    )
    found = session.exec(statement.execution_options(populate_existing=True)).all()
    return sorted(found, key=lambda level: (level.variant_id, level.lot_id, level.serial))


def plate_location(session: Session, plate: LicensePlate) -> Location | None:
    """Where a license plate stands; None when nothing is on it."""
    levels = plate_levels(session, plate.id)
    return fetch(session, Location, levels[0].location_id, resource="location") if levels else None


def move_received(
    session: Session, *, contents: Sequence[Content], location: Location, idempotency_key: str
) -> list[Posted]:
    """What was just received stands somewhere else than it was posted: it moves there, plates and all."""
    return ledger.post(
        session,
        [
            content.moved(
                location,
                plate_id=content.plate_id,
                idempotency_key=f"{idempotency_key}:{number}",
                origin_kind="receipt",
            )
            for number, content in enumerate(contents)
        ],
    )
