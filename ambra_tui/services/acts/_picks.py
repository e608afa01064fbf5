"""What taking back picks has in common: the tote gives up what it holds for the order, the bin holds it for it again.

Example::

    put_back(session, act, act.details, idempotency_key="step:9")
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from ambra_tui import ledger
from ambra_tui.errors import InsufficientStock
from ambra_tui.services import claims, tasks
from ambra_tui.services.acts import _trail
from ambra_tui.services.orders import DOCUMENT, OPEN_STATES, assigned, lines_of, lock_order, stepped
from ambra_tui.store.models import Act, Allocation, SalesOrder, SalesOrderLine, Task
from ambra_tui.store.scope import actor_of, now_of, organization_of


def open_order(session: Session, order_id: str) -> SalesOrder:
    """The order, locked. Raises CannotUndo when it is over, or in the hands of somebody else."""
    order = lock_order(session, order_id)
    holder = claims.holders(session, DOCUMENT, [order.id]).get(order.id)
    if holder is not None and holder.id != actor_of(session).id:
        raise _trail.CannotUndo(f"{holder.name} goes on with {order.number}", reason="order", document=order.number)
    if order.status not in OPEN_STATES:
        raise _trail.CannotUndo(f"{order.number} is {order.status}", reason="order", document=order.number)
    return order


def line_of(session: Session, order: SalesOrder, line_id: str) -> SalesOrderLine:
    """The line as it is now."""
    return next(line for line in lines_of(session, order.id) if line.id == line_id)


def put_back(session: Session, act: Act, pick: Mapping[str, Any], *, idempotency_key: str) -> None:
    """One pick of an act: posted back, and assigned to the order at its bin again."""
    order = open_order(session, act.document_id)
    quantity = Decimal(pick["quantity"])
    _give_up_carried(session, order, pick, quantity)
    _trail.reverse_moves(session, act, idempotency_key=idempotency_key)
    assign(session, order, pick, quantity)
    line = line_of(session, order, pick["line_id"])
    line.picked -= Decimal(pick["units"])
    before = order.status
    if all(row.picked <= row.fulfilled for row in lines_of(session, order.id) if row.id != line.id) and (
        line.picked <= line.fulfilled
    ):
        order.status = "allocated"
    order.updated_at = now_of(session)
    session.add_all((line, order))
    session.flush()
    stepped(session, order, before)
    cancel_task(session, pick["replenish_id"])


def _give_up_carried(session: Session, order: SalesOrder, pick: Mapping[str, Any], quantity: Decimal) -> None:
    for row in _assigned_at(session, order, pick, location_id=pick["tote_id"], plate_id=""):
        part = min(quantity, row.quantity)
        ledger.unallocate(session, row, part)
        quantity -= part
        if quantity == 0:
            return
    raise _trail.CannotUndo(f"{order.number} has left", reason="order", document=order.number)


def _assigned_at(
    session: Session, order: SalesOrder, place: Mapping[str, Any], *, location_id: str, plate_id: str
) -> list[Allocation]:
    wanted = (location_id, place["variant_id"], place["lot_id"], place["serial"], plate_id)
    return [
        row
        for row, _, _ in assigned(session, order.id, line_id=place["line_id"])
        if (row.location_id, row.variant_id, row.lot_id, row.serial, row.plate_id) == wanted
    ]


def assign(session: Session, order: SalesOrder, place: Mapping[str, Any], quantity: Decimal) -> None:
    """Assigns `quantity` of a level to the order again, as one stop with what is assigned there still.

    Raises CannotUndo when it is promised to others by now.
    """
    for row in _assigned_at(session, order, place, location_id=place["location_id"], plate_id=place["plate_id"]):
        quantity += row.quantity
        ledger.unallocate(session, row)
    try:
        ledger.allocate(
            session,
            location_id=place["location_id"],
            variant_id=place["variant_id"],
            quantity=quantity,
            document_kind=DOCUMENT,
            document_id=order.id,
            line_id=place["line_id"],
            lot_id=place["lot_id"],
            serial=place["serial"],
            plate_id=place["plate_id"],
        )
    except InsufficientStock as error:
        raise _trail.CannotUndo("the stock is promised to other work", reason="promised") from error


def cancel_task(session: Session, task_id: str, *, is_needed: bool = False) -> None:
    """A task that the act asked for is not wanted any more. `is_needed`: refuse when it was begun or done."""
    task = session.get(Task, (organization_of(session), task_id)) if task_id else None
    if task is None:
        return
    if task.status == "open":
        tasks.cancel_task(session, task)
    elif is_needed and task.status == "done":
        raise _trail.CannotUndo("the bin was counted", reason="counted")
