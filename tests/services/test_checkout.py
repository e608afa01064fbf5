"""Orders as a shop has them: sites, promises by policy, payments, steps and their history, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import wait
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui import ledger
from ambra_tui.errors import Conflict, InsufficientStock, Invalid, NotFound, ReadOnlySite, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.services import customers, orders, picking
from ambra_tui.services.orders import NewCheckout, NewOrderLine
from ambra_tui.services.verify import verify_store
from ambra_tui.store import Store
from ambra_tui.store.models import Payment, SalesOrder, Site, SiteStock, Variant
from ambra_tui.store.scope import now_of, organization_of
from tests import factories

pytestmark = pytest.mark.usefixtures("store")
Write = Callable[[Callable[[Session], Any]], Any]


@pytest.fixture
def house(write: Write) -> factories.Warehouse:
    return write(factories.warehouse)


@pytest.fixture
def milk(write: Write, house: factories.Warehouse) -> Variant:
    """Ten in the pick bin."""

    def work(session: Session) -> Variant:
        made = factories.variant(session, sku="MILK-1L", price_minor=120)
        factories.stock(session, made, house.bin, 10)
        return made

    return write(work)


def place(write: Write, variant: Variant, *quantities: Any, site_id: str | None = None, **values: Any) -> SalesOrder:
    lines = [NewOrderLine(variant.id, Decimal(quantity)) for quantity in quantities]
    return write(lambda s: orders.place_order(s, NewCheckout(**values), lines=lines, site_id=site_id))


def policy(write: Write, **chosen: Any) -> None:
    write(lambda s: orders.set_order_policy(s, **chosen))


def stock(write: Write, house: factories.Warehouse, variant: Variant) -> tuple[Decimal, Decimal]:
    row = write(lambda s: s.get(SiteStock, (organization_of(s), variant.id, house.site.id)))
    return row.on_hand, row.reserved


def now(write: Write, order: SalesOrder) -> SalesOrder:
    return write(lambda s: orders.get_order(s, order.id))


def steps(write: Write, order: SalesOrder) -> list[str]:
    return [row.status for row in write(lambda s: orders.history_of(s, [order.id]))[order.id]]


def pay(write: Write, order: SalesOrder, captured: int, *, refunded: int = 0, status: str = "succeeded") -> str:
    def work(session: Session) -> str:
        found, moment = orders.get_order(session, order.id), now_of(session)
        session.add(
            Payment(
                organization_id=organization_of(session), id=new_id("pi"), order_id=order.id,
                amount=max(captured, 10_000),
                amount_captured=captured, amount_refunded=refunded, currency="EUR", method="card", status=status,
                gateway="sandbox", created_at=moment, updated_at=moment,
            )
        )  # fmt: skip
        session.flush()
        return orders.settle_payment_status(session, found)

    return write(work)


def test_stock_is_promised_by_the_policy(write: Write, house: factories.Warehouse, milk: Variant) -> None:
    """Always, once it is paid, or never; an order that is paid and short is paid all the same, and says so."""
    first = place(write, milk, 3)
    assert (first.status, stock(write, house, milk)) == ("allocated", (10, 3))
    policy(write, reserve_at="never")
    second = place(write, milk, 99)
    assert (second.status, stock(write, house, milk)[1]) == ("confirmed", 3)
    policy(write, reserve_at="paid")
    third, fourth = place(write, milk, 5), place(write, milk, 5)
    assert (pay(write, third, 599), now(write, third).status) == ("pending", "confirmed")
    assert (pay(write, third, 1), now(write, third).status) == ("paid", "allocated")
    assert stock(write, house, milk) == (10, 8)
    assert (pay(write, fourth, 600), now(write, fourth).status) == ("paid", "confirmed")
    note = write(lambda s: orders.history_of(s, [fourth.id]))[fourth.id][-1].note
    assert note.startswith("Paid, and not reserved.") and "MILK-1L" in note
    assert (pay(write, second, 9 * 120 * 11), stock(write, house, milk)) == ("paid", (10, 8))
    with pytest.raises(Invalid):
        policy(write, reserve_at="later")


def test_backorders_wait_where_they_are_taken(write: Write, house: factories.Warehouse, milk: Variant) -> None:
    with pytest.raises(InsufficientStock) as refused:
        place(write, milk, 6, 5)
    (short,) = refused.value.shortages
    assert (short.field, short.requested, short.available) == ("items.1.quantity", 11, 10)
    assert stock(write, house, milk) == (10, 0)
    policy(write, takes_backorders=True)
    order = place(write, milk, 6, 7)
    assert (order.status, stock(write, house, milk)) == ("allocated", (10, 10))
    assert [line.backordered for line in write(lambda s: orders.lines_of(s, order.id))] == [0, 3]
    empty = place(write, milk, 2)
    assert (empty.status, stock(write, house, milk)) == ("confirmed", (10, 10))
    write(lambda s: factories.stock(s, milk, house.bin, 5))
    write(lambda s: orders.reserve_order(s, orders.get_order(s, order.id)))
    assert stock(write, house, milk) == (15, 13)
    assert [line.backordered for line in write(lambda s: orders.lines_of(s, order.id))] == [0, 0]


def test_an_order_goes_to_the_site_that_has_everything(write: Write, house: factories.Warehouse, milk: Variant) -> None:
    """Then to the one that has most of it in full, then to one in its country, warehouses first, by code."""
    second = write(lambda s: factories.warehouse(s, code="WH2"))
    third = write(lambda s: factories.warehouse(s, code="WH3"))
    paint = write(lambda s: factories.variant(s, sku="PAINT-5L", price_minor=900))

    def arrange(session: Session) -> None:
        factories.stock(session, paint, second.bin, 5)
        for home, address in ((second, {"country": "AT"}), (third, {"country": "us"})):
            site = session.get(Site, (organization_of(session), home.site.id))
            assert site is not None
            site.address = address
            session.add(site)
        factories.stock(session, milk, third.bin, 10)
        factories.stock(session, milk, second.bin, 4)
        factories.site(session, code="A-FBA", is_read_only=True, kind="fba")
        factories.site(session, code="A-OLD", status="inactive")

    write(arrange)

    def site_of(wanted: dict[str, int], country: str = "") -> str:
        chosen = {variant_id: Decimal(quantity) for variant_id, quantity in wanted.items()}
        found = write(lambda s: orders.site_for(s, chosen, country=country))
        return str(write(lambda s: s.get(Site, (organization_of(s), found))).code)

    assert site_of({milk.id: 4, paint.id: 5}) == "WH2"
    assert site_of({milk.id: 5}) == "WH1"
    assert site_of({milk.id: 5}, "US") == "WH3"
    assert site_of({milk.id: 4}, "AT") == "WH2"
    assert site_of({milk.id: 5, paint.id: 6}) == "WH1"
    assert site_of({milk.id: 99}, "US") == "WH3"
    order = place(write, milk, 5, shipping_address={"country": "US", "state": "NY"}, channel="web")
    assert (order.site_id, order.ship_country, order.ship_state, order.channel) == (third.site.id, "US", "NY", "web")
    with pytest.raises(NotFound):
        place(write, milk, 1, site_id="site_no")


def test_without_a_site_of_ones_own_there_is_nowhere_to_go(write: Write) -> None:
    paint = write(lambda s: factories.variant(s, sku="PAINT-5L", price_minor=900))
    fba = write(lambda s: factories.site(s, code="FBA", is_read_only=True, kind="fba"))
    with pytest.raises(Conflict):
        place(write, paint, 1)
    with pytest.raises(ReadOnlySite):
        place(write, paint, 1, site_id=fba.id)


def test_the_history_tells_of_every_door(write: Write, house: factories.Warehouse, milk: Variant) -> None:
    """The floor's first pick makes an order processing, what leaves fulfils it in part and wholly, an undo is told."""
    order = place(write, milk, 4)

    def pick(session: Session) -> None:
        found = orders.get_order(session, order.id)
        for number, stop in enumerate(picking.plan(session, found).stops):
            for part in (1, 3):
                picking.pick(
                    session, found, stop=stop, quantity=Decimal(part), destination=house.stage,
                    idempotency_key=f"pick-{number}-{part}",
                )  # fmt: skip

    write(pick)
    assert orders.SHOP_STATES[now(write, order).status] == "processing"
    (line,) = write(lambda s: orders.lines_of(s, order.id))
    left = write(lambda s: orders.fulfill(s, order, [orders.FulfillLine(line.id, Decimal(1))]))
    assert (now(write, order).status, now(write, order).fulfillment_status) == ("picking", "partial")

    def undo(session: Session) -> None:
        ledger.reverse(session, left.posted[0].id, idempotency_key="undo")
        orders.take_back(session, orders.get_order(session, order.id), left.parts, status=left.status)

    write(undo)
    assert now(write, order).fulfillment_status == "unfulfilled"
    write(lambda s: orders.fulfill(s, order))
    assert (now(write, order).status, now(write, order).fulfillment_status) == ("shipped", "fulfilled")
    write(lambda s: orders.deliver_order(s, order, note="At the neighbour's"))
    write(lambda s: orders.deliver_order(s, order))
    assert steps(write, order) == ["confirmed", "allocated", "picking", "shipped", "delivered"]
    last = write(lambda s: orders.history_of(s, [order.id]))[order.id][-1]
    assert (last.note, last.actor_id) == ("At the neighbour's", factories.TESTER.id)


def test_processing_promises_what_is_not_promised_yet(write: Write, house: factories.Warehouse, milk: Variant) -> None:
    policy(write, reserve_at="paid")
    order, short = place(write, milk, 4), place(write, milk, 7)
    write(lambda s: orders.advance(s, order, "processing", note="by telephone"))
    assert (now(write, order).status, stock(write, house, milk)) == ("picking", (10, 4))
    with pytest.raises(InsufficientStock):
        write(lambda s: orders.advance(s, short, "processing"))
    assert (now(write, short).status, stock(write, house, milk)) == ("confirmed", (10, 4))
    with pytest.raises(InsufficientStock):
        write(lambda s: orders.advance(s, short, "shipped"))
    policy(write, reserve_at="never")
    write(lambda s: orders.advance(s, short, "processing"))
    assert (now(write, short).status, stock(write, house, milk)) == ("picking", (10, 4))
    write(lambda s: orders.cancel_in_shop(s, order, reason="out of season"))
    assert stock(write, house, milk) == (10, 0)
    with pytest.raises(WrongState, match="cancelled"):
        write(lambda s: orders.cancel_in_shop(s, order))


def test_payments_make_the_word(write: Write, milk: Variant) -> None:
    """Several payments, one word; only what is in the order's own currency counts."""
    order = place(write, milk, 2)
    for captured, refunded, status, word in (
        (0, 0, "failed", "failed"), (0, 0, "requires_action", "pending"), (239, 0, "succeeded", "pending"),
        (1, 0, "succeeded", "paid"), (0, 0, "failed", "paid"), (5, 5, "succeeded", "paid"),
    ):  # fmt: skip
        assert pay(write, order, captured, refunded=refunded, status=status) == word
    assert write(lambda s: orders.holds_money(s, order))
    back = place(write, milk, 1)
    assert pay(write, back, 120, refunded=120) == "refunded"
    assert not write(lambda s: orders.holds_money(s, back))
    assert place(write, milk, 1, discount_minor=120).payment_status == "paid"
    with pytest.raises(Invalid, match="costs"):
        place(write, milk, 1, discount_minor=121)
    assert orders.line_total(Decimal("0.5"), 101) == 51 and orders.line_total(Decimal("0.333333"), 3) == 1


def test_an_erased_customer_orders_nothing(write: Write, milk: Variant) -> None:
    jane = write(lambda s: customers.create_customer(s, email="jane@example.com", first_name="Jane"))
    assert place(write, milk, 1, customer_id=jane.id).customer == {"name": "Jane"}

    def erase(session: Session) -> None:
        found = customers.get_customer(session, jane.id)
        found.status = "erased"
        session.add(found)

    write(erase)
    with pytest.raises(Invalid):
        place(write, milk, 1, customer_id=jane.id)
    with pytest.raises(NotFound):
        place(write, milk, 1, customer_id="cust_no")


@pytest.mark.parametrize("count", [50, pytest.param(1100, marks=pytest.mark.long)])
def test_an_order_of_many_lines_is_one_act(
    store: Store, organization_id: int, write: Write, house: factories.Warehouse, count: int
) -> None:
    """Its lines are promised together or not at all, also by several at once; every short line is named."""

    def fill(session: Session) -> list[str]:
        made = [factories.variant(session, sku=f"SKU-{number:04d}", price_minor=number + 1) for number in range(count)]
        for variant in made:
            factories.stock(session, variant, house.bin, 3)
        return [variant.id for variant in made]

    ids = write(fill)
    lines = [NewOrderLine(variant_id, Decimal(1)) for variant_id in ids]
    racing = [
        store.writer.submit(
            lambda s: orders.place_order(s, NewCheckout(), lines=lines), organization_id=organization_id
        )
        for _ in range(5)
    ]
    wait(racing)
    refused = [future.exception() for future in racing if future.exception()]
    assert len(refused) == 2 and all(isinstance(error, InsufficientStock) for error in refused)
    assert all(len(error.shortages) == count for error in refused)
    order = next(future.result() for future in racing if not future.exception())
    assert write(lambda s: orders.order_total(s, order)) == count * (count + 1) // 2
    assert len(write(lambda s: orders.reserved_by_line(s, order.id))) == count
    assert verify_store(store).is_clean
