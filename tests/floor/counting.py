"""ds1 with three workers who count, for the tests of the floor."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ambra_tui.services import count_plans, counts
from ambra_tui.store.models import CycleCount, Location, Lot, Variant, WorkSession
from ambra_tui.store.scope import scoped
from tests.floor.worker import Worker, open_ds1

MILK, BOLT, GLOVE_L, GLOVE_M, PHONE, PAINT, CHOC, CABLE = (
    "5001000000019", "5001000000033", "5001000000040", "5001000000057", "5001000000064", "5001000000071",
    "5001000000095", "5001000000118",
)  # fmt: skip
GLOVE_CASE = "15001000000047"
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])  # the rule does not lie in the database


class Floor:
    """ds1 with Ana, Ben and Cleo at three stations."""

    def __init__(self, url: str) -> None:
        self.store, organization_id = open_ds1(url)
        self.ana = Worker(self.store, organization_id, "BDG-1001", station="st-1")
        self.ben = Worker(self.store, organization_id, "BDG-1002", station="st-2")
        self.cleo = Worker(self.store, organization_id, "BDG-9001", station="st-3")

    def plan(self, *codes: str, method: str = "bins", **more: Any) -> str:
        """The number of a count of these bins."""

        def work(session: Any) -> str:
            site_id = self.ana.place.site_id
            bins = count_plans.bins_by(session, site_id, method, codes=codes, **more)
            return count_plans.plan_count(
                session, site_id=site_id, method=method, location_ids=[row.id for row in bins]
            ).number

        return self.cleo.write(work)

    def count(self, number: str) -> CycleCount:
        found = self.ana.write(lambda session: counts.find_count(session, number))
        assert found is not None
        return found

    def items(self, number: str) -> dict[tuple[str, str, str], tuple[int, int | None, int | None]]:
        """(bin, SKU, lot) -> expected, counted, variance."""

        def work(session: Any) -> Any:
            count = counts.find_count(session, number)
            own = {}
            for line in counts.lines_of(session, count.id):
                key = (
                    session.get(Location, (line.organization_id, line.location_id)).code,
                    session.get(Variant, (line.organization_id, line.variant_id)).sku,
                    session.get(Lot, (line.organization_id, line.lot_id)).lot_number if line.lot_id else line.serial,
                )
                numbers = (line.expected, line.counted, line.variance)
                own[key] = tuple(None if value is None else int(value) for value in numbers)
            return own

        return self.ana.write(work)


def everything_told(worker: Worker) -> str:
    """All that a worker's screen holds now, and what is stored of where they are."""
    prompt = worker.prompt
    shown = [prompt.title, prompt.ask, prompt.target, worker.words]
    shown += [f"{row.label} {row.value}" for row in (*prompt.facts, *prompt.todo, *prompt.contents)]
    shown += [choice.label for choice in prompt.choices] + [f"{code.label} {code.text}" for code in prompt.practice]

    def stored(session: Any) -> str:
        work = session.exec(scoped(session, WorkSession).where(WorkSession.user_id == worker.reply.user_id)).one()
        return json.dumps([work.frames, [(told["code"], told["params"]) for told in work.verdicts]])

    return " ".join(shown) + worker.write(stored)
