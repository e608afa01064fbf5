"""Takes back a quarantine or a release: the lot or bin is as it was, and orders are picked as before.

Example::

    desk.did("hold", document_kind="lot", document_id=lot.id, details={"before": "active", "after": "quarantine"}, ...)
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui import ledger
from ambra_tui.services.acts import _trail
from ambra_tui.services.holds import plan_afresh
from ambra_tui.store.facts import audit
from ambra_tui.store.models import Act, Location, Lot
from ambra_tui.store.scope import fetch


class UndoHold:
    """Undoes acts of the kind `hold`. `details`: `before` and `after` (a lot's status, a bin's ``held`` or ``free``),
    and the orders that were planned anew."""

    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        """Restores the state before. Raises CannotUndo when somebody has changed it since."""
        undo = _undo_bin if act.document_kind == "location" else _undo_lot
        undo(session, act)
        plan_afresh(session, act.details.get("orders", []))


def _undo_lot(session: Session, act: Act) -> None:
    lot = fetch(session, Lot, act.document_id, resource="lot")
    if lot.status != act.details["after"]:
        raise _trail.CannotUndo(f"lot {lot.lot_number} is {lot.status} now", reason="changed", found=lot.lot_number)
    before = act.details["before"]
    ledger.set_lot_status(session, lot, "active" if before == "exhausted" else before)
    audit(session, "lot_status_changed", lot.id, lot_number=lot.lot_number, after=lot.status, reason="undone")


def _undo_bin(session: Session, act: Act) -> None:
    location = fetch(session, Location, act.document_id, resource="location")
    if location.is_held != (act.details["after"] == "held"):
        raise _trail.CannotUndo(f"{location.code} was changed since", reason="changed", found=location.code)
    ledger.set_location_held(session, location, not location.is_held)
    audit(session, "location_held" if location.is_held else "location_freed", location.id, reason="undone")


ACT = UndoHold()
