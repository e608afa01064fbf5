"""F8, F9, F14: signing off with a reason, taking over a station, the language of a badge, the steps that are logged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import col, select

from ambra_tui.services import claims
from ambra_tui.store import Store
from ambra_tui.store.models import AuditEntry, FloorStep, StockMove, User
from ambra_tui.store.scope import organization_of, scoped
from tests.floor.receiving import buy
from tests.floor.test_returns import authorize, ship
from tests.floor.worker import Worker, open_ds1

GLOVE, PAINT = "5001000000040", "5001000000071"


@pytest.fixture
def ds1(store_url: str) -> Iterator[tuple[Store, int]]:
    store, organization_id = open_ds1(store_url)
    with store:
        yield store, organization_id


@pytest.fixture
def ana(ds1: tuple[Store, int]) -> Worker:
    return Worker(*ds1, "BDG-1001")


@pytest.fixture
def held(ana: Worker) -> Worker:
    """Ana holds RMA-1 and has a unit of it in hand."""
    authorize(ana, "RMA-1", ship(ana, "SO-9", ("GLOVE-L", 4)), ("GLOVE-L", 2, "sellable"))
    ana.menu("returns").scan("RMA-1", GLOVE)
    return ana


def held_by(worker: Worker, name: str) -> list[str]:
    def work(session: Any) -> list[str]:
        user = session.exec(scoped(session, User).where(User.name == name)).one()
        return [row.document_kind for row in claims.claims_of(session, user.id)]

    return worker.write(work)


def reasons(worker: Worker) -> list[str]:
    def work(session: Any) -> list[str]:
        statement = (
            select(AuditEntry)
            .where(AuditEntry.organization_id == organization_of(session), AuditEntry.act == "signed_out")
            .order_by(col(AuditEntry.id))
        )
        return [row.details["reason"] for row in session.exec(statement)]

    return worker.write(work)


# --- signing off ----------------------------------------------------------------------------------------------------


def test_a_break_keeps_the_step_and_what_is_held(ds1: tuple[Store, int], held: Worker) -> None:
    """F8: a break keeps the work."""
    before = held.prompt
    held.command("sign_out")
    assert [choice.digit for choice in held.prompt.choices] == ["1", "2", "3", "4"]
    assert held.facts["Open step"] == "Returns"
    held.press("1")
    assert (held.reply.prompt, held.verdict, reasons(held)) == (None, "G16", ["break"])
    assert held_by(held, "Ana") == ["return_authorization"]
    assert Worker(*ds1, "BDG-1001").prompt == before


@pytest.mark.parametrize(("digit", "reason"), [("2", "shift_end"), ("3", "handover")])
def test_the_end_of_a_shift_sets_the_work_free(ds1: tuple[Store, int], held: Worker, digit: str, reason: str) -> None:
    """F8: the end of a shift releases it."""
    held.command("sign_out").press(digit)
    assert (held.reply.prompt, held.verdict, reasons(held)) == (None, "G75", [reason])
    assert held_by(held, "Ana") == []
    ben = Worker(*ds1, "BDG-1002", station="st-2")
    assert ben.menu("returns").scan("RMA-1").verdict == "G20"
    assert Worker(*ds1, "BDG-1001").reply.flow == "home"


def test_no_scan_signs_off_and_esc_goes_back(held: Worker) -> None:
    before = held.prompt
    held.command("sign_out").scan("1", "BDG-1002", GLOVE)
    assert held.codes[-3:] == ["E40"] * 3
    assert held.command("back").prompt == before


# --- badges at a station in use -------------------------------------------------------------------------------------


def test_the_own_badge_asks_why(ana: Worker) -> None:
    ana.menu("receive").scan("BDG-1001")
    assert (ana.verdict, ana.reply.flow) == ("W72", "sign_off")
    assert ana.command("back").reply.flow == "receive"


def test_another_badge_takes_the_station_over_after_a_digit(ds1: tuple[Store, int], ana: Worker) -> None:
    """F8: takeover by another badge keeps the ledger's actors right."""
    buy(ana, "PO-7", ("PAINT-5L", 20))
    ana.menu("receive").scan("PO-7", PAINT).type("5").scan("WH1-RECV", "BDG-1002")
    assert (ana.verdict, ana.reply.flow, ana.reply.user_name) == ("W73", "take_over", "Ana")
    assert ana.scan("BDG-1002").verdict == "E40"
    ana.press("1")
    ben = ana
    assert (ben.verdict, ben.reply.user_name, ben.reply.flow) == ("G15", "Ben", "home")
    ben.menu("receive").scan("PO-7", PAINT).type("6").scan("WH1-RECV")

    def actors(session: Any) -> list[str]:
        names = {user.id: user.name for user in session.exec(scoped(session, User))}
        statement = select(StockMove).where(
            StockMove.organization_id == organization_of(session), StockMove.kind == "purchase_received"
        )
        return [names[move.actor_id] for move in session.exec(statement.order_by(col(StockMove.sequence)))]

    assert ben.write(actors) == ["Ana", "Ben"]
    assert Worker(*ds1, "BDG-1001", station="st-2").reply.flow == "receive"


def test_a_badge_scanned_by_mistake_changes_nothing(held: Worker) -> None:
    held.command("back")
    before = held.prompt
    held.scan("BDG-1002")
    assert held.reply.flow == "take_over"
    held.command("back")
    assert (held.prompt, held.reply.user_name) == (before, "Ana")


def test_a_badge_at_the_menu_is_asked_for_too(ana: Worker) -> None:
    assert ana.scan("BDG-1002").verdict == "W73"


def test_an_unknown_code_stays_unknown(ana: Worker) -> None:
    ana.menu("returns").scan("BDG-4242")
    assert (ana.verdict, ana.reply.flow) == ("E47", "returns")


# --- language -------------------------------------------------------------------------------------------------------


def test_the_language_changes_at_any_step_and_stays_with_the_badge(ds1: tuple[Store, int], held: Worker) -> None:
    """F9: the language changes in the middle of a task and nothing else does."""
    step, facts = held.prompt.step, held.prompt.facts
    held.command("language")
    assert (held.verdict, held.reply.language, held.prompt.step) == ("G74", "de", step)
    assert held.prompt.ask == "Welcher Zustand?"
    assert held.prompt.facts[0] == facts[0]
    held.press("s")
    assert held.verdict == "G71"
    assert Worker(*ds1, "BDG-1001", station="st-2").reply.language == "de"
    assert held.reply.language == "de"


def test_the_card_of_signing_off_offers_the_other_language(ana: Worker) -> None:
    ana.command("sign_out").press("4")
    assert (ana.reply.language, ana.reply.flow) == ("de", "sign_off")
    assert ana.prompt.choices[0].label == "Pause"


# --- the log of steps -----------------------------------------------------------------------------------------------


def test_every_step_is_logged_with_what_it_did_and_never_what_was_entered(ana: Worker) -> None:
    """F14: the log that the stopwatch sums; A6: `manual` and `scan` in it."""
    buy(ana, "PO-7", ("PAINT-5L", 20))
    ana.menu("receive").scan("PO-7", "NEW-CODE", "BDG-9001").type("4711").scan(PAINT, PAINT, "WH1-RECV", "WH1-A01-1")

    def steps(session: Any) -> list[tuple[str, str, str, str, str, int]]:
        statement = select(FloorStep).where(FloorStep.organization_id == organization_of(session))
        rows = session.exec(statement.order_by(col(FloorStep.id)))
        return [(row.flow, row.step, row.kind, row.how, row.code, row.acts) for row in rows]

    assert ana.write(steps) == [
        ("home", "home", "choice", "", "", 0),
        ("receive", "order", "code", "scan", "G20", 0),
        ("receive", "item", "code", "scan", "E01", 0),
        ("receive", "item", "code", "scan", "", 0),
        ("receive", "pin", "code", "manual", "G21", 0),
        ("receive", "item", "code", "scan", "G22", 1),
        ("receive", "item", "code", "scan", "G17", 0),
        ("receive", "bin", "code", "scan", "G09", 1),
        ("receive", "item", "code", "scan", "E44", 0),
    ]

    def everything(session: Any) -> str:
        rows = session.exec(select(FloorStep).where(FloorStep.organization_id == organization_of(session)))
        return " ".join(str(row.model_dump()) for row in rows)

    assert "4711" not in ana.write(everything)
