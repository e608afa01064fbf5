"""What an organization chose about its orders: when stock is promised to them, and what becomes of too little.

Example::

    PUT /v2/settings/orders    {"reserve": "paid", "backorders": true}
"""

from __future__ import annotations

from typing import Annotated, Literal

from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.fields import Body, Flag, Identifier, OneOf
from ambra_tui.services.orders import RESERVE_AT, OrderPolicy, order_policy, set_order_policy

catalogue = Catalogue(
    "Order settings", about="When orders are promised their stock, and what becomes of one that asks for too much."
)
PATH = "/settings/orders"


class OrderSettingsView(TypedDict):
    """`reserve`: `always` promises an order its stock as it is placed, `paid` once it is paid, `never` leaves it to
    the warehouse. `backorders`: too little stock does not refuse an order, the rest of it waits."""

    reserve: Literal["always", "paid", "never"]
    backorders: bool


class OrderSettings(Body):
    """What is left out stays as it is; so do orders that were placed before."""

    reserve: Annotated[Identifier, OneOf(RESERVE_AT)] | None = None
    backorders: Flag | None = None


@catalogue.read(
    PATH, Nothing, scope="orders:read", operation_id="getOrderSettings", summary="How orders are promised their stock",
    shape=OrderSettingsView,
)  # fmt: skip
def get(session: Session, _call: Call, _query: object) -> Answer:
    """What holds for the next order."""
    return Answer(_view(order_policy(session)))


@catalogue.write(
    "PUT", PATH, OrderSettings, scope="admin", operation_id="updateOrderSettings", current=get,
    summary="Choose how orders are promised their stock", shape=OrderSettingsView,
    example={"reserve": "paid", "backorders": True},
)  # fmt: skip
def update(session: Session, _call: Call, body: OrderSettings) -> Answer:
    """From the next order on."""
    return Answer(_view(set_order_policy(session, reserve_at=body.reserve, takes_backorders=body.backorders)))


def _view(policy: OrderPolicy) -> OrderSettingsView:
    return {
        "reserve": policy.reserve_at,  # type: ignore[typeddict-item]  # one of RESERVE_AT
        "backorders": policy.takes_backorders,
    }
