"""Returns: what a customer may send back of an order, received unit by unit in the condition that it is found in.

Only sellable units come into the stock. A damaged or discarded unit passes through the receiving dock on its way out:
the ledger shows it coming and leaving there, and the site holds what it held before.

Example::

    rma = create_return(session, order_id=order.id, reason="wrong size", lines=[NewReturnLine(glove.id, Decimal(2))])
    receive_part(session, rma, variant_id=glove.id, quantity=Decimal(1), condition="sellable", idempotency_key="r-1")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import Conflict, Duplicate, Invalid, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.kit.text import clean_line
from ambra_tui.ledger import CUSTOMER, WASTE, Guard, MoveKind, Posted, Posting
from ambra_tui.services.catalog import positive_quantity
from ambra_tui.services.documents import document_number, told_moment
from ambra_tui.services.receiving import refuse_known_serial
from ambra_tui.services.rows import add_unique
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import (
    Discrepancy,
    Location,
    ReturnAuthorization,
    ReturnLine,
    SalesOrder,
    StockMove,
    Variant,
)
from ambra_tui.store.models.returns import CONDITIONS
from ambra_tui.store.scope import actor_of, fetch, lock_row, now_of, organization_of, scoped
from ambra_tui.store.types import EMPTY

DOCUMENT = "return_authorization"
SELLABLE = "sellable"
SHORT_RETURN = "short_return"
MAX_LINES = 1000
_ACROSS_THE_DOOR = (
    MoveKind.ORDER_FULFILLED, MoveKind.RETURN_RECEIVED, MoveKind.RETURN_DISPOSED, MoveKind.REVERSAL,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewReturnLine:
    """A line to be made. `condition`: the one that is expected."""

    variant_id: str
    quantity: Decimal
    condition: str = SELLABLE


@dataclass(frozen=True, slots=True)
class Shipped:
    """What left with an order and has not been taken back: so much of a lot or serial, at its cost then."""

    lot_id: str
    serial: str
    quantity: Decimal
    unit_cost: int | None


@dataclass(frozen=True, slots=True)
class ReturnedPart:
    """How much of a line came, in which condition."""

    line_id: str
    condition: str
    quantity: Decimal


class OverReturn(Conflict):
    """More would come back than is authorized: `maximum` more of `sku` may."""

    def __init__(self, sku: str, maximum: Decimal) -> None:
        super().__init__(f"At most {show(maximum)} more of {sku} may come back. Nothing was received.")
        self.sku, self.maximum = sku, maximum


class NotOut(Conflict):
    """The serial did not leave with the order, or has come back already."""

    def __init__(self, sku: str, serial: str) -> None:
        super().__init__(f"{sku} {serial} is not with the customer of this order. Nothing was received.")
        self.sku, self.serial = sku, serial


# --- made, found, changed -------------------------------------------------------------------------------------------


def create_return(
    session: Session, *, order_id: str, reason: str, lines: Sequence[NewReturnLine], number: str | None = None
) -> ReturnAuthorization:
    """What may come back of an order, to the site that shipped it.

    Raises NotFound for the order, Invalid naming the item that was not shipped or would come back twice.
    """
    order = _locked_order(session, order_id)
    now = now_of(session)
    rma = ReturnAuthorization(
        organization_id=organization_of(session),
        id=new_id("rma"),
        number=document_number(session, "RMA", number, resource=DOCUMENT, find=find_return),
        order_id=order.id,
        site_id=order.site_id,
        reason=clean_line(reason, field="reason"),
        created_at=now,
        updated_at=now,
    )
    rows = _checked_lines(session, rma, lines)
    add_unique(session, rma, Duplicate(DOCUMENT, "number", rma.number))
    session.add_all(rows)
    session.flush()
    publish(session, "return_authorization_created", rma.id, {"number": rma.number, "order_id": order.id})
    audit(session, "return_authorization_created", rma.id, number=rma.number, order=order.number)
    return rma


def update_return(
    session: Session,
    rma: ReturnAuthorization,
    *,
    reason: str | None = None,
    lines: Sequence[NewReturnLine] | None = None,
) -> None:
    """Another reason, other lines. Raises WrongState when it is not pending, or when something came already."""
    _locked_order(session, rma.order_id)
    _lock_pending(session, rma, step="change")
    if reason is not None:
        rma.reason = clean_line(reason, field="reason")
    if lines is not None:
        present = lines_of(session, rma.id)
        if any(line.received for line in present):
            raise WrongState(DOCUMENT, rma.number, state="partly received", step="change the items of")
        for line in present:
            session.delete(line)
        session.flush()
        session.add_all(_checked_lines(session, rma, lines))
    _changed(session, rma, act="return_authorization_changed")


def get_return(session: Session, return_id: str) -> ReturnAuthorization:
    """The return with this id. Raises NotFound."""
    return fetch(session, ReturnAuthorization, return_id, resource=DOCUMENT)


def find_return(session: Session, number: str) -> ReturnAuthorization | None:
    """The return with this number; typed small letters do too."""
    wanted = number.strip()
    for spelling in dict.fromkeys((wanted, wanted.upper())):
        found = session.exec(scoped(session, ReturnAuthorization).where(ReturnAuthorization.number == spelling)).first()
        if found is not None:
            return found
    return None


def pending_returns(session: Session, site_id: str, *, limit: int = 9) -> list[ReturnAuthorization]:
    """Returns that a site waits for, oldest first."""
    statement = scoped(session, ReturnAuthorization).where(
        ReturnAuthorization.site_id == site_id, ReturnAuthorization.status == "pending"
    )
    ordered = statement.order_by(col(ReturnAuthorization.created_at), col(ReturnAuthorization.number))
    return list(session.exec(ordered.limit(limit)).all())


def lines_of(session: Session, return_id: str, *, variant_id: str | None = None) -> list[ReturnLine]:
    """A return's lines (those of one variant, where asked) in their order, as they are now."""
    statement = scoped(session, ReturnLine).where(ReturnLine.return_authorization_id == return_id)
    if variant_id is not None:
        statement = statement.where(ReturnLine.variant_id == variant_id)
    ordered = statement.order_by(col(ReturnLine.position)).execution_options(populate_existing=True)
    return list(session.exec(ordered).all())


def outstanding(line: ReturnLine) -> Decimal:
    """What of a line has not come yet."""
    return line.quantity - line.received


def _checked_lines(session: Session, rma: ReturnAuthorization, lines: Sequence[NewReturnLine]) -> list[ReturnLine]:
    if not lines:
        raise Invalid("a return needs at least one item", field="items")
    if len(lines) > MAX_LINES:
        raise Invalid(f"a return has at most {MAX_LINES} items", field="items")
    room = _returnable(session, rma)
    rows = []
    for position, line in enumerate(lines):
        field = f"items[{position}]"
        variant = fetch(session, Variant, line.variant_id, resource="variant")
        quantity = positive_quantity(line.quantity, field=f"{field}.quantity")
        if line.condition not in CONDITIONS:
            raise Invalid(f"condition is one of {', '.join(CONDITIONS)}", field=f"{field}.condition")
        left = room.get(variant.id, ZERO)
        if quantity > left:
            raise Invalid(
                f"at most {show(left)} of {variant.sku} were shipped and may still come back",
                field=f"{field}.quantity",
            )
        room[variant.id] = left - quantity
        rows.append(
            ReturnLine(
                organization_id=rma.organization_id,
                id=new_id("rml"),
                return_authorization_id=rma.id,
                position=position + 1,
                variant_id=variant.id,
                quantity=quantity,
                condition=line.condition,
            )
        )
    return rows


def _returnable(session: Session, rma: ReturnAuthorization) -> dict[str, Decimal]:
    """Variant -> what was shipped with the order, substitutes as such, and no other return of it speaks for."""
    room = _left(session, rma.order_id)
    others = scoped(session, ReturnAuthorization).where(
        ReturnAuthorization.order_id == rma.order_id,
        ReturnAuthorization.id != rma.id,
        ReturnAuthorization.status != "cancelled",
    )
    for other in session.exec(others).all():
        for taken in lines_of(session, other.id):
            spoken_for = taken.quantity if other.status == "pending" else taken.received
            room[taken.variant_id] = room.get(taken.variant_id, ZERO) - spoken_for
    return {variant_id: max(quantity, ZERO) for variant_id, quantity in room.items()}


def _left(session: Session, order_id: str) -> dict[str, Decimal]:
    """Variant -> what left with an order, as the ledger tells, whether or not it came back."""
    statement = select(StockMove).where(
        StockMove.organization_id == organization_of(session),
        StockMove.origin_id == order_id,
        col(StockMove.origin_id) != EMPTY,
        col(StockMove.kind).in_((MoveKind.ORDER_FULFILLED, MoveKind.REVERSAL)),
    )
    left: dict[str, Decimal] = {}
    for move in session.exec(statement).all():
        sign = 1 if move.destination_id == CUSTOMER else -1 if move.source_id == CUSTOMER else 0
        left[move.variant_id] = left.get(move.variant_id, ZERO) + sign * move.quantity
    return left


# --- what was shipped -----------------------------------------------------------------------------------------------


def shipped_with(session: Session, order_id: str, variant_id: str) -> list[Shipped]:
    """The lots and serials of a variant that left with an order and are still out, as the ledger tells."""
    balances = sorted(_balances(session, order_id, variant_id).items())
    return [Shipped(lot_id, serial, quantity, cost) for (lot_id, serial), (quantity, cost) in balances if quantity > 0]


def _balances(session: Session, order_id: str, variant_id: str) -> dict[tuple[str, str], tuple[Decimal, int | None]]:
    """Lot and serial -> what left with an order less what any return of it brought back, and its cost then."""
    organization_id = organization_of(session)
    returned = select(ReturnAuthorization.id).where(
        ReturnAuthorization.organization_id == organization_id, ReturnAuthorization.order_id == order_id
    )
    statement = select(StockMove).where(
        StockMove.organization_id == organization_id,
        col(StockMove.origin_id).in_([order_id, *session.exec(returned).all()]),
        col(StockMove.origin_id) != EMPTY,
        StockMove.variant_id == variant_id,
        col(StockMove.kind).in_(_ACROSS_THE_DOOR),
    )
    totals: dict[tuple[str, str], tuple[Decimal, int | None]] = {}
    for move in session.exec(statement.order_by(col(StockMove.sequence))).all():
        sign = 1 if move.destination_id == CUSTOMER else -1 if move.source_id == CUSTOMER else 0
        quantity, cost = totals.get((move.lot_id, move.serial), (ZERO, move.unit_cost))
        totals[move.lot_id, move.serial] = (quantity + sign * move.quantity, cost)
    return totals


def only_lot(session: Session, rma: ReturnAuthorization, variant: Variant) -> str | None:
    """The lot that returned units of a variant have without asking: none, or the only one that is still out.

    None where several are: somebody has to read it.
    """
    if not variant.is_lot_tracked:
        return ""
    lots = {part.lot_id for part in shipped_with(session, rma.order_id, variant.id)}
    return next(iter(lots)) if len(lots) == 1 else None


# --- received -------------------------------------------------------------------------------------------------------


def receive_part(
    session: Session,
    rma: ReturnAuthorization,
    *,
    variant_id: str,
    quantity: Decimal,
    condition: str,
    idempotency_key: str,
    lot_id: str = "",
    serial: str = "",
    location_id: str | None = None,
) -> tuple[list[Posted], list[ReturnedPart]]:
    """Units of one item in one condition came back; when the last one has, the return is received.

    `location_id` None: the site's receiving dock. Raises WrongState, Invalid for an item that is not on the return,
    OverReturn, NotOut, DuplicateSerial for a serial that is in stock.
    """
    _locked_order(session, rma.order_id)
    _lock_pending(session, rma, step="receive")
    variant = fetch(session, Variant, variant_id, resource="variant")
    parts = _spread(session, rma, variant, quantity, condition)
    _refuse_not_out(session, rma, variant, quantity, lot_id=lot_id, serial=serial)
    posted = _post(
        session, rma, variant, quantity, condition,
        location_id=location_id, lot_id=lot_id, serial=serial, idempotency_key=idempotency_key,
    )  # fmt: skip
    _count(session, parts)
    if not any(outstanding(line) for line in lines_of(session, rma.id)):
        _finish(session, rma)
    return posted, parts


def receive_return(
    session: Session,
    rma: ReturnAuthorization,
    *,
    idempotency_key: str,
    location_id: str | None = None,
    occurred_at: datetime | None = None,
) -> None:
    """Everything that has not come yet comes, in the expected conditions. `occurred_at`: when it came, if not now."""
    moment = told_moment(session, occurred_at)
    _locked_order(session, rma.order_id)
    _lock_pending(session, rma, step="receive")
    for line in lines_of(session, rma.id):
        quantity = outstanding(line)
        if not quantity:
            continue
        variant = fetch(session, Variant, line.variant_id, resource="variant")
        for number, part in enumerate(_by_lot(session, rma, variant, quantity)):
            _post(
                session, rma, variant, part.quantity, line.condition,
                location_id=location_id, lot_id=part.lot_id, serial=part.serial,
                idempotency_key=f"{idempotency_key}:{line.position}:{number}", occurred_at=moment,
            )  # fmt: skip
        _count(session, [ReturnedPart(line.id, line.condition, quantity)])
    _finish(session, rma, moment)


def close_return(session: Session, rma: ReturnAuthorization) -> list[Discrepancy]:
    """No more will come: each missing quantity becomes an open discrepancy. Raises WrongState when nothing came."""
    _lock_pending(session, rma, step="close")
    lines = lines_of(session, rma.id)
    if not any(line.received for line in lines):
        raise WrongState(DOCUMENT, rma.number, state="pending", step="close")
    missing = [
        Discrepancy(
            organization_id=rma.organization_id,
            id=new_id("dis"),
            kind=SHORT_RETURN,
            site_id=rma.site_id,
            variant_id=line.variant_id,
            document_kind=DOCUMENT,
            document_id=rma.id,
            line_id=line.id,
            quantity=outstanding(line),
            actor_id=actor_of(session).id,
            created_at=now_of(session),
        )
        for line in lines
        if outstanding(line)
    ]
    session.add_all(missing)
    _finish(session, rma)
    return missing


def cancel_return(session: Session, rma: ReturnAuthorization) -> None:
    """Nothing is to come back. Raises WrongState when it is not pending, or when something came: close it instead."""
    _lock_pending(session, rma, step="cancel")
    if any(line.received for line in lines_of(session, rma.id)):
        raise WrongState(DOCUMENT, rma.number, state="partly received", step="cancel")
    rma.status = "cancelled"
    _changed(session, rma, act="return_authorization_cancelled")


def _spread(
    session: Session, rma: ReturnAuthorization, variant: Variant, quantity: Decimal, condition: str
) -> list[ReturnedPart]:
    """Which lines the units count for: those that expect the condition first, then the others."""
    if condition not in CONDITIONS:
        raise Invalid(f"condition is one of {', '.join(CONDITIONS)}", field="condition")
    positive_quantity(quantity, field="quantity")
    lines = lines_of(session, rma.id, variant_id=variant.id)
    if not lines:
        raise Invalid(f"{variant.sku} is not on {rma.number}", field="sku")
    room = sum((outstanding(line) for line in lines), ZERO)
    if quantity > room:
        raise OverReturn(variant.sku, room)
    parts, rest = [], quantity
    for line in sorted(lines, key=lambda line: (line.condition != condition, line.position)):
        part = min(rest, outstanding(line))
        if part:
            parts.append(ReturnedPart(line.id, condition, part))
            rest -= part
    return parts


def _refuse_not_out(
    session: Session, rma: ReturnAuthorization, variant: Variant, quantity: Decimal, *, lot_id: str, serial: str
) -> None:
    """Raises NotOut for a serial, OverReturn for more of a lot, than left with the order and has not come back.

    What left without a serial or lot may come back under any.
    """
    balances = _balances(session, rma.order_id, variant.id)
    if serial:
        out = {name for (_, name), (left, _) in balances.items() if name and left > ZERO}
        if serial not in out and (out or any(name == serial for _, name in balances)):
            raise NotOut(variant.sku, serial)
    elif lot_id and any(lot for lot, _ in balances):
        room = sum((max(left, ZERO) for (lot, _), (left, _) in balances.items() if lot in ("", lot_id)), ZERO)
        if quantity > room:
            raise OverReturn(variant.sku, room)


def _by_lot(session: Session, rma: ReturnAuthorization, variant: Variant, quantity: Decimal) -> list[Shipped]:
    """What is to come of a line, by the lots and serials that were shipped where they are known beyond doubt."""
    shipped = shipped_with(session, rma.order_id, variant.id)
    lot_id = only_lot(session, rma, variant)
    if variant.is_serial_tracked and sum((part.quantity for part in shipped), ZERO) == quantity:
        return shipped
    return [Shipped(lot_id or "", "", quantity, None)]


def _post(
    session: Session,
    rma: ReturnAuthorization,
    variant: Variant,
    quantity: Decimal,
    condition: str,
    *,
    location_id: str | None,
    lot_id: str,
    serial: str,
    idempotency_key: str,
    occurred_at: datetime | None = None,
) -> list[Posted]:
    ledger.refuse_read_only(session, rma.site_id)
    if serial:
        refuse_known_serial(session, variant, serial)
    dock_id = location_id or ledger.receiving_location(session, site_id=rma.site_id, variant=variant).id
    shipped = shipped_with(session, rma.order_id, variant.id)
    cost = next((part.unit_cost for part in shipped if part.lot_id == lot_id), None)

    def move(source_id: str, destination_id: str, kind: MoveKind, suffix: str) -> Posting:
        return Posting(
            variant_id=variant.id,
            source_id=source_id,
            destination_id=destination_id,
            quantity=quantity,
            kind=kind,
            idempotency_key=f"{idempotency_key}:{suffix}",
            lot_id=lot_id,
            serial=serial,
            guard=Guard.PHYSICAL,
            reason=condition,
            unit_cost=cost,
            origin_kind=DOCUMENT,
            origin_id=rma.id,
            occurred_at=occurred_at,
        )

    if condition == SELLABLE:
        return ledger.post(session, [move(CUSTOMER, dock_id, MoveKind.RETURN_RECEIVED, "in")])
    came = move(CUSTOMER, dock_id, MoveKind.RETURN_DISPOSED, "in")
    return ledger.post(session, [came, move(dock_id, WASTE, MoveKind.RETURN_DISPOSED, "out")])


def _count(session: Session, parts: Sequence[ReturnedPart], *, sign: int = 1) -> None:
    for part in parts:
        line = fetch(session, ReturnLine, part.line_id, resource="return_line")
        setattr(line, part.condition, getattr(line, part.condition) + sign * part.quantity)
        session.add(line)
    session.flush()


def _finish(session: Session, rma: ReturnAuthorization, moment: datetime | None = None) -> None:
    rma.status, rma.received_at = "received", moment or now_of(session)
    _changed(session, rma, act="return_authorization_received")


# --- taken back -----------------------------------------------------------------------------------------------------


def uncount(session: Session, rma: ReturnAuthorization, parts: Sequence[ReturnedPart]) -> None:
    """Units that were counted as returned were not: the return waits for them again.

    Raises WrongState when it was closed without the rest, or cancelled, since.
    """
    _lock(session, rma)
    is_whole = not any(outstanding(line) for line in lines_of(session, rma.id))
    if rma.status != "pending" and not (rma.status == "received" and is_whole):
        raise WrongState(DOCUMENT, rma.number, state=rma.status, step="change")
    _count(session, parts, sign=-1)
    if rma.status == "received":
        rma.status, rma.received_at = "pending", None
        _changed(session, rma, act="return_authorization_reopened")


def reopen(session: Session, rma: ReturnAuthorization) -> None:
    """A return that was closed without the rest waits for it again. Raises WrongState when somebody explained it."""
    _lock(session, rma)
    statement = scoped(session, Discrepancy).where(
        Discrepancy.document_kind == DOCUMENT, Discrepancy.document_id == rma.id, Discrepancy.kind == SHORT_RETURN
    )
    missing = session.exec(statement.execution_options(populate_existing=True)).all()
    if rma.status != "received" or any(row.status != "open" for row in missing):
        raise WrongState(DOCUMENT, rma.number, state=rma.status, step="reopen")
    for row in missing:
        session.delete(row)
    rma.status, rma.received_at = "pending", None
    _changed(session, rma, act="return_authorization_reopened")


# --- inside ---------------------------------------------------------------------------------------------------------


def bin_of(session: Session, rma: ReturnAuthorization, location_id: str | None) -> str | None:
    """The location that a return is to come to; the site's own id, or nothing, means its dock. Raises Invalid."""
    if location_id is None or location_id == rma.site_id:
        return None
    location = fetch(session, Location, location_id, resource="location")
    if location.site_id != rma.site_id or location.usage != "internal" or location.status != "active":
        raise Invalid("the return comes to another location", field="location_id")
    return location.id


def _locked_order(session: Session, order_id: str) -> SalesOrder:
    """The order, alone: two returns of it are judged one after the other."""
    return lock_row(session, SalesOrder, order_id, resource="order")


def _lock(session: Session, rma: ReturnAuthorization) -> None:
    session.flush()
    session.refresh(rma, with_for_update=True)


def _lock_pending(session: Session, rma: ReturnAuthorization, *, step: str) -> None:
    _lock(session, rma)
    if rma.status != "pending":
        raise WrongState(DOCUMENT, rma.number, state=rma.status, step=step)


def _changed(session: Session, rma: ReturnAuthorization, *, act: str) -> None:
    rma.updated_at = now_of(session)
    session.add(rma)
    session.flush()
    publish(session, "return_authorization_changed", rma.id, {"number": rma.number, "status": rma.status})
    audit(session, act, rma.id, number=rma.number, status=rma.status)
