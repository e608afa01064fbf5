"""Customers: who orders, where they are reached, and how a shop groups them.

Example::

    Customer(organization_id=1, id=new_id("cust"), email="jane@example.com", first_name="Jane", last_name="Doe", ...)
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, one_of, unique
from ambra_tui.store.types import JsonColumn


class Customer(Scoped, table=True):
    """A person or firm that orders. `email` in small letters, unique. An erased customer keeps the row that orders
    point to, without any personal word: its e-mail is the id at `erased.invalid`."""

    __table_args__ = (
        unique("email"),
        index("customer", "created_at", "id"),
        index("customer", "last_name", "id"),
        one_of("status", "active", "erased"),
    )

    id: str = Field(primary_key=True, max_length=40)
    email: str = Field(max_length=255)
    first_name: str = Field(default="", max_length=120)
    last_name: str = Field(default="", max_length=120)
    phone: str = Field(default="", max_length=60)
    status: str = Field(default="active", max_length=20)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JsonColumn)
    created_at: datetime = moment()
    updated_at: datetime = moment()
    erased_at: datetime | None = moment(default=None, nullable=True)


class CustomerAddress(Scoped, table=True):
    """Where a customer has things sent or billed. At most one of each `type` is the default.

    `country`: ISO 3166-1 alpha-2, capital letters; `state`: its subdivision as written by the customer.
    """

    __tablename__ = "customer_address"
    __table_args__ = (
        belongs_to("customer", "customer_id"),
        index("customer_address", "customer_id", "position"),
        one_of("type", "shipping", "billing"),
        check("position_not_negative", "position >= 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    customer_id: str = Field(max_length=40)
    position: int = 0
    type: str = Field(default="shipping", max_length=20)
    is_default: bool = False
    first_name: str = Field(default="", max_length=120)
    last_name: str = Field(default="", max_length=120)
    company: str = Field(default="", max_length=255)
    line1: str = Field(default="", max_length=255)
    line2: str = Field(default="", max_length=255)
    city: str = Field(default="", max_length=120)
    state: str = Field(default="", max_length=120)
    zip: str = Field(default="", max_length=20)
    country: str = Field(default="", max_length=2)
    phone: str = Field(default="", max_length=60)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class CustomerTag(Scoped, table=True):
    """A word that a shop keeps beside a customer: vip, newsletter."""

    __tablename__ = "customer_tag"
    __table_args__ = (belongs_to("customer", "customer_id"), index("customer_tag", "tag", "customer_id"))

    customer_id: str = Field(primary_key=True, max_length=40)
    tag: str = Field(primary_key=True, max_length=60)
    position: int = 0
