"""Trials of pictures of products."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

PATH = "/products/$shop_product/images"

# An address to fetch from would be one of the network's: what is found there is tried by the tests of pictures.
TRIALS: dict[str, tuple[Trial, ...]] = {
    "listProductImages": (Trial(PATH),),
    "addProductImage": (Trial(PATH, {"url": "http://127.0.0.1/x.png", "variant_id": "$shop_variant"}, is_done=False),),
    "deleteProductImage": (Trial("/products/$art/images/$shop_image"),),
}


def furnish(api: Api, mark: str, names: Names) -> None:
    """A product with a picture."""
    file = BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    made = api.client.post("/v2/products", json={"name": f"{mark} picture", "sku": f"{mark}-ART", "price": 1}).json()
    sent = api.client.post(
        f"/v2/products/{made['id']}/images", content=file.getvalue(), headers={"Content-Type": "image/png"}
    )
    assert sent.status_code == 201, sent.text
    names["$art"], names["$shop_image"] = made["id"], sent.json()["id"]
