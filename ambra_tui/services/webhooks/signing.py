"""Signatures of what is sent: the bare hex of the documents, and the three headers of Standard Webhooks.

A secret made here is ``whsec_`` and base64. The hex is keyed with the whole text as UTF-8; Standard Webhooks with the
bytes that the base64 stands for. A secret that a person chose has a second spelling for the latter (`standard_secret`).

Example::

    signed_headers(body, event_id="evt_1", sent_at=now, secrets=["whsec_..."])
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets as random
from collections.abc import Mapping, Sequence
from datetime import datetime

PREFIX = "whsec_"
SECRET_BYTES = 32
SIGNATURE, PREVIOUS_SIGNATURE = "X-Webhook-Signature", "X-Webhook-Signature-Previous"


def new_secret() -> str:
    """A fresh secret of 256 random bits."""
    return PREFIX + base64.b64encode(random.token_bytes(SECRET_BYTES)).decode()


def standard_secret(secret: str) -> str:
    """How a library of Standard Webhooks wants to hear the secret: itself, or for a chosen text its base64."""
    return secret if _decoded(secret) is not None else PREFIX + base64.b64encode(secret.encode()).decode()


def _decoded(secret: str) -> bytes | None:
    """The bytes of a secret that is already in the form of Standard Webhooks."""
    if not secret.startswith(PREFIX):
        return None
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def hex_signature(body: bytes, secret: str) -> str:
    """64 lower-case hex digits: HMAC-SHA256 of the raw body, keyed with the secret's text."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def standard_signature(body: bytes, secret: str, *, event_id: str, seconds: int) -> str:
    """``v1,`` and the base64 of HMAC-SHA256 over id, moment and body."""
    key = _decoded(secret) or secret.encode()
    digest = hmac.new(key, f"{event_id}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def signed_headers(body: bytes, *, event_id: str, sent_at: datetime, secrets: Sequence[str]) -> Mapping[str, str]:
    """The headers of one attempt. `secrets`: the present one, then the previous one while both are good."""
    seconds = int(sent_at.timestamp())
    signatures = [standard_signature(body, secret, event_id=event_id, seconds=seconds) for secret in secrets]
    headers = {
        SIGNATURE: hex_signature(body, secrets[0]),
        "webhook-id": event_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(signatures),
    }
    for previous in secrets[1:]:
        headers[PREVIOUS_SIGNATURE] = hex_signature(body, previous)
    return headers
