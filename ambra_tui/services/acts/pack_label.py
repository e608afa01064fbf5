"""Labels thrown away: the shipment is packed on, its numbers are used up.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.errors import WrongState
from ambra_tui.services import packing
from ambra_tui.services.acts import _packs, _picks
from ambra_tui.store.models import Act, Shipment
from ambra_tui.store.scope import fetch


class _PackLabel:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        order = _picks.open_order(session, act.document_id)
        shipment = fetch(session, Shipment, act.details["shipment_id"], resource="shipment")
        try:
            packing.unlabel(session, order, shipment, status=act.details["status"])
        except WrongState as error:
            raise _packs.gone_on(order) from error


ACT = _PackLabel()
"""Takes back acts of the kind `pack_label`. `details`: `shipment_id`; `status`: the order's state before."""
