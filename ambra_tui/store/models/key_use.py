"""How keys and programs are used: from which networks, how much in their busiest hour, and what was unusual.

Example::

    session.exec(scoped(session, KeyNotice).where(KeyNotice.key_id == key.id))
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, index, moment, one_of
from ambra_tui.store.types import JsonColumn


class KeyNetwork(Scoped, table=True):
    """A network that a key was used from: the /24 of an IPv4 address, the /48 of an IPv6 one."""

    __tablename__ = "key_network"

    key_id: str = Field(primary_key=True, max_length=40)
    network: str = Field(primary_key=True, max_length=50)
    first_used_at: datetime = moment()


class KeyHabit(Scoped, table=True):
    """How much a key asks. `hour`: the last one (numbered from 1970) it was seen in, with `hour_used` so far;
    `busiest`: the most in any earlier hour, `hours` of which there were."""

    __tablename__ = "key_habit"

    key_id: str = Field(primary_key=True, max_length=40)
    hour: int
    hour_used: int
    busiest: int = 0
    hours: int = 0
    last_used_at: datetime = moment()


class KeyNotice(Scoped, table=True):
    """A use of a key that is unlike its earlier ones."""

    __tablename__ = "key_notice"
    __table_args__ = (index("key_notice", "at"), one_of("kind", "new_network", "high_rate", "long_silence"))

    id: str = Field(primary_key=True, max_length=40)
    key_id: str = Field(max_length=40)
    label: str = Field(max_length=120)
    kind: str = Field(max_length=20)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    at: datetime = moment()
