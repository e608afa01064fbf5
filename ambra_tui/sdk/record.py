"""Objects of the API: read by attribute or by name, exact in their numbers, and never changed in place.

Example::

    product = read_json(b'{"sku": "TEE-001", "price": 29.99, "stock": {"available": 7}}')
    product.stock.available, product["price"]     # (7, Decimal('29.99'))
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any


class Record:
    """An object of the API. A field is an attribute and an item: `order.items` and `order["items"]` are the same."""

    __slots__ = ("_fields",)
    _fields: dict[str, Any]

    def __init__(self, fields: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_fields", dict(fields))

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self._fields:
            return self._fields[name]
        raise AttributeError(f"there is no field '{name}' here; there is {', '.join(self._fields) or 'nothing'}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an answer is not changed in place: send the change with update()")

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]

    def __contains__(self, name: object) -> bool:
        return name in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Record):
            return self._fields == other._fields
        return self._fields == other if isinstance(other, dict) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # compared by content, as a dict is

    def __repr__(self) -> str:
        return f"Record({', '.join(f'{name}={value!r}' for name, value in self._fields.items())})"

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *self._fields]

    def __reduce__(self) -> tuple[type[Record], tuple[dict[str, Any]]]:
        return Record, (self._fields,)

    def keys(self) -> Iterable[str]:
        """The names of the fields, so that `dict(record)` and `**record` work."""
        return self._fields.keys()

    def get(self, name: str, default: Any = None) -> Any:
        """The field, or `default` where there is none."""
        return self._fields.get(name, default)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dicts and lists."""
        return {name: _plain(value) for name, value in self._fields.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def read_json(text: bytes | str) -> Any:
    """The value of a JSON text: objects are Records, numbers with a point are Decimal. Raises ValueError."""
    try:
        return json.loads(text, object_hook=Record, parse_float=Decimal)
    except RecursionError:
        raise ValueError("this JSON is nested too deeply") from None


def write_json(value: Any) -> str:
    """The JSON text of `value`: a Decimal keeps every digit, a moment is written as RFC 3339 has it."""
    if isinstance(value, Mapping | Record):
        return "{" + ",".join(f"{json.dumps(str(name))}:{write_json(value[name])}" for name in value) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(write_json(inner) for inner in value) + "]"
    if isinstance(value, Decimal):
        return _number(value)
    return json.dumps(moment_text(value) if isinstance(value, date) else value, allow_nan=False)


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is no number that JSON can say")
    return format(value, "f")


def moment_text(value: date) -> str:
    """RFC 3339 of a date or moment. Raises ValueError for a moment without a time zone."""
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a moment needs a time zone: datetime.now(timezone.utc), not datetime.now()")
    return value.isoformat()
