"""Hundreds of new products at once: each checked by itself, all written by a statement a table.

Example::

    checked = check_products(session, [{"name": "Shirt", "sku": "TEE-001"}, {"name": "Cap", "sku": "TEE-001"}])
    [type(row) for row in checked]       # [NewRow, Duplicate]
    make_products(session, [row for row in checked if isinstance(row, NewRow)])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col

from ambra_tui.errors import AmbraError, Duplicate, Invalid, NotFound
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services.catalog import PRODUCT_STATES, NewVariant, clean_sku, clean_text, variant_values
from ambra_tui.services.codes import normalize_code
from ambra_tui.services.documents import own_currency
from ambra_tui.services.imports._bulk import add_rows, add_tokens, existing, token_rows
from ambra_tui.services.policies import default_row
from ambra_tui.services.products.changing import Values, minor_of
from ambra_tui.store.facts import audit
from ambra_tui.store.models import (
    Barcode,
    Category,
    OutboxEvent,
    PolicyDefault,
    Product,
    ProductCategory,
    Supplier,
    Variant,
    VariantSupplier,
)
from ambra_tui.store.scope import now_of, organization_of, scoped


@dataclass(frozen=True, slots=True)
class NewRow:
    """One product that can be made."""

    product: dict[str, Any]
    variant: dict[str, Any]
    code: str | None
    category_id: str | None
    supplier_id: str | None
    points: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Known:
    """What the rows may name, and what is taken."""

    skus: set[str]
    codes: set[str]
    categories: dict[str, str]
    suppliers: set[str]
    currency: str


def check_products(session: Session, rows: Sequence[Values | AmbraError]) -> list[NewRow | AmbraError]:
    """Each row as it can be made, or why it cannot; a SKU or code that an earlier good row has is taken. What is
    refused already stays so."""
    known = _known(session, [row for row in rows if not isinstance(row, AmbraError)])
    checked: list[NewRow | AmbraError] = []
    for row in rows:
        try:
            made = row if isinstance(row, AmbraError) else _checked(row, known)
        except AmbraError as error:
            made = error
        if isinstance(made, NewRow):
            known.skus.add(made.variant["sku"])
            known.codes.update([made.code] if made.code else [])
        checked.append(made)
    return checked


def make_products(session: Session, rows: Sequence[NewRow]) -> list[str]:
    """Writes what was checked; the ids of the variants, in their order."""
    if not rows:
        return []
    owner, now = organization_of(session), now_of(session)
    common = {"organization_id": owner, "created_at": now, "updated_at": now}
    session.flush()
    add_rows(session, Product, [row.product | common for row in rows])
    add_rows(session, Variant, [row.variant | common | {"product_id": row.product["id"]} for row in rows])
    one = {"organization_id": owner, "kind": "each", "quantity": Decimal(1), "created_at": now}
    codes = [one | {"code": row.code, "variant_id": row.variant["id"]} for row in rows if row.code]
    add_rows(session, Barcode, sorted(codes, key=lambda code: str(code["code"])))
    add_tokens(
        session,
        [
            token
            for row in rows
            for token in token_rows(owner, "variant", row.variant["id"], row.variant["sku"], row.variant["name"])
        ],
    )
    first = {"organization_id": owner, "position": 0}
    add_rows(
        session,
        ProductCategory,
        [first | {"product_id": row.product["id"], "category_id": row.category_id} for row in rows if row.category_id],
    )
    add_rows(
        session,
        VariantSupplier,
        [first | {"variant_id": row.variant["id"], "supplier_id": row.supplier_id} for row in rows if row.supplier_id],
    )
    defaults = [
        {"organization_id": owner, "variant_id": row.variant["id"], "updated_at": now, **row.points}
        for row in rows
        if any(value is not None for value in row.points.values())
    ]
    add_rows(session, PolicyDefault, defaults)
    events = [
        {
            "organization_id": owner,
            "type": "product_created",
            "subject": row.product["id"],
            "payload": {"name": row.product["name"], "sku": row.variant["sku"]},
            "created_at": now,
        }
        for row in rows
    ]
    add_rows(session, OutboxEvent, events)
    audit(session, "products_created", rows[0].product["id"], count=len(rows))
    return [row.variant["id"] for row in rows]


def _known(session: Session, rows: Sequence[Values]) -> _Known:
    named = {name: {str(row[name]) for row in rows if row.get(name)} for name in _NAMING}
    wanted = named["category_id"]
    found = session.exec(
        scoped(session, Category).where(col(Category.id).in_(wanted) | col(Category.slug).in_(wanted))
    ).all()
    codes = {code for text in named["barcode"] if (code := _code_or_nothing(text))}
    return _Known(
        skus=set(existing(session, Variant, "sku", {sku.strip() for sku in named["sku"]})),
        codes=set(existing(session, Barcode, "code", codes)),
        categories={key: category.id for category in found for key in (category.id, category.slug)},
        suppliers=set(existing(session, Supplier, "id", named["default_supplier_id"])),
        currency=own_currency(session),
    )


_NAMING = ("sku", "barcode", "category_id", "default_supplier_id")


def _code_or_nothing(text: str) -> str:
    try:
        return normalize_code(text)
    except Invalid:
        return ""


def _checked(values: Values, known: _Known) -> NewRow:
    sku = clean_sku(values["sku"])
    if sku in known.skus:
        raise Duplicate("product", "sku", sku)
    code = normalize_code(values["barcode"]) if values.get("barcode") is not None else None
    if code in known.codes:
        raise Duplicate("product", "barcode", str(code))
    category, supplier = values.get("category_id"), values.get("default_supplier_id")
    if category is not None and category not in known.categories:
        raise NotFound("category", category)
    if supplier is not None and supplier not in known.suppliers:
        raise NotFound("supplier", supplier, field="default_supplier_id")
    name, unit = clean_line(values["name"], field="name"), values.get("unit_of_measure") or "ea"
    status = values.get("status") or "active"
    if status not in PRODUCT_STATES:
        raise Invalid(f"status is one of {', '.join(PRODUCT_STATES)}", field="status")
    variant = NewVariant(sku=sku, price_minor=minor_of(values.get("price"), known.currency), status=status)
    product = {
        "id": new_id("prod"),
        "name": name,
        "description": clean_text(values.get("description") or "", field="description"),
        "status": status,
        "unit_of_measure": clean_line(unit, field="unit_of_measure", max_length=20),
    }
    return NewRow(
        product=product,
        variant=variant_values(
            variant, sku=sku, product_name=name, unit_of_measure=product["unit_of_measure"], currency=known.currency
        ),
        code=code,
        category_id=None if category is None else known.categories[category],
        supplier_id=supplier,
        points=default_row({name: values.get(name) for name in ("reorder_point", "reorder_quantity")}),
    )
