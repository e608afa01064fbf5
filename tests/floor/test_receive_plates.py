"""The receive flow: plates, lots and dates, serials (FLOOR B1, B2, B5-B7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ambra_tui.services import catalog, lots
from tests.floor.receiving import (
    BOLT,
    BOLT_CASE,
    GLOVE,
    GS,
    MILK,
    MILK_CASE,
    MILK_LABEL,
    NEXT_PLATE,
    PHONE,
    PLATE,
    begin,
    buy,
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


# --- plates ----------------------------------------------------------------------------------------------------------


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


# --- lots and dates --------------------------------------------------------------------------------------------------


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


# --- serials ---------------------------------------------------------------------------------------------------------


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
