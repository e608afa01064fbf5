"""What a person types where a quantity may be typed, and what is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.floor.receiving import buy
from tests.floor.worker import Worker

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])
BOLT, GLOVE = "5001000000033", "5001000000040"


def receiving(desk: Worker) -> Worker:
    buy(desk, "PO-1", ("BOLT-M8", 100))
    return desk.menu("receive").scan("PO-1", BOLT)


def putting_away(desk: Worker) -> Worker:
    desk.put("GLOVE-L", "RECV", 10)
    return desk.menu("putaway").scan(GLOVE)


def moving(desk: Worker) -> Worker:
    return desk.menu("move").scan("WH1-A02-1", GLOVE)


def wasting(desk: Worker) -> Worker:
    return desk.menu("waste").scan("WH1-A02-1", GLOVE)


STEPS = {"receive": receiving, "putaway": putting_away, "move": moving, "waste": wasting}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("text", ["-5", "+5", "1000000000", "1.234.567,89"])
def test_a_number_that_can_be_no_quantity_is_told_so(desk: Worker, step: Callable[[Worker], Worker], text: str) -> None:
    worker = step(desk)
    before, moves = worker.prompt, desk.moves()
    assert worker.type(text).verdict == "E28"
    assert (worker.prompt, desk.moves()) == (before, moves)
    assert worker.scan("1000000000").verdict == "E01"


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("text", ["1e1", "1E0", "1_0"])
def test_a_typed_code_that_looks_like_an_exponent_is_a_code(
    desk: Worker, step: Callable[[Worker], Worker], text: str
) -> None:
    worker = step(desk)
    before, moves = worker.prompt, desk.moves()
    assert worker.type(text).verdict == "E01"
    assert (worker.prompt.step, worker.prompt.progress, desk.moves()) == (before.step, before.progress, moves)
