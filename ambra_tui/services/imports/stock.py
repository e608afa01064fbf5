"""Imports opening stock: what lies where, posted once per place (location, SKU, lot, serial).

Example::

    sku,site,location,quantity,lot,expiry
    MILK-1L,WH1,A04-1,24,M100,2026-04-10
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from ambra_tui.errors import Invalid
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.catalog import clean_sku
from ambra_tui.services.codes import normalize_code
from ambra_tui.services.imports import _values
from ambra_tui.services.imports._bulk import existing
from ambra_tui.services.imports._opening import Opening, Openings, checked_opening
from ambra_tui.services.imports._terms import Circumstances, Field, ImportKind, Learned, Outcome, Record, Refused
from ambra_tui.store.models import Barcode, Variant

FIELDS = (
    Field("sku", "the variant's SKU", ("product_number", "item_number", "stock_code", "article")),
    Field("barcode", "a code of one unit, where there is no SKU", ("code", "ean", "gtin", "upc")),
    Field("site", "the site's code (the only one)", ("warehouse", "site_code")),
    Field("location", "the location's code or barcode (where the site receives)", ("bin", "location_code")),
    Field("quantity", "units on hand", ("on_hand", "stock", "qty", "quantity_on_hand"), is_required=True),
    Field("lot", "the lot's number", ("lot_number", "batch")),
    Field("expiry", "when the lot expires", ("expiry_date",)),
    Field("serial", "a serial number; quantity is 1 then", ("serial_number",)),
    Field("cost", "what a unit cost", ("unit_cost", "standard_cost")),
    Field("currency", "of the cost (the organization's)"),
)


@dataclass(frozen=True, slots=True)
class Item:
    """A checked row; `code` instead of a SKU. `opening` None: nothing lies there."""

    line: int
    code: str
    opening: Opening | None


class StockImport:
    """One run."""

    chunk = 150

    def __init__(self, circumstances: Circumstances) -> None:
        self.currency = circumstances.currency
        self.openings = Openings()

    def prepare(self, record: Record) -> Item:
        """Check a row by itself."""
        if not record["sku"] and not record["barcode"]:
            raise Invalid("the row names neither a SKU nor a barcode", field="sku")
        quantity = _values.quantity(record, "quantity")
        if quantity is None:
            raise Invalid("quantity is empty", field="quantity")
        code = "" if record["sku"] else normalize_code(record["barcode"])
        if quantity == ZERO:
            return Item(record.line, code, None)
        opening = checked_opening(
            line=record.line,
            sku=clean_sku(record["sku"]) if record["sku"] else code,
            site=record["site"],
            location=record["location"],
            quantity=quantity,
            lot=record["lot"],
            expiry=_values.day(record, "expiry"),
            serial=record["serial"],
            unit_cost=_values.unit_cost(record, "cost", record["currency"].upper() or self.currency),
        )
        return Item(record.line, code, opening)

    def write(self, session: Session, items: Sequence[Item]) -> Outcome:
        """Post what is new."""
        outcome = Outcome(unchanged=sum(item.opening is None for item in items))
        codes = existing(session, Barcode, "code", (item.code for item in items if item.code))
        by_id = existing(session, Variant, "id", (row.variant_id for row in codes.values()))
        openings = []
        for item in items:
            if item.opening is None:
                continue
            if not item.code:
                openings.append(item.opening)
            elif item.code in codes:
                barcode = codes[item.code]
                quantity = item.opening.quantity * barcode.quantity
                sku = by_id[barcode.variant_id].sku
                openings.append(replace(item.opening, sku=sku, quantity=quantity))
            else:
                outcome.refused.append(Refused(item.line, item.code, "this barcode is not in the catalogue"))
        variants = existing(session, Variant, "sku", (opening.sku for opening in openings))
        self.openings.post(session, openings, variants, outcome)
        return outcome

    def remember(self, learned: Learned) -> None:
        """Take in the places and lots of a chunk that was written."""
        self.openings.remember(learned)


IMPORT = ImportKind(
    name="stock",
    help="what lies where, as opening balances",
    fields=FIELDS,
    make=StockImport,
    subject=("sku", "barcode", "location"),
)
