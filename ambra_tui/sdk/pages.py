"""Lists: the page that was asked for as `.data`, and all that follow by going through them.

Example::

    products = client.products.list(stock_status="low", limit=100)
    products.pagination.total          # how many there are
    for product in products: ...       # every one of them; the next page is fetched when this one is through
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from typing import Any

from ambra_tui.sdk.record import Record

Place = Mapping[str, str]
"""Where another page of a list is: its number or a cursor, as the query says it."""


class _Listed:
    """One page of a list. `data`: its objects; `pagination`: where it stands, as the API tells it: page, limit, total,
    pages, has_next, has_prev; of a shop's lists page, limit, total_items, total_pages, has_next, has_previous, and
    next_cursor, has_more."""

    def __init__(self, envelope: Record) -> None:
        self.data: list[Record] = list(envelope["data"])
        told = envelope.get("pagination")
        self.pagination: Record = told if isinstance(told, Record) else _all_in_one(len(self.data))

    def __repr__(self) -> str:
        shown = self.pagination
        total, pages = (shown.get(name, shown.get(f"total_{name}")) for name in ("total", "pages"))
        total = shown.get("total_items", total)
        place = f"page {shown.page} of {pages}: " if "page" in shown else ""
        return f"<{place}{len(self.data)}{'' if total is None else f' of {total}'}>"

    @property
    def _next(self) -> Place | None:
        cursor = self.pagination.get("next_cursor")
        if cursor:
            return {"cursor": cursor}
        has_next = self.pagination.get("has_next") and self.data
        return {"page": str(self.pagination.page + 1)} if has_next else None


def _all_in_one(count: int) -> Record:
    return Record({"page": 1, "limit": count, "total": count, "pages": 1, "has_next": False, "has_prev": False})


class Page(_Listed):
    """One page; going through it goes on with the pages after it."""

    def __init__(self, envelope: Record, fetch: Callable[[Place], Page]) -> None:
        super().__init__(envelope)
        self._fetch = fetch

    def __iter__(self) -> Iterator[Record]:
        for page in self.pages():
            yield from page.data

    def pages(self) -> Iterator[Page]:
        """This page and those after it, each fetched when it is reached."""
        page: Page | None = self
        while page is not None:
            yield page
            page = page.next_page()

    def next_page(self) -> Page | None:
        """The page after this one, None at the end."""
        return None if self._next is None else self._fetch(self._next)


class AsyncPage(_Listed):
    """One page; `async for` goes through it and the pages after it."""

    def __init__(self, envelope: Record, fetch: Callable[[Place], Awaitable[AsyncPage]]) -> None:
        super().__init__(envelope)
        self._fetch = fetch

    async def __aiter__(self) -> AsyncIterator[Record]:
        page: AsyncPage | None = self
        while page is not None:
            for record in page.data:
                yield record
            page = await page.next_page()

    async def next_page(self) -> AsyncPage | None:
        """The page after this one, None at the end."""
        return None if self._next is None else await self._fetch(self._next)


class AsyncList:
    """A list that is not asked for yet: `await` gives its first page, `async for` all of its objects."""

    def __init__(self, fetch: Callable[[], Awaitable[AsyncPage]]) -> None:
        self._fetch = fetch

    def __await__(self) -> Generator[Any, None, AsyncPage]:
        return self._fetch().__await__()

    async def __aiter__(self) -> AsyncIterator[Record]:
        async for record in await self:
            yield record
