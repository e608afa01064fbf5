"""Every word a person reads, by language, from `data/language/<language>/*.toml`.

A key is ``section.name``; a text may hold ``{named}`` places. A key that a language lacks falls back to English.
Verdicts stand in ``verdict.toml`` as ``E03 = ["WRONG BIN", "This is {found}, go to {expected}"]``: headline (at most 20
columns) and detail.

Example::

    say("de", "home.ask")                       # 'Wählen oder scannen'
    verdict_words("en", "E03", {"found": "A-1", "expected": "B-2"})
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from ambra_tui.kit.resources import data_path

DEFAULT_LANGUAGE = "en"


class _Lenient(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


@cache
def languages() -> tuple[str, ...]:
    """The languages there are texts for, English first."""
    found = sorted(p.name for p in data_path("language").iterdir() if p.is_dir())
    return tuple(sorted(found, key=lambda name: name != DEFAULT_LANGUAGE))


@cache
def _texts(language: str) -> dict[str, Any]:
    texts: dict[str, Any] = {}
    for path in sorted((data_path("language") / language).glob("*.toml")):
        for section, entries in tomllib.loads(path.read_text(encoding="utf-8")).items():
            for name, text in entries.items():
                texts[f"{section}.{name}"] = text
    return texts


def keys(language: str) -> frozenset[str]:
    """Every key of a language."""
    return frozenset(_texts(language))


def _find(language: str, key: str) -> Any:
    for candidate in (language, DEFAULT_LANGUAGE):
        if candidate in languages() and key in _texts(candidate):
            return _texts(candidate)[key]
    raise KeyError(f"no text for '{key}'")


def say(language: str, key: str, **params: object) -> str:
    """The text of `key` with its places filled. Raises KeyError for a key that no language knows."""
    text: str = _find(language, key)
    return text.format_map(_Lenient({k: str(v) for k, v in params.items()})) if params else text


def verdict_words(language: str, code: str, params: Mapping[str, str]) -> tuple[str, str]:
    """Headline (at most 20 columns) and detail of a verdict."""
    headline, detail = _find(language, f"verdict.{code}")
    places = _Lenient(params)
    return headline.format_map(places)[:20], detail.format_map(places)
