"""Choosing what to pick: one order at once, or several with a tote each; work that somebody else holds is taken over by
a supervisor.

Example::

    heard = hear_order(desk, PickState(), Entry("code", "SO-1"))
"""

from __future__ import annotations

from collections.abc import Callable

from ambra_tui.errors import InsufficientStock, WrongState
from ambra_tui.floor.codes import scan_of, shown, text_of, unknown
from ambra_tui.floor.conversation import Entry, Heard, Refusal, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.override import confirm, supervisor_with
from ambra_tui.floor.picking.state import PickState, Standing, changed, next_state, stage_of, unpicked
from ambra_tui.floor.picking.words import place_name, told
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services import claims, orders, picking
from ambra_tui.services.catalog import match_code
from ambra_tui.services.picking import clusters
from ambra_tui.services.places import find_location
from ambra_tui.store.models import Location, SalesOrder
from ambra_tui.store.scope import fetch

MAX_LISTED = 30


def hear_order(desk: Desk, state: PickState, entry: Entry) -> Heard:
    """An order's number: its first stop."""
    return begin_order(desk, state, named_order(desk, entry))


def named_order(desk: Desk, entry: Entry) -> SalesOrder:
    """The order that a code names. Raises Refusal."""
    text = text_of(entry)
    order = orders.find_order(desk.session, text)
    if order is None:
        is_known = match_code(desk.session, scan_of(entry)) or find_location(desk.session, text, site_id=desk.site.id)
        raise Refusal("E47", found=shown(text)) if is_known or scan_of(entry).kind == "plain" else unknown(entry)
    return order


def begin_order(desk: Desk, state: PickState, order: SalesOrder) -> Heard:
    """A cluster of this order alone, or the open cluster that it is in."""
    _refuse_unpickable(desk, order)
    return _held(desk, state, order, lambda: _begin(desk, state, order))


def _held(desk: Desk, state: PickState, order: SalesOrder, work: Callable[[], Heard]) -> Heard:
    """What `work` answers; when somebody else holds the order, the question who may take it over."""
    try:
        with desk.session.begin_nested():
            return work()
    except claims.Taken as taken:
        changed(desk)
        asked = PickState(step="taken", order_id=order.id, zone=state.zone)
        return Heard(asked, Verdict("E30", {"badge": taken.holder.name[:11], "found": order.number}))


def _begin(desk: Desk, state: PickState, order: SalesOrder) -> Heard:
    cluster_id = clusters.cluster_of(desk.session, order.id)
    if cluster_id:
        clusters.hold(desk.session, cluster_id)
    else:
        claims.claim(desk.session, orders.DOCUMENT, order.id)
        cluster_id = clusters.begin(desk.session, site_id=desk.site.id, zone=state.zone).id
        clusters.join(desk.session, cluster_id, order)
    plan = _planned(desk, order)
    begun = next_state(desk, PickState(cluster_id=cluster_id, zone=state.zone))
    if begun.step != "done":
        return Heard(begun, _begun_verdict(desk, begun, plan))
    if picking.carried(desk.session, order.id):
        return Heard(begun, finish(desk, begun))
    raise _nothing_to_pick(order, plan)


def _begun_verdict(desk: Desk, state: PickState, plan: picking.Plan) -> Verdict:
    standing = Standing.of(desk, state)
    if plan.missing:
        return Verdict("W12", {"document": standing.documents})
    return Verdict("G20", {"document": standing.documents, "count": str(len(standing.lines))})


def _nothing_to_pick(order: SalesOrder, plan: picking.Plan) -> Refusal:
    for gap in plan.missing:
        if gap.stopped:
            return Refusal("E49", bin=", ".join(gap.stopped[:3]))
    if plan.missing:
        return Refusal("E15", short="; ".join(f"{gap.variant.sku}: -{show(gap.quantity)}" for gap in plan.missing[:3]))
    return Refusal("E38", document=order.number)


def _planned(desk: Desk, order: SalesOrder) -> picking.Plan:
    """Reserves what is not reserved, and assigns it to bins."""
    if order.status == "confirmed":
        orders.reserve_order(desk.session, order)
    else:
        _reserve_rest(desk, order)
    changed(desk)
    return picking.plan(desk.session, order)


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


# -- several orders, a tote each -------------------------------------------------------------------------------------


def hear_cluster(desk: Desk, state: PickState, entry: Entry) -> Heard:
    """An order (its tote comes next), a free tote (the most urgent order goes into it), or the first bin."""
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    if location is None:
        return choose_for_cluster(desk, state, named_order(desk, entry))
    if location.kind != "tote":
        if not state.cluster_id:
            raise Refusal("E47", found=shown(text_of(entry)))
        return start(desk, state)
    if location.id in (state.last_tote_id, *_totes_of(desk, state)):
        return Heard(state, Verdict("W08", {"found": location.code}))
    with told():
        _check_free(desk, location)
    for order in _waiting(desk, state):
        try:
            with desk.session.begin_nested():
                return _join(desk, state, order, location)
        except (Refusal, InsufficientStock):  # nothing of it can be picked now: the next one
            changed(desk)
    raise Refusal("E65")


def _check_free(desk: Desk, tote: Location) -> None:
    if tote.site_id != desk.site.id:
        raise Refusal("E45", found=place_name(desk, tote))
    for order_id in sorted(picking.owners_of(desk.session, [tote.id]).get(tote.id, set())):
        raise picking.ToteTaken(tote, orders.get_order(desk.session, order_id).number)


def choose_for_cluster(desk: Desk, state: PickState, order: SalesOrder) -> Heard:
    """An order joins: its tote is asked for. Work of others is refused."""
    _refuse_unpickable(desk, order)
    if state.cluster_id and clusters.cluster_of(desk.session, order.id) == state.cluster_id:
        return Heard(state, Verdict("W08", {"found": order.number}))
    try:
        claims.claim(desk.session, orders.DOCUMENT, order.id)
    except claims.Taken as taken:
        raise Refusal("E30", badge=taken.holder.name[:11], found=order.number) from taken
    return Heard(state.model_copy(update={"step": "tote_for", "order_id": order.id}), None)


def hear_tote_for(desk: Desk, state: PickState, entry: Entry) -> Heard:
    """The tote of the order that was just chosen."""
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    order = orders.get_order(desk.session, state.order_id)
    if location is None:
        if orders.find_order(desk.session, text_of(entry)) is order:
            return Heard(state, Verdict("W08", {"found": order.number}))
        raise unknown(entry)
    if location.kind != "tote" or location.site_id != desk.site.id:
        raise Refusal("E45", found=place_name(desk, location))
    return _join(desk, state, order, location)


def _join(desk: Desk, state: PickState, order: SalesOrder, tote: Location) -> Heard:
    if len(_totes_of(desk, state)) >= clusters.MAX_ORDERS:
        raise Refusal("E65")
    cluster_id = state.cluster_id or clusters.begin(desk.session, site_id=desk.site.id, zone=state.zone).id
    with told():
        clusters.join(desk.session, cluster_id, order, tote)
    plan = _planned(desk, order)
    if not plan.stops:
        raise _nothing_to_pick(order, plan)
    told_of = {"document": order.number, "tote": tote.code}
    joined = PickState(step="cluster", cluster_id=cluster_id, zone=state.zone, last_tote_id=tote.id)
    return Heard(joined, Verdict("W12" if plan.missing else "G60", told_of))


def _totes_of(desk: Desk, state: PickState) -> list[str]:
    return [member.tote.id for member in Standing.of(desk, state).members if member.tote]


def _waiting(desk: Desk, state: PickState) -> list[SalesOrder]:
    """Orders that nobody has begun, the most urgent first."""
    due = orders.due_orders(desk.session, desk.site.id, zone=state.zone, limit=MAX_LISTED)
    held = claims.holders(desk.session, orders.DOCUMENT, [order.id for order in due])
    return [order for order in due if order.id not in held]


def start(desk: Desk, state: PickState) -> Heard:
    """Everything is chosen: the first stop."""
    if not state.cluster_id:
        raise Refusal("E47", found="-")
    begun = next_state(desk, PickState(cluster_id=state.cluster_id, zone=state.zone))
    standing = Standing.of(desk, begun)
    return Heard(begun, Verdict("G20", {"document": standing.documents, "count": str(len(standing.lines))}))


# -- work of somebody else -------------------------------------------------------------------------------------------


def hear_taken(desk: Desk, state: PickState, entry: Entry) -> Heard:
    """A supervisor's badge, then the PIN; or another order."""
    if orders.find_order(desk.session, text_of(entry)) is not None:
        return hear_order(desk, state.at_orders(), entry)
    supervisor = supervisor_with(desk, entry)
    if supervisor is None:
        raise unknown(entry)
    return Heard(state.model_copy(update={"step": "pin", "supervisor_id": supervisor.id}))


def hear_pin(desk: Desk, state: PickState, entry: Entry) -> Heard:
    """The PIN of the supervisor whose badge was scanned: the work changes hands."""
    if entry.how != "manual":
        raise Refusal("E40")
    order = orders.get_order(desk.session, state.order_id)
    confirm(desk, state.supervisor_id, entry.text.strip(), act="pick_taken_over", subject=order.id, number=order.number)
    cluster_id = clusters.cluster_of(desk.session, order.id)
    if cluster_id:
        clusters.take_over(desk.session, cluster_id)
    else:
        claims.take_over(desk.session, orders.DOCUMENT, order.id)
    return begin_order(desk, state.at_orders(), order)


# -- the end ---------------------------------------------------------------------------------------------------------


def finish(desk: Desk, state: PickState) -> Verdict:
    """Nothing is left to take in this walk: the work is nobody's, and whether all of it is there."""
    clusters.set_claims_down(desk.session, state.cluster_id)
    standing = Standing.of(desk, state)
    lines = standing.lines
    zone = clusters.zone_of(desk.session, state.cluster_id)
    if zone and any(picking.stops(desk.session, order_id) for order_id in standing.order_ids):
        return Verdict("G61", {"document": standing.documents, "zone": zone})
    if unpicked(lines) > 0:
        return Verdict("W12", {"document": standing.documents})
    backordered = sum((line.backordered for line in lines), ZERO)
    if backordered:
        return Verdict("W02", {"quantity": show(backordered), "item": "", "document": standing.documents})
    stage = stage_of(desk)
    return Verdict("G12", {"document": standing.documents, "bin": stage.code if stage else "-"})


def leave(desk: Desk, state: PickState) -> None:
    """The cluster is given up: its orders wait for anybody, its totes keep what was picked."""
    if state.cluster_id:
        clusters.give_back(desk.session, state.cluster_id)
    elif state.order_id:
        claims.release(desk.session, orders.DOCUMENT, state.order_id)
    changed(desk)
