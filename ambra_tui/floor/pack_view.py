"""What a worker sees while packing: the package, what is left, the carrier, the labels, the hand-over.

Example::

    draw(desk, state).ask       # 'Scan an item into package 1'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from ambra_tui.floor.conversation import Choice, Command, PracticeCode, Prompt, Row
from ambra_tui.floor.desk import SUPERVISORS, Desk
from ambra_tui.floor.pack_send import MORE, OTHER, PRINT, WITHOUT, chosen_of, listed, short_name
from ambra_tui.floor.pack_state import PackState, Standing
from ambra_tui.floor.printing import LABEL, LABEL_KEY
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services import claims, orders, packing, shipping
from ambra_tui.services.catalog import barcodes_of
from ambra_tui.store.models import SalesOrder, Shipment, ShipmentPackage, User, Variant
from ambra_tui.store.scope import fetch

HELP_PAGE = "packing"
MAX_CHOICES, MAX_FACTS, MAX_ROWS = 9, 4, 30


def draw(desk: Desk, state: PackState) -> Prompt:
    """The prompt of a state. Reads only."""
    if state.step in _ALONE:
        return _ALONE[state.step](desk, state)
    standing = Standing.of(desk, state)
    if standing.order.status in ("cancelled", "shipped", "delivered"):
        return _over(desk, standing)
    return _OF_ORDER[state.step](desk, standing)


def _say(desk: Desk, key: str, **params: object) -> str:
    return desk.say(f"pack.{key}", **params)


# --- which order ----------------------------------------------------------------------------------------------------


def _order(desk: Desk, state: PackState) -> Prompt:
    due = packing.waiting_orders(desk.session, desk.site.id, limit=MAX_CHOICES)
    held = claims.holders(desk.session, orders.DOCUMENT, [order.id for order in due])
    hand = packing.waiting_shipments(desk.session, desk.site.id, limit=1)
    return Prompt(
        step="order",
        title=_say(desk, "title"),
        ask=_say(desk, "ask_order" if due else "ask_nothing"),
        choices=tuple(
            Choice(str(place), order.id, _label(desk, order, held.get(order.id)))
            for place, order in enumerate(due, start=1)
        ),
        commands=(Command("f8", "hand", _say(desk, "key_hand")),) if hand else (),
        practice=_practice_orders(desk, due),
        help_page=HELP_PAGE,
    )


def _label(desk: Desk, order: SalesOrder, holder: User | None) -> str:
    urgent = f" {_say(desk, 'urgent')}" if order.priority > 0 else ""
    held = f" {_say(desk, 'mine') if holder.id == desk.user.id else holder.name}" if holder else ""
    return f"{order.number}{urgent}{held}"


def _practice_orders(desk: Desk, due: Sequence[SalesOrder]) -> tuple[PracticeCode, ...]:
    if not desk.is_sample:
        return ()
    totes: dict[str, PracticeCode] = {}
    for order in due[:3]:
        for item in packing.picked_items(desk.session, order.id):
            for place in item.places:
                if place.kind == "tote":
                    totes[place.id] = PracticeCode(place.barcode, _say(desk, "a_tote"))
    numbers = tuple(PracticeCode(order.number, _say(desk, "an_order")) for order in due[:2])
    return (*tuple(totes.values())[:3], *numbers)


def _taken(desk: Desk, state: PackState) -> Prompt:
    order = orders.get_order(desk.session, state.order_id)
    holder = claims.holders(desk.session, orders.DOCUMENT, [order.id]).get(order.id)
    is_pin = state.step == "pin"
    return Prompt(
        step=state.step,
        title=_say(desk, "title"),
        ask=_say(desk, "ask_pin" if is_pin else "ask_taken"),
        target=order.number[:20],
        facts=(Row(_say(desk, "held_by"), holder.name, emphasis=True),) if holder else (),
        is_dialog=is_pin,
        is_secret=is_pin,
        help_page=HELP_PAGE,
    )


# --- packing --------------------------------------------------------------------------------------------------------


def _item(desk: Desk, standing: Standing) -> Prompt:
    is_out = standing.state.is_taking_out
    ask = _say(desk, "ask_out") if is_out else _say(desk, "ask_item", number=standing.number)
    commands = []
    if standing.inside(standing.open_package) and not is_out:
        commands.append(Command("f10", "close", _say(desk, "key_close")))
    if standing.packed or is_out:
        commands.append(Command("f6", "out", _say(desk, "key_in" if is_out else "key_out")))
    if standing.packed and standing.rest and not is_out:
        commands.append(Command("f7", "enough", _say(desk, "key_enough")))
    return _packing(
        desk,
        standing,
        ask=ask,
        target=_say(desk, "package", number=standing.number),
        facts=tuple(_left_rows(standing))[:MAX_FACTS],
        commands=(*commands, Command("f11", "give_back", _say(desk, "key_free"))),
        practice=_practice_items(desk, standing),
    )


def _told_apart(desk: Desk, standing: Standing) -> Prompt:
    state = standing.state
    variant = fetch(desk.session, Variant, state.variant_id, resource="variant")
    waiting = [item for item in standing.items if item.variant.id == variant.id and item.rest]
    is_lot = state.step == "lot"
    names = [item.lot.lot_number for item in waiting if item.lot] if is_lot else [item.serial for item in waiting]
    rows = [Row(name, show(item.rest)) for name, item in zip(names, waiting, strict=False)]
    return _packing(
        desk,
        standing,
        ask=_say(desk, f"ask_{state.step}"),
        target=f"{show(state.quantity)} {variant.sku}",
        facts=tuple(rows[:MAX_FACTS]),
        practice=tuple(PracticeCode(name, name) for name in dict.fromkeys(names)) if desk.is_sample else (),
    )


def _weight(desk: Desk, standing: Standing) -> Prompt:
    package = standing.open_package
    quantity = sum((row.quantity for row in standing.inside(package)), ZERO)
    box = standing.state.plate_code
    return _packing(
        desk,
        standing,
        ask=_say(desk, "ask_weight"),
        target=_say(desk, "package", number=standing.number),
        facts=(
            Row(_say(desk, "package", number=standing.number), _say(desk, "units", quantity=show(quantity))),
            Row(_say(desk, "box"), box or _say(desk, "box_how"), emphasis=bool(box)),
        ),
        commands=(Command("f10", "close", _say(desk, "key_unknown")),),
    )


def _packing(
    desk: Desk,
    standing: Standing,
    *,
    ask: str,
    target: str,
    facts: tuple[Row, ...] = (),
    commands: tuple[Command, ...] = (),
    choices: tuple[Choice, ...] = (),
    barred: tuple[Choice, ...] = (),
    practice: tuple[PracticeCode, ...] = (),
    is_dialog: bool = False,
) -> Prompt:
    return Prompt(
        step=standing.state.step,
        title=_say(desk, "title_document", document=standing.order.number),
        ask=ask,
        target=target[:20],
        facts=facts,
        choices=choices,
        barred=barred,
        commands=commands,
        is_dialog=is_dialog,
        accepts_text=not is_dialog,
        progress=(int(standing.packed), int(standing.total)),
        todo=tuple(_left_rows(standing))[:MAX_ROWS],
        contents_title=_say(desk, "package", number=standing.number),
        contents=tuple(_inside_rows(desk, standing, standing.open_package)),
        practice=practice,
        help_page=HELP_PAGE,
    )


def _left_rows(standing: Standing) -> list[Row]:
    """What is to be packed first, then what is packed; one row an item and lot."""
    totals: dict[tuple[str, str], tuple[str, Decimal, Decimal]] = {}
    for item in standing.items:
        key = (item.variant.id, item.lot.id if item.lot else "")
        lot = f" {item.lot.lot_number}" if item.lot else ""
        _, packed, picked = totals.get(key, ("", ZERO, ZERO))
        totals[key] = (f"{item.variant.sku}{lot}", packed + item.packed, picked + item.picked)
    rows = [
        Row(name, f"{show(packed)}/{show(picked)}", done=packed >= picked) for name, packed, picked in totals.values()
    ]
    return sorted(rows, key=lambda row: row.done)


def _inside_rows(desk: Desk, standing: Standing, package: ShipmentPackage | None) -> list[Row]:
    names = {item.key: (item.variant.sku, item.lot.lot_number if item.lot else item.serial) for item in standing.items}
    rows = []
    for content in standing.inside(package):
        sku, told = names.get(packing.key_of(content), ("?", ""))
        rows.append(Row(sku, f"{show(content.quantity)} {told}".strip()))
    return rows


def _practice_items(desk: Desk, standing: Standing) -> tuple[PracticeCode, ...]:
    if not desk.is_sample:
        return ()
    codes = []
    for item in [item for item in standing.items if item.rest][:3]:
        for row in barcodes_of(desk.session, item.variant.id)[:2]:
            code = row.code[1:] if len(row.code) == 14 and row.code[0] == "0" else row.code
            if item.lot is not None:
                code = f"]C101{row.code.zfill(14)}10{item.lot.lot_number}"
            label = _say(desk, "the_item") if row.quantity == 1 else _say(desk, "a_case", quantity=show(row.quantity))
            codes.append(PracticeCode(code, label, is_right=row.quantity <= item.rest))
    return tuple(codes[:6])


def _over(desk: Desk, standing: Standing) -> Prompt:
    """The order was cancelled, or has left: nothing of it is to be packed any more."""
    is_cancelled = standing.order.status == "cancelled"
    return Prompt(
        step="left",
        title=_say(desk, "title"),
        ask=_say(desk, "ask_cancelled" if is_cancelled else "ask_gone"),
        target=standing.order.number[:20],
        facts=(Row(_say(desk, "order"), standing.order.number),),
        help_page=HELP_PAGE,
    )


# --- the carrier ----------------------------------------------------------------------------------------------------


def _service(desk: Desk, standing: Standing) -> Prompt:
    """An operator prints the label for the carrier that is proposed; another one is a supervisor's to choose."""
    chosen = chosen_of(desk, standing)
    is_free = desk.user.role in SUPERVISORS
    without = Choice("3", WITHOUT, _say(desk, "no_carrier"))
    if chosen is None:
        return _packing(
            desk,
            standing,
            ask=_say(desk, "ask_no_service"),
            target=standing.order.number,
            facts=_package_rows(desk, standing),
            choices=(without,),
            is_dialog=True,
        )
    others = (Choice("2", OTHER, _say(desk, "other")), without)
    return _packing(
        desk,
        standing,
        ask=_say(desk, "ask_service"),
        target=short_name(chosen, 20),
        facts=(Row(_say(desk, "arrives"), chosen.estimated_on.isoformat() if chosen.estimated_on else "-"),),
        choices=(Choice("1", PRINT, _say(desk, "print")), *(others if is_free else ())),
        barred=() if is_free else others,
        is_dialog=True,
    )


def _services(desk: Desk, standing: Standing) -> Prompt:
    options, has_more = listed(desk, standing)
    choices = [
        Choice(str(place), f"{option.carrier}:{option.service}", short_name(option))
        for place, option in enumerate(options, start=1)
    ]
    if has_more:
        choices.append(Choice(str(MAX_CHOICES), MORE, _say(desk, "more")))
    return _packing(desk, standing, ask=_say(desk, "ask_services"), target="", choices=tuple(choices), is_dialog=True)


def _package_rows(desk: Desk, standing: Standing) -> tuple[Row, ...]:
    rows = []
    for package in standing.packages[:MAX_FACTS]:
        quantity = sum((row.quantity for row in standing.inside(package)), ZERO)
        rows.append(
            Row(_say(desk, "package", number=standing.number_of(package)), _say(desk, "units", quantity=show(quantity)))
        )
    return tuple(rows)


# --- labels and hand-over -------------------------------------------------------------------------------------------


def _labelled(desk: Desk, state: PackState) -> Prompt:
    order = orders.get_order(desk.session, state.order_id)
    shipment = fetch(desk.session, Shipment, state.shipment_id, resource="shipment")
    packages = shipping.packages_of(desk.session, shipment.id)
    rows = [
        Row(_say(desk, "parcel", number=number), package.tracking_number or _say(desk, "without"))
        for number, package in enumerate(packages, start=1)
    ]
    is_here = shipment.left_at is None and shipment.status == "created"
    following = packing.waiting_orders(desk.session, desk.site.id, limit=2)
    numbers = [p.tracking_number for p in packages if p.tracking_number][:2] or ([order.number] if is_here else [])
    practice = [PracticeCode(number, _say(desk, "a_parcel", document=order.number)) for number in numbers]
    practice += [PracticeCode(each.number, _say(desk, "an_order")) for each in following]
    commands = (
        Command(LABEL_KEY, LABEL, _say(desk, "key_label")),
        Command("f8", "hand", _say(desk, "key_hand")),
    )
    return Prompt(
        step="label",
        title=_say(desk, "title_document", document=order.number),
        ask=_say(desk, "ask_label"),
        facts=tuple(rows[:MAX_FACTS]),
        commands=commands if is_here else (),
        practice=tuple(practice) if desk.is_sample else (),
        help_page=HELP_PAGE,
    )


def _hand(desk: Desk, state: PackState) -> Prompt:
    waiting = packing.waiting_shipments(desk.session, desk.site.id, limit=MAX_ROWS)
    rows, practice = [], []
    for shipment in waiting:
        order = orders.get_order(desk.session, shipment.order_id)
        packages = shipping.packages_of(desk.session, shipment.id)
        done = sum(package.id in state.scanned for package in packages)
        rows.append(Row(order.number, f"{done}/{len(packages)}", emphasis=done > 0))
        left = [package for package in packages if package.id not in state.scanned]
        codes = [package.tracking_number or order.number for package in left]
        practice += [PracticeCode(code, _say(desk, "a_parcel", document=order.number)) for code in codes]
    rows.sort(key=lambda row: not row.emphasis)
    return Prompt(
        step="hand",
        title=_say(desk, "title_hand"),
        ask=_say(desk, "ask_hand" if rows else "ask_hand_nothing"),
        facts=tuple(rows[:MAX_FACTS]),
        todo=tuple(rows),
        practice=tuple(practice[:6]) if desk.is_sample else (),
        help_page=HELP_PAGE,
    )


_ALONE: dict[str, Callable[[Desk, PackState], Prompt]] = {
    "order": _order,
    "taken": _taken,
    "pin": _taken,
    "label": _labelled,
    "hand": _hand,
}
_OF_ORDER: dict[str, Callable[[Desk, Standing], Prompt]] = {
    "item": _item,
    "lot": _told_apart,
    "serial": _told_apart,
    "weight": _weight,
    "service": _service,
    "services": _services,
}
