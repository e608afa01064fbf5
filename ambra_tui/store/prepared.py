"""Statements that every scan runs, built once: a repeat pays neither for the building nor for the key of the cache.

Every one of them is bound to the organization of the session that it runs in, under the name `ORGANIZATION`.

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

from collections.abc import Sequence
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import BindParameter, Executable, bindparam
from sqlmodel import Session

Found = TypeVar("Found")
_NAME = "own_organization_id"
ORGANIZATION: BindParameter[int] = bindparam(_NAME)


def given(name: str, *, is_list: bool = False) -> BindParameter[Any]:
    """A value that is told when the statement runs; `is_list`: the values of an IN."""
    return bindparam(name, expanding=is_list)


class Prepared(Generic[Found]):
    """A select of one model, or of several whose rows belong together."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement

    def all(self, session: Session, **values: object) -> list[Found]:
        """Every row."""
        return list(session.execute(self._statement, _bound(session, values)).scalars())

    def first(self, session: Session, **values: object) -> Found | None:
        """The first row, None without any."""
        found: Found | None = session.execute(self._statement, _bound(session, values)).scalars().first()
        return found

    def rows(self, session: Session, **values: object) -> list[tuple[Any, ...]]:
        """Every row of several models."""
        found = session.execute(self._statement, _bound(session, values)).all()
        return cast("list[tuple[Any, ...]]", found)

    def row(self, session: Session, **values: object) -> tuple[Any, ...] | None:
        """The first row of several models, None without any."""
        found = session.execute(self._statement, _bound(session, values)).first()
        return cast("tuple[Any, ...] | None", found)


class PreparedRows:
    """A select of columns, or a change: read and written past the session, which is flushed first."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement

    def all(self, session: Session, **values: object) -> Sequence[tuple[Any, ...]]:
        """Every row."""
        session.flush()
        found = session.connection().execute(self._statement, _bound(session, values)).all()
        return cast("Sequence[tuple[Any, ...]]", found)

    def first(self, session: Session, **values: object) -> tuple[Any, ...] | None:
        """The first row, None without any."""
        session.flush()
        found = session.connection().execute(self._statement, _bound(session, values)).first()
        return cast("tuple[Any, ...] | None", found)

    def run(self, session: Session, **values: object) -> None:
        """Makes a change; rows that the session knows are not told of it."""
        session.flush()
        session.connection().execute(self._statement, _bound(session, values))


def _bound(session: Session, values: dict[str, object]) -> dict[str, object]:
    organization_id = session.info["organization_id"]
    if organization_id is None:
        raise RuntimeError("the system scope belongs to no organization")
    return {**values, _NAME: organization_id}
