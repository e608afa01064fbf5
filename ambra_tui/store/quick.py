"""Statements of the busiest doors, compiled once and run on the driver's own cursor: selects without a session, and
rows that every change leaves behind.

The guard between organizations judges the select when it is made, so a repeat has nothing left to look at. One
statement sees one moment of the store; what needs several reads a session.

Example::

    LEVELS = Quick(select(stock.c.on_hand).where(stock.c.organization_id == ORGANIZATION))
    LEVELS.rows(store, organization_id)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Integer, Select, Table, TypeDecorator, insert
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine
from sqlmodel import Session

from ambra_tui.errors import Unavailable
from ambra_tui.store.scope import organization_of
from ambra_tui.store.security import SET_TENANT, tenant_parameters
from ambra_tui.store.statements import Leak, examine
from ambra_tui.store.tenancy import scope_columns

if TYPE_CHECKING:
    from ambra_tui.store.store import Store

Convert = Callable[[Any], Any]
Given = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class _Made:
    """A statement's text, its parameters (name, value without one, conversion) and the conversions of its columns."""

    text: str
    parameters: tuple[tuple[str, Any, Convert | None], ...]
    columns: tuple[tuple[int, Convert], ...]

    def given(self, values: Mapping[str, Any]) -> Given:
        """The parameters in their order, as the driver takes them."""
        return [
            (name, values.get(name, value) if convert is None else convert(values.get(name, value)))
            for name, value, convert in self.parameters
        ]


class Quick:
    """A select of columns. Raises Leak when it could reach another organization's rows."""

    def __init__(self, statement: Select[Any]) -> None:
        binds = examine(statement, scope_columns())
        if any(bind.value is not None or bind.callable is not None for bind in binds):
            raise Leak("the organization is written into the statement")
        self._organization = {bind.key for bind in binds}
        self._statement = statement
        self._made: dict[str, _Made] = {}

    def rows(self, store: Store, organization_id: int, **values: object) -> list[tuple[Any, ...]]:
        """The rows of this organization. Raises Unavailable when the database does not answer."""
        made = self._made.get(store.dialect) or self._make(store)
        values |= dict.fromkeys(self._organization, organization_id)
        given = made.given(values)
        read = _read_postgresql if store.dialect == "postgresql" else _read_sqlite
        try:
            rows = read(store, organization_id, made.text, given)
        except store.read_engine.dialect.loaded_dbapi.Error as error:
            raise Unavailable("The store cannot answer now. Try again.") from error
        return [_converted(row, made.columns) for row in rows] if made.columns else rows

    def _make(self, store: Store) -> _Made:
        made = self._made[store.dialect] = _compiled(self._statement, store.read_engine.dialect)
        return made


class QuickSystem:
    """A select in the system scope, on the store's entrance: for what is asked before an organization is known."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._made: dict[str, _Made] = {}
        self._decoders = [_decoder(column.type) for column in statement.selected_columns]

    def rows(self, store: Store, **values: object) -> list[tuple[Any, ...]]:
        """The rows as the database has them. Raises Unavailable when it does not answer."""
        text, given = self.asked(store, **values)
        return store.entrance.rows(
            text, dict(given) if store.dialect == "postgresql" else [value for _, value in given]
        )

    def asked(self, store: Store, **values: object) -> tuple[str, Given]:
        """The statement's text, and its parameters in their order."""
        made = self._made.get(store.dialect) or self._make(store)
        return made.text, made.given(values)

    def decoded(self, row: tuple[bytes | None, ...]) -> tuple[Any, ...]:
        """A row that PostgreSQL wrote as text, as `rows` would answer it."""
        return tuple(
            None if value is None else decode(value) for value, decode in zip(row, self._decoders, strict=True)
        )

    def read(self, store: Store, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """The values of a row."""
        return _converted(row, self._made[store.dialect].columns)

    def _make(self, store: Store) -> _Made:
        made = self._made[store.dialect] = _compiled(self._statement, store.read_engine.dialect)
        return made


class QuickInsert:
    """Adds a row of a table by the driver's own cursor, in the transaction of a session; its number is not told."""

    def __init__(self, table: Table, *names: str) -> None:
        self._table, self._names = table, names
        self._made: dict[str, _Made] = {}

    def run(self, session: Session, **values: object) -> None:
        """Adds a row of the session's organization, with a value for each of the other names."""
        connection = session.connection()
        made = self._made.get(connection.dialect.name) or self._make(connection.dialect)
        values["organization_id"] = organization_of(session)
        given = [
            (name, values[name] if convert is None else convert(values[name])) for name, _, convert in made.parameters
        ]
        driver: Any = connection.connection.driver_connection
        is_postgresql = connection.dialect.name == "postgresql"
        driver.cursor().execute(made.text, dict(given) if is_postgresql else [value for _, value in given])

    def _make(self, dialect: Dialect) -> _Made:
        statement = insert(self._table).inline()
        compiled = statement.compile(dialect=dialect, column_keys=["organization_id", *self._names])
        made = _Made(str(compiled), _parameters(compiled), ())
        self._made[dialect.name] = made
        return made


def _decoder(kind: TypeEngine[Any]) -> Callable[[bytes], Any]:
    plain = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    if isinstance(plain, Boolean):
        return b"t".__eq__
    return int if isinstance(plain, Integer) else bytes.decode


def _compiled(statement: Select[Any], dialect: Dialect) -> _Made:
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    types = [column.type for column in statement.selected_columns]
    converts = [(place, kind.dialect_impl(dialect).result_processor(dialect, None)) for place, kind in enumerate(types)]
    return _Made(
        str(compiled), _parameters(compiled), tuple((place, convert) for place, convert in converts if convert)
    )


def _parameters(compiled: Any) -> tuple[tuple[str, Any, Convert | None], ...]:
    values, binders = compiled.construct_params(_check=False), compiled._bind_processors
    return tuple((name, values[name], binders.get(name)) for name in compiled.positiontup or list(values))


def _converted(row: tuple[Any, ...], columns: tuple[tuple[int, Convert], ...]) -> tuple[Any, ...]:
    values = list(row)
    for place, convert in columns:
        values[place] = convert(values[place])
    return tuple(values)


def _read_sqlite(store: Store, _organization_id: int, text: str, given: Given) -> list[tuple[Any, ...]]:
    connection = store.read_engine.raw_connection()
    try:
        driver: Any = connection.driver_connection
        rows: list[tuple[Any, ...]] = driver.execute(text, [value for _, value in given]).fetchall()
    finally:
        connection.close()
    return rows


def _read_postgresql(store: Store, organization_id: int, text: str, given: Given) -> list[tuple[Any, ...]]:
    connection = store.read_engine.raw_connection()
    try:
        driver: Any = connection.driver_connection
        with driver.pipeline():
            driver.cursor().execute(SET_TENANT, tenant_parameters(organization_id))
            cursor = driver.cursor().execute(text, dict(given))
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    finally:
        connection.close()
    return rows
