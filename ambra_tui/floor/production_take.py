"""What goes into a batch: the bin, the lot's label, how much; and what of an ingredient is thrown away.

The label of a lot takes all that is due of it, at once; a number that was typed before takes that many, and a case code
what is in the case. A lot that expires later than the one to take is refused, and so is what is on hold.

Example::

    heard = hear_item(desk, standing, Entry("code", label, scan=scan))
"""

from __future__ import annotations

from decimal import Decimal

from ambra_tui.errors import InsufficientStock, WrongState
from ambra_tui.floor.bin_item import (
    BinItem,
    ambiguous,
    asked,
    begin_item,
    content_in,
    find_bin,
    free_of,
    levels_of,
    location_of,
    narrow,
    short,
    variant_of,
)
from ambra_tui.floor.codes import refuse_part, scan_of, shown, text_of, typed_quantity, unknown
from ambra_tui.floor.conversation import Entry, Heard, Refusal, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.held_lots import held_code
from ambra_tui.floor.production_state import ProduceState, Standing, input_of, lot_of
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.scan.model import Scan
from ambra_tui.services import production
from ambra_tui.services.catalog import Match, match_code
from ambra_tui.services.lot_rules import HELD_LOT_STATES, is_expired, is_later
from ambra_tui.services.lots import find_lot
from ambra_tui.services.moves import levels_in
from ambra_tui.store.models import Location, Lot, ProductionInput, StockLevel, Variant
from ambra_tui.store.scope import fetch

# --- where ----------------------------------------------------------------------------------------------------------


def hear_bin(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    """The bin to take from, or at once the label of what lies in only one."""
    location = find_bin(desk, entry)
    if location is None:
        return _hear_label(desk, standing, entry)
    if location.is_held:
        raise Refusal("E17", bin=location.code)
    row = _held_by(desk, standing, location)
    if row is None:
        expected = standing.source.location.code if standing.source is not None else "-"
        raise Refusal("E03", found=location.code, expected=expected)
    is_due = standing.row is None or row.id == standing.row.id
    quantity = standing.state.quantity if is_due else ZERO
    changes = {"location_id": location.id, "input_id": row.id, "item": None, "asks": "", "quantity": quantity}
    return Heard(standing.state.model_copy(update=changes), Verdict("G04", {"bin": location.code}))


def _held_by(desk: Desk, standing: Standing, location: Location) -> ProductionInput | None:
    """The ingredient that the bin was scanned for: the one that is due, else another one that lies there."""
    there = {level.variant_id for level in levels_in(desk.session, location.id)}
    mine = [row for row in standing.inputs if row.variant_id in there]
    first = [standing.row] if standing.row in mine else [row for row in mine if production.rest_of(row)]
    return next(iter([*first, *mine]), None)


def _hear_label(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    """An item before its bin: there must be only one bin that it can come from."""
    match = match_code(desk.session, scan_of(entry))
    if match is None:
        typed = typed_quantity(entry)
        if typed is not None:
            return set_quantity(standing, typed)
        raise unknown(entry, takes_number=True)
    row = _row_of(standing, match.variant)
    lot_number = scan_of(entry).lot if match.variant.is_lot_tracked else ""
    lot = find_lot(desk.session, match.variant.id, lot_number) if lot_number else None
    if lot_number and lot is None:
        raise Refusal("E39", bin=desk.site.code, item=f"{match.variant.sku} {shown(lot_number)}")
    if lot is not None:
        _refuse_lot(desk, lot)
    sources = production.sources_of(desk.session, standing.batch, row)
    places = {s.location.id: s.location for s in sources if lot is None or s.level.lot_id == lot.id}
    if not places:
        raise Refusal("E39", bin=desk.site.code, item=f"{match.variant.sku} {shown(lot_number or '')}".strip())
    if len(places) > 1:
        raise Refusal("E43", found=match.variant.sku)
    at_bin = standing.state.model_copy(update={"location_id": next(iter(places)), "item": None})
    return hear_item(desk, Standing.of(desk, at_bin), entry)


# --- what -----------------------------------------------------------------------------------------------------------


def hear_item(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    """The label of the lot; another bin, or a number for the label that follows."""
    location = standing.location
    assert location is not None, "an item is scanned at a bin"
    scan = scan_of(entry)
    match = match_code(desk.session, scan)
    if match is None:
        return _no_item(desk, standing, location, entry)
    row = _row_of(standing, match.variant)
    is_whole = match.quantity == 1 and scan.count is None and not match.variant.is_serial_tracked
    return _begun(desk, standing, row, begin_item(desk, location, match, scan), label=entry.text if is_whole else "")


def _no_item(desk: Desk, standing: Standing, location: Location, entry: Entry) -> Heard:
    """A lot by its number alone, a number, or another bin."""
    if standing.row is not None:
        number = scan_of(entry).lot or text_of(entry)
        lot = find_lot(desk.session, standing.row.variant_id, number)
        if lot is not None and (scan_of(entry).lot or typed_quantity(entry) is None):
            match = Match(standing.ingredient, Decimal(1))
            item = begin_item(desk, location, match, Scan(raw=number, kind="plain", lot=number))
            return _begun(desk, standing, standing.row, item, label=entry.text)
    typed = typed_quantity(entry)
    if typed is not None:
        return set_quantity(standing, typed)
    if find_bin(desk, entry) is not None:
        return hear_bin(desk, standing, entry)
    raise unknown(entry, takes_number=True)


def _row_of(standing: Standing, variant: Variant) -> ProductionInput:
    row = input_of(standing, variant.id)
    if row is None:
        raise Refusal("E06", found=variant.sku, document=standing.batch.number)
    return row


def set_quantity(standing: Standing, quantity: Decimal) -> Heard:
    """A typed number: that many of the label that is scanned next."""
    if standing.row is None or quantity <= 0:
        raise Refusal("E28", found=show(quantity))
    refuse_part(standing.ingredient, quantity)
    told = {"quantity": show(quantity), "item": standing.ingredient.sku}
    return Heard(standing.state.model_copy(update={"quantity": quantity}), Verdict("G68", told))


def _begun(desk: Desk, standing: Standing, row: ProductionInput, item: BinItem, *, label: str) -> Heard:
    """What was scanned, as far as it is known; a `label` takes all that is due, for which a quantity of 0 stands."""
    is_due = standing.row is not None and row.id == standing.row.id
    typed = standing.state.quantity if is_due and not variant_of(desk, item).is_serial_tracked else ZERO
    known = item.model_copy(update={"quantity": typed or (ZERO if label else item.quantity)})
    changes = {"input_id": row.id, "item": known, "quantity": ZERO, "last_code": label, "last_at": desk.now}
    following = standing.state.model_copy(update=changes)
    return _identified(desk, Standing.of(desk, following), known)


def hear_part(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    """Which lot, serial or plate of the bin it is."""
    item = standing.state.item
    assert item is not None
    known = narrow(desk, item, entry)
    return _identified(desk, standing, known)


def _identified(desk: Desk, standing: Standing, item: BinItem) -> Heard:
    known = standing.state.model_copy(update={"item": item})
    if ambiguous(desk, item):
        return Heard(known, asked(desk, item))
    level = levels_of(desk, item)[0]
    if standing.state.is_waste:
        return _waste_of(desk, known, item)
    _refuse_level(desk, standing, level)
    quantity = item.quantity or _whole(standing, level)
    if quantity == ZERO:
        return Heard(known, Verdict("W30", {"item": variant_of(desk, item).sku}))
    wanted = item.model_copy(update={"quantity": quantity})
    if quantity > standing.rest:
        _refuse_more_than_there(desk, wanted)
        told = {"quantity": show(quantity), "item": variant_of(desk, item).sku, "maximum": show(standing.rest)}
        return Heard(known.model_copy(update={"item": wanted, "asks": "over"}), Verdict("W29", told))
    return _take(desk, standing, wanted)


def _whole(standing: Standing, level: StockLevel) -> Decimal:
    return min(standing.rest, max(level.on_hand - level.allocated, ZERO))


def _refuse_more_than_there(desk: Desk, item: BinItem) -> None:
    if item.quantity > free_of(levels_of(desk, item)):
        raise short(desk, item)


# --- what may not go in ---------------------------------------------------------------------------------------------


def _refuse_level(desk: Desk, standing: Standing, level: StockLevel) -> None:
    """Raises E17 and E16 for what is on hold, E10 for what has expired, E12 for a lot that another leaves before."""
    location = fetch(desk.session, Location, level.location_id, resource="location")
    if location.is_held:
        raise Refusal("E17", bin=location.code)
    if not level.lot_id:
        return
    lot = fetch(desk.session, Lot, level.lot_id, resource="lot")
    _refuse_lot(desk, lot)
    first = standing.source
    earlier = lot_of(desk, first) if first is not None else None
    if first is not None and earlier is not None and is_later(lot, earlier):
        raise Refusal("E12", expected=earlier.lot_number, bin=first.location.code)


def _refuse_lot(desk: Desk, lot: Lot) -> None:
    if lot.status in HELD_LOT_STATES:
        raise Refusal(held_code(lot), lot=lot.lot_number)
    if is_expired(lot, desk.today):
        raise Refusal("E10", lot=lot.lot_number, expiry=lot.expiry_date)


# --- taken ----------------------------------------------------------------------------------------------------------


def take_more(desk: Desk, standing: Standing) -> Heard:
    """More than was planned, which the worker has confirmed."""
    assert standing.state.item is not None
    return _take(desk, standing, standing.state.item)


def _take(desk: Desk, standing: Standing, item: BinItem) -> Heard:
    taken = _post(desk, standing, item, kind="produce_take")
    told = {"quantity": show(item.quantity), "item": taken, "document": standing.batch.number}
    return Heard(standing.state.at_bin(), Verdict("G65", told))


def _post(desk: Desk, standing: Standing, item: BinItem, *, kind: str, reason: str = "") -> str:
    """Posts one level into the batch, or into waste; what was taken, by its name."""
    row = input_of(standing, item.variant_id)
    assert row is not None, "the item is one of the batch"
    content = content_in(desk, item)
    sku, location = variant_of(desk, item).sku, location_of(desk, item)
    try:
        taken = production.take(
            desk.session,
            standing.batch,
            row,
            content=content,
            idempotency_key=desk.key("take"),
            is_waste=bool(reason),
            reason=reason or "production",
        )
    except production.HeldLot as held:
        code = held_code(fetch(desk.session, Lot, content.lot_id, resource="lot")) if held.lot_number else "E17"
        raise Refusal(code, lot=held.lot_number, bin=held.location_code) from held
    except production.ExpiredLot as expired:
        raise Refusal("E10", lot=expired.lot_number, expiry=expired.expiry) from expired
    except InsufficientStock as error:
        raise short(desk, item, available=error.shortages[0].available) from error
    except WrongState as error:
        raise Refusal("E41") from error
    lot = fetch(desk.session, Lot, content.lot_id, resource="lot").lot_number if content.lot_id else ""
    desk.did(
        kind,
        moves=[taken.posted],
        document_kind=production.DOCUMENT,
        document_id=standing.batch.id,
        summary={
            "quantity": show(item.quantity),
            "item": sku,
            "lot": lot,
            "serial": content.serial,
            "bin": location.code,
            "document": standing.batch.number,
        },
        details={"takings": [taken.taking.id]},
    )
    return f"{sku} {lot}".strip()


def hear_more(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    """All of it went in: how much more does."""
    item = standing.state.item
    assert item is not None
    more = item.model_copy(update={"quantity": _typed(desk, item, entry)})
    _refuse_more_than_there(desk, more)
    return _take(desk, standing, more)


def _typed(desk: Desk, item: BinItem, entry: Entry) -> Decimal:
    typed = typed_quantity(entry)
    if typed is None:
        raise unknown(entry, takes_number=True)
    if typed <= 0:
        raise Refusal("E28", found=show(typed))
    refuse_part(variant_of(desk, item), typed)
    return typed


# --- waste ----------------------------------------------------------------------------------------------------------


def _waste_of(desk: Desk, state: ProduceState, item: BinItem) -> Heard:
    if item.quantity == ZERO:
        return Heard(state, Verdict("G01"))
    return _ask_reason(desk, state, item)


def _ask_reason(desk: Desk, state: ProduceState, item: BinItem) -> Heard:
    there = sum((level.on_hand for level in levels_of(desk, item)), ZERO)
    if item.quantity > there:
        told = {"bin": location_of(desk, item).code, "quantity": show(there), "item": variant_of(desk, item).sku}
        raise Refusal("E15", short=desk.say("waste.short", **told))
    return Heard(state.model_copy(update={"item": item, "asks": "reason"}), Verdict("G01"))


def hear_waste_quantity(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    """How much of it is waste."""
    item = standing.state.item
    assert item is not None
    counted = item.model_copy(update={"quantity": _typed(desk, item, entry)})
    return _ask_reason(desk, standing.state, counted)


def waste(desk: Desk, standing: Standing, reason: str) -> Heard:
    """Throws away what was counted; the ingredient stays due."""
    item = standing.state.item
    assert item is not None
    _post(desk, standing, item, kind="produce_waste", reason=reason)
    told = {
        "quantity": show(item.quantity),
        "item": variant_of(desk, item).sku,
        "bin": location_of(desk, item).code,
    }
    return Heard(standing.state.at_bin(), Verdict("G37", told))
