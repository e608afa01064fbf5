"""The shapes around answers: ``success`` first, pages beside rows, refusals with an object of details.

Example::

    single_body({"id": "prod_1"})     # {'success': True, 'data': {'id': 'prod_1'}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from typing_extensions import TypedDict

from ambra_tui.api.failures import Failure
from ambra_tui.api.paging import total_pages

# This contract says warehouse for what the ledger calls a site, and product for what has a SKU.
_NOUNS = {"site": "warehouse", "variant": "product", "stock_movement": "movement", "stock_move": "movement"}

ERROR_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["success", "error"],
    "properties": {
        "success": {"type": "boolean", "const": False},
        "error": {
            "type": "object",
            "required": ["code", "message", "details", "request_id"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "details": {"type": "object", "additionalProperties": True},
                "retry_after": {"type": "integer", "description": "Seconds to wait"},
                "request_id": {"type": "string"},
            },
        },
    },
}


class PaginationView(TypedDict):
    """Where a page stands in its list."""

    page: int
    limit: int
    total: int
    pages: int
    has_next: bool
    has_prev: bool


def single_body(content: Any) -> dict[str, Any]:
    """One object's envelope."""
    return {"success": True, "data": content}


def list_body(rows: Any, page: int, limit: int, total: int) -> dict[str, Any]:
    """A list's envelope."""
    return {"success": True, "data": rows, "pagination": pagination(page, limit, total)}


def pagination(page: int, limit: int, total: int) -> PaginationView:
    """Where a page stands."""
    pages = total_pages(total, limit)
    return {
        "page": page,
        "limit": limit,
        "total": total,
        "pages": pages,
        "has_next": page < pages,
        "has_prev": page > 1 and total > 0,
    }


def error_body(failure: Failure, request_id: str) -> dict[str, Any]:
    """A refusal's envelope. `details`: the ids that were not found, else field -> what is wrong with it; what else is
    known of each stands under `items`."""
    error: dict[str, Any] = {"code": failure.code, "message": failure.message, "details": _details(failure)}
    wait = failure.headers.get("Retry-After", "")
    if wait.isdecimal():
        error["retry_after"] = int(wait)
    return {"success": False, "error": {**error, "request_id": request_id}}


def _details(failure: Failure) -> dict[str, Any]:
    details: dict[str, Any] = dict(failure.named) or {
        str(detail["field"]): detail["message"] for detail in reversed(failure.details)
    }
    items = [dict(detail) for detail in failure.details if set(detail) > {"field", "message"}]
    return {**details, "items": items} if items else details


def adapt(failure: Failure) -> Failure:
    """`failure` in this contract's words and statuses."""
    if failure.status == 415:
        return replace(failure, status=400, code="INVALID_REQUEST")
    resource = failure.code.removesuffix("_NOT_FOUND").lower()
    if not failure.code.endswith("_NOT_FOUND") or resource not in _NOUNS:
        return failure
    noun = _NOUNS[resource]
    label = resource.replace("_", " ").capitalize()
    message = failure.message.replace(f"{label} with ID", f"{noun.capitalize()} with ID", 1)
    return replace(
        failure,
        code=f"{noun.upper()}_NOT_FOUND",
        message=message,
        details=tuple({**detail, "message": message} for detail in failure.details),
        named={f"{noun}_id": key for key in failure.named.values()},
    )
