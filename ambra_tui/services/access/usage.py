"""How keys are used, looked at once a minute, and what is unlike all before: told to administrators, never refused.

Three plain rules, each of what this key itself did before:

- a network (the /24 of an IPv4 address, the /48 of an IPv6 one) that it was never used from, while it had others;
- an hour with ten times as many requests as its busiest hour so far, when there were a day's worth of hours to go by;
- a use after thirty silent days.

A request costs a look at this process's memory; rows are written when a key's minute is noted, which happens anyway,
and when a network is new to this process.

Example::

    note_use(store, Use(organization_id=1, key_id="key_1", label="ERP", address="203.0.113.7", used=40))
"""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_network
from typing import Any, NamedTuple

from sqlalchemy import func, or_, update
from sqlmodel import Session, col, select

from ambra_tui.errors import Unavailable
from ambra_tui.kit.ids import new_id
from ambra_tui.services.access.networks import read_address
from ambra_tui.store import Store
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import ApiKey, KeyHabit, KeyNetwork, KeyNotice, OAuthClient
from ambra_tui.store.scope import now_of, organization_of, scoped

NOTED_EVERY = timedelta(minutes=1)
SILENCE = timedelta(days=30)
RATE_FACTOR, LEAST_RATE, LEAST_HOURS = 10, 200, 24
MAX_NETWORKS = 200
"""A key that is used from so many networks is at home everywhere: a new one is no news."""
SHOWN = timedelta(days=14)
HOUR_SECONDS = 3_600
_IPV4_BITS, _IPV6_BITS = 24, 48


class Use(NamedTuple):
    """A minute in which a key was used. `used`: its requests of this hour so far, 0 where nobody counted."""

    organization_id: int
    key_id: str
    label: str
    address: str = ""
    used: int = 0


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """The network that an address is counted as, or empty for what is none."""
    found = read_address(address)
    if found is None:
        return ""
    return str(ip_network(f"{found}/{_IPV6_BITS if found.version == 6 else _IPV4_BITS}", strict=False))


def note_use(store: Store, use: Use) -> Future[None] | None:
    """Remembers that a key is in use; a request does not wait for it. Of several servers one writes in a minute."""
    with suppress(Unavailable):  # a store that closes is no reason to refuse the request
        return store.writer.submit(lambda session: _noted(session, use), organization_id=use.organization_id)
    return None


def _noted(session: Session, use: Use) -> None:
    now = now_of(session)
    _look_at_network(session, use, now)
    model = OAuthClient if use.key_id.startswith("client_") else ApiKey
    last = col(model.last_used_at)
    own = update(model).where(
        col(model.organization_id) == use.organization_id, col(model.id) == use.key_id,
        or_(last.is_(None), last <= now - NOTED_EVERY),
    )  # fmt: skip
    if session.connection().execute(own.values(last_used_at=now)).rowcount:
        _look_at_habit(session, use, now)


def _look_at_network(session: Session, use: Use, now: datetime) -> None:
    network = network_of(use.address)
    if not network or session.get(KeyNetwork, (use.organization_id, use.key_id, network)) is not None:
        return
    known = session.exec(
        select(func.count())
        .select_from(KeyNetwork)
        .where(col(KeyNetwork.organization_id) == organization_of(session), col(KeyNetwork.key_id) == use.key_id)
    ).one()
    if known >= MAX_NETWORKS:
        return
    session.add(KeyNetwork(organization_id=use.organization_id, key_id=use.key_id, network=network, first_used_at=now))
    session.flush()
    if known:
        _tell(session, use, "new_network", network=network, before=known)


def _look_at_habit(session: Session, use: Use, now: datetime) -> None:
    hour = int(now.timestamp()) // HOUR_SECONDS
    habit = session.get(KeyHabit, (use.organization_id, use.key_id), with_for_update=True)
    if habit is None:
        session.add(
            KeyHabit(
                organization_id=use.organization_id, key_id=use.key_id, hour=hour, hour_used=use.used, last_used_at=now
            )
        )
        session.flush()
        return
    silent = now - habit.last_used_at
    if silent >= SILENCE:
        _tell(session, use, "long_silence", days=silent.days)
    if hour != habit.hour:
        habit.busiest, habit.hours = max(habit.busiest, habit.hour_used), habit.hours + 1
        habit.hour, habit.hour_used = hour, 0
    limit = max(LEAST_RATE, RATE_FACTOR * habit.busiest)
    if habit.hours >= LEAST_HOURS and habit.hour_used < limit <= use.used:
        _tell(session, use, "high_rate", requests=use.used, busiest=habit.busiest)
    habit.hour_used, habit.last_used_at = max(habit.hour_used, use.used), now
    session.add(habit)
    session.flush()


def _tell(session: Session, use: Use, kind: str, **details: Any) -> None:
    notice = KeyNotice(
        organization_id=use.organization_id, id=new_id("notice"), key_id=use.key_id, label=use.label, kind=kind,
        details=details, at=now_of(session),
    )  # fmt: skip
    session.add(notice)
    session.flush()
    audit(session, "key_used_unusually", use.key_id, why=kind, label=use.label, **details)
    publish(session, "key_used_unusually", use.key_id, {"why": kind, "label": use.label, **details})


def recent_notices(session: Session) -> list[KeyNotice]:
    """What was unusual in the last two weeks, newest first."""
    since = now_of(session) - SHOWN
    recent = scoped(session, KeyNotice).where(col(KeyNotice.at) >= since)
    return list(session.exec(recent.order_by(col(KeyNotice.at).desc(), col(KeyNotice.id)).limit(100)).all())
