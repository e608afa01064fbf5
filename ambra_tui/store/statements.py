"""Reads the structure of a statement: is every table that belongs to an organization bound to one?

A table is bound when a condition that must hold says `organization_id = parameter`, or equates it with the organization
of a table that is bound. A condition below an OR, in the ON of the wrong side of an outer join, or in raw text does not
count. Subqueries, common table expressions and every branch of a union are read by themselves.

Example::

    examine(select(Site.id).where(Site.organization_id == 1), {"site": "organization_id"})   # [BindParameter]
    examine(select(Site.id), {"site": "organization_id"})                                    # raises Leak
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    CTE,
    Alias,
    BindParameter,
    BooleanClauseList,
    ColumnElement,
    CompoundSelect,
    Delete,
    FromClause,
    Insert,
    Join,
    Select,
    Subquery,
    Table,
    TextClause,
    TextualSelect,
    Update,
)
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BinaryExpression, Grouping, Label
from sqlalchemy.sql.selectable import SelectBase, SelectStatementGrouping


class Leak(Exception):
    """The statement could reach rows of another organization."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a compiled statement: its leak, or the parameters that name the organization."""

    leak: str
    names: tuple[str, ...]


@dataclass(slots=True)
class _Reading:
    """`columns`: table -> scope column. `binds`: the parameters met so far."""

    columns: Mapping[str, str]
    binds: list[BindParameter[Any]] = field(default_factory=list)
    seen: dict[int, Any] = field(default_factory=dict)


def examine(statement: Any, columns: Mapping[str, str]) -> list[BindParameter[Any]]:
    """The parameters that bind `statement` to an organization. Raises Leak when a table is not bound."""
    reading = _Reading(columns)
    _statement(reading, statement)
    return reading.binds


def _statement(reading: _Reading, statement: Any) -> None:
    if isinstance(statement, Insert):
        _insert(reading, statement)
    elif isinstance(statement, Update | Delete):
        _change(reading, statement)
    elif isinstance(statement, TextClause):
        _text(reading, statement)
    else:
        _query(reading, statement, frozenset())


# --- queries --------------------------------------------------------------------------------------------------------


def _query(reading: _Reading, query: Any, outer: frozenset[str]) -> None:
    """`outer`: the names of the tables of enclosing queries that this one may refer to."""
    if id(query) in reading.seen:
        return
    reading.seen[id(query)] = query  # kept alive: the id of what is gone may come again
    if isinstance(query, SelectStatementGrouping):
        _query(reading, query.element, outer)
    elif isinstance(query, CompoundSelect):
        for branch in query.selects:
            _query(reading, branch, outer)
    elif isinstance(query, TextualSelect):
        _text(reading, query.element)
    elif isinstance(query, Select):
        _select(reading, query, outer)


def _select(reading: _Reading, query: Select[Any], outer: frozenset[str]) -> None:
    leaves: dict[str, FromClause] = {}
    conditions: list[tuple[Any, frozenset[str] | None]] = [(c, None) for c in query._where_criteria]
    for source in query.get_final_froms():
        _flatten(source, leaves, conditions)
    correlated: Any = query._correlate
    inherited = outer if query._auto_correlate else frozenset(str(f.name) for f in correlated)
    own = {name: leaf for name, leaf in leaves.items() if name not in inherited or isinstance(leaf, Subquery | CTE)}
    _require_bound(reading, own, conditions, outer)
    for leaf in own.values():
        _inside(reading, leaf, frozenset())
    around = outer | frozenset(leaves)
    parts = (*query._raw_columns, *(c for c, _ in conditions), *query._having_criteria, *query._order_by_clauses)
    for part in parts:
        if not isinstance(part, FromClause):
            _nested(reading, part, around)


def _flatten(
    source: Any, leaves: dict[str, FromClause], conditions: list[tuple[Any, frozenset[str] | None]]
) -> frozenset[str]:
    """Collect the tables and the ON conditions of a FROM element; answers the names of its tables.

    The ON of an outer join restricts its right side alone, and a full join restricts neither.
    """
    if not isinstance(source, Join):
        leaves[str(source.name)] = source
        return frozenset((str(source.name),))
    left = _flatten(source.left, leaves, conditions)
    right = _flatten(source.right, leaves, conditions)
    restricts = frozenset() if source.full else right if source.isouter else None
    if source.onclause is not None:
        conditions.append((source.onclause, restricts))
    return left | right


def _inside(reading: _Reading, leaf: Any, outer: frozenset[str]) -> None:
    """Read the query that a derived table is made of."""
    element = getattr(leaf, "element", None)
    if isinstance(element, SelectBase):
        _query(reading, element, outer)
    elif isinstance(element, Subquery | CTE | Alias):
        _inside(reading, element, outer)


def _nested(reading: _Reading, part: Any, outer: frozenset[str]) -> None:
    """Read the queries inside an expression."""
    if isinstance(part, SelectBase):
        _query(reading, part, outer)
        return
    if isinstance(part, Subquery | CTE):
        _inside(reading, part, frozenset())
        return
    for child in part.get_children():
        _nested(reading, child, outer)


# --- conditions -----------------------------------------------------------------------------------------------------


def _require_bound(
    reading: _Reading,
    leaves: Mapping[str, FromClause],
    conditions: Iterable[tuple[Any, frozenset[str] | None]],
    outer: frozenset[str],
) -> None:
    """Raise Leak unless each scoped table of `leaves` is bound by `conditions`."""
    scoped = {name: column for name, leaf in leaves.items() if (column := _scope_column(reading, leaf))}
    bound = set(outer) | {name for name, leaf in leaves.items() if isinstance(leaf, Subquery | CTE)}
    links: list[tuple[str, str, frozenset[str] | None]] = []
    for condition, restricts in conditions:
        for term in _conjuncts(condition):
            _read_term(reading, term, restricts, scoped, bound, links)
    _spread(bound, links)
    open_tables = sorted(name for name in scoped if name not in bound)
    if open_tables:
        names = ", ".join(str(getattr(leaves[name], "element", leaves[name])) for name in open_tables)
        raise Leak(f"the statement does not bind the organization of {names}")


def _read_term(
    reading: _Reading,
    term: Any,
    restricts: frozenset[str] | None,
    scoped: Mapping[str, str],
    bound: set[str],
    links: list[tuple[str, str, frozenset[str] | None]],
) -> None:
    if not isinstance(term, BinaryExpression) or term.operator is not operators.eq:
        return
    left, right = _table_of(term.left, scoped), _table_of(term.right, scoped)
    for table, other in ((left, term.right), (right, term.left)):
        if table and isinstance(other, BindParameter) and (restricts is None or table in restricts):
            bound.add(table)
            reading.binds.append(other)
    left = left or _derived_table(term.left)
    right = right or _derived_table(term.right)
    if left and right:
        links.append((left, right, restricts))


def _spread(bound: set[str], links: Iterable[tuple[str, str, frozenset[str] | None]]) -> None:
    """What is equated with a bound table is bound; an outer join's condition binds its right side alone."""
    arrows = [
        (a, b) for left, right, only in links for a, b in ((left, right), (right, left)) if only is None or b in only
    ]
    grew = True
    while grew:
        reached = {b for a, b in arrows if a in bound and b not in bound}
        bound |= reached
        grew = bool(reached)


def _conjuncts(condition: Any) -> Iterator[Any]:
    """The terms that must all hold. Raises Leak for raw text, which may hold anything."""
    if isinstance(condition, TextClause):
        raise Leak("raw text in a condition")
    if isinstance(condition, Grouping):
        yield from _conjuncts(condition.element)
    elif isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
        for part in condition.clauses:
            yield from _conjuncts(part)
    else:
        _refuse_text(condition)
        yield condition


def _refuse_text(element: Any) -> None:
    if isinstance(element, TextClause):
        raise Leak("raw text in a condition")
    if not isinstance(element, SelectBase | FromClause):
        for child in element.get_children():
            _refuse_text(child)


def _scope_column(reading: _Reading, leaf: Any) -> str | None:
    """The scope column of a table or of an alias of one; None for what belongs to no organization."""
    while isinstance(leaf, Alias) and not isinstance(leaf, Subquery | CTE):
        leaf = leaf.element
    return reading.columns.get(leaf.name) if isinstance(leaf, Table) else None


def _table_of(element: Any, scoped: Mapping[str, str]) -> str | None:
    """The name of the scoped table whose organization `element` is."""
    table = getattr(element, "table", None)
    name = "" if table is None else str(getattr(table, "name", ""))
    return name if name in scoped and element.name == scoped[name] else None


def _derived_table(element: Any) -> str | None:
    """The name of the derived or enclosing table whose `organization_id` this is."""
    table = getattr(element, "table", None)
    return str(table.name) if table is not None and getattr(element, "name", "") == "organization_id" else None


# --- changes --------------------------------------------------------------------------------------------------------


def _change(reading: _Reading, statement: Update | Delete) -> None:
    leaves: dict[str, FromClause] = {_name(statement.table): statement.table}
    for condition in statement._where_criteria:
        for source in condition._from_objects:
            _flatten(source, leaves, [])
    _require_bound(reading, leaves, [(c, None) for c in statement._where_criteria], frozenset())
    for leaf in leaves.values():
        _inside(reading, leaf, frozenset())
    values: Mapping[Any, Any] = (statement._values or {}) if isinstance(statement, Update) else {}
    for part in (*statement._where_criteria, *values.values()):
        if isinstance(part, ColumnElement | SelectBase):
            _nested(reading, part, frozenset(leaves))


def _name(table: Any) -> str:
    return str(table.name)


def _insert(reading: _Reading, statement: Insert) -> None:
    """A new row's organization is a parameter; a repeat that updates must be keyed by it."""
    table = statement.table
    column = reading.columns.get(_name(table))
    if statement.select is not None:
        _query(reading, statement.select, frozenset())
    if column != "organization_id":
        return
    if statement.select is not None:
        _insert_from_select(reading, statement)
    target = getattr(statement._post_values_clause, "inferred_target_elements", None)
    if target is not None and column not in {getattr(element, "name", element) for element in target}:
        raise Leak(f"a conflict in {table} is not looked for within the organization")


def _insert_from_select(reading: _Reading, statement: Insert) -> None:
    names = list(statement._select_names or ())
    columns = list(statement.select.selected_columns) if isinstance(statement.select, Select) else []
    for name, value in zip(names, columns, strict=False):
        if str(getattr(name, "name", name)) == "organization_id":
            source = value.element if isinstance(value, Label) else value
            if isinstance(source, BindParameter):
                reading.binds.append(source)
                return
            if getattr(source, "name", "") == "organization_id":
                return
    raise Leak(f"rows are inserted into {statement.table} without their organization")


_BOUND_TEXT = re.compile(r"\borganization_id\s*=\s*:(\w+)", re.IGNORECASE)


def _text(reading: _Reading, statement: Any) -> None:
    """Raw SQL that names a scoped table must say `organization_id = :parameter`, and may not say OR."""
    words = set(re.findall(r"\w+", statement.text.lower()))
    if not words & set(reading.columns) or statement.text.lower().lstrip().startswith("lock table"):
        return
    names = _BOUND_TEXT.findall(statement.text)
    if not names or words & {"or", "union", "insert"}:
        raise Leak("raw SQL on a table of an organization")
    reading.binds.extend(statement._bindparams[name] for name in names)
