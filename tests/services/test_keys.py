"""API keys: their text, scopes, networks, expiry, rotation, end and last use; what they are allowed in an hour."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from ambra_tui.errors import Invalid, NotAllowed, NotFound, Unauthenticated, Unavailable, WrongState
from ambra_tui.kit.clock import FrozenClock
from ambra_tui.services import access, access_system
from ambra_tui.services.access import principals
from ambra_tui.services.access.texts import checksum
from ambra_tui.services.secrets import key_digest
from ambra_tui.store import Store, open_store
from ambra_tui.store.models import ApiKey, Organization
from ambra_tui.store.scope import scoped
from ambra_tui.store.tally import SLOTS, FileTally
from tests.trail import list_entries

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_remembered(store: Store) -> None:
    access.forget_keys()


@pytest.fixture
def clock(store: Store) -> FrozenClock:
    store.clock = FrozenClock(START)
    return store.clock


@pytest.fixture
def acme(store: Store) -> Organization:
    return access.create_organization(store, "Acme", ["traceability"])


def make(store: Store, organization: Organization, **values: Any) -> tuple[ApiKey, str]:
    assert organization.id is not None
    return access.create_key(
        store, organization_id=organization.id, **{"label": "ERP", "scopes": ["inventory:write"], **values}
    )


def write(store: Store, organization: Organization, work: Any) -> Any:
    return store.writer.run(work, organization_id=organization.id)


def opens(store: Store, secret: str, **options: Any) -> bool:
    try:
        access.key_for(store, secret, **options)
    except (Unauthenticated, NotAllowed):
        return False
    return True


def test_a_key_opens_its_organization_and_is_stored_as_a_digest(store: Store, acme: Organization) -> None:
    key, secret = make(store, acme)
    assert re.fullmatch(r"ambra_live_[A-Za-z0-9]{8}_[A-Za-z0-9]{49}", secret) and secret[-6:] == checksum(secret[:-6])
    principal = access.key_for(store, secret)
    assert (principal.organization_id, principal.label, principal.plan) == (acme.id, "ERP", "standard")
    assert principal.rate_limit is None and principal.modules_id == acme.id
    with store.read(acme.id) as session:
        row = session.exec(scoped(session, ApiKey)).one()
    assert secret not in str(row.model_dump()) and row.prefix == secret[:19] == key.prefix


def test_a_checksum_is_worth_a_look_up(store: Store, acme: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = make(store, acme)
    monkeypatch.setattr(access_system, "key_row", lambda *_: pytest.fail("looked up"))
    other = "a" if secret[30] != "a" else "b"
    for wrong in (secret[:30] + other + secret[31:], secret[:-1], secret + "a", "x" + secret, ""):
        assert not opens(store, wrong)


def test_a_wrong_secret_of_a_known_prefix_and_a_text_without_checksum(store: Store, acme: Organization) -> None:
    key, secret = make(store, acme)
    body = f"{key.prefix}_" + "0" * 43
    assert opens(store, secret) and not opens(store, body) and not opens(store, body + checksum(body))
    old = f"ambra_live_older000_{'k' * 43}"

    def age(session: Any) -> None:
        own = update(ApiKey).where(col(ApiKey.organization_id) == acme.id, col(ApiKey.id) == key.id)
        session.connection().execute(own.values(prefix=old[:19], digest=key_digest(session, old)))

    write(store, acme, age)
    assert opens(store, old) and not opens(store, secret)


@pytest.mark.parametrize(
    ("scopes", "allowed", "refused"),
    [
        (["inventory:read"], [("inventory", "read")], [("inventory", "write"), ("orders", "read")]),
        (["inventory:write"], [("inventory", "read"), ("inventory", "write")], [("inventory", "delete")]),
        (["write"], [("orders", "write"), ("orders", "read")], [("orders", "delete")]),
        (["read"], [("lots", "read")], [("lots", "write")]),
        (["delete"], [("lots", "delete")], [("lots", "write"), ("lots", "read")]),
        (["admin"], [("lots", "delete"), ("keys", "write")], []),
    ],
)
def test_scopes(
    store: Store, acme: Organization, scopes: list[str], allowed: list[tuple[str, str]], refused: list[tuple[str, str]]
) -> None:
    principal = access.key_for(store, make(store, acme, scopes=scopes)[1])
    assert all(principal.allows(*pair) for pair in allowed)
    assert not any(principal.allows(*pair) for pair in refused)


def test_what_is_no_key_is_refused(store: Store, acme: Organization, clock: FrozenClock) -> None:
    for values in (
        {"scopes": []}, {"scopes": ["inventory:fly"]}, {"scopes": ["Inventory:read"]}, {"plan": "gold"},
        {"edition": "v9"}, {"rate_limit": 0}, {"rate_limit": 10**9 + 1}, {"label": ""}, {"expires_at": START},
        {"allowed_networks": ["10.0.0.0/33"]}, {"allowed_networks": ["localhost"]},
        {"allowed_networks": [f"10.0.0.{number}" for number in range(51)]},
    ):  # fmt: skip
        with pytest.raises(Invalid):
            make(store, acme, **values)


def test_a_test_key_lives_on_a_sandbox_twin_made_once(store: Store, acme: Organization) -> None:
    secrets = [make(store, acme, scopes=["admin"], sandbox=True)[1] for _ in range(2)]
    assert all(re.fullmatch(r"test_[A-Za-z0-9]{8}_[A-Za-z0-9]{49}", secret) for secret in secrets)
    twins = {access.key_for(store, secret).organization_id for secret in secrets}
    assert len(twins) == 1 and acme.id not in twins
    assert [o.name for o in access_system.organizations(store)] == ["Acme"]
    assert access.key_for(store, secrets[0]).modules_id == acme.id


def test_networks_of_a_key(store: Store, acme: Organization) -> None:
    key, secret = make(
        store,
        acme,
        allowed_networks=["10.1.2.3/8", "203.0.113.7", "2001:DB8::/32", "::ffff:192.0.2.0/120", "10.0.0.0/8"],
    )
    assert key.allowed_networks == ["10.0.0.0/8", "203.0.113.7/32", "2001:db8::/32", "192.0.2.0/24"]
    inside = ("10.255.0.1", "203.0.113.7", "2001:db8:1::9", "192.0.2.200", "::ffff:10.0.0.1", "::FFFF:203.0.113.7")
    outside = ("11.0.0.1", "203.0.113.8", "2001:db9::1", "192.0.3.1", "::ffff:11.0.0.1", "::1", "unknown", "127.0.0.1")
    assert [opens(store, secret, address=address) for address in inside] == [True] * len(inside)
    assert [opens(store, secret, address=address) for address in outside] == [False] * len(outside)
    assert opens(store, make(store, acme)[1], address="11.0.0.1")


def test_an_expired_key_ends_at_once(store: Store, acme: Organization, clock: FrozenClock) -> None:
    key, secret = make(store, acme, expires_at=START + timedelta(hours=1))
    assert opens(store, secret) and access.state_of(key, clock.now()) == "active"
    clock.at = START + timedelta(hours=1)
    assert not opens(store, secret) and access.state_of(key, clock.now()) == "expired"
    with pytest.raises(WrongState, match="expired"):
        write(store, acme, lambda session: access.rotate_key(session, key.id))


def test_a_revoked_key_ends_at_once_in_every_process(store: Store, acme: Organization) -> None:
    key, secret = make(store, acme)
    assert opens(store, secret)
    with open_store(store.url) as elsewhere:
        elsewhere.writer.run(lambda session: access.revoke_key(session, key.id), organization_id=acme.id)
    assert not opens(store, secret)
    assert write(store, acme, lambda session: access.revoke_key(session, key.id)).revoked_at is not None
    with store.read(acme.id) as session:
        assert [entry.act for entry in list_entries(session)].count("key_revoked") == 1
    with pytest.raises(WrongState, match="revoked"):
        write(store, acme, lambda session: access.rotate_key(session, key.id))


def test_a_rotated_key_stays_itself_and_its_old_text_ends_after_the_grace(
    store: Store, acme: Organization, clock: FrozenClock
) -> None:
    key, first = make(store, acme, allowed_networks=["10.0.0.0/8"], plan="premium")
    rotated, second = write(store, acme, lambda session: access.rotate_key(session, key.id, grace_seconds=60))
    assert rotated.id == key.id and rotated.prefix == second[:19] != key.prefix == rotated.previous_prefix
    principals = [access.key_for(store, text, address="10.0.0.1") for text in (first, second)]
    assert {(p.key_id, p.plan, p.scopes) for p in principals} == {(key.id, "premium", frozenset({"inventory:write"}))}
    assert not opens(store, first, address="11.0.0.1")
    with store.read(acme.id) as session:
        assert access.find_key(session, first[:19]).id == access.find_key(session, second[:19]).id == key.id
    clock.at = START + timedelta(seconds=60)
    assert not opens(store, first) and opens(store, second)


def test_rotating_twice_or_without_grace_ends_what_was_before(
    store: Store, acme: Organization, clock: FrozenClock
) -> None:
    key, first = make(store, acme, expires_at=START + timedelta(seconds=30))
    _, second = write(store, acme, lambda session: access.rotate_key(session, key.id))
    _, third = write(store, acme, lambda session: access.rotate_key(session, key.id))
    assert [opens(store, text) for text in (first, second, third)] == [False, True, True]
    clock.at = START + timedelta(seconds=30)
    assert not opens(store, second), "the grace outlives no expiry"
    clock.at = START
    _, fourth = write(store, acme, lambda session: access.rotate_key(session, key.id, grace_seconds=0))
    assert [opens(store, text) for text in (second, third, fourth)] == [False, False, True]
    write(store, acme, lambda session: access.rotate_key(session, key.id))
    write(store, acme, lambda session: access.revoke_key(session, key.id))
    assert not opens(store, fourth)
    for seconds in (-1, access.MAX_GRACE_SECONDS + 1):
        with pytest.raises(Invalid, match="grace_seconds"):
            write(
                store, acme, lambda session, seconds=seconds: access.rotate_key(session, key.id, grace_seconds=seconds)
            )


def test_the_last_use_of_a_key_is_kept_to_the_minute(
    store: Store, acme: Organization, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[Any] = []
    note_use = principals.note_use
    monkeypatch.setattr(principals, "note_use", lambda *words: noted.append(note_use(*words).result()))
    _, secret = make(store, acme)
    for seconds in (0, 1, 59, 60, 119):
        clock.at = START + timedelta(seconds=seconds)
        access.key_for(store, secret)
    access.forget_keys()  # as another process, which knows nothing of it
    access.key_for(store, secret)
    assert len(noted) == 3
    with store.read(acme.id) as session:
        assert access.list_keys(session)[0].last_used_at == START + timedelta(seconds=60)


def test_a_key_of_another_organization_is_absent(store: Store, acme: Organization) -> None:
    key, _ = make(store, acme)
    beta = access.create_organization(store, "Beta")
    for act in (access.revoke_key, access.rotate_key):
        with pytest.raises(NotFound):
            write(store, beta, lambda session, act=act: act(session, key.id))
    with store.read(beta.id) as session, pytest.raises(NotFound):
        access.find_key(session, key.prefix)


# --- how often


def standing(store: Store, **values: Any) -> access.Standing:
    principal = access.Principal(1, "key_1", "k", frozenset({"read"}), "", "standard", None, False)
    rule = values.pop("rule", access.PLAIN_RULE)
    for name, value in values.items():
        object.__setattr__(principal, name, value)
    return access.count_request(store, principal, rule)


def test_a_key_has_its_number_in_each_hour_of_the_clock(store: Store, clock: FrozenClock) -> None:
    clock.at = START + timedelta(minutes=59, seconds=30, milliseconds=600)
    told = [standing(store, rate_limit=3) for _ in range(5)]
    ends = int((START + timedelta(hours=1)).timestamp())
    assert [(s.windows[0].remaining, s.retry_after) for s in told] == [(2, 0), (1, 0), (0, 0), (0, 30), (0, 30)]
    assert {(s.windows[0].limit, s.windows[0].resets_at, s.late_seconds) for s in told} == {(3, ends, 0.0)}
    assert standing(store, rate_limit=3, key_id="key_2").windows[0].remaining == 2
    clock.at = START + timedelta(hours=1)
    assert standing(store, rate_limit=3).windows[0].remaining == 2
    clock.at -= timedelta(minutes=2)  # another server's clock is behind: it counts with those ahead
    assert standing(store, rate_limit=3).windows[0].remaining == 1
    clock.at += timedelta(hours=9)
    assert standing(store, rate_limit=3).windows[0].remaining == 2
    clock.at -= timedelta(hours=8)  # what a wrong clock left behind counts for nobody
    assert standing(store, rate_limit=3).windows[0].remaining == 2


def test_a_key_that_is_known_is_looked_up_and_counted_with_every_request(
    store: Store, acme: Organization, clock: FrozenClock
) -> None:
    key, first = make(store, acme, rate_limit=4, allowed_networks=["10.0.0.0/8"])
    _, second = write(store, acme, lambda session: access.rotate_key(session, key.id, grace_seconds=60))
    told = [access.admit(store, text, address="10.0.0.1") for text in (second, second, first, second, first, second)]
    assert [standing.windows[0].remaining for _, standing in told] == [3, 2, 1, 0, 0, 0]
    assert [standing.retry_after for _, standing in told] == [0, 0, 0, 0, 3600, 3600]
    assert {principal.key_id for principal, _ in told} == {key.id}
    for text, address in ((first, "11.0.0.1"), (second, "11.0.0.1")):
        with pytest.raises(NotAllowed):
            access.admit(store, text, address=address)
    store.entrance._driver.close()  # as a database that was started anew
    if store.dialect == "postgresql":
        assert access.admit(store, second)[1].retry_after == 3600
        write(store, acme, lambda session: access.revoke_key(session, key.id))
        with pytest.raises(Unauthenticated):
            access.admit(store, second)
        return
    with pytest.raises(Unavailable):
        access.admit(store, second)
    assert access.admit(store, second)[1].retry_after == 3600


def test_a_burst_is_served_late_and_a_day_has_none(store: Store, clock: FrozenClock) -> None:
    rule = access.LimitRule(counts_days=True, burst=2)
    told = [standing(store, plan="free", rule=rule) for _ in range(201)]
    assert [s.late_seconds > 0 for s in told] == [False] * 100 + [True] * 100 + [False]
    assert [s.retry_after for s in told] == [0] * 200 + [3600]
    assert {s.windows[0].name for s in told} == {"hour"} and told[150].windows[0].remaining == 0
    for hour in range(1, 5):
        clock.at = START + timedelta(hours=hour)
        told = [standing(store, plan="free", rule=rule) for _ in range(200)]
        assert told[-1].retry_after == 0
    assert [(w.name, w.limit, w.remaining) for w in told[0].windows] == [("hour", 100, 99), ("day", 1000, 199)]
    assert (told[-1].windows[0].name, told[-1].windows[0].remaining) == ("hour", 0)
    clock.at = START + timedelta(hours=5)
    full = standing(store, plan="free", rule=rule)
    assert (full.windows[0].name, full.windows[0].remaining, full.retry_after) == ("day", 0, 11 * 3600)
    clock.at = START + timedelta(days=1)
    assert standing(store, plan="free", rule=rule).windows[1].remaining == 999


def test_every_plan_has_its_numbers() -> None:
    numbers = {name: (plan.hour, plan.day) for name, plan in access.PLANS.items()}
    assert numbers == {
        "free": (100, 1_000), "starter": (1_000, 10_000), "standard": (1_000, 10_000),
        "professional": (5_000, 100_000), "premium": (10_000, None), "enterprise": (1_000_000, None),
    }  # fmt: skip
    rule = access.LimitRule(counts_days=True, burst=2)
    assert access.quota_of("free", 7, rule) == access.Quota(7, 14, None, 2 * 10**9)


def test_a_file_of_counts_holds_many_keys_and_two_processes(tmp_path: Any) -> None:
    one, other = FileTally(tmp_path / "counts"), FileTally(tmp_path / "counts")
    day = {"day": 20, "day_ceiling": 10**9}
    assert one.take("a", hour=480, hour_ceiling=2, **day) == (True, 1, 1)
    assert other.take("a", hour=480, hour_ceiling=2, **day) == (True, 2, 2)
    assert one.take("a", hour=480, hour_ceiling=2, **day) == (False, 2, 2)
    for number in range(SLOTS + 100):  # more than it has room for: nobody is refused for that
        assert one.take(f"k{number}", hour=480, hour_ceiling=2, **day).is_passed
    for number in range(SLOTS + 100):
        assert other.take(f"n{number}", hour=504, hour_ceiling=2, day=21, day_ceiling=10**9) == (True, 1, 1)
    one.close()
    one.close()
    other.close()
