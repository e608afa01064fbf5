"""What was sold, by order and by item, as the documents and the ledger say: kept in the transaction of every change.

`record_order` derives an order's rows anew, so calling it twice is harmless, and a rebuild is the same statements
without an order. Which orders count, and what each amount is, stands in docs/analytics.md.

Example::

    order = create_order(session, ...)
    record_order(session, order.id)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Delete,
    Select,
    String,
    Update,
    case,
    cast,
    delete,
    func,
    literal_column,
    select,
    type_coerce,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session

from ambra_tui.services.analytics.regions import REGIONS, UNKNOWN
from ambra_tui.store.models import (
    ItemSale,
    OrderCheckout,
    OrderSale,
    Refund,
    ReturnAuthorization,
    ReturnLine,
    SalesOrder,
    SalesOrderLine,
    StockMove,
    table_of,
)
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows, given
from ambra_tui.store.types import EMPTY

DAY = 86_400_000_000
MAX_AMOUNT = 9_000_000_000_000  # of one item, in minor units: what is beyond is told as this much
_EXACT = 3_000_000_000  # products of two amounts up to this fit into 64 bits
_SCALE = 1_000_000
_SHARES = 1_000_000

SALE, ITEM = table_of(OrderSale), table_of(ItemSale)
_order, _line, _checkout = table_of(SalesOrder), table_of(SalesOrderLine), table_of(OrderCheckout)
_move, _refund = table_of(StockMove), table_of(Refund)
_return, _return_line = table_of(ReturnAuthorization), table_of(ReturnLine)
_SUMS = ("units", "revenue", "shipped", "shipped_revenue", "cost", "returned")
_ITEM_SUMS = ("units", "revenue", "discount", "refunded", "shipped", "shipped_revenue", "cost", "returned")


def record_order(session: Session, order_id: str) -> None:
    """Makes the order's rows what its documents say now; an order that does not count has none."""
    session.flush()
    changes = _of_one(session.get_bind().dialect.name)
    kept = changes.orders.all(session, sold_order=order_id)
    changes.old_items.run(session, sold_order=order_id)
    if not kept:
        changes.old_orders.run(session, sold_order=order_id)
        return
    changes.items.run(session, sold_order=order_id)
    changes.sums.run(session, sold_order=order_id)


def rebuild(session: Session, organization_id: int) -> None:
    """Makes all rows of an organization anew, in a writing session of the system scope."""
    changes = _statements(session.get_bind().dialect.name, is_one=False)
    connection = session.connection()
    for statement in (changes.old_items, changes.old_orders, changes.orders, changes.items, changes.sums):
        connection.execute(statement, {ORGANIZATION.key: organization_id})


# --- the statements -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Changes:
    """What `record_order` does, in its order; `orders` answers the keys that it kept."""

    orders: Any
    old_items: Any
    old_orders: Any
    items: Any
    sums: Any


@cache
def _of_one(dialect: str) -> _Changes:
    made = _statements(dialect, is_one=True)
    return _Changes(*(PreparedRows(getattr(made, name)) for name in _Changes.__slots__))


@cache
def _statements(dialect: str, *, is_one: bool) -> _Changes:
    orders = order_rows(_own, is_one=is_one)
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    names = [column.name for column in orders.selected_columns]
    added = insert(SALE).from_select(names, orders, include_defaults=False)
    changed = {name: added.excluded[name] for name in names if name not in ("organization_id", "order_id")}
    kept = added.on_conflict_do_update(index_elements=["organization_id", "order_id"], set_=changed)
    items = item_rows(_own, is_one=is_one)
    filled = insert(ITEM).from_select([c.name for c in items.selected_columns], items, include_defaults=False)
    return _Changes(kept.returning(SALE.c.key), _old_items(is_one), _old_orders(is_one), filled, sums_of(is_one=is_one))


def _own(table: Any) -> ColumnElement[bool]:
    own: ColumnElement[bool] = table.c.organization_id == ORGANIZATION
    return own


def _old_items(is_one: bool) -> Delete:
    keys = select(SALE.c.key).where(_own(SALE), SALE.c.order_id == given("sold_order"))
    return delete(ITEM).where(_own(ITEM), *((ITEM.c.order_key.in_(keys),) if is_one else ()))


def _old_orders(is_one: bool) -> Delete:
    return delete(SALE).where(_own(SALE), *((SALE.c.order_id == given("sold_order"),) if is_one else ()))


def _number(value: int) -> ColumnElement[int]:
    """A whole number of the statement's text: the same for both databases and for the migration."""
    return literal_column(str(value), BigInteger)


def _word(value: str) -> ColumnElement[str]:
    return literal_column(f"'{value}'", String)


def _whole(column: Any) -> ColumnElement[int]:
    return type_coerce(column, BigInteger)


def _total(column: Any) -> ColumnElement[int]:
    """A sum that is a whole number on both databases."""
    return cast(func.coalesce(func.sum(column), _number(0)), BigInteger)


def order_rows(own: Any, *, is_one: bool) -> Select[Any]:
    """The rows of counted orders, without what is added up from their items. `own`: binds a table."""
    day = _whole(_order.c.created_at) // _number(DAY)
    refunds = _refunds(own, is_one=is_one)
    regions = [
        (_order.c.ship_country.in_([_word(code) for code in codes]), _word(name)) for name, codes in REGIONS.items()
    ]
    amounts = {
        "discount": func.coalesce(_checkout.c.discount_minor, _number(0)),
        "shipping": func.coalesce(_checkout.c.shipping_minor, _number(0)),
        "tax": func.coalesce(_checkout.c.tax_minor, _number(0)),
        "refunded": func.coalesce(refunds.c.refunded, _number(0)),
    }
    joined = _order.outerjoin(
        _checkout, (_checkout.c.organization_id == _order.c.organization_id) & (_checkout.c.order_id == _order.c.id)
    ).outerjoin(
        refunds,
        (refunds.c.organization_id == _order.c.organization_id)
        & (refunds.c.order_id == _order.c.id)
        & (refunds.c.currency == _order.c.currency),
    )
    return (
        select(
            _order.c.organization_id,
            _order.c.id.label("order_id"),
            day.label("day"),
            _MonthOf(day).label("month"),
            _order.c.currency,
            _order.c.customer_id,
            _order.c.site_id,
            _order.c.channel,
            _order.c.ship_country.label("country"),
            _order.c.ship_state.label("state"),
            case(*regions, else_=_word(UNKNOWN)).label("region"),
            func.coalesce(_checkout.c.payment_method, EMPTY).label("payment_method"),
            *(value.label(name) for name, value in amounts.items()),
            *(_number(0).label(name) for name in _SUMS),
        )
        .select_from(joined)
        .where(own(_order), _order.c.status.not_in([_word("draft"), _word("cancelled")]))
        .where(*((_order.c.id == given("sold_order"),) if is_one else ()))
    )


class _MonthOf(FunctionElement[int]):
    """The month of a day since 1970, such as 201012."""

    type = BigInteger()
    inherit_cache = True


@compiles(_MonthOf)
def _month_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"CAST(strftime('%Y%m', ({compiler.process(element.clauses, **options)}) * 86400, 'unixepoch') AS INTEGER)"


@compiles(_MonthOf, "postgresql")
def _month_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    day = compiler.process(element.clauses, **options)
    return f"CAST(to_char(to_timestamp(({day}) * 86400.0) AT TIME ZONE 'UTC', 'YYYYMM') AS INTEGER)"


def _refunds(own: Any, *, is_one: bool) -> Any:
    return (
        select(
            _refund.c.organization_id,
            _refund.c.order_id,
            _refund.c.currency,
            _total(_refund.c.amount).label("refunded"),
        )
        .where(own(_refund), _refund.c.status != _word("failed"))
        .where(*((_refund.c.order_id == given("sold_order"),) if is_one else ()))
        .group_by(_refund.c.organization_id, _refund.c.order_id, _refund.c.currency)
        .subquery("refunds")
    )


def item_rows(own: Any, *, is_one: bool) -> Select[Any]:
    """The rows of the items of counted orders, whose own rows are there already."""
    items = _shared(own, is_one=is_one)
    discount, refunded = (_share(items, name) for name in ("discount", "refunded"))
    net = items.c.revenue - discount
    share = case(
        (items.c.costed >= items.c.units, _number(_SHARES)),
        (items.c.units >= _number(_SCALE * _SCALE), items.c.costed // (items.c.units // _number(_SHARES))),
        else_=items.c.costed * _number(_SHARES) // items.c.units,
    )
    shipped_revenue = case(
        (items.c.costed == _number(0), _number(0)),
        (items.c.costed >= items.c.units, net),
        else_=net * share // _number(_SHARES),
    )
    return select(
        items.c.organization_id,
        items.c.key.label("order_key"),
        items.c.variant_id,
        items.c.units,
        items.c.revenue,
        discount.label("discount"),
        refunded.label("refunded"),
        items.c.shipped,
        shipped_revenue.label("shipped_revenue"),
        items.c.cost,
        items.c.returned,
    )


def _share(items: Any, name: str) -> ColumnElement[int]:
    """The item's share of an amount of its order: what the items up to it have, less what those before it have."""
    share: ColumnElement[int] = items.c[f"{name}_upto"] - items.c[f"{name}_before"]
    return share


def _shared(own: Any, *, is_one: bool) -> Any:
    """Items with running shares of their order's discount and refunds: by revenue, the last one takes the rest."""
    items = _items(own, is_one=is_one)
    within = {"partition_by": (items.c.organization_id, items.c.order_id), "order_by": items.c.variant_id}
    position = func.row_number().over(**within)
    count = func.count().over(partition_by=within["partition_by"])
    running = cast(func.sum(items.c.revenue).over(**within, rows=(None, 0)), BigInteger)
    whole = cast(func.sum(items.c.revenue).over(partition_by=within["partition_by"]), BigInteger)
    joined = items.join(
        SALE, (SALE.c.organization_id == items.c.organization_id) & (SALE.c.order_id == items.c.order_id)
    )
    placed = (
        select(
            *items.c,
            SALE.c.key,
            SALE.c.discount,
            SALE.c.refunded,
            position.label("position"),
            count.label("items"),
            running.label("running"),
            whole.label("whole"),
        )
        .select_from(joined)
        .where(own(SALE))
        .subquery("placed")
    )
    before = placed.c.running - placed.c.revenue
    parts: dict[str, ColumnElement[int]] = {}
    for name in ("discount", "refunded"):
        amount = placed.c[name]
        parts[f"{name}_upto"] = case(
            (placed.c.position == placed.c["items"], amount), else_=_part(amount, placed.c.running, placed.c.whole)
        )
        parts[f"{name}_before"] = _part(amount, before, placed.c.whole)
    return select(*placed.c, *(value.label(name) for name, value in parts.items())).subquery("shared")


def _part(amount: Any, part: Any, whole: Any) -> ColumnElement[int]:
    """`amount` x `part` / `whole`, rounded down; in millionths where the product would not fit."""
    fits = (amount <= _number(_EXACT)) & (whole <= _number(_EXACT))
    return case(
        (whole == _number(0), _number(0)),
        (fits, amount * part // whole),
        (whole <= _number(MAX_AMOUNT), amount * (part * _number(_SHARES) // whole) // _number(_SHARES)),
        else_=amount * (part // (whole // _number(_SHARES))) // _number(_SHARES),
    )


def _items(own: Any, *, is_one: bool) -> Any:
    """(order, variant) -> what was ordered, left, cost and came back."""
    costs = _costs(own, is_one=is_one)
    quantity, fulfilled = _whole(_line.c.quantity), _whole(_line.c.fulfilled)
    is_costed = (costs.c.moves == costs.c.costed_moves) & (fulfilled > _number(0))
    lines = (
        select(
            _line.c.organization_id,
            _line.c.sales_order_id.label("order_id"),
            _line.c.variant_id,
            quantity.label("units"),
            _amount(_line.c.price_minor, quantity).label("revenue"),
            fulfilled.label("shipped"),
            case((is_costed, fulfilled), else_=_number(0)).label("costed"),
            case((is_costed, costs.c.cost), else_=_number(0)).label("cost"),
            _number(0).label("returned"),
        )
        .select_from(
            _line.outerjoin(
                costs,
                (costs.c.organization_id == _line.c.organization_id) & (costs.c.line_id == _line.c.id),
            )
        )
        .where(own(_line))
        .where(*((_line.c.sales_order_id == given("sold_order"),) if is_one else ()))
    )
    came = _whole(_return_line.c.sellable) + _whole(_return_line.c.damaged) + _whole(_return_line.c.discarded)
    returns = (
        select(
            _return.c.organization_id,
            _return.c.order_id,
            _return_line.c.variant_id,
            *(_number(0).label(name) for name in ("units", "revenue", "shipped", "costed", "cost")),
            came.label("returned"),
        )
        .select_from(
            _return.join(
                _return_line,
                (_return_line.c.organization_id == _return.c.organization_id)
                & (_return_line.c.return_authorization_id == _return.c.id),
            )
        )
        .where(own(_return), came > _number(0))
        .where(*((_return.c.order_id == given("sold_order"),) if is_one else ()))
    )
    both = union_all(lines, returns).subquery("happened")
    sums = ("units", "revenue", "shipped", "costed", "cost", "returned")
    return (
        select(
            both.c.organization_id,
            both.c.order_id,
            both.c.variant_id,
            *(cast(func.sum(both.c[name]), BigInteger).label(name) for name in sums),
        )
        .group_by(both.c.organization_id, both.c.order_id, both.c.variant_id)
        .subquery("bought")
    )


def _amount(price: Any, quantity: Any) -> ColumnElement[int]:
    """Price x quantity in minor units, half a unit rounded up; at most MAX_AMOUNT."""
    is_large = (price > _number(0)) & (quantity > _number(MAX_AMOUNT * _SCALE) // func.nullif(price, _number(0)))
    return case(
        (price.is_(None), _number(0)),
        (is_large, _number(MAX_AMOUNT)),
        else_=(_whole(price) * quantity + _number(_SCALE // 2)) // _number(_SCALE),
    )


def _costs(own: Any, *, is_one: bool) -> Any:
    """(line) -> what its shipments cost, less those that were reversed."""
    quantity = _whole(_move.c.quantity)
    whole, rest = quantity // _number(_SCALE), quantity % _number(_SCALE)
    cost = case(
        (_move.c.unit_cost > _number(MAX_AMOUNT * _SCALE) // (whole + _number(1)), _number(MAX_AMOUNT * _SCALE)),
        (_move.c.unit_cost > _number(MAX_AMOUNT), whole * _move.c.unit_cost),
        else_=whole * _move.c.unit_cost + (rest * _move.c.unit_cost + _number(_SCALE // 2)) // _number(_SCALE),
    )
    left = _move.c.destination_site_id == EMPTY
    return (
        select(
            _move.c.organization_id,
            _move.c.origin_line_id.label("line_id"),
            _total(case((left, cost), else_=-cost)).label("cost"),
            func.count().label("moves"),
            func.count(_move.c.unit_cost).label("costed_moves"),
        )
        .where(own(_move), _move.c.origin_id != EMPTY, _move.c.origin_kind == _word("sales_order"))
        .where(_move.c.kind.in_([_word("order_fulfilled"), _word("reversal")]))
        .where((_move.c.source_site_id == EMPTY) != left)
        .where(*((_move.c.origin_id == given("sold_order"),) if is_one else ()))
        .group_by(_move.c.organization_id, _move.c.origin_line_id)
        .subquery("costs")
    )


def sums_of(*, is_one: bool, own: Any = _own) -> Update:
    """Puts into the rows of orders what their items add up to."""
    added = (
        select(
            ITEM.c.organization_id,
            ITEM.c.order_key,
            *(cast(func.sum(ITEM.c[name]), BigInteger).label(name) for name in _SUMS),
        )
        .where(own(ITEM))
        .group_by(ITEM.c.organization_id, ITEM.c.order_key)
    )
    if is_one:
        keys = select(SALE.c.key).where(own(SALE), SALE.c.order_id == given("sold_order"))
        added = added.where(ITEM.c.order_key.in_(keys))
    sums = added.subquery("added")
    return (
        update(SALE)
        .where(own(SALE), SALE.c.organization_id == sums.c.organization_id, SALE.c.key == sums.c.order_key)
        .where(*((SALE.c.order_id == given("sold_order"),) if is_one else ()))
        .values({SALE.c[name]: sums.c[name] for name in _SUMS})
    )
