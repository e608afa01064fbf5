"""What lists of this edition share: pages by `page` and `limit`, moments, and `sort` over several fields.

Example::

    class SupplierQuery(Listed):
        search: Line | None = None
        sort: Annotated[Sort, SortedBy("created_at", "name")] | None = None
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core.core_schema import CoreSchema, no_info_plain_validator_function

from ambra_tui.api.fields import FromMoment
from ambra_tui.api.paging import LimitPaging
from ambra_tui.services.listing import Order

Sort = Order


class Listed(LimitPaging):
    """A page, newest first unless sorted. Both moments are inclusive; a bare date begins at midnight UTC."""

    created_after: FromMoment | None = None
    updated_after: FromMoment | None = None


class SortedBy:
    """An annotation: fields with commas between, a minus before those that descend; none beside `fields`."""

    def __init__(self, *fields: str) -> None:
        self._fields = frozenset(fields)
        self._pattern = f"^-?({'|'.join(fields)})(,-?({'|'.join(fields)}))*$"
        self._known = re.compile(self._pattern[:-1])

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_plain_validator_function(self._parse)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": self._pattern}

    def _parse(self, text: Any) -> Order:
        if not isinstance(text, str) or not self._known.fullmatch(text):
            raise ValueError(f"must list fields of {', '.join(sorted(self._fields))}, such as -{min(self._fields)}")
        order: dict[str, bool] = {}
        for term in text.split(","):
            order.setdefault(term.removeprefix("-"), term.startswith("-"))
        return tuple(order.items())
