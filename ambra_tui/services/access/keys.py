"""API keys of integrators: made, listed, ended. The secret text is shown once and never kept.

Example::

    key, secret = create_key(store, organization_id=organization.id, label="ERP", scopes=["inventory:write"])
    revoke_key(session, key.id)
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col

from ambra_tui.errors import Invalid, NotFound
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services.access.organizations import MAX_NAME, sandbox_of
from ambra_tui.services.access.plans import PLANS
from ambra_tui.services.secrets import ensure_pepper, key_digest
from ambra_tui.store import Store
from ambra_tui.store.facts import audit
from ambra_tui.store.models import ApiKey
from ambra_tui.store.scope import SYSTEM, Actor, now_of, organization_of, scoped

EDITIONS = ("stock", "sku", "ambra", "commerce", "operations")
ANY_EDITION = ""
"""The edition of a key that was made without one: where two editions share a path, a header chooses."""
LIVE_PREFIX, SANDBOX_PREFIX = "ambra_live_", "test_"
_ALPHABET = string.ascii_letters + string.digits
_PUBLIC_LENGTH, _SECRET_LENGTH = 8, 43
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
) -> tuple[ApiKey, str]:
    """As `create_key`, for the organization of the session itself."""
    if plan not in PLANS:
        raise Invalid(f"plan is one of {', '.join(PLANS)}", field="plan")
    if edition not in (ANY_EDITION, *EDITIONS):
        raise Invalid(f"edition is one of {', '.join(EDITIONS)}", field="edition")
    if rate_limit is not None and not 1 <= rate_limit <= 10**9:
        raise Invalid("rate_limit is at least 1", field="rate_limit")
    ensure_pepper(session)
    prefix = (SANDBOX_PREFIX if is_sandbox else LIVE_PREFIX) + _random_text(_PUBLIC_LENGTH)
    secret = f"{prefix}_{_random_text(_SECRET_LENGTH)}"
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
        created_at=now_of(session),
        expires_at=expires_at,
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


def revoke_key(session: Session, key_id: str) -> ApiKey:
    """End a key. A process that used it in the last two seconds may let it in until those have passed."""
    key = _key(session, key_id)
    if key.revoked_at is not None:
        return key
    own = update(ApiKey).where(col(ApiKey.organization_id) == organization_of(session), col(ApiKey.id) == key_id)
    session.connection().execute(own.values(revoked_at=now_of(session)))
    audit(session, "key_revoked", key.id, label=key.label)
    return _key(session, key_id)


def _key(session: Session, key_id: str) -> ApiKey:
    statement = scoped(session, ApiKey).where(col(ApiKey.id) == key_id).execution_options(populate_existing=True)
    key = session.exec(statement).first()
    if key is None:
        raise NotFound("key", key_id)
    return key


def _random_text(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
