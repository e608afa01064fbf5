"""The receive flow: quantities and bins (FLOOR B3, B4, B6)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ambra_tui.services import catalog, purchasing
from tests.floor.receiving import BOLT, BOLT_CASE, GLOVE, MILK_LABEL, PAINT, YOG, audits, begin, buy, on_sqlite
from tests.floor.worker import Worker, open_ds1


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


# --- quantities ------------------------------------------------------------------------------------------------------


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


# --- bins ------------------------------------------------------------------------------------------------------------


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
