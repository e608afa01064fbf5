"""Low-stock alerts: whom a shop wants told, and whether what falls short is ordered by itself.

Example::

    StockAlert(organization_id=1, id=new_id("alrt"), variant_id=milk.id, site_id=wh1.id, is_reordering=True, ...)
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column
from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, moment, unique
from ambra_tui.store.types import JsonColumn

EVERY_SITE = ""


class StockAlert(Scoped, table=True):
    """An alert of a variant in a site, or in every site (EVERY_SITE). Its threshold is the reorder point of the
    inventory policy. `notify`: e-mail addresses and webhook ids. `after_event`: the newest event of the outbox that is
    not its concern any more. `last_order_id`: the purchase order that it drafted last."""

    __tablename__ = "stock_alert"
    __table_args__ = (belongs_to("variant", "variant_id"), unique("variant_id", "site_id"))

    id: str = Field(primary_key=True, max_length=40)
    variant_id: str = Field(max_length=40)
    site_id: str = Field(default=EVERY_SITE, max_length=40)
    is_reordering: bool = False
    notify: list[str] = Field(default_factory=list, sa_type=JsonColumn)
    after_event: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    last_order_id: str = Field(default="", max_length=40)
    created_at: datetime = moment()
    updated_at: datetime = moment()
