"""Pack what was picked: scan the tote, scan its items into packages, choose the carrier, print the labels, hand over.

Each step is stored as it happens: another packer, or the same one after a break, goes on with the open package. Stock
goes to the stage when a package is closed, and out of the site when its parcels are handed over.

Example::

    heard = FLOW.hear(desk, state, Entry("code", "T1"))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from ambra_tui.floor.codes import scan_of, shown, text_of, unknown
from ambra_tui.floor.conversation import SHOWN_WORK, Entry, Heard, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.override import confirm, supervisor_with
from ambra_tui.floor.pack_close import begin_close, close, hear_weight
from ambra_tui.floor.pack_hand import hear_parcel, scan_parcel
from ambra_tui.floor.pack_item import hear_item, hear_told
from ambra_tui.floor.pack_send import choose_service, print_again
from ambra_tui.floor.pack_state import PACKING, PackState, Standing, next_state
from ambra_tui.floor.pack_view import draw
from ambra_tui.floor.printing import LABEL
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services import claims, orders, packing, picking, shipping
from ambra_tui.services.catalog import match_code
from ambra_tui.services.places import find_location
from ambra_tui.store.models import Act, Location, SalesOrder
from ambra_tui.store.scope import fetch

MAX_OWNERS = 9


class Pack:
    """The flow behind the key - at the menu."""

    name = "pack"
    menu_digit = "-"
    roles = frozenset({"operator", "supervisor", "admin"})
    state_type = PackState

    def begin(self, desk: Desk, entry: Entry | None = None) -> PackState | Heard:
        """Choosing an order, or beginning with what was scanned."""
        return PackState() if entry is None else _hear_document(desk, PackState(), entry)

    def is_named(self, desk: Desk, entry: Entry) -> bool:
        """True when the code is a parcel's label."""
        text = text_of(entry)
        parcel = packing.parcel_with(desk.session, text)
        return parcel is not None and parcel.tracking_number == text

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Orders that are picked and wait to be packed, urgent ones first."""
        due = packing.waiting_orders(desk.session, desk.site.id, limit=SHOWN_WORK)
        return [Row(order.number, str(order.customer.get("name", ""))) for order in due]

    def prompt(self, desk: Desk, state: PackState) -> Prompt:
        """The step as it is now."""
        return draw(desk, state)

    def hear(self, desk: Desk, state: PackState, entry: Entry) -> Heard:
        """One step. An order that was cancelled, left or taken over meanwhile is answered first."""
        if state.step in PACKING and (answer := _changed(desk, state)) is not None:
            return answer
        if entry.kind == "command":
            return _COMMANDS.get(entry.text, _ignore)(desk, state)
        if entry.kind == "choice":
            return _choice(desk, state, entry.text)
        return _STEPS[state.step](desk, state, entry)

    def undone(self, desk: Desk, state: PackState, act: Act) -> PackState:
        """An act was taken back: its order is packed on from there, by the same worker."""
        if act.document_kind != orders.DOCUMENT or not act.kind.startswith("pack_"):
            return state
        if act.kind == "pack_hand":
            return state if state.step == "hand" else PackState(step="hand")
        with suppress(claims.Taken):
            claims.claim(desk.session, orders.DOCUMENT, act.document_id)
            return next_state(desk, PackState(order_id=act.document_id))
        return PackState()


def _changed(desk: Desk, state: PackState) -> Heard | None:
    """What happened to the order since the prompt was drawn; packages of a cancelled order are given up."""
    order = orders.get_order(desk.session, state.order_id)
    if order.status == "cancelled":
        give_up(desk, order)
        return Heard(PackState(), Verdict("E32", {"document": order.number}))
    if order.status in ("shipped", "delivered"):
        give_up(desk, order)
        return Heard(PackState(), Verdict("E33", {"document": order.number}))
    try:
        with desk.session.begin_nested():
            claims.claim(desk.session, orders.DOCUMENT, order.id)
    except claims.Taken as taken:
        return Heard(PackState(), Verdict("E30", {"badge": taken.holder.name[:11], "found": order.number}))
    return None


def give_up(desk: Desk, order: SalesOrder) -> None:
    """Packages of an order that is over, and that have not left, are packages no more."""
    for shipment in packing.shipments_here(desk.session, order.id):
        packing.give_up(desk.session, shipment)
    claims.release(desk.session, orders.DOCUMENT, order.id)


# --- which order ----------------------------------------------------------------------------------------------------


def _hear_document(desk: Desk, state: PackState, entry: Entry) -> Heard:
    """A tote or stage, an order, a parcel's label or carton."""
    text = text_of(entry)
    parcel = packing.parcel_with(desk.session, text)
    if parcel is not None:
        shipment = packing.shipment_of(desk.session, parcel)
        if shipment.status == "packing":
            return _begin(desk, orders.get_order(desk.session, shipment.order_id))
        return scan_parcel(desk, PackState(step="hand"), parcel)
    location = find_location(desk.session, text, site_id=desk.site.id)
    if location is not None:
        return _begin(desk, _order_in(desk, location))
    order = orders.find_order(desk.session, text)
    if order is not None:
        return _begin(desk, order)
    is_known = match_code(desk.session, scan_of(entry)) is not None
    raise Refusal("E47", found=shown(text)) if is_known or scan_of(entry).kind == "plain" else unknown(entry)


def _order_in(desk: Desk, location: Location) -> SalesOrder:
    """The order whose stock lies in a tote or on a stage. Raises Refusal."""
    if location.kind not in orders.CARRIED_KINDS:
        raise Refusal("E45", found=location.code)
    owners = sorted(picking.owners_of(desk.session, [location.id]).get(location.id, set()))
    waiting = [
        order_id
        for order_id in owners
        if any(item.rest for item in packing.picked_items(desk.session, order_id))
        or packing.shipments_here(desk.session, order_id)
    ]
    if len(waiting) > 1:
        raise Refusal("E81", found=location.code, count=min(len(waiting), MAX_OWNERS))
    if not waiting:
        raise Refusal("E80", found=location.code)
    return orders.get_order(desk.session, waiting[0])


def _begin(desk: Desk, order: SalesOrder) -> Heard:
    """The order's next step; when somebody else packs or picks it, the question who may take it over."""
    _refuse_unpackable(desk, order)
    items = packing.picked_items(desk.session, order.id)
    if shipping.packing_of(desk.session, order.id) is None and not any(item.rest for item in items):
        labelled = next((row for row in packing.shipments_here(desk.session, order.id)), None)
        if labelled is None:
            raise Refusal("E80", found=order.number)
        shown_labels = PackState(step="label", order_id=order.id, shipment_id=labelled.id)
        return Heard(shown_labels, Verdict("W33", {"document": order.number}))
    try:
        with desk.session.begin_nested():
            claims.claim(desk.session, orders.DOCUMENT, order.id)
    except claims.Taken as taken:
        asked = PackState(step="taken", order_id=order.id)
        return Heard(asked, Verdict("E30", {"badge": taken.holder.name[:11], "found": order.number}))
    lines = orders.lines_of(desk.session, order.id)
    missing = sum(
        (max(line.quantity - line.backordered - max(line.picked, line.fulfilled), ZERO) for line in lines), ZERO
    )
    begun = next_state(desk, PackState(order_id=order.id))
    if missing:
        return Heard(begun, Verdict("W32", {"quantity": show(missing), "document": order.number}))
    return Heard(begun, Verdict("G20", {"document": order.number, "count": str(len(lines))}))


def _refuse_unpackable(desk: Desk, order: SalesOrder) -> None:
    if order.site_id != desk.site.id:
        site = fetch(desk.session, type(desk.site), order.site_id, resource="location")
        raise Refusal("E42", found=order.number, site=site.code)
    if order.status == "cancelled":
        raise Refusal("E32", document=order.number)
    if order.status in ("shipped", "delivered"):
        raise Refusal("E33", document=order.number)


# --- work of somebody else ------------------------------------------------------------------------------------------


def _hear_taken(desk: Desk, state: PackState, entry: Entry) -> Heard:
    """A supervisor's badge, then the PIN; or another order."""
    supervisor = supervisor_with(desk, entry)
    if supervisor is None:
        return _hear_document(desk, PackState(), entry)
    return Heard(state.model_copy(update={"step": "pin", "supervisor_id": supervisor.id}))


def _hear_pin(desk: Desk, state: PackState, entry: Entry) -> Heard:
    """The PIN of the supervisor whose badge was scanned: the work changes hands."""
    if entry.how != "manual":
        raise Refusal("E40")
    order = orders.get_order(desk.session, state.order_id)
    confirm(desk, state.supervisor_id, entry.text.strip(), act="pack_taken_over", subject=order.id, number=order.number)
    claims.take_over(desk.session, orders.DOCUMENT, order.id)
    return _begin(desk, order)


# --- steps ----------------------------------------------------------------------------------------------------------


def _item(desk: Desk, state: PackState, entry: Entry) -> Heard:
    return hear_item(desk, Standing.of(desk, state), entry)


def _told_apart(desk: Desk, state: PackState, entry: Entry) -> Heard:
    return hear_told(desk, Standing.of(desk, state), entry)


def _weight(desk: Desk, state: PackState, entry: Entry) -> Heard:
    return hear_weight(desk, Standing.of(desk, state), entry)


def _question(desk: Desk, state: PackState, entry: Entry) -> Heard:
    raise Refusal("E40")


_STEPS: dict[str, Callable[[Desk, PackState, Entry], Heard]] = {
    "order": _hear_document,
    "taken": _hear_taken,
    "pin": _hear_pin,
    "item": _item,
    "lot": _told_apart,
    "serial": _told_apart,
    "weight": _weight,
    "service": _question,
    "services": _question,
    "label": _hear_document,
    "hand": hear_parcel,
}


def _choice(desk: Desk, state: PackState, text: str) -> Heard:
    if state.step == "order":
        return _begin(desk, orders.get_order(desk.session, text))
    if state.step in ("service", "services"):
        return choose_service(desk, Standing.of(desk, state), text)
    raise Refusal("E54", found=shown(text))


# --- commands -------------------------------------------------------------------------------------------------------


def _back(desk: Desk, state: PackState) -> Heard:
    """One step back. What is packed stays packed; an order that was begun stays the worker's."""
    if state.step == "order":
        return Heard(None)
    if state.step in ("taken", "pin", "label", "hand"):
        return Heard(PackState())
    if state.step == "services":
        return Heard(state.model_copy(update={"step": "service"}))
    if state.step == "item" and not state.is_taking_out:
        return Heard(PackState())
    return Heard(state.at_item().model_copy(update={"is_enough": False}))


def _close(desk: Desk, state: PackState) -> Heard:
    """F10: the open package is closed, at once where its weight was asked."""
    standing = Standing.of(desk, state)
    if state.step == "weight":
        return close(desk, standing, weight=None)
    if state.step != "item":
        return Heard(state)
    if not standing.inside(standing.open_package) and not standing.rest and standing.packed:
        return Heard(next_state(desk, state))
    return begin_close(desk, standing)


def _out(desk: Desk, state: PackState) -> Heard:
    """F6: the next item leaves its package; once more: it does not."""
    if state.step != "item":
        return Heard(state)
    return Heard(state.at_item().model_copy(update={"is_taking_out": not state.is_taking_out}))


def _enough(desk: Desk, state: PackState) -> Heard:
    """F7: what is not packed stays in its tote, and is packed another time."""
    if state.step != "item":
        return Heard(state)
    standing = Standing.of(desk, state)
    if not standing.packed:
        raise Refusal("E82", count=standing.number)
    return Heard(next_state(desk, state.model_copy(update={"is_enough": True})))


def _give_back(desk: Desk, state: PackState) -> Heard:
    """F11: somebody else may go on with it."""
    if state.step != "item":
        return Heard(state)
    order = orders.get_order(desk.session, state.order_id)
    claims.release(desk.session, orders.DOCUMENT, order.id)
    return Heard(PackState(), Verdict("G51", {"document": order.number}))


def _hand(desk: Desk, state: PackState) -> Heard:
    """F8: parcels are handed to their carrier."""
    return Heard(PackState(step="hand")) if state.step in ("order", "label") else Heard(state)


def _label(desk: Desk, state: PackState) -> Heard:
    """F9: the labels once more."""
    return print_again(desk, state) if state.step == "label" else Heard(state)


def _home(desk: Desk, state: PackState) -> Heard:
    return Heard(None)


def _ignore(desk: Desk, state: PackState) -> Heard:
    return Heard(state)


_COMMANDS: dict[str, Callable[[Desk, PackState], Heard]] = {
    "back": _back,
    "home": _home,
    "close": _close,
    "out": _out,
    "enough": _enough,
    "give_back": _give_back,
    "hand": _hand,
    LABEL: _label,
}

FLOW = Pack()
