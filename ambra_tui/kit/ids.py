"""Opaque identifiers: a prefix of the field and a ULID (https://github.com/ulid/spec), or a digest of a key.

Example::

    new_id("prod")            # 'prod_01KAB3...'
    derived_id("mov", "7", "count-12")   # the same text for the same parts, always
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32: no I, L, O, U
_PAIRS = [high + low for high in ALPHABET for low in ALPHABET]
_PAIR_SHIFTS = range(120, -1, -10)
_lock = threading.Lock()
_last = 0


def _encode(value: int) -> str:
    return "".join([_PAIRS[(value >> shift) & 1023] for shift in _PAIR_SHIFTS])


def new_ulid() -> str:
    """26 characters, 48 bits of time and 80 random ones, rising within this process."""
    global _last
    with _lock:
        value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
        _last = value if value > _last else _last + 1
        return _encode(_last)


def new_id(prefix: str) -> str:
    """A fresh identifier such as ``prod_01KAB3ZC...``."""
    return f"{prefix}_{new_ulid()}"


def derived_id(prefix: str, *parts: str) -> str:
    """The identifier that belongs to `parts`: equal parts give the equal identifier (128-bit BLAKE2b)."""
    digest = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).digest()
    value = int.from_bytes(digest, "big") << 2  # 130 bits are 13 pairs of five
    return prefix + "_" + "".join([_PAIRS[(value >> shift) & 1023] for shift in _PAIR_SHIFTS])
