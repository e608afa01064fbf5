"""How good the forecasts are on what businesses really sold, and how fast: rolling origin on recorded demand.

python -m tests.benchmarks forecasts --datasets FOLDER

FOLDER holds ``carparts/carparts_monthly.csv.gz`` (a row a part, a column a month) and
``online_retail/online_retail_2010-12_2011-09.csv.gz`` (a row a line of an invoice). What is judged is the demand of
several periods together, because that is what a reorder point has to last for: six months of parts at the last two
origins, four weeks of retail at the last three. Beside it stands the textbook: the normal quantile around the history's
mean, with its standard deviation times the root of the lead time. Losses are scaled by each history's mean step from
one period to the next and by the number of periods, then averaged over all series and origins.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import NormalDist, fmean, pstdev

from ambra_tui.services.forecasts.quantiles import quantiles
from ambra_tui.services.forecasts.smoothing import fit

QUANTILES = (0.5, 0.8, 0.9, 0.95, 0.99)
MONTHS_AHEAD, PART_FOLDS = 6, 2
WEEKS_AHEAD, RETAIL_FOLDS = 4, 3
LEAST_PERIODS = 8
LARGE = 1_000  # units of a line whose cancellation is looked for
NO_GOODS = frozenset({"POST", "DOT", "M", "D", "C2", "S", "B", "BANK CHARGES", "AMAZONFEE", "PADS", "CRUK"})
SERIES, PERIODS, AIM_SECONDS, AIM_MEGABYTES = 30_000, 52, 4.0, 60.0
Series = list[float]
Answer = tuple[float, Sequence[float]]
"""The mean of the demand ahead and its quantiles."""


# --- methods --------------------------------------------------------------------------------------------------------


def product(history: Sequence[float], ahead: int) -> Answer:
    """What the product answers."""
    fitted = fit(history)
    mean = fitted.level * ahead
    return mean, quantiles(mean, fitted.variance(ahead), QUANTILES)


def textbook(history: Sequence[float], ahead: int) -> Answer:
    """The normal distribution, sigma times the root of the lead time."""
    mean, sigma = fmean(history) * ahead, pstdev(history) * ahead**0.5
    return mean, [max(0.0, mean + sigma * NormalDist().inv_cdf(q)) for q in QUANTILES]


def same_mean(history: Sequence[float], ahead: int) -> Answer:
    """The textbook around the product's mean, its sigma from the errors one period ahead: only the spread differs."""
    fitted = fit(history)
    errors = [units - level for units, level in zip(history, fitted.levels, strict=True)]
    mean, sigma = fitted.level * ahead, fmean([error * error for error in errors]) ** 0.5 * ahead**0.5
    return mean, [max(0.0, mean + sigma * NormalDist().inv_cdf(q)) for q in QUANTILES]


# --- scores ---------------------------------------------------------------------------------------------------------


@dataclass
class Score:
    """Losses of one method on one set."""

    pinball: list[float] = field(default_factory=list)
    squares: list[float] = field(default_factory=list)
    covered: int = 0
    expected: float = 0.0
    came: float = 0.0

    def add(self, answer: Answer, history: Sequence[float], future: Sequence[float]) -> None:
        """Judges one answer."""
        mean, found = answer
        came, ahead = sum(future), len(future)
        step = (sum((b - a) ** 2 for a, b in pairwise(history)) / (len(history) - 1)) ** 0.5
        losses = [max(q * (came - at), (q - 1) * (came - at)) for q, at in zip(QUANTILES, found, strict=True)]
        self.pinball.append(fmean(losses) / (step * ahead))
        self.squares.append((sum((units - mean / ahead) ** 2 for units in future) / ahead) ** 0.5 / step)
        self.covered += came <= found[QUANTILES.index(0.95)]
        self.expected += mean
        self.came += came

    def __str__(self) -> str:
        bias = self.expected / self.came - 1
        coverage = self.covered / len(self.pinball)
        return (
            f"{fmean(self.pinball):9.4f} {coverage:9.3f} {fmean(self.squares):8.3f} {bias:+8.2f} {len(self.pinball):8}"
        )


METHODS: dict[str, Callable[[Sequence[float], int], Answer]] = {
    "product": product,
    "textbook": textbook,
    "same mean": same_mean,
}


def scores(series: Sequence[Series], ahead: int, folds: int) -> dict[str, Score]:
    """Every method on every series at each origin; a history that never changed has no scale and is left out."""
    found = {name: Score() for name in METHODS}
    for fold in range(folds, 0, -1):
        for demand in series:
            history = _since_first_sale(demand[: len(demand) - fold * ahead])
            if len(history) < LEAST_PERIODS or len(set(history)) == 1:
                continue
            future = demand[len(demand) - fold * ahead :][:ahead]
            for name, method in METHODS.items():
                found[name].add(method(history, ahead), history, future)
    return found


def _since_first_sale(history: Series) -> Series:
    """Before its first sale an item may not have been there at all."""
    first = next((index for index, units in enumerate(history) if units > 0), len(history))
    return history[first:]


# --- data -----------------------------------------------------------------------------------------------------------


def read_parts(folder: Path) -> list[Series]:
    """Months of each part that has them all."""
    with gzip.open(folder / "carparts" / "carparts_monthly.csv.gz", "rt", encoding="utf-8") as file:
        rows = csv.reader(file)
        next(rows)
        return [[float(units) for units in row[1:]] for row in rows if all(row[1:])]


def read_retail(folder: Path) -> list[Series]:
    """Whole weeks of each article, the last one ending with the file."""
    days: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    last = 0
    for code, day, units in _sold(folder):
        days[code][day] += units
        last = max(last, day)
    first = min(min(sold) for sold in days.values())
    weeks = (last - first + 1) // 7
    found = []
    for _, sold in sorted(days.items()):
        series = [0.0] * weeks
        for day, units in sold.items():
            week = weeks - 1 - (last - day) // 7
            if week >= 0:
                series[week] += units
        found.append([max(0.0, units) for units in series])
    return found


def _sold(folder: Path) -> Iterator[tuple[str, int, float]]:
    """Lines of goods that were paid for; large ones that were cancelled count for nothing."""
    path = folder / "online_retail" / "online_retail_2010-12_2011-09.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        lines = [row for row in csv.DictReader(file) if _is_goods(row["StockCode"])]
    cancelled: dict[tuple[str, str, int], int] = defaultdict(int)
    for row in lines:
        if row["InvoiceNo"].startswith("C") and int(row["Quantity"]) <= -LARGE:
            cancelled[row["CustomerID"], row["StockCode"].upper(), -int(row["Quantity"])] += 1
    for row in lines:
        code, units = row["StockCode"].upper(), int(row["Quantity"])
        if units <= 0 or float(row["UnitPrice"]) <= 0:
            continue
        key = row["CustomerID"], code, units
        if cancelled[key]:
            cancelled[key] -= 1
            continue
        yield code, date.fromisoformat(row["InvoiceDate"][:10]).toordinal(), float(units)


def _is_goods(code: str) -> bool:
    bare = code.upper()
    return bare not in NO_GOODS and not bare.startswith(("GIFT", "DCGS")) and any(letter.isdigit() for letter in bare)


# --- speed ----------------------------------------------------------------------------------------------------------


def measure_speed() -> tuple[float, float, float]:
    """Seconds, seconds of the processor and megabytes more for as many series as a large store has."""
    chance = Random(52)
    series = [_made_up(chance) for _ in range(SERIES)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, began = time.perf_counter(), time.process_time()
    answers = []
    for history in series:
        fitted = fit(history)
        mean = fitted.level * WEEKS_AHEAD
        answers.append(quantiles(mean, fitted.variance(WEEKS_AHEAD), (0.5, 0.8, 0.95)))
    seconds, busy = time.perf_counter() - started, time.process_time() - began
    return seconds, busy, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def _made_up(chance: Random) -> Series:
    """A year of weeks: some items sell every week, most now and then."""
    often, size = chance.choice((0.1, 0.3, 0.6, 1.0)), chance.choice((2, 5, 20, 100))
    return [float(chance.randint(1, size)) if chance.random() < often else 0.0 for _ in range(PERIODS)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks forecasts", description=__doc__)
    parser.add_argument("--datasets", type=Path, required=True, metavar="FOLDER")
    folder = parser.parse_args(arguments).datasets
    seconds, busy, megabytes = measure_speed()  # before the data, whose reading takes memory of its own
    print(
        f"{SERIES:,} series of {PERIODS} weeks: {seconds:.2f} s, {busy:.2f} s of it busy (aim {AIM_SECONDS:.0f}); ",
        end="",
    )
    print(f"{megabytes:.0f} MB more (aim {AIM_MEGABYTES:.0f})", flush=True)
    sets = {
        "car parts, 6 months": (read_parts(folder), MONTHS_AHEAD, PART_FOLDS),
        "retail, 4 weeks": (read_retail(folder), WEEKS_AHEAD, RETAIL_FOLDS),
    }
    print(f"{'what':22} {'method':9} {'pinball':>9} {'cover .95':>9} {'RMSSE':>8} {'bias':>8} {'answers':>8}")
    for name, (series, ahead, folds) in sets.items():
        for method, score in scores(series, ahead, folds).items():
            print(f"{name:22} {method:9} {score}", flush=True)


if __name__ == "__main__":
    main()
