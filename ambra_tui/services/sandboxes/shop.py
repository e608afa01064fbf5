"""What a sandbox's shop sold: an order in every state with its payment, parcels on their way, money that went back, and
a payment that a bank asks about.

Example::

    sell(store, organization_id)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from functools import partial

from sqlmodel import Session

from ambra_tui.errors import NotFound
from ambra_tui.services import catalog, customers, errands, orders, payments, places, shipping
from ambra_tui.services.documents import own_currency
from ambra_tui.store import SYSTEM, Store
from ambra_tui.store.models import Customer, SalesOrder
from ambra_tui.store.scope import now_of

Items = tuple[tuple[str, int], ...]
Asked = tuple[str, ...]
"""Errands that are to be run once their transaction is there."""
WAREHOUSE, CHANNEL = "WH1", "web"
DELIVERED, ON_ITS_WAY, CANCELLED = "WEB-1001", "WEB-1002", "WEB-1006"


def sell(store: Store, organization_id: int) -> None:
    """Everything that the shop did before today, oldest first."""
    for event in _events():
        asked = store.writer.run(event, organization_id=organization_id, actor=SYSTEM)
        for errand_id in asked:
            errands.run(store, organization_id, errand_id)


def _events() -> Iterator[Callable[[Session], Asked]]:
    yield partial(_deliver, number=DELIVERED, email="mei.chen@mail.example", items=(("PRESS-1L", 1), ("MUG-WHITE", 2)))
    yield partial(
        _send, number=ON_ITS_WAY, email="omar@mail.example", items=(("FILTER-100", 3), ("BEAN-DEC-500", 1)), days_ago=3
    )
    yield partial(_process, number="WEB-1003", email="linde@cafe.example", items=(("CUP-GLASS-6", 2),), days_ago=1)
    yield partial(_pay, number="WEB-1004", email="jana.weber@mail.example", items=(("TEA-EARL-50", 2),), days_ago=0)
    yield partial(_wait, number="WEB-1005", email="order@bistro.example", items=(("MUG-WHITE", 6),), days_ago=0)
    yield partial(_cancel, number=CANCELLED, email="jana.weber@mail.example", items=(("BAG-TOTE", 1),), days_ago=4)
    yield _question


def _place(session: Session, *, number: str, email: str, items: Items, days_ago: int) -> SalesOrder:
    customer = _customer(session, email)
    addresses = {
        address.type: address.model_dump(
            include={"first_name", "last_name", "company", "line1", "city", "state", "zip", "country"}
        )
        for address in customers.addresses_of(session, customer.id)
        if address.is_default
    }
    currency = own_currency(session)
    variants = [(catalog.variant_by_sku(session, sku), Decimal(quantity)) for sku, quantity in items]
    return orders.place_order(
        session,
        orders.NewCheckout(
            customer_id=customer.id, channel=CHANNEL, shipping_address=addresses["shipping"],
            billing_address=addresses["billing"], payment_method="card", shipping_method="ground", shipping_minor=695,
        ),
        lines=[orders.NewOrderLine(variant.id, quantity, variant.price_minor) for variant, quantity in variants],
        site_id=places.site_by_code(session, WAREHOUSE).id, number=number, currency=currency,
        ordered_at=now_of(session) - timedelta(days=days_ago),
    )  # fmt: skip


def _customer(session: Session, email: str) -> Customer:
    found = customers.find_customer(session, email)
    if found is None:
        raise NotFound("customer", email)
    return found


def _wait(session: Session, *, number: str, email: str, items: Items, days_ago: int) -> Asked:
    """Nobody has paid yet."""
    _place(session, number=number, email=email, items=items, days_ago=days_ago)
    return ()


def _pay(session: Session, *, number: str, email: str, items: Items, days_ago: int) -> Asked:
    payments.take_sample_payment(
        session, order=_place(session, number=number, email=email, items=items, days_ago=days_ago)
    )  # fmt: skip
    return ()


def _process(session: Session, *, number: str, email: str, items: Items, days_ago: int) -> Asked:
    _pay(session, number=number, email=email, items=items, days_ago=days_ago)
    orders.start_order(session, _order(session, number), note="Gift wrap, please")
    return ()


def _send(session: Session, *, number: str, email: str, items: Items, days_ago: int) -> Asked:
    """In a parcel, which the carrier has scanned."""
    _pay(session, number=number, email=email, items=items, days_ago=days_ago)
    order = _order(session, number)
    shipment = shipping.create_shipment(session, order, shipping.NewShipment(carrier="ups", service="ground"))
    shipping.add_event(
        session, shipment, status="in_transit", location="Newark, NJ, US", description="Departed from facility",
        source="ups",
    )  # fmt: skip
    return ()


def _deliver(session: Session, *, number: str, email: str, items: Items) -> Asked:
    _send(session, number=number, email=email, items=items, days_ago=12)
    (shipment,) = shipping.shipments_of(session, _order(session, number).id)
    shipping.add_event(
        session, shipment, status="delivered", location="Los Angeles, CA, US", description="Left at front door",
        source="ups",
    )  # fmt: skip
    return ()


def _cancel(session: Session, *, number: str, email: str, items: Items, days_ago: int) -> Asked:
    """The money goes back, once the gateway has heard of it."""
    _pay(session, number=number, email=email, items=items, days_ago=days_ago)
    order = shipping.cancel_in_shop(session, _order(session, number), reason="customer_request")
    return payments.refund_order(session, order, reason="customer_request")


def _question(session: Session) -> Asked:
    """The customer's bank asks about the delivered order: an answer is due."""
    (payment,) = payments.payments_of(session, _order(session, DELIVERED).id)
    payments.open_dispute(session, payment, reason="product_not_received")
    return ()


def _order(session: Session, number: str) -> SalesOrder:
    found = orders.find_order(session, number)
    if found is None:
        raise NotFound("order", number)
    return found
