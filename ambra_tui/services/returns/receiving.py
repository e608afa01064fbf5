"""Returned units: received in the condition that they are found in, and taken back again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlmodel import Session

from ambra_tui import ledger
from ambra_tui.errors import Invalid, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger import CUSTOMER, WASTE, Guard, MoveKind, Posted, Posting
from ambra_tui.services.analytics.facts import record_order
from ambra_tui.services.catalog import positive_quantity
from ambra_tui.services.documents import told_moment
from ambra_tui.services.receiving import refuse_known_serial
from ambra_tui.services.returns.documents import lines_of, outstanding
from ambra_tui.services.returns.shipped import balances_of, only_lot, shipped_with
from ambra_tui.services.returns.states import changed, lock, lock_pending, locked_order
from ambra_tui.services.returns.terms import DOCUMENT, SELLABLE, SHORT_RETURN, NotOut, OverReturn, ReturnedPart, Shipped
from ambra_tui.store.models import Discrepancy, ReturnAuthorization, ReturnLine, Variant
from ambra_tui.store.models.returns import CONDITIONS
from ambra_tui.store.scope import actor_of, fetch, now_of, scoped


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
    locked_order(session, rma.order_id)
    lock_pending(session, rma, step="receive")
    variant = fetch(session, Variant, variant_id, resource="variant")
    parts = _spread(session, rma, variant, quantity, condition)
    _refuse_not_out(session, rma, variant, quantity, lot_id=lot_id, serial=serial)
    posted = _post(
        session, rma, variant, quantity, condition,
        location_id=location_id, lot_id=lot_id, serial=serial, idempotency_key=idempotency_key,
    )  # fmt: skip
    _count(session, rma, parts)
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
    locked_order(session, rma.order_id)
    lock_pending(session, rma, step="receive")
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
        _count(session, rma, [ReturnedPart(line.id, line.condition, quantity)])
    _finish(session, rma, moment)


def close_return(session: Session, rma: ReturnAuthorization) -> list[Discrepancy]:
    """No more will come: each missing quantity becomes an open discrepancy. Raises WrongState when nothing came."""
    lock_pending(session, rma, step="close")
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
    lock_pending(session, rma, step="cancel")
    if any(line.received for line in lines_of(session, rma.id)):
        raise WrongState(DOCUMENT, rma.number, state="partly received", step="cancel")
    rma.status = "cancelled"
    changed(session, rma, act="return_authorization_cancelled")


def uncount(session: Session, rma: ReturnAuthorization, parts: Sequence[ReturnedPart]) -> None:
    """Units that were counted as returned were not: the return waits for them again.

    Raises WrongState when it was closed without the rest, or cancelled, since.
    """
    lock(session, rma)
    is_whole = not any(outstanding(line) for line in lines_of(session, rma.id))
    if rma.status != "pending" and not (rma.status == "received" and is_whole):
        raise WrongState(DOCUMENT, rma.number, state=rma.status, step="change")
    _count(session, rma, parts, sign=-1)
    if rma.status == "received":
        rma.status, rma.received_at = "pending", None
        changed(session, rma, act="return_authorization_reopened")


def reopen(session: Session, rma: ReturnAuthorization) -> None:
    """A return that was closed without the rest waits for it again. Raises WrongState when somebody explained it."""
    lock(session, rma)
    statement = scoped(session, Discrepancy).where(
        Discrepancy.document_kind == DOCUMENT, Discrepancy.document_id == rma.id, Discrepancy.kind == SHORT_RETURN
    )
    missing = session.exec(statement.execution_options(populate_existing=True)).all()
    if rma.status != "received" or any(row.status != "open" for row in missing):
        raise WrongState(DOCUMENT, rma.number, state=rma.status, step="reopen")
    for row in missing:
        session.delete(row)
    rma.status, rma.received_at = "pending", None
    changed(session, rma, act="return_authorization_reopened")


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
    balances = balances_of(session, rma.order_id, variant.id)
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


def _count(session: Session, rma: ReturnAuthorization, parts: Sequence[ReturnedPart], *, sign: int = 1) -> None:
    for part in parts:
        line = fetch(session, ReturnLine, part.line_id, resource="return_line")
        setattr(line, part.condition, getattr(line, part.condition) + sign * part.quantity)
        session.add(line)
    session.flush()
    record_order(session, rma.order_id)


def _finish(session: Session, rma: ReturnAuthorization, moment: datetime | None = None) -> None:
    rma.status, rma.received_at = "received", moment or now_of(session)
    changed(session, rma, act="return_authorization_received")
