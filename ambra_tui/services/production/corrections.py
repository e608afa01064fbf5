"""Batches given up, and steps taken back: the document says again what it said before them.

Example::

    cancel_batch(session, batch, idempotency_key="api-9")
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlmodel import Session, col

from ambra_tui import ledger
from ambra_tui.errors import WrongState
from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger import ReserveLine
from ambra_tui.services.production.batches import change_status, inputs_of, lock_batch, outputs_of, takings_of
from ambra_tui.services.production.terms import DOCUMENT, Cancelled
from ambra_tui.services.waste import get_waste, reverse_waste
from ambra_tui.store.models import ProductionBatch, ProductionTaking
from ambra_tui.store.scope import scoped


def cancel_batch(session: Session, batch: ProductionBatch, *, idempotency_key: str) -> Cancelled:
    """Nothing is made: what was promised is free again, and what had gone in is back in its bins. What was lost stays
    lost. Raises WrongState for a batch that is over."""
    batch = lock_batch(session, batch.id, "planned", "in_progress", step="cancel")
    used = [taking for taking in takings_of(session, batch.id) if not taking.is_waste]
    posted = [
        ledger.reverse(session, taking.move_id, idempotency_key=f"{idempotency_key}:{number}", reason="cancelled")
        for number, taking in enumerate(reversed(used))
    ]
    _forget(session, batch, used)
    ledger.release(session, document_id=batch.id)
    change_status(session, batch, "cancelled", "production_batch_cancelled")
    return Cancelled(batch, posted)


def take_back(session: Session, batch_id: str, taking_ids: Sequence[str]) -> None:
    """What these takings took is due again and promised again; the caller has reversed their moves.

    Raises WrongState when the batch is over, InsufficientStock when the stock is promised to others by now.
    """
    batch = lock_batch(session, batch_id, "in_progress", step="take back from")
    statement = scoped(session, ProductionTaking).where(
        ProductionTaking.production_batch_id == batch.id, col(ProductionTaking.id).in_(taking_ids)
    )
    _take_back(session, batch, list(session.exec(statement).all()))


def reopen_batch(
    session: Session, batch_id: str, *, taking_ids: Sequence[str], released: Mapping[str, Decimal]
) -> ProductionBatch:
    """A batch that was completed by mistake runs again; the caller has reversed the moves of its completion.

    `taking_ids`, `released`: what completing had taken, and given back. Raises WrongState, InsufficientStock.
    """
    batch = lock_batch(session, batch_id, "completed", step="reopen")
    for row in outputs_of(session, batch.id):
        session.delete(row)
    batch.actual_quantity_produced, batch.completed_at = None, None
    wanted = set(taking_ids)
    _take_back(session, batch, [taking for taking in takings_of(session, batch.id) if taking.id in wanted])
    _promise(session, batch, released)
    change_status(session, batch, "in_progress", "production_batch_reopened")
    return batch


def unstart_batch(session: Session, batch_id: str) -> ProductionBatch:
    """A batch that was started by mistake is planned again. Raises WrongState when something was taken for it."""
    batch = lock_batch(session, batch_id, "in_progress", step="unstart")
    if takings_of(session, batch.id):
        raise WrongState(DOCUMENT, batch.number, state="partly made", step="unstart")
    ledger.release(session, document_id=batch.id)
    batch.started_at = None
    change_status(session, batch, "planned", "production_batch_unstarted")
    return batch


def _take_back(session: Session, batch: ProductionBatch, takings: Sequence[ProductionTaking]) -> None:
    promised: dict[str, Decimal] = {}
    for taking in takings:
        promised[taking.input_id] = promised.get(taking.input_id, ZERO) + taking.reserved
        if taking.is_waste:
            reverse_waste(session, get_waste(session, taking.waste_record_id))
    _forget(session, batch, takings)
    _promise(session, batch, promised)


def _forget(session: Session, batch: ProductionBatch, takings: Sequence[ProductionTaking]) -> None:
    """The inputs had not taken these."""
    rows = {row.id: row for row in inputs_of(session, batch.id)}
    for taking in takings:
        row = rows[taking.input_id]
        if taking.is_waste:
            row.waste_quantity -= taking.quantity
        else:
            row.actual_quantity -= taking.quantity
        session.add(row)
        session.delete(taking)
    session.flush()


def _promise(session: Session, batch: ProductionBatch, wanted: Mapping[str, Decimal]) -> None:
    rows = {row.id: row for row in inputs_of(session, batch.id)}
    lines = [
        ReserveLine(input_id, rows[input_id].variant_id, quantity)
        for input_id, quantity in wanted.items()
        if quantity > ZERO
    ]
    if lines:
        ledger.reserve(session, site_id=batch.site_id, document_kind=DOCUMENT, document_id=batch.id, lines=lines)
