"""Who calls the API: the key of a request, and what it may do.

A key is looked up in the store with every request, so one that was revoked, rotated or changed a moment ago, by
whichever process, is so for all of them. Only the work of reading a row that is still the same is spared. An access
token of OAuth is looked up alike, together with its client and the person who let that in.

Example::

    principal = key_for(store, secret, address="10.0.0.7")
    principal.allows("inventory", "read")   # True
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ambra_tui.errors import NotAllowed, Unauthenticated
from ambra_tui.services import access_system
from ambra_tui.services.access.networks import Network, is_within, read_networks
from ambra_tui.services.access.roles import ceiling_of, covers
from ambra_tui.services.access.texts import ACCESS, oauth_prefix_of, prefix_of
from ambra_tui.services.access.usage import NOTED_EVERY, Use, network_of, note_use
from ambra_tui.store import Store
from ambra_tui.store.scope import Actor

MAX_KNOWN_KEYS = 10_000
_NO_KEY = "The API key is missing, unknown, expired or revoked."
_known: dict[bytes, tuple[tuple[Any, ...], Principal]] = {}
_noted: dict[tuple[str, str], datetime] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls the API: a key, or a client of OAuth, and what it may do. `key_id`: the key or the client, whose limits
    count. `client`: the client's name. `rate_limit`: requests an hour of its own, None: the plan's. `networks`: from
    where, empty: from anywhere; `organization_networks` alike, for all keys of the organization. `live_id`: of a
    sandbox, the organization that has it. `user_id`: the person for whom a client acts; then `label` is that person's
    name, and `ceiling` what the person's role may do, None: all."""

    organization_id: int
    key_id: str
    label: str
    scopes: frozenset[str]
    edition: str
    plan: str
    rate_limit: int | None
    is_sandbox: bool
    expires_at: datetime | None = None
    live_id: int | None = None
    networks: tuple[Network, ...] = ()
    organization_networks: tuple[Network, ...] = ()
    user_id: str = ""
    client: str = ""
    ceiling: frozenset[str] | None = None

    def allows(self, resource: str, verb: str) -> bool:
        """True when the scopes cover `verb` (read, write, delete) on `resource`; writing implies reading."""
        if self.ceiling is not None and not covers(self.ceiling, resource, verb):
            return False
        return covers(self.scopes, resource, verb)

    @property
    def is_admin(self) -> bool:
        """True when the key may manage keys, webhooks and users."""
        return "admin" in self.scopes and (self.ceiling is None or "admin" in self.ceiling)

    @property
    def modules_id(self) -> int:
        """The organization whose modules count: a sandbox has those of its organization."""
        return self.organization_id if self.live_id is None else self.live_id

    @property
    def actor(self) -> Actor:
        """The one who acts: the person for whom it is done, else the key or the client."""
        role = "admin" if self.is_admin else "operator"
        return Actor(id=self.user_id or self.key_id, name=self.label, station="api", role=role)

    @property
    def name(self) -> str:
        """The key's own name, or the client's, whoever it acts for."""
        return self.client or self.label

    @property
    def owner_id(self) -> str:
        """Whose requests are compared by their idempotency key: a client that acts for two persons is two."""
        return f"{self.key_id}:{self.user_id}" if self.user_id else self.key_id


def key_for(store: Store, secret: str, *, address: str = "") -> Principal:
    """As `principal_for`, with the use remembered."""
    principal = principal_for(store, secret, address=address)
    note(store, principal, store.clock.now(), address=address)
    return principal


def principal_for(store: Store, secret: str, *, address: str = "") -> Principal:
    """Who holds this key or access token. `address`: where the request comes from; empty: this machine's command line.

    Raises Unauthenticated for a key that is unknown, ended, revoked or rotated out, NotAllowed for an address that it
    may not be used from.
    """
    token = oauth_prefix_of(secret, ACCESS)
    prefix = token or prefix_of(secret)
    look_up, read = (access_system.token_row, _read_token) if token else (access_system.key_row, _read)
    row = look_up(store, prefix) if prefix else None
    if row is None:
        raise Unauthenticated(_NO_KEY)
    mark = _mark_of(secret)
    known = _known.get(mark)
    if known is not None and known[0] == row:
        principal = known[1]
    else:
        principal = read(store, secret, row)
        _remember(mark, row, principal)
    refuse_unfit(principal, store.clock.now(), address)
    return principal


def known_key(secret: str) -> tuple[tuple[Any, ...], Principal] | None:
    """What this process knows of a key that it found right before: the row that it read, and what it read in it."""
    return _known.get(_mark_of(secret))


def refuse_unfit(principal: Principal, now: datetime, address: str) -> None:
    """Raises Unauthenticated for a key whose time is over, NotAllowed for an address that it may not be used from."""
    if principal.expires_at is not None and principal.expires_at <= now:
        raise Unauthenticated(_NO_KEY)
    for networks in (principal.networks, principal.organization_networks):
        if address and networks and not is_within(address, networks):
            raise NotAllowed("This key may not be used from this address.")


def is_known(secret: str) -> bool:
    """True when this process has met the key before and found it right."""
    return _mark_of(secret) in _known


def forget_keys() -> None:
    """Empty this process's memory of keys that it has met."""
    with _lock:
        _known.clear()
        _noted.clear()


def _mark_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _remember(mark: bytes, row: tuple[Any, ...], principal: Principal) -> None:
    with _lock:
        if len(_known) >= MAX_KNOWN_KEYS:
            _known.clear()
        _known[mark] = (row, principal)


def _read(store: Store, secret: str, row: tuple[Any, ...]) -> Principal:
    key = access_system.read_key(store, row)
    digest = access_system.digest_of(store, secret)
    ends_at = key.expires_at
    if not hmac.compare_digest(digest, key.digest):
        if not key.previous_digest or not hmac.compare_digest(digest, key.previous_digest):
            raise Unauthenticated(_NO_KEY)
        ends_at = min(moment for moment in (key.expires_at, key.previous_ends_at) if moment is not None)
    if key.revoked_at is not None:
        raise Unauthenticated(_NO_KEY)
    return Principal(
        organization_id=key.organization_id,
        key_id=key.id,
        label=key.label,
        scopes=frozenset(key.scopes),
        edition=key.edition,
        plan=key.plan,
        rate_limit=key.rate_limit,
        is_sandbox=key.is_sandbox,
        expires_at=ends_at,
        live_id=key.sandbox_of,
        networks=read_networks(key.allowed_networks or ()),
        organization_networks=read_networks(key.organization_networks or ()),
    )


def _read_token(store: Store, secret: str, row: tuple[Any, ...]) -> Principal:
    token = access_system.read_token(store, row)
    is_over = token.revoked_at or token.grant_revoked_at or token.removed_at
    if is_over or not hmac.compare_digest(access_system.digest_of(store, secret), token.digest):
        raise Unauthenticated(_NO_KEY)
    if token.user_id and token.status != "active":  # the person is locked out, or gone
        raise Unauthenticated(_NO_KEY)
    return Principal(
        organization_id=token.organization_id,
        key_id=token.client_id,
        label=token.person or token.client,
        scopes=frozenset(token.scopes),
        edition="",
        plan=token.plan,
        rate_limit=token.rate_limit,
        is_sandbox=token.is_sandbox,
        expires_at=token.expires_at,
        live_id=token.sandbox_of,
        networks=read_networks(token.allowed_networks or ()),
        organization_networks=read_networks(token.organization_networks or ()),
        user_id=token.user_id,
        client=token.client,
        ceiling=ceiling_of(token.role) if token.user_id else None,
    )


def note(store: Store, principal: Principal, now: datetime, *, address: str = "", used: int = 0) -> None:
    """Remembers that the key is in use, once a minute and for each new network in this process; what is written then
    sees to the other processes. `used`: its requests of this hour so far."""
    network = network_of(address)
    noted = _noted.get((principal.key_id, network))
    if noted is not None and noted <= now < noted + NOTED_EVERY:
        return
    if len(_noted) >= MAX_KNOWN_KEYS:
        _noted.clear()
    _noted[principal.key_id, network] = now
    note_use(store, Use(principal.organization_id, principal.key_id, principal.name, address, used))
