"""Whether a webhook was sent by the server that knows the secret.

Two signatures come with every delivery. `X-Webhook-Signature` is the hex HMAC-SHA256 of the body. The Standard Webhooks
headers (`webhook-id`, `webhook-timestamp`, `webhook-signature`) also sign the id and the time, so that a delivery that
somebody kept cannot be sent again later.

Example::

    verify_webhook(body, headers["X-Webhook-Signature"], secret)     # True
    verify_standard_webhook(body, headers, secret)                   # True, within five minutes
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping

SIGNATURE_HEADER = "x-webhook-signature"
TOLERANCE_SECONDS = 300
_SECRET_PREFIX = "whsec_"  # noqa: S105  # the form of secrets, none itself


def verify_webhook(payload: bytes | str, signature: str, secret: str) -> bool:
    """True when `signature`, lower-case hex, is the HMAC-SHA256 of the raw body; compared in constant time."""
    expected = hmac.new(secret.encode(), _bytes(payload), hashlib.sha256).hexdigest()
    return _same(expected, signature)


def verify_standard_webhook(
    payload: bytes | str,
    headers: Mapping[str, str],
    secret: str,
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> bool:
    """True when one of the signatures in `webhook-signature` fits body, id and time, and the time is not more than
    `tolerance_seconds` from `now` (Unix time; the clock's)."""
    named = lower_case(headers)
    identity, moment, given = (named.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature"))
    if not moment.isascii() or not moment.isdigit():
        return False
    if abs((time.time() if now is None else now) - int(moment)) > tolerance_seconds:
        return False
    signed = f"{identity}.{moment}.".encode() + _bytes(payload)
    digest = base64.b64encode(hmac.new(_standard_key(secret), signed, hashlib.sha256).digest()).decode()
    return any(_same(f"v1,{digest}", one) for one in given.split())


def lower_case(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers by their names in lower case."""
    return {name.lower(): headers[name] for name in headers}


def _standard_key(secret: str) -> bytes:
    """A secret of the form ``whsec_<base64>`` is those bytes; any other is its own text."""
    if not secret.startswith(_SECRET_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def _bytes(payload: bytes | str) -> bytes:
    return payload.encode() if isinstance(payload, str) else payload
