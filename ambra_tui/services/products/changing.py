"""Products made, changed and removed by editions that know no variants.

A row of theirs is a variant. Where it is the only one of its product, the name, the unit and the status are those of
both.

Example::

    variant = add_product(session, {"name": "Premium T-Shirt", "sku": "TEE-001", "price": Decimal("29.99")})
    change_product(session, variant, {"price": None})
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from ambra_tui.errors import Duplicate, Invalid, NotFound
from ambra_tui.kit.money import to_minor
from ambra_tui.kit.text import clean_line
from ambra_tui.services.catalog import clean_sku, clean_text, create_product, has_sku, set_main_barcode, variants_of
from ambra_tui.services.categories import category_named, set_main_category
from ambra_tui.services.documents import own_currency
from ambra_tui.services.policies import change_default
from ambra_tui.services.products.rows import ProductRow, rows_of_product_in
from ambra_tui.services.search import reindex_subject
from ambra_tui.services.site_levels import full_name
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import (
    Barcode,
    PolicyDefault,
    Product,
    ProductCategory,
    ProductImage,
    ProductOffer,
    SearchToken,
    Supplier,
    Variant,
    VariantOffer,
    VariantSupplier,
    metadata,
    table_of,
)
from ambra_tui.store.scope import fetch, now_of, organization_of

Values = Mapping[str, Any]
FIELDS = (
    "name", "sku", "description", "category_id", "unit_of_measure", "price", "default_supplier_id", "reorder_quantity",
    "reorder_point", "barcode", "status",
)  # fmt: skip
_suppliers = table_of(VariantSupplier)
# What goes with a variant that nothing else tells of.
_OWN = tuple(
    table_of(model).name for model in (Variant, Barcode, PolicyDefault, VariantSupplier, VariantOffer, ProductImage)
)


def add_product(session: Session, values: Values) -> Variant:
    """A product of one variant. `values` holds `name`, `sku` and any other of FIELDS.

    Raises Invalid naming the field, Duplicate for a SKU or a code that is taken, NotFound for a category or supplier.
    """
    category = values.get("category_id")
    category_id = category_named(session, category).id if category is not None else None
    supplier_id = _supplier_id(session, values.get("default_supplier_id"))
    currency = own_currency(session)
    try:
        product = create_product(
            session,
            name=values["name"],
            sku=values["sku"],
            barcode=values.get("barcode"),
            price_minor=minor_of(values.get("price"), currency),
            currency=currency,
            description=values.get("description") or "",
            status=values.get("status") or "active",
            unit_of_measure=values.get("unit_of_measure") or "ea",
        )
    except Duplicate as error:
        raise _as_product(error) from error
    variant = variants_of(session, product.id)[0]
    if category_id is not None:
        set_main_category(session, product.id, category_id)
    if supplier_id is not None:
        set_default_supplier(session, variant.id, supplier_id)
    change_default(session, variant.id, _points(values), is_new=True)
    return variant


def change_product(session: Session, variant: Variant, values: Values) -> bool:
    """Changes the fields of `values` alone; None takes an optional one away. True when anything is another now.

    Raises as `add_product` does.
    """
    product = fetch(session, Product, variant.product_id, resource="product")
    siblings = variants_of(session, product.id)
    before = _without_moments(session, product.id)
    _rename(product, variant, siblings, values)
    for name, change in _CHANGES.items():
        if name in values:
            change(session, product, variant, siblings, values[name])
    change_default(session, variant.id, _points(values))
    session.add(product)
    session.add(variant)
    _flush(session, variant.sku)
    after = _without_moments(session, product.id)
    if before == after:
        return False
    now = now_of(session)
    product.updated_at = now
    for sibling in siblings if len(before) == len(after) and "description" in values else [variant]:
        sibling.updated_at = now
        session.add(sibling)
    session.flush()
    reindex_subject(session, "variant", variant.id, variant.sku, variant.name, product.name)
    publish(session, "product_updated", product.id, _named(product, variant))
    audit(session, "product_updated", product.id, sku=variant.sku, fields=sorted(values))
    return True


def remove_product(session: Session, variant: Variant) -> None:
    """Takes a product away: for good when nothing tells of it, else it is archived and its SKU stays taken."""
    product = fetch(session, Product, variant.product_id, resource="product")
    named = _named(product, variant)
    if not _delete(session, product, variant):
        now = now_of(session)
        variant.status, variant.updated_at = "archived", now
        session.add(variant)
        if all(sibling.status == "archived" for sibling in variants_of(session, product.id)):
            product.status, product.updated_at = "archived", now
            session.add(product)
        session.flush()
    publish(session, "product_deleted", product.id, named)
    audit(session, "product_deleted", product.id, sku=named["sku"])


def set_default_supplier(session: Session, variant_id: str, supplier_id: str | None) -> None:
    """Who is asked first; the others stay behind. None: nobody any more."""
    owner, connection = organization_of(session), session.connection()
    mine = (_suppliers.c.organization_id == owner, _suppliers.c.variant_id == variant_id)
    rows = select(_suppliers.c.supplier_id).where(*mine).order_by(_suppliers.c.position, _suppliers.c.supplier_id)
    known = list(connection.execute(rows).scalars())
    wanted = [] if supplier_id is None else list(dict.fromkeys([supplier_id, *known[1:]]))
    if wanted == known:
        return
    connection.execute(delete(_suppliers).where(*mine))
    made = [
        {"organization_id": owner, "variant_id": variant_id, "supplier_id": each, "position": position}
        for position, each in enumerate(wanted)
    ]
    if made:
        connection.execute(insert(_suppliers), made)


# --- fields ---------------------------------------------------------------------------------------------------------


def _rename(product: Product, variant: Variant, siblings: list[Variant], values: Values) -> None:
    """The name that is shown becomes this one."""
    if "name" not in values:
        return
    name = clean_line(values["name"], field="name")
    if name == full_name(product.name, variant.name):
        return
    if len(siblings) == 1:
        product.name = variant.name = name
    else:
        variant.name = name.removeprefix(f"{product.name} ")


def _set_sku(session: Session, _product: Product, variant: Variant, _siblings: list[Variant], sku: str) -> None:
    wanted = clean_sku(sku)
    if wanted != variant.sku and has_sku(session, wanted):
        raise Duplicate("product", "sku", wanted)
    variant.sku = wanted


def _set_description(_session: Session, product: Product, _variant: Variant, _siblings: Any, text: str | None) -> None:
    product.description = clean_text(text or "", field="description")


def _set_unit(_session: Session, product: Product, variant: Variant, siblings: list[Variant], unit: str | None) -> None:
    variant.unit_of_measure = clean_line(unit or "ea", field="unit_of_measure", max_length=20)
    if len(siblings) == 1:
        product.unit_of_measure = variant.unit_of_measure


def _set_price(_session: Session, _product: Product, variant: Variant, _siblings: Any, price: Decimal | None) -> None:
    variant.price_minor = minor_of(price, variant.currency)


def _set_status(
    _session: Session, product: Product, variant: Variant, siblings: list[Variant], status: str | None
) -> None:
    variant.status = status or "active"
    states = {sibling.status for sibling in siblings}
    product.status = variant.status if len(states) == 1 else "active"


def _set_category(session: Session, product: Product, _variant: Variant, _siblings: Any, text: str | None) -> None:
    set_main_category(session, product.id, None if text is None else category_named(session, text).id)


def _set_supplier(session: Session, _product: Product, variant: Variant, _siblings: Any, text: str | None) -> None:
    set_default_supplier(session, variant.id, _supplier_id(session, text))


def _set_barcode(session: Session, _product: Product, variant: Variant, _siblings: Any, code: str | None) -> None:
    try:
        set_main_barcode(session, variant, code)
    except Duplicate as error:
        raise _as_product(error) from error


_CHANGES: Mapping[str, Callable[..., None]] = {
    "sku": _set_sku,
    "description": _set_description,
    "unit_of_measure": _set_unit,
    "price": _set_price,
    "status": _set_status,
    "category_id": _set_category,
    "default_supplier_id": _set_supplier,
    "barcode": _set_barcode,
}


def _points(values: Values) -> dict[str, Decimal | int | None]:
    return {name: values[name] for name in ("reorder_point", "reorder_quantity") if name in values}


def minor_of(price: Decimal | None, currency: str) -> int | None:
    """Minor units of a price. Raises Invalid when it is finer than those."""
    try:
        return None if price is None else to_minor(price, currency)
    except ValueError as error:
        raise Invalid(f"price: {error}", field="price") from None


def _supplier_id(session: Session, supplier_id: str | None) -> str | None:
    if supplier_id is None:
        return None
    try:
        return fetch(session, Supplier, supplier_id, resource="supplier").id
    except NotFound as error:
        raise NotFound("supplier", supplier_id, field="default_supplier_id") from error


def _as_product(error: Duplicate) -> Duplicate:
    """The refusal by the product's own field."""
    field = "barcode" if error.resource == "barcode" else error.field
    return Duplicate("product", field, error.value)


def _flush(session: Session, sku: str) -> None:
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        raise Duplicate("product", "sku", sku) from error


def _without_moments(session: Session, product_id: str) -> list[ProductRow]:
    return [row._replace(created_at=0, updated_at=0) for row in rows_of_product_in(session, product_id)]


def _named(product: Product, variant: Variant) -> dict[str, Any]:
    return {"name": full_name(product.name, variant.name), "sku": variant.sku, "variant_id": variant.id}


# --- going ----------------------------------------------------------------------------------------------------------


def _delete(session: Session, product: Product, variant: Variant) -> bool:
    """Deletes a variant that nothing tells of, and its product with the last of its variants."""
    if _is_told_of(session, variant.id):
        return False
    owner = organization_of(session)
    is_last = len(variants_of(session, product.id)) == 1
    leaving = [
        (table_of(SearchToken), (col(SearchToken.kind) == "variant", col(SearchToken.subject_id) == variant.id)),
        *((metadata.tables[name], (metadata.tables[name].c.variant_id == variant.id,)) for name in _OWN[1:]),
        (table_of(Variant), (col(Variant.id) == variant.id,)),
    ]
    if is_last:
        leaving += [
            (table_of(ProductCategory), (col(ProductCategory.product_id) == product.id,)),
            (table_of(ProductOffer), (col(ProductOffer.product_id) == product.id,)),
            (table_of(ProductImage), (col(ProductImage.product_id) == product.id,)),
            (table_of(Product), (col(Product.id) == product.id,)),
        ]
    try:
        with session.begin_nested():
            for table, which in leaving:
                session.connection().execute(delete(table).where(table.c.organization_id == owner, *which))
    except IntegrityError:
        return False
    session.expunge(variant)
    if is_last:
        session.expunge(product)
    return True


def _is_told_of(session: Session, variant_id: str) -> bool:
    """Whether the ledger, a total or a document names the variant."""
    connection, owner = session.connection(), organization_of(session)
    for table in metadata.sorted_tables:
        if "organization_id" not in table.c or table.name in _OWN:
            continue
        for column in table.c:
            if column.name == "variant_id" or column.name.endswith("_variant_id"):
                found = select(column).where(table.c.organization_id == owner, column == variant_id).limit(1)
                if connection.execute(found).first() is not None:
                    return True
    return False
