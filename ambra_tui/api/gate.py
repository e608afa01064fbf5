"""Where every request of an edition passes: whose key it is, from which address, how much of its hour is left.

A key that is right is counted, whatever then comes of the request, and the answer tells where it stands. Who comes
without a right key is counted by address, in this process, and never at the cost of a key.

Example::

    gate = Gate(store, errors.edition_at, trusted_proxies=("10.0.0.1",))
    delay = gate.enter(request)          # raises 401, 403, 429
    response.raw_headers += standing_headers(request.scope)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_network

from starlette.requests import Request
from starlette.types import Scope

from ambra_tui.api.edition import Edition
from ambra_tui.api.failures import Failure, Refused
from ambra_tui.api.requests import secret_of
from ambra_tui.errors import Invalid, Unauthenticated
from ambra_tui.services.access import Principal, Standing, admit, checked_networks, is_known, is_within, read_address
from ambra_tui.services.access.networks import Network, read_networks
from ambra_tui.store import Store

STRANGERS_A_MINUTE = 600
"""Requests without a right key that an address may make in a minute; more are refused without looking at their key."""
MAX_ADDRESSES = 10_000
_MINUTE_SECONDS = 60
_NETWORK_BITS = 64  # of IPv6: one customer's
_FORWARDED = b"x-forwarded-for"
Headers = list[tuple[bytes, bytes]]


class Strangers:
    """Counts requests without a right key by address, minute by minute."""

    def __init__(self) -> None:
        self._minute = 0
        self._seen: dict[str, int] = {}
        self._lock = threading.Lock()

    def count(self, address: str, now: int) -> None:
        """One more from this address."""
        with self._lock:
            self._begin(now)
            if len(self._seen) < MAX_ADDRESSES or address in self._seen:
                self._seen[address] = self._seen.get(address, 0) + 1

    def is_full(self, address: str, now: int) -> bool:
        """True when the address has had its number in this minute."""
        with self._lock:
            self._begin(now)
            return self._seen.get(address, 0) >= STRANGERS_A_MINUTE

    def _begin(self, now: int) -> None:
        if now // _MINUTE_SECONDS != self._minute:
            self._minute = now // _MINUTE_SECONDS
            self._seen.clear()


class Gate:
    """Lets requests in. `trusted_proxies`: addresses and networks whose ``X-Forwarded-For`` is believed."""

    def __init__(
        self, store: Store, edition_at: Callable[[str], Edition | None], *, trusted_proxies: Sequence[str] = ()
    ) -> None:
        self._store, self._edition_at = store, edition_at
        self._proxies = _networks(trusted_proxies)
        self._strangers = Strangers()

    def enter(self, request: Request) -> float:
        """Notes in the request's state whose it is, and answers the seconds that it is to be served late.

        A request without a key passes, for its operation to refuse. Raises Unauthenticated for a wrong key, NotAllowed
        for a key at a wrong address, Refused (429) for a key or a stranger that asked too much.
        """
        scope, edition = request.scope, self._edition_at(request.scope["path"])
        state = scope["state"]
        state["address"] = address = self.address_of(scope)
        if edition is None:
            return 0.0
        secret = _sent(request)
        now = int(self._store.clock.now().timestamp())
        group = group_of(address)
        if self._strangers.is_full(group, now) and not (secret and is_known(secret)):
            raise _too_many(_MINUTE_SECONDS - now % _MINUTE_SECONDS, "Too many requests without a right API key.")
        if not secret:
            return 0.0
        principal, standing = admit(self._store, secret, address=address, rule=edition.limit_rule)
        state["principal"], state["key_id"] = principal, principal.key_id
        state["standing"] = _told(standing)
        if standing.retry_after:
            raise _too_many(standing.retry_after, "Rate limit exceeded.")
        return standing.late_seconds

    @property
    def proxies(self) -> tuple[Network, ...]:
        """The proxies that are believed."""
        return self._proxies

    def refuse_crowd(self, request: Request) -> None:
        """Outside the editions: raises Refused (429) for an address that had its number of refusals in this minute."""
        now = int(self._store.clock.now().timestamp())
        if self._strangers.is_full(group_of(request.scope["state"]["address"]), now):
            raise _too_many(_MINUTE_SECONDS - now % _MINUTE_SECONDS, "Too many requests that were refused.")

    def admit(self, request: Request, secret: str) -> Principal:
        """Outside the editions: whose key it is, with this request counted as in `enter`."""
        state = request.scope["state"]
        principal, standing = admit(self._store, secret, address=state["address"])
        state["principal"], state["key_id"] = principal, principal.key_id
        state["standing"] = _told(standing)
        if standing.retry_after:
            raise _too_many(standing.retry_after, "Rate limit exceeded.")
        return principal

    def note_refusal(self, scope: Scope, status: int) -> None:
        """Counts an answer to somebody without a right key."""
        if status == 401:
            group = group_of(scope["state"].get("address", ""))
            self._strangers.count(group, int(self._store.clock.now().timestamp()))

    def address_of(self, scope: Scope) -> str:
        """Where a request comes from: the peer, or what trusted proxies say of the one before them."""
        address: str = (scope.get("client") or ("",))[0]
        if not self._proxies or not is_within(address, self._proxies):
            return address
        hops = [hop for name, value in scope["headers"] if name == _FORWARDED for hop in value.split(b",")]
        for hop in reversed(hops):
            found = read_address(_without_port(hop.decode("latin-1").strip()))
            if found is None:
                return address
            address = str(found)
            if not is_within(address, self._proxies):
                return address
        return address


def _networks(texts: Sequence[str]) -> tuple[Network, ...]:
    try:
        return read_networks(checked_networks(texts))
    except Invalid as error:
        raise Invalid(f"AMBRA_TRUSTED_PROXIES: {error.message}") from error


def principal_of(request: Request) -> Principal:
    """Whose request it is. Raises Unauthenticated for a request without a key."""
    principal: Principal | None = request.scope["state"].get("principal")
    if principal is None:
        secret_of(request)
        raise Unauthenticated("Send an API key: 'Authorization: Bearer <key>'")
    return principal


def standing_headers(scope: Scope) -> Headers:
    """What an answer tells of the key's limits; nothing where no key was counted."""
    headers: Headers = scope["state"].get("standing", [])
    return headers


def _sent(request: Request) -> str:
    """The key that was sent; empty for none, and for what its operation refuses because it cannot be one."""
    if not any(name in (b"authorization", b"x-api-key") for name, _ in request.scope["headers"]):
        return ""
    try:
        return secret_of(request)
    except Unauthenticated:
        return ""


def _too_many(seconds: int, what: str) -> Refused:
    message = f"{what} Try again in {seconds} seconds."
    return Refused(Failure(429, "RATE_LIMIT_EXCEEDED", message, headers={"Retry-After": str(seconds)}))


def _told(standing: Standing) -> Headers:
    first = standing.windows[0]
    policy = ", ".join(f'"{window.name}";q={window.limit};w={window.seconds}' for window in standing.windows)
    left = ", ".join(
        f'"{window.name}";r={window.remaining};t={window.resets_at - standing.now}' for window in standing.windows
    )
    return [
        (b"x-ratelimit-limit", b"%d" % first.limit),
        (b"x-ratelimit-remaining", b"%d" % first.remaining),
        (b"x-ratelimit-reset", b"%d" % first.resets_at),
        (b"ratelimit-policy", policy.encode()),
        (b"ratelimit", left.encode()),
    ]


def group_of(address: str) -> str:
    """Who is counted together: an IPv4 address, the network of an IPv6 one."""
    found = read_address(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((int(found), _NETWORK_BITS), strict=False))
    return address


def _without_port(hop: str) -> str:
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
