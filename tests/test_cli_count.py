"""`ambra count` on ds1: planning by each way, limits of a worker, refusals in one sentence (FLOOR D6, D7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from ambra_tui.cli import main
from ambra_tui.services import access, counts, tasks
from tests.floor.worker import Worker, open_ds1

Ambra = Callable[..., tuple[int, str, str]]


@pytest.fixture
def desk(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-9001", station="office")
    store.close()


@pytest.fixture
def ambra(desk: Worker, store_url: str, capsys: pytest.CaptureFixture[str]) -> Ambra:
    def run(*words: str) -> tuple[int, str, str]:
        code = main(["--store", store_url, "count", *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_counts_are_planned_and_wait_at_the_terminals(ambra: Ambra, desk: Worker) -> None:
    assert ambra("plan", "--site", "WH1", "--bins", "A02-1, WH1-A03-1") == (0, "CC-000001: 2 bins to count.\n", "")
    assert ambra("plan", "--site", "WH1", "--aisle", "C") == (0, "CC-000002: 4 bins to count.\n", "")

    def doubt(session: Any) -> None:
        tasks.ask_count(session, location=desk.location(session, "B03-1"), variant_id=None, reason=tasks.ZERO_CHECK)

    desk.write(doubt)
    assert ambra("plan", "--site", "WH1", "--suspicion") == (0, "CC-000003: 1 bin to count.\n", "")
    assert ambra("plan", "--site", "WH1", "--abc") == (0, "CC-000004: 5 bins to count.\n", "")
    desk.menu("count")
    assert [row.label for row in desk.prompt.todo][:6] == ["A02-1", "A03-1", "C01-1", "C02-1", "C03-1", "C04-1"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("plan", "--aisle", "C"), "Name the site with --site: ST1, WH1"),
        (("plan", "--site", "X", "--abc"), "not found"),
        (("plan", "--site", "WH1", "--bins", "A02-1,NO-1"), "there is no bin NO-1 here"),
        (("plan", "--site", "WH1", "--aisle", "Z"), "no zone is called Z"),
        (("plan", "--site", "WH1", "--suspicion"), "There is nothing to count here."),
        (("limit", "--badge", "BDG-1001"), "Name limits"),
        (("limit", "--badge", "BDG-1001", "--none", "--value", "5"), "Name limits"),
        (("limit", "--badge", "BDG-1001", "--value", "much"), "--value: 'much' is not a number"),
        (("limit", "--badge", "BDG-1001", "--quantity", "-5"), "quantity is between"),
        (("limit", "--badge", "BDG-1001", "--value", "0.001"), "value: EUR has 2 decimals"),
        (("limit", "--badge", "NO", "--value", "5"), "badge"),
    ],
)
def test_refusals_are_one_sentence_and_plan_nothing(ambra: Ambra, words: tuple[str, ...], told: str) -> None:
    code, out, err = ambra(*words)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert told in err
    assert ambra("plan", "--site", "WH1", "--bins", "A02-1")[1] == "CC-000001: 1 bin to count.\n"


def test_limits_are_set_and_taken_away(ambra: Ambra, desk: Worker) -> None:
    def limits() -> tuple[Any, ...] | None:
        def work(session: Any) -> tuple[Any, ...] | None:
            limit = counts.limit_of(session, access.user_by_badge(session, "BDG-1001").id)
            return (limit.percent, limit.quantity, limit.value_minor) if limit else None

        return desk.write(work)

    assert ambra("limit", "--badge", "BDG-1001", "--quantity", "10", "--value", "49.90") == (
        0, "Ana: quantity 10, value 49.90.\n", "",
    )  # fmt: skip
    assert limits() == (None, Decimal(10), 4990)
    assert ambra("limit", "--badge", "BDG-1001", "--percent", "2,5")[0] == 0
    assert limits() == (Decimal("2.5"), None, None)
    assert ambra("limit", "--badge", "BDG-1001", "--none") == (0, "Ana: no limits of their own.\n", "")
    assert limits() is None
