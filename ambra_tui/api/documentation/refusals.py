"""Which codes a refusal may carry: read from the table of errors in the API's page, spelled as an edition spells them.

Example::

    Refusals(edition).at(403, operation)[0].code    # 'INSUFFICIENT_PERMISSIONS'
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from ambra_tui.api.edition import Edition, Operation
from ambra_tui.api.failures import Failure
from ambra_tui.kit.resources import docs_path

_ROW = re.compile(r"^\| (\d{3}) \| ([^|]+) \| (.+) \|$", re.MULTILINE)
_CODE = re.compile(r"`([A-Z_]+)`")
_ONLY = re.compile(r" \(([a-z, ]+)\)$")
NOT_FOUND = 404
_OF_WRITES = frozenset(
    {
        "READONLY_WAREHOUSE",
        "INVALID_STATE",
        "INSUFFICIENT_STOCK",
        "CONFLICT",
        "QUANTITY_CHANGED",
        "IDEMPOTENCY_KEY_REUSED",
    }
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One code, and what to do about it."""

    status: int
    code: str
    advice: str


class Refusals:
    """The refusals of one edition."""

    def __init__(self, edition: Edition) -> None:
        self._edition = edition

    def at(self, status: int, operation: Operation) -> list[Refusal]:
        """Those with which `operation` answers this status."""
        return [refusal for refusal in self._spelled(operation) if refusal.status == status]

    def _spelled(self, operation: Operation) -> Iterator[Refusal]:
        for known, editions in known_refusals():
            if (editions and self._edition.name not in editions) or not _may(operation, known.code):
                continue
            is_query = operation.method == "GET" and known.code == "VALIDATION_ERROR"
            yield self._respelled(known, self._edition.bad_query if is_query else (known.status, known.code))

    def _respelled(self, known: Refusal, spelled: tuple[int, str]) -> Refusal:
        status, code = spelled
        if status == NOT_FOUND:
            return replace(known, code="..._NOT_FOUND", advice="the code and the message name what is not there")
        failure = self._edition.adapt(Failure(status, code, known.advice))
        return Refusal(failure.status, failure.code, known.advice)


def _may(operation: Operation, code: str) -> bool:
    """False for codes that this kind of operation never answers."""
    if code in _OF_WRITES:
        return operation.method != "GET" and not operation.is_question
    if code == "IN_USE":
        return operation.method == "DELETE"
    return code != "MODULE_NOT_ENABLED" or bool(operation.module)


@cache
def known_refusals() -> tuple[tuple[Refusal, frozenset[str]], ...]:
    """Every row of the table with the editions that it is for; none for all."""
    text = (docs_path() / "api.md").read_text(encoding="utf-8")
    found = []
    for status, codes, advice in _ROW.findall(text):
        only = _ONLY.search(advice)
        editions = frozenset(only[1].split(", ")) if only else frozenset()
        code = _CODE.findall(codes)[0]
        found.append((Refusal(int(status), code, _ONLY.sub("", advice).strip()), editions))
    return tuple(found)
