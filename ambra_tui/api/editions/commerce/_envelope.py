"""The shapes around answers: bare objects, pages beside rows, refusals with seven codes and a list of details.

Example::

    error_body(failure, "req_1")   # {'error': {'code': 'not_found', 'message': ..., 'details': [...], ...}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NotRequired

from typing_extensions import TypedDict

from ambra_tui.api.failures import Failure
from ambra_tui.api.paging import total_pages

# This contract says warehouse for what the ledger calls a site.
_NOUNS = {"Site": "Warehouse"}
# What the house refuses with 412, 415 or 422 and this contract counts among the conflicts or the bad requests.
_STATUSES = {
    "PRECONDITION_FAILED": 409,
    "INVALID_STATE": 409,
    "IN_USE": 409,
    "CONFLICT": 409,
    "INSUFFICIENT_STOCK": 409,
}
_CODES = {
    401: "authentication_error",
    403: "authorization_error",
    404: "not_found",
    409: "conflict",
    429: "rate_limit_exceeded",
    500: "server_error",
    503: "server_error",
}
VALIDATION_ERROR = "validation_error"

ERROR_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "details", "request_id"],
            "properties": {
                "code": {"type": "string", "enum": sorted({*_CODES.values(), VALIDATION_ERROR})},
                "message": {"type": "string"},
                "details": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["field", "message"],
                        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                        "additionalProperties": True,
                    },
                },
                "request_id": {"type": "string"},
            },
        },
    },
}


class PaginationView(TypedDict):
    """Where a page stands in its list. By `cursor` nothing is counted: `limit`, `next_cursor` and `has_more` alone are
    there. `next_cursor` goes on behind this page, whichever way it was reached; null on the last one and where a list
    has no cursors."""

    page: NotRequired[int]
    limit: int
    total_pages: NotRequired[int]
    total_items: NotRequired[int]
    has_next: NotRequired[bool]
    has_previous: NotRequired[bool]
    next_cursor: str | None
    has_more: bool


def list_body(rows: Any, page: int, limit: int, total: int) -> dict[str, Any]:
    """A list's envelope."""
    return {"data": rows, "pagination": pagination(page, limit, total)}


def pagination(page: int, limit: int, total: int, next_cursor: str | None = None) -> PaginationView:
    """Where a page stands that was asked for by its number."""
    pages = total_pages(total, limit)
    return {
        "page": page,
        "limit": limit,
        "total_pages": pages,
        "total_items": total,
        "has_next": page < pages,
        "has_previous": page > 1 and total > 0,
        "next_cursor": next_cursor,
        "has_more": page < pages,
    }


def error_body(failure: Failure, request_id: str) -> dict[str, Any]:
    """A refusal's envelope."""
    return {
        "error": {
            "code": failure.code,
            "message": failure.message,
            "details": [dict(detail) for detail in failure.details],
            "request_id": request_id,
        }
    }


def adapt(failure: Failure) -> Failure:
    """`failure` in this contract's words and statuses."""
    status = 409 if failure.is_taken else _STATUSES.get(failure.code, failure.status)
    status = {412: 409, 415: 400}.get(status, status)
    details, message = failure.details, failure.message
    if failure.code in ("IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_CONFLICT"):
        details = ({"field": "Idempotency-Key", "message": message},)
    for ours, theirs in _NOUNS.items():
        if status == 404 and message.startswith(f"{ours} with ID"):
            message = theirs + message.removeprefix(ours)
            named = {"field": f"{theirs.lower()}_id", "message": message}
            details = tuple(named for _ in details)
    code = _CODES.get(status, VALIDATION_ERROR)
    return replace(failure, status=status, code=code, message=message, details=details)
