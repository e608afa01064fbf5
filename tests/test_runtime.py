"""The program behind a terminal: one store, several terminals, the server beside them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui import runtime
from ambra_tui.errors import Invalid
from ambra_tui.floor.conversation import Entry
from ambra_tui.runtime import TerminalHost, TerminalOptions, open_terminal
from ambra_tui.scan.model import RawScan
from ambra_tui.services import catalog
from ambra_tui.store import leases
from ambra_tui.store.store import Store
from tests.floor.worker import NOW, open_ds1

DEADLINE_SECONDS = 30.0


@pytest.fixture
def ds1_url(store_url: str) -> str:
    open_ds1(store_url)[0].close()
    return store_url


@pytest.fixture
def terminal(ds1_url: str) -> Iterator[Callable[[str], TerminalHost]]:
    hosts: list[TerminalHost] = []

    def open_one(station: str, **more: Any) -> TerminalHost:
        options: dict[str, Any] = {"store_url": ds1_url, "station": station, "now": NOW, "server": False, **more}
        hosts.append(open_terminal(TerminalOptions(**options)))
        return hosts[-1]

    yield open_one
    for host in hosts:
        host.close()


def code(host: TerminalHost, text: str) -> Entry:
    return Entry("code", text, scan=host.parse(RawScan(text, "wedge")), source="wedge")


def test_a_terminal_shows_where_it_stands(terminal: Callable[..., TerminalHost]) -> None:
    host = terminal("dock-1", site="st1")
    assert (host.status.site_code, host.status.station, host.status.is_sample) == ("ST1", "dock-1", True)
    assert [code.text for code in host.sign_in_practice()][:1] == ["BDG-1001"]


def test_an_unknown_site_is_named_with_those_there_are(terminal: Callable[..., TerminalHost]) -> None:
    with pytest.raises(Invalid, match="WH1, ST1"):
        terminal("dock-1", site="WH9")


def test_what_one_terminal_does_wakes_the_other(terminal: Callable[..., TerminalHost]) -> None:
    first, second = terminal("dock-1"), terminal("dock-2")
    woken = threading.Event()
    second.subscribe(woken.set)
    reply = second.sign_in(code(second, "BDG-1002")).result()
    second.hear(reply.run, code(second, "5001000000040")).result()
    woken.clear()
    store: Store = first._store

    def receive(session: Session) -> None:
        catalog.create_product(session, name="Fresh", sku="FRESH-1")
        from tests.factories import stock

        variant = catalog.variant_by_sku(session, "GLOVE-L")
        place = catalog_place(session)
        stock(session, variant, place, 7)

    store.writer.run(receive, organization_id=first._organization_id)
    assert woken.wait(DEADLINE_SECONDS)
    shown = second.look().result().prompt
    assert shown is not None
    assert any("47" in row.value for row in (*shown.facts, *shown.contents, *shown.todo))


def catalog_place(session: Session) -> Any:
    """The bin A02-1 of WH1."""
    from ambra_tui.services import places

    site = places.site_by_code(session, "WH1")
    return places.find_location(session, "A02-1", site_id=site.id)


def test_a_step_that_the_store_cannot_save_is_told_and_changes_nothing(
    terminal: Callable[..., TerminalHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    host = terminal("dock-1")
    reply = host.sign_in(code(host, "BDG-1001")).result()

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as patch:
        patch.setattr(runtime.engine, "hear", broken)
        failed = host.hear(reply.run, Entry("choice", "pick")).result()
    assert failed.words is not None
    assert (failed.words.code, failed.prompt) == ("E97", reply.prompt)
    assert host.hear(reply.run, Entry("choice", "pick")).result().flow == "pick"


def test_a_terminal_starts_the_store_s_server_once_and_finds_it(
    ds1_url: str, terminal: Callable[..., TerminalHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    announced = threading.Event()

    def start(store_url: str) -> None:
        started.append(store_url)
        announced.set()

    monkeypatch.setattr(runtime, "start_server", start)
    first = terminal("dock-1", server=True)
    assert announced.wait(DEADLINE_SECONDS)
    second = terminal("dock-2", server=True)
    shown = {host: threading.Event() for host in (first, second)}
    for host, event in shown.items():
        host.subscribe(event.set)
    leases.announce(first._store, leases.SERVER, address="http://127.0.0.1:9")
    assert all(event.wait(DEADLINE_SECONDS) for event in shown.values())
    assert [host.status.server for host in (first, second)] == ["http://127.0.0.1:9"] * 2
    assert len(started) == 1
