"""Products of the ambra edition: every operation with its parameters, defaults, limits, statuses and refusals."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Api


def send(api: Api, method: str, path: str, body: Any = None, **options: Any) -> Any:
    """A request below /v1."""
    if method != "GET" and "content" not in options:
        options["json"] = {} if body is None else body
    return api.client.request(method, f"/v1{path}", **options)


def made(api: Api, **values: Any) -> dict[str, Any]:
    """A product."""
    body = {"name": "Premium T-Shirt", "sku": "TEE-001", **values}
    answer = send(api, "POST", "/products", body)
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_put_replaces_and_patch_keeps(api: Api) -> None:
    product = made(api, price=29.99, barcode="5001000000019", reorder_point=5, reorder_quantity=10, status="inactive")
    path = f"/products/{product['id']}"
    changed = send(api, "PATCH", path, {"price": 5}).json()["data"]
    assert changed == {**product, "price": 5, "updated_at": changed["updated_at"]}
    bare = send(api, "PUT", path, {"sku": "TEE-002", "name": "Other"}).json()["data"]
    assert (bare["sku"], bare["name"], bare["status"], bare["unit_of_measure"]) == ("TEE-002", "Other", "active", "ea")
    assert (bare["price"], bare["barcode"], bare["reorder_point"], bare["reorder_quantity"]) == (None, None, 0, 0)
