"""What labels say about the things of the store: bins, totes, variants, cases, lots, plates, documents, badges.

A GTIN is printed as the retail symbol that it is, a lot and its dates as GS1 elements, an SSCC as GS1-128; every other
code as Code 128, or as Data Matrix where its letters are not ASCII.

Example::

    labels_of(session, "bin", location.id)      # [Label("bin", (Code("code128", "WH1-A01-1"),), title="A01-1", ...)]
    queue(session, "plate", [plate.id])         # a PrintJob for this station's printer
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from ambra_tui.errors import Invalid, NotFound
from ambra_tui.kit.language import DEFAULT_LANGUAGE, say
from ambra_tui.kit.quantity import show
from ambra_tui.kit.text import clean_line
from ambra_tui.labels import gs1
from ambra_tui.labels.model import Arrow, Code, Label
from ambra_tui.labels.symbols import can_be_bars
from ambra_tui.scan.check_digits import has_check_digit
from ambra_tui.services import printing
from ambra_tui.services.catalog import barcodes_of, find_variant_by_sku, match_text
from ambra_tui.services.lots import find_lot
from ambra_tui.services.places import find_plate, site_by_code
from ambra_tui.store.models import (
    Barcode,
    LicensePlate,
    Location,
    Lot,
    PrintJob,
    PurchaseOrder,
    SalesOrder,
    Site,
    StockLevel,
    Supplier,
    Variant,
)
from ambra_tui.store.scope import fetch, organization_of, scoped

_GTIN_DIGITS = 14
_MAX_CONTENTS = 10
MAX_BADGE = 60


# -- codes -----------------------------------------------------------------------------------------------------------


def plain_code(text: str) -> Code:
    """A code of our own: Code 128, or Data Matrix for letters that Code 128 has not got."""
    return Code("code128" if can_be_bars(text) else "datamatrix", text)


def item_code(stored: str) -> Code:
    """The symbol of a barcode as the store keeps it: the shortest retail symbol of a GTIN, ITF-14 for a case's."""
    if not _is_gtin(stored):
        return plain_code(stored)
    if stored[0] != "0":
        return Code("itf14", stored)
    if stored.startswith("000000") and stored[6] != "0":
        return Code("ean8", stored[6:])
    if stored.startswith("00"):
        return Code("upca", stored[2:])
    return Code("ean13", stored[1:])


def _is_gtin(stored: str) -> bool:
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
        elements = _lot_elements(barcode, lot, serial) if _is_gtin(barcode) else None
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
    elements = _lot_elements(barcode.code, lot) if lot is not None and _is_gtin(barcode.code) else None
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
    return _plate_label(plate.code, _contents(session, plate.id))


def plate_label_of(session: Session, code: str) -> Label:
    """The label of a plate's code, also before anything was put on it."""
    plate = find_plate(session, code)
    if plate is not None:
        return plate_label(session, plate)
    return _plate_label(code)


def _plate_label(code: str, contents: Sequence[str] = ()) -> Label:
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
    return variant_label(variant, _each_barcode(session, variant_id), serial=detail, language=language)


def _of_lot(session: Session, lot_id: str, detail: str, language: str) -> Label:
    lot = fetch(session, Lot, lot_id, resource="lot")
    variant = fetch(session, Variant, lot.variant_id, resource="variant")
    return variant_label(variant, _each_barcode(session, variant.id), lot=lot, language=language)


def _of_bin(session: Session, location_id: str, detail: str, language: str) -> Label:
    location = fetch(session, Location, location_id, resource="location")
    if location.site_id is None:
        raise Invalid(f"{location.code} is no place that could carry a label", field="location")
    return location_label(location, fetch(session, Site, location.site_id, resource="site").code)


def _of_plate(session: Session, plate_id: str, detail: str, language: str) -> Label:
    return plate_label(session, fetch(session, LicensePlate, plate_id, resource="license_plate"))


def _of_order(session: Session, order_id: str, detail: str, language: str) -> Label:
    return _order_label(fetch(session, SalesOrder, order_id, resource="order"))


def _order_label(order: SalesOrder) -> Label:
    due = f"{order.due_at:%Y-%m-%d %H:%M}" if order.due_at else ""
    return document_label(order.number, str(order.customer.get("name") or ""), due)


def _of_purchase_order(session: Session, order_id: str, detail: str, language: str) -> Label:
    return _purchase_order_label(session, fetch(session, PurchaseOrder, order_id, resource="purchase_order"))


def _purchase_order_label(session: Session, order: PurchaseOrder) -> Label:
    supplier = fetch(session, Supplier, order.supplier_id, resource="supplier")
    return document_label(order.number, supplier.name, order.expected_on.isoformat() if order.expected_on else "")


_MAKERS: dict[str, Callable[[Session, str, str, str], Label]] = {
    "item": _of_item,
    "serial": _of_item,
    "lot": _of_lot,
    "bin": _of_bin,
    "plate": _of_plate,
    "order": _of_order,
    "purchase_order": _of_purchase_order,
}


def _each_barcode(session: Session, variant_id: str) -> str:
    """The barcode that one unit carries: the first for a quantity of one, a GTIN before others."""
    ones = [row.code for row in barcodes_of(session, variant_id) if row.quantity == 1]
    return next((code for code in ones if _is_gtin(code)), ones[0] if ones else "")


def queue(
    session: Session,
    kind: str,
    ids: Sequence[str],
    *,
    details: Sequence[str] = (),
    copies: int = 1,
    language: str = DEFAULT_LANGUAGE,
) -> PrintJob:
    """Sends the labels of things to the printer of the station that asks. Never waits for the printer."""
    labels: list[Label] = []
    for index, subject_id in enumerate(ids):
        detail = details[index] if index < len(details) else ""
        labels += labels_of(session, kind, subject_id, detail, language=language)
    return printing.add_job(session, labels, kind=kind, copies=copies)


# -- many, for a sheet -----------------------------------------------------------------------------------------------


def location_labels(
    session: Session,
    codes: Sequence[str] = (),
    *,
    site: str | None = None,
    zone: str | None = None,
    totes: bool = False,
    arrow: Arrow = "",
) -> list[Label]:
    """Bins and docks (or totes) of all sites or one, in walking order; `codes`: codes or barcodes. Raises NotFound."""
    wanted = site_by_code(session, site) if site else None
    sites = {row.id: row.code for row in session.exec(scoped(session, Site)).all()}
    statement = scoped(session, Location).where(col(Location.site_id).is_not(None), Location.status == "active")
    statement = statement.where(Location.kind == "tote" if totes else Location.kind != "tote")
    if wanted is not None:
        statement = statement.where(Location.site_id == wanted.id)
    if zone:
        statement = statement.where(Location.zone == zone)
    rows = [row for row in session.exec(statement).all() if row.kind != "virtual"]
    rows.sort(key=lambda row: (sites[row.site_id or ""], row.sequence is None, row.sequence or 0, row.code))
    found = _named(rows, codes, lambda row: (row.barcode, row.code), "tote" if totes else "location")
    return [location_label(row, sites[row.site_id or ""], arrow=arrow) for row in found]


def variant_labels(
    session: Session, codes: Sequence[str] = (), *, lot_number: str = "", language: str = DEFAULT_LANGUAGE
) -> list[Label]:
    """Variants by SKU or barcode, or all. `lot_number`: the lot that each of them has. Raises NotFound."""
    if not codes:
        variants = list(session.exec(scoped(session, Variant).order_by(col(Variant.sku))).all())
    else:
        variants = [_variant(session, code) for code in codes]
    barcodes = _each_barcodes(session) if not codes else {v.id: _each_barcode(session, v.id) for v in variants}
    return [
        variant_label(
            variant,
            barcodes.get(variant.id, ""),
            lot=_lot_named(session, variant, lot_number),
            language=language,
        )
        for variant in variants
    ]


def case_labels(
    session: Session, codes: Sequence[str] = (), *, lot_number: str = "", language: str = DEFAULT_LANGUAGE
) -> list[Label]:
    """Every case barcode of variants by SKU, or one by its own code, or all. Raises NotFound."""
    statement = scoped(session, Barcode).where(Barcode.quantity != Decimal(1)).order_by(col(Barcode.code))
    rows = list(session.exec(statement).all())
    variants = {row.id: row for row in session.exec(scoped(session, Variant)).all()}
    found = _named(rows, codes, lambda row: _case_names(row, variants[row.variant_id]), "case", is_each=True)
    labels = []
    for row in found:
        variant = variants[row.variant_id]
        labels.append(case_label(variant, row, lot=_lot_named(session, variant, lot_number), language=language))
    return labels


def _case_names(row: Barcode, variant: Variant) -> tuple[str, ...]:
    return (row.code, row.code.lstrip("0"), variant.sku)


def plate_labels(session: Session, codes: Sequence[str] = ()) -> list[Label]:
    """License plates by code, or all that carry something."""
    if codes:
        plates = []
        for code in codes:
            plate = find_plate(session, code)
            if plate is None:
                raise NotFound("license_plate", code)
            plates.append(plate)
        return [plate_label(session, plate) for plate in plates]
    organization_id = organization_of(session)
    loaded = select(StockLevel.plate_id).where(
        StockLevel.organization_id == organization_id, col(StockLevel.on_hand) > Decimal(0), StockLevel.plate_id != ""
    )
    statement = scoped(session, LicensePlate).where(col(LicensePlate.id).in_(loaded)).order_by(col(LicensePlate.code))
    return [plate_label(session, plate) for plate in session.exec(statement).all()]


def new_plate_labels(prefix: str, first: int, count: int) -> list[Label]:
    """License plates before they are used: `count` SSCCs of a company prefix, from the serial number `first` on."""
    return [_plate_label(gs1.sscc(prefix, number)) for number in range(first, first + count)]


def document_labels(session: Session, numbers: Sequence[str] = ()) -> list[Label]:
    """Documents by number, or every open order and purchase order. Raises NotFound."""
    if numbers:
        return [_document(session, number) for number in numbers]
    purchases = scoped(session, PurchaseOrder).where(col(PurchaseOrder.status).in_(("ordered", "partially_received")))
    orders = scoped(session, SalesOrder).where(col(SalesOrder.status).in_(("confirmed", "allocated", "picking")))
    return [
        *(_purchase_order_label(session, row) for row in session.exec(purchases.order_by(col(PurchaseOrder.number)))),
        *(_order_label(row) for row in session.exec(orders.order_by(col(SalesOrder.number)))),
    ]


def _document(session: Session, number: str) -> Label:
    text = number.strip()
    for spelling in dict.fromkeys((text, text.upper())):
        purchase = session.exec(scoped(session, PurchaseOrder).where(PurchaseOrder.number == spelling)).first()
        if purchase is not None:
            return _purchase_order_label(session, purchase)
        order = session.exec(scoped(session, SalesOrder).where(SalesOrder.number == spelling)).first()
        if order is not None:
            return _order_label(order)
    raise NotFound("document", text)


# -- inside ----------------------------------------------------------------------------------------------------------


def _variant(session: Session, code: str) -> Variant:
    variant = find_variant_by_sku(session, code)
    if variant is not None:
        return variant
    match = match_text(session, code)
    if match is None:
        raise NotFound("variant", code)
    return match.variant


def _each_barcodes(session: Session) -> dict[str, str]:
    """Variant id -> the barcode of one unit, for all variants in one look."""
    statement = scoped(session, Barcode).where(Barcode.quantity == Decimal(1)).order_by(col(Barcode.code))
    found: dict[str, str] = {}
    for row in session.exec(statement).all():
        if row.variant_id not in found or (_is_gtin(row.code) and not _is_gtin(found[row.variant_id])):
            found[row.variant_id] = row.code
    return found


def _lot_named(session: Session, variant: Variant, number: str) -> Lot | None:
    if not number:
        return None
    lot = find_lot(session, variant.id, number)
    if lot is None:
        raise NotFound("lot", f"{number} of {variant.sku}")
    return lot


def _named(
    rows: Sequence[Any],
    codes: Sequence[str],
    names_of: Callable[[Any], Iterable[str]],
    resource: str,
    *,
    is_each: bool = False,
) -> list[Any]:
    """The rows that `codes` name, in that order, or all where none is given. A name that several rows share means all
    of them where `is_each`, else the first. Raises NotFound."""
    if not codes:
        return list(rows)
    by_name: dict[str, list[Any]] = {}
    for row in rows:
        for name in dict.fromkeys(names_of(row)):
            by_name.setdefault(name.upper(), []).append(row)
    found: list[Any] = []
    for code in codes:
        matches = by_name.get(code.strip().upper(), [])
        if not matches:
            raise NotFound(resource, code)
        found += matches if is_each else matches[:1]
    return found
