"""At a stop: the bin, the item, and which lot, serial or plate of it.

Example::

    heard = hear_item(desk, state, stop, Entry("code", "5001000000040"))
"""

from __future__ import annotations

from decimal import Decimal

from ambra_tui.floor.codes import scan_of, shown, text_of, typed_quantity, unknown
from ambra_tui.floor.conversation import Entry, Heard, Refusal, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.held_lots import held_code
from ambra_tui.floor.picking.ask import ask_reason
from ambra_tui.floor.picking.state import PickState, Standing
from ambra_tui.floor.picking.words import place_name, told
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.scan.model import Scan
from ambra_tui.services import picking
from ambra_tui.services.catalog import Match, match_code
from ambra_tui.services.lot_rules import HELD_LOT_STATES, is_expired
from ambra_tui.services.lots import find_lot
from ambra_tui.services.picking import Stop
from ambra_tui.services.places import find_location, find_plate
from ambra_tui.store.models import Lot, StockLevel
from ambra_tui.store.scope import fetch


def hear_bin(desk: Desk, state: PickState, stop: Stop, entry: Entry) -> Heard:
    """The bin of the stop."""
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    if location is None:
        match = match_code(desk.session, scan_of(entry))
        raise Refusal("E43", found=match.variant.sku) if match else unknown(entry)
    if location.id == state.last_tote_id:
        return Heard(state, Verdict("W08", {"found": location.code}))
    if location.id != stop.location.id:
        raise Refusal("E03", found=place_name(desk, location), expected=stop.location.code)
    if location.is_held:
        raise Refusal("E17", bin=location.code)
    at_bin = state.at_item().model_copy(update={"location_id": location.id, "last_tote_id": ""})
    return Heard(at_bin, Verdict("G04", {"bin": location.code}))


def hear_item(desk: Desk, state: PickState, stop: Stop, entry: Entry) -> Heard:
    """The item: its own code takes all that is directed, a case code what is in it."""
    match = match_code(desk.session, scan_of(entry))
    if match is None:
        return _no_item(desk, state, stop, entry)
    if match.variant.id != stop.variant.id:
        raise Refusal("E02", found=match.variant.sku, expected=stop.variant.sku)
    quantity, is_counting = _first_quantity(stop, match, scan_of(entry))
    taken = state.model_copy(update={"quantity": quantity, "is_counting": is_counting, "last_tote_id": ""})
    return identify(desk, taken, stop, scan_of(entry))


def _no_item(desk: Desk, state: PickState, stop: Stop, entry: Entry) -> Heard:
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    if location is not None and location.id == stop.location.id:
        return Heard(state, Verdict("G04", {"bin": location.code}))
    if location is not None and location.id == state.last_tote_id:
        return Heard(state, Verdict("W08", {"found": location.code}))
    if location is not None:
        raise Refusal("E44", found=place_name(desk, location))
    typed = typed_quantity(entry)
    if typed is None:
        raise unknown(entry)
    if typed == 0:
        return ask_reason(desk, state, stop, ZERO, "")
    raise Refusal("E44", found=show(typed))


def _first_quantity(stop: Stop, match: Match, scan: Scan) -> tuple[Decimal, bool]:
    """The item's own code means all that is asked for; a case code, or a label with a count, its own quantity."""
    if match.quantity == 1 and scan.count is None:
        return stop.quantity, False
    quantity = worth(match, scan)
    if quantity > stop.quantity:
        raise Refusal("E14", maximum=show(stop.quantity))
    return quantity, True


def worth(match: Match, scan: Scan) -> Decimal:
    """How many base units one code stands for."""
    return match.quantity * scan.count if scan.count is not None else match.quantity


def identify(desk: Desk, state: PickState, stop: Stop, scan: Scan) -> Heard:
    """Which level of the bin it is: by what the label tells, by what was told before, by what there is only one of."""
    levels = picking.levels_at(desk.session, stop.location.id, stop.variant.id)
    if not levels:
        raise Refusal("E31", quantity="0", bin=stop.location.code, item=stop.variant.sku)
    if scan.lot and stop.variant.is_lot_tracked:
        state = state.model_copy(update={"lot_id": lot_of(desk, stop, scan.lot).id})
    if scan.serial and stop.variant.is_serial_tracked:
        state = state.model_copy(update={"serial": scan.serial})
    for step, code, kind in (("lot", "E20", "lot_id"), ("serial", "G32", "serial"), ("plate", "E21", "plate_id")):
        told_value = getattr(state, kind)
        if told_value is not None:
            levels = [level for level in levels if getattr(level, kind) == told_value]
            if not levels:
                raise _not_here(desk, stop, kind, told_value)
            continue
        choices = {getattr(level, kind) for level in levels}
        if len(choices) > 1:
            return Heard(
                state.model_copy(update={"step": step}),
                Verdict(code, {"item": stop.variant.sku, "bin": stop.location.code}),
            )
        state = state.model_copy(update={kind: choices.pop()})
    return _identified(desk, state, stop, levels[0])


def lot_of(desk: Desk, stop: Stop, number: str) -> Lot:
    """The lot with this number. Raises Refusal E04."""
    expected = stop.lot.lot_number if stop.lot else "-"
    lot = find_lot(desk.session, stop.variant.id, number)
    if lot is None:
        raise Refusal("E04", found=shown(number), expected=expected)
    return lot


def _not_here(desk: Desk, stop: Stop, kind: str, told_value: str) -> Refusal:
    if kind == "lot_id":
        lot = fetch(desk.session, Lot, told_value, resource="lot")
        _refuse_lot(desk, stop, lot)
        return Refusal("E04", found=lot.lot_number, expected=stop.lot.lot_number if stop.lot else "-")
    named = f"{stop.variant.sku} {shown(told_value) if kind == 'serial' else ''}"
    return Refusal("E39", bin=stop.location.code, item=named)


def _refuse_lot(desk: Desk, stop: Stop, lot: Lot) -> None:
    if lot.status in HELD_LOT_STATES:
        raise Refusal(held_code(lot), lot=lot.lot_number)
    if is_expired(lot, desk.today):
        raise Refusal("E10", lot=lot.lot_number, expiry=lot.expiry_date)
    with told():
        picking.check_lot(stop, lot)


def _identified(desk: Desk, state: PickState, stop: Stop, level: StockLevel) -> Heard:
    if level.lot_id:
        _refuse_lot(desk, stop, fetch(desk.session, Lot, level.lot_id, resource="lot"))
    if stop.level != (level.lot_id, level.serial, level.plate_id):
        state = _instead(desk, state, stop, level)
    return Heard(
        state.model_copy(update={"step": "tote"}),
        Verdict("G05", {"item": stop.variant.sku, "quantity": show(state.quantity)}),
    )


def _instead(desk: Desk, state: PickState, stop: Stop, level: StockLevel) -> PickState:
    """Another level of the bin than the assigned one: another stop of this order, else what is free of it."""
    key = (level.lot_id, level.serial, level.plate_id)
    for other in Standing.of(desk, state).stops:
        is_here = (other.location.id, other.variant.id, other.level) == (stop.location.id, stop.variant.id, key)
        if is_here and other.order_id == stop.order_id:
            quantity = min(state.quantity, other.quantity) if state.is_counting else other.quantity
            return state.model_copy(update={"allocation_id": other.allocation_id, "quantity": quantity})
    free = level.on_hand - level.allocated
    if free < state.quantity:
        raise Refusal("E31", quantity=show(free), bin=stop.location.code, item=stop.variant.sku)
    return state


# -- what must be told apart -----------------------------------------------------------------------------------------


def hear_lot(desk: Desk, state: PickState, stop: Stop, entry: Entry) -> Heard:
    """The lot of what was taken."""
    number = scan_of(entry).lot or text_of(entry)
    return _hear_told(desk, state, stop, entry, Scan(raw=entry.text, kind="plain", lot=number))


def hear_serial(desk: Desk, state: PickState, stop: Stop, entry: Entry) -> Heard:
    """The serial of what was taken."""
    serial = scan_of(entry).serial or text_of(entry)
    return _hear_told(desk, state, stop, entry, Scan(raw=entry.text, kind="plain", serial=serial))


def hear_plate(desk: Desk, state: PickState, stop: Stop, entry: Entry) -> Heard:
    """The license plate that it was taken from."""
    scan = scan_of(entry)
    plate = find_plate(desk.session, scan.sscc or text_of(entry))
    if plate is None:
        raise Refusal("E57", found=shown(text_of(entry)))
    told_of = state.model_copy(update={"plate_id": plate.id})
    return identify(desk, told_of, stop, Scan(raw=entry.text, kind="plain"))


def _hear_told(desk: Desk, state: PickState, stop: Stop, entry: Entry, told_scan: Scan) -> Heard:
    match = match_code(desk.session, scan_of(entry))
    if match is not None and match.variant.id != stop.variant.id:
        raise Refusal("E02", found=match.variant.sku, expected=stop.variant.sku)
    scan = scan_of(entry)
    if match is not None and not scan.lot and not scan.serial:
        code = {"lot": "E20", "serial": "E46"}[state.step]
        raise Refusal(code, item=stop.variant.sku, bin=stop.location.code)
    return identify(desk, state, stop, told_scan)
