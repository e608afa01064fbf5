"""Statements that are built once: the same object serves every organization, and never the wrong one."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from ambra_tui.errors import NotFound
from ambra_tui.store import Store
from ambra_tui.store.models import Location, Site
from ambra_tui.store.prepared import ORGANIZATION, Prepared, PreparedRows, given
from ambra_tui.store.scope import fetch
from ambra_tui.store.tenancy import TenantLeak
from tests import factories

BY_CODE: Prepared[Site] = Prepared(
    select(Site).where(col(Site.organization_id) == ORGANIZATION, col(Site.code) == given("code"))
)
NAMES = PreparedRows(select(Site.name).where(col(Site.organization_id) == ORGANIZATION))
RENAMED = PreparedRows(
    update(Site).where(col(Site.organization_id) == ORGANIZATION, col(Site.code) == given("wanted_code"))
)
EVERY_NAME = PreparedRows(select(Site.name))


@pytest.fixture
def owners(store: Store) -> list[int]:
    found = [factories.organization(store, name) for name in ("Acme", "Brand")]
    for owner in found:
        store.writer.run(partial(factories.site, code="S1", name=f"of {owner}"), organization_id=owner)
    return found


def test_each_organization_sees_its_own_rows_through_the_same_statement(store: Store, owners: list[int]) -> None:
    for owner in owners + owners:
        with store.read(owner) as session:
            found = BY_CODE.all(session, code="S1")
            assert [site.name for site in found] == [f"of {owner}"]
            assert BY_CODE.first(session, code="S2") is None
            assert [name for (name,) in NAMES.all(session)] == [f"of {owner}"]


def test_a_change_reaches_rows_of_the_session_s_organization_alone(store: Store, owners: list[int]) -> None:
    mine, theirs = owners
    store.writer.run(lambda s: RENAMED.run(s, wanted_code="S1", name="new"), organization_id=mine)
    for owner, name in ((mine, "new"), (theirs, f"of {theirs}")):
        with store.read(owner) as session:
            assert NAMES.first(session) == (name,)


def test_columns_without_an_organization_are_refused_each_time(store: Store, owners: list[int]) -> None:
    for owner in owners:
        with store.read(owner) as session, pytest.raises(TenantLeak):
            EVERY_NAME.all(session)


def test_rows_are_read_after_what_the_session_has_changed(store: Store, owners: list[int]) -> None:
    def change(session: Session) -> str:
        site = BY_CODE.first(session, code="S1")
        assert site is not None
        site.name = "changed"
        row = NAMES.first(session)
        return str(row[0]) if row else ""

    assert store.writer.run(change, organization_id=owners[0]) == "changed"


def test_a_row_is_fetched_by_its_id_within_its_organization(store: Store, owners: list[int]) -> None:
    with store.read(owners[0]) as session:
        own = BY_CODE.first(session, code="S1")
        assert own is not None
        assert fetch(session, Site, own.id, resource="site") is own
    with store.read(owners[1]) as session, pytest.raises(NotFound):
        fetch(session, Site, own.id, resource="site")


LISTED: Prepared[Site] = Prepared(
    select(Site).where(col(Site.organization_id) == ORGANIZATION, col(Site.code).in_(given("codes", is_list=True)))
)
AGAIN: Prepared[Site] = Prepared(
    select(Site).where(col(Site.organization_id) == ORGANIZATION).execution_options(populate_existing=True)
)
WITH_PLACES: Prepared[Site] = Prepared(
    select(Site, Location)
    .join(
        Location,
        (col(Location.organization_id) == col(Site.organization_id)) & (col(Location.site_id) == col(Site.id)),
        isouter=True,
    )
    .where(col(Site.organization_id) == ORGANIZATION, col(Location.organization_id) == ORGANIZATION)
)


def test_what_is_read_is_the_session_s_own_row(store: Store, owners: list[int]) -> None:
    def change(session: Session) -> None:
        site = BY_CODE.first(session, code="S1")
        assert site is not None
        assert site in session
        assert not session.dirty
        assert session.get(Site, (owners[0], site.id)) is site
        assert LISTED.all(session, codes=["S1", "S2"]) == [site]
        assert isinstance(site.created_at, datetime)
        site.name = "by hand"

    store.writer.run(change, organization_id=owners[0])
    with store.read(owners[0]) as session:
        assert NAMES.first(session) == ("by hand",)


def test_a_row_that_is_known_changes_only_where_that_is_asked_for(store: Store, owners: list[int]) -> None:
    def change(session: Session) -> list[str]:
        site = BY_CODE.first(session, code="S1")
        assert site is not None
        RENAMED.run(session, wanted_code="S1", name="renamed")
        names = []
        for found in (
            lambda: LISTED.all(session, codes=["S1"]),
            lambda: BY_CODE.all(session, code="S1"),
            lambda: AGAIN.all(session),
        ):
            assert found() == [site]
            names.append(site.name)
        return names

    first, second, third = store.writer.run(change, organization_id=owners[0])
    assert first == second == f"of {owners[0]}"
    assert third == "renamed"


def test_what_was_undone_is_read_anew(store: Store, owners: list[int]) -> None:
    def change(session: Session) -> str:
        site = BY_CODE.first(session, code="S1")
        assert site is not None
        savepoint = session.begin_nested()
        site.name = "undone"
        session.flush()
        savepoint.rollback()
        found = BY_CODE.first(session, code="S1")
        assert found is site
        return str(site.name)

    assert store.writer.run(change, organization_id=owners[0]) == f"of {owners[0]}"


def test_rows_of_several_models_come_together(store: Store, owners: list[int]) -> None:
    def change(session: Session) -> tuple[str, str]:
        site = BY_CODE.first(session, code="S1")
        assert site is not None
        factories.location(session, site, code="A1")
        (found,) = WITH_PLACES.rows(session)
        return found[0].code, found[1].code

    assert store.writer.run(change, organization_id=owners[0]) == ("S1", "A1")
