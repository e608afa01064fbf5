"""Lists: the page that was asked for as `.data`, and all that follow by going through them.

Example::

    products = client.products.list(stock_status="low", limit=100)
    products.pagination.total          # how many there are
    for product in products: ...       # every one of them; the next page is fetched when this one is through
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import Any

from ambra_tui.sdk.record import Record


class _Listed:
    """One page of a list. `data`: its objects; `pagination`: page, limit, total, pages, has_next, has_prev."""

    def __init__(self, envelope: Record) -> None:
        self.data: list[Record] = list(envelope["data"])
        told = envelope.get("pagination")
        self.pagination: Record = told if isinstance(told, Record) else _all_in_one(len(self.data))

    def __repr__(self) -> str:
        shown = self.pagination
        return f"<page {shown.page} of {shown.pages}: {len(self.data)} of {shown.total}>"

    @property
    def _next_number(self) -> int | None:
        return self.pagination.page + 1 if self.pagination.has_next and self.data else None


def _all_in_one(count: int) -> Record:
    return Record({"page": 1, "limit": count, "total": count, "pages": 1, "has_next": False, "has_prev": False})


class Page(_Listed):
    """One page; going through it goes on with the pages after it."""

    def __init__(self, envelope: Record, fetch: Callable[[int], Page]) -> None:
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
        return None if self._next_number is None else self._fetch(self._next_number)


class AsyncPage(_Listed):
    """One page; `async for` goes through it and the pages after it."""

    def __init__(self, envelope: Record, fetch: Callable[[int], Awaitable[AsyncPage]]) -> None:
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
        return None if self._next_number is None else await self._fetch(self._next_number)


class AsyncList:
    """A list that is not asked for yet: `await` gives its first page, `async for` all of its objects."""

    def __init__(self, fetch: Callable[[], Awaitable[AsyncPage]]) -> None:
        self._fetch = fetch

    def __await__(self) -> Generator[Any, None, AsyncPage]:
        return self._fetch().__await__()

    async def __aiter__(self) -> AsyncIterator[Record]:
        async for record in await self:
            yield record
