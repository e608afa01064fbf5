"""Categories of the ambra edition: one tree by id and slug, from making to removing."""

from __future__ import annotations

from typing import Any

from ambra_tui.services.categories import MAX_DEPTH
from tests.api.conftest import Api
from tests.api.test_ambra_products import made, refused, send

KEYS = {
    "id", "name", "slug", "description", "parent_id", "depth", "status", "products_count", "created_at", "updated_at",
}  # fmt: skip


def grown(api: Api, name: str, **values: Any) -> dict[str, Any]:
    """A category."""
    answer = send(api, "POST", "/categories", {"name": name, **values})
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    assert answer.headers["location"] == f"/v1/categories/{data['id']}"
    return data


def slugs(api: Api, query: str = "") -> list[str]:
    answer = send(api, "GET", f"/categories{query}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["pagination"]["total"] == len(body["data"])
    return [row["slug"] for row in body["data"]]


def test_made_read_and_listed(api: Api) -> None:
    root = grown(api, "Garden & Tools")
    assert set(root) == KEYS
    assert (root["slug"], root["parent_id"], root["depth"], root["status"]) == ("garden-tools", None, 0, "active")
    assert root["id"].startswith("cat_")
    assert grown(api, "Garden & Tools")["slug"] == "garden-tools-2"
    leaf = grown(api, "Rakes", code="RAKES 1", parent_id="garden-tools", description="long")
    assert (leaf["slug"], leaf["parent_id"], leaf["depth"]) == ("rakes-1", root["id"], 1)
    assert grown(api, "日本", status="inactive")["slug"] == "日本"
    for named in (root["id"], root["slug"]):
        answer = send(api, "GET", f"/categories/{named}")
        assert answer.json() == {"success": True, "data": root}
        assert answer.headers["etag"]
    assert slugs(api) == ["日本", "rakes-1", "garden-tools-2", "garden-tools"]
    assert slugs(api, "?sort=name,-slug") == ["garden-tools-2", "garden-tools", "rakes-1", "日本"]
    assert slugs(api, "?parent_id=garden-tools") == slugs(api, f"?parent_id={root['id']}") == ["rakes-1"]
    assert slugs(api, "?parent_id=none&status=active") == ["garden-tools-2", "garden-tools"]
    assert slugs(api, "?parent_id=nowhere") == slugs(api, "?search=nothing") == slugs(api, "?status=archived") == []
    assert slugs(api, "?search=rak") == ["rakes-1"]
    today = api.store.clock.today()
    assert len(slugs(api, f"?created_after={today}&updated_after={today}")) == 4
    page = send(api, "GET", "/categories?limit=3&page=2").json()["pagination"]
    assert page == {"page": 2, "limit": 3, "total": 4, "pages": 2, "has_next": False, "has_prev": True}
    for wrong in ("limit=0", "sort=depth,colour", "status=none"):
        refused(send(api, "GET", f"/categories?{wrong}"), 400, "INVALID_REQUEST")


def test_replaced_changed_and_moved(api: Api) -> None:
    root, other = grown(api, "Root"), grown(api, "Other")
    leaf = grown(api, "Leaf", parent_id="root", description="x", status="inactive")
    below = grown(api, "Below", parent_id="leaf")
    path = f"/categories/{leaf['id']}"
    changed = send(api, "PATCH", path, {"name": "Twig"}).json()["data"]
    assert changed == {**leaf, "name": "Twig", "updated_at": changed["updated_at"]}
    bare = send(api, "PUT", path, {"name": "Twig"}).json()["data"]
    assert (bare["description"], bare["parent_id"], bare["depth"], bare["status"]) == ("", None, 0, "active")
    assert bare["slug"] == "leaf"  # others link to it
    moved = send(api, "PATCH", path, {"parent_id": "other", "slug": "twig"}).json()["data"]
    assert (moved["parent_id"], moved["depth"], moved["slug"]) == (other["id"], 1, "twig")
    assert send(api, "GET", f"/categories/{below['id']}").json()["data"]["depth"] == 2
    for parent in (leaf["id"], "below"):
        error = refused(send(api, "PATCH", path, {"parent_id": parent}), 422, "VALIDATION_ERROR")
        assert list(error["details"]) == ["parent_id"]
    assert list(refused(send(api, "PATCH", path, {"slug": "root"}), 422, "VALIDATION_ERROR")["details"]) == ["slug"]
    refused(send(api, "POST", "/categories", {"name": "x", "slug": "root"}), 422, "VALIDATION_ERROR")
    tag = send(api, "GET", path).headers["etag"]
    assert send(api, "PATCH", path, {"parent_id": None}, headers={"If-Match": tag}).json()["data"]["depth"] == 0
    refused(send(api, "PUT", path, {"name": "y"}, headers={"If-Match": tag}), 412, "PRECONDITION_FAILED")
    assert root["slug"] == "root"


def test_what_is_wrong_is_told(api: Api) -> None:
    for body, field in (({}, "name"), ({"name": ""}, "name"), ({"name": "a", "slug": "!!"}, "slug"),
                        ({"name": "a", "status": "draft"}, "status"), ({"name": "a\u0000"}, "name")):  # fmt: skip
        error = refused(send(api, "POST", "/categories", body), 422, "VALIDATION_ERROR")
        assert list(error["details"]) == [field]
    error = refused(send(api, "POST", "/categories", {"name": "a", "parent_id": "no"}), 404, "CATEGORY_NOT_FOUND")
    assert error["message"] == "Category with ID 'no' not found"
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        error = refused(send(api, method, "/categories/cat_no", {"name": "a"}), 404, "CATEGORY_NOT_FOUND")
        assert error["details"] == {"category_id": "cat_no"}
    parent: str | None = None
    for level in range(MAX_DEPTH):
        parent = grown(api, f"Level {level}", parent_id=parent)["id"]
    refused(send(api, "POST", "/categories", {"name": "too deep", "parent_id": parent}), 422, "VALIDATION_ERROR")


def test_removed_when_nothing_stands_in_it(api: Api) -> None:
    root = grown(api, "Root")
    leaf = grown(api, "Leaf", parent_id="root")
    product = made(api, category_id="leaf")
    assert send(api, "GET", "/categories/leaf").json()["data"]["products_count"] == 1
    for path in ("leaf", root["id"]):
        error = refused(send(api, "DELETE", f"/categories/{path}"), 422, "IN_USE")
        assert "still in use" in error["message"]
    send(api, "PATCH", f"/products/{product['id']}", {"category_id": None})
    for path in (leaf["id"], "root"):
        answer = send(api, "DELETE", f"/categories/{path}")
        assert (answer.status_code, answer.content) == (204, b"")
    assert slugs(api) == []
    assert grown(api, "Leaf")["slug"] == "leaf"
