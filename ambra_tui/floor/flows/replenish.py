"""Fill pick faces that hold too little: go to the reserve bin, scan it, the item, and the pick face.

What leaves first fills first. The first scan of the item takes all that the pick face lacks, a case code adds its
quantity, a typed number sets it; a license plate is taken by its own scan.

Example::

    heard = FLOW.hear(desk, state, Entry("code", "WH1-C01-1"))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from ambra_tui.errors import InsufficientStock, WrongState
from ambra_tui.floor.codes import refuse_part, scan_of, shown, text_of, typed_quantity, unknown
from ambra_tui.floor.conversation import Entry, Heard, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.replenish_view import CLAIM, ReplenishState, Standing, draw, key_of, waiting, waiting_rows
from ambra_tui.kit.quantity import show
from ambra_tui.ledger import Source
from ambra_tui.services import claims, picking, replenishment
from ambra_tui.services.catalog import Match, match_code
from ambra_tui.services.places import find_location, find_plate
from ambra_tui.services.putaway import BinRefused
from ambra_tui.services.tasks import OPEN_STATES, SHORT_PICK, ask_count, open_tasks
from ambra_tui.store.models import Lot, Task
from ambra_tui.store.scope import fetch


class Replenish:
    """The flow behind digit 9."""

    name = "replenish"
    menu_digit = "9"
    roles = frozenset({"operator", "supervisor", "admin"})
    state_type = ReplenishState

    def begin(self, desk: Desk, entry: Entry | None = None) -> ReplenishState:
        """The list of pick faces to fill."""
        return ReplenishState()

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Pick faces to fill, urgent ones first."""
        return waiting_rows(desk)

    def prompt(self, desk: Desk, state: ReplenishState) -> Prompt:
        """The step as it is now."""
        return draw(desk, state)

    def hear(self, desk: Desk, state: ReplenishState, entry: Entry) -> Heard:
        """One step. A task that is over, or stock that is gone, is answered first."""
        if entry.kind == "command" and (entry.text == "back" or state.step == "task"):
            return _back(desk, state) if entry.text in ("back", "home") else Heard(state)
        if state.step == "task":
            return _hear_task(desk, entry)
        standing = Standing.of(desk, state)
        if (changed := _changed(desk, state, standing)) is not None:
            return changed
        assert standing.source is not None, "a task without a source is answered before"
        if entry.kind == "command":
            return _command(desk, state, standing, standing.source, entry.text)
        if entry.kind == "choice":
            raise Refusal("E54", found=shown(entry.text))
        return _STEPS[state.step](desk, state, standing, standing.source, entry)


# -- which pick face -------------------------------------------------------------------------------------------------


def _hear_task(desk: Desk, entry: Entry) -> Heard:
    if entry.kind == "choice":
        return _begin(desk, fetch(desk.session, Task, entry.text, resource="task"))
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    if location is None:
        raise unknown(entry)
    task = next((task for task in waiting(desk) if task.location_id == location.id), None)
    if task is None:
        raise Refusal("E38", document=location.code)
    return _begin(desk, task)


def _begin(desk: Desk, task: Task) -> Heard:
    if task.status not in OPEN_STATES:
        raise Refusal("E41")
    try:
        claims.claim(desk.session, CLAIM, task.id)
    except claims.Taken as taken:
        raise Refusal("E30", badge=taken.holder.name[:11], found=desk.say("replenish.title")) from taken
    need = replenishment.need_of(desk.session, task)
    if not need.sources:
        raise Refusal("E15", short=f"{need.variant.sku}: {desk.say('replenish.no_reserve')}")
    begun = _to_source(ReplenishState(task_id=task.id), need.sources)
    return Heard(begun, Verdict("G33", _told(need.sources[0], need.variant.sku, need.quantity)))


def _told(source: Source, sku: str, quantity: Decimal) -> dict[str, str]:
    return {"bin": source.location.code, "quantity": show(min(quantity, source.quantity)), "item": sku}


def _to_source(state: ReplenishState, sources: Sequence[Source]) -> ReplenishState:
    """The first level that was not skipped; when all were, the first of all."""
    left = [source for source in sources if source.location.id not in state.skipped]
    source = left[0] if left else sources[0]
    return ReplenishState(
        step="source", task_id=state.task_id, source=key_of(source), skipped=state.skipped if left else ()
    )


def _changed(desk: Desk, state: ReplenishState, standing: Standing) -> Heard | None:
    if standing.task.status not in OPEN_STATES:
        return Heard(ReplenishState(), Verdict("E41"))
    holder = claims.holders(desk.session, CLAIM, [state.task_id]).get(state.task_id)
    if holder is not None and holder.id != desk.user.id:
        return Heard(ReplenishState(), Verdict("E30", {"badge": holder.name[:11], "found": standing.need.face.code}))
    if standing.source is not None:
        return None
    if standing.need.sources:
        return Heard(_to_source(state, standing.need.sources), Verdict("E41"))
    claims.release(desk.session, CLAIM, state.task_id)
    return Heard(ReplenishState(), Verdict("E41"))


# -- the reserve bin -------------------------------------------------------------------------------------------------


def _hear_source(desk: Desk, state: ReplenishState, standing: Standing, source: Source, entry: Entry) -> Heard:
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    if location is None:
        return _hear_plate(desk, state, standing, source, entry)
    if location.id != source.location.id:
        raise Refusal("E03", found=location.code, expected=source.location.code)
    return Heard(state.model_copy(update={"step": "item"}), Verdict("G04", {"bin": location.code}))


def _hear_plate(desk: Desk, state: ReplenishState, standing: Standing, source: Source, entry: Entry) -> Heard:
    """The plate that stands in the bin says both at once."""
    plate = find_plate(desk.session, scan_of(entry).sscc or text_of(entry))
    if plate is None:
        match = match_code(desk.session, scan_of(entry))
        raise Refusal("E43", found=match.variant.sku) if match else unknown(entry)
    if plate.id != source.level.plate_id:
        raise Refusal("E57", found=shown(plate.code))
    return _taken(state, standing, standing.directed, is_counting=False)


def _hear_item(desk: Desk, state: ReplenishState, standing: Standing, source: Source, entry: Entry) -> Heard:
    match, scan = match_code(desk.session, scan_of(entry)), scan_of(entry)
    if match is None:
        if _is_lot(desk, source, text_of(entry)):
            return _taken(state, standing, standing.directed, is_counting=False)
        location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
        if location is not None and location.id == source.location.id:
            return Heard(state, Verdict("G04", {"bin": location.code}))
        if location is not None:
            raise Refusal("E44", found=location.code)
        return _hear_plate(desk, state, standing, source, entry)
    _refuse_other(desk, standing, source, match, scan.lot or "")
    is_each = match.quantity == 1 and scan.count is None
    quantity = standing.directed if is_each else match.quantity * (scan.count or 1)
    if quantity > source.quantity:
        raise Refusal("E14", maximum=show(source.quantity))
    return _taken(state, standing, quantity, is_counting=not is_each)


def _is_lot(desk: Desk, source: Source, text: str) -> bool:
    if not source.level.lot_id:
        return False
    return fetch(desk.session, Lot, source.level.lot_id, resource="lot").lot_number == text


def _refuse_other(desk: Desk, standing: Standing, source: Source, match: Match, lot_number: str) -> None:
    if match.variant.id != standing.need.variant.id:
        raise Refusal("E02", found=match.variant.sku, expected=standing.need.variant.sku)
    if lot_number and source.level.lot_id and not _is_lot(desk, source, lot_number):
        expected = fetch(desk.session, Lot, source.level.lot_id, resource="lot").lot_number
        raise Refusal("E04", found=shown(lot_number), expected=expected)
    lots = {level.lot_id for level in picking.levels_at(desk.session, source.location.id, match.variant.id)}
    if len(lots) > 1 and not lot_number:
        raise Refusal("E20", item=match.variant.sku, bin=source.location.code)


def _taken(state: ReplenishState, standing: Standing, quantity: Decimal, *, is_counting: bool) -> Heard:
    told = {"item": standing.need.variant.sku, "quantity": show(quantity)}
    changes = {"step": "face", "quantity": quantity, "is_counting": is_counting}
    return Heard(state.model_copy(update=changes), Verdict("G05", told))


# -- the pick face ---------------------------------------------------------------------------------------------------


def _hear_face(desk: Desk, state: ReplenishState, standing: Standing, source: Source, entry: Entry) -> Heard:
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    if location is not None:
        if location.id != standing.need.face.id:
            raise Refusal("E03", found=location.code, expected=standing.need.face.code)
        return _post(desk, state, standing, source)
    match, scan = match_code(desk.session, scan_of(entry)), scan_of(entry)
    if match is not None:
        _refuse_other(desk, standing, source, match, scan.lot or "")
        is_each = match.quantity == 1 and scan.count is None
        more = match.quantity * (scan.count or 1) if state.is_counting or not is_each else Decimal(0)
        return _set(state, standing, source, state.quantity + more, is_counting=state.is_counting)
    typed = typed_quantity(entry)
    if typed is None:
        raise unknown(entry)
    refuse_part(standing.need.variant, typed)
    if typed == 0:
        raise Refusal("E28", found="0")
    return _set(state, standing, source, typed, is_counting=False)


def _set(state: ReplenishState, standing: Standing, source: Source, quantity: Decimal, *, is_counting: bool) -> Heard:
    if quantity > source.quantity:
        raise Refusal("E14", maximum=show(source.quantity))
    changes = {"quantity": quantity, "is_counting": is_counting}
    told = {"quantity": show(quantity), "item": standing.need.variant.sku}
    return Heard(state.model_copy(update=changes), Verdict("G17", told))


def _post(desk: Desk, state: ReplenishState, standing: Standing, source: Source) -> Heard:
    need = standing.need
    try:
        posted = replenishment.replenish(
            desk.session, standing.task, source=source, quantity=state.quantity, idempotency_key=desk.key("fill")
        )
    except BinRefused as refused:
        raise _bin_refusal(refused) from refused
    except InsufficientStock as error:
        left = show(error.shortages[0].available)
        raise Refusal("E31", quantity=left, bin=source.location.code, item=need.variant.sku) from error
    except WrongState as error:
        raise Refusal("E41") from error
    desk.did(
        "replenish",
        moves=[posted],
        document_kind=CLAIM,
        document_id=standing.task.id,
        summary={
            "quantity": show(state.quantity),
            "item": need.variant.sku,
            "bin": f"{source.location.code} > {need.face.code}",
        },
    )
    told = Verdict("G64", {"quantity": show(state.quantity), "item": need.variant.sku, "bin": need.face.code})
    task = fetch(desk.session, Task, standing.task.id, resource="task")
    left_over = replenishment.need_of(desk.session, task)
    if task.status not in OPEN_STATES or not left_over.sources:
        claims.release(desk.session, CLAIM, task.id)
        return Heard(ReplenishState(), told)
    return Heard(_to_source(state, left_over.sources), told)


def _bin_refusal(refused: BinRefused) -> Refusal:
    code = refused.location.code
    if refused.rule == "full":
        return Refusal("E19", bin=code, maximum=show(refused.room))
    return Refusal("E18", bin=code, found=refused.found) if refused.rule == "mix" else Refusal("E17", bin=code)


# -- commands --------------------------------------------------------------------------------------------------------


def _back(desk: Desk, state: ReplenishState) -> Heard:
    if state.step == "task":
        return Heard(None)
    if state.step == "source":
        claims.release(desk.session, CLAIM, state.task_id)
        return Heard(ReplenishState())
    return Heard(state.model_copy(update={"step": "source" if state.step == "item" else "item"}))


def _command(desk: Desk, state: ReplenishState, standing: Standing, source: Source, name: str) -> Heard:
    if name == "home":
        return Heard(None)
    if name == "skip":
        skipped = (*state.skipped, source.location.id)
        return Heard(_to_source(state.model_copy(update={"skipped": skipped}), standing.need.sources), Verdict("G19"))
    return _nothing(desk, state, standing, source) if name == "nothing" else Heard(state)


def _nothing(desk: Desk, state: ReplenishState, standing: Standing, source: Source) -> Heard:
    """The reserve bin does not hold it: somebody counts it, and the next one is gone to."""
    known = {task.id for task in open_tasks(desk.session, desk.site.id, kind="count", location_id=source.location.id)}
    count = ask_count(
        desk.session,
        location=source.location,
        variant_id=standing.need.variant.id,
        reason=f"{SHORT_PICK} not_found",
        document_kind=CLAIM,
        document_id=standing.task.id,
    )
    if count.id not in known:
        told = {"bin": source.location.code, "item": standing.need.variant.sku}
        desk.did("zero_check", document_kind=CLAIM, document_id=count.id, summary=told)
    verdict = Verdict("W04", {"bin": source.location.code})
    left = replenishment.need_of(desk.session, standing.task).sources
    if left:
        return Heard(_to_source(state, left), verdict)
    claims.release(desk.session, CLAIM, state.task_id)
    return Heard(ReplenishState(), verdict)


_STEPS: dict[str, Callable[[Desk, ReplenishState, Standing, Source, Entry], Heard]] = {
    "source": _hear_source,
    "item": _hear_item,
    "face": _hear_face,
}

FLOW = Replenish()
