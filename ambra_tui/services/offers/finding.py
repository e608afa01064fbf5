"""Products found by what a shop asks: an id or a SKU, a status, a category, words.

Example::

    product_named(session, "HEADPHONE-001").id        # 'prod_01K...'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, or_, select
from sqlmodel import Session, col

from ambra_tui.errors import NotFound
from ambra_tui.kit.money import NO_DECIMALS, THREE_DECIMALS
from ambra_tui.services.search import is_like
from ambra_tui.store.models import Category, Product, ProductCategory, ProductOffer, Variant, table_of
from ambra_tui.store.scope import organization_of, scoped

STATES: Mapping[str, tuple[str, ...]] = {
    "active": ("active",),
    "draft": ("draft", "inactive"),
    "archived": ("archived",),
}
"""What a shop calls the status of a product -> the statuses that it has in the store."""
SORTS = ("created_at", "updated_at", "name", "price")
KIND = "product"
"""What products' own SKUs are found under."""
_product, _variant, _offer = table_of(Product), table_of(Variant), table_of(ProductOffer)
_category, _link = table_of(Category), table_of(ProductCategory)


def product_named(session: Session, key: str) -> Product:
    """The product with this id, else the one that has this SKU, or a variant with it. Raises NotFound."""
    session.flush()
    of_variant = select(col(Variant.product_id)).where(
        col(Variant.organization_id) == organization_of(session), col(Variant.sku) == key
    )
    of_product = select(col(ProductOffer.product_id)).where(
        col(ProductOffer.organization_id) == organization_of(session), col(ProductOffer.sku) == key
    )
    for condition in (
        col(Product.id) == key,
        col(Product.id).in_(of_product),
        col(Product.id).in_(of_variant),
    ):
        found = session.exec(scoped(session, Product).where(condition)).first()
        if found is not None:
            return found
    raise NotFound("product", key)


def products_like(
    session: Session, *, status: str | None = None, category: str | None = None, search: str | None = None
) -> list[ColumnElement[bool]]:
    """Conditions on the table of products. Archived ones are found by their status alone. `category`: a slug, with what
    stands below it. `search`: every word begins a word of the name or of a SKU."""
    states: Sequence[str] = STATES[status] if status is not None else (*STATES["active"], *STATES["draft"])
    found: list[ColumnElement[bool]] = [_product.c.status.in_(states)]
    if category is not None:
        found.append(_product.c.id.in_(_inside(session, category)))
    if search is not None:
        of_variant = select(_variant.c.product_id).where(
            _variant.c.organization_id == organization_of(session), is_like(session, "variant", search, _variant.c.id)
        )
        found.append(or_(_product.c.id.in_(of_variant), is_like(session, KIND, search, _product.c.id)))
    return found


def _inside(session: Session, slug: str) -> Any:
    owner = organization_of(session)
    named = _category.c.slug == slug
    tree = select(_category.c.id).where(_category.c.organization_id == owner, named).cte("tree", recursive=True)
    child = _category.alias("child")
    below = select(child.c.id).join(tree, child.c.parent_id == tree.c.id).where(child.c.organization_id == owner)
    tree = tree.union(below)
    return select(_link.c.product_id).where(
        _link.c.organization_id == owner, _link.c.category_id.in_(select(tree.c.id))
    )


def sort_terms(session: Session) -> dict[str, ColumnElement[Any]]:
    """What can be sorted by that is no column: the price, in thousandths of the major unit."""
    owner = organization_of(session)
    own = (
        select(_thousandths(_offer.c.price_minor, _offer.c.currency))
        .where(_offer.c.organization_id == owner, _offer.c.product_id == _product.c.id, _offer.c.sku.is_not(None))
        .correlate(_product)
        .scalar_subquery()
    )
    first = (
        select(_thousandths(_variant.c.price_minor, _variant.c.currency))
        .where(_variant.c.organization_id == owner, _variant.c.product_id == _product.c.id)
        .order_by(case((_variant.c.status == "archived", 1), else_=0), _variant.c.position, _variant.c.id)
        .limit(1)
        .correlate(_product)
        .scalar_subquery()
    )
    return {"price": func.coalesce(own, first)}


def _thousandths(minor: ColumnElement[Any], currency: ColumnElement[str]) -> ColumnElement[int]:
    factor = case(
        (currency.in_(sorted(NO_DECIMALS)), 1_000),
        (currency.in_(sorted(THREE_DECIMALS)), 1),
        else_=10,
    )
    return cast(minor, BigInteger) * factor
