"""Imports: real files, every refusal named, a rehearsal writes nothing."""

from __future__ import annotations

import gzip

import pytest

from ambra_tui.errors import Invalid
from ambra_tui.services.imports._run import import_kinds, run_import
from ambra_tui.store.models import Product, Variant
from tests import factories
from tests.services.importing import ORDERS, Desk, stock
from tests.trail import list_entries


@pytest.fixture
def desk(store, organization_id, tmp_path):
    return Desk(store, organization_id, tmp_path)


@pytest.fixture
def stocked(desk):
    return stock(desk)


def test_every_kind_is_there():
    assert set(import_kinds()) == {
        "catalog", "locations", "stock", "purchase-orders", "orders", "pick-faces", "substitutions", "policies",
        "recipes",
    }  # fmt: skip


def test_every_field_has_one_meaning():
    for kind in import_kinds().values():
        words = [word for field in kind.fields for word in (field.name, *field.aliases)]
        assert len(words) == len(set(words)), kind.name


# --- reading files ---------------------------------------------------------------------------------------------------


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


# --- rehearsal, trail, size ------------------------------------------------------------------------------------------


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
