"""A question as words: each as it was typed, and folded for comparison.

Example::

    [word.text for word in read_words("¿Dónde está 85123A?")]   # ['donde', 'esta', '85123a']
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ambra_tui.services.search import fold

MAX_WORDS = 80
_OUTER = '.,;:!?¿¡"“”„«»()[]{}…`*_|~'
_APOSTROPHES = re.compile("['’`´‘]")
_POSSESSIVE = re.compile("['’`´](s|S)$")
_DIGIT = re.compile(r"[0-9]")
_SPLIT = re.compile(r"[\s,;?!]+(?![0-9])|[\s;?!]+")


@dataclass(frozen=True, slots=True)
class Word:
    """`raw`: as typed, without outer punctuation and possessive s; `text`: folded, without apostrophes."""

    raw: str
    text: str

    @property
    def has_digit(self) -> bool:
        """True for what may be a code or a number."""
        return _DIGIT.search(self.raw) is not None


def folded(text: str) -> str:
    """`text` as words are compared: no case, accents, apostrophes."""
    return fold(_APOSTROPHES.sub("", text))


def read_words(text: str, *, known: frozenset[str] = frozenset()) -> list[Word]:
    """The words of a question; a hyphenated word that is not `known` and holds no digit is read as its parts."""
    words: list[Word] = []
    for part in _SPLIT.split(text):
        bare = part.strip(_OUTER).strip("'’‘")
        word = _word(bare)
        if "-" in bare and not word.has_digit and word.text not in known:
            words.extend(_word(piece) for piece in bare.split("-"))
        else:
            words.append(word)
    return [word for word in words if word.text][:MAX_WORDS]


def _word(bare: str) -> Word:
    return Word(_POSSESSIVE.sub("", bare), folded(bare))


def texts(words: Sequence[Word]) -> list[str]:
    """The folded texts."""
    return [word.text for word in words]
