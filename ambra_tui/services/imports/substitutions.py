"""Imports rules of substitution: what may be picked when something is short.

A rule that exists takes the file's ratio and state.

Example::

    sku,substitute,ratio,active
    GLOVE-L,GLOVE-M,1,yes
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlmodel import Session

from ambra_tui.errors import AmbraError, Invalid
from ambra_tui.services.catalog import clean_sku
from ambra_tui.services.imports import _values
from ambra_tui.services.imports._bulk import existing
from ambra_tui.services.imports._terms import Circumstances, Field, ImportKind, Learned, Outcome, Record, Refused
from ambra_tui.services.substitutions import rules, set_rule
from ambra_tui.store.models import Variant
from ambra_tui.store.scope import fetch

FIELDS = (
    Field("sku", "the SKU that is ordered", ("item", "variant"), is_required=True),
    Field("substitute", "the SKU that may be taken instead", ("substitute_sku", "replacement"), is_required=True),
    Field("ratio", "units of the substitute for one (1)", ("factor",)),
    Field("active", "no: the rule is kept but not used (yes)", ("is_active", "enabled")),
)


@dataclass(frozen=True, slots=True)
class Item:
    """A checked row."""

    line: int
    sku: str
    substitute: str
    ratio: Decimal
    is_active: bool


class SubstitutionImport:
    """One run."""

    chunk = 100

    def __init__(self, circumstances: Circumstances) -> None:
        """Nothing of the run's circumstances matters."""

    def prepare(self, record: Record) -> Item:
        """Check a row by itself."""
        sku, substitute = clean_sku(record["sku"]), clean_sku(record["substitute"])
        ratio = _values.number(record, "ratio")
        if sku == substitute:
            raise Invalid("an item is no substitute for itself", field="substitute")
        if ratio is not None and ratio <= 0:
            raise Invalid("ratio is more than 0", field="ratio")
        is_active = _values.flag(record, "active") if record["active"] else True
        return Item(record.line, sku, substitute, ratio or Decimal(1), is_active)

    def write(self, session: Session, items: Sequence[Item]) -> Outcome:
        """Set the rules that are new or different."""
        outcome = Outcome()
        variants = existing(session, Variant, "sku", (sku for item in items for sku in (item.sku, item.substitute)))
        known = {(rule.variant_id, rule.substitute_id): (rule.ratio, rule.is_active) for rule in rules(session)}
        for item in items:
            missing = next((sku for sku in (item.sku, item.substitute) if sku not in variants), None)
            if missing is not None:
                outcome.refused.append(Refused(item.line, item.sku, f"{missing} is not in the catalogue"))
                continue
            variant, substitute = variants[item.sku], variants[item.substitute]
            if known.get((variant.id, substitute.id)) == (item.ratio, item.is_active):
                outcome.unchanged += 1
                continue
            pair = [fetch(session, Variant, row.id, resource="variant") for row in (variant, substitute)]
            try:
                set_rule(session, variant=pair[0], substitute=pair[1], ratio=item.ratio, is_active=item.is_active)
            except AmbraError as error:
                outcome.refused.append(Refused(item.line, item.sku, error.message))
                continue
            outcome.made += 1
        return outcome

    def remember(self, learned: Learned) -> None:
        """Nothing of a chunk matters to the next."""


IMPORT = ImportKind(
    name="substitutions",
    help="what may be picked instead of what",
    fields=FIELDS,
    make=SubstitutionImport,
    subject=("sku", "substitute"),
)
