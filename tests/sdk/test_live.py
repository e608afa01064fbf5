"""Every call of the SDK against the real application."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from ambrawms import (
    AmbraWMS,
    AsyncAmbraWMS,
    NotAllowed,
    NotFound,
    RateLimited,
    Record,
    Unauthenticated,
    ValidationFailed,
)

from ambra_tui.services import access
from tests.sdk.conftest import Acme


@pytest.fixture
def client(acme: Acme) -> Iterator[AmbraWMS]:
    with AmbraWMS(api_key="YOUR_API_KEY") as opened:
        yield opened


class CuttingLine(httpx.HTTPTransport):
    """A line that is cut once the server has done its work, as often as asked."""

    def __init__(self, cuts: int) -> None:
        super().__init__()
        self.cuts = cuts
        self.sent = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent += 1
        answer = super().handle_request(request)
        answer.read()
        if self.cuts:
            self.cuts -= 1
            raise httpx.ReadError("cut", request=request)
        return answer


def test_products_live_and_go(client: AmbraWMS) -> None:
    category = client.categories.create(name="Clothing")
    shirt = client.products.create(
        name="Premium T-Shirt", sku="TEE-001", category_id=category.id, unit_of_measure="ea", price=Decimal("29.99")
    )
    assert client.products.get(shirt.id).price == client.products.get_by_sku("TEE-001").price == Decimal("29.99")
    changed = client.products.update(shirt.id, price=Decimal("31.50"))
    assert (changed.name, changed.price, changed.category_id) == ("Premium T-Shirt", Decimal("31.50"), category.id)
    replaced = client.products.replace(shirt.id, name="T-Shirt", sku="TEE-001")
    assert (replaced.name, replaced.price, replaced.category_id) == ("T-Shirt", None, None)
    assert client.products.stock(shirt.id).available == 0
    client.products.delete(shirt.id)
    with pytest.raises(NotFound) as raised:
        client.products.get(shirt.id)
    assert raised.value.code == "PRODUCT_NOT_FOUND"
    assert raised.value.message == f"Product with ID '{shirt.id}' not found"
    assert raised.value.details == {"product_id": shirt.id}
    assert raised.value.request_id.startswith("req_")


def test_batches_and_pages(client: AmbraWMS) -> None:
    made = client.products.createBatch([{"name": f"Mug {number}", "sku": f"MUG-{number:03}"} for number in range(30)])
    assert (len(made.data), made.data[7].sku) == (30, "MUG-007")
    products = client.products.list(sort="name", limit=12)
    assert (products.pagination.total, products.pagination.pages, len(products.data)) == (30, 3, 12)
    assert sorted(product.sku for product in products) == [f"MUG-{number:03}" for number in range(30)]
    assert [len(page.data) for page in products.pages()] == [12, 12, 6]
    with pytest.raises(ValidationFailed):
        client.products.create_batch([{"name": "Mug", "sku": "MUG-001"}, {"name": "New", "sku": "NEW"}])
    assert client.products.list(search="NEW").data == []
    some = client.products.create_batch([{"name": "Mug", "sku": "MUG-001"}, {"name": "N", "sku": "NEW"}], atomic=False)
    assert [error.index for error in some.errors] == [0]
    assert [product.sku for product in some.data if product is not None] == ["NEW"]


def test_a_cut_line_makes_one_product(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ambra_tui.sdk.client.sleep", lambda seconds: None)
    line = CuttingLine(2)
    with AmbraWMS(api_key="YOUR_API_KEY", transport=line) as client:
        made = client.products.create(name="Tee", sku="TEE-001")
        assert line.sent == 3
        assert [product.id for product in client.products.list()] == [made.id]
        line.cuts = 1
        client.products.delete(made.id)  # done at the first try, and no refusal at the second
        assert client.products.list().data == []


def test_places_and_partners(client: AmbraWMS) -> None:
    supplier = client.suppliers.create(name="Cotton & Co")
    assert client.suppliers.update(supplier.id, name="Cotton Ltd").name == "Cotton Ltd"
    assert client.suppliers.get(supplier.id).name == "Cotton Ltd"
    assert client.suppliers.replace(supplier.id, name="Cotton").name == "Cotton"
    warehouse = client.warehouses.create(name="Main", code="WH1")
    assert client.warehouses.get(warehouse.id).name == "Main"
    assert client.warehouses.update(warehouse.id, name="Main hall").name == "Main hall"
    place = client.locations.create(name="A01", code="A01", warehouse_id=warehouse.id)
    assert [row.id for row in client.locations.list(warehouse_id=warehouse.id) if row.id == place.id] == [place.id]
    assert client.locations.get(place.id).id == place.id
    client.locations.delete(place.id)
    with pytest.raises(NotFound):
        client.locations.get(place.id)
    client.suppliers.delete(supplier.id)
    client.warehouses.delete(warehouse.id)
    assert client.warehouses.list().pagination.total == 0
    parent = client.categories.create(name="Clothing")
    assert client.categories.replace(parent.id, name="Clothes").name == "Clothes"
    assert client.categories.get(parent.id).name == "Clothes"
    client.categories.delete(parent.id)


def test_stock_moves_and_is_seen(client: AmbraWMS) -> None:
    warehouse, shirt = stocked(client)
    assert client.products.get(shirt.id).stock.available == 10
    [level] = client.stock_levels.list(warehouse_id=warehouse.id, product_id=shirt.id).data
    assert (level.on_hand, level.available, level.name) == (10, 10, "Premium T-Shirt")
    pending = client.stock_movements.create(
        product_id=shirt.id, type="out", quantity=4, warehouse_id=warehouse.id, complete=False
    )
    assert pending.status == "pending"
    assert client.stock_movements.complete(pending.id).status == "completed"
    other = client.stock_movements.create(
        product_id=shirt.id, type="out", quantity=1, warehouse_id=warehouse.id, complete=False
    )
    assert client.stock_movements.cancel(other.id, reason="not needed").status == "cancelled"
    assert client.stock_movements.get(other.id).status == "cancelled"
    assert {movement.id for movement in client.stock_movements.list(product_id=shirt.id)} >= {pending.id, other.id}
    with pytest.raises(ValidationFailed) as raised:
        client.stock_movements.create(product_id=shirt.id, type="out", quantity=7, warehouse_id=warehouse.id)
    assert raised.value.code == "INSUFFICIENT_STOCK"
    assert client.products.stock(shirt.id).on_hand == 6


def stocked(client: AmbraWMS, *, sku: str = "TEE-001", name: str = "Premium T-Shirt") -> tuple[Record, Record]:
    """A warehouse, and a product of which it has 10."""
    warehouse = client.warehouses.create(name="Main", code="WH1")
    shirt = client.products.create(name=name, sku=sku)
    client.stock_movements.create(product_id=shirt.id, type="in", quantity=10, warehouse_id=warehouse.id)
    return warehouse, shirt


def test_the_printed_jobs(client: AmbraWMS) -> None:
    """Low stock to a shop, orders for what is below its reorder point, the dashboard."""
    warehouse, shirt = stocked(client)
    supplier = client.suppliers.create(name="Cotton & Co")
    client.products.update(shirt.id, default_supplier_id=supplier.id, reorder_point=15, reorder_quantity=50)
    shop: dict[str, Any] = {}
    for product in client.products.list(stock_status="low", limit=100).data:
        shop[product.sku] = product.stock.available
    assert shop == {"TEE-001": 10}
    orders = [
        client.purchase_orders.create(
            supplier_id=product.default_supplier_id,
            items=[{"product_id": product.id, "quantity": product.reorder_quantity}],
        )
        for product in client.products.list(stock_level="below_reorder").data
    ]
    assert [(order.supplier_id, order.items[0].quantity) for order in orders] == [(supplier.id, 50)]
    assert [order.id for order in client.purchase_orders.list()] == [orders[0].id]
    assert client.purchase_orders.get(orders[0].id).status == orders[0].status
    overview = client.reports.stock_overview(warehouse_id=warehouse.id)
    assert (overview.warehouse_id, overview.total_units, overview.low_stock) == (warehouse.id, 10, 1)
    assert "stock_overview" in [report.name for report in client.reports.list()]


def test_keys(acme: Acme, client: AmbraWMS) -> None:
    made = client.api_keys.create(name="Reader", scopes=["read"])
    with AmbraWMS(api_key=made.key) as reader:
        assert reader.products.list().data == []
        with pytest.raises(NotAllowed):
            reader.products.create(name="Tee", sku="T")
        assert [row.get("key") for row in client.api_keys.list() if row.id == made.id] == [None]
        renewed = client.api_keys.rotate(made.id, grace_seconds=60)
        assert renewed.key != made.key
        client.api_keys.revoke(made.id)
    access.forget_keys()
    with AmbraWMS(api_key=made.key) as gone, pytest.raises(Unauthenticated):
        gone.products.list()
    with AmbraWMS(api_key="ambra_live_wrong") as wrong, pytest.raises(Unauthenticated) as raised:
        wrong.products.list()
    assert raised.value.code == "INVALID_API_KEY"


def test_the_hour_s_requests_are_told_and_end(acme: Acme) -> None:
    _, secret = access.create_key(
        acme.store, organization_id=acme.organization_id, label="few", scopes=["read"], rate_limit=2
    )
    with AmbraWMS(api_key=secret) as client:
        left = []
        for _ in range(2):
            client.products.list()
            assert client.rate_limit is not None
            left.append((client.rate_limit.limit, client.rate_limit.remaining))
        assert left == [(2, 1), (2, 0)]
        with pytest.raises(RateLimited) as raised:
            client.products.list()
    assert raised.value.code == "RATE_LIMIT_EXCEEDED"
    assert raised.value.retry_after is not None and 0 < raised.value.retry_after <= 3600


def test_subscriptions(client: AmbraWMS, acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the change over the server's sender to the handler."""
    monkeypatch.setenv("AMBRA_WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")
    heard: list[Record] = []
    client.webhooks.on("product.created", heard.append)
    client.webhooks.on("webhook.test", heard.append)
    with client.webhooks.listen(secret=("your_webhook_secret", "the_next_secret_of_it")) as listener:
        made = client.webhooks.create(url=listener.address, events=["product.created"], secret="your_webhook_secret")
        assert made.events == ["product.created"]
        shirt = client.products.create(name="Premium T-Shirt", sku="TEE-001")
        acme.deliver()
        assert [(event.type, event.data.object.name) for event in heard] == [("product.created", "Premium T-Shirt")]
        assert heard[0].data.object.id == shirt.id
        [log] = client.webhooks.deliveries(made.id).data
        assert (log.status, log.last_status) == ("delivered", 204)
        assert client.webhooks.delivery(made.id, log.id).event.id == heard[0].id
        client.webhooks.redeliver(made.id, log.id)
        rotated = client.webhooks.rotate_secret(made.id, overlap_seconds=0, secret="the_next_secret_of_it")
        assert rotated.secret == "the_next_secret_of_it"
        client.webhooks.test(made.id)
        acme.deliver()
    assert sorted(event.type for event in heard) == ["product.created", "product.created", "webhook.test"]
    assert len({event.id for event in heard if event.type == "product.created"}) == 1
    assert client.webhooks.update(made.id, active=False).active is False
    assert client.webhooks.get(made.id).url == made.url
    assert [row.id for row in client.webhooks.list()] == [made.id]
    client.webhooks.delete(made.id)
    assert client.webhooks.list().data == []


def test_the_same_with_an_event_loop(acme: Acme) -> None:
    async def story() -> list[str]:
        async with AsyncAmbraWMS(api_key="YOUR_API_KEY") as client:
            for number in range(3):
                await client.products.create(name=f"Mug {number}", sku=f"MUG-{number}")
            return [product.sku async for product in client.products.list(sort="name", limit=2)]

    assert asyncio.run(story()) == ["MUG-0", "MUG-1", "MUG-2"]
