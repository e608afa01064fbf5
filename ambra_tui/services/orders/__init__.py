"""Customers' orders: made, reserved, fulfilled, cancelled.

Moves of the state: confirmed -> allocated (reserved) -> picking -> shipped; confirmed may ship at once; what has not
left may be cancelled. Messages speak the operations words: pending, reserved, fulfilled, cancelled.

Example::

    order = create_order(session, site_id=site.id, lines=[NewOrderLine(variant.id, Decimal(4))], number="SO-1")
    reserve_order(session, order)
    fulfill_order(session, order)
"""

from ambra_tui.services.orders.assigned import assigned, lots_by_id, promised, ratios_of, reserved_by_line
from ambra_tui.services.orders.documents import (
    NewOrderLine,
    cancel_order,
    create_order,
    find_order,
    get_order,
    leave_floor,
    lines_of,
    lock_order,
    reserve_order,
)
from ambra_tui.services.orders.fulfilment import Fulfilled, FulfillLine, Part, fulfill, fulfill_order, take_back
from ambra_tui.services.orders.lists import due_orders, picked_orders
from ambra_tui.services.orders.terms import CARRIED_KINDS, DOCUMENT, OPEN_STATES, STATE_WORDS, HeldStock

__all__ = [
    "CARRIED_KINDS",
    "DOCUMENT",
    "OPEN_STATES",
    "STATE_WORDS",
    "FulfillLine",
    "Fulfilled",
    "HeldStock",
    "NewOrderLine",
    "Part",
    "assigned",
    "cancel_order",
    "create_order",
    "due_orders",
    "find_order",
    "fulfill",
    "fulfill_order",
    "get_order",
    "leave_floor",
    "lines_of",
    "lock_order",
    "lots_by_id",
    "picked_orders",
    "promised",
    "ratios_of",
    "reserve_order",
    "reserved_by_line",
    "take_back",
]
