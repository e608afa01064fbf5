"""The transfer flow, step by step through the engine, on both databases (FLOOR E1, P7)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from ambra_tui.services import catalog, holds, orders, places, transfers
from ambra_tui.store.models import SiteStock, StockLevel
from ambra_tui.store.scope import organization_of, scoped
from tests.floor.test_move import undo_last
from tests.floor.worker import Worker, open_ds1

MILK, GLOVE, PHONE, CHOC, CHOC_CASE, PAINT = (
    "5001000000019", "5001000000040", "5001000000064", "5001000000095", "15001000000092", "5001000000071",
)  # fmt: skip
P7 = (("GLOVE-L", 10), ("CHOC-100", 24))
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])  # the rule does not lie in the database


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    """Ana in the warehouse."""
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


@pytest.fixture
def ben(ana: Worker) -> Worker:
    """Ben in the store."""
    return Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2", site_code="ST1")


@pytest.fixture
def cleo(ana: Worker) -> Worker:
    """Cleo, a supervisor, in the store."""
    return Worker(ana.store, ana.organization_id, "BDG-9001", station="st-3", site_code="ST1")


def plan(worker: Worker, number: str, *lines: tuple[str, int], source: str = "WH1", target: str = "ST1") -> str:
    """A transfer that the office makes."""

    def work(session: Any) -> str:
        new = [
            transfers.NewTransferLine(catalog.variant_by_sku(session, sku).id, Decimal(quantity))
            for sku, quantity in lines
        ]
        made = transfers.create_transfer(
            session,
            source_site_id=places.site_by_code(session, source).id,
            destination_site_id=places.site_by_code(session, target).id,
            lines=new,
            number=number,
        )
        return made.id

    return worker.write(work)


def held(worker: Worker, sku: str) -> tuple[int, int, int]:
    """What the warehouse, the store and the transit hold."""

    def work(session: Any) -> tuple[int, int, int]:
        variant = catalog.variant_by_sku(session, sku)
        found = []
        for code in ("WH1", "ST1"):
            key = (organization_of(session), variant.id, places.site_by_code(session, code).id)
            row = session.get(SiteStock, key, populate_existing=True)
            found.append(int(row.on_hand) if row else 0)
        rows = session.exec(
            scoped(session, StockLevel).where(
                StockLevel.variant_id == variant.id, StockLevel.location_id == "loc_transit"
            )
        )
        return found[0], found[1], int(sum(row.on_hand for row in rows))

    return worker.write(work)


def status_of(worker: Worker, number: str) -> str:
    return worker.write(lambda s: transfers.find_transfer(s, number).status)


def losses(worker: Worker) -> list[int]:
    return worker.write(lambda s: [int(loss.quantity) for loss in transfers.open_losses(s)])


def test_p7_a_transfer_in_two_steps_with_a_loss(ana: Worker, ben: Worker, cleo: Worker) -> None:
    """E1: the same by the engine, the total constant at every moment."""
    plan(ana, "TR-1", *P7)
    ana.menu("transfer").scan("TR-1", "WH1-A02-1", GLOVE).type("10")
    assert ana.verdict == "G35"
    assert held(ana, "GLOVE-L") == (30, 5, 10)  # a load leaves the site at once
    ana.scan("WH1-B02-1", CHOC_CASE)
    assert ana.verdict == "G35"
    assert ana.command("finish").verdict == "G36"
    assert (held(ana, "GLOVE-L"), held(ana, "CHOC-100")) == ((30, 5, 10), (24, 0, 24))
    assert [move[1:] for move in ana.moves("transfer_out")] == [
        ("GLOVE-L", "A02-1", "transit", "", 10),
        ("CHOC-100", "B02-1", "transit", "C7", 24),
    ]
    ben.menu("transfer").scan("TR-1", GLOVE).type("10")
    assert ben.verdict == "G09"
    ben.scan(CHOC).type("25")
    assert (ben.verdict, "At most 24" in ben.words) == ("E14", True)
    assert ben.type("22").verdict == "G09"
    assert ben.command("finish").prompt.step == "ending"
    assert ben.scan(CHOC).verdict == "E40"
    assert ben.press("1").verdict == "W26"
    assert [move[1:] for move in ana.moves("transfer_in")] == [
        ("GLOVE-L", "transit", "MAIN", "", 10),
        ("CHOC-100", "transit", "MAIN", "C7", 22),
    ]
    assert (held(ana, "GLOVE-L"), held(ana, "CHOC-100")) == ((30, 15, 0), (24, 22, 2))
    assert losses(ana) == [2]
    assert ben.scan("TR-1").verdict == "E35"  # the reason is a supervisor's
    assert cleo.menu("transfer").scan("TR-1").prompt.step == "settle"
    assert cleo.press("1").verdict == "G40"
    assert losses(ana) == []
    assert held(ana, "CHOC-100") == (24, 22, 0)
    undo_last(cleo)
    assert (losses(ana), held(ana, "CHOC-100")) == ([2], (24, 22, 2))


def test_what_is_counted_by_scans_is_loaded_when_the_worker_goes_on(ana: Worker) -> None:
    plan(ana, "TR-1", *P7)
    ana.menu("transfer").scan("TR-1", "WH1-A02-1", GLOVE, GLOVE, GLOVE)
    assert (ana.verdict, held(ana, "GLOVE-L")) == ("G17", (40, 5, 0))
    ana.scan("WH1-B02-1")
    assert (ana.verdict, held(ana, "GLOVE-L")) == ("G35", (37, 5, 3))
    ana.scan(CHOC, CHOC).command("finish")
    assert (ana.prompt.step, held(ana, "CHOC-100")) == ("ending", (46, 0, 2))
    assert ana.press("2").prompt.step == "item"
    assert ana.command("finish").press("1").verdict == "G36"
    assert status_of(ana, "TR-1") == "in_transit"


def test_more_than_the_transfer_wants_or_the_bin_holds_is_refused(ana: Worker) -> None:
    plan(ana, "TR-1", ("GLOVE-L", 50), ("CHOC-100", 24))
    ana.menu("transfer").scan("TR-1", "WH1-B02-1", CHOC_CASE, CHOC)
    assert (ana.verdict, "At most 0" in ana.words) == ("E14", True)
    ana.scan("WH1-A02-1", GLOVE).type("51")
    assert ana.verdict == "E14"
    assert ana.type("41").verdict == "E15"
    assert ana.scan("WH1-A01-1").verdict == "G35"  # the one that was scanned
    assert held(ana, "GLOVE-L") == (39, 5, 1)


def test_nothing_loaded_is_not_sent_and_nothing_known_is_told(ana: Worker) -> None:
    plan(ana, "TR-1", *P7)
    ana.menu("transfer")
    assert [choice.label for choice in ana.prompt.choices] == ["TR-1 > ST1"]
    assert ana.scan("TR-9").verdict == "E47"
    assert ana.press("1").verdict == "G20"
    assert ana.command("finish").verdict == "E63"
    assert ana.scan(GLOVE).verdict == "E43"
    assert ana.scan("WH1-A02-1", MILK).verdict == "E06"
    assert ana.scan("ST1-MAIN").verdict == "E42"
    assert ana.scan("WH1-QUAR").verdict == "E17"
    ana.hold("CHOC-100", "C7")
    assert ana.scan("WH1-B02-1", CHOC_CASE).verdict == "E16"
    assert ana.moves() == []


def test_a_transfer_is_shipped_where_it_is_and_received_where_it_goes(ana: Worker, ben: Worker) -> None:
    plan(ana, "TR-1", ("GLOVE-L", 1))
    assert ben.menu("transfer").scan("TR-1").verdict == "E42"
    ana.menu("transfer").scan("TR-1", "WH1-A02-1", GLOVE).command("finish")
    assert ana.scan("TR-1").verdict == "E42"
    assert ben.scan("TR-1", GLOVE).type("1").command("finish").verdict == "G18"
    assert ben.scan("TR-1").verdict == "E33"


def test_somebody_elses_transfer_is_theirs_until_they_leave_it(ana: Worker) -> None:
    plan(ana, "TR-1", *P7)
    dan = Worker(ana.store, ana.organization_id, "BDG-1002", station="st-4")
    ana.menu("transfer").scan("TR-1")
    assert dan.menu("transfer").scan("TR-1").verdict == "E30"
    ana.command("back")
    assert dan.scan("TR-1").verdict == "G20"


def test_each_step_is_taken_back_in_turn(ana: Worker, ben: Worker) -> None:
    plan(ana, "TR-1", *P7)
    ana.menu("transfer").scan("TR-1", "WH1-A02-1", GLOVE).type("10").scan("WH1-B02-1", CHOC_CASE).command("finish")
    ben.menu("transfer").scan("TR-1", GLOVE).type("4").scan(CHOC).type("24").command("finish").press("1")
    assert losses(ana) == [6]
    undo_last(ben)  # the end
    assert (status_of(ana, "TR-1"), losses(ana)) == ("in_transit", [])
    undo_last(ben)
    undo_last(ben)
    assert (held(ana, "GLOVE-L"), held(ana, "CHOC-100")) == ((30, 5, 10), (24, 0, 24))
    undo_last(ana)  # the sending
    assert status_of(ana, "TR-1") == "draft"
    undo_last(ana)
    undo_last(ana)
    assert (held(ana, "GLOVE-L"), held(ana, "CHOC-100")) == ((40, 5, 0), (48, 0, 0))
    lines = ana.write(lambda s: transfers.lines_of(s, transfers.find_transfer(s, "TR-1").id))
    assert [(line.shipped, line.received) for line in lines] == [(0, 0), (0, 0)]


def test_a_receipt_of_promised_stock_stays(ana: Worker, ben: Worker) -> None:
    plan(ana, "TR-1", ("GLOVE-L", 10))
    ana.menu("transfer").scan("TR-1", "WH1-A02-1", GLOVE).type("10").command("finish")
    ben.menu("transfer").scan("TR-1", GLOVE).type("10")
    order = ben.order("SO-S", ("GLOVE-L", 14))  # of 15
    ben.command("undo").press("1")
    assert (ben.verdict, "SO-S" in ben.words, held(ana, "GLOVE-L")) == ("E37", True, (30, 15, 0))
    ben.write(lambda s: orders.cancel_order(s, orders.get_order(s, order.id)))
    ben.press("1")
    assert (ben.verdict, held(ana, "GLOVE-L")) == ("G70", (30, 5, 10))


@pytest.mark.parametrize(("digit", "site", "promised"), [("3", "WH1", 33), ("4", "ST1", 14)])
def test_a_settled_loss_whose_stock_is_promised_by_now_stays_settled(
    ana: Worker, ben: Worker, cleo: Worker, digit: str, site: str, promised: int
) -> None:
    plan(ana, "TR-1", ("GLOVE-L", 10))
    ana.menu("transfer").scan("TR-1", "WH1-A02-1", GLOVE).type("10").command("finish")
    ben.menu("transfer").scan("TR-1", GLOVE).type("7").command("finish").press("1")
    cleo.menu("transfer").press("1").press(digit)
    before = held(ana, "GLOVE-L")
    {"WH1": ana, "ST1": ben}[site].order("SO-S", ("GLOVE-L", promised))
    cleo.command("undo").press("1")
    assert (cleo.verdict, "SO-S" in cleo.words) == ("E37", True)
    assert (held(ana, "GLOVE-L"), losses(ana)) == (before, [])


def test_what_was_received_stays_in_a_bin_that_is_on_hold_since(ana: Worker, ben: Worker) -> None:
    plan(ana, "TR-2", ("GLOVE-L", 5), source="ST1", target="WH1")
    ben.menu("transfer").scan("TR-2", "ST1-MAIN", GLOVE).type("5").command("finish")
    ana.menu("transfer").scan("TR-2", GLOVE).type("3").scan("WH1-A02-1")
    ana.write(lambda s: holds.hold_bin(s, ana.location(s, "A02-1"), reason="leaks"))
    ana.command("undo").press("1")
    assert (ana.verdict, "A02-1 is on hold" in ana.words, ana.on_hand("GLOVE-L", "A02-1")) == ("E37", True, 43)


def test_into_a_site_with_several_places_the_bin_is_scanned_or_the_dock_takes_it(ana: Worker) -> None:
    plan(ana, "TR-2", ("GLOVE-L", 5), source="ST1", target="WH1")
    ben = Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2", site_code="ST1")
    ben.menu("transfer").scan("TR-2", "ST1-MAIN", GLOVE).type("5").command("finish")
    ana.menu("transfer").scan("TR-2", GLOVE).type("3")
    assert (ana.verdict, ana.prompt.target) == ("G17", "RECV")
    assert ana.scan("WH1-C01-1").verdict == "E18"
    assert ana.scan("WH1-QUAR").verdict == "E17"
    assert ana.scan("WH1-A02-1").verdict == "G09"
    ana.scan(GLOVE, GLOVE).command("finish")
    assert ana.verdict == "G18"
    assert [move[2:] for move in ana.moves("transfer_in")] == [("transit", "A02-1", "", 3), ("transit", "RECV", "", 2)]


def test_the_lot_is_asked_where_several_were_sent(ana: Worker, ben: Worker) -> None:
    plan(ana, "TR-1", ("MILK-1L", 8))
    ana.menu("transfer").scan("TR-1", "WH1-A04-1", MILK).type("4").scan("WH1-B04-1", MILK).type("4")
    assert ana.command("finish").verdict == "G36"
    ben.menu("transfer").scan("TR-1", MILK)
    assert (ben.verdict, ben.prompt.step) == ("E20", "lot")
    assert ben.scan("]C110M999").verdict == "E06"
    ben.scan("]C110M090").type("5")
    assert ben.verdict == "E14"
    assert ben.type("4").verdict == "G09"
    ben.scan(MILK).type("4")
    assert ben.command("finish").verdict == "G18"
    assert [move[4:] for move in ana.moves("transfer_in")] == [("M090", 4), ("M100", 4)]


def test_serial_numbers_go_and_come_one_by_one(ana: Worker, ben: Worker) -> None:
    plan(ana, "TR-1", ("PHONE-X", 2))
    for serial in ("SN1", "SN2", "SN3"):
        ana.put("PHONE-X", "A03-1", 1, serial=serial)
    label = f"]d2010{PHONE}21"
    ana.menu("transfer").scan("TR-1", "WH1-A03-1", f"{label}SN1", f"{label}SN1")
    assert ana.verdict == "E39"
    assert ana.scan(PHONE).verdict == "E46"
    assert ana.scan("SN3").command("finish").verdict == "G36"
    ben.menu("transfer").scan("TR-1", f"{label}SN2")
    assert ben.verdict == "E06"
    ben.scan(f"{label}SN3", f"{label}SN1").command("finish")
    assert ben.verdict == "G18"
    assert ana.serials("A03-1") == ["", "SN2"]


@pytest.mark.parametrize("digit", ["2", "3", "4"])
def test_the_reason_of_a_loss_is_a_digit_and_moves_the_rest(ana: Worker, ben: Worker, cleo: Worker, digit: str) -> None:
    plan(ana, "TR-1", ("GLOVE-L", 10))
    ana.menu("transfer").scan("TR-1", "WH1-A02-1", GLOVE).type("10").command("finish")
    ben.menu("transfer").scan("TR-1", GLOVE).type("7").command("finish").press("1")
    cleo.menu("transfer").press("1")
    assert cleo.press(digit).verdict == "G40"
    expected = {"2": (30, 12, 0), "3": (33, 12, 0), "4": (30, 15, 0)}
    assert held(ana, "GLOVE-L") == expected[digit]
    undo_last(cleo)
    assert (held(ana, "GLOVE-L"), losses(ana)) == ((30, 12, 3), [3])


def test_two_stations_ship_the_last_units_and_the_loser_is_told_what_is_there(ana: Worker) -> None:
    plan(ana, "TR-1", ("PAINT-5L", 12))
    plan(ana, "TR-2", ("PAINT-5L", 11))
    dan = Worker(ana.store, ana.organization_id, "BDG-1002", station="st-4")
    for worker, number in ((ana, "TR-1"), (dan, "TR-2")):
        worker.menu("transfer").scan(number, "WH1-B03-1", PAINT)
    assert dan.type("11").verdict == "G35"
    assert (ana.type("12").verdict, "QTY NOW 1" in ana.words) == ("E31", True)
    assert ana.type("1").verdict == "G35"
    assert held(ana, "PAINT-5L") == (0, 0, 12)


@on_sqlite
def test_escape_drops_what_was_counted_and_says_so(ana: Worker) -> None:
    plan(ana, "TR-1", *P7)
    ana.menu("transfer").scan("TR-1", "WH1-A02-1", GLOVE)
    assert ana.command("back").verdict == "W21"
    assert ana.command("back").prompt.step == "bin"
    assert ana.command("back").prompt.step == "document"
    assert ana.command("back").prompt.step == "home"
    assert ana.moves() == []


@on_sqlite
def test_a_transfer_that_the_office_received_meanwhile_leaves_the_screen(ana: Worker, ben: Worker) -> None:
    plan(ana, "TR-1", ("GLOVE-L", 2))
    ana.menu("transfer").scan("TR-1", "WH1-A02-1", GLOVE).type("2").command("finish")
    ben.menu("transfer").scan("TR-1", GLOVE)
    ana.write(lambda s: transfers.receive(s, transfers.find_transfer(s, "TR-1"), [], idempotency_key="office"))
    assert ben.command("nothing").prompt.step == "document"
    assert ben.scan(GLOVE).verdict == "E47"


def test_a_transfers_card_and_what_is_in_transit_are_one_scan_away(ana: Worker) -> None:
    plan(ana, "TR-1", *P7)
    ana.menu("transfer").scan("TR-1", "WH1-A02-1", GLOVE).type("10").command("back").command("back").command("back")
    assert ana.prompt.step == "home"
    ana.scan("TR-1")
    assert (ana.verdict, ana.prompt.target) == ("G14", "TR-1")
    assert ana.facts["WH1 > ST1"] == ""
    assert (ana.facts["State"], ana.facts["GLOVE-L"], ana.facts["CHOC-100"]) == ("draft", "10/10", "0/24")
    ana.scan(GLOVE)
    assert ("transit", "10") in [
        (row.label, row.value) for row in (*ana.prompt.facts, *ana.prompt.contents, *ana.prompt.todo)
    ]
