"""Inventory policies: where values come from, what low means, and the mirror that keeps the status of stock right."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlmodel import Session, select

from ambra_tui import ledger
from ambra_tui.errors import Invalid, NotFound
from ambra_tui.kit.ids import new_id
from ambra_tui.ledger import SUPPLIER, MoveKind, Posting
from ambra_tui.services import places, policies, purchasing
from ambra_tui.services.imports._run import run_import
from ambra_tui.services.policies import Policy, PolicyExists, is_low, policy_for, read_policies, suggested_quantity
from ambra_tui.services.repair import repair
from ambra_tui.services.verify import verify_store
from ambra_tui.store import Store, open_store
from ambra_tui.store.models import SiteStock
from ambra_tui.store.models.policies import EVERY_VARIANT
from tests import factories

Write = Callable[[Callable[[Any], Any]], Any]


def receipt(variant: Any, dock: Any, quantity: int) -> Posting:
    return Posting(variant.id, SUPPLIER, dock.id, Decimal(quantity), MoveKind.PURCHASE_RECEIVED, new_id("key"))


def total(store: Store, organization_id: int, variant: Any, site: Any) -> tuple[Any, ...] | None:
    """(on hand, reorder point, safety stock, status) of a variant in a site; None without a total."""
    with store.read(organization_id) as session:
        row = session.get(SiteStock, (organization_id, variant.id, site.id))
        return None if row is None else (row.on_hand, row.reorder_point, row.safety_stock, row.status)


def policy(**values: Any) -> Policy:
    return Policy("var_1", "site_1", "", **{**policies.BUILT_IN, **values}, sources={})


def test_a_value_comes_from_the_policy_else_the_variant_else_the_organization(
    store: Store, organization_id: int, write: Write
) -> None:
    house = write(factories.warehouse)
    other = write(lambda s: factories.site(s, code="WH2"))
    milk, bolt = (write(lambda s, sku=sku: factories.variant(s, sku=sku)) for sku in ("MILK-1L", "BOLT"))
    write(lambda s: policies.set_default(s, EVERY_VARIANT, {"lead_time_days": 5, "reorder_point": 2}))
    write(lambda s: policies.set_default(s, milk.id, {"reorder_point": 10, "safety_stock": 3}))
    own = {"reorder_point": 24, "reorder_quantity": 48, "service_level": Decimal("0.99")}
    made = write(lambda s: policies.create_policy(s, variant_id=milk.id, site_id=house.site.id, values=own))
    with store.read(organization_id) as session:
        here, there = policy_for(session, milk.id, house.site.id), policy_for(session, milk.id, other.id)
        book = read_policies(session)
        assert (book.of(milk.id, house.site.id), book.of(milk.id, other.id)) == (here, there)
        elsewhere = book.of(bolt.id, other.id)
    assert (here.policy_id, here.reorder_point, here.safety_stock, here.lead_time_days) == (made.id, 24, 3, 5)
    sources = [here.source_of(name) for name in ("reorder_point", "safety_stock", "lead_time_days", "pack_quantity")]
    assert sources == ["policy", "variant", "organization", "built_in"]
    assert (there.policy_id, there.reorder_point, there.reorder_quantity, there.service_level) == (
        "", 10, 0, Decimal("0.95"),
    )  # fmt: skip
    assert (elsewhere.reorder_point, elsewhere.safety_stock, elsewhere.max_stock_level) == (2, 0, None)


def test_the_totals_of_a_site_follow_every_change(store: Store, organization_id: int, write: Write) -> None:
    house = write(factories.warehouse)
    milk, bolt = (write(lambda s, sku=sku: factories.variant(s, sku=sku)) for sku in ("MILK-1L", "BOLT"))

    def seen(variant: Any, site: Any = house.site) -> Any:
        return total(store, organization_id, variant, site)

    made = write(
        lambda s: policies.create_policy(
            s, variant_id=milk.id, site_id=house.site.id, values={"reorder_point": 24, "reorder_quantity": 48}
        )
    )
    assert seen(milk) == (0, 24, 0, "out_of_stock")  # what was never there is low too
    write(lambda s: ledger.post(s, [receipt(milk, house.dock, 24)]))
    assert seen(milk) == (24, 24, 0, "normal")
    write(lambda s: policies.change_policy(s, policies.get_policy(s, made.id), {"reorder_point": 25}))
    assert seen(milk) == (24, 25, 0, "low")
    write(lambda s: policies.change_policy(s, policies.get_policy(s, made.id), {"safety_stock": 24}))
    assert seen(milk) == (24, 25, 24, "critical")
    write(lambda s: policies.change_policy(s, policies.get_policy(s, made.id), {"safety_stock": None}))
    write(lambda s: policies.set_default(s, milk.id, {"reorder_point": 7, "safety_stock": 5}))
    assert seen(milk) == (24, 25, 5, "low")  # the defaults are beneath the policy, field by field
    write(lambda s: policies.remove_policy(s, policies.get_policy(s, made.id)))
    assert seen(milk) == (24, 7, 5, "normal")
    write(lambda s: policies.set_default(s, EVERY_VARIANT, {"reorder_point": 9, "lead_time_days": 3}))
    assert (seen(milk), seen(bolt)) == ((24, 7, 5, "normal"), None)

    # Totals that a posting makes later, in a session and in the writer's batches, at a site made later too.
    write(lambda s: ledger.post(s, [receipt(bolt, house.dock, 8)]))
    assert seen(bolt) == (8, 9, 0, "low")
    later = write(lambda s: places.create_site(s, code="WH2", name="Second", kind="warehouse", dock="RECV"))
    dock = write(lambda s: places.find_location(s, "RECV", site_id=later.id))
    for variant in (milk, bolt):
        posting = receipt(variant, dock, 8)
        ledger.submit(store.writer, posting, organization_id=organization_id, actor=factories.TESTER).result()
    assert (seen(milk, later), seen(bolt, later)) == ((8, 7, 5, "normal"), (8, 9, 0, "low"))

    write(lambda s: policies.remove_default(s, milk.id))
    assert (seen(milk), seen(milk, later)) == ((24, 9, 0, "normal"), (8, 9, 0, "low"))
    write(lambda s: policies.remove_default(s, EVERY_VARIANT))
    assert (seen(milk), seen(bolt)) == ((24, 0, 0, "normal"), (8, 0, 0, "normal"))
    assert verify_store(store).is_clean


def test_policies_of_another_organization_change_nothing(store: Store, organization_id: int, write: Write) -> None:
    house = write(factories.warehouse)
    milk = write(factories.variant)
    write(lambda s: ledger.post(s, [receipt(milk, house.dock, 8)]))
    rival = factories.organization(store, "Rival")
    for change in (
        lambda s: policies.set_default(s, EVERY_VARIANT, {"reorder_point": 99}),
        lambda s: ledger.mirror_policies(s, [(factories.variant(s).id, factories.site(s).id)]),
    ):
        store.writer.run(change, organization_id=rival, actor=factories.TESTER)
    assert total(store, organization_id, milk, house.site) == (8, 0, 0, "normal")
    with pytest.raises(NotFound):
        store.writer.run(
            lambda s: policies.set_default(s, milk.id, {"reorder_point": 1}),
            organization_id=rival,
            actor=factories.TESTER,
        )


def test_postings_of_another_process_race_with_policies(
    store: Store, store_url: str, organization_id: int, write: Write
) -> None:
    """Whoever comes first: the total that a posting makes has the values of the policies in the end."""
    house = write(factories.warehouse)
    variants = [write(lambda s, n=n: factories.variant(s, sku=f"V-{n}")) for n in range(24)]
    second = open_store(store_url)
    answers = []
    for number, variant in enumerate(variants):
        posting = receipt(variant, house.dock, 5)
        answers.append(ledger.submit(second.writer, posting, organization_id=organization_id))
        work: Any = (
            (lambda s, v=variant: policies.set_default(s, v.id, {"reorder_point": 6, "safety_stock": 1}))
            if number % 2
            else (
                lambda s, v=variant: policies.create_policy(
                    s, variant_id=v.id, site_id=house.site.id,
                    values={"reorder_point": 6, "reorder_quantity": 1, "safety_stock": 1},
                )
            )
        )  # fmt: skip
        answers.append(store.writer.submit(work, organization_id=organization_id, actor=factories.TESTER))
    for answer in answers:
        answer.result(30)
    second.close()
    seen = {total(store, organization_id, variant, house.site) for variant in variants}
    assert seen == {(5, 6, 1, "low")}
    assert verify_store(store).is_clean


def test_low_is_strictly_below_the_reorder_point() -> None:
    assert is_low(Decimal("23.999999"), Decimal(24))
    assert not is_low(Decimal(24), Decimal(24))
    assert is_low(Decimal(-1), Decimal(0))
    assert not is_low(Decimal(0), Decimal(0))


@pytest.mark.parametrize(
    ("values", "position", "expected"),
    [
        ({"reorder_point": 10, "reorder_quantity": 30}, 10, 0),  # at the point: not low
        ({"reorder_point": 10, "reorder_quantity": 30}, 9, 30),
        ({"reorder_point": 100, "reorder_quantity": 30}, 10, 90),  # one order would leave it low
        ({"reorder_point": 10}, 4, 6),
        ({"reorder_point": 10, "max_stock_level": 50}, 4, 46),
        ({"reorder_point": 10, "reorder_quantity": 60, "max_stock_level": 50}, 4, 46),
        ({"reorder_point": 10, "reorder_quantity": 30, "pack_quantity": 12}, 4, 36),
        ({"reorder_point": 10, "reorder_quantity": 5, "minimum_order": 100}, 4, 100),
        ({"reorder_point": 10, "max_stock_level": 11, "pack_quantity": 12}, 4, 12),
        ({"reorder_point": 10, "reorder_quantity": 5, "max_stock_level": 8}, 4, 6),  # of a default beneath the point
    ],
)
def test_what_to_order(values: dict[str, int], position: int, expected: int) -> None:
    exact = policy(**{name: Decimal(value) for name, value in values.items()})
    assert suggested_quantity(exact, available=Decimal(position)) == expected
    if expected:
        on_its_way = exact.reorder_point - position
        assert suggested_quantity(exact, available=Decimal(position), on_order=on_its_way) == 0


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"reorder_quantity": 1}, "reorder_point"),
        ({"reorder_point": None, "reorder_quantity": 1}, "reorder_point"),
        ({"reorder_point": 1}, "reorder_quantity"),
        ({"reorder_point": -1, "reorder_quantity": 1}, "reorder_point"),
        ({"reorder_point": Decimal("0.0000001"), "reorder_quantity": 1}, "reorder_point"),
        ({"reorder_point": 10, "reorder_quantity": 1, "max_stock_level": 9}, "max_stock_level"),
        ({"reorder_point": 1, "reorder_quantity": 1, "service_level": Decimal("0.49")}, "service_level"),
        ({"reorder_point": 1, "reorder_quantity": 1, "service_level": 1}, "service_level"),
        ({"reorder_point": 1, "reorder_quantity": 1, "lead_time_days": 36_501}, "lead_time_days"),
        ({"reorder_point": 1, "reorder_quantity": 1, "pack_quantity": 0}, "pack_quantity"),
        ({"reorder_point": 1, "reorder_quantity": 1, "variant_id": 0}, "variant_id"),
    ],
)
def test_what_no_policy_can_say(values: dict[str, Any], field: str) -> None:
    from ambra_tui.services.policies import REQUIRED, _take
    from ambra_tui.store.models import InventoryPolicy

    row = InventoryPolicy(reorder_point=Decimal(5), reorder_quantity=Decimal(5))
    with pytest.raises(Invalid) as refused:
        _take(row, {**dict.fromkeys(REQUIRED), **values}, required=REQUIRED)
    assert (refused.value.field, row.reorder_point) == (field, 5)


def test_a_suggestion_becomes_the_policy(store: Store, organization_id: int, write: Write) -> None:
    house = write(factories.warehouse)
    milk = write(factories.variant)
    place = {"variant_id": milk.id, "site_id": house.site.id}

    def take(**values: int) -> Any:
        told = {name: Decimal(value) for name, value in values.items()}
        return write(lambda s: policies.take_suggestion(s, **place, **told))

    write(lambda s: policies.set_default(s, milk.id, {"reorder_quantity": 12, "max_stock_level": 30}))
    first = take(reorder_point=20, safety_stock=4)
    assert (first.reorder_point, first.safety_stock, first.reorder_quantity) == (20, 4, 12)
    again = take(reorder_point=40, safety_stock=8, reorder_quantity=24)
    assert (again.id, again.reorder_point, again.reorder_quantity, again.max_stock_level) == (first.id, 40, 24, 40)
    assert total(store, organization_id, milk, house.site) == (0, 40, 8, "out_of_stock")
    with pytest.raises(PolicyExists, match="MILK-1L has an inventory policy at WH1"):
        write(lambda s: policies.create_policy(s, **place, values={"reorder_point": 1, "reorder_quantity": 1}))


def test_what_open_purchase_orders_are_to_bring(store: Store, organization_id: int, write: Write) -> None:
    house = write(factories.warehouse)
    milk = write(factories.variant)
    order = write(lambda s: factories.purchase_order(s, house.site, (milk, 10), (milk, 5)))
    write(lambda s: factories.purchase_order(s, house.site, (milk, 99), number="PO-2", status="cancelled"))
    with store.read(organization_id) as session:
        assert policies.on_order(session, [milk.id]) == {(milk.id, house.site.id): 15}
        assert policies.on_order(session, ["var_other"]) == {}

    def bring_more(session: Session) -> None:
        line = purchasing.lines_of(session, order.id)[0]
        line.received = Decimal(12)
        session.add(line)

    write(bring_more)
    with store.read(organization_id) as session:  # two more than ordered take nothing off another line
        assert policies.on_order(session, [milk.id]) == {(milk.id, house.site.id): 5}


def test_policies_are_imported(store: Store, organization_id: int, write: Write, tmp_path: Path) -> None:
    house = write(factories.warehouse)
    milk = write(factories.variant)
    path = tmp_path / "policies.csv"
    path.write_text(
        "sku,site,reorder_point,reorder_quantity,lead_time_days,service_level\n"
        "MILK-1L,WH1,24,48,3,0.98\n"
        "MILK-1L,,10,,14,\n"
        "*,,2,,,\n"
        "MILK-1L,WH1,-1,,,\n"
        "NOTHING,,1,,,\n"
        "*,WH1,1,,,\n"
        "MILK-1L,,,,,\n"
    )
    refused: list[Any] = []
    for made in (3, 0):
        report = run_import(
            store, organization_id=organization_id, kind="policies", path=path, on_refused=refused.append
        )
        assert (report.made, report.unchanged, report.refused) == (made, 3 - made, 4)
    assert [row.line for row in refused[:4]] == [5, 7, 8, 6]
    with store.read(organization_id) as session:
        own = policy_for(session, milk.id, house.site.id)
        assert (own.reorder_point, own.lead_time_days, own.service_level) == (24, 3, Decimal("0.98"))
        assert policy_for(session, milk.id, "site_other").lead_time_days == 14
        rows = session.exec(select(SiteStock).where(SiteStock.organization_id == organization_id)).all()
        assert [(row.on_hand, row.reorder_point) for row in rows] == [(0, 24)]


def test_a_mirror_that_went_wrong_is_found_and_mended(store: Store, organization_id: int, write: Write) -> None:
    """A total changed or lost behind the product's back; the policy stays."""
    house = write(factories.warehouse)
    milk, bolt = (write(lambda s, sku=sku: factories.variant(s, sku=sku)) for sku in ("MILK-1L", "BOLT"))
    values = {"reorder_point": 6, "reorder_quantity": 1, "safety_stock": 2}
    for variant in (milk, bolt):
        write(lambda s, v=variant: policies.create_policy(s, variant_id=v.id, site_id=house.site.id, values=values))

    def harm(session: Any) -> None:
        for variant, statement in ((milk, update(SiteStock).values(reorder_point=0)), (bolt, delete(SiteStock))):
            same = (SiteStock.organization_id == organization_id, SiteStock.variant_id == variant.id)
            session.connection().execute(statement.where(*same))

    write(harm)
    assert verify_store(store).counts["site_reorder_point"] == 2
    store.writer.run(repair, organization_id=None, actor=factories.TESTER)
    assert verify_store(store).is_clean
    assert {total(store, organization_id, variant, house.site) for variant in (milk, bolt)} == {
        (0, 6, 2, "out_of_stock")
    }
