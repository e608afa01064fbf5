"""Look at anything by scanning it, from home or in the middle of other work; Esc goes back to where the worker was.

Example::

    FLOW.begin(desk, Entry("code", "5001000000033", scan=scan))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlmodel import col

from ambra_tui.errors import NotFound
from ambra_tui.floor.codes import scan_of, unknown
from ambra_tui.floor.conversation import Command, Entry, FlowState, Heard, PracticeCode, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.count_state import is_blind
from ambra_tui.floor.desk import SUPERVISORS, Desk
from ambra_tui.floor.printing import label_command, print_label
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services import inquiry, labels
from ambra_tui.services.inquiry import (
    BatchCard,
    BinCard,
    Held,
    ItemCard,
    Kind,
    LotCard,
    OrderCard,
    PlateCard,
    PurchaseOrderCard,
    SerialCard,
    Subject,
    TransferCard,
)
from ambra_tui.services.modules import MANUFACTURING, TRACEABILITY
from ambra_tui.services.orders import STATE_WORDS
from ambra_tui.store.models import Barcode, Location, SalesOrder
from ambra_tui.store.scope import scoped

MAX_FACTS = 6
MAX_CONTENTS = 24


class InquiryState(FlowState):
    """What the card on the screen is about; an empty `kind`: nothing was scanned yet. `shows_code`: the thing's code
    is on the screen, for another scanner."""

    kind: Kind | None = None
    subject_id: str = ""
    detail: str = ""
    shows_code: bool = False


class Inquiry:
    """The flow behind F3 and behind every scan at home."""

    name = "inquiry"
    menu_digit = ""
    roles = frozenset({"operator", "supervisor", "admin"})
    state_type = InquiryState

    def begin(self, desk: Desk, entry: Entry | None = None) -> InquiryState | Heard:
        """Nothing yet, or the card of the code that led here. Raises Refusal E01 and its kin."""
        return InquiryState() if entry is None else self.hear(desk, InquiryState(), entry)

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Nothing waits to be looked up."""
        return ()

    def prompt(self, desk: Desk, state: InquiryState) -> Prompt:
        """The card as the store is now."""
        if state.kind is None:
            return _asking(desk)
        try:
            card = inquiry.card_of(
                desk.session, Subject(state.kind, state.subject_id, state.detail), site_id=desk.site.id
            )
            if state.shows_code:
                return _code(desk, state)
            drawn = _DRAWN[type(card)](desk, card)
            return _without_stock(desk, drawn, card) if type(card) in _STOCK_CARDS and is_blind(desk) else drawn
        except NotFound:
            return _asking(desk)

    def hear(self, desk: Desk, state: InquiryState, entry: Entry) -> Heard:
        """Another code is another card; F9 prints the label, F11 shows the code, back and home lead away."""
        if entry.kind == "command":
            return _command(desk, state, entry.text)
        if entry.kind == "choice":
            raise Refusal("E54", found=entry.text)
        found = inquiry.look_up(desk.session, scan_of(entry), site_id=desk.site.id)
        if found is None:
            raise unknown(entry)
        if found.kind == "production_batch" and MANUFACTURING not in desk.modules:
            raise Refusal("E74", found=desk.say("home.produce"))
        shown = InquiryState(kind=found.kind, subject_id=found.id, detail=found.detail)
        return Heard(shown, Verdict("G14", {"found": desk.say(f"inquiry.{found.kind}")}))


def _command(desk: Desk, state: InquiryState, name: str) -> Heard:
    if name == "home" or (name == "back" and not state.shows_code):
        return Heard(None)
    if name == "label" and state.kind is not None:
        return Heard(state, print_label(desk, state.kind, state.subject_id, state.detail))
    if name in ("code", "back") and state.kind is not None:
        return Heard(state.model_copy(update={"shows_code": name == "code" and not state.shows_code}))
    return Heard(state)


def _code(desk: Desk, state: InquiryState) -> Prompt:
    """The card's code, large, for the camera of a phone or another scanner."""
    assert state.kind is not None
    return Prompt(
        step="code",
        title=desk.say(f"inquiry.{state.kind}"),
        ask=desk.say("labels.point"),
        facts=(Row(desk.say("labels.too_small")),),
        commands=(label_command(desk), Command("f11", "code", desk.say("labels.hide"))),
        symbol=labels.code_shown(desk.session, state.kind, state.subject_id, state.detail),
        practice=_practice(desk),
        help_page="labels",
    )


_STOCK_CARDS = (ItemCard, BinCard, PlateCard, LotCard, SerialCard)


def _without_stock(desk: Desk, drawn: Prompt, card: object) -> Prompt:
    """What a thing is, without what the book says of it: who counts blind does not see that."""
    name = (Row(card.name),) if isinstance(card, ItemCard | LotCard | SerialCard) else ()
    hidden = Row(desk.say("count.hidden"))
    return replace(drawn, facts=(*name, hidden), contents_title="", contents=(), todo=())


def _asking(desk: Desk) -> Prompt:
    return Prompt(
        step="ask",
        title=desk.say("inquiry.title"),
        ask=desk.say("inquiry.ask"),
        practice=_practice(desk),
        help_page="inquiry",
    )


def _card(
    desk: Desk,
    kind: Kind,
    *,
    target: str,
    facts: Iterable[Row],
    contents_title: str = "",
    contents: Sequence[Row] = (),
    commands: Sequence[Command] = (),
) -> Prompt:
    return Prompt(
        step=kind,
        title=desk.say(f"inquiry.{kind}"),
        ask=desk.say("inquiry.ask_next"),
        target=target[:20],
        facts=tuple(facts)[:MAX_FACTS],
        contents_title=contents_title,
        contents=tuple(contents)[:MAX_CONTENTS],
        commands=(*commands, label_command(desk), Command("f11", "code", desk.say("labels.show"))),
        practice=_practice(desk),
        help_page="inquiry",
        is_card=True,
    )


# -- one card a kind -------------------------------------------------------------------------------------------------


def _item(desk: Desk, card: ItemCard) -> Prompt:
    here, elsewhere = _by_place(card.here), _by_place(card.elsewhere, with_site=True)
    places = _fitting(desk, [*here, *elsewhere], MAX_FACTS - 2)
    promised = desk.say("inquiry.reserved_of", reserved=show(card.reserved), available=show(card.available))
    return _card(
        desk,
        "item",
        target=card.sku,
        facts=(Row(card.name), *places, Row(desk.say("inquiry.reserved"), promised)),
        contents_title=desk.say("inquiry.where", total=show(card.on_hand)),
        contents=[_where(desk, held) for held in (*card.here, *card.elsewhere)],
        commands=_forecast_command(desk, card),
    )


def _forecast_command(desk: Desk, card: ItemCard) -> tuple[Command, ...]:
    """What the item will sell is for those who order it."""
    if desk.user.role not in SUPERVISORS:
        return ()
    return (Command("f8", f"page.forecast:{card.sku}", desk.say("forecast.key")),)


def _bin(desk: Desk, card: BinCard) -> Prompt:
    state = desk.say(f"inquiry.kind_{card.kind}")
    if card.is_held:
        state = f"{state}, {desk.say('inquiry.held')}"
    if card.is_counted_soon:
        state = f"{state}, {desk.say('inquiry.counted_soon')}"
    contents = [_what(desk, held) for held in card.contents]
    empty = [Row(desk.say("inquiry.empty"))]
    return _card(
        desk,
        "bin",
        target=card.code,
        facts=(Row(card.site_code, state), *(_fitting(desk, contents, MAX_FACTS - 1) or empty)),
        contents_title=card.code,
        contents=contents,
    )


def _plate(desk: Desk, card: PlateCard) -> Prompt:
    contents = [_what(desk, held) for held in card.contents]
    place = Row(_place_name(card.contents[0]), emphasis=True) if card.contents else Row(desk.say("inquiry.nowhere"))
    return _card(
        desk,
        "plate",
        target=card.code,
        facts=(place, *_fitting(desk, contents, MAX_FACTS - 1)),
        contents_title=card.code,
        contents=contents,
    )


def _lot(desk: Desk, card: LotCard) -> Prompt:
    places = _by_place([held for held in card.places if held.is_here]) + _by_place(
        [held for held in card.places if not held.is_here], with_site=True
    )
    day = card.expiry_date or card.best_before_date
    dates = [Row(desk.say("inquiry.expiry"), day.isoformat())] if day else []
    facts = [Row(card.sku, card.name), Row(desk.say("inquiry.state"), desk.say(f"inquiry.lot_{card.status}")), *dates]
    return _card(
        desk,
        "lot",
        target=card.lot_number,
        facts=(*facts, *_fitting(desk, places, MAX_FACTS - len(facts))),
        contents_title=desk.say("inquiry.where", total=show(sum((held.quantity for held in card.places), ZERO))),
        contents=[_where(desk, held) for held in card.places],
        commands=_trace_commands(desk, card),
    )


def _trace_commands(desk: Desk, card: LotCard) -> tuple[Command, ...]:
    """Where a lot went is for those who answer for it."""
    if desk.user.role not in SUPERVISORS or TRACEABILITY not in desk.modules:
        return ()
    return (
        Command("f7", f"page.trace:{card.id}", desk.say("recall.key_trace")),
        Command("f6", f"page.reached:{card.id}", desk.say("recall.key_reached")),
    )


def _serial(desk: Desk, card: SerialCard) -> Prompt:
    places = [Row(_place_name(held), emphasis=True) for held in card.places] or [Row(desk.say("inquiry.nowhere"))]
    return _card(desk, "serial", target=card.serial, facts=(Row(card.sku, card.name), *places))


def _order(desk: Desk, card: OrderCard) -> Prompt:
    lines = [
        Row(line.sku, f"{show(line.done)}/{show(line.quantity)}", is_done := line.done >= line.quantity, is_done)
        for line in card.lines
    ]
    due = [Row(desk.say("inquiry.due"), f"{card.due_at:%Y-%m-%d %H:%M}")] if card.due_at else []
    state = Row(desk.say("inquiry.state"), desk.say(f"inquiry.order_{STATE_WORDS[card.status]}"))
    return _card(
        desk,
        "order",
        target=card.number,
        facts=(state, *due, *_fitting(desk, lines, MAX_FACTS - 1 - len(due))),
        contents_title=desk.say("inquiry.picked"),
        contents=lines,
    )


def _purchase_order(desk: Desk, card: PurchaseOrderCard) -> Prompt:
    lines = [
        Row(line.sku, f"{show(line.done)}/{show(line.quantity)}", done=line.done >= line.quantity)
        for line in card.lines
    ]
    facts = [
        Row(card.supplier),
        Row(desk.say("inquiry.state"), desk.say(f"inquiry.purchase_{card.status}")),
    ]
    return _card(
        desk,
        "purchase_order",
        target=card.number,
        facts=(*facts, *_fitting(desk, lines, MAX_FACTS - len(facts))),
        contents_title=desk.say("inquiry.received"),
        contents=lines,
    )


def _transfer(desk: Desk, card: TransferCard) -> Prompt:
    lines = [
        Row(line.sku, f"{show(line.done)}/{show(line.quantity)}", done=line.done >= line.quantity)
        for line in card.lines
    ]
    facts = [
        Row(f"{card.source_code} > {card.destination_code}"),
        Row(desk.say("inquiry.state"), desk.say(f"inquiry.transfer_{card.status}")),
    ]
    if card.open_losses:
        facts.append(Row(desk.say("inquiry.unexplained"), str(card.open_losses), emphasis=True))
    return _card(
        desk,
        "stock_transfer",
        target=card.number,
        facts=(*facts, *_fitting(desk, lines, MAX_FACTS - len(facts))),
        contents_title=desk.say("inquiry.loaded" if card.status == "draft" else "inquiry.received"),
        contents=lines,
    )


def _batch(desk: Desk, card: BatchCard) -> Prompt:
    lines = [
        Row(line.sku, f"{show(line.done)}/{show(line.quantity)}", done=line.done >= line.quantity)
        for line in card.lines
    ]
    made = "" if card.made is None else f"{show(card.made)}/"
    facts = [
        Row(card.sku, f"{made}{show(card.planned)}", emphasis=True),
        Row(desk.say("inquiry.state"), desk.say(f"inquiry.batch_{card.status}")),
    ]
    if card.lot_number:
        facts.append(Row(desk.say("inquiry.lot"), card.lot_number))
    return _card(
        desk,
        "production_batch",
        target=card.number,
        facts=(*facts, *_fitting(desk, lines, MAX_FACTS - len(facts))),
        contents_title=desk.say("inquiry.used"),
        contents=lines,
    )


_DRAWN: dict[type, Callable[[Desk, Any], Prompt]] = {
    ItemCard: _item,
    BinCard: _bin,
    PlateCard: _plate,
    LotCard: _lot,
    SerialCard: _serial,
    OrderCard: _order,
    PurchaseOrderCard: _purchase_order,
    TransferCard: _transfer,
    BatchCard: _batch,
}


# -- rows ------------------------------------------------------------------------------------------------------------


def _by_place(rows: Sequence[Held], *, with_site: bool = False) -> list[Row]:
    totals: dict[str, Decimal] = {}
    for held in rows:
        name = _place_name(held) if with_site else held.location_code
        totals[name] = totals.get(name, ZERO) + held.quantity
    return [Row(name, show(total), emphasis=not with_site) for name, total in totals.items()]


def _place_name(held: Held) -> str:
    return f"{held.site_code}/{held.location_code}" if held.site_code else held.location_code


def _where(desk: Desk, held: Held) -> Row:
    return Row(held.location_code if held.is_here else _place_name(held), _value(desk, held))


def _what(desk: Desk, held: Held) -> Row:
    return Row(held.sku, _value(desk, held), emphasis=True)


def _value(desk: Desk, held: Held) -> str:
    day = held.expiry_date.isoformat() if held.expiry_date else ""
    state = desk.say("inquiry.held") if held.is_held else ""
    parts = (show(held.quantity), held.lot_number, day, held.serial, held.plate_code, state)
    return " ".join(part for part in parts if part)


def _fitting(desk: Desk, rows: Sequence[Row], places: int) -> list[Row]:
    """At most `places` rows; the last one tells how many more there are."""
    if len(rows) <= places:
        return list(rows)
    return [*rows[: places - 1], Row(desk.say("inquiry.more", count=len(rows) - places + 1))]


def _practice(desk: Desk) -> tuple[PracticeCode, ...]:
    if not desk.is_sample:
        return ()
    session = desk.session
    item = session.exec(scoped(session, Barcode).order_by(col(Barcode.code)).limit(1)).first()
    place = session.exec(
        scoped(session, Location)
        .where(Location.site_id == desk.site.id, Location.kind == "pick")
        .order_by(col(Location.code))
        .limit(1)
    ).first()
    order = session.exec(scoped(session, SalesOrder).order_by(col(SalesOrder.created_at).desc()).limit(1)).first()
    found = (
        (item.code[1:] if item and len(item.code) == 14 and item.code[0] == "0" else item.code if item else "", "item"),
        (place.barcode if place else "", "bin"),
        (order.number if order else "", "order"),
    )
    right = tuple(PracticeCode(code, desk.say(f"inquiry.{kind}")) for code, kind in found if code)
    return (*right, PracticeCode("NO-SUCH-1", desk.say("inquiry.unknown"), is_right=False))


FLOW = Inquiry()
