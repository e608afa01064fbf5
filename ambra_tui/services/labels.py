"""What labels say about the things of the store: bins, totes, variants, cases, lots, plates, documents, badges.

A GTIN is printed as the retail symbol that it is, a lot and its dates as GS1 elements, an SSCC as GS1-128; every other
code as Code 128, or as Data Matrix where its letters are not ASCII.

Example::

    labels_of(session, "bin", location.id)      # [Label("bin", (Code("code128", "WH1-A01-1"),), title="A01-1", ...)]
    printing.add_job(session, labels_of(session, "plate", plate.id), kind="plate")      # to this station's printer
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from sqlmodel import Session, col, select

from ambra_tui.errors import Invalid
from ambra_tui.kit.language import DEFAULT_LANGUAGE, say
from ambra_tui.kit.quantity import show
from ambra_tui.kit.text import clean_line
from ambra_tui.labels import gs1
from ambra_tui.labels.model import Arrow, Code, Label
from ambra_tui.labels.symbols import can_be_bars
from ambra_tui.scan.check_digits import has_check_digit
from ambra_tui.services.catalog import barcodes_of
from ambra_tui.services.places import find_plate
from ambra_tui.store.models import (
    Barcode,
    CycleCount,
    LicensePlate,
    Location,
    Lot,
    ProductionBatch,
    PurchaseOrder,
    ReturnAuthorization,
    SalesOrder,
    Site,
    StockLevel,
    StockTransfer,
    Supplier,
    Variant,
)
from ambra_tui.store.scope import fetch, organization_of, scoped

Document = SalesOrder | PurchaseOrder | StockTransfer | ReturnAuthorization | CycleCount | ProductionBatch
_GTIN_DIGITS = 14
_MAX_CONTENTS = 10
MAX_BADGE = 60


# -- codes -----------------------------------------------------------------------------------------------------------


def plain_code(text: str) -> Code:
    """A code of our own: Code 128, or Data Matrix for letters that Code 128 has not got."""
    return Code("code128" if can_be_bars(text) else "datamatrix", text)


def item_code(stored: str) -> Code:
    """The symbol of a barcode as the store keeps it: the shortest retail symbol of a GTIN, ITF-14 for a case's."""
    if not is_gtin(stored):
        return plain_code(stored)
    if stored[0] != "0":
        return Code("itf14", stored)
    if stored.startswith("000000") and stored[6] != "0":
        return Code("ean8", stored[6:])
    if stored.startswith("00"):
        return Code("upca", stored[2:])
    return Code("ean13", stored[1:])


def is_gtin(stored: str) -> bool:
    return len(stored) == _GTIN_DIGITS and stored.isascii() and stored.isdigit() and has_check_digit(stored)


def _lot_elements(gtin: str, lot: Lot | None, serial: str = "") -> list[tuple[str, str]] | None:
    """The GTIN with the lot, its dates and a serial; None where GS1 cannot hold one of them."""
    elements = [("01", gtin)]
    if lot is not None:
        for ai, day in (("17", lot.expiry_date), ("15", lot.best_before_date)):
            if day is not None:
                elements.append((ai, f"{day:%y%m%d}"))
        elements.append(("10", lot.lot_number))
    if serial:
        elements.append(("21", serial))
    return elements if all(gs1.can_hold(ai, value) for ai, value in elements) else None


# -- one label -------------------------------------------------------------------------------------------------------


def location_label(location: Location, site_code: str, *, arrow: Arrow = "") -> Label:
    """A bin, a dock, a tote: its code in the largest letters, its barcode across."""
    kind = "tote" if location.kind == "tote" else "bin"
    lines = tuple(line for line in (" · ".join(part for part in (site_code, location.zone) if part), location.name))
    return Label(kind, (plain_code(location.barcode),), location.code, tuple(line for line in lines if line), arrow)


def badge_label(code: str, name: str, *, line: str = "") -> Label:
    """A person's badge. The store knows badges by their digest only, so the code comes from whoever gives it out."""
    text = clean_line(code, field="code", max_length=MAX_BADGE)
    return Label("badge", (plain_code(text),), clean_line(name, field="name"), (line,) if line else ())


def variant_label(
    variant: Variant, barcode: str, *, lot: Lot | None = None, serial: str = "", language: str = DEFAULT_LANGUAGE
) -> Label:
    """One unit. With a lot or a serial, what a scanner needs of it stands beside the barcode as GS1 DataMatrix."""
    code = item_code(barcode) if barcode else plain_code(variant.sku)
    codes: tuple[Code, ...] = (code,)
    if lot is not None or serial:
        elements = _lot_elements(barcode, lot, serial) if is_gtin(barcode) else None
        if elements:
            codes = (code, gs1.gs1_code(elements, is_square=True))
        else:
            codes = (plain_code(serial or (lot.lot_number if lot else "")),)
    lines = [variant.sku, *(_lot_lines(lot, language) if lot else ())]
    if serial:
        lines.append(say(language, "labels.serial", serial=serial))
    return Label("variant", codes, variant.name, tuple(lines))


def case_label(
    variant: Variant, barcode: Barcode, *, lot: Lot | None = None, language: str = DEFAULT_LANGUAGE
) -> Label:
    """A case: ITF-14 alone, GS1-128 with its lot."""
    elements = _lot_elements(barcode.code, lot) if lot is not None and is_gtin(barcode.code) else None
    code = gs1.gs1_code(elements) if elements else item_code(barcode.code)
    lines = [variant.sku, f"{show(barcode.quantity)} {variant.unit_of_measure}"]
    return Label("case", (code,), variant.name, (*lines, *(_lot_lines(lot, language) if lot else ())))


def _lot_lines(lot: Lot, language: str) -> list[str]:
    lines = [say(language, "labels.lot", lot=lot.lot_number)]
    if lot.expiry_date is not None:
        lines.append(say(language, "labels.expiry", day=lot.expiry_date.isoformat()))
    if lot.best_before_date is not None:
        lines.append(say(language, "labels.best_before", day=lot.best_before_date.isoformat()))
    return lines


def plate_label(session: Session, plate: LicensePlate) -> Label:
    """A license plate: an SSCC as GS1-128, what it carries for people."""
    return new_plate_label(plate.code, _contents(session, plate.id))


def plate_label_of(session: Session, code: str) -> Label:
    """The label of a plate's code, also before anything was put on it."""
    plate = find_plate(session, code)
    if plate is not None:
        return plate_label(session, plate)
    return new_plate_label(code)


def new_plate_label(code: str, contents: Sequence[str] = ()) -> Label:
    """A plate by its code and what it carries, known to the store or not."""
    symbol = gs1.gs1_code([("00", code)]) if gs1.is_sscc(code) else plain_code(code)
    return Label("plate", (symbol,), code, tuple(contents))


def _contents(session: Session, plate_id: str) -> list[str]:
    organization_id = organization_of(session)
    statement = (
        select(StockLevel, Variant)
        .join(
            Variant,
            (col(Variant.organization_id) == col(StockLevel.organization_id))
            & (col(Variant.id) == col(StockLevel.variant_id)),
        )
        .where(
            StockLevel.organization_id == organization_id,
            Variant.organization_id == organization_id,
            StockLevel.plate_id == plate_id,
            col(StockLevel.on_hand) > Decimal(0),
        )
        .order_by(col(Variant.sku), col(StockLevel.lot_id))
    )
    rows = session.exec(statement).all()
    ids = {level.lot_id for level, _ in rows} - {""}
    lots = {lot.id: lot for lot in session.exec(scoped(session, Lot).where(col(Lot.id).in_(ids))).all()} if ids else {}
    lines = []
    for level, variant in rows[:_MAX_CONTENTS]:
        lot = lots.get(level.lot_id)
        day = lot.expiry_date or lot.best_before_date if lot else None
        unit = lot.lot_number if lot else level.serial
        parts = (variant.sku, show(level.on_hand), unit, day.isoformat() if day else "")
        lines.append("  ".join(part for part in parts if part))
    return lines if len(rows) <= _MAX_CONTENTS else [*lines, f"+{len(rows) - _MAX_CONTENTS}"]


def document_label(number: str, *lines: str) -> Label:
    """A document's number, as bars and as QR code."""
    code = plain_code(number)
    codes = (code, Code("qr", number)) if not code.is_square else (Code("qr", number),)
    return Label("document", codes, number, tuple(line for line in lines if line))


# -- by the thing that a card is about -------------------------------------------------------------------------------


def labels_of(
    session: Session, kind: str, subject_id: str, detail: str = "", *, language: str = DEFAULT_LANGUAGE
) -> list[Label]:
    """The labels of what a card shows (`kind` and ids as in `services.inquiry.Subject`). Raises NotFound, Invalid."""
    maker = _MAKERS.get(kind)
    if maker is None:
        raise Invalid(f"there is no label for a {kind}", field="kind")
    return [maker(session, subject_id, detail, language)]


def code_shown(session: Session, kind: str, subject_id: str, detail: str = "") -> str:
    """The one text by which a scan finds what a card shows: what a screen holds up to another scanner."""
    label = labels_of(session, kind, subject_id, detail)[0]
    if kind == "plate":
        return label.title
    if kind == "lot":
        return fetch(session, Lot, subject_id, resource="lot").lot_number
    return detail or label.codes[0].text


def _of_item(session: Session, variant_id: str, detail: str, language: str) -> Label:
    variant = fetch(session, Variant, variant_id, resource="variant")
    return variant_label(variant, each_barcode(session, variant_id), serial=detail, language=language)


def _of_lot(session: Session, lot_id: str, detail: str, language: str) -> Label:
    lot = fetch(session, Lot, lot_id, resource="lot")
    variant = fetch(session, Variant, lot.variant_id, resource="variant")
    return variant_label(variant, each_barcode(session, variant.id), lot=lot, language=language)


def _of_bin(session: Session, location_id: str, detail: str, language: str) -> Label:
    location = fetch(session, Location, location_id, resource="location")
    if location.site_id is None:
        raise Invalid(f"{location.code} is no place that could carry a label", field="location")
    return location_label(location, fetch(session, Site, location.site_id, resource="site").code)


def _of_plate(session: Session, plate_id: str, detail: str, language: str) -> Label:
    return plate_label(session, fetch(session, LicensePlate, plate_id, resource="license_plate"))


def _document_maker(model: type[Document]) -> Callable[[Session, str, str, str], Label]:
    def make(session: Session, document_id: str, detail: str, language: str) -> Label:
        return label_of_document(session, fetch(session, model, document_id, resource="document"))

    return make


def label_of_document(session: Session, document: Document) -> Label:
    """The label of any document with a number, with who or where it is about."""
    if isinstance(document, SalesOrder):
        due = f"{document.due_at:%Y-%m-%d %H:%M}" if document.due_at else ""
        return document_label(document.number, str(document.customer.get("name") or ""), due)
    if isinstance(document, PurchaseOrder):
        day = document.expected_on.isoformat() if document.expected_on else ""
        return document_label(document.number, _name(session, Supplier, document.supplier_id), day)
    if isinstance(document, StockTransfer):
        source, destination = (
            _name(session, Site, site_id) for site_id in (document.source_site_id, document.destination_site_id)
        )
        return document_label(document.number, f"{source} → {destination}")
    if isinstance(document, ProductionBatch):
        made = fetch(session, Variant, document.output_variant_id, resource="variant")
        return document_label(document.number, f"{show(document.planned_quantity)} {made.sku}", made.name)
    if isinstance(document, ReturnAuthorization):
        order = fetch(session, SalesOrder, document.order_id, resource="order")
        return document_label(document.number, order.number, document.reason)
    return document_label(document.number, _name(session, Site, document.site_id), document.notes)


def _name(session: Session, model: type[Site] | type[Supplier], row_id: str) -> str:
    return fetch(session, model, row_id, resource="site").name


_MAKERS: dict[str, Callable[[Session, str, str, str], Label]] = {
    "item": _of_item,
    "serial": _of_item,
    "lot": _of_lot,
    "bin": _of_bin,
    "plate": _of_plate,
    "order": _document_maker(SalesOrder),
    "purchase_order": _document_maker(PurchaseOrder),
    "stock_transfer": _document_maker(StockTransfer),
    "return_authorization": _document_maker(ReturnAuthorization),
    "cycle_count": _document_maker(CycleCount),
    "production_batch": _document_maker(ProductionBatch),
}


def each_barcode(session: Session, variant_id: str) -> str:
    """The barcode that one unit carries: the first for a quantity of one, a GTIN before others."""
    ones = [row.code for row in barcodes_of(session, variant_id) if row.quantity == 1]
    return next((code for code in ones if is_gtin(code)), ones[0] if ones else "")
