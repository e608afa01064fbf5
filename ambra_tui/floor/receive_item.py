"""What a receipt makes of items and labels: which lot, which date, how many.

A plain code counts one (a case code its quantity). A label with a count (AI 30 or 37) counts that. A label of one unit
counts one too, until plain codes of the same item follow: then these alone count.

Example::

    heard = hear_item(desk, state, match, entry)
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, cast

from ambra_tui.floor.codes import refuse_part, scan_of, shown
from ambra_tui.floor.conversation import Entry, Heard, Refusal, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.receive_posting import post_counted, post_landed, take_copy_back
from ambra_tui.floor.receive_state import ReceiveState, Standing
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.scan.model import Scan
from ambra_tui.services import receiving
from ambra_tui.services.catalog import Match
from ambra_tui.services.lots import find_lot
from ambra_tui.store.models import Location, Variant
from ambra_tui.store.scope import fetch

Allowed = frozenset[str]
MAX_SERIAL = 60


def hear_item(desk: Desk, state: ReceiveState, match: Match, entry: Entry, allowed: Allowed = frozenset()) -> Heard:
    """A code or label of an item."""
    scan = scan_of(entry)
    if state.is_copied and scan.count is not None:
        return _hear_label_of_copy(desk, state, match, entry, allowed)
    if state.is_copied:
        state = state.without_item()
    _refuse_other_item(desk, state, match)
    if match.variant.id != state.variant_id:
        is_damaged, plate = state.is_damaged, state.plate
        state = state.without_item().model_copy(
            update={"variant_id": match.variant.id, "is_damaged": is_damaged, "plate": plate, "pallet": None}
        )
    known = _with_label(desk, state, match.variant, scan, allowed)
    if match.variant.is_serial_tracked:
        return _hear_serial_label(desk, known, match.variant, scan, allowed)
    if _is_same_pallet_label(state, known, match, scan):
        return Heard(state, Verdict("W08", {"found": match.variant.sku}))
    return _count(desk, _counted(known, match, scan), state.quantity, allowed)


def _refuse_other_item(desk: Desk, state: ReceiveState, match: Match) -> None:
    if not state.quantity or match.variant.id == state.variant_id:
        return
    standing = Standing.of(desk, state)
    if standing.order is not None and not standing.lines_of(match.variant.id):
        raise Refusal("E06", found=match.variant.sku, document=standing.document)
    raise Refusal("E43", found=match.variant.sku)


def _is_same_pallet_label(before: ReceiveState, known: ReceiveState, match: Match, scan: Scan) -> bool:
    """A pallet's label read twice counts once: a plate has one count of a lot."""
    is_same_lot = before.variant_id == match.variant.id and before.lot_number == known.lot_number
    return scan.count is not None and bool(before.plate) and before.quantity > 0 and is_same_lot


def worth(match: Match, scan: Scan) -> Decimal:
    """Base units of one scan: the code's, times the label's count, or the weight that it tells of goods sold by kg."""
    if scan.net_weight_kg is not None and match.variant.unit_of_measure.lower() == "kg":
        return scan.net_weight_kg
    return match.quantity * (scan.count if scan.count is not None else 1)


def _counted(state: ReceiveState, match: Match, scan: Scan) -> ReceiveState:
    if scan.count is not None:
        quantity = state.quantity + worth(match, scan)
        return state.model_copy(update={"quantity": quantity, "label_quantity": ZERO, "is_label_count": True})
    is_label = bool(scan.lot or scan.expiry or scan.best_before)
    replaces = not is_label and state.label_quantity and state.label_quantity == state.quantity
    quantity = worth(match, scan) if replaces else state.quantity + worth(match, scan)
    label_quantity = quantity if is_label and not state.quantity else ZERO
    return state.model_copy(update={"quantity": quantity, "label_quantity": label_quantity, "is_label_count": False})


def hear_quantity(desk: Desk, state: ReceiveState, quantity: Decimal, allowed: Allowed = frozenset()) -> Heard:
    """A typed number: that many of the item, in place of what was counted."""
    variant = Standing.of(desk, state).variant
    if variant is None:
        raise Refusal("E44", found=show(quantity))
    if variant.is_serial_tracked:
        raise Refusal("E46", item=variant.sku)
    if quantity <= 0:
        raise Refusal("E28", found=show(quantity))
    refuse_part(variant, quantity)
    typed = {"quantity": quantity, "label_quantity": ZERO, "is_label_count": False}
    return _count(desk, state.model_copy(update=typed), ZERO, allowed)


def _count(desk: Desk, state: ReceiveState, before: Decimal, allowed: Allowed) -> Heard:
    """Refuses too many; posts a line that was counted piece by piece and is complete; else waits for the bin."""
    standing = Standing.of(desk, state)
    _refuse_over(standing, before, allowed)
    if "E14" in allowed:
        state = state.model_copy(update={"is_over_allowed": True})
        standing = Standing.of(desk, state)
    if _lands_by_itself(standing):
        return post_landed(desk, standing, quantity=state.quantity)
    assert standing.variant is not None
    told = {"item": standing.variant.sku, "quantity": show(state.quantity), "document": standing.document}
    if standing.step == "lot":
        return Heard(state, Verdict("G30", told))
    if standing.step == "expiry":
        return Heard(state, Verdict("G31", told))
    if standing.order is not None and not standing.is_expected:
        return Heard(state, Verdict("W18", told))
    return Heard(state, Verdict("G17", told))


def _refuse_over(standing: Standing, before: Decimal, allowed: Allowed) -> None:
    if not standing.is_expected or "E14" in allowed:
        return
    most = standing.most
    if standing.state.quantity > most:
        raise Refusal("E14", maximum=show(max(most - before, ZERO)))


def _lands_by_itself(standing: Standing) -> bool:
    if standing.step != "bin" or standing.state.plate or standing.state.is_label_count:
        return False
    if standing.state.is_damaged:
        return True
    return standing.is_expected and standing.state.quantity >= standing.open_quantity


# --- lots and dates -------------------------------------------------------------------------------------------------


def hear_pieces(desk: Desk, state: ReceiveState, scan: Scan, allowed: Allowed = frozenset()) -> Heard:
    """A code that tells a lot, a date, a serial or a count alone, in any order."""
    standing = Standing.of(desk, state)
    if standing.variant is None:
        raise Refusal("E44", found=shown(scan.text or scan.raw))
    known = _with_label(desk, state, standing.variant, scan, allowed)
    if standing.variant.is_serial_tracked and scan.serial:
        return hear_serial(desk, known, scan.serial, allowed)
    if scan.count is not None:
        counted = {"quantity": scan.count, "label_quantity": ZERO, "is_label_count": True}
        return _count(desk, known.model_copy(update=counted), ZERO, allowed)
    told = _told_piece(standing.variant, known, scan)
    after = Standing.of(desk, known)
    if known.quantity and _lands_by_itself(after):
        _refuse_over(after, ZERO, allowed)
        return post_landed(desk, after, quantity=known.quantity)
    return Heard(known, told)


def _told_piece(variant: Variant, state: ReceiveState, scan: Scan) -> Verdict:
    if scan.lot:
        return Verdict("G06", {"item": variant.sku, "lot": shown(scan.lot)})
    return Verdict("G27", {"item": variant.sku, "expiry": state.expiry.isoformat() if state.expiry else "-"})


def _with_label(desk: Desk, state: ReceiveState, variant: Variant, scan: Scan, allowed: Allowed) -> ReceiveState:
    """The state with the lot and dates of a label. Raises E09, E10, E11, and E43 for another lot before the bin."""
    update: dict[str, Any] = {}
    if variant.is_lot_tracked and scan.lot and scan.lot != state.lot_number:
        if state.quantity and state.lot_number:
            raise Refusal("E43", found=f"{variant.sku} {shown(scan.lot)}")
        update["lot_number"] = scan.lot
        if state.lot_number:
            update |= {"expiry": None, "best_before": None, "production_date": None, "is_short_allowed": False}
    if variant.is_expiry_tracked:
        given = scan.expiry or scan.best_before
        update |= _dates(state.model_copy(update=update), given, scan)
    known = state.model_copy(update=update)
    return with_lot_checked(desk, known, variant, allowed)


def _dates(state: ReceiveState, given: date | None, scan: Scan) -> dict[str, Any]:
    update: dict[str, Any] = {}
    if given is not None:
        if state.expiry is not None and state.expiry != given:
            raise Refusal("E09", lot=shown(state.lot_number or "-"), expected=state.expiry, found=given)
        update["expiry"] = given
    if scan.best_before is not None:
        update["best_before"] = scan.best_before
    if scan.production_date is not None:
        update["production_date"] = scan.production_date
    return update


def with_lot_checked(desk: Desk, state: ReceiveState, variant: Variant, allowed: Allowed) -> ReceiveState:
    """The state with what is known of its lot. Raises E09 for another date, E10 and E11 for too little life."""
    lot = find_lot(desk.session, variant.id, state.lot_number) if state.lot_number else None
    if lot is not None and variant.is_expiry_tracked:
        stored = lot.expiry_date
        if stored is not None and state.expiry is not None and stored != state.expiry:
            raise Refusal("E09", lot=lot.lot_number, expected=stored, found=state.expiry)
        state = state.model_copy(update={"expiry": state.expiry or stored})
    if "E11" in allowed:
        state = state.model_copy(update={"is_short_allowed": True})
    if variant.is_expiry_tracked and state.expiry is not None:
        _refuse_dates(desk, state, variant)
    return state


def _refuse_dates(desk: Desk, state: ReceiveState, variant: Variant) -> None:
    assert state.expiry is not None
    lot_number = state.lot_number or "-"
    try:
        receiving.refuse_short_dated(
            variant,
            lot_number=lot_number,
            expiry=state.expiry,
            today=desk.today,
            is_short_allowed=state.is_short_allowed,
        )
    except receiving.Expired as error:
        raise Refusal("E10", lot=shown(lot_number), expiry=state.expiry) from error
    except receiving.ShortDated as error:
        raise Refusal("E11", lot=shown(lot_number), expiry=state.expiry, expected=error.minimum_days) from error


# --- serials --------------------------------------------------------------------------------------------------------


def _hear_serial_label(desk: Desk, state: ReceiveState, variant: Variant, scan: Scan, allowed: Allowed) -> Heard:
    if scan.serial:
        return hear_serial(desk, state, scan.serial, allowed)
    return Heard(state, Verdict("G32", {"item": variant.sku}))


def hear_serial(desk: Desk, state: ReceiveState, serial: str, allowed: Allowed = frozenset()) -> Heard:
    """A serial: one unit, posted to the dock at once. Raises E13 where it is known, E07, E08, E14."""
    standing = Standing.of(desk, state)
    assert standing.variant is not None
    if len(serial) > MAX_SERIAL:
        raise Refusal("E26", found=shown(serial))
    one = state.model_copy(update={"quantity": Decimal(1), "is_over_allowed": "E14" in allowed})
    counted = Standing.of(desk, one)
    try:
        try:
            refuse_unnamed(standing)
            _refuse_over(counted, ZERO, allowed)
        except Refusal:
            receiving.refuse_known_serial(desk.session, standing.variant, serial)
            raise
        return post_landed(desk, counted, quantity=Decimal(1), serial=serial)
    except receiving.DuplicateSerial as error:
        raise Refusal("E13", found=shown(serial), bin=error.location.code) from error


def refuse_unnamed(standing: Standing) -> None:
    """Raises E07 or E08 while the lot or the date is not known."""
    assert standing.variant is not None
    if standing.step == "lot":
        raise Refusal("E07", item=standing.variant.sku)
    if standing.step == "expiry":
        raise Refusal("E08", item=standing.variant.sku)


# --- the label of a copied plate ------------------------------------------------------------------------------------


def _hear_label_of_copy(desk: Desk, state: ReceiveState, match: Match, entry: Entry, allowed: Allowed) -> Heard:
    """The label of a plate that was received by its number alone: the same changes nothing, another one replaces it."""
    pallet, scan = state.pallet, scan_of(entry)
    assert pallet is not None and scan.count is not None
    location = fetch(desk.session, Location, pallet.location_id, resource="location")
    quantity = worth(match, scan)
    told = {"quantity": show(quantity), "item": match.variant.sku, "found": pallet.code, "bin": location.code}
    is_same = (
        match.variant.id == pallet.variant_id
        and quantity == pallet.quantity
        and scan.lot in ("", pallet.lot_number)
        and (scan.expiry or scan.best_before) in (None, pallet.expiry)
    )
    if is_same:
        return Heard(state, Verdict("W19", told))
    reopened = take_copy_back(desk, state)
    savepoint = desk.session.begin_nested()
    try:
        heard = hear_item(desk, reopened, match, entry, allowed)
        standing = Standing.of(desk, cast("ReceiveState", heard.state or reopened))
        if standing.step != "bin":
            savepoint.commit()
            return heard
        posted = post_counted(desk, standing, location)
        savepoint.commit()
    except Refusal as refusal:
        savepoint.rollback()
        return Heard(reopened, refusal.verdict)
    return Heard(posted.state, Verdict("W20", told))
