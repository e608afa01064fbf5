"""An item goes into the open package, or out of one: by its code, its case's code, its lot, its serial, or a number.

Each scan of the item's own code counts one; a number typed after it says how many of it lie in the package.

Example::

    heard = hear_item(desk, Standing.of(desk, state), Entry("code", "5001000000040"))
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ambra_tui.floor.codes import refuse_part, scan_of, shown, text_of, typed_quantity, unknown
from ambra_tui.floor.conversation import Entry, Heard, Refusal, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.held_lots import held_code
from ambra_tui.floor.pack_state import PackState, Standing, next_state
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.scan.model import Scan
from ambra_tui.services import orders, packing, picking, shipping
from ambra_tui.services.catalog import Match, match_code
from ambra_tui.services.lot_rules import HELD_LOT_STATES, is_expired
from ambra_tui.services.lots import find_lot
from ambra_tui.services.packing import PickedItem, key_of
from ambra_tui.services.places import find_location
from ambra_tui.store.models import Lot, ShipmentContent, ShipmentPackage, Variant
from ambra_tui.store.scope import fetch

Part = tuple[tuple[str, str, str, str], Decimal]


def hear_item(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    """An item, or how many of the last one."""
    scan = scan_of(entry)
    match = match_code(desk.session, scan)
    if match is None:
        return _no_item(desk, standing, entry)
    quantity = match.quantity * scan.count if scan.count is not None else match.quantity
    if standing.state.is_taking_out:
        return _out(desk, standing, match.variant, quantity, scan)
    return _in(desk, standing, _named(desk, standing, match, scan), match.variant, quantity)


def _no_item(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    state = standing.state
    typed = typed_quantity(entry)
    if typed is not None and state.variant_id and not state.is_taking_out:
        return _set_quantity(desk, standing, typed)
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    if location is not None:
        if location.id in {place.id for item in standing.items for place in item.places}:
            return Heard(state, Verdict("G04", {"bin": location.code}))
        owners = sorted(picking.owners_of(desk.session, [location.id]).get(location.id, set()))
        if owners:
            raise Refusal("E05", found=location.code, document=orders.get_order(desk.session, owners[0]).number)
        raise Refusal("E44", found=location.code)
    if orders.find_order(desk.session, text_of(entry)) is standing.order:
        return Heard(state, Verdict("W08", {"found": standing.order.number}))
    raise unknown(entry, takes_number=bool(state.variant_id))


# --- into the package -----------------------------------------------------------------------------------------------


def _named(desk: Desk, standing: Standing, match: Match, scan: Scan) -> list[PickedItem]:
    """What a label may mean of what was picked. Raises E06 for another item, E04 for another lot."""
    variant = match.variant
    found = [item for item in standing.items if item.variant.id == variant.id]
    if not found:
        raise Refusal("E06", found=variant.sku, document=standing.order.number)
    if scan.lot and variant.is_lot_tracked:
        found = of_lot(desk, found, variant, scan.lot)
    if scan.serial and variant.is_serial_tracked:
        found = _of_serial(standing, found, scan.serial)
    return found


def of_lot(desk: Desk, found: Sequence[PickedItem], variant: Variant, number: str) -> list[PickedItem]:
    """What of it is of this lot. Raises E04, or what speaks against a lot that was never picked."""
    lot = find_lot(desk.session, variant.id, number)
    mine = [item for item in found if lot is not None and item.lot is not None and item.lot.id == lot.id]
    if mine:
        return mine
    if lot is not None and lot.status in HELD_LOT_STATES:
        raise Refusal(held_code(lot), lot=lot.lot_number)
    expected = dict.fromkeys(item.lot.lot_number for item in found if item.lot is not None)
    raise Refusal("E04", found=shown(number), expected=", ".join(expected) or "-")


def _of_serial(standing: Standing, found: Sequence[PickedItem], serial: str) -> list[PickedItem]:
    mine = [item for item in found if item.serial == serial]
    if not mine:
        named = f"{found[0].variant.sku} {shown(serial)}"
        raise Refusal("E06", found=named, document=standing.order.number)
    return mine


def _in(desk: Desk, standing: Standing, found: list[PickedItem], variant: Variant, quantity: Decimal) -> Heard:
    """Puts it in, or asks which lot or serial it is."""
    rest = sum((item.rest for item in found), ZERO)
    if quantity > rest:
        raise Refusal("E14", maximum=show(rest))
    waiting = [item for item in found if item.rest]
    asked = standing.state.at_item().model_copy(update={"variant_id": variant.id, "quantity": quantity})
    if len({item.lot.id if item.lot else "" for item in waiting}) > 1:
        return Heard(asked.model_copy(update={"step": "lot"}), Verdict("E20", {"item": variant.sku}))
    if variant.is_serial_tracked and len(waiting) > 1:
        lot_id = waiting[0].lot.id if waiting[0].lot else ""
        following = asked.model_copy(update={"step": "serial", "lot_id": lot_id})
        return Heard(following, Verdict("G32", {"item": variant.sku}))
    return _packed(desk, standing, waiting, quantity)


def hear_told(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    """The lot or serial of what was scanned."""
    state, scan = standing.state, scan_of(entry)
    variant = fetch(desk.session, Variant, state.variant_id, resource="variant")
    match = match_code(desk.session, scan)
    if match is not None and match.variant.id != variant.id:
        raise Refusal("E02", found=match.variant.sku, expected=variant.sku)
    told = scan.lot if state.step == "lot" else scan.serial
    if match is not None and not told:
        raise Refusal("E20" if state.step == "lot" else "E46", item=variant.sku)
    found = [item for item in standing.items if item.variant.id == variant.id]
    if state.step == "lot":
        found = of_lot(desk, found, variant, told or text_of(entry))
        if scan.serial and variant.is_serial_tracked:
            found = _of_serial(standing, found, scan.serial)
    else:
        found = [item for item in found if state.lot_id is None or (item.lot.id if item.lot else "") == state.lot_id]
        found = _of_serial(standing, found, told or text_of(entry))
    return _in(desk, standing, found, variant, state.quantity)


def _packed(desk: Desk, standing: Standing, found: Sequence[PickedItem], quantity: Decimal) -> Heard:
    """Puts `quantity` of what a code means into the open package, line after line."""
    _refuse_barred(desk, found)
    package = _open_package(desk, standing)
    parts: list[Part] = []
    left = quantity
    for item in found:
        part = min(item.rest, left)
        if part:
            packing.put(desk.session, package, item, part)
            parts.append((item.key, part))
            left -= part
    return _told(desk, standing.state, package, found[0], parts)


def _refuse_barred(desk: Desk, found: Sequence[PickedItem]) -> None:
    """Raises what speaks against packing it: its lot or its place is on hold, or it has expired."""
    for item in found:
        if item.lot is not None and item.lot.status in HELD_LOT_STATES:
            raise Refusal(held_code(item.lot), lot=item.lot.lot_number)
        if item.lot is not None and is_expired(item.lot, desk.today):
            raise Refusal("E10", lot=item.lot.lot_number, expiry=item.lot.expiry_date)
        for place in item.places:
            if place.is_held:
                raise Refusal("E17", bin=place.code)


def _open_package(desk: Desk, standing: Standing) -> ShipmentPackage:
    if standing.open_package is not None:
        return standing.open_package
    shipment = standing.shipment or shipping.open_shipment(desk.session, standing.order)
    return shipping.add_package(desk.session, shipment)


def _told(
    desk: Desk, state: PackState, package: ShipmentPackage, item: PickedItem, parts: Sequence[Part], *, typed: str = ""
) -> Heard:
    """Notes what was packed, and says how much of the item is packed now."""
    now = Standing.of(desk, state)
    quantity = sum((part for _, part in parts), ZERO)
    number = str(now.number_of(package))
    desk.did(
        "pack_item",
        document_kind=orders.DOCUMENT,
        document_id=now.order.id,
        summary={
            "quantity": show(quantity),
            "item": item.variant.sku,
            "lot": item.lot.lot_number if item.lot else "",
            "serial": item.serial,
            "bin": desk.say("pack.package", number=number),
            "document": now.order.number,
        },
        details={"package_id": package.id, "parts": [[*key, show(part)] for key, part in parts]},
    )
    same = [each for each in now.items if each.variant.id == item.variant.id]
    following = next_state(desk, state)
    if following.step == "item":
        lot_id = item.lot.id if item.lot else ""
        following = following.model_copy(update={"variant_id": item.variant.id, "lot_id": lot_id})
    told = {
        "done": show(sum((each.packed for each in same), ZERO)),
        "total": show(sum((each.picked for each in same), ZERO)),
        "quantity": typed or show(quantity),
        "item": item.variant.sku,
        "count": number,
    }
    return Heard(following, Verdict("G81", told))


def _set_quantity(desk: Desk, standing: Standing, typed: Decimal) -> Heard:
    """So many of the item scanned last lie in the open package."""
    state, package = standing.state, standing.open_package
    mine = [
        item
        for item in standing.items
        if item.variant.id == state.variant_id and (item.lot.id if item.lot else "") == (state.lot_id or "")
    ]
    if package is None or not mine:
        raise Refusal("E28", found=show(typed))
    variant = mine[0].variant
    refuse_part(variant, typed)
    if variant.is_serial_tracked:
        raise Refusal("E46", item=variant.sku)
    inside = {key_of(row): row.quantity for row in standing.inside(package)}
    here = sum((inside.get(item.key, ZERO) for item in mine), ZERO)
    rest = sum((item.rest for item in mine), ZERO)
    if typed > here + rest:
        raise Refusal("E14", maximum=show(rest))
    if typed == here:
        return Heard(state, Verdict("G17", {"quantity": show(typed), "item": variant.sku}))
    if typed > here:
        return _packed(desk, standing, mine, typed - here)
    parts: list[Part] = []
    left = here - typed
    for item in reversed(mine):
        part = min(inside.get(item.key, ZERO), left)
        if part:
            packing.take_out(desk.session, package, item.key, part)
            parts.append((item.key, -part))
            left -= part
    return _told(desk, state, package, mine[0], parts, typed=show(typed))


# --- out of a package -----------------------------------------------------------------------------------------------


def _out(desk: Desk, standing: Standing, variant: Variant, quantity: Decimal, scan: Scan) -> Heard:
    """Takes it out of the open package, else out of the package that was closed last, which is open again then."""
    package, row = _row_of(desk, standing, variant, scan)
    if quantity > row.quantity:
        raise Refusal("E14", maximum=show(row.quantity))
    was_closed, weight, plate_id = package.is_closed, package.weight, package.plate_id
    posted, carried = (
        packing.open_again(desk.session, standing.order, package, idempotency_key=desk.key("open"))
        if was_closed
        else ([], [])
    )
    key = key_of(row)
    packing.take_out(desk.session, package, key, quantity)
    number = str(standing.number_of(package))
    lot = fetch(desk.session, Lot, key[2], resource="lot").lot_number if key[2] else ""
    desk.did(
        "pack_out",
        moves=posted,
        document_kind=orders.DOCUMENT,
        document_id=standing.order.id,
        summary={
            "quantity": show(quantity),
            "item": variant.sku,
            "lot": lot,
            "serial": key[3],
            "bin": desk.say("pack.package", number=number),
            "document": standing.order.number,
        },
        details={
            "package_id": package.id,
            "parts": [[*key, show(-quantity)]],
            "closed": was_closed,
            "weight": show(weight) if weight else "",
            "plate_id": plate_id,
            "carried": [move.as_texts() for move in carried],
        },
    )
    told = {"quantity": show(quantity), "item": variant.sku, "count": number}
    return Heard(standing.state.at_item().model_copy(update={"is_enough": False}), Verdict("G84", told))


def _row_of(desk: Desk, standing: Standing, variant: Variant, scan: Scan) -> tuple[ShipmentPackage, ShipmentContent]:
    lot = find_lot(desk.session, variant.id, scan.lot) if scan.lot and variant.is_lot_tracked else None
    if scan.lot and variant.is_lot_tracked and lot is None:
        raise Refusal("E83", found=f"{variant.sku} {shown(scan.lot)}", document=standing.order.number)
    for package in sorted(standing.packages, key=lambda each: (each.is_closed, -each.position)):
        rows = [
            row
            for row in standing.inside(package)
            if row.variant_id == variant.id
            and (lot is None or row.lot_id == lot.id)
            and (not scan.serial or row.serial == scan.serial)
        ]
        if len({row.lot_id for row in rows}) > 1:
            raise Refusal("E20", item=variant.sku)
        if variant.is_serial_tracked and len(rows) > 1:
            raise Refusal("E46", item=variant.sku)
        if rows:
            return package, rows[-1]
    raise Refusal("E83", found=variant.sku, document=standing.order.number)
