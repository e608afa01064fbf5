"""``GET`` and ``POST /oauth/authorize``: a person reads who asks for what, signs in, and allows it or not.

Nothing of the request is kept between the two: the form comes back to the same address, with a token that binds it to
the browser (a cookie that no script reads) and to that very request. Whoever cannot be sent back safely is not: then
the person alone is told. Everything else goes back to the client, with `iss` of RFC 9207 in it.

Example::

    GET /oauth/authorize?response_type=code&client_id=client_01K...&redirect_uri=https%3A%2F%2Fshop.example.com%2Fback
        &scope=orders%3Aread&state=af0ifjsldkj&code_challenge=...&code_challenge_method=S256
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlencode

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from ambra_tui.api.dispatch import Endpoint
from ambra_tui.api.gate import group_of
from ambra_tui.api.oauth.desk import Desk, Improper, check_values, is_own_page, read_pairs
from ambra_tui.api.oauth.page import FILE, Shown, consent_page, language_of, refusal_page, words_of
from ambra_tui.api.requests import read_body
from ambra_tui.errors import NotAllowed, Unauthenticated
from ambra_tui.kit.language import say
from ambra_tui.kit.resources import data_path
from ambra_tui.services import access_system
from ambra_tui.services.access.roles import refuse_beyond
from ambra_tui.services.oauth import origin_of, place_of, sign_in
from ambra_tui.services.oauth.library import Asked, Refusal, allow, check_request
from ambra_tui.services.oauth.signing_in import MAX_NAME
from ambra_tui.services.secrets import derived_key
from ambra_tui.store import Actor
from ambra_tui.store.models import OAuthClient, Organization, User

PATH = "/oauth/authorize"
COOKIE = "ambra_consent"
FORM_SECONDS = 600
DENIED = "The person did not allow it."
_NONCE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class _Visit:
    """A request that is in order: what is asked of whom."""

    parameters: Mapping[str, str]
    client: OAuthClient
    asked: Asked
    live: Organization
    language: str
    nonce: str


class _Answered(Exception):
    """The answer to a request that no person is asked about."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def authorize_endpoints(desk: Desk) -> dict[tuple[str, str], Endpoint]:
    """The page, its form, its style."""

    async def show(request: Request) -> Response:
        try:
            visit = await asyncio.to_thread(_visit, desk, request)
        except _Answered as answered:
            return answered.response
        return _page(desk, request, visit)

    async def decide(request: Request) -> Response:
        try:
            visit = await asyncio.to_thread(_visit, desk, request)
        except _Answered as answered:
            return answered.response
        return await _decided(desk, request, visit)

    @cache
    def style() -> str:
        return data_path("oauth/page.css").read_text(encoding="utf-8")

    async def serve_style(_request: Request) -> Response:
        return Response(style(), media_type="text/css", headers={"X-Content-Type-Options": "nosniff"})

    return {("GET", PATH): show, ("POST", PATH): decide, ("GET", FILE): serve_style}


# --- what is asked --------------------------------------------------------------------------------------------------


def _visit(desk: Desk, request: Request) -> _Visit:
    """Reads and judges the request. Raises _Answered where no person is to be asked."""
    language = language_of(request.headers.get("accept-language", ""))
    try:
        parameters = read_pairs(request.scope["query_string"])
        check_values(parameters)
    except Improper as error:
        raise _Answered(refusal_page("request", str(error), language=language)) from None
    client = access_system.oauth_client(desk.store, parameters.get("client_id", ""))
    if client is None:
        raise _Answered(refusal_page("client", "invalid_client: unknown client_id", language=language))
    with desk.store.read(client.organization_id) as session:
        found = check_request(session, client, parameters, desk.rules)
    if isinstance(found, Refusal):
        raise _Answered(_refused(desk, request, found, parameters, language))
    home = access_system.organization_by_id(desk.store, client.organization_id)
    live = home if home.sandbox_of is None else access_system.organization_by_id(desk.store, home.sandbox_of)
    known = request.cookies.get(COOKIE, "")
    nonce = known if _NONCE.fullmatch(known) else secrets.token_urlsafe(32)
    return _Visit(parameters, client, found, live, language, nonce)


def _refused(desk: Desk, request: Request, refusal: Refusal, parameters: Mapping[str, str], language: str) -> Response:
    if not refusal.redirect_uri:
        why = "redirect" if "redirect_uri" in refusal.description else "request"
        return refusal_page(why, f"{refusal.error}: {refusal.description}", language=language)
    told = {"error": refusal.error, "error_description": refusal.description}
    return _sent_back(desk, request, refusal.redirect_uri, parameters, told)


def _sent_back(
    desk: Desk, request: Request, redirect_uri: str, parameters: Mapping[str, str], told: Mapping[str, str]
) -> Response:
    state = {"state": parameters["state"]} if "state" in parameters else {}
    return _redirect(_with(redirect_uri, {**told, **state, "iss": desk.transport.issuer(request.scope)}))


def _with(uri: str, values: Mapping[str, str]) -> str:
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(values)}"


def _redirect(location: str) -> Response:
    headers = {"Location": location, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(status_code=302, headers=headers)


# --- what is shown --------------------------------------------------------------------------------------------------


def _page(
    desk: Desk, request: Request, visit: _Visit, *, message: str = "", name: str = "", status: int = 200
) -> Response:
    query = request.scope["query_string"].decode("ascii")
    expires = int(desk.store.clock.now().timestamp()) + FORM_SECONDS
    shown = Shown(
        client=visit.client.name,
        organization=visit.live.name,
        is_sandbox=visit.client.is_sandbox,
        scopes=visit.asked.scopes,
        place=place_of(visit.asked.redirect_uri),
        action=f"{PATH}?{query}",
        origin=origin_of(visit.asked.redirect_uri),
        form_token=f"{expires}.{_signature(desk, request, visit, expires)}",
        needs_password=_needs_password(visit),
        name=name,
        message=message,
    )
    response = consent_page(shown, language=visit.language, status=status)
    response.set_cookie(
        COOKIE, visit.nonce, max_age=FORM_SECONDS, path="/oauth", httponly=True, samesite="strict",
        secure=desk.transport.is_secure(request.scope),
    )  # fmt: skip
    return response


def _needs_password(visit: _Visit) -> bool:
    return "admin" in visit.asked.scopes


def _signature(desk: Desk, request: Request, visit: _Visit, expires: int) -> str:
    """What only this server can say of this browser, this request and this moment."""
    with desk.store.read(visit.client.organization_id) as session:
        key = derived_key(session, "consent forms")
    said = b"\n".join((visit.nonce.encode(), b"%d" % expires, request.scope["query_string"]))
    return hmac.new(key, said, hashlib.sha256).hexdigest()


# --- what is decided ------------------------------------------------------------------------------------------------


async def _decided(desk: Desk, request: Request, visit: _Visit) -> Response:
    try:
        fields = read_pairs(await read_body(request))
    except Improper as error:
        return refusal_page("request", str(error), language=visit.language)
    if not await asyncio.to_thread(_is_own_form, desk, request, visit, fields):
        return _again(desk, request, visit, "stale")
    if fields.get("decision") != "allow":
        told = {"error": "access_denied", "error_description": DENIED}
        return _sent_back(desk, request, visit.asked.redirect_uri, visit.parameters, told)
    name, secret = fields.get("name", ""), fields.get("secret", "")
    if name and not secret:  # a scanner sends the form with the badge in it: that is no wrong try
        return _page(desk, request, visit, name=name[:MAX_NAME])
    person = await _signed_in(desk, request, visit, name, secret)
    if isinstance(person, Unauthenticated):
        seconds = person.details.get("retry_after_seconds")
        if seconds is None:
            return _again(desk, request, visit, "wrong")
        return _again(desk, request, visit, "locked", status=429, seconds=seconds)
    try:
        refuse_beyond(visit.asked.scopes, person.role)
    except NotAllowed as error:
        words = ", ".join(words_of(visit.language, scope) for scope in error.details["scopes"])
        return _again(desk, request, visit, "beyond", name=name, scopes=words)
    return await _allowed(desk, request, visit, person)


def _is_own_form(desk: Desk, request: Request, visit: _Visit, fields: Mapping[str, str]) -> bool:
    """True for the form of a page that this server showed to this browser for this request, a short while ago."""
    until, _, signature = fields.get("form_token", "").partition(".")
    if not until.isdecimal() or len(until) > 12 or int(until) < desk.store.clock.now().timestamp():
        return False
    if request.cookies.get(COOKIE) != visit.nonce or not is_own_page(request, desk.transport.issuer(request.scope)):
        return False
    return hmac.compare_digest(signature.encode(), _signature(desk, request, visit, int(until)).encode())


async def _signed_in(desk: Desk, request: Request, visit: _Visit, name: str, secret: str) -> User | Unauthenticated:
    address = group_of(request.scope["state"]["address"])

    def work(session: Session) -> User | Unauthenticated:
        return sign_in(session, name, secret, address=address, with_password=_needs_password(visit))

    actor = Actor("", "", station="oauth", request_id=request.state.request_id)
    try:
        return await asyncio.wrap_future(desk.store.writer.submit(work, organization_id=visit.live.id, actor=actor))
    except Unauthenticated as refusal:
        return refusal


async def _allowed(desk: Desk, request: Request, visit: _Visit, person: User) -> Response:
    def work(session: Session) -> str | Refusal:
        return allow(session, visit.client, visit.parameters, desk.rules, user_id=person.id)

    actor = Actor(person.id, person.name, station="oauth", role=person.role, request_id=request.state.request_id)
    location = await asyncio.wrap_future(
        desk.store.writer.submit(work, organization_id=visit.client.organization_id, actor=actor)
    )
    if isinstance(location, Refusal):
        return _refused(desk, request, location, visit.parameters, visit.language)
    response = _redirect(_with(location, {"iss": desk.transport.issuer(request.scope)}))
    response.delete_cookie(COOKIE, path="/oauth")
    return response


def _again(
    desk: Desk, request: Request, visit: _Visit, why: str, *, name: str = "", status: int = 403, **params: object
) -> Response:
    message = say(visit.language, f"oauth.{why}", **params)
    response = _page(desk, request, visit, message=message, name=name, status=status)
    if "seconds" in params:
        response.headers["Retry-After"] = str(params["seconds"])
    return response
