"""The page of forecasts: an item typed or scanned, its figures beside the plot, the suggestion taken with one key."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ambra_tui.errors import NotAllowed
from ambra_tui.scan.sources.wedge import Stroke
from ambra_tui.services.access_system import choose_organization
from ambra_tui.services.policies import policy_for
from ambra_tui.store import open_store
from ambra_tui.store.models import Variant
from ambra_tui.store.scope import scoped
from ambra_tui.tui.forecast import ForecastPage, ForecastPlot
from tests.floor.worker import Worker
from tests.samples import NOW, open_ds1
from tests.scenes import CABLE, PHONE, SUPERVISOR, past_sales, play, scene, settled, terminal_on


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """ds1 with a year of cables sold."""
    store, organization_id = open_ds1(f"sqlite:///{tmp_path / 'floor.db'}")
    Worker(store, organization_id, SUPERVISOR).write(past_sales)
    store.close()
    return tmp_path / "floor.db"


def reorder_point(path: Path) -> int:
    """What the policy of cables says at the warehouse."""
    store = open_store(f"sqlite:///{path}", now=NOW)
    with store.read(choose_organization(store, None).id) as session:
        cable = session.exec(scoped(session, Variant).where(Variant.sku == "CABLE-2M")).one()
        home = Worker(store, cable.organization_id, SUPERVISOR).place.site_id
        found = policy_for(session, cable.id, home)
    store.close()
    return int(found.reorder_point)


def stroke(character: str, key: str = "") -> Stroke:
    """A key of a person."""
    return Stroke(key or character, character, 0.0)


async def walk(path: Path) -> int:
    """From the desk to a policy; the reorder point that was shown."""
    terminal = terminal_on(path)
    async with terminal.run_test(size=(100, 30)) as pilot:
        await play(scene("key:0", "key:f9", badge=SUPERVISOR))(pilot)
        page = terminal.screen
        assert isinstance(page, ForecastPage)
        for words, told in (("no such thing", "not found"), ("cable-2m", "CABLE-2M")):
            for character in words:
                page.stroke(stroke(character), is_lone=False)
            assert f"› {words}" in page.board.plain
            page.stroke(stroke("\r", "enter"), is_lone=True)
            await settled(pilot, terminal)
            assert told in page.board.plain
        assert page.shown is not None and page.query_one(ForecastPlot).display
        drawn = "\n".join(strip.text for strip in page._compositor.render_strips())
        assert f"Reorder at {page.shown.reorder_point}" in drawn
        await pilot.press("f10")
        await settled(pilot, terminal)
        assert "from now on" in page.board.plain
        shown = page.shown
        assert shown.policy_reorder_point == shown.reorder_point > 0
        terminal.practice.send(PHONE)
        await settled(pilot, terminal)
        assert "PHONE-X" in page.board.plain
        terminal.practice.send(CABLE)
        await settled(pilot, terminal)
        await pilot.resize_terminal(20, 16)
        await settled(pilot, terminal)
        assert not page.query_one(ForecastPlot).display and "█" in page.board.plain
        await pilot.press("escape")
        await settled(pilot, terminal)
        assert not isinstance(terminal.screen, ForecastPage)
    return int(shown.reorder_point)


def test_an_item_is_found_looked_at_and_its_suggestion_taken(path: Path) -> None:
    assert reorder_point(path) == 0
    assert asyncio.run(walk(path)) == reorder_point(path)


async def ask_as_operator(path: Path) -> None:
    terminal = terminal_on(path)
    async with terminal.run_test(size=(100, 30)) as pilot:
        await play(scene(CABLE))(pilot)
        prompt, host = terminal.station.prompt, terminal.station.host
        assert prompt is not None and host is not None
        assert "f8" not in [command.key for command in prompt.commands]
        with pytest.raises(NotAllowed):
            await asyncio.wrap_future(host.forecast("CABLE-2M"))


def test_an_operator_is_not_shown_what_to_order(path: Path) -> None:
    asyncio.run(ask_as_operator(path))
