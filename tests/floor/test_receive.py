"""The receive flow, step by step through the engine, on both databases (FLOOR B1-B8, B11, P1-P3, P9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ambra_tui.services import catalog, lots, purchasing
from ambra_tui.store.models import PurchaseOrder, SiteStock, StockLevel
from ambra_tui.store.scope import organization_of, scoped
from tests.floor.receiving import (
    BOLT,
    BOLT_CASE,
    CHOC,
    GLOVE,
    GS,
    MILK,
    MILK_LABEL,
    PAINT,
    PLATE,
    begin,
    buy,
    exceptions,
    on_sqlite,
    order_of,
    plates,
)
from tests.floor.worker import Worker, open_ds1


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


# --- the scenarios ---------------------------------------------------------------------------------------------------


def test_p1_a_pallet_by_its_number_and_label_then_loose_cases(ana: Worker) -> None:
    buy(ana, "PO-1001", ("MILK-1L", 120), ("BOLT-M8", 1000))
    begin(ana, "PO-1001").scan(f"]C100{PLATE}", MILK_LABEL)
    assert (ana.verdict, ana.prompt.step, ana.prompt.target) == ("G17", "bin", "RECV")
    assert ana.facts == {"MILK-1L": "120/120", "Lot": "M130", "Expiry": "2026-07-15", "Plate": PLATE}
    assert ana.moves() == []
    ana.scan("WH1-RECV")
    assert ana.verdict == "G09"
    ana.scan(*[BOLT_CASE] * 10)
    assert ana.verdict == "G28"
    ana.scan("WH1-RECV")
    assert ana.verdict == "G04"
    assert ana.moves() == [
        ("purchase_received", "MILK-1L", "supplier", "RECV", "M130", 120),
        ("purchase_received", "BOLT-M8", "supplier", "RECV", "", 1000),
    ]
    assert plates(ana) == {PLATE: ("RECV", 120)}
    assert [code for code in ana.codes if code.startswith(("E", "W"))] == []
    ana.command("close")
    assert (ana.verdict, ana.reply.flow) == ("G18", "home")
    assert order_of(ana, "PO-1001") == ("received", "", [120, 1000])

    def milk(session: Any) -> str:
        return str(lots.find_lot(session, catalog.variant_by_sku(session, "MILK-1L").id, "M130").expiry_date)

    assert ana.write(milk) == "2026-07-15"


def test_p2_short_dated_over_damaged_and_closed_short(ana: Worker) -> None:
    buy(ana, "PO-1002", ("YOG-150", 100), tolerance=5)
    buy(ana, "PO-1003", ("PAINT-5L", 20))
    begin(ana, "PO-1002").scan(f"]C10105001000000026172603153010{GS}10Y1")
    assert (ana.verdict, ana.moves(), ana.facts.get("Lot")) == ("E11", [], None)
    ana.scan("]C101050010000000261726053010Y2").type("106")
    assert ana.words == "OVER QTY: At most 105 more. Nothing was posted."
    ana.type("104")
    assert ana.words.startswith("OVER +4")
    assert ana.moves() == [("purchase_received", "YOG-150", "supplier", "RECV", "Y2", 104)]
    assert order_of(ana, "PO-1002") == ("received", "", [104])
    ana.command("close").menu("receive").scan("PO-1003")

    ana.scan(*[PAINT] * 17, "WH1-RECV").command("damaged")
    assert (ana.verdict, ana.facts["DAMAGED"]) == ("W22", "QUAR")
    ana.scan(PAINT)
    assert ana.verdict == "W09"
    ana.scan("WH1-QUAR").command("close")
    assert (ana.prompt.step, ana.prompt.is_dialog, ana.facts) == ("close", True, {"PAINT-5L": "2 missing"})
    ana.press("1")
    assert (ana.verdict, ana.reply.flow) == ("W10", "home")
    assert ana.moves()[1:] == [
        ("purchase_received", "PAINT-5L", "supplier", "RECV", "", 17),
        ("purchase_received", "PAINT-5L", "supplier", "QUAR", "", 1),
    ]
    assert order_of(ana, "PO-1003") == ("received", "SHORT", [18])
    assert exceptions(ana) == [("short_receipt", 2, "SHORT", "open")]

    def paint(session: Any) -> tuple[int, int]:
        variant = catalog.variant_by_sku(session, "PAINT-5L")
        stock = session.get(SiteStock, (organization_of(session), variant.id, ana.place.site_id))
        return int(stock.on_hand), int(stock.on_hand - stock.reserved - stock.held)

    assert ana.write(paint) == (30, 29)


def test_p3_serials_one_by_one(ana: Worker) -> None:
    buy(ana, "PO-1004", ("PHONE-X", 3))
    label = "]d20105001000000064"
    begin(ana, "PO-1004").scan(f"{label}21SN0001", f"{label}21SN0001")
    assert ana.words == "DUP SERIAL: SN0001 is already in RECV."
    ana.scan(f"{label}21SN0002", f"{label}21SN0003")
    assert ana.facts["PHONE-X"] == "3/3"
    ana.scan(f"{label}21SN0004")
    assert (ana.codes, ana.facts["PHONE-X"]) == (["G08", "E13", "G08", "G08", "E14"], "3/3")
    assert ana.moves() == [("purchase_received", "PHONE-X", "supplier", "RECV", "", 1)] * 3

    def serials(session: Any) -> list[str]:
        rows = session.exec(scoped(session, StockLevel).where(StockLevel.serial != "", StockLevel.on_hand > 0)).all()
        return sorted(row.serial for row in rows)

    assert ana.write(serials) == ["SN0001", "SN0002", "SN0003"]


@pytest.mark.parametrize("way", ["label", "typed"])
def test_p9_twenty_four_units_in_a_row_and_no_twenty_fifth(ana: Worker, way: str) -> None:
    buy(ana, "PO-1005", ("CHOC-100", 24), tolerance=0)
    begin(ana, "PO-1005")
    if way == "label":
        ana.scan("]C101050010000000951726113010C8").scan(*[CHOC] * 24)
        assert all(code.startswith("G") for code in ana.codes)
    else:
        ana.scan(CHOC).type("C8").type("30.11.2026").scan(*[CHOC] * 23)
        assert ana.codes[:3] == ["G30", "G06", "G27"]
    assert ana.facts["CHOC-100"] == "24/24"
    assert ana.moves() == [("purchase_received", "CHOC-100", "supplier", "RECV", "C8", 24)]
    ana.scan(CHOC)
    assert (ana.verdict, ana.facts["CHOC-100"], len(ana.moves())) == ("E14", "24/24", 1)


# --- goods that nobody ordered ---------------------------------------------------------------------------------------


def test_b8_an_unexpected_item_is_kept_on_the_exception_list(ana: Worker) -> None:
    """B8: an unexpected item lands in RECV and on the exception list."""
    buy(ana, "PO-1", ("BOLT-M8", 100))
    begin(ana, "PO-1").scan(GLOVE, GLOVE)
    assert (ana.codes, ana.moves()) == (["W18", "W18"], [])
    ana.scan("WH1-RECV")
    assert (ana.verdict, exceptions(ana)) == ("W07", [("unexpected_item", 2, "", "open")])
    assert ana.moves() == [("purchase_received", "GLOVE-L", "supplier", "RECV", "", 2)]
    assert order_of(ana, "PO-1") == ("ordered", "", [0])


def test_b8_a_blind_receipt_is_kept_on_the_exception_list(ana: Worker) -> None:
    """B8: a receipt without an order lands in RECV and on the exception list."""
    ana.menu("receive").command("blind").scan(f"00{PLATE}", MILK_LABEL, "WH1-RECV")
    assert (ana.verdict, exceptions(ana)) == ("W13", [("blind_receipt", 120, "", "open")])
    assert plates(ana) == {PLATE: ("RECV", 120)}
    ana.scan("]d2010500100000006421SN1").command("close")
    assert (ana.verdict, ana.reply.flow, len(exceptions(ana))) == ("G03", "home", 2)


# --- learning --------------------------------------------------------------------------------------------------------


def test_b11_a_supervisor_teaches_an_unknown_code_in_place(ana: Worker) -> None:
    """B11: an unknown barcode is learned in place by a supervisor; the next scan works."""
    buy(ana, "PO-1", ("BOLT-M8", 1000))
    begin(ana, "PO-1").scan("BOX-OF-BOLTS")
    assert ana.verdict == "E01"
    ana.scan("BDG-9001").type("4711")
    assert ana.words == "APPROVED: Cleo allowed it."
    ana.scan("nothing")
    assert ana.verdict == "E44"
    ana.scan(BOLT_CASE)
    assert ana.verdict == "G22"
    ana.scan("BOX-OF-BOLTS")
    assert (ana.verdict, ana.facts["BOLT-M8"]) == ("G17", "100/1000")


@on_sqlite
def test_learning_can_be_left(ana: Worker) -> None:
    buy(ana, "PO-1", ("BOLT-M8", 1000))
    begin(ana, "PO-1").scan("BOX").scan("BDG-9001").type("4711").command("back").scan(BOLT, "BOX")
    assert ana.codes[-2:] == ["G17", "E01"]


# --- the order -------------------------------------------------------------------------------------------------------


@on_sqlite
def test_orders_that_cannot_be_received_are_refused_by_name(ana: Worker) -> None:
    buy(ana, "PO-D", ("BOLT-M8", 1), is_draft=True)
    buy(ana, "PO-C", ("BOLT-M8", 1))
    buy(ana, "PO-R", ("BOLT-M8", 1))

    def work(session: Any) -> None:
        purchasing.cancel_purchase_order(session, purchasing.find_purchase_order(session, "PO-C"))
        order = purchasing.find_purchase_order(session, "PO-R")
        purchasing.receive_order(session, order, idempotency_key="x")

    ana.write(work)
    ana.menu("receive")
    for code, verdict in (("PO-D", "E48"), ("PO-C", "E32"), ("PO-R", "E33"), ("PO-9", "E47"), ("5001000000018", "E47")):
        ana.scan(code)
        assert (code, ana.verdict, ana.prompt.step) == (code, verdict, "order")
    store = Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2", site_code="ST1")
    buy(ana, "PO-W", ("BOLT-M8", 1))
    store.menu("receive").scan("PO-W")
    assert store.words == "OTHER SITE: PO-W belongs to WH1. Sign in there."


@on_sqlite
def test_an_order_is_changed_by_scanning_another_one(ana: Worker) -> None:
    buy(ana, "PO-1", ("BOLT-M8", 10))
    buy(ana, "PO-2", ("BOLT-M8", 10))
    begin(ana, "PO-1").scan(BOLT, "PO-2")
    assert ana.verdict == "E43"
    ana.scan("WH1-RECV", "PO-2")
    assert (ana.verdict, ana.prompt.title) == ("G20", "Receive PO-2")


def test_closing_asks_for_the_reason_and_may_leave_the_order_open(ana: Worker) -> None:
    buy(ana, "PO-1", ("BOLT-M8", 10))
    begin(ana, "PO-1").command("close")
    assert ana.verdict == "E60"
    ana.scan(BOLT, "WH1-RECV").command("close").scan("WH1-RECV")
    assert (ana.verdict, ana.prompt.step) == ("E40", "close")
    ana.command("back")
    assert ana.prompt.step == "item"
    ana.command("close").press("9")
    assert (ana.verdict, ana.reply.flow) == ("G29", "home")
    assert order_of(ana, "PO-1") == ("partially_received", "", [1])
    begin(ana, "PO-1").command("close").press("2")
    assert order_of(ana, "PO-1") == ("received", "REFUSED", [1])


@on_sqlite
def test_closing_names_how_many_items_are_incomplete(ana: Worker) -> None:
    buy(ana, "PO-1", ("BOLT-M8", 10), ("PAINT-5L", 2), ("CABLE-2M", 1))
    begin(ana, "PO-1").scan("5001000000118").command("close")
    assert ana.prompt.ask == "2 items incomplete. Why?"
    assert ana.facts == {"BOLT-M8": "10 missing", "PAINT-5L": "2 missing"}


def test_every_step_can_be_left_with_one_key(ana: Worker) -> None:
    buy(ana, "PO-1", ("MILK-1L", 240))
    begin(ana, "PO-1").scan(f"00{PLATE}", MILK_LABEL).command("back")
    assert (ana.words, ana.prompt.step) == ("DROPPED 120: 120 MILK-1L were counted and not posted.", "item")
    ana.scan(MILK).command("back").command("back")
    assert ana.prompt.step == "order"
    ana.command("back")
    assert (ana.reply.flow, ana.moves()) == ("home", [])


@on_sqlite
def test_unknown_and_broken_codes_are_refused_and_the_step_stays(ana: Worker) -> None:
    buy(ana, "PO-1", ("MILK-1L", 240))
    begin(ana, "PO-1").scan(MILK_LABEL)
    for code, verdict in (("5001000000156", "E01"), ("5001000000018", "E23"), ("]C10105001000000019XX", "E24")):
        ana.scan(code)
        assert (code, ana.verdict, ana.facts["MILK-1L"]) == (code, verdict, "120/240")


@on_sqlite
def test_practice_codes_make_sense_at_every_step(ana: Worker) -> None:
    buy(ana, "PO-1", ("MILK-1L", 120), ("PHONE-X", 1))

    def right(label: str) -> str:
        return next(code.text for code in ana.prompt.practice if code.is_right and label in code.label)

    ana.menu("receive").scan(right("PO-1")).scan(right("pallet")).scan(right("MILK-1L: label")).scan(right("RECV"))
    ana.scan(right("PHONE-X")).scan(right("Serial"))
    assert (ana.verdict, order_of(ana, "PO-1")[0]) == ("G08", "received")
    wrong = [code for code in ana.prompt.practice if not code.is_right]
    assert wrong


@on_sqlite
def test_texts_fit_the_smallest_screen_in_every_language(ana: Worker) -> None:
    from ambra_tui.kit.language import languages, say

    for language in languages():
        for step in (
            "order",
            "item",
            "label",
            "lot",
            "expiry",
            "serial",
            "bin",
            "bin_damaged",
            "complete",
            "close",
            "pin",
            "learn",
        ):
            assert len(say(language, f"receive.ask_{step}")) <= 40


def test_the_wide_screen_shows_what_is_left_and_what_the_dock_holds(ana: Worker) -> None:
    buy(ana, "PO-1", ("MILK-1L", 120), ("BOLT-M8", 10))
    begin(ana, "PO-1").scan(f"00{PLATE}", MILK_LABEL, "WH1-RECV", BOLT)
    assert [(row.label, row.value, row.done) for row in ana.prompt.todo] == [
        ("BOLT-M8", "0/10", False),
        ("MILK-1L", "120/120", True),
    ]
    assert ana.prompt.progress == (1, 10)
    assert (ana.prompt.contents_title, [row.label for row in ana.prompt.contents]) == ("In RECV", [PLATE])
    assert [order.number for order in ana.write(lambda s: s.exec(scoped(s, PurchaseOrder)).all())] == ["PO-1"]
