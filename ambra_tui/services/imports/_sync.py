"""Sets the stock of a marketplace's site to what its report tells: `ambra import stock --sync FILE --site FBA-EU`.

Only the SKUs that the file names are set. It is no kind of its own: it is made for one site.

Example::

    run_import(store, organization_id=1, kind=sync_kind("FBA-EU", changes=[]), path=Path("fba.csv"))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from sqlmodel import Session

from ambra_tui.errors import Invalid
from ambra_tui.kit.ids import new_ulid
from ambra_tui.services.catalog import clean_sku
from ambra_tui.services.imports import _values
from ambra_tui.services.imports._bulk import existing
from ambra_tui.services.imports._terms import Circumstances, Field, ImportKind, Learned, Outcome, Record, Refused
from ambra_tui.services.marketplaces import marketplace_site, set_marketplace, sync_stock
from ambra_tui.services.places import site_by_code
from ambra_tui.store.models import Variant

FIELDS = (
    Field("sku", "the variant's SKU", ("seller_sku", "merchant_sku", "msku", "offer_id"), is_required=True),
    Field(
        "quantity", "units that the marketplace holds", ("on_hand", "stock", "afn_fulfillable_quantity", "present"),
        is_required=True,
    ),
)  # fmt: skip


class Changed(NamedTuple):
    """What a sync changed of a SKU."""

    sku: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class Level:
    """A checked row."""

    line: int
    sku: str
    quantity: Decimal


class StockSync:
    """One run for one site. `changes` hears of every level that changed."""

    chunk = 100

    def __init__(self, site_code: str, marketplace: str, changes: list[Changed]) -> None:
        self.site_code, self.marketplace, self.changes = site_code, marketplace, changes
        self.run = new_ulid()
        self.lines: dict[str, int] = {}

    def prepare(self, record: Record) -> Level:
        """Check a row by itself, and that no row before it named the same SKU."""
        sku = clean_sku(record["sku"])
        quantity = _values.quantity(record, "quantity")
        if quantity is None:
            raise Invalid("quantity is empty", field="quantity")
        first = self.lines.setdefault(sku, record.line)
        if first != record.line:
            raise Invalid(f"line {first} names this SKU already", field="sku")
        return Level(record.line, sku, quantity)

    def write(self, session: Session, levels: Sequence[Level]) -> Outcome:
        """Set what the catalogue knows."""
        outcome = Outcome()
        site = marketplace_site(session, site_by_code(session, self.site_code))
        if self.marketplace:
            set_marketplace(session, site, self.marketplace)
        variants: dict[str, Any] = existing(session, Variant, "sku", (level.sku for level in levels))
        for level in levels:
            if level.sku not in variants:
                outcome.refused.append(Refused(level.line, level.sku, "this SKU is not in the catalogue"))
        known = [(variants[level.sku], level.quantity) for level in levels if level.sku in variants]
        key = f"sync:{self.run}:{levels[0].line}"
        for done in sync_stock(session, site, known, idempotency_key=key):
            if done.delta:
                outcome.made += 1
                sku = done.counted.variant.sku
                outcome.learned[(sku,)] = Changed(sku, done.before, done.counted.quantity)
            else:
                outcome.unchanged += 1
        return outcome

    def remember(self, learned: Learned) -> None:
        """Take in what a chunk changed."""
        self.changes.extend(learned.values())


def sync_kind(site_code: str, changes: list[Changed], *, marketplace: str = "") -> ImportKind:
    """The import that syncs the site with this code; `marketplace`: its name, when it is to be noted."""

    def make(_circumstances: Circumstances) -> StockSync:
        return StockSync(site_code, marketplace, changes)

    return ImportKind(
        name="stock --sync", help="what a marketplace holds", fields=FIELDS, make=make, subject=("sku",)
    )  # fmt: skip
