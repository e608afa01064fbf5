"""Column types: exact quantities and moments as integers, the same on both databases.

Example::

    on_hand: Decimal = Field(sa_type=QuantityColumn)
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, literal_column
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from ambra_tui.kit.clock import from_microseconds, to_microseconds
from ambra_tui.kit.quantity import to_decimal, to_scaled

# Indexes of rows that have a lot, a plate, an origin are open only to statements that say so, in so many words.
EMPTY: ColumnElement[str] = literal_column("''")


class QuantityColumn(TypeDecorator[Decimal]):
    """Decimal in Python, millionths of the base unit in the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> int | None:
        return None if value is None else to_scaled(Decimal(value))

    def process_result_value(self, value: int | Decimal | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else to_decimal(int(value))


class MomentColumn(TypeDecorator[datetime]):
    """An aware UTC datetime in Python, microseconds since 1970 in the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_microseconds(value)


class JsonColumn(TypeDecorator[Any]):
    """A JSON value as text; Decimal is refused, so that no quantity loses its exactness here."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)
