"""A shipment taken back: everything lies in its totes again, promised and assigned to the orders as before.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, select

from ambra_tui.errors import InsufficientStock, WrongState
from ambra_tui.services import orders, picking
from ambra_tui.services.acts import _trail
from ambra_tui.store.models import Act, Location, ReturnAuthorization
from ambra_tui.store.scope import fetch, organization_of


class _Ship:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        shipped = act.details["orders"]
        refuse_returns(session, [one["id"] for one in shipped])
        for one in shipped:
            _refuse_taken_totes(session, one)
        _trail.reverse_moves(session, act, idempotency_key=idempotency_key)
        for one in shipped:
            parts = [orders.Part.from_texts(part) for part in one["parts"]]
            try:
                orders.take_back(session, orders.get_order(session, one["id"]), parts, status=one["status"])
            except WrongState as error:
                raise _trail.CannotUndo(error.message.rstrip("."), reason="closed") from error
            except InsufficientStock as error:
                raise _trail.CannotUndo("the stock is promised to other work", reason="promised") from error


def refuse_returns(session: Session, order_ids: list[str]) -> None:
    """Raises CannotUndo when something of the orders is on its way back."""
    statement = select(ReturnAuthorization.number).where(
        ReturnAuthorization.organization_id == organization_of(session),
        col(ReturnAuthorization.order_id).in_(order_ids),
        ReturnAuthorization.status != "cancelled",
    )
    number = session.exec(statement.order_by(col(ReturnAuthorization.number))).first()
    if number is not None:
        raise _trail.CannotUndo(f"{number} takes it back", reason="order", document=number)


def _refuse_taken_totes(session: Session, shipped: dict[str, Any]) -> None:
    """Raises CannotUndo when a tote that the order left in is another order's by now."""
    order = orders.get_order(session, shipped["id"])
    for location_id in sorted({part["location_id"] for part in shipped["parts"]}):
        location = fetch(session, Location, location_id, resource="location")
        if location.kind != "tote":
            continue
        try:
            picking.check_tote(session, order, location)
        except picking.ToteTaken as taken:
            raise _trail.CannotUndo(
                f"{location.code} holds other stock", reason="bin_taken", bin=location.code
            ) from taken


ACT = _Ship()
"""Takes back acts of the kind `ship`."""
