"""``GET /.well-known/oauth-authorization-server``: where the endpoints are and what they can (RFC 8414).

Example::

    curl https://api.example.com/.well-known/oauth-authorization-server
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ambra_tui.api.dispatch import Endpoint
from ambra_tui.api.edition import Edition
from ambra_tui.api.oauth.desk import Desk
from ambra_tui.services.access.roles import VERBS
from ambra_tui.services.oauth import GRANT_TYPES

PATH = "/.well-known/oauth-authorization-server"
SECRET_METHODS = ("client_secret_basic", "client_secret_post")


def discovery_endpoints(editions: Sequence[Edition], desk: Desk) -> dict[tuple[str, str], Endpoint]:
    """The metadata document."""
    scopes = scopes_of(editions)

    async def metadata(request: Request) -> Response:
        issuer = desk.transport.issuer(request.scope)
        document = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/oauth/authorize",
            "token_endpoint": f"{issuer}/oauth/token",
            "revocation_endpoint": f"{issuer}/oauth/revoke",
            "introspection_endpoint": f"{issuer}/oauth/introspect",
            "registration_endpoint": f"{issuer}/oauth/register",
            "scopes_supported": scopes,
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": list(GRANT_TYPES),
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": [*SECRET_METHODS, "none"],
            "revocation_endpoint_auth_methods_supported": [*SECRET_METHODS, "none"],
            "introspection_endpoint_auth_methods_supported": list(SECRET_METHODS),
            "authorization_response_iss_parameter_supported": True,
            "ui_locales_supported": ["en", "de"],
            "service_documentation": f"{issuer}/docs/oauth",
        }
        return JSONResponse(document, headers={"Cache-Control": "no-cache"})

    return {("GET", PATH): metadata}


def scopes_of(editions: Sequence[Edition]) -> list[str]:
    """Every scope that an operation asks for, and the short forms over all resources."""
    asked = {operation.scope for edition in editions for operation in edition.operations}
    return [*VERBS, "admin", *sorted(asked - {"admin"})]
