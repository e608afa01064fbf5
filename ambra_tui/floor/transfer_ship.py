"""Loading a transfer: bin by bin, item by item, until it is sent.

What is counted is loaded as soon as its line is complete, its number is typed, or the worker goes on: scans another
item or bin, or sends the transfer.

Example::

    heard = hear_ship(desk, Standing.of(desk, state), entry)
"""

from __future__ import annotations

from ambra_tui.floor.bin_item import (
    ASKED,
    BinItem,
    ambiguous,
    asked,
    begin_item,
    content_in,
    count_more,
    find_bin,
    free_of,
    levels_of,
    location_of,
    narrow,
    refusals,
    scan_bin,
    set_quantity,
    short,
    variant_of,
)
from ambra_tui.floor.codes import scan_of, typed_quantity, unknown
from ambra_tui.floor.conversation import Entry, Heard, Refusal, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.held_lots import held_code
from ambra_tui.floor.transfer_state import Standing, TransferState, sku_of
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services import transfers
from ambra_tui.services.catalog import match_code
from ambra_tui.services.transfers import Carried
from ambra_tui.store.models import Location, Lot
from ambra_tui.store.scope import fetch

BARRED = ("quarantine", "recalled")


def hear_ship(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    """A code while loading."""
    state = standing.state
    if state.item is not None and (ambiguous(desk, state.item)):
        return _count(desk, standing, narrow(desk, state.item, entry), [])
    typed = typed_quantity(entry) if state.item is not None else None
    if typed is not None and state.item is not None:
        counted = set_quantity(desk, state.item, typed)
        refuse_surplus(standing, counted)
        return _loaded(desk, standing, counted)
    location = find_bin(desk, entry) if state.location_id else scan_bin(desk, entry)
    if location is not None:
        return _go_to(desk, standing, location)
    return _hear_item(desk, standing, entry)


def _go_to(desk: Desk, standing: Standing, location: Location) -> Heard:
    """Another bin; what was counted is loaded first."""
    if location.is_held:
        raise Refusal("E17", bin=location.code)
    carried = load_counted(desk, standing)
    note(desk, standing, carried)
    following = standing.state.model_copy(update={"location_id": location.id, "item": None})
    if carried:
        return Heard(following, _told(desk, standing))
    return Heard(following, Verdict("G04", {"bin": location.code}))


def _hear_item(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    state, scan = standing.state, scan_of(entry)
    match = match_code(desk.session, scan)
    if match is None:
        raise unknown(entry, takes_number=state.item is not None)
    if standing.line_of(match.variant.id) is None:
        raise Refusal("E06", found=match.variant.sku, document=standing.document)
    item = state.item
    if item is not None and item.variant_id == match.variant.id and not match.variant.is_serial_tracked:
        return _count(desk, standing, count_more(desk, item, match, scan), [])
    carried = load_counted(desk, standing)
    location = fetch(desk.session, Location, state.location_id, resource="location")
    return _count(desk, standing, begin_item(desk, location, match, scan), carried)


def _count(desk: Desk, standing: Standing, item: BinItem, carried: list[Carried]) -> Heard:
    """`carried`: what this step has loaded already."""
    refuse_surplus(standing, item)
    following = standing.state.model_copy(update={"item": item})
    if ambiguous(desk, item):
        note(desk, standing, carried)
        return Heard(following, asked(desk, item))
    refuse_barred(desk, item)
    if item.quantity > free_of(levels_of(desk, item)):
        raise short(desk, item)
    line = standing.line_of(item.variant_id)
    is_complete = line is not None and item.quantity == line.quantity - line.shipped
    if is_complete or variant_of(desk, item).is_serial_tracked:
        return _loaded(desk, standing, item, carried)
    note(desk, standing, carried)
    return Heard(following, Verdict("G17", {"quantity": show(item.quantity), "item": variant_of(desk, item).sku}))


def refuse_surplus(standing: Standing, item: BinItem) -> None:
    """Raises E14 for more than the line still wants."""
    line = standing.line_of(item.variant_id)
    outstanding = line.quantity - line.shipped if line else ZERO
    if item.quantity > outstanding:
        raise Refusal("E14", maximum=show(outstanding))


def refuse_barred(desk: Desk, item: BinItem) -> None:
    """Raises E16 for a lot on hold."""
    for level in levels_of(desk, item):
        lot = fetch(desk.session, Lot, level.lot_id, resource="lot") if level.lot_id else None
        if lot is not None and lot.status in BARRED:
            raise Refusal(held_code(lot), lot=lot.lot_number)


def _loaded(desk: Desk, standing: Standing, item: BinItem, carried: list[Carried] | None = None) -> Heard:
    done = [*(carried or []), load(desk, standing, item)]
    note(desk, standing, done)
    following = standing.state.model_copy(update={"item": None})
    told = {
        "quantity": show(item.quantity),
        "item": variant_of(desk, item).sku,
        "bin": location_of(desk, item).code,
        "document": standing.document,
    }
    return Heard(following, Verdict("G35", told))


def _told(desk: Desk, standing: Standing) -> Verdict:
    item = standing.state.item
    assert item is not None
    told = {"quantity": show(item.quantity), "item": variant_of(desk, item).sku}
    return Verdict("G35", {**told, "bin": location_of(desk, item).code, "document": standing.document})


def load(desk: Desk, standing: Standing, item: BinItem) -> Carried:
    """Posts what was counted into transit."""
    assert standing.transfer is not None
    refuse_barred(desk, item)
    with refusals(desk, item):
        return transfers.load(
            desk.session, standing.transfer, content=content_in(desk, item), idempotency_key=desk.key("load")
        )


def load_counted(desk: Desk, standing: Standing) -> list[Carried]:
    """Posts what is counted and not loaded yet, when something is."""
    item = standing.state.item
    return [load(desk, standing, item)] if item is not None and item.quantity > ZERO else []


def note(desk: Desk, standing: Standing, carried: list[Carried], *, is_sent: bool = False) -> None:
    """Notes what the step loaded or sent, so that it can be taken back."""
    if not carried and not is_sent:
        return
    assert standing.transfer is not None
    quantity = sum((each.quantity for each in carried), ZERO)
    rows = {row.id: row for row in transfers.contents_of(desk.session, standing.transfer.id)}
    items = ", ".join(dict.fromkeys(sku_of(desk, rows[each.content_id].variant_id) for each in carried))
    desk.did(
        "transfer_ship",
        moves=[each.posted for each in carried],
        document_kind=transfers.DOCUMENT,
        document_id=standing.transfer.id,
        summary={"item": items, "quantity": show(quantity) if quantity else "", "document": standing.document},
        details={"carried": [[each.content_id, str(each.quantity)] for each in carried], "sent": is_sent},
    )


def finish_ship(desk: Desk, standing: Standing) -> Heard:
    """F10: loads what is counted; sends what is complete, and asks about what is not."""
    item = standing.state.item
    if item is not None and (what := ambiguous(desk, item)):
        raise Refusal(ASKED[what], item=variant_of(desk, item).sku)
    carried = load_counted(desk, standing)
    following = standing.state.model_copy(update={"item": None})
    now = Standing.of(desk, following)
    if not any(line.shipped for line in now.lines):
        raise Refusal("E63", document=standing.document)
    if now.missing:
        note(desk, now, carried)
        return Heard(following.model_copy(update={"is_ending": True}))
    return send(desk, now, carried)


def send(desk: Desk, standing: Standing, carried: list[Carried]) -> Heard:
    """What is loaded is on its way."""
    assert standing.transfer is not None
    transfer = transfers.send(desk.session, standing.transfer)
    note(desk, standing, carried, is_sent=True)
    _, destination = transfers.site_codes(desk.session, transfer)
    quantity = sum((line.shipped for line in standing.lines), ZERO)
    told = {"document": transfer.number, "site": destination, "quantity": show(quantity)}
    return Heard(TransferState(), Verdict("G36", told))
