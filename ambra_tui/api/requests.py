"""Reads the parts of a request: who sends it, its body within limits, its query.

Example::

    body = await read_body(request)
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request

from ambra_tui.api.failures import InvalidQuery, refused
from ambra_tui.api.fields import read_fields
from ambra_tui.api.payload import parse_form, parse_json
from ambra_tui.errors import Invalid, Unauthenticated

MAX_BODY = 1024 * 1024
BODY_SECONDS = 12.0
MAX_SECRET = 200
_CLOSE = {"connection": "close"}
_FORM = "application/x-www-form-urlencoded"
_JSON = re.compile(r"application/(json|[a-z0-9.+-]+\+json)")
Fields = TypeVar("Fields", bound=BaseModel)
_VISIBLE = re.compile(r"[!-~]+")


def secret_of(request: Request) -> str:
    """The API key of a request: ``Authorization: Bearer KEY``, else ``X-API-Key: KEY``. Raises Unauthenticated."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        scheme, secret = "bearer", request.headers.get("x-api-key", "")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not _VISIBLE.fullmatch(secret) or len(secret) > MAX_SECRET:
        raise Unauthenticated("Send an API key: 'Authorization: Bearer <key>'")
    return secret


async def read_body(request: Request, *, most: int = MAX_BODY) -> bytes:
    """The body's bytes. Raises Refused: 413 beyond `most` without reading on, 408 when it comes too slowly."""
    _refuse_large(request.headers.get("content-length", ""), most)
    parts = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                parts += part
                if len(parts) > most:
                    raise _too_large(most)
    except TimeoutError:
        raise refused(408, "REQUEST_TIMEOUT", "The body came too slowly", **_CLOSE) from None
    except ClientDisconnect:
        raise refused(400, "INVALID_REQUEST", "The body ended early", **_CLOSE) from None
    return bytes(parts)


def _refuse_large(content_length: str, most: int) -> None:
    if content_length.isdecimal() and int(content_length[:20]) > most:
        raise _too_large(most)


def _too_large(most: int) -> Exception:
    return refused(413, "PAYLOAD_TOO_LARGE", f"The body is larger than {most} bytes", **_CLOSE)


async def read_document(request: Request, *, takes_forms: bool = True, rows: str = "") -> tuple[dict[str, Any], bool]:
    """The body as one object, and whether its leaves are text (a form). An absent body is an empty object. `rows`: the
    name of the field that a list is taken for."""
    raw = await read_body(request)
    if not raw.strip():
        return {}, False
    is_form = _is_form(request, takes_forms=takes_forms)
    document = parse_form(raw) if is_form else parse_json(raw)
    if rows and isinstance(document, list):
        return {rows: document}, False
    if not isinstance(document, dict):
        raise Invalid("The body must be one JSON object")
    return document, is_form


def _is_form(request: Request, *, takes_forms: bool) -> bool:
    kind, _, parameters = request.headers.get("content-type", "application/json").lower().partition(";")
    charset = parameters.partition("charset=")[2].strip(' "')
    encoding = request.headers.get("content-encoding", "identity").lower()
    is_known = (takes_forms and kind.strip() == _FORM) or _JSON.fullmatch(kind.strip())
    if not is_known or charset not in {"", "utf-8", "utf8"} or encoding != "identity":
        kinds = f"application/json or {_FORM}" if takes_forms else "application/json"
        raise refused(415, "UNSUPPORTED_MEDIA_TYPE", f"Send {kinds}, in UTF-8 and not compressed")
    return kind.strip() == _FORM


def unwrap(document: dict[str, Any], wrapper: str) -> dict[str, Any]:
    """What lies inside ``{wrapper: {...}}`` together with what lies beside it; the document itself when flat."""
    if not wrapper or wrapper not in document:
        return document
    inner = document[wrapper]
    if not isinstance(inner, dict):
        raise Invalid(f"{wrapper} must be an object", field=wrapper)
    return {**{name: value for name, value in document.items() if name != wrapper}, **inner}


def read_query(fields: type[Fields], request: Request) -> Fields:
    """The query's values, checked. Raises InvalidQuery."""
    try:
        return read_fields(fields, dict(request.query_params), is_text=True)
    except Invalid as error:
        raise InvalidQuery(error.message, details=error.details) from None
