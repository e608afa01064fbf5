"""Where events may be sent: http and https addresses of the open internet, and of networks that the operator named.

A name is resolved once and every address it has is judged; the connection then goes to an address that was judged.
Link-local and metadata addresses are never allowed, loopback and private ones inside `AMBRA_WEBHOOK_ALLOWED_NETWORKS`.

Example::

    target = parse_target("https://erp.example.com/hooks")
    allowed_addresses(["203.0.113.7"], networks=())     # raises Invalid for one that must not be reached
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from dataclasses import dataclass
from threading import Thread
from urllib.parse import urlsplit

from ambra_tui.errors import Invalid
from ambra_tui.kit.text import has_control
from ambra_tui.settings import Network, WebhookSettings

MAX_URL = 2_000
RESOLVE_SECONDS = 2.0
DEFAULT_PORTS = {"http": 80, "https": 443}
# Ports that browsers refuse too: a request there would be read by something that is no web server; and databases.
BAD_PORTS = frozenset(
    (0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
     110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 445, 465, 512, 513, 514, 515, 526, 530,
     531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 2375, 2376, 3306,
     3659, 4045, 4190, 5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080, 11211,
     27017)
)  # fmt: skip
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


# No setting opens these: link-local and the metadata services of clouds, what is no single host, what is reserved.
NEVER = _networks(
    "0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24",
    "224.0.0.0/4", "240.0.0.0/4", "::/128", "fe80::/10", "fec0::/10", "ff00::/8", "fd00:ec2::/32", "100::/64",
)  # fmt: skip
# Not the open internet: these need a network of the operator's list.
PRIVATE = _networks(
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "::1/128", "fc00::/7", "2001:db8::/32", "3fff::/20",
)  # fmt: skip
OPEN_IPV6 = ipaddress.IPv6Network("2000::/3")
NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
COMPATIBLE = ipaddress.IPv6Network("::/96")
UNREACHABLE = "this address may not be reached"


@dataclass(frozen=True, slots=True)
class Target:
    """A receiver's URL in parts. `host`: a name or an address, without brackets."""

    url: str
    scheme: str
    host: str
    port: int


def parse_target(url: str) -> Target:
    """The parts of `url`. Raises Invalid, field ``url``, for what can never be a receiver."""
    if not url or len(url) > MAX_URL:
        raise _refused(f"has 1 to {MAX_URL} characters")
    if has_control(url) or any(character.isspace() for character in url) or "\\" in url:
        raise _refused("holds a blank, a backslash or a control character")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise _refused("cannot be read") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise _refused("starts with https:// or http://")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise _refused("carries a name or password; put none into it")
    if not host or "%" in host:
        raise _refused("names no host")
    if parts.fragment:
        raise _refused("ends in a fragment (#), which is never sent")
    if port in BAD_PORTS:
        raise _refused(f"names port {port}, which is no web server's")
    try:
        name = host if ":" in host else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise _refused("names no host that can be looked up") from None
    return Target(url, parts.scheme, name, port or DEFAULT_PORTS[parts.scheme])


def _refused(why: str) -> Invalid:
    return Invalid(f"the URL of a webhook {why}", field="url")


def judged(text: str, networks: Sequence[Network]) -> Address:
    """The address `text`, and each that it stands for, allowed. Raises Invalid."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        raise _unreachable() from None
    for each in (address, *_embedded(address)):
        if any(_holds(network, each) for network in NEVER):
            raise _unreachable()
    inner = _embedded(address)
    reached = inner[0] if inner else address
    if _is_open(reached) or any(_holds(network, each) for network in networks for each in (address, *inner)):
        return address
    raise _unreachable()


def _unreachable() -> Invalid:
    return Invalid(
        f"{UNREACHABLE}: it is loopback, private or reserved. For a receiver on your own network, the operator of this "
        "server names that network in AMBRA_WEBHOOK_ALLOWED_NETWORKS",
        field="url",
    )


def _holds(network: Network, address: Address) -> bool:
    return network.version == address.version and address in network


def _is_open(address: Address) -> bool:
    if any(_holds(network, address) for network in PRIVATE):
        return False
    return address.version == 4 or address in OPEN_IPV6


def _embedded(address: Address) -> tuple[Address, ...]:
    """The IPv4 address that an IPv6 one leads to: mapped, compatible, 6to4, Teredo, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return (address.teredo[1], address.teredo[0])
    if any(address in network for network in NAT64) or (address in COMPATIBLE and int(address) > 1):
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    return ()


def allowed_addresses(found: Iterable[str], networks: Sequence[Network]) -> list[str]:
    """The addresses of a name, each once. Raises Invalid when any of them, or there being none, forbids the name."""
    addresses = [str(judged(text, networks)) for text in dict.fromkeys(found)]
    if not addresses:
        raise Invalid("the host of this URL has no address", field="url")
    return addresses


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host. Raises OSError when it has none."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def check_target(url: str, *, settings: WebhookSettings | None = None) -> None:
    """Refuses a URL that leads where nothing may be sent. Takes up to two seconds: never inside a transaction.

    A name that cannot be looked up now is let through, for it is judged again at every attempt, which then fails.
    """
    target = parse_target(url)
    networks = (settings or WebhookSettings.from_environment()).allowed_networks
    found = _resolved_soon(target)
    if found:
        allowed_addresses(found, networks)


def _resolved_soon(target: Target) -> list[str]:
    answer: Future[list[str]] = Future()

    def look() -> None:
        try:
            answer.set_result(resolve(target.host, target.port))
        except (OSError, UnicodeError):
            answer.set_result([])

    Thread(target=look, name="ambra-resolve", daemon=True).start()
    try:
        return answer.result(RESOLVE_SECONDS)
    except NoAnswer:
        return []
