"""The supervisor's desk: its figures are those of the floor, of this site, of this hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import Session

from ambra_tui.services import claims, count_plans
from ambra_tui.services.desk import Board, read_board
from ambra_tui.store import Actor
from ambra_tui.store.models import Act, FloorStep, User
from ambra_tui.store.scope import now_of, organization_of, scoped
from tests.floor.worker import Worker, open_ds1


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


def board(worker: Worker) -> Board:
    with worker.store.read(worker.organization_id) as session:
        return read_board(session, site_id=worker.place.site_id)


def user_named(session: Session, name: str) -> User:
    return session.exec(scoped(session, User).where(User.name == name)).one()


def happened(
    worker: Worker, *, minutes_ago: int, code: str = "G01", is_act: bool = False, undone: bool = False
) -> None:
    """One step of Ana's, some minutes ago; with an act when `is_act`."""

    def write(session: Session) -> None:
        at, user = now_of(session) - timedelta(minutes=minutes_ago), user_named(session, "Ana")
        base = {"organization_id": organization_of(session), "user_id": user.id, "site_id": worker.place.site_id}
        session.add(FloorStep(**base, kind="code", how="scan", code=code, at=at))
        if is_act:
            number = 1000 - minutes_ago
            session.add(
                Act(
                    **base,
                    id=f"act_{number}",
                    step=number,
                    kind="receive",
                    done_at=at,
                    undone_at=at if undone else None,
                )
            )

    worker.write(write)


def test_a_worker_s_hour_is_counted_and_older_work_is_not(ana: Worker) -> None:
    """Acts that stand and refusals of the last 60 minutes; what was taken back is no line."""
    happened(ana, minutes_ago=5, is_act=True)
    happened(ana, minutes_ago=20, is_act=True)
    happened(ana, minutes_ago=10, is_act=True, undone=True)
    happened(ana, minutes_ago=130, is_act=True)
    happened(ana, minutes_ago=3, code="E02")
    happened(ana, minutes_ago=70, code="E02")
    seen = board(ana)
    (line,) = seen.workers
    assert (line.name, line.flow, line.station, line.lines_an_hour, line.errors_an_hour) == (
        "Ana",
        "home",
        "st-1",
        2,
        1,
    )
    assert line.last_scan_at is not None
    assert timedelta(minutes=2) < seen.at - line.last_scan_at < timedelta(minutes=4)
    assert (sum(hour.lines for hour in seen.hours), sum(hour.errors for hour in seen.hours)) == (3, 2)
    assert len(seen.hours) == 9


def test_held_work_is_named_by_its_number(ana: Worker) -> None:
    """What a worker claimed stands beside their name, until it is released."""
    order = ana.order("SO-1", ("GLOVE-L", 1))
    ana_id = ana.write(lambda session: user_named(session, "Ana").id)
    ben_id = ana.write(lambda session: user_named(session, "Ben").id)
    actor = Actor(ana_id, "Ana", station="st-1")
    ana.store.writer.run(
        lambda session: claims.claim(session, "sales_order", order.id), organization_id=ana.organization_id, actor=actor
    )
    assert board(ana).workers[0].work == ("SO-1",)
    with pytest.raises(claims.Taken) as taken:
        ana.store.writer.run(
            lambda session: claims.claim(session, "sales_order", order.id),
            organization_id=ana.organization_id,
            actor=Actor(ben_id, "Ben", station="st-2"),
        )
    assert taken.value.holder.name == "Ana"
    ana.write(lambda session: claims.release_all(session, ana_id))
    assert board(ana).workers[0].work == ()


def test_counts_that_wait_for_a_supervisor_are_on_the_desk(ana: Worker) -> None:
    """Two different counts of a bin disagree with the book: the line stands among what is open until it is decided."""
    ben = Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2")

    def plan(session: Session) -> None:
        site_id = ana.place.site_id
        bins = count_plans.named_bins(session, site_id, ("A02-1",))
        count_plans.plan_count(session, site_id=site_id, method="bins", location_ids=[row.id for row in bins])

    ana.write(plan)
    for worker in (ana, ben):
        assert board(ana).open_tasks.get("approval", 0) == 0
        worker.menu("count").scan("WH1-A02-1", "5001000000040").type("30" if worker is ana else "31")
        worker.command("done")
    assert board(ana).open_tasks["approval"] == 1
