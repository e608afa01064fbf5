"""What lists of this edition share: pages by number or behind a cursor, one `sort` field and its `order`.

Example::

    class CustomerQuery(Listed):
        email: Line | None = None
        sort: Annotated[Identifier, OneOf(("created_at", "last_name"))] = "created_at"

    page = page_of(session, call, query, Customer, *conditions)
    return page.answer([customer_view(row) for row in page.rows])
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

from pydantic import BeforeValidator, Field, WithJsonSchema
from sqlalchemy import ColumnElement, Row
from sqlmodel import Session, SQLModel

from ambra_tui.api.cursors import make_cursor, read_cursor
from ambra_tui.api.edition import Answer, Call
from ambra_tui.api.editions.commerce._envelope import PaginationView, pagination
from ambra_tui.api.fields import Identifier, OneOf
from ambra_tui.api.paging import Paging, from_one, link_header, rows_schema
from ambra_tui.kit.clock import from_microseconds, to_microseconds
from ambra_tui.services import listing
from ambra_tui.services.listing import Order, Place, Terms

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
MAX_CURSOR = 2_000


def _limit(value: Any) -> int:
    return min(from_one(value), MAX_LIMIT)


def _cursor(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_CURSOR:
        raise ValueError("is no cursor of ours")
    return value


Limit = Annotated[int, BeforeValidator(_limit), WithJsonSchema(rows_schema(MAX_LIMIT))]
Cursor = Annotated[
    str,
    BeforeValidator(_cursor),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": MAX_CURSOR,
            "description": "The next_cursor of the page before; empty starts a list that is read by cursors.",
        }
    ),
]
Direction = Annotated[Identifier, OneOf(("asc", "desc"))]


class Paged(Paging):
    """A page by its number."""

    size: ClassVar[str] = "limit"

    per_page: Limit = Field(default=DEFAULT_LIMIT, alias="limit")


class Listed(Paged):
    """A page by its number or behind a cursor, which is looked at alone when it is there. `sort`: subclasses that can
    be sorted have such a field, named as the columns; without an `order` moments and prices begin with the largest,
    texts with A."""

    cursor: Cursor | None = None


class Sorted(Listed):
    """A list that can be sorted: give it a field ``sort``."""

    order: Direction | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a page and where it stands."""

    rows: Sequence[Any]
    meta: PaginationView
    headers: dict[str, str]

    def answer(self, content: Sequence[Any]) -> Answer:
        """The answer: the rows as they are shown."""
        return Answer(list(content), meta=self.meta, headers=self.headers)


def order_of(query: Any) -> Order:
    """What a query asks to be sorted by; newest first when it does not say."""
    name = getattr(query, "sort", None) or "created_at"
    direction = getattr(query, "order", None)
    return ((name, direction == "desc" if direction else name not in ASCENDING),)


ASCENDING = frozenset({"name", "last_name", "email"})
"""What begins with A unless the query says otherwise."""


def page_of(
    session: Session,
    call: Call,
    query: Listed,
    model: type[SQLModel],
    *matching: ColumnElement[bool],
    order: Order | None = None,
    terms: Terms | None = None,
) -> Page:
    """A page of a table, whichever way it is asked for. `order`: when the columns are not called as the query says.
    `terms`: what can be sorted by that is no column."""
    order = order_of(query) if order is None else order
    sequel = Sequel(call, query, order)
    if query.cursor is not None:
        behind = sequel.place(query.cursor)
        rows = listing.page_behind(
            session, model, *matching, order=order, terms=terms or {}, behind=behind, limit=query.per_page + 1
        )
        return sequel.behind(rows)
    counted, total = listing.page_of(
        session, model, *matching, order=order, terms=terms or {}, offset=query.offset, limit=query.per_page
    )
    return sequel.numbered(counted, total)


class Sequel:
    """Cursors of one list: good for its owner, its path and its filters. For lists that page by statements of their
    own; others take `page_of`."""

    def __init__(self, call: Call, query: Listed, order: Order) -> None:
        self._call, self._query, self._order = call, query, order
        asked = query.model_dump(mode="json", exclude={"page", "per_page", "cursor"}, exclude_none=True)
        named = json.dumps([call.principal.organization_id, call.here, asked, order], sort_keys=True)
        self._path, self._listing = call.here, f"commerce:{named}"
        self._asked = query.model_dump(
            mode="json", by_alias=True, exclude={"page", "cursor"}, exclude_defaults=True
        )  # fmt: skip

    def place(self, cursor: str) -> Place | None:
        """Where a cursor stands; None for the empty one. Raises InvalidQuery for one of another list."""
        if not cursor:
            return None
        value, row_id = json.loads(read_cursor(self._call.store, self._listing, cursor))
        return Place(_from_json(value), row_id)

    def behind(self, rows: Sequence[Row[Any]]) -> Page:
        """A page that was reached by a cursor. `rows`: one more than asked for when there are more."""
        shown, limit = rows[: self._query.per_page], self._query.per_page
        cursor = self._behind(shown[-1]) if len(rows) > limit else None
        link = self._link(cursor) if cursor else ""
        meta: PaginationView = {"limit": limit, "next_cursor": cursor, "has_more": cursor is not None}
        return Page(shown, meta, {"Link": link} if link else {})

    def numbered(self, rows: Sequence[Row[Any]], total: int) -> Page:
        """A page that was asked for by its number."""
        page, limit = self._query.page, self._query.per_page
        cursor = self._behind(rows[-1]) if rows and page * limit < total else None
        link = link_header(self._path, self._asked, page=page, per_page=limit, total=total, size="limit")
        return Page(rows, pagination(page, limit, total, cursor), {"X-Total-Count": str(total), "Link": link})

    def _behind(self, row: Row[Any]) -> str:
        values = row._mapping
        value = values[self._order[0][0]] if self._order else None
        key = json.dumps([_to_json(value), values["id"]], ensure_ascii=False)
        return make_cursor(self._call.store, self._listing, key)

    def _link(self, cursor: str) -> str:
        asked = {**self._asked, "limit": self._query.per_page, "cursor": cursor}
        return f'<{self._path}?{urlencode(asked)}>; rel="next"'


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"moment": to_microseconds(value)}
    return {"number": str(value)} if isinstance(value, Decimal) else value


def _from_json(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return from_microseconds(value["moment"]) if "moment" in value else Decimal(value["number"])
