"""What was asked for beside what the store says: figures from the files, the API and the ledger itself.

Example::

    Figure("units shipped", files=Decimal(10), found=Decimal(10)).agrees
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func
from sqlmodel import col, select

from ambra_tui.kit.quantity import ZERO
from ambra_tui.store import Store
from ambra_tui.store.models import StockMove, table_of


@dataclass(frozen=True)
class Figure:
    """One total: in the files, and where the product keeps it."""

    name: str
    files: Decimal
    found: Decimal
    where: str

    @property
    def agrees(self) -> bool:
        return self.files == self.found

    def __str__(self) -> str:
        word = "agree" if self.agrees else "DIFFER"
        return f"{self.name:44} {self.files:>14,} {self.found:>14,}  {self.where:7} {word}"


def ledger_sums(store: Store, organization_id: int) -> dict[tuple[str, str], Decimal]:
    """(kind, "in", "out" of a site or "within") -> units that moved so."""
    has_source, has_destination = col(StockMove.source_site_id) != "", col(StockMove.destination_site_id) != ""
    total = func.sum(StockMove.quantity, type_=table_of(StockMove).c.quantity.type)
    statement = (
        select(StockMove.kind, has_source, has_destination, total)
        .where(StockMove.organization_id == organization_id)
        .group_by(StockMove.kind, has_source, has_destination)
    )
    sides = {(False, True): "in", (True, False): "out", (True, True): "within"}
    with store.read(organization_id) as session:
        rows = session.exec(statement).all()
    return {(kind, sides[bool(source), bool(there)]): amount for kind, source, there, amount in rows}


def differences(expected: Mapping[tuple[str, str], Decimal], found: Mapping[tuple[str, str], Decimal]) -> list[str]:
    """Where stock by location and SKU is not what the files say."""
    keys = sorted({*expected, *found})
    return [
        f"{key}: {expected.get(key, ZERO)} in the files, {found.get(key, ZERO)} in the store"
        for key in keys
        if expected.get(key, ZERO) != found.get(key, ZERO)
    ]


def print_figures(title: str, figures: Sequence[Figure]) -> None:
    """The table of one replay."""
    print(f"\n{title}\n{'what':44} {'files':>14} {'product':>14}")
    for figure in figures:
        print(figure)
