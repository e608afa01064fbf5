"""Labels of many things at once, for sheets: chosen by their codes, by site or zone, or all there are.

Example::

    location_labels(session, site="WH1", zone="A")
    document_labels(session, ["PO-1001", "SO-7"])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from ambra_tui.errors import NotFound
from ambra_tui.kit.language import DEFAULT_LANGUAGE
from ambra_tui.labels import gs1
from ambra_tui.labels.model import Arrow, Label
from ambra_tui.services.catalog import find_variant_by_sku, match_text
from ambra_tui.services.labels import (
    Document,
    case_label,
    each_barcode,
    is_gtin,
    label_of_document,
    location_label,
    new_plate_label,
    plate_label,
    variant_label,
)
from ambra_tui.services.lots import find_lot
from ambra_tui.services.places import find_plate, site_by_code
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
    Variant,
)
from ambra_tui.store.scope import organization_of, scoped

_OPEN: dict[type[Document], tuple[str, ...]] = {
    PurchaseOrder: ("ordered", "partially_received"),
    SalesOrder: ("confirmed", "allocated", "picking"),
    StockTransfer: ("draft", "in_transit"),
    ReturnAuthorization: ("pending",),
    CycleCount: ("draft", "in_progress"),
    ProductionBatch: ("planned", "in_progress"),
}


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
    barcodes = _each_barcodes(session) if not codes else {v.id: each_barcode(session, v.id) for v in variants}
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
    return [new_plate_label(gs1.sscc(prefix, number)) for number in range(first, first + count)]


def document_labels(session: Session, numbers: Sequence[str] = ()) -> list[Label]:
    """Documents by number, or every open one. Raises NotFound."""
    if numbers:
        return [label_of_document(session, _document(session, number)) for number in numbers]
    labels: list[Label] = []
    for model, states in _OPEN.items():
        statement = scoped(session, model).where(col(model.status).in_(states)).order_by(col(model.number))
        labels += [label_of_document(session, row) for row in session.exec(statement).all()]
    return labels


def _document(session: Session, number: str) -> Document:
    text = number.strip()
    for spelling in dict.fromkeys((text, text.upper())):
        for model in _OPEN:
            found = session.exec(scoped(session, model).where(model.number == spelling)).first()
            if found is not None:
                return found
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
        if row.variant_id not in found or (is_gtin(row.code) and not is_gtin(found[row.variant_id])):
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
