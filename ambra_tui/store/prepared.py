"""Statements that every scan runs, built once: a repeat pays neither for the building nor for its key in a cache.

Every one of them is bound to the organization of the session that it runs in, under the name `ORGANIZATION`. On SQLite
they run on the driver's connection: there a look-up takes less time than the layers above it. What is read that way are
the session's own rows all the same, and a statement that is not bound to an organization is refused all the same.

Example::

    LINES = Prepared(
        select(PurchaseOrderLine).where(
            col(PurchaseOrderLine.organization_id) == ORGANIZATION,
            col(PurchaseOrderLine.purchase_order_id) == given("order_id"),
        )
    )
    LINES.all(session, order_id=order.id)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import BindParameter, Delete, Insert, Select, Update, bindparam, inspect
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import Mapper, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import iterate
from sqlmodel import Session

from ambra_tui.store.tenancy import refuse_leak

Found = TypeVar("Found")
Process = Callable[[Any], Any] | None
_NAME = "own_organization_id"
ORGANIZATION: BindParameter[int] = bindparam(_NAME)


def given(name: str, *, is_list: bool = False) -> BindParameter[Any]:
    """A value that is told when the statement runs; `is_list`: the values of an IN."""
    return bindparam(name, expanding=is_list)


class PreparedRows:
    """A select of columns, or a change: read and written past the session, which is flushed first."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._plain: dict[tuple[str, ...], _Plain] = {}
        self._may_be_plain = isinstance(statement, Select | Insert | Update | Delete) and not _has_lists(statement)

    def all(self, session: Session, **values: object) -> Sequence[tuple[Any, ...]]:
        """Every row."""
        session.flush()
        connection, bound = session.connection(), _bound(session, values)
        plain = self._plain_for(connection.dialect)
        if plain is not None:
            return plain.run(connection, bound)
        return cast("Sequence[tuple[Any, ...]]", connection.execute(self._statement, bound).all())

    def first(self, session: Session, **values: object) -> tuple[Any, ...] | None:
        """The first row, None without any."""
        return next(iter(self.all(session, **values)), None)

    def run(self, session: Session, **values: object) -> None:
        """Makes a change; rows that the session knows are not told of it."""
        session.flush()
        connection, bound = session.connection(), _bound(session, values)
        plain = self._plain_for(connection.dialect, tuple(sorted(bound)))
        if plain is None:
            connection.execute(self._statement, bound)
        else:
            plain.execute(connection, bound)

    def _plain_for(self, dialect: Dialect, names: tuple[str, ...] = ()) -> _Plain | None:
        """The statement as the driver takes it; None where it is to go through the layers above. `names`: what is
        told of a change, its columns among them."""
        if dialect.name != "sqlite" or not self._may_be_plain:
            return None
        if names not in self._plain:
            self._plain[names] = _Plain.of(self._statement, dialect, names)
        return self._plain[names]


class Prepared(Generic[Found]):
    """A select of one model, or of several whose rows belong together."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._populates = bool(statement.get_execution_options().get("populate_existing"))
        self._mappers = _mappers_of(statement)
        self._columns: PreparedRows | None = None
        if self._mappers and not _has_lists(statement):
            attributes = [getattr(mapper.class_, name) for mapper in self._mappers for name in _names(mapper)]
            self._columns = PreparedRows(statement.with_only_columns(*attributes, maintain_column_froms=True))

    def all(self, session: Session, **values: object) -> list[Found]:
        """Every row."""
        return [row[0] for row in self.rows(session, **values)]

    def first(self, session: Session, **values: object) -> Found | None:
        """The first row, None without any."""
        found = self.row(session, **values)
        return None if found is None else found[0]

    def rows(self, session: Session, **values: object) -> list[tuple[Any, ...]]:
        """Every row of several models."""
        if self._columns is not None and session.get_bind().dialect.name == "sqlite":
            return [self._known(session, row) for row in self._columns.all(session, **values)]
        return cast("list[tuple[Any, ...]]", session.execute(self._statement, _bound(session, values)).all())

    def row(self, session: Session, **values: object) -> tuple[Any, ...] | None:
        """The first row of several models, None without any."""
        return next(iter(self.rows(session, **values)), None)

    def _known(self, session: Session, row: Sequence[Any]) -> tuple[Any, ...]:
        found: list[Any] = []
        start = 0
        for mapper in self._mappers:
            names = _names(mapper)
            values = dict(zip(names, row[start : start + len(names)], strict=True))
            found.append(_known(session, mapper, values, populates=self._populates))
            start += len(names)
        return tuple(found)


def _known(session: Session, mapper: Mapper[Any], values: dict[str, Any], *, populates: bool) -> Any:
    """The session's own object of a row: the one that it has, else a new one, as if the session had loaded it."""
    key = tuple(values[name] for name in _key_names(mapper))
    if None in key:  # the empty side of an outer join
        return None
    known = session.identity_map.get(mapper.identity_key_from_primary_key(key))
    if known is None:
        known = mapper.class_manager.new_instance()
        inspect(known).dict.update(values)
        make_transient_to_detached(known)
        session.add(known)
        session.info.setdefault("kept", []).append(known)
    elif populates or inspect(known).expired:
        for name, value in values.items():
            set_committed_value(known, name, value)
    return known


@cache
def _names(mapper: Mapper[Any]) -> tuple[str, ...]:
    return tuple(mapper.column_attrs.keys())


@cache
def _key_names(mapper: Mapper[Any]) -> tuple[str, ...]:
    return tuple(mapper.get_property_by_column(column).key for column in mapper.primary_key)


def _mappers_of(statement: Select[Any]) -> list[Mapper[Any]]:
    """The models that a select reads whole; none where it reads anything else."""
    described = [(found["entity"], found["expr"]) for found in statement.column_descriptions]
    if any(entity is not expression or not isinstance(inspect(entity), Mapper) for entity, expression in described):
        return []
    return [inspect(entity) for entity, _ in described]


def _has_lists(statement: Any) -> bool:
    """Some values are as many as are told when it runs."""
    return any(isinstance(part, BindParameter) and part.expanding for part in iterate(statement))


def _bound(session: Session, values: dict[str, object]) -> dict[str, object]:
    organization_id = session.info["organization_id"]
    if organization_id is None:
        raise RuntimeError("the system scope belongs to no organization")
    return {**values, _NAME: organization_id}


@dataclass(frozen=True, slots=True)
class _Plain:
    """A statement as the driver takes it: its text, its values in order, and what makes either side's values."""

    text: str
    names: tuple[str, ...]
    fixed: dict[str, Any]
    to_driver: Mapping[str, Process]
    from_driver: tuple[Process, ...]

    @classmethod
    def of(cls, statement: Any, dialect: Dialect, names: Sequence[str] = ()) -> _Plain:
        """Compiles `statement`. Raises TenantLeak for one that is not bound to an organization."""
        columns = list(statement.exported_columns)
        is_told = isinstance(statement, Update) or (isinstance(statement, Insert) and statement.select is None)
        keys = {"column_keys": list(names)} if is_told else {}
        compiled = statement.compile(dialect=dialect, **keys)
        assert isinstance(compiled, SQLCompiler) and compiled.positiontup is not None
        refuse_leak(compiled)
        to_driver = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()
        }
        fixed = {
            name: _processed(to_driver[name], bind.effective_value)
            for name, bind in compiled.binds.items()
            if not bind.required
        }
        from_driver = tuple(column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns)
        return cls(compiled.string, tuple(compiled.positiontup), fixed, to_driver, from_driver)

    def run(self, connection: Connection, values: dict[str, object]) -> list[tuple[Any, ...]]:
        """The rows with these values."""
        return [tuple(map(_processed, self.from_driver, row)) for row in self.execute(connection, values).fetchall()]

    def execute(self, connection: Connection, values: dict[str, object]) -> Any:
        """The driver's answer for these values."""
        bound = [
            self.fixed[name] if name in self.fixed else _processed(self.to_driver[name], values[name])
            for name in self.names
        ]
        driver: Any = connection.connection.driver_connection
        return driver.execute(self.text, bound)


def _processed(process: Process, value: Any) -> Any:
    return value if process is None else process(value)
