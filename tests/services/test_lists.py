"""Long lists: page by page forwards and back, each row once, searched by item, barcode and bin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ambra_tui.errors import Invalid
from ambra_tui.services.lists import ListRow, read_page
from tests.floor.worker import Worker, open_ds1


@pytest.fixture
def ana(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


def page(worker: Worker, name: str, **asked: Any) -> list[ListRow]:
    with worker.store.read(worker.organization_id) as session:
        return list(read_page(session, name, **asked).rows)


def test_every_row_comes_once_forwards_and_back(ana: Worker) -> None:
    """Walking down page by page and up again shows the same rows in the same order."""
    for name in ("stock", "moves", "trail"):
        whole = page(ana, name, limit=500)
        down: list[ListRow] = page(ana, name, limit=3)
        while part := page(ana, name, after=down[-1].key, limit=3):
            down += part
        assert down == whole
        up: list[ListRow] = []
        while part := page(ana, name, before=(up or whole[-1:])[0].key, limit=3):
            up = part + up
        assert up == whole[:-1]
        assert len({row.key for row in whole}) == len(whole) > 3


def test_moves_are_newest_first_and_stock_by_item(ana: Worker) -> None:
    """The history begins with what happened last; stock is in the order of SKUs and leaves out what is empty."""
    sequences = [row.key[0] for row in page(ana, "moves")]
    assert sequences == sorted(sequences, reverse=True)
    stock = page(ana, "stock")
    assert [row.title for row in stock] == sorted(row.title for row in stock)
    milk = [(row.details[0], row.details[1], row.value) for row in stock if row.title == "MILK-1L"]
    assert sorted(milk) == [("WH1/A04-1", "M100", "24"), ("WH1/B04-1", "M090", "10"), ("WH1/C01-1", "M120", "240")]


@pytest.mark.parametrize(("text", "titles"), [
    ("GLOVE", {"GLOVE-L", "GLOVE-M"}),
    ("5001000000033", {"BOLT-M8"}),
    ("A02-1", {"GLOVE-L"}),
    ("WH1-B02-1", {"CHOC-100"}),
    ("nothing-like-it", set()),
])  # fmt: skip
def test_a_list_is_searched_by_item_barcode_or_bin(ana: Worker, text: str, titles: set[str]) -> None:
    assert {row.title for row in page(ana, "stock", search=text)} == titles


def test_a_page_says_whether_more_follows(ana: Worker) -> None:
    with ana.store.read(ana.organization_id) as session:
        assert read_page(session, "stock", limit=3).has_more
        assert not read_page(session, "stock", limit=500).has_more
        with pytest.raises(Invalid):
            read_page(session, "secrets")
        for name in ("stock", "moves", "exceptions", "low_stock", "trail"):
            assert len(read_page(session, name, limit=1).rows) <= 1


def test_another_organization_sees_nothing(ana: Worker, store_url: str) -> None:
    from tests import factories

    other = factories.organization(ana.store, "Other")
    with ana.store.read(other) as session:
        assert [read_page(session, name).rows for name in ("stock", "moves", "exceptions")] == [(), (), ()]
