"""What came back: the object of a good answer, the error of another, and how long to wait before another try."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from ambra_tui.sdk.errors import AmbraError, ConnectionFailed, UnexpectedAnswer, kind_of
from ambra_tui.sdk.record import Record, read_json
from ambra_tui.sdk.request import Request

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
_jitter = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a failed request is sent again, and the longest wait that a server may ask for."""

    count: int
    max_wait: float

    def pause_before(self, attempt: int, error: AmbraError) -> float | None:
        """Seconds before try number `attempt` + 1 (they count from 0); None: the error is the caller's."""
        if attempt >= self.count or not error.is_temporary:
            return None
        if error.retry_after is not None:
            return error.retry_after if error.retry_after <= self.max_wait else None
        longest = min(FIRST_PAUSE_SECONDS * 2 ** min(attempt, 16), LONGEST_PAUSE_SECONDS, self.max_wait)
        return _jitter.uniform(longest / 2, longest)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What the last answer said of the hour: requests allowed and left, and when they are all there again."""

    limit: int
    remaining: int
    reset_at: datetime


def rate_limit_of(answer: httpx.Response) -> RateLimit | None:
    """The answer's rate limit headers, where it has them."""
    try:
        limit, remaining, reset = (int(answer.headers[f"X-RateLimit-{name}"]) for name in _LIMIT_HEADERS)
        return RateLimit(limit, remaining, datetime.fromtimestamp(reset, UTC))
    except (KeyError, ValueError, OverflowError, OSError):
        return None


_LIMIT_HEADERS = ("Limit", "Remaining", "Reset")


def object_of(request: Request, answer: httpx.Response, *, is_bare: bool = False) -> Record:
    """The object in a good answer; `is_bare`: which is all of it. Raises UnexpectedAnswer where there is none."""
    if is_bare:
        content = _content(answer)
        if not isinstance(content, Record):
            raise _unexpected(answer)
        return content
    envelope = envelope_of(answer)
    if request.keeps_envelope:
        return envelope
    if not isinstance(envelope["data"], Record):
        raise _unexpected(answer)
    return envelope["data"]


def envelope_of(answer: httpx.Response) -> Record:
    """The whole of a good answer; a bare list as its `data`. Raises UnexpectedAnswer for what is not this API's."""
    envelope = _content(answer)
    if isinstance(envelope, list):
        return Record({"data": envelope})
    if not isinstance(envelope, Record) or "data" not in envelope:
        raise _unexpected(answer)
    return envelope


def _content(answer: httpx.Response) -> Any:
    try:
        return read_json(answer.content)
    except ValueError:
        raise _unexpected(answer) from None


def failure_of(answer: httpx.Response) -> AmbraError:
    """The error that an answer tells of."""
    told = _told(answer)
    if told is None:
        return _unexpected(answer, kind_of(answer.status_code))
    details = told.get("details")
    return kind_of(answer.status_code)(
        str(told.get("message", answer.reason_phrase)),
        code=str(told.get("code", f"HTTP_{answer.status_code}")),
        status=answer.status_code,
        details=details.to_dict() if isinstance(details, Record) else _listed(details),
        request_id=str(told.get("request_id") or answer.headers.get("X-Request-Id", "")),
        retry_after=_seconds(told.get("retry_after"), answer.headers),
    )


def no_answer(request: Request, error: httpx.TransportError) -> ConnectionFailed:
    """The error of a request that nobody answered."""
    code = "TIMEOUT" if isinstance(error, httpx.TimeoutException) else "CONNECTION_FAILED"
    reason = str(error) or type(error).__name__
    return ConnectionFailed(f"{request.method} {request.path} got no answer: {reason}", code=code)


def _told(answer: httpx.Response) -> Record | None:
    try:
        body = read_json(answer.content)
    except ValueError:
        return None
    error = body.get("error") if isinstance(body, Record) else None
    return error if isinstance(error, Record) else None


def _listed(details: Any) -> Mapping[str, Any]:
    """Details that came as a list of ``{field, message}``, by field."""
    rows = details if isinstance(details, list) else []
    return {str(row["field"]): row.get("message") for row in rows if isinstance(row, Record) and "field" in row}


def _seconds(told: Any, headers: httpx.Headers) -> float | None:
    if isinstance(told, int | Decimal) and not isinstance(told, bool):
        return max(told if isinstance(told, int) else float(told), 0)
    header = headers.get("Retry-After", "")
    if header.isascii() and header.isdigit():
        return float(header)
    try:
        return max((parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None


def _unexpected(answer: httpx.Response, kind: type[AmbraError] = UnexpectedAnswer) -> AmbraError:
    return kind(
        f"{answer.request.method} {answer.request.url.path} was answered with {answer.status_code} and no answer of "
        "this API. Look at the base URL.",
        code=f"HTTP_{answer.status_code}",
        status=answer.status_code,
        request_id=answer.headers.get("X-Request-Id", ""),
        retry_after=_seconds(None, answer.headers),
    )
