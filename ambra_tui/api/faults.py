"""Refusals that a client of a sandbox orders, to see how it takes them: ``X-Sandbox-Fault: 503``.

Example::

    curl -H "Authorization: Bearer test_..." -H "X-Sandbox-Fault: 429" http://127.0.0.1:8080/v1/products
"""

from __future__ import annotations

from ambra_tui.api.failures import INTERNAL, UNAVAILABLE, Failure, Refused, refused

FAULT_HEADER = "x-sandbox-fault"
_WAIT = {"Retry-After": "1"}
FAULTS = {
    "401": Failure(401, "INVALID_API_KEY", "Asked for: the key is refused.", headers={"WWW-Authenticate": "Bearer"}),
    "403": Failure(403, "INSUFFICIENT_PERMISSIONS", "Asked for: the key may not do this."),
    "404": Failure(404, "NOT_FOUND", "Asked for: there is nothing at this path."),
    "422": Failure(422, "VALIDATION_ERROR", "Asked for: the request is refused."),
    "429": Failure(
        429, "RATE_LIMIT_EXCEEDED", "Asked for: rate limit exceeded. Try again in 1 seconds.", headers=_WAIT
    ),
    "500": INTERNAL,
    "503": UNAVAILABLE,
}


def refuse_as_asked(value: str | None) -> None:
    """Raises the refusal that the header's `value` orders; without one, nothing. Nothing was done then."""
    if value is None:
        return
    fault = FAULTS.get(value.strip())
    if fault is None:
        raise refused(400, "INVALID_REQUEST", f"X-Sandbox-Fault takes one of {', '.join(FAULTS)}")
    raise Refused(fault)
