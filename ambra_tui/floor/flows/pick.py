"""Pick orders, one or several in a walk: bin, item, tote at each stop; short picks with a reason; a check of bins that
should be empty.

The first scan of the item's own code takes the whole directed quantity. A case code adds its quantity, and so do the
codes scanned after it. Typing a number sets the quantity. Nothing is posted before the tote is scanned.

Example::

    heard = FLOW.hear(desk, state, Entry("code", "WH1-A02-1"))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ambra_tui.errors import InsufficientStock
from ambra_tui.floor.codes import shown, text_of
from ambra_tui.floor.conversation import SHOWN_WORK, Entry, Heard, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.held_lots import held_code
from ambra_tui.floor.picking import choose
from ambra_tui.floor.picking.ask import answer_substitute, answer_zero, ask_reason
from ambra_tui.floor.picking.draw import draw
from ambra_tui.floor.picking.put import hear_tote
from ambra_tui.floor.picking.short import REASONS, TOTE_FULL, answer_reason
from ambra_tui.floor.picking.state import (
    AT_STOP,
    IDENTIFYING,
    WALKING,
    PickState,
    Standing,
    barred,
    changed,
    forget_refused,
    left_verdict,
    next_state,
)
from ambra_tui.floor.picking.take import hear_bin, hear_item, hear_lot, hear_plate, hear_serial
from ambra_tui.floor.picking.words import told
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services import claims, orders, packing, picking
from ambra_tui.services.picking import Stop, clusters
from ambra_tui.services.places import find_location
from ambra_tui.store.models import Act, Allocation, Location, Lot, SalesOrder
from ambra_tui.store.scope import fetch, organization_of

ALL_ZONES = "*"


class Pick:
    """The flow behind digit 3."""

    name = "pick"
    menu_digit = "3"
    roles = frozenset({"operator", "supervisor", "admin"})
    state_type = PickState

    def begin(self, desk: Desk, entry: Entry | None = None) -> PickState | Heard:
        """Choosing an order, or the scanned order's first stop."""
        return PickState() if entry is None else choose.hear_order(desk, PickState(), entry)

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Orders to pick, urgent ones first."""
        due = orders.due_orders(desk.session, desk.site.id, limit=SHOWN_WORK)
        return [Row(order.number, str(order.customer.get("name", ""))) for order in due]

    def prompt(self, desk: Desk, state: PickState) -> Prompt:
        """The step as it is now."""
        return draw(desk, state)

    def hear(self, desk: Desk, state: PickState, entry: Entry) -> Heard:
        """One step. What somebody else changed meanwhile is answered first."""
        try:
            return _heard(desk, state, entry)
        except (Refusal, InsufficientStock):
            forget_refused(desk)
            raise

    def undone(self, desk: Desk, state: PickState, act: Act) -> PickState:
        """An act was taken back: the walk goes on where its stock lies again."""
        changed(desk)
        if state.step not in (*WALKING, "done") or not Standing.of(desk, state).members:
            return state
        return next_state(desk, state)


def _heard(desk: Desk, state: PickState, entry: Entry) -> Heard:
    if state.step in WALKING and (answer := _changed(desk, state)) is not None:
        return answer
    if entry.kind == "command":
        return _COMMANDS.get(entry.text, _ignore)(desk, state)
    if entry.kind == "choice":
        return _choice(desk, state, entry)
    if state.step in ("reason", "zero", "substitute", "zone"):
        raise Refusal("E40")
    if state.step in _CHOOSING:
        return _CHOOSING[state.step](desk, state, entry)
    if state.step == "done":
        return _next_order(desk, state, entry)
    stop = Standing.of(desk, state).stop
    assert stop is not None, "a changed order is answered before"
    return _STEPS[state.step](desk, state, stop, entry)


def _changed(desk: Desk, state: PickState) -> Heard | None:
    """What happened to the orders, the claims or the stop since the prompt was drawn."""
    standing = Standing.of(desk, state)
    if standing.member(state.order_id) is None:
        return _order_left(desk, state, standing)
    if any(member.holder_id != desk.user.id for member in standing.members):
        try:
            with desk.session.begin_nested():
                clusters.hold(desk.session, state.cluster_id)
        except claims.Taken as taken:
            told_of = {"badge": taken.holder.name[:11], "found": standing.documents}
            return Heard(state.at_orders(), Verdict("E30", told_of))
    if standing.is_changed:
        return Heard(next_state(desk, state), _why_changed(desk, state))
    bar = barred(desk, standing.stop) if standing.stop is not None and state.step in AT_STOP else None
    return Heard(_planned_anew(desk, state, standing.stop), bar) if bar is not None else None


def _why_changed(desk: Desk, state: PickState) -> Verdict:
    """The stop is another one now: because its lot was recalled, or for a reason that the picker need not know."""
    allocation = desk.session.get(Allocation, (organization_of(desk.session), state.allocation_id))
    lot = fetch(desk.session, Lot, allocation.lot_id, resource="lot") if allocation and allocation.lot_id else None
    if lot is not None and lot.status == "recalled":
        return Verdict(held_code(lot), {"lot": lot.lot_number})
    return Verdict("E41")


def _order_left(desk: Desk, state: PickState, standing: Standing) -> Heard:
    order = orders.get_order(desk.session, state.order_id) if state.order_id else None
    verdict = (left_verdict(order) if order else None) or Verdict("E41")
    return Heard(next_state(desk, state) if standing.members else state.at_orders(), verdict)


def _planned_anew(desk: Desk, state: PickState, stop: Stop | None) -> PickState:
    """The next stop after those that are barred were sought elsewhere; choosing an order when nothing is left."""
    assert stop is not None, "only a stop is barred"
    picking.plan(desk.session, orders.get_order(desk.session, stop.order_id))
    following = next_state(desk, state)
    if following.step == "done" and not any(
        picking.carried(desk.session, member.order.id) for member in Standing.of(desk, following).members
    ):
        choose.leave(desk, following)
        return following.at_orders()
    return following


def _next_order(desk: Desk, state: PickState, entry: Entry) -> Heard:
    """After the last stop: the last tote read twice, or the next order."""
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    if location is not None and any(
        place.id == location.id
        for member in Standing.of(desk, state).members
        for place, _ in picking.carried(desk.session, member.order.id)
    ):
        return Heard(state, Verdict("W08", {"found": location.code}))
    order = choose.named_order(desk, entry)
    if Standing.of(desk, state).member(order.id) is None:
        choose.leave(desk, state)
    return choose.begin_order(desk, state.at_orders(), order)


# -- choices ---------------------------------------------------------------------------------------------------------


def _choice(desk: Desk, state: PickState, entry: Entry) -> Heard:
    text = entry.text
    if state.step in ("order", "picked"):
        return choose.begin_order(desk, state, orders.get_order(desk.session, text))
    if state.step == "cluster":
        return choose.choose_for_cluster(desk, state, orders.get_order(desk.session, text))
    if state.step == "zone":
        return Heard(PickState(zone="" if text == ALL_ZONES else text))
    if state.step == "reason" and text in (*REASONS, TOTE_FULL):
        return answer_reason(desk, state, _stop(desk, state), text)
    if state.step in ("zero", "substitute") and text in ("yes", "no"):
        is_yes = text == "yes"
        if state.step == "zero":
            return answer_zero(desk, state, is_empty=is_yes)
        return answer_substitute(desk, state, is_wanted=is_yes)
    raise Refusal("E54", found=shown(text))


def _stop(desk: Desk, state: PickState) -> Stop:
    stop = Standing.of(desk, state).stop
    assert stop is not None, "a changed order is answered before"
    return stop


# -- commands --------------------------------------------------------------------------------------------------------


def _back(desk: Desk, state: PickState) -> Heard:
    if state.step == "order":
        return Heard(PickState() if state.zone else None)
    if state.step in ("zone", "picked", "taken", "pin", "bin"):
        return Heard(state.at_orders())
    if state.step == "done":
        choose.leave(desk, state)
        return Heard(None)
    if state.step == "tote_for":
        claims.release(desk.session, orders.DOCUMENT, state.order_id)
        return Heard(state.model_copy(update={"step": "cluster", "order_id": ""}))
    if state.step == "cluster":
        choose.leave(desk, state)
        return Heard(state.at_orders())
    if state.step in ("zero", "substitute"):
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
    return ask_reason(desk, state, _stop(desk, state), ZERO, "")


def _new_tote(desk: Desk, state: PickState) -> Heard:
    if state.step != "tote":
        return _ignore(desk, state)
    return Heard(state.model_copy(update={"wants_tote": True}), Verdict("G63"))


def _give_back(desk: Desk, state: PickState) -> Heard:
    if state.step not in ("bin", "item"):
        return _ignore(desk, state)
    documents = Standing.of(desk, state).documents
    choose.leave(desk, state)
    return Heard(state.at_orders(), Verdict("G51", {"document": documents}))


def _ship(desk: Desk, state: PickState) -> Heard:
    if state.step != "done":
        return _ignore(desk, state)
    standing = Standing.of(desk, state)
    carried = [m for m in standing.members if picking.carried(desk.session, m.order.id)]
    if not carried:
        raise Refusal("E38", document=standing.documents)
    _refuse_in_parcels(desk, [member.order for member in carried])
    with told():
        shipped = [picking.ship_picked(desk.session, member.order) for member in carried]
    numbers = ", ".join(one.order.number for one in shipped)
    desk.did(
        "ship",
        moves=[posted for one in shipped for posted in one.posted],
        document_kind=orders.DOCUMENT,
        document_id=shipped[0].order.id,
        summary={"document": numbers},
        details={
            "orders": [
                {"id": one.order.id, "status": one.status, "parts": [part.as_texts() for part in one.parts]}
                for one in shipped
            ]
        },
    )
    choose.leave(desk, state)
    return Heard(None, Verdict("G13", {"document": numbers}))


def _refuse_in_parcels(desk: Desk, carried: Sequence[SalesOrder]) -> None:
    """What somebody packs leaves by its parcels."""
    for order in carried:
        try:
            packing.refuse_in_parcels(desk.session, order)
        except packing.InParcels as refused:
            raise Refusal("E86", document=order.number) from refused


def _cluster(desk: Desk, state: PickState) -> Heard:
    return Heard(state.model_copy(update={"step": "cluster"})) if state.step == "order" else _ignore(desk, state)


def _zone(desk: Desk, state: PickState) -> Heard:
    return Heard(state.model_copy(update={"step": "zone"})) if state.step == "order" else _ignore(desk, state)


def _picked(desk: Desk, state: PickState) -> Heard:
    return Heard(state.model_copy(update={"step": "picked"})) if state.step == "order" else _ignore(desk, state)


def _count(desk: Desk, state: PickState) -> Heard:
    """The bin that was just left is counted now; the count leads back to the walk."""
    if not state.offer_id or state.step not in ("bin", "done"):
        return _ignore(desk, state)
    place = fetch(desk.session, Location, state.offer_id, resource="location")
    walking_on = state.model_copy(update={"offer_id": ""})
    return Heard(walking_on, opens=("count", Entry("code", place.barcode)))


def _start(desk: Desk, state: PickState) -> Heard:
    return choose.start(desk, state) if state.step == "cluster" and state.cluster_id else _ignore(desk, state)


def _home(desk: Desk, state: PickState) -> Heard:
    return Heard(None)


def _ignore(desk: Desk, state: PickState) -> Heard:
    return Heard(state)


def _first_bin(desk: Desk, state: PickState, entry: Entry) -> Heard:
    """A cluster is begun by the scan of its first bin."""
    heard = choose.hear_cluster(desk, state, entry)
    if not isinstance(heard.state, PickState) or heard.state.step != "bin":
        return heard
    return hear_bin(desk, heard.state, _stop(desk, heard.state), entry)


_CHOOSING: dict[str, Callable[[Desk, PickState, Entry], Heard]] = {
    "order": choose.hear_order,
    "picked": choose.hear_order,
    "cluster": _first_bin,
    "tote_for": choose.hear_tote_for,
    "taken": choose.hear_taken,
    "pin": choose.hear_pin,
}
_STEPS: dict[str, Callable[[Desk, PickState, Stop, Entry], Heard]] = {
    "bin": hear_bin,
    "item": hear_item,
    "lot": hear_lot,
    "serial": hear_serial,
    "plate": hear_plate,
    "tote": hear_tote,
}
_COMMANDS: dict[str, Callable[[Desk, PickState], Heard]] = {
    "back": _back,
    "home": _home,
    "skip": _skip,
    "nothing": _nothing_here,
    "ship": _ship,
    "cluster": _cluster,
    "count": _count,
    "zone": _zone,
    "picked": _picked,
    "start": _start,
    "new_tote": _new_tote,
    "give_back": _give_back,
}

FLOW = Pick()
