"""Imports inventory policies: of a SKU in a site, or for every site where the row names none.

The SKU ``*`` without a site sets what holds for the whole organization. What exists takes the row's values.

Example::

    sku,site,reorder_point,reorder_quantity,lead_time_days
    MILK-1L,WH1,24,48,3
    BOLT-M8,,100,500,14
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlmodel import Session

from ambra_tui.errors import AmbraError, Invalid
from ambra_tui.services import policies
from ambra_tui.services.catalog import clean_sku
from ambra_tui.services.imports import _values
from ambra_tui.services.imports._bulk import existing
from ambra_tui.services.imports._terms import Circumstances, Field, ImportKind, Learned, Outcome, Record, Refused
from ambra_tui.store.models import InventoryPolicy, PolicyDefault, Site, Variant
from ambra_tui.store.models.policies import EVERY_VARIANT

EVERY_SKU = "*"
FIELDS = (
    Field("sku", "the SKU; * for what holds for all of them", ("item", "variant"), is_required=True),
    Field("site", "the site's code; empty: what holds in every site", ("warehouse", "site_code", "location")),
    Field("reorder_point", "below this it is low", ("min", "minimum", "reorder_level")),
    Field("reorder_quantity", "how much is ordered", ("order_quantity", "lot_size")),
    Field("safety_stock", "what is kept for surprises", ("safety",)),
    Field("max_stock_level", "not ordered beyond", ("max", "maximum")),
    Field("minimum_order", "the least a supplier sends", ("moq",)),
    Field("pack_quantity", "ordered in multiples of this", ("pack", "pack_size")),
    Field("lead_time_days", "days from order to receipt", ("lead_time", "days_to_manufacture")),
    Field("review_period_days", "days between two looks", ("review_period",)),
    Field("service_level", "0.5 to 0.999", ()),
)


@dataclass(frozen=True, slots=True)
class Item:
    """A checked row."""

    line: int
    sku: str
    site: str
    values: dict[str, Decimal | int | None]


class PolicyImport:
    """One run."""

    chunk = 100

    def __init__(self, circumstances: Circumstances) -> None:
        del circumstances

    def prepare(self, record: Record) -> Item:
        """Check a row by itself."""
        sku = clean_sku(record["sku"])
        if sku == EVERY_SKU and record["site"]:
            raise Invalid("what holds for every SKU holds in every site", field="site")
        values: dict[str, Decimal | int | None] = {}
        for name in policies.FIELDS:
            if record[name]:
                values[name] = _values.whole(record, name) if name in policies.DAYS else _values.quantity(record, name)
        if not values:
            raise Invalid("the row sets nothing", field="reorder_point")
        if record["site"]:
            for name in policies.REQUIRED:
                values.setdefault(name, Decimal(0))
        return Item(record.line, sku, record["site"], values)

    def write(self, session: Session, items: Sequence[Item]) -> Outcome:
        """Set what is new or different."""
        outcome = Outcome()
        variants = existing(session, Variant, "sku", (item.sku for item in items))
        sites = existing(session, Site, "code", (item.site for item in items))
        for item in items:
            variant, site = variants.get(item.sku), sites.get(item.site)
            if (item.sku != EVERY_SKU and variant is None) or (item.site and site is None):
                missing = item.site if item.site and site is None else item.sku
                outcome.refused.append(Refused(item.line, item.sku, f"there is no {missing}"))
                continue
            try:
                is_new = _set(session, item, variant.id if variant else EVERY_VARIANT, site.id if site else "")
            except AmbraError as error:
                outcome.refused.append(Refused(item.line, item.sku, error.message))
                continue
            outcome.made += is_new
            outcome.unchanged += not is_new
        return outcome

    def remember(self, learned: Learned) -> None:
        """Nothing of a chunk matters to the next."""


def _set(session: Session, item: Item, variant_id: str, site_id: str) -> bool:
    """Whether the row changed something."""
    if not site_id:
        default = policies.find_default(session, variant_id)
        if default is not None and _says(default, item):
            return False
        known = {} if default is None else {name: getattr(default, name) for name in policies.FIELDS}
        policies.set_default(session, variant_id, {**known, **item.values})
        return True
    policy = policies.find_policy(session, variant_id, site_id)
    if policy is None:
        policies.create_policy(session, variant_id=variant_id, site_id=site_id, values=item.values)
        return True
    if _says(policy, item):
        return False
    policies.change_policy(session, policy, item.values)
    return True


def _says(row: InventoryPolicy | PolicyDefault, item: Item) -> bool:
    return all(getattr(row, name) == value for name, value in item.values.items())


IMPORT = ImportKind(
    name="policies",
    help="when each item is low, per site or everywhere, and how much is ordered",
    fields=FIELDS,
    make=PolicyImport,
    subject=("sku", "site"),
)
