"""How bodies of the editions name a product: by its id, and by SKU or variant where it has several.

Example::

    variant = chosen_variant(session, body.product_id, body.variant_id, body.sku)
"""

from __future__ import annotations

from sqlmodel import Session, col, select

from ambra_tui.errors import Invalid, NotFound
from ambra_tui.store.models import Variant
from ambra_tui.store.prepared import ORGANIZATION, Prepared, given

MAX_LISTED = 50
_OF_PRODUCT: Prepared[Variant] = Prepared(
    select(Variant)
    .where(col(Variant.organization_id) == ORGANIZATION, col(Variant.product_id) == given("product"))
    .order_by(col(Variant.position), col(Variant.id))
)


def chosen_variant(
    session: Session, product_id: str, variant_id: str | None, sku: str | None, *, place: str = ""
) -> Variant:
    """The one variant that a body means. Raises NotFound, and Invalid listing the variants when it could be several."""
    variants = _OF_PRODUCT.all(session, product=product_id)
    if not variants:
        raise NotFound("product", product_id, field=f"{place}product_id")
    named = [
        variant
        for variant in variants
        if (variant_id is None or variant.id == variant_id) and (sku is None or variant.sku == sku)
    ]
    if variant_id is None and sku is None:  # what is archived is meant only when it is named, or alone
        named = [variant for variant in named if variant.status != "archived"] or named
    if len(named) == 1:
        return named[0]
    field = f"{place}{'variant_id' if variant_id is not None and sku is None else 'sku'}"
    if named:
        message = f"Product {product_id} has several variants: name one by sku or variant_id"
    else:
        message = f"Product {product_id} has no such variant: name one of its own by sku or variant_id"
    rows = [
        {"field": field, "message": f"{variant.sku}: {variant.name}", "sku": variant.sku, "variant_id": variant.id}
        for variant in variants[:MAX_LISTED]
    ]
    raise Invalid(message, details={"fields": rows})


def wanted_variant(
    session: Session, product_id: str, variant_id: str | None, sku: str | None, *, place: str = ""
) -> Variant:
    """As `chosen_variant`, for what is to come in: an archived one is not there any more."""
    variant = chosen_variant(session, product_id, variant_id, sku, place=place)
    if variant.status == "archived":
        raise NotFound("product", product_id, field=f"{place}product_id")
    return variant
