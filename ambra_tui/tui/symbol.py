"""A code drawn on the screen for a scanner or a phone: two squares a cell, black on white, with its quiet zone.

QR where there is room, because every phone reads it; else Data Matrix, which fits a screen of 20 columns.

Example::

    symbol_rows("WH1-A01-1", width=20, height=12)     # 9 texts of 18 half blocks
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Literal

_SCALES = (3, 2, 1)
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
_FORMS: tuple[tuple[Literal["qr", "datamatrix"], int], ...] = (("qr", 4), ("datamatrix", 2), ("datamatrix", 1))


@lru_cache(maxsize=16)
def symbol_rows(text: str, *, width: int, height: int) -> tuple[str, ...]:
    """The largest code of `text` in at most `height` rows of `width` columns; empty where none fits."""
    from ambra_tui.errors import Invalid
    from ambra_tui.labels.model import Code
    from ambra_tui.labels.symbols import squares_of

    if os.environ.get("AMBRA_ASCII") == "1":
        return ()
    for symbology, quiet in _FORMS:
        try:
            squares = squares_of(Code(symbology, text))
        except Invalid:
            continue
        side = len(squares) + 2 * quiet
        for scale in _SCALES:
            if side * scale <= width and -(-side * scale // 2) <= height:
                return _rows(squares, quiet, scale)
    return ()


def _rows(squares: tuple[tuple[bool, ...], ...], quiet: int, scale: int) -> tuple[str, ...]:
    side = len(squares) + 2 * quiet
    light = (False,) * side
    around = [light] * quiet
    framed = [*around, *((False,) * quiet + row + (False,) * quiet for row in squares), *around]
    large = [tuple(square for square in row for _ in range(scale)) for row in framed for _ in range(scale)]
    if len(large) % 2:
        large.append(light * scale)
    return tuple(
        "".join(_HALVES[pair] for pair in zip(large[row], large[row + 1], strict=True))
        for row in range(0, len(large), 2)
    )
