"""Take returns back unit by unit: scan the item, then press the condition that it is in.

Only sellable units come into the stock, at the receiving dock; damaged and discarded ones never do.

Example::

    heard = FLOW.hear(desk, state, Entry("code", "RMA-1"))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from ambra_tui.errors import WrongState
from ambra_tui.floor.codes import scan_of, shown, text_of, unknown
from ambra_tui.floor.conversation import SHOWN_WORK, Entry, Heard, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.returns_view import CHOSEN, CONDITION_KEYS, ReturnsState, Standing, draw
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services import claims, returns
from ambra_tui.services.catalog import Match, match_code
from ambra_tui.services.lots import find_lot
from ambra_tui.services.receiving import DuplicateSerial
from ambra_tui.store.models import Act, Lot, ReturnAuthorization, Site, Variant
from ambra_tui.store.scope import fetch


class Returns:
    """The flow behind digit 8."""

    name = "returns"
    menu_digit = "8"
    roles = frozenset({"operator", "supervisor", "admin"})
    state_type = ReturnsState

    def begin(self, desk: Desk, entry: Entry | None = None) -> ReturnsState | Heard:
        """Choosing a return, or the scanned one."""
        return ReturnsState() if entry is None else _open(desk, ReturnsState(), entry)

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Returns that are still to come."""
        return [Row(rma.number) for rma in returns.pending_returns(desk.session, desk.site.id, limit=SHOWN_WORK)]

    def prompt(self, desk: Desk, state: ReturnsState) -> Prompt:
        """The step as it is now."""
        return draw(desk, Standing.of(desk, state))

    def hear(self, desk: Desk, state: ReturnsState, entry: Entry) -> Heard:
        """One step."""
        if entry.kind == "command":
            return _COMMANDS.get(entry.text, _ignore)(desk, state)
        if entry.kind == "choice":
            return _choice(desk, state, entry)
        standing = Standing.of(desk, state)
        _refuse_ended(standing)
        return _STEPS[standing.step](desk, state, entry)

    def undone(self, desk: Desk, state: ReturnsState, act: Act) -> ReturnsState:
        """A unit that was taken back is scanned anew; its return is open again."""
        return ReturnsState(return_id=state.return_id or act.document_id) if act.document_id else state


# --- the return -----------------------------------------------------------------------------------------------------


def _open(desk: Desk, state: ReturnsState, entry: Entry) -> Heard:
    rma = returns.find_return(desk.session, text_of(entry))
    if rma is None:
        is_known = match_code(desk.session, scan_of(entry)) is not None
        raise (
            Refusal("E47", found=shown(text_of(entry)))
            if is_known or scan_of(entry).kind == "plain"
            else unknown(entry)
        )
    return _open_return(desk, rma)


def _open_return(desk: Desk, rma: ReturnAuthorization) -> Heard:
    if rma.site_id != desk.site.id:
        site = fetch(desk.session, Site, rma.site_id, resource="location")
        raise Refusal("E42", found=rma.number, site=site.code)
    if rma.status != "pending":
        raise Refusal("E32" if rma.status == "cancelled" else "E33", document=rma.number)
    try:
        claims.claim(desk.session, returns.DOCUMENT, rma.id)
    except claims.Taken as taken:
        raise Refusal("E30", badge=taken.holder.name[:11], found=taken.holder.name) from taken
    lines = [line for line in returns.lines_of(desk.session, rma.id) if returns.outstanding(line)]
    return Heard(ReturnsState(return_id=rma.id), Verdict("G20", {"document": rma.number, "count": str(len(lines))}))


def _refuse_ended(standing: Standing) -> None:
    """Raises when somebody else cancelled or received the return meanwhile."""
    rma = standing.rma
    if rma is not None and rma.status != "pending":
        raise Refusal("E32" if rma.status == "cancelled" else "E33", document=rma.number)


# --- the unit -------------------------------------------------------------------------------------------------------


def _hear_item(desk: Desk, state: ReturnsState, entry: Entry) -> Heard:
    scan = scan_of(entry)
    match = match_code(desk.session, scan)
    if match is None:
        other = returns.find_return(desk.session, text_of(entry))
        if other is None:
            raise unknown(entry)
        _let_go(desk, state)
        return _open_return(desk, other)
    standing = Standing.of(desk, state)
    _refuse_item(standing, match)
    item = state.model_copy(update={"variant_id": match.variant.id, "quantity": match.quantity, "serial": ""})
    item = item.model_copy(update={"lot_id": returns.only_lot(desk.session, _open_rma(standing), match.variant)})
    if scan.lot and match.variant.is_lot_tracked:
        item = _with_lot(desk, item, match.variant, scan.lot)
    if scan.serial and match.variant.is_serial_tracked:
        item = _with_serial(desk, item, match.variant, scan.serial)
    return _asked(desk, item)


def _refuse_item(standing: Standing, match: Match) -> None:
    lines = [line for line in standing.lines if line.variant_id == match.variant.id]
    if not lines:
        raise Refusal("E06", found=match.variant.sku, document=_open_rma(standing).number)
    room = sum((returns.outstanding(line) for line in lines), ZERO)
    if match.quantity > room:
        raise Refusal("E14", maximum=show(room))


def _open_rma(standing: Standing) -> ReturnAuthorization:
    assert standing.rma is not None
    return standing.rma


def _asked(desk: Desk, state: ReturnsState) -> Heard:
    """What is still to be told of the unit: its lot, its serial, its condition."""
    standing = Standing.of(desk, state)
    assert standing.variant is not None
    code = {"lot": "G30", "serial": "G32"}.get(standing.step, "G79")
    item = f"{standing.variant.sku} {standing.lot_number or shown(state.serial)}".strip()
    return Heard(state, Verdict(code, {"item": item, "quantity": show(state.quantity)}))


def _hear_lot(desk: Desk, state: ReturnsState, entry: Entry) -> Heard:
    scan = scan_of(entry)
    variant = fetch(desk.session, Variant, state.variant_id, resource="variant")
    match = match_code(desk.session, scan)
    if match is not None and not scan.lot:
        return _hear_item(desk, state.at_item(), entry)
    return _asked(desk, _with_lot(desk, state, variant, scan.lot or text_of(entry)))


def _with_lot(desk: Desk, state: ReturnsState, variant: Variant, number: str) -> ReturnsState:
    """The state with a lot of the order that is still out. Raises E04 for another one."""
    shipped = {part.lot_id for part in Standing.of(desk, state).shipped}
    lot = find_lot(desk.session, variant.id, number)
    if lot is None or (any(shipped) and lot.id not in shipped):
        known = [fetch(desk.session, Lot, each, resource="lot").lot_number for each in sorted(shipped) if each]
        raise Refusal("E04", found=shown(number), expected=", ".join(known[:3]) or "-")
    return state.model_copy(update={"lot_id": lot.id})


def _hear_serial(desk: Desk, state: ReturnsState, entry: Entry) -> Heard:
    scan = scan_of(entry)
    variant = fetch(desk.session, Variant, state.variant_id, resource="variant")
    if match_code(desk.session, scan) is not None and not scan.serial:
        return _hear_item(desk, state.at_item(), entry)
    return _asked(desk, _with_serial(desk, state, variant, scan.serial or text_of(entry)))


def _with_serial(desk: Desk, state: ReturnsState, variant: Variant, serial: str) -> ReturnsState:
    """The state with a serial of the order that is still out. Raises E06 for another one."""
    standing = Standing.of(desk, state)
    known = {part.serial: part for part in standing.shipped if part.serial}
    if known and serial not in known:
        raise Refusal("E06", found=shown(serial), document=_open_rma(standing).number)
    lot_id = known[serial].lot_id if serial in known else state.lot_id
    return state.model_copy(update={"serial": serial, "lot_id": lot_id})


def _hear_condition(desk: Desk, state: ReturnsState, entry: Entry) -> Heard:
    raise Refusal("E40")


def _choice(desk: Desk, state: ReturnsState, entry: Entry) -> Heard:
    standing = Standing.of(desk, state)
    if standing.step == "document" and entry.text.startswith(CHOSEN):
        return _open_return(desk, returns.get_return(desk.session, entry.text.removeprefix(CHOSEN)))
    _refuse_ended(standing)
    if standing.step != "condition" or entry.text not in CONDITION_KEYS:
        raise Refusal("E54", found=shown(entry.text))
    return _receive(desk, standing, entry.text)


def _receive(desk: Desk, standing: Standing, condition: str) -> Heard:
    state, rma, variant = standing.state, _open_rma(standing), standing.variant
    assert variant is not None
    try:
        posted, parts = returns.receive_part(
            desk.session,
            rma,
            variant_id=variant.id,
            quantity=state.quantity,
            condition=condition,
            lot_id=state.lot_id or "",
            serial=state.serial,
            idempotency_key=desk.key("return"),
        )
    except returns.OverReturn as over:
        raise Refusal("E14", maximum=show(over.maximum)) from over
    except returns.NotOut as gone:
        raise Refusal("E06", found=shown(state.serial), document=rma.number) from gone
    except DuplicateSerial as duplicate:
        raise Refusal("E13", found=shown(state.serial), bin=duplicate.location.code) from duplicate
    place = desk.say(f"returns.condition_{condition}")
    desk.did(
        "return_receive",
        moves=posted,
        document_kind=returns.DOCUMENT,
        document_id=rma.id,
        summary={
            "quantity": show(state.quantity),
            "item": variant.sku,
            "lot": standing.lot_number,
            "serial": state.serial,
            "document": rma.number,
            "found": place,
        },
        details={"parts": [[part.line_id, part.condition, str(part.quantity)] for part in parts]},
    )
    return _after(desk, standing, condition)


def _after(desk: Desk, standing: Standing, condition: str) -> Heard:
    """The next unit, or the next return when this was the last one of it."""
    rma, variant = _open_rma(standing), standing.variant
    assert variant is not None
    after = Standing.of(desk, standing.state.at_item())
    told = {
        "item": variant.sku,
        "quantity": show(standing.state.quantity),
        "document": rma.number,
        "done": show(after.received),
        "total": show(after.expected),
        "found": desk.say(f"returns.condition_{condition}"),
    }
    if rma.status == "received":
        _let_go(desk, standing.state)
        return Heard(ReturnsState(), Verdict("G73", told))
    return Heard(after.state, Verdict("G71" if condition == returns.SELLABLE else "G72", told))


# --- commands -------------------------------------------------------------------------------------------------------


def _close(desk: Desk, state: ReturnsState) -> Heard:
    if not state.return_id or state.variant_id:
        return _ignore(desk, state)
    rma = returns.get_return(desk.session, state.return_id)
    try:
        missing = returns.close_return(desk.session, rma)
    except WrongState as error:
        raise Refusal("E60" if rma.status == "pending" else "E33", document=rma.number) from error
    quantity = show(sum((row.quantity for row in missing), Decimal(0)))
    desk.did(
        "return_close",
        document_kind=returns.DOCUMENT,
        document_id=rma.id,
        summary={"document": rma.number, "quantity": quantity},
    )
    _let_go(desk, state)
    return Heard(ReturnsState(), Verdict("W71", {"document": rma.number, "quantity": quantity}))


def _back(desk: Desk, state: ReturnsState) -> Heard:
    if state.variant_id:
        return Heard(state.at_item())
    if state.return_id:
        _let_go(desk, state)
        return Heard(ReturnsState())
    return Heard(None)


def _let_go(desk: Desk, state: ReturnsState) -> None:
    if state.return_id:
        claims.release(desk.session, returns.DOCUMENT, state.return_id)


def _home(desk: Desk, state: ReturnsState) -> Heard:
    _let_go(desk, state)
    return Heard(None)


def _ignore(desk: Desk, state: ReturnsState) -> Heard:
    return Heard(state)


_STEPS: dict[str, Callable[[Desk, ReturnsState, Entry], Heard]] = {
    "document": _open,
    "item": _hear_item,
    "lot": _hear_lot,
    "serial": _hear_serial,
    "condition": _hear_condition,
}
_COMMANDS: dict[str, Callable[[Desk, ReturnsState], Heard]] = {"back": _back, "close": _close, "home": _home}

FLOW = Returns()
