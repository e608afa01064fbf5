"""Pictures that a product's body names: fetched and kept before the transaction, told of inside it.

Example::

    @catalogue.write("POST", "/products", NewProduct, ..., before=fetch_pictures)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlmodel import Session

from ambra_tui.api.edition import Call
from ambra_tui.api.editions.commerce._products import IMAGES, image_path
from ambra_tui.api.links import own_path
from ambra_tui.errors import Invalid
from ambra_tui.services import images, offers
from ambra_tui.services.images import Stored, Wanted
from ambra_tui.services.offers import ShownImage
from ambra_tui.store.models import Product

AT_ONCE = 4
MAX_FETCHED = 20
Found = Mapping[str, Stored]


def fetch_pictures(call: Call, body: Any) -> Found:
    """Address -> the picture that was there, now kept. Raises Invalid naming the first field that is wrong."""
    wanted = {url: field for field, url in _addresses(call, body)}
    if len(wanted) > MAX_FETCHED:
        raise Invalid(f"images: at most {MAX_FETCHED} pictures are fetched in one request", field="images")
    if not wanted:
        return {}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ambra-images") as threads:
        kept = threads.map(lambda each: picture_at(call, *each), wanted.items())
        return dict(zip(wanted, kept, strict=True))


def picture_at(call: Call, url: str, field: str) -> Stored:
    """The picture at an address, kept. Raises Invalid naming `field`."""
    try:
        content = images.fetch(url, field=field)
    except Invalid as error:
        raise Invalid(f"{field}: {error.message}", field=field) from error
    return images.keep(call.store, content, field=field)._replace(source_url=url)


def _addresses(call: Call, body: Any) -> Iterator[tuple[str, str]]:
    """Every address to be looked at, with its field; our own addresses name what is here already."""
    for place, image in enumerate(body.images or ()):
        if _id_of(image) or _is_ours(call, image.url):
            continue
        if image.url is None:
            raise Invalid(f"images.{place}.url is required", field=f"images.{place}.url")
        yield f"images.{place}.url", image.url
    for place, variant in enumerate(body.variants or ()):
        if variant.image and not _is_ours(call, variant.image):
            yield f"variants.{place}.image", variant.image


def _is_ours(call: Call, url: str | None) -> bool:
    """A picture that this server serves."""
    return own_path(call.origin, url or "").startswith(IMAGES)


def _id_of(image: Any) -> str:
    """The picture that a row names by its id; a new product has none yet."""
    return getattr(image, "id", None) or ""


def set_pictures(session: Session, call: Call, product: Product, body: Any) -> None:
    """The product's pictures, and those of its variants, become what the body names; what it leaves out stays."""
    shown = offers.shown_product(session, product.id)
    assert shown is not None, "a product that is being changed is there"
    known = [*shown.images, *(variant.image for variant in shown.variants if variant.image is not None)]
    for place, (row, variant) in enumerate(zip(body.variants or (), shown.variants, strict=False)):
        if "image" in row.model_fields_set:
            present = [] if variant.image is None else [variant.image]
            wanted = [] if row.image is None else [
                _wanted(call, row.image, None, present, known, f"variants.{place}.image")
            ]  # fmt: skip
            images.set_images(session, product.id, wanted, variant_id=variant.id, field=f"variants.{place}.image")
    if body.images is None:
        return
    images.set_images(
        session,
        product.id,
        [
            Wanted(id=_id_of(image), alt=image.alt)
            if _id_of(image)
            else _wanted(call, image.url or "", image.alt, shown.images, known, f"images.{place}.url")
            for place, image in enumerate(body.images)
        ],
    )  # fmt: skip


def _wanted(
    call: Call, url: str, alt: str | None, present: list[ShownImage], known: list[ShownImage], field: str
) -> Wanted:
    """What an address names: a picture that was fetched, or one of this product by the address that it is served at."""
    found: Found = call.found
    if url in found:
        return Wanted(stored=found[url], alt=alt)
    path = own_path(call.origin, url)
    for image in present:
        if image_path(image) == path:
            return Wanted(id=image.id, alt=alt)
    for image in known:
        if image_path(image) == path:
            stored = Stored(image.digest, image.kind, image.width, image.height, image.size_bytes, image.source_url)
            return Wanted(stored=stored, alt=alt)
    raise Invalid(f"{field} is no picture of this product", field=field)
