"""The forms that labels leave in: a module each, exporting `FORMAT`.

Example::

    formats()["pdf"].write([drawing], stock)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from ambra_tui.kit.discover import discover
from ambra_tui.labels.layout import Drawing
from ambra_tui.labels.stock import Stock


class Format(NamedTuple):
    """`holds_many`: one file takes any number of labels. `write` makes the file's bytes."""

    name: str
    holds_many: bool
    write: Callable[[Sequence[Drawing], Stock], bytes]


@cache
def formats() -> dict[str, Format]:
    """Every format by its name, which is the ending of its files."""
    return {found.name: found for found in discover("ambra_tui.labels.formats", "FORMAT").values()}
