"""Recalls: which lots were called back together and why, and whom what left of them had reached.

Example::

    session.exec(select(LotRecall).where(LotRecall.organization_id == 1, LotRecall.lot_id == lot.id))
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, one_of
from ambra_tui.store.types import JsonColumn, QuantityColumn

RECALL_STATES = ("open", "lifted")


class LotRecall(Scoped, table=True):
    """One recall of a lot. `includes_descendants`: what was made of it, then or later, is recalled with it.
    `replanned`, `short`: numbers of the orders that were picked elsewhere from then on, and of those that there was too
    little for. `lifted_at`, `lift_reason`: when and why the stock was set free again."""

    __tablename__ = "lot_recall"
    __table_args__ = (
        belongs_to("lot", "lot_id"),
        index("lot_recall", "lot_id", "id"),
        one_of("status", *RECALL_STATES),
    )

    id: str = Field(primary_key=True, max_length=40)
    lot_id: str = Field(max_length=40)
    status: str = Field(default="open", max_length=20)
    reason: str = Field(default="", max_length=255)
    includes_descendants: bool = True
    actor_id: str = Field(default="", max_length=60)
    actor_name: str = Field(default="", max_length=120)
    replanned: list[Any] = Field(default_factory=list, sa_type=JsonColumn)
    short: list[Any] = Field(default_factory=list, sa_type=JsonColumn)
    recalled_at: datetime = moment()
    lifted_at: datetime | None = moment(default=None, nullable=True)
    lift_reason: str = Field(default="", max_length=255)


class LotRecallLot(Scoped, table=True):
    """A lot of a recall: the one that was named (`level` 0) or one that was made of it. `status_before`: what it was
    before; a lot that was recalled already, by another recall, stays so when this one is lifted."""

    __tablename__ = "lot_recall_lot"
    __table_args__ = (
        belongs_to("lot_recall", "recall_id"),
        belongs_to("lot", "lot_id"),
        index("lot_recall_lot", "lot_id"),
        check("level_not_negative", "level >= 0"),
    )

    recall_id: str = Field(primary_key=True, max_length=40)
    lot_id: str = Field(primary_key=True, max_length=40)
    level: int = 0
    parent_id: str = Field(default="", max_length=40)
    status_before: str = Field(max_length=20)


class LotRecallOrder(Scoped, table=True):
    """An order that what was recalled had reached: how much of a lot left for it and how much of that had come back."""

    __tablename__ = "lot_recall_order"
    __table_args__ = (
        belongs_to("lot_recall", "recall_id"),
        belongs_to("sales_order", "sales_order_id"),
        belongs_to("lot", "lot_id"),
    )

    recall_id: str = Field(primary_key=True, max_length=40)
    sales_order_id: str = Field(primary_key=True, max_length=40)
    lot_id: str = Field(primary_key=True, max_length=40)
    shipped: Decimal = Field(sa_type=QuantityColumn)
    returned: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
