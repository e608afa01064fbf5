"""What nobody gets away with: every abuse of OAuth is tried over the wire, and refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape

import httpx
import pytest
from sqlmodel import col

from ambra_tui.kit.clock import FrozenClock
from ambra_tui.services import oauth
from ambra_tui.services.oauth.grants import forget_old
from ambra_tui.store.models import OAuthGrant, OAuthToken
from ambra_tui.store.scope import scoped
from tests.api.conftest import Api, LiveServer
from tests.api.oauth import (
    ACTION,
    BACK,
    BADGE,
    FORM,
    PIN,
    Browser,
    Program,
    challenge_of,
    person,
    program,
    query_of,
    status_with,
    verifier,
)

TRIALS = 4


@pytest.fixture
def browser(server: LiveServer, api: Api) -> Iterator[Browser]:
    """A browser, and somebody who may allow things."""
    person(api)
    opened = Browser(server.address)
    yield opened
    opened.client.close()


def mistyped(text: str) -> str:
    return text[:-1] + ("a" if text[-1] != "a" else "b")


def refused(answer: httpx.Response, error: str, status: int = 400) -> bool:
    body = answer.json()
    assert (answer.status_code, body["error"]) == (status, error), answer.text
    assert (
        answer.headers["cache-control"] == "no-store" and "access_token" not in body and answer.headers["x-request-id"]
    )
    return True


def sent_back(answer: httpx.Response, error: str) -> bool:
    assert answer.status_code == 302, answer.text
    told = query_of(answer.headers["location"])
    assert answer.headers["location"].startswith(BACK) and told["error"] == error, told
    assert told["state"] == "xyz" and told["iss"] and "code" not in told
    return True


def shown(answer: httpx.Response) -> bool:
    assert answer.status_code == 400 and "location" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html") and "form" not in answer.text
    return True


def test_a_code_is_good_once_and_a_second_use_ends_what_the_first_gave(api: Api, browser: Browser) -> None:
    shop = program(api)
    code = shop.code(browser)
    token = shop.exchange(code).json()
    assert status_with(api, token["access_token"]) == 200
    assert refused(shop.exchange(code), "invalid_grant")
    assert status_with(api, token["access_token"]) == 401
    assert refused(shop.refresh(token["refresh_token"]), "invalid_grant")


def test_a_code_and_a_refresh_token_belong_to_their_client(api: Api, browser: Browser) -> None:
    shop, thief = program(api), program(api, name="Thief")
    code = shop.code(browser)
    assert refused(thief.exchange(code), "invalid_grant")
    token = shop.exchange(code).json()
    assert refused(thief.refresh(token["refresh_token"]), "invalid_grant")
    with httpx.Client(base_url=browser.address) as client:
        asked = {"token": token["refresh_token"]}
        assert refused(client.post("/oauth/revoke", data=asked, auth=(thief.id, thief.secret)), "invalid_grant")
        assert refused(client.post("/oauth/introspect", data={"client_id": shop.id, **asked}), "invalid_client", 401)
    assert shop.refresh(token["refresh_token"]).status_code == 200


def test_nobody_is_sent_to_an_address_that_is_not_the_clients(api: Api, browser: Browser) -> None:
    shop = program(api)
    for uri in (
        "https://evil.example.com/callback", BACK + "/", BACK + "?x=1", BACK.replace("https", "http"),
        BACK.replace("shop.", "shop.example.com."), BACK + "#x", "https://shop.example.com@evil.example.com/callback",
        BACK.upper(), "//shop.example.com/callback", "javascript:alert(1)", BACK + '"', BACK + "\r\nX: y",
    ):  # fmt: skip
        assert shown(browser.open(shop.asks(redirect_uri=uri))), uri
    two = program(api, redirect_uris=[BACK, BACK + "2"])
    assert shown(browser.open(two.asks(redirect_uri="")))
    for wrong in ({"client_id": "client_nobody"}, {"client_id": ""}):
        assert shown(browser.open(shop.asks(**wrong)))
    twice = f"/oauth/authorize?client_id={shop.id}&redirect_uri={BACK}&redirect_uri=https://evil.example.com/"
    assert shown(browser.client.get(twice))
    code = shop.code(browser)
    assert refused(shop.exchange(code, redirect_uri=BACK + "2"), "invalid_grant")
    assert refused(shop.exchange(code, redirect_uri=""), "invalid_grant")
    assert shop.exchange(code).status_code == 200


def test_pkce_is_neither_left_out_nor_weakened(api: Api, browser: Browser) -> None:
    public, shop, strict = program(api, is_public=True), program(api), program(api, requires_pkce=True)
    own = verifier()
    begun = {"code_challenge": challenge_of(own), "code_challenge_method": "S256"}
    assert sent_back(browser.open(public.asks()), "invalid_request")
    assert sent_back(browser.open(strict.asks()), "invalid_request")
    for method in ("plain", "", "s256"):
        for each in (public, shop):
            weak = each.asks(code_challenge=own, code_challenge_method=method)
            assert sent_back(browser.open(weak), "invalid_request")
    assert sent_back(browser.open(shop.asks(code_challenge_method="S256")), "invalid_request")
    for each in (public, shop):
        code = each.code(browser, **begun)
        assert refused(each.exchange(code), "invalid_grant")
        assert refused(each.exchange(code, code_verifier=verifier()), "invalid_grant")
        assert refused(each.exchange(code, code_verifier=begun["code_challenge"]), "invalid_grant")
        assert each.exchange(code, code_verifier=own).status_code == 200
    injected = shop.code(browser)  # begun without PKCE, exchanged with a verifier: somebody put a foreign code in
    assert refused(shop.exchange(injected, code_verifier=own), "invalid_request")


def test_a_refresh_token_that_comes_twice_ends_its_family(api: Api, browser: Browser) -> None:
    shop = program(api)
    first = shop.exchange(shop.code(browser)).json()
    second = shop.refresh(first["refresh_token"]).json()
    assert status_with(api, first["access_token"]) == status_with(api, second["access_token"]) == 200
    assert refused(shop.refresh(first["refresh_token"]), "invalid_grant")
    assert status_with(api, first["access_token"]) == status_with(api, second["access_token"]) == 401
    assert refused(shop.refresh(second["refresh_token"]), "invalid_grant")
    with api.store.read(api.organization_id) as session:
        grant = session.exec(scoped(session, OAuthGrant).order_by(col(OAuthGrant.created_at))).all()[-1]
    assert grant.revoked_why == "refresh_reused"


def test_scopes_never_grow(api: Api, browser: Browser) -> None:
    shop = program(api, scopes=["inventory:read", "products:write"])
    for more in ("inventory:write", "admin", "read", "orders:read inventory:read", "nonsense", "products:delete"):
        assert sent_back(browser.open(shop.asks(scope=more)), "invalid_scope"), more
    token = shop.exchange(shop.code(browser, scope="products:read")).json()
    assert token["scope"] == "products:read" and status_with(api, token["access_token"], method="POST", json={}) == 403
    for more in ("products:write", "products:read inventory:read", "admin"):
        assert refused(shop.refresh(token["refresh_token"], scope=more), "invalid_scope"), more
    assert shop.refresh(token["refresh_token"], scope="products:read").json()["scope"] == "products:read"
    machine = program(api, redirect_uris=[], scopes=["inventory:read"])
    assert refused(machine.token(grant_type="client_credentials", scope="inventory:write"), "invalid_scope")


def test_what_is_over_is_over(api: Api, browser: Browser) -> None:
    clock = api.store.clock = FrozenClock(api.store.clock.now())
    shop = program(api)
    late = shop.code(browser)
    clock.at += oauth.CODE_LIFE
    assert refused(shop.exchange(late), "invalid_grant")
    token = shop.exchange(shop.code(browser)).json()
    clock.at += oauth.ACCESS_LIFE - timedelta(seconds=1)
    assert status_with(api, token["access_token"]) == 200
    clock.at += timedelta(seconds=1)
    assert status_with(api, token["access_token"]) == 401
    renewed = shop.refresh(token["refresh_token"]).json()
    clock.at += oauth.REFRESH_LIFE
    assert refused(shop.refresh(renewed["refresh_token"]), "invalid_grant")
    robot = program(api, grant_types=["client_credentials"], redirect_uris=[])
    alone = robot.token(grant_type="client_credentials").json()["access_token"]
    api.write(forget_old)
    assert status_with(api, alone) == 200
    clock.at += timedelta(days=2)
    api.write(forget_old)
    with api.store.read(api.organization_id) as session:
        assert session.exec(scoped(session, OAuthToken)).all() == []
        grants = session.exec(scoped(session, OAuthGrant)).all()
    assert grants and all(grant.user_id for grant in grants), (
        "what a person allowed is kept, with when and how it ended"
    )


def test_a_client_that_was_removed_can_nothing_any_more(api: Api, browser: Browser) -> None:
    shop = program(api)
    token, code = shop.exchange(shop.code(browser)).json(), shop.code(browser)
    api.write(lambda session: oauth.remove_client(session, shop.id))
    assert status_with(api, token["access_token"]) == 401
    assert refused(shop.exchange(code), "invalid_client", 401) and refused(
        shop.refresh(token["refresh_token"]), "invalid_client", 401
    )
    assert shown(browser.open(shop.asks()))


def test_clients_prove_who_they_are_in_one_way_and_never_in_an_address(api: Api, browser: Browser) -> None:
    shop, public = program(api), program(api, is_public=True)
    form = {"grant_type": "client_credentials"}
    with httpx.Client(base_url=browser.address) as client:
        named = {"client_id": shop.id, "client_secret": shop.secret}
        assert refused(client.post("/oauth/token", params=named, data=form), "invalid_request")
        assert refused(
            client.post("/oauth/token", data={**form, **named}, auth=(shop.id, shop.secret)), "invalid_request"
        )
        assert refused(client.post("/oauth/token", json={**form, **named}), "invalid_request")
        assert refused(client.post("/oauth/token", content=b"grant_type=a&grant_type=b", headers={
            "Content-Type": "application/x-www-form-urlencoded"}), "invalid_request")  # fmt: skip
        wrong = client.post("/oauth/token", data=form, auth=(shop.id, mistyped(shop.secret)))
        assert refused(wrong, "invalid_client", 401) and wrong.headers["www-authenticate"].startswith("Basic")
        for strange in (b"Basic \xff", b"Basic !!!", b"Basic w7w6w7w=", b"Basic"):
            got = client.post("/oauth/token", data=form, headers={b"Authorization": strange})
            assert got.status_code in (400, 401), strange
        assert client.get("/oauth/token").status_code == 405
        odd = {"grant_type": 'x"\\', "client_id": shop.id, "client_secret": shop.secret}
        assert refused(client.post("/oauth/token", data=odd), "invalid_request")
        assert refused(client.post("/oauth/token", data={**odd, "grant_type": "password"}), "unsupported_grant_type")
        assert refused(client.post("/oauth/token", data=named), "invalid_request")
    assert refused(public.token(grant_type="client_credentials"), "invalid_client", 401)
    assert refused(public.token(grant_type="client_credentials", client_secret="x"), "invalid_client", 401)
    assert refused(shop.token(grant_type="client_credentials"), "unauthorized_client")
    assert refused(shop.token(auth=False, grant_type="refresh_token", refresh_token="x"), "invalid_client", 401)
    unsupported = browser.open(shop.asks(response_type="token"))
    assert sent_back(unsupported, "unsupported_response_type")
    assert query_of(unsupported.headers["location"])["error_description"] == "The response_type must be code."
    assert sent_back(browser.open(shop.asks(response_type="")), "invalid_request")


def test_the_form_comes_from_our_page_in_this_browser_for_this_request(api: Api, browser: Browser) -> None:
    shop, other = program(api), program(api, name="Other")
    page = browser.open(shop.asks())
    token, action = FORM.search(page.text), ACTION.search(page.text)
    assert token and action
    to, right = unescape(action[1]), {"decision": "allow", "name": BADGE, "secret": PIN, "form_token": token[1]}
    stranger = Browser(browser.address)
    foreign = FORM.search(stranger.open(shop.asks()).text)
    assert foreign
    elsewhere = to.replace(shop.id, other.id)
    tries = (
        (stranger.client, to, right),  # without the cookie of the page
        (browser.client, to, {**right, "form_token": ""}),
        (browser.client, to, {**right, "form_token": foreign[1]}),  # of a page that an attacker opened
        (browser.client, elsewhere, right),  # of a page about another client
        (browser.client, to + "&scope=admin", right),
        (browser.client, to, {**right, "form_token": re.sub(r"^\d+", "99999999999", token[1])}),
    )
    for client, place, form in tries:
        assert "location" not in client.post(place, data=form).headers, (place, form)
    for header in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example.com"}, {"Origin": "null"}):
        assert browser.client.post(to, data=right, headers=header).status_code == 403
    clock = api.store.clock = FrozenClock(api.store.clock.now())
    clock.at += timedelta(minutes=11)
    assert browser.client.post(to, data=right).status_code == 403
    with api.store.read(api.organization_id) as session:
        assert session.exec(scoped(session, OAuthGrant)).all() == []
    assert browser.send(browser.open(shop.asks())).status_code == 302
    stranger.client.close()


def test_a_client_can_tell_whose_answer_it_got(api: Api, browser: Browser) -> None:
    """RFC 9207: also a refusal names its issuer, the one of the metadata."""
    shop = program(api)
    issuer = httpx.get(f"{browser.address}/.well-known/oauth-authorization-server").json()["issuer"]
    answers = [
        browser.send(browser.open(shop.asks())), browser.send(browser.open(shop.asks()), decision="deny"),
        browser.open(shop.asks(scope="admin")),
    ]  # fmt: skip
    assert [query_of(answer.headers["location"])["iss"] for answer in answers] == [issuer] * 3
    seen = httpx.get(f"{browser.address}/.well-known/oauth-authorization-server", headers={"Host": 'a"b.example'})
    assert '"b' not in seen.json()["issuer"]


def test_a_token_is_what_it_was_made_for(api: Api, browser: Browser) -> None:
    shop = program(api)
    token = shop.exchange(shop.code(browser)).json()
    for wrong in (token["refresh_token"], shop.secret, mistyped(token["access_token"]), shop.code(browser)):
        assert status_with(api, wrong) == 401
    assert refused(shop.refresh(token["access_token"]), "invalid_grant")
    assert refused(shop.exchange(token["refresh_token"]), "invalid_grant")


def test_only_administrators_register_programs(api: Api, browser: Browser) -> None:
    body = {"client_name": "Shop", "redirect_uris": [BACK], "scope": "orders:read"}
    reader = program(api, redirect_uris=[], scopes=["read", "write"])
    token = reader.token(grant_type="client_credentials").json()["access_token"]
    with httpx.Client(base_url=browser.address) as client:
        assert refused(client.post("/oauth/register", json=body), "invalid_token", 401)
        headers = {"Authorization": f"Bearer {token}"}
        assert refused(client.post("/oauth/register", json=body, headers=headers), "insufficient_scope", 403)
    made = api.client.post("/oauth/register", json=body)
    assert made.status_code == 201 and made.headers["location"] == f"/oauth/register/{made.json()['client_id']}"
    for change, error in (
        ({"redirect_uris": ["http://shop.example.com/back"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://shop.example.com/#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://*.example.com/back"]}, "invalid_redirect_uri"),
        ({"redirect_uris": 5}, "invalid_redirect_uri"), ({"scope": "everything"}, "invalid_client_metadata"),
        ({"scope": ""}, "invalid_client_metadata"), ({"client_name": "\x1b[2J"}, "invalid_client_metadata"),
        ({"grant_types": ["password"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "none", "grant_types": ["client_credentials"]}, "invalid_client_metadata"),
    ):  # fmt: skip
        assert refused(api.client.post("/oauth/register", json={**body, **change}), error), change
    listed = api.client.get("/oauth/register").json()["clients"]
    assert listed[0]["client_name"] == "Shop" and made.json()["client_secret"] not in str(listed)
    assert api.client.delete(made.headers["location"]).status_code == 204
    assert refused(api.client.get(made.headers["location"]), "invalid_client", 404)


def test_who_is_refused_too_often_is_not_heard(api: Api, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ambra_tui.api.gate.STRANGERS_A_MINUTE", 3)
    clock = api.store.clock = FrozenClock(api.store.clock.now())
    shop = program(api)
    wrong = [shop.token(grant_type="refresh_token", refresh_token="x").status_code for _ in range(5)]
    assert wrong == [400, 400, 400, 429, 429]
    clock.at += timedelta(minutes=1)
    assert shop.token(grant_type="refresh_token", refresh_token="x").status_code == 400


@pytest.mark.parametrize("trials", [TRIALS, pytest.param(100, marks=pytest.mark.long)])
def test_of_two_at_once_one_wins(api: Api, browser: Browser, trials: int) -> None:
    shop = program(api)
    code = ""
    with ThreadPoolExecutor(4) as pool:
        for _ in range(trials // 2):
            code = shop.code(browser)
            assert won(pool, shop, lambda shop, code=code: shop.exchange(code)) == 1
            first = shop.exchange(shop.code(browser)).json()["refresh_token"]
            assert won(pool, shop, lambda shop, first=first: shop.refresh(first)) == 1


def won(pool: ThreadPoolExecutor, shop: Program, ask: object) -> int:
    """How many of four who ask the same at once are given something; nobody meets an error of ours."""
    answers = list(pool.map(lambda _: ask(shop), range(4)))
    assert {answer.status_code for answer in answers} <= {200, 400}
    return sum(answer.status_code == 200 for answer in answers)
