"""Clients of OAuth: programs that an administrator registers. A secret is shown once and kept as a digest.

Example::

    client, secret = register_client(session, name="Shop", redirect_uris=["https://shop.example.com/callback"],
                                     scopes=["orders:read"])
    remove_client(session, client.id)        # every token of it ends in the same moment
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import update
from sqlmodel import Session, col

from ambra_tui.errors import Invalid, NotFound
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services.access import MAX_NAME, MAX_RATE_LIMIT, PLANS, checked_networks, checked_scopes, sandbox_of
from ambra_tui.services.access.texts import CLIENT_SECRET, new_oauth_text
from ambra_tui.services.oauth.grants import end_grants_of
from ambra_tui.services.oauth.redirects import checked_redirects
from ambra_tui.services.secrets import ensure_pepper, key_digest
from ambra_tui.store import SYSTEM, Actor, Store
from ambra_tui.store.facts import audit
from ambra_tui.store.models import OAuthClient
from ambra_tui.store.scope import now_of, organization_of, scoped

CODE, CREDENTIALS, REFRESH = "authorization_code", "client_credentials", "refresh_token"
GRANT_TYPES = (CODE, CREDENTIALS, REFRESH)


@dataclass(frozen=True, slots=True)
class NewClient:
    """What a client is registered with. `is_public`: it can keep no secret (a program on a person's machine, a page in
    a browser). `requires_pkce`: also asked of one that has a secret. `rate_limit`: requests an hour, None: the plan's.
    """

    name: str
    redirect_uris: Sequence[str] = ()
    scopes: Sequence[str] = ()
    grant_types: Sequence[str] = ()
    is_public: bool = False
    requires_pkce: bool = False
    plan: str = "standard"
    rate_limit: int | None = None
    allowed_networks: Sequence[str] = ()


def create_client(
    store: Store, asked: NewClient, *, organization_id: int, sandbox: bool = False, actor: Actor = SYSTEM
) -> tuple[OAuthClient, str]:
    """A client and its secret, which is shown this once (empty for a public one). `sandbox`: one whose tokens work on
    the organization's sandbox."""
    home = organization_id
    if sandbox:
        home = sandbox_of(store, organization_id, actor=actor).id or organization_id
    return store.writer.run(
        lambda session: register_client(session, asked, is_sandbox=sandbox), organization_id=home, actor=actor
    )


def register_client(session: Session, asked: NewClient, *, is_sandbox: bool = False) -> tuple[OAuthClient, str]:
    """As `create_client`, for the organization of the session itself."""
    grant_types = _checked_grants(asked)
    if asked.plan not in PLANS:
        raise Invalid(f"plan is one of {', '.join(PLANS)}", field="plan")
    if asked.rate_limit is not None and not 1 <= asked.rate_limit <= MAX_RATE_LIMIT:
        raise Invalid(f"rate_limit is from 1 to {MAX_RATE_LIMIT}", field="rate_limit")
    ensure_pepper(session)
    secret = "" if asked.is_public else new_oauth_text(CLIENT_SECRET, is_sandbox=is_sandbox)[1]
    client = OAuthClient(
        id=new_id("client"),
        organization_id=organization_of(session),
        name=clean_line(asked.name, field="client_name", max_length=MAX_NAME),
        secret_digest=key_digest(session, secret) if secret else "",
        redirect_uris=checked_redirects(asked.redirect_uris),
        grant_types=grant_types,
        scopes=checked_scopes(asked.scopes),
        requires_pkce=asked.requires_pkce,
        plan=asked.plan,
        rate_limit=asked.rate_limit,
        allowed_networks=checked_networks(asked.allowed_networks) or None,
        is_sandbox=is_sandbox,
        created_at=now_of(session),
    )
    session.add(client)
    session.flush()
    audit(session, "oauth_client_created", client.id, name=client.name, scopes=client.scopes)
    return client, secret


def _checked_grants(asked: NewClient) -> list[str]:
    """The grant types: as asked, else those that go with what the client has. Raises Invalid."""
    chosen = list(dict.fromkeys(asked.grant_types)) or ([CODE, REFRESH] if asked.redirect_uris else [CREDENTIALS])
    for each in chosen:
        if each not in GRANT_TYPES:
            raise Invalid(f"grant_types are of {', '.join(GRANT_TYPES)}", field="grant_types")
    if CODE in chosen and not asked.redirect_uris:
        raise Invalid("a client of authorization_code needs a redirect URI", field="redirect_uris")
    if CREDENTIALS in chosen and asked.is_public:
        raise Invalid("a public client has no credentials: leave client_credentials out", field="grant_types")
    if REFRESH in chosen and CODE not in chosen:
        raise Invalid("refresh_token goes with authorization_code", field="grant_types")
    return chosen


def list_clients(session: Session) -> list[OAuthClient]:
    """The organization's clients, newest first."""
    known = scoped(session, OAuthClient).where(col(OAuthClient.removed_at).is_(None))
    return list(session.exec(known.order_by(col(OAuthClient.created_at).desc(), col(OAuthClient.id))).all())


def client_by_id(session: Session, client_id: str) -> OAuthClient:
    """The client with this id. Raises NotFound, also for one that was removed."""
    found = session.exec(
        scoped(session, OAuthClient).where(col(OAuthClient.id) == client_id, col(OAuthClient.removed_at).is_(None))
    ).first()
    if found is None:
        raise NotFound("oauth_client", client_id)
    return found


def remove_client(session: Session, client_id: str) -> OAuthClient:
    """Ends a client with everything that it was let to do; every process refuses its tokens from the commit on."""
    client = client_by_id(session, client_id)
    end_grants_of(session, client.id, why="client_removed")
    own = update(OAuthClient).where(
        col(OAuthClient.organization_id) == organization_of(session), col(OAuthClient.id) == client_id
    )
    session.connection().execute(own.values(removed_at=now_of(session)))
    audit(session, "oauth_client_removed", client.id, name=client.name)
    return client


def has_secret(session: Session, client: OAuthClient, secret: str) -> bool:
    """True when `secret` is the client's."""
    if not client.secret_digest:
        return False
    return hmac.compare_digest(key_digest(session, secret), client.secret_digest)
