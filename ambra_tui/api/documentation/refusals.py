"""Which codes a refusal may carry: read from the table of errors in the API's page, spelled as an edition spells them.

Example::

    Refusals(edition).at(403, is_read=True)[0].code    # 'INSUFFICIENT_PERMISSIONS'
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from ambra_tui.api.edition import Edition
from ambra_tui.api.failures import Failure
from ambra_tui.kit.resources import docs_path

_ROW = re.compile(r"^\| (\d{3}) \| ([^|]+) \| (.+) \|$", re.MULTILINE)
_CODE = re.compile(r"`([A-Z_]+)`")
_ONLY = re.compile(r" \(([a-z, ]+)\)$")
NOT_FOUND = 404


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

    def at(self, status: int, *, is_read: bool) -> list[Refusal]:
        """Those that answer with this status."""
        return [refusal for refusal in self._spelled(is_read) if refusal.status == status]

    def _spelled(self, is_read: bool) -> Iterator[Refusal]:
        for known, editions in known_refusals():
            if editions and self._edition.name not in editions:
                continue
            is_query = is_read and known.code == "VALIDATION_ERROR"
            yield self._respelled(known, self._edition.bad_query if is_query else (known.status, known.code))

    def _respelled(self, known: Refusal, spelled: tuple[int, str]) -> Refusal:
        status, code = spelled
        if status == NOT_FOUND:
            return replace(known, code="..._NOT_FOUND", advice="the code and the message name what is not there")
        failure = self._edition.adapt(Failure(status, code, known.advice))
        return Refusal(failure.status, failure.code, known.advice)


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
