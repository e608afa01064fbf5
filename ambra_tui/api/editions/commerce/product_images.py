"""Pictures of a product: sent as a file or fetched from an address, listed, taken away.

Example::

    curl -X POST -H "Authorization: Bearer $KEY" -F image=@front.png http://127.0.0.1:8080/v2/products/TEE/images
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue
from ambra_tui.api.edition import Nothing as Empty
from ambra_tui.api.editions._webhooks import Url
from ambra_tui.api.editions.commerce._lists import Paged
from ambra_tui.api.editions.commerce._pictures import picture_at
from ambra_tui.api.editions.commerce._products import ImageView, image_view
from ambra_tui.api.editions.commerce.products import READ, WRITE, Alt
from ambra_tui.api.fields import Body, Identifier
from ambra_tui.errors import Invalid, NotFound
from ambra_tui.services import images, offers
from ambra_tui.services.images import Stored
from ambra_tui.services.offers import ShownImage, ShownProduct
from ambra_tui.store.models import Product

catalogue = Catalogue("Product images", about="Pictures of products and their variants: sent, fetched, taken away.")
PATH = "/products/{id}/images"


class NewImage(Body):
    """A picture: the body itself, a form's file, or what is at `url`. `variant_id`: of that variant alone, in the place
    of the one that it has."""

    url: Url | None = None
    alt: Alt = ""
    variant_id: Identifier | None = None


def _look(call: Call, body: NewImage) -> Stored:
    with call.store.read(call.principal.organization_id) as session:
        _product(session, call)  # nothing is fetched for a product that is not there
    if call.upload is not None:
        return images.keep(call.store, call.upload.content)
    if body.url is None:
        raise Invalid("url is required: send an address, or the picture itself", field="url")
    return picture_at(call, body.url, "url")


@catalogue.read(
    PATH, Paged, scope=READ, operation_id="listProductImages", is_list=True,
    summary="Pictures of a product, in their order", shape=ImageView,
)  # fmt: skip
def list_images(session: Session, call: Call, query: Paged) -> Answer:
    """Those of the product itself, then those of its variants."""
    shown = _all_of(_shown(session, _product(session, call)))
    return Answer([image_view(session, row) for row in shown[query.offset : query.offset + query.per_page]], len(shown))


@catalogue.write(
    "POST", PATH, NewImage, scope=WRITE, operation_id="addProductImage", status=201, before=_look, takes_files=True,
    summary="Add a picture", shape=ImageView, example={"url": "https://your-domain.com/front.png", "alt": "Front"},
)  # fmt: skip
def add_image(session: Session, call: Call, body: NewImage) -> Answer:
    """It stands behind the others."""
    product = _product(session, call)
    if body.variant_id is not None and body.variant_id not in {row.id for row in _shown(session, product).variants}:
        raise Invalid("variant_id is no variant of this product", field="variant_id")
    made = images.add_image(session, product.id, call.found, variant_id=body.variant_id, alt=body.alt)
    offers.mark_changed(session, product, ["images"])
    row = next(row for row in _all_of(_shown(session, product)) if row.id == made.id)
    return Answer(image_view(session, row), location=call.url(f"/products/{product.id}/images"))


@catalogue.write(
    "DELETE", f"{PATH}/{{image_id}}", Empty, scope=WRITE, operation_id="deleteProductImage", status=204,
    summary="Take a picture away", shape=None,
)  # fmt: skip
def delete_image(session: Session, call: Call, _body: Any) -> Answer:
    """The others keep their order."""
    product = _product(session, call)
    images.remove_image(session, product.id, call.path["image_id"])
    offers.mark_changed(session, product, ["images"])
    return Answer(None)


def _product(session: Session, call: Call) -> Product:
    return offers.product_named(session, call.path["id"])


def _shown(session: Session, product: Product) -> ShownProduct:
    shown = offers.shown_product(session, product.id)
    if shown is None:
        raise NotFound("product", product.id)
    return shown


def _all_of(shown: ShownProduct) -> list[ShownImage]:
    return [*shown.images, *(row.image for row in shown.variants if row.image is not None)]
