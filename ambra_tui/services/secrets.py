"""Secrets at rest: peppered digests of badges and keys, argon2id hashes of PINs and passwords.

A badge or key is looked up by its digest, so it needs one digest for one text; its own length is its strength, and
the pepper keeps a copied database from being searched. PINs and passwords are short, so their hash is slow and salted.

Example::

    digest = badge_digest(session, "BDG-1001")
    verify_secret(user.pin_hash, "4711")   # True
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session

from ambra_tui.errors import Conflict, Duplicate
from ambra_tui.services.rows import add_unique
from ambra_tui.store.models import StoreSetting

PEPPER = "pepper"
PEPPER_VARIABLE = "AMBRA_PEPPER"
# About 20 ms: a check runs inside a transaction, which nobody may hold for more than 50 ms.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hash_secret(secret: str) -> str:
    """The argon2id hash of a PIN or password."""
    return _HASHER.hash(secret)


def verify_secret(stored: str, secret: str) -> bool:
    """True when `secret` is the one whose hash is `stored`; an empty hash fits nothing."""
    if not stored:
        return False
    try:
        return _HASHER.verify(stored, secret)
    except (VerificationError, InvalidHashError):
        return False


def badge_digest(session: Session, badge: str) -> str:
    """The digest by which a badge is found."""
    return _digest(session, badge.strip())


def key_digest(session: Session, secret: str) -> str:
    """The digest of a whole API key."""
    return _digest(session, secret)


def derived_key(session: Session, purpose: str) -> bytes:
    """A key of the store for one purpose, such as signing cursors; another purpose has another."""
    return bytes.fromhex(_digest(session, f"key for {purpose}"))


def ensure_pepper(session: Session) -> str:
    """The store's pepper, made when the store has none. `AMBRA_PEPPER` wins, and keeps it out of the database."""
    known = os.environ.get(PEPPER_VARIABLE) or _stored_pepper(session)
    if known:
        return known
    row = StoreSetting(name=PEPPER, value=secrets.token_hex(32))
    try:
        add_unique(session, row, Duplicate("setting", "name", PEPPER))
    except Duplicate:  # another process made it a moment ago
        return _stored_pepper(session) or ""
    return row.value


def _stored_pepper(session: Session) -> str | None:
    found = session.get(StoreSetting, PEPPER, populate_existing=True)
    return found.value if found else None


def _digest(session: Session, text: str) -> str:
    pepper = os.environ.get(PEPPER_VARIABLE) or _stored_pepper(session)
    if not pepper:
        raise Conflict("This store has no pepper yet: make an organization first")
    return hmac.new(pepper.encode(), text.encode(), hashlib.sha256).hexdigest()
