"""Take back what was done last, act by act: Ctrl+Z opens it over any step, Esc returns to that step.

The act is shown before anything happens, and only its digit takes it back. Acts belong to the worker, not to the
station: they wait here after a restart, and at another terminal.

Example::

    heard = FLOW.hear(desk, state, Entry("choice", "undo"))
"""

from __future__ import annotations

from collections.abc import Sequence

from ambra_tui.errors import WrongState
from ambra_tui.floor.conversation import Choice, Entry, FlowState, Heard, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.known import flows
from ambra_tui.services.acts import _trail
from ambra_tui.store.models import Act, Site
from ambra_tui.store.scope import fetch

UNDO = "undo"
SHOWN_COUNT = 9  # more later events than that show as so many in the headline


class UndoState(FlowState):
    """`act_id`: the act that is on the screen; empty: nothing can be taken back."""

    act_id: str = ""


class Undo:
    """The flow behind Ctrl+Z."""

    name = "undo"
    menu_digit = ""
    roles = frozenset({"operator", "supervisor", "admin"})
    state_type = UndoState

    def begin(self, desk: Desk, entry: Entry | None = None) -> Heard:
        """Shows the last act; with none there is nothing to open."""
        acts = _trail.last_acts(desk.session, desk.user.id)
        if not acts:
            return Heard(None, Verdict("W70"))
        return Heard(UndoState(act_id=acts[0].id))

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Nothing waits here."""
        return ()

    def prompt(self, desk: Desk, state: UndoState) -> Prompt:
        """What is taken back by the digit."""
        acts = _trail.last_acts(desk.session, desk.user.id)
        shown = next((act for act in acts if act.id == state.act_id), None)
        if shown is None:
            return _nothing(desk)
        return Prompt(
            step=f"undo_{shown.step}",
            title=desk.say("undo.title"),
            ask=desk.say("undo.ask"),
            facts=_facts(desk, shown),
            choices=(Choice("1", UNDO, desk.say("undo.do")),),
            is_dialog=True,
            accepts_text=False,
            progress=None,
            todo=tuple(Row(_words(desk, act), _line(act)) for act in acts[acts.index(shown) + 1 :]),
            help_page="undo",
        )

    def hear(self, desk: Desk, state: UndoState, entry: Entry) -> Heard:
        """One act taken back, or the way back to the step."""
        if entry.kind == "command":
            return Heard(None) if entry.text in ("back", "home") else Heard(state)
        if entry.kind != "choice" or entry.text != UNDO:
            raise Refusal("E40")
        acts = _trail.last_acts(desk.session, desk.user.id)
        if not acts:
            return Heard(None, Verdict("W70"))
        act = acts[0]
        if act.id != state.act_id:
            return Heard(UndoState(act_id=act.id), Verdict("E41"))
        told = {"what": _words(desk, act), "detail": _line(act)}
        _take_back(desk, act)
        rest = acts[1:]
        return Heard(UndoState(act_id=rest[0].id) if rest else None, Verdict("G70", told))


def _take_back(desk: Desk, act: Act) -> None:
    try:
        _trail.undo(desk.session, act, idempotency_key=desk.key("undo"))
    except _trail.CannotUndo as refusal:
        raise Refusal("E37", count=min(refusal.count, SHOWN_COUNT), detail=_later(desk, refusal)) from refusal
    except WrongState as error:
        raise Refusal("E41") from error
    below = desk.work.frames[:-1]
    desk.work.frames = [*(_after(desk, frame, act) for frame in below), *desk.work.frames[-1:]]


def _after(desk: Desk, frame: dict[str, object], act: Act) -> dict[str, object]:
    """A flow beneath that holds what the act had left is told of it."""
    flow = flows()[str(frame["flow"])]
    undone = getattr(flow, "undone", None)
    if undone is None:
        return frame
    state = undone(desk, flow.state_type.model_validate(frame["state"]), act)
    return {**frame, "state": state.model_dump(mode="json")}


def _later(desk: Desk, refusal: _trail.CannotUndo) -> str:
    if not refusal.reason:
        return refusal.later
    told = dict(refusal.told)
    if "kind" in told:
        told["kind"] = desk.say(f"undo.move_{told['kind']}")
    return desk.say(f"undo.later_{refusal.reason}", **told)


# --- words ----------------------------------------------------------------------------------------------------------


def _nothing(desk: Desk) -> Prompt:
    return Prompt(
        step="undo_nothing",
        title=desk.say("undo.title"),
        ask=desk.say("undo.nothing"),
        is_dialog=True,
        accepts_text=False,
        help_page="undo",
    )


def _words(desk: Desk, act: Act) -> str:
    return desk.say(f"undo.kind_{act.kind}")


def _line(act: Act) -> str:
    """The act in one line: how many of what."""
    told = act.summary
    parts = [told.get("quantity", ""), told.get("item", "") or told.get("found", "") or told.get("document", "")]
    return " ".join(part for part in parts if part)


def _facts(desk: Desk, act: Act) -> tuple[Row, ...]:
    """Most important first: what, how many of which item, where, for which document, when, how many more."""
    told = act.summary
    place = told.get("bin", "")
    if act.site_id != desk.site.id:
        place = f"{fetch(desk.session, Site, act.site_id, resource='location').code} {place}".strip()
    lot = told.get("lot") or told.get("serial") or ""
    document = told.get("document") or told.get("plate") or ""
    more = len(_trail.last_acts(desk.session, desk.user.id)) - 1
    when = f"{act.done_at:%H:%M}" if act.done_at.date() == desk.today else f"{act.done_at:%Y-%m-%d %H:%M}"
    item = " ".join(part for part in (told.get("quantity", ""), told.get("item", "") or told.get("found", "")) if part)
    rows = (
        Row(_words(desk, act), emphasis=True),
        Row(desk.say("undo.item"), item),
        Row(desk.say("undo.lot"), lot),
        Row(desk.say("undo.bin"), place),
        Row(desk.say("undo.document"), document),
        Row(desk.say("undo.when"), desk.say("undo.when_value", time=when, more=more) if more else when),
    )
    return tuple(row for row in rows if row.value or row.emphasis)


FLOW = Undo()
