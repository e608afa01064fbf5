"""The way out: stock is loaded from its bins into transit, then the transfer is sent.

Example::

    load(session, transfer, content=content, idempotency_key="step-3")
    send(session, transfer)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import InsufficientStock, Invalid, Shortage
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger import TRANSIT, Guard, MoveKind, Posted, Posting
from ambra_tui.services.catalog import variants_by_id
from ambra_tui.services.documents import told_moment
from ambra_tui.services.moves import content_of
from ambra_tui.services.receiving import Content
from ambra_tui.services.transfers.documents import change_status, contents_of, line_for, lines_of, lock_transfer
from ambra_tui.services.transfers.missing import note_missing
from ambra_tui.services.transfers.terms import DOCUMENT, TRANSFER_SHORT, Carried, Departure, NotOnTransfer, TooMany
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


def ship(
    session: Session,
    transfer: StockTransfer,
    *,
    idempotency_key: str,
    departures: Sequence[Departure] | None = None,
    occurred_at: datetime | None = None,
) -> list[Carried]:
    """Loads all that is still to go, or what `departures` name, by the rule of an issue (pick bins before reserve
    bins, earliest expiry first), and sends the transfer. `occurred_at`: when it left, if not now.

    Raises InsufficientStock listing every short line, WrongState, NotOnTransfer, TooMany, Invalid when nothing goes.
    """
    transfer = lock_transfer(session, transfer.id, "draft", step="ship")
    moment = told_moment(session, occurred_at)
    going = _going(session, transfer, departures)
    sources = ledger.open_sources_of(
        session, site_id=transfer.source_site_id, variant_ids=[line.variant_id for line, _ in going]
    )
    wanted: list[tuple[StockTransferLine, Content]] = []
    short: list[Shortage] = []
    for line, quantity in going:
        rest = quantity
        for source in sources.get(line.variant_id, ()):
            part = min(rest, source.quantity)
            if part > ZERO:
                wanted.append((line, content_of(source.level, part)))
                rest -= part
        if rest > ZERO:
            short.append(_shortage(session, transfer, line, quantity, quantity - rest))
    if short:
        raise InsufficientStock(short)
    carried = _load(session, transfer, wanted, idempotency_key, moment)
    send(session, transfer, occurred_at=moment)
    return carried


def _going(
    session: Session, transfer: StockTransfer, departures: Sequence[Departure] | None
) -> list[tuple[StockTransferLine, Decimal]]:
    """The lines that something leaves of, and how much."""
    lines = lines_of(session, transfer.id)
    rests = {line.variant_id: line.quantity - line.shipped for line in lines}
    if departures is None:
        return [(line, rests[line.variant_id]) for line in lines if rests[line.variant_id] > ZERO]
    asked: dict[str, Decimal] = {}
    for departure in departures:
        asked[departure.variant_id] = asked.get(departure.variant_id, ZERO) + departure.quantity
    variants = variants_by_id(session, asked)
    for variant_id, quantity in asked.items():
        if variant_id not in rests:
            raise NotOnTransfer(transfer, variants[variant_id].sku)
        if quantity > rests[variant_id]:
            raise TooMany(variants[variant_id].sku, quantity, rests[variant_id], step="shipped")
    return [(line, asked[line.variant_id]) for line in lines if asked.get(line.variant_id, ZERO) > ZERO]


def _shortage(
    session: Session, transfer: StockTransfer, line: StockTransferLine, requested: Decimal, available: Decimal
) -> Shortage:
    variant = fetch(session, Variant, line.variant_id, resource="variant")
    return Shortage(
        variant.sku, requested, available,
        variant_id=variant.id, site_id=transfer.source_site_id, line_id=line.id,
    )  # fmt: skip


def send(session: Session, transfer: StockTransfer, *, occurred_at: datetime | None = None) -> StockTransfer:
    """What is loaded is on its way; nothing more is loaded. What a line lacks is an open discrepancy until somebody
    gives the reason. Raises WrongState, Invalid when nothing is loaded."""
    transfer = lock_transfer(session, transfer.id, "draft", step="ship")
    lines = lines_of(session, transfer.id)
    if not any(line.shipped for line in lines):
        raise Invalid("nothing is loaded yet", field="items")
    transfer.shipped_at = occurred_at or now_of(session)
    change_status(session, transfer, "in_transit")
    lacking = [(line, line.quantity - line.shipped) for line in lines if line.shipped < line.quantity]
    note_missing(session, transfer, lacking, kind=TRANSFER_SHORT, site_id=transfer.source_site_id)
    publish(session, "transfer_shipped", transfer.id, {"number": transfer.number, "missing": len(lacking)})
    audit(session, "transfer_shipped", transfer.id, number=transfer.number)
    return transfer


def _load(
    session: Session,
    transfer: StockTransfer,
    wanted: Sequence[tuple[StockTransferLine, Content]],
    idempotency_key: str,
    occurred_at: datetime | None = None,
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
            occurred_at=occurred_at,
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
