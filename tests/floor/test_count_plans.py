"""The count flow: plans, approval, other work in between, undo, words (FLOOR D1-D8)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from ambra_tui.floor import engine, known
from ambra_tui.floor.conversation import Entry, FlowState, Heard, Prompt
from ambra_tui.kit.language import languages, say
from ambra_tui.services import counts, tasks
from ambra_tui.services.acts import _trail
from ambra_tui.store.models import CycleCount
from ambra_tui.store.scope import scoped
from tests.floor.counting import GLOVE_L, GLOVE_M, Floor, on_sqlite


@pytest.fixture
def floor(store_url: str) -> Iterator[Floor]:
    opened = Floor(store_url)
    yield opened
    opened.store.close()


# --- plans and empty states ------------------------------------------------------------------------------------------


def test_nothing_to_count_says_who_plans_and_how(floor: Floor) -> None:
    assert floor.ana.menu("count").prompt.ask == "Nothing to count. Supervisors plan: F5"
    assert [command.name for command in floor.ana.prompt.commands] == []
    assert floor.ana.command("plan").verdict == "E35"
    assert floor.cleo.menu("count").prompt.ask == "Nothing to count. F5 plans a count"
    assert [command.name for command in floor.cleo.prompt.commands] == ["plan"]


def test_supervisors_plan_by_bins_by_aisle_by_class_and_by_suspicion(floor: Floor) -> None:
    """D6: today's list by class, and every other way to plan."""
    cleo = floor.cleo
    cleo.menu("count").command("plan")
    assert [choice.label for choice in cleo.prompt.choices] == [
        "Some bins",
        "An aisle",
        "Due today (12)",
        "In doubt (0)",
    ]
    cleo.press("1").scan("WH1-B02-1", "WH1-A02-1", "WH1-A02-1")
    assert cleo.verdict == "W08"
    assert cleo.scan(GLOVE_L).verdict == "E43"
    cleo.command("done")
    assert cleo.words == "COUNT PLANNED: CC-000001, bins to count: 2."
    assert [row.label for row in cleo.prompt.todo] == ["A02-1", "B02-1"]
    cleo.command("plan").press("2").type("a0")
    assert cleo.words == "COUNT PLANNED: CC-000002, bins to count: 3."
    cleo.command("plan").press("4")
    assert cleo.verdict == "E38"
    cleo.press("3")
    assert (floor.count("CC-000003").method, cleo.words) == ("abc", "COUNT PLANNED: CC-000003, bins to count: 7.")
    cleo.command("plan").press("2").type("zz")
    assert cleo.verdict == "E38"
    cleo.command("back").command("back").command("complete")
    assert [choice.label for choice in cleo.prompt.choices] == ["CC-000001 0/2", "CC-000002 0/3", "CC-000003 0/7"]


def test_a_doubted_bin_is_counted_at_once_and_completes_itself(floor: Floor) -> None:
    ana = floor.ana

    def doubt(session: Any) -> None:
        tasks.ask_count(session, location=ana.location(session, "A02-1"), variant_id=None, reason=tasks.SHORT_PICK)

    ana.write(doubt)
    assert [(row.label, row.value) for row in ana.menu("count").prompt.todo] == [("A02-1", "in doubt")]
    ana.scan("WH1-A02-1", GLOVE_L).type("39").command("done")
    assert (ana.verdict, ana.tasks()) == ("G91", [])
    assert [move[5] for move in ana.moves("cycle_count_adjustment")] == [1]
    number = ana.write(lambda s: s.exec(scoped(s, CycleCount)).one().number)
    assert (floor.count(number).status, floor.count(number).method) == ("completed", "opportunity")
    act = ana.write(lambda s: _trail.last_acts(s, ana.reply.user_id))[0]
    ana.write(lambda s: _trail.undo(s, s.get(type(act), (act.organization_id, act.id)), idempotency_key="u"))
    assert (ana.on_hand("GLOVE-L", "A02-1"), len(ana.tasks()), floor.count(number).status) == (40, 1, "in_progress")
    assert ana.scan("WH1-A02-1").facts == {"GLOVE-L": "39"}


def test_a_doubted_bin_with_a_large_difference_completes_itself_when_it_is_decided(floor: Floor) -> None:
    def doubt(session: Any) -> None:
        place = floor.ana.location(session, "A02-1")
        tasks.ask_count(session, location=place, variant_id=None, reason=tasks.SHORT_PICK)

    floor.ana.write(doubt)
    floor.ana.menu("count").scan("WH1-A02-1", GLOVE_L).type("30").command("done")
    assert floor.ana.tasks() != []
    floor.ben.menu("count").scan("WH1-A02-1", GLOVE_L).type("30").command("done")
    floor.cleo.menu("count").scan("WH1-A02-1").press("1")
    assert (floor.ana.on_hand("GLOVE-L", "A02-1"), floor.ana.tasks()) == (30, [])


def test_limits_of_a_worker(floor: Floor) -> None:
    """D7: percent and quantity of a worker."""

    def limit(session: Any) -> None:
        counts.set_limit(session, user_id=floor.ben.reply.user_id, percent=Decimal(30), quantity=Decimal(10))

    floor.ana.write(limit)
    floor.plan("A02-1", "A03-1")
    floor.ana.menu("count").scan("WH1-A02-1", GLOVE_L).type("30").command("done")
    floor.ana.scan("WH1-A03-1", GLOVE_M).type("14").command("done")
    floor.ben.menu("count").scan("WH1-A02-1", GLOVE_L).type("30").command("done")
    assert floor.ben.verdict == "G91"
    floor.ben.scan("WH1-A03-1", GLOVE_M).type("14").command("done")
    assert floor.ben.verdict == "W91"


def test_supervisors_send_back_and_keep(floor: Floor) -> None:
    number = floor.plan("A02-1")
    floor.ana.menu("count").scan("WH1-A02-1", GLOVE_L).type("30").command("done")
    floor.ben.menu("count").scan("WH1-A02-1", GLOVE_L).type("33").command("done")
    floor.cleo.menu("count").command("approve").press("2")
    assert floor.cleo.words == "DECIDED: GLOVE-L in A02-1 is counted again."
    assert floor.ben.scan("WH1-A02-1").verdict == "E34"
    floor.ana.scan("WH1-A02-1", GLOVE_L).type("31").command("done")
    floor.cleo.command("approve").press("3").command("complete")
    assert (floor.ana.moves(), floor.count(number).status) == ([], "completed")


class Visit:
    """Other work, in which a bin is scanned that may as well be counted."""

    name = "visit"
    menu_digit = ""
    roles = frozenset({"operator"})
    state_type = FlowState

    def begin(self, desk: Any, entry: Entry | None = None) -> FlowState:
        return FlowState()

    def open_work(self, desk: Any) -> tuple[()]:
        return ()

    def prompt(self, desk: Any, state: FlowState) -> Prompt:
        return Prompt(step="visit", title="Visit", ask="Scan a bin")

    def hear(self, desk: Any, state: FlowState, entry: Entry) -> Heard:
        return Heard(state, opens=("count", entry))


@on_sqlite
def test_from_other_work_the_count_of_one_bin_returns_to_it(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "flows", lambda: {**known.flows(), "visit": Visit()})
    ana = floor.ana
    floor.plan("A02-1", "A03-1")
    ana.menu("visit")
    assert ana.scan("WH1-A01-1").verdict == "E38"
    assert ana.prompt.step == "visit"
    ana.scan("WH1-A02-1", GLOVE_L)
    assert (ana.prompt.step, ana.prompt.target) == ("item", "A02-1")
    assert ana.command("back").prompt.step == "visit"
    ana.scan("WH1-A02-1").command("done")
    assert ana.verdict == "W90"
    assert ana.prompt.step == "visit"


# --- moves while counting, undo, words -------------------------------------------------------------------------------


def test_picks_before_and_after_the_line_was_counted_are_no_variance(floor: Floor) -> None:
    """D2: counted minus the book at that moment."""
    ana, cleo = floor.ana, floor.cleo
    floor.plan("A02-1")
    ana.menu("count")
    ana.put("GLOVE-L", "A02-1", -3)
    ana.scan("WH1-A02-1", GLOVE_L).type("36")
    ana.put("GLOVE-L", "A02-1", -5)
    ana.command("done")
    ana.put("GLOVE-L", "A02-1", -2)
    cleo.menu("count").command("complete")
    assert [move[5] for move in ana.moves("cycle_count_adjustment")] == [1]
    assert ana.on_hand("GLOVE-L", "A02-1") == 29


def test_completing_is_undone_while_nothing_depends_on_it(floor: Floor) -> None:
    cleo = floor.cleo
    number = floor.plan("A03-1")
    floor.ana.menu("count").scan("WH1-A03-1", GLOVE_M).type("24").command("done")
    cleo.menu("count").command("complete").command("undo")
    cleo.press("1")
    assert (floor.ana.on_hand("GLOVE-M", "A03-1"), floor.count(number).status) == (25, "in_progress")
    cleo.command("complete")
    assert (floor.ana.on_hand("GLOVE-M", "A03-1"), floor.count(number).status) == (24, "completed")


def test_stock_that_a_count_found_is_not_taken_from_the_order_that_was_promised_it(floor: Floor) -> None:
    ana, cleo = floor.ana, floor.cleo
    number = floor.plan("A02-1")
    ana.menu("count").scan("WH1-A02-1", GLOVE_L).type("41").command("done")
    cleo.menu("count").command("complete")
    ana.order("SO-1", ("GLOVE-L", 41))
    cleo.command("undo")
    cleo.press("1")
    assert cleo.codes[-1] == "E37"
    assert "SO-1" in cleo.words
    assert (ana.on_hand("GLOVE-L", "A02-1"), floor.count(number).status) == (41, "completed")


def test_who_takes_a_doubted_count_back_may_not_guess_until_it_fits(floor: Floor) -> None:
    """D1, D3: another badge counts what a count that was taken back had left in doubt."""
    floor.plan("A02-1")
    ana = floor.ana.menu("count").scan("WH1-A02-1", GLOVE_L).type("20").command("done")
    assert ana.verdict == "W90"
    ana.command("undo").press("1").scan("WH1-A02-1", GLOVE_L).type("40").command("done")
    assert (ana.verdict, ana.scan("WH1-A02-1").verdict) == ("W90", "E34")
    assert floor.ben.menu("count").scan("WH1-A02-1", GLOVE_L).type("40").command("done").verdict == "G91"


def test_completing_is_not_undone_when_a_later_count_told_of_the_bin(floor: Floor) -> None:
    """What the later count says was measured against the book that the first one had put right."""
    ana, cleo = floor.ana, floor.cleo
    first = floor.plan("A02-1")
    cleo.menu("count").scan("WH1-A02-1", GLOVE_L).type("39").command("done").command("complete")
    second = floor.plan("A02-1")
    ana.menu("count").scan("WH1-A02-1", GLOVE_L).type("39")
    cleo.command("undo")
    cleo.press("1")
    assert (cleo.codes[-1], floor.count(first).status) == ("E37", "completed")
    assert second in cleo.words
    ana.command("done")
    cleo.press("1")
    assert (cleo.codes[-1], ana.on_hand("GLOVE-L", "A02-1")) == ("E37", 39)
    cleo.command("back").command("complete")
    assert (floor.count(second).status, ana.on_hand("GLOVE-L", "A02-1")) == ("completed", 39)
    cleo.command("undo")
    cleo.press("1").press("1")
    assert (cleo.codes[-2:], ana.on_hand("GLOVE-L", "A02-1")) == (["G70", "E37"], 39)


def test_a_pick_while_units_are_scanned_one_by_one_is_no_variance_that_is_believed(floor: Floor) -> None:
    """FLOOR D2: nobody knows whether the unit that Ben took had been scanned."""
    ana, ben = floor.ana, floor.ben
    number = floor.plan("A02-1")
    ana.menu("count").scan("WH1-A02-1", *[GLOVE_L] * 39)
    ben.order("SO-1", ("GLOVE-L", 1))
    ben.menu("pick").scan("SO-1", "WH1-A02-1", GLOVE_L, "T1")
    ana.scan(GLOVE_L).command("done")
    assert (ana.codes[-1], floor.items(number)["A02-1", "GLOVE-L", ""]) == ("W90", (39, 40, 1))
    ben.command("home").menu("count").scan("WH1-A02-1", GLOVE_L).type("39").command("done")
    floor.cleo.menu("count").command("complete")
    assert (ana.moves("cycle_count_adjustment"), ana.on_hand("GLOVE-L", "A02-1")) == ([], 39)


def test_every_act_of_counting_is_named_in_every_language() -> None:
    for language in languages():
        for kind in ("count_bin", "count_plan", "count_decision", "count_complete"):
            assert say(language, f"undo.kind_{kind}") != f"undo.kind_{kind}"


@pytest.mark.parametrize("language", languages())
def test_texts_fit_sixteen_rows_of_twenty(language: str) -> None:
    import tomllib

    from ambra_tui.kit.resources import data_path

    path = data_path("language") / language / "count.toml"
    texts: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))["count"]
    for name, text in texts.items():
        most = 40 if name.startswith(("ask_", "told_", "hidden", "counted_here", "practice")) else 18
        most = (
            10 if name.startswith("key_") or name in ("to_count", "again", "to_approve", "expected", "first") else most
        )
        assert len(text) <= most, (name, text)


def test_the_menu_tells_how_many_bins_wait(floor: Floor) -> None:
    floor.plan("A02-1", "A03-1")
    floor.ana.menu("inquiry").command("back")
    assert "Count (2)" in [choice.label for choice in floor.ana.prompt.choices]
