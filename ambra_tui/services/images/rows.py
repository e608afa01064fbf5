"""Which pictures a product has, and in which order.

Example::

    set_images(session, product.id, [Wanted(id="img_01K..."), Wanted(stored=stored, alt="back")])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlmodel import Session, col

from ambra_tui.errors import Invalid, NotFound
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services.images.looking import Stored
from ambra_tui.store.models import ProductImage
from ambra_tui.store.scope import now_of, organization_of, scoped

MAX_IMAGES = 50


class Wanted(NamedTuple):
    """A picture that is to be there: the one with this `id`, or a new one. `alt` None: as it was."""

    id: str = ""
    stored: Stored | None = None
    alt: str | None = None


def images_of(session: Session, product_id: str, variant_id: str | None = None) -> list[ProductImage]:
    """The pictures of a product, or of one of its variants, in their order."""
    of_variant = col(ProductImage.variant_id) == variant_id if variant_id else col(ProductImage.variant_id).is_(None)
    statement = scoped(session, ProductImage).where(col(ProductImage.product_id) == product_id, of_variant)
    return list(session.exec(statement.order_by(col(ProductImage.position), col(ProductImage.id))))


def set_images(
    session: Session, product_id: str, wanted: Sequence[Wanted], *, variant_id: str | None = None, field: str = "images"
) -> None:
    """The pictures become these, in this order; others go. Raises Invalid for an id of none, and for too many."""
    if len(wanted) > MAX_IMAGES:
        raise _too_many(field)
    known = {image.id: image for image in images_of(session, product_id, variant_id)}
    kept: list[ProductImage] = []
    for place, each in enumerate(wanted):
        image = known.pop(each.id, None) if each.id else _made(session, product_id, variant_id, each)
        if image is None:
            raise Invalid(f"{field}.{place}.id is no picture of this product", field=f"{field}.{place}.id")
        image.position = place
        if each.alt is not None:
            image.alt = clean_line(each.alt, field=f"{field}.{place}.alt", required=False)
        kept.append(image)
    for image in known.values():
        session.delete(image)
    session.add_all(kept)
    session.flush()


def add_image(
    session: Session, product_id: str, stored: Stored, *, variant_id: str | None = None, alt: str = ""
) -> ProductImage:
    """One more picture, behind the others; a variant has one, which this takes the place of."""
    present = images_of(session, product_id, variant_id)
    if variant_id is None and len(present) >= MAX_IMAGES:
        raise _too_many("image")
    for image in present if variant_id is not None else ():
        session.delete(image)
    made = _made(session, product_id, variant_id, Wanted(stored=stored))
    made.position, made.alt = (present[-1].position + 1 if present else 0), clean_line(alt, field="alt", required=False)
    session.add(made)
    session.flush()
    return made


def remove_image(session: Session, product_id: str, image_id: str) -> None:
    """A picture of a product, or of one of its variants, goes. Raises NotFound."""
    found = session.get(ProductImage, (organization_of(session), image_id))
    if found is None or found.product_id != product_id:
        raise NotFound("image", image_id)
    session.delete(found)
    session.flush()


def _made(session: Session, product_id: str, variant_id: str | None, wanted: Wanted) -> ProductImage:
    stored = wanted.stored
    assert stored is not None, "a new picture was looked at"
    return ProductImage(
        organization_id=organization_of(session), id=new_id("img"), product_id=product_id, variant_id=variant_id,
        digest=stored.digest, kind=stored.kind, width=stored.width, height=stored.height,
        size_bytes=stored.size_bytes, source_url=stored.source_url, created_at=now_of(session),
    )  # fmt: skip


def _too_many(field: str) -> Invalid:
    return Invalid(f"{field}: a product has at most {MAX_IMAGES} pictures", field=field)
