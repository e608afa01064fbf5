"""Answers in words, made from rows: `data/questions/answers/<language>.toml`.

Example::

    render("out_of_stock", {}, Found(rows), "en")   # '3 products are out of stock: 22423 ...'
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from ambra_tui.kit.resources import data_path
from ambra_tui.services.questions.lexicon import LANGUAGES
from ambra_tui.services.questions.tool import Found

SHOWN_ROWS = 5
MAX_ANSWER = 2000
_MONEY = frozenset({"value", "price", "cost"})
_CODED = frozenset({"status", "kind", "reason", "direction", "step"})


class _Lenient(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "-"


@cache
def _texts(language: str) -> dict[str, Any]:
    return tomllib.loads(data_path(f"questions/answers/{language}.toml").read_text(encoding="utf-8"))


def say(language: str, section: str, name: str, /, **told: Any) -> str:
    """A text of the answers; English where a language lacks it. Empty when no language has it."""
    for one in (language if language in LANGUAGES else "en", "en"):
        text = _texts(one).get(section, {}).get(name)
        if text is not None:
            shown = {key: value if key == "scope" else _told(one, key, value) for key, value in told.items()}
            return str(text).format_map(_Lenient(shown))
    return ""


def in_words(language: str, code: Any) -> str:
    """A status, kind or reason as the language calls it; what it has no word for stays as it is."""
    return str(_texts(language if language in LANGUAGES else "en")["codes"].get(code, _shown(code)))


def _told(language: str, key: str, value: Any) -> str:
    if key in _MONEY and isinstance(value, float):
        return f"{value:.2f}"
    return in_words(language, value) if key in _CODED else _shown(value)


def examples(language: str) -> list[str]:
    """Questions that may be asked."""
    return list(_texts(language if language in LANGUAGES else "en")["examples"]["questions"])


def render(name: str, parameters: Mapping[str, Any], found: Found, language: str) -> str:
    """The answer of a tool: what was found in a sentence, its first rows, how many more there are."""
    told = {**parameters, **found.facts, "total": found.count, "scope": scope_text(parameters, language)}
    if not found.rows and say(language, name, "bare") == "":
        return say(language, name, "none", **told)
    head = say(language, name, _which(name, parameters, found, language), **told)
    lines = [
        say(language, name, _row_text(parameters, row), **{**told, **_of_group(parameters, row, language), **row})
        for row in found.rows[:SHOWN_ROWS]
    ]
    if name == "lot_trace":
        lines = [" ".join(word for word in line.split(" ") if word != "-") for line in lines]
    listed = "; ".join(line for line in lines if line)
    more = found.count - SHOWN_ROWS
    ending = say(language, "common", "more", count=more) if more > 0 and listed else ""
    return f"{head} {listed}{ending}".strip()[:MAX_ANSWER]


def _which(name: str, parameters: Mapping[str, Any], found: Found, language: str) -> str:
    if not found.rows:
        return "bare"
    if found.count == 1 and say(language, name, "one"):
        return "one"
    return "grouped" if parameters.get("group") and say(language, name, "grouped") else "some"


def _row_text(parameters: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    if parameters.get("group"):
        return "group_row"
    return "row" if row.get("price") is None and row.get("cost") is None else "priced_row"


def _of_group(parameters: Mapping[str, Any], row: Mapping[str, Any], language: str) -> dict[str, Any]:
    group = str(parameters.get("group"))
    return {"label": _told(language, group, row.get(group, "-"))}


def scope_text(parameters: Mapping[str, Any], language: str) -> str:
    """What narrows a question, in brackets of words: `` in BER, 2026-03-09 to 2026-03-15``."""
    parts = [
        say(language, "scope", name, value=_told(language, name, parameters[name]))
        for name in (
            "sku",
            "location",
            "from_location",
            "to_location",
            "supplier",
            "status",
            "lot",
            "threshold",
            "age_bucket",
        )
        if name in parameters and say(language, "scope", name, value="")
    ]
    first, last = parameters.get("from"), parameters.get("to")
    if first and first == last:
        parts.append(say(language, "scope", "day", value=first))
    elif first:
        parts.append(say(language, "scope", "days", first=first, last=last or ""))
    return f" ({', '.join(parts)})" if parts else ""


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return value.isoformat() if isinstance(value, date) else str(value)
