"""Promises (reservations, per site) and assignments (allocations, per level).

Each guard is one `UPDATE ... WHERE ... RETURNING`; rows are touched in key order.

Example::

    reserve(session, site_id=site.id, document_kind="sales_order", document_id=order.id, lines=[ReserveLine(...)])
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, String, any_, bindparam, func, insert, literal, type_coerce, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col, select

from ambra_tui.errors import InsufficientStock, Invalid, Shortage
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO, to_scaled
from ambra_tui.ledger.status import STATUS_FELL, fall, told
from ambra_tui.store.facts import publish
from ambra_tui.store.models import Allocation, Location, Reservation, SiteStock, StockLevel, Variant, table_of
from ambra_tui.store.prepared import ORGANIZATION, Prepared, PreparedRows, given
from ambra_tui.store.scope import fetch, now_of, organization_of
from ambra_tui.store.types import MomentColumn, QuantityColumn


@dataclass(frozen=True, slots=True)
class ReserveLine:
    """`quantity` base units of a variant for one line of a document."""

    line_id: str
    variant_id: str
    quantity: Decimal


_QUANTITY = bindparam("amount", type_=QuantityColumn())
_NOW = bindparam("now", type_=MomentColumn())
_HERE = (
    col(SiteStock.organization_id) == ORGANIZATION,
    col(SiteStock.variant_id) == given("of_variant"),
    col(SiteStock.site_id) == given("of_site"),
)
_PROMISE = PreparedRows(
    update(SiteStock)
    .where(*_HERE, col(SiteStock.on_hand) - col(SiteStock.reserved) - col(SiteStock.held) >= _QUANTITY)
    .values(reserved=col(SiteStock.reserved) + _QUANTITY, updated_at=_NOW)
    .returning(
        type_coerce(col(SiteStock.on_hand) - col(SiteStock.reserved) - col(SiteStock.held), QuantityColumn()),
        col(SiteStock.reorder_point),
        col(SiteStock.safety_stock),
    )
)
FEW = 16
"""So many variants are promised one by one, wherever the store is."""
_STOCK = table_of(SiteStock)
_ASKED = (
    func.unnest(bindparam("variants", type_=ARRAY(String())), bindparam("amounts", type_=ARRAY(BigInteger())))
    .table_valued("variant_id", "amount")
    .render_derived(name="asked")
)
_ASKED_AMOUNT = type_coerce(_ASKED.c.amount, QuantityColumn())
_AVAILABLE = _STOCK.c.on_hand - _STOCK.c.reserved - _STOCK.c.held
_MANY_HERE = (_STOCK.c.organization_id == bindparam("own"), _STOCK.c.site_id == bindparam("of_site"))
_LOCK_MANY = (
    select(_STOCK.c.variant_id)
    .where(*_MANY_HERE, _STOCK.c.variant_id == any_(bindparam("variants", type_=ARRAY(String()))))
    .order_by(_STOCK.c.variant_id)
    .with_for_update()
)
_PROMISE_MANY = (
    update(_STOCK)
    .where(*_MANY_HERE, _STOCK.c.variant_id == _ASKED.c.variant_id, _AVAILABLE >= _ASKED_AMOUNT)
    .values(reserved=_STOCK.c.reserved + _ASKED_AMOUNT, updated_at=_NOW)
    .returning(
        _STOCK.c.variant_id,
        type_coerce(_AVAILABLE, QuantityColumn()),
        _STOCK.c.reorder_point,
        _STOCK.c.safety_stock,
    )
)
_GIVE_BACK = PreparedRows(
    update(SiteStock).where(*_HERE).values(reserved=col(SiteStock.reserved) - _QUANTITY, updated_at=_NOW)
)
_RESERVED: Prepared[Reservation] = Prepared(
    select(Reservation)
    .where(
        Reservation.organization_id == ORGANIZATION,
        Reservation.document_id == given("document_id"),
        col(Reservation.quantity) > ZERO,
    )
    # not by the bare column: its index, which has rows of every document, would be walked for the order's sake
    .order_by(func.coalesce(col(Reservation.variant_id), ""), col(Reservation.id))
    .with_for_update()
    .execution_options(populate_existing=True)
)

_OPEN = PreparedRows(
    select(col(Reservation.id), col(Reservation.line_id), col(Reservation.variant_id), col(Reservation.quantity))
    .where(
        Reservation.organization_id == ORGANIZATION,
        Reservation.document_id == given("document_id"),
        col(Reservation.quantity) > ZERO,
    )
    .order_by(func.coalesce(col(Reservation.variant_id), ""), col(Reservation.id))
    .with_for_update()
)
_LOWER = (
    update(Reservation)
    .where(col(Reservation.organization_id) == bindparam("own"), col(Reservation.id) == bindparam("key"))
    .values(quantity=bindparam("rest"))
)


def reserve(
    session: Session, *, site_id: str, document_kind: str, document_id: str, lines: Sequence[ReserveLine]
) -> None:
    """Promises every line to the document, or none: raises InsufficientStock listing every short variant.

    Lines are summed per variant first; a line may be promised more on a later call.
    """
    wanted: dict[str, Decimal] = {}
    for line in lines:
        if line.quantity <= 0:
            raise Invalid("the quantity must be more than 0", field="quantity")
        wanted[line.variant_id] = wanted.get(line.variant_id, ZERO) + line.quantity
    session.flush()
    promised = _promised(session, site_id, wanted)
    short = [variant_id for variant_id in sorted(wanted) if variant_id not in promised]
    _expire(session, SiteStock, wanted)
    if short:
        raise InsufficientStock([_shortage(session, site_id, v, lines) for v in short])
    _write(session, site_id, document_kind, document_id, lines)
    publish(session, "stock_reserved", document_id, {"site_id": site_id, "variants": sorted(wanted)})


def _promised(session: Session, site_id: str, wanted: Mapping[str, Decimal]) -> set[str]:
    """The variants that the site had enough of to promise."""
    if len(wanted) > FEW and session.get_bind().dialect.name == "postgresql":
        rows = _promise_many(session, site_id, wanted)
    else:
        rows = [
            (variant_id, *row)
            for variant_id in sorted(wanted)
            if (row := _promise(session, site_id, variant_id, wanted[variant_id])) is not None
        ]
    for variant_id, available, reorder_point, safety_stock in rows:
        before = available + wanted[variant_id]
        fallen = fall(before, available, reorder_point=reorder_point, safety_stock=safety_stock)
        if fallen is not None:
            publish(session, STATUS_FELL, variant_id, told(site_id, fallen))
    return {row[0] for row in rows}


def _promise(session: Session, site_id: str, variant_id: str, quantity: Decimal) -> tuple[Any, ...] | None:
    """What is left there, and the levels that it is judged by; None when it was not enough."""
    return _PROMISE.first(session, of_site=site_id, of_variant=variant_id, amount=quantity, now=now_of(session))


def _promise_many(session: Session, site_id: str, wanted: Mapping[str, Decimal]) -> list[tuple[Any, ...]]:
    """As `_promise` for many variants by two statements, where each would be a journey of its own."""
    variant_ids = sorted(wanted)
    place = {"own": organization_of(session), "of_site": site_id, "variants": variant_ids}
    connection = session.connection()
    connection.execute(_LOCK_MANY, place)
    amounts = [to_scaled(wanted[variant_id]) for variant_id in variant_ids]
    rows = connection.execute(_PROMISE_MANY, {**place, "amounts": amounts, "now": now_of(session)})
    return sorted(tuple(row) for row in rows)


def _shortage(session: Session, site_id: str, variant_id: str, lines: Sequence[ReserveLine]) -> Shortage:
    """What a variant lacks over all its lines, and the first line that it does not reach."""
    organization_id = organization_of(session)
    stock = session.get(SiteStock, (organization_id, variant_id, site_id), populate_existing=True)
    variant = session.get(Variant, (organization_id, variant_id))
    available = max(stock.on_hand - stock.reserved - stock.held, ZERO) if stock else ZERO
    sku = variant.sku if variant else variant_id
    quantity, line_id = ZERO, ""
    for line in lines:
        quantity += line.quantity if line.variant_id == variant_id else ZERO
        if quantity > available and not line_id:
            line_id = line.line_id
    return Shortage(sku, quantity, available, variant_id=variant_id, site_id=site_id, line_id=line_id)


def _write(session: Session, site_id: str, document_kind: str, document_id: str, lines: Sequence[ReserveLine]) -> None:
    organization_id, now = organization_of(session), now_of(session)
    rows = [
        {
            "organization_id": organization_id,
            "id": new_id("rsv"),
            "site_id": site_id,
            "variant_id": line.variant_id,
            "document_kind": document_kind,
            "document_id": document_id,
            "line_id": line.line_id,
            "quantity": line.quantity,
            "created_at": now,
        }
        for line in lines
    ]
    if rows:
        session.connection().execute(insert(Reservation), rows)


def reserved_for(
    session: Session, *, document_id: str, line_id: str | None = None, variant_id: str | None = None
) -> list[Reservation]:
    """The open reservations of a document, of one of its lines, of a variant for it; the document's are locked."""
    rows = _RESERVED.all(session, document_id=document_id)
    return [row for row in rows if line_id in (None, row.line_id) and variant_id in (None, row.variant_id)]


def release(session: Session, *, document_id: str, line_id: str | None = None) -> Decimal:
    """Gives back what is still promised to a document or line; answers how much that was."""
    reservations = reserved_for(session, document_id=document_id, line_id=line_id)
    total = sum((reservation.quantity for reservation in reservations), ZERO)
    _lower_reserved(session, [(reservation, reservation.quantity) for reservation in reservations])
    if total:
        publish(session, "stock_released", document_id, {})
    session.flush()
    return total


def release_quantity(
    session: Session, *, document_id: str, line_id: str, quantity: Decimal, variant_id: str | None = None
) -> Decimal:
    """Gives back up to `quantity` of what is promised to a line (of a variant); answers how much that was."""
    rest = quantity
    parts = []
    for reservation in reserved_for(session, document_id=document_id, line_id=line_id, variant_id=variant_id):
        part = min(rest, reservation.quantity)
        parts.append((reservation, part))
        rest -= part
    _lower_reserved(session, parts)
    session.flush()
    return quantity - rest


def _lower_reserved(session: Session, parts: Sequence[tuple[Reservation, Decimal]]) -> None:
    """So much less of each reservation, and of what its site has promised in all."""
    totals: dict[tuple[str, str], Decimal] = {}
    for reservation, part in parts:
        key = (reservation.variant_id, reservation.site_id)
        totals[key] = totals.get(key, ZERO) + part
        reservation.quantity -= part
        session.add(reservation)
    for (variant_id, site_id), total in sorted(totals.items()):
        if total:
            _GIVE_BACK.run(session, of_variant=variant_id, of_site=site_id, amount=total, now=now_of(session))
    _expire(session, SiteStock, {variant_id for variant_id, _ in totals})


def consume_lines(session: Session, *, document_id: str, wanted: Sequence[tuple[str, str, Decimal]]) -> list[Decimal]:
    """Lowers a document's reservations by up to (line id, variant id, quantity) each; answers how much was reserved.

    The caller passes each answer as `Posting.reserved`, which lowers the site's total with the same move.
    """
    left: dict[tuple[str, str], list[list[Any]]] = {}
    for key, line_id, variant_id, quantity in _OPEN.all(session, document_id=document_id):
        left.setdefault((line_id, variant_id), []).append([key, quantity])
    consumed: list[Decimal] = []
    lowered: dict[str, Decimal] = {}
    for line_id, variant_id, quantity in wanted:
        rest = quantity
        for row in left.get((line_id, variant_id), ()):
            part = min(rest, row[1])
            if part:
                row[1] -= part
                rest -= part
                lowered[row[0]] = row[1]
        consumed.append(quantity - rest)
    _lower_rows(session, lowered)
    return consumed


def _lower_rows(session: Session, lowered: Mapping[str, Decimal]) -> None:
    """Reservations and what is left of each; those that the session knows are read again when next looked at."""
    if not lowered:
        return
    own = organization_of(session)
    rows = [{"own": own, "key": key, "rest": lowered[key]} for key in sorted(lowered)]
    session.connection().execute(_LOWER, rows)
    for row in list(session.identity_map.values()):
        if isinstance(row, Reservation) and row.id in lowered:
            session.expire(row)


def allocate(
    session: Session,
    *,
    location_id: str,
    variant_id: str,
    quantity: Decimal,
    document_kind: str,
    document_id: str,
    line_id: str,
    lot_id: str = "",
    serial: str = "",
    plate_id: str = "",
) -> Allocation:
    """Assigns `quantity` of a level to a document's line. Raises InsufficientStock when the level has less."""
    session.flush()
    key = (variant_id, location_id, lot_id, serial, plate_id)
    if quantity <= 0:
        raise Invalid("the quantity must be more than 0", field="quantity")
    if not _change_allocated(session, key, quantity):
        free = _free(session, key)
        raise InsufficientStock([Shortage(variant_id, quantity, free, variant_id=variant_id, line_id=line_id)])
    allocation = Allocation(
        organization_id=organization_of(session),
        id=new_id("alc"),
        site_id=fetch(session, Location, location_id, resource="location").site_id or "",
        location_id=location_id,
        variant_id=variant_id,
        lot_id=lot_id,
        serial=serial,
        plate_id=plate_id,
        document_kind=document_kind,
        document_id=document_id,
        line_id=line_id,
        quantity=quantity,
        created_at=now_of(session),
    )
    session.add(allocation)
    return allocation


def unallocate(
    session: Session, allocation: Allocation, quantity: Decimal | None = None, *, status: str = "released"
) -> None:
    """Gives back `quantity` (all that is open, when None) of an allocation; it ends with `status` when none is left."""
    part = allocation.quantity if quantity is None else min(quantity, allocation.quantity)
    if part:
        _change_allocated(session, _key(allocation), -part)
    _lower(session, allocation, part, status)


def take(session: Session, allocation: Allocation, quantity: Decimal) -> None:
    """Records that `quantity` of an allocation was picked. The caller passes it as `Posting.allocated`."""
    if quantity > allocation.quantity:
        raise Invalid("more than was allocated", field="quantity")
    allocation.picked += quantity
    _lower(session, allocation, quantity, "picked")


def _lower(session: Session, allocation: Allocation, quantity: Decimal, ended: str) -> None:
    allocation.quantity -= quantity
    if allocation.quantity == 0:
        allocation.status = ended
    session.add(allocation)
    session.flush()


def _key(allocation: Allocation) -> tuple[str, str, str, str, str]:
    return (
        allocation.variant_id, allocation.location_id, allocation.lot_id, allocation.serial, allocation.plate_id,
    )  # fmt: skip


def _change_allocated(session: Session, key: tuple[str, str, str, str, str], quantity: Decimal) -> bool:
    level = StockLevel
    statement = (
        update(level)
        .where(
            col(level.organization_id) == organization_of(session),
            col(level.variant_id) == key[0],
            col(level.location_id) == key[1],
            col(level.lot_id) == key[2],
            col(level.serial) == key[3],
            col(level.plate_id) == key[4],
        )
        .values(allocated=col(level.allocated) + quantity)
        .returning(col(level.allocated))
        .execution_options(synchronize_session=False)
    )
    if quantity > 0:
        statement = statement.where(col(level.on_hand) - col(level.allocated) >= literal(quantity, QuantityColumn))
    changed = session.connection().execute(statement).first() is not None
    _expire(session, StockLevel, (key[0],))
    return changed


def _free(session: Session, key: tuple[str, str, str, str, str]) -> Decimal:
    level = session.get(StockLevel, (organization_of(session), *key), populate_existing=True)
    return max(level.on_hand - level.allocated, ZERO) if level else ZERO


def _expire(session: Session, model: type[SiteStock] | type[StockLevel], variant_ids: Collection[str]) -> None:
    for row in list(session.identity_map.values()):
        if isinstance(row, model) and row.variant_id in variant_ids:
            session.expire(row)
