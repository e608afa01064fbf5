"""Bodies as they arrive: strict JSON, or a form with bracketed names, into plain values within limits.

Example::

    parse_json(b'{"quantity": 1.5}')                       # {'quantity': Decimal('1.5')}
    parse_form(b"order[items][][sku]=A&order[items][][quantity]=2")
    # {'order': {'items': [{'sku': 'A', 'quantity': '2'}]}}
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from ambra_tui.api.failures import Failure, Refused, refused

MAX_DEPTH = 32
MAX_LIST = 2_000  # the longest order on record here has 1,114 lines
MAX_FORM_FIELDS = 5_000
MAX_INTEGER = 2**63
MAX_DECIMAL_EXPONENT = 30
_TOKEN = re.compile(r"\[([^\[\]]*)\]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_json(raw: bytes) -> Any:
    """The JSON value of `raw`: numbers with a point are Decimal. Raises Refused: 400 not JSON, 422 out of limits."""
    try:
        value = json.loads(
            raw.decode(), parse_float=_decimal, parse_constant=_no_constant, object_pairs_hook=_no_repeats
        )
    except (ValueError, RecursionError) as error:
        raise refused(400, "INVALID_REQUEST", f"The body is not JSON: {_reason(error)}") from None
    check_limits(value)
    return value


def parse_form(raw: bytes) -> dict[str, Any]:
    """The nested value of a form body. Every leaf is text."""
    try:
        pairs = parse_qsl(
            raw.decode(), keep_blank_values=True, strict_parsing=bool(raw), errors="strict",
            max_num_fields=MAX_FORM_FIELDS,
        )  # fmt: skip
    except ValueError:
        raise refused(400, "INVALID_REQUEST", "The body is not a form of name=value pairs") from None
    root: dict[str, Any] = {}
    for name, text in pairs:
        _place(root, name, text)
    check_limits(root)
    return root


def check_limits(value: Any) -> None:
    """Raises Refused (422) for what no record of ours can hold: depth, long lists, big numbers, lone surrogates."""
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if depth > MAX_DEPTH:
            _too_much(f"The body is nested deeper than {MAX_DEPTH}")
        if isinstance(item, dict):
            waiting.extend((key, depth) for key in item)
            waiting.extend((child, depth + 1) for child in item.values())
        elif isinstance(item, list):
            if len(item) > MAX_LIST:
                _too_much(f"A list holds more than {MAX_LIST} entries: send them in parts")
            waiting.extend((child, depth + 1) for child in item)
        else:
            _check_leaf(item)


def _check_leaf(item: Any) -> None:
    if isinstance(item, str) and _SURROGATE.search(item):
        _too_much("A text holds half a surrogate pair")
    if isinstance(item, int) and not -MAX_INTEGER <= item < MAX_INTEGER:
        _too_much("A number is out of range")
    if isinstance(item, Decimal) and item and not -MAX_DECIMAL_EXPONENT <= item.adjusted() <= MAX_DECIMAL_EXPONENT:
        _too_much("A number is out of range")


def _too_much(message: str) -> NoReturn:
    raise Refused(Failure(422, "VALIDATION_ERROR", message))


def _decimal(text: str) -> Decimal:
    # A longer text than this cannot be a quantity or a price; Decimal would take any length.
    return Decimal(text) if len(text) <= 64 else Decimal(f"1E{MAX_DECIMAL_EXPONENT + 1}")


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("an object names a key twice")
    return value


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    return "a number is too long" if "digits" in str(error) else str(error)


def _place(root: dict[str, Any], name: str, text: str) -> None:
    head, bracket, _ = name.partition("[")
    tokens = [head, *_TOKEN.findall(name[len(head) :])]
    if len(tokens) > MAX_DEPTH or (bracket and "".join(f"[{token}]" for token in tokens[1:]) != name[len(head) :]):
        raise refused(400, "INVALID_REQUEST", "A field name of the form has unmatched brackets")
    container: Any = root
    for position, token in enumerate(tokens):
        rest = tokens[position + 1 :]
        container = _step(container, token, rest, text)


def _step(container: Any, token: str, rest: list[str], text: str) -> Any:
    """Put `text`, or the container that the next token needs, under `token`; the container to go on with."""
    fresh: Any = text if not rest else ([] if rest[0] == "" else {})
    if isinstance(container, list):
        return _append(container, fresh, rest)
    if not rest:
        container[token] = fresh
        return fresh
    held = container.setdefault(token, fresh)
    if type(held) is not type(fresh):
        raise refused(400, "INVALID_REQUEST", f"The form uses the field '{token[:40]}' in two ways")
    return held


def _append(container: list[Any], fresh: Any, rest: list[str]) -> Any:
    """`a[][x]=1&a[][y]=2` is one entry; a name that comes again starts the next one."""
    if rest and rest[0] and container and isinstance(container[-1], dict):
        last = container[-1]
        if rest[0] not in last or len(rest) > 1:
            return last
    container.append(fresh)
    return fresh
