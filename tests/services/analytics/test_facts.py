"""What was sold, kept beside the documents: every amount by hand, through an order's whole life, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlmodel import Session

from ambra_tui.kit.ids import new_id
from ambra_tui.services import orders, returns
from ambra_tui.services.analytics.facts import ITEM, SALE, record_order
from ambra_tui.services.orders import NewOrderLine
from ambra_tui.services.repair import repair
from ambra_tui.services.returns import NewReturnLine
from ambra_tui.services.verify import verify_store
from ambra_tui.store import Store
from ambra_tui.store.models import OrderCheckout, Payment, Refund, SalesOrder
from ambra_tui.store.scope import organization_of
from tests import factories

pytestmark = pytest.mark.usefixtures("store")
Write = Callable[[Callable[[Session], Any]], Any]


def sold(session: Session, order_id: str) -> dict[str, Any] | None:
    """The order's own row, without its key."""
    statement = select(SALE).where(SALE.c.organization_id == organization_of(session), SALE.c.order_id == order_id)
    row = session.connection().execute(statement).mappings().first()
    return dict(row) if row else None


def items(session: Session, order_id: str, *names: str) -> dict[str, tuple[int, ...]]:
    """Variant id -> the named columns of its row."""
    statement = (
        select(ITEM)
        .join(SALE, (SALE.c.key == ITEM.c.order_key) & (SALE.c.organization_id == ITEM.c.organization_id))
        .where(ITEM.c.organization_id == organization_of(session), SALE.c.order_id == order_id)
    )
    rows = session.connection().execute(statement).mappings()
    return {row["variant_id"]: tuple(row[name] for name in names) for row in rows}


def pay_back(session: Session, order: SalesOrder, amount: int) -> None:
    """A payment of the order of which `amount` went back."""
    known = {"organization_id": order.organization_id, "order_id": order.id, "currency": order.currency}
    moments = {"created_at": order.created_at, "updated_at": order.created_at}
    payment = Payment(
        id=new_id("pi"), amount=amount * 9, amount_captured=amount * 9, amount_refunded=amount, method="card",
        status="succeeded", gateway="sandbox", **known, **moments,
    )  # fmt: skip
    session.add(payment)
    session.flush()
    for part, status in ((amount, "succeeded"), (777, "failed")):
        session.add(
            Refund(id=new_id("re"), payment_id=payment.id, amount=part, status=status, **known, **moments)
        )  # fmt: skip
    session.flush()
    record_order(session, order.id)


def test_an_order_is_counted_from_its_first_moment_to_its_return(write: Write) -> None:
    """Three of the glove at 9.99 and two and a half of the cable at 0.33, twice on the order; 5.00 off; then shipped,
    one glove comes back and 10.00 are paid back."""
    house = write(factories.warehouse)
    glove = write(lambda s: factories.variant(s, sku="GLOVE", price_minor=999))
    cable = write(lambda s: factories.variant(s, sku="CABLE", price_minor=33))
    for variant, cost in ((glove, 41_234), (cable, 100_001)):
        write(lambda s, v=variant, c=cost: factories.stock(s, v, house.bin, 20, unit_cost=c))

    def place(session: Session) -> SalesOrder:
        lines = [(glove, "3"), (cable, "2.5"), (cable, "1")]
        order = orders.create_order(
            session, site_id=house.site.id, number="SO-1", ordered_at=datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC),
            lines=[NewOrderLine(variant.id, Decimal(quantity)) for variant, quantity in lines],
        )  # fmt: skip
        order.ship_country, order.ship_state, order.channel, order.customer_id = "CA", "ON", "web", "cust_1"
        session.add(
            OrderCheckout(
                organization_id=order.organization_id, order_id=order.id, payment_method="card", shipping_minor=495,
                tax_minor=100, discount_minor=500,
            )
        )  # fmt: skip
        record_order(session, order.id)
        return order

    order = write(place)
    told = write(lambda s: sold(s, order.id))
    assert told is not None
    # 2.5 x 33 = 82.5, half a cent goes up; 83 + 33 = 116
    assert (told["units"], told["revenue"]) == (6_500_000, 3 * 999 + 116)
    assert (told["discount"], told["shipping"], told["tax"], told["refunded"]) == (500, 495, 100, 0)
    assert (told["day"], told["month"]) == ((datetime(2026, 2, 28) - datetime(1970, 1, 1)).days, 202602)
    assert (told["region"], told["country"], told["state"], told["channel"]) == ("north_america", "CA", "ON", "web")
    assert (told["customer_id"], told["site_id"], told["payment_method"]) == ("cust_1", house.site.id, "card")
    parts = write(lambda s: items(s, order.id, "units", "revenue", "discount"))
    assert {v: row[:2] for v, row in parts.items()} == {glove.id: (3_000_000, 2997), cable.id: (3_500_000, 116)}
    assert sum(row[2] for row in parts.values()) == 500
    assert abs(parts[glove.id][2] - 500 * 2997 / 3113) <= 1

    write(
        lambda s: (
            orders.fulfill_order(s, s.get(SalesOrder, (order.organization_id, order.id))),
            record_order(s, order.id),
        )
    )
    told = write(lambda s: sold(s, order.id))
    assert (told["shipped"], told["shipped_revenue"]) == (6_500_000, 3113 - 500)
    assert told["cost"] == 3 * 41_234 + 350_004  # 2.5 x 100,001 = 250,002.5, rounded up, and 100,001

    rma = write(
        lambda s: returns.create_return(
            s, order_id=order.id, reason="torn", lines=[NewReturnLine(glove.id, Decimal(2))]
        )
    )
    write(
        lambda s: returns.receive_part(
            s, returns.get_return(s, rma.id), variant_id=glove.id, quantity=Decimal(1), condition="damaged",
            idempotency_key="back-1",
        )
    )  # fmt: skip
    write(lambda s: pay_back(s, order, 1000))
    told = write(lambda s: sold(s, order.id))
    assert (told["returned"], told["refunded"], told["revenue"]) == (1_000_000, 1000, 3113)
    parts = write(lambda s: items(s, order.id, "returned", "refunded"))
    assert {v: row[0] for v, row in parts.items()} == {glove.id: 1_000_000, cable.id: 0}
    assert sum(row[1] for row in parts.values()) == 1000


def test_what_is_cancelled_counts_no_more(write: Write, store: Store) -> None:
    house = write(factories.warehouse)
    glove = write(lambda s: factories.variant(s, sku="GLOVE", price_minor=999))
    order = write(lambda s: orders.create_order(s, site_id=house.site.id, lines=[NewOrderLine(glove.id, Decimal(1))]))
    write(lambda s: record_order(s, order.id))
    assert write(lambda s: sold(s, order.id))["revenue"] == 999
    write(lambda s: (orders.cancel_order(s, orders.get_order(s, order.id)), record_order(s, order.id)))
    assert write(lambda s: sold(s, order.id)) is None
    assert write(lambda s: items(s, order.id, "units")) == {}


def test_verify_finds_what_was_counted_wrongly_and_repair_counts_anew(write: Write, store: Store) -> None:
    """A row lost, a row of an order that is no more counted, an amount that is off: each is found, named and mended."""
    house = write(factories.warehouse)
    glove = write(lambda s: factories.variant(s, sku="GLOVE", price_minor=999))
    made = [
        write(
            lambda s: orders.create_order(s, site_id=house.site.id, lines=[NewOrderLine(glove.id, Decimal(2))])
        )
        for _ in range(4)
    ]  # fmt: skip
    for order in made:
        write(lambda s, o=order: record_order(s, o.id))
    before = [write(lambda s, o=order: sold(s, o.id)) for order in made]
    assert verify_store(store).is_clean

    def spoil(session: Session) -> None:
        own = SALE.c.organization_id == organization_of(session)
        connection = session.connection()
        connection.execute(update(SALE).where(own, SALE.c.order_id == made[0].id).values(revenue=5))
        connection.execute(update(SALE).where(own, SALE.c.order_id == made[1].id).values(country="FR"))
        of_third = select(SALE.c.key).where(own, SALE.c.order_id == made[2].id)
        connection.execute(
            delete(ITEM).where(ITEM.c.organization_id == made[0].organization_id, ITEM.c.order_key.in_(of_third))
        )
        connection.execute(delete(SALE).where(own, SALE.c.order_id == made[3].id))

    write(spoil)
    found = verify_store(store)
    assert found.counts["sales"] == 5  # the row that was lost left the items of its order behind
    texts = [difference.text for difference in found.differences]
    assert any(f"order {made[0].number}: revenue 5 is kept, revenue 1998 expected" in text for text in texts)
    repaired = store.writer.run(repair, organization_id=None, actor=factories.TESTER)
    assert repaired["sales"] == 5 and verify_store(store).is_clean
    after = [write(lambda s, o=order: sold(s, o.id)) for order in made]
    assert [{**row, "key": 0} for row in after] == [{**row, "key": 0} for row in before]
