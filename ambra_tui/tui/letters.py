"""Large letters for the one thing to look for: three rows of half blocks, or five rows of whole ones.

Example::

    "\\n".join(small("B02-1"))
"""

from __future__ import annotations

from functools import cache

_ROWS = 5
_GLYPHS = {
    "A": "### #.# ### #.# #.#", "B": "##. #.# ##. #.# ##.", "C": "### #.. #.. #.. ###", "D": "##. #.# #.# #.# ##.",
    "E": "### #.. ##. #.. ###", "F": "### #.. ##. #.. #..", "G": "### #.. #.# #.# ###", "H": "#.# #.# ### #.# #.#",
    "I": "### .#. .#. .#. ###", "J": "..# ..# ..# #.# ###", "K": "#.# #.# ##. #.# #.#", "L": "#.. #.. #.. #.. ###",
    "M": "#...# ##.## #.#.# #...# #...#", "N": "#..# ##.# #.## #..# #..#", "O": "### #.# #.# #.# ###",
    "P": "### #.# ### #.. #..", "Q": "###. #.#. #.#. ###. ..##", "R": "### #.# ##. #.# #.#",
    "S": "### #.. ### ..# ###", "T": "### .#. .#. .#. .#.", "U": "#.# #.# #.# #.# ###", "V": "#.# #.# #.# #.# .#.",
    "W": "#...# #...# #.#.# ##.## #...#", "X": "#.# #.# .#. #.# #.#", "Y": "#.# #.# .#. .#. .#.",
    "Z": "### ..# .#. #.. ###", "0": "### #.# #.# #.# ###", "1": ".#. ##. .#. .#. ###", "2": "### ..# ### #.. ###",
    "3": "### ..# .## ..# ###", "4": "#.# #.# ### ..# ..#", "5": "### #.. ### ..# ###", "6": "### #.. ### #.# ###",
    "7": "### ..# ..# .#. .#.", "8": "### #.# ### #.# ###", "9": "### #.# ### ..# ###", "-": "... ... ### ... ...",
    ".": ". . . . #", ",": ".. .. .. .# #.", "/": "..# ..# .#. #.. #..", ":": ". # . # .", "+": "... .#. ### .#. ...",
    "_": "... ... ... ... ###", "#": "#.#.# ##### #.#.# ##### #.#.#", "×": "... #.# .#. #.# ...", " ": ".. .. .. .. ..",
}  # fmt: skip
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def can_draw(text: str) -> bool:
    """True when every character has a large letter."""
    return bool(text) and all(character in _GLYPHS for character in text.upper())


@cache
def _pixels(text: str) -> tuple[str, ...]:
    glyphs = [_GLYPHS[character].split() for character in text.upper()]
    return tuple(".".join(glyph[row] for glyph in glyphs) for row in range(_ROWS))


@cache
def small(text: str) -> tuple[str, ...]:
    """Three rows; a letter is three columns and a gap."""
    rows = (*_pixels(text), "." * len(_pixels(text)[0]))
    return tuple(
        "".join(_HALVES[upper == "#", lower == "#"] for upper, lower in zip(rows[y], rows[y + 1], strict=True))
        for y in range(0, 6, 2)
    )


@cache
def large(text: str) -> tuple[str, ...]:
    """Five rows; a letter is six columns and a gap of two."""
    return tuple("".join("██" if pixel == "#" else "  " for pixel in row) for row in _pixels(text))
