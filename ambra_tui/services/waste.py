"""Waste: stock that is thrown away, with one of six reasons. Physical truth wins over promises: waste may take what
orders were promised; those orders are named, and what picks were sent there for is sought elsewhere.

Example::

    wasted = record_waste(session, place=place_of(session, bin.id), variant=milk, quantity=Decimal(3),
                          reason="damaged", idempotency_key="step-5")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import InsufficientStock, Invalid, Shortage, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO
from ambra_tui.kit.text import clean_line
from ambra_tui.ledger import WASTE, Guard, MoveKind, Posted, Posting, Source, in_stock
from ambra_tui.services.adjustments import Place
from ambra_tui.services.catalog import positive_quantity
from ambra_tui.services.holds import plan_again, short_orders
from ambra_tui.services.moves import Ambiguous, Part, level_in, levels_in, matching, open_allocations, order_numbers
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Location, Lot, StockLevel, StockMove, Variant, WasteRecord
from ambra_tui.store.models.waste import WASTE_REASONS
from ambra_tui.store.scope import actor_of, fetch, now_of, organization_of

DOCUMENT = "waste_record"
NAMED_SERIALS = 5


@dataclass(frozen=True, slots=True)
class Wasted:
    """What was recorded. `replanned`: numbers of orders that are picked elsewhere now; `hit`: numbers of the orders
    that it was assigned or promised to."""

    record: WasteRecord
    posted: list[Posted]
    replanned: tuple[str, ...] = ()
    hit: tuple[str, ...] = ()


def record_waste(
    session: Session,
    *,
    place: Place,
    variant: Variant,
    quantity: Decimal,
    reason: str,
    idempotency_key: str,
    part: Part | None = None,
    notes: str = "",
) -> Wasted:
    """Takes `quantity` out of a bin (a site: out of the bins that it would be issued from) into waste.

    `part`: which lot, serial, plate. Raises Invalid when the lot or serial must be told, Ambiguous when the plate must,
    InsufficientStock, Invalid for a reason that is none of the six.
    """
    if reason not in WASTE_REASONS:
        raise Invalid(f"reason is one of {', '.join(WASTE_REASONS)}", field="reason")
    ledger.refuse_read_only(session, place.site.id)
    wanted = positive_quantity(quantity, field="quantity")
    known = _recorded(session, idempotency_key)
    if known is not None:
        return Wasted(known, [])
    sources = _sources(session, place, variant, wanted, part or Part())
    first, actor = sources[0].level, actor_of(session)
    record = WasteRecord(
        organization_id=organization_of(session),
        id=new_id("wst"),
        site_id=place.site.id,
        location_id=place.location.id if place.location else "",
        variant_id=variant.id,
        lot_id=first.lot_id,
        serial=first.serial if len(sources) == 1 else "",
        quantity=wanted,
        reason=reason,
        notes=clean_line(notes, field="notes", max_length=1000, required=False),
        actor_id=actor.id,
        station=actor.station,
        recorded_at=now_of(session),
    )
    posted = _post(session, record, sources, idempotency_key)
    session.add(record)
    session.flush()
    levels = [source.level for source in sources]
    hit = _give_up_missing(session, levels)
    replanned = order_numbers(session, plan_again(session, hit))
    numbers = dict.fromkeys((*order_numbers(session, hit), *short_orders(session, levels)))
    told = {"variant_id": variant.id, "site_id": place.site.id, "reason": reason, "orders": list(numbers)}
    publish(session, "waste_recorded", record.id, told)
    audit(session, "waste_recorded", record.id, sku=variant.sku, quantity=str(wanted), reason=reason)
    return Wasted(record, posted, tuple(replanned), tuple(numbers))


def _recorded(session: Session, idempotency_key: str) -> WasteRecord | None:
    """The record that this key made before."""
    move_id = ledger.move_id(organization_of(session), f"{idempotency_key}:0")
    statement = select(StockMove.origin_id).where(
        StockMove.organization_id == organization_of(session), StockMove.id == move_id
    )
    record_id = session.exec(statement).first()
    return get_waste(session, record_id) if record_id else None


def reverse_waste(session: Session, record: WasteRecord) -> None:
    """Marks a record as taken back; its moves are reversed by the caller. Raises WrongState for a second time."""
    session.refresh(record, with_for_update=True)
    if record.status != "recorded":
        raise WrongState(DOCUMENT, record.id, state=record.status, step="reverse")
    record.status, record.reversed_at = "reversed", now_of(session)
    session.add(record)
    session.flush()
    publish(session, "waste_reversed", record.id, {"variant_id": record.variant_id})
    audit(session, "waste_reversed", record.id, quantity=str(record.quantity))


def _sources(session: Session, place: Place, variant: Variant, quantity: Decimal, part: Part) -> list[Source]:
    if place.location is not None:
        level = _level(session, place.location, variant, part)
        if level.on_hand < quantity:
            raise InsufficientStock(
                [Shortage(variant.sku, quantity, level.on_hand, variant.id, place.site.id, place.location.code)]
            )
        return [Source(level, place.location, quantity, None)]
    return _site_sources(session, place, variant, quantity, part)


def _site_sources(session: Session, place: Place, variant: Variant, quantity: Decimal, part: Part) -> list[Source]:
    """Where it leaves a site from: usable stock in the order of issue, then what is on hold."""
    found = _physical(session, place.site.id, variant.id)
    levels = {id(source.level): source for source in found}
    kept = [levels[id(level)] for level in matching([source.level for source in found], part)]
    _refuse_unnamed(session, [source.level for source in kept], part)
    rest, taken = quantity, []
    for source in kept:
        if rest > ZERO:
            taken.append(replace(source, quantity=min(rest, source.quantity)))
            rest -= taken[-1].quantity
    if rest > ZERO:
        raise InsufficientStock([Shortage(variant.sku, quantity, quantity - rest, variant.id, place.site.id)])
    return taken


def _level(session: Session, location: Location, variant: Variant, part: Part) -> StockLevel:
    try:
        return level_in(session, location, variant, part)
    except Ambiguous:
        _refuse_unnamed(session, matching(levels_in(session, location.id, variant.id), part), part)
        raise


def _refuse_unnamed(session: Session, levels: Sequence[StockLevel], part: Part) -> None:
    """Raises Invalid naming the lots, or some of the serials, when `part` leaves open which one is meant."""
    lots = {level.lot_id for level in levels}
    if part.lot_id is None and len(lots) > 1:
        names = sorted(fetch(session, Lot, lot_id, resource="lot").lot_number for lot_id in lots if lot_id)
        raise Invalid(f"name the lot: {', '.join(names)}", field="lot_record_id")
    serials = sorted(level.serial for level in levels if level.serial)
    if part.serial is None and serials and len(levels) > 1:
        raise Invalid(f"name the serial number: {', '.join(serials[:NAMED_SERIALS])}", field="serial_number")


def _physical(session: Session, site_id: str, variant_id: str) -> list[Source]:
    """Usable stock in the order of issue, then what is on hold or stands ready for orders."""
    statement = (
        in_stock(select(StockLevel, Location), organization_of(session))
        .where(
            Location.site_id == site_id,
            StockLevel.variant_id == variant_id,
        )
        .order_by(col(Location.code), col(StockLevel.lot_id), col(StockLevel.serial), col(StockLevel.plate_id))
    )
    usable = ledger.open_sources(session, site_id=site_id, variant_id=variant_id, is_physical=True)
    known = {id(source.level) for source in usable}
    rows = session.exec(statement).all()
    return [*usable, *(Source(level, at, level.on_hand, None) for level, at in rows if id(level) not in known)]


def _post(session: Session, record: WasteRecord, sources: Sequence[Source], idempotency_key: str) -> list[Posted]:
    postings = [
        Posting(
            variant_id=record.variant_id,
            source_id=source.location.id,
            destination_id=WASTE,
            quantity=source.quantity,
            kind=MoveKind.WASTE_RECORDED,
            idempotency_key=f"{idempotency_key}:{number}",
            lot_id=source.level.lot_id,
            serial=source.level.serial,
            plate_id=source.level.plate_id,
            guard=Guard.PHYSICAL,
            reason=record.reason,
            note=record.notes,
            origin_kind=DOCUMENT,
            origin_id=record.id,
        )
        for number, source in enumerate(sources)
    ]
    try:
        return ledger.post(session, postings)
    except InsufficientStock as error:
        raise ledger.name_shortages(session, error) from error


def _give_up_missing(session: Session, levels: Sequence[StockLevel]) -> list[str]:
    """Picks are sent to no more than is left, the latest assignment first; the ids of the documents concerned."""
    hit: dict[str, None] = {}
    for level in levels:
        session.refresh(level)
        missing = level.allocated - level.on_hand
        for allocation in reversed(open_allocations(session, level)):
            if missing <= ZERO:
                break
            part = min(missing, allocation.quantity)
            ledger.unallocate(session, allocation, part)
            missing -= part
            hit[allocation.document_id] = None
    return list(hit)


def get_waste(session: Session, record_id: str) -> WasteRecord:
    """The record with this id. Raises NotFound."""
    return fetch(session, WasteRecord, record_id, resource=DOCUMENT)
