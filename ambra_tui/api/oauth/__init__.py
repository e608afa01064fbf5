"""OAuth 2 over HTTP: the consent page, the token endpoint and its neighbours, registration, the metadata document.

Served by the same program beside the editions; errors of these endpoints have the bodies of RFC 6749 and 7591.

Example::

    for (method, path), endpoint in oauth_endpoints(editions, desk).items():
        routes.add(method, path, endpoint)
"""

from __future__ import annotations

from collections.abc import Sequence

from ambra_tui.api.dispatch import Endpoint
from ambra_tui.api.edition import Edition
from ambra_tui.api.oauth.authorize import authorize_endpoints
from ambra_tui.api.oauth.desk import Desk
from ambra_tui.api.oauth.discovery import discovery_endpoints
from ambra_tui.api.oauth.registration import registration_endpoints
from ambra_tui.api.oauth.tokens import token_endpoints

__all__ = ["Desk", "oauth_endpoints"]


def oauth_endpoints(editions: Sequence[Edition], desk: Desk) -> dict[tuple[str, str], Endpoint]:
    """Every endpoint by method and path."""
    return {
        **authorize_endpoints(desk),
        **token_endpoints(desk),
        **registration_endpoints(desk),
        **discovery_endpoints(editions, desk),
    }
