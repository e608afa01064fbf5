"""What clients were let to do, and the codes and tokens that follow from it: made, found, used up, ended together.

Every function runs in the organization of the client. A code or refresh token is locked when it is found, so of two
requests that come with it at once the second sees that it was used.

Example::

    grant = make_grant(session, client, user_id=user.id, scopes=["orders:read"])
    code = make_code(session, grant, redirect_uri="https://shop.example.com/callback", challenge="")
    found = find_code(session, client, code)        # and once more: None, and the grant is ended
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from ambra_tui.kit.ids import new_id
from ambra_tui.services.access.texts import ACCESS, CODE, REFRESH, new_oauth_text, oauth_prefix_of
from ambra_tui.services.secrets import key_digest
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import OAuthClient, OAuthCode, OAuthGrant, OAuthToken, User
from ambra_tui.store.scope import now_of, organization_of, scoped

CODE_LIFE = timedelta(minutes=2)
ACCESS_LIFE = timedelta(hours=1)
REFRESH_LIFE = timedelta(days=30)
KEPT = timedelta(days=1)
"""How long a token or code stays in the store after its end."""


def make_grant(session: Session, client: OAuthClient, *, user_id: str, scopes: Sequence[str]) -> OAuthGrant:
    """What a client is let to do from now on, by a person or (`user_id` empty) by itself."""
    grant = OAuthGrant(
        id=new_id("grant"),
        organization_id=organization_of(session),
        client_id=client.id,
        user_id=user_id,
        scopes=list(scopes),
        created_at=now_of(session),
    )
    session.add(grant)
    session.flush()
    if user_id:
        audit(session, "oauth_allowed", grant.id, client=client.name, client_id=client.id, scopes=grant.scopes)
    return grant


def make_code(session: Session, grant: OAuthGrant, *, code: str, redirect_uri: str, challenge: str) -> None:
    """Keeps a code for what a person just allowed."""
    now = now_of(session)
    session.add(
        OAuthCode(
            id=new_id("code"),
            organization_id=organization_of(session),
            client_id=grant.client_id,
            grant_id=grant.id,
            digest=key_digest(session, code),
            redirect_uri=redirect_uri,
            challenge=challenge,
            created_at=now,
            expires_at=now + CODE_LIFE,
        )
    )
    session.flush()


def new_code(client: OAuthClient) -> str:
    """The text of a code."""
    return new_oauth_text(CODE, is_sandbox=client.is_sandbox)[1]


def find_code(session: Session, client: OAuthClient, code: str) -> OAuthCode | None:
    """The client's code, unless it is over. One that was used before ends what it gave."""
    if not oauth_prefix_of(code, CODE):
        return None
    found = session.exec(
        scoped(session, OAuthCode)
        .where(col(OAuthCode.digest) == key_digest(session, code), col(OAuthCode.client_id) == client.id)
        .with_for_update()
    ).first()
    if found is None:
        return None
    if found.used_at is not None:
        end_family(session, found.grant_id, why="code_replayed")
        return None
    return found if found.expires_at > now_of(session) else None


def use_code(session: Session, code: OAuthCode) -> None:
    """The code is good for nothing any more."""
    _mark(session, OAuthCode, code.id, used_at=now_of(session))


def grant_of(session: Session, grant_id: str) -> OAuthGrant | None:
    """The grant, unless it ended or its person may not sign in any more."""
    found = session.exec(scoped(session, OAuthGrant).where(col(OAuthGrant.id) == grant_id).with_for_update()).first()
    if found is None or found.revoked_at is not None:
        return None
    return found if _is_there(session, found) else None


def _is_there(session: Session, grant: OAuthGrant) -> bool:
    """False for a person of this organization who is locked out. (Of a sandbox's grant the person is of the live one:
    that is looked at when the token is used.)"""
    if not grant.user_id:
        return True
    person = session.exec(scoped(session, User).where(col(User.id) == grant.user_id)).first()
    return person is None or person.status == "active"


def new_token(client: OAuthClient, kind: str) -> str:
    """The text of a token; `kind`: ``access`` or ``refresh``."""
    return new_oauth_text(ACCESS if kind == "access" else REFRESH, is_sandbox=client.is_sandbox)[1]


def keep_token(session: Session, grant: OAuthGrant, text: str, *, kind: str, scopes: Sequence[str]) -> None:
    """Keeps the digest of a token that was just made."""
    now = now_of(session)
    session.add(
        OAuthToken(
            id=new_id("token"),
            organization_id=organization_of(session),
            client_id=grant.client_id,
            grant_id=grant.id,
            kind=kind,
            prefix=oauth_prefix_of(text, ACCESS if kind == "access" else REFRESH),
            digest=key_digest(session, text),
            scopes=list(scopes),
            created_at=now,
            expires_at=now + (ACCESS_LIFE if kind == "access" else REFRESH_LIFE),
        )
    )
    session.flush()


def find_token(session: Session, text: str) -> OAuthToken | None:
    """The token with this text, whatever has become of it."""
    prefix = oauth_prefix_of(text, ACCESS) or oauth_prefix_of(text, REFRESH)
    if not prefix:
        return None
    found = session.exec(scoped(session, OAuthToken).where(col(OAuthToken.prefix) == prefix).with_for_update()).first()
    return found if found is not None and found.digest == key_digest(session, text) else None


def find_refresh_token(session: Session, client: OAuthClient, text: str) -> OAuthToken | None:
    """The client's refresh token, unless it is over. One that was exchanged before ends its whole family: either the
    client or a thief comes with it, and nobody can tell which."""
    found = find_token(session, text)
    if found is None or found.kind != "refresh" or found.client_id != client.id:
        return None
    if found.used_at is not None:
        end_family(session, found.grant_id, why="refresh_reused")
        return None
    is_over = found.revoked_at is not None or found.expires_at <= now_of(session)
    return None if is_over or grant_of(session, found.grant_id) is None else found


def is_active(session: Session, token: OAuthToken) -> bool:
    """True while a token is worth something."""
    is_over = token.revoked_at or token.used_at or token.expires_at <= now_of(session)
    return not is_over and grant_of(session, token.grant_id) is not None


def use_refresh_token(session: Session, token: OAuthToken) -> None:
    """The refresh token was exchanged for the next one."""
    _mark(session, OAuthToken, token.id, used_at=now_of(session))


def end_token(session: Session, token: OAuthToken) -> None:
    """Ends an access token, or with a refresh token its whole family."""
    if token.kind == "refresh":
        end_family(session, token.grant_id, why="revoked")
        return
    _mark(session, OAuthToken, token.id, revoked_at=now_of(session))


def _mark(session: Session, model: type[OAuthCode] | type[OAuthToken], key: str, **values: object) -> None:
    own = update(model).where(col(model.organization_id) == organization_of(session), col(model.id) == key)
    session.connection().execute(own.values(**values))


def end_family(session: Session, grant_id: str, *, why: str) -> None:
    """Ends a grant with every token of it. `why`: revoked, code_replayed, refresh_reused."""
    own = update(OAuthGrant).where(
        col(OAuthGrant.organization_id) == organization_of(session),
        col(OAuthGrant.id) == grant_id,
        col(OAuthGrant.revoked_at).is_(None),
    )
    ended = session.connection().execute(own.values(revoked_at=now_of(session), revoked_why=why))
    if ended.rowcount:
        audit(session, "oauth_ended", grant_id, why=why)
        publish(session, "oauth_grant_ended", grant_id, {"why": why})


def end_grants_of(session: Session, client_id: str, *, why: str) -> None:
    """Ends everything that a client was let to do."""
    own = update(OAuthGrant).where(
        col(OAuthGrant.organization_id) == organization_of(session),
        col(OAuthGrant.client_id) == client_id,
        col(OAuthGrant.revoked_at).is_(None),
    )
    session.connection().execute(own.values(revoked_at=now_of(session), revoked_why=why))


def forget_old(session: Session) -> None:
    """Drops the organization's codes and tokens that nobody can come with any more, and what programs were let to do
    by themselves once no token is left of it; what people allowed is kept."""
    own, before = organization_of(session), now_of(session) - KEPT
    for model in (OAuthCode, OAuthToken):
        old = delete(model).where(col(model.organization_id) == own, col(model.expires_at) < before)
        session.connection().execute(old)
    token = select(OAuthToken.id).where(
        col(OAuthToken.organization_id) == own, col(OAuthToken.grant_id) == col(OAuthGrant.id)
    )
    ended = delete(OAuthGrant).where(
        col(OAuthGrant.organization_id) == own, col(OAuthGrant.user_id) == "",
        col(OAuthGrant.created_at) < before, ~token.exists(),
    )  # fmt: skip
    session.connection().execute(ended)
