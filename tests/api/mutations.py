"""Broken spellings of a request's body, made from one that is right.

Example::

    mutation = mutated(random.Random(7), {"sku": "MILK-1L", "quantity": 1})
    client.post(path, content=mutation.content, headers=mutation.headers)
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

LARGE_BYTES = 10_000_000
JSON = {"Content-Type": "application/json"}
TEXTS = (
    "", " ", "\u0000", "a\u0000b", "\u001b[31mred", "\u202eright to left", "a\rb", "\x7f", "\u0085", "\ufeffmark",
    "\ufffd", "x" * 5_000, "🧀" * 300, "'; DROP TABLE stock_move; --", "[bold]markup[/]", "=1+1", "../../etc/passwd",
    "%00", "$sku", "\uff46\uff55\uff4c\uff4c", "e\u0301" * 200, "\u0663", "1e400", "NaN", "null", "true", "-1", "0x10",
    "1_000", "1,5", "2026-02-30", "2026-13-01T00:00:00Z", "9999-12-31T23:59:59.999999+14:00", "0000-00-00",
)  # fmt: skip
NUMBERS = (
    "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e-400", "-0", "-0.0", "-1", "0", "0.0000001", "1e12", "1e15",
    "9223372036854775807", "9223372036854775808", "1" + "0" * 400, "0." + "3" * 400, "01", "+1", ".5", "1.", "0x1F",
)  # fmt: skip
OTHERS = ("null", "true", "false", "[]", "{}", "[[]]", '[null]', '{"a":{"b":[]}}', '""', "0", '"0"')  # fmt: skip
LONE = (r'"\ud800"', r'"\udc00a"', r'"x\udfffy"', r'"\ud83d"')
BROKEN = ('"\x01"', '"a\nb"', '"\\x"', '"\\u12"', "'a'", '"open', "undefined", "[1,]", "{,}", "/**/1", "")
MEDIA = (
    "text/plain",
    "application/xml",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "",
    "a/b/c",
)
_HERE = "\ue000here\ue000"  # a text that no body holds


@dataclass(frozen=True)
class Mutation:
    """A body in bytes and the headers that it is sent with. `kind`: what was done to it."""

    kind: str
    content: bytes
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON))


def mutated(chance: random.Random, body: Any) -> Mutation:
    """One broken spelling of `body`, by chance."""
    kind = chance.choices(list(_KINDS), [weight for _, weight in _KINDS.values()])[0]
    made = _KINDS[kind][0](chance, body)
    return made if isinstance(made, Mutation) else Mutation(kind, made)


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if place:
        yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from _places(part, (*place, key))


def _replaced(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    if not place:
        return new
    key, *rest = place
    if isinstance(value, dict):
        return {name: _replaced(part, tuple(rest), new) if name == key else part for name, part in value.items()}
    return [_replaced(part, tuple(rest), new) if at == key else part for at, part in enumerate(value)]


def _written(chance: random.Random, body: Any, text: str) -> bytes:
    """The body with `text` written where a value stands, as it is."""
    found = list(_places(body))
    if not found:
        return text.encode()
    marked = json.dumps(_replaced(body, chance.choice(found), _HERE), ensure_ascii=False)
    return marked.replace(json.dumps(_HERE, ensure_ascii=False), text).encode()


def _of(choices: tuple[str, ...]) -> Callable[[random.Random, Any], bytes]:
    return lambda chance, body: _written(chance, body, chance.choice(choices))


def _text(chance: random.Random, body: Any) -> bytes:
    return _written(chance, body, json.dumps(chance.choice(TEXTS)))


def _cut(chance: random.Random, body: Any) -> bytes:
    whole = json.dumps(body).encode()
    return whole[: chance.randrange(len(whole))]


def _stray(chance: random.Random, body: Any) -> bytes:
    whole = bytearray(json.dumps(body).encode())
    for _ in range(chance.randint(1, 3)):
        whole.insert(chance.randrange(len(whole) + 1), chance.randrange(256))
    return bytes(whole)


def _twice(chance: random.Random, body: Any) -> bytes:
    whole = json.dumps(body)
    if not isinstance(body, dict) or not body:
        return f"{whole}{whole}".encode()
    key = chance.choice(list(body))
    other = chance.choice((json.dumps(body[key]), *OTHERS))
    return f"{whole[:-1]}, {json.dumps(key)}: {other}}}".encode()


def _missing(chance: random.Random, body: Any) -> bytes:
    names = [place for place in _places(body) if isinstance(place[-1], str)]
    if not names:
        return b"[]"
    return json.dumps(_without(body, chance.choice(names))).encode()


def _without(value: Any, place: tuple[Any, ...]) -> Any:
    key, *rest = place
    if not rest:
        return {name: part for name, part in value.items() if name != key}
    return _replaced(value, (key,), _without(value[key], tuple(rest)))


def _foreign_keys(chance: random.Random, body: Any) -> bytes:
    key = chance.choice(("organization_id", "__proto__", "id", "", "a" * 3_000, "\u0000", "$where", "status"))
    return json.dumps({**(body if isinstance(body, dict) else {}), key: chance.choice((1, "x", None, {}))}).encode()


def _deep(chance: random.Random, body: Any) -> bytes:
    depth = chance.choice((50, 500, 50_000))
    opening, closing = chance.choice((("[", "]"), ('{"a":', "}")))
    return _written(chance, body, opening * depth + "1" + closing * depth)


def _coded(chance: random.Random, body: Any) -> Mutation:
    whole = json.dumps(body)
    content = chance.choice(
        (whole.encode("utf-16"), b"\xef\xbb\xbf" + whole.encode(), b"\xff\xfe", b"\x80", b"\x1f\x8b\x08")
    )
    headers = JSON | chance.choice(({}, {"Content-Encoding": "gzip"}, {"Content-Encoding": "br"}))
    return Mutation("coded", content, headers)


def _media(chance: random.Random, body: Any) -> Mutation:
    return Mutation("media", json.dumps(body).encode(), {"Content-Type": chance.choice(MEDIA)})


def _large(chance: random.Random, body: Any) -> bytes:
    return _written(chance, body, '"' + "y" * LARGE_BYTES + '"')


def _top(chance: random.Random, _body: Any) -> bytes:
    return chance.choice((*OTHERS, *NUMBERS[:6], "", " ", '"text"')).encode()


_KINDS: dict[str, tuple[Callable[[random.Random, Any], Any], int]] = {
    "number": (_of(NUMBERS), 16),
    "text": (_text, 16),
    "type": (_of(OTHERS), 16),
    "surrogate": (_of(LONE), 6),
    "broken": (_of(BROKEN), 8),
    "cut": (_cut, 6),
    "stray": (_stray, 8),
    "twice": (_twice, 6),
    "missing": (_missing, 6),
    "keys": (_foreign_keys, 4),
    "deep": (_deep, 2),
    "coded": (_coded, 3),
    "media": (_media, 2),
    "top": (_top, 2),
}


def large(chance: random.Random, body: Any) -> Mutation:
    """The body with ten megabytes in one of its places."""
    return Mutation("large", _large(chance, body))
