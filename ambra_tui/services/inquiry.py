"""What a code is, for a person who just wants to know: item, bin, license plate, lot, serial, order, purchase order.

A card holds facts only; the flow words them. No card holds a cost.

Example::

    found = look_up(session, scan, site_id=site.id)      # Subject("item", "var_01...")
    card = item_card(session, found.id, site_id=site.id)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeVar

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger import in_stock
from ambra_tui.scan.model import Scan
from ambra_tui.services import production, transfers
from ambra_tui.services.catalog import match_code
from ambra_tui.services.lots import find_lot
from ambra_tui.services.orders import find_order, lines_of, reserved_by_line
from ambra_tui.services.places import find_location, find_plate
from ambra_tui.services.tasks import OPEN_STATES
from ambra_tui.store.models import (
    LicensePlate,
    Location,
    Lot,
    PurchaseOrder,
    PurchaseOrderLine,
    SalesOrder,
    Site,
    SiteStock,
    StockLevel,
    Supplier,
    Task,
    Variant,
)
from ambra_tui.store.scope import fetch, organization_of, scoped
from ambra_tui.store.types import EMPTY

Kind = Literal[
    "item", "bin", "plate", "lot", "serial", "order", "purchase_order", "stock_transfer", "production_batch"
]  # fmt: skip
Named = TypeVar("Named", Lot, LicensePlate)
MAX_ROWS = 200


@dataclass(frozen=True, slots=True)
class Subject:
    """What a card is about. `detail`: the serial number of a serial's card, whose `id` is the variant's."""

    kind: Kind
    id: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """`quantity` of a variant at a place; empty where there is no lot, serial or plate."""

    site_code: str
    location_code: str
    quantity: Decimal
    sku: str = ""
    name: str = ""
    lot_number: str = ""
    expiry_date: date | None = None
    serial: str = ""
    plate_code: str = ""
    lot_status: str = ""
    is_here: bool = True
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class ItemCard:
    """A variant: where it lies in this site, how much is promised, and what other sites have."""

    sku: str
    name: str
    here: tuple[Held, ...]
    elsewhere: tuple[Held, ...]
    on_hand: Decimal
    reserved: Decimal
    available: Decimal


@dataclass(frozen=True, slots=True)
class BinCard:
    """A location and what it holds. `is_counted_soon`: a count is asked for."""

    site_code: str
    code: str
    kind: str
    zone: str
    is_held: bool
    is_counted_soon: bool
    contents: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class PlateCard:
    """A license plate, where it is, and what it carries."""

    code: str
    kind: str
    contents: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class LotCard:
    """A lot, its dates and state, and where it lies."""

    id: str
    lot_number: str
    sku: str
    name: str
    status: str
    expiry_date: date | None
    best_before_date: date | None
    places: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class SerialCard:
    """One unit and where it is; no place: it is not in stock."""

    serial: str
    sku: str
    name: str
    places: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """`quantity` asked for; `done`: received, or picked or fulfilled; `reserved`: promised."""

    sku: str
    quantity: Decimal
    done: Decimal
    reserved: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class OrderCard:
    """A sales order and its lines."""

    number: str
    site_code: str
    status: str
    due_at: datetime | None
    lines: tuple[DocumentLine, ...]


@dataclass(frozen=True, slots=True)
class PurchaseOrderCard:
    """A purchase order and its lines."""

    number: str
    site_code: str
    status: str
    supplier: str
    lines: tuple[DocumentLine, ...]


@dataclass(frozen=True, slots=True)
class TransferCard:
    """A transfer between sites: what is to go, and how much of it arrived. `open_losses`: items that never did."""

    number: str
    source_code: str
    destination_code: str
    status: str
    lines: tuple[DocumentLine, ...]
    open_losses: int


@dataclass(frozen=True, slots=True)
class BatchCard:
    """A production batch: what it makes, of how much it was planned, what went in. `lot_number`: of its output."""

    number: str
    site_code: str
    status: str
    sku: str
    planned: Decimal
    made: Decimal | None
    lot_number: str
    lines: tuple[DocumentLine, ...]


Card = ItemCard | BinCard | PlateCard | LotCard | SerialCard | OrderCard | PurchaseOrderCard | TransferCard | BatchCard


def look_up(session: Session, scan: Scan, *, site_id: str) -> Subject | None:
    """What a code names: a plate, a bin, an item (its lot when the label tells one), a document, a lot, a serial."""
    text = (scan.text or scan.raw).strip()
    plate = find_plate(session, scan.sscc or text)
    if plate is not None:
        return Subject("plate", plate.id)
    location = find_location(session, text, site_id=site_id)
    if location is not None and location.kind != "virtual":
        return Subject("bin", location.id)
    match = match_code(session, scan)
    if match is not None:
        return _of_item(session, match.variant, scan)
    return _document(session, text) or _lot(session, text) or _serial(session, text)


def _of_item(session: Session, variant: Variant, scan: Scan) -> Subject:
    if scan.serial and variant.is_serial_tracked:
        return Subject("serial", variant.id, scan.serial)
    lot = find_lot(session, variant.id, scan.lot) if scan.lot else None
    return Subject("lot", lot.id) if lot is not None else Subject("item", variant.id)


def _document(session: Session, text: str) -> Subject | None:
    order = find_order(session, text)
    if order is not None:
        return Subject("order", order.id)
    for spelling in dict.fromkeys((text, text.upper())):
        statement = scoped(session, PurchaseOrder).where(PurchaseOrder.number == spelling)
        purchase_order = session.exec(statement).first()
        if purchase_order is not None:
            return Subject("purchase_order", purchase_order.id)
    transfer = transfers.find_transfer(session, text)
    if transfer is not None:
        return Subject("stock_transfer", transfer.id)
    batch = production.find_batch(session, text)
    return None if batch is None else Subject("production_batch", batch.id)


def _lot(session: Session, text: str) -> Subject | None:
    statement = scoped(session, Lot).where(Lot.lot_number == text).order_by(col(Lot.created_at).desc())
    lot = session.exec(statement).first()
    return None if lot is None else Subject("lot", lot.id)


def _serial(session: Session, text: str) -> Subject | None:
    statement = scoped(session, StockLevel).where(
        StockLevel.serial == text, col(StockLevel.serial) != EMPTY, col(StockLevel.on_hand) > ZERO
    )
    level = session.exec(statement).first() if text else None
    return None if level is None else Subject("serial", level.variant_id, level.serial)


def card_of(session: Session, subject: Subject, *, site_id: str) -> Card:
    """The card of a subject, as the store is now. Raises NotFound when it is gone."""
    if subject.kind == "item":
        return item_card(session, subject.id, site_id=site_id)
    if subject.kind == "bin":
        return _bin_card(session, subject.id, site_id)
    if subject.kind == "plate":
        return _plate_card(session, subject.id, site_id)
    if subject.kind == "lot":
        return _lot_card(session, subject.id, site_id)
    if subject.kind == "serial":
        return _serial_card(session, subject, site_id)
    if subject.kind == "order":
        return _order_card(session, subject.id)
    if subject.kind == "stock_transfer":
        return _transfer_card(session, subject.id)
    if subject.kind == "production_batch":
        return _batch_card(session, subject.id)
    return _purchase_order_card(session, subject.id)


def item_card(session: Session, variant_id: str, *, site_id: str) -> ItemCard:
    """Where a variant lies, this site first."""
    variant = fetch(session, Variant, variant_id, resource="variant")
    rows = _held(session, site_id, StockLevel.variant_id == variant_id)
    stock = session.get(SiteStock, (organization_of(session), variant_id, site_id), populate_existing=True)
    on_hand, reserved, held = (stock.on_hand, stock.reserved, stock.held) if stock else (ZERO, ZERO, ZERO)
    return ItemCard(
        sku=variant.sku,
        name=variant.name,
        here=tuple(row for row in rows if row.is_here),
        elsewhere=tuple(row for row in rows if not row.is_here),
        on_hand=on_hand,
        reserved=reserved,
        available=max(on_hand - reserved - held, ZERO),
    )


def _bin_card(session: Session, location_id: str, site_id: str) -> BinCard:
    location = fetch(session, Location, location_id, resource="location")
    counts = scoped(session, Task).where(
        Task.location_id == location_id, Task.kind == "count", col(Task.status).in_(OPEN_STATES)
    )
    return BinCard(
        site_code=_site_code(session, location.site_id or ""),
        code=location.code,
        kind=location.kind,
        zone=location.zone,
        is_held=location.is_held,
        is_counted_soon=session.exec(counts).first() is not None,
        contents=_held(session, site_id, StockLevel.location_id == location_id),
    )


def _plate_card(session: Session, plate_id: str, site_id: str) -> PlateCard:
    plate = fetch(session, LicensePlate, plate_id, resource="license_plate")
    on_it = (col(StockLevel.plate_id) == plate_id) & (col(StockLevel.plate_id) != EMPTY)
    return PlateCard(plate.code, plate.kind, _held(session, site_id, on_it))


def _lot_card(session: Session, lot_id: str, site_id: str) -> LotCard:
    lot = fetch(session, Lot, lot_id, resource="lot")
    session.refresh(lot)
    variant = fetch(session, Variant, lot.variant_id, resource="variant")
    return LotCard(
        id=lot.id,
        lot_number=lot.lot_number,
        sku=variant.sku,
        name=variant.name,
        status=lot.status,
        expiry_date=lot.expiry_date,
        best_before_date=lot.best_before_date,
        places=_held(session, site_id, (col(StockLevel.lot_id) == lot_id) & (col(StockLevel.lot_id) != EMPTY)),
    )


def _serial_card(session: Session, subject: Subject, site_id: str) -> SerialCard:
    variant = fetch(session, Variant, subject.id, resource="variant")
    rows = _held(
        session, site_id, (col(StockLevel.variant_id) == variant.id) & (col(StockLevel.serial) == subject.detail)
    )
    return SerialCard(subject.detail, variant.sku, variant.name, rows)


def _order_card(session: Session, order_id: str) -> OrderCard:
    order = fetch(session, SalesOrder, order_id, resource="order")
    reserved = reserved_by_line(session, order_id)
    lines = tuple(
        DocumentLine(
            fetch(session, Variant, line.variant_id, resource="variant").sku,
            line.quantity,
            max(line.picked, line.fulfilled),
            reserved.get(line.id, ZERO),
        )
        for line in lines_of(session, order_id)
    )
    return OrderCard(order.number, _site_code(session, order.site_id), order.status, order.due_at, lines)


def _purchase_order_card(session: Session, purchase_order_id: str) -> PurchaseOrderCard:
    order = fetch(session, PurchaseOrder, purchase_order_id, resource="purchase_order")
    statement = scoped(session, PurchaseOrderLine).where(PurchaseOrderLine.purchase_order_id == order.id)
    rows = session.exec(statement.order_by(col(PurchaseOrderLine.position))).all()
    lines = tuple(
        DocumentLine(fetch(session, Variant, row.variant_id, resource="variant").sku, row.quantity, row.received)
        for row in rows
    )
    supplier = fetch(session, Supplier, order.supplier_id, resource="supplier").name
    return PurchaseOrderCard(order.number, _site_code(session, order.site_id), order.status, supplier, lines)


def _transfer_card(session: Session, transfer_id: str) -> TransferCard:
    transfer = transfers.get_transfer(session, transfer_id)
    is_draft = transfer.status == "draft"
    lines = tuple(
        DocumentLine(
            fetch(session, Variant, line.variant_id, resource="variant").sku,
            line.quantity if is_draft else line.shipped,
            line.shipped if is_draft else line.received,
        )
        for line in transfers.lines_of(session, transfer.id)
    )
    losses = transfers.open_losses(session, transfer_id=transfer.id)
    return TransferCard(transfer.number, *transfers.site_codes(session, transfer), transfer.status, lines, len(losses))


def _batch_card(session: Session, batch_id: str) -> BatchCard:
    batch = production.get_batch(session, batch_id)
    lines = tuple(
        DocumentLine(
            fetch(session, Variant, row.variant_id, resource="variant").sku, row.planned_quantity, row.actual_quantity
        )
        for row in production.inputs_of(session, batch.id)
    )
    return BatchCard(
        number=batch.number,
        site_code=_site_code(session, batch.site_id),
        status=batch.status,
        sku=fetch(session, Variant, batch.output_variant_id, resource="variant").sku,
        planned=batch.planned_quantity,
        made=batch.actual_quantity_produced,
        lot_number=fetch(session, Lot, batch.made_lot_id, resource="lot").lot_number if batch.made_lot_id else "",
        lines=lines,
    )


def _site_code(session: Session, site_id: str) -> str:
    return fetch(session, Site, site_id, resource="location").code


def _held(session: Session, site_id: str, condition: ColumnElement[bool] | bool) -> tuple[Held, ...]:
    """Levels above zero, this site first, then by walking order; what is in transit stands in no site."""
    organization_id = organization_of(session)
    statement = (
        in_stock(select(StockLevel, Location, Variant), organization_id)
        .join(
            Variant,
            (col(Variant.organization_id) == col(StockLevel.organization_id))
            & (col(Variant.id) == col(StockLevel.variant_id)),
        )
        .where(Variant.organization_id == organization_id, condition)
        .limit(MAX_ROWS)
        .execution_options(populate_existing=True)
    )
    rows = session.exec(statement).all()
    sites = {site.id: site.code for site in session.exec(scoped(session, Site)).all()}
    lots = _by_id(session, Lot, {level.lot_id for level, _, _ in rows})
    plates = _by_id(session, LicensePlate, {level.plate_id for level, _, _ in rows})
    ordered = sorted(rows, key=lambda row: _row_order(row[0], row[1], site_id))
    return tuple(_row(row, sites, lots, plates, site_id) for row in ordered)


def _row_order(level: StockLevel, location: Location, site_id: str) -> tuple[object, ...]:
    sequence = 10**9 if location.sequence is None else location.sequence
    return (
        location.site_id != site_id,
        location.site_id or "",
        sequence,
        location.code,
        level.variant_id,
        level.lot_id,
    )


def _row(
    row: tuple[StockLevel, Location, Variant],
    sites: dict[str, str],
    lots: dict[str, Lot],
    plates: dict[str, LicensePlate],
    site_id: str,
) -> Held:
    level, location, variant = row
    lot, plate = lots.get(level.lot_id), plates.get(level.plate_id)
    return Held(
        site_code=sites.get(location.site_id or "", ""),
        location_code=location.code,
        quantity=level.on_hand,
        sku=variant.sku,
        name=variant.name,
        lot_number=lot.lot_number if lot else "",
        expiry_date=lot.expiry_date if lot else None,
        serial=level.serial,
        plate_code=plate.code if plate else "",
        lot_status=lot.status if lot else "",
        is_here=location.site_id == site_id,
        is_held=location.is_held or (lot is not None and lot.status in ("quarantine", "recalled")),
    )


def _by_id(session: Session, model: type[Named], ids: set[str]) -> dict[str, Named]:
    wanted = ids - {""}
    if not wanted:
        return {}
    return {row.id: row for row in session.exec(scoped(session, model).where(col(model.id).in_(wanted))).all()}
