"""The one seam to authlib: its grants and endpoints over our rows, without a web framework.

A request is parsed and found clean before it comes here; what comes back is a status, a body and headers. Everything
runs inside the caller's transaction, and a refusal is an answer: what it ends stays ended. The library asks for https
by the address that it is told; here it is told one, and `api/transport.py` asks for it of the connection.

Example::

    asked = check_request(session, client, parameters)         # Asked, or Sent back, or Shown
    answer = token_answer(session, client, Form("/oauth/token", fields, headers))
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    ClientMixin,
    InvalidGrantError,
    InvalidRequestError,
    UnsupportedResponseTypeError,
    grants,
)
from authlib.oauth2.rfc6749.requests import OAuth2Payload, OAuth2Request
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from sqlmodel import Session

from ambra_tui.services.access.roles import covers_scope
from ambra_tui.services.oauth import grants as kept
from ambra_tui.services.oauth.clients import CODE, has_secret
from ambra_tui.services.oauth.redirects import fits
from ambra_tui.store.models import OAuthClient, OAuthCode, OAuthGrant, OAuthToken, User

HOME = "https://authorization.server"
SECRETS = ["client_secret_basic", "client_secret_post"]
ANY_METHOD = [*SECRETS, "none"]
logging.getLogger("authlib").setLevel(logging.INFO)  # at DEBUG it writes tokens into the log


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of an endpoint. `body`: a JSON object."""

    status: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A client asks a person rightly: for `scopes`, to be sent back to `redirect_uri`."""

    redirect_uri: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is wrong with what a client asks. `redirect_uri`: where it is to be told; empty: only the person is."""

    error: str
    description: str
    redirect_uri: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings ask. `requires_pkce`: of every client."""

    requires_pkce: bool = False


# --- what the library is told --------------------------------------------------------------------------------------


class _Payload(OAuth2Payload):
    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    @property
    def data(self) -> dict[str, str]:
        return self._values

    @property
    def datalist(self) -> dict[str, list[str]]:
        return {name: [value] for name, value in self._values.items()}


class _Request(OAuth2Request):
    def __init__(self, method: str, path: str, values: Mapping[str, str], headers: Mapping[str, str]) -> None:
        super().__init__(method, f"{HOME}{path}", headers=dict(headers))
        self.payload = _Payload(values)

    @property
    def args(self) -> dict[str, str]:
        return self.payload.data if self.method == "GET" else {}

    @property
    def form(self) -> dict[str, str]:
        return self.payload.data if self.method == "POST" else {}


class _Client(ClientMixin):
    def __init__(self, session: Session, row: OAuthClient) -> None:
        self.session, self.row = session, row

    @property
    def is_public(self) -> bool:
        return not self.row.secret_digest

    def get_client_id(self) -> str:
        return self.row.id

    def get_default_redirect_uri(self) -> str | None:
        uris = self.row.redirect_uris
        return uris[0] if len(uris) == 1 else None

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """What is asked, whole, or None: nobody gets less than asked for without a word, or more than registered."""
        if not scope:
            return " ".join(self.row.scopes)
        asked = list(dict.fromkeys(scope.split()))
        own = frozenset(self.row.scopes)
        return " ".join(asked) if asked and all(covers_scope(own, each) for each in asked) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return fits(redirect_uri, self.row.redirect_uris)

    def check_client_secret(self, client_secret: str) -> bool:
        return has_secret(self.session, self.row, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "none" if self.is_public else method in SECRETS

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and CODE in self.row.grant_types

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.row.grant_types


class _Server(AuthorizationServer):
    def __init__(self, session: Session, client: OAuthClient, rules: Rules) -> None:
        super().__init__()
        self.session, self.client, self.rules = session, _Client(session, client), rules
        row = client
        self.register_token_generator(
            "default",
            BearerTokenGenerator(
                lambda **_: kept.new_token(row, "access"),
                lambda **_: kept.new_token(row, "refresh"),
                int(kept.ACCESS_LIFE.total_seconds()),
            ),
        )
        self.register_grant(_CodeGrant, [_Pkce()])
        self.register_grant(_RefreshGrant)
        self.register_grant(_CredentialsGrant)
        self.register_endpoint(_Revocation)
        self.register_endpoint(_Introspection)

    def query_client(self, client_id: str) -> _Client | None:
        return self.client if client_id == self.client.row.id else None

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        scopes = token["scope"].split()
        grant: OAuthGrant | None = request.user
        if grant is None:
            grant = kept.make_grant(self.session, self.client.row, user_id="", scopes=scopes)
        kept.keep_token(self.session, grant, token["access_token"], kind="access", scopes=scopes)
        if "refresh_token" in token:  # narrowed once does not mean narrowed for good
            kept.keep_token(self.session, grant, token["refresh_token"], kind="refresh", scopes=grant.scopes)

    def send_signal(self, name: str, *_arguments: object, **_named: object) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: _Request) -> _Request:
        return request

    def handle_response(self, status: int, body: Any, headers: Sequence[tuple[str, str]]) -> Any:
        location = next((value for name, value in headers if name == "Location"), "")
        return location or Reply(status, body)


# --- authorization code --------------------------------------------------------------------------------------------


@dataclass
class _Code:
    row: OAuthCode
    grant: OAuthGrant

    @property
    def code_challenge(self) -> str:
        return self.row.challenge

    @property
    def code_challenge_method(self) -> str:
        return "S256"

    def get_redirect_uri(self) -> str:
        return self.row.redirect_uri

    def get_scope(self) -> str:
        return " ".join(self.grant.scopes)


class _CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ANY_METHOD
    server: _Server

    @staticmethod
    def validate_authorization_redirect_uri(request: OAuth2Request, client: _Client) -> str:
        """As the library's, with descriptions that hold nothing of the request."""
        asked: str | None = request.payload.redirect_uri
        if asked and not client.check_redirect_uri(asked):
            raise InvalidRequestError("The redirect_uri is not registered for this client.")
        found = asked or client.get_default_redirect_uri()
        if not found:
            raise InvalidRequestError("The redirect_uri is missing, and the client has several.")
        return found

    def generate_authorization_code(self) -> str:
        return kept.new_code(self.server.client.row)

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        kept.make_code(
            self.server.session,
            request.user,
            code=code,
            redirect_uri=request.payload.redirect_uri or "",
            challenge=request.payload.data.get("code_challenge", ""),
        )

    def query_authorization_code(self, code: str, client: _Client) -> _Code | None:
        row = kept.find_code(self.server.session, client.row, code)
        grant = kept.grant_of(self.server.session, row.grant_id) if row else None
        return _Code(row, grant) if row and grant else None

    def delete_authorization_code(self, authorization_code: _Code) -> None:
        kept.use_code(self.server.session, authorization_code.row)

    def authenticate_user(self, authorization_code: _Code) -> OAuthGrant:
        return authorization_code.grant


class _Pkce(CodeChallenge):
    """S256 alone, for every client that has to, and for every one that began with it."""

    SUPPORTED_CODE_CHALLENGE_METHOD: ClassVar = ["S256"]

    def __init__(self) -> None:
        super().__init__(required=True)

    def validate_code_challenge(self, grant: _CodeGrant, redirect_uri: str | None) -> None:
        client, given = grant.server.client, grant.request.payload.data
        is_due = client.is_public or client.row.requires_pkce or grant.server.rules.requires_pkce
        if is_due and not given.get("code_challenge"):
            raise InvalidRequestError("This client must send a code_challenge (PKCE, S256).")
        if given.get("code_challenge") and given.get("code_challenge_method") != "S256":
            raise InvalidRequestError("The code_challenge_method must be S256.")
        super().validate_code_challenge(grant, redirect_uri)

    def validate_code_verifier(self, grant: _CodeGrant, result: object) -> None:
        if grant.request.authorization_code.code_challenge and not grant.request.form.get("code_verifier"):
            raise InvalidGrantError("The code_verifier is missing.")
        super().validate_code_verifier(grant, result)


# --- the other grants ----------------------------------------------------------------------------------------------


class _Token:
    """A row as the library sees it."""

    def __init__(self, session: Session, row: OAuthToken) -> None:
        self.session, self.row = session, row

    def check_client(self, client: _Client) -> bool:
        return self.row.client_id == client.row.id

    def get_scope(self) -> str:
        return " ".join(self.row.scopes)

    def is_expired(self) -> bool:
        return not kept.is_active(self.session, self.row)

    def is_revoked(self) -> bool:
        return False  # told by `is_expired`


class _RefreshGrant(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ANY_METHOD
    INCLUDE_NEW_REFRESH_TOKEN = True
    server: _Server

    def authenticate_refresh_token(self, refresh_token: str) -> _Token | None:
        session = self.server.session
        row = kept.find_refresh_token(session, self.server.client.row, refresh_token)
        return _Token(session, row) if row else None

    def authenticate_user(self, refresh_token: _Token) -> OAuthGrant | None:
        return kept.grant_of(self.server.session, refresh_token.row.grant_id)

    def revoke_old_credential(self, refresh_token: _Token) -> None:
        kept.use_refresh_token(self.server.session, refresh_token.row)


class _CredentialsGrant(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = SECRETS


class _Found:
    """What the two endpoints for tokens share."""

    server: _Server

    def query_token(self, token_string: str, token_type_hint: str | None) -> _Token | None:
        row = kept.find_token(self.server.session, token_string)
        return _Token(self.server.session, row) if row else None


class _Revocation(_Found, RevocationEndpoint):
    CLIENT_AUTH_METHODS = ANY_METHOD

    def revoke_token(self, token: _Token, request: OAuth2Request) -> None:
        kept.end_token(self.server.session, token.row)


class _Introspection(_Found, IntrospectionEndpoint):
    CLIENT_AUTH_METHODS = SECRETS

    def check_permission(self, token: _Token, client: _Client, request: OAuth2Request) -> bool:
        return True  # the session sees tokens of the client's own organization alone

    def introspect_token(self, token: _Token) -> dict[str, Any]:
        row, session = token.row, self.server.session
        told: dict[str, Any] = {
            "active": True,
            "client_id": row.client_id,
            "token_type": "Bearer" if row.kind == "access" else "refresh_token",
            "scope": token.get_scope(),
            "iat": int(row.created_at.timestamp()),
            "exp": int(row.expires_at.timestamp()),
        }
        grant = kept.grant_of(session, row.grant_id)
        told["sub"] = (grant.user_id if grant else "") or row.client_id
        if grant and grant.user_id:
            person = session.get(User, (grant.organization_id, grant.user_id))
            told |= {"username": person.name} if person else {}
        return told


# --- what the endpoints ask ----------------------------------------------------------------------------------------


def check_request(
    session: Session, client: OAuthClient, parameters: Mapping[str, str], rules: Rules
) -> Asked | Refusal:
    """Whether a client may ask what it asks, before any person is bothered with it."""
    found = _consent(_Server(session, client, rules), parameters)
    if isinstance(found, Refusal):
        return found
    return Asked(found.redirect_uri, tuple(found.request.scope.split()))


def _consent(server: _Server, parameters: Mapping[str, str]) -> Any:
    request = _Request("GET", "/oauth/authorize", parameters, {})
    try:
        return server.get_consent_grant(request)
    except UnsupportedResponseTypeError as error:
        kind = error.error if parameters.get("response_type") else "invalid_request"
        return Refusal(kind, "The response_type must be code.", error.redirect_uri or "")
    except OAuth2Error as error:
        return Refusal(error.error, str(error.get_error_description()), error.redirect_uri or "")


def allow(
    session: Session, client: OAuthClient, parameters: Mapping[str, str], rules: Rules, *, user_id: str
) -> str | Refusal:
    """The address that the person is sent back to, with a code in it."""
    server = _Server(session, client, rules)
    consent = _consent(server, parameters)
    if isinstance(consent, Refusal):
        return consent
    grant = kept.make_grant(session, client, user_id=user_id, scopes=consent.request.scope.split())
    location: str = server.create_authorization_response(consent.request, grant_user=grant, grant=consent)
    return location


def token_answer(
    session: Session, client: OAuthClient, fields: Mapping[str, str], headers: Mapping[str, str], rules: Rules
) -> Reply:
    """The answer of the token endpoint to this client."""
    if not fields.get("grant_type"):
        return Reply(400, {"error": "invalid_request", "error_description": "grant_type is required."})
    server = _Server(session, client, rules)
    answer: Reply = server.create_token_response(_Request("POST", "/oauth/token", fields, headers))
    return answer


def endpoint_answer(
    session: Session, client: OAuthClient, name: str, fields: Mapping[str, str], headers: Mapping[str, str]
) -> Reply:
    """The answer of an endpoint for tokens; `name`: ``revocation`` or ``introspection``."""
    known = {key: value for key, value in fields.items() if key != "token_type_hint"}  # a hint is only a hint
    server = _Server(session, client, Rules())
    answer: Reply = server.create_endpoint_response(name, _Request("POST", f"/oauth/{name}", known, headers))
    return answer


__all__ = ["Asked", "Refusal", "Reply", "Rules", "allow", "check_request", "endpoint_answer", "token_answer"]
