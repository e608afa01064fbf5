"""Transfers between sites in two steps: what is loaded has left its site and is in transit until the other site takes
it in. What never arrives stays in transit, as an open discrepancy, until a supervisor gives the reason.

Lots, serials and costs travel along. From the first load to the last receipt both sites and the transit hold the same
in all.

Example::

    transfer = create_transfer(session, source_site_id=wh.id, destination_site_id=shop.id, lines=[...], number="TR-1")
    ship(session, transfer, idempotency_key="api-7")
    receive(session, transfer, [], idempotency_key="api-8")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import Conflict, Duplicate, InsufficientStock, Invalid, NotFound, Shortage, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.kit.text import clean_line
from ambra_tui.ledger import INVENTORY_LOSS, TRANSIT, Guard, MoveKind, Posted, Posting
from ambra_tui.services.catalog import positive_quantity
from ambra_tui.services.documents import document_number
from ambra_tui.services.moves import content_of
from ambra_tui.services.receiving import Content, docks_of
from ambra_tui.services.rows import add_unique
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import (
    Discrepancy,
    Location,
    Site,
    StockMove,
    StockTransfer,
    StockTransferContent,
    StockTransferLine,
    Variant,
)
from ambra_tui.store.scope import actor_of, fetch, now_of, organization_of, scoped

DOCUMENT = "stock_transfer"
TRANSFER_LOSS = "transfer_loss"
MAX_LINES = 1000
LOSS_REASONS = ("lost", "damaged", "not_sent", "found")


@dataclass(frozen=True, slots=True)
class NewTransferLine:
    """`quantity` base units of a variant that are to go."""

    variant_id: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Arrival:
    """What arrived of a variant; `lot_id` None: whichever lot was sent. `location_id` None: the receiving place."""

    variant_id: str
    quantity: Decimal
    lot_id: str | None = None
    serial: str | None = None
    location_id: str | None = None


@dataclass(frozen=True, slots=True)
class Carried:
    """`quantity` of a content that a step shipped, received or settled."""

    content_id: str
    quantity: Decimal
    posted: Posted


class TooMany(Conflict):
    """More than the document allows: at most `maximum` of `sku`."""

    def __init__(self, sku: str, quantity: Decimal, maximum: Decimal, *, step: str) -> None:
        said = f"{sku}: {show(quantity)} given, at most {show(maximum)} may be {step}"
        super().__init__(f"{said}. Nothing was posted.", details={"quantity": said})
        self.sku, self.quantity, self.maximum = sku, quantity, maximum


class NotOnTransfer(Conflict):
    """The item, lot or serial is not on the transfer."""

    def __init__(self, transfer: StockTransfer, item: str) -> None:
        super().__init__(f"{item} is not on {transfer.number}.", details={"items": f"{item} is not on the transfer"})
        self.transfer, self.item = transfer, item


# --- the document ---------------------------------------------------------------------------------------------------


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
    for position, line in enumerate(lines, start=1):
        variant = fetch(session, Variant, line.variant_id, resource="variant")
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


def contents_of(session: Session, transfer_id: str) -> list[StockTransferContent]:
    """What a transfer carries or carried, as it is now."""
    statement = scoped(session, StockTransferContent).where(StockTransferContent.stock_transfer_id == transfer_id)
    ordered = statement.order_by(col(StockTransferContent.created_at), col(StockTransferContent.id))
    return list(session.exec(ordered.execution_options(populate_existing=True)).all())


def in_transit(content: StockTransferContent) -> Decimal:
    """What of a content has left and not arrived."""
    return content.shipped - content.received - content.settled


def outgoing(session: Session, site_id: str, *, limit: int = 100) -> list[StockTransfer]:
    """Drafts that a site is to ship, oldest first."""
    statement = scoped(session, StockTransfer).where(
        StockTransfer.source_site_id == site_id, StockTransfer.status == "draft"
    )
    return list(session.exec(statement.order_by(col(StockTransfer.id)).limit(limit)).all())


def incoming(session: Session, site_id: str, *, limit: int = 100) -> list[StockTransfer]:
    """Transfers on their way to a site, oldest first."""
    statement = scoped(session, StockTransfer).where(
        StockTransfer.destination_site_id == site_id, StockTransfer.status == "in_transit"
    )
    return list(session.exec(statement.order_by(col(StockTransfer.id)).limit(limit)).all())


def page_of_transfers(
    session: Session,
    *,
    status: str | None = None,
    number: str | None = None,
    site_id: str | None = None,
    source_site_id: str | None = None,
    destination_site_id: str | None = None,
    offset: int,
    limit: int,
) -> tuple[list[str], int]:
    """The ids of one page, newest first, and how many match. `site_id`: transfers from it or to it."""
    matching: list[ColumnElement[bool]] = [col(StockTransfer.organization_id) == organization_of(session)]
    wanted = {
        col(StockTransfer.status): status,
        col(StockTransfer.number): number,
        col(StockTransfer.source_site_id): source_site_id,
        col(StockTransfer.destination_site_id): destination_site_id,
    }
    matching += [column == value for column, value in wanted.items() if value is not None]
    if site_id is not None:
        is_source, is_destination = (
            column == site_id for column in (col(StockTransfer.source_site_id), col(StockTransfer.destination_site_id))
        )
        matching.append(is_source | is_destination)
    total = session.exec(select(func.count()).select_from(StockTransfer).where(*matching)).one()
    page = select(StockTransfer.id).where(*matching).order_by(col(StockTransfer.id).desc())
    return list(session.exec(page.offset(offset).limit(limit)).all()), total


def lock_transfer(session: Session, transfer_id: str, *states: str, step: str) -> StockTransfer:
    """The transfer, locked and as it is now. Raises WrongState when it is in none of `states`."""
    statement = scoped(session, StockTransfer).where(StockTransfer.id == transfer_id).with_for_update()
    transfer = session.exec(statement.execution_options(populate_existing=True)).one_or_none()
    if transfer is None:
        raise NotFound(DOCUMENT, transfer_id)
    if transfer.status not in states:
        raise WrongState(DOCUMENT, transfer.number, state=transfer.status, step=step)
    return transfer


def cancel_transfer(session: Session, transfer: StockTransfer) -> StockTransfer:
    """A draft that nothing was loaded for is not sent. Raises WrongState."""
    transfer = lock_transfer(session, transfer.id, "draft", step="cancel")
    if any(line.shipped for line in lines_of(session, transfer.id)):
        raise WrongState(DOCUMENT, transfer.number, state="partly loaded", step="cancel")
    _change(session, transfer, "cancelled")
    return transfer


def _change(session: Session, transfer: StockTransfer, status: str) -> None:
    transfer.status = status
    transfer.updated_at = now_of(session)
    session.add(transfer)
    session.flush()


# --- out ------------------------------------------------------------------------------------------------------------


def line_for(session: Session, transfer: StockTransfer, variant: Variant) -> StockTransferLine:
    """The transfer's line of a variant. Raises NotOnTransfer."""
    for line in lines_of(session, transfer.id):
        if line.variant_id == variant.id:
            return line
    raise NotOnTransfer(transfer, variant.sku)


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
    _change(session, transfer, "in_transit")
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


# --- in -------------------------------------------------------------------------------------------------------------


def take_in(
    session: Session, transfer: StockTransfer, arrivals: Sequence[Arrival], *, idempotency_key: str
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
    return _post_in(session, transfer, wanted, idempotency_key)


def receive(
    session: Session, transfer: StockTransfer, arrivals: Sequence[Arrival], *, idempotency_key: str
) -> list[Discrepancy]:
    """One receipt that ends the transfer: all that is in transit when `arrivals` is empty, else what they name.

    What is missing is answered, as open discrepancies. Raises as `take_in`.
    """
    named = arrivals or [
        Arrival(row.variant_id, in_transit(row), lot_id=row.lot_id, serial=row.serial)
        for row in contents_of(session, transfer.id)
        if in_transit(row) > ZERO
    ]
    take_in(session, transfer, named, idempotency_key=idempotency_key)
    return close(session, transfer)


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


def _post_in(
    session: Session,
    transfer: StockTransfer,
    wanted: Sequence[tuple[StockTransferContent, Decimal, Location]],
    idempotency_key: str,
) -> list[Carried]:
    ledger.refuse_read_only(session, transfer.destination_site_id)
    postings = [
        _posting_in(row, quantity, location.id, f"{idempotency_key}:{number}")
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


def _posting_in(
    row: StockTransferContent,
    quantity: Decimal,
    location_id: str,
    key: str,
    *,
    kind: MoveKind = MoveKind.TRANSFER_IN,
    reason: str = "",
) -> Posting:
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
    )


def close(session: Session, transfer: StockTransfer) -> list[Discrepancy]:
    """Nothing more comes: the transfer is received, and each line that lacks something is an open discrepancy."""
    transfer = lock_transfer(session, transfer.id, "in_transit", step="receive")
    transfer.received_at = now_of(session)
    _change(session, transfer, "received")
    missing = []
    for line in lines_of(session, transfer.id):
        if line.received < line.shipped:
            missing.append(_note_loss(session, transfer, line))
    publish(session, "transfer_received", transfer.id, {"number": transfer.number, "missing": len(missing)})
    audit(session, "transfer_received", transfer.id, number=transfer.number, missing=len(missing))
    return missing


def _note_loss(session: Session, transfer: StockTransfer, line: StockTransferLine) -> Discrepancy:
    row = Discrepancy(
        organization_id=transfer.organization_id,
        id=new_id("dis"),
        kind=TRANSFER_LOSS,
        site_id=transfer.destination_site_id,
        variant_id=line.variant_id,
        document_kind=DOCUMENT,
        document_id=transfer.id,
        line_id=line.id,
        quantity=line.shipped - line.received,
        actor_id=actor_of(session).id,
        created_at=now_of(session),
    )
    session.add(row)
    session.flush()
    publish(session, "exception_opened", row.id, {"kind": row.kind, "variant_id": line.variant_id})
    return row


# --- what never arrived ---------------------------------------------------------------------------------------------


def open_losses(
    session: Session, *, transfer_id: str | None = None, site_id: str | None = None, limit: int = 100
) -> list[Discrepancy]:
    """Discrepancies of transfers that wait for a reason: of one transfer, or of those that go to or from a site."""
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
        return _post_in(session, transfer, [(row, in_transit(row), location) for row in rows], idempotency_key)
    kind, target = MoveKind.MANUAL_ADJUSTMENT, INVENTORY_LOSS
    if reason == "not_sent":
        home = ledger.receiving_location(session, site_id=transfer.source_site_id, variant=variant)
        kind, target = MoveKind.TRANSFER_IN, home.id
    wanted = [(row, in_transit(row)) for row in rows]
    posted = ledger.post(
        session,
        [
            _posting_in(row, quantity, target, f"{idempotency_key}:{number}", kind=kind, reason=f"transfer_{reason}")
            for number, (row, quantity) in enumerate(wanted)
        ],
    )
    for row, quantity in wanted:
        row.settled += quantity
        session.add(row)
    session.flush()
    return [Carried(row.id, quantity, each) for (row, quantity), each in zip(wanted, posted, strict=True)]


# --- taking steps back ----------------------------------------------------------------------------------------------


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
    for loss in open_losses(session, transfer_id=transfer.id):
        session.delete(loss)
    if status == "draft":
        transfer.shipped_at = None
    transfer.received_at = None
    _change(session, transfer, status)
    publish(session, "transfer_reopened", transfer.id, {"number": transfer.number, "status": status})


def site_codes(session: Session, transfer: StockTransfer) -> tuple[str, str]:
    """The codes of the sites that a transfer goes from and to."""
    source = fetch(session, Site, transfer.source_site_id, resource="location")
    destination = fetch(session, Site, transfer.destination_site_id, resource="location")
    return source.code, destination.code
