"""Taking in a transfer: item by item, into the bin that is scanned or where the site receives, until it is closed.

Counting begins at nothing. What is counted comes in when a bin is scanned, the next item is, or the transfer is closed;
where the site has one place alone, a typed number is enough.

Example::

    heard = hear_receive(desk, Standing.of(desk, state), entry)
"""

from __future__ import annotations

from decimal import Decimal

from ambra_tui.floor.bin_item import ASKED, find_bin, refusals
from ambra_tui.floor.codes import refuse_part, scan_of, shown, text_of, typed_quantity, unknown
from ambra_tui.floor.conversation import Entry, Heard, Refusal, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.receive_item import worth
from ambra_tui.floor.transfer_state import (
    Arriving,
    Standing,
    TransferState,
    coming,
    find_loss,
    places_of,
    sku_of,
    unclear,
)
from ambra_tui.floor.transfer_view import place_of
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.ledger import Posted
from ambra_tui.scan.model import Scan
from ambra_tui.services import claims, transfers
from ambra_tui.services.catalog import Match, match_code
from ambra_tui.services.lots import find_lot
from ambra_tui.services.putaway import STORAGE_KINDS, refuse_illegal_bin
from ambra_tui.services.receiving import Content
from ambra_tui.services.transfers import Arrival, Carried
from ambra_tui.store.models import Location, Variant
from ambra_tui.store.scope import fetch


def hear_receive(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    """A code while taking in."""
    arriving = standing.state.arriving
    if arriving is not None and unclear(standing.contents, arriving):
        return _count(desk, standing, _narrow(desk, standing, arriving, entry), [])
    if arriving is not None:
        typed = typed_quantity(entry)
        if typed is not None:
            return _typed(desk, standing, arriving, typed)
    location = find_bin(desk, entry)
    if location is not None:
        return _to_bin(desk, standing, location)
    match = match_code(desk.session, scan_of(entry))
    if match is None:
        raise unknown(entry, takes_number=arriving is not None)
    return _hear_item(desk, standing, match, scan_of(entry))


def _hear_item(desk: Desk, standing: Standing, match: Match, scan: Scan) -> Heard:
    state, variant = standing.state, match.variant
    if standing.line_of(variant.id) is None:
        raise Refusal("E06", found=variant.sku, document=standing.document)
    told = _told_by_label(desk, standing, Arriving(variant_id=variant.id), variant, scan)
    known = state.arriving
    if known is not None and _is_same(known, told):
        more = known.model_copy(update={"quantity": known.quantity + worth(match, scan)})
        return _count(desk, standing, more, [])
    carried = take_counted(desk, standing)
    quantity = Decimal(1) if variant.is_serial_tracked else worth(match, scan)
    return _count(desk, standing, told.model_copy(update={"quantity": quantity}), carried)


def _is_same(known: Arriving, told: Arriving) -> bool:
    is_other_lot = told.lot_id is not None and told.lot_id != known.lot_id
    return known.variant_id == told.variant_id and known.serial is None and told.serial is None and not is_other_lot


def _told_by_label(desk: Desk, standing: Standing, arriving: Arriving, variant: Variant, scan: Scan) -> Arriving:
    if scan.lot and variant.is_lot_tracked:
        arriving = arriving.model_copy(update={"lot_id": _lot_id(desk, standing, variant, scan.lot)})
    if scan.serial and variant.is_serial_tracked:
        arriving = _with_serial(desk, standing, arriving, scan.serial)
    return arriving


def _lot_id(desk: Desk, standing: Standing, variant: Variant, number: str) -> str:
    lot = find_lot(desk.session, variant.id, number)
    if lot is None or all(row.lot_id != lot.id for row in standing.contents):
        raise Refusal("E06", found=f"{variant.sku} {shown(number)}", document=standing.document)
    return lot.id


def _with_serial(desk: Desk, standing: Standing, arriving: Arriving, serial: str) -> Arriving:
    known = [row for row in standing.contents if row.variant_id == arriving.variant_id and row.serial == serial]
    if not known:
        raise Refusal("E06", found=shown(serial), document=standing.document)
    return arriving.model_copy(update={"serial": serial})


def _narrow(desk: Desk, standing: Standing, arriving: Arriving, entry: Entry) -> Arriving:
    """The lot or serial that was asked for."""
    scan, what = scan_of(entry), unclear(standing.contents, arriving)
    variant = fetch(desk.session, Variant, arriving.variant_id, resource="variant")
    match = match_code(desk.session, scan)
    if match is not None and match.variant.id != variant.id:
        raise Refusal("E02", found=match.variant.sku, expected=variant.sku)
    text = (scan.lot if what == "lot" else scan.serial) or ("" if match else text_of(entry))
    if not text:
        raise Refusal(ASKED[what], item=variant.sku)
    if what == "lot":
        return arriving.model_copy(update={"lot_id": _lot_id(desk, standing, variant, text)})
    return _with_serial(desk, standing, arriving, text)


def _typed(desk: Desk, standing: Standing, arriving: Arriving, quantity: Decimal) -> Heard:
    variant = fetch(desk.session, Variant, arriving.variant_id, resource="variant")
    if quantity <= 0 or (variant.is_serial_tracked and quantity != 1):
        raise Refusal("E28", found=show(quantity))
    refuse_part(variant, quantity)
    counted = arriving.model_copy(update={"quantity": quantity})
    refuse_surplus(standing, counted)
    place = place_of(desk, standing)
    if place is not None and len(places_of(desk)) == 1:
        return _take(desk, standing, counted, place)
    return _count(desk, standing, counted, [])


def _count(desk: Desk, standing: Standing, arriving: Arriving, carried: list[Carried]) -> Heard:
    """`carried`: what this step has taken in already."""
    now = Standing.of(desk, standing.state.model_copy(update={"arriving": arriving}))
    refuse_surplus(now, arriving)
    note(desk, standing, carried)
    if what := unclear(now.contents, arriving):
        return Heard(now.state, Verdict(ASKED[what], {"item": sku_of(desk, arriving.variant_id)}))
    told = {"quantity": show(arriving.quantity), "item": sku_of(desk, arriving.variant_id)}
    return Heard(now.state, Verdict("G17", told))


def refuse_surplus(standing: Standing, arriving: Arriving) -> None:
    """Raises E14 for more than is on its way."""
    maximum = coming(standing.contents, arriving)
    if arriving.quantity > maximum:
        raise Refusal("E14", maximum=show(maximum))


# --- into the site --------------------------------------------------------------------------------------------------


def _to_bin(desk: Desk, standing: Standing, location: Location) -> Heard:
    """The bin for what is counted, and for what follows."""
    arriving = standing.state.arriving
    if arriving is None:
        _refuse_bin(desk, location, [])
        following = standing.state.model_copy(update={"location_id": location.id})
        return Heard(following, Verdict("G04", {"bin": location.code}))
    return _take(desk, standing, arriving, location)


def _refuse_bin(desk: Desk, location: Location, contents: list[Content]) -> None:
    """Docks take anything, storage bins what their rules allow, other places nothing."""
    if location.is_held:
        raise Refusal("E17", bin=location.code)
    if location.kind == "dock" and location.status == "active":
        return
    if location.kind not in STORAGE_KINDS:
        raise Refusal("E43", found=location.code)
    with refusals(desk):
        refuse_illegal_bin(desk.session, location, contents)


def _take(desk: Desk, standing: Standing, arriving: Arriving, location: Location) -> Heard:
    carried = take_in(desk, standing, arriving, location)
    note(desk, standing, carried)
    kept = location.id if standing.state.location_id else ""
    following = standing.state.model_copy(update={"arriving": None, "location_id": kept})
    told = {"quantity": show(arriving.quantity), "item": sku_of(desk, arriving.variant_id), "bin": location.code}
    return Heard(following, Verdict("G09", told))


def take_in(desk: Desk, standing: Standing, arriving: Arriving, location: Location) -> list[Carried]:
    """Posts what was counted out of transit."""
    assert standing.transfer is not None
    content = Content(
        arriving.variant_id, location.id, arriving.quantity, arriving.lot_id or _only_lot(standing, arriving)
    )
    _refuse_bin(desk, location, [content])
    arrival = Arrival(
        arriving.variant_id,
        arriving.quantity,
        lot_id=arriving.lot_id,
        serial=arriving.serial,
        location_id=location.id,
    )
    with refusals(desk):
        try:
            return transfers.take_in(desk.session, standing.transfer, [arrival], idempotency_key=desk.key("take"))
        except transfers.TooMany as error:
            raise Refusal("E14", maximum=show(error.maximum)) from error


def _only_lot(standing: Standing, arriving: Arriving) -> str:
    lots = {row.lot_id for row in standing.contents if row.variant_id == arriving.variant_id}
    return lots.pop() if len(lots) == 1 else ""


def take_counted(desk: Desk, standing: Standing) -> list[Carried]:
    """Posts what is counted and not taken in yet, when something is."""
    arriving, place = standing.state.arriving, place_of(desk, standing)
    if arriving is None or place is None or arriving.quantity <= ZERO:
        return []
    return take_in(desk, standing, arriving, place)


def note(desk: Desk, standing: Standing, carried: list[Carried], *, is_closed: bool = False) -> None:
    """Notes what the step took in or closed, so that it can be taken back."""
    if not carried and not is_closed:
        return
    assert standing.transfer is not None
    quantity = sum((each.quantity for each in carried), ZERO)
    variants = {row.id: row.variant_id for row in standing.contents}
    desk.did(
        "transfer_receive",
        moves=[each.posted for each in carried],
        document_kind=transfers.DOCUMENT,
        document_id=standing.transfer.id,
        summary={
            "item": ", ".join(dict.fromkeys(sku_of(desk, variants[each.content_id]) for each in carried)),
            "quantity": show(quantity) if quantity else "",
            "document": standing.document,
        },
        details={"carried": [[each.content_id, str(each.quantity)] for each in carried], "closed": is_closed},
    )


# --- the end --------------------------------------------------------------------------------------------------------


def finish_receive(desk: Desk, standing: Standing) -> Heard:
    """F10: takes in what is counted; closes what is complete, and asks about what is not."""
    arriving = standing.state.arriving
    if arriving is not None and (what := unclear(standing.contents, arriving)):
        raise Refusal(ASKED[what], item=sku_of(desk, arriving.variant_id))
    carried = take_counted(desk, standing)
    following = standing.state.model_copy(update={"arriving": None})
    now = Standing.of(desk, following)
    if now.missing:
        note(desk, now, carried)
        return Heard(following.model_copy(update={"is_ending": True}))
    return close(desk, now, carried)


def close(desk: Desk, standing: Standing, carried: list[Carried]) -> Heard:
    """Nothing more comes; what is missing waits for a supervisor."""
    assert standing.transfer is not None
    missing = transfers.close(desk.session, standing.transfer)
    note(desk, standing, carried, is_closed=True)
    if missing:
        quantity = sum((loss.quantity for loss in missing), ZERO)
        return Heard(TransferState(), Verdict("W26", {"document": standing.document, "quantity": show(quantity)}))
    return Heard(TransferState(), Verdict("G18", {"document": standing.document}))


def settle(desk: Desk, standing: Standing, reason: str) -> Heard:
    """A supervisor's reason for what never arrived; then the next of the transfer."""
    loss = find_loss(desk, standing.state.loss_id)
    assert loss is not None and standing.transfer is not None
    with refusals(desk):
        carried = transfers.settle_loss(desk.session, loss, reason=reason, idempotency_key=desk.key("settle"))
    posted: list[Posted] = [each.posted for each in carried]
    told = {"quantity": show(loss.quantity), "item": sku_of(desk, loss.variant_id), "document": standing.document}
    desk.did(
        "transfer_settle",
        moves=posted,
        document_kind=transfers.DOCUMENT,
        document_id=standing.transfer.id,
        summary=told,
        details={
            "carried": [[each.content_id, str(each.quantity)] for each in carried],
            "loss": loss.id,
            "reason": reason,
        },
    )
    rest = transfers.open_losses(desk.session, transfer_id=standing.transfer.id)
    following = standing.state.model_copy(update={"loss_id": rest[0].id}) if rest else TransferState()
    if not rest:
        claims.release(desk.session, transfers.DOCUMENT, standing.transfer.id)
    return Heard(following, Verdict("G40", told))
