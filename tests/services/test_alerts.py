"""Automatic reordering: once for each fall, in the order of the commits, whoever ends in between."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ambra_tui.errors import Conflict
from ambra_tui.services import alerts, policies, purchasing
from ambra_tui.services.adjustments import Place, adjust
from ambra_tui.services.alerts import follower
from ambra_tui.services.alerts.follower import Reordering
from ambra_tui.store.models import Discrepancy, PurchaseOrder, VariantSupplier
from ambra_tui.store.scope import organization_of, scoped
from tests import factories


@pytest.fixture
def acme(store):
    return factories.organization(store)


@pytest.fixture
def tea(store, acme):
    """30 of something that a supplier brings in packs of 12, with an alert at 20 that orders 25."""

    def make(session):
        house, variant = factories.warehouse(session), factories.variant(session, sku="TEA", cost_minor=400)
        factories.stock(session, variant, house.bin, 30)
        first, second = factories.supplier(session, name="Gone", status="inactive"), factories.supplier(session)
        for position, supplier in enumerate((first, second)):
            session.add(
                VariantSupplier(
                    organization_id=organization_of(session), variant_id=variant.id, supplier_id=supplier.id,
                    position=position,
                )
            )  # fmt: skip
        alerts.set_alert(
            session, variant=variant, threshold=Decimal(20), site_id=house.site.id, is_reordering=True,
            reorder_quantity=Decimal(25),
        )  # fmt: skip
        policies.change_policy(
            session, policies.find_policy(session, variant.id, house.site.id), {"pack_quantity": Decimal(12)}
        )
        return variant, house.site, second

    return write(store, acme, make)


def write(store, acme, work):
    return store.writer.run(work, organization_id=acme, actor=factories.TESTER)


def sell(store, acme, tea, quantity, key):
    variant, site, _ = tea
    write(
        store, acme,
        lambda s: adjust(s, place=Place(site), variant_id=variant.id, quantity=Decimal(-quantity), idempotency_key=key),
    )  # fmt: skip


def drafts(store, acme):
    """(state, quantity, supplier) of every purchase order."""
    with store.read(acme) as session:
        orders = session.exec(scoped(session, PurchaseOrder).order_by(PurchaseOrder.id)).all()
        return [
            (order.status, int(purchasing.lines_of(session, order.id)[0].quantity), order.supplier_id)
            for order in orders
        ]


def test_one_draft_for_each_fall(store, acme, tea):
    """In whole packs to the first supplier in use; covered is covered; what came short is asked for again."""
    variant, site, supplier = tea
    reordering = Reordering(store)
    assert reordering.run_once() == 0 and not reordering.is_idle
    sell(store, acme, tea, 10, "a")
    assert reordering.run_once() == 0 and drafts(store, acme) == [], "20 is not below 20"
    sell(store, acme, tea, 1, "b")
    assert reordering.run_once() == 1
    assert drafts(store, acme) == [("draft", 36, supplier.id)], "25 in packs of 12"
    sell(store, acme, tea, 14, "c")  # critical, which is told again
    assert reordering.run_once() == Reordering(store).run_once() == 0, "41 with what is on order"
    sell(store, acme, tea, 5, "d")  # nothing is left
    assert reordering.run_once() == 0 and len(drafts(store, acme)) == 1

    def bring_some(session):
        order = session.exec(scoped(session, PurchaseOrder)).one()
        purchasing.place_order(session, order)
        item = purchasing.ReceiptItem(variant_id=variant.id, quantity=Decimal(5))
        purchasing.receive_order(session, order, [item], idempotency_key="po")
        assert purchasing.close_short(session, order, reason="sold out")

    write(store, acme, bring_some)
    assert reordering.run_once() == 1, "closed short: 5 are still below 20"
    assert [state for state, *_ in drafts(store, acme)] == ["received", "draft"]

    def cancel(session):
        last = session.exec(scoped(session, PurchaseOrder).order_by(PurchaseOrder.id.desc())).first()
        purchasing.cancel_purchase_order(session, last, reason="not now")

    write(store, acme, cancel)
    assert reordering.run_once() == Reordering(store).run_once() == 0, "what a person cancels stays cancelled"
    write(
        store, acme,
        lambda s: alerts.set_alert(s, variant=variant, threshold=Decimal(20), site_id=site.id, is_reordering=False),
    )  # fmt: skip
    assert reordering.run_once() == 0 and reordering.is_idle


def test_killed_or_raced_makes_no_two_and_leaves_nothing_out(store, acme, tea, monkeypatch):
    """The cursor and the draft are one transaction; a slower server finds the cursor moved."""
    sell(store, acme, tea, 15, "a")
    first, second = Reordering(store), Reordering(store)
    made = follower.reorder

    def die(session, variant_id, site_id):
        made(session, variant_id, site_id)
        raise KeyError("killed before the commit")

    with monkeypatch.context() as patch:
        patch.setattr(follower, "reorder", die)
        with pytest.raises(KeyError):
            first.run_once()
    assert drafts(store, acme) == []
    read = second._read(second._watched())
    assert first.run_once() == 1
    monkeypatch.setattr(second, "_read", lambda watched: read)
    assert second.run_once() == 0, "somebody was quicker"
    assert len(drafts(store, acme)) == 1
    assert Reordering(store).run_once() == 0

    def fail(session, variant_id, site_id):
        raise Conflict("cannot be ordered")

    monkeypatch.setattr(follower, "reorder", fail)
    sell(store, acme, tea, 8, "b")
    assert Reordering(store).run_once() == 0, "what cannot be ordered holds back nothing else"


def test_without_a_supplier_a_person_is_asked_once(store, acme, tea):
    """An open exception names the variant and how much was to be ordered."""
    variant, site, supplier = tea

    def leave(session):
        supplier.status = "inactive"
        session.merge(supplier)

    write(store, acme, leave)
    sell(store, acme, tea, 12, "a")
    assert Reordering(store).run_once() == 0
    sell(store, acme, tea, 18, "b")
    assert Reordering(store).run_once() == 0
    assert drafts(store, acme) == []
    with store.read(acme) as session:
        (row,) = session.exec(scoped(session, Discrepancy)).all()
    assert (row.kind, row.status, row.variant_id, row.site_id) == (alerts.NO_SUPPLIER, "open", variant.id, site.id)
    assert row.quantity == 36


def test_an_alert_of_every_site_stands_back_where_a_site_has_its_own(store, acme):
    """What is below when the alert is set is ordered at once, in each site that has none of its own."""

    def make(session):
        here, there = factories.warehouse(session), factories.warehouse(session, code="WH2")
        variant = factories.variant(session, sku="TEA")
        for house in (here, there):
            factories.stock(session, variant, house.bin, 3)
        vendor = factories.supplier(session)
        session.add(
            VariantSupplier(
                organization_id=organization_of(session), variant_id=variant.id, supplier_id=vendor.id, position=0
            )
        )
        alerts.set_alert(session, variant=variant, threshold=Decimal(10), site_id=there.site.id)
        return alerts.set_alert(session, variant=variant, threshold=Decimal(8), is_reordering=True), here.site

    row, here = write(store, acme, make)
    with store.read(acme) as session:
        (order,) = session.exec(scoped(session, PurchaseOrder)).all()
        assert (order.site_id, row.alert.last_order_id) == (here.id, order.id)
        assert purchasing.lines_of(session, order.id)[0].quantity == 5, "what lacks, where no quantity is told"
    assert Reordering(store).run_once() == 0
