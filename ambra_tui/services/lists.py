"""Long lists for a screen: a page at a time, forwards and backwards from any row, as fast at the end as at the start.

A page is found by the key of the row beside it (never by counting rows), so a list of a million opens like one of a
hundred.

Example::

    page = read_page(session, "moves", limit=100)
    older = read_page(session, "moves", after=page.rows[-1].key, limit=100)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, false, func, or_, tuple_
from sqlalchemy import select as core_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from ambra_tui.errors import Invalid
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.ledger import CUSTOMER, MoveKind
from ambra_tui.services import tracing
from ambra_tui.services.codes import normalize_code
from ambra_tui.services.orders import STATE_WORDS
from ambra_tui.services.policies import low_stock_condition
from ambra_tui.services.reports.low_stock import LOW_STATES
from ambra_tui.services.tracing.stock import EMPTY
from ambra_tui.store.models import (
    AuditEntry,
    Barcode,
    CycleCount,
    Discrepancy,
    Location,
    Lot,
    ProductionBatch,
    PurchaseOrder,
    ReturnAuthorization,
    SalesOrder,
    Site,
    SiteStock,
    StockLevel,
    StockMove,
    StockTransfer,
    User,
    Variant,
)
from ambra_tui.store.scope import organization_of
from ambra_tui.store.types import QuantityColumn

MAX_ROWS = 500
Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row: `title` and `value` are seen on every screen, `details` beside or below them. `key` finds the row again;
    `moment`: when it happened, None for what merely is."""

    key: Key
    title: str
    value: str
    details: tuple[str, ...] = ()
    moment: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListPage:
    """Rows in the list's order. `has_more`: there are rows beyond the last one, in the direction asked for."""

    rows: tuple[ListRow, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class _List:
    """`select`: the joined rows; `order`: the columns of the key, the last unique; `search`: the condition for a text
    that was typed or scanned; `draw`: a row of the result as a row of the list."""

    select: Callable[[int], Any]
    order: Callable[[], tuple[Any, ...]]
    is_newest_first: bool
    search: Callable[[Session, int, str], ColumnElement[bool]]
    draw: Callable[[Row[Any]], ListRow]


def read_page(
    session: Session,
    name: str,
    *,
    after: Key | None = None,
    before: Key | None = None,
    search: str = "",
    limit: int = 100,
) -> ListPage:
    """Up to `limit` rows of the list `name`: the first ones, those after a key, or those before it.

    `search`: an item's SKU (or its first letters), a barcode, or a bin. Raises Invalid for a list that is not there.
    """
    chosen = _list_of(session, name)
    organization_id = organization_of(session)
    limit = max(1, min(limit, MAX_ROWS))
    is_backwards = before is not None
    descends = chosen.is_newest_first != is_backwards
    order = chosen.order()
    statement = chosen.select(organization_id)
    mark = before if before is not None else after
    if mark is not None:
        row, beside = tuple_(*order), tuple_(*mark)
        statement = statement.where(
            row < beside if descends else row > beside,
            order[0] <= mark[0] if descends else order[0] >= mark[0],  # says it for the index of the first column
        )
    if search:
        statement = statement.where(chosen.search(session, organization_id, search))
    statement = statement.order_by(*(column.desc() if descends else column.asc() for column in order))
    found = session.connection().execute(statement.limit(limit + 1)).all()
    rows = [chosen.draw(row) for row in found[:limit]]
    if is_backwards:
        rows.reverse()
    return ListPage(tuple(rows), len(found) > limit)


def _list_of(session: Session, name: str) -> _List:
    """The list of a name, or of a name and what it is about: ``trace:<lot id>``. Raises Invalid."""
    kind, _, subject = name.partition(":")
    if subject and kind in _LISTS_OF:
        return _LISTS_OF[kind](session, subject)
    chosen = _LISTS.get(name)
    if chosen is None:
        raise Invalid(f"there is no list '{name}'", field="list")
    return chosen


# --- what a text typed into a list means ----------------------------------------------------------------------------


def _variants_like(organization_id: int, text: str) -> Any:
    """Ids of the variants whose SKU begins with the text or whose barcode it is; few enough to be looked up."""
    by_sku = col(Variant.sku).startswith(text.upper(), autoescape=True)
    by_code = col(Variant.id).in_(
        core_select(col(Barcode.variant_id)).where(
            col(Barcode.organization_id) == organization_id, col(Barcode.code) == normalize_code(text)
        )
    )
    return (
        core_select(col(Variant.id))
        .where(col(Variant.organization_id) == organization_id, or_(by_sku, by_code))
        .limit(MAX_ROWS)
    )


def _found(session: Session, statement: Any) -> list[str]:
    return list(session.connection().execute(statement).scalars())


def _by_variant(column: Any) -> Callable[[Session, int, str], ColumnElement[bool]]:
    def condition(session: Session, organization_id: int, text: str) -> ColumnElement[bool]:
        ids = _found(session, _variants_like(organization_id, text))
        return column.in_(ids) if ids else false()

    return condition


def _stock_search(session: Session, organization_id: int, text: str) -> ColumnElement[bool]:
    bins = core_select(col(Location.id)).where(
        col(Location.organization_id) == organization_id,
        or_(col(Location.code) == text.upper(), col(Location.barcode) == text.upper()),
    )
    location_ids = _found(session, bins)
    if location_ids:
        return col(StockLevel.location_id).in_(location_ids)
    return _by_variant(col(StockLevel.variant_id))(session, organization_id, text)


def _trail_search(session: Session, organization_id: int, text: str) -> ColumnElement[bool]:
    del session, organization_id
    return or_(col(AuditEntry.act).startswith(text.lower(), autoescape=True), col(AuditEntry.actor_name) == text)


# --- the lists ------------------------------------------------------------------------------------------------------


def _same(left: Any, right: Any, organization_id: int) -> ColumnElement[bool]:
    """`right` is the key of a row of the same organization."""
    return and_(left.organization_id == organization_id, left.id == right)


def _moves(organization_id: int) -> Any:
    source, destination = aliased(Location), aliased(Location)
    return (
        core_select(
            col(StockMove.sequence), col(StockMove.kind), col(StockMove.quantity), col(StockMove.posted_at),
            col(StockMove.serial), col(Variant.sku), col(Lot.lot_number),
            col(source.code).label("source_code"), col(destination.code).label("destination_code"),
            col(User.name).label("actor_name"),
        )
        .join(Variant, _same(Variant, col(StockMove.variant_id), organization_id))
        .join(source, _same(source, col(StockMove.source_id), organization_id))
        .join(destination, _same(destination, col(StockMove.destination_id), organization_id))
        .outerjoin(Lot, _same(Lot, col(StockMove.lot_id), organization_id))
        .outerjoin(User, _same(User, col(StockMove.actor_id), organization_id))
        .where(col(StockMove.organization_id) == organization_id)
    )  # fmt: skip


def _draw_move(row: Row[Any]) -> ListRow:
    identity = "/".join(part for part in (row.lot_number, row.serial) if part)
    details = (str(row.kind), row.source_code, "→", row.destination_code, identity, row.actor_name or "")
    return ListRow((row.sequence,), row.sku, show(row.quantity), details, row.posted_at)


def _stock(organization_id: int) -> Any:
    return (
        core_select(
            col(Variant.sku), col(Variant.name), col(StockLevel.location_id), col(StockLevel.lot_id),
            col(StockLevel.serial), col(StockLevel.plate_id), col(StockLevel.on_hand), col(StockLevel.allocated),
            col(Location.code).label("location_code"), col(Site.code).label("site_code"), col(Lot.lot_number),
            col(Lot.expiry_date),
        )
        .select_from(Variant)
        .join(
            StockLevel,
            and_(
                col(StockLevel.organization_id) == organization_id,
                col(StockLevel.variant_id) == col(Variant.id),
                col(StockLevel.on_hand) > ZERO,
            ),
        )
        .join(Location, _same(Location, col(StockLevel.location_id), organization_id))
        .outerjoin(Site, _same(Site, col(Location.site_id), organization_id))
        .outerjoin(Lot, _same(Lot, col(StockLevel.lot_id), organization_id))
        .where(col(Variant.organization_id) == organization_id, col(Variant.sku) >= "")  # says: walk by SKU
    )  # fmt: skip


def _draw_stock(row: Row[Any]) -> ListRow:
    place = f"{row.site_code}/{row.location_code}" if row.site_code else row.location_code
    identity = "/".join(part for part in (row.lot_number, row.serial) if part)
    expiry = row.expiry_date.isoformat() if row.expiry_date else ""
    promised = f"-{show(row.allocated)}" if row.allocated else ""
    key = (row.sku, row.location_id, row.lot_id, row.serial, row.plate_id)
    return ListRow(key, row.sku, show(row.on_hand), (place, identity, expiry, promised, row.name))


def _exceptions(organization_id: int) -> Any:
    return (
        core_select(
            col(Discrepancy.id), col(Discrepancy.created_at), col(Discrepancy.kind), col(Discrepancy.quantity),
            col(Discrepancy.reason), col(Variant.sku), col(Site.code).label("site_code"),
        )
        .join(Site, _same(Site, col(Discrepancy.site_id), organization_id))
        .outerjoin(Variant, _same(Variant, col(Discrepancy.variant_id), organization_id))
        .where(col(Discrepancy.organization_id) == organization_id, col(Discrepancy.status) == "open")
    )  # fmt: skip


def _draw_exception(row: Row[Any]) -> ListRow:
    details = (str(row.kind), row.site_code, row.reason)
    return ListRow((row.id,), row.sku or str(row.kind), show(Decimal(row.quantity)), details, row.created_at)


def _trail(organization_id: int) -> Any:
    return core_select(
        col(AuditEntry.id), col(AuditEntry.at), col(AuditEntry.actor_name), col(AuditEntry.station),
        col(AuditEntry.act), col(AuditEntry.details),
    ).where(col(AuditEntry.organization_id) == organization_id)  # fmt: skip


def _low_stock(organization_id: int) -> Any:
    return (
        core_select(
            col(Variant.sku), col(Variant.name), col(Site.code).label("site_code"), col(SiteStock.site_id),
            col(SiteStock.on_hand), col(SiteStock.reserved), col(SiteStock.held), col(SiteStock.reorder_point),
            col(SiteStock.status),
        )
        .select_from(SiteStock)
        .join(Variant, _same(Variant, col(SiteStock.variant_id), organization_id))
        .join(Site, _same(Site, col(SiteStock.site_id), organization_id))
        .where(
            col(SiteStock.organization_id) == organization_id,
            col(SiteStock.status).in_(LOW_STATES),  # says it for the index
            low_stock_condition(),
        )
    )  # fmt: skip


def _draw_low(row: Row[Any]) -> ListRow:
    available = row.on_hand - row.reserved - row.held
    details = (f"< {show(row.reorder_point)}", str(row.status), row.site_code, row.name)
    return ListRow((row.sku, row.site_id), row.sku, show(available), details)


def _draw_trail(row: Row[Any]) -> ListRow:
    told = ", ".join(f"{name} {value}" for name, value in row.details.items() if isinstance(value, str | int) and value)
    return ListRow((row.id,), row.act, row.actor_name, (row.station, told), row.at)


def _trace(session: Session, lot_id: str) -> _List:
    """The moves of a lot; a bin or the beginning of a document's number finds some of them."""
    source, destination = aliased(Location), aliased(Location)
    numbered = (SalesOrder, PurchaseOrder, StockTransfer, ReturnAuthorization, ProductionBatch, CycleCount)
    number: ColumnElement[str] = func.coalesce(*(col(model.number) for model in numbered), "")

    def statement(organization_id: int) -> Any:
        selected: Any = (
            core_select(
                col(StockMove.sequence), col(StockMove.kind), col(StockMove.quantity), col(StockMove.posted_at),
                col(StockMove.source_site_id), col(StockMove.destination_site_id), col(StockMove.serial),
                col(source.code).label("source_code"), col(destination.code).label("destination_code"),
                number.label("number"), col(User.name).label("actor_name"),
            )
            .select_from(StockMove)
            .join(source, _same(source, col(StockMove.source_id), organization_id))
            .join(destination, _same(destination, col(StockMove.destination_id), organization_id))
            .outerjoin(User, _same(User, col(StockMove.actor_id), organization_id))
            .where(
                col(StockMove.organization_id) == organization_id,
                col(StockMove.lot_id) == lot_id,
                col(StockMove.lot_id) != EMPTY,
            )
        )  # fmt: skip
        for model in numbered:
            selected = selected.outerjoin(model, _same(model, col(StockMove.origin_id), organization_id))
        return selected

    def search(session: Session, organization_id: int, text: str) -> ColumnElement[bool]:
        del session, organization_id
        typed = text.upper()
        bins = (col(side.code) == typed for side in (source, destination))
        scanned = (col(side.barcode) == typed for side in (source, destination))
        return or_(number.startswith(typed, autoescape=True), *bins, *scanned)

    return _List(statement, lambda: (col(StockMove.sequence),), True, search, _draw_trace)


def _draw_trace(row: Row[Any]) -> ListRow:
    is_inside = row.source_site_id == row.destination_site_id
    sign = "" if is_inside else "+" if row.destination_site_id else "-"
    details = (row.number, row.source_code, "→", row.destination_code, row.serial, row.actor_name or "")
    return ListRow((row.sequence,), str(row.kind), f"{sign}{show(row.quantity)}", details, row.posted_at)


def _reached(session: Session, lot_id: str) -> _List:
    """The orders that a lot, or what was made of it, left for; by the beginning of the order's number."""
    lot_ids = (lot_id, *tracing.descendants_of(session, lot_id).lot_ids)
    order_ids = tracing.origins_of(session, lot_ids, MoveKind.ORDER_FULFILLED)

    def statement(organization_id: int) -> Any:
        return core_select(
            col(SalesOrder.id), col(SalesOrder.number), col(SalesOrder.customer), col(SalesOrder.status),
            _left_for(organization_id, col(SalesOrder.id), lot_ids).label("shipped"),
        ).where(col(SalesOrder.organization_id) == organization_id, col(SalesOrder.id).in_(order_ids))  # fmt: skip

    def search(session: Session, organization_id: int, text: str) -> ColumnElement[bool]:
        del session, organization_id
        return col(SalesOrder.number).startswith(text.upper(), autoescape=True)

    return _List(statement, lambda: (col(SalesOrder.id),), True, search, _draw_reached)


def _left_for(organization_id: int, order_id: Any, lot_ids: Sequence[str]) -> Any:
    """What left for an order of some lots, less what was taken back."""
    signed = case((col(StockMove.destination_id) == CUSTOMER, col(StockMove.quantity)), else_=-col(StockMove.quantity))
    return (
        core_select(func.sum(signed, type_=QuantityColumn()))
        .where(
            col(StockMove.organization_id) == organization_id,
            col(StockMove.origin_id) == order_id,
            col(StockMove.origin_id) != EMPTY,
            func.coalesce(col(StockMove.lot_id), "").in_(lot_ids),  # by the order, not by the lots
            or_(col(StockMove.destination_id) == CUSTOMER, col(StockMove.source_id) == CUSTOMER),
        )
        .scalar_subquery()
    )


def _draw_reached(row: Row[Any]) -> ListRow:
    details = (tracing.name_of(row.customer or {}), f"order_{STATE_WORDS[row.status]}")
    return ListRow((row.id,), row.number, show(row.shipped or ZERO), details)


_LISTS_OF: dict[str, Callable[[Session, str], _List]] = {"trace": _trace, "reached": _reached}
_LISTS = {
    "stock": _List(
        _stock,
        lambda: (
            col(Variant.sku),
            col(StockLevel.location_id),
            col(StockLevel.lot_id),
            col(StockLevel.serial),
            col(StockLevel.plate_id),
        ),
        False,
        _stock_search,
        _draw_stock,
    ),
    "moves": _List(
        _moves, lambda: (col(StockMove.sequence),), True, _by_variant(col(StockMove.variant_id)), _draw_move
    ),
    "exceptions": _List(
        _exceptions, lambda: (col(Discrepancy.id),), True, _by_variant(col(Discrepancy.variant_id)), _draw_exception
    ),
    "low_stock": _List(
        _low_stock,
        lambda: (col(Variant.sku), col(SiteStock.site_id)),
        False,
        _by_variant(col(SiteStock.variant_id)),
        _draw_low,
    ),
    "trail": _List(_trail, lambda: (col(AuditEntry.id),), True, _trail_search, _draw_trail),
}
