"""`Idempotency-Key`: a repeat is harmless and answers what the first did."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest

from ambra_tui.api import idempotency
from ambra_tui.api.server import forget_old_answers
from ambra_tui.store.models import IdempotencyRecord
from ambra_tui.store.scope import scoped
from tests import factories
from tests.api.conftest import Api, LiveServer, client_for


def adjustment(house: factories.Warehouse, quantity: int = 3) -> dict[str, Any]:
    return {"sku": "MILK-1L", "location_id": house.site.id, "quantity": quantity, "reason": "stock_in"}


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def test_a_repeat_posts_once(api: Api, house: factories.Warehouse, milk: Any) -> None:
    first = api.post("/inventory_adjustments", adjustment(house), headers=keyed("k1"))
    again = api.post("/inventory_adjustments", adjustment(house), headers=keyed("k1"))
    assert first.status_code == again.status_code == 201
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["etag"] == first.headers["etag"]
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert api.on_hand("MILK-1L") == 3


def test_the_same_body_in_other_words_is_the_same(api: Api, house: factories.Warehouse, milk: Any) -> None:
    body = adjustment(house)
    api.post("/inventory_adjustments", body, headers=keyed("k1"))
    turned = dict(reversed(body.items()))
    assert api.post("/inventory_adjustments", turned, headers=keyed("k1")).headers["idempotent-replayed"] == "true"


def test_another_body_is_refused(api: Api, house: factories.Warehouse, milk: Any) -> None:
    api.post("/inventory_adjustments", adjustment(house), headers=keyed("k1"))
    other = api.post("/inventory_adjustments", adjustment(house, 4), headers=keyed("k1"))
    assert (other.status_code, other.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert api.on_hand("MILK-1L") == 3


def test_a_key_belongs_to_its_path_and_its_owner(
    api: Api, server: LiveServer, house: factories.Warehouse, milk: Any
) -> None:
    api.post("/inventory_adjustments", adjustment(house), headers=keyed("k1"))
    assert api.post("/suppliers", {"name": "Dairy"}, headers=keyed("k1")).status_code == 201
    with client_for(api.store, server.address, api.organization_id, ["admin"]) as second:
        answer = second.post("/api/v1/inventory_adjustments", json=adjustment(house), headers=keyed("k1"))
    assert (answer.status_code, "idempotent-replayed" in answer.headers) == (201, False)
    assert api.on_hand("MILK-1L") == 6


def test_a_refused_request_leaves_its_key_free(api: Api, house: factories.Warehouse, milk: Any) -> None:
    refused = api.post("/inventory_adjustments", adjustment(house, -1), headers=keyed("k1"))
    assert refused.status_code == 422
    assert api.post("/inventory_adjustments", adjustment(house, 1), headers=keyed("k1")).status_code == 201
    assert api.post("/inventory_adjustments", adjustment(house, -1), headers=keyed("k2")).status_code == 201
    assert api.on_hand("MILK-1L") == 0


def test_a_failure_of_ours_leaves_its_key_free(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("broken")

    with monkeypatch.context() as patched:
        patched.setattr("ambra_tui.api.editions.operations.suppliers._supplier", broken)
        assert api.post("/suppliers", {"name": "Dairy"}, headers=keyed("k1")).status_code == 500
    assert api.get("/suppliers").json()["data"] == []
    assert api.post("/suppliers", {"name": "Dairy"}, headers=keyed("k1")).status_code == 201


def test_twenty_at_once_post_once(api: Api, house: factories.Warehouse, milk: Any) -> None:
    def send(_: int) -> httpx.Response:
        return api.post("/inventory_adjustments", adjustment(house), headers=keyed("same"))

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert api.on_hand("MILK-1L") == 3


@pytest.mark.parametrize("step", ["reserve", "fulfill", "cancel"])
def test_acts_on_orders_repeat(api: Api, house: factories.Warehouse, stocked: Any, step: str) -> None:
    order = api.post("/orders", {"items": [{"sku": "MILK-1L", "quantity": 4}]}).json()
    first = api.post(f"/orders/{order['id']}/{step}", headers=keyed("k1"))
    again = api.post(f"/orders/{order['id']}/{step}", headers=keyed("k1"))
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "é"])
def test_wrong_keys(api: Api, key: str) -> None:
    headers: dict[str, Any] = {"Idempotency-Key": key.encode()}
    answer = api.post("/suppliers", {"name": "Dairy"}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_REQUEST")
    assert api.get("/suppliers").json()["data"] == []


def test_a_key_lives_a_day(api: Api, house: factories.Warehouse, milk: Any) -> None:
    for key in ("old", "young"):
        api.post("/inventory_adjustments", adjustment(house), headers=keyed(key))

    def age(session: Any) -> None:
        for record in session.exec(scoped(session, IdempotencyRecord)).all():
            hours = {"old": 25, "young": 23}[record.key]
            record.created_at -= timedelta(hours=hours)

    api.write(age)
    for key, is_repeated in (("old", False), ("young", True)):
        answer = api.post("/inventory_adjustments", adjustment(house), headers=keyed(key))
        assert ("idempotent-replayed" in answer.headers) is is_repeated
    assert api.on_hand("MILK-1L") == 9
    api.write(age)
    forget_old_answers(api.store)
    left = api.write(lambda session: [record.key for record in session.exec(scoped(session, IdempotencyRecord)).all()])
    assert left == []


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_key_in_flight_elsewhere_is_a_conflict(api: Api, dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "WAIT_MILLISECONDS", 200)
    entered, go_on = threading.Event(), threading.Event()
    claim = idempotency.claim

    def held(session: Any, key: Any) -> Any:
        answer = claim(session, key)
        if not entered.is_set():
            entered.set()
            assert go_on.wait(20)
        return answer

    monkeypatch.setattr("ambra_tui.api.endpoint.claim", held)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(api.post, "/suppliers", {"name": "Dairy"}, headers=keyed("k1"))
        assert entered.wait(20)
        second = api.post("/suppliers", {"name": "Dairy"}, headers=keyed("k1"))
        assert (second.status_code, second.json()["error"]["code"]) == (409, "IDEMPOTENCY_CONFLICT")
        go_on.set()
        assert first.result(20).status_code == 201
    third = api.post("/suppliers", {"name": "Dairy"}, headers=keyed("k1"))
    assert third.headers["idempotent-replayed"] == "true"
    assert len(api.get("/suppliers").json()["data"]) == 1
