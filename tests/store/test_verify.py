"""`verify` finds every way in which what is kept can differ from the ledger, and `repair` puts it right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlmodel import select

from ambra_tui.cli import main
from ambra_tui.ledger import ReserveLine, allocate, reserve, set_lot_status
from ambra_tui.services.repair import repair
from ambra_tui.services.verify import RULES, verify_store
from ambra_tui.store import Store
from ambra_tui.store.models import AuditEntry
from tests import factories


@dataclass(frozen=True, slots=True)
class House:
    store: Store
    organization_id: int


@pytest.fixture
def house(store: Store, organization_id: int, write: Callable[..., Any]) -> House:
    """Stock in bins, a lot on hold, an order, a promise and an assignment."""

    def fill(session: Any) -> None:
        place = factories.warehouse(session)
        milk, bolt = factories.variant(session), factories.variant(session, sku="BOLT")
        lot = factories.lot(session, milk)
        factories.stock(session, milk, place.bin, 12, lot=lot)
        factories.stock(session, bolt, place.bin, 10)
        factories.stock(session, bolt, place.quarantine, 3)
        set_lot_status(session, lot, "quarantine")
        factories.sales_order(session, place.site, (bolt, 4))
        reserve(
            session,
            site_id=place.site.id,
            document_kind="sales_order",
            document_id="so_1",
            lines=[ReserveLine("line_1", bolt.id, Decimal(4))],
        )
        allocate(
            session,
            location_id=place.bin.id,
            variant_id=bolt.id,
            quantity=Decimal(2),
            document_kind="sales_order",
            document_id="so_1",
            line_id="line_1",
        )

    write(fill)
    return House(store, organization_id)


@contextmanager
def past_the_product(store: Store) -> Iterator[Any]:
    """A connection of the database's owner, without guards, triggers or foreign keys."""
    engine = create_engine(store.url, poolclass=NullPool)
    with engine.begin() as connection:
        if store.dialect == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))
        else:
            for name in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        yield connection


# What is done behind the product's back, and the rules that see it.
HARM: dict[str, tuple[str, set[str]]] = {
    "a level changed": (
        "UPDATE stock_level SET on_hand = on_hand + 1 WHERE on_hand = 10000000",
        {"levels", "site_on_hand", "sum_is_zero"},
    ),
    "a level gone": (
        "DELETE FROM stock_level WHERE on_hand = 3000000",
        {"levels", "site_on_hand", "site_held", "sum_is_zero"},
    ),
    "a site's total changed": (
        "UPDATE site_stock SET on_hand = on_hand + 1 WHERE on_hand = 13000000",
        {"site_moves", "site_on_hand"},
    ),
    "a site's total gone": (
        "DELETE FROM site_stock WHERE on_hand = 12000000",
        {"site_moves", "site_on_hand", "site_held"},
    ),
    "a hold forgotten": ("UPDATE site_stock SET held = 0 WHERE held = 3000000", {"site_held"}),
    "a promise lost": ("DELETE FROM reservation", {"site_reserved"}),
    "a promise miscounted": ("UPDATE site_stock SET reserved = reserved + 1 WHERE reserved > 0", {"site_reserved"}),
    "a reorder point of nobody's": (
        "UPDATE site_stock SET reorder_point = 1 WHERE held = 3000000",
        {"site_reorder_point"},
    ),
    "a safety stock of nobody's": (
        "UPDATE site_stock SET safety_stock = 1 WHERE held = 3000000",
        {"site_safety_stock"},
    ),
    "an assignment lost": ("DELETE FROM allocation", {"allocated"}),
    "an assignment miscounted": ("UPDATE stock_level SET allocated = allocated + 1 WHERE allocated > 0", {"allocated"}),
    "a lot out of step": ("UPDATE lot SET status = 'exhausted'", {"lot_status", "site_held"}),
    "a move changed": (
        "UPDATE stock_move SET quantity = quantity + 1 WHERE quantity = 12000000",
        {"levels", "balances", "site_moves", "sum_is_zero"},
    ),
    "a move gone": (
        "DELETE FROM stock_move WHERE quantity = 12000000",
        {"levels", "site_moves", "sum_is_zero"},
    ),
    "a balance changed": (
        "UPDATE stock_move SET destination_balance = 1 WHERE quantity = 3000000",
        {"balances"},
    ),
    "a sale miscounted": ("UPDATE order_sale SET units = units + 1", {"sales"}),
    "a reversal of nothing": (
        "UPDATE stock_move SET reverses_id = 'mov_nothing' WHERE quantity = 3000000",
        {"reversals"},
    ),
}
OF_RECORD = {"a move changed", "a move gone", "a balance changed", "a reversal of nothing"}


def broken(house: House) -> set[str]:
    return {rule for rule, count in verify_store(house.store).counts.items() if count}


def test_an_untouched_store_is_clean(house: House) -> None:
    report = verify_store(house.store)
    assert report.is_clean
    assert report.moves == 3


@pytest.mark.parametrize("harm", HARM)
def test_every_harm_is_seen(house: House, harm: str) -> None:
    statement, rules = HARM[harm]
    with past_the_product(house.store) as connection:
        assert connection.execute(text(statement)).rowcount == 1
    assert broken(house) == rules


def test_every_rule_is_broken_by_some_harm() -> None:
    assert {rule.name for rule in RULES} == set().union(*(rules for _, rules in HARM.values()))


@pytest.mark.parametrize("harm", [harm for harm in HARM if harm not in OF_RECORD])
def test_repair_writes_what_the_ledger_says(house: House, harm: str) -> None:
    with past_the_product(house.store) as connection:
        connection.execute(text(HARM[harm][0]))
    repaired = house.store.writer.run(repair, organization_id=None, actor=factories.TESTER)
    assert sum(repaired.values()) > 0
    assert broken(house) == set()


def test_repair_is_in_the_audit_trail_and_a_second_one_does_nothing(house: House) -> None:
    with past_the_product(house.store) as connection:
        connection.execute(text(HARM["a promise miscounted"][0]))
    house.store.writer.run(repair, organization_id=None, actor=factories.TESTER)
    again = house.store.writer.run(repair, organization_id=None, actor=factories.TESTER)
    with house.store.read_system() as session:
        entries = [e for e in session.exec(select(AuditEntry)) if e.act == "stock_repaired"]
    assert [(e.actor_id, e.organization_id, e.details) for e in entries] == [
        (factories.TESTER.id, house.organization_id, {"site_reserved": 1})
    ]
    assert set(again.values()) == {0}


def test_moves_are_never_repaired(house: House) -> None:
    with past_the_product(house.store) as connection:
        connection.execute(text(HARM["a balance changed"][0]))
    house.store.writer.run(repair, organization_id=None, actor=factories.TESTER)
    assert broken(house) == {"balances"}


def test_a_difference_names_the_product_the_place_and_both_numbers(house: House) -> None:
    with past_the_product(house.store) as connection:
        connection.execute(text(HARM["a level changed"][0]))
    found = [d.text for d in verify_store(house.store).differences if d.rule == "levels"]
    assert found == [
        f"organization {house.organization_id}: product BOLT, location A01-1: 10.000001 is kept, 10 expected"
    ]


def test_the_command_lists_differences_then_repairs(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    with past_the_product(house.store) as connection:
        connection.execute(text(HARM["a level changed"][0]))
    assert main(["verify", "--store", house.store.url]) == 1
    seen = capsys.readouterr()
    assert "levels: organization 1: product BOLT, location A01-1: 10.000001 is kept, 10 expected" in seen.out
    assert "3 of " in seen.err and " rules are broken; 3 moves were read." in seen.err
    assert main(["verify", "--repair", "--store", house.store.url]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("rules hold over 3 moves.")
    assert main(["verify", "--store", house.store.url]) == 0


def test_another_organization_s_differences_do_not_count(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    factories.organization(house.store, "Brand")
    with past_the_product(house.store) as connection:
        connection.execute(text(HARM["a level changed"][0]))
    assert main(["verify", "--store", house.store.url, "--organization", "Brand"]) == 0
    assert main(["verify", "--store", house.store.url, "--organization", "Acme"]) == 1
    assert main(["verify", "--store", house.store.url, "--organization", "Nobody"]) == 1
    assert "Nobody" in capsys.readouterr().err


def test_an_absent_store_is_not_made(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--store", f"sqlite:///{tmp_path}/none.db"]) == 1
    assert "There is no store" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_page_of_garbage_in_the_file_is_seen(sqlite_store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    organization_id = factories.organization(sqlite_store)
    for number in range(200):
        sqlite_store.writer.submit(partial(factories.variant, sku=f"S{number}"), organization_id=organization_id)
    sqlite_store.close()
    assert sqlite_store.path is not None
    with sqlite_store.path.open("r+b") as file:
        file.seek(4096 * (sqlite_store.path.stat().st_size // 4096 - 3))
        file.write(b"\x00garbage" * 256)
    assert main(["verify", "--store", sqlite_store.url]) == 1
    assert capsys.readouterr().out.startswith("database: ")
