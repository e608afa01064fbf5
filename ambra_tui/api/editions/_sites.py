"""What the editions of sites share: warehouses by id, read-only ones, periods of a query, rows refused one by one.

Example::

    site = own_site(session, body.warehouse_id)
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.failures import Failure, Refused, failure_of
from ambra_tui.api.paging import MAX_PER_PAGE, link_header
from ambra_tui.errors import AmbraError, NotFound, ReadOnlySite
from ambra_tui.kit.quantity import show, to_json
from ambra_tui.store.models import Site
from ambra_tui.store.scope import fetch

Done = TypeVar("Done")
DEFAULT_LIMIT = 20
MAX_LIMIT = MAX_PER_PAGE


class RefusedRowView(TypedDict):
    """A row of a bulk request that was refused, and why."""

    index: int
    code: str
    message: str


class RefusedSkuView(RefusedRowView):
    """As told where rows are named by SKU."""

    sku: str


def own_site(session: Session, warehouse_id: str, *, field: str = "warehouse_id") -> Site:
    """The warehouse, when it is not a marketplace's. Raises NotFound, ReadOnlySite."""
    try:
        site = fetch(session, Site, warehouse_id, resource="warehouse")
    except NotFound as error:
        raise NotFound("warehouse", warehouse_id, field=field) from error
    if site.is_read_only:
        raise ReadOnlySite(site.name, field=field)
    return site


def quantity_changed(sku: str, present: Decimal) -> Refused:
    """The refusal of a write whose `expected_quantity` is not the present one."""
    message = f"{sku} is at {show(present)} by now: read it again, then decide"
    return Refused(
        Failure(
            422, "QUANTITY_CHANGED", message,
            ({"field": "expected_quantity", "message": message, "quantity": to_json(present)},),
        )
    )  # fmt: skip


def tried(work: Callable[[], Done]) -> Done | Failure:
    """What `work` answers, or why it is refused. What nobody foresaw goes on its way."""
    try:
        return work()
    except (AmbraError, Refused) as error:
        return failure_of(error)


def all_failed(failures: list[tuple[int, Failure]], place: str) -> Refused:
    """The refusal of a request of which no row could be done: the first row's, with a detail for each."""
    first = failures[0][1]
    details: list[dict[str, Any]] = [
        {"field": f"{place}.{index}", "message": failure.message, "index": index, "code": failure.code}
        for index, failure in failures
    ]
    return Refused(Failure(first.status, first.code, first.message, tuple(details)))


def page_headers(path: str, query: dict[str, str], *, page: int, limit: int, total: int) -> dict[str, str]:
    """`Link` and `X-Total-Count` of a page."""
    link = link_header(path, query, page=page, per_page=limit, total=total, size="limit")
    return {"X-Total-Count": str(total), "Link": link}


def told(query: Any, *left_out: str) -> dict[str, str]:
    """The query as it would be asked again, without what is left out."""
    values = query.model_dump(mode="json", exclude_none=True, exclude=set(left_out), exclude_defaults=True)
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in values.items()}
