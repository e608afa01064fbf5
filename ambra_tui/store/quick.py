"""Reads of the busiest doors: a select is compiled once and then runs on the driver's own cursor, without a session.

The guard between organizations judges the select when it is made, so a repeat has nothing left to look at. One
statement sees one moment of the store; what needs several reads a session.

Example::

    LEVELS = Quick(select(stock.c.on_hand).where(stock.c.organization_id == ORGANIZATION))
    LEVELS.rows(store, organization_id)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Select
from sqlalchemy.engine import Dialect

from ambra_tui.errors import Unavailable
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
        given = [
            (name, values.get(name, value) if convert is None else convert(values.get(name, value)))
            for name, value, convert in made.parameters
        ]
        read = _read_postgresql if store.dialect == "postgresql" else _read_sqlite
        try:
            rows = read(store, organization_id, made.text, given)
        except store.read_engine.dialect.loaded_dbapi.Error as error:
            raise Unavailable("The store cannot answer now. Try again.") from error
        return [_converted(row, made.columns) for row in rows] if made.columns else rows

    def _make(self, store: Store) -> _Made:
        dialect: Dialect = store.read_engine.dialect
        compiled = self._statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        values, binders = compiled.construct_params(_check=False), compiled._bind_processors
        names = compiled.positiontup or list(values)
        parameters = tuple((name, values[name], cast("Convert | None", binders.get(name))) for name in names)
        types = [column.type for column in self._statement.selected_columns]
        converts = [
            (place, kind.dialect_impl(dialect).result_processor(dialect, None)) for place, kind in enumerate(types)
        ]
        made = _Made(str(compiled), parameters, tuple((place, convert) for place, convert in converts if convert))
        self._made[store.dialect] = made
        return made


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
