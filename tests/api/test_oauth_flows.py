"""OAuth 2 from end to end: other people's clients through every flow, what a token may do, and for whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from requests_oauthlib import OAuth2Session

from ambra_tui.api import gate
from ambra_tui.kit.resources import docs_path
from ambra_tui.services import access, oauth
from ambra_tui.services.sandboxes.reset import reset_sandbox
from tests.api.conftest import Api, LiveServer
from tests.api.oauth import (
    BACK,
    BADGE,
    PIN,
    Browser,
    OAuth2Client,
    challenge_of,
    person,
    program,
    query_of,
    status_with,
    verifier,
)
from tests.trail import list_entries


@pytest.fixture
def browser(server: LiveServer) -> Iterator[Browser]:
    opened = Browser(server.address)
    yield opened
    opened.client.close()


def test_a_person_lets_a_program_in_and_it_acts_for_that_person(api: Api, browser: Browser) -> None:
    ana, shop = person(api), program(api)
    page = browser.open(shop.asks())
    assert page.status_code == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
    for said in ("Shop asks for access", "see stock", "change products", "shop.example.com", "Acme"):
        assert said in page.text, said
    assert page.headers["x-frame-options"] == "DENY" and page.headers["cache-control"] == "no-store"
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy and "form-action 'self' https://shop.example.com" in policy
    cookie = page.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and page.headers["x-request-id"]
    back = browser.send(page)
    told = query_of(back.headers["location"])
    assert back.status_code == 302 and back.headers["location"].startswith(BACK + "?")
    assert told.keys() == {"code", "state", "iss"} and told["state"] == "xyz"
    assert told["iss"] == str(api.client.base_url).rstrip("/")
    answer = shop.exchange(told["code"])
    assert (
        answer.status_code == 200 and answer.headers["cache-control"] == "no-store" and answer.headers["x-request-id"]
    )
    token = answer.json()
    assert (token["token_type"], token["expires_in"], token["scope"]) == (
        "Bearer",
        3600,
        "inventory:read products:write",
    )
    assert token["access_token"].startswith("ambra_oat_") and token["refresh_token"].startswith("ambra_ort_")
    made = api.client.post(
        "/v1/products", json={"name": "Mug", "sku": "MUG-1"},
        headers={"Authorization": f"Bearer {token['access_token']}"},
    )  # fmt: skip
    assert made.status_code == 201 and made.headers["x-ratelimit-limit"] == "1000000"
    assert status_with(api, token["access_token"], "/api/v1/inventory_levels") == 200
    assert status_with(api, token["access_token"], "/v1/suppliers") == 403
    assert status_with(api, token["access_token"], "/v1/api_keys") == 403
    with api.store.read(api.organization_id) as session:
        entries = list_entries(session)
    acts = {entry.act: (entry.actor_id, entry.actor_name) for entry in entries}
    assert acts["oauth_allowed"] == (ana.id, "Ana Ruiz") == acts["product_created"]
    assert token["access_token"] not in str(entries) and told["code"] not in str(entries)


def test_a_role_limits_what_is_handed_on_and_goes_on_doing_so(api: Api, browser: Browser) -> None:
    ana, shop = person(api, role="operator"), program(api, scopes=["products:write"])
    page = browser.send(browser.open(shop.asks()))
    assert page.status_code == 403 and "change products" in page.text and "Your role" in page.text
    reads = program(api, scopes=["products:read"])
    token = reads.exchange(reads.code(browser)).json()["access_token"]
    assert status_with(api, token) == 200

    def lock(session: Any) -> None:
        row = session.merge(ana)
        row.status = "locked"
        session.add(row)

    api.write(lock)
    assert status_with(api, token) == 401


def test_administration_takes_the_password(api: Api, browser: Browser) -> None:
    person(api, role="admin", password="correct horse")
    shop = program(api, scopes=["admin"])
    page = browser.open(shop.asks())
    assert "not your PIN" in page.text
    assert browser.send(page).status_code == 403
    back = browser.send(page, secret="correct horse")
    token = shop.exchange(query_of(back.headers["location"])["code"]).json()["access_token"]
    assert status_with(api, token, "/v1/api_keys") == 200


def test_wrong_pins_lock_the_page_without_telling_who_is_known(api: Api, browser: Browser) -> None:
    person(api)
    shop = program(api)
    page = browser.open(shop.asks())
    unknown, wrong = browser.send(page, name="Nobody"), browser.send(page, secret="0000")
    assert unknown.status_code == wrong.status_code == 403
    assert "is wrong" in unknown.text and "is wrong" in wrong.text
    for _ in range(4):
        last = browser.send(page, secret="0000")
    assert last.status_code in (403, 429)
    locked = browser.send(page)
    assert (
        locked.status_code == 429 and int(locked.headers["retry-after"]) > 0 and "Too many wrong tries" in locked.text
    )


def test_a_refusal_of_the_person_goes_back_to_the_program(api: Api, browser: Browser) -> None:
    back = browser.send(browser.open(program(api).asks()), decision="deny")
    told = query_of(back.headers["location"])
    assert back.status_code == 302 and told["error"] == "access_denied" and told["state"] == "xyz" and told["iss"]


@pytest.mark.long  # makes two sets of sample data
def test_a_sandbox_program_works_on_the_sandbox_alone(api: Api, browser: Browser) -> None:
    person(api)
    shop = program(api, sandbox=True)
    assert "sandbox of Acme" in browser.open(shop.asks()).text
    token = shop.exchange(shop.code(browser)).json()
    assert token["access_token"].startswith("test_oat_") and token["refresh_token"].startswith("test_ort_")
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    assert api.client.get("/v1/products", headers=headers).json()["pagination"]["total"] > 0
    assert api.client.get("/v1/products").json()["pagination"]["total"] == 0
    reset_sandbox(api.store, api.organization_id)
    assert status_with(api, token["access_token"]) == 200
    assert shop.refresh(token["refresh_token"]).status_code == 200


def test_authlib_completes_each_flow_unmodified(api: Api, browser: Browser) -> None:
    person(api)
    address = str(api.client.base_url).rstrip("/")
    metadata = httpx.get(f"{address}/.well-known/oauth-authorization-server").json()
    AuthorizationServerMetadata(metadata).validate()
    shop, public = program(api), program(api, is_public=True)
    own = verifier()
    for each, secret, method in (
        (shop, shop.secret, "client_secret_basic"), (shop, shop.secret, "client_secret_post"), (public, None, "none"),
    ):  # fmt: skip
        with OAuth2Client(
            each.id, secret, token_endpoint_auth_method=method, redirect_uri=BACK, scope="inventory:read",
            code_challenge_method="S256", token_endpoint=metadata["token_endpoint"],
        ) as client:  # fmt: skip
            url, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=own)
            back = browser.send(browser.client.get(url)).headers["location"]
            client.fetch_token(authorization_response=back, state=state, code_verifier=own)
            assert client.get(f"{address}/api/v1/inventory_levels").status_code == 200
            before = client.token["refresh_token"]
            client.refresh_token(metadata["token_endpoint"], refresh_token=before)
            assert client.token["refresh_token"] != before
            if secret:
                seen = client.introspect_token(metadata["introspection_endpoint"], token=client.token["access_token"])
                assert seen.json()["active"] and seen.json()["username"] == "Ana Ruiz"
            client.revoke_token(metadata["revocation_endpoint"], token=client.token["refresh_token"])
            assert status_with(api, client.token["access_token"]) == 401
    machine = program(api, redirect_uris=[], scopes=["inventory:read"])
    with OAuth2Client(machine.id, machine.secret) as client:
        client.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
        assert "refresh_token" not in client.token
        assert client.get(f"{address}/api/v1/inventory_levels").status_code == 200


def test_requests_oauthlib_completes_each_flow_unmodified(
    api: Api, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from oauthlib.oauth2 import BackendApplicationClient

    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    person(api)
    address = str(api.client.base_url).rstrip("/")
    shop = program(api)
    session = OAuth2Session(shop.id, redirect_uri=BACK, scope=["inventory:read"], pkce="S256")
    url, _ = session.authorization_url(f"{address}/oauth/authorize")
    back = browser.send(browser.client.get(url)).headers["location"]
    token = session.fetch_token(f"{address}/oauth/token", authorization_response=back, client_secret=shop.secret)
    assert session.get(f"{address}/api/v1/inventory_levels").status_code == 200
    renewed = session.refresh_token(f"{address}/oauth/token", client_id=shop.id, client_secret=shop.secret)
    assert renewed["refresh_token"] != token["refresh_token"]
    session.close()
    machine = program(api, redirect_uris=[], scopes=["inventory:read"])
    with OAuth2Session(client=BackendApplicationClient(machine.id)) as backend:
        backend.fetch_token(f"{address}/oauth/token", client_id=machine.id, client_secret=machine.secret)
        assert backend.get(f"{address}/api/v1/inventory_levels").status_code == 200


def test_a_program_of_its_own_machine_takes_the_port_it_gets(api: Api, browser: Browser) -> None:
    person(api)
    tool = program(api, redirect_uris=["http://127.0.0.1/callback", "com.example.scan:/back"], is_public=True)
    own = verifier()
    asked = {"code_challenge": challenge_of(own), "code_challenge_method": "S256"}
    for uri in ("http://127.0.0.1:51823/callback", "com.example.scan:/back"):
        page = browser.open(tool.asks(redirect_uri=uri, **asked))
        origin = uri.partition("/callback")[0] if uri.startswith("http") else "com.example.scan:"
        assert f"form-action 'self' {origin}" in page.headers["content-security-policy"]
        location = browser.send(page).headers["location"]
        assert location.startswith(uri + "?")
        code = query_of(location)["code"]
        assert tool.exchange(code, redirect_uri=uri, code_verifier=own).status_code == 200
    for wrong in ("http://127.0.0.1:51823/other", "http://127.0.0.2:51823/callback", "http://localhost:1/callback"):
        assert browser.open(tool.asks(redirect_uri=wrong, **asked)).status_code == 400


def test_the_page_speaks_the_language_of_the_browser(api: Api, browser: Browser) -> None:
    page = browser.open(program(api).asks(), headers={"Accept-Language": "fr, de-AT;q=0.8, en;q=0.5"})
    assert '<html lang="de">' in page.text and "Shop bittet um Zugang" in page.text and "Bestand sehen" in page.text
    assert BADGE not in page.text and PIN not in page.text


def test_the_page_on_oauth_says_what_is(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    """Its program runs as it is printed, its endpoints are the real ones, and so are its numbers."""
    text = (docs_path() / "oauth.md").read_text(encoding="utf-8")
    machine = program(api, redirect_uris=[], scopes=["products:read"])
    script = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0].replace(
        "http://127.0.0.1:8080", str(api.client.base_url).rstrip("/")
    )
    exec(compile(script, "oauth.md", "exec"), {"client_id": machine.id, "client_secret": machine.secret})
    assert "total_items" in capsys.readouterr().out
    told = set(re.findall(r"^\| `((?:GET|POST) /[^`]+)`", text, re.MULTILINE))
    metadata = api.client.get("/.well-known/oauth-authorization-server").json()
    served = {value.removeprefix(metadata["issuer"]) for name, value in metadata.items() if name.endswith("_endpoint")}
    assert {path.partition(" ")[2] for path in told} == served | {"/.well-known/oauth-authorization-server"}
    assert oauth.CODE_LIFE.seconds == 120 and "for two minutes" in text
    assert oauth.REFRESH_LIFE.days == 30 and "30 days" in text
    assert gate.STRANGERS_A_MINUTE == 600 and "refused 600 times in a minute" in text
    security = (docs_path() / "security.md").read_text(encoding="utf-8")
    assert f"Rotate keys every {access.ROTATE_AFTER.days} days" in security and "after 30 days" in security
