"""What supervisors do about counts at any station: plan them, decide variances, complete them.

Example::

    heard = plan_choice(desk, state, "abc")
"""

from __future__ import annotations

from collections.abc import Sequence

from ambra_tui.errors import Conflict, Invalid, NotAllowed, WrongState
from ambra_tui.floor.codes import shown, text_of
from ambra_tui.floor.conversation import Entry, Heard, Refusal, Verdict
from ambra_tui.floor.count_state import CountState, Standing, item_words
from ambra_tui.floor.desk import SUPERVISORS, Desk
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services import count_plans, counts
from ambra_tui.services.places import find_location
from ambra_tui.store.models import CycleCount, CycleCountLine, Location
from ambra_tui.store.scope import fetch

# --- plan -----------------------------------------------------------------------------------------------------------


def begin_plan(desk: Desk, state: CountState) -> Heard:
    """How the bins are chosen."""
    desk.require(SUPERVISORS)
    return Heard(CountState(step="plan", skipped=state.skipped))


def plan_choice(desk: Desk, state: CountState, method: str) -> Heard:
    """By bins and by aisle ask which; by class and by suspicion know them."""
    desk.require(SUPERVISORS)
    if method == "bins":
        return Heard(CountState(step="plan_bins", skipped=state.skipped))
    if method == "aisle":
        return Heard(CountState(step="plan_aisle", skipped=state.skipped))
    return _plan(desk, state, method, count_plans.bins_by(desk.session, desk.site.id, method))


def plan_bin(desk: Desk, state: CountState, entry: Entry) -> Heard:
    """One more bin of the count that is planned."""
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    if location is None:
        raise Refusal("E43", found=shown(text_of(entry)))
    if location.site_id != desk.site.id:
        raise Refusal("E42", found=location.barcode, site="-")
    if location.id in state.planned:
        return Heard(state, Verdict("W08", {"found": location.code}))
    return Heard(
        state.model_copy(update={"planned": (*state.planned, location.id)}), Verdict("G04", {"bin": location.code})
    )


def plan_named(desk: Desk, state: CountState) -> Heard:
    """The scanned bins are all."""
    if not state.planned:
        raise Refusal("E38", document=desk.say("count.plan_bins"))
    bins = [fetch(desk.session, Location, key, resource="location") for key in state.planned]
    return _plan(desk, state, "bins", bins)


def plan_aisle(desk: Desk, state: CountState, entry: Entry) -> Heard:
    """A zone or the beginning of bin codes."""
    try:
        bins = count_plans.aisle_bins(desk.session, desk.site.id, text_of(entry))
    except Invalid as error:
        raise Refusal("E38", document=shown(text_of(entry))) from error
    return _plan(desk, state, "aisle", bins)


def _plan(desk: Desk, state: CountState, method: str, bins: Sequence[Location]) -> Heard:
    desk.require(SUPERVISORS)
    try:
        count = count_plans.plan_count(
            desk.session, site_id=desk.site.id, method=method, location_ids=[row.id for row in bins]
        )
    except Conflict as error:
        raise Refusal("E38", document=desk.say(f"count.plan_{method}")) from error
    number = str(len(counts.bins_of(desk.session, count.id)))
    desk.did(
        "count_plan",
        document_kind=counts.DOCUMENT,
        document_id=count.id,
        summary={"document": count.number, "quantity": number},
    )
    return Heard(state.at_bins(), Verdict("G92", {"document": count.number, "count": number}))


# --- decide ---------------------------------------------------------------------------------------------------------


def begin_decisions(desk: Desk, state: CountState, *, location_id: str = "") -> Heard:
    """The first variance that waits, of one bin where asked."""
    desk.require(SUPERVISORS)
    waiting = [line for line in Standing.of(desk, state).approvals if location_id in ("", line.location_id)]
    if not waiting:
        raise Refusal("E38", document=desk.say("count.title"))
    return Heard(CountState(step="approve", line_id=waiting[0].id, skipped=state.skipped))


def decide(desk: Desk, state: CountState, decision: str) -> Heard:
    """One variance is decided; then the next, or back to the bins."""
    desk.require(SUPERVISORS)
    line = fetch(desk.session, CycleCountLine, state.line_id, resource="count_line")
    try:
        count_bin = counts.decide(desk.session, line, decision)
    except NotAllowed as error:
        raise Refusal("E35", name=desk.user.name) from error
    except WrongState as error:
        return Heard(_next_decision(desk, state), Verdict("W24", {"detail": error.message}))
    location = fetch(desk.session, Location, line.location_id, resource="location")
    item = item_words(desk, line.variant_id, line.lot_id, line.serial)
    count = counts.get_count(desk.session, line.cycle_count_id)
    done = complete_itself(desk, count) if count_bin.state == "done" else None
    desk.did(
        "count_decision",
        moves=done.moves if done else (),
        document_kind=counts.DOCUMENT,
        document_id=line.cycle_count_id,
        summary={"item": item, "bin": location.code, "quantity": show(line.counted or ZERO)},
        details={"line_id": line.id, **({"completed": done.details} if done else {})},
    )
    told = {"item": item, "bin": location.code, "outcome": desk.say(f"count.told_{decision}")}
    return Heard(_next_decision(desk, state), Verdict("G94", told))


def _next_decision(desk: Desk, state: CountState) -> CountState:
    waiting = Standing.of(desk, state).approvals
    return CountState(step="approve", line_id=waiting[0].id, skipped=state.skipped) if waiting else state.at_bins()


# --- complete -------------------------------------------------------------------------------------------------------


def begin_completion(desk: Desk, state: CountState) -> Heard:
    """The count in progress, or which of several."""
    desk.require(SUPERVISORS)
    found = Standing.of(desk, state).open_counts
    if not found:
        raise Refusal("E38", document=desk.say("count.title"))
    if len(found) > 1:
        return Heard(CountState(step="complete", skipped=state.skipped))
    return choose_completion(desk, state, found[0].id)


def choose_completion(desk: Desk, state: CountState, count_id: str) -> Heard:
    """Asks what uncounted lines mean, or completes."""
    desk.require(SUPERVISORS)
    count = counts.get_count(desk.session, count_id)
    if count.status == "in_progress" and counts.uncounted_lines(desk.session, count.id):
        return Heard(CountState(step="uncounted", count_id=count.id, skipped=state.skipped))
    return complete(desk, state, count)


def complete(desk: Desk, state: CountState, count: CycleCount, *, uncounted: str | None = None) -> Heard:
    """Posts the differences and closes the count."""
    desk.require(SUPERVISORS)
    try:
        done = counts.complete_count(desk.session, count, idempotency_key=desk.key("count"), uncounted=uncounted)
    except counts.Unfinished as error:
        raise Refusal("E90", document=count.number, bin=", ".join(error.bins[:5])) from error
    except counts.StillCounting as error:
        raise Refusal("E30", badge=error.holder.name[:11], found=error.location.code) from error
    except WrongState as error:
        raise Refusal("E33", document=count.number) from error
    desk.did(
        "count_complete",
        moves=done.moves,
        document_kind=counts.DOCUMENT,
        document_id=count.id,
        summary={"document": count.number, "quantity": str(len(done.moves))},
        details=done.details,
    )
    told = {"document": count.number, "count": str(len(done.short) or len(done.moves))}
    return Heard(state.at_bins(), Verdict("W92" if done.short else "G93", told))


def complete_itself(desk: Desk, count: CycleCount) -> counts.Completed | None:
    """A count that began at a bin somebody stood at is complete once all of it is decided."""
    if count.method != "opportunity" or any(row.state != "done" for row in counts.bins_of(desk.session, count.id)):
        return None
    return counts.complete_count(desk.session, count, idempotency_key=desk.key("count"))
