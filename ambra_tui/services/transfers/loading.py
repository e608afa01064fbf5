"""The way out: stock is loaded from its bins into transit, then the transfer is sent.

Example::

    load(session, transfer, content=content, idempotency_key="step-3")
    send(session, transfer)
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import InsufficientStock, Invalid, Shortage
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger import TRANSIT, Guard, MoveKind, Posted, Posting
from ambra_tui.services.moves import content_of
from ambra_tui.services.receiving import Content
from ambra_tui.services.transfers.documents import change_status, contents_of, line_for, lines_of, lock_transfer
from ambra_tui.services.transfers.terms import DOCUMENT, Carried, TooMany
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import (
    Location,
    StockMove,
    StockTransfer,
    StockTransferContent,
    StockTransferLine,
    Variant,
)
from ambra_tui.store.scope import fetch, now_of, organization_of


def load(session: Session, transfer: StockTransfer, *, content: Content, idempotency_key: str) -> Carried:
    """Takes stock of one level from its bin into transit, for a draft.

    Raises TooMany for more than is still to go, NotOnTransfer, InsufficientStock, WrongState, Invalid.
    """
    transfer = lock_transfer(session, transfer.id, "draft", step="load")
    origin = fetch(session, Location, content.location_id, resource="location")
    if origin.site_id != transfer.source_site_id:
        raise Invalid(f"{origin.code} is not in the site that sends", field="location_id")
    variant = fetch(session, Variant, content.variant_id, resource="variant")
    line = line_for(session, transfer, variant)
    outstanding = line.quantity - line.shipped
    if content.quantity > outstanding:
        raise TooMany(variant.sku, content.quantity, outstanding, step="shipped")
    return _load(session, transfer, [(line, content)], idempotency_key)[0]


def ship(session: Session, transfer: StockTransfer, *, idempotency_key: str) -> list[Carried]:
    """Loads all that is still to go, by the rule of an issue (pick bins before reserve bins, earliest expiry first),
    and sends the transfer. Raises InsufficientStock listing every short line, WrongState."""
    transfer = lock_transfer(session, transfer.id, "draft", step="ship")
    wanted: list[tuple[StockTransferLine, Content]] = []
    short: list[Shortage] = []
    for line in lines_of(session, transfer.id):
        rest = line.quantity - line.shipped
        if rest <= ZERO:
            continue
        try:
            sources = ledger.issue_sources(
                session, site_id=transfer.source_site_id, variant_id=line.variant_id, quantity=rest
            )
        except InsufficientStock as error:
            short += [shortage._replace(line_id=line.id) for shortage in error.shortages]
            continue
        wanted += [(line, content_of(source.level, source.quantity)) for source in sources]
    if short:
        raise InsufficientStock(short)
    carried = _load(session, transfer, wanted, idempotency_key)
    send(session, transfer)
    return carried


def send(session: Session, transfer: StockTransfer) -> StockTransfer:
    """What is loaded is on its way; nothing more is loaded. Raises WrongState, Invalid when nothing is loaded."""
    transfer = lock_transfer(session, transfer.id, "draft", step="ship")
    if not any(line.shipped for line in lines_of(session, transfer.id)):
        raise Invalid("nothing is loaded yet", field="items")
    transfer.shipped_at = now_of(session)
    change_status(session, transfer, "in_transit")
    publish(session, "transfer_shipped", transfer.id, {"number": transfer.number})
    audit(session, "transfer_shipped", transfer.id, number=transfer.number)
    return transfer


def _load(
    session: Session,
    transfer: StockTransfer,
    wanted: Sequence[tuple[StockTransferLine, Content]],
    idempotency_key: str,
) -> list[Carried]:
    ledger.refuse_read_only(session, transfer.source_site_id)
    postings = [
        Posting(
            variant_id=content.variant_id,
            source_id=content.location_id,
            destination_id=TRANSIT,
            quantity=content.quantity,
            kind=MoveKind.TRANSFER_OUT,
            idempotency_key=f"{idempotency_key}:{number}",
            lot_id=content.lot_id,
            serial=content.serial,
            plate_id=content.plate_id,
            guard=Guard.AVAILABLE,
            origin_kind=DOCUMENT,
            origin_id=transfer.id,
            origin_line_id=line.id,
        )
        for number, (line, content) in enumerate(wanted)
    ]
    try:
        posted = ledger.post(session, postings)
    except InsufficientStock as error:
        raise ledger.name_shortages(session, error) from error
    rows = _content_rows(session, transfer, wanted, posted)
    carried = []
    for (line, content), row, each in zip(wanted, rows, posted, strict=True):
        row.shipped += content.quantity
        line.shipped += content.quantity
        session.add_all((row, line))
        carried.append(Carried(row.id, content.quantity, each))
    transfer.updated_at = now_of(session)
    session.add(transfer)
    session.flush()
    return carried


def _content_rows(
    session: Session,
    transfer: StockTransfer,
    wanted: Sequence[tuple[StockTransferLine, Content]],
    posted: Sequence[Posted],
) -> list[StockTransferContent]:
    """The content that each load adds to: one for each line, lot, serial and cost."""
    statement = select(StockMove.id, StockMove.unit_cost).where(
        StockMove.organization_id == organization_of(session), col(StockMove.id).in_([each.id for each in posted])
    )
    costs = dict(session.exec(statement).all())
    known = {(row.line_id, row.lot_id, row.serial, row.unit_cost): row for row in contents_of(session, transfer.id)}
    rows = []
    for (line, content), each in zip(wanted, posted, strict=True):
        key = (line.id, content.lot_id, content.serial, costs[each.id])
        if key not in known:
            known[key] = StockTransferContent(
                organization_id=transfer.organization_id,
                id=new_id("trc"),
                stock_transfer_id=transfer.id,
                line_id=line.id,
                variant_id=content.variant_id,
                lot_id=content.lot_id,
                serial=content.serial,
                unit_cost=costs[each.id],
                created_at=now_of(session),
            )
        rows.append(known[key])
    return rows
