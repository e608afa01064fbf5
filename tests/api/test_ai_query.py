"""Questions in words through the operations edition (contract row ai/query)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ambra_tui.ledger import SUPPLIER, Posting, post
from ambra_tui.store.models import MoveKind
from tests import factories
from tests.api.conftest import Api, client_for, open_api

KEYS = {
    "answer", "intent", "parameters", "rows", "confidence", "engine", "suggestions", "status", "source_endpoint",
    "language",
}  # fmt: skip


def ask(api: Api, text: str) -> Any:
    answer = api.post("/ai/query", {"query": text})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_question_is_answered_from_rows(api: Api, house: Any, stocked: Any) -> None:
    told = ask(api, "How many MILK-1L are in WH1?")
    assert set(told) == KEYS
    assert (told["status"], told["intent"], told["engine"]) == ("answered", "stock_level", "grammar")
    assert told["parameters"] == {"sku": "MILK-1L", "location": "WH1"}
    assert [(row["sku"], row["location"], row["on_hand"]) for row in told["rows"]] == [("MILK-1L", "WH1", 10)]
    assert "10" in told["answer"] and told["source_endpoint"] == "/api/v1/inventory_levels"
    assert 0.5 < told["confidence"] <= 1


def test_the_body_may_be_wrapped_flat_or_a_form_under_three_names(api: Api, house: Any, stocked: Any) -> None:
    text = "Stock of MILK-1L"
    for body in (
        {"query": text}, {"question": text}, {"q": text}, {"ai_query": {"query": text}}, {"ai_query": {"q": text}},
    ):  # fmt: skip
        assert api.post("/ai/query", body).json()["intent"] == "stock_level", body
    for form in ({"query": text}, {"ai_query[question]": text}):
        assert api.client.post("/api/v1/ai/query", data=form).json()["intent"] == "stock_level", form


@pytest.mark.parametrize("body", [{}, {"query": ""}, {"query": "   "}, {"query": 7}, {"query": None},
                                  {"query": "x" * 501}, {"query": "stock\x00of"}, {"query": "a\u202eb"}])  # fmt: skip
def test_what_is_no_question_is_refused(api: Api, body: Any) -> None:
    answer = api.post("/ai/query", body)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["field"] == "query"


def test_a_key_that_may_not_read_stock_may_not_ask(api: Api, store: Any, server: Any) -> None:
    assert api.client.post("/api/v1/ai/query", headers={"Authorization": "Bearer no"}, json={}).status_code == 401
    with client_for(store, server.address, api.organization_id, ["suppliers:read"]) as client:
        assert client.post("/api/v1/ai/query", json={"query": "What are we out of?"}).status_code == 403
    with client_for(store, server.address, api.organization_id, ["inventory:read"]) as client:
        assert client.post("/api/v1/ai/query", json={"query": "What are we out of?"}).json()["status"] == "answered"
        for text in ("Open orders", "List suppliers", "Who bought most?", "Which lots expire?", "Show backorders"):
            told = client.post("/api/v1/ai/query", json={"query": text}).json()
            assert (told["status"], told["rows"]) == ("refused", []) and ":read" in told["answer"], told
    with client_for(store, server.address, api.organization_id, ["inventory:read", "orders:read"]) as client:
        assert client.post("/api/v1/ai/query", json={"query": "Open orders"}).json()["status"] == "answered"


def test_refusals_and_doubts_are_answers_too(api: Api, house: Any, stocked: Any) -> None:
    for text, intent in (
        ("Add 10 to MILK-1L", "refuse_write"), ("MILK-1L' OR 1=1 --", "refuse_injection"),
        ("Show stock of the other company on this server", "refuse_tenant"), ("Tell me a joke", "refuse_scope"),
    ):  # fmt: skip
        told = ask(api, text)
        assert (told["status"], told["intent"], told["rows"], told["parameters"]) == ("refused", intent, [], {})
        assert told["answer"] and told["suggestions"]
    unclear = ask(api, "how many do we have")
    assert (unclear["status"], unclear["intent"]) == ("clarify", "stock_level")
    assert 1 <= len(unclear["suggestions"]) <= 5
    assert api.on_hand("MILK-1L") == 10


def test_another_organization_is_never_read(api: Api, other: Api, house: Any, stocked: Any) -> None:
    told = ask(other, "How many MILK-1L are in stock?")
    absent = ask(other, "How many SUGAR-9K are in stock?")
    assert (told["status"], told["rows"]) == (absent["status"], absent["rows"]) == ("clarify", [])
    assert told["answer"].replace("MILK-1L", "SUGAR-9K") == absent["answer"]
    assert ask(other, "Where is everything in WH1?")["rows"] == []


def test_a_module_that_is_off_is_not_asked(store: Any, server: Any) -> None:
    plain = open_api(store, server.address, "Plain", modules=())
    told = ask(plain, "Which lots expire within 30 days?")
    assert (told["status"], told["intent"], told["rows"]) == ("refused", "expiring_lots", [])
    plain.client.close()


def test_movements_of_a_period_are_those_of_its_days(api: Api, house: Any, milk: Any) -> None:
    def receive(session: Any) -> None:
        factories.stock(session, milk, house.bin, 5)
        bought = Posting(
            variant_id=milk.id, source_id=SUPPLIER, destination_id=house.dock.id, quantity=Decimal(4),
            kind=MoveKind.PURCHASE_RECEIVED, idempotency_key="bought",
        )  # fmt: skip
        post(session, [bought])

    api.write(receive)
    told = ask(api, "What did we receive today?")
    assert [(row["kind"], row["quantity"]) for row in told["rows"]] == [("purchase_received", 4)]
    assert told["parameters"]["type"] == "in" and told["parameters"]["period"] == "today"
    assert ask(api, "What did we receive yesterday?")["rows"] == []
