"""People: their badges, PINs, passwords, roles and languages.

Example::

    user = create_user(session, name="Ana", badge="BDG-1001", role="supervisor", pin="4711")
    find_user(session, "ana").id == user.id   # True
"""

from __future__ import annotations

import re

from sqlmodel import Session

from ambra_tui.errors import Duplicate, Invalid, Unauthenticated
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.language import languages
from ambra_tui.kit.text import clean_line
from ambra_tui.services.access.organizations import MAX_NAME
from ambra_tui.services.access.tries import LOCKED, unlock
from ambra_tui.services.rows import add_unique
from ambra_tui.services.secrets import badge_digest, ensure_pepper, hash_secret
from ambra_tui.store.facts import audit
from ambra_tui.store.models import User
from ambra_tui.store.models.people import ROLES
from ambra_tui.store.scope import now_of, organization_of, scoped

MAX_BADGE = 120
MIN_PASSWORD, MAX_PASSWORD = 8, 200
_PIN = re.compile(r"[0-9]{4,12}")


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
    if user_with(session, user.badge_digest) is not None:
        raise taken
    add_unique(session, user, taken)
    audit(session, "user_created", user.id, name=user.name, role=user.role)
    return user


def set_pin(session: Session, user: User, pin: str) -> None:
    """A new PIN; the lock of wrong ones is lifted."""
    user.pin_hash = hash_secret(_checked_pin(pin))
    unlock(session, user)
    audit(session, "pin_changed", user.id)


def set_password(session: Session, user: User, password: str) -> None:
    """A new password; the lock of wrong ones is lifted."""
    user.password_hash = hash_secret(checked_password(password))
    unlock(session, user)
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
    holder = user_with(session, digest)
    if holder is not None:
        raise Duplicate("user", "badge", "")
    user.badge_digest = digest
    unlock(session, user)
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
    unlock(session, user)
    audit(session, "badge_opened", user.id, name=user.name)


def find_user(session: Session, text: str) -> User | None:
    """The person with this badge, locked or not, or the only one of this name."""
    found = user_with(session, badge_digest(session, text))
    if found is not None:
        return found
    wanted = " ".join(text.split()).casefold()
    named = [user for user in session.exec(scoped(session, User)) if user.name.casefold() == wanted]
    return named[0] if len(named) == 1 else None


def user_by_badge(session: Session, badge: str) -> User:
    """The active person with this badge. Raises Unauthenticated; counts nothing (see `sign_in`)."""
    user = user_with(session, badge_digest(session, badge))
    if user is None or user.status != "active":
        raise Unauthenticated("This badge is not known here. Scan another, or ask a supervisor.")
    return user


def user_with(session: Session, digest: str) -> User | None:
    """The person whose badge has this digest, locked or not."""
    return session.exec(scoped(session, User).where(User.badge_digest == digest)).first()


def _checked_pin(pin: str) -> str:
    if not _PIN.fullmatch(pin):
        raise Invalid("a PIN is 4 to 12 digits", field="pin")
    return pin


def checked_password(password: str) -> str:
    """`password` itself. Raises Invalid when it is too short or too long."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters", field="password")
    return password
