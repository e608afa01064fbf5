"""The steps of an order as a shop takes them: processing, shipped, delivered; forward only.

Example::

    advance(session, order, "shipped", note="Left with the noon van")
"""

from __future__ import annotations

from collections.abc import Callable

from sqlmodel import Session

from ambra_tui.errors import WrongState
from ambra_tui.services.orders.assigned import reserved_by_line
from ambra_tui.services.orders.checkout import promise
from ambra_tui.services.orders.documents import cancel_order, lines_of, lock_order
from ambra_tui.services.orders.fulfilment import fulfill
from ambra_tui.services.orders.policy import order_policy
from ambra_tui.services.orders.terms import SHOP_STATES, Told, changed, note_step
from ambra_tui.store.models import SalesOrder

SHOP_STEPS = ("pending", "processing", "shipped", "delivered")
Leaving = Callable[[Session, SalesOrder], None]
_STEP_TO = {"pending": "reopen", "processing": "start", "shipped": "ship", "delivered": "deliver"}
FARTHEST = 2
"""How many steps one may go at once."""


def advance(
    session: Session, order: SalesOrder, to: str, *, note: str = "", parcels: Leaving | None = None
) -> SalesOrder:
    """Brings the order to the shop's state `to`, at most two steps ahead, doing what lies between. `parcels`: lets
    what is packed leave first, when something is to leave.

    Raises WrongState naming the state that it is in, InsufficientStock when what is to leave is not there.
    """
    order = lock_order(session, order.id)
    now = SHOP_STATES[order.status]
    ahead = SHOP_STEPS.index(to) - SHOP_STEPS.index(now) if now in SHOP_STEPS else 0
    if not 1 <= ahead <= FARTHEST:
        raise WrongState("order", order.number, state=now, step=_STEP_TO[to])
    if to == "processing":
        return start_order(session, order, note=note)
    if now != "shipped" and parcels is not None:
        parcels(session, order)
        order = lock_order(session, order.id)
    if to == "shipped":
        return _ship(session, order, note=note)
    return deliver_order(session, _ship(session, order), note=note)


def _ship(session: Session, order: SalesOrder, *, note: str = "") -> SalesOrder:
    """As `ship_order`; an order that has left with its parcels is left alone."""
    if order.status != "shipped":
        return ship_order(session, order, note=note)
    if note:
        note_step(session, order, note=note)
    return order


def start_order(session: Session, order: SalesOrder, *, note: str = "") -> SalesOrder:
    """Hands the order to the floor: what is not promised to it yet is promised, unless the organization leaves that to
    the floor. Raises WrongState, InsufficientStock."""
    order = lock_order(session, order.id)
    if order.status not in ("draft", "confirmed", "allocated"):
        raise WrongState("order", order.number, state=SHOP_STATES[order.status], step="start")
    policy = order_policy(session)
    if policy.reserve_at != "never" and not _is_settled(session, order):
        promise(session, order, takes_backorders=policy.takes_backorders)
    before, order.status = order.status, "picking"
    changed(session, order, "order_started", before=before, told=Told(note=note))
    return order


def cancel_in_shop(session: Session, order: SalesOrder, *, reason: str = "", note: str = "") -> SalesOrder:
    """`cancel_order`, with refusals in a shop's words: WrongState once anything has left, and the second time."""
    order = lock_order(session, order.id)
    now = SHOP_STATES[order.status]
    if now in ("pending", "processing") and order.fulfillment_status != "unfulfilled":
        now = "partly shipped"
    if now not in ("pending", "processing"):
        raise WrongState("order", order.number, state=now, step="cancel")
    return cancel_order(session, order, reason=reason, note=note)


def _is_settled(session: Session, order: SalesOrder) -> bool:
    """All that has not left is promised to the order, or waits for stock that is to come."""
    reserved = reserved_by_line(session, order.id)
    return all(
        line.fulfilled + line.backordered + reserved.get(line.id, 0) >= line.quantity
        for line in lines_of(session, order.id)
    )


def ship_order(session: Session, order: SalesOrder, *, note: str = "") -> SalesOrder:
    """Everything that is open leaves the site now. Raises WrongState, InsufficientStock listing every short line."""
    return fulfill(session, order, told=Told(note=note)).order


def deliver_order(session: Session, order: SalesOrder, *, note: str = "") -> SalesOrder:
    """The customer has it: a shipped order is delivered. One that has not left wholly stays as it is."""
    order = lock_order(session, order.id)
    if order.status == "shipped":
        before, order.status = order.status, "delivered"
        changed(session, order, "order_delivered", before=before, told=Told(note=note))
    return order
