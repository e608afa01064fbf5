"""The one layer of errors: every refusal, unrouted paths and wrong methods included, in the shape of its edition.

Example::

    Errors(editions).response("/api/v1/nowhere", failure, "req_1", "application/json")
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from ambra_tui.api.edition import Edition
from ambra_tui.api.failures import Failure, plain_body

_PROBLEM = "application/problem+json"


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
    """Renders failures by path: in the edition's shape, or in the plain one outside every edition."""

    def __init__(self, editions: Sequence[Edition]) -> None:
        self._editions = sorted(editions, key=lambda edition: len(edition.base_path), reverse=True)

    def edition_at(self, path: str) -> Edition | None:
        """The edition that a path falls under."""
        for edition in self._editions:
            if path == edition.base_path or path.startswith(f"{edition.base_path}/"):
                return edition
        return None

    def response(
        self, path: str, failure: Failure, request_id: str, accept: str, edition: Edition | None = None
    ) -> Response:
        """The answer that tells of `failure`. `edition`: the one that answers, when the path alone does not tell."""
        edition = edition or self.edition_at(path)
        if edition is not None:
            failure = _respelled(edition, failure)
        if _PROBLEM in accept:
            body, kind = problem_body(failure, request_id), _PROBLEM
        else:
            shape = edition.error_body if edition else plain_body
            body, kind = shape(failure, request_id), "application/json"
        text = json.dumps(body, ensure_ascii=True, separators=(",", ":"))
        return Response(text, status_code=failure.status, headers=dict(failure.headers), media_type=kind)


def _respelled(edition: Edition, failure: Failure) -> Failure:
    if failure.is_query:
        status, code = edition.bad_query
        failure = replace(failure, status=status, code=code)
    return edition.adapt(failure)
