"""What a call may raise; one tree::

    AmbraError
    ├── ConnectionFailed      no answer: refused, cut, timed out
    ├── UnexpectedAnswer      an answer that is not this API's: a page, a redirect, no JSON
    ├── InvalidRequest        400
    ├── Unauthenticated       401
    ├── NotAllowed            403
    ├── NotFound              404
    ├── Conflict              409
    ├── PreconditionFailed    412
    ├── ValidationFailed      422, `details` by field
    ├── RateLimited           429, `retry_after` in seconds
    ├── ServerFailed          5xx
    └── SignatureInvalid      a webhook that the server did not sign

Example::

    try:
        client.products.get("prod_123")
    except AmbraError as error:
        if error.code == "PRODUCT_NOT_FOUND": ...
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

IN_FLIGHT = "IDEMPOTENCY_CONFLICT"
KEY_HEADER = "Idempotency-Key"


class AmbraError(Exception):
    """A call that did not work out. `code` is for programs, `message` for people, `details` what the server added;
    `status` is 0 where there was no answer; `retry_after` is in seconds, None where nothing was said."""

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int = 0,
        details: Mapping[str, Any] | None = None,
        request_id: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.details: Mapping[str, Any] = details or {}
        self.request_id = request_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        trace = f" [{self.request_id}]" if self.request_id else ""
        return f"{self.code}: {self.message}{trace}"

    @property
    def is_temporary(self) -> bool:
        """True when the same request may work in a while."""
        return False


class ConnectionFailed(AmbraError):
    """There was no answer."""

    @property
    def is_temporary(self) -> bool:
        return True


class UnexpectedAnswer(AmbraError):
    """What answered is not this API; often the base URL is wrong."""


class InvalidRequest(AmbraError):
    """400: the request is malformed."""


class Unauthenticated(AmbraError):
    """401: no key, or one that is wrong, expired or revoked."""


class NotAllowed(AmbraError):
    """403: the key lacks the scope, or the module is off."""


class NotFound(AmbraError):
    """404: there is no such object here."""


class Conflict(AmbraError):
    """409: the request meets another one."""

    @property
    def is_temporary(self) -> bool:
        return self.code == IN_FLIGHT or KEY_HEADER in self.details


class PreconditionFailed(AmbraError):
    """412: the object changed since it was read."""


class ValidationFailed(AmbraError):
    """422: the values are wrong; `details` says which."""


class RateLimited(AmbraError):
    """429: the hour's requests are used up until `retry_after` seconds have passed."""

    @property
    def is_temporary(self) -> bool:
        return True


class ServerFailed(AmbraError):
    """5xx: the server could not answer; nothing was saved."""

    @property
    def is_temporary(self) -> bool:
        return self.status in (500, 502, 503, 504)


class SignatureInvalid(AmbraError):
    """A webhook whose signature does not fit, or that is too old."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="SIGNATURE_INVALID")


KINDS: Mapping[int, type[AmbraError]] = {
    400: InvalidRequest,
    401: Unauthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    412: PreconditionFailed,
    422: ValidationFailed,
    429: RateLimited,
}


def kind_of(status: int) -> type[AmbraError]:
    """The class of a refusal with this status."""
    if status >= 500:
        return ServerFailed
    return KINDS.get(status, InvalidRequest if status >= 400 else UnexpectedAnswer)
