"""What is counted in pieces has no parts; what is weighed has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from ambra_tui.store.models import Variant
from ambra_tui.store.scope import organization_of
from tests.floor.receiving import buy
from tests.floor.worker import Worker, open_ds1

PAINT = "5001000000071"
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])  # the rule does not lie in the database


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


def weigh(worker: Worker, sku: str) -> None:
    """From now on the item is stocked in kilograms."""

    def work(session: Any) -> None:
        own = col(Variant.organization_id) == organization_of(session)
        session.exec(update(Variant).where(own, col(Variant.sku) == sku).values(unit_of_measure="kg"))

    worker.write(work)


@on_sqlite
def test_half_a_tin_is_not_received_but_half_a_kilogram_is(ana: Worker) -> None:
    buy(ana, "PO-7", ("PAINT-5L", 5))
    ana.menu("receive").scan("PO-7", PAINT).type("0.5")
    assert ana.verdict == "E28"
    weigh(ana, "PAINT-5L")
    assert ana.type("0.5").verdict != "E28"


@on_sqlite
def test_half_a_tin_is_neither_put_away_nor_picked(ana: Worker) -> None:
    ana.put("PAINT-5L", "RECV", 3)
    ana.menu("putaway").scan(PAINT).type("1.5")
    assert ana.verdict == "E28"
    ana.command("back").command("back")
    ana.order("SO-7", ("PAINT-5L", 2))
    ana.menu("pick").scan("SO-7", "WH1-B03-1", PAINT).type("1.5")
    assert ana.verdict == "E28"
