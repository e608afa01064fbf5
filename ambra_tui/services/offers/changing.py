"""Products made, changed and archived by a shop.

Example::

    product = make_product(session, {"name": "Headphones", "sku": "HEADPHONE-001", "price": Decimal("199.99")})
    change_product(session, product, {"categories": ["audio"], "price": Decimal("179.99")})
    archive_product(session, product)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from ambra_tui.errors import Duplicate, Invalid, WrongState
from ambra_tui.kit.text import clean_line
from ambra_tui.services.catalog import (
    NewVariant,
    add_variant,
    clean_sku,
    clean_text,
    create_product,
    set_main_barcode,
    variants_of,
)
from ambra_tui.services.categories import create_category, find_category, set_categories, slug_of
from ambra_tui.services.documents import own_currency
from ambra_tui.services.offers.finding import KIND
from ambra_tui.services.offers.showing import ARCHIVED, ShownProduct, shown_product
from ambra_tui.services.products.changing import minor_of
from ambra_tui.services.search import reindex_subject
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Product, ProductOffer, Variant, VariantOffer
from ambra_tui.store.scope import now_of, organization_of, scoped

Values = Mapping[str, Any]
MOST_MINOR = 2**31 - 1
MAX_SLUGS = 50


def make_product(session: Session, values: Values) -> Product:
    """A product of `name`, `sku`, `price` and perhaps `description`, `status`, `categories` (slugs; unknown ones are
    made), `barcode`, `metadata`, `variants` (each of `sku`, `price`, `attributes`, `barcode`, `name`).

    Raises Invalid naming the field, Duplicate for a SKU or a code that is taken.
    """
    sku, currency = clean_sku(values["sku"]), own_currency(session)
    _refuse_taken(session, sku)
    price = _minor(values["price"], currency, "price")
    rows: Sequence[Values] = values.get("variants") or ()
    news = [_new_variant(session, row, sku, currency, place) for place, row in enumerate(rows)]
    common: dict[str, Any] = {
        "name": values["name"], "price_minor": price, "currency": currency, "status": values.get("status") or "active",
        "description": values.get("description") or "",
    }  # fmt: skip
    try:
        if news:
            product = create_product(session, variants=news, **common)
        else:
            product = create_product(session, sku=sku, barcode=values.get("barcode"), **common)
    except Duplicate as error:
        raise _as_product(error) from error
    if news:
        _offer_of(session, product.id, currency, sku=sku, price_minor=price)
        reindex_subject(session, KIND, product.id, sku)
        for row, variant in zip(rows, variants_of(session, product.id), strict=True):
            _note_variant(session, variant, row)
    if values.get("metadata"):
        _offer_of(session, product.id, currency, details=dict(values["metadata"]))
    _set_categories(session, product.id, values.get("categories") or ())
    session.flush()
    return product


def change_product(
    session: Session, product: Product, values: Values, *, also: Callable[[], None] | None = None
) -> bool:
    """Changes the fields of `values` alone (see `make_product`). True when anything is another now. `also`: changes
    what belongs to it too, last.

    ``variants`` is the whole list: those that are named by `id` or `sku` change, others are new, what is not in it is
    archived. Raises as `make_product` does.
    """
    before = _known(session, product.id)
    if values.get("status") == ARCHIVED and product.status != ARCHIVED:
        rest = {name: value for name, value in values.items() if name != "status"}
        change_product(session, product, rest, also=also)
        archive_product(session, product)
        return True
    if values.get("status") not in (None, ARCHIVED) and product.status == ARCHIVED:
        _restore(session, product)
    for name, change in _CHANGES.items():
        if name in values:
            change(session, product, values[name])
    if also is not None:
        also()
    session.flush()
    if _known(session, product.id) == before:
        return False
    mark_changed(session, product, sorted(values))
    return True


def mark_changed(session: Session, product: Product, fields: Sequence[str]) -> None:
    """A product is another now: when, for whom searches, and for those who want to be told."""
    product.updated_at = now_of(session)
    session.add(product)
    session.flush()
    live = _live(session, product.id)
    for variant in live:
        reindex_subject(session, "variant", variant.id, variant.sku, variant.name, product.name)
    sku = _known(session, product.id).sku
    publish(session, "product_updated", product.id, {"name": product.name, "sku": sku, "variant_id": live[0].id})
    audit(session, "product_updated", product.id, sku=sku, fields=list(fields))


def archive_product(session: Session, product: Product) -> None:
    """A product is sold no more; it can still be read, and what is left of it is still in stock. Raises WrongState."""
    if product.status == ARCHIVED:
        raise WrongState("product", product.id, state=ARCHIVED, step="archive")
    now, sku = now_of(session), _known(session, product.id).sku
    live = _live(session, product.id)
    for variant in live:
        if variant.status != ARCHIVED:
            _offer_of_variant(session, variant.id).status_before = variant.status
            variant.status, variant.updated_at = ARCHIVED, now
            session.add(variant)
    product.status, product.updated_at = ARCHIVED, now
    session.add(product)
    session.flush()
    publish(session, "product_deleted", product.id, {"name": product.name, "sku": sku, "variant_id": live[0].id})
    audit(session, "product_deleted", product.id, sku=sku)


def _restore(session: Session, product: Product) -> None:
    """The variants that went with their product come back with it; all of them when none is known to have."""
    rows = variants_of(session, product.id)
    going = {row.id for row in rows if (offer := _found_offer(session, row.id)) is not None and offer.status_before}
    for variant in rows:
        if not going or variant.id in going:
            variant.status = "active"
            session.add(variant)
        if variant.id in going:
            _offer_of_variant(session, variant.id).status_before = ""
    session.flush()


# --- fields ---------------------------------------------------------------------------------------------------------


def _set_name(session: Session, product: Product, name: str) -> None:
    wanted, was = clean_line(name, field="name"), product.name
    product.name = wanted
    session.add(product)
    for variant in variants_of(session, product.id):
        if variant.name == was:
            variant.name = wanted
            session.add(variant)


def _set_description(session: Session, product: Product, text: str | None) -> None:
    product.description = clean_text(text or "", field="description")
    session.add(product)


def _set_status(session: Session, product: Product, status: str) -> None:
    if product.status == status:
        return
    product.status = status
    session.add(product)
    for variant in _live(session, product.id):
        variant.status = status
        session.add(variant)


def _set_sku(session: Session, product: Product, sku: str) -> None:
    wanted = clean_sku(sku)
    shown = _known(session, product.id)
    if wanted == shown.sku:
        return
    _refuse_taken(session, wanted, product.id)
    if shown.variant_id is None:
        _offer_of(session, product.id, shown.currency, sku=wanted)
        reindex_subject(session, KIND, product.id, wanted)
        return
    variant = session.get_one(Variant, (organization_of(session), shown.variant_id))
    _call(session, variant, wanted)


def _set_price(session: Session, product: Product, price: Decimal) -> None:
    shown = _known(session, product.id)
    wanted = _minor(price, shown.currency, "price")
    following = {shown.variant_id, *(variant.id for variant in shown.variants if variant.own_price_minor is None)}
    if shown.variant_id is None:
        _offer_of(session, product.id, shown.currency, price_minor=wanted)
        if _offer_of(session, product.id, shown.currency).sku is None:
            _set_template(session, product, shown)
    for variant in variants_of(session, product.id):
        if variant.id in following and variant.price_minor != wanted:
            variant.price_minor, variant.updated_at = wanted, now_of(session)
            session.add(variant)


def _set_template(session: Session, product: Product, shown: ShownProduct) -> None:
    """A product of several variants gets a SKU of its own, the one that it was shown with."""
    _offer_of(session, product.id, shown.currency, sku=shown.sku)
    reindex_subject(session, KIND, product.id, shown.sku)


def _set_barcode(session: Session, product: Product, code: str | None) -> None:
    shown = _known(session, product.id)
    if shown.variant_id is None:
        if code is not None:
            raise Invalid("barcode: the variants of this product have their own", field="barcode")
        return
    _code(session, session.get_one(Variant, (organization_of(session), shown.variant_id)), code)


def _set_metadata(session: Session, product: Product, details: Mapping[str, Any] | None) -> None:
    _offer_of(session, product.id, own_currency(session), details=dict(details or {}))


def _set_slugs(session: Session, product: Product, slugs: Sequence[str] | None) -> None:
    _set_categories(session, product.id, slugs or ())


def _set_variants(session: Session, product: Product, rows: Sequence[Values]) -> None:
    """The variants become these, in this order."""
    shown = _known(session, product.id)
    if not rows:
        if shown.variant_id is None:
            raise Invalid("variants: a product with variants keeps at least one", field="variants")
        return
    known = {variant.id: variant for variant in variants_of(session, product.id)}
    chosen = [_chosen(known, row, place) for place, row in enumerate(rows)]
    named = [variant.id for variant in chosen if variant is not None]
    if len(set(named)) != len(named):
        raise Invalid("variants: one variant is named twice", field="variants")
    _set_template(session, product, shown)
    offer = _offer_of(session, product.id, shown.currency)
    if offer.price_minor is None:
        offer.price_minor = shown.price_minor
    for left in known.values():
        if left.id not in named and left.status != ARCHIVED:
            left.status, left.updated_at = ARCHIVED, now_of(session)
            session.add(left)
    for place, (row, variant) in enumerate(zip(rows, chosen, strict=True)):
        made = variant or _added(session, product, row, offer, place)
        _change_variant(session, product, made, row, offer, place)
    session.flush()


_CHANGES: Mapping[str, Callable[[Session, Product, Any], None]] = {
    "name": _set_name,
    "description": _set_description,
    "status": _set_status,
    "sku": _set_sku,
    "price": _set_price,
    "variants": _set_variants,
    "barcode": _set_barcode,
    "categories": _set_slugs,
    "metadata": _set_metadata,
}


# --- variants -------------------------------------------------------------------------------------------------------


def _new_variant(session: Session, row: Values, sku: str, currency: str, place: int) -> NewVariant:
    wanted = clean_sku(row["sku"]) if row.get("sku") else _numbered(session, sku, place)
    return NewVariant(
        sku=wanted,
        name=_name_of(row) or "",
        barcode=row.get("barcode"),
        price_minor=None if row.get("price") is None else _minor(row["price"], currency, f"variants.{place}.price"),
        currency=currency,
    )


def _numbered(session: Session, sku: str, place: int) -> str:
    """A SKU after the product's, for a variant that was given none."""
    number = place + 1
    while _is_taken(session, f"{sku[:70]}-{number}", ""):
        number += 1
    return f"{sku[:70]}-{number}"


def _name_of(row: Values) -> str | None:
    """What other doors call a variant: its name, else what it is told apart by."""
    if row.get("name"):
        return str(row["name"])
    return " / ".join(row["attributes"].values())[:255] if row.get("attributes") else None


def _chosen(known: Mapping[str, Variant], row: Values, place: int) -> Variant | None:
    if row.get("id"):
        if row["id"] not in known:
            raise Invalid(f"variants.{place}.id is no variant of this product", field=f"variants.{place}.id")
        return known[row["id"]]
    return next((variant for variant in known.values() if variant.sku == row.get("sku")), None)


def _added(session: Session, product: Product, row: Values, offer: ProductOffer, place: int) -> Variant:
    new = _new_variant(session, row, offer.sku or "", offer.currency, place)
    _refuse_taken(session, new.sku or "", product.id)
    priced = new if new.price_minor is not None else _priced(new, offer.price_minor)
    try:
        return add_variant(session, product, priced, place)
    except Duplicate as error:
        raise _as_product(error) from error


def _priced(new: NewVariant, price_minor: int | None) -> NewVariant:
    return NewVariant(
        sku=new.sku, name=new.name, barcode=new.barcode, price_minor=price_minor, currency=new.currency
    )  # fmt: skip


def _change_variant(
    session: Session, product: Product, variant: Variant, row: Values, offer: ProductOffer, place: int
) -> None:
    if row.get("sku") and clean_sku(row["sku"]) != variant.sku:
        _refuse_taken(session, clean_sku(row["sku"]), product.id)
        _call(session, variant, clean_sku(row["sku"]))
    if "price" in row:
        own = row["price"]
        variant.price_minor = (
            offer.price_minor if own is None else _minor(own, variant.currency, f"variants.{place}.price")
        )
    if _name_of(row):
        variant.name = clean_line(str(_name_of(row)), field=f"variants.{place}.name")
    if "barcode" in row and row["barcode"] is not None:
        _code(session, variant, row["barcode"])
    if variant.status == ARCHIVED:
        variant.status = product.status if product.status != ARCHIVED else "active"
    variant.position = place
    session.add(variant)
    _note_variant(session, variant, row)


def _note_variant(session: Session, variant: Variant, row: Values) -> None:
    """What the shop alone knows of a variant."""
    if not {"price", "attributes"} & set(row):
        return
    offer = _offer_of_variant(session, variant.id)
    if "price" in row:
        offer.has_own_price = row["price"] is not None
    if row.get("attributes") is not None:
        offer.attributes = dict(row["attributes"])
    session.add(offer)


# --- rows -----------------------------------------------------------------------------------------------------------


def _known(session: Session, product_id: str) -> ShownProduct:
    shown = shown_product(session, product_id)
    assert shown is not None, "a product that is being changed is there"
    return shown._replace(updated_at=shown.created_at, available=0)


def _live(session: Session, product_id: str) -> list[Variant]:
    rows = variants_of(session, product_id)
    return [row for row in rows if row.status != ARCHIVED] or rows


def _offer_of(session: Session, product_id: str, currency: str, **values: Any) -> ProductOffer:
    """The row of what a shop shows of a product, with `values` in it."""
    owner = organization_of(session)
    offer = session.get(ProductOffer, (owner, product_id))
    if offer is None:
        offer = ProductOffer(organization_id=owner, product_id=product_id, currency=currency)
    for name, value in values.items():
        setattr(offer, name, value)
    session.add(offer)
    session.flush()
    return offer


def _found_offer(session: Session, variant_id: str) -> VariantOffer | None:
    return session.get(VariantOffer, (organization_of(session), variant_id))


def _offer_of_variant(session: Session, variant_id: str) -> VariantOffer:
    offer = _found_offer(session, variant_id)
    if offer is None:
        offer = VariantOffer(organization_id=organization_of(session), variant_id=variant_id)
        session.add(offer)
        session.flush()
    return offer


def _set_categories(session: Session, product_id: str, slugs: Sequence[str]) -> None:
    """Categories that are not known yet come into being under the name that their slug spells."""
    ids = []
    for place, text in enumerate(slugs):
        slug = slug_of(text)
        if not slug:
            field = f"categories.{place}"
            raise Invalid(f"{field} holds no letter and no digit", field=field)
        found = find_category(session, slug) or create_category(
            session, name=slug.replace("-", " ").replace("_", " ").capitalize(), slug=slug
        )
        ids.append(found.id)
    set_categories(session, product_id, ids)


def _call(session: Session, variant: Variant, sku: str) -> None:
    variant.sku, variant.updated_at = sku, now_of(session)
    session.add(variant)
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        raise Duplicate("product", "sku", sku) from error


def _code(session: Session, variant: Variant, code: str | None) -> None:
    try:
        set_main_barcode(session, variant, code)
    except Duplicate as error:
        raise _as_product(error) from error


def _refuse_taken(session: Session, sku: str, product_id: str = "") -> None:
    """Raises Duplicate for a SKU of another product, or of a variant of another product."""
    if _is_taken(session, sku, product_id):
        raise Duplicate("product", "sku", sku)


def _is_taken(session: Session, sku: str, product_id: str) -> bool:
    session.flush()
    of_variant = select(Variant.id).where(
        col(Variant.organization_id) == organization_of(session), col(Variant.sku) == sku,
        col(Variant.product_id) != product_id,
    )  # fmt: skip
    of_product = scoped(session, ProductOffer).where(
        col(ProductOffer.sku) == sku, col(ProductOffer.product_id) != product_id
    )
    return session.exec(of_variant).first() is not None or session.exec(of_product).first() is not None


def _minor(price: Decimal, currency: str, field: str) -> int:
    try:
        minor = minor_of(price, currency)
    except Invalid as error:
        raise Invalid(error.message.replace("price", field, 1), field=field) from None
    if minor is None or minor > MOST_MINOR:
        raise Invalid(f"{field} is too large", field=field)
    return minor


def _as_product(error: Duplicate) -> Duplicate:
    """The refusal by the product's own field."""
    field = "barcode" if error.resource == "barcode" else error.field
    return Duplicate("product", field, error.value)
