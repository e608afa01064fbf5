"""One person's data: given out whole, erased to the last word, and the books stay as they were."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from sqlmodel import select

from ambra_tui.errors import InUse, NotFound, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.services import customers, orders, returns
from ambra_tui.services.compacting import compact
from ambra_tui.services.verify import verify_store
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import (
    Customer,
    Dispute,
    IdempotencyRecord,
    OrderCheckout,
    OrderHistory,
    Payment,
    PrintJob,
    Refund,
    SalesOrder,
    Shipment,
    ShipmentPackage,
    SiteStock,
    StockMove,
    TrackingEvent,
    Webhook,
    WebhookDelivery,
    metadata,
)
from ambra_tui.store.scope import now_of, organization_of, scoped
from tests import factories

WORDS = (
    "Xanthippe", "Quibblefax", "xq@quibblefax.example", "+49-555-777123", "Zephyrgasse", "Wobbleton", "98XQ7",
    "Fluffernut", "Gizmograph", "Blorptown", "Snorkelby", "7788",
)  # fmt: skip
ADDRESS = {
    "first_name": "Xanthippe", "last_name": "Quibblefax", "line1": "Zephyrgasse 5", "city": "Wobbleton", "zip": "98XQ7",
    "country": "DE", "state": "BY", "phone": "+49-555-777123",
}  # fmt: skip


@pytest.fixture
def acme(store):
    return factories.organization(store)


def write(store, acme, work):
    return store.writer.run(work, organization_id=acme, actor=factories.TESTER)


def shipped(session, jane, number, *, by_email_only=False):
    """An order that has left, with everything that repeats the person's words."""
    house = session.exec(scoped(session, factories.Site)).first() or factories.warehouse(session).site
    milk = session.exec(scoped(session, factories.Variant)).first() or factories.variant(session)
    place = session.exec(scoped(session, factories.Location).where(factories.Location.code == "A01-1")).one()
    factories.stock(session, milk, place, 10, idempotency_key=f"stock-{number}")
    order = orders.create_order(
        session, site_id=house.id, lines=[orders.NewOrderLine(milk.id, Decimal(3), 1999)], number=number,
        customer={"name": "Xanthippe Quibblefax", "email": "XQ@Quibblefax.example", "country": "DE"},
        notes="Ring twice, says Fluffernut",
    )  # fmt: skip
    if not by_email_only:
        order.customer_id, order.ship_country, order.ship_state = jane.id, "DE", "BY"
    session.add(order)
    orders.fulfill(session, order)
    return order


def furnish(session):
    jane = customers.create_customer(
        session, email="XQ@quibblefax.example", first_name="Xanthippe", last_name="Quibblefax",
        phone="+49-555-777123", addresses=[ADDRESS], tags=["Gizmograph"],
    )  # fmt: skip
    twin = customers.create_customer(session, email="other@example.com", first_name="Xan", last_name="Other")
    order = shipped(session, jane, "SO-1")
    shipped(session, jane, "SO-2", by_email_only=True)
    now, own = now_of(session), {"organization_id": organization_of(session)}
    dated = {**own, "created_at": now, "updated_at": now}
    site = order.site_id
    session.merge(
        OrderCheckout(
            **own,
            order_id=order.id,
            shipping_address=ADDRESS,
            billing_address=ADDRESS,
            shipping_minor=500,
            details={"gift": "for Xanthippe"},
        )
    )
    session.add(
        OrderHistory(
            **own, id=new_id("oh"), order_id=order.id, status="shipped", note="Fluffernut said", created_at=now
        )
    )
    shipment = Shipment(
        **dated, id=new_id("shp"), order_id=order.id, site_id=site, status="delivered", ship_to=ADDRESS, currency="EUR",
        left_at=now, details={"to": {"name": "Quibblefax"}},
    )  # fmt: skip
    session.add(shipment)
    session.flush()
    session.add(ShipmentPackage(**own, id=new_id("pkg"), shipment_id=shipment.id, position=1, tracking_number="1Z999"))
    session.add(
        TrackingEvent(
            **own, id=new_id("trk"), shipment_id=shipment.id, status="delivered", location="Wobbleton",
            description="Left with Snorkelby", happened_at=now, created_at=now,
        )
    )  # fmt: skip
    payment = Payment(
        **dated, id=new_id("pi"), order_id=order.id, customer_id=jane.id, amount=6497, amount_captured=6497,
        amount_refunded=100, currency="EUR", method="card", status="succeeded", gateway="sandbox", card_brand="visa",
        card_last4="7788", details={"metadata": {"who": "Quibblefax"}},
    )  # fmt: skip
    session.add(payment)
    session.flush()
    session.add(
        Refund(**dated, id=new_id("re"), payment_id=payment.id, order_id=order.id, amount=100, currency="EUR",
               reason="Snorkelby", status="succeeded")
    )  # fmt: skip
    session.add(
        Dispute(**dated, id=new_id("dp"), payment_id=payment.id, order_id=order.id, amount=50, currency="EUR",
                status="won", evidence={"communication_logs": "Blorptown called"})
    )  # fmt: skip
    line = orders.lines_of(session, order.id)[0]
    rma = returns.create_return(
        session, order_id=order.id, reason="Snorkelby did not like it",
        lines=[returns.NewReturnLine(line.variant_id, Decimal(1))],
    )  # fmt: skip
    returns.receive_return(session, rma, idempotency_key="back")
    hook = Webhook(**dated, id=new_id("whk"), edition="commerce", url="https://x.invalid", events=[], secret="s")
    session.add(hook)
    session.flush()
    shown = {"id": jane.id, "email": jane.email, "addresses": [ADDRESS]}
    body = {"id": new_id("evt"), "type": "customer.created", "data": {"object": shown}, "sequence": 4}
    session.add(
        WebhookDelivery(
            **own, id=new_id("dlv"), webhook_id=hook.id, event_id=body["id"], event_type="customer.created",
            body=json.dumps(body), status="delivered", counts_from=now, created_at=now,
        )
    )  # fmt: skip
    session.add(
        IdempotencyRecord(
            **own, scope="key_1 POST /v2/customers", key="k", fingerprint="f", status=201, headers={},
            body=json.dumps(shown), created_at=now,
        )
    )  # fmt: skip
    session.add(
        PrintJob(**dated, id=new_id("prt"), kind="parcel", title="Xanthippe Quibblefax",
                 labels=[{"text": "Zephyrgasse 5", "code": "1Z999"}])
    )  # fmt: skip
    publish(session, "order_noted", order.id, {"number": order.number, "note": "Fluffernut"})
    audit(session, "order_cancelled", order.id, reason="Blorptown called", number=order.number)
    session.flush()
    return jane.id, twin.id, order.id


def whole_text(store):
    """Every value of every table, and for SQLite the bytes of its file and log."""
    with store.read_system() as session:
        found = " ".join(
            str(value)
            for table in metadata.sorted_tables
            for row in session.connection().execute(select(table))
            for value in row
        )
    if store.path is None:
        return found
    files = [path for path in store.path.parent.iterdir() if path.name.startswith(store.path.name)]
    return found + " ".join(path.read_bytes().decode("latin-1") for path in files)


def books(store, acme):
    """What must not change: moves, totals, and what orders come to."""
    with store.read(acme) as session:
        moves = [(row.id, row.quantity) for row in session.exec(scoped(session, StockMove).order_by(StockMove.id))]
        totals = [(row.variant_id, row.on_hand, row.reserved) for row in session.exec(scoped(session, SiteStock))]
        placed = session.exec(scoped(session, SalesOrder).order_by(SalesOrder.id)).all()
        costs = [
            (row.id, row.number, row.ship_country, row.ship_state, orders.order_total(session, row)) for row in placed
        ]
        paid = [(row.id, row.amount, row.card_brand) for row in session.exec(scoped(session, Payment))]
        return moves, totals, costs, paid


def test_exported_whole_and_erased_to_the_last_word(store, acme):
    """The whole database, its free pages and its log included, holds no word of the person any more."""
    jane, twin, _ = write(store, acme, furnish)
    with store.read(acme) as session:
        told = customers.export_customer(session, jane)
    text = json.dumps(told, ensure_ascii=False)
    assert [word for word in WORDS if word not in text] == [], "everything that tells of them"
    assert len(told["orders"]) == 2 and told["orders"][0]["lines"][0]["sku"] == "MILK-1L"
    assert told["payments"][0]["refunds"][0]["amount"] == 100 and told["returns"][0]["lines"]
    assert {row["act"] for row in told["history"]} >= {"customer_created", "order_created"}
    present = whole_text(store)
    assert [word for word in WORDS if word not in present] == []

    before = books(store, acme)
    planned = customers.erase_customer(store, acme, jane, is_dry_run=True)
    assert (planned.erased_at, planned.counts["orders"], planned.counts["addresses"]) == (None, 2, 1)
    assert whole_text(store).count("Xanthippe") >= present.count("Xanthippe"), "a dry run changes nothing"
    done = customers.erase_customer(store, acme, jane, actor=factories.TESTER)
    assert done.erased_at is not None
    assert {name for name, count in done.counts.items() if count} >= {
        "webhook_deliveries", "remembered_answers", "labels", "events", "audit_entries",
    }  # fmt: skip
    compact(store)
    after = whole_text(store)
    assert [word for word in WORDS if word.lower() in after.lower()] == []
    assert books(store, acme) == before and verify_store(store, organization_id=acme).is_clean

    with store.read(acme) as session:
        row = customers.get_customer(session, jane)
        assert (row.status, row.email, row.erased_at) == ("erased", f"{jane.lower()}@erased.invalid", done.erased_at)
        assert [row.customer for row in session.exec(scoped(session, SalesOrder))] == [{}, {}], (
            "one by its e-mail alone"
        )
        (delivery,) = session.exec(scoped(session, WebhookDelivery)).all()
        body = json.loads(delivery.body)
        assert (body["type"], body["data"]) == ("customer.created", {"object": {"id": jane}})
        assert customers.get_customer(session, twin).first_name == "Xan", "nobody else is touched"
        assert session.exec(select(Customer).where(*customers.matching(session, name="xan"))).one().id == twin
        assert customers.summary_of(session, jane).count == 1
    again = customers.erase_customer(store, acme, jane)
    assert again.erased_at == done.erased_at and not any(
        count for name, count in again.counts.items() if name not in ("orders", "shipments", "payments", "returns")
    )
    with pytest.raises(WrongState):
        write(store, acme, lambda s: customers.change_customer(s, customers.get_customer(s, jane), first_name="X"))
    fresh = write(store, acme, lambda s: customers.create_customer(s, email="xq@quibblefax.example"))
    assert fresh.id != jane, "the address is free again"


def test_what_is_open_holds_it_back_and_what_broke_off_goes_on(store, acme, monkeypatch):
    """Every open matter is told; a second call finishes what the first began."""
    jane, _, order_id = write(store, acme, furnish)

    def reopen(session):
        order = orders.get_order(session, order_id)
        order.status = "picking"
        session.add(order)
        dispute = session.exec(scoped(session, Dispute)).one()
        dispute.status = "needs_response"
        session.add(dispute)

    write(store, acme, reopen)
    for is_dry_run in (True, False):
        with pytest.raises(InUse) as refused:
            customers.erase_customer(store, acme, jane, is_dry_run=is_dry_run)
        assert refused.value.remains == {"open orders": 1, "open disputes": 1}

    def close(session):
        order = orders.get_order(session, order_id)
        order.status = "delivered"
        dispute = session.exec(scoped(session, Dispute)).one()
        dispute.status = "lost"
        session.add_all((order, dispute))

    write(store, acme, close)
    from ambra_tui.services.customers import erasure

    def die(*_arguments, **_options):
        raise KeyError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "erase_echoes", die)
        with pytest.raises(KeyError):
            customers.erase_customer(store, acme, jane)
    with store.read(acme) as session:
        row = customers.get_customer(session, jane)
        assert (row.status, row.erased_at) == ("erased", None)
    assert customers.erase_customer(store, acme, jane).counts["webhook_deliveries"] == 1
    compact(store)
    assert [word for word in WORDS if word.lower() in whole_text(store).lower()] == []
    with pytest.raises(NotFound):
        customers.erase_customer(store, acme, "cust_nobody")
