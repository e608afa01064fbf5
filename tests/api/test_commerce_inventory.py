"""Inventory of the commerce edition: figures, adjustments and alerts, with every parameter, limit and refusal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ambra_tui import ledger
from ambra_tui.api.editions.commerce.inventory import inventory_object
from ambra_tui.services import places, waste
from ambra_tui.services.adjustments import Place
from ambra_tui.services.verify import verify_store
from ambra_tui.store.models import OutboxEvent, PurchaseOrder, Variant, VariantSupplier
from ambra_tui.store.scope import now_of, organization_of, scoped
from tests import factories
from tests.api.commerce import Shop
from tests.api.conftest import Api, client_for

NOBODY = "prod_7ZZZZZZZZZZZZZZZZZZZZZ0001"


class Goods:
    """Mugs in two colours in two warehouses, and a market's warehouse."""

    def __init__(self, session: Any) -> None:
        self.house, self.shop = factories.warehouse(session), factories.warehouse(session, code="ST1")
        self.blue = factories.variant(session, sku="MUG-BLUE", cost_minor=250)
        self.white = Variant(
            organization_id=organization_of(session), id="var_white", product_id=self.blue.product_id, sku="MUG-WHITE",
            name="Mug white", position=2, created_at=now_of(session), updated_at=now_of(session),
        )  # fmt: skip
        session.add(self.white)
        self.tea = factories.variant(session, sku="TEA")
        self.market = places.create_site(session, name="Market", code="FBA", kind="fba")
        session.flush()
        factories.stock(session, self.blue, self.house.bin, 300)
        factories.stock(session, self.blue, self.shop.bin, 20)
        factories.stock(session, self.white, self.house.bin, 10)
        factories.stock(session, self.tea, self.house.bin, 9)
        vendor = factories.supplier(session)
        session.add(
            VariantSupplier(
                organization_id=organization_of(session), variant_id=self.tea.id, supplier_id=vendor.id, position=0
            )
        )
        self.vendor_id = vendor.id


@pytest.fixture
def goods(api: Api) -> Goods:
    """What is there."""
    made: Goods = api.write(Goods)
    return made


@pytest.fixture
def shop(api: Api, goods: Goods) -> Shop:
    """The edition, over the goods."""
    return Shop(api)


def test_figures_of_a_product(shop: Shop, goods: Goods) -> None:
    """The printed keys: sums of variants by warehouse, floored at nothing; by id or SKU."""
    product, wh1, st1 = goods.blue.product_id, goods.house.site.id, goods.shop.site.id

    def promise(session: Any) -> None:
        for variant, quantity, order in ((goods.blue, 15, "ord_1"), (goods.white, 10, "ord_2")):
            line = ledger.ReserveLine(f"{order}_1", variant.id, quantity)
            ledger.reserve(session, site_id=wh1, document_kind="sales_order", document_id=order, lines=[line])

    shop.api.write(promise)
    told = shop.get(f"/inventory/{product}")
    assert set(told) == {"product_id", "total_available", "total_reserved", "locations", "variants"}
    assert (told["product_id"], told["total_available"], told["total_reserved"]) == (product, 305, 25)
    assert sorted(told["locations"], key=lambda row: -row["available"]) == [
        {"warehouse_id": wh1, "available": 285, "reserved": 25}, {"warehouse_id": st1, "available": 20, "reserved": 0},
    ]  # fmt: skip
    assert [(row["sku"], row["total_available"], row["total_reserved"]) for row in told["variants"]] == [
        ("MUG-BLUE", 305, 15), ("MUG-WHITE", 0, 10),
    ]  # fmt: skip
    assert shop.get("/inventory/MUG-WHITE") == told

    def count_less(session: Any) -> None:
        waste.record_waste(
            session, place=Place(goods.house.site, goods.house.bin), variant=goods.white, quantity=Decimal(4),
            reason="damaged", idempotency_key="broken",
        )  # fmt: skip

    shop.api.write(count_less)
    after = shop.get(f"/inventory/{product}")
    assert (after["total_available"], after["variants"][1]["total_available"]) == (305, 0), "never below nothing"
    shop.refused(404, "not_found", "GET", f"/inventory/{NOBODY}")
    shirt = {"name": "Shirt", "price": 20, "sku": "SHIRT", "variants": [{"sku": "SHIRT-L"}, {"sku": "SHIRT-M"}]}
    made = shop.post("/products", shirt)
    for named in (made["id"], "SHIRT", "SHIRT-M"):
        assert shop.get(f"/inventory/{named}")["product_id"] == made["id"], "by what products are found by, too"
    assert shop.page("/inventory/SHIRT/alerts")[0] == []


def test_adjustments(shop: Shop, goods: Goods) -> None:
    """Signed, through the ledger, once; a warehouse or a place in it; never below what is free."""
    path, wh1 = f"/inventory/{goods.tea.product_id}/adjust", goods.house.site.id
    sold = {"quantity": -2, "reason": "sold", "location": wh1, "note": "Online order #12345"}
    done = shop.post(path, sold, headers={"Idempotency-Key": "k1"})
    assert set(done) == {"product_id", "total_available", "total_reserved", "locations", "variants", "adjustment"}
    assert done["total_available"] == 7 and done["locations"][0] == {
        "warehouse_id": wh1, "available": 7, "reserved": 0,
    }  # fmt: skip
    told = done["adjustment"]
    assert {name: told[name] for name in ("sku", "warehouse_id", "quantity", "quantity_before", "quantity_after")} == {
        "sku": "TEA", "warehouse_id": wh1, "quantity": -2, "quantity_before": 9, "quantity_after": 7,
    }  # fmt: skip
    assert (told["reason"], told["note"], told["id"][:4]) == ("sold", "Online order #12345", "adj_")
    assert shop.post(path, sold, headers={"Idempotency-Key": "k1"}) == done, "once"
    by_bin = {"quantity": 3, "reason": "found", "warehouse_id": goods.house.bin.id}
    assert shop.post(path, by_bin)["adjustment"]["location"] == goods.house.bin.id
    assert shop.post("/inventory/TEA/adjust", {**sold, "quantity": -0.5})["total_available"] == 9.5
    error = shop.refused(422, "validation_error", "POST", path, {**sold, "quantity": -10})
    assert error["details"][0]["field"] == "quantity" and error["details"][0]["available"] == 9.5
    shop.refused(422, "validation_error", "POST", path, {**sold, "quantity": -4, "location": goods.shop.site.id})
    for body, field in (
        ({**sold, "quantity": 0}, "quantity"),
        ({**sold, "quantity": "2"}, "quantity"),
        ({**sold, "quantity": 10**10}, "quantity"),
        ({"reason": "sold", "location": wh1}, "quantity"),
        ({"quantity": 1, "location": wh1}, "reason"),
        ({**sold, "reason": ""}, "reason"),
        ({"quantity": 1, "reason": "found"}, "location"),
        ({**sold, "warehouse_id": goods.shop.site.id}, "warehouse_id"),
        ({**sold, "note": "x" * 1001}, "note"),
        ({**sold, "sku": "MUG-BLUE"}, "sku"),
        ({**sold, "occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at"),
    ):
        assert field in shop.fields("POST", path, body), body
    mugs = f"/inventory/{goods.blue.product_id}/adjust"
    error = shop.refused(422, "validation_error", "POST", mugs, sold)
    assert [detail["sku"] for detail in error["details"]] == ["MUG-BLUE", "MUG-WHITE"], "several: one is to be named"
    for one in ({"sku": "MUG-WHITE"}, {"variant_id": goods.white.id}):
        assert shop.post(mugs, {**sold, **one})["adjustment"]["sku"] == "MUG-WHITE"
    assert shop.post("/inventory/MUG-WHITE/adjust", sold)["adjustment"]["sku"] == "MUG-WHITE", "the path names it"
    error = shop.refused(404, "not_found", "POST", path, {**sold, "location": "wh_nowhere"})
    assert error["details"][0]["field"] == "location"
    shop.refused(404, "not_found", "POST", f"/inventory/{NOBODY}/adjust", sold)
    shop.refused(403, "authorization_error", "POST", path, {**sold, "quantity": 1, "location": goods.market.id})
    reader = Shop(
        shop.api, client_for(shop.api.store, str(shop.client.base_url), shop.api.organization_id, ["inventory:read"])
    )
    assert reader.get("/inventory/TEA")["total_available"] == 9.5
    reader.refused(403, "authorization_error", "POST", path, sold)
    assert verify_store(shop.api.store, organization_id=shop.api.organization_id).is_clean


def test_alerts(shop: Shop, goods: Goods) -> None:
    """One rule with the inventory policies; below is below, not at; reordered once; listed; refused by field."""
    tea, wh1 = goods.tea.product_id, goods.house.site.id
    path = f"/inventory/{tea}/alerts"
    hook = {"url": "https://receiver.invalid/a", "events": ["inventory.low"]}
    whk = shop.post("/webhooks", hook)["id"]
    everywhere = shop.post(path, {"threshold": 2, "notify": ["Ops@Example.com", whk, whk]})
    assert set(everywhere) == {
        "id", "product_id", "variant_id", "sku", "threshold", "warehouse_id", "location", "auto_reorder",
        "reorder_quantity", "notify", "last_purchase_order_id", "created_at", "updated_at",
    }  # fmt: skip
    assert everywhere["id"].startswith("alrt_") and everywhere["warehouse_id"] is None
    assert (everywhere["threshold"], everywhere["auto_reorder"], everywhere["notify"]) == (
        2, False, ["ops@example.com", whk],
    )  # fmt: skip
    own = shop.post(path, {"threshold": 9, "location": wh1, "auto_reorder": True, "reorder_quantity": 50})
    assert own["warehouse_id"] == own["location"] == wh1 and own["last_purchase_order_id"] is None, "9 is not below 9"
    again = shop.post(path, {"threshold": 12, "warehouse_id": wh1, "auto_reorder": True})
    assert (again["id"], again["threshold"], again["reorder_quantity"]) == (own["id"], 12, 50), "set again, changed"

    def orders(session: Any) -> list[tuple[str, str, str, str]]:
        rows = session.exec(scoped(session, PurchaseOrder)).all()
        return [(row.id, row.status, row.supplier_id, row.site_id) for row in rows]

    (draft,) = shop.api.write(orders)
    assert draft == (again["last_purchase_order_id"], "draft", goods.vendor_id, wh1), "what is below is ordered at once"
    shop.post(path, {"threshold": 13, "location": wh1, "auto_reorder": True})
    assert len(shop.api.write(orders)) == 1, "the draft covers it"
    rows, pagination = shop.page(path)
    assert [row["warehouse_id"] for row in rows] == [None, wh1] and pagination["total_items"] == 2
    assert [row["warehouse_id"] for row in shop.page(path, limit=1, page=2)[0]] == [wh1]
    policies = shop.api.get("/inventory_policies", params={"variant_id": goods.tea.id}).json()["data"]
    assert [(row["reorder_point"], row["reorder_quantity"]) for row in policies] == [(13, 50)], "one rule"
    shop.api.client.patch(f"/api/v1/inventory_policies/{policies[0]['id']}", json={"reorder_point": 4})
    assert shop.page(path)[0][1]["threshold"] == 4

    fell = [
        (row.payload["before"], row.payload["after"])
        for row in shop.api.write(lambda s: s.exec(scoped(s, OutboxEvent).order_by(OutboxEvent.id)).all())
        if row.type == "stock_status_fell" and row.payload["site_id"] == wh1
    ]
    assert fell == [("normal", "low")]
    shown = shop.api.write(lambda s: inventory_object(s, goods.tea.id))
    assert shown["sku"] == "TEA" and [alert["notify"] for alert in shown["alerts"]] == [["ops@example.com", whk], []]

    good = {"threshold": 1}
    for body, field in (
        ({}, "threshold"),
        ({"threshold": -1}, "threshold"),
        ({"threshold": "3"}, "threshold"),
        ({**good, "location": goods.house.bin.id}, "location"),
        ({**good, "location": wh1, "warehouse_id": goods.shop.site.id}, "warehouse_id"),
        ({**good, "auto_reorder": "yes"}, "auto_reorder"),
        ({**good, "reorder_quantity": 0}, "reorder_quantity"),
        ({**good, "notify": "ops@example.com"}, "notify"),
        ({**good, "notify": ["nobody"]}, "notify.0"),
        ({**good, "notify": [whk, "whk_none"]}, "notify.1"),
        ({**good, "notify": ["a@b.example"] * 21}, "notify"),
        ({**good, "sku": "MUG-BLUE"}, "sku"),
    ):
        assert field in shop.fields("POST", path, body), body
    mugs = f"/inventory/{goods.blue.product_id}/alerts"
    shop.refused(422, "validation_error", "POST", mugs, good)
    assert shop.post("/inventory/MUG-WHITE/alerts", good)["sku"] == "MUG-WHITE"
    shop.refused(403, "authorization_error", "POST", path, {**good, "location": goods.market.id, "auto_reorder": True})
    shop.refused(404, "not_found", "POST", path, {**good, "location": "wh_nowhere"})
    for method, body in (("GET", None), ("POST", good)):
        shop.refused(404, "not_found", method, f"/inventory/{NOBODY}/alerts", body)
    shop.refused(400, "validation_error", "GET", path, params={"limit": 0})
