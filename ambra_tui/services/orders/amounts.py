"""What an order costs, in whole minor units of its currency, by what was agreed at its checkout.

Example::

    line_total(Decimal("0.5"), 101)     # 51
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlmodel import Session

from ambra_tui.errors import Invalid
from ambra_tui.kit.text import clean_line
from ambra_tui.store.models import OrderCheckout, SalesOrder
from ambra_tui.store.scope import organization_of

MOST_MINOR = 10**15


@dataclass(frozen=True, slots=True)
class NewCheckout:
    """What a shop agreed with the customer. Amounts in minor units of the order's currency; an address has the fields
    of a customer's (``line1``, ``city``, ``zip``, ``country`` ...). `details`: whatever the shop keeps beside."""

    customer_id: str = ""
    channel: str = ""
    shipping_address: Mapping[str, Any] = field(default_factory=dict)
    billing_address: Mapping[str, Any] = field(default_factory=dict)
    payment_method: str = ""
    shipping_method: str = ""
    shipping_minor: int = 0
    tax_minor: int = 0
    discount_minor: int = 0
    details: Mapping[str, Any] = field(default_factory=dict)


def line_total(quantity: Decimal, price_minor: int | None) -> int:
    """What a line costs: a part of a unit is rounded half up to the minor unit; without a price nothing."""
    return int((quantity * (price_minor or 0)).to_integral_value(ROUND_HALF_UP))


def subtotal(lines: Iterable[Any]) -> int:
    """What the lines cost together."""
    return sum(line_total(line.quantity, line.price_minor) for line in lines)


def total_of(lines: Iterable[Any], checkout: Any) -> int:
    """Lines, shipping and tax less the discount; without a `checkout` the lines alone."""
    return subtotal(lines) + (_extra(checkout) if checkout is not None else 0)


def _extra(checkout: Any) -> int:
    return int(checkout.shipping_minor + checkout.tax_minor - checkout.discount_minor)


def checkout_of(session: Session, order_id: str) -> OrderCheckout | None:
    """Addresses, methods and amounts of an order; None for one that was not placed in a shop."""
    return session.get(OrderCheckout, (organization_of(session), order_id))


def add_checkout(session: Session, order: SalesOrder, checkout: NewCheckout, costs: int) -> None:
    """Keeps what was agreed about a new order whose lines cost so much. Raises Invalid naming the field."""
    for name in ("shipping", "tax", "discount"):
        if not 0 <= getattr(checkout, f"{name}_minor") <= MOST_MINOR:
            raise Invalid(f"{name} must lie between 0 and {MOST_MINOR} minor units", field=name)
    if costs + _extra(checkout) < 0:
        raise Invalid("the discount is more than the order costs", field="discount")
    session.add(
        OrderCheckout(
            organization_id=order.organization_id,
            order_id=order.id,
            shipping_address=dict(checkout.shipping_address),
            billing_address=dict(checkout.billing_address),
            payment_method=clean_line(checkout.payment_method, field="payment_method", max_length=40, required=False),
            shipping_method=clean_line(
                checkout.shipping_method, field="shipping_method", max_length=40, required=False
            ),
            shipping_minor=checkout.shipping_minor,
            tax_minor=checkout.tax_minor,
            discount_minor=checkout.discount_minor,
            details=dict(checkout.details),
        )
    )
    session.flush()
