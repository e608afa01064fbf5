"""The document of a transfer: made, found, locked, cancelled.

Example::

    transfer = lock_transfer(session, transfer.id, "draft", step="ship")
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlmodel import Session, col

from ambra_tui import ledger
from ambra_tui.errors import Duplicate, Invalid, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services import claims
from ambra_tui.services.catalog import positive_quantity, variants_by_id
from ambra_tui.services.documents import document_number, lock_document
from ambra_tui.services.rows import add_unique
from ambra_tui.services.transfers.terms import DOCUMENT, MAX_LINES, NewTransferLine, NotOnTransfer
from ambra_tui.store.facts import publish
from ambra_tui.store.models import Site, StockTransfer, StockTransferContent, StockTransferLine, Variant
from ambra_tui.store.scope import fetch, now_of, organization_of, scoped


def create_transfer(
    session: Session,
    *,
    source_site_id: str,
    destination_site_id: str,
    lines: Sequence[NewTransferLine],
    number: str | None = None,
    notes: str = "",
) -> StockTransfer:
    """A draft; nothing has moved. Raises Invalid, NotFound, Duplicate, NotAllowed for marketplace sites."""
    if not lines:
        raise Invalid("a transfer needs at least one item", field="items")
    if len(lines) > MAX_LINES:
        raise Invalid(f"a transfer has at most {MAX_LINES} items", field="items")
    if source_site_id == destination_site_id:
        raise Invalid("a transfer goes to another location", field="to_location_id")
    for site_id in (source_site_id, destination_site_id):
        ledger.refuse_read_only(session, site_id)
    now = now_of(session)
    transfer = StockTransfer(
        organization_id=organization_of(session),
        id=new_id("tr"),
        number=document_number(session, "TR", number, resource=DOCUMENT, find=find_transfer),
        source_site_id=source_site_id,
        destination_site_id=destination_site_id,
        notes=clean_line(notes, field="notes", max_length=1000, required=False),
        created_at=now,
        updated_at=now,
    )
    rows = _new_lines(session, transfer, lines)
    add_unique(session, transfer, Duplicate(DOCUMENT, "number", transfer.number))
    session.add_all(rows)
    session.flush()
    publish(session, "transfer_created", transfer.id, {"number": transfer.number})
    return transfer


def _new_lines(session: Session, transfer: StockTransfer, lines: Sequence[NewTransferLine]) -> list[StockTransferLine]:
    named: set[str] = set()
    rows = []
    variants = variants_by_id(session, [line.variant_id for line in lines])
    for position, line in enumerate(lines, start=1):
        variant = variants[line.variant_id]
        if variant.id in named:
            message = f"{variant.sku} is named twice: give one item with the sum"
            raise Invalid(message, field=f"items.{position - 1}.sku")
        named.add(variant.id)
        rows.append(
            StockTransferLine(
                organization_id=transfer.organization_id,
                id=new_id("trl"),
                stock_transfer_id=transfer.id,
                position=position,
                variant_id=variant.id,
                quantity=positive_quantity(line.quantity, field=f"items.{position - 1}.quantity"),
            )
        )
    return rows


def find_transfer(session: Session, number: str) -> StockTransfer | None:
    """The transfer with this number; typed small letters do too."""
    wanted = number.strip()
    for spelling in dict.fromkeys((wanted, wanted.upper())):
        found = session.exec(scoped(session, StockTransfer).where(StockTransfer.number == spelling)).first()
        if found is not None:
            return found
    return None


def get_transfer(session: Session, transfer_id: str) -> StockTransfer:
    """The transfer with this id. Raises NotFound."""
    return fetch(session, StockTransfer, transfer_id, resource=DOCUMENT)


def lines_of(session: Session, transfer_id: str) -> list[StockTransferLine]:
    """A transfer's lines in their order, as they are now."""
    statement = scoped(session, StockTransferLine).where(StockTransferLine.stock_transfer_id == transfer_id)
    ordered = statement.order_by(col(StockTransferLine.position)).execution_options(populate_existing=True)
    return list(session.exec(ordered).all())


def line_for(session: Session, transfer: StockTransfer, variant: Variant) -> StockTransferLine:
    """The transfer's line of a variant. Raises NotOnTransfer."""
    for line in lines_of(session, transfer.id):
        if line.variant_id == variant.id:
            return line
    raise NotOnTransfer(transfer, variant.sku)


def contents_of(session: Session, transfer_id: str) -> list[StockTransferContent]:
    """What a transfer carries or carried, as it is now."""
    statement = scoped(session, StockTransferContent).where(StockTransferContent.stock_transfer_id == transfer_id)
    ordered = statement.order_by(col(StockTransferContent.created_at), col(StockTransferContent.id))
    return list(session.exec(ordered.execution_options(populate_existing=True)).all())


def in_transit(content: StockTransferContent) -> Decimal:
    """What of a content has left and not arrived."""
    return content.shipped - content.received - content.settled


def site_codes(session: Session, transfer: StockTransfer) -> tuple[str, str]:
    """The codes of the sites that a transfer goes from and to."""
    source = fetch(session, Site, transfer.source_site_id, resource="location")
    destination = fetch(session, Site, transfer.destination_site_id, resource="location")
    return source.code, destination.code


def lock_transfer(session: Session, transfer_id: str, *states: str, step: str) -> StockTransfer:
    """The transfer, locked and as it is now. Raises WrongState when it is in none of `states`."""
    return lock_document(session, StockTransfer, transfer_id, *states, resource=DOCUMENT, step=step)


def cancel_transfer(session: Session, transfer: StockTransfer) -> StockTransfer:
    """A draft that nothing was loaded for is not sent. Raises WrongState."""
    transfer = lock_transfer(session, transfer.id, "draft", step="cancel")
    if any(line.shipped for line in lines_of(session, transfer.id)):
        raise WrongState(DOCUMENT, transfer.number, state="partly loaded", step="cancel")
    change_status(session, transfer, "cancelled")
    return transfer


def change_status(session: Session, transfer: StockTransfer, status: str) -> None:
    """The transfer in another state, from this moment; whoever worked on what it was before holds it no more."""
    transfer.status = status
    claims.release(session, DOCUMENT, transfer.id)
    transfer.updated_at = now_of(session)
    session.add(transfer)
    session.flush()
