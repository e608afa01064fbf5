"""Who may come in: organizations, people with badges, PINs and passwords, API keys of integrators.

Example::

    organization = create_organization(store, "Acme", ["traceability"])
    key, secret = create_key(store, organization_id=organization.id, label="ERP", scopes=["inventory:write"])
    principal = key_for(store, secret)
    principal.allows("inventory", "read")   # True
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col

from ambra_tui import ledger
from ambra_tui.errors import Duplicate, Invalid, NotFound, Unauthenticated
from ambra_tui.kit.clock import monotonic_milliseconds
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.language import languages
from ambra_tui.kit.text import clean_line
from ambra_tui.services import access_system
from ambra_tui.services.catalog import clean_currency
from ambra_tui.services.modules import known_modules
from ambra_tui.services.rows import add_unique
from ambra_tui.services.secrets import badge_digest, ensure_pepper, hash_secret, key_digest, verify_secret
from ambra_tui.store import Store
from ambra_tui.store.facts import audit
from ambra_tui.store.models import ApiKey, Organization, StationLock, User
from ambra_tui.store.models.people import ROLES
from ambra_tui.store.scope import SYSTEM, Actor, now_of, organization_of, scoped

EDITIONS = ("stock", "sku", "ambra", "commerce", "operations")
ANY_EDITION = ""
"""The edition of a key that was made without one: where two editions share a path, a header chooses."""
PLANS: dict[str, int | None] = {
    "free": 100, "starter": 1_000, "standard": 1_000, "professional": 5_000, "premium": 10_000, "enterprise": None,
}  # fmt: skip
"""Requests an hour of each plan; None: no limit."""

MAX_NAME = 120
MAX_BADGE = 120
MIN_PASSWORD, MAX_PASSWORD = 8, 200
FREE_TRIES = 5
LOCKED = "locked"
FIRST_LOCK = timedelta(seconds=30)
MAX_LOCK = timedelta(hours=1)
KEY_CACHE_MILLISECONDS = 2_000.0
MAX_CACHED_KEYS = 10_000
LIVE_PREFIX, SANDBOX_PREFIX = "ambra_live_", "test_"
_ALPHABET = string.ascii_letters + string.digits
_PUBLIC_LENGTH, _SECRET_LENGTH = 8, 43
_KEY = re.compile(r"((?:ambra_live|test)_[A-Za-z0-9]{8})_[A-Za-z0-9]{43}")
_SCOPE = re.compile(r"admin|(?:[a-z][a-z_]{0,39}:)?(?:read|write|delete)")
_PIN = re.compile(r"[0-9]{4,12}")
_NO_KEY = "The API key is missing, unknown, expired or revoked."
_cache: dict[bytes, tuple[float, Principal]] = {}
_cache_lock = threading.Lock()


# --- organizations --------------------------------------------------------------------------------------------------


def create_organization(
    store: Store, name: str, modules: Sequence[str] = (), *, currency: str = "EUR", actor: Actor = SYSTEM
) -> Organization:
    """A tenant with its virtual locations. Raises Invalid for an unknown module, Duplicate for a name that is taken."""
    return _make_organization(store, name, modules, currency=currency, sandbox_of=None, actor=actor)


def sandbox_of(store: Store, organization_id: int, *, actor: Actor = SYSTEM) -> Organization:
    """The organization's sandbox twin, where its `test_` keys work; made when it is first asked for."""
    twin = access_system.sandbox_twin(store, organization_id)
    if twin is not None:
        return twin
    live = access_system.organization_by_id(store, organization_id)
    if live.sandbox_of is not None:
        return live
    name = f"{live.name[: MAX_NAME - 10]} (sandbox)"
    return _make_organization(
        store, name, live.modules, currency=live.currency, sandbox_of=organization_id, actor=actor
    )


def _make_organization(
    store: Store, name: str, modules: Sequence[str], *, currency: str, sandbox_of: int | None, actor: Actor
) -> Organization:
    checked_name = clean_line(name, field="name", max_length=MAX_NAME)
    checked_modules = known_modules(modules)
    organization_id = access_system.insert_organization(
        store,
        name=checked_name,
        modules=checked_modules,
        currency=clean_currency(currency),
        sandbox_of=sandbox_of,
        actor=actor,
    )

    def furnish(session: Session) -> None:
        ensure_pepper(session)
        ledger.make_virtual_locations(session)
        audit(session, "organization_created", str(organization_id), name=checked_name, modules=checked_modules)

    store.writer.run(furnish, organization_id=organization_id, actor=actor)
    return access_system.organization_by_id(store, organization_id)


# --- people ---------------------------------------------------------------------------------------------------------


def create_user(
    session: Session,
    *,
    name: str,
    badge: str,
    role: str = "operator",
    pin: str | None = None,
    password: str | None = None,
    language: str = "en",
) -> User:
    """A person who signs in with `badge`. Supervisors override on the floor by PIN; administration is by password."""
    if role not in ROLES:
        raise Invalid(f"role is one of {', '.join(ROLES)}", field="role")
    if language not in languages():
        raise Invalid(f"language is one of {', '.join(languages())}", field="language")
    ensure_pepper(session)
    now = now_of(session)
    user = User(
        organization_id=organization_of(session),
        id=new_id("user"),
        name=clean_line(name, field="name", max_length=MAX_NAME),
        role=role,
        badge_digest=badge_digest(session, clean_line(badge, field="badge", max_length=MAX_BADGE)),
        pin_hash=hash_secret(_checked_pin(pin)) if pin else "",
        password_hash=hash_secret(checked_password(password)) if password else "",
        language=language,
        created_at=now,
        updated_at=now,
    )
    taken = Duplicate("user", "badge", badge)
    if _user_with(session, user.badge_digest) is not None:
        raise taken
    add_unique(session, user, taken)
    audit(session, "user_created", user.id, name=user.name, role=user.role)
    return user


def set_pin(session: Session, user: User, pin: str) -> None:
    """A new PIN; the lock of wrong ones is lifted."""
    user.pin_hash = hash_secret(_checked_pin(pin))
    _unlock(session, user)
    audit(session, "pin_changed", user.id)


def set_password(session: Session, user: User, password: str) -> None:
    """A new password; the lock of wrong ones is lifted."""
    user.password_hash = hash_secret(checked_password(password))
    _unlock(session, user)
    audit(session, "password_changed", user.id)


def set_language(session: Session, user: User, language: str) -> None:
    """The language of the person's screens."""
    if language not in languages():
        raise Invalid(f"language is one of {', '.join(languages())}", field="language")
    user.language = language
    user.updated_at = now_of(session)
    session.add(user)
    session.flush()


def change_badge(session: Session, user: User, badge: str) -> None:
    """A new badge; the old one is nobody's. Raises Duplicate for one that somebody has."""
    digest = badge_digest(session, clean_line(badge, field="badge", max_length=MAX_BADGE))
    holder = _user_with(session, digest)
    if holder is not None:
        raise Duplicate("user", "badge", "")
    user.badge_digest = digest
    _unlock(session, user)
    audit(session, "badge_changed", user.id, name=user.name)


def lock_badge(session: Session, user: User) -> None:
    """The badge signs nobody in until it is opened again."""
    user.status, user.updated_at = LOCKED, now_of(session)
    session.add(user)
    session.flush()
    audit(session, "badge_locked", user.id, name=user.name)


def open_badge(session: Session, user: User) -> None:
    """The badge signs in again; the lock of wrong PINs is lifted too."""
    user.status = "active"
    _unlock(session, user)
    audit(session, "badge_opened", user.id, name=user.name)


def find_user(session: Session, text: str) -> User | None:
    """The person with this badge, locked or not, or the only one of this name."""
    found = _user_with(session, badge_digest(session, text))
    if found is not None:
        return found
    wanted = " ".join(text.split()).casefold()
    named = [user for user in session.exec(scoped(session, User)) if user.name.casefold() == wanted]
    return named[0] if len(named) == 1 else None


def user_by_badge(session: Session, badge: str) -> User:
    """The active person with this badge. Raises Unauthenticated; counts nothing (see `sign_in`)."""
    user = _user_with(session, badge_digest(session, badge))
    if user is None or user.status != "active":
        raise Unauthenticated("This badge is not known here. Scan another, or ask a supervisor.")
    return user


def _user_with(session: Session, digest: str) -> User | None:
    return session.exec(scoped(session, User).where(User.badge_digest == digest)).first()


def sign_in(session: Session, badge: str, *, station: str) -> User:
    """The person with this badge, who may work at `station`.

    A wrong badge is counted against the station and raises Unauthenticated. The count is a row of this transaction:
    whoever calls this catches the refusal inside it, or uses `counted`.
    """
    lock = _open_station(session, station)
    try:
        user = user_by_badge(session, badge)
    except Unauthenticated:
        _count(session, lock)
        raise
    _clear(session, lock)
    return user


def check_pin(session: Session, badge: str, pin: str, *, station: str) -> User:
    """The person with this badge, when the PIN is theirs. Raises Unauthenticated (see `sign_in` on its count)."""
    return _check_secret(session, badge, pin, station=station, hash_of=lambda user: user.pin_hash, word="PIN")


def check_password(session: Session, badge: str, password: str, *, station: str) -> User:
    """The person with this badge, when the password is theirs. Raises Unauthenticated (see `sign_in` on its count)."""
    return _check_secret(
        session, badge, password, station=station, hash_of=lambda user: user.password_hash, word="password"
    )


def badge_at(session: Session, badge: str, *, station: str) -> User | None:
    """The active person with this badge; None for a code that is nobody's, and while the station is locked."""
    user = _user_with(session, badge_digest(session, badge))
    if user is None or user.status != "active":
        return None
    try:
        _open_station(session, station)
    except Unauthenticated:
        return None
    return user


def check_password_of(session: Session, user: User, password: str, *, station: str) -> None:
    """As `check_password` for a person who is signed in."""
    lock = _open_station(session, station)
    _check_secret_of(session, lock, user, password, stored=user.password_hash, word="password")


def check_pin_of(session: Session, user: User, pin: str, *, station: str) -> None:
    """As `check_pin` for a person whose badge was read a step earlier."""
    lock = _open_station(session, station)
    _check_secret_of(session, lock, user, pin, stored=user.pin_hash, word="PIN")


def _check_secret(
    session: Session, badge: str, secret: str, *, station: str, hash_of: Callable[[User], str], word: str
) -> User:
    lock = _open_station(session, station)
    try:
        user = user_by_badge(session, badge)
    except Unauthenticated:
        _count(session, lock)
        raise
    _check_secret_of(session, lock, user, secret, stored=hash_of(user), word=word)
    return user


def _check_secret_of(session: Session, lock: StationLock, user: User, secret: str, *, stored: str, word: str) -> None:
    session.refresh(user, with_for_update=True)
    _refuse_locked(session, user.locked_until, "This badge")
    if not verify_secret(stored, secret):
        _count(session, user)
        _count(session, lock)
        audit(session, f"wrong_{word.lower()}", user.id, name=user.name, failures=user.failures)
        session.flush()
        raise Unauthenticated(f"That {word} is wrong.")
    _clear(session, user)
    _clear(session, lock)


def counted(store: Store, check: Callable[[Session], User], *, organization_id: int, actor: Actor) -> User:
    """Run a `check` such as `check_pin` so that a wrong try is remembered although it raises Unauthenticated."""

    def work(session: Session) -> User | Unauthenticated:
        try:
            return check(session)
        except Unauthenticated as refusal:
            return refusal

    answer = store.writer.run(work, organization_id=organization_id, actor=actor)
    if isinstance(answer, Unauthenticated):
        raise answer
    return answer


def _open_station(session: Session, station: str) -> StationLock:
    name = clean_line(station, field="station", max_length=60, required=False)
    lock = session.get(StationLock, (organization_of(session), name), with_for_update=True)
    if lock is None:
        lock = StationLock(organization_id=organization_of(session), station=name)
    _refuse_locked(session, lock.locked_until, "This station")
    return lock


def _refuse_locked(session: Session, until: datetime | None, what: str) -> None:
    if until is not None and until > now_of(session):
        seconds = int((until - now_of(session)).total_seconds()) + 1
        raise Unauthenticated(
            f"{what} is locked for {seconds} s after wrong tries.", details={"retry_after_seconds": seconds}
        )


def _count(session: Session, row: User | StationLock) -> None:
    row.failures += 1
    over = row.failures - FREE_TRIES
    if over >= 0:
        row.locked_until = now_of(session) + min(FIRST_LOCK * 2 ** min(over, 20), MAX_LOCK)
    session.add(row)
    session.flush()


def _clear(session: Session, row: User | StationLock) -> None:
    if row.failures == 0 and row.locked_until is None:
        return
    row.failures = 0
    row.locked_until = None
    session.add(row)
    session.flush()


def _unlock(session: Session, user: User) -> None:
    user.failures = 0
    user.locked_until = None
    user.updated_at = now_of(session)
    session.add(user)
    session.flush()


def _checked_pin(pin: str) -> str:
    if not _PIN.fullmatch(pin):
        raise Invalid("a PIN is 4 to 12 digits", field="pin")
    return pin


def checked_password(password: str) -> str:
    """`password` itself. Raises Invalid when it is too short or too long."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters", field="password")
    return password


# --- API keys -------------------------------------------------------------------------------------------------------


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


def _random_text(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
