"""Conversations: which flow a badge is in, one step at a time, each step in one transaction with its effects.

The stack of flows, their states and the last verdicts are a row of the store (`WorkSession`), written with whatever the
step posted. Kill the process at any moment: after the next badge the worker stands at the same step, and each act
happened once or not at all.

Example::

    reply = hear(session, place, user_id=user.id, run=1, entry=Entry("command", "inquiry"))
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy import update
from sqlmodel import Session, col, select

from ambra_tui.errors import AmbraError, InsufficientStock, Unauthenticated
from ambra_tui.floor.codes import is_broken, shown
from ambra_tui.floor.conversation import (
    SHOWN_WORK,
    Choice,
    CountedRefusal,
    Entry,
    Flow,
    FlowState,
    Heard,
    OfModule,
    PastVerdict,
    Prompt,
    Refusal,
    Row,
    Scannable,
    Verdict,
)
from ambra_tui.floor.desk import Desk, badge_refusal
from ambra_tui.floor.host import Reply, Words
from ambra_tui.floor.known import flows
from ambra_tui.floor.speech import speak_next
from ambra_tui.kit.clock import from_microseconds, to_microseconds
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.language import DEFAULT_LANGUAGE, say, verdict_words
from ambra_tui.ledger import name_shortages
from ambra_tui.services import access
from ambra_tui.services.sessions import log_step
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Site, User, WorkSession
from ambra_tui.store.prepared import ORGANIZATION, Prepared, PreparedRows, given
from ambra_tui.store.scope import fetch, now_of, organization_of, scoped

HOME = "home"
INQUIRY = "inquiry"
LANGUAGE = "language"
SIGN_OFF, TAKE_OVER = "sign_off", "take_over"
DETOURS = {INQUIRY: INQUIRY, "undo": "undo", "sign_out": SIGN_OFF}
"""Commands that open a flow over any step, which leads back to it."""
NO_CODE_HERE = frozenset({"E01", "E04", "E43", "E44", "E45", "E47", "E57", "E59"})
"""Refusals of a scan that may be a badge."""
KEPT_VERDICTS = 10
_PIN_IN_ONE_GO = re.compile(r"\d{4,7}")  # shorter than any product code: typed fast, not scanned
log = logging.getLogger(__name__)


_PLACED = (
    select(User, WorkSession, Site)
    .join(WorkSession, (col(WorkSession.organization_id) == User.organization_id) & (WorkSession.user_id == User.id))
    .join(Site, (col(Site.organization_id) == User.organization_id) & (Site.id == WorkSession.site_id))
    .where(
        User.organization_id == ORGANIZATION,
        WorkSession.organization_id == ORGANIZATION,
        Site.organization_id == ORGANIZATION,
        User.id == given("user_id"),
    )
)
_LOOKED_AT: Prepared[User] = Prepared(_PLACED)
_WORKED_ON: Prepared[User] = Prepared(_PLACED.with_for_update(of=WorkSession))
_SAVED = PreparedRows(
    update(WorkSession).where(col(WorkSession.organization_id) == ORGANIZATION, col(WorkSession.id) == given("work_id"))
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a terminal stands. `is_sample`: the store holds a sample."""

    station: str
    site_id: str
    is_sample: bool = False


# -- signing in and out ----------------------------------------------------------------------------------------------


def sign_in(session: Session, place: Place, badge: str) -> Reply:
    """Begins or resumes the work of a badge at `place`. An unknown or locked badge is answered with its verdict."""
    if is_broken(badge):
        return signed_out(Verdict("E50"))
    try:
        user = access.sign_in(session, badge, station=place.station)
    except Unauthenticated as refusal:
        return signed_out(badge_refusal(refusal, unknown="E50").verdict)
    return _resume(session, place, user)


def _resume(session: Session, place: Place, user: User) -> Reply:
    """The worker's last step, now at `place`."""
    work = session.exec(scoped(session, WorkSession).where(WorkSession.user_id == user.id).with_for_update()).first()
    if work is None:
        now = now_of(session)
        work = WorkSession(
            organization_id=organization_of(session),
            id=new_id("wrk"),
            user_id=user.id,
            station=place.station,
            site_id=place.site_id,
            started_at=now,
            updated_at=now,
        )
        session.add(work)
        session.flush()
    if work.site_id != place.site_id:
        work.frames = []
    if work.status == "active" and work.station != place.station:
        publish(session, "worker_moved", user.id, {"left": work.station, "station": place.station})
    work.site_id, work.station, work.status = place.site_id, place.station, "active"
    work.run += 1
    desk = _desk(session, place, user, work, fetch(session, Site, work.site_id, resource="location"))
    audit(session, "signed_in", user.id, name=user.name, station=place.station)
    _drop_frames(work)
    return _answer(desk, Verdict("G15", {"name": user.name}))


def signed_out(verdict: Verdict | None = None, *, language: str = DEFAULT_LANGUAGE) -> Reply:
    """The reply of a terminal that nobody is signed in at."""
    return Reply(run=0, prompt=None, words=_words(language, verdict), language=language)


def _drop_frames(work: WorkSession) -> None:
    """A flow that this version does not know any more cannot be resumed, nor one that a password opened."""
    known = flows()
    work.frames = [
        frame for frame in work.frames if frame["flow"] in known and getattr(known[frame["flow"]], "is_resumable", True)
    ]


# -- one step --------------------------------------------------------------------------------------------------------


def hear(session: Session, place: Place, *, user_id: str, run: int, entry: Entry) -> Reply:
    """One entry of the conversation `run`; a refused entry changes nothing but the list of verdicts."""
    opened = _open(session, place, user_id)
    if isinstance(opened, Reply):
        return opened
    desk = opened
    top = desk.work.frames[-1] if desk.work.frames else {}
    was_dialog = bool(top.get("is_dialog"))
    if run != desk.work.run:
        _log(desk, top, entry, Verdict("E41"))
        return _answer(desk, Verdict("E41"), was_dialog=was_dialog)
    depth = len(desk.work.frames)
    verdict = _attempt(desk, lambda: _step(desk, entry))
    if verdict is not None and verdict.code in NO_CODE_HERE and entry.kind == "code" and not top.get("is_secret"):
        verdict = _hear_badge(desk, entry) or verdict
    _log(desk, top, entry, verdict)
    if desk.work.status != "active":
        return _left(session, place, desk, verdict)
    is_refused = verdict is not None and verdict.level == "wrong"
    if not is_refused and len(desk.work.frames) != depth:
        desk.work.run += 1
    return _answer(desk, verdict, was_dialog=was_dialog)


def _log(desk: Desk, top: dict[str, Any], entry: Entry, verdict: Verdict | None) -> None:
    """One row for what was heard and answered; what was entered is not in it."""
    is_refused = verdict is not None and verdict.level == "wrong"
    log_step(
        desk.session,
        user=desk.user,
        site_id=desk.site.id,
        station=desk.station,
        flow=top.get("flow", HOME),
        step=top.get("step", HOME),
        kind=entry.kind,
        how=entry.how if entry.kind == "code" else "",
        code=verdict.code if verdict is not None else "",
        acts=0 if is_refused else desk.acts,
    )


def _hear_badge(desk: Desk, entry: Entry) -> Verdict | None:
    """A code that the step does not know: the worker's own badge signs off, another's asks for the station."""
    user = access.badge_at(desk.session, (entry.scan.text if entry.scan else "") or entry.text, station=desk.station)
    if user is None:
        return None
    if user.id == desk.user.id:
        _attempt(desk, lambda: _begin(desk, SIGN_OFF, None))
        return Verdict("W72", {"name": user.name})
    _attempt(desk, lambda: _begin(desk, TAKE_OVER, Entry("code", user.id)))
    return Verdict("W73", {"name": user.name})


def _left(session: Session, place: Place, desk: Desk, verdict: Verdict | None) -> Reply:
    """The worker has signed off; where a successor waits, that one goes on at the station."""
    _save(desk)
    session.flush()
    if not desk.successor_id:
        return signed_out(verdict, language=desk.language)
    return _resume(session, place, fetch(session, User, desk.successor_id, resource="user"))


def look(session: Session, place: Place, *, user_id: str) -> Reply:
    """The present step, read anew. Writes nothing."""
    found = _LOOKED_AT.row(session, user_id=user_id)
    if found is None:
        return signed_out()
    user, work, site = found
    if not _works_here(work, place):
        return signed_out(Verdict("G16"), language=user.language)
    desk = _desk(session, place, user, work, site)
    return _reply(desk, _prompt(desk), None)


def _open(session: Session, place: Place, user_id: str) -> Desk | Reply:
    found = _WORKED_ON.row(session, user_id=user_id)
    if found is None or found[0].status != "active":
        return signed_out(Verdict("E52"))
    user, work, site = found
    if not _works_here(work, place):
        told = _taken_by(user) if work.status == "active" else Verdict("G16")
        return signed_out(told, language=user.language)
    return _desk(session, place, user, work, site)


def _taken_by(user: User) -> Verdict:
    """The badge was scanned at another station meanwhile: what is scanned here is not taken."""
    return Verdict("E30", {"badge": user.name[:11], "found": user.name})


def _works_here(work: WorkSession, place: Place) -> bool:
    return work.status == "active" and work.station == place.station and work.site_id == place.site_id


def _desk(session: Session, place: Place, user: User, work: WorkSession, site: Site) -> Desk:
    session.expunge(work)  # it changes all through a step and is written once, with the answer
    return Desk(session, user, site, work, is_sample=place.is_sample)


def _attempt(desk: Desk, step: Callable[[], Verdict | None]) -> Verdict | None:
    """Runs a step behind a savepoint: a refusal undoes what it wrote and keeps the stack as it was."""
    frames, number = list(desk.work.frames), desk.work.steps
    remembered: FlowState | None = None
    savepoint = desk.session.begin_nested()
    try:
        desk.work.steps = number + 1
        verdict = step()
        savepoint.commit()
        return verdict
    except CountedRefusal as refusal:
        savepoint.commit()
        verdict = refusal.verdict
    except Refusal as refusal:
        savepoint.rollback()
        verdict, remembered = refusal.verdict, refusal.state
    except InsufficientStock as error:
        savepoint.rollback()
        verdict = Verdict("E15", {"short": _short(desk.session, error)})
    except AmbraError as error:
        savepoint.rollback()
        verdict = Verdict("E99", {"detail": error.message})
    desk.work.frames, desk.work.steps, desk.acts = frames, number + 1, 0
    if remembered is not None:
        _keep(desk.work, flows()[frames[-1]["flow"]], remembered)
    return verdict


def _short(session: Session, error: InsufficientStock) -> str:
    return name_shortages(session, error).message.removeprefix("Not enough stock: ")


def _step(desk: Desk, entry: Entry) -> Verdict | None:
    work = desk.work
    if is_broken(entry.text):
        raise Refusal("E27", found=shown(entry.text))
    if entry.kind == "command" and entry.text in DETOURS:
        return _begin(desk, DETOURS[entry.text], None)
    if entry.kind == "command" and entry.text == LANGUAGE:
        return speak_next(desk)
    if not work.frames:
        return _step_home(desk, entry)
    frame = work.frames[-1]
    flow = flows()[frame["flow"]]
    state = flow.state_type.model_validate(frame["state"])
    if frame.get("is_secret") and _PIN_IN_ONE_GO.fullmatch(entry.text):
        entry = replace(entry, how="manual")
    if entry.kind == "code" and entry.how == "scan" and frame.get("is_dialog") and _prompt(desk).is_dialog:
        raise Refusal("E40")
    heard = flow.hear(desk, state, entry)
    _keep(work, flow, heard.state)
    return (heard.opens and _begin(desk, *heard.opens)) or heard.verdict


def _step_home(desk: Desk, entry: Entry) -> Verdict | None:
    if entry.kind == "choice":
        return _begin(desk, entry.text, None)
    if entry.kind == "code":
        return _begin(desk, _flow_for(desk, entry), entry)
    return None


def _flow_for(desk: Desk, entry: Entry) -> str:
    """The flow that a code at the menu begins: the one whose document it names, else the look-up of what it is."""
    return next((flow.name for flow in flows().values() if _knows(flow, desk, entry)), INQUIRY)


def _knows(flow: Flow, desk: Desk, entry: Entry) -> bool:
    return isinstance(flow, Scannable) and flow.is_named(desk, entry)


def _begin(desk: Desk, name: str, entry: Entry | None) -> Verdict | None:
    flow = flows().get(name)
    if flow is None:
        raise Refusal("E54", found=name)
    desk.require(flow.roles)
    if not is_on(desk, flow):
        raise Refusal("E74", found=desk.say(f"home.{name}"))
    if desk.work.frames and desk.work.frames[-1]["flow"] == name:
        return None
    begun: Any = flow.begin(desk, entry)
    heard = begun if isinstance(begun, Heard) else Heard(begun)
    if heard.state is not None:
        desk.work.frames = [*desk.work.frames, {"flow": name, "state": heard.state.model_dump(mode="json")}]
    return heard.verdict


def _keep(work: WorkSession, flow: Flow, state: FlowState | None) -> None:
    below = work.frames[:-1]
    work.frames = below if state is None else [*below, {"flow": flow.name, "state": state.model_dump(mode="json")}]


# -- the answer ------------------------------------------------------------------------------------------------------


def _answer(desk: Desk, verdict: Verdict | None, *, was_dialog: bool = False) -> Reply:
    """Stores where the worker is now and draws the reply."""
    work = desk.work
    try:
        prompt = _prompt(desk)
    except (AmbraError, Refusal, ValidationError):
        log.exception("a step can no longer be shown; back to the menu")
        work.frames, verdict = [], Verdict("E41")
        prompt = _home_prompt(desk)
    if prompt.is_dialog != was_dialog:
        work.run += 1
    if work.frames:
        asked = {"step": prompt.step, "is_dialog": prompt.is_dialog, "is_secret": prompt.is_secret}
        work.frames = [*work.frames[:-1], {**work.frames[-1], **asked}]
    if verdict is not None:
        told = {"at": to_microseconds(desk.now), "code": verdict.code, "params": dict(verdict.params)}
        work.verdicts = [*work.verdicts, told][-KEPT_VERDICTS:]
    _save(desk)
    return _reply(desk, prompt, verdict)


def _save(desk: Desk) -> None:
    """Writes where the worker is, in the transaction of what the step did."""
    work = desk.work
    _SAVED.run(
        desk.session,
        work_id=work.id,
        station=work.station,
        site_id=work.site_id,
        status=work.status,
        run=work.run,
        steps=work.steps,
        frames=work.frames,
        verdicts=work.verdicts,
        updated_at=desk.now,
    )


def _prompt(desk: Desk) -> Prompt:
    if not desk.work.frames:
        return _home_prompt(desk)
    frame = desk.work.frames[-1]
    flow = flows()[frame["flow"]]
    return flow.prompt(desk, flow.state_type.model_validate(frame["state"]))


def _home_prompt(desk: Desk) -> Prompt:
    offered = sorted(
        (f for f in flows().values() if f.menu_digit and desk.user.role in f.roles and is_on(desk, f)),
        key=lambda flow: (not flow.menu_digit.isdigit(), flow.menu_digit),
    )
    barred = (flow for flow in flows().values() if flow.menu_digit and desk.user.role not in flow.roles)
    work = {flow.name: flow.open_work(desk) for flow in offered}
    return Prompt(
        step=HOME,
        title=desk.say("home.title"),
        ask=desk.say("home.ask"),
        facts=(Row(desk.user.name, desk.say(f"home.role_{desk.user.role}")),),
        choices=tuple(Choice(f.menu_digit, f.name, desk.say(f"home.{f.name}") + _count(work[f.name])) for f in offered),
        barred=tuple(Choice(flow.menu_digit, flow.name, "") for flow in barred),
        todo=tuple(row for rows in work.values() for row in rows),
        help_page="floor",
    )


def is_on(desk: Desk, flow: Flow) -> bool:
    """False for a flow of a module that the organization has switched off."""
    return not isinstance(flow, OfModule) or flow.module in desk.modules


def _count(waiting: Sequence[Row]) -> str:
    if not waiting:
        return ""
    return f" ({len(waiting)})" if len(waiting) < SHOWN_WORK else f" ({SHOWN_WORK - 1}+)"


def _reply(desk: Desk, prompt: Prompt, verdict: Verdict | None) -> Reply:
    work = desk.work
    return Reply(
        run=work.run,
        prompt=prompt,
        words=_words(desk.language, verdict),
        flow=work.frames[-1]["flow"] if work.frames else HOME,
        user_id=desk.user.id,
        user_name=desk.user.name,
        role=desk.user.role,
        language=desk.language,
        history=tuple(_past(desk.language, told) for told in reversed(work.verdicts)),
    )


def _past(language: str, told: dict[str, Any]) -> PastVerdict:
    verdict = Verdict(told["code"], told["params"])
    headline, _ = verdict_words(language, verdict.code, verdict.params)
    return PastVerdict(from_microseconds(told["at"]), verdict.code, headline, verdict.level)


def _words(language: str, verdict: Verdict | None) -> Words | None:
    if verdict is None:
        return None
    headline, detail = verdict_words(language, verdict.code, verdict.params)
    return Words(verdict.code, verdict.level, headline, detail)


def words_of(language: str, code: str, **params: object) -> Words:
    """A verdict's words, for answers that no step gave."""
    headline, detail = verdict_words(language, code, {k: str(v) for k, v in params.items()})
    return Words(code, Verdict(code).level, headline, detail)


__all__ = ["HOME", "Place", "flows", "hear", "look", "say", "sign_in", "signed_out", "words_of"]
