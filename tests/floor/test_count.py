"""The count flow, step by step through the engine (FLOOR D1-D8, P6)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import select

from ambra_tui.store.models import AuditEntry, OutboxEvent
from ambra_tui.store.scope import organization_of
from tests.floor.counting import (
    CABLE,
    CHOC,
    GLOVE_CASE,
    GLOVE_L,
    GLOVE_M,
    MILK,
    PAINT,
    PHONE,
    Floor,
    everything_told,
    on_sqlite,
)


@pytest.fixture
def floor(store_url: str) -> Iterator[Floor]:
    opened = Floor(store_url)
    yield opened
    opened.store.close()


# --- the scenario ----------------------------------------------------------------------------------------------------


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


# --- counting a bin --------------------------------------------------------------------------------------------------


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
