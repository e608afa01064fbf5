"""The rows of a dataset's files, gzip CSV, as they were recorded.

Example::

    for row in rows_of(folder / "foodmart", "product"): row["SKU"]
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path


def rows_of(folder: Path, name: str) -> Iterator[dict[str, str]]:
    """The rows of ``name.csv.gz`` in `folder`. Raises FileNotFoundError."""
    with gzip.open(folder / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
