"""Substitutes by rule: offered when a line is short, picked and shipped on the order's own line (FLOOR C6)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from ambra_tui.errors import Invalid
from ambra_tui.services import catalog, orders, returns, substitutions
from ambra_tui.services.imports._run import run_import
from ambra_tui.store import NOBODY
from ambra_tui.store.models import StockMove
from ambra_tui.store.scope import organization_of
from tests.floor.worker import Worker, open_ds1

GLOVE_L, GLOVE_M, CABLE = "5001000000040", "5001000000057", "5001000000118"

on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])  # the rule does not lie in the database


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


def rule(worker: Worker, sku: str, substitute: str, ratio: int = 1, **more: Any) -> None:
    def work(session: Session) -> None:
        substitutions.set_rule(
            session,
            variant=catalog.variant_by_sku(session, sku),
            substitute=catalog.variant_by_sku(session, substitute),
            ratio=Decimal(ratio),
            **more,
        )

    worker.write(work)


def short(ana: Worker) -> Worker:
    ana.order("SO-4", ("GLOVE-L", 10))
    return ana.menu("pick").scan("SO-4", "WH1-A02-1", GLOVE_L).type("6").scan("T4").press("1")


def line(ana: Worker) -> tuple[int, int, int]:
    def work(session: Session) -> tuple[int, int, int]:
        found = orders.find_order(session, "SO-4")
        assert found is not None
        row = orders.lines_of(session, found.id)[0]
        return int(row.picked), int(row.backordered), int(row.fulfilled)

    return ana.write(work)


def origin_lines(ana: Worker) -> set[str]:
    def work(session: Session) -> set[str]:
        statement = select(col(StockMove.origin_line_id)).where(
            StockMove.organization_id == organization_of(session), StockMove.kind == "order_fulfilled"
        )
        return set(session.exec(statement).all())

    return ana.write(work)


def test_a_substitute_is_picked_and_shipped_on_the_same_line(ana: Worker) -> None:
    """C6: both ledger lines carry the order line."""
    rule(ana, "GLOVE-L", "GLOVE-M")
    short(ana)
    assert (ana.verdict, ana.prompt.step, ana.prompt.target) == ("W02", "substitute", "4 GLOVE-M")
    assert ana.scan(GLOVE_M).verdict == "E40"
    ana.press("1")
    assert (ana.verdict, ana.prompt.target, line(ana)) == ("G62", "A03-1", (6, 0, 0))
    assert ana.scan("WH1-A03-1", GLOVE_L).verdict == "E02"
    ana.scan(GLOVE_M, "T4")
    assert (ana.verdict, line(ana)) == ("G12", (10, 0, 0))
    ana.command("ship")
    assert line(ana) == (10, 0, 10)
    assert sorted((move[1], move[5]) for move in ana.moves("order_fulfilled")) == [("GLOVE-L", 6), ("GLOVE-M", 4)]
    assert len(origin_lines(ana)) == 1
    ana.command("undo").press("1")
    assert (line(ana), ana.on_hand("GLOVE-M", "T4")) == ((10, 0, 0), 4)


def test_a_substitute_taken_back_leaves_the_rest_open_as_before(ana: Worker) -> None:
    rule(ana, "GLOVE-L", "GLOVE-M")
    short(ana).press("1").command("undo").press("1").command("back")
    assert line(ana) == (6, 4, 0)
    ana.order("SO-5", ("GLOVE-M", 25))
    assert ana.verdict in ("G70", "")


@on_sqlite
def test_two_cables_stand_for_one_glove_and_one_cable_for_none(ana: Worker) -> None:
    rule(ana, "GLOVE-L", "CABLE-2M", 2)
    short(ana)
    assert ana.prompt.target == "8 CABLE-2M"
    ana.press("1").scan("WH1-B01-1", CABLE).type("3")
    assert ana.verdict == "E28"
    ana.type("8").scan("T4")
    assert (ana.verdict, line(ana)) == ("G12", (10, 0, 0))


@on_sqlite
@pytest.mark.parametrize("case", ["no rule", "not active", "nothing there", "refused"])
def test_without_a_rule_or_stock_the_rest_stays_open(ana: Worker, case: str) -> None:
    """C6: a substitute only where a rule allows it."""
    if case != "no rule":
        rule(ana, "GLOVE-L", "GLOVE-M", is_active=case != "not active")
    if case == "nothing there":
        ana.put("GLOVE-M", "A03-1", -25)
    short(ana)
    if case == "refused":
        ana.press("2")
    assert (ana.prompt.step, line(ana)) == ("done", (6, 4, 0))


def test_what_may_come_back_is_what_left_the_substitute_too(ana: Worker) -> None:
    rule(ana, "GLOVE-L", "GLOVE-M", ratio=2)
    short(ana).press("1").scan("WH1-A03-1", GLOVE_M, "T4").command("ship")
    order = ana.write(lambda session: orders.find_order(session, "SO-4"))
    assert order is not None

    def authorize(sku: str, quantity: int) -> None:
        def work(session: Session) -> None:
            new = returns.NewReturnLine(catalog.variant_by_sku(session, sku).id, Decimal(quantity))
            returns.create_return(session, order_id=order.id, reason="does not fit", lines=[new])

        ana.write(work)

    for sku, left in (("GLOVE-L", 6), ("GLOVE-M", 8)):
        with pytest.raises(Invalid, match=f"at most {left} "):
            authorize(sku, left + 1)
        authorize(sku, left)


@on_sqlite
def test_rules_and_pick_faces_come_from_files(ana: Worker, tmp_path: Path) -> None:
    files = {
        "substitutions": "sku,substitute,ratio\nGLOVE-L,GLOVE-M,1\nGLOVE-L,NO-SUCH,1\nGLOVE-L,GLOVE-L,1\n",
        "pick-faces": "sku,site,location,minimum,maximum\nGLOVE-L,WH1,A02-1,10,50\nGLOVE-L,WH1,C01-1,1,2\n",
    }
    made, refused = {}, []
    for kind, text in files.items():
        path = tmp_path / f"{kind}.csv"
        path.write_text(text)
        for _ in range(2):
            report = run_import(
                ana.store,
                organization_id=ana.organization_id,
                kind=kind,
                path=path,
                actor=NOBODY,
                on_refused=lambda row: refused.append(row.line),
            )
            made.setdefault(kind, []).append((report.made, report.unchanged))
    assert made == {"substitutions": [(1, 0), (0, 1)], "pick-faces": [(1, 0), (0, 1)]}
    assert refused == [4, 3, 4, 3, 3, 3]
