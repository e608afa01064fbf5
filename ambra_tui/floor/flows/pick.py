"""Pick one order: bin, item, tote at each stop; short picks with a reason; a check of bins that should be empty.

The first scan of the item's own code takes the whole directed quantity. A case code adds its quantity, and so do the
codes scanned after it. Typing a number sets the quantity. Nothing is posted before the tote is scanned.

Example::

    heard = FLOW.hear(desk, state, Entry("code", "WH1-A02-1"))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

from ambra_tui.errors import InsufficientStock, Stale, WrongState
from ambra_tui.floor.codes import refuse_part, scan_of, shown, text_of, typed_quantity, unknown
from ambra_tui.floor.conversation import SHOWN_WORK, Entry, Heard, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.pick_state import (
    AT_STOP,
    IDENTIFYING,
    PickState,
    Standing,
    barred,
    left_state,
    next_state,
    stage_of,
    unpicked,
)
from ambra_tui.floor.pick_view import draw
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.scan.model import Scan
from ambra_tui.services import orders, picking
from ambra_tui.services.catalog import Match, match_code
from ambra_tui.services.lots import find_lot
from ambra_tui.services.picking import Picked, Stop, Taken
from ambra_tui.services.places import find_location, find_plate
from ambra_tui.services.tasks import ZERO_CHECK, ask_count
from ambra_tui.store.models import Location, Lot, SalesOrder, StockLevel
from ambra_tui.store.scope import fetch

REASONS = ("not_found", "damaged", "other")
TOTE_FULL = "tote_full"
CARRIED_KINDS = orders.CARRIED_KINDS


class Pick:
    """The flow behind digit 3."""

    name = "pick"
    menu_digit = "3"
    roles = frozenset({"operator", "supervisor", "admin"})
    state_type = PickState

    def begin(self, desk: Desk, entry: Entry | None = None) -> PickState | Heard:
        """Choosing an order, or the scanned order's first stop."""
        return PickState() if entry is None else _open(desk, entry)

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Orders to pick, urgent ones first."""
        due = orders.due_orders(desk.session, desk.site.id, limit=SHOWN_WORK)
        return [Row(order.number, str(order.customer.get("name", ""))) for order in due]

    def prompt(self, desk: Desk, state: PickState) -> Prompt:
        """The step as it is now."""
        return draw(desk, state)

    def hear(self, desk: Desk, state: PickState, entry: Entry) -> Heard:
        """One step. An order that was changed by somebody else meanwhile is answered first."""
        standing = _standing(desk, state)
        if standing is not None and (changed := _changed(desk, state, standing)) is not None:
            return changed
        if entry.kind == "command":
            return _COMMANDS.get(entry.text, _ignore)(desk, state)
        if entry.kind == "choice":
            return _choice(desk, state, entry)
        if state.step in ("reason", "zero"):
            raise Refusal("E40")
        if state.step == "done" and (tote := _own_tote(desk, state, entry)) is not None:
            return Heard(state, Verdict("W08", {"found": tote.code}))
        if state.step in ("order", "done"):
            return _open(desk, entry)
        assert standing is not None and standing.stop is not None, "a changed order is answered before"
        return _STEPS[state.step](desk, state, standing.stop, entry)


# -- the order -------------------------------------------------------------------------------------------------------


def _open(desk: Desk, entry: Entry) -> Heard:
    text = text_of(entry)
    order = orders.find_order(desk.session, text)
    if order is None:
        is_known = match_code(desk.session, scan_of(entry)) or find_location(desk.session, text, site_id=desk.site.id)
        raise Refusal("E47", found=shown(text)) if is_known or scan_of(entry).kind == "plain" else unknown(entry)
    return _begin_order(desk, order)


def _own_tote(desk: Desk, state: PickState, entry: Entry) -> Location | None:
    """The tote of the order that was just finished: the last scan was read twice."""
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    is_own = location is not None and any(
        place.id == location.id for place, _ in picking.carried(desk.session, state.order_id)
    )
    return location if is_own else None


def _begin_order(desk: Desk, order: SalesOrder) -> Heard:
    _refuse_unpickable(desk, order)
    if order.status == "confirmed":
        orders.reserve_order(desk.session, order)
    else:
        _reserve_rest(desk, order)
    plan = picking.plan(desk.session, order)
    state = next_state(desk, PickState(order_id=order.id))
    if plan.stops:
        if plan.missing:
            return Heard(state, Verdict("W12", {"document": order.number}))
        return Heard(
            state,
            Verdict("G20", {"document": order.number, "count": str(len(orders.lines_of(desk.session, order.id)))}),
        )
    if picking.carried(desk.session, order.id):
        return Heard(state, _picked_verdict(desk, order))
    for gap in plan.missing:
        if gap.stopped:
            raise Refusal("E49", bin=", ".join(gap.stopped[:3]))
    if plan.missing:
        raise Refusal("E15", short="; ".join(f"{gap.variant.sku}: -{show(gap.quantity)}" for gap in plan.missing[:3]))
    raise Refusal("E38", document=order.number)


def _refuse_unpickable(desk: Desk, order: SalesOrder) -> None:
    if order.site_id != desk.site.id:
        site = fetch(desk.session, type(desk.site), order.site_id, resource="location")
        raise Refusal("E42", found=order.number, site=site.code)
    if order.status == "cancelled":
        raise Refusal("E32", document=order.number)
    if order.status in ("shipped", "delivered"):
        raise Refusal("E33", document=order.number)
    if order.status not in ("confirmed", "allocated", "picking"):
        raise Refusal("E48", document=order.number, status=order.status)


def _reserve_rest(desk: Desk, order: SalesOrder) -> None:
    """Promises a backordered rest again, when all of it can be taken from bins now; else leaves it as it is."""
    if not any(line.backordered for line in orders.lines_of(desk.session, order.id)):
        return
    savepoint = desk.session.begin_nested()
    try:
        orders.reserve_order(desk.session, order)
        is_pickable = not picking.plan(desk.session, order).missing
    except (InsufficientStock, WrongState):
        is_pickable = False
    if is_pickable:
        savepoint.commit()
    else:
        savepoint.rollback()


def _standing(desk: Desk, state: PickState) -> Standing | None:
    return None if state.step in ("order", "done") else Standing.of(desk, state)


def _changed(desk: Desk, state: PickState, standing: Standing) -> Heard | None:
    left = left_state(standing)
    if left is not None:
        return Heard(PickState(), left)
    if standing.is_changed:
        return Heard(next_state(desk, state), Verdict("E41"))
    bar = barred(desk, standing.stop) if standing.stop is not None and state.step in AT_STOP else None
    return Heard(_planned_anew(desk, state, standing.order), bar) if bar is not None else None


def _planned_anew(desk: Desk, state: PickState, order: SalesOrder) -> PickState:
    """The next stop after those that are barred were sought elsewhere; choosing an order when nothing is left."""
    picking.plan(desk.session, order)
    following = next_state(desk, state)
    if following.step == "done" and not picking.carried(desk.session, order.id):
        return PickState()
    return following


def _stop(desk: Desk, state: PickState) -> Stop:
    stop = Standing.of(desk, state).stop
    assert stop is not None, "a changed order is answered before"
    return stop


# -- bin, item, what must be told apart ------------------------------------------------------------------------------


def _hear_bin(desk: Desk, state: PickState, stop: Stop, entry: Entry) -> Heard:
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    if location is None:
        match = match_code(desk.session, scan_of(entry))
        raise Refusal("E43", found=match.variant.sku) if match else unknown(entry)
    if location.id != stop.location.id:
        raise Refusal("E03", found=_place(desk, location), expected=stop.location.code)
    if location.is_held:
        raise Refusal("E17", bin=location.code)
    return Heard(
        state.at_item().model_copy(update={"location_id": location.id}), Verdict("G04", {"bin": location.code})
    )


def _hear_item(desk: Desk, state: PickState, stop: Stop, entry: Entry) -> Heard:
    match = match_code(desk.session, scan_of(entry))
    if match is None:
        return _no_item(desk, state, stop, entry)
    if match.variant.id != stop.variant.id:
        raise Refusal("E02", found=match.variant.sku, expected=stop.variant.sku)
    quantity, is_counting = _first_quantity(stop, match, scan_of(entry))
    taken = state.model_copy(update={"quantity": quantity, "is_counting": is_counting})
    return _identify(desk, taken, stop, scan_of(entry))


def _no_item(desk: Desk, state: PickState, stop: Stop, entry: Entry) -> Heard:
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    if location is not None and location.id == stop.location.id:
        return Heard(state, Verdict("G04", {"bin": location.code}))
    if location is not None:
        raise Refusal("E44", found=_place(desk, location))
    typed = typed_quantity(entry)
    if typed is None:
        raise unknown(entry)
    if typed == 0:
        return _ask_reason(desk, state, stop, ZERO, "")
    raise Refusal("E44", found=show(typed))


def _first_quantity(stop: Stop, match: Match, scan: Scan) -> tuple[Decimal, bool]:
    """The item's own code means all that is asked for; a case code, or a label with a count, its own quantity."""
    if match.quantity == 1 and scan.count is None:
        return stop.quantity, False
    quantity = _worth(match, scan)
    if quantity > stop.quantity:
        raise Refusal("E14", maximum=show(stop.quantity))
    return quantity, True


def _worth(match: Match, scan: Scan) -> Decimal:
    return match.quantity * scan.count if scan.count is not None else match.quantity


def _identify(desk: Desk, state: PickState, stop: Stop, scan: Scan) -> Heard:
    """Which level of the bin it is: by what the label tells, by what was told before, by what there is only one of."""
    levels = picking.levels_at(desk.session, stop.location.id, stop.variant.id)
    if not levels:
        raise Refusal("E31", quantity="0", bin=stop.location.code, item=stop.variant.sku)
    if scan.lot and stop.variant.is_lot_tracked:
        state = state.model_copy(update={"lot_id": _lot_of(desk, stop, scan.lot).id})
    if scan.serial and stop.variant.is_serial_tracked:
        state = state.model_copy(update={"serial": scan.serial})
    for step, code, kind in (("lot", "E20", "lot_id"), ("serial", "E46", "serial"), ("plate", "E21", "plate_id")):
        told = getattr(state, kind)
        if told is not None:
            levels = [level for level in levels if getattr(level, kind) == told]
            if not levels:
                raise _not_here(desk, stop, kind, told)
            continue
        choices = {getattr(level, kind) for level in levels}
        if len(choices) > 1:
            return Heard(
                state.model_copy(update={"step": step}),
                Verdict(code, {"item": stop.variant.sku, "bin": stop.location.code}),
            )
        state = state.model_copy(update={kind: choices.pop()})
    return _identified(desk, state, stop, levels[0])


def _lot_of(desk: Desk, stop: Stop, number: str) -> Lot:
    expected = stop.lot.lot_number if stop.lot else "-"
    lot = find_lot(desk.session, stop.variant.id, number)
    if lot is None:
        raise Refusal("E04", found=shown(number), expected=expected)
    return lot


def _not_here(desk: Desk, stop: Stop, kind: str, told: str) -> Refusal:
    if kind == "lot_id":
        lot = fetch(desk.session, Lot, told, resource="lot")
        _refuse_lot(desk, stop, lot)
        return Refusal("E04", found=lot.lot_number, expected=stop.lot.lot_number if stop.lot else "-")
    return Refusal("E39", bin=stop.location.code, item=f"{stop.variant.sku} {shown(told) if kind == 'serial' else ''}")


def _refuse_lot(desk: Desk, stop: Stop, lot: Lot) -> None:
    if lot.status in picking.HELD_LOT_STATES:
        raise Refusal("E16", lot=lot.lot_number)
    if picking.is_expired(lot, desk.today):
        raise Refusal("E10", lot=lot.lot_number, expiry=lot.expiry_date)
    with _told():
        picking.check_lot(stop, lot)


def _identified(desk: Desk, state: PickState, stop: Stop, level: StockLevel) -> Heard:
    if level.lot_id:
        _refuse_lot(desk, stop, fetch(desk.session, Lot, level.lot_id, resource="lot"))
    if _key(stop) != (level.lot_id, level.serial, level.plate_id):
        state = _instead(desk, state, stop, level)
    return Heard(
        state.model_copy(update={"step": "tote"}),
        Verdict("G05", {"item": stop.variant.sku, "quantity": show(state.quantity)}),
    )


def _key(stop: Stop) -> tuple[str, str, str]:
    return (stop.lot.id if stop.lot else "", stop.serial, stop.plate.id if stop.plate else "")


def _instead(desk: Desk, state: PickState, stop: Stop, level: StockLevel) -> PickState:
    """Another level of the bin than the assigned one: another stop of this order, else what is free of it."""
    key = (level.lot_id, level.serial, level.plate_id)
    for other in picking.stops(desk.session, state.order_id):
        if (other.location.id, other.variant.id, _key(other)) == (stop.location.id, stop.variant.id, key):
            quantity = min(state.quantity, other.quantity) if state.is_counting else other.quantity
            return state.model_copy(update={"allocation_id": other.allocation_id, "quantity": quantity})
    free = level.on_hand - level.allocated
    if free < state.quantity:
        raise Refusal("E31", quantity=show(free), bin=stop.location.code, item=stop.variant.sku)
    return state


def _hear_lot(desk: Desk, state: PickState, stop: Stop, entry: Entry) -> Heard:
    return _hear_told(
        desk, state, stop, entry, Scan(raw=entry.text, kind="plain", lot=scan_of(entry).lot or text_of(entry))
    )


def _hear_serial(desk: Desk, state: PickState, stop: Stop, entry: Entry) -> Heard:
    serial = scan_of(entry).serial or text_of(entry)
    return _hear_told(desk, state, stop, entry, Scan(raw=entry.text, kind="plain", serial=serial))


def _hear_plate(desk: Desk, state: PickState, stop: Stop, entry: Entry) -> Heard:
    scan = scan_of(entry)
    plate = find_plate(desk.session, scan.sscc or text_of(entry))
    if plate is None:
        raise Refusal("E57", found=shown(text_of(entry)))
    told = state.model_copy(update={"plate_id": plate.id})
    return _identify(desk, told, stop, Scan(raw=entry.text, kind="plain"))


def _hear_told(desk: Desk, state: PickState, stop: Stop, entry: Entry, told: Scan) -> Heard:
    match = match_code(desk.session, scan_of(entry))
    if match is not None and match.variant.id != stop.variant.id:
        raise Refusal("E02", found=match.variant.sku, expected=stop.variant.sku)
    scan = scan_of(entry)
    if match is not None and not scan.lot and not scan.serial:
        code = {"lot": "E20", "serial": "E46"}[state.step]
        raise Refusal(code, item=stop.variant.sku, bin=stop.location.code)
    return _identify(desk, state, stop, told)


# -- quantity and tote -----------------------------------------------------------------------------------------------


def _hear_tote(desk: Desk, state: PickState, stop: Stop, entry: Entry) -> Heard:
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    if location is not None:
        return _to_tote(desk, state, stop, location)
    match = match_code(desk.session, scan_of(entry))
    if match is not None:
        return _more(desk, state, stop, match, scan_of(entry))
    typed = typed_quantity(entry)
    if typed is None:
        raise unknown(entry)
    return _set_quantity(desk, state, stop, typed)


def _set_quantity(desk: Desk, state: PickState, stop: Stop, quantity: Decimal) -> Heard:
    if quantity > stop.quantity or (stop.serial and quantity not in (0, 1)):
        raise Refusal("E14", maximum=show(stop.quantity))
    refuse_part(stop.variant, quantity)
    if quantity == 0:
        return _ask_reason(desk, state, stop, ZERO, "")
    return Heard(
        state.model_copy(update={"quantity": quantity, "is_counting": False}),
        Verdict("G17", {"quantity": show(quantity), "item": stop.variant.sku}),
    )


def _more(desk: Desk, state: PickState, stop: Stop, match: Match, scan: Scan) -> Heard:
    """The item again: a case adds; its own code adds only to cases, else it says what was said before."""
    if match.variant.id != stop.variant.id:
        raise Refusal("E02", found=match.variant.sku, expected=stop.variant.sku)
    if scan.lot and stop.variant.is_lot_tracked and _lot_of(desk, stop, scan.lot).id != state.lot_id:
        raise Refusal("E04", found=shown(scan.lot), expected=_taken_lot(desk, state))
    is_each = match.quantity == 1 and scan.count is None
    quantity = state.quantity
    if state.is_counting or not is_each:
        quantity += _worth(match, scan)
    if quantity > stop.quantity:
        raise Refusal("E14", maximum=show(stop.quantity - state.quantity))
    return Heard(
        state.model_copy(update={"quantity": quantity}),
        Verdict("G05", {"item": stop.variant.sku, "quantity": show(quantity)}),
    )


def _taken_lot(desk: Desk, state: PickState) -> str:
    return fetch(desk.session, Lot, state.lot_id, resource="lot").lot_number if state.lot_id else "-"


def _to_tote(desk: Desk, state: PickState, stop: Stop, location: Location) -> Heard:
    if location.kind not in CARRIED_KINDS or location.site_id != desk.site.id:
        raise Refusal("E45", found=_place(desk, location))
    order = orders.get_order(desk.session, state.order_id)
    with _told():
        picking.check_tote(desk.session, order, location)
    if state.quantity < stop.quantity:
        return _ask_reason(desk, state, stop, state.quantity, location.id)
    with _told():
        picked = picking.pick(
            desk.session,
            order,
            stop=stop,
            quantity=state.quantity,
            destination=location,
            idempotency_key=desk.key("pick"),
            taken=_taken(state),
        )
    return _after_pick(desk, state, order, stop, location, picked)


def _taken(state: PickState) -> Taken:
    return Taken(lot_id=state.lot_id or "", serial=state.serial or "", plate_id=state.plate_id or "")


def _after_pick(
    desk: Desk, state: PickState, order: SalesOrder, stop: Stop, location: Location, picked: Picked
) -> Heard:
    following = next_state(desk, state)
    if picked.is_bin_empty:
        following = following.model_copy(
            update={"step": "zero", "emptied_id": stop.location.id, "location_id": state.location_id}
        )
    elif following.step == "done":
        return Heard(following, _picked_verdict(desk, order))
    told = {"quantity": show(picked.quantity), "item": stop.variant.sku, "bin": location.code}
    return Heard(following, Verdict("G11", told))


def _picked_verdict(desk: Desk, order: SalesOrder) -> Verdict:
    stage = stage_of(desk)
    lines = orders.lines_of(desk.session, order.id)
    if unpicked(lines) > 0:
        return Verdict("W12", {"document": order.number})
    backordered = sum((line.backordered for line in lines), ZERO)
    if backordered:
        return Verdict("W02", {"quantity": show(backordered), "item": "", "document": order.number})
    return Verdict("G12", {"document": order.number, "bin": stage.code if stage else "-"})


# -- questions -------------------------------------------------------------------------------------------------------


def _ask_reason(desk: Desk, state: PickState, stop: Stop, found: Decimal, destination_id: str) -> Heard:
    order = orders.get_order(desk.session, state.order_id)
    outcome = picking.preview_short(desk.session, order, stop=stop, found=found)
    parts = [desk.say("pick.rest_from", quantity=show(part), bin=code) for code, part in outcome.elsewhere]
    if outcome.backordered:
        parts.append(desk.say("pick.rest_open", quantity=show(outcome.backordered)))
    return Heard(
        state.model_copy(update={"step": "reason", "quantity": found, "destination_id": destination_id}),
        Verdict("W17", {"outcome": ", ".join(parts)}),
    )


def _choice(desk: Desk, state: PickState, entry: Entry) -> Heard:
    if state.step == "order":
        return _begin_order(desk, orders.get_order(desk.session, entry.text))
    if state.step == "reason" and entry.text in (*REASONS, TOTE_FULL):
        return _short(desk, state, entry.text)
    if state.step == "zero" and entry.text in ("yes", "no"):
        return _zero(desk, state, is_empty=entry.text == "yes")
    raise Refusal("E54", found=shown(entry.text))


def _short(desk: Desk, state: PickState, reason: str) -> Heard:
    stop, order = _stop(desk, state), orders.get_order(desk.session, state.order_id)
    destination = (
        fetch(desk.session, Location, state.destination_id, resource="location") if state.destination_id else None
    )
    if reason == TOTE_FULL:
        return _to_next_tote(desk, state, stop, order, destination)
    with _told():
        outcome = picking.short_pick(
            desk.session,
            order,
            stop=stop,
            found=state.quantity,
            reason=reason,
            idempotency_key=desk.key("pick"),
            destination=destination,
            taken=_taken(state) if state.quantity else None,
        )
    following = next_state(desk, state)
    if outcome.backordered:
        told = {"quantity": show(outcome.backordered), "item": stop.variant.sku, "document": order.number}
        return Heard(following, Verdict("W02", told))
    bins = ", ".join(code for code, _ in outcome.elsewhere)
    rest = sum((quantity for _, quantity in outcome.elsewhere), ZERO)
    told = {"quantity": show(rest), "item": stop.variant.sku, "bin": bins, "expected": stop.location.code}
    return Heard(following, Verdict("W16", told))


def _to_next_tote(desk: Desk, state: PickState, stop: Stop, order: SalesOrder, destination: Location | None) -> Heard:
    """What was found goes into the full tote; the stop goes on with what is left."""
    if destination is None:
        raise Refusal("E54", found=TOTE_FULL)
    with _told():
        picking.pick(
            desk.session,
            order,
            stop=stop,
            quantity=state.quantity,
            destination=destination,
            idempotency_key=desk.key("pick"),
            taken=_taken(state),
        )
    told = {"quantity": show(state.quantity), "item": stop.variant.sku, "bin": destination.code}
    rest = stop.quantity - state.quantity
    going_on = state.model_copy(update={"step": "tote", "quantity": rest, "is_counting": False, "destination_id": ""})
    return Heard(going_on, Verdict("G11", told))


def _zero(desk: Desk, state: PickState, *, is_empty: bool) -> Heard:
    emptied = fetch(desk.session, Location, state.emptied_id, resource="location")
    following = next_state(desk, state)
    if is_empty:
        return Heard(following, Verdict("G25", {"bin": emptied.code}))
    ask_count(
        desk.session,
        location=emptied,
        variant_id=None,
        reason=ZERO_CHECK,
        document_kind=orders.DOCUMENT,
        document_id=state.order_id,
    )
    return Heard(following, Verdict("W04", {"bin": emptied.code}))


# -- commands --------------------------------------------------------------------------------------------------------


def _back(desk: Desk, state: PickState) -> Heard:
    if state.step in ("order", "done"):
        return Heard(None)
    if state.step == "bin":
        return Heard(PickState())
    if state.step == "zero":
        raise Refusal("E40")
    if state.step == "reason" and state.destination_id:
        return Heard(state.model_copy(update={"step": "tote", "destination_id": ""}))
    if state.step == "item":
        return Heard(state.model_copy(update={"step": "bin", "location_id": ""}))
    return Heard(state.at_item())


def _skip(desk: Desk, state: PickState) -> Heard:
    if state.step not in (AT_STOP - {"reason"}):
        return _ignore(desk, state)
    kept = tuple(skipped for skipped in state.skipped if skipped != state.allocation_id)
    following = next_state(desk, state.model_copy(update={"skipped": (*kept, state.allocation_id)}))
    return Heard(following, Verdict("G19"))


def _nothing_here(desk: Desk, state: PickState) -> Heard:
    if state.step not in ("item", "tote", *IDENTIFYING):
        return _ignore(desk, state)
    return _ask_reason(desk, state, _stop(desk, state), ZERO, "")


def _ship(desk: Desk, state: PickState) -> Heard:
    if state.step != "done":
        return _ignore(desk, state)
    order = orders.get_order(desk.session, state.order_id)
    _refuse_unpickable(desk, order)
    with _told():
        picking.ship_picked(desk.session, order)
    return Heard(None, Verdict("G13", {"document": order.number}))


def _home(desk: Desk, state: PickState) -> Heard:
    return Heard(None)


def _ignore(desk: Desk, state: PickState) -> Heard:
    return Heard(state)


# -- words -----------------------------------------------------------------------------------------------------------


def _place(desk: Desk, location: Location) -> str:
    return location.code if location.site_id == desk.site.id else location.barcode


@contextmanager
def _told() -> Iterator[None]:
    """Refusals of the services as verdicts."""
    try:
        yield
    except picking.ToteTaken as error:
        raise Refusal("E05", found=error.location.code, document=error.document or "?") from error
    except picking.EarlierLotFirst as error:
        raise Refusal("E12", expected=error.lot.lot_number, bin=error.location.code) from error
    except orders.HeldStock as error:
        code = "E16" if error.lot_number else "E17"
        raise Refusal(code, lot=error.lot_number, bin=error.location_code) from error
    except Stale as error:
        raise Refusal("E41") from error
    except InsufficientStock as error:
        short = error.shortages[0]
        raise Refusal("E31", quantity=show(short.available), bin=short.location_code or "-", item=short.sku) from error


_STEPS: dict[str, Callable[[Desk, PickState, Stop, Entry], Heard]] = {
    "bin": _hear_bin,
    "item": _hear_item,
    "lot": _hear_lot,
    "serial": _hear_serial,
    "plate": _hear_plate,
    "tote": _hear_tote,
}
_COMMANDS: dict[str, Callable[[Desk, PickState], Heard]] = {
    "back": _back,
    "home": _home,
    "skip": _skip,
    "nothing": _nothing_here,
    "ship": _ship,
}

FLOW = Pick()
