"""The commerce edition's products: found, made, changed, archived; true in every other edition."""

from __future__ import annotations

import pytest

from ambra_tui.store.models import OutboxEvent, ProductOffer
from ambra_tui.store.scope import scoped
from tests.api.ambra import Ambra
from tests.api.commerce import Shop, fields_of
from tests.api.conftest import Api

LAMP = {"name": "Lamp", "sku": "LAMP", "price": 20}
SHIRT = {
    "name": "Shirt", "sku": "TEE", "price": 19.99, "description": "Cotton", "categories": ["clothes", "summer-wear"],
    "variants": [
        {"sku": "TEE-L", "attributes": {"size": "Large", "color": "Blue"}},
        {"sku": "TEE-XL", "price": 24.5, "attributes": {"size": "XL"}, "barcode": "96385074"},
    ],
    "metadata": {"season": "SS26", "weight": 0.2, "tags": ["a", True, None, 3]},
}  # fmt: skip


@pytest.fixture
def shop(api: Api) -> Shop:
    return Shop(api)


def facts(api: Api) -> list[tuple[str, str]]:
    with api.store.read(api.organization_id) as session:
        rows = session.exec(scoped(session, OutboxEvent).order_by(OutboxEvent.id))
        return [(row.type, row.subject) for row in rows if row.type.startswith("product_")]


def test_a_product_without_variants_is_its_only_one(shop: Shop, api: Api) -> None:
    made = shop.ask("POST", "/products", LAMP)
    lamp = made.json()
    assert (made.status_code, made.headers["location"]) == (201, f"/v2/products/{lamp['id']}")
    assert lamp == {
        "id": lamp["id"], "name": "Lamp", "description": "", "price": 20, "currency": "EUR", "sku": "LAMP",
        "status": "active", "categories": [], "variants": [], "images": [], "metadata": {}, "inventory": 0,
        "variant_id": lamp["variant_id"], "barcode": None, "created_at": lamp["created_at"],
        "updated_at": lamp["created_at"],
    }  # fmt: skip
    assert lamp["id"].startswith("prod_") and lamp["variant_id"].startswith("var_")
    assert shop.get(f"/products/{lamp['id']}") == shop.get("/products/LAMP") == lamp
    changed = shop.put("/products/LAMP", {"price": 12.5, "sku": "LAMP-2", "barcode": "5001000000019"})
    assert (changed["price"], changed["sku"], changed["name"]) == (12.5, "LAMP-2", "Lamp")
    row = Ambra(api).get(f"/products/{lamp['id']}")
    assert (row["price"], row["sku"], row["barcode"]) == (12.5, "LAMP-2", "5001000000019")
    assert facts(api) == [("product_created", lamp["id"]), ("product_updated", lamp["id"])]
    assert shop.put("/products/LAMP-2", {"price": 12.5, "name": "Lamp"}) == changed
    assert shop.put("/products/LAMP-2", {}) == changed
    assert len(facts(api)) == 2  # nothing changed: nobody is told


def test_variants_follow_the_price_of_their_product_until_they_have_their_own(shop: Shop, api: Api) -> None:
    shirt = shop.post("/products", SHIRT)
    large, larger = shirt["variants"]
    assert (shirt["sku"], shirt["price"], shirt["variant_id"]) == ("TEE", 19.99, None)
    assert (shirt["categories"], shirt["metadata"]) == (SHIRT["categories"], SHIRT["metadata"])
    assert (large["price"], large["attributes"], large["name"]) == (
        None,
        SHIRT["variants"][0]["attributes"],
        "Large / Blue",
    )
    assert (larger["price"], larger["barcode"], larger["image"], larger["inventory"]) == (
        24.5,
        "96385074",
        None,
        0,
    )
    ambra = Ambra(api)

    def prices() -> dict[str, float]:
        return {row["sku"]: row["price"] for row in ambra.page("/products")[0]}

    assert prices() == {"TEE-L": 19.99, "TEE-XL": 24.5}
    for key in ("TEE", "TEE-L", "TEE-XL", shirt["id"]):
        assert shop.get(f"/products/{key}")["id"] == shirt["id"]
    assert shop.put("/products/TEE", {"price": 30})["variants"][1]["price"] == 24.5
    assert prices() == {"TEE-L": 30, "TEE-XL": 24.5}
    # An own price that equals the product's stays when that changes; null follows again.
    own = [{"id": large["id"], "price": 30}, {"sku": "TEE-XL", "price": None}]
    changed = shop.put("/products/TEE", {"variants": own})
    assert [each["price"] for each in changed["variants"]] == [30, None]
    shop.put("/products/TEE", {"price": 10})
    assert prices() == {"TEE-L": 30, "TEE-XL": 10}
    # What another door says of a price is told as the variant's own.
    ambra.patch(f"/products/{shirt['id']}", {"variant_id": larger["id"], "price": 11})
    assert [each["price"] for each in shop.get("/products/TEE")["variants"]] == [30, 11]


def test_the_list_of_variants_is_the_whole_list(shop: Shop, api: Api) -> None:
    shirt = shop.post("/products", SHIRT)
    large, larger = shirt["variants"]
    rows = [{"attributes": {"size": "S"}}, {"id": larger["id"], "sku": "TEE-XXL", "attributes": {"size": "XXL"}}]
    changed = shop.put("/products/TEE", {"variants": rows})
    assert [(each["sku"], each["name"], each["price"]) for each in changed["variants"]] == [
        ("TEE-1", "S", None), ("TEE-XXL", "XXL", 24.5),
    ]  # fmt: skip
    assert {row["sku"] for row in Ambra(api).page("/products")[0]} == {"TEE-1", "TEE-XXL"}
    again = shop.put("/products/TEE", {"variants": [{"sku": "TEE-L"}, *changed["variants"]]})  # as it was answered
    assert (again["variants"][0]["id"], again["variants"][0]["status"]) == (large["id"], "active")
    assert len(again["variants"]) == 3
    for rows, field in (
        ([], "variants"),
        ([{"id": "var_no"}], "variants.0.id"),
        ([{"sku": "TEE-L"}, {"id": large["id"]}], "variants"),
        ([{"sku": "A", "price": -1}], "variants.0.price"),
        ([{"sku": "A", "price": 1.005}], "variants.0.price"),
        ([{"sku": "A", "attributes": {"": "x"}}], "variants.0.attributes"),
        ([{"sku": "A", "attributes": {"x": 1}}], "variants.0.attributes"),
    ):
        assert fields_of(shop.refused(422, "validation_error", "PUT", "/products/TEE", {"variants": rows})) == [field]
    assert shop.get("/products/TEE") == again
    shop.post("/products", LAMP)
    turned = shop.put(
        "/products/LAMP", {"variants": [{"sku": "LAMP", "attributes": {"foot": "wood"}}, {"sku": "LAMP-B"}]}
    )
    assert (turned["sku"], turned["variant_id"], [v["price"] for v in turned["variants"]]) == (
        "LAMP",
        None,
        [None, None],
    )
    assert shop.put("/products/LAMP", {"sku": "LAMPS"})["sku"] == "LAMPS"
    assert shop.get("/products/LAMP-B")["sku"] == "LAMPS"


def test_what_is_taken_or_wrong_is_refused_by_its_field(shop: Shop) -> None:
    shop.post("/products", SHIRT)
    shop.post("/products", LAMP)
    for sku in ("TEE", "TEE-L", "LAMP"):
        error = shop.refused(409, "conflict", "POST", "/products", {**LAMP, "sku": sku})
        assert fields_of(error) == ["sku"] and sku in error["message"]
        if sku != "LAMP":
            shop.refused(409, "conflict", "PUT", "/products/LAMP", {"sku": sku})
    shop.refused(409, "conflict", "POST", "/products", {**LAMP, "sku": "A", "variants": [{"sku": "TEE-L"}]})
    shop.refused(409, "conflict", "POST", "/products", {**LAMP, "sku": "A", "barcode": "96385074"})
    shop.refused(409, "conflict", "PUT", "/products/TEE", {"variants": [{"sku": "LAMP"}]})
    assert fields_of(shop.refused(422, "validation_error", "POST", "/products", {})) == ["name", "price", "sku"]
    for wrong, field in (
        ({"price": "20"}, "price"), ({"price": -1}, "price"), ({"price": 1.001}, "price"), ({"price": 10**9}, "price"),
        ({"name": " "}, "name"), ({"sku": "a\u0000"}, "sku"), ({"status": "inactive"}, "status"),
        ({"categories": ["!"]}, "categories.0"), ({"categories": "audio"}, "categories"),
        ({"metadata": []}, "metadata"), ({"metadata": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}}, "metadata"),
        ({"metadata": {"a": "x" * 9000}}, "metadata"), ({"description": 1}, "description"),
        ({"variants": [{"sku": "X", "inventory": 5}]}, "variants.0.inventory"), ({"variants": {}}, "variants"),
    ):  # fmt: skip
        body = {**LAMP, "sku": "NEW", **wrong}
        assert fields_of(shop.refused(422, "validation_error", "POST", "/products", body)) == [field], wrong
    assert len(shop.ids("/products")) == 2
    assert fields_of(shop.refused(404, "not_found", "GET", "/products/none")) == ["product_id"]
    for method in ("PUT", "DELETE"):
        shop.refused(404, "not_found", method, "/products/none", {} if method == "PUT" else None)
    etag = shop.ask("GET", "/products/LAMP").headers["etag"]
    shop.put("/products/LAMP", {"price": 21}, headers={"If-Match": etag})
    error = shop.refused(409, "conflict", "PUT", "/products/LAMP", {"price": 22}, headers={"If-Match": etag})
    assert "If-Match" in error["message"] and shop.get("/products/LAMP")["price"] == 21
    assert shop.ask("GET", "/products/LAMP", headers={"If-None-Match": etag}).status_code == 200
    key = {"Idempotency-Key": "one"}
    first = shop.post("/products", {**LAMP, "sku": "ONCE"}, headers=key)
    assert shop.post("/products", {**LAMP, "sku": "ONCE"}, headers=key) == first
    reused = shop.refused(422, "validation_error", "POST", "/products", {**LAMP, "sku": "TWICE"}, headers=key)
    assert fields_of(reused) == ["Idempotency-Key"]


def test_an_archived_product_is_read_and_listed_as_such_and_comes_back(shop: Shop, api: Api) -> None:
    shirt, lamp = shop.post("/products", SHIRT), shop.post("/products", LAMP)
    shop.put("/products/TEE", {"variants": [{"sku": "TEE-XL"}]})
    shop.remove("/products/TEE")
    archived = shop.get(f"/products/{shirt['id']}")
    assert (archived["status"], [each["sku"] for each in archived["variants"]]) == ("archived", ["TEE-XL"])
    assert shop.ids("/products") == [lamp["id"]] and shop.ids("/products", status="archived") == [shirt["id"]]
    assert Ambra(api).ids("/products") == [lamp["id"]]
    assert facts(api)[-1] == ("product_deleted", shirt["id"])
    error = shop.refused(409, "conflict", "DELETE", f"/products/{shirt['id']}")
    assert "is archived" in error["message"]
    shop.refused(409, "conflict", "POST", "/products", {**LAMP, "sku": "TEE"})  # its SKU stays its own
    back = shop.put("/products/TEE", {"status": "draft"})
    assert (back["status"], [each["status"] for each in back["variants"]]) == ("draft", ["draft"])
    shop.put("/products/TEE", {"status": "archived", "price": 5})
    assert shop.get("/products/TEE")["price"] == 5
    told = [fact for fact in facts(api) if fact[1] == shirt["id"]]
    assert [name for name, _ in told][-2:] == ["product_updated", "product_deleted"]
    Ambra(api).patch(f"/products/{lamp['id']}", {"status": "inactive"})
    assert shop.ids("/products", status="draft") == [lamp["id"]] and shop.get("/products/LAMP")["status"] == "draft"


def test_lists_are_filtered_sorted_and_paged(shop: Shop, api: Api) -> None:
    shirt = shop.post("/products", SHIRT)["id"]
    lamps = [
        shop.post("/products", {"name": name, "sku": f"L-{number}", "price": price, "categories": ["Home", "lights"]})[
            "id"
        ]
        for number, (name, price) in enumerate((("lamp b", 5), ("Lamp A", 300), ("lamp C", 5), ("Äsop lamp", 0.5)))
    ]
    tree = Ambra(api)
    home = next(row for row in tree.page("/categories")[0] if row["slug"] == "home")
    desk = tree.post("/categories", {"name": "Desk", "slug": "desk", "parent_id": home["id"]})
    shop.put("/products/L-0", {"categories": [desk["slug"]]})
    assert shop.ids("/products") == [*reversed(lamps), shirt]
    assert shop.ids("/products", sort="created_at", order="asc") == [shirt, *lamps]
    assert shop.ids("/products", sort="name") == [lamps[1], lamps[0], lamps[2], shirt, lamps[3]]
    assert shop.ids("/products", sort="price") == [lamps[1], shirt, lamps[2], lamps[0], lamps[3]]
    assert shop.ids("/products", sort="price", order="asc") == [lamps[3], lamps[2], lamps[0], shirt, lamps[1]]
    assert shop.ids("/products", sort="updated_at")[0] == lamps[0]
    assert set(shop.ids("/products", category="home")) == set(lamps)  # what stands below is in it
    assert shop.ids("/products", category="desk") == [lamps[0]] and shop.ids("/products", category="none") == []
    shown = {row["slug"]: row for row in shop.page("/categories")[0]}
    assert list(shown) == ["clothes", "desk", "home", "lights", "summer-wear"]
    assert (shown["desk"]["parent"], shown["home"]["parent"], shown["summer-wear"]["name"]) == (
        "home",
        None,
        "Summer wear",
    )
    assert shop.get("/categories/desk") == shown["desk"] == shop.page("/categories", parent="home")[0][0]
    assert [row["slug"] for row in shop.walk("/categories", limit=2)] == list(shown)
    assert [row["slug"] for row in shop.page("/categories", search="summ")[0]] == ["summer-wear"]
    shop.refused(404, "not_found", "GET", "/categories/none")
    assert shop.ids("/categories", parent="none") == []
    assert shop.ids("/products", search="tee-x") == shop.ids("/products", search="TEE") == [shirt]
    assert set(shop.ids("/products", search="asop")) == {lamps[3]} and shop.ids("/products", search="lamp zzz") == []
    assert (
        shop.ids("/products", search="lamp", status="active", category="home", sort="price", order="asc")[0] == lamps[3]
    )
    rows, page = shop.page("/products", limit=2, page=2)
    assert [row["id"] for row in rows] == [lamps[1], lamps[0]]
    cursor = page.pop("next_cursor")
    assert page == {
        "page": 2, "limit": 2, "total_pages": 3, "total_items": 5, "has_next": True, "has_previous": True,
        "has_more": True,
    }  # fmt: skip
    rows, page = shop.page("/products", limit=2, cursor=cursor)
    assert [row["id"] for row in rows] == [shirt]
    assert page == {"limit": 2, "next_cursor": None, "has_more": False}
    assert shop.page("/products", page=9)[0] == [] and shop.page("/products")[1]["limit"] == 50
    assert shop.page("/products", limit=500)[1]["limit"] == 200
    for sort in ("created_at", "updated_at", "name", "price"):
        for order in ("asc", "desc"):
            walked = [row["id"] for row in shop.walk("/products", limit=1, sort=sort, order=order)]
            assert walked == shop.ids("/products", sort=sort, order=order), (sort, order)
    for query in (
        {"cursor": cursor, "status": "active"}, {"cursor": cursor, "sort": "name"}, {"cursor": cursor[:-1]},
        {"cursor": "eyJpZCI6MTIzfQ=="}, {"limit": "0"}, {"page": "x"}, {"order": "up"}, {"sort": "sku"},
        {"status": "inactive"}, {"search": ""},
    ):  # fmt: skip
        shop.refused(400, "validation_error", "GET", "/products", params=query)
    answer = shop.ask("GET", "/products", params={"limit": 2, "cursor": "", "sort": "price"})
    link = answer.headers["link"].partition(">")[0].removeprefix("<")
    assert [row["id"] for row in shop.api.client.get(link).json()["data"]] == [lamps[2], lamps[0]]


def test_what_other_doors_make_is_shown_as_a_shop_would(shop: Shop, api: Api) -> None:
    variants = [{"sku": "A-1", "price": 7}, {"sku": "A-2"}, {"sku": "A-3", "price": 9}]
    made = api.post("/products", {"name": "Apron", "price": 7, "variants": variants})
    shown = shop.get("/products/A-2")
    assert (shown["id"], shown["sku"], shown["price"]) == (made.json()["id"], "A-1", 7)
    assert [each["price"] for each in shown["variants"]] == [None, None, 9]
    assert [each["price"] for each in shop.put("/products/A-2", {"price": 8})["variants"]] == [None, None, 9]
    assert {row["price"] for row in Ambra(api).page("/products")[0]} == {8, 9}
    bare = Ambra(api).post("/products", {"name": "Bare", "sku": "BARE"})
    assert shop.get("/products/BARE")["price"] is None
    assert shop.ids("/products", sort="price")[-1] == bare["id"] == shop.ids("/products", sort="price", order="asc")[-1]
    Ambra(api).remove(f"/products/{bare['id']}")
    shop.refused(404, "not_found", "GET", "/products/BARE")
    mine = shop.post("/products", SHIRT)["id"]
    for sku in ("TEE-L", "TEE-XL"):
        answer = Ambra(api).ask("DELETE", f"/products/{mine}", params={"sku": sku})
        assert answer.status_code == 204, answer.text
    shop.refused(404, "not_found", "GET", "/products/TEE")
    with api.store.read(api.organization_id) as session:
        assert mine not in {row.product_id for row in session.exec(scoped(session, ProductOffer))}
