"""Strong entity tags: the digest of the representation's bytes.

Example::

    matches('"abc", "def"', '"def"')   # True
"""

from __future__ import annotations

import hashlib


def etag_of(representation: bytes) -> str:
    """The strong tag of these bytes, in quotes."""
    return f'"{hashlib.sha256(representation).hexdigest()[:32]}"'


def matches(header: str, etag: str, *, weak: bool = False) -> bool:
    """True when a list of tags (or ``*``) names `etag`. `weak`: as If-None-Match compares, ignoring ``W/``."""
    named = [tag.strip() for tag in header.split(",")]
    if weak:
        named = [tag.removeprefix("W/") for tag in named]
    return "*" in named or etag in named
