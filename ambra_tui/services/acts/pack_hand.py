"""A hand-over taken back: the parcels stand in the site again, labelled, their stock promised to the order as before.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.errors import InsufficientStock, WrongState
from ambra_tui.services import orders, shipping
from ambra_tui.services.acts import _packs, _trail
from ambra_tui.services.acts.ship import refuse_returns
from ambra_tui.store.models import Act, Shipment
from ambra_tui.store.scope import fetch


class _PackHand:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        order = orders.lock_order(session, act.document_id)
        shipment = fetch(session, Shipment, act.details["shipment_id"], resource="shipment")
        if shipment.status != "created":
            raise _packs.gone_on(order)
        refuse_returns(session, [order.id])
        _trail.reverse_moves(session, act, idempotency_key=idempotency_key)
        try:
            shipping.take_back(session, shipment)
        except WrongState as error:
            raise _trail.CannotUndo(error.message.rstrip("."), reason="closed") from error
        except InsufficientStock as error:
            raise _trail.CannotUndo("the stock is promised to other work", reason="promised") from error


ACT = _PackHand()
"""Takes back acts of the kind `pack_hand`. `details`: `shipment_id`."""
