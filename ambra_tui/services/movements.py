"""Movements that integrators ask for: in, out, adjusted, transferred; posted at once, or when they are completed.

A pending movement changes nothing: it says what is to happen, and posts on completion. It is completed or cancelled
once.

Example::

    asked = Asked("in", milk, Place(site), Decimal(12))
    waiting = record_movement(session, asked, is_completed=False)
    complete_movement(session, waiting.id).balance_after      # Decimal('12')
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, func, select

from ambra_tui import ledger
from ambra_tui.errors import Invalid, NotFound, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.ledger import CUSTOMER, INVENTORY_LOSS, SUPPLIER, TRANSIT, MoveKind, Posted, Posting
from ambra_tui.services.adjustments import Adjustment, Place, adjust, refuse_inactive, sources_of
from ambra_tui.services.documents import told_moment
from ambra_tui.services.moves import content_of, move
from ambra_tui.services.site_activity import ADJUSTMENT, IN, OUT, TRANSFER
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Location, MovementDocument, Site, StockMove, Variant, table_of
from ambra_tui.store.models.movements import MAX_REFERENCE
from ambra_tui.store.prepared import ORGANIZATION, Prepared, PreparedRows, given
from ambra_tui.store.quick import QuickInsert
from ambra_tui.store.scope import actor_of, fetch, is_alone, now_of, organization_of

DOCUMENT = "stock_movement"
MAX_LOT_NUMBER = 60
_POSTED = {
    IN: (MoveKind.PURCHASE_RECEIVED, SUPPLIER),
    OUT: (MoveKind.ORDER_FULFILLED, CUSTOMER),
    ADJUSTMENT: (MoveKind.MANUAL_ADJUSTMENT, INVENTORY_LOSS),
    TRANSFER: (MoveKind.TRANSFER_OUT, TRANSIT),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A movement as it is asked for. `quantity`: above zero; of an adjustment the signed difference. `target`: where
    a transfer goes. `unit_cost`: of what comes in, in ten-thousandths of the minor unit. `occurred_at`: when it
    happened, if not now."""

    type: str
    variant: Variant
    place: Place
    quantity: Decimal
    target: Place | None = None
    lot_number: str = ""
    expiry_date: date | None = None
    serial: str = ""
    unit_cost: int | None = None
    reason: str = ""
    note: str = ""
    occurred_at: datetime | None = None

    @property
    def signed(self) -> Decimal:
        """What it adds to the place. Raises Invalid for a direction that contradicts the type."""
        if self.type == ADJUSTMENT:
            return self.quantity
        if self.quantity <= 0:
            raise Invalid("quantity must be greater than 0: the type tells the direction", field="quantity")
        return self.quantity if self.type == IN else -self.quantity


# --- posting --------------------------------------------------------------------------------------------------------


def post_movement(session: Session, asked: Asked, *, origin: tuple[str, str], idempotency_key: str) -> Adjustment:
    """Posts a movement, of a transfer both sides. `origin`: kind and id of the document that asks.

    Raises Invalid, NotFound, ReadOnlySite, WrongState, InsufficientStock; for a transfer inside one site what `moves`
    raises.
    """
    target = _target_of(session, asked)
    if target is not None and target.site.id == asked.place.site.id:
        return _move_within(session, asked, target, origin=origin, idempotency_key=idempotency_key)
    if target is not None:
        _one_transfer_at_a_time(session, asked.variant.id)
    kind, outside = _POSTED[asked.type]
    made = adjust(
        session,
        place=asked.place,
        variant_id=asked.variant.id,
        quantity=asked.signed,
        reason=asked.reason,
        note=asked.note,
        lot_number=asked.lot_number,
        expiry_date=asked.expiry_date,
        serial=asked.serial,
        unit_cost=asked.unit_cost if asked.signed > 0 else None,
        occurred_at=asked.occurred_at,
        kind=kind,
        outside=outside,
        origin=origin,
        idempotency_key=idempotency_key,
    )
    if target is not None:
        _arrive(session, made, target, f"{idempotency_key}:arrival")
    return made


def _one_transfer_at_a_time(session: Session, variant_id: str) -> None:
    """Transfers that cross would each wait for the bins of the other: what leaves is locked before where it arrives."""
    if not is_alone(session):
        key = f"{organization_of(session)} transfer {variant_id}"
        session.connection().execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


def _target_of(session: Session, asked: Asked) -> Place | None:
    if asked.type != TRANSFER:
        return None
    if asked.target is None:
        raise Invalid("a transfer names where it goes", field="to_warehouse_id")
    ledger.refuse_read_only(session, asked.target.site.id)
    refuse_inactive(asked.target)
    return asked.target


def _arrive(session: Session, made: Adjustment, target: Place, key: str) -> None:
    """The other side of a transfer: what left comes in, lot by lot, at the cost at which it left."""
    place = target.location or ledger.receiving_location(session, site_id=target.site.id, variant=made.variant)
    statement = select(col(StockMove.id), col(StockMove.unit_cost)).where(
        StockMove.organization_id == organization_of(session),
        col(StockMove.id).in_([done.id for _, done in made.parts]),
    )
    costs = dict(session.exec(statement).all())
    ledger.post(
        session,
        [
            _arrival(left, done, costs[done.id], place.id, f"{key}:{number}")
            for number, (left, done) in enumerate(made.parts)
        ],
    )


def _arrival(left: Posting, done: Posted, cost: int | None, location_id: str, key: str) -> Posting:
    return replace(
        left, source_id=TRANSIT, destination_id=location_id, kind=MoveKind.TRANSFER_IN, plate_id="", unit_cost=cost,
        idempotency_key=key, quantity=done.quantity,
    )  # fmt: skip


def _move_within(
    session: Session, asked: Asked, target: Place, *, origin: tuple[str, str], idempotency_key: str
) -> Adjustment:
    """A transfer between two locations of one site: a bin move, which leaves the site's balance as it is."""
    place = asked.place
    if place.location is None or target.location is None:
        raise Invalid("inside one warehouse a transfer names location_id and to_location_id", field="to_location_id")
    refuse_inactive(place)
    quantity = -asked.signed
    sources = sources_of(
        session, place, asked.variant, quantity, lot_number=asked.lot_number, serial=asked.serial
    )  # fmt: skip
    posted = move(
        session,
        contents=[content_of(source.level, source.quantity) for source in sources],
        location=target.location,
        idempotency_key=idempotency_key,
        reason=asked.reason,
        note=asked.note,
        document=origin,
        occurred_at=told_moment(session, asked.occurred_at),
    )
    balance = posted[-1].source_balance
    assert balance is not None
    return Adjustment(
        origin[1], asked.variant, place, quantity, asked.reason, asked.note, balance, balance, posted[-1].posted_at
    )


# --- documents ------------------------------------------------------------------------------------------------------

_INSERT = QuickInsert(
    table_of(MovementDocument),
    *(column.name for column in table_of(MovementDocument).c if column.name != "organization_id"),
)
_LAST = PreparedRows(select(func.max(StockMove.sequence)).where(StockMove.organization_id == ORGANIZATION))
_OWN = select(MovementDocument).where(
    MovementDocument.organization_id == ORGANIZATION, MovementDocument.id == given("key")
)
_LOCKED: Prepared[MovementDocument] = Prepared(_OWN.with_for_update().execution_options(populate_existing=True))


def record_movement(
    session: Session, asked: Asked, *, is_completed: bool = True, reference: str = ""
) -> dict[str, Any]:
    """A movement's record: its columns by name. Not completed, it waits and changes nothing. Raises as
    `post_movement`."""
    now = now_of(session)
    values: dict[str, Any] = {
        "id": new_id("mov"),
        "type": asked.type,
        "variant_id": asked.variant.id,
        "quantity": asked.quantity,
        "site_id": asked.place.site.id,
        "location_id": asked.place.location.id if asked.place.location else "",
        "to_site_id": asked.target.site.id if asked.target else "",
        "to_location_id": asked.target.location.id if asked.target and asked.target.location else "",
        "lot_number": clean_line(asked.lot_number, field="lot_number", max_length=MAX_LOT_NUMBER, required=False),
        "expiry_date": asked.expiry_date,
        "serial": asked.serial,
        "unit_cost": asked.unit_cost,
        "reference": clean_line(reference, field="reference", max_length=MAX_REFERENCE, required=False),
        "reason": clean_line(asked.reason, field="reason", required=False),
        "note": clean_line(asked.note, field="notes", max_length=1000, required=False),
        "cancel_reason": "",
        "actor_id": actor_of(session).id,
        "occurred_at": told_moment(session, asked.occurred_at),
        "created_at": now,
        "updated_at": now,
        "cancelled_at": None,
    }
    values |= _posted(session, asked, values["id"]) if is_completed else _waiting(session, asked)
    values["position"] = (_LAST.first(session) or (None,))[0] or 0
    _INSERT.run(session, **values)
    told = {"type": asked.type, "variant_id": asked.variant.id}
    publish(session, "stock_movement_created", values["id"], told)
    if is_completed:
        publish(session, "stock_movement_completed", values["id"], told)
    else:
        audit(session, "movement_recorded", values["id"], type=asked.type, sku=asked.variant.sku)
    return values


def _waiting(session: Session, asked: Asked) -> dict[str, Any]:
    """What can be wrong by itself is refused now; whether there is enough is seen on completion."""
    target = _target_of(session, asked)
    if asked.signed == 0:
        raise Invalid("quantity must not be 0", field="quantity")
    if target is not None and target.site.id == asked.place.site.id and not (asked.place.location and target.location):
        raise Invalid("inside one warehouse a transfer names location_id and to_location_id", field="to_location_id")
    if asked.serial and abs(asked.quantity) != 1:
        raise Invalid("one serial number is one unit", field="quantity")
    ledger.refuse_read_only(session, asked.place.site.id)
    refuse_inactive(asked.place)
    return {"status": "pending", "completed_at": None, "balance_before": None, "balance_after": None}


def _posted(session: Session, asked: Asked, document_id: str) -> dict[str, Any]:
    made = post_movement(session, asked, origin=(DOCUMENT, document_id), idempotency_key=f"movement:{document_id}")
    done = {
        "status": "completed",
        "completed_at": made.posted_at,
        "balance_before": made.balance_before,
        "balance_after": made.balance_after,
    }
    return done | _where(asked, made)


def _where(asked: Asked, made: Adjustment) -> dict[str, Any]:
    """The one location that it came to or left from, where that was left to the site."""
    if asked.place.location is not None:
        return {}
    is_incoming = made.quantity > 0
    found = {left.destination_id if is_incoming else left.source_id for left, _ in made.parts}
    return {"location_id": found.pop()} if len(found) == 1 else {}


def complete_movement(session: Session, document_id: str) -> MovementDocument:
    """A pending movement is posted. Raises NotFound, WrongState when it waits no more, and as `post_movement`."""
    document = _lock(session, document_id, step="complete")
    asked = _asked(session, document)
    for name, value in _posted(session, asked, document.id).items():
        setattr(document, name, value)
    document.updated_at = now_of(session)
    session.add(document)
    session.flush()
    publish(
        session, "stock_movement_completed", document.id, {"type": document.type, "variant_id": document.variant_id}
    )  # fmt: skip
    return document


def cancel_movement(session: Session, document_id: str, *, reason: str = "") -> MovementDocument:
    """A pending movement is not to happen. Raises NotFound, WrongState when it waits no more."""
    document = _lock(session, document_id, step="cancel")
    document.status = "cancelled"
    document.cancel_reason = clean_line(reason, field="reason", required=False)
    document.cancelled_at = document.updated_at = now_of(session)
    session.add(document)
    session.flush()
    publish(session, "stock_movement_cancelled", document.id, {"type": document.type})
    audit(session, "movement_cancelled", document.id, reason=document.cancel_reason)
    return document


def _lock(session: Session, document_id: str, *, step: str) -> MovementDocument:
    """The document, which nobody else completes or cancels until this transaction ends."""
    if is_alone(session):
        document = fetch(session, MovementDocument, document_id, resource="movement")
    else:
        session.flush()
        locked = _LOCKED.first(session, key=document_id)
        if locked is None:
            raise NotFound("movement", document_id)
        document = locked
    if document.status != "pending":
        raise WrongState("movement", document.id, state=document.status, step=step)
    return document


def _asked(session: Session, document: MovementDocument) -> Asked:
    target = None
    if document.to_site_id:
        target = _place(session, document.to_site_id, document.to_location_id)
    return Asked(
        document.type,
        fetch(session, Variant, document.variant_id, resource="variant"),
        _place(session, document.site_id, document.location_id),
        document.quantity,
        target,
        lot_number=document.lot_number,
        expiry_date=document.expiry_date,
        serial=document.serial,
        unit_cost=document.unit_cost,
        reason=document.reason,
        note=document.note,
        occurred_at=document.occurred_at,
    )


def _place(session: Session, site_id: str, location_id: str) -> Place:
    site = fetch(session, Site, site_id, resource="site")
    return Place(site, fetch(session, Location, location_id, resource="location") if location_id else None)
