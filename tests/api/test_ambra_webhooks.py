"""Webhooks by the ambra edition: every row, its answers and its refusals."""

from __future__ import annotations

from typing import Any

import pytest

from ambra_tui.services import webhooks
from tests.api.conftest import Api

URL = "https://receiver.invalid/hooks"
KEYS = {
    "id", "url", "events", "active", "paused_at", "paused_reason", "failing_since", "previous_secret_until",
    "created_at", "updated_at",
}  # fmt: skip


def _ask(api: Api, method: str, path: str = "", body: Any = None, **options: Any) -> Any:
    json = {} if body is None or method == "GET" else {"json": body}
    return api.client.request(method, f"/v1/webhooks{path}", **json, **options)


def _add(api: Api, **changes: Any) -> dict[str, Any]:
    answer = _ask(api, "POST", body={"url": URL, "events": ["product.created"], **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"])


def test_every_row(api: Api) -> None:
    made = _ask(api, "POST", body={"url": URL, "events": ["product.created", "stock_level.low"]})
    assert made.status_code == 201 and made.json()["success"] is True
    webhook = made.json()["data"]
    assert set(webhook) == KEYS | {"secret", "standard_secret"}
    assert webhook["id"].startswith("whk_") and webhook["active"] is True
    assert webhook["secret"].startswith("whsec_") and webhook["standard_secret"] == webhook["secret"]
    assert made.headers["Location"] == f"/v1/webhooks/{webhook['id']}"
    chosen = _add(api, secret="your_webhook_secret", active=False)
    assert (chosen["secret"], chosen["active"]) == ("your_webhook_secret", False)
    assert chosen["standard_secret"] == webhooks.standard_secret("your_webhook_secret") != chosen["secret"]

    listed = _ask(api, "GET", params={"limit": 1}).json()
    assert [row["id"] for row in listed["data"]] == [chosen["id"]]
    assert (listed["pagination"]["total"], listed["pagination"]["has_next"]) == (2, True)
    assert set(listed["data"][0]) == KEYS, "no secret after the first answer"
    one = _ask(api, "GET", f"/{webhook['id']}")
    assert one.status_code == 200 and set(one.json()["data"]) == KEYS

    stale = {"If-Match": one.headers["ETag"]}
    changed = _ask(api, "PATCH", f"/{webhook['id']}", {"events": ["product.deleted"], "active": False}, headers=stale)
    assert changed.json()["data"]["events"] == ["product.deleted"] and changed.json()["data"]["active"] is False
    assert _ask(api, "PATCH", f"/{webhook['id']}", {"active": True}, headers=stale).status_code == 412
    rotated = _ask(api, "POST", f"/{webhook['id']}/rotate_secret", {"overlap_seconds": 3600}).json()["data"]
    assert rotated["secret"] != webhook["secret"] and rotated["previous_secret_until"]

    off = _ask(api, "POST", f"/{webhook['id']}/test", {})
    assert (off.status_code, off.json()["error"]["code"]) == (422, "INVALID_STATE")
    _ask(api, "PATCH", f"/{webhook['id']}", {"active": True})
    sent = _ask(api, "POST", f"/{webhook['id']}/test", {})
    assert sent.status_code == 202
    delivery = sent.json()["data"]
    assert (delivery["type"], delivery["status"], delivery["attempts"]) == ("webhook.test", "pending", 0)
    again = _ask(api, "POST", f"/{webhook['id']}/deliveries/{delivery['id']}/redeliver", {})
    assert again.status_code == 202
    assert again.json()["data"]["event_id"] == delivery["event_id"] != again.json()["data"]["id"]
    log = _ask(api, "GET", f"/{webhook['id']}/deliveries", params={"status": "pending"}).json()
    assert {row["id"] for row in log["data"]} == {delivery["id"], again.json()["data"]["id"]}
    whole = _ask(api, "GET", f"/{webhook['id']}/deliveries/{delivery['id']}").json()["data"]
    assert set(whole["event"]) == {"id", "type", "created_at", "data"} and whole["event"]["id"] == delivery["event_id"]

    assert _ask(api, "DELETE", f"/{webhook['id']}").status_code == 204
    gone = _ask(api, "GET", f"/{webhook['id']}")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "WEBHOOK_NOT_FOUND")
    assert gone.json()["error"]["details"] == {"webhook_id": webhook["id"]}


def test_refusals(api: Api) -> None:
    webhook = _add(api)
    for body, field in (
        ({"events": ["product.created"]}, "url"),
        ({"url": URL, "events": ["order.created"]}, "events"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL}, "events"),
        ({"url": "http://127.0.0.1:8000/hooks", "events": ["product.created"]}, "url"),
        ({"url": "http://localhost/hooks", "events": ["product.created"]}, "url"),
        ({"url": "http://169.254.169.254/latest", "events": ["product.created"]}, "url"),
        ({"url": "https://name:word@receiver.invalid/", "events": ["product.created"]}, "url"),
        ({"url": "ftp://receiver.invalid/", "events": ["product.created"]}, "url"),
        ({"url": URL, "events": ["product.created"], "secret": "short"}, "secret"),
    ):
        answer = _ask(api, "POST", body=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "VALIDATION_ERROR"), body
        assert any(name.startswith(field) for name in answer.json()["error"]["details"]), answer.text
    refused = _ask(api, "PATCH", f"/{webhook['id']}", {"url": "http://[::ffff:10.0.0.1]/"})
    assert refused.status_code == 422
    assert _ask(api, "POST", f"/{webhook['id']}/rotate_secret", {"overlap_seconds": -1}).status_code == 422
    missing = _ask(api, "POST", f"/{webhook['id']}/deliveries/dlv_none/redeliver", {})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "DELIVERY_NOT_FOUND")


@pytest.mark.parametrize("scopes", [["read", "write", "delete"]])
def test_only_admins(api: Api, scopes: list[str]) -> None:
    from tests.api.conftest import client_for

    with client_for(api.store, str(api.client.base_url), api.organization_id, scopes) as client:
        assert client.get("/v1/webhooks").status_code == 403
        assert client.post("/v1/webhooks", json={"url": URL, "events": ["product.created"]}).status_code == 403
