"""Two servers, fifty clients, two editions: exactly what there is is sold; what is asked twice is done once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx
import pytest

from ambra_tui.services import access
from ambra_tui.services.verify import verify_store
from ambra_tui.store import open_store
from tests import factories
from tests.api.conftest import Api
from tests.api.test_server import serving

UNITS, CALLERS, PRICE = 10, 50, 19999
CARD = {"number": "4242 4242 4242 4242", "exp_month": 12, "exp_year": date.today().year + 2, "cvc": "123"}


@dataclass
class Race:
    """Two servers on one store, and a shop with a customer on it."""

    api: Api
    servers: tuple[str, str]
    house: factories.Warehouse
    customer_id: str
    pool: ThreadPoolExecutor

    def stock(self, sku: str, count: int) -> Any:
        def fill(session: Any) -> Any:
            variant = factories.variant(session, sku=sku, price_minor=PRICE)
            factories.stock(session, variant, self.house.bin, count)
            return variant

        return self.api.write(fill)

    def send(self, number: int, method: str, path: str, body: Any) -> httpx.Response:
        """A request to one of the servers, by turns."""
        return self.api.client.request(method, f"{self.servers[number % 2]}{path}", json=body)

    def made(self, path: str, body: Any) -> Any:
        answer = self.send(0, "POST", path, body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def at_once(self, path: str, body: Any, *, times: int = 2) -> list[httpx.Response]:
        """The same request several times at one moment, the accepted ones first."""
        answers = list(self.pool.map(lambda number: self.send(number, "POST", path, body), range(times)))
        return sorted(answers, key=lambda answer: answer.status_code)

    def order(self, sku: str) -> Any:
        items = [{"sku": sku, "quantity": 1}]
        return self.made("/v2/orders", {"customer_id": self.customer_id, "items": items})

    def paid(self, order: Any, **more: Any) -> Any:
        body = {"amount": PRICE, "currency": "eur", "payment_method": "card", "card": CARD, "order_id": order["id"]}
        return self.made("/v2/payments/intents", {**body, **more})

    def level(self, sku: str) -> tuple[float, float]:
        answer = self.send(0, "GET", f"/api/v1/inventory_levels?sku={sku}", None)
        row = answer.json()["data"][0]
        return row["on_hand"], row["reserved"]


@contextmanager
def racing(store_url: str) -> Iterator[Race]:
    """The servers are processes of their own; the store is right when they have ended."""
    with open_store(store_url) as store:
        store.become_sample("races")
        organization = access.create_organization(store, "Acme")
        assert organization.id is not None
        _, secret = access.create_key(
            store, organization_id=organization.id, label="race", scopes=["admin"], plan="enterprise"
        )
        headers, limits = {"Authorization": f"Bearer {secret}"}, httpx.Limits(max_connections=CALLERS)
        with (
            serving(store_url) as (_, first),
            serving(store_url) as (_, second),
            httpx.Client(headers=headers, timeout=60, limits=limits) as client,
            ThreadPoolExecutor(CALLERS) as pool,
        ):
            api = Api(store, organization.id, client)
            customer = client.post(f"{first}/v2/customers", json={"email": "jane@example.com"}).json()
            yield Race(api, (first, second), api.write(factories.warehouse), customer["id"], pool)
        assert verify_store(store).is_clean


def sell_the_last(race: Race, sku: str) -> None:
    """Half of the clients order in the shop, half in the operations edition; what was granted leaves, no unit more."""
    race.stock(sku, UNITS)
    items = [{"sku": sku, "quantity": 1}]

    def ask(number: int) -> tuple[str, str, int]:
        """The edition, the order and the status of what decides."""
        if number % 2:
            answer = race.send(number // 2, "POST", "/v2/orders", {"customer_id": race.customer_id, "items": items})
            return "shop", answer.json().get("id", ""), answer.status_code
        placed = race.send(number // 2, "POST", "/api/v1/orders", {"order": {"items": items}}).json()
        path = f"/api/v1/orders/{placed['id']}/reserve"
        return "operations", placed["id"], race.send(number // 2 + 1, "POST", path, {}).status_code

    answers = list(race.pool.map(ask, range(CALLERS)))
    granted = [(edition, order_id) for edition, order_id, status in answers if status in (200, 201)]
    assert len(granted) == UNITS, Counter((edition, status) for edition, _, status in answers)
    assert {(edition, status) for edition, _, status in answers if status not in (200, 201)} <= {
        ("shop", 409), ("operations", 422)
    }  # fmt: skip
    assert race.level(sku) == (UNITS, UNITS)
    for edition, order_id in granted:
        shipped = {"shop": ("PATCH", f"/v2/orders/{order_id}/status", {"status": "shipped"}),
                   "operations": ("POST", f"/api/v1/orders/{order_id}/fulfill", {})}[edition]  # fmt: skip
        assert race.send(0, *shipped).status_code == 200
    assert race.level(sku) == (0, 0)


def ask_twice(race: Race, sku: str) -> None:
    """Captures, refunds and cancellations that are sent at the same moment act once."""
    race.stock(sku, UNITS)
    order = race.order(sku)
    payment = race.paid(order)
    taken, again = race.at_once(f"/v2/payments/{payment['id']}/capture", {})
    assert (taken.status_code, again.status_code) == (201, 409), (taken.text, again.text)
    after = race.send(1, "GET", f"/v2/payments/{payment['id']}", None).json()
    assert (after["amount_captured"], after["status"]) == (PRICE, "succeeded")
    answers = race.at_once(f"/v2/payments/{payment['id']}/refund", {"amount": PRICE}, times=3)
    assert answers[0].status_code == 201 and all(answer.status_code in (409, 422) for answer in answers[1:])
    refunded = race.send(0, "GET", f"/v2/orders/{order['id']}", None).json()
    assert (refunded["payment_status"], [refund["amount"] for refund in refunded["refunds"]]) == ("refunded", [199.99])

    bought = race.order(sku)
    charge = race.paid(bought, capture_method="automatic")
    done, late = race.at_once(f"/v2/orders/{bought['id']}/cancel", {"reason": "customer_request", "refund": True})
    assert (done.status_code, late.status_code) == (201, 409), (done.text, late.text)
    cancelled = race.send(1, "GET", f"/v2/orders/{bought['id']}", None).json()
    assert (cancelled["status"], cancelled["payment_status"]) == ("cancelled", "refunded")
    assert [refund["payment_id"] for refund in cancelled["refunds"]] == [charge["id"]]
    assert [step["state"] for step in cancelled["history"]].count("cancelled") == 1
    assert race.level(sku) == (UNITS, 1), "the first order's unit alone is promised"


def test_the_last_ten_units_are_sold_once_over_two_editions(store_url: str) -> None:
    with racing(store_url) as race:
        sell_the_last(race, "LAST-0")
        ask_twice(race, "TWICE-0")


@pytest.mark.long
def test_the_last_ten_units_are_sold_once_a_hundred_times(store_url: str) -> None:
    with racing(store_url) as race:
        for trial in range(100):
            sell_the_last(race, f"LAST-{trial}")


@pytest.mark.long
def test_what_is_asked_twice_is_done_once_a_hundred_times(store_url: str) -> None:
    with racing(store_url) as race:
        for trial in range(100):
            ask_twice(race, f"TWICE-{trial}")
