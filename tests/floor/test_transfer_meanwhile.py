"""What happens to a transfer elsewhere while somebody works on it at a station (FLOOR E1)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ambra_tui.services import claims, transfers
from tests.floor.test_transfer import held, plan
from tests.floor.worker import Worker, open_ds1

GLOVE = "5001000000040"
pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])  # the rules do not lie in the database


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    """Ana in the warehouse."""
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


def loading(worker: Worker) -> str:
    """Two units are counted for TR-1 and not loaded yet."""
    transfer_id = plan(worker, "TR-1", ("GLOVE-L", 10))
    worker.menu("transfer").scan("TR-1", "WH1-A02-1", GLOVE, GLOVE)
    return transfer_id


def test_a_transfer_that_is_sent_elsewhere_is_nobodys_and_its_loader_is_told(ana: Worker) -> None:
    transfer_id = loading(ana)
    ben = Worker(ana.store, ana.organization_id, "BDG-1002", station="st-2", site_code="ST1")
    ana.write(lambda s: transfers.ship(s, transfers.get_transfer(s, transfer_id), idempotency_key="api-1"))
    assert ben.menu("transfer").scan("TR-1").verdict == "G20"
    ana.command("finish")
    assert (ana.verdict, ana.prompt.step, held(ana, "GLOVE-L")) == ("E33", "document", (30, 5, 10))
    assert ben.scan(GLOVE).type("10").verdict == "G09"


def test_a_transfer_that_is_cancelled_elsewhere_sends_everything_back(ana: Worker) -> None:
    transfer_id = loading(ana)
    ana.write(lambda s: transfers.cancel_transfer(s, transfers.get_transfer(s, transfer_id)))
    ana.scan(GLOVE)
    assert (ana.verdict, ana.prompt.step, held(ana, "GLOVE-L")) == ("E32", "document", (40, 5, 0))
    assert ana.write(lambda s: claims.holders(s, transfers.DOCUMENT, [transfer_id])) == {}


def test_what_orders_were_promised_is_not_told_to_be_free(ana: Worker) -> None:
    ana.order("SO-1", ("GLOVE-L", 35))
    plan(ana, "TR-1", ("GLOVE-L", 10))
    ana.menu("transfer").scan("TR-1", "WH1-A02-1", GLOVE).type("10")
    assert (ana.verdict, "A02-1 holds 5 GLOVE-L" in ana.words) == ("E15", True)
    assert ana.type("5").verdict == "G35"
