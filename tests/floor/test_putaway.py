"""The putaway flow, step by step through the engine, on both databases (FLOOR B9, B10, P1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import select

from ambra_tui import ledger
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.language import languages, say
from ambra_tui.services import catalog, holds, lots, places
from ambra_tui.store.models import LicensePlate, SiteStock, StockLevel, StockMove
from ambra_tui.store.scope import organization_of, scoped
from tests.floor.worker import Worker, open_ds1

PLATE, OTHER_PLATE = "050010000000000019", "050010000000000026"
MILK, BOLT, PHONE, GLOVE, PAINT = (
    "5001000000019", "5001000000033", "5001000000064", "5001000000040", "5001000000071",
)  # fmt: skip
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])  # the rule does not lie in the database


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


def arrive(
    worker: Worker,
    sku: str,
    quantity: int,
    *,
    code: str = "RECV",
    plate: str = "",
    lot: str = "",
    serial: str = "",
    expiry: date | None = None,
) -> None:
    """Stock that came in, at the dock or elsewhere."""

    def work(session: Any) -> None:
        variant = catalog.variant_by_sku(session, sku)
        found = lots.find_or_create_lot(session, variant=variant, lot_number=lot, expiry_date=expiry) if lot else None
        location = places.find_location(session, code, site_id=worker.place.site_id)
        posting = ledger.Posting(
            variant.id,
            ledger.SUPPLIER,
            location.id,
            Decimal(quantity),
            ledger.MoveKind.PURCHASE_RECEIVED,
            new_id("key"),
            lot_id=found.id if found else "",
            serial=serial,
            destination_plate_id=places.find_or_create_plate(session, plate).id if plate else "",
        )
        ledger.post(session, [posting])

    worker.write(work)


def milk_arrives(worker: Worker, quantity: int = 120, plate: str = PLATE) -> None:
    arrive(worker, "MILK-1L", quantity, plate=plate, lot="M130", expiry=date(2026, 7, 15))


def plates(worker: Worker) -> dict[str, list[tuple[str, str, int]]]:
    """What each plate carries: code -> (bin, SKU, quantity)."""

    def work(session: Any) -> dict[str, list[tuple[str, str, int]]]:
        found: dict[str, list[tuple[str, str, int]]] = {}
        for plate in session.exec(scoped(session, LicensePlate)).all():
            for row in session.exec(
                scoped(session, StockLevel).where(StockLevel.plate_id == plate.id, StockLevel.on_hand > 0)
            ).all():
                bin_code = session.get(places.Location, (row.organization_id, row.location_id)).code
                sku = session.get(catalog.Variant, (row.organization_id, row.variant_id)).sku
                found.setdefault(plate.code, []).append((bin_code, sku, int(row.on_hand)))
        return found

    return worker.write(work)


def bin_moves(worker: Worker) -> list[tuple[str, str, str, str, int]]:
    return [move[1:] for move in worker.moves("bin_move")]


def change_bin(worker: Worker, code: str, **values: Any) -> None:
    def work(session: Any) -> None:
        location = places.find_location(session, code, site_id=worker.place.site_id)
        for name, value in values.items():
            setattr(location, name, value)
        session.add(location)

    worker.write(work)


def hold_bin(worker: Worker, code: str) -> None:
    """The office puts a bin on hold."""
    worker.write(lambda s: holds.hold_bin(s, worker.location(s, code), reason="leaks"))


# --- the scenario ---------------------------------------------------------------------------------------------------


def test_p1_a_plate_goes_to_the_empty_bin_and_not_to_another_lot(ana: Worker) -> None:
    milk_arrives(ana)
    ana.menu("putaway").scan(PLATE)
    assert (ana.verdict, ana.prompt.target) == ("G33", "C03-1")
    assert ana.facts == {"C03-1": "empty, same zone", "MILK-1L": "120 M130", "Plate": PLATE}
    ana.scan("WH1-C01-1")
    assert ana.words == "BIN LOT/ITEM MIX: C01-1 already holds MILK-1L M120. Choose another bin."
    assert bin_moves(ana) == []
    ana.scan("WH1-C03-1")
    assert (ana.words, ana.prompt.step) == ("PUT AWAY 120: 120 MILK-1L moved to C03-1.", "what")
    assert bin_moves(ana) == [("MILK-1L", "RECV", "C03-1", "M130", 120)]
    assert plates(ana) == {PLATE: [("C03-1", "MILK-1L", 120)]}

    def on_hand(session: Any) -> int:
        variant = catalog.variant_by_sku(session, "MILK-1L")
        return int(session.get(SiteStock, (organization_of(session), variant.id, ana.place.site_id)).on_hand)

    assert ana.write(on_hand) == 394
    ana.scan(PLATE)
    assert ana.verdict == "E33"


# --- which bin ------------------------------------------------------------------------------------------------------


@on_sqlite
def test_what_was_put_away_stays_in_a_bin_that_is_on_hold_since(ana: Worker) -> None:
    milk_arrives(ana)
    ana.menu("putaway").scan(PLATE, "WH1-C03-1")
    hold_bin(ana, "C03-1")
    ana.command("undo").press("1")
    assert (ana.verdict, "C03-1 is on hold" in ana.words) == ("E37", True)
    assert (ana.on_hand("MILK-1L", "C03-1"), ana.on_hand("MILK-1L", "RECV")) == (120, 0)


def test_the_home_bin_comes_first_while_it_is_legal(ana: Worker) -> None:
    def give_home(session: Any) -> None:
        variant = catalog.variant_by_sku(session, "MILK-1L")
        variant.home_location_id = places.find_location(session, "A04-1", site_id=ana.place.site_id).id
        session.add(variant)

    ana.write(give_home)
    milk_arrives(ana)
    ana.menu("putaway").scan(PLATE)
    assert ana.facts["A04-1"] == "home bin"
    change_bin(ana, "A04-1", is_single_lot=True)
    ana.scan(PLATE)
    assert ana.prompt.target == "C03-1"


@on_sqlite
def test_the_same_lot_is_kept_together(ana: Worker) -> None:
    arrive(ana, "MILK-1L", 12, plate=PLATE, lot="M120")
    ana.menu("putaway").scan(PLATE)
    assert ana.facts["C01-1"] == "same lot there"


@on_sqlite
def test_plates_go_to_reserve_and_loose_units_to_pick_bins(ana: Worker) -> None:
    arrive(ana, "BOLT-M8", 100, plate=PLATE)
    arrive(ana, "BOLT-M8", 100)
    ana.menu("putaway").scan(PLATE)
    assert ana.facts["C02-1"] == "same item there"
    ana.scan("WH1-C02-1", BOLT)
    assert ana.facts["A01-1"] == "same item there"
    ana.scan("WH1-A01-1")
    assert bin_moves(ana) == [("BOLT-M8", "RECV", "C02-1", "", 100), ("BOLT-M8", "RECV", "A01-1", "", 100)]
    assert plates(ana) == {PLATE: [("C02-1", "BOLT-M8", 100)]}


@on_sqlite
def test_a_full_bin_is_neither_proposed_nor_taken(ana: Worker) -> None:
    change_bin(ana, "C02-1", capacity=Decimal(2050))
    arrive(ana, "BOLT-M8", 51, plate=PLATE)
    ana.menu("putaway").scan(PLATE)
    assert ana.prompt.target == "A01-1"
    ana.scan("WH1-C02-1")
    assert (ana.words, bin_moves(ana)) == ("BIN FULL: C02-1 takes 50 more. Choose another bin or split.", [])
    ana.type("50")
    assert ana.prompt.target == "C02-1"
    ana.scan("WH1-C02-1")
    assert ana.on_hand("BOLT-M8", "C02-1") == 2050


@on_sqlite
def test_bins_that_are_no_storage_or_on_hold_or_elsewhere_are_refused(ana: Worker) -> None:
    milk_arrives(ana)
    change_bin(ana, "B01-1", is_single_variant=True)
    ana.menu("putaway").scan(PLATE)
    refused = {
        "WH1-RECV": "E03", "WH1-STAGE": "E03", "T1": "E03", "WH1-QUAR": "E17", "WH1-B01-1": "E18", "WH1-C04-1": "E18",
        "ST1-MAIN": "E42", "WH1-Z99": "E01", MILK: "G33", BOLT: "E02",
    }  # fmt: skip
    for code, verdict in refused.items():
        ana.scan(code)
        assert (code, ana.verdict, ana.prompt.step) == (code, verdict, "bin")
    assert bin_moves(ana) == []


@on_sqlite
def test_when_no_bin_is_free_any_legal_one_is_taken_without_a_reason(ana: Worker) -> None:
    arrive(ana, "FLOUR-25", 5, code="C03-1", lot="F9", expiry=date(2026, 12, 31))
    milk_arrives(ana)
    ana.menu("putaway").scan(PLATE)
    assert (ana.verdict, ana.prompt.target) == ("W23", "")
    ana.scan("WH1-A02-1")
    assert (ana.verdict, bin_moves(ana)) == ("G10", [("MILK-1L", "RECV", "A02-1", "M130", 120)])


def test_a_bin_that_was_filled_meanwhile_is_refused_and_another_proposed(ana: Worker) -> None:
    ana.put("FLOUR-25", "C04-1", -20, lot_number="F1")
    milk_arrives(ana)
    ana.menu("putaway").scan(PLATE)
    assert ana.prompt.target == "C03-1"
    arrive(ana, "FLOUR-25", 5, code="C03-1", lot="F9", expiry=date(2026, 12, 31))
    ana.scan("WH1-C03-1")
    assert (ana.verdict, ana.prompt.target, bin_moves(ana)) == ("E18", "C04-1", [])
    ana.scan("WH1-C04-1")
    assert bin_moves(ana) == [("MILK-1L", "RECV", "C04-1", "M130", 120)]


def test_another_legal_bin_costs_one_digit(ana: Worker) -> None:
    milk_arrives(ana)
    ana.menu("putaway").scan(PLATE, "WH1-A04-1")
    assert (ana.prompt.step, ana.prompt.is_dialog, ana.facts["Instead"]) == ("reason", True, "A04-1 / C03-1")
    ana.scan("WH1-A04-1")
    assert (ana.verdict, bin_moves(ana)) == ("E40", [])
    ana.command("back")
    assert ana.prompt.step == "bin"
    ana.scan("WH1-A04-1").press("2")
    assert ana.words == "OTHER BIN: A04-1 taken instead of C03-1. Reason noted."

    def reasons(session: Any) -> list[str]:
        statement = select(StockMove.reason).where(
            StockMove.organization_id == organization_of(session), StockMove.kind == "bin_move"
        )
        return list(session.exec(statement).all())

    assert (ana.write(reasons), bin_moves(ana)) == (["bin_blocked"], [("MILK-1L", "RECV", "A04-1", "M130", 120)])


# --- plates ---------------------------------------------------------------------------------------------------------


def test_b10_one_plate_is_split_over_two_bins(ana: Worker) -> None:
    milk_arrives(ana)
    ana.menu("putaway").scan(PLATE).type("121")
    assert ana.words == "OVER QTY: At most 120 more. Nothing was posted."
    ana.type("40").scan("WH1-C03-1")
    assert (ana.verdict, ana.prompt.step, ana.facts["MILK-1L"]) == ("G10", "bin", "80 M130")
    ana.scan("WH1-A04-1").press("1")
    assert ana.prompt.step == "what"
    assert bin_moves(ana) == [("MILK-1L", "RECV", "C03-1", "M130", 40), ("MILK-1L", "RECV", "A04-1", "M130", 80)]
    assert plates(ana) == {PLATE: [("A04-1", "MILK-1L", 80)]}


def test_b10_a_plate_is_merged_into_one_that_stands_in_a_bin(ana: Worker) -> None:
    milk_arrives(ana)
    milk_arrives(ana, 60, OTHER_PLATE)
    ana.menu("putaway").scan(PLATE, "WH1-C03-1", OTHER_PLATE)
    assert ana.facts["C03-1"] == "same lot there"
    ana.scan(PLATE)
    assert (ana.verdict, plates(ana)) == ("G10", {PLATE: [("C03-1", "MILK-1L", 180)]})


@on_sqlite
def test_a_merge_into_a_bin_of_another_lot_is_refused(ana: Worker) -> None:
    milk_arrives(ana)
    arrive(ana, "MILK-1L", 10, code="C01-1", plate=OTHER_PLATE, lot="M120")
    ana.menu("putaway").scan(PLATE, OTHER_PLATE)
    assert (ana.verdict, bin_moves(ana)) == ("E18", [])


@on_sqlite
def test_a_mixed_plate_is_put_away_item_by_item(ana: Worker) -> None:
    milk_arrives(ana)
    arrive(ana, "BOLT-M8", 200, plate=PLATE)
    ana.menu("putaway").scan(PLATE)
    ana.scan("WH1-C03-1")
    assert (ana.verdict, bin_moves(ana)) == ("E18", [])
    ana.type("5")
    assert ana.verdict == "E44"
    ana.scan(BOLT)
    assert ana.prompt.target == "C02-1"
    ana.scan("WH1-C02-1")
    assert (ana.prompt.step, ana.prompt.target) == ("bin", "C03-1")
    ana.scan("WH1-C03-1")
    assert bin_moves(ana) == [("BOLT-M8", "RECV", "C02-1", "", 200), ("MILK-1L", "RECV", "C03-1", "M130", 120)]


@on_sqlite
def test_plates_that_cannot_be_put_away_are_refused(ana: Worker) -> None:
    arrive(ana, "PAINT-5L", 1, code="QUAR", plate=PLATE)
    ana.write(lambda session: places.find_or_create_plate(session, OTHER_PLATE).id)
    ana.menu("putaway").scan(PLATE, OTHER_PLATE, "050010000000000033")
    assert ana.codes[1:] == ["E17", "E38", "E01"]
    store = Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2", site_code="ST1")
    store.menu("putaway").scan(PLATE)
    assert store.verdict == "E42"


def test_what_somebody_else_put_away_is_gone(ana: Worker) -> None:
    milk_arrives(ana)
    ben = Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2")
    ana.menu("putaway").scan(PLATE)
    ben.menu("putaway").scan(PLATE, "WH1-C03-1")
    ana.scan("WH1-C03-1")
    assert (ana.words, ana.prompt.step) == (f"ALREADY DONE: {PLATE} is already done. Nothing was posted.", "what")
    assert bin_moves(ana) == [("MILK-1L", "RECV", "C03-1", "M130", 120)]


# --- loose stock ----------------------------------------------------------------------------------------------------


def test_several_lots_at_the_dock_are_told_apart(ana: Worker) -> None:
    arrive(ana, "MILK-1L", 12, lot="M130", expiry=date(2026, 7, 15))
    arrive(ana, "MILK-1L", 24, lot="M131", expiry=date(2026, 8, 15))
    ana.menu("putaway").scan(MILK)
    assert (ana.verdict, ana.prompt.step) == ("E20", "lot")
    ana.scan(MILK)
    assert ana.verdict == "E20"
    ana.scan("]C110M999")
    assert ana.verdict == "E39"
    ana.scan("]C110M131")
    assert (ana.verdict, ana.facts["MILK-1L"]) == ("G33", "24 M131")
    ana.scan("WH1-" + ana.prompt.target, f"]C1010{MILK}10M130")
    assert ana.facts["MILK-1L"] == "12 M130"


@on_sqlite
def test_serials_go_together_or_one_by_one(ana: Worker) -> None:
    for serial in ("SN1", "SN2", "SN3"):
        arrive(ana, "PHONE-X", 1, serial=serial)
    ana.menu("putaway").scan(f"]d2010{PHONE}21SN2", "WH1-C03-1")
    assert len(bin_moves(ana)) == 1
    ana.scan(PHONE, "WH1-C03-1")
    assert (ana.verdict, len(bin_moves(ana)), ana.on_hand("PHONE-X", "C03-1")) == ("G10", 3, 3)


@on_sqlite
def test_items_that_are_not_loose_at_the_dock_are_refused(ana: Worker) -> None:
    milk_arrives(ana)
    ana.menu("putaway").scan(MILK, GLOVE, "WH1-A01-1", "WH1-T9", "T9")
    assert ana.codes[1:] == ["E21", "E39", "E44", "E01", "E38"]


def test_what_lies_in_a_tote_is_put_away_again(ana: Worker) -> None:
    ana.order("SO-1", ("GLOVE-L", 3), ("PAINT-5L", 2))
    ana.menu("pick").scan("SO-1", "WH1-A02-1", GLOVE, "T1", "WH1-B03-1", PAINT, "T1").command("home")

    def cancel(session: Any) -> None:
        from ambra_tui.services import orders

        orders.cancel_order(session, orders.find_order(session, "SO-1"))

    ana.write(cancel)
    ana.menu("putaway").scan("T1")
    assert (ana.verdict, ana.prompt.ask) == ("G04", "Scan the item")
    ana.scan(GLOVE, "WH1-A02-1").scan("T1", "WH1-B03-1")
    assert bin_moves(ana) == [("GLOVE-L", "T1", "A02-1", "", 3), ("PAINT-5L", "T1", "B03-1", "", 2)]


# --- leaving --------------------------------------------------------------------------------------------------------


def test_b10_skip_and_cancel_at_every_step(ana: Worker) -> None:
    milk_arrives(ana)
    milk_arrives(ana, 60, OTHER_PLATE)
    ana.menu("putaway")
    assert [row.label for row in ana.prompt.todo] == [PLATE, OTHER_PLATE]
    ana.scan(PLATE).command("skip")
    assert (ana.verdict, ana.prompt.step) == ("G19", "what")
    assert [row.label for row in ana.prompt.todo] == [OTHER_PLATE, PLATE]
    ana.scan(PLATE).type("5").command("back")
    assert ana.prompt.step == "what"
    ana.command("back")
    assert (ana.reply.flow, bin_moves(ana)) == ("home", [])


@on_sqlite
def test_the_dock_and_the_proposed_bin_are_shown_with_practice_codes(ana: Worker) -> None:
    ana.menu("putaway")
    assert ana.prompt.ask == "The dock is empty. Esc goes home"
    arrive(ana, "BOLT-M8", 10, plate=PLATE)
    ana.command("back").menu("putaway")
    ana.scan(next(code.text for code in ana.prompt.practice if code.is_right))
    assert (ana.prompt.contents_title, [row.label for row in ana.prompt.contents]) == ("In C02-1", ["BOLT-M8"])
    right = [code.text for code in ana.prompt.practice if code.is_right]
    assert right == ["WH1-C02-1"]
    for code in [code.text for code in ana.prompt.practice if not code.is_right]:
        ana.scan(code)
        assert ana.verdict.startswith("E")


@pytest.mark.parametrize("language", languages())
def test_texts_fit_the_smallest_screen(language: str) -> None:
    for step in ("what", "item", "nothing", "lot", "bin", "any_bin", "reason"):
        assert len(say(language, f"putaway.ask_{step}")) <= 40
