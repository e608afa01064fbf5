"""Imports of the catalogue, of locations and of stock: a second time changes nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from ambra_tui.services import catalog, places
from ambra_tui.store.models import Barcode, Lot, Product, Site, Variant
from tests.services.importing import Desk, stock


@pytest.fixture
def desk(store, organization_id, tmp_path):
    return Desk(store, organization_id, tmp_path)


@pytest.fixture
def stocked(desk):
    return stock(desk)


# --- catalogue -------------------------------------------------------------------------------------------------------


def test_a_row_becomes_a_variant_with_all_it_says(desk):
    desk.run(
        "catalog",
        "sku,name,barcode,case_barcode,case_quantity,unit,expiry_tracked,minimum_shelf_life_days,tolerance_percent,"
        "price,cost,currency,abc\n"
        "MILK,Milk,5001000000019,15001000000016,12,l,yes,30,2.5,1.19,.6200,EUR,a\n",
    )
    (variant,) = desk.rows(Variant)
    assert (variant.unit_of_measure, variant.is_lot_tracked, variant.is_expiry_tracked) == ("l", True, True)
    assert (variant.minimum_shelf_life_days, variant.receipt_tolerance_percent) == (30, Decimal("2.5"))
    assert (variant.price_minor, variant.cost_minor, variant.currency, variant.abc_class) == (119, 62, "EUR", "A")
    assert {(b.code, b.kind, b.quantity) for b in desk.rows(Barcode)} == {
        ("05001000000019", "each", Decimal(1)),
        ("15001000000016", "case", Decimal(12)),
    }
    assert [v.sku for v in desk.read(lambda s: catalog.search(s, "milk"))] == ["MILK"]


def test_importing_twice_changes_nothing(desk):
    content = "sku,name,barcode\nA,Bolt,5001000000019\nB,Nut,own/7\n"
    assert desk.run("catalog", content) == (2, 0, 0)
    before = desk.count()
    assert desk.run("catalog", content) == (0, 2, 0)
    assert desk.count() == before


def test_a_known_sku_keeps_what_it_has_and_gets_new_codes(desk):
    desk.run("catalog", "sku,name,barcode\nA,Bolt,5001000000019\n")
    assert desk.run("catalog", "sku,name,barcode\nA,Renamed,5001000000026\n") == (1, 0, 0)
    assert [v.name for v in desk.rows(Variant)] == ["Bolt"]
    assert {b.code for b in desk.rows(Barcode)} == {"05001000000019", "05001000000026"}


def test_without_a_sku_the_barcode_is_the_sku(desk):
    content = "code,product_name,check\n036000291452,Tissues,ok\n96385074,Gum,ok\n"
    assert desk.run("catalog", content) == (2, 0, 0)
    assert {v.sku for v in desk.rows(Variant)} == {"036000291452", "96385074"}
    assert {b.code for b in desk.rows(Barcode)} == {"00036000291452", "00000096385074"}
    assert desk.run("catalog", content) == (0, 2, 0)


def test_a_code_is_refused_where_it_belongs_to_another_variant(desk):
    desk.run("catalog", "sku,name,barcode\nA,Bolt,5001000000019\n")
    assert desk.run("catalog", "sku,name,barcode\nB,Nut,05001000000019\n") == (0, 0, 1)
    assert "05001000000019" in desk.reasons[2]
    assert [v.sku for v in desk.rows(Variant)] == ["A"]


def test_what_a_file_says_twice_is_refused_the_second_time(desk):
    assert desk.run("catalog", "sku,name,barcode\nA,Bolt,5001000000019\nA,Nut,\nB,Cap,05001000000019\n") == (1, 0, 2)
    assert desk.reasons == {3: "line 2 has SKU A already", 4: "line 2 has barcode 05001000000019 already"}


def test_rows_of_one_product_are_its_variants_even_in_another_file(desk):
    desk.run("catalog", "product,sku,name\nGlove,GL,Glove L\nGlove,GM,Glove M\n")
    desk.run("catalog", "product,sku,name\nGlove,GL,Glove L\nGlove,GS,Glove S\n")
    (product,) = desk.rows(Product)
    assert {v.sku for v in desk.rows(Variant) if v.product_id == product.id} == {"GL", "GM", "GS"}


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("price", "1,000", "a thousand or one"),
        ("price", "-1", "out of range"),
        ("cost", "cheap", "not a number"),
        ("case_quantity", "0", "above 0"),
        ("case_quantity", "NaN", "out of range"),
        ("lot_tracked", "maybe", "neither yes nor no"),
        ("minimum_shelf_life_days", "1.5", "no whole number"),
        ("abc_class", "Z", "A, B or C"),
        ("currency", "EURO", "three letters"),
        ("expiry", "31/12/2026", "write it as 2026-07-15"),
        ("unit", "u" * 21, "longer than 20"),
    ],
)
def test_wrong_values_are_named(desk, column, text, reason):
    content = f'sku,name,case_barcode,case_quantity,quantity,lot,{column}\nA,Bolt,CASE,12,5,L1,"{text}"\n'
    if column == "case_quantity":
        content = f'sku,name,case_barcode,case_quantity\nA,Bolt,CASE,"{text}"\n'
    assert desk.run("catalog", content) == (0, 0, 1)
    assert reason in desk.reasons[2]


def test_the_catalogue_brings_its_stock_along(desk):
    desk.run("locations", "site,code,kind\nWH1,RECV,dock\nWH1,A01,pick\n")
    content = (
        "sku,name,quantity,location,lot,expiry,cost\n"
        "BOLT,Bolt,500.00,A01,,,0.02\n"
        "MILK,Milk,24,,M1,2026-04-10,\n"
        "NUT,Nut,0,A01,,,\n"
        "CAP,Cap,5,B99,,,\n"
    )
    assert desk.run("catalog", content) == (4, 0, 1)
    assert "no location 'B99'" in desk.reasons[5]
    assert desk.on_hand() == {("A01", "BOLT"): 500, ("RECV", "MILK"): 24}
    assert [(lot.lot_number, lot.expiry_date) for lot in desk.rows(Lot)] == [("M1", date(2026, 4, 10))]
    assert desk.read(lambda s: catalog.variant_by_sku(s, "MILK")).is_expiry_tracked
    before = desk.count()
    assert desk.run("catalog", content) == (0, 4, 1)
    assert desk.count() == before


# --- locations -------------------------------------------------------------------------------------------------------


def test_locations_make_their_sites(desk):
    content = (
        "warehouse,site_name,site_kind,bin,kind,sequence,zone,single_lot,capacity\n"
        "WH1,Main,warehouse,RECV,dock,,,,\n"
        "WH1,,,A01,PICK,10,A,yes,200\n"
        "WH1,,,QUAR,quarantine,,,,\n"
        "ST1,Store,store,,,,,,\n"
    )
    assert desk.run("locations", content) == (4, 0, 0)
    assert {(s.code, s.name, s.kind) for s in desk.rows(Site)} == {
        ("WH1", "Main", "warehouse"),
        ("ST1", "Store", "store"),
    }
    row = desk.read(lambda s: places.find_location(s, "WH1-A01"))
    assert (row.kind, row.sequence, row.zone, row.is_single_lot, row.capacity) == ("pick", 10, "A", True, 200)
    assert desk.read(lambda s: places.find_location(s, "WH1-QUAR")).is_held
    before = desk.count()
    assert desk.run("locations", content) == (0, 4, 0)
    assert desk.count() == before


def test_wrong_locations_are_named(desk):
    desk.run("locations", "site,code,barcode\nWH1,A01,X1\n")
    content = "site,code,kind,barcode\nWH1,B1,moon,\nWH1,B2,pick,X1\nWH1,B3,pick,\nWH1,B3,pick,\n"
    assert desk.run("locations", content) == (1, 0, 3)
    assert "kind is one of" in desk.reasons[2]
    assert "X1 belongs to location A01" in desk.reasons[3]
    assert desk.reasons[5] == "line 4 has this location already"
    assert desk.run("locations", "code,kind\nB4,pick\n") == (1, 0, 0)
    desk.run("locations", "site,code\nWH2,A01\n")
    assert desk.run("locations", "code,kind\nB5,pick\n") == (0, 0, 1)
    assert "not exactly one" in desk.reasons[2]


# --- stock -----------------------------------------------------------------------------------------------------------


def test_stock_is_posted_exactly_and_once(stocked):
    content = (
        "sku,barcode,site,location,quantity,lot,expiry,serial\n"
        "BOLT,,WH1,A01,3.00,,,\n"
        ",15001000000030,WH1,WH1-A02,2,,,\n"
        "MILK,,,A01,.5000,M1,2026-04-10 00:00:00.000,\n"
        "PHONE,,WH1,,1,,,SN1\n"
        "BOLT,,WH1,RECV,.00,,,\n"
    )
    assert stocked.run("stock", content) == (4, 1, 0)
    assert stocked.on_hand() == {
        ("A01", "BOLT"): 3,
        ("A02", "BOLT"): 200,
        ("A01", "MILK"): Decimal("0.5"),
        ("RECV", "PHONE"): 1,
    }
    assert stocked.rows(Lot)[0].expiry_date == date(2026, 4, 10)
    before = stocked.count()
    assert stocked.run("stock", content) == (0, 5, 0)
    assert stocked.count() == before


def test_stock_that_was_sold_since_is_not_brought_back(stocked, write):
    from ambra_tui.ledger import INVENTORY_LOSS, Guard, MoveKind, Posting, post

    content = "sku,location,quantity\nBOLT,A01,10\n"
    stocked.run("stock", content)
    bin_id = stocked.read(lambda s: places.find_location(s, "WH1-A01")).id
    variant_id = stocked.read(lambda s: catalog.variant_by_sku(s, "BOLT")).id
    gone = Posting(
        variant_id, bin_id, INVENTORY_LOSS, Decimal(4), MoveKind.MANUAL_ADJUSTMENT, "gone", guard=Guard.PHYSICAL
    )
    write(lambda s: post(s, [gone]))
    assert stocked.run("stock", content) == (0, 1, 0)
    assert stocked.on_hand() == {("A01", "BOLT"): 6}


def test_another_quantity_for_a_place_is_a_count_and_no_import(stocked):
    stocked.run("stock", "sku,location,quantity\nBOLT,A01,10\n")
    assert stocked.run("stock", "sku,site,location,quantity\nBOLT,WH1,WH1-A01,12\n") == (0, 0, 1)
    assert "imported before with 10" in stocked.reasons[2]
    assert stocked.on_hand() == {("A01", "BOLT"): 10}


def test_wrong_stock_is_named_and_the_rest_is_posted(stocked):
    content = (
        "sku,site,location,quantity,lot,expiry,serial\n"
        "BOLT,WH1,A01,-1,,,\n"
        "BOLT,WH1,A01,1e30,,,\n"
        "BOLT,WH1,A01,0.0000001,,,\n"
        "BOLT,WH1,A01,,,,\n"
        "NONE,WH1,A01,1,,,\n"
        "BOLT,WH9,A01,1,,,\n"
        "BOLT,WH1,Z9,1,,,\n"
        "BOLT,WH1,A01,1,L1,,\n"
        "MILK,WH1,A01,1,,2026-04-10,\n"
        "PHONE,WH1,A01,2,,,SN1\n"
        "BOLT,WH1,A01,1,,,SN1\n"
        "MILK,WH1,A01,1,M1,2026-04-10,\n"
        "MILK,WH1,A02,1,M1,2026-05-10,\n"
        "MILK,WH1,A01,1,M1,,\n"
        "PHONE,WH1,A01,1,,,SN7\n"
        "PHONE,WH1,A02,1,,,SN7\n"
        "BOLT,WH1,A01,7,,,\n"
    )
    assert stocked.run("stock", content) == (3, 0, 14)
    expected = {
        2: "below zero",
        3: "out of range",
        4: "six decimals",
        5: "quantity is empty",
        6: "not in the catalogue",
        7: "no site 'WH9'",
        8: "no location 'Z9' in WH1",
        9: "does not track lots",
        10: "expiry needs a lot",
        11: "quantity must be 1",
        12: "does not track serial",
        14: "expires on 2026-04-10, not on 2026-05-10",
        15: "line 13 states the stock of this place already",
        17: "SN7 is in A01 already",
    }
    assert set(stocked.reasons) == set(expected)
    assert {line: text for line, text in expected.items() if text not in stocked.reasons[line]} == {}
    assert stocked.on_hand() == {("A01", "MILK"): 1, ("A01", "PHONE"): 1, ("A01", "BOLT"): 7}


def test_a_second_site_must_be_named(stocked):
    stocked.run("locations", "site,code\nST1,MAIN\n")
    assert stocked.run("stock", "sku,location,quantity\nBOLT,A01,1\n") == (0, 0, 1)
    assert "not exactly one" in stocked.reasons[2]


def test_marketplace_sites_take_no_import(stocked):
    stocked.run("locations", "site,site_kind,code\nFBA,fba,MAIN\n")
    assert stocked.run("stock", "sku,site,location,quantity\nBOLT,FBA,MAIN,1\n") == (0, 0, 1)
    assert "read-only" in stocked.reasons[2]


def test_a_lot_gets_the_date_it_lacked(stocked):
    stocked.run("stock", "sku,location,quantity,lot\nMILK,A01,1,M1\n")
    stocked.run("stock", "sku,location,quantity,lot,expiry\nMILK,A02,1,M1,2026-04-10\n")
    assert [lot.expiry_date for lot in stocked.rows(Lot)] == [date(2026, 4, 10)]
