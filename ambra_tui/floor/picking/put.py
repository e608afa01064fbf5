"""At a stop: how many, and into which tote; the pick is posted here.

Example::

    heard = hear_tote(desk, state, stop, Entry("code", "T1"))
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ambra_tui.errors import InsufficientStock
from ambra_tui.floor.codes import refuse_part, scan_of, shown, text_of, typed_quantity, unknown
from ambra_tui.floor.conversation import Entry, Heard, Refusal, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.picking.ask import after_bin, ask_reason
from ambra_tui.floor.picking.state import PickState, Standing, changed, next_state
from ambra_tui.floor.picking.take import lot_of, worth
from ambra_tui.floor.picking.words import place_name, told
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.scan.model import Scan
from ambra_tui.services import orders, picking
from ambra_tui.services.catalog import Match, match_code
from ambra_tui.services.picking import Picked, Stop, Taken, clusters
from ambra_tui.services.picking.clusters import Member
from ambra_tui.services.places import find_location
from ambra_tui.store.models import Location, Lot
from ambra_tui.store.scope import fetch


def hear_tote(desk: Desk, state: PickState, stop: Stop, entry: Entry) -> Heard:
    """The tote, the item again, or a number."""
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
    if quantity % stop.ratio:
        raise Refusal("E28", found=show(quantity))
    if quantity == 0:
        return ask_reason(desk, state, stop, ZERO, "")
    return Heard(
        state.model_copy(update={"quantity": quantity, "is_counting": False}),
        Verdict("G17", {"quantity": show(quantity), "item": stop.variant.sku}),
    )


def _more(desk: Desk, state: PickState, stop: Stop, match: Match, scan: Scan) -> Heard:
    """The item again: a case adds; its own code adds only to cases, else it says what was said before."""
    if match.variant.id != stop.variant.id:
        raise Refusal("E02", found=match.variant.sku, expected=stop.variant.sku)
    if scan.lot and stop.variant.is_lot_tracked and lot_of(desk, stop, scan.lot).id != state.lot_id:
        raise Refusal("E04", found=shown(scan.lot), expected=_taken_lot(desk, state))
    is_each = match.quantity == 1 and scan.count is None
    quantity = state.quantity
    if state.is_counting or not is_each:
        quantity += worth(match, scan)
    if quantity > stop.quantity:
        raise Refusal("E14", maximum=show(stop.quantity - state.quantity))
    return Heard(
        state.model_copy(update={"quantity": quantity}),
        Verdict("G05", {"item": stop.variant.sku, "quantity": show(quantity)}),
    )


def _taken_lot(desk: Desk, state: PickState) -> str:
    return fetch(desk.session, Lot, state.lot_id, resource="lot").lot_number if state.lot_id else "-"


def _to_tote(desk: Desk, state: PickState, stop: Stop, location: Location) -> Heard:
    if location.kind not in orders.CARRIED_KINDS or location.site_id != desk.site.id:
        raise Refusal("E45", found=place_name(desk, location))
    if state.quantity > stop.quantity:  # some of it has left by another door since it was taken
        return Heard(next_state(desk, state), Verdict("E41"))
    member = Standing.of(desk, state).member(stop.order_id)
    assert member is not None, "a changed order is answered before"
    if state.quantity < stop.quantity or member.tote is None or member.tote.id != location.id:
        with told():
            picking.check_tote(desk.session, member.order, location)
    _refuse_second_tote(desk, state, member, location)
    if state.quantity % stop.ratio:
        raise Refusal("E28", found=show(state.quantity))
    if state.quantity < stop.quantity:
        return ask_reason(desk, state, stop, state.quantity, location.id)
    picked = post(desk, state, stop, member, location)
    return picked if isinstance(picked, Heard) else _after_pick(desk, state, stop, location, picked)


def _refuse_second_tote(desk: Desk, state: PickState, member: Member, location: Location) -> None:
    """In a cluster a free tote is a slip of the hand, unless a new one was asked for."""
    tote = member.tote
    is_own = location.kind != "tote" or tote is None or tote.id == location.id
    if is_own or state.wants_tote or len(Standing.of(desk, state).members) == 1:
        return
    assert tote is not None
    raise Refusal("E64", found=location.code, document=member.order.number, expected=tote.code)


def post(desk: Desk, state: PickState, stop: Stop, member: Member, destination: Location) -> Picked | Heard:
    """The pick; or, when the bin holds less by now, how much that is and where to go instead."""
    summary = summary_of(stop, member, state.quantity, destination)
    try:
        with told(), desk.session.begin_nested():
            picked = picking.pick(
                desk.session,
                member.order,
                stop=stop,
                quantity=state.quantity,
                destination=destination,
                idempotency_key=desk.key("pick"),
                taken=taken_of(state),
            )
    except InsufficientStock as error:
        return gone(desk, state, stop, error)
    keep_tote(desk, member, destination)
    desk.did(
        "pick",
        moves=[picked.posted],
        document_kind=orders.DOCUMENT,
        document_id=member.order.id,
        summary=summary,
        details=pick_details(stop, picked, destination),
    )
    return picked


def gone(desk: Desk, state: PickState, stop: Stop, error: InsufficientStock) -> Heard:
    """Somebody else was faster: what is there now, and the next work."""
    picking.plan(desk.session, orders.get_order(desk.session, stop.order_id))
    told_of = {"quantity": show(error.shortages[0].available), "bin": stop.location.code, "item": stop.variant.sku}
    return Heard(next_state(desk, state), Verdict("E31", told_of))


def taken_of(state: PickState) -> Taken:
    """Which level of the bin was identified."""
    return Taken(lot_id=state.lot_id or "", serial=state.serial or "", plate_id=state.plate_id or "")


def keep_tote(desk: Desk, member: Member, destination: Location) -> None:
    """The tote is the order's from now on."""
    if destination.kind == "tote" and (member.tote is None or member.tote.id != destination.id):
        with told():
            clusters.choose_tote(desk.session, member.order.id, destination)
        changed(desk)


def summary_of(stop: Stop, member: Member, quantity: Decimal, destination: Location | None) -> dict[str, str]:
    """What is told about a pick before it is taken back."""
    place = f"{stop.location.code} > {destination.code}" if destination else stop.location.code
    return {
        "quantity": show(quantity),
        "item": stop.variant.sku,
        "lot": stop.lot.lot_number if stop.lot else "",
        "bin": place,
        "document": member.order.number,
    }


def pick_details(stop: Stop, picked: Picked, destination: Location) -> dict[str, Any]:
    """What taking a pick back needs beside its move."""
    return {
        "line_id": stop.line.id,
        "variant_id": stop.variant.id,
        "location_id": stop.location.id,
        "lot_id": picked.source.lot_id,
        "serial": picked.source.serial,
        "plate_id": picked.source.plate_id,
        "quantity": show(picked.quantity),
        "units": show(picked.quantity / stop.ratio),
        "tote_id": destination.id,
        "replenish_id": picked.replenish.id if picked.replenish else "",
    }


def _after_pick(desk: Desk, state: PickState, stop: Stop, location: Location, picked: Picked) -> Heard:
    told_of = {"quantity": show(picked.quantity), "item": stop.variant.sku, "bin": location.code}
    following = next_state(desk, state.model_copy(update={"last_tote_id": location.id}))
    return after_bin(desk, state, following, stop.location, Verdict("G11", told_of), is_empty=picked.is_bin_empty)


def to_next_tote(desk: Desk, state: PickState, stop: Stop, destination: Location) -> Heard:
    """What was found goes into the full tote; the stop goes on with what is left, into another."""
    member = Standing.of(desk, state).member(stop.order_id)
    assert member is not None, "a changed order is answered before"
    picked = post(desk, state, stop, member, destination)
    if isinstance(picked, Heard):
        return picked
    changed(desk)
    told_of = {"quantity": show(state.quantity), "item": stop.variant.sku, "bin": destination.code}
    going_on = {
        "step": "tote", "quantity": stop.quantity - state.quantity, "is_counting": False, "destination_id": "",
        "wants_tote": True, "last_tote_id": destination.id,
    }  # fmt: skip
    return Heard(state.model_copy(update=going_on), Verdict("G11", told_of))
