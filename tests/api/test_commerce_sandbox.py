"""What a fresh `test_` key sees of a shop: customers, orders in every state, parcels, money, one question to answer."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from ambra_tui.services import access
from ambra_tui.services.verify import verify_store
from tests.api.commerce import Shop
from tests.api.conftest import Api


@pytest.fixture
def shop(api: Api) -> Iterator[Shop]:
    """The edition, by a key of the sandbox."""
    _, secret = access.create_key(
        api.store, organization_id=api.organization_id, label="test", scopes=["admin"], plan="enterprise", sandbox=True
    )
    assert secret.startswith("test_")
    with httpx.Client(
        base_url=api.client.base_url, headers={"Authorization": f"Bearer {secret}"}, timeout=30
    ) as client:
        yield Shop(api, client)


def test_a_fresh_sandbox_has_a_shop_in_it(shop: Shop) -> None:
    """A live key sees none of it."""
    assert len(shop.ids("/customers")) == 6
    assert len(shop.ids("/customers", tags="vip")) == 2
    jana = shop.get(f"/customers/{shop.ids('/customers', name='jana')[0]}")
    assert jana["order_summary"]["orders_count"] == 1 and jana["order_summary"]["cancelled_count"] == 1
    assert [address["type"] for address in jana["addresses"]] == ["shipping", "billing"]
    sold = {row["number"]: row for row in shop.page("/orders", limit=200)[0] if row["number"].startswith("WEB-")}
    words = ("status", "payment_status", "fulfillment_status")
    assert {number: tuple(row[word] for word in words) for number, row in sold.items()} == {
        "WEB-1001": ("delivered", "paid", "fulfilled"),
        "WEB-1002": ("shipped", "paid", "fulfilled"),
        "WEB-1003": ("processing", "paid", "unfulfilled"),
        "WEB-1004": ("pending", "paid", "unfulfilled"),
        "WEB-1005": ("pending", "pending", "unfulfilled"),
        "WEB-1006": ("cancelled", "refunded", "unfulfilled"),
    }  # fmt: skip
    disputes, _ = shop.page("/payments/disputes")
    assert [row["status"] for row in disputes] == ["needs_response"]
    events = [
        [event["status"] for event in shop.get(f"/shipments/{row['id']}/track")] for row in shop.page("/shipments")[0]
    ]
    assert len(events) == 2 and all("in_transit" in each for each in events)
    assert sum("delivered" in each for each in events) == 1
    omar = shop.ids("/customers", name="omar")[0]
    assert shop.post(f"/customers/{omar}/erase", {"confirm": True})["is_erased"]
    order = shop.ask("GET", f"/orders/{sold['WEB-1002']['id']}")
    about = [order, *(shop.ask("GET", f"/{noun}", params={"limit": 200}) for noun in ("payments", "shipments"))]
    assert [answer.status_code for answer in about] == [200, 200, 200]
    assert not [word for word in ("Omar", "Haddad", "77 Lake View", "60601") for answer in about if word in answer.text]
    assert order.json()["totals"]["total"] == sold["WEB-1002"]["totals"]["total"]
    mei = shop.ids("/customers", name="mei")[0]
    error = shop.refused(409, "conflict", "POST", f"/customers/{mei}/erase", {"confirm": True})
    told = [detail["field"] for detail in error["details"]]
    assert told == ["open_disputes", "open_returns"], "the return is of an order that names her e-mail address alone"
    assert Shop(shop.api).ids("/customers") == []
    assert verify_store(shop.api.store).is_clean
