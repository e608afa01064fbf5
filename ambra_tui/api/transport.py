"""How a request came: over TLS, or as a trusted proxy says; what is refused over plain HTTP, and what TLS answers tell.

A refusal is never a redirect: the key was sent in the open already, and would be sent a second time.

Example::

    transport = Transport(security, trusted_proxies=("10.0.0.1",))
    transport.refuse_plain(scope)          # raises Refused: 403 HTTPS_REQUIRED
    transport.issuer(scope)                # 'https://api.example.com'
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.types import Scope

from ambra_tui.api.failures import Failure, Refused
from ambra_tui.services.access import is_within
from ambra_tui.services.access.networks import Network
from ambra_tui.settings import SecuritySettings

OPEN_PATHS = ("/healthz", "/readyz")
HSTS = (b"strict-transport-security", b"max-age=31536000")
_HOST = re.compile(r"(?:[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
Headers = list[tuple[bytes, bytes]]


class Transport:
    """Judges how requests come. `proxies`: whose ``X-Forwarded-Proto`` is believed. `is_loopback`: the program listens
    for its own machine alone, where nothing can be overheard; only what a proxy there took in plainly is refused."""

    def __init__(self, security: SecuritySettings, proxies: Sequence[Network], *, is_loopback: bool = True) -> None:
        self._security, self._proxies, self._is_loopback = security, tuple(proxies), is_loopback

    def is_secure(self, scope: Scope) -> bool:
        """True over TLS, and where trusted proxies say that it was so all the way to them."""
        told = self._told(scope)
        return scope.get("scheme") == "https" if told is None else told

    def _told(self, scope: Scope) -> bool | None:
        """What a trusted proxy says; None where none does."""
        peer = (scope.get("client") or ("",))[0]
        if not self._proxies or not is_within(peer, self._proxies):
            return None
        values = [value for name, value in scope["headers"] if name == b"x-forwarded-proto"]
        hops = [hop.strip().lower() for value in values for hop in value.split(b",")]
        return all(hop == b"https" for hop in hops) if hops else None

    def refuse_plain(self, scope: Scope) -> None:
        """Raises Refused (403) for plain HTTP where the settings ask for HTTPS; load balancers may always look."""
        if not self._security.require_https or scope["path"] in OPEN_PATHS or self.is_secure(scope):
            return
        if self._is_loopback and self._told(scope) is None:
            return
        message = "HTTPS is required here: ask again with https://, and replace a key that was sent over plain HTTP."
        raise Refused(Failure(403, "HTTPS_REQUIRED", message))

    def headers(self, scope: Scope) -> Headers:
        """What an answer tells of the way it took: over TLS, that browsers are to come so from now on."""
        host = self._host(scope).partition(":")[0]
        return [HSTS] if host != "localhost" and self.is_secure(scope) else []

    def issuer(self, scope: Scope) -> str:
        """The address by which this server is known: of the settings, else as it was asked for."""
        if self._security.public_url:
            return self._security.public_url
        return f"{'https' if self.is_secure(scope) else 'http'}://{self._host(scope)}"

    def _host(self, scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name == b"host":
                host: str = value.decode("latin-1")
                return host if _HOST.fullmatch(host) else "invalid"
        return "localhost"
