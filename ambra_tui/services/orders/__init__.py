"""Customers' orders: made, reserved, fulfilled, cancelled.

Moves of the state: confirmed -> allocated (reserved) -> picking -> shipped -> delivered; confirmed may ship at once;
what has not left may be cancelled. Messages speak the operations words: pending, reserved, fulfilled, cancelled; shops
have their own (`SHOP_STATES`).

Example::

    order = create_order(session, site_id=site.id, lines=[NewOrderLine(variant.id, Decimal(4))], number="SO-1")
    reserve_order(session, order)
    fulfill_order(session, order)
"""

from ambra_tui.services.orders.amounts import NewCheckout, checkout_of, line_total, subtotal, total_of
from ambra_tui.services.orders.assigned import assigned, lots_by_id, promised, ratios_of, reserved_by_line
from ambra_tui.services.orders.checkout import (
    customer_of,
    holds_money,
    order_total,
    payment_word,
    place_order,
    promise,
    settle_payment_status,
)
from ambra_tui.services.orders.documents import (
    NewOrderLine,
    Sold,
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
from ambra_tui.services.orders.policy import RESERVE_AT, OrderPolicy, order_policy, set_order_policy, site_for
from ambra_tui.services.orders.steps import SHOP_STEPS, advance, cancel_in_shop, deliver_order, ship_order, start_order
from ambra_tui.services.orders.terms import (
    CARRIED_KINDS,
    DOCUMENT,
    NOTHING,
    OPEN_STATES,
    SHOP_STATES,
    STATE_WORDS,
    HeldStock,
    Told,
    history_of,
    note_step,
    stepped,
    tell_shops,
)

__all__ = [
    "CARRIED_KINDS",
    "DOCUMENT",
    "NOTHING",
    "OPEN_STATES",
    "RESERVE_AT",
    "SHOP_STATES",
    "SHOP_STEPS",
    "STATE_WORDS",
    "FulfillLine",
    "Fulfilled",
    "HeldStock",
    "NewCheckout",
    "NewOrderLine",
    "OrderPolicy",
    "Part",
    "Sold",
    "Told",
    "advance",
    "assigned",
    "cancel_in_shop",
    "cancel_order",
    "checkout_of",
    "create_order",
    "customer_of",
    "deliver_order",
    "due_orders",
    "find_order",
    "fulfill",
    "fulfill_order",
    "get_order",
    "history_of",
    "holds_money",
    "leave_floor",
    "line_total",
    "lines_of",
    "lock_order",
    "lots_by_id",
    "note_step",
    "order_policy",
    "order_total",
    "payment_word",
    "picked_orders",
    "place_order",
    "promise",
    "promised",
    "ratios_of",
    "reserve_order",
    "reserved_by_line",
    "set_order_policy",
    "settle_payment_status",
    "ship_order",
    "site_for",
    "start_order",
    "stepped",
    "subtotal",
    "take_back",
    "tell_shops",
    "total_of",
]
