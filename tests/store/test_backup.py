"""Backups: one format for both databases, whole while others write, verified, and never a loss by accident."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, insert, select, text

from ambra_tui.cli import main
from ambra_tui.errors import Conflict, Invalid, Unavailable
from ambra_tui.services.backup import back_up, restore
from ambra_tui.services.verify import verify_store
from ambra_tui.store import Store, open_store
from ambra_tui.store.models import Lease, metadata
from tests import factories

LAST = "SELECT max(sequence) FROM stock_move"


@pytest.fixture
def filled(store: Store, organization_id: int, write: Callable[..., Any]) -> Store:
    """A store with stock, a person and an order."""

    def fill(session: Any) -> None:
        house = factories.warehouse(session)
        milk = factories.variant(session, name="Café [/] 牛奶")
        factories.stock(session, milk, house.bin, 12, lot=factories.lot(session, milk, expiry=None))
        factories.user(session)
        factories.purchase_order(session, house.site, (milk, 5))
        factories.sales_order(session, house.site, (milk, 3))

    write(fill)
    return store


@pytest.fixture
def other_url(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """An absent store on each database, for what is restored."""
    if dialect == "sqlite":
        yield f"sqlite:///{tmp_path / 'other' / 'ambra.db'}"
    else:
        yield request.getfixturevalue("empty_postgresql_url")


def rows_of(url: str) -> dict[str, list[Any]]:
    """Every row of a store but its leases, converted by the columns' types."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT set_config('ambra.scope', 'system', true)"))
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
            if table.name != "lease"
        }


def test_a_backup_restores_every_row(filled: Store, other_url: str, tmp_path: Path) -> None:
    target = tmp_path / "ambra.backup"
    assert back_up(filled, target).moves == 1
    assert restore(other_url, target).is_clean
    assert rows_of(other_url) == rows_of(filled.url)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_backup_moves_a_store_to_the_other_database_and_back(
    filled: Store, empty_postgresql_url: str, tmp_path: Path
) -> None:
    there, back = tmp_path / "there.backup", tmp_path / "back.backup"
    back_up(filled, there)
    restore(empty_postgresql_url, there)
    with open_store(empty_postgresql_url) as store:
        back_up(store, back)
    home = f"sqlite:///{tmp_path / 'home.db'}"
    restore(home, back)
    assert rows_of(home) == rows_of(filled.url) == rows_of(empty_postgresql_url)


def test_a_restored_store_goes_on_counting(filled: Store, other_url: str, tmp_path: Path) -> None:
    back_up(filled, tmp_path / "b")
    restore(other_url, tmp_path / "b")
    with open_store(other_url) as store:
        organization_id = factories.organization(store, "Brand")
        assert organization_id == 2

        def more(session: Any) -> None:
            house = factories.warehouse(session)
            factories.stock(session, factories.variant(session), house.bin, 1)

        store.writer.run(more, organization_id=organization_id, actor=factories.TESTER)
        assert verify_store(store).is_clean


def test_a_backup_is_itself_a_store_and_private(filled: Store, tmp_path: Path) -> None:
    target = tmp_path / "ambra.backup"
    back_up(filled, target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("ambra.backup*")] == ["ambra.backup"]
    with closing(sqlite3.connect(f"{target.as_uri()}?mode=ro", uri=True)) as connection:
        assert connection.execute("SELECT name FROM organization").fetchall() == [("Acme",)]


def test_processes_that_use_the_store_are_not_in_its_backup(filled: Store, tmp_path: Path) -> None:
    moment = filled.clock.now()
    lease = {"id": "l1", "kind": "terminal", "station": "", "address": "", "started_at": moment, "expires_at": moment}
    filled.writer.run(lambda s: s.connection().execute(insert(Lease), lease) and None, organization_id=None)
    back_up(filled, tmp_path / "b")
    with closing(sqlite3.connect(tmp_path / "b")) as connection:
        assert connection.execute("SELECT count(*) FROM lease").fetchone() == (0,)


def test_backups_taken_while_others_post_are_whole(filled: Store, organization_id: int, tmp_path: Path) -> None:
    """Each is a prefix of what was posted, and verifies."""
    stop = threading.Event()
    with filled.read(organization_id) as session:
        place = session.execute(
            text("SELECT id FROM location WHERE organization_id = :o AND code = 'A01-1'").bindparams(o=organization_id)
        ).scalar_one()
        variant = session.execute(
            text("SELECT id FROM variant WHERE organization_id = :o").bindparams(o=organization_id)
        ).scalar_one()

    def post_on() -> None:
        while not stop.is_set():
            filled.writer.run(
                lambda s: factories.stock(s, SimpleNamespace(id=variant), SimpleNamespace(id=place), 1),  # type: ignore[arg-type]  # of either the id is enough
                organization_id=organization_id,
                actor=factories.TESTER,
            )

    poster = threading.Thread(target=post_on)
    poster.start()
    try:
        seen = [back_up(filled, tmp_path / f"b{number}").moves for number in range(5)]
    finally:
        stop.set()
        poster.join()
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]


def test_an_older_backup_stays_until_the_new_one_is_verified(filled: Store, tmp_path: Path) -> None:
    target = tmp_path / "ambra.backup"
    back_up(filled, target)
    before = target.read_bytes()
    engine = create_engine(filled.url, poolclass=NullPool)
    with engine.begin() as connection:
        if filled.dialect == "postgresql":
            connection.execute(text("SELECT set_config('ambra.scope', 'system', true)"))
        connection.execute(text("UPDATE site_stock SET on_hand = on_hand + 1"))
    with pytest.raises(Conflict, match="does not verify"):
        back_up(filled, target)
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.glob("ambra.backup*")] == ["ambra.backup"]


def test_a_folder_that_is_not_there_is_a_refusal(filled: Store, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be written"):
        back_up(filled, tmp_path / "nowhere" / "b")


def test_a_store_that_holds_something_is_replaced_only_by_force(filled: Store, tmp_path: Path) -> None:
    back_up(filled, tmp_path / "b")
    factories.organization(filled, "Brand")
    with pytest.raises(Conflict, match="--force"):
        restore(filled.url, tmp_path / "b")
    assert [row[1] for row in rows_of(filled.url)["organization"]] == ["Acme", "Brand"]
    filled.close()
    restore(filled.url, tmp_path / "b", is_forced=True)
    assert [row[1] for row in rows_of(filled.url)["organization"]] == ["Acme"]


def test_an_open_store_goes_on_with_what_was_restored(filled: Store, organization_id: int, tmp_path: Path) -> None:
    """Another process's store, open while its rows are replaced."""
    back_up(filled, tmp_path / "b")
    factories.organization(filled, "Brand")
    restore(filled.url, tmp_path / "b", is_forced=True)
    with filled.read_system() as session:
        assert session.execute(text("SELECT count(*) FROM organization WHERE organization.id > 0")).scalar_one() == 1
    filled.writer.run(lambda s: factories.variant(s, sku="NEW"), organization_id=organization_id)
    assert verify_store(filled).is_clean


@pytest.mark.parametrize("harm", ["cut", "text", "foreign"])
def test_what_is_no_whole_backup_is_refused_and_nothing_changes(
    filled: Store, other_url: str, tmp_path: Path, harm: str
) -> None:
    source = tmp_path / "b"
    back_up(filled, source)
    if harm == "cut":
        source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    elif harm == "text":
        source.write_text("not a backup")
    else:
        source.unlink()
        with closing(sqlite3.connect(source)) as connection:
            connection.execute("CREATE TABLE bookmark (url TEXT)")
    with pytest.raises((Conflict, Unavailable)):
        restore(other_url, source)


def test_a_backup_of_a_newer_release_is_refused(filled: Store, other_url: str, tmp_path: Path) -> None:
    source = tmp_path / "b"
    back_up(filled, source)
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("PRAGMA user_version = 9999")
    with pytest.raises(Conflict, match="newer release"):
        restore(other_url, source)


def test_an_absent_backup_is_not_found(other_url: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="There is no backup file"):
        restore(other_url, tmp_path / "none")


def test_the_commands_say_what_they_did(
    filled: Store, other_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = str(tmp_path / "b")
    assert main(["backup", target, "--store", filled.url]) == 0
    assert capsys.readouterr().out == f"{target} holds 1 moves and verifies.\n"
    assert main(["migrate", "--store", other_url]) == 0
    assert main(["migrate", "--store", other_url]) == 0
    assert capsys.readouterr().out == "The store is made (schema 5).\nThe store is up to date (schema 5).\n"
    assert main(["--store", other_url, "restore", target]) == 0
    assert capsys.readouterr().out.startswith("Restored: ")
    assert main(["--store", other_url, "restore", target]) == 1
    assert "--force" in capsys.readouterr().err
