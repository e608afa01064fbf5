"""Who calls the API: the key of a request, and what it may do.

Example::

    principal = key_for(store, secret)
    principal.allows("inventory", "read")   # True
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from dataclasses import dataclass
from datetime import datetime

from ambra_tui.errors import Unauthenticated
from ambra_tui.kit.clock import monotonic_milliseconds
from ambra_tui.services import access_system
from ambra_tui.services.access.plans import PLANS
from ambra_tui.store import Store
from ambra_tui.store.scope import Actor

KEY_CACHE_MILLISECONDS = 2_000.0
MAX_CACHED_KEYS = 10_000
_KEY = re.compile(r"((?:ambra_live|test)_[A-Za-z0-9]{8})_[A-Za-z0-9]{43}")
_NO_KEY = "The API key is missing, unknown, expired or revoked."
_cache: dict[bytes, tuple[float, Principal]] = {}
_cache_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls the API: a key and what it may do. `rate_limit`: requests an hour, None: no limit. `live_id`: of a
    sandbox, the organization that it is the sandbox of."""

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

    def allows(self, resource: str, verb: str) -> bool:
        """True when the scopes cover `verb` (read, write, delete) on `resource`; writing implies reading."""
        if "admin" in self.scopes:
            return True
        verbs = ("read", "write") if verb == "read" else (verb,)
        return any(v in self.scopes or f"{resource}:{v}" in self.scopes for v in verbs)

    @property
    def is_admin(self) -> bool:
        """True when the key may manage keys, webhooks and users."""
        return "admin" in self.scopes

    @property
    def modules_id(self) -> int:
        """The organization whose modules count: a sandbox has those of its organization."""
        return self.organization_id if self.live_id is None else self.live_id

    @property
    def actor(self) -> Actor:
        """The key as the one who acts."""
        return Actor(id=self.key_id, name=self.label, station="api", role="admin" if self.is_admin else "operator")


def key_for(store: Store, secret: str) -> Principal:
    """Who holds this key. Raises Unauthenticated for one that is unknown, ended or revoked.

    The answer is remembered for two seconds in this process, so a busy client costs one look-up in that time.
    """
    shape = _KEY.fullmatch(secret)
    if shape is None:
        raise Unauthenticated(_NO_KEY)
    fingerprint = hashlib.sha256(secret.encode()).digest()
    now = monotonic_milliseconds()
    with _cache_lock:
        known = _cache.get(fingerprint)
    if known is not None and known[0] > now:
        return _unless_ended(store, known[1])
    principal = _unless_ended(store, _look_up(store, shape[1], secret))
    with _cache_lock:
        if len(_cache) >= MAX_CACHED_KEYS:
            _cache.clear()
        _cache[fingerprint] = (now + KEY_CACHE_MILLISECONDS, principal)
    return principal


def forget_keys() -> None:
    """Empty this process's memory of keys, so that the next request looks its key up."""
    with _cache_lock:
        _cache.clear()


def _look_up(store: Store, prefix: str, secret: str) -> Principal:
    found = access_system.key_by_prefix(store, prefix, secret)
    if found is None:
        raise Unauthenticated(_NO_KEY)
    key, organization, digest = found
    if not hmac.compare_digest(digest, key.digest) or key.revoked_at is not None:
        raise Unauthenticated(_NO_KEY)
    access_system.note_use(store, key)
    return Principal(
        organization_id=key.organization_id,
        key_id=key.id,
        label=key.label,
        scopes=frozenset(key.scopes),
        edition=key.edition,
        plan=key.plan,
        rate_limit=key.rate_limit if key.rate_limit is not None else PLANS.get(key.plan),
        is_sandbox=key.is_sandbox,
        expires_at=key.expires_at,
        live_id=organization.sandbox_of,
    )


def _unless_ended(store: Store, principal: Principal) -> Principal:
    if principal.expires_at is not None and principal.expires_at <= store.clock.now():
        raise Unauthenticated(_NO_KEY)
    return principal
