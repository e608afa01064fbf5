"""A package is closed: its weight is typed or not known, its carton's code is scanned where it has one.

Example::

    heard = hear_weight(desk, Standing.of(desk, state), Entry("code", "1.25", how="manual"))
"""

from __future__ import annotations

from decimal import Decimal

from ambra_tui.floor.codes import scan_of, shown, text_of, typed_quantity, unknown
from ambra_tui.floor.conversation import Entry, Heard, Refusal, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.pack_item import hear_item
from ambra_tui.floor.pack_state import Standing, next_state
from ambra_tui.floor.pack_words import told
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services import orders, packing
from ambra_tui.services.catalog import match_code
from ambra_tui.services.places import find_location, find_or_create_plate, find_plate
from ambra_tui.store.models import LicensePlate, Location, StockLevel
from ambra_tui.store.scope import fetch, scoped

MAX_CARTON = 60


def begin_close(desk: Desk, standing: Standing) -> Heard:
    """F10 while packing: the weight is asked."""
    if not standing.inside(standing.open_package):
        raise Refusal("E82", count=standing.number)
    return Heard(standing.state.at_item().model_copy(update={"step": "weight"}))


def hear_weight(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    """The weight in kilograms, or the code of the carton; an item goes on with packing."""
    typed = typed_quantity(entry)
    if typed is not None:
        return close(desk, standing, weight=_kilograms(typed, entry))
    if match_code(desk.session, scan_of(entry)) is not None:
        more = Standing.of(desk, standing.state.at_item().model_copy(update={"is_enough": False}))
        return hear_item(desk, more, entry)
    return Heard(standing.state.model_copy(update={"plate_code": _carton(desk, entry)}), _carton_ok(entry))


def _kilograms(typed: Decimal, entry: Entry) -> Decimal:
    if not ZERO < typed <= packing.MOST_KILOGRAMS:
        raise Refusal("E28", found=shown(text_of(entry)))
    return typed


def _carton_ok(entry: Entry) -> Verdict:
    return Verdict("G07", {"found": shown(scan_of(entry).sscc or text_of(entry))})


def _carton(desk: Desk, entry: Entry) -> str:
    """The code of a carton that holds nothing. Raises the refusal that says what else it is."""
    scan = scan_of(entry)
    code = scan.sscc or text_of(entry)
    if scan.kind == "invalid" or not 0 < len(code) <= MAX_CARTON:
        raise unknown(entry)
    if find_location(desk.session, code, site_id=desk.site.id) or orders.find_order(desk.session, code):
        raise Refusal("E57", found=shown(code))
    plate = find_plate(desk.session, code)
    if plate is not None and (place := _place_of(desk, plate)) is not None:
        raise Refusal("E22", found=shown(code), bin=place.code)
    return code


def _place_of(desk: Desk, plate: LicensePlate) -> Location | None:
    statement = scoped(desk.session, StockLevel).where(StockLevel.plate_id == plate.id, StockLevel.on_hand > ZERO)
    level = desk.session.exec(statement.limit(1)).first()
    return fetch(desk.session, Location, level.location_id, resource="location") if level else None


def close(desk: Desk, standing: Standing, *, weight: Decimal | None) -> Heard:
    """Closes the open package; the next one, or the carrier, follows."""
    state, package, order = standing.state, standing.open_package, standing.order
    if package is None or not standing.inside(package):
        raise Refusal("E82", count=standing.number)
    number = str(standing.number_of(package))
    plate = find_or_create_plate(desk.session, state.plate_code, kind="carton") if state.plate_code else None
    with told(order):
        posted, carried = packing.close(
            desk.session, order, package, weight=weight, plate=plate, idempotency_key=desk.key("close")
        )
    desk.did(
        "pack_close",
        moves=posted,
        document_kind=orders.DOCUMENT,
        document_id=order.id,
        summary={"found": desk.say("pack.package", number=number), "document": order.number},
        details={"package_id": package.id, "carried": [move.as_texts() for move in carried]},
    )
    following = next_state(desk, state)
    if following.step == "service" and not standing.rest:
        return Heard(following, Verdict("G83", {"document": order.number}))
    return Heard(following, Verdict("G82", {"document": order.number, "count": number}))
