"""The page of insights: the list, what one rests on, the way back, and who may see it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ambra_tui.errors import NotAllowed
from ambra_tui.tui.insights import InsightsPage
from tests.floor.worker import Worker
from tests.samples import open_ds1
from tests.scenes import SUPERVISOR, past_sales, play, scene, settled, terminal_on


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """ds1, whose cables sold for a year and whose milk expires."""
    store, organization_id = open_ds1(f"sqlite:///{tmp_path / 'floor.db'}")
    Worker(store, organization_id, SUPERVISOR).write(past_sales)
    store.close()
    return tmp_path / "floor.db"


async def walk(path: Path) -> None:
    """From the desk through the list to the evidence and back."""
    terminal = terminal_on(path)
    async with terminal.run_test(size=(20, 16)) as pilot:
        await play(scene("key:0", "key:f10", badge=SUPERVISOR))(pilot)
        page = terminal.screen
        assert isinstance(page, InsightsPage)
        assert [insight.told.get("lot") for insight in page.insights] == ["M090", "M100"]
        assert "Insights (2)" in page.board.plain and "expires unsold" in page.board.plain
        await pilot.press("down", "down", "enter")
        assert page.is_open and "lot M100" in " ".join(page.board.plain.split())
        await pilot.press("down")
        assert page.is_open and page.chosen == 1
        await pilot.press("escape", "home")
        assert not page.is_open and page.chosen == 0
        await pilot.resize_terminal(100, 30)
        await settled(pilot, terminal)
        assert "MILK-1L lot M090 at WH1 expires 2026-03-20 (in 18 days)" in page.board.plain
        await pilot.press("escape")
        await settled(pilot, terminal)
        assert not isinstance(terminal.screen, InsightsPage)


def test_insights_are_chosen_and_proven(path: Path) -> None:
    asyncio.run(walk(path))


async def ask_as_operator(path: Path) -> None:
    terminal = terminal_on(path)
    async with terminal.run_test(size=(20, 16)) as pilot:
        await play(scene())(pilot)
        assert terminal.station.host is not None
        with pytest.raises(NotAllowed):
            await asyncio.wrap_future(terminal.station.host.insights())
        terminal.open_page("page.insights")
        await settled(pilot, terminal)
        page = terminal.screen
        assert isinstance(page, InsightsPage) and page.failure and page.insights == ()


def test_operators_are_told_that_it_is_not_theirs(path: Path) -> None:
    asyncio.run(ask_as_operator(path))
