"""The end of a batch: what is still due goes in, the output comes out, as a lot of its own.

The output costs what went into it and what was lost on the way. Its lot is never invented where lots are not kept, and
its expiry is what the maker says, else the day plus the recipe's shelf life, else unknown.

Example::

    done = complete_batch(session, batch, quantity=Decimal(39), idempotency_key="api-7")
    done.lot.lot_number     # 'PB-000007'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sqlmodel import Session

from ambra_tui import ledger
from ambra_tui.errors import Duplicate, InsufficientStock, Invalid, NotFound, Shortage
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.ledger import PRODUCTION, Guard, MoveKind, Posted, Posting, Source
from ambra_tui.services import recalls
from ambra_tui.services.catalog import positive_quantity
from ambra_tui.services.holds import levels_of_lot
from ambra_tui.services.lots import create_lot, find_lot, find_or_create_lot, get_lot
from ambra_tui.services.modules import TRACEABILITY, modules_in
from ambra_tui.services.moves import content_of
from ambra_tui.services.production.batches import change_status, inputs_of, lock_batch, rest_of, takings_of
from ambra_tui.services.production.recipes import get_recipe
from ambra_tui.services.production.taking import Part, post_parts, refuse_unusable, share_out, usable_sources
from ambra_tui.services.production.terms import DOCUMENT, ActualInput, ChosenLot, Completion
from ambra_tui.services.receiving import landing_location
from ambra_tui.store.models import (
    Location,
    Lot,
    ProductionBatch,
    ProductionInput,
    ProductionOutput,
    ProductionTaking,
    Variant,
)
from ambra_tui.store.scope import fetch, now_of

MAX_COST = 10**15


def complete_batch(
    session: Session,
    batch: ProductionBatch,
    *,
    quantity: Decimal,
    idempotency_key: str,
    inputs: Sequence[ActualInput] = (),
    takes_rest: bool = True,
    lot_number: str | None = None,
    expiry_date: date | None = None,
    location_id: str | None = None,
    plate_id: str = "",
) -> Completion:
    """Makes `quantity` of the output, takes what is due and not taken yet, releases what was promised beyond that.

    `inputs`: what was really used and lost over the whole batch; of an input that is not named the planned quantity is
    used. `takes_rest` False: nothing but what `inputs` say is taken. `location_id` None: where the site receives.
    Raises WrongState, Invalid naming the field, InsufficientStock listing every short input, HeldLot, ExpiredLot,
    Duplicate for the number of a lot that exists.
    """
    made = positive_quantity(quantity, field="actual_quantity_produced")
    batch = lock_batch(session, batch.id, "in_progress", step="complete")
    taken = post_parts(session, batch, _due(session, batch, inputs, takes_rest), f"{idempotency_key}:in")
    released = _release(session, batch)  # before the output: whoever waits for a row of an input waits there
    output = fetch(session, Variant, batch.output_variant_id, resource="variant")
    lot = _lot(session, batch, output, lot_number, expiry_date)
    place = _place(session, batch, output, location_id)
    row, posted = _put_out(
        session, batch, place, lot, made, plate_id=plate_id, idempotency_key=f"{idempotency_key}:out"
    )
    batch.actual_quantity_produced, batch.completed_at = made, now_of(session)
    batch.made_lot_id = lot.id if lot else ""
    change_status(session, batch, "completed", "production_batch_completed")
    if lot is not None:
        recalls.join_recall(session, lot)
    moves = [*(one.posted for one in taken), posted]
    return Completion(batch, lot, [row], [one.taking for one in taken], moves, released)


# --- what goes in ---------------------------------------------------------------------------------------------------


def _due(session: Session, batch: ProductionBatch, actual: Sequence[ActualInput], takes_rest: bool) -> list[Part]:
    """What is still to be taken, input by input. Raises InsufficientStock listing every input that is short."""
    rows = inputs_of(session, batch.id)
    told = _by_input(rows, actual)
    usable = usable_sources(session, batch, [row.variant_id for row in rows])
    parts: list[Part] = []
    short: list[Shortage] = []
    for row in rows:
        field, given = told.get(row.id, ("inputs", ActualInput(row.id)))
        used = _due_of(row, given.actual_quantity, takes_rest, field=f"{field}.actual_quantity")
        lost = _lost_of(row, given.waste_quantity, field=f"{field}.waste_quantity")
        sources = usable.get(row.variant_id, [])
        chosen = _chosen(session, batch, row, sources, given.lots, used, field=f"{field}.lots")
        if used or lost:
            found, missing = _parts(session, batch, row, [*chosen, *_without(sources, chosen)], used, lost)
            parts += found
            short += missing
    if short:
        raise InsufficientStock(short)
    return parts


def _by_input(rows: Sequence[ProductionInput], actual: Sequence[ActualInput]) -> dict[str, tuple[str, ActualInput]]:
    """Input -> where in the request it is named, and what is told of it."""
    known = {row.id for row in rows}
    told: dict[str, tuple[str, ActualInput]] = {}
    for position, given in enumerate(actual):
        field = f"inputs.{position}"
        if given.input_id not in known:
            raise NotFound("production_batch_input", given.input_id, field=f"{field}.production_batch_input_id")
        if given.input_id in told:
            raise Invalid("the input is named twice", field=f"{field}.production_batch_input_id")
        told[given.input_id] = (field, given)
    return told


def _due_of(row: ProductionInput, actual: Decimal | None, takes_rest: bool, *, field: str) -> Decimal:
    if actual is None:
        return rest_of(row) if takes_rest else ZERO
    if actual < row.actual_quantity:
        raise Invalid(f"{show(row.actual_quantity)} of it went in already", field=field)
    return actual - row.actual_quantity


def _lost_of(row: ProductionInput, waste: Decimal | None, *, field: str) -> Decimal:
    if waste is None:
        return ZERO
    if waste < row.waste_quantity:
        raise Invalid(f"{show(row.waste_quantity)} of it were recorded as waste already", field=field)
    return waste - row.waste_quantity


def _parts(
    session: Session,
    batch: ProductionBatch,
    row: ProductionInput,
    sources: Sequence[Source],
    used: Decimal,
    lost: Decimal,
) -> tuple[list[Part], list[Shortage]]:
    """Which levels an input comes from, in the order of `sources`; what is lost after what is used."""
    taken, missing = share_out(sources, used)
    wasted, lacking = share_out(_without(sources, taken), lost)
    if missing or lacking:
        wanted = used + lost
        sku = fetch(session, Variant, row.variant_id, resource="variant").sku
        found = wanted - missing - lacking
        return [], [Shortage(sku, wanted, found, variant_id=row.variant_id, site_id=batch.site_id, line_id=row.id)]
    parts = [Part(row, content_of(source.level, source.quantity)) for source in taken]
    return parts + [Part(row, content_of(source.level, source.quantity), is_waste=True) for source in wasted], []


def _chosen(
    session: Session,
    batch: ProductionBatch,
    row: ProductionInput,
    sources: Sequence[Source],
    lots: Sequence[ChosenLot],
    used: Decimal,
    *,
    field: str,
) -> list[Source]:
    """What comes from the lots that were named. Raises as `complete_batch`."""
    if not lots:
        return []
    if sum((lot.quantity for lot in lots), ZERO) > used:
        raise Invalid(f"the lots make more than the {show(used)} that are due", field=field)
    chosen: list[Source] = []
    for lot in lots:
        mine = [source for source in _without(sources, chosen) if source.level.lot_id == lot.lot_id]
        taken, missing = share_out(mine, lot.quantity)
        if missing:
            raise _lot_short(session, batch, row, lot, lot.quantity - missing, field=field)
        chosen += taken
    return chosen


def _lot_short(
    session: Session, batch: ProductionBatch, row: ProductionInput, lot: ChosenLot, found: Decimal, *, field: str
) -> InsufficientStock | Invalid:
    """Why a lot that was named does not give what is asked of it."""
    known = get_lot(session, lot.lot_id)
    variant = fetch(session, Variant, row.variant_id, resource="variant")
    if known.variant_id != row.variant_id:
        return Invalid(f"lot {known.lot_number} is not of {variant.sku}", field=field)
    for level in levels_of_lot(session, lot.lot_id):
        if fetch(session, Location, level.location_id, resource="location").site_id == batch.site_id:
            refuse_unusable(session, batch, row, content_of(level, lot.quantity))
    named = f"{variant.sku} lot {known.lot_number}"
    return InsufficientStock([Shortage(named, lot.quantity, found, row.variant_id, batch.site_id, line_id=row.id)])


def _without(sources: Sequence[Source], taken: Sequence[Source]) -> list[Source]:
    """What is left of each level once `taken` has gone, in the order of `sources`."""
    left: dict[int, Source] = {}
    for source in sources:
        before = left.get(id(source.level))
        left[id(source.level)] = replace(before, quantity=before.quantity + source.quantity) if before else source
    for source in taken:
        rest = left[id(source.level)]
        left[id(source.level)] = replace(rest, quantity=rest.quantity - source.quantity)
    return [source for source in left.values() if source.quantity > ZERO]


# --- what comes out -------------------------------------------------------------------------------------------------


def makes_lot(session: Session, batch: ProductionBatch) -> bool:
    """True when the output is a lot: the item is kept by lots, or the organization traces lots."""
    output = fetch(session, Variant, batch.output_variant_id, resource="variant")
    return output.is_lot_tracked or TRACEABILITY in modules_in(session)


def proposed_lot_number(session: Session, batch: ProductionBatch) -> str:
    """The number of the output's lot unless somebody gives one: the batch's own, told apart where it is taken."""
    number, again = batch.number, 1
    while _is_taken(session, batch, number):
        again += 1
        number = f"{batch.number}-{again}"
    return number


def proposed_expiry(session: Session, batch: ProductionBatch) -> date | None:
    """The expiry of the output by the recipe's shelf life; None where that is not known."""
    days = get_recipe(session, batch.recipe_id).shelf_life_days
    return None if days is None else now_of(session).date() + timedelta(days=days)


def _is_taken(session: Session, batch: ProductionBatch, lot_number: str) -> bool:
    known = find_lot(session, batch.output_variant_id, lot_number)
    return known is not None and known.id != batch.made_lot_id


def _lot(
    session: Session, batch: ProductionBatch, output: Variant, lot_number: str | None, expiry_date: date | None
) -> Lot | None:
    """The lot that the output is; one that this batch had made before it was reopened is used again."""
    if not makes_lot(session, batch) and lot_number is None:
        return None
    number = lot_number if lot_number is not None else proposed_lot_number(session, batch)
    if _is_taken(session, batch, number):
        raise Duplicate("lot", "lot_number", number)
    today = now_of(session).date()
    expiry = expiry_date or proposed_expiry(session, batch)
    if expiry_date is not None and expiry_date < today:
        raise Invalid("the output would have expired before it was made", field="expiry_date")
    if find_lot(session, output.id, number) is not None:
        return find_or_create_lot(session, variant=output, lot_number=number, expiry_date=expiry)
    return create_lot(
        session, variant_id=output.id, lot_number=number, expiry_date=expiry, production_date=today
    )  # fmt: skip


def _place(session: Session, batch: ProductionBatch, output: Variant, location_id: str | None) -> Location:
    if location_id is None:
        return landing_location(session, site_id=batch.site_id, variant=output)
    location = fetch(session, Location, location_id, resource="location")
    if location.site_id != batch.site_id or location.usage != "internal":
        raise Invalid(f"{location.code} is not in the site of {batch.number}", field="location_id")
    return location


def _unit_cost(takings: Sequence[ProductionTaking], made: Decimal) -> int | None:
    """What a unit of the output costs: all that went in and was lost, shared out; None when some of it is unknown."""
    total = ZERO
    for taking in takings:
        if taking.unit_cost is None:
            return None
        total += taking.unit_cost * taking.quantity
    if not takings:
        return None
    return min(int((total / made).quantize(Decimal(1), ROUND_HALF_UP)), MAX_COST)


def _put_out(
    session: Session,
    batch: ProductionBatch,
    place: Location,
    lot: Lot | None,
    quantity: Decimal,
    *,
    plate_id: str,
    idempotency_key: str,
) -> tuple[ProductionOutput, Posted]:
    """The output comes in, at the cost of all that the batch took."""
    unit_cost = _unit_cost(takings_of(session, batch.id), quantity)
    posting = Posting(
        variant_id=batch.output_variant_id,
        source_id=PRODUCTION,
        destination_id=place.id,
        quantity=quantity,
        kind=MoveKind.PRODUCTION_OUTPUT,
        idempotency_key=idempotency_key,
        lot_id=lot.id if lot else "",
        destination_plate_id=plate_id,
        guard=Guard.FREE,
        unit_cost=unit_cost,
        origin_kind=DOCUMENT,
        origin_id=batch.id,
    )
    posted = ledger.post(session, [posting])[0]
    row = ProductionOutput(
        organization_id=batch.organization_id,
        id=new_id("pou"),
        production_batch_id=batch.id,
        variant_id=batch.output_variant_id,
        location_id=place.id,
        lot_id=lot.id if lot else "",
        quantity=quantity,
        unit_cost=unit_cost,
        move_id=posted.id,
        created_at=now_of(session),
    )
    session.add(row)
    return row, posted


def _release(session: Session, batch: ProductionBatch) -> Mapping[str, Decimal]:
    """Gives back what was promised and not needed, by input."""
    released: dict[str, Decimal] = {}
    for reservation in ledger.reserved_for(session, document_id=batch.id):
        released[reservation.line_id] = released.get(reservation.line_id, ZERO) + reservation.quantity
    ledger.release(session, document_id=batch.id)
    return released
