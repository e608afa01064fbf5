"""The way in: what arrived leaves the transit, and what lacks at the end is an open discrepancy.

Example::

    take_in(session, transfer, [Arrival(milk.id, Decimal(24))], idempotency_key="step-7")
    missing = close(session, transfer)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlmodel import Session

from ambra_tui import ledger
from ambra_tui.errors import Invalid
from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger import TRANSIT, Guard, MoveKind, Posting
from ambra_tui.services.catalog import positive_quantity
from ambra_tui.services.documents import told_moment
from ambra_tui.services.receiving import docks_of
from ambra_tui.services.transfers.documents import change_status, contents_of, in_transit, lines_of, lock_transfer
from ambra_tui.services.transfers.missing import note_missing
from ambra_tui.services.transfers.terms import DOCUMENT, TRANSFER_LOSS, Arrival, Carried, NotOnTransfer, TooMany
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import (
    Discrepancy,
    Location,
    StockTransfer,
    StockTransferContent,
    Variant,
)
from ambra_tui.store.scope import fetch, now_of


def take_in(
    session: Session,
    transfer: StockTransfer,
    arrivals: Sequence[Arrival],
    *,
    idempotency_key: str,
    occurred_at: datetime | None = None,
) -> list[Carried]:
    """Stock in transit comes to the site that it was sent to, each at the cost it left at.

    Raises TooMany for more than was shipped, NotOnTransfer, WrongState, Invalid for a foreign place.
    """
    transfer = lock_transfer(session, transfer.id, "in_transit", step="receive")
    contents: dict[str, list[StockTransferContent]] = {}
    for row in contents_of(session, transfer.id):
        contents.setdefault(row.variant_id, []).append(row)
    left = {row.id: in_transit(row) for rows in contents.values() for row in rows}
    docks = docks_of(session, transfer.destination_site_id)
    wanted: list[tuple[StockTransferContent, Decimal, Location]] = []
    for arrival in arrivals:
        variant = fetch(session, Variant, arrival.variant_id, resource="variant")
        shares = _shares(transfer, variant, contents.get(variant.id, ()), left, arrival)
        place = _place(session, transfer, variant, arrival.location_id, docks)
        wanted += [(row, quantity, place) for row, quantity in shares]
    return post_in(session, transfer, wanted, idempotency_key, occurred_at)


def receive(
    session: Session,
    transfer: StockTransfer,
    arrivals: Sequence[Arrival],
    *,
    idempotency_key: str,
    occurred_at: datetime | None = None,
) -> list[Discrepancy]:
    """One receipt that ends the transfer: all that is in transit when `arrivals` is empty, else what they name.
    `occurred_at`: when it came, if not now.

    What is missing is answered, as open discrepancies. Raises as `take_in`.
    """
    named = arrivals or [
        Arrival(row.variant_id, in_transit(row), lot_id=row.lot_id, serial=row.serial)
        for row in contents_of(session, transfer.id)
        if in_transit(row) > ZERO
    ]
    moment = told_moment(session, occurred_at)
    take_in(session, transfer, named, idempotency_key=idempotency_key, occurred_at=moment)
    return close(session, transfer, occurred_at=moment)


def _shares(
    transfer: StockTransfer,
    variant: Variant,
    contents: Sequence[StockTransferContent],
    left: dict[str, Decimal],
    arrival: Arrival,
) -> list[tuple[StockTransferContent, Decimal]]:
    """The contents that an arrival is of, oldest first; lowers what is `left` of them."""
    meant = [row for row in contents if arrival.lot_id in (None, row.lot_id) and arrival.serial in (None, row.serial)]
    if not meant:
        raise NotOnTransfer(transfer, variant.sku)
    maximum = sum((left[row.id] for row in meant), ZERO)
    rest = positive_quantity(arrival.quantity, field="quantity")
    if rest > maximum:
        raise TooMany(variant.sku, rest, maximum, step="received")
    shares = []
    for row in meant:
        part = min(rest, left[row.id])
        if part > ZERO:
            shares.append((row, part))
            left[row.id] -= part
            rest -= part
    return shares


def _place(
    session: Session, transfer: StockTransfer, variant: Variant, location_id: str | None, docks: Sequence[Location]
) -> Location:
    if location_id is None:
        site_id = transfer.destination_site_id
        return docks[0] if docks else ledger.receiving_location(session, site_id=site_id, variant=variant)
    location = fetch(session, Location, location_id, resource="location")
    if location.site_id != transfer.destination_site_id or location.usage != "internal":
        raise Invalid(f"{location.code} is not in the site that receives", field="location_id")
    return location


def close(session: Session, transfer: StockTransfer, *, occurred_at: datetime | None = None) -> list[Discrepancy]:
    """Nothing more comes: the transfer is received, and each line that lacks something is an open discrepancy."""
    transfer = lock_transfer(session, transfer.id, "in_transit", step="receive")
    transfer.received_at = occurred_at or now_of(session)
    change_status(session, transfer, "received")
    lacking = [
        (row, row.shipped - row.received) for row in lines_of(session, transfer.id) if row.received < row.shipped
    ]
    missing = note_missing(session, transfer, lacking, kind=TRANSFER_LOSS, site_id=transfer.destination_site_id)
    publish(session, "transfer_received", transfer.id, {"number": transfer.number, "missing": len(missing)})
    audit(session, "transfer_received", transfer.id, number=transfer.number, missing=len(missing))
    return missing


def post_in(
    session: Session,
    transfer: StockTransfer,
    wanted: Sequence[tuple[StockTransferContent, Decimal, Location]],
    idempotency_key: str,
    occurred_at: datetime | None = None,
) -> list[Carried]:
    """Posts so much of each content to its place, and counts it as received."""
    ledger.refuse_read_only(session, transfer.destination_site_id)
    postings = [
        posting_in(row, quantity, location.id, f"{idempotency_key}:{number}", occurred_at=occurred_at)
        for number, (row, quantity, location) in enumerate(wanted)
    ]
    posted = ledger.post(session, postings)
    lines = {line.id: line for line in lines_of(session, transfer.id)}
    carried = []
    for (row, quantity, _), each in zip(wanted, posted, strict=True):
        row.received += quantity
        lines[row.line_id].received += quantity
        session.add_all((row, lines[row.line_id]))
        carried.append(Carried(row.id, quantity, each))
    transfer.updated_at = now_of(session)
    session.add(transfer)
    session.flush()
    return carried


def posting_in(
    row: StockTransferContent,
    quantity: Decimal,
    location_id: str,
    key: str,
    *,
    kind: MoveKind = MoveKind.TRANSFER_IN,
    reason: str = "",
    occurred_at: datetime | None = None,
) -> Posting:
    """So much of a content out of transit, at the cost it left at."""
    return Posting(
        variant_id=row.variant_id,
        source_id=TRANSIT,
        destination_id=location_id,
        quantity=quantity,
        kind=kind,
        idempotency_key=key,
        lot_id=row.lot_id,
        serial=row.serial,
        guard=Guard.FREE,
        unit_cost=row.unit_cost,
        reason=reason,
        origin_kind=DOCUMENT,
        origin_id=row.stock_transfer_id,
        origin_line_id=row.line_id,
        occurred_at=occurred_at,
    )
