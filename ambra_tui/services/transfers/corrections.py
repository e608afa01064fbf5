"""Steps taken back: the document says again what it said before them.

Example::

    reopen(session, transfer, "in_transit")
    take_back(session, transfer, [(content.id, Decimal(10))], what="received")
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlmodel import Session, col

from ambra_tui.services.transfers.documents import change_status, contents_of, lines_of
from ambra_tui.services.transfers.terms import TRANSFER_LOSS, TRANSFER_SHORT
from ambra_tui.store.facts import publish
from ambra_tui.store.models import Discrepancy, StockTransfer
from ambra_tui.store.scope import now_of, scoped


def take_back(session: Session, transfer: StockTransfer, carried: Sequence[tuple[str, Decimal]], *, what: str) -> None:
    """Lowers what contents and lines say was `what` (shipped, received or settled); the caller reverses the moves."""
    rows = {row.id: row for row in contents_of(session, transfer.id)}
    lines = {line.id: line for line in lines_of(session, transfer.id)}
    for content_id, quantity in carried:
        row = rows[content_id]
        setattr(row, what, getattr(row, what) - quantity)
        session.add(row)
        if what != "settled":
            line = lines[row.line_id]
            setattr(line, what, getattr(line, what) - quantity)
            session.add(line)
    transfer.updated_at = now_of(session)
    session.add(transfer)
    session.flush()


def reopen(session: Session, transfer: StockTransfer, status: str) -> None:
    """A transfer that was sent or closed by mistake is a draft or in transit again; its open discrepancies go."""
    gone = (TRANSFER_LOSS, TRANSFER_SHORT) if status == "draft" else (TRANSFER_LOSS,)
    statement = scoped(session, Discrepancy).where(
        Discrepancy.document_id == transfer.id,
        Discrepancy.status == "open",
        col(Discrepancy.kind).in_(gone),
    )
    for missing in session.exec(statement.execution_options(populate_existing=True)).all():
        session.delete(missing)
    if status == "draft":
        transfer.shipped_at = None
    transfer.received_at = None
    change_status(session, transfer, status)
    publish(session, "transfer_reopened", transfer.id, {"number": transfer.number, "status": status})
