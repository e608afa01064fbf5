"""A closed package is open again: what went to the stage lies in its totes, assigned to the order as before.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.services import packing
from ambra_tui.services.acts import _packs, _trail
from ambra_tui.services.picking import ToteTaken, check_tote
from ambra_tui.store.models import Act, Location, SalesOrder
from ambra_tui.store.scope import fetch


class _PackClose:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        order, package = _packs.package_of(session, act)
        if not package.is_closed:
            raise _packs.gone_on(order)
        carried = _packs.carried_of(act.details)
        _refuse_taken_totes(session, order, carried)
        try:
            packing.let_go_of(session, order, carried)
        except packing.Changed as error:
            raise _packs.gone_on(order) from error
        _trail.reverse_moves(session, act, idempotency_key=idempotency_key)
        packing.reopen(session, order, package, carried)


def _refuse_taken_totes(session: Session, order: SalesOrder, carried: list[packing.Carried]) -> None:
    """Raises CannotUndo when a tote that was emptied is another order's by now."""
    for location_id in sorted({move.source_id for move in carried}):
        location = fetch(session, Location, location_id, resource="location")
        if location.kind != "tote":
            continue
        try:
            check_tote(session, order, location)
        except ToteTaken as taken:
            raise _trail.CannotUndo(
                f"{location.code} holds other stock", reason="bin_taken", bin=location.code
            ) from taken


ACT = _PackClose()
"""Takes back acts of the kind `pack_close`. `details`: `package_id`; `carried`: what went to the stage."""
