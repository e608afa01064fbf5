"""Organizations, badges, PINs and passwords."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ambra_tui.errors import Duplicate, Invalid, Unauthenticated
from ambra_tui.kit.clock import FrozenClock
from ambra_tui.services import access, access_system, secrets
from ambra_tui.store.models import User
from ambra_tui.store.scope import scoped
from tests import factories
from tests.trail import list_entries

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_remembered(store):
    access.forget_keys()


@pytest.fixture
def clock(store):
    store.clock = FrozenClock(START)
    return store.clock


@pytest.fixture
def acme(store):
    return access.create_organization(store, "Acme", ["traceability"])


@pytest.fixture
def cleo(store, acme):
    return _add(store, acme, name="Cleo", badge="BDG-9001", role="supervisor", pin="4711", password="correct horse")


def _add(store, organization, **values):
    return store.writer.run(lambda s: access.create_user(s, **values), organization_id=organization.id)


def _pin(store, acme, pin, *, badge="BDG-9001", station="dock"):
    return access.counted(
        store,
        lambda s: access.check_pin(s, badge, pin, station=station),
        organization_id=acme.id,
        actor=factories.TESTER,
    )


# --- organizations


def test_an_organization_has_its_virtual_locations_and_modules(store, acme):
    from ambra_tui.ledger import INVENTORY_LOSS
    from ambra_tui.store.models import Location

    assert access_system.organization_by_id(store, acme.id).modules == ["traceability"]
    with store.read(acme.id) as session:
        assert session.get(Location, (acme.id, INVENTORY_LOSS)).usage == "inventory_loss"


def test_names_are_taken_once_and_modules_known(store, acme):
    with pytest.raises(Duplicate):
        access.create_organization(store, "Acme")
    with pytest.raises(Invalid, match="warp"):
        access.create_organization(store, "Other", ["warp"])
    assert [o.name for o in access_system.organizations(store)] == ["Acme"]


def test_the_only_organization_is_the_default_and_several_are_listed(store, acme):
    assert access_system.choose_organization(store, None).id == acme.id
    access.create_organization(store, "Beta")
    assert access_system.choose_organization(store, "Beta").name == "Beta"
    with pytest.raises(Invalid, match="Acme, Beta"):
        access_system.choose_organization(store, None)
    with pytest.raises(Invalid, match=r"no organization 'Gamma'.*Acme, Beta"):
        access_system.choose_organization(store, "Gamma")


def test_an_empty_store_says_how_to_begin(store):
    with pytest.raises(Invalid, match="ambra organization create"):
        access_system.choose_organization(store, None)


# --- people


def test_a_badge_is_found_in_its_own_organization_only(store, acme, cleo):
    beta = access.create_organization(store, "Beta")
    with store.read(acme.id) as session:
        assert access.user_by_badge(session, "BDG-9001").name == "Cleo"
    with store.read(beta.id) as session, pytest.raises(Unauthenticated):
        access.user_by_badge(session, "BDG-9001")
    assert _add(store, beta, name="Dora", badge="BDG-9001").name == "Dora"


def test_no_credential_is_stored_as_it_is(store, acme, cleo):
    with store.read(acme.id) as session:
        row = session.exec(scoped(session, User)).one()
    stored = f"{row.badge_digest} {row.pin_hash} {row.password_hash}"
    assert row.pin_hash.startswith("$argon2id$") and row.password_hash.startswith("$argon2id$")
    assert all(text not in stored for text in ("BDG-9001", "4711", "correct horse"))


def test_another_pepper_knows_no_badge(store, acme, cleo, monkeypatch):
    monkeypatch.setenv("AMBRA_PEPPER", "another")
    with store.read(acme.id) as session, pytest.raises(Unauthenticated):
        access.user_by_badge(session, "BDG-9001")


def test_a_badge_is_given_once(store, acme, cleo):
    with pytest.raises(Duplicate):
        _add(store, acme, name="Eve", badge="BDG-9001")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"role": "king"}, "role"),
        ({"language": "tlh"}, "language"),
        ({"pin": "12a4"}, "pin"),
        ({"pin": "123"}, "pin"),
        ({"password": "short"}, "password"),
        ({"name": "a\x07"}, "name"),
        ({"badge": " "}, "badge"),
    ],
)
def test_what_is_wrong_is_named(store, acme, values, field):
    with pytest.raises(Invalid) as refusal:
        _add(store, acme, **{"name": "Ana", "badge": "B-1", **values})
    assert refusal.value.field == field


def test_the_right_pin_opens_and_the_wrong_one_does_not(store, acme, cleo, clock):
    assert _pin(store, acme, "4711").id == cleo.id
    with pytest.raises(Unauthenticated, match="wrong"):
        _pin(store, acme, "4712")


def test_a_person_without_a_pin_has_none_that_fits(store, acme, clock):
    _add(store, acme, name="Ana", badge="BDG-1001")
    with pytest.raises(Unauthenticated):
        _pin(store, acme, "", badge="BDG-1001")


def test_wrong_pins_lock_the_badge_longer_each_time_at_every_station(store, acme, cleo, clock):
    for number in range(5):
        with pytest.raises(Unauthenticated, match="wrong"):
            _pin(store, acme, "0000", station=f"station-{number}")
    with pytest.raises(Unauthenticated, match="locked for") as refusal:
        _pin(store, acme, "4711", station="fresh")
    assert refusal.value.details["retry_after_seconds"] <= 31
    clock.at = START + timedelta(seconds=31)
    with pytest.raises(Unauthenticated, match="wrong"):
        _pin(store, acme, "0000", station="fresh")
    clock.at += timedelta(seconds=31)
    with pytest.raises(Unauthenticated, match="locked for"):
        _pin(store, acme, "4711", station="fresh")
    clock.at += timedelta(seconds=30)
    assert _pin(store, acme, "4711", station="fresh").id == cleo.id
    with pytest.raises(Unauthenticated, match="wrong"):
        _pin(store, acme, "0000", station="fresh")
    assert _pin(store, acme, "4711", station="fresh").id == cleo.id


def test_wrong_badges_lock_the_station_for_everybody(store, acme, cleo, clock):
    def scan(badge, station):
        return access.counted(
            store,
            lambda s: access.sign_in(s, badge, station=station),
            organization_id=acme.id,
            actor=factories.TESTER,
        )

    for number in range(5):
        with pytest.raises(Unauthenticated, match="not known"):
            scan(f"GUESS-{number}", "dock")
    with pytest.raises(Unauthenticated, match="This station is locked"):
        scan("BDG-9001", "dock")
    assert scan("BDG-9001", "office").id == cleo.id
    clock.at = START + timedelta(seconds=31)
    assert scan("BDG-9001", "dock").id == cleo.id


def test_the_password_is_another_secret_than_the_pin(store, acme, cleo, clock):
    def check(password):
        def work(session):
            user = session.get(User, (acme.id, cleo.id))
            access.check_password_of(session, user, password, station="office")
            return user.id

        return access.counted(store, work, organization_id=acme.id, actor=factories.TESTER)

    assert check("correct horse") == cleo.id
    with pytest.raises(Unauthenticated, match="password is wrong"):
        check("4711")


def test_a_new_pin_lifts_the_lock(store, acme, cleo, clock):
    for number in range(5):
        with pytest.raises(Unauthenticated):
            _pin(store, acme, "0000", station=f"station-{number}")
    store.writer.run(lambda s: access.set_pin(s, s.get(User, (acme.id, cleo.id)), "12345"), organization_id=acme.id)
    assert _pin(store, acme, "12345", station="fresh").id == cleo.id


# --- what is kept of it


def test_the_audit_trail_names_what_was_done_and_holds_no_secret(store, acme, cleo):
    _, secret = access.create_key(store, organization_id=acme.id, label="ERP", scopes=["read"])
    with store.read(acme.id) as session:
        entries = list_entries(session)
    assert [entry.act for entry in entries] == ["key_created", "user_created", "organization_created"]
    written = " ".join(str(entry.model_dump()) for entry in entries)
    assert all(text not in written for text in (secret, "4711", "correct horse", "BDG-9001"))


def test_hashes_of_other_programs_fit_nothing():
    assert not secrets.verify_secret("not a hash", "4711")
    assert not secrets.verify_secret("", "")
