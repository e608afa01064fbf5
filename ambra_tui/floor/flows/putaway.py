"""Put away what stands at the dock: scan it, go to the bin that is proposed, scan the bin.

A whole plate goes with all that is on it. A typed number takes that many off it, a plate that stands in a bin already
takes them in. Another legal bin costs one digit for the reason.

Example::

    heard = FLOW.hear(desk, state, Entry("code", "050010000000000019"))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from ambra_tui.floor.codes import refuse_part, scan_of, shown, text_of, typed_quantity, unknown
from ambra_tui.floor.conversation import Entry, Heard, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.printing import print_label
from ambra_tui.floor.putaway_state import PutawayState, Standing
from ambra_tui.floor.putaway_view import REASONS, draw, waiting_rows
from ambra_tui.floor.receive_posting import bin_refusal
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.scan.model import Scan
from ambra_tui.services import putaway, receiving
from ambra_tui.services.catalog import Match, match_code
from ambra_tui.services.lots import find_lot
from ambra_tui.services.places import find_location, find_plate
from ambra_tui.services.putaway import BinRefused
from ambra_tui.services.receiving import Content, plate_location
from ambra_tui.services.set_aside import RecalledLot, refuse_recalled
from ambra_tui.store.models import LicensePlate, Location, Site, Variant
from ambra_tui.store.scope import fetch

CARRIED_KINDS = ("tote", "stage")


class Putaway:
    """The flow behind digit 2."""

    name = "putaway"
    menu_digit = "2"
    roles = frozenset({"operator", "supervisor", "admin"})
    state_type = PutawayState

    def begin(self, desk: Desk, entry: Entry | None = None) -> PutawayState | Heard:
        """Asking what is put away, or beginning with what was scanned."""
        return PutawayState() if entry is None else _take(desk, PutawayState(), entry)

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """What stands at the docks."""
        return waiting_rows(desk)

    def prompt(self, desk: Desk, state: PutawayState) -> Prompt:
        """The step as it is now."""
        return draw(desk, Standing.of(desk, state))

    def hear(self, desk: Desk, state: PutawayState, entry: Entry) -> Heard:
        """One step."""
        if entry.kind == "command":
            return _COMMANDS.get(entry.text, _ignore)(desk, state)
        standing = Standing.of(desk, state)
        if (state.plate_id or state.variant_id) and not standing.contents:
            return Heard(state.at_what(), Verdict("E33", {"document": _carried(desk, standing)}))
        if entry.kind == "choice":
            return _choice(desk, standing, entry)
        if standing.step == "reason":
            raise Refusal("E40")
        return _STEPS[standing.step](desk, standing.state, entry)


def _carried(desk: Desk, standing: Standing) -> str:
    if standing.plate is not None:
        return shown(standing.plate.code)
    return fetch(desk.session, Variant, standing.state.variant_id, resource="variant").sku


# --- what -----------------------------------------------------------------------------------------------------------


def _take(desk: Desk, state: PutawayState, entry: Entry) -> Heard:
    """A plate, an item at the dock, or the tote that it lies in."""
    scan, text = scan_of(entry), text_of(entry)
    plate = find_plate(desk.session, scan.sscc or text)
    if plate is not None:
        return _take_plate(desk, state, plate)
    match = match_code(desk.session, scan)
    if match is not None:
        return _take_item(desk, state, match, scan)
    location = find_location(desk.session, text, site_id=desk.site.id)
    if location is not None:
        return _take_from(desk, state, location)
    raise unknown(entry)


def _take_plate(desk: Desk, state: PutawayState, plate: LicensePlate) -> Heard:
    place = plate_location(desk.session, plate)
    if place is None:
        raise Refusal("E38", document=shown(plate.code))
    _refuse_site(desk, place)
    if place.is_held:
        raise Refusal("E17", bin=place.code)
    if place.kind not in putaway.ORIGIN_KINDS:
        raise Refusal("E33", document=shown(plate.code))
    return _proposed(desk, state.at_what().model_copy(update={"plate_id": plate.id}))


def _take_item(desk: Desk, state: PutawayState, match: Match, scan: Scan) -> Heard:
    variant = match.variant
    source = _source(desk, state, variant)
    if source is None:
        docks = receiving.docks_of(desk.session, desk.site.id)
        if any(_is_on_plate(desk, dock, variant) for dock in docks):
            raise Refusal("E21")
        raise Refusal("E39", bin=docks[0].code if docks else desk.site.code, item=variant.sku)
    taken = state.at_what().model_copy(update={"variant_id": variant.id, "source_id": source.id})
    return _identified(desk, taken, scan)


def _source(desk: Desk, state: PutawayState, variant: Variant) -> Location | None:
    """The tote that was scanned, else the first dock that holds the item loose."""
    places = receiving.docks_of(desk.session, desk.site.id)
    if state.source_id:
        places = [fetch(desk.session, Location, state.source_id, resource="location")]
    for place in places:
        if putaway.loose_at(desk.session, place.id, variant_id=variant.id, limit=1):
            return place
    return None


def _is_on_plate(desk: Desk, dock: Location, variant: Variant) -> bool:
    plates = putaway.plates_at(desk.session, dock.id)
    return any(
        content.variant_id == variant.id
        for plate in plates
        for content in putaway.contents_of_plate(desk.session, plate)
    )


def _take_from(desk: Desk, state: PutawayState, location: Location) -> Heard:
    """A tote or stage whose stock belongs to nobody any more."""
    _refuse_site(desk, location)
    if location.kind not in CARRIED_KINDS:
        raise Refusal("E44", found=location.code)
    contents = putaway.loose_at(desk.session, location.id)
    if not contents:
        raise Refusal("E38", document=location.code)
    taken = state.at_what().model_copy(update={"source_id": location.id})
    if len({content.variant_id for content in contents}) > 1:
        return Heard(taken, Verdict("G04", {"bin": location.code}))
    return _identified(desk, taken.model_copy(update={"variant_id": contents[0].variant_id}), Scan("", "plain"))


def _identified(desk: Desk, state: PutawayState, scan: Scan) -> Heard:
    """Which lot or serial of the item, by what the label tells; asks where there are several lots."""
    variant = fetch(desk.session, Variant, state.variant_id, resource="variant")
    if scan.lot and variant.is_lot_tracked:
        state = state.model_copy(update={"lot_id": _lot_id(desk, variant, scan.lot)})
    if scan.serial and variant.is_serial_tracked:
        state = state.model_copy(update={"serial": scan.serial})
    standing = Standing.of(desk, state)
    if not standing.contents:
        raise Refusal("E39", bin=_source_code(desk, state), item=f"{variant.sku} {shown(scan.lot or scan.serial)}")
    if standing.step == "lot":
        return Heard(state, Verdict("E20", {"item": variant.sku}))
    return _proposed(desk, state)


def _lot_id(desk: Desk, variant: Variant, number: str) -> str:
    lot = find_lot(desk.session, variant.id, number)
    if lot is None:
        raise Refusal("E39", bin=desk.site.code, item=f"{variant.sku} {shown(number)}")
    return lot.id


def _source_code(desk: Desk, state: PutawayState) -> str:
    place = fetch(desk.session, Location, state.source_id, resource="location") if state.source_id else None
    return place.code if place else desk.site.code


def _hear_lot(desk: Desk, state: PutawayState, entry: Entry) -> Heard:
    scan = scan_of(entry)
    match = match_code(desk.session, scan)
    if match is not None and match.variant.id != state.variant_id:
        return _take(desk, state.at_what(), entry)
    number = scan.lot or ("" if match else text_of(entry))
    if not number:
        raise Refusal("E20", item=Standing.of(desk, state).item(desk))
    return _identified(desk, state, Scan(entry.text, "plain", lot=number))


def _proposed(desk: Desk, state: PutawayState) -> Heard:
    """The state with a bin proposed for what is carried."""
    standing = Standing.of(desk, state)
    suggestion = putaway.suggest_bin(desk.session, site=desk.site, contents=standing.contents)
    told = {"item": standing.item(desk), "quantity": show(standing.quantity)}
    if suggestion is None:
        return Heard(state.model_copy(update={"suggested_id": "", "why": ""}), Verdict("W23", told))
    proposed = state.model_copy(update={"suggested_id": suggestion.location.id, "why": suggestion.reason})
    return Heard(proposed, Verdict("G33", {**told, "bin": suggestion.location.code}))


# --- where ----------------------------------------------------------------------------------------------------------


def _hear_bin(desk: Desk, state: PutawayState, entry: Entry) -> Heard:
    """A bin, a plate in a bin to join, a part of what is carried, or something else to carry."""
    scan, text = scan_of(entry), text_of(entry)
    typed = typed_quantity(entry)
    if typed is not None:
        return _split(desk, state, typed)
    plate = find_plate(desk.session, scan.sscc or text)
    if plate is not None:
        return _hear_other_plate(desk, state, plate)
    match = match_code(desk.session, scan)
    if match is not None:
        return _hear_part(desk, state, match, entry)
    location = find_location(desk.session, text, site_id=desk.site.id)
    if location is not None:
        return _to_bin(desk, state, location)
    raise unknown(entry, takes_number=True)


def _hear_other_plate(desk: Desk, state: PutawayState, plate: LicensePlate) -> Heard:
    """The same plate says what was said; one in a bin takes in what is carried; one at the dock is carried instead."""
    if plate.id == state.plate_id:
        return _proposed(desk, state)
    place = plate_location(desk.session, plate)
    if place is not None and place.kind in putaway.STORAGE_KINDS:
        _refuse_site(desk, place)
        return _post(desk, state, place, plate_id=plate.id)
    return _take_plate(desk, state, plate)


def _hear_part(desk: Desk, state: PutawayState, match: Match, entry: Entry) -> Heard:
    """An item of a mixed plate, or another item at the dock."""
    standing = Standing.of(desk, state)
    if all(content.variant_id != match.variant.id for content in standing.contents):
        if state.plate_id:
            raise Refusal("E02", found=match.variant.sku, expected=standing.item(desk))
        return _take(desk, state.at_what(), entry)
    if state.plate_id and len(standing.contents) == 1:
        return _proposed(desk, state)
    part = state.model_copy(update={"variant_id": match.variant.id, "quantity": ZERO})
    return _identified(desk, part, scan_of(entry))


def _split(desk: Desk, state: PutawayState, quantity: Decimal) -> Heard:
    """So many of one content alone."""
    whole = state.model_copy(update={"quantity": ZERO})
    contents = Standing.of(desk, whole).contents
    if len(contents) != 1:
        raise Refusal("E44", found=show(quantity))
    if quantity <= 0:
        raise Refusal("E28", found=show(quantity))
    refuse_part(fetch(desk.session, Variant, contents[0].variant_id, resource="variant"), quantity)
    if quantity > contents[0].quantity:
        raise Refusal("E14", maximum=show(contents[0].quantity))
    part = quantity if quantity < contents[0].quantity else ZERO
    return _proposed(desk, state.model_copy(update={"quantity": part}))


def _to_bin(desk: Desk, state: PutawayState, location: Location) -> Heard:
    _refuse_site(desk, location)
    standing = Standing.of(desk, state)
    suggested = standing.suggested
    try:
        refuse_recalled(desk.session, standing.contents, location)
        putaway.refuse_illegal_bin(desk.session, location, standing.contents)
    except RecalledLot as refused:
        raise Refusal("E76", lot=refused.lot.lot_number) from refused
    except BinRefused as refused:
        refusal = bin_refusal(refused, expected=suggested.code if suggested else "-")
        if location.id != state.suggested_id:
            raise refusal from refused
        return Heard(_proposed(desk, state).state, refusal.verdict)  # somebody else has filled it meanwhile
    if suggested is not None and location.id != suggested.id:
        return Heard(state.model_copy(update={"chosen_id": location.id}))
    return _post(desk, state, location)


def _choice(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    if standing.step != "reason" or entry.text not in REASONS or standing.chosen is None:
        raise Refusal("E54", found=shown(entry.text))
    return _post(desk, standing.state, standing.chosen, reason=entry.text)


def _post(desk: Desk, state: PutawayState, location: Location, *, plate_id: str = "", reason: str = "") -> Heard:
    standing = Standing.of(desk, state)
    carried = plate_id or (state.plate_id if standing.is_whole_plate else "")
    try:
        posted = putaway.put_away(
            desk.session,
            contents=standing.contents,
            location=location,
            idempotency_key=desk.key("putaway"),
            plate_id=carried,
            reason=reason,
        )
    except BinRefused as refused:
        suggested = standing.suggested
        raise bin_refusal(refused, expected=suggested.code if suggested else "-") from refused
    told = {"quantity": show(standing.quantity), "item": standing.item(desk), "bin": location.code}
    desk.did("putaway", moves=posted, summary={**told, "plate": standing.plate.code if standing.plate else ""})
    verdict = Verdict("G10", told)
    if reason and standing.suggested is not None:
        verdict = Verdict("W06", {**told, "expected": standing.suggested.code})
    return Heard(_rest(desk, standing), verdict)


def _rest(desk: Desk, standing: Standing) -> PutawayState:
    """What is still carried after a part of it was put away."""
    whole = standing.state.model_copy(
        update={"quantity": ZERO, "chosen_id": "", "variant_id": "" if standing.plate else standing.state.variant_id}
    )
    is_part = bool(standing.state.quantity) or (standing.plate is not None and not standing.is_whole_plate)
    rest: list[Content] = Standing.of(desk, whole).contents if is_part else []
    if not rest:
        return standing.state.at_what()
    following = _proposed(desk, whole.model_copy(update={"lot_id": None, "serial": None} if standing.plate else {}))
    assert isinstance(following.state, PutawayState)
    return following.state


def _refuse_site(desk: Desk, location: Location) -> None:
    if location.site_id == desk.site.id:
        return
    site = fetch(desk.session, Site, location.site_id, resource="location").code if location.site_id else "-"
    raise Refusal("E42", found=location.barcode, site=site)


# --- commands -------------------------------------------------------------------------------------------------------


def _back(desk: Desk, state: PutawayState) -> Heard:
    if state.chosen_id:
        return Heard(state.model_copy(update={"chosen_id": ""}))
    if state.plate_id or state.variant_id or state.source_id:
        return Heard(state.at_what())
    return Heard(None)


def _skip(desk: Desk, state: PutawayState) -> Heard:
    standing = Standing.of(desk, state)
    if standing.step not in ("bin", "lot"):
        return _ignore(desk, state)
    skipped = state.plate_id or state.variant_id
    kept = tuple(each for each in state.skipped if each != skipped)
    return Heard(PutawayState(skipped=(*kept, skipped)), Verdict("G19"))


def _label(desk: Desk, state: PutawayState) -> Heard:
    """The label of what is carried: the plate, else the item with its lot."""
    if state.plate_id:
        return Heard(state, print_label(desk, "plate", state.plate_id))
    if state.lot_id:
        return Heard(state, print_label(desk, "lot", state.lot_id))
    return Heard(state, print_label(desk, "item", state.variant_id)) if state.variant_id else _ignore(desk, state)


def _home(desk: Desk, state: PutawayState) -> Heard:
    return Heard(None)


def _ignore(desk: Desk, state: PutawayState) -> Heard:
    return Heard(state)


_STEPS: dict[str, Callable[[Desk, PutawayState, Entry], Heard]] = {"what": _take, "lot": _hear_lot, "bin": _hear_bin}
_COMMANDS: dict[str, Callable[[Desk, PutawayState], Heard]] = {
    "back": _back,
    "skip": _skip,
    "home": _home,
    "label": _label,
}

FLOW = Putaway()
