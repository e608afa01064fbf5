"""What of a JSON value may stay when a person's words go.

Example::

    bare({"name": "Jane", "order_id": "ord_01K...", "total": 5})    # {'name': '', 'order_id': 'ord_01K...', 'total': 5}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_KEPT = re.compile(r"[a-z]{2,5}_[0-9A-HJKMNP-TV-Z]{26}|\d{4}-\d\d-\d\d(T[\d:.]+Z)?")
"""Ids and moments."""
TOLD = frozenset({"number", "status", "payment_status", "fulfillment_status", "currency", "type", "object"})
"""Names under which no person's words stand."""
PERSONAL = frozenset({"customer", "receiver", "recipient", "ship_to", "address", "email", "phone", "company"})
REGION = ("country", "state")


def bare(value: Any, name: str = "") -> Any:
    """`value` with its numbers, ids and moments, and without any other text."""
    if isinstance(value, dict):
        return {key: bare(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [bare(inner, name) for inner in value]
    if isinstance(value, str) and name not in TOLD and not _KEPT.fullmatch(value):
        return ""
    return value


def impersonal(value: Any) -> Any:
    """`value` without what stands under names of persons and addresses."""
    if isinstance(value, dict):
        return {key: None if key in PERSONAL else impersonal(inner) for key, inner in value.items()}
    return [impersonal(inner) for inner in value] if isinstance(value, list) else value


def region_of(address: Mapping[str, Any]) -> dict[str, Any]:
    """The country and state of an address, which figures are added up by."""
    return {name: address[name] for name in REGION if address.get(name)}
