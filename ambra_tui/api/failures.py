"""Refusals in HTTP terms: one table from the error tree to status and code; editions spell the answer.

Example::

    failure_of(NotFound("order", "ord_1"))   # Failure(status=404, code='ORDER_NOT_FOUND', ...)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError

from ambra_tui.errors import (
    AmbraError,
    Conflict,
    Duplicate,
    InsufficientStock,
    InUse,
    Invalid,
    KeyReused,
    NotAllowed,
    NotFound,
    ReadOnlySite,
    Stale,
    Unauthenticated,
    Unavailable,
    WrongState,
)
from ambra_tui.kit.quantity import show, to_json
from ambra_tui.kit.text import printable

MAX_DETAILS = 50


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, ready for an edition's envelope. `details`: ``{"field", "message"}`` and what else helps.
    `is_query`: a query parameter was wrong, `is_taken`: a name is another's already; editions have statuses of their
    own for these. `named`: the ids that the failure is about."""

    status: int
    code: str
    message: str
    details: tuple[Mapping[str, Any], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    is_query: bool = False
    named: Mapping[str, str] = field(default_factory=dict)
    is_taken: bool = False


def plain_body(failure: Failure, request_id: str) -> dict[str, Any]:
    """``{"error": {code, message, details, request_id}}``: the shape outside every edition, and of most of them."""
    return {
        "error": {
            "code": failure.code,
            "message": failure.message,
            "details": list(failure.details),
            "request_id": request_id,
        }
    }


class Refused(Exception):
    """The request itself is refused: too large, not JSON, too slow. Carries its `failure`."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class InvalidQuery(Invalid):
    """A query parameter that can never be right."""


class ModuleOff(NotAllowed):
    """The organization has not switched on the module that this part belongs to."""

    def __init__(self, module: str) -> None:
        super().__init__(f"The {module} module is not enabled for this organization", details={"module": module})


def refused(status: int, code: str, message: str, **headers: str) -> Refused:
    """A refusal; header names are given with underscores."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return Refused(Failure(status, code, message, headers=named))


INTERNAL = Failure(500, "INTERNAL_ERROR", "Something broke on our side; nothing was saved. Try again.")
UNAVAILABLE = Failure(
    503,
    "SERVICE_UNAVAILABLE",
    "The store cannot answer now; nothing was saved. Try again.",
    headers={"Retry-After": "1"},
)

# The first type that fits decides, so that special kinds stand above their parents.
_KINDS: tuple[tuple[type[AmbraError], int, str], ...] = (
    (KeyReused, 422, "IDEMPOTENCY_KEY_REUSED"),
    (Stale, 412, "PRECONDITION_FAILED"),
    (WrongState, 422, "INVALID_STATE"),
    (InUse, 422, "IN_USE"),
    (Duplicate, 422, "VALIDATION_ERROR"),
    (Conflict, 422, "CONFLICT"),
    (InsufficientStock, 422, "INSUFFICIENT_STOCK"),
    (Invalid, 422, "VALIDATION_ERROR"),
    (ModuleOff, 403, "MODULE_NOT_ENABLED"),
    (ReadOnlySite, 403, "READONLY_WAREHOUSE"),
    (NotAllowed, 403, "INSUFFICIENT_PERMISSIONS"),
    (Unauthenticated, 401, "INVALID_API_KEY"),
    (Unavailable, 503, "SERVICE_UNAVAILABLE"),
)


def failure_of(error: Exception) -> Failure:
    """The failure that tells of `error`; anything unknown is an internal error without its text."""
    if isinstance(error, Refused):
        return error.failure
    if isinstance(error, NotFound):
        return _not_found(error)
    if isinstance(error, AmbraError):
        return _known(error)
    if isinstance(error, IntegrityError):
        return Failure(422, "CONFLICT", "Another request made the same record at this moment. Read it, then try again.")
    if isinstance(error, OperationalError | InterfaceError):
        return UNAVAILABLE
    return INTERNAL


def _not_found(error: NotFound) -> Failure:
    message = printable(error.message)
    return Failure(
        404, f"{error.resource.upper()}_NOT_FOUND", message, ({"field": error.field, "message": message},),
        named={f"{error.resource}_id": printable(error.key)},
    )  # fmt: skip


def _known(error: AmbraError) -> Failure:
    status, code = next((status, code) for kind, status, code in _KINDS if isinstance(error, kind))
    return Failure(
        status, code, printable(error.message), _details(error), _headers(status),
        is_query=isinstance(error, InvalidQuery), is_taken=isinstance(error, Duplicate),
    )  # fmt: skip


def _headers(status: int) -> Mapping[str, str]:
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return {"Retry-After": "1"} if status == 503 else {}


def _details(error: AmbraError) -> tuple[Mapping[str, Any], ...]:
    if isinstance(error, InsufficientStock):
        return tuple(
            {
                "field": shortage.field,
                "message": f"{shortage.sku}: {show(shortage.requested)} asked, {show(shortage.available)} available",
                "sku": shortage.sku,
                "variant_id": shortage.variant_id,
                "line_id": shortage.line_id,
                "requested": to_json(shortage.requested),
                "available": to_json(shortage.available),
            }
            for shortage in error.shortages[:MAX_DETAILS]
        )
    given = error.details.get("fields")
    if isinstance(given, list):
        return tuple(given[:MAX_DETAILS])
    return tuple(
        {"field": name, "message": printable(str(value))} for name, value in list(error.details.items())[:MAX_DETAILS]
    )
