"""F14: scans and seconds a line, errors an hour, from the log of steps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ambra_tui.cli import main
from ambra_tui.services.sessions import log_step
from ambra_tui.services.stopwatch import PAUSE, paces, total
from ambra_tui.store.models import FloorStep
from tests import factories

pytestmark = pytest.mark.usefixtures("store")
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def step(user: Any, seconds: float, *, flow: str = "pick", code: str = "G04", acts: int = 0, how: str = "scan") -> Any:
    return FloorStep(
        organization_id=user.organization_id, user_id=user.id, site_id="wh_1", station="st-1", flow=flow, step="bin",
        kind="code" if how else "command", how=how, code=code, acts=acts, at=START + timedelta(seconds=seconds),
    )  # fmt: skip


def read(write: Any, **more: Any) -> list[Any]:
    return write(lambda s: paces(s, since=START, until=START + timedelta(hours=8), **more))


def test_a_shift_is_summed_per_worker_and_flow(write: Any) -> None:
    """F14: scans a line, seconds a line, errors an hour."""

    def work(session: Any) -> None:
        ana, ben = (factories.user(session, name=name) for name in ("Ana", "Ben"))
        session.add_all(
            [
                step(ana, 0),
                step(ana, 10, acts=1),
                step(ana, 20, code="E03"),
                step(ana, 30, acts=1, how="manual"),
                step(ana, 36, flow="count", code="G90", acts=1),
                step(ben, 5, acts=1),
            ]
        )

    write(work)
    ana_pick, ana_count, ben = read(write)
    assert (ana_pick.name, ana_pick.flow, ana_pick.lines, ana_pick.scans, ana_pick.entries) == ("Ana", "pick", 2, 3, 4)
    assert (ana_pick.errors, ana_pick.seconds) == (1, 30.0)
    assert (ana_pick.scans_a_line, ana_pick.seconds_a_line, ana_pick.errors_an_hour) == (1.5, 15.0, 120.0)
    assert (ana_count.flow, ana_count.seconds_a_line, ana_count.errors_an_hour) == ("count", 6.0, 0.0)
    assert (ben.lines, ben.seconds, ben.errors_an_hour) == (1, 0.0, None)
    everybody = total([ana_pick, ana_count, ben], name="all")
    assert (everybody.lines, everybody.scans, everybody.seconds) == (4, 5, 36.0)


def test_a_pause_is_no_work(write: Any) -> None:
    long = PAUSE.total_seconds()

    def work(session: Any) -> None:
        ana = factories.user(session, name="Ana")
        session.add_all([step(ana, 0), step(ana, long), step(ana, 2 * long + 1, acts=1), step(ana, 2 * long + 3)])

    write(work)
    (pace,) = read(write)
    assert pace.seconds == long + 2


def test_only_the_period_and_the_site_that_are_asked_for_count(write: Any) -> None:
    def work(session: Any) -> None:
        ana = factories.user(session, name="Ana")
        session.add_all([step(ana, -1, acts=1), step(ana, 0, acts=1), step(ana, 8 * 3600, acts=1)])

    write(work)
    assert [pace.lines for pace in read(write)] == [1]
    assert read(write, site_id="wh_2") == []


def test_the_command_prints_what_the_service_says(
    store: Any, store_url: str, organization_id: int, write: Any, capsys: Any, monkeypatch: Any
) -> None:
    """F14: `ambra stopwatch` prints them from the log."""

    def work(session: Any) -> None:
        ana = factories.user(session, name="Ana")
        for acts in (0, 1):
            log_step(
                session, user=ana, site_id="wh_1", station="st-1", flow="pick", step="bin", kind="code", how="scan",
                code="G04", acts=acts,
            )  # fmt: skip

    write(work)
    monkeypatch.setenv("AMBRA_STORE", store_url)
    assert main(["stopwatch", "--hours", "1", "--csv"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert (head, row.split(",")[:4]) == ("worker,flow,lines,scans/line,s/line,errors/h", ["Ana", "pick", "1", "2.0"])
    assert main(["stopwatch", "--hours", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("all")
