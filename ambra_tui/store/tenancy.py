"""The guard between organizations: no statement leaves this process that could reach another one's rows.

Three nets, one under the other (PostgreSQL's row-level security is the fourth): criteria added to every ORM statement,
a check of every compiled statement, and a check of what a session is about to flush. The check reads a statement's
structure once; the verdict stays with the compiled statement, so a repeat costs a comparison of its parameters.
Only the system scope is exempt. Driver-level SQL cannot be seen here; a test walks those constants.

Example::

    install_guard(StoreSession, engine)
    session.exec(select(Site))                      # only the session's organization: the criteria see to it
    session.connection().execute(select(Site.id))   # raises TenantLeak: the statement names no organization
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy import BindParameter, BooleanClauseList, Engine, Table, event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, with_loader_criteria
from sqlalchemy.sql import operators
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BinaryExpression

from ambra_tui.store.models.base import metadata
from ambra_tui.store.statements import Leak, Verdict, examine

SCOPE_COLUMN = "organization_id"
_VERDICT = "_ambra_verdict"
_OWNER = "ambra_organization"
_SYSTEM_SCOPE = object()
# Statements are compared as objects: one that is built once is looked at once.
_left_open: WeakKeyDictionary[Any, tuple[Any, ...]] = WeakKeyDictionary()
# `event.contains` goes by the id of an engine, which the next engine may have once the first is gone.
_guarded: WeakSet[Any] = WeakSet()
_BIND_OF_SCOPE = re.compile(r"(?:^|_)organization_id(?:_+m?\d+)*$")


class TenantLeak(RuntimeError):
    """A programming error: a statement or a row that is not bound to the session's organization."""


@lru_cache(maxsize=1)
def scope_columns() -> dict[str, str]:
    """Table -> the column that names the organization, for every table that belongs to one."""
    columns = {table.name: SCOPE_COLUMN for table in metadata.tables.values() if SCOPE_COLUMN in table.c}
    return {**columns, "organization": "id"}


def install_guard(session_class: type[Session], engine: Engine) -> None:
    """Guard every session of `session_class` and every statement of `engine`. Installing it twice is harmless."""
    if session_class not in _guarded:
        for name, listener in (
            ("do_orm_execute", _add_criteria),
            ("before_flush", _check_rows),
            ("after_begin", _name_owner),
        ):
            event.listen(session_class, name, listener)
        _guarded.add(session_class)
    if engine not in _guarded:
        event.listen(engine, "before_cursor_execute", _check_statement)
        event.listen(engine, "checkin", _forget_owner)
        _guarded.add(engine)


# --- sessions -------------------------------------------------------------------------------------------------------


def _add_criteria(state: ORMExecuteState) -> None:
    """Bind what the statement left open; most statements name their organization, and those stay as they are."""
    organization_id = state.session.info.get(SCOPE_COLUMN)
    if organization_id is None or not (state.is_select or state.is_update or state.is_delete):
        return
    models = _left_open.get(state.statement)
    if models is None:
        models = _left_open[state.statement] = _open_models(state)
    if models:
        state.statement = state.statement.options(*(_criteria(model, organization_id) for model in models))


def _open_models(state: ORMExecuteState) -> tuple[Any, ...]:
    """The models of a statement that it does not bind to an organization by itself."""
    bound = set(_bound_tables(getattr(state.statement, "_where_criteria", ())))
    return tuple(
        mapper.class_
        for mapper in dict.fromkeys(state.all_mappers)
        if isinstance(mapper.local_table, Table)
        and mapper.local_table.name in scope_columns()
        and mapper.local_table.name not in bound
    )


def _bound_tables(conditions: Iterable[Any]) -> Iterator[str]:
    """Tables that a condition binds by `organization_id = parameter`; the compiled statement is looked at closer."""
    for condition in conditions:
        if isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
            yield from _bound_tables(condition.clauses)
        elif (
            isinstance(condition, BinaryExpression)
            and condition.operator is operators.eq
            and isinstance(condition.right, BindParameter)
            and getattr(condition.left, "name", "") == SCOPE_COLUMN
        ):
            yield getattr(getattr(condition.left, "table", None), "name", "")


@lru_cache(maxsize=1024)
def _criteria(model: Any, organization_id: int) -> Any:
    column = getattr(model, scope_columns()[model.__table__.name])
    return with_loader_criteria(model, column == organization_id, include_aliases=True)


def _check_rows(session: Session, _context: object, _instances: object) -> None:
    """Rows of another organization are refused before any statement is made for them."""
    owner = _owner_of(session)
    if owner is _SYSTEM_SCOPE:
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        column = scope_columns().get(row.__table__.name)
        if column is not None and getattr(row, column) != owner:
            raise TenantLeak(f"a row of {row.__table__.name} belongs to another organization than its session")


def _name_owner(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    """From here on the connection works for this session's organization."""
    connection.info[_OWNER] = _owner_of(session)


def _owner_of(session: Session) -> object:
    organization_id = session.info.get(SCOPE_COLUMN)
    return _SYSTEM_SCOPE if organization_id is None and session.info.get("scope") == "system" else organization_id


def _forget_owner(_connection: object, record: Any) -> None:
    record.info.pop(_OWNER, None)


# --- statements -----------------------------------------------------------------------------------------------------


def _check_statement(
    connection: Connection,
    _cursor: object,
    _statement: str,
    _parameters: object,
    context: DefaultExecutionContext | None,
    _is_many: bool,
) -> None:
    owner = connection.info.get(_OWNER)
    compiled = getattr(context, "compiled", None)
    if context is None or owner is _SYSTEM_SCOPE or not isinstance(compiled, SQLCompiler):
        return
    verdict = refuse_leak(compiled)
    if owner is None or not verdict.names:
        return
    for values in context.compiled_parameters:
        for name in verdict.names:
            if values.get(name, owner) != owner:
                raise TenantLeak(f"parameter {name} names another organization: {compiled.string}")


def refuse_leak(compiled: SQLCompiler) -> Verdict:
    """What is known of a compiled statement. Raises TenantLeak when it is not bound to an organization."""
    verdict: Verdict = compiled.__dict__.get(_VERDICT) or _judge(compiled)
    if verdict.leak:
        raise TenantLeak(f"{verdict.leak}: {compiled.string}")
    return verdict


def _judge(compiled: SQLCompiler) -> Verdict:
    state = getattr(compiled, "compile_state", None)
    statement = getattr(state, "statement", None)
    try:
        binds = examine(compiled.statement if statement is None else statement, scope_columns())
    except Leak as leak:
        verdict = Verdict(leak=str(leak), names=())
    else:
        named = {compiled.bind_names.get(bind, bind.key) for bind in binds}
        named |= {name for name in compiled.binds if _BIND_OF_SCOPE.search(name)}
        verdict = Verdict(leak="", names=tuple(sorted(named & set(compiled.binds))))
    compiled.__dict__[_VERDICT] = verdict
    return verdict
