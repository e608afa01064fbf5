"""What a transfer lacks: an open discrepancy a line, until somebody gives the reason.

Example::

    note_missing(session, transfer, [(line, Decimal(2))], kind=TRANSFER_LOSS, site_id=transfer.destination_site_id)
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlmodel import Session

from ambra_tui.kit.ids import new_id
from ambra_tui.services.transfers.terms import DOCUMENT
from ambra_tui.store.facts import publish
from ambra_tui.store.models import Discrepancy, StockTransfer, StockTransferLine
from ambra_tui.store.scope import actor_of, now_of


def note_missing(
    session: Session,
    transfer: StockTransfer,
    missing: Sequence[tuple[StockTransferLine, Decimal]],
    *,
    kind: str,
    site_id: str,
) -> list[Discrepancy]:
    """Opens a discrepancy of `kind` for each line and what it lacks; the site `site_id` is to explain it."""
    rows = [
        Discrepancy(
            organization_id=transfer.organization_id,
            id=new_id("dis"),
            kind=kind,
            site_id=site_id,
            variant_id=line.variant_id,
            document_kind=DOCUMENT,
            document_id=transfer.id,
            line_id=line.id,
            quantity=quantity,
            actor_id=actor_of(session).id,
            created_at=now_of(session),
        )
        for line, quantity in missing
    ]
    session.add_all(rows)
    session.flush()
    for row in rows:
        publish(session, "exception_opened", row.id, {"kind": row.kind, "variant_id": row.variant_id})
    return rows
