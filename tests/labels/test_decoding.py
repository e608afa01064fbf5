"""Every kind of label is read back as what it was to say, at both resolutions, from PNG, SVG's marks and PDF."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from ambra_tui.errors import Invalid
from ambra_tui.labels.draw import Undecodable, check, draw_checked, raster
from ambra_tui.labels.fonts import MISSING, set_in
from ambra_tui.labels.formats import formats
from ambra_tui.labels.gs1 import gs1_code, gs1_text, is_sscc, sscc
from ambra_tui.labels.layout import Bars, Cells, Words
from ambra_tui.labels.model import Code, Label, Symbology, label_from_json, label_to_json
from ambra_tui.labels.stock import STOCKS, stock_named
from ambra_tui.scan.parse import parse
from tests.labels.conftest import HOSTILE, LABELS, texts_of

DPIS = (203, 300)
ROLL = stock_named("100x50")


def read(image: Image.Image) -> set[str]:
    """What a scanner reads, from whichever symbol there is."""
    return {found.text for found in zxingcpp.read_barcodes(image, text_mode=zxingcpp.TextMode.Plain)}


def read_with_identifier(image: Image.Image) -> list[str]:
    found = zxingcpp.read_barcodes(image, text_mode=zxingcpp.TextMode.Plain)
    return [one.symbology_identifier + one.text for one in found]


@pytest.mark.parametrize("dpi", DPIS)
@pytest.mark.parametrize("label", LABELS, ids=lambda label: f"{label.kind}-{label.codes[0].symbology}")
def test_a_png_decodes_to_the_same_texts(label: Label, dpi: int) -> None:
    content = formats()["png"].write([draw_checked(label, ROLL, dpi=dpi)], ROLL)
    with Image.open(io.BytesIO(content)) as picture:
        assert round(picture.info["dpi"][0]) == dpi
        assert picture.size == (int(100 * dpi / 25.4), int(50 * dpi / 25.4))
        assert texts_of(label) <= read(picture.convert("L"))


@pytest.mark.parametrize("dpi", DPIS)
@pytest.mark.parametrize("sheet", ["a4-24", "a4-8", "4x6", "100x50", "letter-10"])
def test_every_page_of_a_pdf_decodes_to_the_same_texts(sheet: str, dpi: int) -> None:
    stock = stock_named(sheet)
    content = formats()["pdf"].write([draw_checked(label, stock, dpi=dpi) for label in LABELS], stock)
    pages = [page.render(scale=dpi / 72).to_pil() for page in pypdfium2.PdfDocument(content)]
    assert len(pages) == -(-len(LABELS) // stock.per_page)
    assert {text for label in LABELS for text in texts_of(label)} <= set().union(*map(read, pages))


@pytest.mark.parametrize("label", LABELS, ids=lambda label: f"{label.kind}-{label.codes[0].symbology}")
def test_an_svg_holds_the_marks_that_were_read(label: Label) -> None:
    drawing = draw_checked(label, ROLL, dpi=300)
    text = formats()["svg"].write([drawing], ROLL).decode()
    for mark in drawing.marks:
        if isinstance(mark, Bars):
            assert all(f"M{left} {mark.y}h{width}v{mark.height}" in text for left, width in mark.runs())
        elif isinstance(mark, Cells):
            assert all(f"M{left} {top}h{width}v{mark.module}" in text for left, top, width in mark.runs())


@pytest.mark.parametrize("is_square", [False, True])
def test_gs1_elements_come_back_through_the_scan_engine(is_square: bool) -> None:
    elements = [("10", "M130"), ("01", "05001000000019"), ("17", "260715"), ("21", "SN1")]
    label = Label("variant", (gs1_code(elements, is_square=is_square),), "Milk")
    (frame,) = read_with_identifier(raster(draw_checked(label, ROLL, dpi=203)).convert("L"))
    scan = parse(frame, today=date(2026, 3, 2))
    assert (scan.kind, scan.gtin, scan.lot, scan.serial) == ("gs1", "05001000000019", "M130", "SN1")
    assert scan.expiry == date(2026, 7, 15)


def test_an_sscc_comes_back_as_one() -> None:
    code = sscc("050010000", 7)
    assert is_sscc(code)
    assert not is_sscc(code[:-1] + str((int(code[-1]) + 1) % 10))
    drawing = draw_checked(Label("plate", (gs1_code([("00", code)]),), code), stock_named("4x6"), dpi=203)
    (frame,) = read_with_identifier(raster(drawing).convert("L"))
    assert parse(frame, today=date(2026, 3, 2)).sscc == code


def test_separators_follow_only_what_has_no_known_length() -> None:
    assert gs1_text([("10", "A"), ("01", "05001000000019"), ("21", "B")]) == "010500100000001910A\x1d21B"


@pytest.mark.parametrize(("ai", "value"), [("01", "05001000000018"), ("10", "Ü"), ("17", "261399"), ("ZZ", "1")])
def test_what_gs1_does_not_allow_is_not_printed(ai: str, value: str) -> None:
    with pytest.raises(Invalid, match="cannot be printed"):
        gs1_text([(ai, value)])


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("form", ["pdf", "png", "svg", "zpl"])
def test_a_hostile_name_is_letters_in_every_format(name: str, form: str) -> None:
    label = Label("bin", (Code("code128", "WH1-A01-1"),), name, (name,) * 3, "down")
    drawing = draw_checked(label, ROLL, dpi=203)
    for mark in drawing.marks:
        if isinstance(mark, Words):
            assert mark.x + mark.width <= drawing.width
    assert formats()[form].write([drawing], ROLL)


@pytest.mark.parametrize("text", ["99", "9948A637", "99888724038CA3", "9", "100A", "1" * 7, "A99", "00990"])
def test_digits_are_read_whatever_they_begin_with(text: str) -> None:
    drawing = draw_checked(Label("bin", (Code("code128", text),), "x"), ROLL, dpi=203)
    assert read(raster(drawing).convert("L")) == {text}


@pytest.mark.parametrize("text", ["^XZ~JA_", ">8A\\", "a|b", "[@click]", " x ", "~~", "(01)05001000000019"])
@pytest.mark.parametrize("symbology", ["code128", "datamatrix", "qr"])
def test_a_hostile_code_is_read_letter_by_letter(text: str, symbology: Symbology) -> None:
    label = Label("bin", (Code(symbology, text),), "x")
    assert text in read(raster(draw_checked(label, ROLL, dpi=203)).convert("L"))


def test_letters_that_no_font_has_are_boxes_and_the_code_stays_right() -> None:
    assert set_in("漢A", None).text == f"{MISSING}A"
    assert set_in("Größe ŁΩЖ", None).text == "Größe ŁΩЖ"


def test_a_label_that_reads_as_something_else_does_not_leave() -> None:
    drawing = draw_checked(LABELS[0], ROLL, dpi=203)
    lying = replace(
        drawing,
        marks=tuple(
            replace(mark, code=Code("code128", "WH1-A01-2")) if isinstance(mark, Bars) else mark
            for mark in drawing.marks
        ),
    )
    with pytest.raises(Undecodable, match="bin A01-1"):
        check(lying)


def test_a_label_whose_bars_run_together_does_not_leave() -> None:
    drawing = draw_checked(LABELS[0], ROLL, dpi=203)
    flat = replace(
        drawing,
        marks=tuple(replace(mark, pattern="1" * 134) if isinstance(mark, Bars) else mark for mark in drawing.marks),
    )
    with pytest.raises(Undecodable):
        check(flat)


def test_a_code_too_long_for_bars_becomes_a_square_one() -> None:
    label = Label("bin", (Code("code128", "WAREHOUSE-NORTH-AISLE-0017-BAY-22"),), "A")
    drawing = draw_checked(label, stock_named("57x32"), dpi=203)
    assert [code.symbology for code in drawing.label.codes] == ["datamatrix"]
    assert texts_of(label) <= read(raster(drawing).convert("L"))


@pytest.mark.parametrize(
    ("label", "sheet"),
    [
        (LABELS[3], "20x12"),
        (LABELS[7], "25x20"),
        (Label("document", (Code("qr", "x" * 900),), "x"), "30x20"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(label: Label, sheet: str) -> None:
    with pytest.raises(Invalid, match="does not fit on a label of"):
        draw_checked(label, stock_named(sheet), dpi=203)


@pytest.mark.parametrize("code", [Code("ean13", "5001000000018"), Code("itf14", "123"), Code("code128", "")])
def test_what_is_no_code_is_refused(code: Code) -> None:
    with pytest.raises(Invalid):
        draw_checked(Label("variant", (code,), "x"), ROLL, dpi=203)


@pytest.mark.parametrize("stock", STOCKS.values(), ids=STOCKS)
def test_a_sheet_s_labels_stay_on_its_page(stock) -> None:
    width, height = stock.page_mm
    left, top = stock.place_mm(stock.per_page - 1)
    assert left + stock.width_mm <= width + 0.01
    assert top + stock.height_mm <= height + 0.01


@pytest.mark.parametrize("name", ["", "a4", "5x5", "1000x20", "100x"])
def test_an_unknown_stock_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        stock_named(name)


def test_the_formats_are_these() -> None:
    assert sorted(formats()) == ["pdf", "png", "svg", "zpl"]
    assert [name for name, form in sorted(formats().items()) if form.holds_many] == ["pdf", "zpl"]


def test_labels_survive_the_store() -> None:
    import json

    kept: Iterable[Label] = [label_from_json(json.loads(json.dumps(label_to_json(label)))) for label in LABELS]
    assert tuple(kept) == LABELS
    with pytest.raises(Invalid, match="no kind of barcode"):
        label_from_json({"codes": [{"symbology": "morse", "text": "x", "shown": ""}]})
