"""A person signs in on a page: by badge or name, with the PIN, or with the password where administration is at stake.

Wrong tries count as at a station: for the person and for the address that they come from. Whoever tries does not learn
whether a name is known.

Example::

    person = sign_in(session, "Ana", "4711", address="10.0.0.7", with_password=False)
"""

from __future__ import annotations

import re

from sqlmodel import Session

from ambra_tui.errors import Unauthenticated
from ambra_tui.services.access import check_password_of, check_pin_of, find_user
from ambra_tui.services.access.tries import count, open_station
from ambra_tui.services.secrets import hash_secret, verify_secret
from ambra_tui.store.models import User

MAX_NAME, MAX_SECRET = 120, 200
WRONG = "wrong"
_PIN = re.compile(r"[0-9]{4,12}")
_NOBODY = "nobody"


def sign_in(session: Session, name: str, secret: str, *, address: str, with_password: bool) -> User | Unauthenticated:
    """The person, or the refusal, whose count is a row of this transaction. `with_password`: a PIN is not enough.

    A refusal carries ``retry_after_seconds`` in its details while there is a lock, and the same words otherwise.
    """
    station = f"oauth {address}"[:60]
    try:
        lock = open_station(session, station)
        user = find_user(session, name) if name and len(name) <= MAX_NAME else None
        if user is None or user.status != "active" or not 0 < len(secret) <= MAX_SECRET:
            verify_secret(_hash_of_nobody(), secret[:MAX_SECRET])  # takes as long as for somebody
            count(session, lock)
            return Unauthenticated(WRONG)
        if with_password or not _PIN.fullmatch(secret):
            check_password_of(session, user, secret, station=station)
        else:
            check_pin_of(session, user, secret, station=station)
    except Unauthenticated as refusal:
        return Unauthenticated(WRONG, details=refusal.details)
    return user


_hashes: list[str] = []


def _hash_of_nobody() -> str:
    if not _hashes:
        _hashes.append(hash_secret(_NOBODY))
    return _hashes[0]
