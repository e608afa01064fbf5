"""What comes out of a batch: how much, which lot, until when it keeps, and where it is put.

Nothing is posted before the place is known. The label of the new lot is queued with the same step; a printer that fails
never undoes what was made.

Example::

    heard = hear_place(desk, standing, Entry("code", "WH1-RECV"))
"""

from __future__ import annotations

from decimal import Decimal

from ambra_tui.errors import AmbraError, Duplicate, WrongState
from ambra_tui.floor.bin_item import find_bin
from ambra_tui.floor.codes import refuse_part, scan_of, shown, text_of, typed_quantity, unknown
from ambra_tui.floor.conversation import Entry, Heard, Refusal, Verdict
from ambra_tui.floor.dates import typed_date
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.printing import print_label
from ambra_tui.floor.production_state import ProduceState, Standing
from ambra_tui.floor.receive_item import worth
from ambra_tui.floor.receive_posting import bin_refusal, dock_of, refuse_used_plate
from ambra_tui.kit.quantity import show
from ambra_tui.services import claims, production
from ambra_tui.services.catalog import match_code
from ambra_tui.services.lot_rules import HELD_LOT_STATES
from ambra_tui.services.lots import MAX_LOT_NUMBER, find_lot
from ambra_tui.services.places import find_or_create_plate, find_plate
from ambra_tui.services.production import Completion
from ambra_tui.services.putaway import BinRefused, lock_bin, refuse_illegal_bin
from ambra_tui.services.receiving import Content
from ambra_tui.store.models import Location

# --- how many -------------------------------------------------------------------------------------------------------


def hear_made(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    """A typed number, or units scanned one by one."""
    typed = typed_quantity(entry)
    if typed is None:
        return _count(desk, standing, entry)
    if typed <= 0:
        raise Refusal("E28", found=show(typed))
    refuse_part(standing.product, typed)
    return _made(standing, typed)


def _count(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    """The product's own code once more."""
    match = match_code(desk.session, scan_of(entry))
    if match is None:
        raise unknown(entry, takes_number=True)
    if match.variant.id != standing.product.id:
        raise Refusal("E02", found=match.variant.sku, expected=standing.product.sku)
    return _made(standing, standing.state.made + worth(match, scan_of(entry)))


def _made(standing: Standing, quantity: Decimal) -> Heard:
    told = {"quantity": show(quantity), "item": standing.product.sku}
    return Heard(standing.state.model_copy(update={"made": quantity}), Verdict("G17", told))


# --- which lot, until when ------------------------------------------------------------------------------------------


def hear_new_lot(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    """Another number for the lot than the batch's own; a label may tell its expiry too."""
    scan = scan_of(entry)
    number = scan.lot or text_of(entry)
    if len(number) > MAX_LOT_NUMBER or (not scan.lot and match_code(desk.session, scan) is not None):
        raise unknown(entry)
    if find_bin(desk, entry) is not None:
        raise Refusal("E07", item=standing.product.sku)
    known = find_lot(desk.session, standing.product.id, number)
    if known is not None and known.id != standing.batch.made_lot_id:
        raise Refusal("E75", lot=shown(number), item=standing.product.sku)
    changes = {"lot_number": number, "asks": "", "expiry": scan.expiry or standing.state.expiry}
    told = Verdict("G06", {"item": standing.product.sku, "lot": shown(number)})
    return Heard(standing.state.model_copy(update=changes), told)


def hear_expiry(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    """The day that is on the packs."""
    scan = scan_of(entry)
    day = scan.expiry or scan.best_before or typed_date(text_of(entry))
    if day is None:
        raise Refusal("E29", found=shown(text_of(entry)))
    if day < desk.today:
        raise Refusal("E10", lot=standing.lot_number, expiry=day)
    told = Verdict("G27", {"item": standing.product.sku, "expiry": day.isoformat()})
    return Heard(standing.state.model_copy(update={"expiry": day, "asks": ""}), told)


# --- where to -------------------------------------------------------------------------------------------------------


def hear_place(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    """The bin or dock that it is put at; before it, the plate that it stands on; or a better number."""
    location = find_bin(desk, entry)
    if location is not None:
        return complete(desk, standing, location)
    plate = find_plate(desk.session, scan_of(entry).sscc or text_of(entry))
    code = plate.code if plate is not None else scan_of(entry).sscc
    if code:
        refuse_used_plate(desk, code)
        return Heard(standing.state.model_copy(update={"plate": code}), Verdict("G07", {"found": shown(code)}))
    return hear_made(desk, standing, entry)


def default_place(desk: Desk, standing: Standing) -> Location:
    """The dock where goods come in, or the product's home bin without one."""
    return dock_of(desk, standing.product)


def complete(desk: Desk, standing: Standing, location: Location) -> Heard:
    """Posts what was made, ends the batch, queues the label."""
    _refuse_place(desk, standing, location)
    done = _post(desk, standing, location)
    claims.release(desk.session, production.DOCUMENT, standing.batch.id)
    lot_number = done.lot.lot_number if done.lot is not None else "-"
    told = {"quantity": show(standing.state.made), "item": standing.product.sku, "bin": location.code}
    desk.did(
        "produce_complete",
        moves=done.posted,
        document_kind=production.DOCUMENT,
        document_id=done.batch.id,
        summary={**told, "lot": lot_number, "document": done.batch.number},
        details={
            "takings": [taking.id for taking in done.takings],
            "released": {input_id: str(quantity) for input_id, quantity in done.released.items()},
        },
    )
    told |= {"lot": lot_number}
    verdict = _label_told(desk, standing, done, told)
    if done.lot is not None and done.lot.status in HELD_LOT_STATES:
        verdict = Verdict("W31", told)
    return Heard(ProduceState(batch_id=done.batch.id, is_done=True), verdict)


def _refuse_place(desk: Desk, standing: Standing, location: Location) -> None:
    if standing.state.plate:
        refuse_used_plate(desk, standing.state.plate, at=location)
    if location.kind == "dock" and not location.is_held:
        return
    lock_bin(desk.session, location)
    known = find_lot(desk.session, standing.product.id, standing.lot_number) if standing.lot_number else None
    # A lot that is still to be made is none of those in the bin.
    lot_id = known.id if known is not None else standing.batch.id if standing.lot_number else ""
    try:
        refuse_illegal_bin(desk.session, location, [Content(standing.product.id, "", standing.state.made, lot_id)])
    except BinRefused as refused:
        raise bin_refusal(refused, expected=default_place(desk, standing).code) from refused


def _post(desk: Desk, standing: Standing, location: Location) -> Completion:
    state = standing.state
    plate_id = find_or_create_plate(desk.session, state.plate).id if state.plate else ""
    try:
        return production.complete_batch(
            desk.session,
            standing.batch,
            quantity=state.made,
            takes_rest=False,
            lot_number=state.lot_number or None,
            expiry_date=state.expiry,
            location_id=location.id,
            plate_id=plate_id,
            idempotency_key=desk.key("make"),
        )
    except Duplicate as error:
        raise Refusal("E75", lot=shown(standing.lot_number), item=standing.product.sku) from error
    except WrongState as error:
        raise Refusal("E41") from error


def _label_told(desk: Desk, standing: Standing, done: Completion, told: dict[str, str]) -> Verdict:
    """The end of the batch, and what became of its label."""
    try:
        with desk.session.begin_nested():
            label = print_output(desk, ProduceState(batch_id=done.batch.id))
    except AmbraError:
        return Verdict("W28", told)
    if label.code == "W80":
        return Verdict("W27", {**told, "file": label.params["file"]})
    return Verdict("G67", told)


def print_output(desk: Desk, state: ProduceState) -> Verdict:
    """Queues the label of the lot that the batch made, of the item where it made no lot."""
    batch = production.get_batch(desk.session, state.batch_id)
    if batch.made_lot_id:
        return print_label(desk, "lot", batch.made_lot_id)
    return print_label(desk, "item", batch.output_variant_id)
