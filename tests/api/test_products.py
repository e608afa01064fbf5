"""Products, variants, barcodes of the operations edition."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.api.conftest import Api

EAN = "4006381333931"


def test_a_product_is_created_and_read_back(api: Api) -> None:
    answer = api.post("/products", {"product": {"name": "Milk 1 l", "sku": "MILK", "barcode": EAN, "price": 1.29}})
    assert answer.status_code == 201
    product = answer.json()
    assert (product["name"], product["sku"], product["barcode"], product["price"]) == ("Milk 1 l", "MILK", EAN, 1.29)
    assert [variant["sku"] for variant in product["variants"]] == ["MILK"]
    again = api.client.get(answer.headers["location"])
    assert again.json() == product
    assert again.headers["etag"] == answer.headers["etag"]
    assert api.get("/products").json()["data"] == [product]


def test_a_product_without_a_sku_gets_a_variant_with_a_number(api: Api) -> None:
    product = api.post("/products", {"name": "Nameless"}).json()
    assert product["variants"][0]["sku"] == product["sku"]
    assert product["sku"].startswith("SKU-")


@pytest.mark.parametrize("key", ["variants", "variants_attributes"])
def test_variants_with_tracking_and_cases(api: Api, key: str) -> None:
    body = {
        "name": "Shirt",
        "price": 20,
        key: [
            {"sku": "S", "name": "Small", "is_lot_tracked": True, "price": 19.5},
            {"sku": "L", "name": "Large", "barcodes": [{"code": "CASE-L", "kind": "case", "quantity": 12}]},
        ],
    }
    product = api.post("/products", body).json()
    small, large = product["variants"]
    assert (small["is_lot_tracked"], small["price"], large["is_lot_tracked"], large["price"]) == (True, 19.5, False, 20)
    assert product["sku"] is None
    assert large["barcodes"] == [{"code": "CASE-L", "kind": "case", "quantity": 12}]
    listed = api.get(f"/products/{product['id']}/variants").json()
    assert listed["data"] == [small, large]
    assert listed["meta"]["total"] == 2
    assert api.get("/variants/barcode/CASE-L").json()["scanned_quantity"] == 12


def test_two_products_with_one_sku(api: Api) -> None:
    assert api.post("/products", {"name": "One", "sku": "A"}).status_code == 201
    answer = api.post("/products", {"name": "Two", "sku": "A"})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "VALIDATION_ERROR"
    assert answer.json()["error"]["details"][0]["field"] == "sku"
    assert api.get("/products").json()["meta"]["total"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"name": "A", "price": -1}, "price"),
        ({"name": "A", "price": 1.001}, "price"),
        ({"name": "A", "barcode": "4006381333930"}, "barcode"),
        ({"name": "A", "is_lot_tracked": "yes"}, "is_lot_tracked"),
        ({"name": "A", "variants": {}}, "variants"),
        ({"name": "A", "variants": [{"sku": 1}]}, "variants.0.sku"),
        ({"name": "A", "sku": "A", "variants": [{"sku": "B"}]}, "sku"),
        ({"name": "A", "status": "eaten"}, "status"),
        ({"name": "A", "currency": "EURO"}, "currency"),
    ],
)
def test_wrong_products_name_the_field(api: Api, body: dict[str, Any], field: str) -> None:
    answer = api.post("/products", body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["details"][0]["field"] == field
    assert api.get("/products").json()["meta"]["total"] == 0


def test_markup_in_a_name_is_kept(api: Api) -> None:
    name = "[@click=app.quit]go[/] <b>&amp;"
    assert api.post("/products", {"name": name}).json()["name"] == name


def test_products_are_searched_and_filtered(api: Api) -> None:
    api.post("/products", {"name": "Oat milk", "sku": "OAT", "barcode": EAN})
    api.post("/products", {"name": "Butter", "sku": "BUT", "status": "draft"})
    names = {
        search: [product["name"] for product in api.get("/products", params={"search": search}).json()["data"]]
        for search in ("milk", "BUT", EAN, "zebra")
    }
    assert names == {"milk": ["Oat milk"], "BUT": ["Butter"], EAN: ["Oat milk"], "zebra": []}
    assert api.get("/products", params={"status": "draft"}).json()["meta"]["total"] == 1
    assert api.get("/products", params={"status": "eaten"}).status_code == 422


@pytest.mark.parametrize(
    "code",
    [
        EAN,
        f"0{EAN}",
        f"01{'0' + EAN}17270131",
        f"(01)0{EAN}(10)LOT/7",
        f"https://id.gs1.org/01/0{EAN}/10/AB%2FC?17=270131",
        "MILK",
        "own/label (7)",
    ],
)
def test_variants_are_found_by_any_code(api: Api, code: str) -> None:
    body = {"name": "Milk", "sku": "MILK", "barcode": EAN, "barcodes": [{"code": "own/label (7)", "kind": "own_label"}]}
    product = api.post("/products", body).json()
    answer = api.get(f"/variants/barcode/{quote(code, safe='')}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == product["variants"][0]["id"]


@pytest.mark.parametrize("code", ["4006381333930", "%00", "%1b[2J", "x" * 2000, "..%2f..%2fetc", "%ff%fe", " "])
def test_unknown_codes_are_not_found(api: Api, code: str) -> None:
    answer = api.client.get(f"/api/v1/variants/barcode/{code}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "VARIANT_NOT_FOUND"


def test_products_of_another_organization_do_not_exist(api: Api, other: Api) -> None:
    product = api.post("/products", {"name": "Milk", "sku": "MILK", "barcode": EAN}).json()
    for path in (f"/products/{product['id']}", f"/products/{product['id']}/variants", f"/variants/barcode/{EAN}"):
        assert api.get(path).status_code == 200
        foreign = other.get(path)
        absent = other.get(path.replace(product["id"], "prod_no").replace(EAN, "96385074"))
        assert foreign.status_code == absent.status_code == 404
        assert foreign.json()["error"]["code"] == absent.json()["error"]["code"]
    assert other.get("/products").json()["data"] == []
    assert other.post("/products", {"name": "Milk", "sku": "MILK", "barcode": EAN}).status_code == 201
