"""What is known of sites beside their own rows: when a variant was counted there last, whose shelves they are.

Example::

    LastCount(organization_id=1, variant_id=milk.id, site_id=wh1.id, counted_at=now)
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, moment


class LastCount(Scoped, table=True):
    """When somebody last counted a variant in a site, whether or not the count changed anything."""

    __tablename__ = "last_count"
    __table_args__ = (belongs_to("variant", "variant_id"), belongs_to("site", "site_id"))

    variant_id: str = Field(primary_key=True, max_length=40)
    site_id: str = Field(primary_key=True, max_length=40)
    counted_at: datetime = moment()


class MarketplaceSite(Scoped, table=True):
    """The marketplace that a read-only site belongs to, such as ``amazon_eu``."""

    __tablename__ = "marketplace_site"
    __table_args__ = (belongs_to("site", "site_id"),)

    site_id: str = Field(primary_key=True, max_length=40)
    marketplace: str = Field(max_length=60)
