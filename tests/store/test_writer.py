"""The writer: groups that share a commit do not share their faults, and every caller gets an answer."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from ambra_tui.errors import Conflict, Unavailable
from ambra_tui.store import Store, open_store
from ambra_tui.store.facts import next_number
from ambra_tui.store.models import AuditEntry, Site, StoreSetting
from ambra_tui.store.scope import now_of
from tests import factories


def note(name: str) -> Any:
    """A function that writes one row."""
    return lambda session: session.add(StoreSetting(name=name, value="x"))


def names(store: Store) -> list[str]:
    with store.read_system() as session:
        return sorted(session.exec(select(StoreSetting.name).where(col(StoreSetting.name).startswith("n"))))


def blocked(store: Store) -> tuple[threading.Event, list[Future[Any]]]:
    """Keep every thread of the writer busy until the event is set, so that what follows is queued together."""
    go, futures = threading.Event(), []
    for _ in range(8):
        running = threading.Event()

        def wait(_session: Session, running: threading.Event = running) -> None:
            running.set()
            go.wait(20)

        futures.append(store.writer.submit(wait, organization_id=None))
        if not running.wait(0.5):
            break
    return go, futures


def test_a_function_that_fails_undoes_its_own_work_alone(store: Store) -> None:
    def fail(session: Session) -> None:
        note("n fails")(session)
        session.flush()
        raise Conflict("no")

    go, _ = blocked(store)
    works = [store.writer.submit(w, organization_id=None) for w in (note("n1"), fail, note("n2"))]
    go.set()
    assert [type(work.exception()) for work in works] == [type(None), Conflict, type(None)]
    assert names(store) == ["n1", "n2"]


def test_a_fault_of_the_database_fails_the_guilty_function_alone(store: Store) -> None:
    def guilty(session: Session) -> None:
        note("n guilty")(session)
        session.connection().execute(text("SELECT nothing FROM nowhere"))

    go, _ = blocked(store)
    works = [store.writer.submit(w, organization_id=None) for w in (note("n1"), guilty, note("n2"))]
    go.set()
    assert [type(work.exception()) for work in works] == [type(None), Unavailable, type(None)]
    assert names(store) == ["n1", "n2"]


def test_a_caller_that_gives_up_waiting_does_not_stop_its_neighbours(store: Store) -> None:
    go, _ = blocked(store)
    first = store.writer.submit(note("n1"), organization_id=None)
    second = store.writer.submit(note("n2"), organization_id=None)
    assert first.cancel() is False
    go.set()
    assert (first.result(20), second.result(20)) == (None, None)
    assert names(store) == ["n1", "n2"]


def test_closing_finishes_what_is_queued(store_url: str) -> None:
    store = open_store(store_url)
    go, _ = blocked(store)
    works = [store.writer.submit(note(f"n{number}"), organization_id=None) for number in range(20)]
    go.set()
    store.close()
    assert all(work.done() and work.exception() is None for work in works)
    with open_store(store_url) as again:
        assert len(names(again)) == 20
    with pytest.raises(Unavailable, match="closed"):
        store.writer.submit(note("late"), organization_id=None)


def test_functions_of_several_organizations_share_a_commit_and_keep_apart(store: Store) -> None:
    owners = [factories.organization(store, name) for name in ("Acme", "Brand", "Corner")]
    go, _ = blocked(store)
    works = [
        store.writer.submit(partial(factories.site, code=f"S{number}"), organization_id=owner)
        for number in range(5)
        for owner in owners
    ]
    go.set()
    for work in works:
        work.result(20)
    for owner in owners:
        with store.read(owner) as session:
            assert len(session.exec(select(Site).where(Site.organization_id == owner)).all()) == 5


def test_numbers_of_documents_are_given_once_each(store: Store, organization_id: int) -> None:
    works = [store.writer.submit(lambda s: next_number(s, "PO"), organization_id=organization_id) for _ in range(40)]
    given = sorted(work.result(20) for work in works)
    assert given == [f"PO-{number:06d}" for number in range(1, 41)]


def test_readers_see_one_moment_and_cannot_write(store: Store, organization_id: int) -> None:
    with store.read(organization_id) as session:
        before = session.exec(select(Site).where(Site.organization_id == organization_id)).all()
        session.add(AuditEntry(organization_id=organization_id, at=now_of(session), act="forged"))
        if store.dialect == "sqlite":
            with pytest.raises(Exception, match="readonly"):
                session.flush()
    assert before == []
    with store.read_system() as session:
        assert [entry for entry in session.exec(select(AuditEntry)) if entry.act == "forged"] == []
