"""Receive what a purchase order brings, or what comes without one: everything by scans.

Goods counted piece by piece or typed are posted to the dock as soon as their line is complete, a serial at once;
everything else is posted when the bin that it stands in is scanned.

Example::

    heard = FLOW.hear(desk, state, Entry("code", "PO-1001"))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

from ambra_tui.errors import AmbraError, WrongState
from ambra_tui.floor.codes import scan_of, shown, text_of, typed_quantity, unknown
from ambra_tui.floor.conversation import SHOWN_WORK, Entry, Heard, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.dates import typed_date
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.override import confirm, supervisor_with
from ambra_tui.floor.printing import print_label, print_plate
from ambra_tui.floor.receive_item import (
    Allowed,
    hear_item,
    hear_pieces,
    hear_quantity,
    hear_serial,
    refuse_unnamed,
)
from ambra_tui.floor.receive_posting import confirm_or_move, post_copy, post_counted, refuse_used_plate
from ambra_tui.floor.receive_state import ReceiveState, Standing, Wanted
from ambra_tui.floor.receive_view import SHORT_REASONS, draw
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.scan.model import Scan
from ambra_tui.services import purchasing
from ambra_tui.services.catalog import add_barcode, match_code
from ambra_tui.services.lots import ExpiryDiffers, find_lot
from ambra_tui.services.places import find_location, find_plate
from ambra_tui.services.purchasing import OverReceipt, outstanding
from ambra_tui.services.receiving import quarantine_location
from ambra_tui.store.facts import next_number
from ambra_tui.store.models import Act, Location, PurchaseOrder, Site
from ambra_tui.store.scope import fetch

ALLOWABLE = frozenset({"E01", "E11", "E14"})
KEEP_OPEN = "keep_open"


class Receive:
    """The flow behind digit 1."""

    name = "receive"
    menu_digit = "1"
    roles = frozenset({"operator", "supervisor", "admin"})
    state_type = ReceiveState

    def begin(self, desk: Desk, entry: Entry | None = None) -> ReceiveState | Heard:
        """Choosing an order, or the scanned one."""
        return ReceiveState() if entry is None else _open(desk, ReceiveState(), entry)

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Purchase orders that are still to come."""
        expected = purchasing.expected_orders(desk.session, desk.site.id, limit=SHOWN_WORK)
        return [Row(order.number, f"{order.expected_on or ''}") for order in expected]

    def prompt(self, desk: Desk, state: ReceiveState) -> Prompt:
        """The step as it is now."""
        return draw(desk, Standing.of(desk, state))

    def hear(self, desk: Desk, state: ReceiveState, entry: Entry) -> Heard:
        """One step. What a supervisor may allow is kept until the next entry."""
        if state.question == "pin":
            return _hear_pin(desk, state, entry)
        try:
            with _told():
                return _hear(desk, state, entry)
        except Refusal as refusal:
            refusal.state = _remember(state, entry, refusal)
            raise

    def undone(self, desk: Desk, state: ReceiveState, act: Act) -> ReceiveState:
        """What was taken back is no longer waiting for its bin, and is no model for the next plate."""
        gone = set(act.move_ids)
        waiting = tuple(deposit for deposit in state.deposits if not gone.intersection(deposit.move_ids))
        return state.model_copy(update={"deposits": waiting, "pallet": None, "is_copied": False})


def _behind_savepoint(desk: Desk, step: Callable[[], Heard], remember: Callable[[Refusal], ReceiveState]) -> Heard:
    """Runs a step; a refusal undoes what it wrote and is answered with the state that `remember` gives."""
    savepoint = desk.session.begin_nested()
    try:
        with _told():
            heard = step()
    except Refusal as refusal:
        savepoint.rollback()
        return Heard(remember(refusal), refusal.verdict)
    except AmbraError:
        savepoint.rollback()
        raise
    savepoint.commit()
    return heard


def _remember(state: ReceiveState, entry: Entry, refusal: Refusal) -> ReceiveState:
    """A refused step changes nothing but what a supervisor may allow now."""
    wanted = None
    code = refusal.verdict.code
    if code in ALLOWABLE and entry.kind == "code" and state.is_open and not state.learned_code:
        wanted = Wanted(code=code, text=entry.text, how=entry.how, scan=scan_of(entry))
    return state.model_copy(update={"wanted": wanted})


def _hear(desk: Desk, state: ReceiveState, entry: Entry) -> Heard:
    if entry.kind == "command":
        return _COMMANDS.get(entry.text, _ignore)(desk, state.model_copy(update={"wanted": None}))
    if entry.kind == "choice":
        return _choice(desk, state, entry)
    if state.question == "close":
        raise Refusal("E40")
    if not state.is_open:
        return _open(desk, state, entry)
    if state.learned_code:
        return _learn(desk, state, entry)
    supervisor = supervisor_with(desk, entry) if state.wanted else None
    if supervisor is not None:
        return Heard(state.model_copy(update={"question": "pin", "supervisor_id": supervisor.id}))
    return _hear_code(desk, state.model_copy(update={"wanted": None}), entry, frozenset())


# --- the order ------------------------------------------------------------------------------------------------------


def _open(desk: Desk, state: ReceiveState, entry: Entry) -> Heard:
    scan = scan_of(entry)
    if scan.sscc and not scan.gtin:
        refuse_used_plate(desk, scan.sscc)
        return Heard(state.model_copy(update={"plate": scan.sscc}), Verdict("G07", {"found": scan.sscc}))
    order = purchasing.find_purchase_order(desk.session, text_of(entry))
    if order is None:
        text = text_of(entry)
        is_known = match_code(desk.session, scan) or find_location(desk.session, text, site_id=desk.site.id)
        raise Refusal("E47", found=shown(text)) if is_known or scan.kind == "plain" else unknown(entry)
    return _open_order(desk, state, order)


def _open_order(desk: Desk, state: ReceiveState, order: PurchaseOrder) -> Heard:
    if order.site_id != desk.site.id:
        site = fetch(desk.session, Site, order.site_id, resource="location")
        raise Refusal("E42", found=order.number, site=site.code)
    if order.status == "cancelled":
        raise Refusal("E32", document=order.number)
    if order.status == "received":
        raise Refusal("E33", document=order.number)
    if order.status not in purchasing.RECEIVABLE:
        raise Refusal("E48", document=order.number, status=order.status)
    if desk.site.is_read_only:
        raise Refusal("E56", site=desk.site.code)
    lines = [line for line in purchasing.lines_of(desk.session, order.id) if outstanding(line) > 0]
    opened = ReceiveState(order_id=order.id, plate=state.plate if not state.is_open else "")
    return Heard(opened, Verdict("G20", {"document": order.number, "count": str(len(lines))}))


# --- codes ----------------------------------------------------------------------------------------------------------


def _hear_code(desk: Desk, state: ReceiveState, entry: Entry, allowed: Allowed) -> Heard:
    """What a code means here, asked in this order: plate, a number typed for the item, item, parts of a label, bin,
    plate of ours, the answer to what is asked, order."""
    scan = scan_of(entry)
    if scan.sscc:
        heard = _hear_plate(desk, state, scan.sscc)
        return _with_rest_of_label(desk, heard, entry, allowed) if scan.gtin else heard
    typed = typed_quantity(entry)
    if typed is not None and Standing.of(desk, state).takes_number:
        return hear_quantity(desk, state, typed, allowed)
    match = match_code(desk.session, scan)
    if match is not None:
        return hear_item(desk, state, match, entry, allowed)
    is_part = not scan.gtin and (scan.lot or scan.expiry or scan.best_before or scan.serial or scan.count is not None)
    if is_part:
        return hear_pieces(desk, state, scan, allowed)
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    if location is not None:
        return _hear_bin(desk, state, location)
    if find_plate(desk.session, text_of(entry)) is not None:
        return _hear_plate(desk, state, text_of(entry))
    answer = _answer(desk, state, entry, allowed)
    if answer is not None:
        return answer
    order = purchasing.find_purchase_order(desk.session, text_of(entry))
    if order is not None:
        return _switch_order(desk, state, order)
    if typed is not None:
        return hear_quantity(desk, state, typed, allowed)
    raise unknown(entry, takes_number=Standing.of(desk, state).takes_number)


def _with_rest_of_label(desk: Desk, heard: Heard, entry: Entry, allowed: Allowed) -> Heard:
    """A label that holds both the plate and what stands on it."""
    match = match_code(desk.session, scan_of(entry))
    if match is None:
        raise unknown(entry)
    return hear_item(desk, cast(ReceiveState, heard.state), match, entry, allowed)


def _answer(desk: Desk, state: ReceiveState, entry: Entry, allowed: Allowed) -> Heard | None:
    """Typed or plain text as the lot, date or serial that is asked for; None when it is none of these."""
    step = Standing.of(desk, state).step
    scan, text = scan_of(entry), text_of(entry)
    is_plain = scan.kind == "plain" or entry.how == "manual"
    if step == "expiry" and (is_plain or scan.kind == "gtin"):
        day = typed_date(text)
        if day is None and entry.how == "manual":
            raise Refusal("E29", found=shown(text))
        return hear_pieces(desk, state, Scan(raw=text, kind="plain", expiry=day), allowed) if day else None
    if step == "lot" and is_plain:
        return hear_pieces(desk, state, Scan(raw=text, kind="plain", lot=text), allowed)
    if step == "serial" and is_plain:
        return hear_serial(desk, state, text, allowed)
    return None


def _switch_order(desk: Desk, state: ReceiveState, order: PurchaseOrder) -> Heard:
    _refuse_counted(desk, state, order.number)
    if order.id == state.order_id:
        return Heard(state, Verdict("G20", {"document": order.number, "count": str(_open_count(desk, order))}))
    return _open_order(desk, state, order)


def _open_count(desk: Desk, order: PurchaseOrder) -> int:
    return sum(1 for line in purchasing.lines_of(desk.session, order.id) if outstanding(line) > 0)


def _refuse_counted(desk: Desk, state: ReceiveState, found: str) -> None:
    """Raises E43 while something is counted and its bin was not scanned."""
    if state.quantity:
        raise Refusal("E43", found=shown(found))


# --- plates ---------------------------------------------------------------------------------------------------------


def _hear_plate(desk: Desk, state: ReceiveState, code: str) -> Heard:
    if state.plate == code:
        return Heard(state, Verdict("G07", {"found": shown(code)}))
    pallet = state.pallet
    _refuse_counted(desk, state, code)
    if pallet is not None and pallet.code == code and not state.is_copied:
        return Heard(state.without_item().model_copy(update={"plate": code}), Verdict("G07", {"found": shown(code)}))
    refuse_used_plate(desk, code)
    if pallet is not None and not pallet.is_mixed and state.order_id and not state.is_damaged:
        as_next = state.without_item().model_copy(update={"variant_id": pallet.variant_id})
        if Standing.of(desk, as_next).open_quantity >= pallet.quantity:
            return post_copy(desk, state, pallet, code)
    following = state.without_item().model_copy(update={"plate": code, "pallet": None})
    return Heard(following, Verdict("G07", {"found": shown(code)}))


def _new_plate(desk: Desk, state: ReceiveState) -> Heard:
    """A plate number of our own, to be written on the pallet."""
    if not state.is_open:
        return _ignore(desk, state)
    _refuse_counted(desk, state, "F5")
    code = next_number(desk.session, "LP")
    while find_plate(desk.session, code) is not None:
        code = next_number(desk.session, "LP")
    return Heard(
        state.without_item().model_copy(update={"plate": code, "pallet": None}), Verdict("G07", {"found": code})
    )


# --- bins -----------------------------------------------------------------------------------------------------------


def _hear_bin(desk: Desk, state: ReceiveState, location: Location) -> Heard:
    standing = Standing.of(desk, state)
    if standing.variant is not None and (state.quantity or not state.deposits):
        refuse_unnamed(standing)
    if state.quantity:
        return post_counted(desk, standing, location)
    if state.deposits:
        last = state.deposits[-1].variant_id
        return confirm_or_move(desk, Standing.of(desk, state.model_copy(update={"variant_id": last})), location)
    if standing.step == "serial" and standing.variant is not None:
        raise Refusal("E46", item=standing.variant.sku)
    raise Refusal("E44", found=location.code)


# --- questions ------------------------------------------------------------------------------------------------------


def _choice(desk: Desk, state: ReceiveState, entry: Entry) -> Heard:
    if state.question == "close" and entry.text == KEEP_OPEN:
        return Heard(None, Verdict("G29", {"document": Standing.of(desk, state).document}))
    if state.question == "close" and entry.text in SHORT_REASONS:
        return _close_short(desk, state, entry.text)
    raise Refusal("E54", found=shown(entry.text))


def _close(desk: Desk, state: ReceiveState) -> Heard:
    if not state.is_open:
        return Heard(None)
    _refuse_counted(desk, state, "F10")
    standing = Standing.of(desk, state)
    if standing.order is None:
        return Heard(None, Verdict("G03"))
    if standing.is_all_received or standing.order.close_reason:
        return Heard(None, Verdict("G18", {"document": standing.document}))
    if not any(line.received for line in standing.lines):
        raise Refusal("E60", document=standing.document)
    return Heard(state.model_copy(update={"question": "close"}))


def _close_short(desk: Desk, state: ReceiveState, reason: str) -> Heard:
    order = purchasing.get_purchase_order(desk.session, state.order_id)
    missing = purchasing.close_short(desk.session, order, reason=reason.upper())
    quantity = sum((row.quantity for row in missing), ZERO)
    desk.did(
        "receive_close",
        document_kind="purchase_order",
        document_id=order.id,
        summary={"document": order.number, "quantity": show(quantity)},
    )
    return Heard(None, Verdict("W10", {"document": order.number, "quantity": show(quantity)}))


def _hear_pin(desk: Desk, state: ReceiveState, entry: Entry) -> Heard:
    """The supervisor's PIN: what was refused is heard again, allowed this once."""
    asked = state.model_copy(update={"question": "", "supervisor_id": "", "wanted": None})
    wanted = state.wanted
    if wanted is None or (entry.kind == "command" and entry.text == "back"):
        return Heard(asked)
    if entry.kind != "code" or entry.how == "scan":
        raise Refusal("E40")
    details = {"code": wanted.code, "text": shown(wanted.text), "document": Standing.of(desk, asked).document}
    supervisor = confirm(
        desk, state.supervisor_id, entry.text.strip(), act="receipt_override", subject=state.order_id, **details
    )
    if wanted.code == "E01":
        learned = (wanted.scan.gtin or wanted.scan.text or wanted.text).strip()
        return Heard(asked.model_copy(update={"learned_code": learned}), Verdict("G21", {"name": supervisor.name}))
    again = Entry("code", wanted.text, how=wanted.how, scan=wanted.scan)
    return _behind_savepoint(
        desk, lambda: _hear_code(desk, asked, again, frozenset({wanted.code})), lambda refusal: asked
    )


def _learn(desk: Desk, state: ReceiveState, entry: Entry) -> Heard:
    """The item, or its case, that the unknown code means from now on."""
    match = match_code(desk.session, scan_of(entry))
    if match is None:
        raise Refusal("E44", found=shown(text_of(entry)))
    learned = add_barcode(
        desk.session,
        variant_id=match.variant.id,
        code=state.learned_code,
        kind=match.barcode.kind if match.barcode else "each",
        quantity=match.quantity,
    )
    desk.did(
        "learn",
        summary={"item": match.variant.sku, "found": shown(state.learned_code)},
        details={"code": learned.code, "variant_id": match.variant.id},
    )
    told = {"found": shown(state.learned_code), "item": match.variant.sku}
    return Heard(state.model_copy(update={"learned_code": "", "wanted": None}), Verdict("G22", told))


# --- commands -------------------------------------------------------------------------------------------------------


def _back(desk: Desk, state: ReceiveState) -> Heard:
    if state.question or state.learned_code:
        return Heard(state.model_copy(update={"question": "", "supervisor_id": "", "learned_code": ""}))
    if not state.is_open:
        return Heard(ReceiveState() if state.plate else None)
    if state.quantity:
        return Heard(
            state.without_item(), Verdict("W21", {"quantity": show(state.quantity), "item": _sku(desk, state)})
        )
    if state.variant_id or state.plate or state.is_copied or state.is_damaged:
        return Heard(state.without_item().model_copy(update={"is_damaged": False, "pallet": None}))
    return Heard(ReceiveState())


def _sku(desk: Desk, state: ReceiveState) -> str:
    variant = Standing.of(desk, state).variant
    return variant.sku if variant else ""


def _blind(desk: Desk, state: ReceiveState) -> Heard:
    if state.is_open:
        return _ignore(desk, state)
    if desk.site.is_read_only:
        raise Refusal("E56", site=desk.site.code)
    return Heard(ReceiveState(is_blind=True, plate=state.plate))


def _damaged(desk: Desk, state: ReceiveState) -> Heard:
    """Switches between good and damaged for what is counted now, or next."""
    if not state.is_open:
        return _ignore(desk, state)
    if state.is_damaged:
        return Heard(state.model_copy(update={"is_damaged": False}), Verdict("G01"))
    if state.quantity:
        marked = state.model_copy(update={"is_damaged": True})
    else:
        marked = state.without_item().model_copy(update={"is_damaged": True, "plate": state.plate, "pallet": None})
    return Heard(marked, Verdict("W22", {"bin": quarantine_location(desk.session, desk.site.id).code}))


def _label(desk: Desk, state: ReceiveState) -> Heard:
    """The label of the plate, else of the item with its lot."""
    if state.plate_to_print:
        return Heard(state, print_plate(desk, state.plate_to_print))
    if not state.variant_id:
        return _ignore(desk, state)
    lot = find_lot(desk.session, state.variant_id, state.lot_number) if state.lot_number else None
    if lot is not None:
        return Heard(state, print_label(desk, "lot", lot.id))
    return Heard(state, print_label(desk, "item", state.variant_id))


def _home(desk: Desk, state: ReceiveState) -> Heard:
    return Heard(None)


def _ignore(desk: Desk, state: ReceiveState) -> Heard:
    return Heard(state)


_COMMANDS: dict[str, Callable[[Desk, ReceiveState], Heard]] = {
    "back": _back,
    "home": _home,
    "label": _label,
    "blind": _blind,
    "close": _close,
    "damaged": _damaged,
    "plate": _new_plate,
}


# --- words ----------------------------------------------------------------------------------------------------------


@contextmanager
def _told() -> Iterator[None]:
    """Refusals of the services as verdicts."""
    try:
        yield
    except ExpiryDiffers as error:
        raise Refusal("E09", lot=error.lot.lot_number, expected=error.stored, found=error.given) from error
    except OverReceipt as error:
        raise Refusal("E14", maximum=show(error.overs[0].maximum)) from error
    except WrongState as error:
        raise Refusal("E48", document=error.key, status=error.state) from error


FLOW = Receive()
