"""Compares what was counted with the documents and the ledger, for all organizations at once.

Example::

    wrong_sales(session)    # [{'organization_id': 1, 'order_id': 'ord_...', 'kept': 'revenue 900', 'expected': ...}]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, select
from sqlmodel import Session

from ambra_tui.services.analytics.facts import ITEM, SALE, item_rows, order_rows

_SUMS = ("units", "revenue", "shipped", "shipped_revenue", "cost", "returned")


def wrong_sales(session: Session) -> list[dict[str, Any]]:
    """A row for every order whose rows are not what a rebuild would make; in a session of the system scope."""
    orders, items = order_rows(_anybody, is_one=False), item_rows(_anybody, is_one=False)
    own = [column for column in orders.selected_columns if column.name not in _SUMS]
    derived = orders.subquery("derived")
    expected = select(*(derived.c[column.name] for column in own))
    told = _differences(session, expected, select(*(SALE.c[column.name] for column in own)), "order_id")
    counted = select(*(ITEM.c[column.name] for column in items.selected_columns))
    parts = _differences(session, items, counted, "order_key")
    sums = _differences(
        session, _added(), select(SALE.c.organization_id, SALE.c.key, *(SALE.c[name] for name in _SUMS)), "key"
    )
    names = _orders(session, {*parts, *sums})
    for found in (parts, sums):
        for key, difference in found.items():
            told.setdefault(names.get(key, (key[0], str(key[1]))), difference)
    return [
        {"organization_id": organization_id, "order_id": order_id, "kept": kept, "expected": wanted}
        for (organization_id, order_id), (kept, wanted) in sorted(told.items())
    ]


Key = tuple[int, Any]


def _anybody(table: Any) -> ColumnElement[bool]:
    anybody: ColumnElement[bool] = table.c.organization_id.is_not(None)
    return anybody


def _added() -> Select[Any]:
    """What the items of each order add up to."""
    return (
        select(
            SALE.c.organization_id,
            SALE.c.key,
            *(cast(func.coalesce(func.sum(ITEM.c[name]), 0), BigInteger).label(name) for name in _SUMS),
        )
        .select_from(
            SALE.outerjoin(ITEM, (ITEM.c.organization_id == SALE.c.organization_id) & (ITEM.c.order_key == SALE.c.key))
        )
        .group_by(SALE.c.organization_id, SALE.c.key)
    )


def _differences(session: Session, expected: Any, kept: Any, key: str) -> dict[Key, tuple[str, str]]:
    """(organization, key) -> what is kept and what is expected, of rows that are not in both."""
    connection = session.connection()
    sides: list[dict[Key, Any]] = []
    for these, others in ((kept, expected), (expected, kept)):
        rows = connection.execute(these.except_(others)).mappings()
        sides.append({(row["organization_id"], row[key]): row for row in rows})
    found = {}
    for each in sides[0].keys() | sides[1].keys():
        before, after = sides[0].get(each), sides[1].get(each)
        found[each] = _told(before, after), _told(after, before)
    return found


def _told(row: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> str:
    """What a row says otherwise than the other one."""
    if row is None:
        return "nothing"
    names = [name for name in row if other is None or row[name] != other[name]]
    return ", ".join(f"{name} {row[name]}" for name in names if name != "organization_id")


def _orders(session: Session, keys: set[Key]) -> dict[Key, tuple[int, str]]:
    """The orders behind keys of their rows."""
    wanted = sorted({key[1] for key in keys})
    found: dict[Key, tuple[int, str]] = {}
    for start in range(0, len(wanted), 500):
        rows = select(SALE.c.organization_id, SALE.c.key, SALE.c.order_id).where(
            SALE.c.key.in_(wanted[start : start + 500])
        )
        found |= {(row[0], row[1]): (row[0], row[2]) for row in session.connection().execute(rows)}
    return found
