"""F12: what a supervisor changes behind a password, what an operator cannot, and locks that grow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ambra_tui.floor import engine
from ambra_tui.services import access
from ambra_tui.store import Store
from ambra_tui.store.models import User, WorkSession
from ambra_tui.store.scope import scoped
from tests.floor.worker import Worker, open_ds1

PASSWORD = "correct horse"


@pytest.fixture
def ds1(store_url: str) -> Iterator[tuple[Store, int]]:
    store, organization_id = open_ds1(store_url)
    with store:
        yield store, organization_id


@pytest.fixture
def cleo(ds1: tuple[Store, int]) -> Worker:
    """The supervisor, with a password."""
    worker = Worker(*ds1, "BDG-9001", station="office")

    def work(session: Any) -> None:
        user = session.get(User, (session.info["organization_id"], worker.reply.user_id))
        access.set_password(session, user, PASSWORD)

    worker.write(work)
    return worker


def opened(worker: Worker) -> Worker:
    """Behind the password."""
    return worker.command("sign_out").press("5").type(PASSWORD)


def stored(worker: Worker) -> str:
    """Everything that the steps of the floor keep."""
    return worker.write(lambda s: " ".join(str(row.frames) for row in s.exec(scoped(s, WorkSession)).all()))


def test_an_operator_has_no_administration(ds1: tuple[Store, int]) -> None:
    """F12: nothing of administration for operators."""
    ana = Worker(*ds1, "BDG-1001")
    ana.command("sign_out")
    assert "5" not in [choice.digit for choice in ana.prompt.choices]
    ana.command("back").menu("admin")
    assert (ana.verdict, ana.reply.flow) == ("E35", "home")


def test_the_password_is_asked_and_never_kept(cleo: Worker) -> None:
    cleo.command("sign_out").press("5")
    assert (cleo.prompt.step, cleo.prompt.is_secret) == ("password", True)
    assert cleo.type("wrong").verdict == "E70"
    cleo.type(PASSWORD)
    assert (cleo.prompt.step, PASSWORD in stored(cleo)) == ("menu", False)


def test_the_password_is_asked_again_after_a_restart(ds1: tuple[Store, int], cleo: Worker) -> None:
    opened(cleo)
    again = Worker(*ds1, "BDG-9001", station="st-2")
    assert again.reply.flow == "home"


def test_wrong_passwords_lock_badge_and_terminal(cleo: Worker) -> None:
    cleo.command("sign_out").press("5")
    for _ in range(access.FREE_TRIES):
        cleo.type("wrong")
    assert cleo.type(PASSWORD).verdict == "E51"


def test_a_worker_is_added_and_signs_in(ds1: tuple[Store, int], cleo: Worker) -> None:
    opened(cleo).press("1").type("Dora").press("1").scan("BDG-1003")
    assert (cleo.verdict, cleo.prompt.step) == ("G76", "card")
    assert "BDG-1003" not in stored(cleo)
    dora = Worker(*ds1, "BDG-1003", station="st-3")
    assert (dora.verdict, dora.reply.role) == ("G15", "operator")


def test_a_badge_that_somebody_has_is_refused(cleo: Worker) -> None:
    opened(cleo).press("1").type("Dora").press("1").scan("BDG-1001")
    assert (cleo.verdict, cleo.prompt.step) == ("E72", "badge")


def test_language_badge_and_pin_of_a_worker_change(ds1: tuple[Store, int], cleo: Worker) -> None:
    opened(cleo).press("2").type("ana").press("1")
    assert cleo.verdict == "G77"
    cleo.press("3").scan("BDG-2001")
    assert Worker(*ds1, "BDG-1001", station="st-2").verdict == "E50"
    assert Worker(*ds1, "BDG-2001", station="st-2").reply.language == "de"
    cleo.press("4").type("2468")
    assert (cleo.verdict, "2468" in stored(cleo)) == ("G77", False)


def test_a_locked_badge_stops_at_once_and_its_work_is_free(ds1: tuple[Store, int], cleo: Worker) -> None:
    ana = Worker(*ds1, "BDG-1001", station="st-2")
    ana.menu("receive")
    opened(cleo).press("2").scan("BDG-1001").press("2")
    assert cleo.verdict == "G78"
    assert ana.scan("PO-1").verdict == "E52"
    assert Worker(*ds1, "BDG-1001", station="st-2").verdict == "E50"
    cleo.press("2")
    assert Worker(*ds1, "BDG-1001", station="st-2").reply.flow == "home"


def test_a_supervisor_makes_no_supervisor_and_locks_no_one_above(cleo: Worker) -> None:
    opened(cleo).press("1").type("Dora")
    assert [choice.code for choice in cleo.prompt.choices] == ["operator"]
    cleo.enter(engine.Entry("choice", "admin"))
    assert cleo.verdict == "E71"
    cleo.command("back").press("2").scan("BDG-9001")
    assert cleo.verdict == "E71"


def test_a_supervisor_who_is_none_any_more_is_stopped(cleo: Worker) -> None:
    opened(cleo)

    def demote(session: Any) -> None:
        user = session.get(User, (session.info["organization_id"], cleo.reply.user_id))
        user.role = "operator"
        session.add(user)

    cleo.write(demote)
    assert cleo.press("1").verdict == "E35"


def test_no_screen_of_an_operator_speaks_of_cost() -> None:
    """F12: the words of the floor have no place for a cost or a price."""
    import ast
    from pathlib import Path

    import ambra_tui.floor

    names = set()
    for path in Path(ambra_tui.floor.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                names.add(node.attr)
    assert not {name for name in names if "cost" in name or "price" in name or name == "value_minor"}


def test_an_administrator_switches_modules_for_every_open_terminal(ds1: tuple[Store, int], cleo: Worker) -> None:
    opened(cleo)
    assert "modules" not in [choice.code for choice in cleo.prompt.choices]
    assert cleo.enter(engine.Entry("choice", "modules")).verdict == "E71"

    def promote(session: Any) -> None:
        user = session.get(User, (session.info["organization_id"], cleo.reply.user_id))
        user.role = "admin"
        session.add(user)

    cleo.write(promote)
    ana = Worker(*ds1, "BDG-1001", station="st-2")
    assert "+" in [choice.digit for choice in ana.prompt.choices]
    opened(cleo.command("home")).press("3")
    assert cleo.facts == {"Production": "on", "Tracing": "on"}
    assert [choice.label for choice in cleo.prompt.choices] == ["Production > off", "Tracing > off"]
    cleo.press("1")
    assert (cleo.verdict, cleo.facts) == ("G77", {"Production": "off", "Tracing": "on"})
    ana.command("home")
    assert "+" not in [choice.digit for choice in ana.prompt.choices]
    cleo.press("1")
    assert cleo.facts["Production"] == "on"
