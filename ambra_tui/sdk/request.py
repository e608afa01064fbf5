"""A request before it is sent, and where it goes.

Example::

    change("POST", "products", body={"name": "Premium T-Shirt", "sku": "TEE-001"})
    address_of(None, "staging", allow_http=False)     # 'https://api-staging.ambrawms.com/v1'
"""

from __future__ import annotations

import ipaddress
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from ambra_tui.sdk.record import Record, moment_text, write_json

HOSTS = {"production": "https://api.ambrawms.com", "staging": "https://api-staging.ambrawms.com"}
BASE_URL_VARIABLE = "AMBRA_BASE_URL"
API_KEY_VARIABLE = "AMBRA_API_KEY"
VERSION_PATH, SHOP_PATH = "/v1", "/v2"

Fields = Mapping[str, Any] | Record


class File(NamedTuple):
    """A file to be sent in a form."""

    field: str
    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Request:
    """One call: `path` under the base URL, with its names quoted."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    keeps_envelope: bool = False

    def further(self, place: Mapping[str, str]) -> Request:
        """The same list, another page: by its number, or behind a cursor."""
        kept = {name: value for name, value in self.query.items() if name not in ("page", "cursor")}
        return replace(self, query={**kept, **place})


def read(*names: str, query: Fields | None = None) -> Request:
    """A GET of the path that `names` make."""
    return Request("GET", path_of(*names), query_of(query or {}))


def change(
    method: str,
    *names: str,
    body: Any = None,
    query: Fields | None = None,
    idempotency_key: str | None = None,
    keeps_envelope: bool = False,
    file: File | None = None,
) -> Request:
    """A request that changes something, with a key that makes its repetition harmless. `file`: its body is a form with
    this file, and with `body` beside it."""
    headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
    content = None
    if file is not None:
        headers["Content-Type"], content = form_of(file, body or {})
    elif body is not None:
        headers["Content-Type"] = "application/json"
        content = write_json(body).encode()
    return Request(method, path_of(*names), query_of(query or {}), headers, content, keeps_envelope)


def form_of(file: File, texts: Fields) -> tuple[str, bytes]:
    """The kind and the bytes of a form of several parts."""
    boundary = f"ambra-{uuid.uuid4().hex}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{_text(texts[name])}\r\n'.encode()
        for name in texts
        if texts[name] is not None
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{file.field}"; filename="file"\r\n'
        f"Content-Type: {file.content_type}\r\n\r\n"
    )
    content = b"".join([*parts, head.encode(), file.content, f"\r\n--{boundary}--\r\n".encode()])
    return f"multipart/form-data; boundary={boundary}", content


def path_of(*names: str) -> str:
    """``/products/prod_1``. Raises ValueError for an empty name, which would ask for another path."""
    for name in names:
        if not isinstance(name, str) or not name or name in (".", ".."):
            raise ValueError(f"an id is a text such as 'prod_abc123', not {name!r}")
    return "".join("/" + quote(name, safe="") for name in names)


def query_of(filters: Fields) -> dict[str, str]:
    """Filters as texts; those that are None are left out."""
    return {name: _text(filters[name]) for name in filters if filters[name] is not None}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return moment_text(value)
    return ",".join(_text(inner) for inner in value) if isinstance(value, list | tuple) else str(value)


def address_of(base_url: str | None, environment: str, *, allow_http: bool, version: str = VERSION_PATH) -> str:
    """The base URL: the argument, else AMBRA_BASE_URL, else the environment's host. Raises ValueError. `version`: the
    path where none is said; one that AMBRA_BASE_URL has for the other API gives way to it."""
    if environment not in HOSTS:
        raise ValueError(f"environment is one of {', '.join(HOSTS)}")
    chosen = base_url or _for(version, os.environ.get(BASE_URL_VARIABLE, "")) or HOSTS[environment]
    parts = urlsplit(chosen)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("base_url is such as https://stock.example/v1")
    if parts.username is not None or parts.password is not None:
        raise ValueError("base_url holds no user and password: the key is given as api_key")
    if parts.scheme == "http" and not allow_http and not _is_loopback(parts.hostname):
        raise ValueError("over http:// anybody on the way reads the key: use https://, or allow_http=True")
    return chosen.rstrip("/") if parts.path.strip("/") else chosen.rstrip("/") + version


def _for(version: str, address: str) -> str:
    """`address`, which serves both APIs, without the version of the other one."""
    other = SHOP_PATH if version == VERSION_PATH else VERSION_PATH
    return address.rstrip("/").removesuffix(other)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def key_of(api_key: str | None) -> str:
    """The key: the argument, else AMBRA_API_KEY. Raises ValueError, without the key's text."""
    chosen = api_key or os.environ.get(API_KEY_VARIABLE, "")
    if not chosen:
        raise ValueError(f"there is no API key: give api_key, or set {API_KEY_VARIABLE}")
    if not all("!" <= character <= "~" for character in chosen):
        raise ValueError("the API key holds a space or a character that no key has")
    return chosen
