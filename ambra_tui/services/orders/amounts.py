"""What an order costs, in whole minor units of its currency.

Example::

    order_total(session, order)     # 39998
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlmodel import Session

from ambra_tui.services.orders.documents import lines_of
from ambra_tui.store.models import OrderCheckout, SalesOrder
from ambra_tui.store.scope import organization_of


def line_total(quantity: Decimal, price_minor: int | None) -> int:
    """What a line costs: a part of a unit is rounded half up to the minor unit; without a price nothing."""
    return int((quantity * (price_minor or 0)).to_integral_value(ROUND_HALF_UP))


def subtotal(lines: Iterable[Any]) -> int:
    """What the lines cost together."""
    return sum(line_total(line.quantity, line.price_minor) for line in lines)


def checkout_of(session: Session, order_id: str) -> OrderCheckout | None:
    """Addresses, methods and amounts of an order; None for one that was not placed in a shop."""
    return session.get(OrderCheckout, (organization_of(session), order_id))


def total_of(lines: Iterable[Any], checkout: Any) -> int:
    """Lines, shipping and tax less the discount; without a `checkout` the lines alone."""
    extra = checkout.shipping_minor + checkout.tax_minor - checkout.discount_minor if checkout is not None else 0
    return subtotal(lines) + extra


def order_total(session: Session, order: SalesOrder) -> int:
    """What the customer pays for the order, in minor units of `order.currency`."""
    return total_of(lines_of(session, order.id), checkout_of(session, order.id))
