"""What happened and what is under way: movements, orders, purchase orders, transfers, counts, returns, waste."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal

from sqlalchemy import func
from sqlmodel import Session, col, select

from ambra_tui.errors import NotFound
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.orders.terms import OPEN_STATES as OPEN_ORDERS
from ambra_tui.services.orders.terms import STATE_WORDS
from ambra_tui.services.questions.tool import Found, InPeriod, Parameters, Row, Tool, number
from ambra_tui.services.questions.tools._shared import (
    counted,
    customer_of,
    day,
    joined,
    last_thirty,
    moments,
    names_of,
    own,
    place_named,
    site_codes,
    site_id_named,
    supplier_named,
    today_of,
    total_of,
    variant_named,
)
from ambra_tui.store.models import (
    CycleCount,
    CycleCountLine,
    Location,
    Lot,
    MoveKind,
    PurchaseOrder,
    PurchaseOrderLine,
    ReturnAuthorization,
    ReturnLine,
    SalesOrder,
    SalesOrderLine,
    StockMove,
    StockTransfer,
    StockTransferLine,
    Supplier,
    Variant,
    WasteRecord,
)
from ambra_tui.store.scope import scoped

Direction = Literal["in", "out", "adjustment", "transfer"]
KINDS: dict[str, tuple[MoveKind, ...]] = {
    "in": (MoveKind.PURCHASE_RECEIVED, MoveKind.RETURN_RECEIVED, MoveKind.TRANSFER_IN, MoveKind.PRODUCTION_OUTPUT),
    "out": (MoveKind.ORDER_FULFILLED, MoveKind.TRANSFER_OUT, MoveKind.PRODUCTION_CONSUMED),
    "adjustment": (MoveKind.CYCLE_COUNT_ADJUSTMENT, MoveKind.MANUAL_ADJUSTMENT, MoveKind.WASTE_RECORDED),
    "transfer": (MoveKind.TRANSFER_OUT, MoveKind.TRANSFER_IN),
}
_ORDER_STATES = {
    "pending": ("draft", "confirmed"), "reserved": ("allocated", "picking", "packed"),
    "fulfilled": ("shipped", "delivered"), "cancelled": ("cancelled",), "open": OPEN_ORDERS,
}  # fmt: skip
_OPEN = {
    "purchase_order": ("draft", "ordered", "partially_received"), "transfer": ("draft", "in_transit"),
    "count": ("draft", "in_progress"), "return": ("pending",),
}  # fmt: skip


class Movements(InPeriod):
    """`type`: in, out, adjustment or transfer."""

    sku: str | None = None
    location: str | None = None
    lot: str | None = None
    supplier: str | None = None
    type: Direction | None = None


class Orders(InPeriod):
    """`overdue`: due before now and not shipped."""

    statuses: ClassVar[tuple[str, ...]] = (
        "backordered", "open", "pending", "reserved", "fulfilled", "cancelled",
    )  # fmt: skip
    status: Literal["open", "pending", "reserved", "fulfilled", "cancelled", "backordered"] | None = None
    sku: str | None = None
    location: str | None = None
    overdue: bool | None = None


class OrderDetail(Parameters):
    """`order`: its number."""

    order: str


class PurchaseOrders(InPeriod):
    """`overdue`: expected before today and not received whole. A period is of the expected date when it lies ahead."""

    statuses: ClassVar[tuple[str, ...]] = (
        "partially_received", "open", "draft", "ordered", "received", "cancelled",
    )  # fmt: skip
    status: Literal["open", "draft", "ordered", "partially_received", "received", "cancelled"] | None = None
    supplier: str | None = None
    sku: str | None = None
    location: str | None = None
    overdue: bool | None = None


class PurchaseOrderDetail(Parameters):
    """`po`: its number."""

    po: str


class Transfers(InPeriod):
    """`location`: either end."""

    statuses: ClassVar[tuple[str, ...]] = ("in_transit", "draft", "open", "received", "cancelled")
    status: Literal["draft", "in_transit", "received", "cancelled", "open"] | None = None
    from_location: str | None = None
    to_location: str | None = None
    location: str | None = None
    sku: str | None = None


class TransferDetail(Parameters):
    """`transfer`: its number."""

    transfer: str


class Counts(InPeriod):
    """`count`: one count's number."""

    statuses: ClassVar[tuple[str, ...]] = ("draft", "in_progress", "completed", "cancelled", "open")
    status: Literal["draft", "in_progress", "completed", "cancelled", "open"] | None = None
    location: str | None = None
    count: str | None = None


class Variance(InPeriod):
    """Of completed and running counts."""

    sku: str | None = None
    location: str | None = None
    count: str | None = None


class Returns(InPeriod):
    """`rma`: one return's number."""

    statuses: ClassVar[tuple[str, ...]] = ("received", "cancelled", "pending", "open")
    status: Literal["pending", "received", "cancelled", "open"] | None = None
    sku: str | None = None
    location: str | None = None
    order: str | None = None
    rma: str | None = None
    group: Literal["reason", "product", "location", "status"] | None = None


class Waste(InPeriod):
    """`group`: sums by reason, product or location instead of entries."""

    sku: str | None = None
    location: str | None = None
    reason: Literal["expired", "damaged", "production", "spoilage", "contamination", "other"] | None = None
    group: Literal["reason", "product", "location", "day", "week", "month"] | None = None


def _within(column: Any, asked: InPeriod, session: Session) -> list[Any]:
    """The conditions that a moment lies in the period that was asked for, if any was."""
    if asked.from_ is None and asked.to is None:
        return []
    since, until = moments(*asked.between(last_thirty(session)))
    return [column >= since, column <= until]


def _with_lines(session: Session, lines: Any, document: str, variant_id: str) -> Any:
    return select(getattr(lines, document)).where(own(session, lines), col(lines.variant_id) == variant_id)


# --- movements ------------------------------------------------------------------------------------------------------


def movements(session: Session, asked: Movements) -> Found:
    """Moves of the ledger, newest first; sums of what came in and went out."""
    variant, supplier = variant_named(session, asked.sku), supplier_named(session, asked.supplier)
    statement = select(StockMove).where(own(session, StockMove), *_within(col(StockMove.posted_at), asked, session))
    if variant is not None:
        statement = statement.where(col(StockMove.variant_id) == variant.id)
    if asked.type is not None:
        statement = statement.where(col(StockMove.kind).in_(KINDS[asked.type]))
    if asked.lot:
        lots = select(Lot.id).where(own(session, Lot), col(Lot.lot_number) == asked.lot)
        statement = statement.where(col(StockMove.lot_id).in_(lots), col(StockMove.lot_id) != "")
    if supplier is not None:
        bought = select(PurchaseOrder.id).where(
            own(session, PurchaseOrder), col(PurchaseOrder.supplier_id) == supplier.id
        )
        statement = statement.where(col(StockMove.origin_id).in_(bought))
    statement = _at_place(session, statement, asked.location)
    codes = site_codes(session)
    page = list(session.exec(statement.order_by(col(StockMove.sequence).desc()).limit(asked.rows)))
    names = names_of(session, {row.variant_id for row in page})
    rows = [_move(row, names[row.variant_id], codes) for row in page]
    return Found(rows, counted(session, statement), {"quantity": number(_sum(session, statement))})


def _at_place(session: Session, statement: Any, code: str | None) -> Any:
    site, location = place_named(session, code)
    if site is not None:
        return statement.where(
            (col(StockMove.source_site_id) == site.id) | (col(StockMove.destination_site_id) == site.id)
        )
    if location is not None:
        return statement.where(
            (col(StockMove.source_id) == location.id) | (col(StockMove.destination_id) == location.id)
        )
    return statement


def _sum(session: Session, statement: Any) -> Decimal:
    total = func.sum(StockMove.quantity, type_=StockMove.__table__.c.quantity.type)  # type: ignore[attr-defined]
    found = session.connection().execute(statement.with_only_columns(total, maintain_column_froms=True)).scalar_one()
    return found if isinstance(found, Decimal) else ZERO


def _move(row: StockMove, named: tuple[str, str], codes: dict[str, str]) -> Row:
    return {
        "date": day(row.posted_at), "time": row.posted_at.strftime("%H:%M"), "sku": named[0], "name": named[1],
        "kind": row.kind, "quantity": number(row.quantity), "from": codes.get(row.source_site_id, ""),
        "to": codes.get(row.destination_site_id, ""), "reason": row.reason,
    }  # fmt: skip


# --- orders ---------------------------------------------------------------------------------------------------------


def orders(session: Session, asked: Orders) -> Found:
    """Customers' orders, newest first."""
    statement = select(SalesOrder).where(own(session, SalesOrder), *_within(col(SalesOrder.created_at), asked, session))
    if asked.status in _ORDER_STATES:
        statement = statement.where(col(SalesOrder.status).in_(_ORDER_STATES[str(asked.status)]))
    if asked.status == "backordered":
        short = select(SalesOrderLine.sales_order_id).where(
            own(session, SalesOrderLine), col(SalesOrderLine.backordered) > ZERO
        )
        statement = statement.where(col(SalesOrder.id).in_(short), col(SalesOrder.status).in_(OPEN_ORDERS))
    if asked.overdue:
        now, _ = moments(today_of(session), today_of(session))
        statement = statement.where(col(SalesOrder.due_at) < now, col(SalesOrder.status).in_(OPEN_ORDERS))
    variant, site_id = variant_named(session, asked.sku), site_id_named(session, asked.location)
    if variant is not None:
        statement = statement.where(
            col(SalesOrder.id).in_(_with_lines(session, SalesOrderLine, "sales_order_id", variant.id))
        )
    if site_id is not None:
        statement = statement.where(col(SalesOrder.site_id) == site_id)
    codes = site_codes(session)
    page = list(session.exec(statement.order_by(col(SalesOrder.id).desc()).limit(asked.rows)))
    sums = _sums(session, SalesOrderLine, "sales_order_id", [row.id for row in page], "fulfilled", variant)
    rows = [
        {
            "order": row.number, "status": STATE_WORDS.get(row.status, row.status),
            "customer": customer_of(row.customer), "location": codes[row.site_id],
            "quantity": number(sums.get(row.id, (ZERO, ZERO))[0]),
            "fulfilled": number(sums.get(row.id, (ZERO, ZERO))[1]),
            "created": day(row.created_at), "due": day(row.due_at),
        }
        for row in page
    ]  # fmt: skip
    return Found(rows, counted(session, statement))


def _sums(
    session: Session, lines: Any, document: str, ids: Sequence[str], done: str, variant: Variant | None = None
) -> dict[str, tuple[Decimal, Decimal]]:
    """Document id -> what was asked for and what of it is done; of one variant when it is given."""
    if not ids:
        return {}
    table = lines.__table__
    quantity, finished = (func.sum(table.c[name], type_=table.c[name].type) for name in ("quantity", done))
    matching = [own(session, lines), table.c[document].in_(list(ids))]
    if variant is not None:
        matching.append(table.c.variant_id == variant.id)
    statement = select(table.c[document], quantity, finished).where(*matching).group_by(table.c[document])
    return {row[0]: (row[1], row[2]) for row in session.connection().execute(statement)}


def _document(session: Session, model: Any, text: str, resource: str) -> Any:
    found = session.exec(scoped(session, model).where(col(model.number).in_({text, text.upper()}))).first()
    if found is None:
        raise NotFound(resource, text)
    return found


def _lines(session: Session, lines: Any, document: str, key: str, *columns: str) -> list[Row]:
    statement = (
        select(lines, Variant.sku, Variant.name)
        .join(Variant, joined(session, Variant, col(lines.variant_id)))
        .where(own(session, lines), own(session, Variant), col(getattr(lines, document)) == key)
        .order_by(col(lines.position))
    )
    return [
        {"sku": sku, "name": name, **{column: number(getattr(line, column)) for column in columns}}
        for line, sku, name in session.exec(statement)
    ]


def order_detail(session: Session, asked: OrderDetail) -> Found:
    """One order: its state and its lines."""
    order = _document(session, SalesOrder, asked.order, "order")
    rows = _lines(session, SalesOrderLine, "sales_order_id", order.id, "quantity", "picked", "fulfilled", "backordered")
    facts = {
        "order": order.number, "status": STATE_WORDS.get(order.status, order.status),
        "customer": customer_of(order.customer), "location": site_codes(session)[order.site_id],
        "quantity": total_of(rows, "quantity"), "fulfilled": total_of(rows, "fulfilled"),
        "created": day(order.created_at),
    }  # fmt: skip
    return Found(rows, facts=facts)


# --- purchase orders ------------------------------------------------------------------------------------------------


def purchase_orders(session: Session, asked: PurchaseOrders) -> Found:
    """Orders at suppliers; what is expected first."""
    statement = (
        select(PurchaseOrder, Supplier.name)
        .join(Supplier, joined(session, Supplier, col(PurchaseOrder.supplier_id)))
        .where(own(session, PurchaseOrder), own(session, Supplier), *_expected_within(session, asked))
    )
    wanted = ("open",) if asked.overdue and asked.status is None else (asked.status,) if asked.status else ()
    for status in wanted:
        statement = statement.where(
            col(PurchaseOrder.status).in_(_OPEN["purchase_order"] if status == "open" else [status])
        )
    if asked.overdue:
        statement = statement.where(col(PurchaseOrder.expected_on) < today_of(session))
    supplier, variant = supplier_named(session, asked.supplier), variant_named(session, asked.sku)
    site_id = site_id_named(session, asked.location)
    if supplier is not None:
        statement = statement.where(col(PurchaseOrder.supplier_id) == supplier.id)
    if site_id is not None:
        statement = statement.where(col(PurchaseOrder.site_id) == site_id)
    if variant is not None:
        statement = statement.where(
            col(PurchaseOrder.id).in_(_with_lines(session, PurchaseOrderLine, "purchase_order_id", variant.id))
        )
    codes = site_codes(session)
    order = (col(PurchaseOrder.expected_on).is_(None), col(PurchaseOrder.expected_on), col(PurchaseOrder.id).desc())
    page = list(session.exec(statement.order_by(*order).limit(asked.rows)))
    keys = [row.id for row, _ in page]
    sums = _sums(session, PurchaseOrderLine, "purchase_order_id", keys, "received", variant)
    today = today_of(session)
    rows = [
        {
            "po": row.number, "supplier": name, "status": row.status, "location": codes[row.site_id],
            "expected": day(row.expected_on), "quantity": number(sums.get(row.id, (ZERO, ZERO))[0]),
            "received": number(sums.get(row.id, (ZERO, ZERO))[1]),
            "days_late": _days_late(row, today),
        }
        for row, name in page
    ]  # fmt: skip
    return Found(rows, counted(session, statement))


def _days_late(row: PurchaseOrder, today: date) -> int:
    if row.expected_on is None or row.status not in _OPEN["purchase_order"]:
        return 0
    return max(0, (today - row.expected_on).days)


def _expected_within(session: Session, asked: PurchaseOrders) -> list[Any]:
    if asked.from_ is None and asked.to is None:
        return []
    first, last = asked.between(last_thirty(session))
    since, until = moments(first, last)
    expected = col(PurchaseOrder.expected_on).between(first, last)
    if last > today_of(session):
        return [expected]
    return [expected | col(PurchaseOrder.created_at).between(since, until)]


def purchase_order_detail(session: Session, asked: PurchaseOrderDetail) -> Found:
    """One purchase order: its state, its lines and what is missing of each."""
    order = _document(session, PurchaseOrder, asked.po, "purchase_order")
    rows = _lines(session, PurchaseOrderLine, "purchase_order_id", order.id, "quantity", "received")
    for row in rows:
        row["missing"] = max(0, row["quantity"] - row["received"])
    supplier = session.exec(scoped(session, Supplier).where(col(Supplier.id) == order.supplier_id)).one()
    facts = {
        "po": order.number, "status": order.status, "supplier": supplier.name,
        "expected": day(order.expected_on) or "-",
        "quantity": total_of(rows, "quantity"), "received": total_of(rows, "received"),
        "missing": total_of(rows, "missing"),
    }  # fmt: skip
    return Found(rows, facts=facts)


# --- transfers ------------------------------------------------------------------------------------------------------


def transfers(session: Session, asked: Transfers) -> Found:
    """Transfers between sites, newest first."""
    statement = select(StockTransfer).where(
        own(session, StockTransfer), *_within(col(StockTransfer.created_at), asked, session)
    )
    if asked.status is not None:
        states = _OPEN["transfer"] if asked.status == "open" else (asked.status,)
        statement = statement.where(col(StockTransfer.status).in_(states))
    source, destination, either = (
        site_id_named(session, code) for code in (asked.from_location, asked.to_location, asked.location)
    )
    if source is not None:
        statement = statement.where(col(StockTransfer.source_site_id) == source)
    if destination is not None:
        statement = statement.where(col(StockTransfer.destination_site_id) == destination)
    if either is not None:
        statement = statement.where(
            (col(StockTransfer.source_site_id) == either) | (col(StockTransfer.destination_site_id) == either)
        )
    variant = variant_named(session, asked.sku)
    if variant is not None:
        with_it = _with_lines(session, StockTransferLine, "stock_transfer_id", variant.id)
        statement = statement.where(col(StockTransfer.id).in_(with_it))
    codes = site_codes(session)
    page = list(session.exec(statement.order_by(col(StockTransfer.id).desc()).limit(asked.rows)))
    sums = _sums(session, StockTransferLine, "stock_transfer_id", [row.id for row in page], "received", variant)
    rows = [
        {
            "transfer": row.number, "status": row.status, "from": codes[row.source_site_id],
            "to": codes[row.destination_site_id], "quantity": number(sums.get(row.id, (ZERO, ZERO))[0]),
            "received": number(sums.get(row.id, (ZERO, ZERO))[1]), "shipped_on": day(row.shipped_at),
        }
        for row in page
    ]  # fmt: skip
    return Found(rows, counted(session, statement))


def transfer_detail(session: Session, asked: TransferDetail) -> Found:
    """One transfer: its state and its lines."""
    transfer = _document(session, StockTransfer, asked.transfer, "stock_transfer")
    rows = _lines(session, StockTransferLine, "stock_transfer_id", transfer.id, "quantity", "shipped", "received")
    codes = site_codes(session)
    facts = {
        "transfer": transfer.number, "status": transfer.status, "from": codes[transfer.source_site_id],
        "to": codes[transfer.destination_site_id], "shipped": total_of(rows, "shipped"),
        "received": total_of(rows, "received"),
    }  # fmt: skip
    return Found(rows, facts=facts)


# --- counts ---------------------------------------------------------------------------------------------------------


def cycle_counts(session: Session, asked: Counts) -> Found:
    """Cycle counts, newest first."""
    statement = select(CycleCount).where(own(session, CycleCount), *_within(col(CycleCount.created_at), asked, session))
    if asked.count:
        statement = statement.where(col(CycleCount.number) == asked.count)
    if asked.status is not None:
        states = _OPEN["count"] if asked.status == "open" else (asked.status,)
        statement = statement.where(col(CycleCount.status).in_(states))
    site_id = site_id_named(session, asked.location)
    if site_id is not None:
        statement = statement.where(col(CycleCount.site_id) == site_id)
    codes = site_codes(session)
    page = list(session.exec(statement.order_by(col(CycleCount.id).desc()).limit(asked.rows)))
    progress = _progress(session, [row.id for row in page])
    rows = [
        {
            "count": row.number, "status": row.status, "location": codes[row.site_id], "method": row.method,
            "lines": progress.get(row.id, (0, 0))[0], "counted": progress.get(row.id, (0, 0))[1],
            "created": day(row.created_at), "completed": day(row.completed_at),
        }
        for row in page
    ]  # fmt: skip
    return Found(rows, counted(session, statement))


def _progress(session: Session, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    if not ids:
        return {}
    statement = (
        select(CycleCountLine.cycle_count_id, func.count(), func.count(col(CycleCountLine.counted)))
        .where(own(session, CycleCountLine), col(CycleCountLine.cycle_count_id).in_(list(ids)))
        .group_by(col(CycleCountLine.cycle_count_id))
    )
    return {row[0]: (row[1], row[2]) for row in session.connection().execute(statement)}


def count_variance(session: Session, asked: Variance) -> Found:
    """Lines of counts that differ from the book, the largest difference first."""
    statement = (
        select(CycleCountLine, CycleCount, Variant, Location)
        .join(CycleCount, joined(session, CycleCount, col(CycleCountLine.cycle_count_id)))
        .join(Variant, joined(session, Variant, col(CycleCountLine.variant_id)))
        .join(Location, joined(session, Location, col(CycleCountLine.location_id)))
        .where(
            own(session, CycleCountLine), own(session, CycleCount), own(session, Variant), own(session, Location),
            col(CycleCountLine.variance).is_not(None), col(CycleCountLine.variance) != ZERO,
            col(CycleCount.status) != "cancelled", *_within(col(CycleCountLine.counted_at), asked, session),
        )
    )  # fmt: skip
    variant = variant_named(session, asked.sku)
    if variant is not None:
        statement = statement.where(col(CycleCountLine.variant_id) == variant.id)
    site, location = place_named(session, asked.location)
    if site is not None:
        statement = statement.where(col(CycleCount.site_id) == site.id)
    if location is not None:
        statement = statement.where(col(CycleCountLine.location_id) == location.id)
    if asked.count:
        statement = statement.where(col(CycleCount.number) == asked.count)
    codes = site_codes(session)
    order = (func.abs(col(CycleCountLine.variance)).desc(), col(CycleCountLine.id))
    rows = [
        {
            "count": count.number, "sku": item.sku, "name": item.name, "location": codes[count.site_id],
            "bin": place.code, "counted": number(line.counted), "variance": number(line.variance),
            "status": count.status, "date": day(line.counted_at),
        }
        for line, count, item, place in session.exec(statement.order_by(*order).limit(asked.rows))
    ]  # fmt: skip
    return Found(rows, counted(session, statement), {"variance": total_of(rows, "variance")})


# --- returns, waste -------------------------------------------------------------------------------------------------


def returns(session: Session, asked: Returns) -> Found:
    """Return authorizations with the reasons given, newest first; or their number by reason, product or site."""
    statement = (
        select(ReturnAuthorization, SalesOrder.number)
        .join(SalesOrder, joined(session, SalesOrder, col(ReturnAuthorization.order_id)))
        .where(
            own(session, ReturnAuthorization), own(session, SalesOrder),
            *_within(col(ReturnAuthorization.created_at), asked, session),
        )
    )  # fmt: skip
    if asked.rma:
        statement = statement.where(col(ReturnAuthorization.number) == asked.rma)
    if asked.status is not None:
        states = _OPEN["return"] if asked.status == "open" else (asked.status,)
        statement = statement.where(col(ReturnAuthorization.status).in_(states))
    if asked.order:
        statement = statement.where(col(SalesOrder.number) == asked.order)
    variant, site_id = variant_named(session, asked.sku), site_id_named(session, asked.location)
    if variant is not None:
        with_it = _with_lines(session, ReturnLine, "return_authorization_id", variant.id)
        statement = statement.where(col(ReturnAuthorization.id).in_(with_it))
    if site_id is not None:
        statement = statement.where(col(ReturnAuthorization.site_id) == site_id)
    codes = site_codes(session)
    limit = 1000 if asked.group else asked.rows
    page = list(session.exec(statement.order_by(col(ReturnAuthorization.id).desc()).limit(limit)))
    total, keys = counted(session, statement), [row.id for row, _ in page]
    items = _return_items(session, keys, variant)
    if asked.group:
        return _grouped_returns(asked.group, page, items, codes, asked.rows)
    rows = [
        {
            "rma": row.number, "status": row.status, "order": order, "reason": row.reason,
            "location": codes[row.site_id], "items": ", ".join(sorted({sku for sku, _ in items.get(row.id, [])})[:5]),
            "quantity": number(sum((quantity for _, quantity in items.get(row.id, [])), ZERO)),
            "created": day(row.created_at),
        }
        for row, order in page
    ]  # fmt: skip
    return Found(rows, total, {"quantity": total_of(rows, "quantity")})


def _return_items(
    session: Session, ids: Sequence[str], variant: Variant | None
) -> dict[str, list[tuple[str, Decimal]]]:
    if not ids:
        return {}
    statement = (
        select(ReturnLine, Variant.sku)
        .join(Variant, joined(session, Variant, col(ReturnLine.variant_id)))
        .where(own(session, ReturnLine), own(session, Variant), col(ReturnLine.return_authorization_id).in_(list(ids)))
    )
    if variant is not None:
        statement = statement.where(col(ReturnLine.variant_id) == variant.id)
    found: dict[str, list[tuple[str, Decimal]]] = {}
    for line, sku in session.exec(statement):
        found.setdefault(line.return_authorization_id, []).append((sku, line.quantity))
    return found


def _grouped_returns(
    group: str, page: Sequence[Any], items: dict[str, list[tuple[str, Decimal]]], codes: dict[str, str], limit: int
) -> Found:
    sums: dict[str, list[Decimal]] = {}
    for row, _ in page:
        label = {"reason": row.reason or "-", "status": row.status, "location": codes[row.site_id]}.get(group, "")
        for sku, quantity in items.get(row.id, []):
            sums.setdefault(label or sku, []).append(quantity)
    return _groups(group, sums, limit)


def _groups(group: str, sums: dict[str, list[Decimal]], limit: int) -> Found:
    ranked = sorted(sums.items(), key=lambda entry: (-sum(entry[1], ZERO), entry[0]))
    rows: list[Row] = [
        {group: name, "quantity": number(sum(parts, ZERO)), "entries": len(parts)} for name, parts in ranked
    ]
    return Found(rows[:limit], len(rows), {"quantity": total_of(rows, "quantity")})


def waste(session: Session, asked: Waste) -> Found:
    """What was thrown away and why, newest first; or sums."""
    statement = (
        select(WasteRecord, Variant)
        .join(Variant, joined(session, Variant, col(WasteRecord.variant_id)))
        .where(
            own(session, WasteRecord), own(session, Variant), col(WasteRecord.status) == "recorded",
            *_within(col(WasteRecord.recorded_at), asked, session),
        )
    )  # fmt: skip
    variant, site_id = variant_named(session, asked.sku), site_id_named(session, asked.location)
    if variant is not None:
        statement = statement.where(col(WasteRecord.variant_id) == variant.id)
    if site_id is not None:
        statement = statement.where(col(WasteRecord.site_id) == site_id)
    if asked.reason is not None:
        statement = statement.where(col(WasteRecord.reason) == asked.reason)
    codes = site_codes(session)
    limit = 10_000 if asked.group else asked.rows
    page = list(session.exec(statement.order_by(col(WasteRecord.recorded_at).desc(), col(WasteRecord.id)).limit(limit)))
    if asked.group:
        sums: dict[str, list[Decimal]] = {}
        for record, item in page:
            sums.setdefault(_label(asked.group, record, item.sku, codes), []).append(record.quantity)
        return _groups(asked.group, sums, asked.rows)
    rows = [
        {
            "date": day(record.recorded_at), "sku": item.sku, "name": item.name, "location": codes[record.site_id],
            "quantity": number(record.quantity), "reason": record.reason, "notes": record.notes,
        }
        for record, item in page
    ]  # fmt: skip
    return Found(rows, counted(session, statement), {"quantity": total_of(rows, "quantity")})


def _label(group: str, record: WasteRecord, sku: str, codes: dict[str, str]) -> str:
    named = {"reason": record.reason, "product": sku, "location": codes[record.site_id]}
    return named.get(group) or _span(group, record.recorded_at)


def _span(group: str, moment: datetime) -> str:
    year, week, _ = moment.isocalendar()
    return {"month": moment.strftime("%Y-%m"), "week": f"{year}-W{week:02d}"}.get(group, moment.date().isoformat())


_API = "/api/v1"
TOOLS = (
    Tool(
        "movements",
        "Moves of stock: what came in, went out or was corrected",
        Movements,
        movements,
        f"{_API}/inventory_ledger",
        chart=("date", "quantity"),
    ),
    Tool("orders", "Customers' orders", Orders, orders, f"{_API}/orders", resource="orders"),
    Tool(
        "order_detail",
        "One customer's order and its lines",
        OrderDetail,
        order_detail,
        f"{_API}/orders/:id",
        resource="orders",
    ),
    Tool(
        "purchase_orders",
        "Orders at suppliers, what is expected and what is late",
        PurchaseOrders,
        purchase_orders,
        f"{_API}/purchase_orders",
        resource="purchase_orders",
    ),
    Tool(
        "purchase_order_detail",
        "One purchase order and what is missing",
        PurchaseOrderDetail,
        purchase_order_detail,
        f"{_API}/purchase_orders/:id",
        resource="purchase_orders",
    ),
    Tool(
        "transfers",
        "Transfers between sites",
        Transfers,
        transfers,
        f"{_API}/stock_transfers",
        resource="stock_transfers",
    ),
    Tool(
        "transfer_detail",
        "One transfer and its lines",
        TransferDetail,
        transfer_detail,
        f"{_API}/stock_transfers/:id",
        resource="stock_transfers",
    ),
    Tool(
        "cycle_counts",
        "Cycle counts and how far they are",
        Counts,
        cycle_counts,
        f"{_API}/cycle_counts",
        resource="cycle_counts",
    ),
    Tool(
        "count_variance",
        "What counts found to differ from the book",
        Variance,
        count_variance,
        f"{_API}/cycle_counts/:id",
        chart=("sku", "variance"),
        resource="cycle_counts",
    ),
    Tool(
        "returns",
        "What customers send back and why",
        Returns,
        returns,
        f"{_API}/return_authorizations",
        resource="return_authorizations",
    ),
    Tool(
        "waste",
        "What was thrown away and why",
        Waste,
        waste,
        f"{_API}/waste_records",
        module="traceability",
        chart=("reason", "quantity"),
        resource="waste_records",
    ),
)
