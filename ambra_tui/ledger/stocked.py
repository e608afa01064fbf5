"""Levels that hold something, beside the locations they lie in.

Example::

    rows = session.exec(in_stock(select(StockLevel, Location), organization_of(session))).all()
"""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import Select
from sqlmodel import col

from ambra_tui.kit.quantity import ZERO
from ambra_tui.store.models import Location, StockLevel

Statement = TypeVar("Statement", bound=Select[*tuple[Any, ...]])


def in_stock(statement: Statement, organization: Any) -> Statement:
    """`statement` of levels, joined with their locations: what is above zero, both of the `organization`."""
    return statement.join(
        Location,
        (col(Location.organization_id) == col(StockLevel.organization_id))
        & (col(Location.id) == col(StockLevel.location_id)),
    ).where(
        col(StockLevel.organization_id) == organization,
        col(Location.organization_id) == organization,
        col(StockLevel.on_hand) > ZERO,
    )
