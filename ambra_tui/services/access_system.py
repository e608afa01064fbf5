"""The look-ups that know no organization yet: everything here runs in the store's system scope, and nothing else does.

Listed in one file on purpose: whoever wants to know what crosses organizations reads this page. (The outbox follower,
leases and the writer's own bookkeeping are the store's.)

Example::

    organization = choose_organization(store, None)    # the only one
    twin = sandbox_twin(store, organization.id)
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func
from sqlmodel import Session, col, select

from ambra_tui.errors import Duplicate, Invalid, NotFound
from ambra_tui.services.rows import add_unique
from ambra_tui.services.secrets import key_digest
from ambra_tui.store import Store
from ambra_tui.store.models import ApiKey, OAuthClient, OAuthGrant, OAuthToken, Organization, User
from ambra_tui.store.models.payments import Payment
from ambra_tui.store.quick import QuickSystem
from ambra_tui.store.scope import SYSTEM, Actor, now_of
from ambra_tui.store.tally import TableTally, Taken


def organizations(store: Store, *, with_sandboxes: bool = False) -> list[Organization]:
    """Every organization, by name; sandbox twins only when asked for, sets of theirs that are out of use never."""
    statement = select(Organization).where(col(Organization.retired_at).is_(None)).order_by(col(Organization.name))
    if not with_sandboxes:
        statement = statement.where(col(Organization.sandbox_of).is_(None))
    with store.read_system() as session:
        return list(session.exec(statement).all())


def find_organization(store: Store, name: str) -> Organization | None:
    """The organization of this name."""
    with store.read_system() as session:
        return session.exec(
            select(Organization).where(Organization.name == name.strip(), col(Organization.retired_at).is_(None))
        ).first()


def organization_by_id(store: Store, organization_id: int) -> Organization:
    """The organization with this number. Raises NotFound."""
    with store.read_system() as session:
        found = session.get(Organization, organization_id)
    if found is None:
        raise NotFound("organization", str(organization_id))
    return found


def choose_organization(store: Store, name: str | None) -> Organization:
    """The organization called `name`, or the only one there is. Raises Invalid with the names to choose from."""
    if name:
        found = find_organization(store, name)
        if found is not None:
            return found
    known = organizations(store)
    if not name and len(known) == 1:
        return known[0]
    if not known:
        raise Invalid("This store has no organization yet. Make one: ambra organization create NAME")
    names = ", ".join(organization.name for organization in known)
    if name:
        raise Invalid(f"There is no organization '{name}'. This store holds: {names}")
    raise Invalid(f"This store holds several organizations. Name one with --organization: {names}")


def insert_organization(
    store: Store,
    *,
    name: str,
    modules: list[str],
    currency: str,
    sandbox_of: int | None = None,
    is_retired: bool = False,
    actor: Actor = SYSTEM,
) -> int:
    """Add an organization and return its number. `is_retired`: nothing shows it. Raises Duplicate for a taken name."""

    def work(session: Session) -> int:
        now = now_of(session)
        row = Organization(
            name=name,
            modules=modules,
            currency=currency,
            sandbox_of=sandbox_of,
            created_at=now,
            retired_at=now if is_retired else None,
        )
        add_unique(session, row, Duplicate("organization", "name", name))
        assert row.id is not None
        return row.id

    return store.writer.run(work, organization_id=None, actor=actor)


def sandbox_twin(store: Store, organization_id: int) -> Organization | None:
    """The sandbox organization of a live one, if it was made."""
    in_use = select(Organization).where(
        Organization.sandbox_of == organization_id, col(Organization.retired_at).is_(None)
    )
    with store.read_system() as session:
        return session.exec(in_use).first()


def retired_sets(store: Store, *, before: datetime | None = None) -> list[int]:
    """The sets of sandboxes that are out of use, those since `before` when it is given."""
    statement = select(col(Organization.id)).where(col(Organization.retired_at).is_not(None))
    if before is not None:
        statement = statement.where(col(Organization.retired_at) < before)
    with store.read_system() as session:
        return [number for number in session.exec(statement).all() if number is not None]


_KEY_COLUMNS = (
    ApiKey.id, ApiKey.organization_id, ApiKey.label, ApiKey.prefix, ApiKey.digest, ApiKey.scopes, ApiKey.edition,
    ApiKey.plan, ApiKey.rate_limit, ApiKey.is_sandbox, ApiKey.expires_at, ApiKey.revoked_at, ApiKey.allowed_networks,
    ApiKey.previous_prefix, ApiKey.previous_digest, ApiKey.previous_ends_at, Organization.sandbox_of,
    Organization.allowed_networks,
)  # fmt: skip


class KeyRow(NamedTuple):
    """What is known of a key, its `_KEY_COLUMNS` in their order."""

    id: str
    organization_id: int
    label: str
    prefix: str
    digest: str
    scopes: list[str]
    edition: str
    plan: str
    rate_limit: int | None
    is_sandbox: bool
    expires_at: datetime | None
    revoked_at: datetime | None
    allowed_networks: list[str] | None
    previous_prefix: str | None
    previous_digest: str | None
    previous_ends_at: datetime | None
    sandbox_of: int | None
    organization_networks: list[str] | None


def _by(column: Any) -> QuickSystem:
    keys = select(*_KEY_COLUMNS).join(  # type: ignore[call-overload]  # more columns than it has types for
        Organization, col(Organization.id) == col(ApiKey.organization_id)
    )
    return QuickSystem(keys.where(column == bindparam("prefix")))


_BY_PREFIX, _BY_PREVIOUS = _by(col(ApiKey.prefix)), _by(col(ApiKey.previous_prefix))


def key_row(store: Store, prefix: str) -> tuple[Any, ...] | None:
    """What the database holds now of the key with this public part, its present one or the one before: to be compared
    with what it held before, or read by `read_key`."""
    found = _BY_PREFIX.rows(store, prefix=prefix) or _BY_PREVIOUS.rows(store, prefix=prefix)
    return found[0] if found else None


def key_row_counted(
    store: Store, tally: TableTally, prefix: str, key_id: str, **windows: int
) -> tuple[tuple[Any, ...], Taken]:
    """`key_row` by the present public part, with a request of the key counted beside it (see `TableTally`)."""
    text, given = _BY_PREFIX.asked(store, prefix=prefix)
    row, taken = tally.take_beside(text, dict(given), key_id, **windows)
    return _BY_PREFIX.decoded(row), taken


def read_key(store: Store, row: tuple[Any, ...]) -> KeyRow:
    """The values of a row that `key_row` found."""
    return KeyRow(*_BY_PREFIX.read(store, row))


_TOKEN_COLUMNS = (
    OAuthToken.organization_id, OAuthToken.client_id, OAuthToken.grant_id, OAuthToken.digest, OAuthToken.scopes,
    OAuthToken.expires_at, OAuthToken.revoked_at, OAuthGrant.revoked_at, OAuthGrant.user_id, OAuthClient.name,
    OAuthClient.plan, OAuthClient.rate_limit, OAuthClient.allowed_networks, OAuthClient.is_sandbox,
    OAuthClient.removed_at, Organization.sandbox_of, Organization.allowed_networks, User.name, User.role, User.status,
)  # fmt: skip


class TokenRow(NamedTuple):
    """What is known of an access token, its `_TOKEN_COLUMNS` in their order. `person` and what follows: None where no
    person let the client in, or that person is not there any more."""

    organization_id: int
    client_id: str
    grant_id: str
    digest: str
    scopes: list[str]
    expires_at: datetime
    revoked_at: datetime | None
    grant_revoked_at: datetime | None
    user_id: str
    client: str
    plan: str
    rate_limit: int | None
    allowed_networks: list[str] | None
    is_sandbox: bool
    removed_at: datetime | None
    sandbox_of: int | None
    organization_networks: list[str] | None
    person: str | None
    role: str | None
    status: str | None


_BY_TOKEN = QuickSystem(
    select(*_TOKEN_COLUMNS)  # type: ignore[call-overload]  # more columns than it has types for
    .join(OAuthGrant, col(OAuthGrant.id) == col(OAuthToken.grant_id))
    .join(OAuthClient, col(OAuthClient.id) == col(OAuthToken.client_id))
    .join(Organization, col(Organization.id) == col(OAuthToken.organization_id))
    .outerjoin(
        User,
        and_(
            col(User.organization_id) == func.coalesce(Organization.sandbox_of, Organization.id),
            col(User.id) == col(OAuthGrant.user_id),
        ),
    )
    .where(col(OAuthToken.prefix) == bindparam("prefix"), col(OAuthToken.kind) == "access")
)


def token_row(store: Store, prefix: str) -> tuple[Any, ...] | None:
    """What the database holds now of the access token with this public part, to be read by `read_token`."""
    found = _BY_TOKEN.rows(store, prefix=prefix)
    return found[0] if found else None


def read_token(store: Store, row: tuple[Any, ...]) -> TokenRow:
    """The values of a row that `token_row` found."""
    return TokenRow(*_BY_TOKEN.read(store, row))


def oauth_client(store: Store, client_id: str) -> OAuthClient | None:
    """The OAuth client with this id, unless it was removed or its organization is out of use."""
    statement = (
        select(OAuthClient)
        .join(Organization, col(Organization.id) == col(OAuthClient.organization_id))
        .where(
            OAuthClient.id == client_id, col(OAuthClient.removed_at).is_(None), col(Organization.retired_at).is_(None)
        )
    )
    with store.read_system() as session:
        return session.exec(statement).first()


def organization_of_payment(
    store: Store, gateway: str, *, reference: str, organization_id: int | None, payment_id: str
) -> tuple[int, str] | None:
    """Whose payment a gateway tells of, and its id: by the gateway's name of it, else by ours that the gateway kept."""
    by_reference = select(Payment.organization_id, Payment.id).where(
        Payment.gateway == gateway, Payment.gateway_reference == reference
    )
    by_id = select(Payment.organization_id, Payment.id).where(
        Payment.organization_id == organization_id, Payment.id == payment_id, Payment.gateway == gateway
    )
    with store.read_system() as session:
        found = (session.exec(by_reference).first() if reference else None) or session.exec(by_id).first()
    return (found[0], found[1]) if found else None


def digest_of(store: Store, secret: str) -> str:
    """The digest that a whole key has in this store."""
    with store.read_system() as session:
        return key_digest(session, secret)
