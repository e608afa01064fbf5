"""The supervisor's recall, and what every station says of the lot from then on (FLOOR E4, issue 4)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlmodel import Session

from ambra_tui.floor.conversation import Entry
from ambra_tui.kit.language import say
from ambra_tui.services import orders, recalls, transfers
from ambra_tui.services.catalog import variant_by_sku
from ambra_tui.services.lists import read_page
from ambra_tui.services.modules import set_modules
from ambra_tui.services.verify import verify_store
from ambra_tui.store.models import Lot
from ambra_tui.store.scope import scoped
from tests.floor.receiving import buy
from tests.floor.test_move import undo_last
from tests.floor.test_transfer import plan
from tests.floor.worker import Worker, open_ds1

MILK = "5001000000019"
M090 = f"]C1010{MILK}10M090"
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])  # the rule does not lie in the database


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


@pytest.fixture
def cleo(ana: Worker) -> Worker:
    return Worker(ana.store, ana.organization_id, "BDG-9001", station="st-2")


@pytest.fixture
def ben(ana: Worker) -> Worker:
    return Worker(ana.store, ana.organization_id, "BDG-1002", station="st-3")


def recall(cleo: Worker, label: str = M090) -> Worker:
    cleo.menu("desk").press("3").scan(label)
    return cleo.command("go").press("1")


def status_of(worker: Worker, number: str = "M090") -> str:
    return worker.write(lambda s: s.exec(scoped(s, Lot).where(Lot.lot_number == number)).one().status)


def test_a_supervisor_sees_what_it_hits_recalls_it_and_other_stations_refuse_it_at_once(
    ana: Worker, ben: Worker, cleo: Worker
) -> None:
    gone = ana.order("SO-9", ("MILK-1L", 2), customer={"name": "Zoe"})
    ana.write(lambda s: orders.fulfill_order(s, orders.get_order(s, gone.id)))
    ana.order("SO-1", ("MILK-1L", 6))
    ben.menu("pick").scan("SO-1")
    assert ben.prompt.target == "B04-1"
    ben.scan("WH1-B04-1")

    cleo.menu("desk").press("3").scan(M090)
    assert (cleo.verdict, cleo.prompt.step, cleo.prompt.target) == ("G06", "card", "M090")
    assert cleo.facts == {
        "MILK-1L": "active", "In stock": "8", "Orders": "1", "Customers": "1", "Lots made": "0", "Assigned": "SO-1",
    }  # fmt: skip
    assert [row.label for row in cleo.prompt.todo] == ["SO-9"]
    assert status_of(ana) == "active"  # looking changes nothing
    cleo.command("go")
    assert (cleo.prompt.step, cleo.prompt.is_dialog) == ("why", True)
    assert cleo.scan(M090).verdict == "E40"
    cleo.press("1")
    assert (cleo.verdict, status_of(ana)) == ("G42", "recalled")
    assert "Orders it had reached: 1" in cleo.words

    ben.scan(MILK)
    assert (ben.verdict, "M090" in ben.words, "recalled" in ben.words) == ("E76", True, True)
    assert ben.prompt.target == "A04-1"
    ben.scan("WH1-A04-1", f"]C1010{MILK}10M090")
    assert ben.verdict == "E76"
    ben.scan(MILK, "T1")
    assert ana.moves("pick_move")[-1][2:] == ("A04-1", "T1", "M100", 6)

    def lists(session: Session) -> tuple[list[str], list[str]]:
        lot = session.exec(scoped(session, Lot).where(Lot.lot_number == "M090")).one()
        return (
            [f"{row.title} {row.details[-1]}" for row in read_page(session, f"reached:{lot.id}").rows],
            [row.title for row in read_page(session, f"trace:{lot.id}").rows],
        )

    assert ana.write(lists) == (["SO-9 order_fulfilled"], ["order_fulfilled", "opening_balance"])
    words = {say("de", f"desk.word_order_{state}") for state in orders.STATE_WORDS.values()}
    assert words == {"Entwurf", "offen", "reserviert", "versandt", "storniert"}
    keys = {command.key: command.name for command in cleo.prompt.commands}
    assert (keys["f6"].partition(":")[0], keys["f7"].partition(":")[0]) == ("page.reached", "page.trace")
    assert verify_store(ana.store).is_clean


def test_what_was_picked_of_it_may_not_leave_and_goes_to_quarantine_only(
    ana: Worker, ben: Worker, cleo: Worker
) -> None:
    ana.order("SO-1", ("MILK-1L", 6))
    ben.menu("pick").scan("SO-1", "WH1-B04-1", MILK, "T1")
    assert ben.prompt.step == "done"
    recall(cleo)
    ben.command("ship")
    assert (ben.verdict, "M090" in ben.words) == ("E76", True)
    assert ana.moves("order_fulfilled") == []
    ben.command("home")
    ben.menu("move").scan("T1", MILK).type("6").scan("WH1-A02-1")
    assert ben.verdict == "E76"
    ben.scan("WH1-QUAR")
    assert (ben.verdict, ben.moves("bin_move")[-1][2:]) == ("W25", ("T1", "QUAR", "M090", 6))
    ben.command("back").menu("pick").scan("SO-1")
    assert ben.prompt.target == "A04-1"
    assert verify_store(ana.store).is_clean


@on_sqlite
def test_it_is_not_loaded_onto_a_transfer(ana: Worker, cleo: Worker) -> None:
    plan(ana, "TR-1", ("MILK-1L", 5))
    recall(cleo)
    ana.menu("transfer").scan("TR-1", "WH1-B04-1", MILK)
    assert ana.verdict == "E76"
    assert ana.write(lambda s: (transfers.find_transfer(s, "TR-1") or pytest.fail()).status) == "draft"


@on_sqlite
def test_what_still_comes_of_it_is_on_hold_and_put_away_nowhere(ana: Worker, cleo: Worker) -> None:
    recall(cleo, f"]C1010{MILK}10M120")
    buy(ana, "PO-7", ("MILK-1L", 12))
    ana.menu("receive").scan("PO-7", f"]C1010{MILK}1726060110M120").type("5").scan("WH1-RECV")
    assert (ana.verdict, ana.moves("purchase_received")[-1][4:]) == ("W25", ("M120", 5))
    while ana.reply.flow != "home":
        ana.command("back")
    ana.menu("putaway").scan("WH1-RECV", MILK).scan("WH1-C04-1")
    assert (ana.verdict, "M120" in ana.words) == ("E76", True)
    assert ana.moves("bin_move") == []


@on_sqlite
def test_a_recall_is_ended_at_the_same_card_and_both_can_be_undone(ana: Worker, ben: Worker, cleo: Worker) -> None:
    ana.order("SO-1", ("MILK-1L", 8))
    ben.menu("pick").scan("SO-1")
    recall(cleo)
    assert ben.command("nothing").prompt.target == "A04-1"
    undo_last(cleo)
    assert status_of(ana) == "active"
    assert ben.command("nothing").prompt.target == "B04-1"
    cleo.command("go").press("2")
    assert status_of(ana) == "recalled"
    for _ in range(3):
        cleo.command("back")
    cleo.menu("waste").command("hold").scan(M090)
    assert (cleo.reply.flow, cleo.prompt.step) == ("recall", "card")
    cleo.command("go").press("2")
    assert (cleo.verdict, status_of(ana)) == ("G39", "active")
    undo_last(cleo)
    assert status_of(ana) == "recalled"


@on_sqlite
def test_a_question_that_was_answered_elsewhere_is_asked_no_more(ana: Worker, cleo: Worker) -> None:
    def office(session: Session) -> None:
        recalls.recall(session, session.exec(scoped(session, Lot).where(Lot.lot_number == "M090")).one(), reason="x")

    cleo.menu("desk").press("3").scan(M090)
    assert cleo.command("go").prompt.step == "why"
    ana.write(office)
    assert cleo.enter(Entry("choice", "other")).verdict == "E41"
    assert (cleo.prompt.step, status_of(ana)) == ("card", "recalled")
    cleo.command("go").press("1").command("go")
    assert (cleo.prompt.step, status_of(ana)) == ("why", "active")
    undo_last(cleo)
    assert cleo.press("6").verdict == "E41"
    assert (cleo.prompt.step, status_of(ana)) == ("card", "recalled")


@on_sqlite
def test_an_item_asks_for_its_lot_and_what_is_no_lot_is_refused(ana: Worker, cleo: Worker) -> None:
    cleo.menu("desk").press("3").scan(MILK)
    assert (cleo.verdict, cleo.prompt.step) == ("E07", "number")
    assert cleo.type("M999").verdict == "E39"
    assert cleo.type("M100").prompt.target == "M100"
    assert cleo.command("back").prompt.step == "lot"
    assert cleo.scan("5001000000040").verdict == "E43"
    assert cleo.scan("NO-SUCH").verdict == "E01"
    assert cleo.command("back").reply.flow == "desk"


@on_sqlite
def test_without_the_module_nothing_is_recalled_and_operators_never_do(ana: Worker, cleo: Worker) -> None:
    lot = ana.write(lambda s: s.exec(scoped(s, Lot).where(Lot.lot_number == "M090")).one())
    assert lot.variant_id == ana.write(lambda s: variant_by_sku(s, "MILK-1L")).id
    assert [command.key for command in ana.scan(M090).prompt.commands] == ["f9", "f11"]
    assert [command.key for command in cleo.scan(M090).prompt.commands] == ["f7", "f6", "f9", "f11"]
    assert ana.command("home").menu("recall").verdict == "E35"
    cleo.write(lambda s: set_modules(s, []))
    assert "recall" not in [choice.code for choice in cleo.command("home").menu("desk").prompt.choices]
    assert cleo.command("home").menu("recall").verdict == "E74"
