"""The page on the SDK is a program that runs, from its first block to its last."""

from __future__ import annotations

import ast
import asyncio
import base64
import hashlib
import hmac
import json
import time
from decimal import Decimal
from typing import Any

import httpx
import pytest
from ambrawms import AmbraWMS, NotFound, ValidationFailed

from ambra_tui.kit.resources import docs_path
from tests.sdk.conftest import PRINTED, Acme, code_of
from tests.sdk.test_live import stocked

PAGE = docs_path() / "sdk.md"
BODY = json.dumps({"id": "evt_1", "type": "stock_level.low", "data": {"object": {"name": "Premium T-Shirt"}}}).encode()


class Shop:
    """The external platform of the first job."""

    def __init__(self) -> None:
        self.stock: dict[str, Any] = {}

    def update_inventory(self, sku: str, available: Any) -> None:
        self.stock[sku] = available


def signed() -> dict[str, str]:
    moment, key = str(int(time.time())), b"your_webhook_secret"
    digest = hmac.new(key, f"evt_1.{moment}.".encode() + BODY, hashlib.sha256).digest()
    return {
        "X-Webhook-Signature": hmac.new(key, BODY, "sha256").hexdigest(),
        "webhook-id": "evt_1", "webhook-timestamp": moment,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }  # fmt: skip


def test_the_page_begins_with_the_printed_program() -> None:
    pages = [ast.dump(ast.parse(code_of(page, "python")[0])) for page in (PAGE, PRINTED)]
    assert pages[0] == pages[1]


def test_the_page_runs(acme: Acme, capsys: pytest.CaptureFixture[str]) -> None:
    shop = Shop()
    acme.let_in("test_YOUR_API_KEY")
    with AmbraWMS(api_key="YOUR_API_KEY") as client:
        warehouse, milk = stocked(client, sku="MILK-1L", name="Milk")
        dock = client.locations.create(name="Dock", code="DOCK-9", warehouse_id=warehouse.id)
        supplier = client.suppliers.create(name="Dairy")
        client.products.update(milk.id, default_supplier_id=supplier.id, reorder_point=15, reorder_quantity=50)
    names = {"warehouse": warehouse, "dock": dock, "shop": shop, "body": BODY, "headers": signed()}
    for block in code_of(PAGE, "python"):
        exec(compile(block, str(PAGE), "exec"), names)
        if "main" in names:
            asyncio.run(names.pop("main")())
    output = capsys.readouterr().out
    with AmbraWMS(api_key="YOUR_API_KEY") as client:
        assert client.products.get(names["shirt"].id).price == Decimal("29.99")
        assert shop.stock == {"MILK-1L": 10}
        assert client.products.get(milk.id).stock.available == 60
        assert names["dashboard"].warehouse_id == warehouse.id
        assert client.products.list(search="MUG-1").data == []
        assert "there is none {'product_id': 'prod_123'}" in output
        with pytest.raises(ValidationFailed):
            client.sandbox.reset()
    with pytest.raises(httpx.ConnectError):
        httpx.get(names["listener"].address)
    with names["client"] as sandbox:  # the last client of the page
        assert sandbox.products.list(limit=1).pagination.total > 0
        with pytest.raises(NotFound):
            sandbox.products.get(milk.id)
