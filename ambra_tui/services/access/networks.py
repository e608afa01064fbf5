"""Networks that a key may be used from, and addresses inside them. IPv4 written as IPv6 is IPv4.

Example::

    networks = read_networks(checked_networks(["10.0.0.0/8", "2001:db8::7"]))
    is_within("::ffff:10.1.2.3", networks)   # True
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from ambra_tui.errors import Invalid

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
MAX_NETWORKS = 50
_MAPPED_BITS = 96


def checked_networks(texts: Iterable[str], *, field: str = "allowed_ips") -> list[str]:
    """The networks as they are kept: each once, an address alone with its full length. Raises Invalid."""
    found: dict[str, None] = {}
    for text in texts:
        try:
            found[str(_plain(ip_network(text.strip(), strict=False)))] = None
        except ValueError:
            raise Invalid(
                f"'{text[:60]}' is no address or network: write 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32", field=field
            ) from None
    if len(found) > MAX_NETWORKS:
        raise Invalid(f"a key has at most {MAX_NETWORKS} networks", field=field)
    return list(found)


def read_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks that were checked before."""
    return tuple(ip_network(text) for text in texts)


@lru_cache(maxsize=4096)
def read_address(text: str) -> Address | None:
    """The address, or None for what is none."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_within(text: str, networks: Sequence[Network]) -> bool:
    """True when the address lies in one of the networks."""
    address = read_address(text)
    return address is not None and any(address in network for network in networks)


def _plain(network: Network) -> Network:
    if isinstance(network, IPv6Network) and network.prefixlen >= _MAPPED_BITS:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))
    return network
