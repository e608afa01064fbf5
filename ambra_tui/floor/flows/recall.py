"""Recall a lot: see what it concerns, say why, done; the same card sets it free again.

For supervisors, from the desk's menu. The lists of its movements and of the orders it reached are pages over the card.

Example::

    FLOW.begin(desk, Entry("code", "]C110M100", scan=scan))
"""

from __future__ import annotations

from collections.abc import Sequence

from ambra_tui.errors import AmbraError
from ambra_tui.floor.codes import scan_of, shown, text_of, unknown
from ambra_tui.floor.conversation import (
    Choice,
    Command,
    Entry,
    FlowState,
    Heard,
    PracticeCode,
    Prompt,
    Refusal,
    Row,
    Verdict,
)
from ambra_tui.floor.desk import SUPERVISORS, Desk
from ambra_tui.kit.quantity import show
from ambra_tui.services import recalls
from ambra_tui.services.catalog import match_code
from ambra_tui.services.holds import FREE_REASONS
from ambra_tui.services.lots import find_lot
from ambra_tui.services.modules import TRACEABILITY
from ambra_tui.services.recalls import Hits
from ambra_tui.store.models import Lot, Site, Variant
from ambra_tui.store.scope import fetch, scoped

REASONS = ("supplier", "contamination", "quality", "labelling", "authority", "other")
MAX_CODES = 6


class RecallState(FlowState):
    """`variant_id`: an item whose lot is asked; `lot_id`: the lot on the card; `is_asked`: why, before it is done;
    `is_freeing`: the question is why it is set free."""

    variant_id: str = ""
    lot_id: str = ""
    is_asked: bool = False
    is_freeing: bool = False


class RecallFlow:
    """The flow behind the recall of the supervisor's desk."""

    name = "recall"
    menu_digit = ""
    module = TRACEABILITY
    roles = SUPERVISORS
    state_type = RecallState

    def begin(self, desk: Desk, entry: Entry | None = None) -> RecallState | Heard:
        """Asks for the lot, or shows the one that was scanned; a choice names a lot by its id."""
        if entry is None or entry.kind == "command":
            return RecallState()
        if entry.kind == "choice":
            return _show(desk, fetch(desk.session, Lot, entry.text, resource="lot"))
        return _hear_code(desk, RecallState(), entry)

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Nothing waits to be recalled."""
        return ()

    def prompt(self, desk: Desk, state: RecallState) -> Prompt:
        """The step as it is now."""
        if state.lot_id:
            return _why(desk, state) if _is_asked(desk, state) else _card(desk, state)
        return _asking(desk, state)

    def hear(self, desk: Desk, state: RecallState, entry: Entry) -> Heard:
        """One step."""
        desk.require(self.roles)
        if entry.kind == "command":
            return _command(desk, state, entry.text)
        if entry.kind == "choice":
            return _done(desk, state, entry.text)
        if _is_asked(desk, state):
            raise Refusal("E40")
        return _hear_code(desk, state, entry)


# --- what is shown --------------------------------------------------------------------------------------------------


def _asking(desk: Desk, state: RecallState) -> Prompt:
    known = fetch(desk.session, Variant, state.variant_id, resource="variant") if state.variant_id else None
    return Prompt(
        step="number" if known else "lot",
        title=desk.say("recall.title"),
        ask=desk.say("recall.ask_number" if known else "recall.ask_lot"),
        facts=(Row(known.sku, known.name, emphasis=True),) if known else (),
        practice=_practice(desk),
        help_page="traceability",
    )


def _card(desk: Desk, state: RecallState) -> Prompt:
    lot = _lot_of(desk, state)
    _, hits = recalls.report(desk.session, lot)
    is_recalled = lot.status == "recalled"
    return Prompt(
        step="card",
        title=desk.say("recall.title"),
        ask=desk.say("recall.ask_free" if is_recalled else "recall.ask_card"),
        target=lot.lot_number[:20],
        facts=_facts(desk, lot, hits),
        commands=(
            Command("f10", "go", desk.say("recall.key_free" if is_recalled else "recall.key_recall")),
            Command("f6", f"page.reached:{lot.id}", desk.say("recall.key_reached")),
            Command("f7", f"page.trace:{lot.id}", desk.say("recall.key_trace")),
        ),
        contents_title=desk.say("recall.where"),
        contents=_places(desk, hits),
        todo=tuple(Row(row.number, f"{row.customer_name} {show(row.outstanding)}") for row in hits.orders[:20]),
        practice=_practice(desk),
        help_page="traceability",
        is_card=True,
    )


def _facts(desk: Desk, lot: Lot, hits: Hits) -> tuple[Row, ...]:
    sku = fetch(desk.session, Variant, lot.variant_id, resource="variant").sku
    on_hand = show(hits.stock.on_hand + hits.stock.in_transit)
    orders = len({row.order_id for row in hits.orders})
    rows = [
        Row(sku, desk.say(f"inquiry.lot_{lot.status}"), emphasis=True),
        Row(desk.say("recall.in_stock"), on_hand),
        Row(desk.say("recall.orders"), str(orders), emphasis=bool(orders)),
        Row(desk.say("recall.customers"), str(len(hits.customers))),
        Row(desk.say("recall.made"), str(len(hits.family.lot_ids))),
    ]
    if hits.open_orders:
        rows.append(Row(desk.say("recall.assigned"), ", ".join(hits.open_orders)))
    elif hits.carrying:
        rows.append(Row(desk.say("recall.carried"), ", ".join(row.number for row in hits.carrying)))
    return tuple(rows)


def _places(desk: Desk, hits: Hits) -> tuple[Row, ...]:
    codes = {
        site_id: fetch(desk.session, Site, site_id, resource="location").code
        for site_id in {held.site_id for held in hits.stock.bins}
    }
    rows = [Row(f"{codes[held.site_id]}/{held.code}", show(held.on_hand)) for held in hits.stock.bins[:20]]
    return (*rows, *(Row(row.number, show(row.quantity)) for row in hits.carrying[:4]))


def _why(desk: Desk, state: RecallState) -> Prompt:
    lot = _lot_of(desk, state)
    is_recalled = lot.status == "recalled"
    words = "waste.free" if is_recalled else "recall.reason"
    reasons = FREE_REASONS if is_recalled else REASONS
    sku = fetch(desk.session, Variant, lot.variant_id, resource="variant").sku
    return Prompt(
        step="why",
        title=desk.say("recall.title"),
        ask=desk.say("recall.ask_why_free" if is_recalled else "recall.ask_why"),
        facts=(Row(sku, lot.lot_number, emphasis=True),),
        choices=tuple(Choice(str(n), reason, desk.say(f"{words}_{reason}")) for n, reason in enumerate(reasons, 1)),
        is_dialog=True,
        accepts_text=False,
        help_page="traceability",
    )


def _is_asked(desk: Desk, state: RecallState) -> bool:
    """False too when the lot was recalled or set free meanwhile: what was to be done is no question any more."""
    return state.is_asked and state.is_freeing == (_lot_of(desk, state).status == "recalled")


# --- what is heard --------------------------------------------------------------------------------------------------


def _command(desk: Desk, state: RecallState, name: str) -> Heard:
    if name == "go" and state.lot_id:
        is_freeing = _lot_of(desk, state).status == "recalled"
        return Heard(state.model_copy(update={"is_asked": True, "is_freeing": is_freeing}))
    if name == "home":
        return Heard(None)
    if name != "back":
        return Heard(state)
    if _is_asked(desk, state):
        return Heard(state.model_copy(update={"is_asked": False}))
    return Heard(RecallState() if state.lot_id or state.variant_id else None)


def _hear_code(desk: Desk, state: RecallState, entry: Entry) -> Heard:
    """A lot's label, an item whose lot comes next, or a lot's number."""
    scan = scan_of(entry)
    match = match_code(desk.session, scan)
    if match is not None and scan.lot:
        return _show(desk, _lot(desk, match.variant, scan.lot))
    if match is not None:
        if not match.variant.is_lot_tracked:
            raise Refusal("E43", found=match.variant.sku)
        return Heard(RecallState(variant_id=match.variant.id), Verdict("E07", {"item": match.variant.sku}))
    number = scan.lot or text_of(entry)
    if state.variant_id:
        variant = fetch(desk.session, Variant, state.variant_id, resource="variant")
        return _show(desk, _lot(desk, variant, number))
    found = desk.session.exec(scoped(desk.session, Lot).where(Lot.lot_number == number).limit(2)).all()
    if not found:
        raise unknown(entry)
    if len(found) > 1:
        raise Refusal("E44", found=shown(number))
    return _show(desk, found[0])


def _lot(desk: Desk, variant: Variant, number: str) -> Lot:
    lot = find_lot(desk.session, variant.id, number)
    if lot is None:
        raise Refusal("E39", bin=desk.site.code, item=f"{variant.sku} {shown(number)}")
    return lot


def _show(desk: Desk, lot: Lot) -> Heard:
    sku = fetch(desk.session, Variant, lot.variant_id, resource="variant").sku
    return Heard(RecallState(lot_id=lot.id), Verdict("G06", {"item": sku, "lot": lot.lot_number}))


def _lot_of(desk: Desk, state: RecallState) -> Lot:
    lot = fetch(desk.session, Lot, state.lot_id, resource="lot")
    desk.session.refresh(lot)
    return lot


def _done(desk: Desk, state: RecallState, reason: str) -> Heard:
    """Recalls the lot, or sets it free; in one step, so that all of it happens or nothing."""
    lot = _lot_of(desk, state)
    reasons = FREE_REASONS if state.is_freeing else REASONS
    if not _is_asked(desk, state) or reason not in reasons:
        raise Refusal("E41" if state.is_asked else "E54", found=shown(reason))
    try:
        return _free(desk, lot, reason) if lot.status == "recalled" else _recall(desk, lot, reason)
    except AmbraError as error:
        raise Refusal("E99", detail=error.message) from error


def _recall(desk: Desk, lot: Lot, reason: str) -> Heard:
    before = lot.status
    done = recalls.recall(desk.session, lot, reason=desk.say(f"recall.reason_{reason}"))
    told = _told(desk, lot, show(done.hits.stock.on_hand))
    _note(desk, lot, told, before=before, after="recalled", orders=list(done.replanned))
    if done.short:
        return Heard(RecallState(lot_id=lot.id), Verdict("W05", {"document": ", ".join(done.short[:3])}))
    count = str(len({row.order_id for row in done.hits.orders}))
    return Heard(RecallState(lot_id=lot.id), Verdict("G42", {**told, "count": count}))


def _free(desk: Desk, lot: Lot, reason: str) -> Heard:
    record = recalls.latest_of(desk.session, lot.id)
    held = recalls.lift(desk.session, lot, reason=desk.say(f"waste.free_{reason}"))
    told = _told(desk, lot, show(held.quantity))
    _note(desk, lot, told, before="recalled", after=lot.status, reason=record.reason if record else "")
    return Heard(RecallState(lot_id=lot.id), Verdict("G39", told))


def _told(desk: Desk, lot: Lot, quantity: str) -> dict[str, str]:
    sku = fetch(desk.session, Variant, lot.variant_id, resource="variant").sku
    return {"found": f"{sku} {lot.lot_number}", "item": sku, "lot": lot.lot_number, "quantity": quantity}


def _note(desk: Desk, lot: Lot, told: dict[str, str], **details: object) -> None:
    summary = {"item": told["item"], "lot": told["lot"], "quantity": told["quantity"]}
    desk.did("recall", document_kind="lot", document_id=lot.id, summary=summary, details=details)


def _practice(desk: Desk) -> tuple[PracticeCode, ...]:
    if not desk.is_sample:
        return ()
    statement = scoped(desk.session, Lot).where(Lot.status == "active").order_by(Lot.lot_number).limit(MAX_CODES)
    return tuple(
        PracticeCode(f"]C110{lot.lot_number}", desk.say("stock.practice_lot", lot=lot.lot_number))
        for lot in desk.session.exec(statement).all()
    )


FLOW = RecallFlow()
