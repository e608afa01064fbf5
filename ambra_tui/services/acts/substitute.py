"""A substitute given up again: the rest of the line waits as backorder as before.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from decimal import Decimal

from sqlmodel import Session

from ambra_tui.errors import WrongState
from ambra_tui.services import orders, substitutions
from ambra_tui.services.acts import _trail
from ambra_tui.store.models import Act


class _Substitute:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        told = act.details
        try:
            substitutions.take_back(
                session,
                orders.get_order(session, act.document_id),
                line_id=told["line_id"],
                substitute_id=told["variant_id"],
                units=Decimal(told["units"]),
                quantity=Decimal(told["quantity"]),
            )
        except WrongState as error:
            raise _trail.CannotUndo("some of it was picked", reason="elsewhere") from error


ACT = _Substitute()
"""Takes back acts of the kind `substitute`."""
