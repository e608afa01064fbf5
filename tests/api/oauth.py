"""A person with a browser, and programs that ask for access: what the tests of OAuth share."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from ambra_tui.services import access, oauth
from ambra_tui.store.models import OAuthClient
from tests.api.conftest import Api

with warnings.catch_warnings():  # authlib's client says that it would rather have another HTTP library
    warnings.simplefilter("ignore")
    from authlib.integrations.httpx_client import OAuth2Client

BACK = "https://shop.example.com/callback"
BADGE, PIN = "BDG-7001", "4711"
FORM = re.compile(r'name="form_token" value="([^"]*)"')
ACTION = re.compile(r'<form method="post" action="([^"]*)"')


def challenge_of(verifier: str) -> str:
    """What PKCE sends ahead of `verifier`."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def query_of(location: str) -> dict[str, str]:
    """The parameters of an address."""
    return dict(parse_qsl(urlsplit(location).query))


@dataclass
class Browser:
    """A browser at the consent page, with a cookie jar of its own."""

    address: str
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.address, timeout=30)

    def open(self, parameters: Mapping[str, str], **options: Any) -> httpx.Response:
        return self.client.get(f"/oauth/authorize?{urlencode(parameters)}", **options)

    def send(self, page: httpx.Response, decision: str = "allow", **fields: str) -> httpx.Response:
        """Fills in the form of a page and sends it."""
        token, action = FORM.search(page.text), ACTION.search(page.text)
        assert token and action, page.text
        form = {"form_token": token[1], "decision": decision, "name": BADGE, "secret": PIN, **fields}
        return self.client.post(unescape(action[1]), data=form)


@dataclass
class Program:
    """A registered client with its secret, and how it asks."""

    api: Api
    row: OAuthClient
    secret: str

    @property
    def id(self) -> str:
        return self.row.id

    def asks(self, **parameters: str) -> dict[str, str]:
        """The parameters of a right request; empty ones are left out."""
        asked = {
            "response_type": "code", "client_id": self.id, "redirect_uri": BACK, "scope": " ".join(self.row.scopes),
            "state": "xyz", **parameters,
        }  # fmt: skip
        return {name: value for name, value in asked.items() if value}

    def code(self, browser: Browser, **parameters: str) -> str:
        """A code, after a person allowed it."""
        back = browser.send(browser.open(self.asks(**parameters)))
        assert back.status_code == 302, back.text
        return query_of(back.headers["location"])["code"]

    def token(self, auth: bool = True, **fields: str) -> httpx.Response:
        """Asks the token endpoint, by HTTP Basic where the client has a secret."""
        address = self.api.client.base_url
        basic = httpx.BasicAuth(self.id, self.secret) if self.secret and auth else None
        form = fields if basic else {"client_id": self.id, **fields}
        with httpx.Client(base_url=address, timeout=30) as client:
            return client.post("/oauth/token", data=form, auth=basic or httpx.USE_CLIENT_DEFAULT)

    def exchange(self, code: str, **fields: str) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **fields}
        return self.token(**{name: value for name, value in form.items() if value})

    def refresh(self, token: str, **fields: str) -> httpx.Response:
        return self.token(grant_type="refresh_token", refresh_token=token, **fields)


def program(api: Api, **values: Any) -> Program:
    """A client of the organization; `sandbox`: of its sandbox."""
    sandbox = values.pop("sandbox", False)
    asked = oauth.NewClient(
        **{"name": "Shop", "redirect_uris": [BACK], "scopes": ["inventory:read", "products:write"],
           "plan": "enterprise", **values}
    )  # fmt: skip
    row, secret = oauth.create_client(api.store, asked, organization_id=api.organization_id, sandbox=sandbox)
    return Program(api, row, secret)


def person(api: Api, role: str = "supervisor", **values: Any) -> Any:
    """Somebody who signs in with `BADGE` and `PIN`."""
    given = {"name": "Ana Ruiz", "badge": BADGE, "pin": PIN, **values}
    return api.write(lambda session: access.create_user(session, role=role, **given))


def verifier() -> str:
    """A secret of PKCE."""
    return secrets.token_urlsafe(48)


def status_with(api: Api, token: str, path: str = "/v1/products", method: str = "GET", **options: Any) -> int:
    """What an edition answers to a token."""
    headers = {"Authorization": f"Bearer {token}"}
    return api.client.request(method, path, headers=headers, **options).status_code


__all__ = [
    "BACK", "BADGE", "PIN", "Browser", "OAuth2Client", "Program", "challenge_of", "person", "program", "query_of",
    "status_with", "verifier",
]  # fmt: skip
