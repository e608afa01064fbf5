"""Inventory policies of the operations edition: rows 38 to 42 of the contract, and the defaults beneath them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests import factories
from tests.api.conftest import Api, client_for

URL = "/inventory_policies"
FULL = {
    "reorder_point": 24, "reorder_quantity": 48, "lead_time_days": 3, "safety_stock": 6.5, "max_stock_level": 100,
    "minimum_order": 12, "pack_quantity": 12, "review_period_days": 14, "service_level": 0.98,
}  # fmt: skip


def made(api: Api, house: factories.Warehouse, **values: Any) -> dict[str, Any]:
    body = {"sku": "MILK-1L", "location_id": house.site.id, "reorder_point": 24, "reorder_quantity": 48, **values}
    answer = api.post(URL, {"inventory_policy": body})
    assert answer.status_code == 201, answer.text
    policy: dict[str, Any] = answer.json()
    return policy


def error(answer: httpx.Response) -> tuple[int, str, str]:
    found = answer.json()["error"]
    assert set(found) == {"code", "message", "details", "request_id"}
    return answer.status_code, found["code"], found["details"][0]["field"] if found["details"] else ""


def test_a_policy_is_created_read_changed_and_removed(
    api: Api, house: factories.Warehouse, milk: Any, stocked: Any
) -> None:
    def status() -> str:
        return str(api.get("/inventory_levels").json()["data"][0]["status"])

    answer = api.post(URL, {"inventory_policy": {"variant_id": milk.id, "location_id": house.site.id, **FULL}})
    policy = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/v1/inventory_policies/{policy['id']}")
    assert {**policy, **FULL, "variant_id": milk.id, "location_id": house.site.id, "sku": "MILK-1L"} == policy
    assert policy["effective"] == FULL
    assert status() == "low"

    read = api.get(f"{URL}/{policy['id']}")
    assert (read.status_code, read.json()) == (200, policy)
    changed = api.patch(f"{URL}/{policy['id']}", {"inventory_policy": {"reorder_point": 10, "safety_stock": None}})
    assert changed.json() == {
        **policy, "reorder_point": 10, "safety_stock": None, "updated_at": changed.json()["updated_at"],
        "effective": {**FULL, "reorder_point": 10, "safety_stock": 0},
    }  # fmt: skip
    assert status() == "normal"

    stale = api.client.delete(f"/api/v1{URL}/{policy['id']}", headers={"If-Match": read.headers["ETag"]})
    assert error(stale)[:2] == (412, "PRECONDITION_FAILED")
    fresh = api.get(f"{URL}/{policy['id']}").headers["ETag"]
    for is_repeated in (False, True):
        headers = {"If-Match": fresh, "Idempotency-Key": "away"}
        gone = api.client.delete(f"/api/v1{URL}/{policy['id']}", headers=headers)
        assert (gone.status_code, gone.content, "Idempotent-Replayed" in gone.headers) == (204, b"", is_repeated)
    for answer in (api.get(f"{URL}/{policy['id']}"), api.client.delete(f"/api/v1{URL}/{policy['id']}")):
        assert error(answer) == (404, "INVENTORY_POLICY_NOT_FOUND", "inventory_policy_id")


def test_wrapped_flat_and_form_bodies_say_the_same(api: Api, house: factories.Warehouse, milk: Any) -> None:
    flat = {"sku": "MILK-1L", "location_id": house.site.id, "reorder_point": 2, "reorder_quantity": 5}
    seen = []
    bodies: list[dict[str, Any]] = [
        {"json": {"inventory_policy": flat}},
        {"json": flat},
        {"data": {f"inventory_policy[{name}]": str(value) for name, value in flat.items()}},
    ]
    for body in bodies:
        answer = api.client.post(f"/api/v1{URL}", **body)
        assert answer.status_code == 201, answer.text
        seen.append((answer.json()["reorder_point"], answer.json()["reorder_quantity"]))
        path = f"/api/v1{URL}/{answer.json()['id']}"
        assert api.client.patch(path, data={"inventory_policy[lead_time_days]": "9"}).json()["lead_time_days"] == 9
        assert api.client.delete(path).status_code == 204
    assert seen == [(2, 5)] * 3


def test_the_list_is_newest_first_filtered_and_paged(api: Api, house: factories.Warehouse, milk: Any) -> None:
    bolt = api.write(lambda session: factories.variant(session, sku="BOLT"))
    second = api.write(lambda session: factories.site(session, code="WH2"))
    first = made(api, house)
    elsewhere = made(api, house, location_id=second.id)
    other = made(api, house, sku="BOLT")
    page = api.get(URL)
    assert (page.json()["data"], page.json()["meta"]["total"]) == ([other, elsewhere, first], 3)
    for filters, expected in (
        ({"location_id": house.site.id}, [other, first]),
        ({"sku": "MILK-1L"}, [elsewhere, first]),
        ({"variant_id": bolt.id}, [other]),
        ({"variant_id": bolt.id, "sku": "MILK-1L"}, []),
        ({"sku": "MILK-1L", "location_id": second.id}, [elsewhere]),
        ({"sku": "NOTHING"}, []),
        ({"location_id": "wh_nothing"}, []),
    ):
        assert api.get(URL, params=filters).json()["data"] == expected
    paged = api.get(URL, params={"page": 2, "per_page": 2})
    assert (paged.json()["data"], paged.headers["X-Total-Count"]) == ([first], "3")
    assert 'rel="prev"' in paged.headers["Link"]
    assert api.get(URL, params={"per_page": 1000}).json()["meta"]["per_page"] == 100
    assert error(api.get(URL, params={"per_page": 0}))[:2] == (422, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"reorder_point": None}, "reorder_point"),
        ({"reorder_point": -1}, "reorder_point"),
        ({"reorder_point": "24"}, "reorder_point"),
        ({"reorder_quantity": True}, "reorder_quantity"),
        ({"lead_time_days": 1.5}, "lead_time_days"),
        ({"lead_time_days": -1}, "lead_time_days"),
        ({"safety_stock": -0.5}, "safety_stock"),
        ({"max_stock_level": 23}, "max_stock_level"),
        ({"service_level": 0.4}, "service_level"),
        ({"service_level": 0.9995}, "service_level"),
        ({"pack_quantity": 0}, "pack_quantity"),
        ({"sku": None}, "variant_id"),
        ({"location_id": None}, "location_id"),
    ],
)
def test_wrong_values(api: Api, house: factories.Warehouse, milk: Any, values: dict[str, Any], field: str) -> None:
    body = {"sku": "MILK-1L", "location_id": house.site.id, "reorder_point": 24, "reorder_quantity": 48, **values}
    assert error(api.post(URL, body)) == (422, "VALIDATION_ERROR", field)
    assert api.get(URL).json()["meta"]["total"] == 0


def test_what_is_taken_or_is_not_there(api: Api, house: factories.Warehouse, milk: Any) -> None:
    policy = made(api, house)
    again = {"sku": "MILK-1L", "location_id": house.site.id, "reorder_point": 1, "reorder_quantity": 1}
    taken = api.post(URL, again)
    assert (error(taken), taken.json()["error"]["message"]) == (
        (422, "VALIDATION_ERROR", "variant_id"), "MILK-1L has an inventory policy at WH1 already: change that one",
    )  # fmt: skip
    assert [row["field"] for row in taken.json()["error"]["details"]] == ["variant_id", "location_id"]
    assert error(api.post(URL, {**again, "sku": "NOTHING"}))[0] == 404
    assert error(api.post(URL, {**again, "location_id": "wh_nothing"}))[:2] == (404, "LOCATION_NOT_FOUND")
    assert error(api.patch(f"{URL}/{policy['id']}", {"reorder_point": None})) == (
        422, "VALIDATION_ERROR", "reorder_point",
    )  # fmt: skip
    assert error(api.patch(f"{URL}/ipol_nothing", {"reorder_point": 1}))[0] == 404
    unchanged = api.patch(f"{URL}/{policy['id']}", {})
    assert (unchanged.status_code, unchanged.json()["reorder_point"]) == (200, 24)


def test_keys_and_organizations(api: Api, other: Api, house: factories.Warehouse, milk: Any) -> None:
    policy = made(api, house)
    path = f"{URL}/{policy['id']}"
    foreign, absent = other.get(path), other.get(f"{URL}/ipol_nothing")
    assert foreign.status_code == 404
    assert foreign.json()["error"]["message"].replace(policy["id"], "X") == (
        absent.json()["error"]["message"].replace("ipol_nothing", "X")
    )
    assert other.patch(path, {"reorder_point": 1}).status_code == other.client.delete(f"/api/v1{path}").status_code
    assert other.get(URL, params={"sku": "MILK-1L"}).json()["data"] == []
    body = {"variant_id": milk.id, "location_id": house.site.id, "reorder_point": 1, "reorder_quantity": 1}
    assert other.post(URL, body).status_code == 404

    for scopes, get, patch, delete in (
        (["inventory_policies:read"], 200, 403, 403),
        (["inventory_policies:write"], 200, 200, 204),
        (["delete"], 403, 403, 204),
    ):
        with client_for(api.store, str(api.client.base_url), api.organization_id, scopes) as client:
            assert client.get(f"/api/v1{path}").status_code == get
            assert client.patch(f"/api/v1{path}", json={"reorder_point": 3}).status_code == patch
            assert client.delete(f"/api/v1{path}").status_code == delete
        if delete == 204:
            path = f"{URL}/{made(api, house)['id']}"
    with httpx.Client(base_url=api.client.base_url) as nobody:
        assert nobody.get(f"/api/v1{URL}").status_code == 401


def test_defaults_hold_where_no_policy_says_otherwise(
    api: Api, other: Api, house: factories.Warehouse, milk: Any, stocked: Any
) -> None:
    def low() -> int:
        return int(api.get("/reports/low_stock").json()["meta"]["total"])

    of_all, of_milk = "/inventory_policy_defaults/organization", f"/inventory_policy_defaults/{milk.id}"
    assert error(api.get(of_milk))[:2] == (404, "INVENTORY_POLICY_DEFAULT_NOT_FOUND")
    answer = api.client.put(f"/api/v1{of_milk}", json={"inventory_policy_default": {"reorder_point": 11}})
    assert (answer.status_code, answer.json()["sku"], answer.json()["reorder_point"]) == (200, "MILK-1L", 11)
    assert api.get(of_milk).json() == answer.json()
    assert low() == 1
    policy = made(api, house, reorder_point=5)
    assert low() == 0
    assert api.client.delete(f"/api/v1{URL}/{policy['id']}").status_code == 204
    assert low() == 1
    replaced = api.client.put(f"/api/v1{of_milk}", json={"lead_time_days": 4})
    assert (replaced.json()["reorder_point"], replaced.json()["lead_time_days"], low()) == (None, 4, 0)
    assert api.client.put(f"/api/v1{of_all}", json={"reorder_point": 12}).json()["variant_id"] is None
    assert low() == 1
    for path in (of_all, of_milk):
        assert api.client.delete(f"/api/v1{path}").status_code == 204
        assert error(api.client.delete(f"/api/v1{path}"))[0] == 404
    assert low() == 0
    assert error(api.client.put(f"/api/v1{of_all}", json={"pack_quantity": 0}))[0] == 422
    assert other.client.put(f"/api/v1{of_milk}", json={"reorder_point": 1}).status_code == 404
