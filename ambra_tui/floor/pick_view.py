"""What a worker sees while picking: the one next thing to do, and on wide screens what is left and what the bin holds.

Example::

    draw(desk, state).ask       # 'Scan the bin'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from sqlmodel import col

from ambra_tui.floor.conversation import Choice, Command, PracticeCode, Prompt, Row
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.pick_state import PickState, Standing, barred, left_state, stage_of, unpicked
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services import orders, picking
from ambra_tui.services.catalog import barcodes_of
from ambra_tui.services.picking import Stop
from ambra_tui.store.models import LicensePlate, Location, Lot, SalesOrder, StockLevel, Variant
from ambra_tui.store.scope import fetch, scoped

HELP_PAGE = "picking"
MAX_ROWS = 12
MAX_DUE = 9
REASON_DIGITS = (("1", "not_found"), ("2", "damaged"), ("3", "other"), ("4", "tote_full"))


def draw(desk: Desk, state: PickState) -> Prompt:
    """The prompt of a state. Reads only."""
    if state.step == "order":
        return _order(desk)
    standing = Standing.of(desk, state)
    left = left_state(standing)
    if left is not None:
        return _left(desk, state, standing, left.code)
    if state.step == "zero":
        return _zero(desk, state, standing)
    if state.step == "done" or standing.stop is None:
        return _done(desk, standing)
    if barred(desk, standing.stop) is not None:
        return _barred(desk, standing, standing.stop)
    step = "bin" if standing.is_changed else state.step
    return _DRAWN[step](desk, state, standing, standing.stop)


# -- which order -----------------------------------------------------------------------------------------------------


def _order(desk: Desk) -> Prompt:
    due = orders.due_orders(desk.session, desk.site.id, limit=MAX_DUE)
    practice = [PracticeCode(order.number, desk.say("pick.an_order")) for order in due[:4]]
    practice.append(PracticeCode("SO-0", desk.say("pick.no_order"), is_right=False))
    return Prompt(
        step="order",
        title=desk.say("pick.title"),
        ask=desk.say("pick.ask_order" if due else "pick.ask_no_order"),
        choices=tuple(
            Choice(str(place), order.id, _order_label(desk, order)) for place, order in enumerate(due, start=1)
        ),
        practice=tuple(practice),
        help_page=HELP_PAGE,
    )


def _order_label(desk: Desk, order: SalesOrder) -> str:
    due = f" {order.due_at:%m-%d %H:%M}" if order.due_at else ""
    urgent = f" {desk.say('pick.urgent')}" if order.priority > 0 else ""
    begun = f" {desk.say('pick.begun')}" if order.status == "picking" else ""
    return f"{order.number}{urgent}{begun}{due}"


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
        facts=(take, *_what(desk, stop), _document(desk, standing)),
        commands=(_skip(desk),),
        practice=_bin_practice(desk, stop),
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
        facts=(*_what(desk, stop), Row(desk.say("pick.bin"), stop.location.code), _document(desk, standing)),
        commands=(_nothing(desk), _skip(desk)),
        practice=_item_practice(desk, stop),
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
            _document(desk, standing),
        ),
        commands=(_nothing(desk), _skip(desk)),
        practice=(*right, PracticeCode("NO-SUCH-1", desk.say("pick.unknown"), is_right=False)),
        accepts_text=True,
    )


def _tote(desk: Desk, state: PickState, standing: Standing, stop: Stop) -> Prompt:
    totes = _totes(desk, standing.order)
    is_short = state.quantity < stop.quantity
    taken = show(state.quantity) + (f" / {show(stop.quantity)}" if is_short else "")
    lot = _lot_row(desk, fetch(desk.session, Lot, state.lot_id, resource="lot")) if state.lot_id else ()
    return _at_stop(
        desk,
        standing,
        stop,
        step="tote",
        ask=desk.say("pick.ask_tote"),
        target=", ".join(totes) if 0 < len(", ".join(totes)) <= 20 else f"{show(state.quantity)} {stop.variant.sku}",
        facts=(
            Row(desk.say("pick.taken"), f"{taken} {stop.variant.sku}", emphasis=True),
            *lot,
            Row(desk.say("pick.quantity_hint"), desk.say("pick.quantity_how")),
            _document(desk, standing),
        ),
        commands=(_nothing(desk), _skip(desk)),
        practice=_tote_practice(desk, standing.order, totes),
        accepts_text=True,
    )


def _reason(desk: Desk, state: PickState, standing: Standing, stop: Stop) -> Prompt:
    outcome = picking.preview_short(desk.session, standing.order, stop=stop, found=state.quantity)
    tote = fetch(desk.session, Location, state.destination_id, resource="location") if state.destination_id else None
    facts = [Row(desk.say("pick.into", tote=tote.code), f"{show(state.quantity)} {stop.variant.sku}")] if tote else []
    facts += [Row(desk.say("pick.from", bin=code), show(quantity)) for code, quantity in outcome.elsewhere[:3]]
    if outcome.backordered:
        facts.append(Row(desk.say("pick.backorder"), show(outcome.backordered), emphasis=True))
    facts.append(Row(desk.say("pick.count"), stop.location.code))
    offered = REASON_DIGITS if tote else REASON_DIGITS[:3]
    return _at_stop(
        desk,
        standing,
        stop,
        step="reason",
        ask=desk.say("pick.ask_reason", quantity=show(stop.quantity - state.quantity), item=stop.variant.sku),
        target="",
        facts=tuple(facts),
        choices=tuple(Choice(digit, code, desk.say(f"pick.reason_{code}")) for digit, code in offered),
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


def _left(desk: Desk, state: PickState, standing: Standing, code: str) -> Prompt:
    """The order was cancelled, or has left: nothing of it is to be picked any more."""
    is_in_hand = state.step == "tote" and standing.order.status == "cancelled"
    in_hand = (Row(desk.say("pick.put_back"), show(state.quantity), emphasis=True),) if is_in_hand else ()
    return Prompt(
        step="left",
        title=desk.say("pick.title"),
        ask=desk.say("pick.ask_cancelled" if code == "E32" else "pick.ask_gone"),
        target=standing.order.number[:20],
        facts=(*in_hand, _document(desk, standing)),
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
        facts=(Row(stop.variant.sku, stop.location.code), *_what(desk, stop), _document(desk, standing)),
        commands=(Command("f7", "skip", desk.say("pick.next")),),
        accepts_text=True,
    )


# -- after the last stop ---------------------------------------------------------------------------------------------


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


def _done(desk: Desk, standing: Standing) -> Prompt:
    carried = picking.carried(desk.session, standing.order.id)
    stage = stage_of(desk)
    backordered = sum((line.backordered for line in standing.lines), ZERO)
    places: dict[str, Decimal] = {}
    for location, allocation in carried:
        places[location.code] = places.get(location.code, ZERO) + allocation.quantity
    totes = tuple(Row(code, desk.say("pick.units", quantity=show(total))) for code, total in places.items())
    late: tuple[Row, ...] = (Row(desk.say("pick.backorder"), show(backordered), emphasis=True),) if backordered else ()
    missing = unpicked(standing.lines)
    late += (Row(desk.say("pick.missing"), show(missing), emphasis=True),) if missing > 0 else ()
    following = orders.due_orders(desk.session, desk.site.id, limit=3)
    return Prompt(
        step="done",
        title=desk.say("pick.title"),
        ask=desk.say("pick.ask_done", stage=stage.code if stage else "-"),
        target=stage.code[:20] if stage else "",
        facts=(_document(desk, standing), *totes[:4], *late)[:6],
        commands=(Command("f10", "ship", desk.say("pick.ship")),) if carried else (),
        progress=standing.progress,
        todo=totes,
        practice=tuple(
            PracticeCode(order.number, desk.say("pick.an_order"))
            for order in following
            if order.id != standing.order.id
        ),
        help_page=HELP_PAGE,
    )


# -- rows ------------------------------------------------------------------------------------------------------------


def _what(desk: Desk, stop: Stop) -> tuple[Row, ...]:
    rows = [Row(stop.variant.name)]
    if stop.lot is not None:
        rows += _lot_row(desk, stop.lot)
    if stop.serial:
        rows.append(Row(desk.say("pick.serial"), stop.serial))
    return tuple(rows)


def _lot_row(desk: Desk, lot: Lot) -> tuple[Row, ...]:
    expiry = f" {lot.expiry_date.isoformat()}" if lot.expiry_date else ""
    return (Row(desk.say("pick.lot"), f"{lot.lot_number}{expiry}"),)


def _document(desk: Desk, standing: Standing) -> Row:
    return Row(desk.say("pick.order"), standing.order.number)


def _todo(standing: Standing, current: Stop | None) -> tuple[Row, ...]:
    return tuple(
        Row(
            stop.location.code,
            f"{show(stop.quantity)} {stop.variant.sku}",
            emphasis=current is not None and stop.allocation_id == current.allocation_id,
        )
        for stop in standing.stops[:MAX_ROWS]
    )


def contents(desk: Desk, location: Location) -> tuple[Row, ...]:
    """What a place holds: item, lot and quantity a row."""
    levels = picking.levels_at(desk.session, location.id)[:MAX_ROWS]
    return tuple(Row(label, value) for label, value in map(_content_names(desk, levels), levels))


def _content_names(desk: Desk, levels: Sequence[StockLevel]) -> Callable[[StockLevel], tuple[str, str]]:
    lots = orders.lots_by_id(desk.session, {level.lot_id for level in levels})
    plate_ids = {level.plate_id for level in levels if level.plate_id}
    found = desk.session.exec(scoped(desk.session, LicensePlate).where(col(LicensePlate.id).in_(plate_ids)))
    plates = {plate.id: plate.code for plate in found} if plate_ids else {}

    def named(level: StockLevel) -> tuple[str, str]:
        variant = fetch(desk.session, Variant, level.variant_id, resource="variant")
        lot = lots.get(level.lot_id)
        parts = (lot.lot_number if lot else "", level.serial, plates.get(level.plate_id, ""))
        return variant.sku, " ".join((show(level.on_hand), *(part for part in parts if part)))

    return named


def _nothing(desk: Desk) -> Command:
    return Command("f6", "nothing", desk.say("pick.nothing"))


def _skip(desk: Desk) -> Command:
    return Command("f7", "skip", desk.say("pick.skip"))


# -- codes to practise with ------------------------------------------------------------------------------------------


def _bin_practice(desk: Desk, stop: Stop) -> tuple[PracticeCode, ...]:
    if not desk.is_sample:
        return ()
    statement = scoped(desk.session, Location).where(
        Location.site_id == desk.site.id, Location.kind == "pick", Location.id != stop.location.id
    )
    other = desk.session.exec(statement.order_by(col(Location.code)).limit(1)).first()
    right = PracticeCode(stop.location.barcode, desk.say("pick.the_bin"))
    wrong = (PracticeCode(other.barcode, desk.say("pick.wrong_bin"), is_right=False),) if other else ()
    return (right, *wrong)


def _item_practice(desk: Desk, stop: Stop) -> tuple[PracticeCode, ...]:
    if not desk.is_sample:
        return ()
    statement = scoped(desk.session, Variant).where(Variant.id != stop.variant.id)
    other = desk.session.exec(statement.order_by(col(Variant.sku)).limit(1)).first()
    right = tuple(
        PracticeCode(code, desk.say("pick.the_item" if quantity == 1 else "pick.a_case", quantity=show(quantity)))
        for code, quantity in _codes(desk, stop.variant)[:3]
    )
    wrong = tuple(
        PracticeCode(code, desk.say("pick.wrong_item"), is_right=False) for code, _ in _codes(desk, other)[:1]
    )
    return right + wrong


def _codes(desk: Desk, variant: Variant | None) -> list[tuple[str, Decimal]]:
    """A variant's codes as a scanner sends them: a GTIN-14 that begins with 0 is an EAN-13 on the pack."""
    if variant is None:
        return []
    rows = barcodes_of(desk.session, variant.id)
    named = [
        (row.code[1:] if len(row.code) == 14 and row.code.isdigit() and row.code[0] == "0" else row.code, row.quantity)
        for row in rows
    ]
    return named or [(variant.sku, Decimal(1))]


def _tote_practice(desk: Desk, order: SalesOrder, totes: Sequence[str]) -> tuple[PracticeCode, ...]:
    if not desk.is_sample:
        return ()
    statement = scoped(desk.session, Location).where(
        Location.site_id == desk.site.id, col(Location.kind).in_(("tote", "stage"))
    )
    places = desk.session.exec(statement.order_by(col(Location.kind).desc(), col(Location.code)).limit(12)).all()
    owners = picking.owners_of(desk.session, [place.id for place in places])
    taken = [place for place in places if place.kind == "tote" and owners.get(place.id, {order.id}) != {order.id}]
    free = sorted((place for place in places if place not in taken), key=lambda place: place.code not in totes)
    right = tuple(PracticeCode(place.barcode, desk.say("pick.a_tote")) for place in free[:3])
    wrong = tuple(PracticeCode(place.barcode, desk.say("pick.wrong_tote"), is_right=False) for place in taken[:1])
    return right + wrong


def _totes(desk: Desk, order: SalesOrder) -> list[str]:
    return sorted({location.code for location, _ in picking.carried(desk.session, order.id)})
