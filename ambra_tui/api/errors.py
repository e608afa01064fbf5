"""The one layer of errors: every refusal, unrouted paths and wrong methods included, in the shape of its edition.

Example::

    install(app, Errors(editions, methods_at))
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ambra_tui.api.edition import Edition
from ambra_tui.api.failures import Failure, Refused, failure_of
from ambra_tui.errors import AmbraError

_PROBLEM = "application/problem+json"
Methods = Callable[[str], Sequence[str]]


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


def problem_body(failure: Failure, request_id: str) -> dict[str, Any]:
    """RFC 9457, for clients that ask for it."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(failure.status).phrase,
        "status": failure.status,
        "detail": failure.message,
        "code": failure.code,
        "errors": list(failure.details),
        "request_id": request_id,
    }


class Errors:
    """Renders failures by path. `methods_at` tells which methods a path answers, for `Allow`."""

    def __init__(self, editions: Sequence[Edition], methods_at: Methods) -> None:
        self._editions = sorted(editions, key=lambda edition: len(edition.base_path), reverse=True)
        self._methods_at = methods_at

    def edition_at(self, path: str) -> Edition | None:
        """The edition that a path falls under."""
        for edition in self._editions:
            if path == edition.base_path or path.startswith(f"{edition.base_path}/"):
                return edition
        return None

    def response(self, path: str, failure: Failure, request_id: str, accept: str) -> Response:
        """The answer that tells of `failure`."""
        edition = self.edition_at(path)
        if edition is not None:
            failure = edition.adapt(failure)
        if _PROBLEM in accept:
            body, kind = problem_body(failure, request_id), _PROBLEM
        else:
            shape = edition.error_body if edition else plain_body
            body, kind = shape(failure, request_id), "application/json"
        text = json.dumps(body, ensure_ascii=True, separators=(",", ":"))
        return Response(text, status_code=failure.status, headers=dict(failure.headers), media_type=kind)

    def of_http(self, path: str, error: HTTPException) -> Failure:
        """What the router itself refuses: no such path, or not with this method."""
        allowed = self._methods_at(path)
        if error.status_code == 405 and allowed:
            named = ", ".join(sorted({*allowed, *(["HEAD"] if "GET" in allowed else [])}))
            return Failure(405, "METHOD_NOT_ALLOWED", f"This path answers {named}", headers={"Allow": named})
        if error.status_code == 404:
            return Failure(404, "NOT_FOUND", "There is nothing at this path")
        return Failure(error.status_code, "INVALID_REQUEST", "The request is refused")


def install(app: FastAPI, errors: Errors) -> None:
    """Make `errors` answer for everything that `app` raises."""

    async def refuse(request: Request, error: Exception) -> Response:
        path = request.scope["path"]
        failure = errors.of_http(path, error) if isinstance(error, HTTPException) else failure_of(error)
        return errors.response(path, failure, request.state.request_id, request.headers.get("accept", ""))

    for kind in (HTTPException, AmbraError, Refused, SQLAlchemyError):
        app.add_exception_handler(kind, refuse)
