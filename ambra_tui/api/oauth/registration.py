"""``/oauth/register``: clients registered, listed and removed by keys with the scope admin (RFC 7591).

Example::

    curl -H "Authorization: Bearer $ADMIN_KEY" -H "Content-Type: application/json" \\
      -d '{"client_name": "Shop", "redirect_uris": ["https://shop.example.com/callback"], "scope": "orders:read"}' \\
      https://api.example.com/oauth/register
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ambra_tui.api.dispatch import Endpoint
from ambra_tui.api.failures import Refused
from ambra_tui.api.oauth.desk import NO_STORE, Desk, error_answer, json_answer
from ambra_tui.api.payload import parse_json
from ambra_tui.api.requests import read_body, secret_of
from ambra_tui.errors import Invalid, NotAllowed, NotFound, Unauthenticated
from ambra_tui.services import oauth
from ambra_tui.services.access import Principal
from ambra_tui.store.models import OAuthClient

PATH = "/oauth/register"
METHODS = ("client_secret_basic", "client_secret_post", "none")
BEARER = {"WWW-Authenticate": 'Bearer realm="AmbraWMS"'}
_TEXTS = ("client_name", "scope", "token_endpoint_auth_method", "plan")
_LISTS = ("redirect_uris", "grant_types", "response_types", "allowed_ips")
Answering = Callable[[Request, Principal], Any]


def registration_endpoints(desk: Desk) -> dict[tuple[str, str], Endpoint]:
    """Registration, and what belongs to it."""

    async def register(request: Request, principal: Principal) -> Response:
        asked = _read_client(_object(parse_json(await read_body(request))))
        client, secret = await _write(
            desk, request, principal,
            lambda session: oauth.register_client(session, asked, is_sandbox=principal.is_sandbox),
        )  # fmt: skip
        told = {**_view(client), **({"client_secret": secret, "client_secret_expires_at": 0} if secret else {})}
        return json_answer(201, told, {"Location": f"{PATH}/{client.id}"})

    async def listed(_request: Request, principal: Principal) -> Response:
        def read() -> list[dict[str, Any]]:
            with desk.store.read(principal.organization_id) as session:
                return [_view(client) for client in oauth.list_clients(session)]

        return json_answer(200, {"clients": await asyncio.to_thread(read)})

    async def shown(request: Request, principal: Principal) -> Response:
        def read() -> dict[str, Any]:
            with desk.store.read(principal.organization_id) as session:
                return _view(oauth.client_by_id(session, client_id))

        client_id = request.path_params["client_id"]
        return json_answer(200, await asyncio.to_thread(read))

    async def removed(request: Request, principal: Principal) -> Response:
        client_id = request.path_params["client_id"]
        await _write(desk, request, principal, lambda session: oauth.remove_client(session, client_id))
        return Response(status_code=204, headers=NO_STORE)

    return {
        ("POST", PATH): _endpoint(desk, register),
        ("GET", PATH): _endpoint(desk, listed),
        ("GET", f"{PATH}/{{client_id}}"): _endpoint(desk, shown),
        ("DELETE", f"{PATH}/{{client_id}}"): _endpoint(desk, removed),
    }


def _endpoint(desk: Desk, answering: Answering) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        desk.gate.refuse_crowd(request)
        try:
            response: Response = await answering(request, _administrator(desk, request))
        except Unauthenticated as error:
            desk.gate.note_refusal(request.scope, 401)
            return error_answer(401, "invalid_token", error.message, BEARER)
        except NotAllowed as error:
            return error_answer(403, "insufficient_scope", error.message, BEARER)
        except NotFound:
            return error_answer(404, "invalid_client", "There is no such client here.")
        except Invalid as error:
            is_redirect = error.field == "redirect_uris"
            return error_answer(400, "invalid_redirect_uri" if is_redirect else "invalid_client_metadata", str(error))
        except Refused as error:
            if error.failure.status not in (400, 422):
                raise
            return error_answer(400, "invalid_client_metadata", error.failure.message)
        return response

    return endpoint


def _administrator(desk: Desk, request: Request) -> Principal:
    """The asking key. Raises Unauthenticated, NotAllowed, Refused (429)."""
    principal = desk.gate.admit(request, secret_of(request))
    if not principal.is_admin:
        raise NotAllowed("Clients are registered by keys with the scope admin.")
    return principal


async def _write(desk: Desk, request: Request, principal: Principal, work: Callable[[Any], Any]) -> Any:
    named = replace(principal.actor, request_id=request.state.request_id)
    return await asyncio.wrap_future(
        desk.store.writer.submit(work, organization_id=principal.organization_id, actor=named)
    )


def _object(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise Invalid("The body must be one JSON object")
    for name in _TEXTS:
        if not isinstance(document.get(name, ""), str):
            raise Invalid(f"{name} must be a text", field=name)
    for name in _LISTS:
        value = document.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise Invalid(f"{name} must be a list of texts", field=name)
    return document


def _read_client(document: dict[str, Any]) -> oauth.NewClient:
    method = document.get("token_endpoint_auth_method", METHODS[0])
    if method not in METHODS:
        raise Invalid(f"token_endpoint_auth_method is one of {', '.join(METHODS)}", field="token_endpoint_auth_method")
    if set(document.get("response_types", ["code"])) - {"code"}:
        raise Invalid("response_types: only code", field="response_types")
    requires_pkce = document.get("require_pkce", False)
    if not isinstance(requires_pkce, bool):
        raise Invalid("require_pkce must be true or false", field="require_pkce")
    return oauth.NewClient(
        name=document.get("client_name", ""),
        redirect_uris=document.get("redirect_uris", []),
        scopes=document.get("scope", "").split(),
        grant_types=document.get("grant_types", []),
        is_public=method == "none",
        requires_pkce=requires_pkce,
        plan=document.get("plan", "standard"),
        allowed_networks=document.get("allowed_ips", []),
    )


def _view(client: OAuthClient) -> dict[str, Any]:
    return {
        "client_id": client.id,
        "client_id_issued_at": int(client.created_at.timestamp()),
        "client_name": client.name,
        "redirect_uris": client.redirect_uris,
        "grant_types": client.grant_types,
        "response_types": ["code"] if oauth.CODE in client.grant_types else [],
        "token_endpoint_auth_method": METHODS[0] if client.secret_digest else "none",
        "scope": " ".join(client.scopes),
        "require_pkce": client.requires_pkce or not client.secret_digest,
        "plan": client.plan,
        "allowed_ips": client.allowed_networks or [],
        "environment": "staging" if client.is_sandbox else "production",
    }
