"""One operation as a curl line and as a few lines of Python, with the same path and body.

Example::

    print(curl_of(Request("GET", "/api/v1/orders")))
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ambra_tui.api.documentation.samples import path_value

BASE_URL = "http://127.0.0.1:8080"
_NAME = re.compile(r"{([a-z_]+)}")
_KEYED = frozenset({"POST", "PUT", "PATCH"})
_INDENT = 4


@dataclass(frozen=True, slots=True)
class Request:
    """What an example sends. `is_repeatable`: an Idempotency-Key goes with it."""

    method: str
    path: str
    body: Any = None
    is_repeatable: bool = False


def request_of(path: str, method: str, described: Mapping[str, Any], body: Any) -> Request:
    """The example of a described operation. `body`: what it sends, None for nothing."""
    method = method.upper()
    keyed = any(parameter["name"] == "Idempotency-Key" for parameter in described["parameters"])
    return Request(method, filled_path(path), body, is_repeatable=keyed and method in _KEYED)


def filled_path(path: str) -> str:
    """The path with a value in the place of each name."""
    before = ""
    parts = []
    for part in path.split("/"):
        named = _NAME.fullmatch(part)
        parts.append(quote(path_value(named[1], before), safe="") if named else part)
        before = part
    return "/".join(parts)


def curl_of(request: Request) -> str:
    """The request as a line for a shell."""
    method = "" if request.method == "GET" else f"-X {request.method} "
    lines = [f"curl {method}{BASE_URL}{request.path}", '-H "Authorization: Bearer $AMBRA_API_KEY"']
    if request.is_repeatable:
        lines.append('-H "Idempotency-Key: $(uuidgen)"')
    if request.body is not None:
        text = json.dumps(request.body, indent=2, ensure_ascii=False).replace("'", r"'\''")
        lines += ['-H "Content-Type: application/json"', f"-d '{text}'"]
    return " \\\n  ".join(lines)


def python_of(request: Request) -> str:
    """The request as a program."""
    imports = ["import os"] + (["from uuid import uuid4"] if request.is_repeatable else [])
    called = [f'    "{request.path}",']
    if request.is_repeatable:
        called.append('    headers={"Idempotency-Key": str(uuid4())},')
    if request.body is not None:
        called.append(f"    json={literal(request.body, _INDENT)},")
    inside = "\n".join(called)
    call = f"(\n{inside}\n)" if len(called) > 1 else f"({called[0].strip().rstrip(',')})"
    return "\n".join(
        [
            *imports,
            "",
            "import httpx",
            "",
            "client = httpx.Client(",
            f'    base_url="{BASE_URL}",',
            """    headers={"Authorization": f"Bearer {os.environ['AMBRA_API_KEY']}"},""",
            ")",
            f"answer = client.{request.method.lower()}{call}",
            "answer.raise_for_status()",
            "print(answer.status_code, answer.text)" if request.method == "DELETE" else "print(answer.json())",
        ]
    )


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
    if "\n" not in short and len(short) + indent <= 72:
        return short
    lines = "".join(f"{inner}{part},\n" for part in parts)
    return f"{opened}\n{lines}{outer}{closed}"
