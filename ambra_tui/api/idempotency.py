"""`Idempotency-Key`: the first answer to a key is stored with its effect, and repeated to whoever asks again.

A key belongs to the API key that sent it, to the method and to the path. The claim is one statement: on PostgreSQL a
second request with the same key waits there until the first has committed, on SQLite the writer serialises both.

Example::

    repeated = claim(session, key)
    if repeated is None: ...   # do the work, then remember(session, key, status=201, headers={}, body="...")
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from ambra_tui.api.failures import refused
from ambra_tui.errors import KeyReused
from ambra_tui.services.secrets import derived_key
from ambra_tui.store import Store
from ambra_tui.store.models import IdempotencyRecord, table_of
from ambra_tui.store.scope import now_of, organization_of

KEPT = timedelta(hours=24)
WAIT_MILLISECONDS = 5_000
_LOCK_NOT_AVAILABLE = "55P03"
MAX_KEY = 255
_records = table_of(IdempotencyRecord)
_columns = _records.c
_keys: WeakKeyDictionary[Store, bytes] = WeakKeyDictionary()
UNDER_WAY = 0
"""The status of a record whose answer is not there yet; its body tells what is being done."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A key as sent, what it belongs to, and the fingerprint of the body it came with."""

    scope: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer as it was first given."""

    status: int
    headers: dict[str, str]
    body: str


def request_key(store: Store, text: str | None, *, key_id: str, method: str, path: str, body: Any) -> RequestKey | None:
    """The key of a request, or None without one. Raises Refused (400) for a key that is empty, long or not ASCII."""
    if text is None:
        return None
    if not 1 <= len(text) <= MAX_KEY or not all("!" <= character <= "~" for character in text):
        raise refused(400, "INVALID_REQUEST", f"Idempotency-Key holds 1 to {MAX_KEY} visible ASCII characters")
    place = hashlib.sha256(f"{method} {path}".encode("utf-8", "surrogatepass")).hexdigest()
    canonical = json.dumps(body, sort_keys=True, default=str)
    fingerprint = hmac.new(_key_of(store), canonical.encode(), hashlib.sha256).hexdigest()
    return RequestKey(f"{key_id}:{place}", text, fingerprint)


def _key_of(store: Store) -> bytes:
    """What fingerprints are made with, so that nobody who sees one can look for the body that it is of."""
    known = _keys.get(store)
    if known is None:
        with store.read_system() as session:
            known = _keys[store] = derived_key(session, "fingerprints of requests")
    return known


def claim(session: Session, key: RequestKey) -> Remembered | None:
    """Takes `key` for this transaction, or gives the answer that it already has, which may be UNDER_WAY. Raises
    KeyReused on another body."""
    now = now_of(session)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    fresh = insert(IdempotencyRecord).values(
        organization_id=organization_of(session), scope=key.scope, key=key.key, fingerprint=key.fingerprint,
        status=UNDER_WAY, headers={}, body="", created_at=now,
    )  # fmt: skip
    claimed = fresh.on_conflict_do_update(
        index_elements=["organization_id", "scope", "key"],
        set_={name: fresh.excluded[name] for name in ("fingerprint", "status", "headers", "body", "created_at")},
        where=_columns.created_at < now - KEPT,
    ).returning(_columns.key)
    with _waiting_briefly(session):
        if session.connection().execute(claimed).first() is not None:
            return None
    return _first_answer(session, key)


@contextmanager
def _waiting_briefly(session: Session) -> Iterator[None]:
    """On PostgreSQL the claim waits for a request in flight, but not for ever. Raises Refused (409)."""
    if session.get_bind().dialect.name != "postgresql":
        yield
        return
    connection = session.connection()
    connection.execute(select(func.set_config("lock_timeout", f"{WAIT_MILLISECONDS}ms", True)))
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise refused(
            409, "IDEMPOTENCY_CONFLICT", "A request with this Idempotency-Key is in flight. Repeat it later."
        ) from error
    connection.execute(select(func.set_config("lock_timeout", "0", True)))


def _first_answer(session: Session, key: RequestKey) -> Remembered:
    found = session.connection().execute(
        select(_columns.fingerprint, _columns.status, _columns.headers, _columns.body).where(*_place(session, key))
    ).one()  # fmt: skip
    if found.fingerprint != key.fingerprint:
        raise KeyReused("This Idempotency-Key was used for another body. Send a new key for a new request.")
    return Remembered(found.status, found.headers, found.body)


def answered(session: Session, key: RequestKey) -> Remembered | None:
    """The answer that `key` got meanwhile; None while it is under way. Nobody else answers it in this transaction."""
    status = session.connection().execute(
        select(_columns.status).where(*_place(session, key)).with_for_update()
    ).scalar_one()  # fmt: skip
    return _first_answer(session, key) if status != UNDER_WAY else None


def remember(session: Session, key: RequestKey, answer: Remembered) -> None:
    """Stores the answer beside its effect."""
    session.connection().execute(
        update(_records)
        .where(*_place(session, key))
        .values(status=answer.status, headers=answer.headers, body=answer.body)
    )


def forget_before(session: Session, moment: datetime) -> None:
    """Drops the organization's records made before `moment`."""
    session.connection().execute(
        delete(_records).where(_columns.organization_id == organization_of(session), _columns.created_at < moment)
    )


def _place(session: Session, key: RequestKey) -> tuple[Any, ...]:
    return (
        _columns.organization_id == organization_of(session),
        _columns.scope == key.scope,
        _columns.key == key.key,
    )
