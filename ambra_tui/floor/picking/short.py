"""A short pick is answered: what was found is posted, the rest is sought elsewhere or stays open, the bin is counted.

Example::

    heard = answer_reason(desk, state, "not_found")
"""

from __future__ import annotations

from typing import Any

from ambra_tui.errors import InsufficientStock
from ambra_tui.floor.conversation import Heard, Refusal, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.picking.ask import offered
from ambra_tui.floor.picking.choose import finish
from ambra_tui.floor.picking.put import gone, keep_tote, pick_details, summary_of, taken_of, to_next_tote
from ambra_tui.floor.picking.state import PickState, Standing, next_state
from ambra_tui.floor.picking.words import told
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services import orders, picking
from ambra_tui.services.picking import ShortPick, Stop
from ambra_tui.services.picking.clusters import Member
from ambra_tui.store.models import Location
from ambra_tui.store.scope import fetch

REASONS = ("not_found", "damaged", "other")
TOTE_FULL = "tote_full"


def answer_reason(desk: Desk, state: PickState, stop: Stop, reason: str) -> Heard:
    """The digit of a reason; a full tote is no reason to count."""
    destination = (
        fetch(desk.session, Location, state.destination_id, resource="location") if state.destination_id else None
    )
    if reason == TOTE_FULL:
        if destination is None:
            raise Refusal("E54", found=TOTE_FULL)
        return to_next_tote(desk, state, stop, destination)
    member = Standing.of(desk, state).member(stop.order_id)
    assert member is not None, "a changed order is answered before"
    try:
        with told(), desk.session.begin_nested():
            outcome = picking.short_pick(
                desk.session,
                member.order,
                stop=stop,
                found=state.quantity,
                reason=reason,
                idempotency_key=desk.key("pick"),
                destination=destination,
                taken=taken_of(state) if state.quantity else None,
            )
    except InsufficientStock as error:
        return gone(desk, state, stop, error)
    if destination is not None:
        keep_tote(desk, member, destination)
    _note(desk, stop, member, destination, outcome)
    return _after_short(desk, state, stop, member, outcome)


def _after_short(desk: Desk, state: PickState, stop: Stop, member: Member, outcome: ShortPick) -> Heard:
    last = state.destination_id or state.last_tote_id
    following = next_state(desk, state.model_copy(update={"last_tote_id": last}))
    if outcome.backordered:
        told_of = {"quantity": show(outcome.backordered), "item": stop.variant.sku, "document": member.order.number}
        verdict = Verdict("W02", told_of)
        if stop.ratio == 1 and offered(desk, member.order.id, stop.line.id):
            asked = {"step": "substitute", "order_id": member.order.id, "line_id": stop.line.id}
            return Heard(following.model_copy(update=asked), verdict)
    else:
        bins = ", ".join(code for code, _ in outcome.elsewhere)
        rest = sum((quantity for _, quantity in outcome.elsewhere), ZERO)
        told_of = {"quantity": show(rest), "item": stop.variant.sku, "bin": bins, "expected": stop.location.code}
        verdict = Verdict("W16", told_of)
    if following.step == "done":
        finish(desk, following)
    return Heard(following, verdict)


def _note(desk: Desk, stop: Stop, member: Member, destination: Location | None, outcome: ShortPick) -> None:
    picked = outcome.picked
    details: dict[str, Any] = {
        "line_id": stop.line.id,
        "variant_id": stop.variant.id,
        "location_id": stop.location.id,
        "rest": {
            "lot_id": stop.level[0],
            "serial": stop.level[1],
            "plate_id": stop.level[2],
            "quantity": show(outcome.rest),
        },
        "backordered": show(outcome.backordered),
        "ratio": show(stop.ratio),
        "task_id": outcome.task_id,
        "picked": pick_details(stop, picked, destination) if picked and destination else None,
    }
    desk.did(
        "pick_short",
        moves=[picked.posted] if picked else [],
        document_kind=orders.DOCUMENT,
        document_id=member.order.id,
        summary=summary_of(stop, member, picked.quantity if picked else ZERO, destination),
        details=details,
    )
