"""Words that every step of an order shares.

Example::

    STATE_WORDS["allocated"]    # 'reserved'
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from ambra_tui.errors import Conflict, WrongState
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import SalesOrder
from ambra_tui.store.scope import now_of

DOCUMENT = "sales_order"
OPEN_STATES = ("confirmed", "allocated", "picking", "packed")
CARRIED_KINDS = ("tote", "stage")
STATE_WORDS = {
    "draft": "draft",
    "confirmed": "pending",
    "allocated": "reserved",
    "picking": "reserved",
    "packed": "reserved",
    "shipped": "fulfilled",
    "delivered": "fulfilled",
    "cancelled": "cancelled",
}


class HeldStock(Conflict):
    """What was picked or assigned for the order has been put on hold since."""

    def __init__(self, *, sku: str, lot_number: str, location_code: str, is_recalled: bool = False) -> None:
        what = f"Lot {lot_number} of {sku}" if lot_number else sku
        state = "recalled" if is_recalled else "on hold"
        super().__init__(f"{what} in {location_code} is {state}. Take other stock for the order.")
        self.sku, self.lot_number, self.location_code, self.is_recalled = sku, lot_number, location_code, is_recalled


def changed(session: Session, order: SalesOrder, fact: str, **details: Any) -> None:
    """Notes that an order was changed: its moment, a fact for others, a line in the audit trail."""
    order.updated_at = now_of(session)
    session.add(order)
    session.flush()
    publish(session, fact, order.id, {"number": order.number, "status": order.status, **details})
    audit(session, fact, order.id, number=order.number, **details)


def wrong_state(order: SalesOrder, step: str) -> WrongState:
    """The refusal of a step that the order's state does not allow."""
    return WrongState("order", order.number, state=STATE_WORDS[order.status], step=step)
