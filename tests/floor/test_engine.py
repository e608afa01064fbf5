"""Conversations: steps and their effects together, refusals that change nothing, work that a badge comes back to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import select

from ambra_tui.errors import NotFound
from ambra_tui.floor import engine
from ambra_tui.floor.conversation import Entry, Heard, Prompt
from ambra_tui.services import access
from ambra_tui.store import Store
from ambra_tui.store.models import AuditEntry, WorkSession
from ambra_tui.store.scope import organization_of, scoped
from tests.floor.worker import Worker, open_ds1


@pytest.fixture
def ds1(store_url: str) -> Iterator[tuple[Store, int]]:
    store, organization_id = open_ds1(store_url)
    with store:
        yield store, organization_id


@pytest.fixture
def ana(ds1: tuple[Store, int]) -> Worker:
    return Worker(*ds1, "BDG-1001")


def frames(worker: Worker) -> list[str]:
    """The stack of flows as it is stored."""
    work = worker.write(
        lambda s: s.exec(scoped(s, WorkSession).where(WorkSession.user_id == worker.reply.user_id)).one()
    )
    return [frame["flow"] for frame in work.frames]


def test_an_unknown_badge_is_refused_and_the_station_locks_after_some(ds1: tuple[Store, int]) -> None:
    codes = []
    for _ in range(access.FREE_TRIES + 1):
        stranger = Worker(*ds1, "NOBODY")
        codes.append(stranger.verdict)
        assert stranger.reply.prompt is None
    assert codes == ["E50"] * access.FREE_TRIES + ["E51"]
    assert Worker(*ds1, "BDG-1001").verdict == "E51"
    assert Worker(*ds1, "BDG-1001", station="st-2").verdict == "G15"


def test_the_badge_comes_back_to_its_step(ds1: tuple[Store, int], ana: Worker) -> None:
    ana.order("SO-7", ("BOLT-M8", 5))
    ana.menu("pick").scan("SO-7", "WH1-A01-1")
    left_at = ana.prompt
    again = Worker(*ds1, "BDG-1001", station="st-2")
    assert (again.reply.flow, again.prompt) == ("pick", left_at)


def test_the_station_left_behind_cannot_go_on(ds1: tuple[Store, int], ana: Worker) -> None:
    Worker(*ds1, "BDG-1001", station="st-2")
    ana.menu("pick")
    assert ana.reply.prompt is None
    assert frames(Worker(*ds1, "BDG-1001")) == []


def test_an_entry_for_an_earlier_run_is_refused(ana: Worker) -> None:
    stale = ana.reply
    ana.menu("pick")
    now = ana.prompt
    ana.reply = stale
    ana.scan("SO-7")
    assert (ana.verdict, ana.prompt) == ("E41", now)


def test_a_refused_step_writes_nothing_but_its_verdict(ana: Worker) -> None:
    ana.order("SO-7", ("BOLT-M8", 5))
    ana.menu("pick").scan("SO-7")
    before = ana.prompt
    ana.scan("WH1-A02-1")
    assert (ana.verdict, ana.prompt) == ("E03", before)
    assert ana.moves() == []
    assert ana.reply.history[0].code == "E03"


def test_a_detour_to_the_inquiry_returns_to_the_same_step(ana: Worker) -> None:
    ana.order("SO-7", ("BOLT-M8", 5))
    ana.menu("pick").scan("SO-7", "WH1-A01-1")
    before = ana.prompt
    ana.command("inquiry")
    assert frames(ana) == ["pick", "inquiry"]
    ana.scan("5001000000033").command("back")
    assert (frames(ana), ana.prompt) == (["pick"], before)


def test_no_scan_answers_a_question(ana: Worker) -> None:
    ana.order("SO-7", ("GLOVE-L", 10))
    ana.menu("pick").scan("SO-7", "WH1-A02-1", "5001000000040").type("6")
    ana.scan("T4")
    assert ana.prompt.is_dialog
    question = ana.prompt
    ana.scan("1", "WH1-A02-1")
    assert ana.codes[-2:] == ["E40", "E40"]
    assert (ana.prompt, ana.moves()) == (question, [])


def test_a_role_decides_what_may_begin(ana: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.flows()["pick"], "roles", frozenset({"supervisor"}), raising=False)
    assert "pick" not in [choice.code for choice in ana.command("back").prompt.choices]
    assert ana.menu("pick").verdict == "E35"
    assert frames(ana) == []


def test_signing_out_keeps_the_work_and_the_trail(ds1: tuple[Store, int], ana: Worker) -> None:
    ana.menu("pick").command("sign_out").press("1")
    assert (ana.reply.prompt, ana.verdict) == (None, "G16")
    ana.menu("pick")
    assert ana.reply.prompt is None
    assert frames(Worker(*ds1, "BDG-1001")) == ["pick"]
    acts = ana.write(
        lambda s: s.exec(
            select(AuditEntry.act, AuditEntry.station).where(AuditEntry.organization_id == organization_of(s))
        ).all()
    )
    assert ("signed_out", "st-1") in acts


def test_a_wrong_pin_is_counted_although_the_step_is_refused(ds1: tuple[Store, int], ana: Worker) -> None:
    def wrong(desk: Any, state: Any, entry: Any) -> None:
        desk.supervisor("BDG-9001", "0000")

    pick = engine.flows()["pick"]
    ana.menu("pick")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pick, "hear", wrong, raising=False)
        for _ in range(access.FREE_TRIES):
            ana.enter(Entry("code", "x", how="manual"))
        assert ana.verdict == "E53"
        ana.enter(Entry("code", "x", how="manual"))
        assert ana.verdict == "E51"


def test_every_look_is_the_step_that_was_left(ds1: tuple[Store, int], ana: Worker) -> None:
    store, organization_id = ds1
    ana.menu("pick")
    with store.read(organization_id) as session:
        seen = engine.look(session, ana.place, user_id=ana.reply.user_id)
    assert (seen.prompt, seen.run) == (ana.prompt, ana.reply.run)


def test_a_step_that_can_no_longer_be_shown_gives_way_to_the_menu(ds1: tuple[Store, int], ana: Worker) -> None:
    ana.menu("pick")

    def gone(desk: Any, state: Any) -> None:
        raise NotFound("order", "ord_gone")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine.flows()["pick"], "prompt", gone, raising=False)
        again = Worker(*ds1, "BDG-1001")
    assert (again.reply.flow, again.verdict) == ("home", "E41")
    assert frames(again) == []


def test_a_pin_in_one_burst_is_typed(ana: Worker) -> None:
    heard: list[str] = []
    pick = engine.flows()["pick"]

    def secret(desk: Any, state: Any) -> Prompt:
        return Prompt(step="pin", title="Pick", ask="PIN", is_secret=True)

    def hear(desk: Any, state: Any, entry: Any) -> Heard:
        heard.append(entry.how)
        return Heard(state)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pick, "prompt", secret, raising=False)
        ana.menu("pick")
        patch.setattr(pick, "hear", hear, raising=False)
        ana.scan("4711")
    assert heard == ["manual"]


def test_the_menu_counts_and_lists_what_waits(ana: Worker) -> None:
    assert [choice.label for choice in ana.prompt.choices][:3] == ["Receive", "Put away", "Pick"]
    for number in range(12):
        ana.order(f"SO-{number:02d}", ("BOLT-M8", 1))
    ana.put("PAINT-5L", "RECV", 3)
    ana.command("back")
    assert [choice.label for choice in ana.prompt.choices][:3] == ["Receive", "Put away (1)", "Pick (9+)"]
    assert [row.label for row in ana.prompt.todo][:2] == ["PAINT-5L", "SO-00"]
