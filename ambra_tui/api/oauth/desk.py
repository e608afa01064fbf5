"""What the endpoints of OAuth share: the store, the way requests come, who asks too often; parameters, read strictly.

Example::

    fields = read_pairs(request.url.query)      # raises Improper for a name given twice
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse

from ambra_tui.api.gate import Gate
from ambra_tui.api.transport import Transport
from ambra_tui.services.oauth.library import Rules
from ambra_tui.store import Store

MAX_PARAMETERS, MAX_VALUE = 40, 4_000
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_STATE = re.compile(r"[ -~]*")
_PLAIN = re.compile(r"[ !#-\[\]-~]*")  # visible ASCII without quote and backslash: RFC 6749, appendix A


@dataclass(frozen=True, slots=True)
class Desk:
    """What every endpoint needs."""

    store: Store
    gate: Gate
    transport: Transport
    rules: Rules


class Improper(Exception):
    """Parameters that no client may send; the text tells why."""


def read_pairs(text: str | bytes) -> dict[str, str]:
    """The parameters of a query or form, those without a value left out. Raises Improper."""
    try:
        raw = text.decode("ascii") if isinstance(text, bytes) else text
        pairs = parse_qsl(raw, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise Improper("The parameters are not a form of name=value pairs.") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise Improper("A parameter is given twice.")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def check_values(fields: Mapping[str, str]) -> None:
    """Raises Improper for values that OAuth has no place for."""
    for name, value in fields.items():
        allowed = _STATE if name == "state" else _PLAIN
        if len(value) > MAX_VALUE or not allowed.fullmatch(value) or not _PLAIN.fullmatch(name):
            raise Improper("A parameter holds characters that it may not hold, or is too long.")


def json_answer(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An answer that nobody keeps."""
    return JSONResponse(dict(body), status_code=status, headers={**NO_STORE, **(headers or {})})


def error_answer(status: int, error: str, description: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A refusal with the body of RFC 6749, section 5.2."""
    return json_answer(status, {"error": error, "error_description": description}, headers)


def is_own_page(request: Request, issuer: str) -> bool:
    """False when the browser says that another site's page sends this."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is None or origin == issuer
