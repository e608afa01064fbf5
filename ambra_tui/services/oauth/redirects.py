"""Where a client may have people sent back to: checked once when it is registered, compared to the letter after that.

Example::

    checked_redirects(["https://shop.example.com/callback", "http://127.0.0.1/callback"])
    fits("http://127.0.0.1:51004/callback", ["http://127.0.0.1/callback"])   # True: a program takes the port it gets
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from ambra_tui.errors import Invalid

MAX_REDIRECTS, MAX_LENGTH = 20, 500
_ALLOWED = re.compile(r"[!#-\[\]^_a-z~]+")  # of a URI: visible ASCII without quotes, backslash, braces, bar
_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?((?:[/?].*)?)")
_OWN_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+")
_LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")


def checked_redirects(uris: Iterable[str]) -> list[str]:
    """The redirect URIs, each once. Raises Invalid for one that could hand a code to somebody else."""
    found = list(dict.fromkeys(uris))
    for uri in found:
        _check(uri)
    if len(found) > MAX_REDIRECTS:
        raise Invalid(f"a client has at most {MAX_REDIRECTS} redirect URIs", field="redirect_uris")
    return found


def _check(uri: str) -> None:
    if not _ALLOWED.fullmatch(uri) or len(uri) > MAX_LENGTH:
        raise _wrong(uri, f"is no URI of at most {MAX_LENGTH} visible characters")
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _wrong(uri, "is no URI") from None
    if "#" in uri:
        raise _wrong(uri, "has a fragment")
    if parts.scheme == "https":
        if not host or "@" in parts.netloc or "*" in parts.netloc or port == 0:
            raise _wrong(uri, "must name one host, without a user or a star")
    elif parts.scheme == "http":
        if host not in _LOOPBACK_HOSTS or "@" in parts.netloc:
            raise _wrong(uri, "is http: only a program on the person's own machine (127.0.0.1, [::1]) may use that")
    elif not _OWN_SCHEME.fullmatch(parts.scheme):
        raise _wrong(uri, "must be https, http on 127.0.0.1, or a scheme of its own such as com.example.app:/callback")


def _wrong(uri: str, why: str) -> Invalid:
    return Invalid(f"'{uri[:80]}' {why}", field="redirect_uris")


def fits(uri: str, registered: Iterable[str]) -> bool:
    """True when `uri` is one of the registered ones, to the letter; only the port of a loopback address is free."""
    known = list(registered)
    if uri in known:
        return True
    asked = _LOOPBACK.fullmatch(uri)
    return asked is not None and any(
        one is not None and one.groups() == asked.groups() for one in map(_LOOPBACK.fullmatch, known)
    )


def place_of(uri: str) -> str:
    """What a person is shown of a redirect: its host and port, or the scheme that a program has for itself."""
    parts = urlsplit(uri)
    return parts.netloc or f"{parts.scheme}:"


def origin_of(uri: str) -> str:
    """What a page's policy names so that a form may end there."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
