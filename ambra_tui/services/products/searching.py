"""Search as a condition: exact totals need a set, not a list of the likest.

Every word of the text begins a word of the SKU or the name (the one normalised token table), or the text begins a code.

Example::

    search = Search("lot-7 choc")
    select(variant.c.id).where(search.matches("sqlite", variant.c.id)).order_by(search.rank("sqlite", variant.c.id))
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, case, false, or_, select

from ambra_tui.services.search import MAX_TERMS, MAX_TOKEN, fold, words
from ambra_tui.services.stock_views import own
from ambra_tui.store.models import Barcode, SearchToken, table_of

_token, _code = table_of(SearchToken), table_of(Barcode)
_LAST = "\U0010ffff"


class SearchShape(NamedTuple):
    """What the statement of a search is built from: how many words there are, and how many beginnings of codes."""

    terms: int = 0
    codes: int = 0

    def matches(self, dialect: str, variant_id: ColumnElement[str]) -> ColumnElement[bool]:
        """True where the variant is found."""
        if not self.terms:
            return false()
        begun = [_begins(dialect, _token.c.token, f"term{place}") for place in range(self.terms)]
        every_word = and_(*(_with_token(variant_id, each) for each in begun))
        if not self.codes:
            return every_word
        codes = or_(*(_begins(dialect, _code.c.code, f"code{place}") for place in range(self.codes)))
        with_code = select(_code.c.variant_id).where(_code.c.organization_id == own(), codes)
        return or_(every_word, variant_id.in_(with_code))

    def rank(self, dialect: str, variant_id: ColumnElement[str]) -> ColumnElement[int]:
        """The whole text exactly, then what begins with it, then the rest."""
        exact = _with_token(variant_id, _token.c.token == bindparam("p_whole"))
        begun = _with_token(variant_id, _begins(dialect, _token.c.token, "whole"))
        return case((exact, 0), (begun, 1), else_=2)


def shape_of(text: str | None) -> SearchShape:
    """The shape of a search for `text`."""
    return SearchShape() if text is None else SearchShape(len(_terms(text)), len(_code_prefixes(text)))


def told_of(text: str | None) -> dict[str, str]:
    """What the statement is told when it runs."""
    if text is None:
        return {}
    prefixes = {"whole": " ".join(fold(text).split())[:MAX_TOKEN]}
    prefixes |= {f"term{place}": term for place, term in enumerate(_terms(text))}
    prefixes |= {f"code{place}": code for place, code in enumerate(_code_prefixes(text))}
    ends = {f"p_{name}_end": prefix + _LAST for name, prefix in prefixes.items()}
    return {f"p_{name}": prefix for name, prefix in prefixes.items()} | ends


def _terms(text: str) -> list[str]:
    return words(text)[:MAX_TERMS]


def _code_prefixes(text: str) -> list[str]:
    """What a stored code may begin with when its printed form begins with `text`."""
    digits = text.strip()
    if len(digits) < 4 or not (digits.isascii() and digits.isdigit()):
        return []
    return [zeros + digits for zeros in ("", "0", "00", "000000")]


def _with_token(variant_id: ColumnElement[str], which: ColumnElement[bool]) -> ColumnElement[bool]:
    found = select(_token.c.subject_id).where(_token.c.organization_id == own(), _token.c.kind == "variant", which)
    return variant_id.in_(found)


def _begins(dialect: str, column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """In the form that the database's index serves."""
    if dialect == "postgresql":
        return column.op("^@", is_comparison=True)(bindparam(f"p_{name}"))
    return and_(column >= bindparam(f"p_{name}"), column < bindparam(f"p_{name}_end"))
