"""A sandbox begins anew: a fresh set takes the place of the one in use, and what earlier resets left is thrown away.

Example::

    reset_sandbox(store, organization.id, actor=actor).counts     # {'warehouses': 3, 'products': 16, ...}
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, delete, func, tuple_
from sqlmodel import Session, SQLModel, select

from ambra_tui.errors import NotFound
from ambra_tui.services import access_system
from ambra_tui.services.sandboxes.sets import make_set, put_in_use
from ambra_tui.store import SYSTEM, Actor, Store
from ambra_tui.store.models import (
    Lot,
    Organization,
    Product,
    PurchaseOrder,
    Recipe,
    SalesOrder,
    Site,
    StockMove,
    Supplier,
)
from ambra_tui.store.models.base import metadata, table_of
from ambra_tui.store.scope import organization_of

KEPT = timedelta(minutes=2)
"""How long a set stays after its last use, for requests that still read it, and how long one may take to be made."""
CHUNK = 1_000
CLEANING_SECONDS = 2.0
"""How long a reset cleans up after earlier ones, at most: a set that holds very much goes with several resets."""
COUNTED: dict[str, type[SQLModel]] = {
    "warehouses": Site, "products": Product, "lots": Lot, "suppliers": Supplier, "purchase_orders": PurchaseOrder,
    "orders": SalesOrder, "recipes": Recipe, "stock_movements": StockMove,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reset:
    """The sandbox after its reset, and how much of each it holds."""

    organization_id: int
    reset_at: datetime
    counts: Mapping[str, int]


def reset_sandbox(store: Store, organization_id: int, *, actor: Actor = SYSTEM) -> Reset:
    """Puts a fresh set of sample data in use, for the sandbox of the live organization `organization_id`.

    Its keys and webhooks stay. Every request sees the old set or the new one, whole. Several transactions: never call
    it inside one. Raises NotFound for an organization that is a sandbox itself.
    """
    live = access_system.organization_by_id(store, organization_id)
    if live.sandbox_of is not None:
        raise NotFound("organization", str(organization_id))
    throw_away(store, before=store.clock.now() - KEPT)
    twin = put_in_use(store, live, make_set(store, live, actor=actor), actor=actor)
    assert twin.id is not None
    with store.read(twin.id) as session:
        counts = {name: _count(session, table_of(model)) for name, model in COUNTED.items()}
    return Reset(twin.id, store.clock.now(), counts)


def _count(session: Session, table: Table) -> int:
    statement = select(func.count()).select_from(table).where(table.c.organization_id == organization_of(session))
    return int(session.exec(statement).one())


def throw_away(store: Store, *, before: datetime, seconds: float = CLEANING_SECONDS) -> None:
    """Deletes the sets that are out of use since `before`, in short transactions, for as long as `seconds`."""
    deadline = time.monotonic() + seconds
    for number in access_system.retired_sets(store, before=before):
        tables = [table for table in reversed(metadata.sorted_tables) if "organization_id" in table.c]
        for table in (*tables, table_of(Organization)):
            while _throw_some(store, table, number):
                if time.monotonic() > deadline:
                    return


def _throw_some(store: Store, table: Table, number: int) -> bool:
    """Deletes rows of one set from a table, some at a time; True when there may be more."""
    owner = table.c.get("organization_id", table.c.get("id"))
    assert owner is not None
    whole = delete(table).where(owner == number)
    is_nested = any(key.column.table is table for key in table.foreign_keys)  # rows that name each other go together
    keys = list(table.primary_key.columns)
    some: Any = select(*keys).where(owner == number).limit(CHUNK)
    statement = whole if is_nested else delete(table).where(tuple_(*keys).in_(some))
    gone = store.writer.run(
        lambda session: session.connection().execute(statement).rowcount, organization_id=None, actor=SYSTEM
    )
    return not is_nested and gone == CHUNK
