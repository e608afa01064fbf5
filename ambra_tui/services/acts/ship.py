"""A shipment taken back: everything lies in its totes again, promised and assigned to the orders as before.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from sqlmodel import Session, col, select

from ambra_tui.errors import InsufficientStock, WrongState
from ambra_tui.services import orders
from ambra_tui.services.acts import _trail
from ambra_tui.store.models import Act, ReturnAuthorization
from ambra_tui.store.scope import organization_of


class _Ship:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        shipped = act.details["orders"]
        _refuse_returns(session, [one["id"] for one in shipped])
        _trail.reverse_moves(session, act, idempotency_key=idempotency_key)
        for one in shipped:
            parts = [orders.Part.from_texts(part) for part in one["parts"]]
            try:
                orders.take_back(session, orders.get_order(session, one["id"]), parts, status=one["status"])
            except WrongState as error:
                raise _trail.CannotUndo(error.message.rstrip("."), reason="closed") from error
            except InsufficientStock as error:
                raise _trail.CannotUndo("the stock is promised to other work", reason="promised") from error


def _refuse_returns(session: Session, order_ids: list[str]) -> None:
    statement = select(ReturnAuthorization.number).where(
        ReturnAuthorization.organization_id == organization_of(session),
        col(ReturnAuthorization.order_id).in_(order_ids),
        ReturnAuthorization.status != "cancelled",
    )
    number = session.exec(statement.order_by(col(ReturnAuthorization.number))).first()
    if number is not None:
        raise _trail.CannotUndo(f"{number} takes it back", reason="order", document=number)


ACT = _Ship()
"""Takes back acts of the kind `ship`."""
