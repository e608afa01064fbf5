"""A short pick taken back: all of the stop is assigned to its bin again, nothing waits as backorder, no count is due.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from decimal import Decimal

from sqlmodel import Session

from ambra_tui import ledger
from ambra_tui.errors import InsufficientStock
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.acts import _picks, _trail
from ambra_tui.services.orders import CARRIED_KINDS, DOCUMENT, assigned
from ambra_tui.store.models import Act, SalesOrder
from ambra_tui.store.scope import now_of


class _PickShort:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        told = act.details
        order = _picks.open_order(session, act.document_id)
        _picks.cancel_task(session, told["task_id"], is_needed=True)
        if told["picked"]:
            _picks.put_back(session, act, told["picked"], idempotency_key=idempotency_key)
        rest, ratio = Decimal(told["rest"]["quantity"]), Decimal(told["ratio"])
        backordered = Decimal(told["backordered"]) * ratio
        _give_up_elsewhere(session, act, rest - backordered)
        _promise_again(session, order, act, backordered)
        if rest:
            _picks.assign(session, order, {**told, **told["rest"]}, rest)


def _give_up_elsewhere(session: Session, act: Act, quantity: Decimal) -> None:
    """What was sought in other bins instead, newest first."""
    mine = [
        row
        for row, place, _ in assigned(session, act.document_id, line_id=act.details["line_id"])
        if place.kind not in CARRIED_KINDS and row.variant_id == act.details["variant_id"]
    ]
    for row in reversed(mine):
        part = min(quantity, row.quantity)
        if part > 0:
            ledger.unallocate(session, row, part)
            quantity -= part
    if quantity > 0:
        raise _trail.CannotUndo("the rest was picked elsewhere", reason="elsewhere")


def _promise_again(session: Session, order: SalesOrder, act: Act, quantity: Decimal) -> None:
    if quantity <= ZERO:
        return
    line = _picks.line_of(session, order, act.details["line_id"])
    units = Decimal(act.details["backordered"])
    if line.backordered < units:
        raise _trail.CannotUndo("the rest was reserved again", reason="promised")
    wanted = ledger.ReserveLine(line.id, act.details["variant_id"], quantity)
    try:
        ledger.reserve(session, site_id=order.site_id, document_kind=DOCUMENT, document_id=order.id, lines=[wanted])
    except InsufficientStock as error:
        raise _trail.CannotUndo("the stock is promised to other work", reason="promised") from error
    line.backordered -= units
    order.updated_at = now_of(session)
    session.add_all((line, order))
    session.flush()


ACT = _PickShort()
"""Takes back acts of the kind `pick_short`."""
