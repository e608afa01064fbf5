"""API keys of integrators: made, listed, rotated, ended. The secret text is shown once and never kept.

Example::

    key, secret = create_key(store, organization_id=organization.id, label="ERP", scopes=["inventory:write"])
    key, secret = rotate_key(session, key.id, grace_seconds=3600)    # the text before works for an hour more
    revoke_key(session, key.id)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col

from ambra_tui.errors import Invalid, NotFound, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services.access.networks import checked_networks
from ambra_tui.services.access.organizations import MAX_NAME, sandbox_of
from ambra_tui.services.access.plans import MAX_RATE_LIMIT, PLANS
from ambra_tui.services.access.texts import new_text
from ambra_tui.services.secrets import ensure_pepper, key_digest
from ambra_tui.store import Store
from ambra_tui.store.facts import audit
from ambra_tui.store.models import ApiKey
from ambra_tui.store.scope import SYSTEM, Actor, now_of, organization_of, scoped

EDITIONS = ("stock", "sku", "ambra", "commerce", "operations")
ANY_EDITION = ""
"""The edition of a key that was made without one: where two editions share a path, a header chooses."""
GRACE_SECONDS, MAX_GRACE_SECONDS = 86_400, 30 * 86_400
"""How long a key's text works on after it was rotated, unless the caller says otherwise."""
ROTATE_AFTER = timedelta(days=90)
"""How old the text of a key may be before administrators are reminded to rotate it."""
_SCOPE = re.compile(r"admin|(?:[a-z][a-z_]{0,39}:)?(?:read|write|delete)")


def create_key(
    store: Store,
    *,
    organization_id: int,
    label: str,
    scopes: Sequence[str],
    plan: str = "standard",
    edition: str = ANY_EDITION,
    sandbox: bool = False,
    rate_limit: int | None = None,
    expires_at: datetime | None = None,
    allowed_networks: Sequence[str] = (),
    actor: Actor = SYSTEM,
) -> tuple[ApiKey, str]:
    """A key and its secret text, which is shown this once. A sandbox key works on the organization's sandbox twin."""
    home = organization_id
    if sandbox:
        home = sandbox_of(store, organization_id, actor=actor).id or organization_id

    def work(session: Session) -> tuple[ApiKey, str]:
        return add_key(
            session,
            label=label,
            scopes=scopes,
            plan=plan,
            edition=edition,
            is_sandbox=sandbox,
            rate_limit=rate_limit,
            expires_at=expires_at,
            allowed_networks=allowed_networks,
        )

    return store.writer.run(work, organization_id=home, actor=actor)


def add_key(
    session: Session,
    *,
    label: str,
    scopes: Sequence[str],
    plan: str = "standard",
    edition: str = ANY_EDITION,
    is_sandbox: bool = False,
    rate_limit: int | None = None,
    expires_at: datetime | None = None,
    allowed_networks: Sequence[str] = (),
) -> tuple[ApiKey, str]:
    """As `create_key`, for the organization of the session itself."""
    if plan not in PLANS:
        raise Invalid(f"plan is one of {', '.join(PLANS)}", field="plan")
    if edition not in (ANY_EDITION, *EDITIONS):
        raise Invalid(f"edition is one of {', '.join(EDITIONS)}", field="edition")
    if rate_limit is not None and not 1 <= rate_limit <= MAX_RATE_LIMIT:
        raise Invalid(f"rate_limit is from 1 to {MAX_RATE_LIMIT}", field="rate_limit")
    now = now_of(session)
    if expires_at is not None and expires_at <= now:
        raise Invalid("expires_at is in the past", field="expires_at")
    ensure_pepper(session)
    prefix, secret = new_text(is_sandbox=is_sandbox)
    key = ApiKey(
        id=new_id("key"),
        organization_id=organization_of(session),
        label=clean_line(label, field="name", max_length=MAX_NAME),
        prefix=prefix,
        digest=key_digest(session, secret),
        scopes=checked_scopes(scopes),
        edition=edition,
        plan=plan,
        rate_limit=rate_limit,
        is_sandbox=is_sandbox,
        created_at=now,
        expires_at=expires_at,
        allowed_networks=checked_networks(allowed_networks) or None,
    )
    session.add(key)
    session.flush()
    audit(session, "key_created", key.id, label=key.label, scopes=key.scopes, prefix=prefix)
    return key, secret


def checked_scopes(scopes: Iterable[str]) -> list[str]:
    """The scopes, each once, sorted. Raises Invalid for what is no scope."""
    wanted = sorted({scope.strip() for scope in scopes if scope.strip()})
    for scope in wanted:
        if not _SCOPE.fullmatch(scope):
            raise Invalid(
                f"'{scope}' is no scope: use read, write, delete, admin, or one such as inventory:write",
                field="scopes",
            )
    if not wanted:
        raise Invalid("a key needs at least one scope", field="scopes")
    return wanted


def list_keys(session: Session) -> list[ApiKey]:
    """The organization's keys, newest first; their secrets are not in them."""
    return list(session.exec(scoped(session, ApiKey).order_by(col(ApiKey.created_at).desc(), col(ApiKey.id))).all())


def find_key(session: Session, prefix: str) -> ApiKey:
    """The key with this public part, its present one or the one before it was rotated. Raises NotFound."""
    either = (col(ApiKey.prefix) == prefix) | (col(ApiKey.previous_prefix) == prefix)
    key = session.exec(scoped(session, ApiKey).where(either)).first()
    if key is None:
        raise NotFound("api_key", prefix)
    return key


def key_by_id(session: Session, key_id: str) -> ApiKey:
    """The key with this id. Raises NotFound."""
    statement = scoped(session, ApiKey).where(col(ApiKey.id) == key_id).execution_options(populate_existing=True)
    key = session.exec(statement.with_for_update()).first()
    if key is None:
        raise NotFound("api_key", key_id)
    return key


def state_of(key: ApiKey, now: datetime) -> str:
    """``active``, ``expired`` or ``revoked``."""
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "active"


def rotate_by(key: ApiKey) -> datetime:
    """When the text of a key has been the same for long enough."""
    return (key.rotated_at or key.created_at) + ROTATE_AFTER


def is_rotation_due(key: ApiKey, now: datetime) -> bool:
    """True for a key that works and whose text is older than it should be."""
    return state_of(key, now) == "active" and rotate_by(key) <= now


def rotate_key(session: Session, key_id: str, *, grace_seconds: int = GRACE_SECONDS) -> tuple[ApiKey, str]:
    """A new text for a key, which stays the same key: its scopes, its limits, what it asked before. The text until now
    works for `grace_seconds` more (0: ends at once); one before that ends now. Raises WrongState for a key that ended.
    """
    if not 0 <= grace_seconds <= MAX_GRACE_SECONDS:
        raise Invalid(f"grace_seconds is from 0 to {MAX_GRACE_SECONDS}", field="grace_seconds")
    key = key_by_id(session, key_id)
    now = now_of(session)
    state = state_of(key, now)
    if state != "active":
        raise WrongState("api_key", key_id, state=state, step="rotate")
    before = key.prefix
    prefix, secret = new_text(is_sandbox=key.is_sandbox)
    is_kept = grace_seconds > 0
    _change(
        session,
        key_id,
        prefix=prefix,
        digest=key_digest(session, secret),
        previous_prefix=before if is_kept else None,
        previous_digest=key.digest if is_kept else None,
        previous_ends_at=now + timedelta(seconds=grace_seconds) if is_kept else None,
        rotated_at=now,
    )
    audit(session, "key_rotated", key_id, label=key.label, prefix=prefix, before=before, grace_seconds=grace_seconds)
    return key_by_id(session, key_id), secret


def revoke_key(session: Session, key_id: str) -> ApiKey:
    """End a key, and the text that it had before; every server process refuses it from the commit on."""
    key = key_by_id(session, key_id)
    if key.revoked_at is not None:
        return key
    _change(session, key_id, revoked_at=now_of(session))
    audit(session, "key_revoked", key.id, label=key.label)
    return key_by_id(session, key_id)


def _change(session: Session, key_id: str, **values: object) -> None:
    own = update(ApiKey).where(col(ApiKey.organization_id) == organization_of(session), col(ApiKey.id) == key_id)
    session.connection().execute(own.values(**values))
