"""The receive flow, step by step through the engine, on both databases (FLOOR B1-B8, B11, P1-P3, P9)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import select

from ambra_tui.services import catalog, lots, purchasing, suppliers
from ambra_tui.services.purchasing import NewPurchaseLine
from ambra_tui.store.models import AuditEntry, Discrepancy, LicensePlate, Location, PurchaseOrder, SiteStock, StockLevel
from ambra_tui.store.scope import organization_of, scoped
from tests.floor.worker import Worker, open_ds1

GS = "\x1d"
MILK, YOG, BOLT, PHONE, PAINT, CHOC, GLOVE = (
    "5001000000019", "5001000000026", "5001000000033", "5001000000064", "5001000000071", "5001000000095",
    "5001000000040",
)  # fmt: skip
MILK_CASE, BOLT_CASE = "15001000000016", "15001000000030"
PLATE, NEXT_PLATE, THIRD_PLATE = "050010000000000019", "050010000000000026", "050010000000000033"
MILK_LABEL = f"]C102{MILK_CASE}172607153710{GS}10M130"
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])  # the rule does not lie in the database


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


def buy(worker: Worker, number: str, *lines: tuple[str, int], tolerance: int | None = None, **more: Any) -> None:
    """A purchase order of (SKU, quantity) lines."""

    def work(session: Any) -> None:
        vendor = suppliers.find_supplier(session, "ACME") or suppliers.create_supplier(session, name="A", code="ACME")
        new = [
            NewPurchaseLine(
                catalog.variant_by_sku(session, sku).id,
                Decimal(quantity),
                tolerance_percent=None if tolerance is None else Decimal(tolerance),
            )
            for sku, quantity in lines
        ]
        site_id = worker.place.site_id
        purchasing.create_purchase_order(
            session, supplier_id=vendor.id, site_id=site_id, lines=new, number=number, **more
        )

    worker.write(work)


def order_of(worker: Worker, number: str) -> tuple[str, str, list[int]]:
    """Status, reason of a short close, and what each line received."""

    def work(session: Any) -> tuple[str, str, list[int]]:
        order = purchasing.find_purchase_order(session, number)
        lines = purchasing.lines_of(session, order.id)
        return order.status, order.close_reason, [int(line.received) for line in lines]

    return worker.write(work)


def plates(worker: Worker) -> dict[str, tuple[str, int]]:
    """What each plate carries, and where: code -> (bin, quantity)."""

    def work(session: Any) -> dict[str, tuple[str, int]]:
        found = {}
        for plate in session.exec(scoped(session, LicensePlate)).all():
            rows = session.exec(
                scoped(session, StockLevel).where(StockLevel.plate_id == plate.id, StockLevel.on_hand > 0)
            ).all()
            for row in rows:
                bin_code = session.get(Location, (row.organization_id, row.location_id)).code
                found[plate.code] = (bin_code, int(row.on_hand))
        return found

    return worker.write(work)


def exceptions(worker: Worker) -> list[tuple[str, int, str, str]]:
    return worker.write(
        lambda session: [
            (row.kind, int(row.quantity), row.reason, row.status)
            for row in session.exec(scoped(session, Discrepancy).order_by(Discrepancy.created_at)).all()
        ]
    )


def audits(worker: Worker, act: str) -> list[dict[str, Any]]:
    return worker.write(
        lambda session: [
            dict(row.details)
            for row in session.exec(
                select(AuditEntry).where(AuditEntry.organization_id == organization_of(session), AuditEntry.act == act)
            ).all()
        ]
    )


def begin(worker: Worker, number: str) -> Worker:
    worker.menu("receive").scan(number)
    assert worker.verdict == "G20"
    worker.codes.clear()
    return worker


# --- the scenarios --------------------------------------------------------------------------------------------------


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


# --- plates ---------------------------------------------------------------------------------------------------------


def test_b1_the_second_pallet_of_a_label_needs_one_scan(ana: Worker) -> None:
    """B1: one label gives item, lot, expiry and quantity; the second pallet of it is its SSCC alone."""
    buy(ana, "PO-1", ("MILK-1L", 240))
    begin(ana, "PO-1").scan(f"00{PLATE}", MILK_LABEL, "WH1-RECV", f"00{NEXT_PLATE}")
    assert ana.codes[-1] == "G28"
    assert plates(ana) == {PLATE: ("RECV", 120), NEXT_PLATE: ("RECV", 120)}
    assert order_of(ana, "PO-1") == ("received", "", [240])
    ana.scan(MILK_LABEL)
    assert (ana.verdict, len(ana.moves())) == ("W19", 2)
    ana.scan("WH1-RECV")
    assert (ana.verdict, len(ana.moves())) == ("G04", 2)


def test_the_label_of_a_copied_plate_wins_over_the_copy(ana: Worker) -> None:
    buy(ana, "PO-1", ("MILK-1L", 360))
    begin(ana, "PO-1").scan(f"00{PLATE}", MILK_LABEL, "WH1-RECV", f"00{NEXT_PLATE}")
    ana.scan(f"]C102{MILK_CASE}17260801375{GS}10M131")
    assert ana.verdict == "W20"
    assert ana.moves()[1:] == [
        ("purchase_received", "MILK-1L", "supplier", "RECV", "M130", 120),
        ("reversal", "MILK-1L", "RECV", "supplier", "M130", 120),
        ("purchase_received", "MILK-1L", "supplier", "RECV", "M131", 60),
    ]
    assert plates(ana) == {PLATE: ("RECV", 120), NEXT_PLATE: ("RECV", 60)}
    assert order_of(ana, "PO-1") == ("partially_received", "", [180])


def test_a_label_that_is_refused_still_takes_the_copy_back(ana: Worker) -> None:
    buy(ana, "PO-1", ("MILK-1L", 360))
    begin(ana, "PO-1").scan(f"00{PLATE}", MILK_LABEL, "WH1-RECV", f"00{NEXT_PLATE}")
    ana.scan(f"]C102{MILK_CASE}17260310375{GS}10M132")
    assert (ana.verdict, ana.facts["Plate"]) == ("E11", NEXT_PLATE)
    assert plates(ana) == {PLATE: ("RECV", 120)}
    assert order_of(ana, "PO-1") == ("partially_received", "", [120])


@on_sqlite
def test_a_plate_is_not_copied_when_less_is_to_come(ana: Worker) -> None:
    buy(ana, "PO-1", ("MILK-1L", 200))
    begin(ana, "PO-1").scan(f"00{PLATE}", MILK_LABEL, "WH1-RECV", f"00{NEXT_PLATE}")
    assert (ana.verdict, ana.facts["Plate"], len(ana.moves())) == ("G07", NEXT_PLATE, 1)


def test_a_plate_is_used_once(ana: Worker) -> None:
    buy(ana, "PO-1", ("MILK-1L", 480))
    begin(ana, "PO-1").scan(f"00{PLATE}", MILK_LABEL, "WH1-RECV", f"00{NEXT_PLATE}", f"00{NEXT_PLATE}")
    assert ana.words == f"LP ALREADY USED: {NEXT_PLATE} is already in RECV. Use a new plate."
    ana.scan(f"00{PLATE}")
    assert (ana.verdict, len(ana.moves())) == ("E22", 2)


def test_a_mixed_pallet_takes_one_item_after_the_other_where_it_stands(ana: Worker) -> None:
    buy(ana, "PO-1", ("MILK-1L", 480), ("BOLT-M8", 500))
    begin(ana, "PO-1").scan(f"00{PLATE}", MILK_LABEL, "WH1-RECV", f"00{PLATE}")
    assert (ana.verdict, len(ana.moves())) == ("G07", 1)
    ana.scan(BOLT_CASE, "WH1-C03-1")
    assert (ana.verdict, len(ana.moves())) == ("E22", 1)
    ana.scan("WH1-RECV")
    assert ana.moves()[1:] == [("purchase_received", "BOLT-M8", "supplier", "RECV", "", 100)]
    assert plates(ana).keys() == {PLATE}
    ana.scan(f"00{NEXT_PLATE}")
    assert (ana.verdict, len(ana.moves())) == ("G07", 2)


@on_sqlite
def test_a_pallet_label_read_twice_counts_once(ana: Worker) -> None:
    buy(ana, "PO-1", ("MILK-1L", 480))
    begin(ana, "PO-1").scan(f"00{PLATE}", MILK_LABEL, MILK_LABEL)
    assert (ana.verdict, ana.facts["MILK-1L"]) == ("W08", "120/480")


@on_sqlite
def test_labels_with_a_count_add_up_without_a_plate_and_wait_for_the_bin(ana: Worker) -> None:
    buy(ana, "PO-1", ("MILK-1L", 240))
    begin(ana, "PO-1").scan(MILK_LABEL, MILK_LABEL)
    assert (ana.facts["MILK-1L"], ana.moves()) == ("240/240", [])
    ana.scan("WH1-RECV")
    assert ana.moves() == [("purchase_received", "MILK-1L", "supplier", "RECV", "M130", 240)]


@on_sqlite
def test_a_plate_may_be_scanned_before_the_order_and_a_number_of_ours_is_given(ana: Worker) -> None:
    buy(ana, "PO-1", ("MILK-1L", 240))
    ana.menu("receive").scan(f"00{PLATE}", "PO-1")
    assert ana.facts["Plate"] == PLATE
    ana.scan(MILK_LABEL, "WH1-RECV").command("plate")
    own = ana.facts["Plate"]
    ana.scan(MILK_LABEL, "WH1-RECV")
    assert plates(ana) == {PLATE: ("RECV", 120), own: ("RECV", 120)}
    ana.scan(f"00{PLATE}")
    assert ana.verdict == "E22"


@on_sqlite
def test_one_label_may_hold_the_plate_and_its_content(ana: Worker) -> None:
    buy(ana, "PO-1", ("MILK-1L", 120))
    begin(ana, "PO-1").scan(f"]C100{PLATE}02{MILK_CASE}172607153710{GS}10M130", "WH1-RECV")
    assert plates(ana) == {PLATE: ("RECV", 120)}


# --- lots and dates -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codes", [("]C110M130", "]C117260715"), ("]C117260715", "]C110M130")])
def test_b2_lot_and_expiry_come_in_any_order(ana: Worker, codes: tuple[str, str]) -> None:
    """B2: lot in one code, expiry in another, in any order."""
    buy(ana, "PO-1", ("MILK-1L", 48))
    begin(ana, "PO-1").scan(MILK_CASE, "WH1-RECV")
    assert ana.verdict == "E07"
    ana.scan(codes[0], "WH1-RECV")
    assert ana.verdict == ("E08" if codes[0].startswith("]C110") else "E07")
    ana.scan(codes[1], MILK_CASE, "WH1-RECV")
    assert ana.moves() == [("purchase_received", "MILK-1L", "supplier", "RECV", "M130", 24)]
    assert plates(ana) == {}


@on_sqlite
@pytest.mark.parametrize(
    "typed", ["2026-07-15", "15.07.2026", "15.7.26", "20260715", "260715", "17260715", "15/07/2026"]
)
def test_dates_are_typed_as_people_write_them(ana: Worker, typed: str) -> None:
    buy(ana, "PO-1", ("MILK-1L", 48))
    begin(ana, "PO-1").scan(MILK_CASE).type("M130").type("no date")
    assert (ana.verdict, ana.prompt.step) == ("E29", "expiry")
    ana.type(typed)
    assert ana.facts["Expiry"] == "2026-07-15"


def test_b5_another_expiry_of_a_known_lot_is_refused_and_a_missing_one_is_taken_from_it(ana: Worker) -> None:
    """B5: another expiry is refused and nothing posted; a missing one blanks nothing."""
    buy(ana, "PO-1", ("MILK-1L", 480))
    begin(ana, "PO-1").scan(f"]C102{MILK_CASE}172604113710{GS}10M100")
    assert ana.words == "EXPIRY DIFFERS: Lot M100 expires 2026-04-10, the label says 2026-04-11. Nothing was posted."
    assert ana.moves() == []
    ana.scan(f"]C102{MILK_CASE}3710{GS}10M100")
    assert ana.facts["Expiry"] == "2026-04-10"
    ana.scan("WH1-RECV")

    def expiry(session: Any) -> str:
        return str(lots.find_lot(session, catalog.variant_by_sku(session, "MILK-1L").id, "M100").expiry_date)

    assert (ana.verdict, ana.write(expiry)) == ("G09", "2026-04-10")
    ana.scan(MILK).type("M100")
    assert ana.facts["Expiry"] == "2026-04-10"
    ana.command("back").scan(MILK, "]C117260411", "]C110M100")
    assert ana.verdict == "E09"


@on_sqlite
@pytest.mark.parametrize(("day", "code"), [("260301", "E10"), ("260302", "E11"), ("260331", "E11"), ("260401", "G17")])
def test_b6_expired_and_short_dated_lots_are_refused(ana: Worker, day: str, code: str) -> None:
    """B6: remaining shelf life below the item's minimum is refused."""
    buy(ana, "PO-1", ("MILK-1L", 480))
    begin(ana, "PO-1").scan(f"]C102{MILK_CASE}17{day}3710{GS}10N1")
    assert ana.verdict == code
    assert ("Lot" in ana.facts) == (code == "G17")


@on_sqlite
def test_a_best_before_date_alone_is_the_expiry(ana: Worker) -> None:
    buy(ana, "PO-1", ("MILK-1L", 480))
    begin(ana, "PO-1").scan(f"]C102{MILK_CASE}152607153710{GS}10N1")
    assert ana.facts["Expiry"] == "2026-07-15"


@on_sqlite
def test_another_lot_waits_until_the_bin_of_the_first_is_scanned(ana: Worker) -> None:
    buy(ana, "PO-1", ("MILK-1L", 480), ("BOLT-M8", 5))
    begin(ana, "PO-1").scan(MILK_LABEL, f"]C102{MILK_CASE}172607153710{GS}10M131")
    assert (ana.verdict, ana.facts["Lot"], ana.facts["MILK-1L"]) == ("E43", "M130", "120/480")
    ana.scan(BOLT)
    assert (ana.verdict, ana.facts["MILK-1L"]) == ("E43", "120/480")
    ana.scan(GLOVE)
    assert ana.verdict == "E06"
    ana.command("close")
    assert ana.verdict == "E43"


# --- quantities -----------------------------------------------------------------------------------------------------


def test_b3_nothing_is_received_before_it_is_counted(ana: Worker) -> None:
    """B3: the received quantity starts at 0."""
    buy(ana, "PO-1", ("BOLT-M8", 1000))
    begin(ana, "PO-1")
    assert ana.prompt.facts[0].value == "0/1000"
    ana.scan("WH1-RECV")
    assert (ana.verdict, ana.moves()) == ("E44", [])
    ana.scan(BOLT, BOLT_CASE)
    assert ana.facts["BOLT-M8"] == "101/1000"
    ana.type("7")
    assert (ana.verdict, ana.facts["BOLT-M8"]) == ("G17", "7/1000")
    ana.type("0")
    assert ana.verdict == "E28"
    ana.scan("WH1-RECV")
    assert ana.moves() == [("purchase_received", "BOLT-M8", "supplier", "RECV", "", 7)]


def test_b4_over_tolerance_is_refused_and_a_supervisor_may_allow_it(ana: Worker) -> None:
    """B4: over tolerance is refused; a supervisor's badge overrides, and it is logged."""
    buy(ana, "PO-1", ("BOLT-M8", 100), tolerance=5)
    begin(ana, "PO-1").scan(BOLT).type("106")
    assert (ana.verdict, ana.moves()) == ("E14", [])
    assert ana.facts["Supervisor"] == "badge?"
    ana.scan("BDG-1002")
    assert ana.verdict == "E35"
    ana.type("106").scan("BDG-9001")
    assert (ana.prompt.step, ana.prompt.is_dialog, ana.prompt.is_secret) == ("pin", True, True)
    ana.scan(BOLT)
    assert (ana.verdict, ana.prompt.step) == ("E40", "pin")
    ana.type("0000")
    assert (ana.verdict, ana.prompt.step, ana.moves()) == ("E53", "pin", [])
    ana.type("4711")
    assert ana.words.startswith("OVER +6")
    assert ana.moves() == [("purchase_received", "BOLT-M8", "supplier", "RECV", "", 106)]
    log = audits(ana, "receipt_override")
    assert [(row["supervisor_name"], row["code"], row["text"], row["document"]) for row in log] == [
        ("Cleo", "E14", "106", "PO-1")
    ]
    assert len(audits(ana, "wrong_pin")) == 1


@on_sqlite
def test_a_supervisor_allows_one_entry_alone(ana: Worker) -> None:
    buy(ana, "PO-1", ("BOLT-M8", 100))
    begin(ana, "PO-1").scan(BOLT).type("106").scan("BDG-9001").command("back")
    assert (ana.prompt.step, ana.facts["BOLT-M8"]) == ("bin", "1/100")
    ana.scan("BDG-9001")
    assert (ana.verdict, ana.prompt.step) == ("W73", "take_over")
    ana.command("back").type("106").scan(BOLT).scan("BDG-9001")
    assert (ana.verdict, ana.prompt.step) == ("W73", "take_over")
    assert audits(ana, "receipt_override") == []


def test_b6_a_supervisor_may_allow_a_short_dated_lot(ana: Worker) -> None:
    """B6: a supervisor's badge, and nothing else, allows a short-dated lot."""
    buy(ana, "PO-1", ("YOG-150", 100))
    label = "]C101050010000000261726031510Y1"
    begin(ana, "PO-1").scan(label).scan("BDG-9001").type("4711")
    assert (ana.verdict, ana.facts["Lot"], ana.facts["Expiry"]) == ("G17", "Y1", "2026-03-15")
    ana.scan(YOG, YOG, "WH1-RECV")
    assert ana.moves() == [("purchase_received", "YOG-150", "supplier", "RECV", "Y1", 2)]
    assert audits(ana, "receipt_override")[0]["code"] == "E11"
    ana.scan(label)
    assert ana.verdict == "E11"


@on_sqlite
def test_an_expired_lot_is_beyond_a_supervisor(ana: Worker) -> None:
    buy(ana, "PO-1", ("YOG-150", 100))
    begin(ana, "PO-1").scan("]C101050010000000261726022810Y1").scan("BDG-9001")
    assert (ana.codes, ana.prompt.step) == (["E10", "W73"], "take_over")


@on_sqlite
def test_units_beyond_the_order_but_within_tolerance_are_told(ana: Worker) -> None:
    """B4: within tolerance is a warning with +n."""
    buy(ana, "PO-1", ("BOLT-M8", 20), tolerance=5)
    begin(ana, "PO-1").scan(*[BOLT] * 22)
    assert ana.codes[19:] == ["G28", "W01", "E14"]
    assert [move[-1] for move in ana.moves()] == [20, 1]


# --- bins -----------------------------------------------------------------------------------------------------------


@on_sqlite
def test_a_bin_that_may_not_take_it_is_refused_and_nothing_is_posted(ana: Worker) -> None:
    buy(ana, "PO-1", ("MILK-1L", 240))
    begin(ana, "PO-1").scan(MILK_LABEL)
    for code, verdict in (("WH1-C01-1", "E18"), ("WH1-QUAR", "E17"), ("WH1-STAGE", "E03"), ("ST1-MAIN", "E42")):
        ana.scan(code)
        assert (ana.verdict, ana.prompt.step) == (verdict, "bin")
    assert ana.moves() == []
    ana.scan("WH1-C03-1")
    assert ana.moves() == [("purchase_received", "MILK-1L", "supplier", "C03-1", "M130", 120)]


def test_another_bin_after_a_complete_line_takes_it_there(ana: Worker) -> None:
    buy(ana, "PO-1", ("PAINT-5L", 2), ("PHONE-X", 2))
    begin(ana, "PO-1").scan(PAINT, PAINT, "WH1-B03-1")
    assert ana.words == "PUT AWAY 2: 2 PAINT-5L moved to B03-1."
    ana.scan("]d2010500100000006421SN1", "]d2010500100000006421SN2", "WH1-C03-1")
    assert ana.moves()[1:] == [
        ("bin_move", "PAINT-5L", "RECV", "B03-1", "", 2),
        ("purchase_received", "PHONE-X", "supplier", "RECV", "", 1),
        ("purchase_received", "PHONE-X", "supplier", "RECV", "", 1),
        ("bin_move", "PHONE-X", "RECV", "C03-1", "", 1),
        ("bin_move", "PHONE-X", "RECV", "C03-1", "", 1),
    ]


@on_sqlite
def test_damaged_goods_go_to_a_held_bin_alone(ana: Worker) -> None:
    buy(ana, "PO-1", ("PAINT-5L", 20))
    begin(ana, "PO-1").scan(PAINT, PAINT).command("damaged")
    assert (ana.prompt.target, ana.facts["PAINT-5L"]) == ("QUAR", "2/20")
    ana.scan("WH1-RECV")
    assert (ana.verdict, ana.moves()) == ("E03", [])
    ana.command("damaged").scan("WH1-RECV").command("damaged").scan(PAINT)
    assert [move[3] for move in ana.moves()] == ["RECV", "QUAR"]
    ana.command("damaged").scan(PAINT, "WH1-RECV")
    assert [move[3] for move in ana.moves()] == ["RECV", "QUAR", "RECV"]


@on_sqlite
def test_a_store_without_a_dock_receives_in_its_bin(ana: Worker) -> None:
    shop = Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2", site_code="ST1")
    buy(shop, "PO-1", ("GLOVE-L", 2))
    begin(shop, "PO-1").scan(GLOVE, GLOVE, "MAIN")
    assert shop.codes == ["G17", "G28", "G04"]
    assert shop.moves() == [("purchase_received", "GLOVE-L", "supplier", "MAIN", "", 2)]
    shop.command("damaged")
    assert (shop.verdict, shop.words) == ("E99", "REFUSED: the site has no quarantine location")


@on_sqlite
def test_a_typed_number_is_a_quantity_even_where_an_item_is_named_so(ana: Worker) -> None:
    buy(ana, "PO-1", ("BOLT-M8", 1000))
    ana.write(lambda session: catalog.create_product(session, name="Odd", sku="104").id)
    begin(ana, "PO-1").scan(BOLT).type("104")
    assert (ana.verdict, ana.facts["BOLT-M8"]) == ("G17", "104/1000")


@on_sqlite
def test_an_order_that_the_office_closed_meanwhile_takes_nothing_more(ana: Worker) -> None:
    buy(ana, "PO-1", ("BOLT-M8", 1000))
    begin(ana, "PO-1").scan(BOLT, "WH1-RECV", BOLT)
    ana.write(
        lambda session: [
            row.id
            for row in purchasing.close_short(session, purchasing.find_purchase_order(session, "PO-1"), reason="office")
        ]
    )
    ana.scan("WH1-RECV")
    assert (ana.words, len(ana.moves())) == ("WRONG STATE: PO-1 is closed short: this cannot be done now.", 1)
    ana.command("back").command("close")
    assert (ana.verdict, ana.reply.flow) == ("G18", "home")


# --- serials --------------------------------------------------------------------------------------------------------


def test_b7_a_serial_in_stock_is_refused_with_its_place(ana: Worker) -> None:
    """B7: a serial number that is in stock is refused with its place."""
    buy(ana, "PO-1", ("PHONE-X", 5))
    begin(ana, "PO-1").scan(PHONE)
    assert (ana.verdict, ana.prompt.step, ana.facts["PHONE-X"]) == ("G32", "serial", "0/5")
    ana.scan("SN7").scan("WH1-C03-1").scan(PHONE, "SN7")
    assert ana.words == "DUP SERIAL: SN7 is already in C03-1."
    ana.type("SN8")
    assert (ana.verdict, ana.facts["PHONE-X"]) == ("G08", "2/5")
    ana.scan(PHONE, "WH1-RECV")
    assert len(ana.moves("purchase_received")) == 2


# --- goods that nobody ordered --------------------------------------------------------------------------------------


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


# --- learning -------------------------------------------------------------------------------------------------------


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


# --- the order ------------------------------------------------------------------------------------------------------


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
