"""Move stock inside the site: a whole bin or a license plate by two scans, an item by three.

From a bin to a bin moves all that is there. A plate goes whole, or as many of it as are typed. An item is counted by
scans or a typed number; the bin that is scanned then takes it.

Example::

    heard = FLOW.hear(desk, state, Entry("code", "WH1-A01-1"))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from ambra_tui.floor.bin_item import (
    BinItem,
    ambiguous,
    asked,
    begin_item,
    content_in,
    count_more,
    find_bin,
    free_of,
    levels_of,
    narrow,
    refusals,
    refuse_held,
    refuse_other_site,
    scan_bin,
    scanned_plate,
    set_quantity,
    short,
    variant_of,
)
from ambra_tui.floor.codes import scan_of, shown, text_of, typed_quantity, unknown
from ambra_tui.floor.conversation import Entry, Heard, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.move_view import MoveState, draw, step_of
from ambra_tui.kit.quantity import show
from ambra_tui.services import moves
from ambra_tui.services.catalog import match_code
from ambra_tui.services.putaway import contents_of_plate
from ambra_tui.services.receiving import Content, plate_location
from ambra_tui.services.set_aside import is_recalled, refuse_recalled, set_aside
from ambra_tui.store.models import LicensePlate, Location, Variant
from ambra_tui.store.scope import fetch


class Move:
    """The flow behind digit 5."""

    name = "move"
    menu_digit = "5"
    roles = frozenset({"operator", "supervisor", "admin"})
    state_type = MoveState

    def begin(self, desk: Desk, entry: Entry | None = None) -> MoveState | Heard:
        """Asking what is moved, or beginning with what was scanned."""
        return MoveState() if entry is None else _hear_from(desk, MoveState(), entry)

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Nobody waits for a move."""
        return ()

    def prompt(self, desk: Desk, state: MoveState) -> Prompt:
        """The step as it is now."""
        return draw(desk, state)

    def hear(self, desk: Desk, state: MoveState, entry: Entry) -> Heard:
        """One step."""
        if entry.kind == "command":
            return _back(desk, state) if entry.text == "back" else Heard(state)
        if entry.kind == "choice":
            raise Refusal("E54", found=shown(entry.text))
        return _STEPS[step_of(desk, state)](desk, state, entry)


# --- from -----------------------------------------------------------------------------------------------------------


def _hear_from(desk: Desk, state: MoveState, entry: Entry) -> Heard:
    plate = None if find_bin(desk, entry) is not None else scanned_plate(desk, entry)
    if plate is not None:
        return _take_plate(desk, plate)
    location = scan_bin(desk, entry)
    refuse_held(desk, location)
    if not moves.levels_in(desk.session, location.id):
        raise Refusal("E38", document=location.code)
    return Heard(MoveState(source_id=location.id), Verdict("G04", {"bin": location.code}))


def _take_plate(desk: Desk, plate: LicensePlate) -> Heard:
    place = plate_location(desk.session, plate)
    if place is None:
        raise Refusal("E38", document=shown(plate.code))
    refuse_other_site(desk, place)
    refuse_held(desk, place)
    return Heard(MoveState(source_id=place.id, plate_id=plate.id), Verdict("G07", {"found": shown(plate.code)}))


def _hear_what(desk: Desk, state: MoveState, entry: Entry) -> Heard:
    """A bin takes all; an item or a plate of the bin is moved alone."""
    target = find_bin(desk, entry)
    if target is not None:
        return _move_bin(desk, state, target)
    plate = scanned_plate(desk, entry)
    if plate is not None:
        return _take_plate(desk, plate)
    return _take_item(desk, state, entry)


def _take_item(desk: Desk, state: MoveState, entry: Entry) -> Heard:
    match = match_code(desk.session, scan_of(entry))
    if match is None:
        raise unknown(entry)
    source = fetch(desk.session, Location, state.source_id, resource="location")
    item = begin_item(desk, source, match, scan_of(entry), plate_id=state.plate_id or None)
    return _counted(desk, state, item)


def _counted(desk: Desk, state: MoveState, item: BinItem) -> Heard:
    following = state.model_copy(update={"item": item})
    if ambiguous(desk, item):
        return Heard(following, asked(desk, item))
    if not is_recalled(desk.session, content_in(desk, item)):
        with refusals(desk, item):
            moves.refuse_promised(desk.session, [content_in(desk, item)])
        if item.quantity > free_of(levels_of(desk, item)):
            raise short(desk, item)
    return Heard(following, Verdict("G17", {"quantity": show(item.quantity), "item": variant_of(desk, item).sku}))


def _hear_part(desk: Desk, state: MoveState, entry: Entry) -> Heard:
    """The lot, serial or plate that was asked for; a bin says: not this item after all."""
    assert state.item is not None
    return _counted(desk, state, narrow(desk, state.item, entry))


# --- to -------------------------------------------------------------------------------------------------------------


def _hear_to(desk: Desk, state: MoveState, entry: Entry) -> Heard:
    """The bin or the plate that takes it in, a number, or the item once more."""
    typed = typed_quantity(entry)
    if typed is not None:
        return _typed(desk, state, typed)
    target = find_bin(desk, entry)
    if target is not None:
        return _move_item(desk, state, target) if state.item else _move_plate(desk, state, target)
    plate = scanned_plate(desk, entry)
    if plate is not None:
        return _onto_plate(desk, state, plate)
    match = match_code(desk.session, scan_of(entry))
    if match is None:
        raise unknown(entry, takes_number=True)
    item = state.item
    if item is None or (match.variant.id != item.variant_id and state.plate_id):
        return _take_item(desk, state, entry)
    if match.variant.id != item.variant_id:
        raise Refusal("E43", found=match.variant.sku)
    if match.variant.is_serial_tracked:
        raise Refusal("E43", found=shown(text_of(entry)))
    return _counted(desk, state, count_more(desk, item, match, scan_of(entry)))


def _typed(desk: Desk, state: MoveState, quantity: Decimal) -> Heard:
    item = state.item or _only_item(desk, state, quantity)
    return _counted(desk, state, set_quantity(desk, item, quantity))


def _only_item(desk: Desk, state: MoveState, quantity: Decimal) -> BinItem:
    """The one content of a plate, of which a part is moved."""
    contents = _plate_contents(desk, state)
    if len(contents) != 1:
        raise Refusal("E44", found=show(quantity))
    content = contents[0]
    return BinItem(
        location_id=content.location_id,
        variant_id=content.variant_id,
        lot_id=content.lot_id,
        serial=content.serial,
        plate_id=content.plate_id,
        seen=content.quantity,
    )


def _plate_contents(desk: Desk, state: MoveState) -> list[Content]:
    plate = fetch(desk.session, LicensePlate, state.plate_id, resource="license_plate")
    return contents_of_plate(desk.session, plate)


def _onto_plate(desk: Desk, state: MoveState, plate: LicensePlate) -> Heard:
    if plate.id == state.plate_id and state.item is None:
        raise Refusal("E62", bin=shown(plate.code))
    place = plate_location(desk.session, plate)
    if place is None:
        raise Refusal("E43", found=shown(plate.code))
    refuse_other_site(desk, place)
    if state.item is not None:
        return _move_item(desk, state, place, plate_id=plate.id)
    return _move_plate(desk, state, place, plate_id=plate.id)


def _move_bin(desk: Desk, state: MoveState, target: Location) -> Heard:
    source = fetch(desk.session, Location, state.source_id, resource="location")
    return _post(desk, target, moves.contents_of_bin(desk.session, source), keeps_plates=True)


def _move_plate(desk: Desk, state: MoveState, target: Location, *, plate_id: str = "") -> Heard:
    return _post(desk, target, _plate_contents(desk, state), keeps_plates=not plate_id, plate_id=plate_id)


def _move_item(desk: Desk, state: MoveState, target: Location, *, plate_id: str = "") -> Heard:
    assert state.item is not None
    return _post(desk, target, [content_in(desk, state.item)], plate_id=plate_id, item=state.item)


def _post(
    desk: Desk,
    target: Location,
    contents: Sequence[Content],
    *,
    keeps_plates: bool = False,
    plate_id: str = "",
    item: BinItem | None = None,
) -> Heard:
    if not contents:
        return Heard(MoveState(), Verdict("E41"))
    if target.id == contents[0].location_id:
        raise Refusal("E62", bin=target.code)
    with refusals(desk, item):
        refuse_recalled(desk.session, contents, target)
        set_aside(desk.session, contents, target)
        posted = moves.move(
            desk.session,
            contents=contents,
            location=target,
            idempotency_key=desk.key("move"),
            keeps_plates=keeps_plates,
            plate_id=plate_id,
        )
    source = fetch(desk.session, Location, contents[0].location_id, resource="location")
    told = {
        "quantity": show(sum((content.quantity for content in contents), Decimal(0))),
        "item": _named(desk, contents),
        "bin": target.code,
    }
    desk.did("move", moves=posted, summary={**told, "from": source.code})
    return Heard(MoveState(), Verdict("W25" if target.is_held else "G34", told))


def _named(desk: Desk, contents: Sequence[Content]) -> str:
    skus = sorted({fetch(desk.session, Variant, c.variant_id, resource="variant").sku for c in contents})
    return skus[0] if len(skus) == 1 else f"{skus[0]} +{len(skus) - 1}"


# --- back -----------------------------------------------------------------------------------------------------------


def _back(desk: Desk, state: MoveState) -> Heard:
    if state.item is not None:
        kept = state.model_copy(update={"item": None})
        told = {"quantity": show(state.item.quantity), "item": variant_of(desk, state.item).sku}
        return Heard(kept, Verdict("W21", told))
    return Heard(MoveState() if state.source_id else None)


_STEPS: dict[str, Callable[[Desk, MoveState, Entry], Heard]] = {
    "from": _hear_from,
    "what": _hear_what,
    "lot": _hear_part,
    "serial": _hear_part,
    "plate": _hear_part,
    "to": _hear_to,
}

FLOW = Move()
