"""The shapes around answers: ``{data, meta}`` for lists, ``{error}`` for refusals in this contract's words.

Example::

    list_body([], 1, 25, 0)   # {'data': [], 'meta': {'page': 1, 'per_page': 25, 'total': 0, 'total_pages': 0}}
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ambra_tui.api.failures import Failure
from ambra_tui.api.paging import total_pages

# This contract says location for what the ledger calls a site, and order for a sales order.
_WORDS = {"SITE_NOT_FOUND": "LOCATION_NOT_FOUND", "SALES_ORDER_NOT_FOUND": "ORDER_NOT_FOUND"}


def list_body(rows: Any, page: int, per_page: int, total: int) -> Any:
    """A list's envelope."""
    return {
        "data": rows,
        "meta": {"page": page, "per_page": per_page, "total": total, "total_pages": total_pages(total, per_page)},
    }


def adapt(failure: Failure) -> Failure:
    """`failure` in this contract's words."""
    if failure.code not in _WORDS:
        return failure
    code = _WORDS[failure.code]
    ours, theirs = _noun(failure.code), _noun(code)
    message = failure.message.replace(f"{ours} with", f"{theirs} with", 1)
    return replace(
        failure, code=code, message=message, details=({"field": f"{theirs.lower()}_id", "message": message},)
    )


def _noun(code: str) -> str:
    return code.removesuffix("_NOT_FOUND").replace("_", " ").capitalize()
