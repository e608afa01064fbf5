"""Imports: real files, every refusal named, a second time changes nothing, a rehearsal writes nothing."""

from __future__ import annotations

import gzip
from datetime import date
from decimal import Decimal

import pytest
from sqlmodel import select

from ambra_tui.errors import Invalid
from ambra_tui.services import catalog, places
from ambra_tui.services.audit import list_entries
from ambra_tui.services.imports._run import import_kinds, run_import
from ambra_tui.store.models import (
    Barcode,
    Location,
    Lot,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    Recipe,
    RecipeIngredient,
    SalesOrder,
    SearchToken,
    Site,
    StockLevel,
    StockMove,
    Supplier,
    Variant,
)
from ambra_tui.store.scope import scoped
from tests import factories

TABLES = (
    Site, Location, Product, Variant, Barcode, Lot, StockMove, StockLevel, Supplier, PurchaseOrder, PurchaseOrderLine,
    SalesOrder, SearchToken,
)  # fmt: skip


class Desk:
    """Imports texts as files, and counts what the store holds."""

    def __init__(self, store, organization_id, folder):
        self.store, self.organization_id, self.folder = store, organization_id, folder
        self.refused = []

    def file(self, content, name="file.csv"):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run(self, kind, content, **options):
        self.refused = []
        report = run_import(
            self.store,
            organization_id=self.organization_id,
            kind=kind,
            path=self.file(content),
            on_refused=self.refused.append,
            actor=factories.TESTER,
            **options,
        )
        assert report.refused == len(self.refused)
        assert report.made + report.unchanged + report.refused >= report.rows
        return report.made, report.unchanged, report.refused

    @property
    def reasons(self):
        return {row.line: row.reason for row in self.refused}

    def count(self):
        with self.store.read(self.organization_id) as session:
            return {
                table.__name__: len(
                    session.exec(select(table).where(table.organization_id == self.organization_id)).all()
                )
                for table in TABLES
            }

    def rows(self, model):
        with self.store.read(self.organization_id) as session:
            return session.exec(scoped(session, model)).all()

    def read(self, work):
        with self.store.read(self.organization_id) as session:
            return work(session)

    def on_hand(self):
        variants = {row.id: row.sku for row in self.rows(Variant)}
        bins = {row.id: row.code for row in self.rows(Location)}
        return {(bins[level.location_id], variants[level.variant_id]): level.on_hand for level in self.rows(StockLevel)}


@pytest.fixture
def desk(store, organization_id, tmp_path):
    return Desk(store, organization_id, tmp_path)


@pytest.fixture
def stocked(desk):
    """A warehouse with two bins and three goods."""
    desk.run("locations", "site,code,kind\nWH1,RECV,dock\nWH1,A01,pick\nWH1,A02,pick\n")
    desk.run(
        "catalog",
        "sku,name,barcode,expiry_tracked,serial_tracked,case_barcode,case_quantity\n"
        "BOLT,Bolt,5001000000033,,,15001000000030,100\n"
        "MILK,Milk,5001000000019,yes,,,\n"
        "PHONE,Phone,5001000000064,,yes,,\n",
    )
    return desk


def test_every_kind_is_there():
    assert set(import_kinds()) == {
        "catalog", "locations", "stock", "purchase-orders", "orders", "pick-faces", "substitutions", "policies",
        "recipes",
    }  # fmt: skip


def test_every_field_has_one_meaning():
    for kind in import_kinds().values():
        words = [word for field in kind.fields for word in (field.name, *field.aliases)]
        assert len(words) == len(set(words)), kind.name


# --- reading files


@pytest.mark.parametrize(
    "content",
    [
        "sku,name\nA,Bolt\nB,Nut\n",
        "\ufeffsku,name\r\nA,Bolt\r\nB,Nut",
        "Name;SKU\nBolt;A\n\n;;\nNut;B\n",
        '"name"\t"s k u"\n"Bolt"\tA\n"Nut"\tB\n',
        gzip.compress(b"name|colour|sku\nBolt|red|A\nNut|blue|B\n"),
        "Title,Stock Code\n Bolt ,A\nNut, B\n",
    ],
    ids=["plain", "bom-crlf", "semicolon", "tab-quoted", "gzip-pipe", "aliases-blanks"],
)
def test_files_of_every_make_are_read(desk, content):
    assert desk.run("catalog", content) == (2, 0, 0)
    assert {(v.sku, v.name) for v in desk.rows(Variant)} == {("A", "Bolt"), ("B", "Nut")}


def test_a_quoted_field_may_hold_anything_printable(desk):
    assert desk.run("catalog", 'sku,name,description\nA,"Bolt, ""M8""","two\nlines"\nB,Nut,\n') == (2, 0, 0)
    assert {p.description for p in desk.rows(Product)} == {"two\nlines", ""}
    desk.run("catalog", 'sku,name,description\nC,"Cap","two\nlines"\nD,,\n')
    assert desk.reasons == {4: "name is empty"}


def test_columns_are_mapped_by_name(desk):
    assert desk.run("catalog", "nr,what\nA,Bolt\n", mapping={"sku": "nr", "name": "What"}) == (1, 0, 0)


@pytest.mark.parametrize(
    ("content", "mapping", "message"),
    [
        ("", {}, "is empty"),
        ("sku\nA\n", {}, "no column for name.*--map name=COLUMN"),
        ("sku,name\nA,B\n", {"colour": "x"}, "no field 'colour'"),
        ("sku,name\nA,B\n", {"name": "x"}, "no column 'x'. Columns: sku, name"),
        ("\ufeff\ufeffsku,name\nA,B\n", {"name": "x"}, "no column 'x'. Columns: sku, name"),
        ("sku,name\n".encode("utf-16"), {}, "UTF-16"),
        (b"\x1f\x8b\x08 no gzip at all", {}, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_as_a_whole(desk, content, mapping, message):
    with pytest.raises(Invalid, match=message):
        desk.run("catalog", content, mapping=mapping)
    assert desk.rows(Variant) == []


def test_a_missing_file_is_named(desk, tmp_path):
    with pytest.raises(Invalid, match=r"nothing\.csv"):
        run_import(desk.store, organization_id=desk.organization_id, kind="catalog", path=tmp_path / "nothing.csv")


def test_a_file_that_breaks_off_keeps_what_was_read(desk):
    import random

    noise = random.Random(7)
    rows = "".join(f"S{n},{noise.getrandbits(200):x}\n" for n in range(4000))
    whole = gzip.compress(("sku,name\n" + rows).encode())
    made, _, refused = desk.run("catalog", whole[: len(whole) // 2])
    assert made > 500 and refused == 1
    assert "breaks off" in desk.refused[0].reason


def test_bad_rows_are_named_and_the_others_stay(desk):
    content = (
        b"sku,name,barcode\n"
        b"A,Good,5001000000019\n"
        b"B,Bad digit,5001000000018\n"
        b"C,\xff\xfe,\n"
        b"D,a\x1b[2Jb,\n"
        b"E,Extra,,more,than,header\n"
        b",,\n"
        b",No code,\n"
        b"F,Also good,\n"
    )
    assert desk.run("catalog", content) == (2, 0, 5)
    assert set(desk.reasons) == {3, 4, 5, 6, 8}
    assert "check digit: 8 instead of 9" in desk.reasons[3]
    assert "control character" in desk.reasons[4] and "control character" in desk.reasons[5]
    assert "6 columns, the header 3" in desk.reasons[6]
    assert desk.reasons[8] == "sku is empty"
    assert [row.subject for row in desk.refused if row.line == 3] == ["B 5001000000018"]


# --- catalogue


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


# --- locations


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


# --- stock


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


# --- documents

ORDERS = (
    "number,supplier,sku,quantity,unit_cost,expected\n"
    "PO-1,Dairy,MILK,120,0.6254,2026-03-05\n"
    "PO-2,Steel,BOLT,3.00,,\n"
    "PO-1,Dairy,BOLT,10,,2026-03-07\n"
)


def test_purchase_orders_keep_their_numbers_and_make_their_suppliers(stocked):
    assert stocked.run("purchase-orders", ORDERS) == (3, 0, 0)
    orders = {order.number: order for order in stocked.rows(PurchaseOrder)}
    assert set(orders) == {"PO-1", "PO-2"} and orders["PO-1"].expected_on == date(2026, 3, 7)
    lines = [line for line in stocked.rows(PurchaseOrderLine) if line.purchase_order_id == orders["PO-1"].id]
    assert [(line.quantity, line.unit_cost) for line in sorted(lines, key=lambda line: line.position)] == [
        (120, 625400),
        (10, None),
    ]
    assert {s.name for s in stocked.rows(Supplier)} == {"Dairy", "Steel"}
    before = stocked.count()
    assert stocked.run("purchase-orders", ORDERS) == (0, 3, 0)
    assert stocked.count() == before


def test_an_order_is_taken_wholly_or_not_at_all(stocked):
    content = (
        "number,supplier,sku,quantity\n"
        "PO-1,Dairy,MILK,120\n"
        "PO-2,Dairy,MILK,1\n"
        "PO-1,Dairy,NONE,1\n"
        "PO-3,Dairy,MILK,zero\n"
        "PO-3,Dairy,MILK,1\n"
        ",Dairy,MILK,1\n"
    )
    assert stocked.run("purchase-orders", content) == (1, 0, 5)
    assert [order.number for order in stocked.rows(PurchaseOrder)] == ["PO-2"]
    assert stocked.reasons[2] == "line 4 of the same document is refused"
    assert "'NONE' is not in the catalogue" in stocked.reasons[4]
    assert stocked.reasons[6] == "line 5 of the same document is refused"
    assert stocked.reasons[7] == "number is empty"


def test_a_known_number_with_other_lines_is_refused(stocked):
    stocked.run("purchase-orders", ORDERS)
    assert stocked.run("purchase-orders", ORDERS.replace("120", "121")) == (0, 1, 2)
    assert "PO-1 exists with other lines" in stocked.reasons[2]


def test_rows_of_one_order_agree_on_its_supplier(stocked):
    content = "number,supplier,sku,quantity\nPO-1,Dairy,MILK,1\nPO-1,Steel,BOLT,1\n"
    assert stocked.run("purchase-orders", content) == (0, 0, 2)
    assert stocked.reasons[2] == stocked.reasons[3] == "the rows of PO-1 differ in supplier: Dairy, Steel"
    assert stocked.rows(Supplier) == []


def test_a_case_code_orders_units_at_the_cost_of_a_unit(stocked):
    content = "number,supplier,barcode,quantity,unit_cost\nPO-1,Steel,15001000000030,3,2.00\n"
    assert stocked.run("purchase-orders", content) == (1, 0, 0)
    assert [(line.quantity, line.unit_cost) for line in stocked.rows(PurchaseOrderLine)] == [(300, 20_000)]


def test_heads_and_lines_in_two_files_are_joined(stocked):
    lines = stocked.file(
        "PurchaseOrderID,OrderQty,ProductID,UnitPrice\n1,4,MILK,50.2600\n1,3,BOLT,.0000\n3,1,BOLT,1\n", "lines.csv"
    )
    heads = "PurchaseOrderID,VendorID,OrderDate\n1,1580,2022-04-15\n2,1496,2022-04-15\n"
    mapping = {"expected": "OrderDate"}
    assert stocked.run("purchase-orders", heads, lines_path=lines, mapping=mapping) == (2, 0, 2)
    assert {row.subject: row.reason for row in stocked.refused} == {
        "3": "file.csv has no number '3'",
        "2": "lines.csv has no lines of it",
    }
    (order,) = stocked.rows(PurchaseOrder)
    assert (order.number, order.expected_on) == ("1", date(2022, 4, 15))
    assert [s.name for s in stocked.rows(Supplier)] == ["1580"]


def test_orders_are_made_and_nothing_is_reserved(stocked):
    content = "number,customer,sku,quantity,price,due,priority\nSO-1,Shop,MILK,6,1.19,2026-03-05,3\nSO-1,,BOLT,1,,,\n"
    assert stocked.run("orders", content) == (2, 0, 0)
    (order,) = stocked.rows(SalesOrder)
    assert (order.number, order.customer, order.priority, order.status) == ("SO-1", {"name": "Shop"}, 3, "confirmed")
    assert order.due_at.date() == date(2026, 3, 5)
    before = stocked.count()
    assert stocked.run("orders", content) == (0, 2, 0)
    assert stocked.count() == before


# --- recipes


RECIPES = (
    "output,output_quantity,ingredient,quantity,name,shelf_life_days,ended\n"
    "KIT,2,BOLT,4,Kit,30,\n"
    "KIT,,5001000000019,0.5,,,2099-03-31\n"
    "KIT,,GLUE,1,,,2020-01-31 00:00:00.000\n"
    "BOX,,KIT,12,,,\n"
    ",,KIT,1,,,\n"
)


@pytest.fixture
def workshop(stocked):
    stocked.run("catalog", "sku,name,unit\nKIT,Kit,ea\nBOX,Box,ea\nGLUE,Glue,oz\n")
    return stocked


def test_recipes_come_once_level_by_level_and_what_has_ended_is_named(workshop):
    assert workshop.run("recipes", RECIPES, is_rehearsal=True) == (3, 0, 2)
    assert workshop.rows(Recipe) == []
    for expected in ((3, 0, 2), (0, 3, 2)):
        assert workshop.run("recipes", RECIPES) == expected
        assert workshop.reasons == {
            4: "ended on 2020-01-31: no longer part of the recipe", 6: "the row names no output",
        }  # fmt: skip
    skus = {variant.id: variant.sku for variant in workshop.rows(Variant)}
    recipes = {skus[row.output_variant_id]: row for row in workshop.rows(Recipe)}
    assert {sku: (row.name, row.output_quantity, row.shelf_life_days) for sku, row in recipes.items()} == {
        "KIT": ("Kit", 2, 30), "BOX": ("Box", 1, None),
    }  # fmt: skip
    parts = {(row.recipe_id, skus[row.variant_id], row.quantity) for row in workshop.rows(RecipeIngredient)}
    assert parts == {
        (recipes["KIT"].id, "BOLT", 4), (recipes["KIT"].id, "MILK", Decimal("0.5")), (recipes["BOX"].id, "KIT", 12),
    }  # fmt: skip


def test_a_recipe_is_taken_wholly_or_not_at_all(workshop):
    workshop.run("recipes", "output,ingredient,quantity\nKIT,BOLT,4\n")
    content = (
        "number,output,ingredient,quantity,unit\n"
        ",BOX,KIT,1,EA\n"
        ",BOX,NONE,1,EA\n"
        ",GLUE,MILK,2,kg\n"
        ",KIT,BOLT,5,\n"
        "K-2,KIT,BOLT,5,\n"
        ",BOLT,KIT,1,\n"
        ",MILK,BOLT,none,\n"
    )
    assert workshop.run("recipes", content) == (1, 0, 6)
    assert workshop.reasons == {
        2: "line 3 of the same recipe is refused",
        3: "'NONE' is not in the catalogue: import the catalogue first",
        4: "the row counts in kg, MILK is counted in ea",
        5: "KIT has recipe RCP-000001 with other ingredients: give these rows a number of their own",
        7: "BOLT goes into KIT already: a recipe cannot contain what it makes",
        8: "quantity: 'none' is not a number",
    }
    assert sorted(row.number for row in workshop.rows(Recipe)) == ["K-2", "RCP-000001"]
    assert workshop.run("recipes", content.replace("K-2,KIT,BOLT,5", "K-2,KIT,BOLT,6")) == (0, 1, 6)
    assert workshop.reasons[6] == "recipe K-2 exists with other ingredients"


# --- rehearsal, trail, size


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("catalog", "product,sku,name,quantity,location\nP,X,Ex,5,A01\nP,Y,Why,5,Z9\nP,BOLT,Bolt,,\n"),
        ("locations", "site,code\nWH2,A\nWH1,A01\nWH1,A01\n"),
        ("stock", "sku,location,quantity,lot,expiry\nMILK,A01,1,M1,2026-04-10\nMILK,A02,1,M1,2026-05-10\n"),
        ("purchase-orders", ORDERS + "PO-4,,NONE,1,,\n"),
        ("orders", "number,sku,quantity\nSO-1,MILK,1\nSO-2,NONE,1\n"),
    ],
)
def test_a_rehearsal_says_the_same_and_writes_nothing(stocked, monkeypatch, kind, content):
    from ambra_tui.services.imports import catalog as catalog_import
    from ambra_tui.services.imports import stock as stock_import

    monkeypatch.setattr(catalog_import.CatalogImport, "chunk", 1)
    monkeypatch.setattr(stock_import.StockImport, "chunk", 1)
    before = stocked.count()
    said = stocked.run(kind, content, is_rehearsal=True), stocked.reasons
    assert stocked.count() == before
    assert stocked.read(list_entries)[0].act == "import_finished"  # of the fixture: a rehearsal leaves no trail
    assert (stocked.run(kind, content), stocked.reasons) == said


def test_an_import_leaves_a_trail(desk):
    desk.run("catalog", "sku,name\nA,Bolt\n,\nB,\n")
    finished, started = desk.read(list_entries)[:2]
    assert (started.act, finished.act, finished.actor_name) == ("import_started", "import_finished", "Tess Tester")
    assert finished.details == {"file": "file.csv", "rows": 2, "made": 1, "refused": 1}


def test_many_rows_take_many_short_transactions(desk, monkeypatch):
    desk.run("locations", "site,code,kind\nWH1,RECV,dock\n")
    sizes = []
    submit = desk.store.writer.submit

    def counting(function, **options):
        sizes.append(1)
        return submit(function, **options)

    monkeypatch.setattr(desk.store.writer, "submit", counting)
    rows = "".join(f"S{n:04d},Product {n},{n + 1}\n" for n in range(1000))
    steps = []
    report = run_import(
        desk.store,
        organization_id=desk.organization_id,
        kind="catalog",
        path=desk.file("sku,name,quantity\n" + rows),
        on_progress=lambda share, report: steps.append(share),
    )
    assert (report.made, report.refused) == (1000, 0)
    assert len(sizes) >= 1000 // 200 and steps[-1] == 1.0 and steps == sorted(steps)
    assert sum(desk.on_hand().values()) == 500_500


def test_the_progress_of_documents_is_what_was_written(stocked):
    lines = stocked.file("".join(["number,sku,quantity\n", *(f"P{n},BOLT,1\n" for n in range(4))]), "lines.csv")
    steps = []
    run_import(
        stocked.store,
        organization_id=stocked.organization_id,
        kind="purchase-orders",
        path=stocked.file("".join(["number,supplier\n", *(f"P{n},Steel\n" for n in range(4))])),
        lines_path=lines,
        on_progress=lambda share, report: steps.append(share),
    )
    assert steps == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_another_organization_imports_its_own(desk, store, tmp_path):
    content = "sku,name,barcode\nA,Bolt,5001000000019\n"
    desk.run("catalog", content)
    other = Desk(store, factories.organization(store, "Other"), tmp_path)
    assert other.run("catalog", content) == (1, 0, 0)
    assert desk.count()["Variant"] == other.count()["Variant"] == 1
