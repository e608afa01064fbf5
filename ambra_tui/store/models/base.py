"""What every table shares: named constraints, the organization first in every key.

Example::

    class Site(Scoped, table=True):
        id: str = Field(primary_key=True, max_length=40)
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Table, UniqueConstraint
from sqlmodel import Field, SQLModel

from ambra_tui.store.types import MomentColumn

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s_%(column_1_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = SQLModel.metadata


class Scoped(SQLModel):
    """A table whose rows belong to one organization. Every statement on it names `organization_id`."""

    organization_id: int = Field(primary_key=True)


def table_of(model: type[SQLModel]) -> Table:
    """The Core table of a model."""
    table: Table = model.__table__  # type: ignore[attr-defined]  # every table has one; its base does not tell
    return table


def moment(**options: Any) -> Any:
    """A column of moments."""
    return Field(sa_type=MomentColumn, **options)


def belongs_to(table: str, column: str) -> ForeignKeyConstraint:
    """A foreign key (organization_id, `column`) to the `id` of `table` in the same organization."""
    return ForeignKeyConstraint(["organization_id", column], [f"{table}.organization_id", f"{table}.id"])


def unique(*columns: str) -> UniqueConstraint:
    """Unique within the organization."""
    return UniqueConstraint("organization_id", *columns)


def index(table: str, *columns: str) -> Index:
    """An index that leads with the organization."""
    return Index(f"ix_{table}_{'_'.join(columns)}", "organization_id", *columns)


def check(name: str, condition: str) -> CheckConstraint:
    """A named CHECK."""
    return CheckConstraint(condition, name=name)


def one_of(column: str, *values: str) -> CheckConstraint:
    """A named CHECK that `column` holds one of `values`."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


__all__ = ["Scoped", "belongs_to", "check", "datetime", "index", "metadata", "moment", "one_of", "unique"]
