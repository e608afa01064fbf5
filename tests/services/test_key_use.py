"""Reminders to rotate keys, and uses that are unlike all before: by rule, and told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ambra_tui.errors import Invalid, NotAllowed
from ambra_tui.kit.clock import FrozenClock
from ambra_tui.services import access
from ambra_tui.services.access import usage
from ambra_tui.services.access.usage import Use, network_of, note_use
from ambra_tui.store import Store
from ambra_tui.store.models import ApiKey, Organization, OutboxEvent
from ambra_tui.store.scope import scoped
from tests.trail import list_entries

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def clock(store: Store) -> FrozenClock:
    access.forget_keys()
    store.clock = FrozenClock(START)
    return store.clock


@pytest.fixture
def acme(store: Store, clock: FrozenClock) -> Organization:
    return access.create_organization(store, "Acme")


def made(store: Store, acme: Organization) -> tuple[ApiKey, str]:
    assert acme.id is not None
    return access.create_key(store, organization_id=acme.id, label="ERP", scopes=["read"])


class Used:
    """A key at work, minute after minute."""

    def __init__(self, store: Store, acme: Organization, clock: FrozenClock) -> None:
        self.store, self.clock, self.home = store, clock, acme.id or 0
        self.key, _ = made(store, acme)

    def use(self, address: str = "", used: int = 1) -> None:
        told = note_use(self.store, Use(self.home, self.key.id, "ERP", address, used))
        assert told is not None
        told.result()

    @property
    def notices(self) -> list[tuple[str, dict[str, Any]]]:
        with self.store.read(self.home) as session:
            return [(notice.kind, notice.details) for notice in reversed(access.recent_notices(session))]


def test_a_key_whose_text_is_old_is_due(store: Store, acme: Organization, clock: FrozenClock) -> None:
    key, _ = made(store, acme)
    due = START + timedelta(days=90)
    assert access.rotate_by(key) == due
    assert not access.is_rotation_due(key, due - HOUR) and access.is_rotation_due(key, due)
    clock.at = due
    renewed, _ = store.writer.run(lambda session: access.rotate_key(session, key.id), organization_id=acme.id)
    assert not access.is_rotation_due(renewed, due) and access.is_rotation_due(renewed, due + timedelta(days=90))
    ended = store.writer.run(lambda session: access.revoke_key(session, key.id), organization_id=acme.id)
    assert not access.is_rotation_due(ended, due + timedelta(days=90))


def test_networks_are_counted_as_providers_give_them() -> None:
    assert network_of("203.0.113.77") == network_of("::ffff:203.0.113.9") == "203.0.113.0/24"
    assert network_of("2001:db8:1:2::7") == "2001:db8:1::/48"
    assert network_of("") == network_of("nowhere") == ""


def test_a_network_never_seen_before_is_told_once(store: Store, acme: Organization, clock: FrozenClock) -> None:
    erp = Used(store, acme, clock)
    erp.use("203.0.113.7")
    erp.use("203.0.113.200")
    erp.use("")
    assert erp.notices == []
    erp.use("198.51.100.1")
    erp.use("198.51.100.2")
    erp.use("203.0.113.7")
    assert erp.notices == [("new_network", {"network": "198.51.100.0/24", "before": 1})]
    with store.read(acme.id) as session:
        facts = [event.payload for event in session.exec(scoped(session, OutboxEvent)) if "unusual" in event.type]
        assert [entry.subject for entry in list_entries(session) if entry.act == "key_used_unusually"] == [erp.key.id]
    assert facts == [{"why": "new_network", "label": "ERP", "network": "198.51.100.0/24", "before": 1}]
    clock.at += timedelta(days=14, minutes=1)
    assert erp.notices == []


def test_an_hour_far_above_its_own_history_is_told_once(store: Store, acme: Organization, clock: FrozenClock) -> None:
    erp = Used(store, acme, clock)
    for hour in range(usage.LEAST_HOURS):
        erp.use(used=30 if hour == 3 else 20)
        clock.at += HOUR
    erp.use(used=299)
    assert erp.notices == []
    clock.at += timedelta(minutes=1)
    erp.use(used=300)
    clock.at += timedelta(minutes=1)
    erp.use(used=2_000)
    assert erp.notices == [("high_rate", {"requests": 300, "busiest": 30})]
    clock.at += HOUR  # and is from now on its history
    erp.use(used=2_000)
    assert len(erp.notices) == 1


def test_a_key_without_a_history_is_not_judged(store: Store, acme: Organization, clock: FrozenClock) -> None:
    erp = Used(store, acme, clock)
    for _ in range(usage.LEAST_HOURS - 1):
        erp.use(used=5)
        clock.at += HOUR
    erp.use(used=100_000)
    assert erp.notices == []


def test_a_use_after_long_silence_is_told(store: Store, acme: Organization, clock: FrozenClock) -> None:
    erp = Used(store, acme, clock)
    erp.use()
    clock.at += usage.SILENCE - timedelta(minutes=1)
    erp.use()
    assert erp.notices == []
    clock.at += usage.SILENCE
    erp.use()
    assert erp.notices == [("long_silence", {"days": 30})]


def test_requests_of_a_minute_write_once(
    store: Store, acme: Organization, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, secret = made(store, acme)
    written: list[Use] = []
    monkeypatch.setattr("ambra_tui.services.access.principals.note_use", lambda _store, use: written.append(use))
    for _ in range(20):
        access.admit(store, secret, address="203.0.113.7")
    assert [(use.address, use.used) for use in written] == [("203.0.113.7", 1)]
    access.admit(store, secret, address="198.51.100.1")
    clock.at += timedelta(minutes=1)
    access.admit(store, secret, address="203.0.113.7")
    assert [use.used for use in written] == [1, 21, 22]


def test_an_organization_says_where_its_keys_may_be_used_from(store: Store, acme: Organization) -> None:
    _, secret = made(store, acme)

    def allow(*networks: str) -> list[str]:
        return store.writer.run(lambda session: access.set_allowed_networks(session, networks), organization_id=acme.id)

    assert access.key_for(store, secret, address="198.51.100.1")
    assert allow("203.0.113.9/24", "2001:db8::7") == ["203.0.113.0/24", "2001:db8::7/128"]
    assert access.key_for(store, secret, address="203.0.113.44") and access.key_for(store, secret)
    with pytest.raises(NotAllowed):
        access.key_for(store, secret, address="198.51.100.1")
    with pytest.raises(NotAllowed):
        access.admit(store, secret, address="198.51.100.1")
    with pytest.raises(Invalid):
        allow("everywhere")
    assert allow() == [] and access.key_for(store, secret, address="198.51.100.1")
