"""Make a batch: start it, scan what goes in lot by lot, record what is lost, and label the lot that comes out.

Every label that is scanned is posted at once, so nothing is lost when the terminal is. A batch is one worker's at a
time.

Example::

    heard = FLOW.begin(desk, Entry("code", "PB-000001"))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from ambra_tui.errors import WrongState
from ambra_tui.floor.codes import shown, text_of, unknown
from ambra_tui.floor.conversation import SHOWN_WORK, Entry, Heard, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.printing import print_label
from ambra_tui.floor.production_output import (
    complete,
    default_place,
    hear_expiry,
    hear_made,
    hear_new_lot,
    hear_place,
    print_output,
)
from ambra_tui.floor.production_state import IDENTIFYING, TAKING, WORKING, ProduceState, Standing
from ambra_tui.floor.production_take import (
    hear_bin,
    hear_item,
    hear_more,
    hear_part,
    hear_waste_quantity,
    take_more,
    waste,
)
from ambra_tui.floor.production_view import draw, named
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services import claims, production
from ambra_tui.services.modules import MANUFACTURING
from ambra_tui.services.tasks import SHORT_PICK, ask_count, open_tasks
from ambra_tui.store.models import Act, ProductionBatch, Site
from ambra_tui.store.models.waste import WASTE_REASONS
from ambra_tui.store.scope import fetch

DEFAULT_REASON = "production"


class Produce:
    """The flow behind the key + at the menu, and behind the scan of a batch there."""

    name = "produce"
    menu_digit = "+"
    module = MANUFACTURING
    roles = frozenset({"operator", "supervisor", "admin"})
    state_type = ProduceState

    def begin(self, desk: Desk, entry: Entry | None = None) -> ProduceState | Heard:
        """Choosing a batch, or the scanned batch's next step."""
        return ProduceState() if entry is None else _hear_batch(desk, ProduceState(), entry)

    def is_named(self, desk: Desk, entry: Entry) -> bool:
        """True when the code is a batch's."""
        return production.find_batch(desk.session, text_of(entry)) is not None

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Batches that are made or to be made here."""
        return [named(desk, batch) for batch in production.open_batches(desk.session, desk.site.id, limit=SHOWN_WORK)]

    def prompt(self, desk: Desk, state: ProduceState) -> Prompt:
        """The step as it is now."""
        return draw(desk, state)

    def hear(self, desk: Desk, state: ProduceState, entry: Entry) -> Heard:
        """One step. A switched-off module, a batch that is over or in other hands is answered first."""
        if MANUFACTURING not in desk.modules:
            return _switched_off(desk, state, entry)
        if not state.batch_id:
            return _choosing(desk, state, entry)
        if (changed := _changed(desk, state)) is not None and entry.text not in ("back", "home"):
            return changed
        if state.is_read_twice(entry, desk.now):
            return Heard(state, Verdict("W08", {"found": shown(entry.text)}))
        standing = Standing.of(desk, state.model_copy(update={"last_code": ""}))
        if entry.kind == "command":
            return _COMMANDS.get(entry.text, _ignore)(desk, standing)
        if entry.kind == "choice":
            return _choice(desk, standing, entry.text)
        if standing.step in _STEPS and not _is_other(desk, standing, entry):
            return _STEPS[standing.step](desk, standing, entry)
        return _hear_batch(desk, state, entry)

    def undone(self, desk: Desk, state: ProduceState, act: Act) -> ProduceState:
        """An act was taken back: the batch goes on where its stock lies again, and is the worker's still."""
        if act.document_id != state.batch_id:
            return state
        with suppress(claims.Taken):
            claims.claim(desk.session, production.DOCUMENT, state.batch_id)
        return ProduceState(batch_id=state.batch_id)


def _switched_off(desk: Desk, state: ProduceState, entry: Entry) -> Heard:
    """The module went off while somebody worked: the batch waits as it is."""
    if state.batch_id:
        claims.release(desk.session, production.DOCUMENT, state.batch_id)
    is_leaving = entry.kind == "command" and entry.text in ("back", "home")
    return Heard(None, None if is_leaving else Verdict("E74", {"found": desk.say("home.produce")}))


def _is_other(desk: Desk, standing: Standing, entry: Entry) -> bool:
    """Before a bin or a number, the label of another batch means that batch."""
    if standing.step not in ("bin", "short", "made"):
        return False
    named_batch = production.find_batch(desk.session, text_of(entry))
    return named_batch is not None and named_batch.id != standing.batch.id


# --- which batch ----------------------------------------------------------------------------------------------------


def _choosing(desk: Desk, state: ProduceState, entry: Entry) -> Heard:
    if entry.kind == "command":
        return Heard(None if entry.text in ("back", "home") else state)
    if entry.kind == "choice":
        return _open(desk, state, production.get_batch(desk.session, entry.text))
    return _hear_batch(desk, state, entry)


def _hear_batch(desk: Desk, state: ProduceState, entry: Entry) -> Heard:
    batch = production.find_batch(desk.session, text_of(entry))
    if batch is None:
        raise unknown(entry)
    return _open(desk, state, batch)


def _open(desk: Desk, state: ProduceState, batch: ProductionBatch) -> Heard:
    """The batch is the worker's; one that is over shows what became of it."""
    if batch.site_id != desk.site.id:
        raise Refusal("E42", found=batch.number, site=_site_code(desk, batch))
    if batch.status == "cancelled":
        raise Refusal("E32", document=batch.number)
    if state.batch_id and state.batch_id != batch.id:
        claims.release(desk.session, production.DOCUMENT, state.batch_id)
    if batch.status == "completed":
        return Heard(ProduceState(batch_id=batch.id, is_done=True), Verdict("E33", {"document": batch.number}))
    _claim(desk, batch)
    count = len(production.inputs_of(desk.session, batch.id))
    return Heard(ProduceState(batch_id=batch.id), Verdict("G20", {"document": batch.number, "count": str(count)}))


def _site_code(desk: Desk, batch: ProductionBatch) -> str:
    return fetch(desk.session, Site, batch.site_id, resource="location").code


def _claim(desk: Desk, batch: ProductionBatch) -> None:
    try:
        claims.claim(desk.session, production.DOCUMENT, batch.id)
    except claims.Taken as taken:
        raise Refusal("E30", badge=taken.holder.name[:11], found=batch.number) from taken


def _changed(desk: Desk, state: ProduceState) -> Heard | None:
    """What became of the batch since the prompt was drawn."""
    batch = production.get_batch(desk.session, state.batch_id)
    if batch.status == "cancelled":
        claims.release(desk.session, production.DOCUMENT, batch.id)
        return Heard(ProduceState(), Verdict("E32", {"document": batch.number}))
    if batch.status == "completed":
        told = Verdict("E33", {"document": batch.number})
        return None if state.is_done else Heard(ProduceState(batch_id=batch.id, is_done=True), told)
    holder = claims.holders(desk.session, production.DOCUMENT, [batch.id]).get(batch.id)
    if holder is not None and holder.id != desk.user.id:
        return Heard(ProduceState(), Verdict("E30", {"badge": holder.name[:11], "found": batch.number}))
    if holder is None:
        _claim(desk, batch)
    return None


# --- choices --------------------------------------------------------------------------------------------------------


def _choice(desk: Desk, standing: Standing, chosen: str) -> Heard:
    if standing.step == "over" and chosen == "yes":
        return take_more(desk, standing)
    if standing.step == "over" and chosen == "no":
        return Heard(standing.state.at_item())
    if standing.step == "reason" and chosen in WASTE_REASONS:
        return waste(desk, standing, chosen)
    raise Refusal("E54", found=shown(chosen))


# --- commands -------------------------------------------------------------------------------------------------------


def _done(desk: Desk, standing: Standing) -> Heard:
    """F10: the one thing that is next at the step."""
    step, state = standing.step, standing.state
    if step == "start":
        return _start(desk, standing)
    if step in TAKING and not state.is_waste:
        return Heard(state.at_bin().model_copy(update={"is_finishing": True}))
    if step == "reason":
        return waste(desk, standing, DEFAULT_REASON)
    if step == "place":
        return complete(desk, standing, default_place(desk, standing))
    if step == "done":
        return Heard(ProduceState())
    return Heard(state)


def _start(desk: Desk, standing: Standing) -> Heard:
    try:
        batch = production.start_batch(desk.session, standing.batch)
    except WrongState as error:
        raise Refusal("E41") from error
    _claim(desk, batch)
    desk.did(
        "produce_start",
        document_kind=production.DOCUMENT,
        document_id=batch.id,
        summary={
            "document": batch.number,
            "item": standing.product.sku,
            "quantity": show(batch.planned_quantity),
        },
    )
    told = {"document": batch.number, "count": str(len(standing.inputs))}
    return Heard(ProduceState(batch_id=batch.id), Verdict("G66", told))


def _waste(desk: Desk, standing: Standing) -> Heard:
    """Switches between what goes in and what is thrown away."""
    if standing.step not in (*TAKING, *IDENTIFYING, "made"):
        return Heard(standing.state)
    chosen = standing.row.id if standing.row is not None else ""
    turned = {"is_waste": not standing.state.is_waste, "input_id": chosen}
    return Heard(standing.state.at_bin().model_copy(update=turned))


def _skip(desk: Desk, standing: Standing) -> Heard:
    """Another ingredient first."""
    if standing.step not in TAKING or standing.row is None or standing.state.is_waste:
        return Heard(standing.state)
    kept = tuple(each for each in standing.state.skipped if each != standing.row.id)
    others = [row for row in standing.inputs if production.rest_of(row) and row.id != standing.row.id]
    if not others:
        return Heard(standing.state.at_bin())
    later = {row.id for row in others} - set(kept)
    skipped = (*kept, standing.row.id) if later else (standing.row.id,)
    return Heard(standing.state.at_bin().model_copy(update={"skipped": skipped}), Verdict("G19"))


def _nothing(desk: Desk, standing: Standing) -> Heard:
    """The bin does not hold it: somebody counts it, and the next one is gone to."""
    if standing.step not in ("bin", "item") or standing.source is None or standing.state.is_waste:
        return Heard(standing.state)
    place = standing.location or standing.source.location
    known = {task.id for task in open_tasks(desk.session, desk.site.id, kind="count", location_id=place.id)}
    count = ask_count(
        desk.session,
        location=place,
        variant_id=standing.ingredient.id,
        reason=f"{SHORT_PICK} not_found",
        document_kind=production.DOCUMENT,
        document_id=standing.batch.id,
    )
    if count.id not in known:
        told = {"bin": place.code, "item": standing.ingredient.sku}
        desk.did("zero_check", document_kind=production.DOCUMENT, document_id=count.id, summary=told)
    missing = (*standing.state.missing, place.id)
    return Heard(standing.state.at_bin().model_copy(update={"missing": missing}), Verdict("W04", {"bin": place.code}))


def _change_lot(desk: Desk, standing: Standing) -> Heard:
    if standing.step != "place" or not standing.lot_number:
        return Heard(standing.state)
    return Heard(standing.state.model_copy(update={"asks": "new_lot"}))


def _change_expiry(desk: Desk, standing: Standing) -> Heard:
    if standing.step != "place" or not standing.lot_number:
        return Heard(standing.state)
    return Heard(standing.state.model_copy(update={"asks": "expiry"}))


def _label(desk: Desk, standing: Standing) -> Heard:
    """The batch's own label while it is made, its lot's when it is done."""
    if standing.step == "done":
        return Heard(standing.state, print_output(desk, standing.state))
    return Heard(standing.state, print_label(desk, production.DOCUMENT, standing.batch.id))


def _back(desk: Desk, standing: Standing) -> Heard:
    state, step = standing.state, standing.step
    if step in ("over", "reason", "more", "waste_quantity", *IDENTIFYING):
        return Heard(state.at_item())
    if step in ("new_lot", "expiry") and state.asks:
        return Heard(state.model_copy(update={"asks": ""}))
    if step in ("new_lot", "expiry", "place"):
        kept = {"made": ZERO, "plate": "", "asks": ""}
        return Heard(state.model_copy(update=kept))
    if step == "made" and state.is_finishing and not standing.is_all_taken:
        return Heard(state.at_bin())
    if step == "item" and (state.quantity or state.location_id):
        return Heard(state.at_bin().model_copy(update={"is_waste": state.is_waste}))
    if state.is_waste or state.quantity:
        return Heard(state.at_bin())
    return _leave(desk, standing)


def _leave(desk: Desk, standing: Standing) -> Heard:
    """The batch is nobody's; the list of batches again."""
    claims.release(desk.session, production.DOCUMENT, standing.batch.id)
    return Heard(ProduceState())


def _home(desk: Desk, standing: Standing) -> Heard:
    return Heard(None)


def _ignore(desk: Desk, standing: Standing) -> Heard:
    return Heard(standing.state)


_COMMANDS: dict[str, Callable[[Desk, Standing], Heard]] = {
    "back": _back,
    "home": _home,
    "done": _done,
    "waste": _waste,
    "skip": _skip,
    "nothing": _nothing,
    "new_lot": _change_lot,
    "new_expiry": _change_expiry,
    "label": _label,
}


def _question(desk: Desk, standing: Standing, entry: Entry) -> Heard:
    raise Refusal("E40")


_STEPS: dict[str, Callable[[Desk, Standing, Entry], Heard]] = {
    "bin": hear_bin,
    "short": hear_bin,
    "item": hear_item,
    "lot": hear_part,
    "serial": hear_part,
    "plate": hear_part,
    "over": _question,
    "more": hear_more,
    "waste_quantity": hear_waste_quantity,
    "reason": _question,
    "made": hear_made,
    "new_lot": hear_new_lot,
    "expiry": hear_expiry,
    "place": hear_place,
}
assert set(_STEPS) == WORKING, "every step of a running batch hears"

FLOW = Produce()
