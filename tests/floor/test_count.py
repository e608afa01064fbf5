"""The count flow, step by step through the engine (FLOOR D1-D8, P6)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import select

from ambra_tui.floor import engine, known
from ambra_tui.floor.conversation import Entry, FlowState, Heard, Prompt
from ambra_tui.kit.language import languages, say
from ambra_tui.services import count_plans, counts, tasks
from ambra_tui.services.acts import _trail
from ambra_tui.store.models import (
    AuditEntry,
    CycleCount,
    Location,
    Lot,
    OutboxEvent,
    Variant,
    WorkSession,
)
from ambra_tui.store.scope import organization_of, scoped
from tests.floor.worker import Worker, open_ds1

MILK, BOLT, GLOVE_L, GLOVE_M, PHONE, PAINT, CHOC, CABLE = (
    "5001000000019", "5001000000033", "5001000000040", "5001000000057", "5001000000064", "5001000000071",
    "5001000000095", "5001000000118",
)  # fmt: skip
GLOVE_CASE = "15001000000047"
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])  # the rule does not lie in the database


class Floor:
    """ds1 with Ana, Ben and Cleo at three stations."""

    def __init__(self, url: str) -> None:
        self.store, organization_id = open_ds1(url)
        self.ana = Worker(self.store, organization_id, "BDG-1001", station="st-1")
        self.ben = Worker(self.store, organization_id, "BDG-1002", station="st-2")
        self.cleo = Worker(self.store, organization_id, "BDG-9001", station="st-3")

    def plan(self, *codes: str, method: str = "bins", **more: Any) -> str:
        """The number of a count of these bins."""

        def work(session: Any) -> str:
            site_id = self.ana.place.site_id
            bins = count_plans.bins_by(session, site_id, method, codes=codes, **more)
            return count_plans.plan_count(
                session, site_id=site_id, method=method, location_ids=[row.id for row in bins]
            ).number

        return self.cleo.write(work)

    def count(self, number: str) -> CycleCount:
        found = self.ana.write(lambda session: counts.find_count(session, number))
        assert found is not None
        return found

    def items(self, number: str) -> dict[tuple[str, str, str], tuple[int, int | None, int | None]]:
        """(bin, SKU, lot) -> expected, counted, variance."""

        def work(session: Any) -> Any:
            count = counts.find_count(session, number)
            own = {}
            for line in counts.lines_of(session, count.id):
                key = (
                    session.get(Location, (line.organization_id, line.location_id)).code,
                    session.get(Variant, (line.organization_id, line.variant_id)).sku,
                    session.get(Lot, (line.organization_id, line.lot_id)).lot_number if line.lot_id else line.serial,
                )
                numbers = (line.expected, line.counted, line.variance)
                own[key] = tuple(None if value is None else int(value) for value in numbers)
            return own

        return self.ana.write(work)


@pytest.fixture
def floor(store_url: str) -> Iterator[Floor]:
    opened = Floor(store_url)
    yield opened
    opened.store.close()


def everything_told(worker: Worker) -> str:
    """All that a worker's screen holds now, and what is stored of where they are."""
    prompt = worker.prompt
    shown = [prompt.title, prompt.ask, prompt.target, worker.words]
    shown += [f"{row.label} {row.value}" for row in (*prompt.facts, *prompt.todo, *prompt.contents)]
    shown += [choice.label for choice in prompt.choices] + [f"{code.label} {code.text}" for code in prompt.practice]

    def stored(session: Any) -> str:
        work = session.exec(scoped(session, WorkSession).where(WorkSession.user_id == worker.reply.user_id)).one()
        return json.dumps([work.frames, [(told["code"], told["params"]) for told in work.verdicts]])

    return " ".join(shown) + worker.write(stored)


# --- the scenario ---------------------------------------------------------------------------------------------------


def test_p6_a_blind_count_a_recount_by_another_badge_and_an_approval(floor: Floor) -> None:
    """D3: accepted within tolerance, counted again by another badge beyond it, then a supervisor's."""
    ana, ben, cleo = floor.ana, floor.ben, floor.cleo
    number = floor.plan("A02-1", "A03-1", "B02-1")
    told = [everything_told(ana.menu("count"))]
    for step in (
        lambda: ana.scan("WH1-A02-1", GLOVE_L),
        lambda: ana.type("40"),
        lambda: ana.command("done"),
        lambda: ana.scan("WH1-A03-1", GLOVE_M),
        lambda: ana.type("24"),
        lambda: ana.command("done"),
    ):
        step()
        told.append(everything_told(ana))
    assert ana.verdict == "G91"
    for step in (
        lambda: ana.scan("WH1-B02-1", CHOC),
        lambda: ana.scan("]C110C7"),
        lambda: ana.type("40"),
        lambda: ana.scan(CABLE, CABLE),
        lambda: ana.command("done"),
    ):
        step()
        told.append(everything_told(ana))
    assert ana.words == "COUNT AGAIN: B02-1: another badge counts CHOC-100 C7, CABLE-2M again."
    assert [text for text in told if re.search(r"\b(48|25)\b", text)] == []
    assert ana.scan("WH1-B02-1").verdict == "E34"
    ben.menu("count")
    assert ben.prompt.target == "B02-1"
    ben.scan("WH1-B02-1")
    assert [row.value for row in ben.prompt.facts] == ["CHOC-100 C7", "CABLE-2M"]
    ben.scan(CHOC).type("C7").type("41").scan(CABLE).type("2").command("done")
    assert ben.verdict == "W91"
    assert ana.command("approve").verdict == "E35"
    assert ana.command("complete").verdict == "E35"
    cleo.menu("count").command("complete")
    assert cleo.words == f"NOT DECIDED YET: {number} waits for B02-1: count it again or approve it first."
    assert cleo.command("approve").facts == {
        "CHOC-100 C7": "-7", "Booked": "48", "Counted": "41 Ben", "First": "40 Ana",
    }  # fmt: skip
    cleo.press("1")
    assert cleo.facts["CABLE-2M"] == "+2"
    cleo.press("1")
    assert floor.ana.moves() == []
    cleo.command("complete")
    assert cleo.words == f"COUNT COMPLETE: {number} is complete, adjustments: 3."
    assert sorted(ana.moves()) == sorted(
        [
            ("cycle_count_adjustment", "GLOVE-M", "A03-1", "inventory_loss", "", 1),
            ("cycle_count_adjustment", "CHOC-100", "B02-1", "inventory_loss", "C7", 7),
            ("cycle_count_adjustment", "CABLE-2M", "inventory_loss", "B02-1", "", 2),
        ]
    )
    assert floor.items(number) == {
        ("A02-1", "GLOVE-L", ""): (40, 40, 0),
        ("A03-1", "GLOVE-M", ""): (25, 24, -1),
        ("B02-1", "CHOC-100", "C7"): (48, 41, -7),
        ("B02-1", "CABLE-2M", ""): (0, 2, 2),
    }
    cleo.command("complete")
    assert (cleo.verdict, len(ana.moves()), floor.count(number).status) == ("E38", 3, "completed")


def test_the_book_is_told_to_no_operator_and_in_no_event_before_the_count_is_decided(floor: Floor) -> None:
    """D1: the book is on no screen of an operator, in no step, event or trail."""
    floor.plan("A02-1")
    floor.ana.menu("count").scan("WH1-A02-1", GLOVE_L).type("17").command("done")
    assert not re.search(r"\b(40|23)\b", everything_told(floor.ana))

    def written(session: Any) -> str:
        own = organization_of(session)
        events = session.exec(select(OutboxEvent).where(OutboxEvent.organization_id == own)).all()
        trail = session.exec(select(AuditEntry).where(AuditEntry.organization_id == own)).all()
        kinds = ("bin_counted", "cycle_count_created", "cycle_count_started", "work_claimed", "work_released")
        return json.dumps([row.payload for row in events if row.type in kinds] + [row.details for row in trail])

    assert '"40"' not in floor.ana.write(written) and "expected" not in floor.ana.write(written)


def test_looking_something_up_in_the_middle_of_a_bin_tells_no_quantity(floor: Floor) -> None:
    """D1: a look-up tells no quantity of a bin that is being counted."""
    floor.plan("A02-1")
    ana = floor.ana
    ana.menu("count").scan("WH1-A02-1")
    for code, card in ((GLOVE_L, "item"), ("WH1-A02-1", "bin"), ("WH1-B02-1", "bin")):
        ana.command("inquiry").scan(code)
        assert (ana.prompt.step, ana.prompt.facts[-1].label) == (card, "Hidden while you count")
        assert not re.search(r"\b(40|48)\b", everything_told(ana))
        ana.command("back")
    assert ana.command("back").command("inquiry").scan(GLOVE_L).facts["A02-1"] == "40"
    floor.cleo.menu("count").scan("WH1-A02-1").command("inquiry").scan(GLOVE_L)
    assert floor.cleo.facts["A02-1"] == "40"


# --- counting a bin -------------------------------------------------------------------------------------------------


def test_units_cases_and_typed_numbers_add_up(floor: Floor) -> None:
    ana, number = floor.ana, floor.plan("A02-1")
    ana.menu("count").scan("WH1-A02-1", GLOVE_L, GLOVE_L, GLOVE_CASE)
    assert (ana.words, ana.facts) == ("COUNTED 12: 12 GLOVE-L counted in A02-1.", {"GLOVE-L": "12"})
    ana.type("39").scan(GLOVE_L).command("done")
    assert (ana.verdict, floor.items(number)) == ("G91", {("A02-1", "GLOVE-L", ""): (40, 40, 0)})


@on_sqlite
def test_a_thousand_units_scanned_one_by_one_are_a_thousand(floor: Floor) -> None:
    floor.plan("A02-1")
    floor.ana.menu("count").scan("WH1-A02-1", *[GLOVE_L] * 100)
    assert floor.ana.facts == {"GLOVE-L": "100"}


def test_the_lot_is_asked_and_an_unexpected_item_and_lot_are_added(floor: Floor) -> None:
    """D4: an unexpected item and lot are added."""
    ana, number = floor.ana, floor.plan("A04-1")
    ana.menu("count").scan("WH1-A04-1", MILK)
    assert (ana.verdict, ana.prompt.step, ana.prompt.ask) == ("G30", "lot", "Scan or type the lot")
    assert ana.type("24").words == "LOT?: 24 MILK-1L counted. Scan or type the lot."
    ana.type("M100")
    assert ana.words == "COUNTED 24: 24 MILK-1L M100 counted in A04-1."
    ana.scan("]C101150010000000161726070110M777\x1d30" + "2")
    ana.scan(PAINT).command("done")
    assert ana.verdict == "W90"
    assert floor.items(number) == {
        ("A04-1", "MILK-1L", "M100"): (24, 24, 0),
        ("A04-1", "MILK-1L", "M777"): (0, 24, 24),
        ("A04-1", "PAINT-5L", ""): (0, 1, 1),
    }


def test_units_that_wait_for_their_lot_are_not_forgotten(floor: Floor) -> None:
    ana = floor.ana
    floor.plan("A04-1")
    ana.menu("count").scan("WH1-A04-1", MILK, MILK)
    assert ana.facts == {"MILK-1L": "2"}
    assert ana.scan(PAINT).verdict == "E07"
    assert ana.command("done").verdict == "E07"
    assert ana.scan("]C110M100", MILK).facts == {"MILK-1L M100": "3"}
    ana.scan("]C110M090")
    assert ana.scan(MILK).words == "COUNTED 1: 1 MILK-1L M090 counted in A04-1."
    ana.scan(MILK).command("back")
    assert ana.prompt.step == "bin"


def test_serials_count_once_each(floor: Floor) -> None:
    floor.ana.put("PHONE-X", "A02-1", 1, serial="SN1")
    number = floor.plan("A02-1")
    ana = floor.ana
    ana.menu("count").scan("WH1-A02-1", GLOVE_L).type("40").scan(PHONE)
    assert (ana.verdict, ana.prompt.step) == ("G32", "serial")
    ana.scan("]C121SN1")
    assert ana.words == "COUNTED 1: 1 PHONE-X counted in A02-1."
    assert ana.scan("]C101050010000000642" + "1SN2").words == "COUNTED 2: 2 PHONE-X counted in A02-1."
    assert ana.scan("]C121SN1").verdict == "W08"
    ana.command("done")
    assert floor.items(number)["A02-1", "PHONE-X", "SN2"] == (0, 1, 1)


def test_an_empty_bin_is_one_key(floor: Floor) -> None:
    """D4: an empty bin is one key."""
    ana, number = floor.ana, floor.plan("C03-1", "A03-1")
    ana.menu("count").scan("WH1-C03-1")
    assert [command.key for command in ana.prompt.commands] == ["f6", "f10"]
    assert ana.command("done").verdict == "E91"
    assert ana.command("empty").verdict == "G91"
    assert ana.scan("WH1-A03-1").command("empty").verdict == "W90"
    assert floor.items(number) == {("A03-1", "GLOVE-M", ""): (25, 0, -25)}
    ana.scan("WH1-C03-1")
    assert ana.verdict == "E33"


def test_what_was_not_scanned_is_gone_or_was_left_out(floor: Floor) -> None:
    """D5: keep or zero is an explicit choice; keep comes first."""
    floor.ana.put("PAINT-5L", "A02-1", 3)
    number = floor.plan("A02-1", "A03-1")
    ana, cleo = floor.ana, floor.cleo
    ana.menu("count").scan("WH1-A02-1", GLOVE_L).type("40").command("done")
    assert (ana.prompt.step, [choice.code for choice in ana.prompt.choices]) == ("rest", ["zero", "keep"])
    assert ana.scan(PAINT).verdict == "E40"
    ana.command("back")
    assert ana.facts == {"GLOVE-L": "40"}
    ana.command("done").press("2")
    assert (ana.verdict, floor.items(number)["A02-1", "PAINT-5L", ""]) == ("G91", (3, None, None))
    cleo.menu("count").command("complete")
    assert (cleo.prompt.step, cleo.facts["Uncounted"]) == ("uncounted", "2")
    assert [choice.code for choice in cleo.prompt.choices] == ["keep", "zero"]
    assert cleo.scan("WH1-A02-1").verdict == "E40"
    cleo.press("1")
    assert (cleo.verdict, ana.moves()[1:]) == ("G93", [])


def test_zeroing_takes_what_the_book_holds_at_that_moment(floor: Floor) -> None:
    floor.plan("A03-1")
    floor.ana.put("GLOVE-M", "A03-1", -5)
    floor.cleo.menu("count").command("complete").press("2")
    assert floor.ana.moves("cycle_count_adjustment") == [
        ("cycle_count_adjustment", "GLOVE-M", "A03-1", "inventory_loss", "", 20)
    ]


def test_a_wrong_code_changes_nothing(floor: Floor) -> None:
    ana = floor.ana
    floor.plan("A02-1")
    ana.menu("count")
    assert ana.scan(GLOVE_L).verdict == "E43"
    assert ana.scan("NO-SUCH").verdict == "E01"
    assert ana.scan("WH1-A01-1").words == "NOTHING TO DO: A01-1 has nothing open for this."
    assert ana.scan("ST1-MAIN").verdict == "E42"
    ana.scan("WH1-A02-1")
    assert ana.type("7").verdict == "E44"
    assert ana.scan("WH1-A03-1").words == "WRONG BIN: This is A03-1. Go to A02-1."
    assert ana.scan("NO-SUCH").verdict == "E01"
    assert ana.scan(GLOVE_L).type("1.5").verdict == "E28"
    assert ana.facts == {"GLOVE-L": "1"}


def test_a_bin_is_counted_by_one_worker_and_a_count_by_several(floor: Floor) -> None:
    floor.plan("A02-1", "A03-1")
    floor.ana.menu("count").scan("WH1-A02-1", GLOVE_L)
    assert floor.ben.menu("count").prompt.target == "A03-1"
    assert floor.ben.scan("WH1-A02-1").words == "TAKEN BY Ana: A02-1 is in work at another station."
    assert floor.ben.scan("WH1-A03-1").verdict == "G04"
    floor.cleo.menu("count").command("complete").press("1")
    assert floor.cleo.words == "TAKEN BY Ana: A02-1 is in work at another station."
    floor.cleo.command("back").scan("WH1-A02-1")
    assert floor.cleo.words == "TAKE OVER?: Ana counts A02-1. Press 1 to count it yourself."
    floor.cleo.press("1")
    assert (floor.cleo.prompt.step, floor.cleo.facts) == ("item", {})
    assert floor.ana.scan(GLOVE_L).verdict == "E41"
    assert floor.ana.prompt.step == "bin"


def test_leaving_a_bin_frees_it_and_keeps_ones_own_tally(floor: Floor) -> None:
    floor.plan("A02-1")
    floor.ana.menu("count").scan("WH1-A02-1", GLOVE_L, GLOVE_L).command("back")
    assert floor.ana.scan("WH1-A02-1").facts == {"GLOVE-L": "2"}
    floor.ana.command("back")
    assert floor.ben.menu("count").scan("WH1-A02-1").facts == {}


# --- plans and empty states -----------------------------------------------------------------------------------------


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


# --- moves while counting, undo, words ------------------------------------------------------------------------------


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
