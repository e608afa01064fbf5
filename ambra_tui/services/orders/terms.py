"""Words that every step of an order shares.

Example::

    STATE_WORDS["allocated"]    # 'reserved'
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from ambra_tui.errors import Conflict, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO
from ambra_tui.kit.text import clean_line
from ambra_tui.services.analytics.facts import record_order
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import OrderHistory, SalesOrder, table_of
from ambra_tui.store.quick import QuickInsert
from ambra_tui.store.scope import actor_of, now_of, organization_of

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
SHOP_STATES = {
    "draft": "pending",
    "confirmed": "pending",
    "allocated": "pending",
    "picking": "processing",
    "packed": "processing",
    "shipped": "shipped",
    "delivered": "delivered",
    "cancelled": "cancelled",
}
"""What a shop calls a state: a promise alone leaves an order pending, the floor's work makes it processing."""
UNSOLD = frozenset({"order_reserved", "order_backordered", "order_started"})
"""Facts that change nothing of what was sold."""
MAX_NOTE = 1000

_HISTORY = table_of(OrderHistory)
_STEP = QuickInsert(_HISTORY, "id", "order_id", "status", "reason", "note", "actor_id", "created_at")


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody said of a step."""

    reason: str = ""
    note: str = ""


NOTHING = Told()


class HeldStock(Conflict):
    """What was picked or assigned for the order has been put on hold since."""

    def __init__(self, *, sku: str, lot_number: str, location_code: str, is_recalled: bool = False) -> None:
        what = f"Lot {lot_number} of {sku}" if lot_number else sku
        state = "recalled" if is_recalled else "on hold"
        super().__init__(f"{what} in {location_code} is {state}. Take other stock for the order.")
        self.sku, self.lot_number, self.location_code, self.is_recalled = sku, lot_number, location_code, is_recalled


def changed(
    session: Session, order: SalesOrder, fact: str, *, before: str | None = None, told: Told = NOTHING, **details: Any
) -> None:
    """Notes that an order was changed: its moment, a fact for others, a line in the audit trail. `before`: the state
    that it was in; a new one is a step of its history, and what `told` says of it stands there."""
    order.updated_at = now_of(session)
    session.add(order)
    session.flush()
    publish(session, fact, order.id, {"number": order.number, "status": order.status, **details})
    audit(session, fact, order.id, number=order.number, **details)
    if fact not in UNSOLD:
        record_order(session, order.id)
    if before is not None:
        stepped(session, order, before, told)


def stepped(session: Session, order: SalesOrder, before: str, told: Told = NOTHING) -> None:
    """A state that differs from the one `before` is a step of the order's history; shops hear of what they show."""
    if order.status != before or told != NOTHING:
        note_step(session, order, reason=told.reason, note=told.note)
    if SHOP_STATES[order.status] != SHOP_STATES[before] and order.status != "cancelled":
        tell_shops(session, order)


def tell_shops(session: Session, order: SalesOrder) -> None:
    """Something that a shop sees of the order has changed."""
    publish(session, "order_updated", order.id, {"number": order.number, "status": order.status})


def note_step(session: Session, order: SalesOrder, *, reason: str = "", note: str = "") -> None:
    """Adds the state that the order is in to its history, with who led it there. Raises Invalid."""
    _STEP.run(
        session,
        id=new_id("step"),
        order_id=order.id,
        status=order.status,
        reason=clean_line(reason, field="reason", required=False),
        note=clean_line(note, field="note", max_length=MAX_NOTE, required=False),
        actor_id=actor_of(session).id,
        created_at=now_of(session),
    )


def history_of(session: Session, order_ids: Sequence[str]) -> dict[str, list[Any]]:
    """Order id -> the steps of its history, the first one first."""
    found: dict[str, list[Any]] = defaultdict(list)
    if order_ids:
        own = (_HISTORY.c.organization_id == organization_of(session), _HISTORY.c.order_id.in_(order_ids))
        session.flush()
        rows = session.connection().execute(select(_HISTORY).where(*own))
        for row in sorted(rows, key=lambda row: (row.created_at, row.id)):
            found[row.order_id].append(row)
    return found


def fulfilment_of(lines: Sequence[Any]) -> str:
    """What has left of these lines: nothing, a part, or all."""
    if all(line.fulfilled >= line.quantity for line in lines):
        return "fulfilled"
    return "partial" if any(line.fulfilled > ZERO for line in lines) else "unfulfilled"


def wrong_state(order: SalesOrder, step: str) -> WrongState:
    """The refusal of a step that the order's state does not allow."""
    return WrongState("order", order.number, state=STATE_WORDS[order.status], step=step)
