"""What the example of an operation sends.

Example::

    filled_path("/api/v1/orders/{id}/cancel")    # '/api/v1/orders/ord_1/cancel'
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ambra_tui.api.documentation.samples import path_value

_NAME = re.compile(r"{([a-z_]+)}")
_KEYED = frozenset({"POST", "PUT", "PATCH"})
_INDENT = 4
_WIDTH = 72


@dataclass(frozen=True, slots=True)
class Request:
    """What an example sends. `template`: the path with its names. `is_repeatable`: an Idempotency-Key goes with it."""

    method: str
    path: str
    body: Any = None
    template: str = ""
    is_repeatable: bool = False


def request_of(template: str, method: str, described: Mapping[str, Any], body: Any) -> Request:
    """The example of a described operation. `body`: what it sends, None for nothing."""
    keyed = any(parameter["name"] == "Idempotency-Key" for parameter in described["parameters"])
    return Request(method, filled_path(template), body, template, is_repeatable=keyed and method in _KEYED)


def filled_path(path: str) -> str:
    """The path with a value in the place of each name."""
    before = ""
    parts = []
    for part in path.split("/"):
        named = _NAME.fullmatch(part)
        parts.append(quote(path_value(named[1], before), safe="") if named else part)
        before = part
    return "/".join(parts)


def literal(value: Any, indent: int = 0) -> str:
    """A JSON value as Python writes it, short ones on one line."""
    text = repr(value) if not isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value:
        return text
    inner, outer = " " * (indent + _INDENT), " " * indent
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {literal(one, indent + _INDENT)}" for key, one in value.items()]
        opened, closed = "{", "}"
    else:
        parts = [literal(one, indent + _INDENT) for one in value]
        opened, closed = "[", "]"
    short = f"{opened}{', '.join(parts)}{closed}"
    if "\n" not in short and len(short) + indent <= _WIDTH:
        return short
    lines = "".join(f"{inner}{part},\n" for part in parts)
    return f"{opened}\n{lines}{outer}{closed}"
