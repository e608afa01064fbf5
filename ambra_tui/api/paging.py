"""Pages of lists: the query's numbers, where they start, and the `Link` header to the neighbours.

Example::

    Paging(page=2, per_page=25).offset   # 25
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

DEFAULT_PER_PAGE = 25
MAX_PER_PAGE = 100
MAX_NUMBER = 10**12 - 1
_WHOLE = re.compile(r"[0-9]{1,12}")


def from_one(value: Any) -> int:
    """A whole number from 1, or its text. Raises ValueError."""
    text = str(value)
    if not _WHOLE.fullmatch(text) or int(text) == 0:
        raise ValueError("must be a whole number from 1")
    return int(text)


def _clamped(value: Any) -> int:
    return min(from_one(value), MAX_PER_PAGE)


PageNumber = Annotated[
    int, BeforeValidator(from_one), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_NUMBER})
]


def rows_schema(most: int, rows: str = "Rows of a page") -> dict[str, Any]:
    """How the document describes a number of `rows` of which more than `most` is taken as `most`."""
    told = f"{rows}; more than {most} is taken as {most}."
    return {"type": "integer", "minimum": 1, "maximum": MAX_NUMBER, "description": told}


PerPage = Annotated[int, BeforeValidator(_clamped), WithJsonSchema(rows_schema(MAX_PER_PAGE))]


class Paging(BaseModel):
    """`page` from 1; `per_page` above the maximum is clamped, and the answer echoes what was used. `size`: what the
    contract calls the number of rows of a page."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    size: ClassVar[str] = "per_page"

    page: PageNumber = 1
    per_page: PerPage = DEFAULT_PER_PAGE

    @property
    def offset(self) -> int:
        """How many rows lie before this page."""
        return (self.page - 1) * self.per_page


class LimitPaging(Paging):
    """As `Paging`, for contracts that call the number of rows `limit`."""

    size: ClassVar[str] = "limit"

    per_page: PerPage = Field(default=DEFAULT_PER_PAGE, alias="limit")


def total_pages(total: int, per_page: int) -> int:
    """How many pages `total` rows fill."""
    return -(-total // per_page)


def link_header(
    path: str, query: dict[str, str], *, page: int, per_page: int, total: int, size: str = "per_page"
) -> str:
    """RFC 8288 links to the first, previous, next and last page; relative, because a Host header is hearsay. `size`:
    what the contract calls the number of rows of a page."""
    last = max(1, total_pages(total, per_page))
    pages = {"first": 1, "prev": min(page - 1, last), "next": page + 1 if page < last else 0, "last": last}
    return ", ".join(
        f'<{path}?{urlencode({**query, "page": number, size: per_page})}>; rel="{name}"'
        for name, number in pages.items()
        if number > 0
    )
