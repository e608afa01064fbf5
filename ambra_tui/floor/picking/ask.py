"""The questions of picking: why something is missing, whether a substitute is taken, whether a bin is empty.

Example::

    heard = ask_reason(desk, state, stop, Decimal(6), tote.id)
"""

from __future__ import annotations

from decimal import Decimal

from sqlmodel import col, select

from ambra_tui.floor.conversation import Heard, Refusal, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.picking.choose import finish
from ambra_tui.floor.picking.state import PickState, next_state
from ambra_tui.kit.quantity import show
from ambra_tui.services import counts, orders, picking, substitutions
from ambra_tui.services.picking import Stop
from ambra_tui.services.tasks import OPEN_STATES, ZERO_CHECK, ask_count, open_tasks
from ambra_tui.store.models import CycleCountBin, Location, Task
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows, given
from ambra_tui.store.scope import fetch


def ask_reason(desk: Desk, state: PickState, stop: Stop, found: Decimal, destination_id: str) -> Heard:
    """Less than directed: what becomes of the rest is told before the reason is given."""
    order = orders.get_order(desk.session, stop.order_id)
    outcome = picking.preview_short(desk.session, order, stop=stop, found=found)
    parts = [desk.say("pick.rest_from", quantity=show(part), bin=code) for code, part in outcome.elsewhere]
    if outcome.backordered:
        parts.append(desk.say("pick.rest_open", quantity=show(outcome.backordered)))
    return Heard(
        state.model_copy(update={"step": "reason", "quantity": found, "destination_id": destination_id}),
        Verdict("W17", {"outcome": ", ".join(parts)}),
    )


def after_bin(
    desk: Desk, state: PickState, following: PickState, location: Location, verdict: Verdict, *, is_empty: bool = False
) -> Heard:
    """What follows a stop: is its bin empty, is everything picked, would a count of the bin be welcome."""
    if is_empty:
        asked = {"step": "zero", "emptied_id": location.id, "location_id": state.location_id}
        return Heard(following.model_copy(update=asked), verdict)
    if following.step == "done":
        verdict = finish(desk, following)
    if following.location_id != location.id and _may_be_due(desk, location) and counts.is_due(desk.session, location):
        following = following.model_copy(update={"offer_id": location.id})
    return Heard(following, verdict)


_ASKED = PreparedRows(
    select(col(Task.id))
    .where(
        Task.organization_id == ORGANIZATION,
        Task.location_id == given("location_id"),
        Task.kind == "count",
        col(Task.status).in_(OPEN_STATES),
    )
    .union_all(
        select(col(CycleCountBin.id)).where(
            CycleCountBin.organization_id == ORGANIZATION, CycleCountBin.location_id == given("location_id")
        )
    )
    .limit(1)
)


def _may_be_due(desk: Desk, location: Location) -> bool:
    """False for a bin that nobody ever asked to count: most of them, found out by one look."""
    return _ASKED.first(desk.session, location_id=location.id) is not None


def answer_zero(desk: Desk, state: PickState, *, is_empty: bool) -> Heard:
    """The bin is empty as the book says, or it is counted."""
    emptied = fetch(desk.session, Location, state.emptied_id, resource="location")
    following = next_state(desk, state)
    ended = finish(desk, following) if following.step == "done" else None
    if is_empty:
        return Heard(following, ended or Verdict("G25", {"bin": emptied.code}))
    known = {task.id for task in open_tasks(desk.session, desk.site.id, kind="count", location_id=emptied.id)}
    task = ask_count(
        desk.session,
        location=emptied,
        variant_id=None,
        reason=ZERO_CHECK,
        document_kind=orders.DOCUMENT,
        document_id=state.order_id,
    )
    if task.id not in known:
        desk.did(
            "zero_check",
            document_kind="task",
            document_id=task.id,
            summary={"bin": emptied.code},
        )
    following = following.model_copy(update={"offer_id": emptied.id})
    return Heard(following, Verdict("W04", {"bin": emptied.code}))


# -- a substitute ----------------------------------------------------------------------------------------------------


def offered(desk: Desk, order_id: str, line_id: str) -> substitutions.Offer | None:
    """The best substitute for the backordered rest of a line now."""
    order = orders.get_order(desk.session, order_id)
    line = next((line for line in orders.lines_of(desk.session, order_id) if line.id == line_id), None)
    found = substitutions.offers(desk.session, order, line) if line else []
    return found[0] if found else None


def answer_substitute(desk: Desk, state: PickState, *, is_wanted: bool) -> Heard:
    """The substitute is promised to the line and picked like any other stop; or the rest stays open."""
    order = orders.get_order(desk.session, state.order_id)
    offer = offered(desk, state.order_id, state.line_id)
    if not is_wanted:
        following = next_state(desk, state)
        ended = finish(desk, following) if following.step == "done" else None
        return Heard(following, ended or Verdict("G19"))
    if offer is None:
        raise Refusal("E41")
    taken = substitutions.substitute(desk.session, order, line_id=state.line_id, substitute_id=offer.variant.id)
    desk.did(
        "substitute",
        document_kind=orders.DOCUMENT,
        document_id=order.id,
        summary={"quantity": show(taken.quantity), "item": taken.variant.sku, "document": order.number},
        details={
            "line_id": state.line_id,
            "variant_id": taken.variant.id,
            "quantity": show(taken.quantity),
            "units": show(taken.units),
        },
    )
    told_of = {"quantity": show(taken.quantity), "item": taken.variant.sku, "document": order.number}
    return Heard(next_state(desk, state), Verdict("G62", told_of))
