"""What never arrived stays in transit until a person says what became of it.

Example::

    settle_loss(session, open_losses(session, transfer_id=transfer.id)[0], reason="lost", idempotency_key="step-9")
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col

from ambra_tui import ledger
from ambra_tui.errors import Invalid, WrongState
from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger import INVENTORY_LOSS, MoveKind
from ambra_tui.services.transfers.arriving import post_in, posting_in
from ambra_tui.services.transfers.documents import contents_of, in_transit, lock_transfer
from ambra_tui.services.transfers.terms import LOSS_REASONS, TRANSFER_LOSS, Carried
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Discrepancy, StockTransfer, StockTransferContent, Variant
from ambra_tui.store.scope import fetch, now_of, scoped


def open_losses(
    session: Session, *, transfer_id: str | None = None, site_id: str | None = None, limit: int = 100
) -> list[Discrepancy]:
    """What did not arrive and waits for a reason: of one transfer, or of those that go to or from a site."""
    statement = scoped(session, Discrepancy).where(Discrepancy.kind == TRANSFER_LOSS, Discrepancy.status == "open")
    if transfer_id is not None:
        statement = statement.where(Discrepancy.document_id == transfer_id)
    if site_id is not None:
        own = scoped(session, StockTransfer).where(
            (col(StockTransfer.source_site_id) == site_id) | (col(StockTransfer.destination_site_id) == site_id)
        )
        ids = own.with_only_columns(col(StockTransfer.id))
        statement = statement.where(col(Discrepancy.document_id).in_(ids))
    ordered = statement.order_by(col(Discrepancy.created_at), col(Discrepancy.id)).limit(limit)
    return list(session.exec(ordered.execution_options(populate_existing=True)).all())


def settle_loss(session: Session, loss: Discrepancy, *, reason: str, idempotency_key: str) -> list[Carried]:
    """A person says what became of it, and the rest in transit goes there.

    lost, damaged: written off; not_sent: it never left, back to the site that sent; found: it came after all.
    Raises Invalid for another reason, WrongState for a discrepancy that is closed.
    """
    if reason not in LOSS_REASONS:
        raise Invalid(f"reason is one of {', '.join(LOSS_REASONS)}", field="reason")
    transfer = lock_transfer(session, loss.document_id, "received", step="settle")
    session.refresh(loss, with_for_update=True)
    if loss.status != "open":
        raise WrongState("discrepancy", loss.id, state=loss.status, step="settle")
    variant = fetch(session, Variant, loss.variant_id or "", resource="variant")
    rows = [row for row in contents_of(session, transfer.id) if row.line_id == loss.line_id and in_transit(row) > ZERO]
    carried = _settle(session, transfer, variant, rows, reason, idempotency_key)
    loss.status, loss.reason, loss.resolved_at = "resolved", reason, now_of(session)
    session.add(loss)
    session.flush()
    publish(session, "exception_resolved", loss.id, {"kind": loss.kind, "reason": reason})
    audit(session, "discrepancy_resolved", loss.id, kind=loss.kind, reason=reason, number=transfer.number)
    return carried


def _settle(
    session: Session,
    transfer: StockTransfer,
    variant: Variant,
    rows: Sequence[StockTransferContent],
    reason: str,
    idempotency_key: str,
) -> list[Carried]:
    if reason == "found":
        location = ledger.receiving_location(session, site_id=transfer.destination_site_id, variant=variant)
        return post_in(session, transfer, [(row, in_transit(row), location) for row in rows], idempotency_key)
    kind, target = MoveKind.MANUAL_ADJUSTMENT, INVENTORY_LOSS
    if reason == "not_sent":
        home = ledger.receiving_location(session, site_id=transfer.source_site_id, variant=variant)
        kind, target = MoveKind.TRANSFER_IN, home.id
    wanted = [(row, in_transit(row)) for row in rows]
    posted = ledger.post(
        session,
        [
            posting_in(row, quantity, target, f"{idempotency_key}:{number}", kind=kind, reason=f"transfer_{reason}")
            for number, (row, quantity) in enumerate(wanted)
        ],
    )
    for row, quantity in wanted:
        row.settled += quantity
        session.add(row)
    session.flush()
    return [Carried(row.id, quantity, each) for (row, quantity), each in zip(wanted, posted, strict=True)]
