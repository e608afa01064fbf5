"""The page of insights: the list, what one rests on, the way back, and who may see it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from ambra_tui.errors import NotAllowed
from ambra_tui.services import purchasing
from ambra_tui.store.scope import now_of
from ambra_tui.tui.insights import InsightsPage
from tests.floor.receiving import buy
from tests.floor.worker import Worker
from tests.samples import open_ds1
from tests.scenes import SUPERVISOR, past_sales, play, scene, settled, terminal_on


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """ds1, whose cables sold for a year and whose milk expires."""
    store, organization_id = open_ds1(f"sqlite:///{tmp_path / 'floor.db'}")
    office = Worker(store, organization_id, SUPERVISOR)
    office.write(past_sales)
    buy(office, "PO-9", ("GLOVE-L", 20))
    office.write(lambda session: fall_due(session, "PO-9"))
    store.close()
    return tmp_path / "floor.db"


def fall_due(session: Session, number: str) -> None:
    """It should have come a week ago."""
    order = purchasing.find_purchase_order(session, number)
    assert order is not None
    order.expected_on = now_of(session).date() - timedelta(days=7)
    session.add(order)


async def walk(path: Path) -> None:
    """From the desk through the list to the evidence and back."""
    terminal = terminal_on(path)
    async with terminal.run_test(size=(20, 16)) as pilot:
        await play(scene("key:0", "key:f10", badge=SUPERVISOR))(pilot)
        page = terminal.screen
        assert isinstance(page, InsightsPage)
        assert [insight.type for insight in page.insights] == ["overdue_purchase_order", "expiry_before_sale"]
        assert "Insights (2)" in page.board.plain and "expires unsold" in page.board.plain
        await pilot.press("down", "down", "enter")
        told = " ".join(page.board.plain.split())
        assert page.is_open and "MILK-1L lot M090" in told and "B04-1 10" in told
        await pilot.press("down")
        assert page.is_open and page.chosen == 1
        await pilot.press("escape", "home")
        assert not page.is_open and page.chosen == 0
        await pilot.press("enter")
        assert "GLOVE-L 20 purchase order" in " ".join(page.board.plain.split())
        await pilot.press("enter")
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
