"""What a worker sees while choosing what to pick, and when somebody else holds it.

Example::

    DRAWN["order"](desk, state).choices
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ambra_tui.floor.conversation import Choice, Command, PracticeCode, Prompt, Row
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.picking.rows import free_totes
from ambra_tui.floor.picking.state import PickState, Standing
from ambra_tui.services import claims, orders
from ambra_tui.services.picking import clusters
from ambra_tui.store.models import SalesOrder, User

HELP_PAGE = "picking"
MAX_DUE = 9
ALL_ZONES = "*"


def _order(desk: Desk, state: PickState) -> Prompt:
    due = orders.due_orders(desk.session, desk.site.id, zone=state.zone, limit=MAX_DUE)
    practice = [PracticeCode(order.number, desk.say("pick.an_order")) for order in due[:4]]
    practice.append(PracticeCode("SO-0", desk.say("pick.no_order"), is_right=False))
    commands = [Command("f8", "cluster", desk.say("pick.cluster"))] if due else []
    if clusters.zones_of(desk.session, desk.site.id):
        commands.insert(0, Command("f6", "zone", desk.say("pick.zone")))
    if orders.picked_orders(desk.session, desk.site.id, limit=1):
        commands.append(Command("f10", "picked", desk.say("pick.picked")))
    return Prompt(
        step="order",
        title=_title(desk, state),
        ask=desk.say("pick.ask_order" if due else "pick.ask_no_order"),
        choices=_choices(desk, due),
        commands=tuple(commands),
        practice=tuple(practice),
        help_page=HELP_PAGE,
    )


def _title(desk: Desk, state: PickState) -> str:
    title = desk.say("pick.title")
    return f"{title} {state.zone}" if state.zone else title


def _choices(desk: Desk, due: Sequence[SalesOrder]) -> tuple[Choice, ...]:
    held = claims.holders(desk.session, orders.DOCUMENT, [order.id for order in due])
    return tuple(
        Choice(str(place), order.id, _label(desk, order, held.get(order.id)))
        for place, order in enumerate(due, start=1)
    )


def _label(desk: Desk, order: SalesOrder, holder: User | None) -> str:
    due = f" {order.due_at:%m-%d %H:%M}" if order.due_at else ""
    urgent = f" {desk.say('pick.urgent')}" if order.priority > 0 else ""
    begun = f" {desk.say('pick.begun')}" if order.status == "picking" and holder is None else ""
    if holder is not None:
        begun = f" {desk.say('pick.mine') if holder.id == desk.user.id else holder.name}"
    return f"{order.number}{urgent}{begun}{due}"


def _picked(desk: Desk, state: PickState) -> Prompt:
    ready = orders.picked_orders(desk.session, desk.site.id, limit=MAX_DUE)
    return Prompt(
        step="picked",
        title=desk.say("pick.title"),
        ask=desk.say("pick.ask_picked" if ready else "pick.ask_none_picked"),
        choices=_choices(desk, ready),
        practice=tuple(PracticeCode(order.number, desk.say("pick.an_order")) for order in ready[:4]),
        help_page=HELP_PAGE,
    )


def _zone(desk: Desk, state: PickState) -> Prompt:
    zones = clusters.zones_of(desk.session, desk.site.id)
    named = [Choice(str(place), zone, zone) for place, zone in enumerate(zones, start=1)]
    return Prompt(
        step="zone",
        title=desk.say("pick.title"),
        ask=desk.say("pick.ask_zone"),
        choices=(*named, Choice("0", ALL_ZONES, desk.say("pick.all_zones"))),
        accepts_text=False,
        help_page=HELP_PAGE,
    )


# -- several orders --------------------------------------------------------------------------------------------------


def _cluster(desk: Desk, state: PickState) -> Prompt:
    members = Standing.of(desk, state).members
    chosen = {member.order.id for member in members}
    due = orders.due_orders(desk.session, desk.site.id, zone=state.zone, limit=MAX_DUE + len(chosen))
    held = claims.holders(desk.session, orders.DOCUMENT, [order.id for order in due])
    free = [o for o in due if o.id not in chosen and (o.id not in held or held[o.id].id == desk.user.id)][:MAX_DUE]
    rows = tuple(Row(member.tote.code if member.tote else "-", member.order.number) for member in members)
    commands = (Command("f10", "start", desk.say("pick.start")),) if members else ()
    totes = tuple(PracticeCode(code, desk.say("pick.a_tote")) for code in free_totes(desk)[:2]) if free else ()
    return Prompt(
        step="cluster",
        title=_title(desk, state),
        ask=desk.say("pick.ask_cluster_more" if members else "pick.ask_cluster"),
        facts=rows[-6:],
        choices=_choices(desk, free),
        commands=commands,
        todo=rows,
        practice=(*(PracticeCode(order.number, desk.say("pick.an_order")) for order in free[:2]), *totes),
        help_page=HELP_PAGE,
    )


def _tote_for(desk: Desk, state: PickState) -> Prompt:
    order = orders.get_order(desk.session, state.order_id)
    members = Standing.of(desk, state).members
    return Prompt(
        step="tote_for",
        title=_title(desk, state),
        ask=desk.say("pick.ask_tote_for"),
        target=order.number[:20],
        facts=tuple(Row(member.tote.code if member.tote else "-", member.order.number) for member in members[-6:]),
        practice=tuple(PracticeCode(code, desk.say("pick.a_tote")) for code in free_totes(desk)[:3]),
        help_page=HELP_PAGE,
    )


# -- in other hands --------------------------------------------------------------------------------------------------


def _taken(desk: Desk, state: PickState) -> Prompt:
    order = orders.get_order(desk.session, state.order_id)
    holder = claims.holders(desk.session, orders.DOCUMENT, [order.id]).get(order.id)
    held_by = (Row(desk.say("pick.held_by"), holder.name, emphasis=True),) if holder else ()
    is_pin = state.step == "pin"
    return Prompt(
        step=state.step,
        title=desk.say("pick.title"),
        ask=desk.say("pick.ask_pin" if is_pin else "pick.ask_taken"),
        target=order.number[:20],
        facts=held_by,
        is_dialog=is_pin,
        is_secret=is_pin,
        help_page=HELP_PAGE,
    )


DRAWN: dict[str, Callable[[Desk, PickState], Prompt]] = {
    "order": _order,
    "picked": _picked,
    "zone": _zone,
    "cluster": _cluster,
    "tote_for": _tote_for,
    "taken": _taken,
    "pin": _taken,
}
