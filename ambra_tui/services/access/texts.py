"""The text of an API key: what it is for, a public part, a secret part of 256 random bits, and a checksum.

``ambra_live_Zk3v9x2a_`` and 49 more letters and digits; the last six are a checksum of all before, so that a scanner of
repositories knows a real key from a lookalike, and a mistyped one never reaches the store. Keys of the first release
have 43 without a checksum, and work on.

What OAuth gives out looks alike, with the kind named and a longer public part: ``ambra_oat_...``, ``test_oat_...``.

Example::

    prefix, text = new_text(is_sandbox=False)
    prefix_of(text) == prefix   # True
    new_oauth_text(ACCESS, is_sandbox=True)[1]   # 'test_oat_...'
"""

from __future__ import annotations

import re
import secrets
import string
import zlib

LIVE_PREFIX, SANDBOX_PREFIX = "ambra_live_", "test_"
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_PUBLIC_LENGTH, _SECRET_LENGTH, _CHECK_LENGTH = 8, 43, 6
_TEXT = re.compile(r"((?:ambra_live|test)_[A-Za-z0-9]{8})_[A-Za-z0-9]{43}([A-Za-z0-9]{6})?")
ACCESS, REFRESH, CODE, CLIENT_SECRET = "oat", "ort", "oac", "ocs"
_OAUTH_HOMES, _OAUTH_PUBLIC_LENGTH = ("ambra_", "test_"), 12
_OAUTH_TEXT = re.compile(r"((?:ambra|test)_(oat|ort|oac|ocs)_[A-Za-z0-9]{12})_[A-Za-z0-9]{43}([A-Za-z0-9]{6})")


def new_text(*, is_sandbox: bool) -> tuple[str, str]:
    """The public part of a new key, and the whole of it."""
    prefix = (SANDBOX_PREFIX if is_sandbox else LIVE_PREFIX) + _random(_PUBLIC_LENGTH)
    body = f"{prefix}_{_random(_SECRET_LENGTH)}"
    return prefix, body + checksum(body)


def prefix_of(text: str) -> str:
    """The public part of a key, or empty for what cannot be one."""
    shape = _TEXT.fullmatch(text)
    if shape is None or (shape[2] and checksum(text[:-_CHECK_LENGTH]) != shape[2]):
        return ""
    return shape[1]


def new_oauth_text(kind: str, *, is_sandbox: bool) -> tuple[str, str]:
    """The public part of a new token, code or secret of OAuth, and the whole of it."""
    prefix = f"{_OAUTH_HOMES[is_sandbox]}{kind}_{_random(_OAUTH_PUBLIC_LENGTH)}"
    body = f"{prefix}_{_random(_SECRET_LENGTH)}"
    return prefix, body + checksum(body)


def oauth_prefix_of(text: str, kind: str) -> str:
    """The public part of a text of OAuth of this kind, or empty for what cannot be one."""
    shape = _OAUTH_TEXT.fullmatch(text)
    if shape is None or shape[2] != kind or checksum(text[:-_CHECK_LENGTH]) != shape[3]:
        return ""
    return shape[1]


def checksum(body: str) -> str:
    """CRC-32 of the text before it, in six digits of base 62 (0-9, A-Z, a-z)."""
    value, digits = zlib.crc32(body.encode()), ""
    for _ in range(_CHECK_LENGTH):
        value, digit = divmod(value, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
