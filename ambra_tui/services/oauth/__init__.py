"""OAuth 2: programs that act for a person or for themselves, with tokens that end.

Example::

    client, secret = create_client(store, NewClient("Shop", redirects, ["orders:read"]), organization_id=1)
"""

from ambra_tui.services.oauth.clients import (
    CODE,
    CREDENTIALS,
    GRANT_TYPES,
    REFRESH,
    NewClient,
    client_by_id,
    create_client,
    list_clients,
    register_client,
    remove_client,
)
from ambra_tui.services.oauth.grants import ACCESS_LIFE, CODE_LIFE, REFRESH_LIFE, forget_old
from ambra_tui.services.oauth.redirects import checked_redirects, fits, origin_of, place_of
from ambra_tui.services.oauth.signing_in import sign_in

__all__ = [
    "ACCESS_LIFE",
    "CODE",
    "CODE_LIFE",
    "CREDENTIALS",
    "GRANT_TYPES",
    "REFRESH",
    "REFRESH_LIFE",
    "NewClient",
    "checked_redirects",
    "client_by_id",
    "create_client",
    "fits",
    "forget_old",
    "list_clients",
    "origin_of",
    "place_of",
    "register_client",
    "remove_client",
    "sign_in",
]
