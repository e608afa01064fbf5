"""Count bins blind: scan the bin, scan or type what is in it, F10; supervisors plan, decide and complete here too.

What the book expects stays in the store until a supervisor looks at a variance. Somebody at a bin anyway may begin with
its scan: ``begin(desk, entry)``; such a visit ends with the bin.

Example::

    heard = FLOW.hear(desk, state, Entry("code", "WH1-A02-1"))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ambra_tui.errors import Conflict, WrongState
from ambra_tui.floor import count_office
from ambra_tui.floor.codes import scan_of, shown, text_of, unknown
from ambra_tui.floor.conversation import SHOWN_WORK, Entry, Heard, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.count_item import hear_item
from ambra_tui.floor.count_state import CountState, Standing, item_words
from ambra_tui.floor.count_view import draw, waiting_rows
from ambra_tui.floor.desk import SUPERVISORS, Desk
from ambra_tui.services import claims, count_plans, counts
from ambra_tui.services.catalog import match_code
from ambra_tui.services.counts.counting import Rest, Submitted
from ambra_tui.services.places import find_location
from ambra_tui.services.tasks import open_tasks
from ambra_tui.store.models import CycleCountBin, Location, Site
from ambra_tui.store.scope import fetch

ANYBODY = frozenset({"operator", "supervisor", "admin"})


class Count:
    """The flow behind digit 4."""

    name = "count"
    menu_digit = "4"
    roles = ANYBODY
    state_type = CountState

    def begin(self, desk: Desk, entry: Entry | None = None) -> CountState | Heard:
        """Choosing a bin, or counting the one that was scanned and then returning to where that was done."""
        return CountState() if entry is None else _hear_bin(desk, CountState(is_visit=True), entry)

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Bins to count."""
        return waiting_rows(desk)[:SHOWN_WORK]

    def prompt(self, desk: Desk, state: CountState) -> Prompt:
        """The step as it is now."""
        return draw(desk, Standing.of(desk, state))

    def hear(self, desk: Desk, state: CountState, entry: Entry) -> Heard:
        """One step. A count that is over, or a bin that somebody took over, is answered first."""
        standing = Standing.of(desk, state)
        if state.bin_id and state.step != "take_over" and standing.is_lost:
            return Heard(None if state.is_visit else state.at_bins(), Verdict("E41"))
        if entry.kind == "command":
            return _COMMANDS.get(entry.text, _ignore)(desk, standing)
        if entry.kind == "choice":
            return _choice(desk, standing, entry.text)
        if state.step in ("rest", "take_over", "plan", "complete", "uncounted", "approve"):
            raise Refusal("E40")
        return _STEPS[standing.step](desk, standing, entry)


# --- the bin --------------------------------------------------------------------------------------------------------


def _choose_bin(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    return _hear_bin(desk, standing.state, entry)


def _hear_bin(desk: Desk, state: CountState, entry: Entry) -> Heard:
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    if location is None:
        match = match_code(desk.session, scan_of(entry))
        raise Refusal("E43", found=match.variant.sku) if match else unknown(entry)
    if location.site_id != desk.site.id:
        site = fetch(desk.session, Site, location.site_id, resource="location").code if location.site_id else "-"
        raise Refusal("E42", found=location.barcode, site=site)
    return _begin(desk, state, location, _bin_of(desk, location))


def _bin_of(desk: Desk, location: Location) -> CycleCountBin:
    """The bin as part of a count; of one of its own where a doubt, a due date or a supervisor asks for it."""
    found = counts.find_bin(desk.session, location)
    if found is not None and found.state in ("open", "recount", "approval"):
        return found
    is_asked = bool(open_tasks(desk.session, desk.site.id, kind="count", location_id=location.id))
    if found is not None and not is_asked:
        raise Refusal("E33", document=location.code)
    if not (is_asked or desk.user.role in SUPERVISORS or counts.is_due(desk.session, location)):
        raise Refusal("E38", document=location.code)
    try:
        return count_plans.plan_bin(desk.session, location)
    except Conflict as error:
        raise Refusal("E33", document=location.code) from error


def _begin(desk: Desk, state: CountState, location: Location, count_bin: CycleCountBin) -> Heard:
    if count_bin.state == "approval":
        return count_office.begin_decisions(desk, state, location_id=location.id)
    begun = state.model_copy(update={"step": "item", "bin_id": count_bin.id}).at_items()
    try:
        counts.begin_bin(desk.session, count_bin)
    except counts.OtherBadge as error:
        raise Refusal("E34") from error
    except claims.Taken as error:
        if desk.user.role not in SUPERVISORS:
            raise Refusal("E30", badge=error.holder.name[:11], found=location.code) from error
        asked = begun.model_copy(update={"step": "take_over"})
        return Heard(asked, Verdict("W93", {"bin": location.code, "name": error.holder.name}))
    except WrongState as error:
        raise Refusal("E33", document=location.code) from error
    return Heard(begun, Verdict("G04", {"bin": location.code}))


def _take_over(desk: Desk, standing: Standing) -> Heard:
    desk.require(SUPERVISORS)
    assert standing.count_bin is not None and standing.location is not None
    claims.take_over(desk.session, counts.CLAIM, standing.count_bin.id)
    return _begin(desk, standing.state, standing.location, standing.count_bin)


# --- done with the bin ----------------------------------------------------------------------------------------------


def _done(desk: Desk, standing: Standing) -> Heard:
    if standing.state.step == "plan_bins":
        return count_office.plan_named(desk, standing.state)
    if standing.state.step != "item":
        return _ignore(desk, standing)
    if standing.state.pending:
        assert standing.variant is not None
        raise Refusal("E07", item=standing.variant.sku)
    if not standing.tallied:
        assert standing.location is not None
        raise Refusal("E91", bin=standing.location.code)
    return _submit(desk, standing, None)


def _empty(desk: Desk, standing: Standing) -> Heard:
    """One key says that nothing is here."""
    if standing.state.step != "item" or standing.tallied or standing.state.pending:
        return _ignore(desk, standing)
    return _submit(desk, standing, "zero")


def _submit(desk: Desk, standing: Standing, rest: Rest | None) -> Heard:
    state, count_bin, location = standing.state, standing.count_bin, standing.location
    assert count_bin is not None and location is not None and standing.count is not None
    units = len(standing.tallied)
    try:
        submitted = counts.submit_bin(desk.session, count_bin, rest=rest)
    except counts.RestUncounted:
        return Heard(state.at_items().model_copy(update={"step": "rest"}))
    done = count_office.complete_itself(desk, standing.count) if count_bin.state == "done" else None
    desk.did(
        "count_bin",
        moves=done.moves if done else (),
        document_kind=counts.DOCUMENT,
        document_id=standing.count.id,
        summary={"document": standing.count.number, "bin": location.code, "quantity": str(units)},
        details={**submitted.details, **({"completed": done.details} if done else {})},
    )
    return Heard(None if state.is_visit else state.at_bins(), _told(desk, submitted, location))


def _told(desk: Desk, submitted: Submitted, location: Location) -> Verdict:
    """How it goes on, without a number."""
    if submitted.bin.state == "done":
        return Verdict("G91", {"bin": location.code})
    lines = [line for line in submitted.lines if line.state == submitted.bin.state]
    items = ", ".join(dict.fromkeys(item_words(desk, line.variant_id, line.lot_id) for line in lines[:3]))
    return Verdict("W90" if submitted.bin.state == "recount" else "W91", {"bin": location.code, "item": items})


# --- choices and commands -------------------------------------------------------------------------------------------


def _choice(desk: Desk, standing: Standing, code: str) -> Heard:
    state = standing.state
    if state.step == "rest" and code in ("zero", "keep"):
        return _submit(desk, standing, "zero" if code == "zero" else "keep")
    if state.step == "take_over" and code == "take_over":
        return _take_over(desk, standing)
    if state.step == "plan" and code in count_plans.PLANNED:
        return count_office.plan_choice(desk, state, code)
    if state.step == "approve" and code in counts.DECISIONS:
        return count_office.decide(desk, state, code)
    if state.step == "complete":
        return count_office.choose_completion(desk, state, code)
    if state.step == "uncounted" and code in ("keep", "zero") and standing.count is not None:
        return count_office.complete(desk, state, standing.count, uncounted=code)
    raise Refusal("E54", found=shown(code))


def _back(desk: Desk, standing: Standing) -> Heard:
    state = standing.state
    if state.step == "rest" or (state.step == "item" and state.pending):
        return Heard(state.at_items())
    if state.step == "item":
        assert standing.count_bin is not None
        counts.leave_bin(desk.session, standing.count_bin)
        return Heard(None if state.is_visit else state.at_bins())
    if state.step in ("plan_bins", "plan_aisle"):
        return Heard(state.at_bins().model_copy(update={"step": "plan"}))
    if state.step == "bin" or state.is_visit:
        return Heard(None)
    return Heard(state.at_bins())


def _skip(desk: Desk, standing: Standing) -> Heard:
    if standing.state.step != "bin" or not standing.waiting:
        return _ignore(desk, standing)
    first = standing.waiting[0].location.id
    kept = tuple(key for key in standing.state.skipped if key != first)
    return Heard(standing.state.model_copy(update={"skipped": (*kept, first)}), Verdict("G19"))


def _home(desk: Desk, standing: Standing) -> Heard:
    if standing.state.step in ("item", "rest") and standing.count_bin is not None:
        counts.leave_bin(desk.session, standing.count_bin)
    return Heard(None)


def _ignore(desk: Desk, standing: Standing) -> Heard:
    return Heard(standing.state)


def _at_bins_only(work: Callable[[Desk, CountState], Heard]) -> Callable[[Desk, Standing], Heard]:
    def run(desk: Desk, standing: Standing) -> Heard:
        return work(desk, standing.state) if standing.state.step == "bin" else _ignore(desk, standing)

    return run


def _plan_bin(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    return count_office.plan_bin(desk, standing.state, entry)


def _plan_aisle(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    return count_office.plan_aisle(desk, standing.state, entry)


_STEPS: dict[str, Callable[[Desk, Standing, Entry], Heard]] = {
    "bin": _choose_bin,
    "item": hear_item,
    "lot": hear_item,
    "serial": hear_item,
    "plan_bins": _plan_bin,
    "plan_aisle": _plan_aisle,
}
_COMMANDS: dict[str, Callable[[Desk, Standing], Heard]] = {
    "back": _back,
    "home": _home,
    "done": _done,
    "empty": _empty,
    "skip": _skip,
    "plan": _at_bins_only(count_office.begin_plan),
    "approve": _at_bins_only(count_office.begin_decisions),
    "complete": _at_bins_only(count_office.begin_completion),
}

FLOW = Count()
