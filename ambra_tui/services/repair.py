"""Writes what the ledger says over what is kept, where `verify` finds a difference.

Moves and their balances are the record and are never touched: levels, site totals and lot states follow from them,
from the open allocations and reservations, and from the inventory policies; what was sold, from the documents.

Example::

    store.writer.run(repair, organization_id=None, actor=actor)   # {'levels': 1, 'site_on_hand': 1, ...}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlmodel import Session

from ambra_tui.kit.quantity import to_decimal
from ambra_tui.services.analytics.facts import rebuild
from ambra_tui.services.verify import LEVEL_COLUMNS, RULES, SITE_COLUMNS, replay
from ambra_tui.store.models import AuditEntry, Lot, SiteStock, StockLevel, table_of
from ambra_tui.store.scope import actor_of, now_of

# In this order: a site's on hand is summed from levels that are right already.
_REPAIRS: tuple[tuple[str, Any, tuple[str, ...], str], ...] = (
    ("levels", StockLevel, LEVEL_COLUMNS, "on_hand"),
    ("allocated", StockLevel, LEVEL_COLUMNS, "allocated"),
    ("site_on_hand", SiteStock, SITE_COLUMNS, "on_hand"),
    ("site_held", SiteStock, SITE_COLUMNS, "held"),
    ("site_reserved", SiteStock, SITE_COLUMNS, "reserved"),
    ("site_reorder_point", SiteStock, SITE_COLUMNS, "reorder_point"),
    ("site_safety_stock", SiteStock, SITE_COLUMNS, "safety_stock"),
)


def repair(session: Session) -> dict[str, int]:
    """Repair every organization; answers rule -> rows repaired. Runs in a writing session of the system scope.

    Nobody posts meanwhile, and each organization's audit trail says what was repaired.
    """
    if session.get_bind().dialect.name == "postgresql":
        tables = "stock_level, site_stock, lot, allocation, reservation, inventory_policy, policy_default, order_sale"
        session.connection().execute(text(f"LOCK TABLE {tables} IN EXCLUSIVE MODE"))
    rules, replayed = {rule.name: rule for rule in RULES}, replay(session)
    repaired: dict[str, int] = {}
    per_organization: dict[int, dict[str, int]] = {}
    for name, model, key, column in _REPAIRS:
        rows = rules[name].find(session, replayed)
        for row in rows:
            _set(session, table_of(model), {part: row[part] for part in key}, column, to_decimal(int(row["expected"])))
            _count(per_organization, row, name)
        repaired[name] = len(rows)
    lots = rules["lot_status"].find(session, replayed)
    for row in lots:
        _set_lot_status(session, row)
        _count(per_organization, row, "lot_status")
    sold = rules["sales"].find(session, replayed)
    for organization_id in sorted({row["organization_id"] for row in sold}):
        rebuild(session, organization_id)
    for row in sold:
        _count(per_organization, row, "sales")
    for organization_id, counts in per_organization.items():
        session.add(_audit_entry(session, organization_id, counts))
    session.flush()
    return {**repaired, "lot_status": len(lots), "sales": len(sold)}


def _set(session: Session, table: Table, key: Mapping[str, Any], column: str, value: Any) -> None:
    """Write one column of the row with `key`, which is made first where it is missing."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    defaults = {c.name: c.default.arg for c in table.c if isinstance(c.default, ScalarElementColumnDefault)}
    connection = session.connection()
    connection.execute(insert(table).values({**defaults, **key}).on_conflict_do_nothing())
    same_key = [table.c[name] == part for name, part in key.items()]
    connection.execute(update(table).where(*same_key).values({column: value}))


def _set_lot_status(session: Session, row: Mapping[str, Any]) -> None:
    lot = table_of(Lot)
    same_lot = (lot.c.organization_id == row["organization_id"], lot.c.id == row["lot_id"])
    session.connection().execute(
        update(lot).where(*same_lot).values(status=row["expected"], updated_at=now_of(session))
    )


def _count(counts: dict[int, dict[str, int]], row: Mapping[str, Any], name: str) -> None:
    own = counts.setdefault(row["organization_id"], {})
    own[name] = own.get(name, 0) + 1


def _audit_entry(session: Session, organization_id: int, counts: Mapping[str, int]) -> AuditEntry:
    actor = actor_of(session)
    return AuditEntry(
        organization_id=organization_id,
        at=now_of(session),
        actor_id=actor.id,
        actor_name=actor.name,
        station=actor.station,
        act="stock_repaired",
        details=dict(counts),
    )
