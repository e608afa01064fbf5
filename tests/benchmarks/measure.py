"""Callers that work for a while, and what they saw.

Example::

    figures = run_callers(lambda caller, turn: post(...), callers=32, seconds=3)
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """`rate`: acts a second; `p50`, `p99`: milliseconds an act."""

    rate: float
    p50: float
    p99: float

    def __str__(self) -> str:
        return f"{self.rate:9,.0f}/s   p50 {self.p50:7.2f} ms   p99 {self.p99:8.2f} ms"


def figures_of(durations: Sequence[float], seconds: float) -> Figures:
    """The figures of acts that took `durations` (seconds each) within `seconds` altogether."""
    ordered = sorted(durations)
    at_99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return Figures(len(ordered) / seconds, statistics.median(ordered) * 1000, at_99 * 1000)


def run_callers(act: Callable[[int, int], object], *, callers: int, seconds: float) -> Figures:
    """`callers` threads repeat `act(caller, turn)` for `seconds`, each waiting for its own answer."""
    durations: list[list[float]] = [[] for _ in range(callers)]
    deadline = time.perf_counter() + seconds

    def work(caller: int) -> None:
        turn = 0
        while (started := time.perf_counter()) < deadline:
            act(caller, turn)
            durations[caller].append(time.perf_counter() - started)
            turn += 1

    threads = [threading.Thread(target=work, args=(caller,)) for caller in range(callers)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return figures_of([d for own in durations for d in own], time.perf_counter() - started)


@dataclass(frozen=True)
class Line:
    """One line of the table: a figure of the product beside the one it is measured against, their ratio and the aim.

    `is_more_better`: the ratio should be at least the aim, not at most.
    """

    name: str
    product: str
    beside: str
    ratio: float
    aim: float
    is_more_better: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the aim is reached."""
        return self.ratio >= self.aim if self.is_more_better else self.ratio <= self.aim

    def __str__(self) -> str:
        sign = ">=" if self.is_more_better else "<="
        word = "met" if self.is_met else "missed"
        return f"{self.name:34} {self.product:>20} {self.beside:>20} {self.ratio:8.2f} {sign} {self.aim:<6.2f} {word}"


def print_lines(lines: Sequence[Line]) -> None:
    """The table, with its head."""
    print(f"{'what':34} {'product':>20} {'beside':>20} {'ratio':>8}    {'aim':6}")
    for line in lines:
        print(line)


def milliseconds(durations: Sequence[float]) -> tuple[float, float]:
    """(p50, p99) of durations in seconds, in milliseconds."""
    figures = figures_of(durations, 1.0)
    return figures.p50, figures.p99


def compared(name: str, product: float, beside: float, aim: float) -> Line:
    """A line of two durations in milliseconds: the smaller the ratio the better."""
    return Line(name, f"{product:,.1f} ms", f"{beside:,.1f} ms", product / beside, aim)


def compared_rates(name: str, product: float, beside: float, aim: float) -> Line:
    """A line of two rates a second: the larger the ratio the better."""
    return Line(name, f"{product:,.0f}/s", f"{beside:,.0f}/s", product / beside, aim, is_more_better=True)
