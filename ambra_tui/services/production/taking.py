"""What goes into a batch: taken from its bin, lot by lot, at once.

What was promised to the batch is taken first; what is taken beyond it must be available. Held and expired stock goes
into nothing. What is lost on the way goes to waste, with a waste record of its own beside the one move.

Example::

    take(session, batch, row, content=Content(flour.id, bin.id, Decimal(12), lot_id=lot.id), idempotency_key="step-7")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import InsufficientStock, Invalid, Shortage
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO
from ambra_tui.kit.text import clean_line
from ambra_tui.ledger import PRODUCTION, WASTE, Guard, MoveKind, Posted, Posting, Source
from ambra_tui.services.catalog import positive_quantity
from ambra_tui.services.lot_rules import HELD_LOT_STATES, is_expired
from ambra_tui.services.production.batches import inputs_of, lock_batch
from ambra_tui.services.production.terms import DOCUMENT, ExpiredLot, HeldLot, Taken
from ambra_tui.services.receiving import Content
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import (
    Location,
    Lot,
    ProductionBatch,
    ProductionInput,
    ProductionTaking,
    StockMove,
    Variant,
    WasteRecord,
)
from ambra_tui.store.models.waste import WASTE_REASONS
from ambra_tui.store.scope import actor_of, fetch, now_of, organization_of, scoped

WASTE_REASON = "production"


@dataclass(frozen=True, slots=True)
class Part:
    """`content` that is taken for an input; `is_waste`: lost beside it, for a `reason` of waste."""

    row: ProductionInput
    content: Content
    is_waste: bool = False
    notes: str = ""
    reason: str = WASTE_REASON


def sources_of(
    session: Session, batch: ProductionBatch, row: ProductionInput, quantity: Decimal | None = None
) -> list[Source]:
    """Where an input may be taken from, in the order to take it (earliest expiry first): never held, never expired.

    With a `quantity`: the levels, and how much of each, that it comes from. Raises InsufficientStock when they hold
    less.
    """
    sources = usable_sources(session, batch, [row.variant_id]).get(row.variant_id, [])
    if quantity is None:
        return sources
    taken, rest = share_out(sources, quantity)
    if rest > ZERO:
        sku = fetch(session, Variant, row.variant_id, resource="variant").sku
        raise InsufficientStock([Shortage(sku, quantity, quantity - rest, row.variant_id, batch.site_id)])
    return taken


def usable_sources(session: Session, batch: ProductionBatch, variant_ids: Sequence[str]) -> dict[str, list[Source]]:
    """Every level of variants in the batch's site that may go into it, by variant, in the order to take it."""
    today = now_of(session).date()
    found = ledger.open_sources_of(session, site_id=batch.site_id, variant_ids=variant_ids)
    return {
        variant_id: [source for source in sources if source.expiry_date is None or source.expiry_date >= today]
        for variant_id, sources in found.items()
    }


def share_out(sources: Sequence[Source], quantity: Decimal) -> tuple[list[Source], Decimal]:
    """What of each source `quantity` comes from, in their order, and what they lack."""
    taken: list[Source] = []
    rest = quantity
    for source in sources:
        part = min(rest, source.quantity)
        if part > ZERO:
            taken.append(replace(source, quantity=part))
            rest -= part
    return taken, rest


def take(
    session: Session,
    batch: ProductionBatch,
    row: ProductionInput,
    *,
    content: Content,
    idempotency_key: str,
    is_waste: bool = False,
    reason: str = WASTE_REASON,
    notes: str = "",
) -> Taken:
    """Takes stock of one level for an input of a running batch, or loses it (`is_waste`, for a `reason` of waste).

    A key that was used before answers what it did then. Raises HeldLot, ExpiredLot, InsufficientStock, Invalid for
    stock of another site or item and for an unknown reason, WrongState.
    """
    if reason not in WASTE_REASONS:
        raise Invalid(f"reason is one of {', '.join(WASTE_REASONS)}", field="reason")
    batch = lock_batch(session, batch.id, "in_progress", step="take for")
    known = _known(session, batch, idempotency_key)
    if known is not None:
        return known
    row = _own_row(session, batch, row)
    positive_quantity(content.quantity, field="quantity")
    refuse_unusable(session, batch, row, content)
    part = Part(row, content, is_waste, clean_line(notes, field="notes", max_length=1000, required=False), reason)
    return post_parts(session, batch, [part], idempotency_key)[0]


def _known(session: Session, batch: ProductionBatch, idempotency_key: str) -> Taken | None:
    """What this key took before."""
    move_id = ledger.move_id(organization_of(session), f"{idempotency_key}:0")
    statement = scoped(session, ProductionTaking).where(
        ProductionTaking.production_batch_id == batch.id, ProductionTaking.move_id == move_id
    )
    taking = session.exec(statement).first()
    if taking is None:
        return None
    moves = select(StockMove).where(
        StockMove.organization_id == organization_of(session), StockMove.id == taking.move_id
    )
    move = session.exec(moves).one()
    posted = Posted(
        move.id, move.quantity, move.source_balance, move.destination_balance, move.posted_at, repeated=True
    )
    return Taken(taking, posted)


def _own_row(session: Session, batch: ProductionBatch, row: ProductionInput) -> ProductionInput:
    for own in inputs_of(session, batch.id):
        if own.id == row.id:
            return own
    raise Invalid(f"it is no input of {batch.number}", field="production_batch_input_id")


def refuse_unusable(session: Session, batch: ProductionBatch, row: ProductionInput, content: Content) -> None:
    """Raises Invalid for stock of another item or site, HeldLot for what is on hold, ExpiredLot."""
    variant = fetch(session, Variant, row.variant_id, resource="variant")
    location = fetch(session, Location, content.location_id, resource="location")
    if content.variant_id != row.variant_id:
        raise Invalid(f"the input is {variant.sku}", field="variant_id")
    if location.site_id != batch.site_id or location.usage != "internal":
        raise Invalid(f"{location.code} is not in the site of {batch.number}", field="location_id")
    lot = fetch(session, Lot, content.lot_id, resource="lot") if content.lot_id else None
    if location.is_held or (lot is not None and lot.status in HELD_LOT_STATES):
        raise HeldLot(sku=variant.sku, lot_number=lot.lot_number if lot else "", location_code=location.code)
    if lot is not None and lot.expiry_date is not None and is_expired(lot, now_of(session).date()):
        raise ExpiredLot(sku=variant.sku, lot_number=lot.lot_number, expiry=lot.expiry_date)


# --- posted ---------------------------------------------------------------------------------------------------------


def post_parts(session: Session, batch: ProductionBatch, parts: Sequence[Part], idempotency_key: str) -> list[Taken]:
    """Posts all parts, or none, and counts them in their inputs. Raises InsufficientStock with every short line."""
    ledger.refuse_read_only(session, batch.site_id)
    wanted = [(part.row.id, part.content.variant_id, part.content.quantity) for part in parts]
    promised = ledger.consume_lines(session, document_id=batch.id, wanted=wanted) if wanted else []
    postings = [
        _posting(batch, part, reserved, f"{idempotency_key}:{number}")
        for number, (part, reserved) in enumerate(zip(parts, promised, strict=True))
    ]
    try:
        posted = ledger.post(session, postings)
    except InsufficientStock as error:
        raise ledger.name_shortages(session, error) from error
    costs = _costs(session, posted)
    taken = [
        Taken(_taking(session, batch, part, reserved, each, costs[each.id]), each)
        for part, reserved, each in zip(parts, promised, posted, strict=True)
    ]
    batch.updated_at = now_of(session)
    session.add(batch)
    session.flush()
    return taken


def _posting(batch: ProductionBatch, part: Part, reserved: Decimal, key: str) -> Posting:
    content = part.content
    return Posting(
        variant_id=content.variant_id,
        source_id=content.location_id,
        destination_id=WASTE if part.is_waste else PRODUCTION,
        quantity=content.quantity,
        kind=MoveKind.PRODUCTION_WASTE if part.is_waste else MoveKind.PRODUCTION_CONSUMED,
        idempotency_key=key,
        lot_id=content.lot_id,
        serial=content.serial,
        plate_id=content.plate_id,
        guard=Guard.AVAILABLE,
        reserved=reserved,
        reason=part.reason if part.is_waste else "",
        note=part.notes,
        origin_kind=DOCUMENT,
        origin_id=batch.id,
        origin_line_id=part.row.id,
    )


def _costs(session: Session, posted: Sequence[Posted]) -> dict[str, int | None]:
    statement = select(StockMove.id, StockMove.unit_cost).where(
        StockMove.organization_id == organization_of(session), col(StockMove.id).in_([each.id for each in posted])
    )
    return dict(session.exec(statement).all())


def _taking(
    session: Session, batch: ProductionBatch, part: Part, reserved: Decimal, posted: Posted, unit_cost: int | None
) -> ProductionTaking:
    content = part.content
    taking = ProductionTaking(
        organization_id=batch.organization_id,
        id=new_id("ptk"),
        production_batch_id=batch.id,
        input_id=part.row.id,
        variant_id=content.variant_id,
        location_id=content.location_id,
        lot_id=content.lot_id,
        serial=content.serial,
        quantity=content.quantity,
        reserved=reserved,
        is_waste=part.is_waste,
        waste_record_id=_waste_record(session, batch, part).id if part.is_waste else "",
        unit_cost=unit_cost,
        move_id=posted.id,
        created_at=now_of(session),
    )
    if part.is_waste:
        part.row.waste_quantity += content.quantity
    else:
        part.row.actual_quantity += content.quantity
    session.add_all((taking, part.row))
    return taking


def _waste_record(session: Session, batch: ProductionBatch, part: Part) -> WasteRecord:
    """The entry in the list of waste; the stock leaves by the taking's move alone."""
    actor, content = actor_of(session), part.content
    record = WasteRecord(
        organization_id=batch.organization_id,
        id=new_id("wst"),
        site_id=batch.site_id,
        location_id=content.location_id,
        variant_id=content.variant_id,
        lot_id=content.lot_id,
        serial=content.serial,
        quantity=content.quantity,
        reason=part.reason,
        notes=f"{batch.number}: {part.notes}"[:1000] if part.notes else batch.number,
        actor_id=actor.id,
        station=actor.station,
        recorded_at=now_of(session),
    )
    session.add(record)
    told = {"variant_id": content.variant_id, "site_id": batch.site_id, "reason": part.reason, "batch": batch.number}
    publish(session, "waste_recorded", record.id, told)
    audit(session, "waste_recorded", record.id, quantity=str(content.quantity), reason=part.reason)
    return record
