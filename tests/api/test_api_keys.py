"""API keys over REST: made, listed, rotated, revoked, by administrators' keys alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from ambra_tui.kit.clock import FrozenClock
from ambra_tui.services import access
from ambra_tui.store.models import IdempotencyRecord
from ambra_tui.store.scope import scoped
from tests.api.conftest import Api, LiveServer, client_for
from tests.trail import list_entries

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
KEYS = "/v1/api_keys"
PRINTED = {"name": "Production Integration", "scopes": ["read", "write"]}


def made(api: Api, **values: Any) -> dict[str, Any]:
    answer = api.client.post(KEYS, json={**PRINTED, **values})
    assert answer.status_code == 201, answer.text
    row: dict[str, Any] = answer.json()["data"]
    assert answer.headers["location"] == f"{KEYS}/{row['id']}"
    return row


def status_of(api: Api, text: str, path: str = "/v1/products") -> int:
    return api.client.get(path, headers={"Authorization": f"Bearer {text}"}).status_code


def test_a_key_is_made_shown_once_listed_and_revoked(api: Api) -> None:
    row = made(api)
    text = row.pop("key")
    assert text.startswith(row["prefix"] + "_") and row["prefix"].startswith("ambra_live_")
    assert (row["name"], row["scopes"], row["plan"], row["rate_limit"]) == (*PRINTED.values(), "standard", 1000)
    assert (row["environment"], row["status"], row["edition"], row["allowed_ips"]) == ("production", "active", None, [])
    assert status_of(api, text) == 200 and status_of(api, text, KEYS) == 403
    api.write(lambda _session: None)  # behind the note of the key's use, which no request waits for
    body = api.client.get(KEYS).json()
    assert [key["name"] for key in body["data"]] == ["Production Integration", "test"]
    assert body["pagination"]["total"] == 2 and text[20:] not in str(body)
    used = body["data"][0].pop("last_used_at")
    assert used is not None and body["data"][0] == {name: row[name] for name in row if name != "last_used_at"}
    for _ in range(2):
        assert api.client.delete(f"{KEYS}/{row['id']}").status_code == 204
    assert status_of(api, text) == 401
    assert api.client.get(KEYS).json()["data"][0]["status"] == "revoked"
    with api.store.read(api.organization_id) as session:
        acts = [entry.act for entry in list_entries(session)]
    assert acts.count("key_revoked") == 1 and acts.count("key_created") == 2


def test_a_key_keeps_what_was_asked_for_it(api: Api) -> None:
    row = made(
        api, plan="premium", rate_limit=50, edition="sku", expires_at="2099-12-31", allowed_ips=["10.1.1.1/8", "::1"]
    )
    assert (row["plan"], row["rate_limit"], row["edition"]) == ("premium", 50, "sku")
    assert (row["expires_at"][:10], row["allowed_ips"]) == ("2099-12-31", ["10.0.0.0/8", "::1/128"])
    assert status_of(api, row["key"]) == 403, "from 127.0.0.1"
    for field, value in (
        ("name", ""), ("name", None), ("scopes", []), ("scopes", ["fly"]), ("scopes", "read"), ("plan", "gold"),
        ("expires_at", "2020-01-01"), ("allowed_ips", ["300.1.1.1"]), ("rate_limit", 0), ("rate_limit", True),
        ("environment", "moon"), ("edition", "v9"),
    ):  # fmt: skip
        answer = api.client.post(KEYS, json={**PRINTED, field: value})
        assert answer.status_code == 422, (field, value, answer.text)
        assert field in str(answer.json()["error"]["details"]), answer.text
    assert len(api.client.get(KEYS).json()["data"]) == 2


def test_a_rotation_gives_a_new_text_and_time_to_use_it(api: Api) -> None:
    api.store.clock = clock = FrozenClock(START)
    row = made(api)
    answer = api.client.post(f"{KEYS}/{row['id']}/rotate", json={"grace_seconds": 60})
    rotated = answer.json()["data"]
    assert (answer.status_code, rotated["id"], rotated["status"]) == (201, row["id"], "active")
    assert (rotated["previous_prefix"], rotated["previous_ends_at"]) == (row["prefix"], "2026-03-02T08:01:00Z")
    assert [status_of(api, text) for text in (row["key"], rotated["key"])] == [200, 200]
    clock.at = START + timedelta(seconds=60)
    assert [status_of(api, text) for text in (row["key"], rotated["key"])] == [401, 200]
    again = api.client.post(f"{KEYS}/{row['id']}/rotate").json()["data"]
    assert again["previous_ends_at"] == "2026-03-03T08:01:00Z", "a day, when nothing is said"
    at_once = api.client.post(f"{KEYS}/{row['id']}/rotate", json={"grace_seconds": 0}).json()["data"]
    assert at_once["previous_prefix"] is None
    assert [status_of(api, text) for text in (rotated["key"], again["key"], at_once["key"])] == [401, 401, 200]
    for seconds in (-1, 30 * 86_400 + 1, 1.5, "60", True):
        refused = api.client.post(f"{KEYS}/{row['id']}/rotate", json={"grace_seconds": seconds})
        assert refused.status_code == 422, seconds
    assert api.client.delete(f"{KEYS}/{row['id']}").status_code == 204
    ended = api.client.post(f"{KEYS}/{row['id']}/rotate")
    assert (ended.status_code, ended.json()["error"]["code"]) == (422, "INVALID_STATE")
    absent = api.client.post(f"{KEYS}/none/rotate")
    assert (absent.status_code, absent.json()["error"]["code"]) == (404, "API_KEY_NOT_FOUND")


def test_no_text_of_a_key_is_kept_for_a_repeat(api: Api) -> None:
    header = {"Idempotency-Key": "make-1"}
    texts = [api.client.post(KEYS, json=PRINTED, headers=header).json()["data"]["key"] for _ in range(2)]
    assert texts[0] != texts[1]
    with api.store.read(api.organization_id) as session:
        kept = str([row.model_dump() for row in session.exec(scoped(session, IdempotencyRecord))])
    assert not any(text in kept for text in texts)


def test_a_staging_key_works_in_the_sandbox_and_makes_only_its_like(api: Api, server: LiveServer) -> None:
    row = made(api, environment="staging", scopes=["admin"], plan="enterprise")
    assert row["key"].startswith("test_") and row["environment"] == "staging"
    assert [key["name"] for key in api.client.get(KEYS).json()["data"]] == ["test"], "a live key does not see it"
    with httpx.Client(base_url=server.address, headers={"Authorization": f"Bearer {row['key']}"}) as sandbox:
        assert [key["id"] for key in sandbox.get(KEYS).json()["data"]] == [row["id"]]
        assert sandbox.post(KEYS, json=PRINTED).json()["data"]["environment"] == "staging"
        refused = sandbox.post(KEYS, json={**PRINTED, "environment": "production"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "INSUFFICIENT_PERMISSIONS")
        assert sandbox.delete(f"{KEYS}/{row['id']}").status_code == 204
        assert sandbox.get(KEYS).status_code == 401


@pytest.mark.parametrize("held", [["read", "write", "delete"]])
def test_only_administrators_keys_manage_keys(api: Api, server: LiveServer, held: list[str]) -> None:
    with client_for(api.store, server.address, api.organization_id, held) as client:
        for method, path in (("GET", KEYS), ("POST", KEYS), ("DELETE", f"{KEYS}/x"), ("POST", f"{KEYS}/x/rotate")):
            assert client.request(method, path, json={}).status_code == 403, method


def test_the_last_administrators_key_may_be_revoked(api: Api) -> None:
    own = api.client.get(KEYS).json()["data"][0]
    assert api.client.delete(f"{KEYS}/{own['id']}").status_code == 204
    assert api.client.get(KEYS).status_code == 401
    _, text = access.create_key(api.store, organization_id=api.organization_id, label="new", scopes=["admin"])
    assert status_of(api, text, KEYS) == 200
