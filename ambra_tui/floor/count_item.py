"""What a worker finds in a bin: items, their lots and serials, plates, and how many.

A code counts one (a case its quantity), a label with a count that many; a typed number is how many there are in all.

Example::

    heard = hear_item(desk, standing, entry)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from ambra_tui.errors import AmbraError
from ambra_tui.floor.codes import SHOWN_LENGTH, refuse_part, scan_of, shown, text_of, typed_quantity, unknown
from ambra_tui.floor.conversation import Entry, Heard, Refusal, Verdict
from ambra_tui.floor.count_state import CountState, Standing, item_words
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.receive_item import MAX_SERIAL, worth
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.scan.model import Scan
from ambra_tui.services import counts
from ambra_tui.services.catalog import Match, match_code
from ambra_tui.services.lots import MAX_LOT_NUMBER, ExpiryDiffers, find_lot, find_or_create_lot
from ambra_tui.services.places import find_location, find_plate
from ambra_tui.store.models import LicensePlate, Variant


def hear_item(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    """A code at the bin: an item, a piece of a label, a plate, the bin itself, or a typed number."""
    typed = typed_quantity(entry)
    if typed is not None:
        return _hear_number(desk, standing, typed, entry)
    scan = scan_of(entry)
    match = match_code(desk.session, scan)
    if match is not None:
        return _hear_match(desk, standing, match, scan)
    plate = find_plate(desk.session, scan.sscc or text_of(entry))
    if plate is not None:
        return _on_plate(standing, plate)
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    if location is not None:
        assert standing.location is not None
        if location.id != standing.location.id:
            raise Refusal("E03", found=location.code, expected=standing.location.code)
        return Heard(standing.state.at_items(), Verdict("G04", {"bin": location.code}))
    return _hear_piece(desk, standing, entry, scan)


def _on_plate(standing: Standing, plate: LicensePlate) -> Heard:
    """What is scanned from now on stands on this plate, until the bin or another plate is scanned."""
    plates = tuple(dict.fromkeys((*standing.state.plates, plate.id)))
    state = standing.state.at_items().model_copy(update={"plate_id": plate.id, "plates": plates})
    return Heard(state, Verdict("G07", {"found": shown(plate.code)}))


def _hear_match(desk: Desk, standing: Standing, match: Match, scan: Scan) -> Heard:
    state, variant = standing.state, match.variant
    is_same = variant.id == state.variant_id
    _refuse_waiting_lot(standing, is_same=is_same and not scan.lot)
    base = state.at_items().model_copy(update={"plate_id": state.plate_id, "variant_id": variant.id})
    if variant.is_serial_tracked:
        return _count_serial(desk, base, variant, scan.serial) if scan.serial else _ask_serial(base, variant)
    quantity = worth(match, scan)
    if not variant.is_lot_tracked:
        return _count(desk, base, variant, quantity)
    if scan.lot:
        with_lot = base.model_copy(update={"lot_id": _lot_id(desk, variant, scan.lot, scan)})
        return _count(desk, with_lot, variant, quantity + (state.pending if is_same else ZERO))
    if is_same and state.lot_id:
        return _count(desk, base.model_copy(update={"lot_id": state.lot_id}), variant, quantity)
    pending = quantity + (state.pending if is_same else ZERO)
    return _ask_lot(base.model_copy(update={"pending": pending}), variant)


def _refuse_waiting_lot(standing: Standing, *, is_same: bool) -> None:
    """Raises E07 while units of another item wait for their lot: they would be forgotten."""
    waiting = standing.variant
    if standing.step == "lot" and standing.state.pending and not is_same and waiting is not None:
        raise Refusal("E07", item=waiting.sku)


def _ask_lot(state: CountState, variant: Variant) -> Heard:
    return Heard(state, Verdict("G30", {"quantity": show(state.pending), "item": variant.sku}))


def _ask_serial(state: CountState, variant: Variant) -> Heard:
    return Heard(state, Verdict("G32", {"item": variant.sku}))


def _hear_piece(desk: Desk, standing: Standing, entry: Entry, scan: Scan) -> Heard:
    """A lot or serial alone belongs to the item that was scanned last."""
    variant, state = standing.variant, standing.state
    if variant is None or scan.kind == "invalid":
        raise unknown(entry)
    if variant.is_serial_tracked:
        return _count_serial(desk, state, variant, scan.serial or text_of(entry))
    if not variant.is_lot_tracked or not (scan.lot or standing.step == "lot"):
        raise unknown(entry, takes_number=True)
    return _hear_lot(desk, standing, scan.lot or text_of(entry), scan)


def _hear_lot(desk: Desk, standing: Standing, number: str, scan: Scan) -> Heard:
    """The lot of what is counted: units that waited for it are counted now."""
    variant, state = standing.variant, standing.state
    assert variant is not None
    if scan.gtin:
        raise unknown(Entry("code", scan.raw, scan=scan))
    named = state.model_copy(update={"lot_id": _lot_id(desk, variant, number, scan), "pending": ZERO})
    if not state.pending:
        return Heard(named, Verdict("G06", {"item": variant.sku, "lot": shown(number)}))
    return _count(desk, named, variant, state.pending)


def _lot_id(desk: Desk, variant: Variant, number: str, scan: Scan) -> str:
    """The lot, made when nobody has seen it before. Raises E09 when the label's date is not the lot's."""
    if len(number) > MAX_LOT_NUMBER:
        raise Refusal("E26", found=shown(number))
    try:
        lot = find_or_create_lot(
            desk.session, variant=variant, lot_number=number, expiry_date=scan.expiry, best_before_date=scan.best_before
        )
    except ExpiryDiffers as error:
        raise Refusal("E09", lot=error.lot.lot_number, expected=error.stored, found=error.given) from error
    except AmbraError as error:
        raise Refusal("E99", detail=error.message) from error
    return lot.id


# --- how many -------------------------------------------------------------------------------------------------------


def _hear_number(desk: Desk, standing: Standing, quantity: Decimal, entry: Entry) -> Heard:
    """So many of the item in all; while a lot is asked, a number that is a lot of the item names it."""
    variant, state = standing.variant, standing.state
    if standing.step == "serial":
        return _hear_piece(desk, standing, entry, scan_of(entry))
    if variant is None:
        match = match_code(desk.session, scan_of(entry))
        if match is not None:
            return _hear_match(desk, standing, match, scan_of(entry))
        raise Refusal("E44", found=show(quantity))
    if standing.step == "lot":
        if find_lot(desk.session, variant.id, text_of(entry)) is not None:
            return _hear_lot(desk, standing, text_of(entry), scan_of(entry))
        refuse_part(variant, quantity)
        return _ask_lot(state.model_copy(update={"pending": quantity}), variant)
    refuse_part(variant, quantity)
    return _count(desk, state, variant, quantity, is_total=True)


def _count(desk: Desk, state: CountState, variant: Variant, quantity: Decimal, *, is_total: bool = False) -> Heard:
    standing = Standing.of(desk, state)
    assert standing.count_bin is not None and standing.location is not None
    with _refusals(variant):
        total = counts.tally(
            desk.session,
            standing.count_bin,
            variant_id=variant.id,
            quantity=quantity,
            lot_id=state.lot_id,
            plate_id=state.plate_id,
            is_total=is_total,
            plates_apart=state.plates,
        )
    told = {"quantity": show(total), "item": item_words(desk, variant.id, state.lot_id), "bin": standing.location.code}
    return Heard(state, Verdict("G90", told))


def _count_serial(desk: Desk, state: CountState, variant: Variant, serial: str) -> Heard:
    """One unit; a serial read twice counts once."""
    if not serial or len(serial) > MAX_SERIAL:
        raise Refusal("E26", found=shown(serial))
    standing = Standing.of(desk, state)
    assert standing.count_bin is not None and standing.location is not None
    is_known = any(line.serial == serial and line.variant_id == variant.id and line.tally for line in standing.tallied)
    if is_known:
        return Heard(state, Verdict("W08", {"found": serial[:SHOWN_LENGTH]}))
    with _refusals(variant):
        counts.tally(
            desk.session,
            standing.count_bin,
            variant_id=variant.id,
            quantity=Decimal(1),
            serial=serial,
            plate_id=state.plate_id,
            is_total=True,
            plates_apart=state.plates,
        )
    units = sum(1 for line in counts.tallied(desk.session, standing.count_bin) if line.variant_id == variant.id)
    return Heard(
        state,
        Verdict("G90", {"quantity": str(units), "item": variant.sku, "bin": standing.location.code}),
    )


@contextmanager
def _refusals(variant: Variant) -> Iterator[None]:
    """What speaks against counting an item here, as verdicts."""
    try:
        yield
    except counts.OtherBadge as error:
        raise Refusal("E34") from error
    except counts.AlreadyCounted as error:
        raise Refusal("E33", document=variant.sku) from error
