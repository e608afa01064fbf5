"""How PostgreSQL finds the ledger's rows: by their keys, before it has counted a table too (as after an import)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui.ledger import INVENTORY_LOSS, MoveKind, Posting, post
from ambra_tui.ledger.postgresql import (
    KNOWN_MOVES,
    LEVELS,
    TOTALS,
    UPDATE_LEVELS,
    UPDATE_TOTALS,
)
from ambra_tui.store.scope import organization_of
from tests import factories
from tests.ledger.conftest import House

ROWS = 200


@pytest.mark.parametrize("dialect", ["postgresql"])  # SQLite looks every key up by a statement of its own
def test_rows_are_found_by_probes_whatever_the_statistics_say(house: House) -> None:
    house.write(lambda session: fill(session, house))
    plans: dict[str, str] = house.write(lambda session: explained(session, house))
    assert {name for name, plan in plans.items() if "Join Filter" in plan or "Seq Scan" in plan} == set(), plans
    assert all("Index" in plan for plan in plans.values())


def fill(session: Session, house: House) -> None:
    """Stock of many variants in one bin."""
    variants = [factories.variant(session, sku=f"MANY-{number}") for number in range(ROWS)]
    bin_id, opening = house.warehouse.bin.id, MoveKind.OPENING_BALANCE
    post(session, [Posting(row.id, INVENTORY_LOSS, bin_id, Decimal(5), opening, row.id) for row in variants])


def explained(session: Session, house: House) -> dict[str, str]:
    """The plans of the statements for every level that is there."""
    cursor: Any = session.connection().connection.cursor()
    organization_id = organization_of(session)
    cursor.execute("SELECT variant_id FROM stock_level WHERE organization_id = %s", (organization_id,))
    ids = [row[0] for row in cursor.fetchall()]
    bins, sites = [house.warehouse.bin.id] * len(ids), [house.warehouse.site.id] * len(ids)
    blank, fives, zeros = [""] * len(ids), [5_000_000] * len(ids), [0] * len(ids)
    level, total = (ids, bins, blank, blank, blank), (ids, sites)
    statements: dict[str, tuple[str, tuple[Any, ...]]] = {
        "levels": (LEVELS, (*level, organization_id)),
        "totals": (TOTALS, (*total, organization_id)),
        "known_moves": (KNOWN_MOVES, (ids, organization_id)),
        "update_levels": (UPDATE_LEVELS, (*level, fives, zeros, fives, zeros, organization_id)),
        "update_totals": (UPDATE_TOTALS, (1, *total, fives, zeros, zeros, zeros, fives, zeros, zeros, organization_id)),
    }
    plans = {}
    for name, (statement, values) in statements.items():
        cursor.execute(f"EXPLAIN {statement}", values)
        plans[name] = "\n".join(row[0] for row in cursor.fetchall())
    return plans
