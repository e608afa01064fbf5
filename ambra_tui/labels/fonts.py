"""The letters of labels: the font that the product carries, and one more for letters that it lacks.

Example::

    set_in("A01-1", None)      # Setting(text='A01-1', path=PosixPath('.../DejaVuSansCondensed-Bold.ttf'))
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ambra_tui.errors import Invalid
from ambra_tui.kit.resources import data_path
from ambra_tui.kit.text import printable

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

MISSING = "□"
LINE_HEIGHT = 1.2
ASCENT = 0.93


class Setting(NamedTuple):
    """A text and the font that draws it; letters that no font here has are boxes."""

    text: str
    path: Path


def own_font() -> Path:
    """The font that the product carries: Latin, Greek, Cyrillic and more, no Chinese, Japanese or Korean."""
    return data_path("fonts/DejaVuSansCondensed-Bold.ttf")


def set_in(text: str, extra: Path | None) -> Setting:
    """`text` in the product's font, else in `extra` where that can draw more of it."""
    shown = printable(text)
    lacking = _lacking(shown, own_font())
    if not lacking:
        return Setting(shown, own_font())
    if extra is not None and len(_lacking(shown, extra)) < len(lacking):
        return Setting(_boxed(shown, _lacking(shown, extra)), extra)
    return Setting(_boxed(shown, lacking), own_font())


def lacks_letters(text: str, extra: Path | None) -> bool:
    """Some letter of `text` would be a box."""
    return MISSING in set_in(text, extra).text and MISSING not in text


def width_of(setting: Setting, size: int) -> int:
    """How wide the text is, in the dots that `size` is measured in."""
    return int(loaded(setting.path, max(size, 1)).getlength(setting.text)) + 1


@lru_cache(maxsize=128)
def loaded(path: Path, size: int) -> FreeTypeFont:
    """The font in a size. Raises Invalid for a file that is no font."""
    from PIL import ImageFont

    try:
        return ImageFont.truetype(path, size)
    except OSError:
        raise Invalid(f"{path} is no font file that can be read", field="font") from None


def _lacking(text: str, path: Path) -> set[str]:
    if text.isascii():
        return set()
    known = _letters(path)
    return {character for character in text if ord(character) not in known}


@lru_cache(maxsize=4)
def _letters(path: Path) -> frozenset[int]:
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(path, lazy=True, fontNumber=0) as font:
            return frozenset(font.getBestCmap() or ())
    except (OSError, TTLibError):
        raise Invalid(f"{path} is no font file that can be read", field="font") from None


def _boxed(text: str, lacking: set[str]) -> str:
    return "".join(MISSING if character in lacking else character for character in text)
