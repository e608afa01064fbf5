"""``POST /oauth/token``, ``/oauth/revoke``, ``/oauth/introspect``: forms in, JSON out, the client known by its secret.

Example::

    curl -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials https://api.example.com/oauth/token
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import unquote_plus

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from ambra_tui.api.dispatch import Endpoint
from ambra_tui.api.failures import Refused
from ambra_tui.api.oauth.desk import Desk, Improper, check_values, error_answer, json_answer, read_pairs
from ambra_tui.api.requests import read_body
from ambra_tui.services import access_system
from ambra_tui.services.access import is_within
from ambra_tui.services.access.networks import read_networks
from ambra_tui.services.oauth.library import Reply, endpoint_answer, token_answer
from ambra_tui.store import Actor
from ambra_tui.store.models import OAuthClient

FORM = "application/x-www-form-urlencoded"
BASIC = {"WWW-Authenticate": 'Basic realm="AmbraWMS", charset="UTF-8"'}
_UNKNOWN = "The client is unknown, or its secret is wrong."
Answering = Callable[[Session, OAuthClient, Mapping[str, str], Mapping[str, str]], Reply]


class _Named(NamedTuple):
    """The client that a request names, and the headers by which it does."""

    client_id: str
    headers: Mapping[str, str]


def token_endpoints(desk: Desk) -> dict[tuple[str, str], Endpoint]:
    """The three endpoints that clients ask by themselves."""

    def token(session: Session, client: OAuthClient, fields: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        return token_answer(session, client, fields, headers, desk.rules)

    def about(name: str) -> Answering:
        return lambda session, client, fields, headers: endpoint_answer(session, client, name, fields, headers)

    return {
        ("POST", "/oauth/token"): _endpoint(desk, token),
        ("POST", "/oauth/revoke"): _endpoint(desk, about("revocation")),
        ("POST", "/oauth/introspect"): _endpoint(desk, about("introspection")),
    }


def _endpoint(desk: Desk, answering: Answering) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        desk.gate.refuse_crowd(request)
        try:
            response = await _answered(desk, request, answering)
        except Improper as error:
            response = error_answer(400, "invalid_request", str(error))
        if response.status_code in (400, 401):
            desk.gate.note_refusal(request.scope, 401)
        return response

    return endpoint


async def _answered(desk: Desk, request: Request, answering: Answering) -> Response:
    fields = await _read_form(request)
    named = _named(request, fields)
    client = await asyncio.to_thread(access_system.oauth_client, desk.store, named.client_id)
    if client is None:
        return error_answer(401, "invalid_client", _UNKNOWN, BASIC)
    if not await asyncio.to_thread(_is_at_home, desk, client, request.scope["state"]["address"]):
        return error_answer(400, "unauthorized_client", "This client may not be used from this address.")
    request.scope["state"]["key_id"] = client.id
    reply = await asyncio.wrap_future(
        desk.store.writer.submit(
            lambda session: answering(session, client, fields, named.headers),
            organization_id=client.organization_id,
            actor=Actor(client.id, client.name, station="api", request_id=request.state.request_id),
        )
    )
    if reply.body.get("error") == "invalid_client":
        return error_answer(401, "invalid_client", _UNKNOWN, BASIC)
    return json_answer(reply.status, reply.body)


async def _read_form(request: Request) -> dict[str, str]:
    if request.url.query:
        raise Improper("Send every parameter in the body: what stands in an address is kept in logs.")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Improper(f"Send {FORM}.")
    try:
        raw = await read_body(request)
    except Refused as error:
        if error.failure.status != 400:
            raise
        raise Improper("The body ended early.") from None
    fields = read_pairs(raw)
    check_values(fields)
    return fields


def _named(request: Request, fields: Mapping[str, str]) -> _Named:
    """Raises Improper where a client names itself in two ways."""
    header = request.headers.get("authorization", "")
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic":
        return _Named(fields.get("client_id", ""), {})
    client_id, secret = _basic(given.strip())
    if "client_secret" in fields or fields.get("client_id", client_id) != client_id:
        raise Improper("Name the client once: in the Authorization header or in the body.")
    told = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return _Named(client_id, {"Authorization": f"Basic {told}"})


def _basic(given: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(given, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise Improper("The Authorization header is not Basic with base64.") from None
    client_id, _, secret = text.partition(":")
    values = {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}
    check_values(values)
    return values["client_id"], values["client_secret"]


def _is_at_home(desk: Desk, client: OAuthClient, address: str) -> bool:
    """False for a client at an address that it, or its whole organization, may not be used from."""
    organization = access_system.organization_by_id(desk.store, client.organization_id)
    lists = (client.allowed_networks, organization.allowed_networks)
    return all(is_within(address, read_networks(networks)) for networks in lists if networks)
