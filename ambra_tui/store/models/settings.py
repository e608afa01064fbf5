"""What an organization chose about how it works, by name.

Example::

    OrganizationSetting(organization_id=1, name="orders", value={"reserve_at": "payment"}, updated_at=now)
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, moment
from ambra_tui.store.types import JsonColumn


class OrganizationSetting(Scoped, table=True):
    """One choice; without a row the default holds."""

    __tablename__ = "organization_setting"

    name: str = Field(primary_key=True, max_length=60)
    value: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    updated_at: datetime = moment()
