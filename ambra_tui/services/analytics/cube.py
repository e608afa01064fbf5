"""Reports by any dimensions: one statement over the rows of orders, or of items where a dimension is the goods'.

Example::

    asked = Asked(dimensions=("product_category",), measures=("revenue", "order_count"), currency="EUR")
    cube = report(session, asked)
    cube.rows[0].values      # {'product_category': 'Audio', 'revenue': Decimal('1299.00'), 'order_count': 11}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, distinct, func, select, type_coerce
from sqlmodel import Session

from ambra_tui.errors import Invalid
from ambra_tui.services.analytics import days
from ambra_tui.services.analytics.dimensions import (
    DIMENSION_NAMES,
    Dimension,
    Sources,
    dimension_named,
    goods_of,
    segments_of,
)
from ambra_tui.services.analytics.facts import ITEM, SALE
from ambra_tui.services.analytics.measures import MEASURE_NAMES, Measure, measure_named
from ambra_tui.services.listing import folded
from ambra_tui.store.models import Organization
from ambra_tui.store.scope import now_of, organization_of
from ambra_tui.store.types import EMPTY

MAX_DIMENSIONS, MAX_MEASURES, MAX_FILTER_VALUES = 4, 12, 200
DEFAULT_ROWS, MAX_ROWS = 1_000, 10_000
_ORDER_SUMS = ("shipping", "tax")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is asked for. `filters`: dimension -> values, any of which will do. `sort`: a measure or dimension
    of the report, and whether the largest comes first; without it times ascend, else the first measure descends."""

    dimensions: Sequence[str]
    measures: Sequence[str]
    currency: str
    span: days.Span = days.ALL_TIME
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sort: tuple[str, bool] | None = None
    limit: int = DEFAULT_ROWS
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a report: text, money, integer, quantity or ratio. `is_measure`: it is counted, not grouped by."""

    name: str
    type: str
    is_measure: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A row: column -> value. `keys`: what stands behind the dimensions' names."""

    values: Mapping[str, Any]
    keys: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Cube:
    """A report: its rows within limit and offset, and how many there are in all."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: int
    currency: str


def report(session: Session, asked: Asked) -> Cube:
    """The report. Raises Invalid naming the field and what may stand there."""
    dimensions = [_dimension(name, position) for position, name in enumerate(asked.dimensions)]
    measures = [_measure(name, position) for position, name in enumerate(asked.measures)]
    filters = {name: _dimension_of_filter(name) for name in asked.filters}
    _check(asked, dimensions, measures)
    is_of_items = any(each.is_of_item for each in (*dimensions, *filters.values()))
    if is_of_items and (named := [m.name for m in measures if m.is_of_order]):
        raise Invalid(
            f"{', '.join(named)} belong to whole orders: leave out what asks for items "
            "(product, sku, product_category)",
            field="measures",
        )
    statement = _Statement(session, asked, dimensions, measures, filters, is_of_items=is_of_items)
    found = session.connection().execute(statement.whole()).all()
    rows = tuple(_row(asked, dimensions, measures, row) for row in found)
    total = int(found[0].total) if found else statement.count() if asked.offset else 0
    return Cube(_columns(asked, dimensions, measures), rows, total, asked.currency)


def currencies_of(session: Session) -> tuple[str, list[str]]:
    """The organization's currency, and all in which something was sold."""
    organization_id = organization_of(session)
    own = session.get(Organization, organization_id)
    currency = own.currency if own else "EUR"
    statement = select(SALE.c.currency).where(SALE.c.organization_id == organization_id).distinct()
    return currency, sorted(row[0] for row in session.connection().execute(statement))


def today_of(session: Session) -> int:
    """Today, as days since 1970."""
    return days.number_of(now_of(session).date()) or 0


# --- what is asked for ----------------------------------------------------------------------------------------------


def _dimension(name: str, position: int) -> Dimension:
    try:
        return dimension_named(name)
    except KeyError:
        raise Invalid(
            f"'{name[:40]}' is no dimension: take {', '.join(DIMENSION_NAMES)}", field=f"dimensions.{position}"
        ) from None


def _measure(name: str, position: int) -> Measure:
    try:
        return measure_named(name)
    except KeyError:
        raise Invalid(
            f"'{name[:40]}' is no measure: take {', '.join(MEASURE_NAMES)}", field=f"measures.{position}"
        ) from None


def _dimension_of_filter(name: str) -> Dimension:
    try:
        return dimension_named(name)
    except KeyError:
        raise Invalid(
            f"'{name[:40]}' is no filter: take date_range, currency, {', '.join(DIMENSION_NAMES)}", field="filters"
        ) from None


def _check(asked: Asked, dimensions: Sequence[Dimension], measures: Sequence[Measure]) -> None:
    if not measures:
        raise Invalid("name at least one measure", field="measures")
    if len(dimensions) > MAX_DIMENSIONS or len({each.name for each in dimensions}) < len(dimensions):
        raise Invalid(f"name up to {MAX_DIMENSIONS} different dimensions", field="dimensions")
    if len(measures) > MAX_MEASURES or len(set(asked.measures)) < len(measures):
        raise Invalid(f"name up to {MAX_MEASURES} different measures", field="measures")
    for name, values in asked.filters.items():
        if len(values) > MAX_FILTER_VALUES:
            raise Invalid(f"at most {MAX_FILTER_VALUES} values of one filter", field=f"filters.{name}")
    if asked.sort is not None and asked.sort[0] not in (*asked.dimensions, *asked.measures):
        known = ", ".join((*asked.dimensions, *asked.measures))
        raise Invalid(f"sort by a column of the report: {known}", field="sort.field")


# --- the statement --------------------------------------------------------------------------------------------------


class _Statement:
    """The statement of one report: rows grouped inside, named and sorted outside."""

    def __init__(
        self,
        session: Session,
        asked: Asked,
        dimensions: Sequence[Dimension],
        measures: Sequence[Measure],
        filters: Mapping[str, Dimension],
        *,
        is_of_items: bool,
    ) -> None:
        self._session, self._asked = session, asked
        self._dimensions, self._measures, self._filters = dimensions, measures, filters
        self._is_of_items = is_of_items
        used = (*dimensions, *filters.values())
        today = today_of(session)
        self._sources = Sources(
            goods_of(session) if any(each.needs_goods for each in used) else None,
            segments_of(session, currency=asked.currency, today=today)
            if any(each.needs_segments for each in used)
            else None,
        )
        self._groups = self._grouped().subquery("sums")

    def count(self) -> int:
        """How many rows there are, when the page asked for lies behind them."""
        counted = select(func.count()).select_from(self._groups)
        return int(self._session.connection().execute(counted).scalar_one())

    def whole(self) -> Select[Any]:
        """Groups with their labels, in their order."""
        groups = self._groups
        joined: Any = groups
        shown: list[Any] = []
        orders: dict[str, Any] = {}
        for position, dimension in enumerate(self._dimensions):
            key = groups.c[f"k{position}"]
            orders[self._asked.dimensions[position]] = key
            if dimension.labels is None:
                continue
            names = dimension.labels(organization_of(self._session)).subquery(f"names{position}")
            joined = joined.outerjoin(names, names.c.id == key)
            shown += [names.c.label.label(f"l{position}"), names.c.code.label(f"c{position}")]
            orders[self._asked.dimensions[position]] = folded(self._session.get_bind().dialect.name, names.c.label)
        for name, measure in zip(self._asked.measures, self._measures, strict=True):
            orders[name] = measure.rank(groups.c)
        keys = [groups.c[f"k{position}"] for position in range(len(self._dimensions))]
        return (
            select(*groups.c, *shown, func.count().over().label("total"))
            .select_from(joined)
            .order_by(*self._order(orders), *keys)
            .offset(self._asked.offset)
            .limit(self._asked.limit)
        )

    def _order(self, orders: Mapping[str, Any]) -> list[Any]:
        if self._asked.sort is not None:
            name, descends = self._asked.sort
        elif any(each.name in days.INTERVALS for each in self._dimensions):
            return []
        else:
            name, descends = self._asked.measures[0], True
        term = orders[name]
        return [(term.desc() if descends else term.asc()).nulls_last()]

    def _grouped(self) -> Select[Any]:
        keys = [each.key(self._sources) for each in self._dimensions]
        statement = select(
            *(key.label(f"k{position}") for position, key in enumerate(keys)),
            *(self._sum(name).label(name) for name in self._sums()),
        )
        grouped = statement.select_from(self._source()).where(*self._conditions())
        return grouped.group_by(*keys) if keys else grouped

    def _sums(self) -> list[str]:
        return list(dict.fromkeys(name for measure in self._measures for name in measure.sums))

    def _sum(self, name: str) -> ColumnElement[Any]:
        if name == "orders":
            is_finest = self._is_of_items and any(each.name == "sku" for each in self._dimensions)
            return func.count(distinct(SALE.c.key)) if self._is_of_items and not is_finest else func.count()
        if name == "customers":
            return func.count(distinct(func.nullif(SALE.c.customer_id, EMPTY)))
        table = ITEM if self._is_of_items and name not in _ORDER_SUMS else SALE
        return func.coalesce(func.sum(type_coerce(table.c[name], BigInteger)), 0)

    def _source(self) -> Any:
        source: Any = SALE
        if self._sources.segments is not None:
            source = source.join(self._sources.segments, self._sources.segments.c.key == SALE.c.key)
        if self._is_of_items:
            source = source.join(
                ITEM, and_(ITEM.c.organization_id == SALE.c.organization_id, ITEM.c.order_key == SALE.c.key)
            )
        if self._sources.goods is not None:
            # an outer join: SQLite looks each item's goods up, and never reads the items anew for each of the goods
            source = source.outerjoin(self._sources.goods, self._sources.goods.c.variant_id == ITEM.c.variant_id)
        return source

    def _conditions(self) -> list[ColumnElement[bool]]:
        first, last = self._asked.span.numbers
        found = [
            SALE.c.organization_id == organization_of(self._session),
            SALE.c.currency == self._asked.currency,
        ]
        if self._is_of_items:
            found.append(ITEM.c.organization_id == organization_of(self._session))
        if first is not None:
            found.append(SALE.c.day >= first)
        if last is not None:
            found.append(SALE.c.day <= last)
        return found + [self._condition(name, each) for name, each in self._filters.items()]

    def _condition(self, name: str, dimension: Dimension) -> ColumnElement[bool]:
        """Values are told as they are shown: an id or a code of what has one."""
        key, values = dimension.key(self._sources), list(self._asked.filters[name])
        if dimension.name in days.INTERVALS:
            raise Invalid(f"ask for a {name} by date_range", field=f"filters.{name}")
        if dimension.labels is None:
            condition: ColumnElement[bool] = key.in_(values)
            return condition
        names = dimension.labels(organization_of(self._session)).subquery(f"wanted_{dimension.name}")
        wanted = select(names.c.id).where(names.c.id.in_(values) | names.c.code.in_(values) | names.c.label.in_(values))
        within: ColumnElement[bool] = key.in_(wanted)
        return (within | (key == EMPTY)) if dimension.nobody and dimension.nobody in values else within


# --- what is answered -----------------------------------------------------------------------------------------------


def _row(asked: Asked, dimensions: Sequence[Dimension], measures: Sequence[Measure], row: Any) -> Row:
    found = row._mapping
    values: dict[str, Any] = {}
    keys = tuple(found[f"k{position}"] for position in range(len(dimensions)))
    for position, (name, dimension) in enumerate(zip(asked.dimensions, dimensions, strict=True)):
        key = keys[position]
        if dimension.labels is None:
            values[name] = dimension.show(key)
            continue
        values[name] = found[f"l{position}"] or dimension.nobody or key
        values[f"{name}_id"] = found[f"c{position}"] or key
    for name, measure in zip(asked.measures, measures, strict=True):
        values[name] = measure.tell(found, asked.currency)
    return Row(values, keys)


def _columns(asked: Asked, dimensions: Sequence[Dimension], measures: Sequence[Measure]) -> tuple[Column, ...]:
    columns: list[Column] = []
    for name, dimension in zip(asked.dimensions, dimensions, strict=True):
        columns.append(Column(name, "text", False))
        if dimension.labels is not None:
            columns.append(Column(f"{name}_id", "text", False))
    columns += [Column(name, measure.kind, True) for name, measure in zip(asked.measures, measures, strict=True)]
    return tuple(columns)


def number(value: Any) -> Any:
    """A value of a report as a JSON number; texts and nothing stay as they are."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)
