"""Imports the catalogue: a row a variant, with its codes and, where the file says so, its opening stock.

A SKU that exists keeps what it has; codes that are new are added to it. Without a SKU, the barcode is the SKU.

Example::

    sku,name,barcode,quantity
    MILK-1L,Whole milk 1 l,5001000000019,24
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from ambra_tui.errors import Duplicate, Invalid
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO
from ambra_tui.kit.text import clean_line
from ambra_tui.services.catalog import (
    NewVariant,
    clean_currency,
    clean_sku,
    clean_text,
    positive_quantity,
    variant_values,
)
from ambra_tui.services.codes import normalize_code
from ambra_tui.services.imports import _values
from ambra_tui.services.imports._bulk import add_rows, add_tokens, existing
from ambra_tui.services.imports._opening import Opening, Openings, checked_opening
from ambra_tui.services.imports._terms import Circumstances, Field, ImportKind, Learned, Outcome, Record, Refused
from ambra_tui.services.search import tokens
from ambra_tui.store.models import Barcode, OutboxEvent, Product, Variant
from ambra_tui.store.scope import now_of, organization_of

FIELDS = (
    Field(
        "sku",
        "the variant's SKU; without it the barcode is the SKU",
        ("product_number", "item_number", "stock_code", "article"),
    ),
    Field("name", "the name people read", ("product_name", "title", "description_1", "item_name"), is_required=True),
    Field("product", "rows with the same word here are variants of one product", ("parent", "style", "product_code")),
    Field("barcode", "the code of one unit: a GTIN, or an own label", ("code", "ean", "gtin", "upc", "ean13")),
    Field("case_barcode", "the code of a case", ("case_gtin", "case_ean")),
    Field("case_quantity", "units in a case", ("units_per_case",)),
    Field("unit", "the unit that stock is counted in (ea)", ("uom", "unit_of_measure")),
    Field("description", "more words"),
    Field("lot_tracked", "yes: stock is kept by lot"),
    Field("expiry_tracked", "yes: lots have an expiry date"),
    Field("serial_tracked", "yes: every unit has a serial number"),
    Field("made", "yes: it is made here", ("is_made", "make_flag")),
    Field("minimum_shelf_life_days", "least days of life at receipt", ("minimum_shelf_life", "shelf_life_days")),
    Field("tolerance_percent", "how much more than ordered a receipt may bring", ("receipt_tolerance_percent",)),
    Field("price", "selling price", ("list_price", "sale_price", "srp")),
    Field("cost", "what a unit costs", ("standard_cost", "unit_cost", "cost_price")),
    Field("currency", "of price and cost (the organization's)"),
    Field("abc_class", "A, B or C", ("abc",)),
    Field("quantity", "on hand now; posted as an opening balance", ("on_hand", "stock", "quantity_on_hand")),
    Field("site", "the site that holds it (the only one)", ("warehouse", "site_code")),
    Field("location", "the bin that holds it (where the site receives)", ("bin", "location_code")),
    Field("lot", "the lot of this stock; switches lot tracking on", ("lot_number", "batch")),
    Field("expiry", "when this lot expires; switches expiry tracking on", ("expiry_date", "best_before")),
)


@dataclass(frozen=True, slots=True)
class Item:
    """A checked row: `variant`, `codes` and `tokens` are rows that lack what only the store knows."""

    line: int
    sku: str
    product: str
    product_row: dict[str, Any]
    variant: dict[str, Any]
    codes: tuple[tuple[str, str, Decimal], ...]
    tokens: frozenset[str]
    opening: Opening | None


@dataclass(frozen=True, slots=True)
class _Known:
    """What the chunk needs of a variant, be it in the store already or not."""

    id: str
    product_id: str
    is_lot_tracked: bool
    is_serial_tracked: bool
    home_location_id: str | None


class CatalogImport:
    """One run: knows the SKUs and codes that the file brought so far, and the product of each group."""

    chunk = 150

    def __init__(self, circumstances: Circumstances) -> None:
        self.is_rehearsal = circumstances.is_rehearsal
        self.currency = circumstances.currency
        self.skus: dict[str, int] = {}
        self.codes: dict[str, int] = {}
        self.products: dict[str, str] = {}
        self.openings = Openings()

    def prepare(self, record: Record) -> Item:
        """Check a row by itself and against the rows before it."""
        codes = _codes(record)
        sku = clean_sku(record["sku"] or record["barcode"])
        if sku in self.skus:
            raise Invalid(f"line {self.skus[sku]} has SKU {sku} already", field="sku")
        for code, _, _ in codes:
            if code in self.codes:
                raise Invalid(f"line {self.codes[code]} has barcode {code} already", field="barcode")
        item = _item(record, sku, codes, self.currency)
        self.skus[sku] = record.line
        self.codes.update({code: record.line for code, _, _ in codes})
        return item

    def write(self, session: Session, items: Sequence[Item]) -> Outcome:
        """Add what is new; post opening balances."""
        outcome = Outcome()
        known: dict[str, Any] = dict(existing(session, Variant, "sku", (item.sku for item in items)))
        owners = existing(session, Barcode, "code", (code for item in items for code, _, _ in item.codes))
        # What a rehearsal made in an earlier chunk was undone with that chunk.
        batch = _Batch(session, {} if self.is_rehearsal else self.products)
        taken: list[Item] = []
        for item in items:
            variant = known.get(item.sku)
            foreign = [
                c for c, _, _ in item.codes if c in owners and (not variant or owners[c].variant_id != variant.id)
            ]
            if foreign:
                refusal = Duplicate("barcode", "code", foreign[0])
                outcome.refused.append(Refused(item.line, item.sku, f"{refusal.message}, on another variant"))
                continue
            new_codes = [code for code in item.codes if code[0] not in owners]
            if variant is None:
                known[item.sku] = batch.add(item)
            elif item.product:
                batch.products[item.product] = variant.product_id
            batch.add_codes(known[item.sku], new_codes)
            taken.append(item)
            if variant is None or new_codes:
                outcome.made += 1
            else:
                outcome.unchanged += 1
        batch.save()
        self._post_openings(session, taken, known, outcome)
        outcome.learned.update({("product", name): product for name, product in batch.products.items()})
        return outcome

    def _post_openings(
        self, session: Session, items: Sequence[Item], variants: dict[str, Any], outcome: Outcome
    ) -> None:
        openings = [item.opening for item in items if item.opening is not None]
        if not openings:
            return
        posted = Outcome()
        self.openings.post(session, openings, variants, posted)
        outcome.refused += [
            Refused(row.line, row.subject, f"the stock of this row was not posted: {row.reason}")
            for row in posted.refused
        ]
        outcome.learned.update(posted.learned)

    def remember(self, learned: Learned) -> None:
        """Take in the products and lots of a chunk that was written."""
        self.openings.remember(learned)
        self.products.update({key[1]: value for key, value in learned.items() if key[0] == "product"})


class _Batch:
    """New rows of one chunk, added by a statement a table."""

    def __init__(self, session: Session, products: dict[str, str]) -> None:
        self.session = session
        self.organization_id = organization_of(session)
        now = now_of(session)
        self.common = {"organization_id": self.organization_id, "created_at": now, "updated_at": now}
        self.products = dict(products)
        self.product_rows: list[dict[str, Any]] = []
        self.variant_rows: list[dict[str, Any]] = []
        self.barcode_rows: list[dict[str, Any]] = []
        self.tokens: list[dict[str, Any]] = []
        self.facts: list[dict[str, Any]] = []

    def add(self, item: Item) -> _Known:
        """A new variant, and its product when that is new too."""
        product_id = self.products.get(item.product) if item.product else None
        if product_id is None:
            self.product_rows.append(item.product_row | self.common)
            product_id = str(item.product_row["id"])
            self.facts.append(
                {
                    "organization_id": self.organization_id,
                    "type": "product_created",
                    "subject": product_id,
                    "payload": {"name": item.product_row["name"], "sku": item.sku},
                    "created_at": self.common["created_at"],
                }
            )
            if item.product:
                self.products[item.product] = product_id
        row = item.variant | self.common | {"product_id": product_id, "position": len(self.variant_rows)}
        self.variant_rows.append(row)
        self.tokens += [
            {"organization_id": self.organization_id, "kind": "variant", "token": token, "subject_id": row["id"]}
            for token in item.tokens
        ]
        return _Known(
            id=row["id"],
            product_id=product_id,
            is_lot_tracked=row["is_lot_tracked"],
            is_serial_tracked=row["is_serial_tracked"],
            home_location_id=None,
        )

    def add_codes(self, variant: Any, codes: Sequence[tuple[str, str, Decimal]]) -> None:
        """Codes of a new or known variant."""
        self.barcode_rows += [
            {
                "organization_id": self.organization_id,
                "code": code,
                "variant_id": variant.id,
                "kind": kind,
                "quantity": quantity,
                "created_at": self.common["created_at"],
            }
            for code, kind, quantity in codes
        ]

    def save(self) -> None:
        """Write everything."""
        add_rows(self.session, Product, self.product_rows)
        add_rows(self.session, Variant, self.variant_rows)
        add_rows(self.session, Barcode, sorted(self.barcode_rows, key=lambda row: str(row["code"])))
        add_tokens(self.session, self.tokens)
        add_rows(self.session, OutboxEvent, self.facts)


def _codes(record: Record) -> tuple[tuple[str, str, Decimal], ...]:
    """(stored code, kind, base units) of a row's barcodes."""
    codes = []
    if record["barcode"]:
        codes.append((normalize_code(record["barcode"]), "each", Decimal(1)))
    case_quantity = _values.number(record, "case_quantity")
    if record["case_barcode"]:
        if case_quantity is None:
            raise Invalid("case_barcode needs case_quantity", field="case_quantity")
        units = positive_quantity(case_quantity, field="case_quantity")
        codes.append((normalize_code(record["case_barcode"], field="case_barcode"), "case", units))
    if len({code for code, _, _ in codes}) < len(codes):
        raise Invalid("barcode and case_barcode are the same", field="case_barcode")
    return tuple(codes)


def _item(record: Record, sku: str, codes: tuple[tuple[str, str, Decimal], ...], home_currency: str) -> Item:
    name = clean_line(record["name"], field="name")
    currency = clean_currency(record["currency"]) if record["currency"] else None
    money = currency or home_currency
    variant = NewVariant(
        sku=sku,
        name=name,
        unit_of_measure=clean_line(record["unit"], field="unit", max_length=20, required=False),
        is_lot_tracked=_values.flag(record, "lot_tracked") or bool(record["lot"]),
        is_expiry_tracked=_values.flag(record, "expiry_tracked") or bool(record["expiry"]),
        is_serial_tracked=_values.flag(record, "serial_tracked"),
        is_made=_values.flag(record, "made"),
        minimum_shelf_life_days=_values.whole(record, "minimum_shelf_life_days"),
        receipt_tolerance_percent=_values.number(record, "tolerance_percent"),
        price_minor=_values.minor(record, "price", money),
        cost_minor=_values.minor(record, "cost", money),
        currency=currency,
        abc_class=record["abc_class"].upper(),
    )
    product = clean_line(record["product"], field="product", required=False)
    values = variant_values(variant, sku=sku, product_name=product or name, unit_of_measure="ea", currency=money)
    product_row = {
        "id": new_id("prod"),
        "name": product or name,
        "description": clean_text(record["description"], field="description") if record["description"] else "",
        "status": "active",
        "unit_of_measure": values["unit_of_measure"],
    }
    return Item(
        line=record.line,
        sku=sku,
        product=product,
        product_row=product_row,
        variant=values,
        codes=codes,
        tokens=frozenset(tokens(sku, name, product)),
        opening=_opening(record, sku, money),
    )


def _opening(record: Record, sku: str, currency: str) -> Opening | None:
    quantity = _values.quantity(record, "quantity")
    if quantity is None or quantity == ZERO:
        return None
    return checked_opening(
        line=record.line,
        sku=sku,
        site=record["site"],
        location=record["location"],
        quantity=quantity,
        lot=record["lot"],
        expiry=_values.day(record, "expiry"),
        serial="",
        unit_cost=_values.unit_cost(record, "cost", currency),
    )


IMPORT = ImportKind(
    name="catalog",
    help="products and variants with their codes, and their opening stock",
    fields=FIELDS,
    make=CatalogImport,
    subject=("sku", "barcode"),
)
