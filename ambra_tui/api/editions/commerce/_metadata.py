"""What integrators note on an object for themselves: names with values, kept and answered as they came.

Example::

    class NewThing(Body):
        metadata: Metadata | None = None
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from ambra_tui.kit.text import has_control

MAX_NAMES, MAX_NAME, MAX_BYTES, MAX_DEPTH = 50, 80, 8_000, 5


def _checked(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("must be an object")
    if len(value) > MAX_NAMES:
        raise ValueError(f"holds at most {MAX_NAMES} names")
    kept: dict[str, Any] = _kept(value, MAX_DEPTH)
    if len(json.dumps(kept, ensure_ascii=False).encode("utf-8")) > MAX_BYTES:
        raise ValueError(f"is longer than {MAX_BYTES} bytes")
    return kept


def _kept(value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        return {_name(name): _kept(inner, _deeper(depth)) for name, inner in value.items()}
    if isinstance(value, list):
        return [_kept(inner, _deeper(depth)) for inner in value]
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, int) and abs(value) >= 2**63:
        raise ValueError("holds a number that is too large")
    return value


def _deeper(depth: int) -> int:
    if depth == 0:
        raise ValueError(f"is nested more than {MAX_DEPTH} deep")
    return depth - 1


def _name(name: str) -> str:
    if not 0 < len(name) <= MAX_NAME:
        raise ValueError(f"has names of 1 to {MAX_NAME} characters")
    return _text(name)


def _text(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\t", " ").split("\n")
    if any(has_control(line) for line in lines):
        raise ValueError("holds a control character")
    return text


def _number(value: Decimal) -> float:
    """As a number of JSON, when it comes back as it was sent."""
    number = float(value)
    if not value.is_finite() or Decimal(repr(number)) != value:
        raise ValueError("holds a number with more digits than can be kept: send it as text")
    return number


Metadata = Annotated[
    dict[str, Any],
    BeforeValidator(_checked),
    WithJsonSchema({"type": "object", "maxProperties": MAX_NAMES, "additionalProperties": True}),
]
