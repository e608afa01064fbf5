"""What a worker sees while picking: the one next thing to do, and on wide screens what is left and what the bin holds.

Example::

    draw(desk, state).ask       # 'Scan the bin'
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from ambra_tui.floor.conversation import Choice, Command, PracticeCode, Prompt, Row
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.picking import draw_choosing
from ambra_tui.floor.picking.ask import offered
from ambra_tui.floor.picking.rows import (
    bin_practice,
    contents,
    item_practice,
    lot_row,
    tote_practice,
    what,
)
from ambra_tui.floor.picking.state import PickState, Standing, barred, left_verdict, stage_of, unpicked
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services import orders, picking
from ambra_tui.services.picking import Stop
from ambra_tui.store.models import Location, Lot
from ambra_tui.store.scope import fetch

HELP_PAGE = "picking"
MAX_ROWS = 12
REASON_DIGITS = (("1", "not_found"), ("2", "damaged"), ("3", "other"), ("4", "tote_full"))


def draw(desk: Desk, state: PickState) -> Prompt:
    """The prompt of a state. Reads only."""
    if state.step in draw_choosing.DRAWN:
        return draw_choosing.DRAWN[state.step](desk, state)
    standing = Standing.of(desk, state)
    if standing.member(state.order_id) is None:
        return _left(desk, state)
    if state.step == "zero":
        return _zero(desk, state, standing)
    if state.step == "substitute":
        return _substitute(desk, state, standing)
    if state.step == "done" or standing.stop is None:
        return _done(desk, state, standing)
    if barred(desk, standing.stop) is not None:
        return _barred(desk, standing, standing.stop)
    step = "bin" if standing.is_changed else state.step
    return _DRAWN[step](desk, state, standing, standing.stop)


# -- at a stop -------------------------------------------------------------------------------------------------------


def _bin(desk: Desk, state: PickState, standing: Standing, stop: Stop) -> Prompt:
    take = Row(desk.say("pick.take"), f"{show(stop.quantity)} {stop.variant.sku}", emphasis=True)
    return _at_stop(
        desk,
        standing,
        stop,
        step="bin",
        ask=desk.say("pick.ask_bin"),
        target=stop.location.code,
        facts=(take, *what(desk, stop), _document(desk, standing, stop)),
        commands=(_skip(desk), *_offered(desk, state), _give_back(desk)),
        practice=bin_practice(desk, stop),
        accepts_text=True,
    )


def _item(desk: Desk, state: PickState, standing: Standing, stop: Stop) -> Prompt:
    return _at_stop(
        desk,
        standing,
        stop,
        step="item",
        ask=desk.say("pick.ask_item"),
        target=f"{show(stop.quantity)} {stop.variant.sku}",
        facts=(*what(desk, stop), Row(desk.say("pick.bin"), stop.location.code), _document(desk, standing, stop)),
        commands=(_nothing(desk), _skip(desk), _give_back(desk)),
        practice=item_practice(desk, stop),
        accepts_text=True,
    )


def _told_apart(desk: Desk, state: PickState, standing: Standing, stop: Stop) -> Prompt:
    wanted = {
        "lot": stop.lot.lot_number if stop.lot else "",
        "serial": stop.serial,
        "plate": stop.plate.code if stop.plate else "",
    }[state.step]
    right = (PracticeCode(wanted, desk.say(f"pick.the_{state.step}")),) if wanted else ()
    return _at_stop(
        desk,
        standing,
        stop,
        step=state.step,
        ask=desk.say(f"pick.ask_{state.step}"),
        target=wanted[-20:],
        facts=(
            Row(desk.say("pick.take"), f"{show(state.quantity)} {stop.variant.sku}", emphasis=True),
            Row(desk.say("pick.bin"), stop.location.code),
            _document(desk, standing, stop),
        ),
        commands=(_nothing(desk), _skip(desk)),
        practice=(*right, PracticeCode("NO-SUCH-1", desk.say("pick.unknown"), is_right=False)),
        accepts_text=True,
    )


def _tote(desk: Desk, state: PickState, standing: Standing, stop: Stop) -> Prompt:
    member = standing.member(stop.order_id)
    assert member is not None, "what is no longer in the cluster is drawn before"
    tote = member.tote.code if member.tote and not state.wants_tote else ""
    is_short = state.quantity < stop.quantity
    taken = show(state.quantity) + (f" / {show(stop.quantity)}" if is_short else "")
    lot = lot_row(desk, fetch(desk.session, Lot, state.lot_id, resource="lot")) if state.lot_id else ()
    return _at_stop(
        desk,
        standing,
        stop,
        step="tote",
        ask=desk.say("pick.ask_new_tote" if state.wants_tote else "pick.ask_tote"),
        target=tote or f"{show(state.quantity)} {stop.variant.sku}",
        facts=(
            Row(desk.say("pick.taken"), f"{taken} {stop.variant.sku}", emphasis=True),
            *lot,
            Row(desk.say("pick.quantity_hint"), desk.say("pick.quantity_how")),
            _document(desk, standing, stop),
        ),
        commands=(Command("f5", "new_tote", desk.say("pick.new_tote")), _nothing(desk), _skip(desk)),
        practice=tote_practice(desk, member),
        accepts_text=True,
    )


def _reason(desk: Desk, state: PickState, standing: Standing, stop: Stop) -> Prompt:
    order = orders.get_order(desk.session, stop.order_id)
    outcome = picking.preview_short(desk.session, order, stop=stop, found=state.quantity)
    tote = fetch(desk.session, Location, state.destination_id, resource="location") if state.destination_id else None
    facts = [Row(desk.say("pick.into", tote=tote.code), f"{show(state.quantity)} {stop.variant.sku}")] if tote else []
    facts += [Row(desk.say("pick.from", bin=code), show(quantity)) for code, quantity in outcome.elsewhere[:3]]
    if outcome.backordered:
        facts.append(Row(desk.say("pick.backorder"), show(outcome.backordered), emphasis=True))
    facts.append(Row(desk.say("pick.count"), stop.location.code))
    given = REASON_DIGITS if tote else REASON_DIGITS[:3]
    return _at_stop(
        desk,
        standing,
        stop,
        step="reason",
        ask=desk.say("pick.ask_reason", quantity=show(stop.quantity - state.quantity), item=stop.variant.sku),
        target="",
        facts=tuple(facts),
        choices=tuple(Choice(digit, code, desk.say(f"pick.reason_{code}")) for digit, code in given),
        is_dialog=True,
        accepts_text=False,
    )


_DRAWN: dict[str, Callable[[Desk, PickState, Standing, Stop], Prompt]] = {
    "bin": _bin,
    "item": _item,
    "lot": _told_apart,
    "serial": _told_apart,
    "plate": _told_apart,
    "tote": _tote,
    "reason": _reason,
}


def _at_stop(
    desk: Desk,
    standing: Standing,
    stop: Stop,
    *,
    step: str,
    ask: str,
    target: str,
    facts: tuple[Row, ...],
    accepts_text: bool,
    choices: tuple[Choice, ...] = (),
    commands: tuple[Command, ...] = (),
    practice: tuple[PracticeCode, ...] = (),
    is_dialog: bool = False,
) -> Prompt:
    return Prompt(
        step=step,
        title=desk.say("pick.title"),
        ask=ask,
        target=target[:20],
        facts=facts[:6],
        choices=choices,
        commands=commands,
        is_dialog=is_dialog,
        accepts_text=accepts_text,
        progress=standing.progress,
        todo=_todo(standing, stop),
        contents_title=stop.location.code,
        contents=contents(desk, stop.location),
        practice=practice,
        help_page=HELP_PAGE,
    )


# -- what somebody else changed meanwhile ----------------------------------------------------------------------------


def _left(desk: Desk, state: PickState) -> Prompt:
    """The order was cancelled, has left, or is in other hands: nothing of it is to be picked here any more."""
    order = orders.get_order(desk.session, state.order_id)
    verdict = left_verdict(order)
    ask = {"E32": "pick.ask_cancelled", "E33": "pick.ask_gone"}.get(verdict.code if verdict else "", "pick.ask_moved")
    is_in_hand = state.step == "tote" and order.status == "cancelled"
    in_hand = (Row(desk.say("pick.put_back"), show(state.quantity), emphasis=True),) if is_in_hand else ()
    return Prompt(
        step="left",
        title=desk.say("pick.title"),
        ask=desk.say(ask),
        target=order.number[:20],
        facts=(*in_hand, Row(desk.say("pick.order"), order.number)),
        help_page=HELP_PAGE,
    )


def _barred(desk: Desk, standing: Standing, stop: Stop) -> Prompt:
    """The stop's bin or lot was put on hold after it was planned: any entry leads to the next stop."""
    return _at_stop(
        desk,
        standing,
        stop,
        step="barred",
        ask=desk.say("pick.ask_barred"),
        target=stop.lot.lot_number if stop.lot and not stop.location.is_held else stop.location.code,
        facts=(Row(stop.variant.sku, stop.location.code), *what(desk, stop), _document(desk, standing, stop)),
        commands=(Command("f7", "skip", desk.say("pick.next")),),
        accepts_text=True,
    )


# -- questions -------------------------------------------------------------------------------------------------------


def _zero(desk: Desk, state: PickState, standing: Standing) -> Prompt:
    emptied = fetch(desk.session, Location, state.emptied_id, resource="location")
    return Prompt(
        step="zero",
        title=desk.say("pick.title"),
        ask=desk.say("pick.ask_zero"),
        target=emptied.code[:20],
        facts=(Row(desk.say("pick.zero_why"), desk.say("pick.zero_book")),),
        choices=(Choice("1", "yes", desk.say("pick.zero_yes")), Choice("2", "no", desk.say("pick.zero_no"))),
        is_dialog=True,
        accepts_text=False,
        progress=standing.progress,
        todo=_todo(standing, standing.stop),
        help_page=HELP_PAGE,
    )


def _substitute(desk: Desk, state: PickState, standing: Standing) -> Prompt:
    offer = offered(desk, state.order_id, state.line_id)
    member = standing.member(state.order_id)
    facts = [Row(desk.say("pick.order"), member.order.number)] if member else []
    if offer is not None:
        facts.insert(0, Row(offer.variant.name))
        facts.insert(1, Row(desk.say("pick.stands_for"), show(offer.units)))
    return Prompt(
        step="substitute",
        title=desk.say("pick.title"),
        ask=desk.say("pick.ask_substitute"),
        target=f"{show(offer.quantity)} {offer.variant.sku}"[:20] if offer else "-",
        facts=tuple(facts),
        choices=(
            Choice("1", "yes", desk.say("pick.substitute_yes")),
            Choice("2", "no", desk.say("pick.substitute_no")),
        ),
        is_dialog=True,
        accepts_text=False,
        progress=standing.progress,
        todo=_todo(standing, standing.stop),
        help_page=HELP_PAGE,
    )


# -- after the last stop ---------------------------------------------------------------------------------------------


def _done(desk: Desk, state: PickState, standing: Standing) -> Prompt:
    stage = stage_of(desk)
    places: dict[str, tuple[str, Decimal]] = {}
    for member in standing.members:
        for location, allocation in picking.carried(desk.session, member.order.id):
            before = places.get(location.code, ("", ZERO))[1]
            places[location.code] = (member.order.number, before + allocation.quantity)
    lines = standing.lines
    backordered = sum((line.backordered for line in lines), ZERO)
    totes = tuple(_tote_row(desk, standing, code, *held) for code, held in places.items())
    late: tuple[Row, ...] = (Row(desk.say("pick.backorder"), show(backordered), emphasis=True),) if backordered else ()
    missing = unpicked(lines)
    late += (Row(desk.say("pick.missing"), show(missing), emphasis=True),) if missing > 0 else ()
    following = orders.due_orders(desk.session, desk.site.id, limit=3)
    ids = standing.order_ids
    return Prompt(
        step="done",
        title=desk.say("pick.title"),
        ask=desk.say("pick.ask_done", stage=stage.code if stage else "-"),
        target=stage.code[:20] if stage else "",
        facts=(Row(desk.say("pick.order"), standing.documents), *totes[: 5 - len(late)], *late)[:6],
        commands=(*_offered(desk, state), *((Command("f10", "ship", desk.say("pick.ship")),) if places else ())),
        progress=standing.progress,
        todo=totes,
        practice=tuple(
            PracticeCode(order.number, desk.say("pick.an_order")) for order in following if order.id not in ids
        ),
        help_page=HELP_PAGE,
    )


def _tote_row(desk: Desk, standing: Standing, code: str, number: str, total: Decimal) -> Row:
    units = desk.say("pick.units", quantity=show(total))
    return Row(code, f"{number}: {units}" if len(standing.members) > 1 else units)


# -- rows ------------------------------------------------------------------------------------------------------------


def _document(desk: Desk, standing: Standing, stop: Stop) -> Row:
    member = standing.member(stop.order_id)
    return Row(desk.say("pick.order"), member.order.number if member else "-")


def _todo(standing: Standing, current: Stop | None) -> tuple[Row, ...]:
    return tuple(
        Row(
            stop.location.code,
            f"{show(stop.quantity)} {stop.variant.sku}{_tote_of(standing, stop)}",
            emphasis=current is not None and stop.allocation_id == current.allocation_id,
        )
        for stop in standing.stops[:MAX_ROWS]
    )


def _tote_of(standing: Standing, stop: Stop) -> str:
    member = standing.member(stop.order_id)
    return f" {member.tote.code}" if member and member.tote and len(standing.members) > 1 else ""


def _nothing(desk: Desk) -> Command:
    return Command("f6", "nothing", desk.say("pick.nothing"))


def _skip(desk: Desk) -> Command:
    return Command("f7", "skip", desk.say("pick.skip"))


def _give_back(desk: Desk) -> Command:
    return Command("f11", "give_back", desk.say("pick.give_back"))


def _offered(desk: Desk, state: PickState) -> tuple[Command, ...]:
    """A count of the bin that was just left, where one is due."""
    if not state.offer_id:
        return ()
    place = fetch(desk.session, Location, state.offer_id, resource="location")
    return (Command("f8", "count", desk.say("pick.offer_count", bin=place.code)),)
