"""Record waste (bin, item, how many, why), and put lots or bins on hold or free them again.

Waste is everybody's; holds are a supervisor's, behind F8: scan a lot's label, an item and its lot, or a bin.

Example::

    heard = FLOW.hear(desk, state, Entry("choice", "damaged"))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ambra_tui.floor.bin_item import (
    BinItem,
    ambiguous,
    asked,
    begin_item,
    content_in,
    count_more,
    find_bin,
    levels_of,
    location_of,
    narrow,
    refusals,
    scan_bin,
    set_quantity,
    variant_of,
)
from ambra_tui.floor.codes import scan_of, shown, text_of, typed_quantity, unknown
from ambra_tui.floor.conversation import Entry, Heard, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.desk import SUPERVISORS, Desk
from ambra_tui.floor.waste_view import WasteState, draw, is_on_hold, reasons_of, step_of
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.ledger.books import HELD_LOT_STATES
from ambra_tui.services import holds, waste
from ambra_tui.services.adjustments import Place
from ambra_tui.services.catalog import match_code
from ambra_tui.services.holds import Held
from ambra_tui.services.lots import find_lot
from ambra_tui.services.modules import TRACEABILITY
from ambra_tui.services.moves import HOLD_KINDS, Part
from ambra_tui.store.models import Location, Lot, Variant
from ambra_tui.store.scope import fetch, scoped


class Waste:
    """The flow behind digit 7."""

    name = "waste"
    menu_digit = "7"
    roles = frozenset({"operator", "supervisor", "admin"})
    state_type = WasteState

    def begin(self, desk: Desk, entry: Entry | None = None) -> WasteState | Heard:
        """Asking for the bin, or beginning with what was scanned."""
        return WasteState() if entry is None else _hear_bin(desk, WasteState(), entry)

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Nobody waits for waste."""
        return ()

    def prompt(self, desk: Desk, state: WasteState) -> Prompt:
        """The step as it is now."""
        return draw(desk, state)

    def hear(self, desk: Desk, state: WasteState, entry: Entry) -> Heard:
        """One step."""
        if state.is_hold:
            desk.require(SUPERVISORS)
        if entry.kind == "command":
            return _COMMANDS.get(entry.text, _ignore)(desk, state)
        step = step_of(desk, state)
        if entry.kind == "choice":
            return _choose(desk, state, step, entry.text)
        if step in ("reason", "why"):
            raise Refusal("E40")
        return _STEPS[step](desk, state, entry)


# --- waste ----------------------------------------------------------------------------------------------------------


def _hear_bin(desk: Desk, state: WasteState, entry: Entry) -> Heard:
    location = scan_bin(desk, entry)
    return Heard(WasteState(location_id=location.id), Verdict("G04", {"bin": location.code}))


def _hear_item(desk: Desk, state: WasteState, entry: Entry) -> Heard:
    if find_bin(desk, entry) is not None:
        return _hear_bin(desk, state, entry)
    match = match_code(desk.session, scan_of(entry))
    if match is None:
        raise unknown(entry)
    location = fetch(desk.session, Location, state.location_id, resource="location")
    return _counted(desk, state, begin_item(desk, location, match, scan_of(entry)))


def _hear_part(desk: Desk, state: WasteState, entry: Entry) -> Heard:
    assert state.item is not None
    return _counted(desk, state, narrow(desk, state.item, entry))


def _counted(desk: Desk, state: WasteState, item: BinItem, *, is_counted: bool = False) -> Heard:
    following = state.model_copy(update={"item": item, "is_counted": is_counted})
    if ambiguous(desk, item):
        return Heard(following, asked(desk, item))
    there = sum((level.on_hand for level in levels_of(desk, item)), ZERO)
    if item.quantity > there:
        told = {"bin": location_of(desk, item).code, "quantity": show(there), "item": variant_of(desk, item).sku}
        raise Refusal("E15", short=desk.say("waste.short", **told))
    if is_counted:
        return Heard(following)
    return Heard(following, Verdict("G01"))


def _hear_quantity(desk: Desk, state: WasteState, entry: Entry) -> Heard:
    """A typed number stands; the item once more counts on."""
    assert state.item is not None
    typed = typed_quantity(entry)
    if typed is not None:
        return _counted(desk, state, set_quantity(desk, state.item, typed), is_counted=True)
    if find_bin(desk, entry) is not None:
        raise Refusal("E58")
    match = match_code(desk.session, scan_of(entry))
    if match is None:
        raise unknown(entry, takes_number=True)
    if match.variant.id != state.item.variant_id:
        raise Refusal("E58")
    if match.variant.is_serial_tracked:
        raise Refusal("E58")
    return _counted(desk, state, count_more(desk, state.item, match, scan_of(entry)))


def _done(desk: Desk, state: WasteState) -> Heard:
    if step_of(desk, state) != "quantity" or state.item is None:
        return Heard(state)
    return _counted(desk, state, state.item, is_counted=True)


def _choose(desk: Desk, state: WasteState, step: str, reason: str) -> Heard:
    if step not in ("reason", "why") or reason not in reasons_of(state):
        raise Refusal("E54", found=shown(reason))
    return _record(desk, state, reason) if step == "reason" else _hold(desk, state, reason)


def _record(desk: Desk, state: WasteState, reason: str) -> Heard:
    assert state.item is not None
    content = content_in(desk, state.item)
    location, variant = location_of(desk, state.item), variant_of(desk, state.item)
    with refusals(desk, state.item):
        wasted = waste.record_waste(
            desk.session,
            place=Place(desk.site, location),
            variant=variant,
            quantity=content.quantity,
            reason=reason,
            part=Part(content.lot_id, content.serial, content.plate_id),
            idempotency_key=desk.key("waste"),
        )
    told = {"quantity": show(content.quantity), "item": variant.sku, "bin": location.code}
    desk.did(
        "waste",
        moves=wasted.posted,
        document_kind=waste.DOCUMENT,
        document_id=wasted.record.id,
        summary=told,
        details={"orders": list(wasted.replanned)},
    )
    if wasted.hit:
        return Heard(WasteState(), Verdict("W05", {"document": ", ".join(wasted.hit[:3])}))
    return Heard(WasteState(), Verdict("G37", told))


# --- holds ----------------------------------------------------------------------------------------------------------


def _switch(desk: Desk, state: WasteState) -> Heard:
    desk.require(SUPERVISORS)
    return Heard(WasteState(is_hold=not state.is_hold))


def _hear_hold(desk: Desk, state: WasteState, entry: Entry) -> Heard:
    """A bin, a lot's label, an item whose lot comes next, or a lot's number that only one item has."""
    location = find_bin(desk, entry)
    if location is not None:
        return _ask_bin(desk, location)
    scan = scan_of(entry)
    match = match_code(desk.session, scan)
    if match is None:
        return _ask_lot(desk, _lot_of_any(desk, entry))
    if scan.lot:
        return _ask_lot(desk, _lot(desk, match.variant, scan.lot))
    if not match.variant.is_lot_tracked:
        raise Refusal("E43", found=match.variant.sku)
    return Heard(WasteState(is_hold=True, variant_id=match.variant.id), Verdict("E07", {"item": match.variant.sku}))


def _hear_hold_lot(desk: Desk, state: WasteState, entry: Entry) -> Heard:
    scan = scan_of(entry)
    if find_bin(desk, entry) is not None or (match_code(desk.session, scan) is not None):
        return _hear_hold(desk, state, entry)
    variant = fetch(desk.session, Variant, state.variant_id, resource="variant")
    return _ask_lot(desk, _lot(desk, variant, scan.lot or text_of(entry)))


def _lot(desk: Desk, variant: Variant, number: str) -> Lot:
    lot = find_lot(desk.session, variant.id, number)
    if lot is None:
        raise Refusal("E39", bin=desk.site.code, item=f"{variant.sku} {shown(number)}")
    return lot


def _lot_of_any(desk: Desk, entry: Entry) -> Lot:
    number = scan_of(entry).lot or text_of(entry)
    found = desk.session.exec(scoped(desk.session, Lot).where(Lot.lot_number == number).limit(2)).all()
    if not found:
        raise unknown(entry)
    if len(found) > 1:
        raise Refusal("E44", found=shown(number))
    return found[0]


def _ask_lot(desk: Desk, lot: Lot) -> Heard:
    if lot.status == "recalled" and TRACEABILITY in desk.modules:
        return Heard(WasteState(is_hold=True), opens=("recall", Entry("choice", lot.id)))
    sku = fetch(desk.session, Variant, lot.variant_id, resource="variant").sku
    quantity = sum((level.on_hand for level in holds.levels_of_lot(desk.session, lot.id)), ZERO)
    told = {"lot": lot.lot_number, "item": sku, "quantity": show(quantity)}
    asking = WasteState(is_hold=True, lot_id=lot.id, was_held=lot.status in HELD_LOT_STATES)
    return Heard(asking, Verdict("G41", told))


def _ask_bin(desk: Desk, location: Location) -> Heard:
    if location.kind in HOLD_KINDS:
        raise Refusal("E48", document=location.code, status=desk.say("waste.hold_place"))
    asking = WasteState(is_hold=True, bin_id=location.id, was_held=location.is_held)
    return Heard(asking, Verdict("G04", {"bin": location.code}))


def _hold(desk: Desk, state: WasteState, reason: str) -> Heard:
    if is_on_hold(desk, state) != state.was_held:
        return Heard(WasteState(is_hold=True), Verdict("E33", {"document": _named(desk, state)}))
    held, details = (_hold_bin if state.bin_id else _hold_lot)(desk, state, reason)
    told = {"found": _named(desk, state), "quantity": show(held.quantity)}
    desk.did(
        "hold",
        document_kind="location" if state.bin_id else "lot",
        document_id=state.bin_id or state.lot_id,
        summary={"item": told["found"], "quantity": told["quantity"]},
        details={**details, "orders": list(held.replanned)},
    )
    if held.short:
        return Heard(WasteState(is_hold=True), Verdict("W05", {"document": ", ".join(held.short[:3])}))
    return Heard(WasteState(is_hold=True), Verdict("G39" if state.was_held else "G38", told))


def _named(desk: Desk, state: WasteState) -> str:
    if state.bin_id:
        return fetch(desk.session, Location, state.bin_id, resource="location").code
    lot = fetch(desk.session, Lot, state.lot_id, resource="lot")
    return f"{fetch(desk.session, Variant, lot.variant_id, resource='variant').sku} {lot.lot_number}"


def _hold_lot(desk: Desk, state: WasteState, reason: str) -> tuple[Held, dict[str, str]]:
    lot = fetch(desk.session, Lot, state.lot_id, resource="lot")
    before = lot.status
    held = (holds.free_lot if state.was_held else holds.hold_lot)(desk.session, lot, reason=reason)
    return held, {"before": before, "after": lot.status}


def _hold_bin(desk: Desk, state: WasteState, reason: str) -> tuple[Held, dict[str, str]]:
    location = fetch(desk.session, Location, state.bin_id, resource="location")
    held = (holds.free_bin if state.was_held else holds.hold_bin)(desk.session, location, reason=reason)
    before, after = ("held", "free") if state.was_held else ("free", "held")
    return held, {"before": before, "after": after}


# --- commands -------------------------------------------------------------------------------------------------------


def _back(desk: Desk, state: WasteState) -> Heard:
    if state.is_hold:
        is_chosen = bool(state.lot_id or state.bin_id or state.variant_id)
        return Heard(WasteState(is_hold=is_chosen))
    if state.is_counted:
        return Heard(state.model_copy(update={"is_counted": False}))
    if state.item is not None:
        told = {"quantity": show(state.item.quantity), "item": variant_of(desk, state.item).sku}
        return Heard(state.model_copy(update={"item": None}), Verdict("W21", told))
    return Heard(WasteState() if state.location_id else None)


def _ignore(desk: Desk, state: WasteState) -> Heard:
    return Heard(state)


_COMMANDS: dict[str, Callable[[Desk, WasteState], Heard]] = {"back": _back, "hold": _switch, "done": _done}
_STEPS: dict[str, Callable[[Desk, WasteState, Entry], Heard]] = {
    "bin": _hear_bin,
    "item": _hear_item,
    "lot": _hear_part,
    "serial": _hear_part,
    "plate": _hear_part,
    "quantity": _hear_quantity,
    "hold": _hear_hold,
    "hold_lot": _hear_hold_lot,
}

FLOW = Waste()
