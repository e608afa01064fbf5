"""People of the floor, kept by a supervisor with a password: add a worker, change language, badge or PIN, lock a badge.
An administrator switches the organization's modules here too, and goes on to its API keys and webhooks.

Opened from the card of F12. A badge or PIN that is told here is used at once and never kept with the step; a terminal
that was restarted asks for the password again.

Example::

    heard = FLOW.hear(desk, state, Entry("code", "the password", how="manual"))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from ambra_tui.errors import Duplicate, Invalid, Unauthenticated
from ambra_tui.floor.codes import shown
from ambra_tui.floor.conversation import Choice, Entry, FlowState, Heard, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.desk import SUPERVISORS, Desk, badge_refusal
from ambra_tui.floor.office import ADMITTED
from ambra_tui.floor.speech import name_of
from ambra_tui.kit.language import languages
from ambra_tui.services import access, sessions
from ambra_tui.services.modules import MODULES, switch_modules
from ambra_tui.store.models import User
from ambra_tui.store.models.people import ROLES
from ambra_tui.store.scope import fetch

Step = Literal["password", "menu", "name", "role", "badge", "find", "card", "new_badge", "new_pin", "modules"]
MENU = {"add": "name", "change": "find", "modules": "modules"}
PAGES = ("keys", "webhooks")
CARD = ("language", "lock", "new_badge", "new_pin")


class AdminState(FlowState):
    """`name`, `role`: of the worker that is being added; `user_id`: the one on the card."""

    step: Step = "password"
    name: str = ""
    role: str = ""
    user_id: str = ""


class Admin:
    """The flow behind the card of F12."""

    name = "admin"
    menu_digit = ""
    roles = SUPERVISORS
    state_type = AdminState
    is_resumable = False

    def begin(self, desk: Desk, entry: Entry | None = None) -> AdminState:
        """The password is asked first."""
        return AdminState()

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Nothing waits here."""
        return ()

    def prompt(self, desk: Desk, state: AdminState) -> Prompt:
        """The step as it is now."""
        choices = _choices(desk, state)
        return Prompt(
            step=state.step,
            title=desk.say("admin.title"),
            ask=desk.say(f"admin.ask_{state.step}"),
            facts=_facts(desk, state),
            choices=choices,
            is_dialog=bool(choices),
            accepts_text=not choices,
            is_secret=state.step in ("password", "new_pin"),
            help_page="signing-off",
        )

    def hear(self, desk: Desk, state: AdminState, entry: Entry) -> Heard:
        """One step; a supervisor who is none any more is refused."""
        desk.require(self.roles)
        if entry.kind == "command":
            return _back(state) if entry.text == "back" else Heard(None if entry.text == "home" else state)
        if entry.kind == "choice":
            return _choice(desk, state, entry.text)
        hear = _CODES.get(state.step)
        if hear is None:
            raise Refusal("E40")
        try:
            return hear(desk, state, entry)
        except Duplicate as error:
            raise Refusal("E72") from error
        except Invalid as error:
            raise Refusal("E99", detail=error.message) from error


def _back(state: AdminState) -> Heard:
    if state.step in ("password", "menu"):
        return Heard(None)
    is_of_card = state.step in ("new_badge", "new_pin")
    return Heard(AdminState(step="card", user_id=state.user_id) if is_of_card else AdminState(step="menu"))


# --- the password ---------------------------------------------------------------------------------------------------


def _hear_password(desk: Desk, state: AdminState, entry: Entry) -> Heard:
    try:
        access.check_password_of(desk.session, desk.user, entry.text, station=desk.station)
    except Unauthenticated as refusal:
        raise badge_refusal(refusal, unknown="E70") from refusal
    return Heard(AdminState(step="menu"))


# --- a new worker ---------------------------------------------------------------------------------------------------


def _hear_name(desk: Desk, state: AdminState, entry: Entry) -> Heard:
    return Heard(state.model_copy(update={"step": "role", "name": entry.text.strip()}))


def _hear_badge(desk: Desk, state: AdminState, entry: Entry) -> Heard:
    user = access.create_user(
        desk.session, name=state.name, badge=entry.text.strip(), role=state.role, language=desk.language
    )
    return Heard(AdminState(step="card", user_id=user.id), Verdict("G76", {"name": user.name}))


# --- a worker's card ------------------------------------------------------------------------------------------------


def _hear_worker(desk: Desk, state: AdminState, entry: Entry) -> Heard:
    user = access.find_user(desk.session, entry.text)
    if user is None:
        raise Refusal("E73", found=shown(entry.text))
    _refuse_above(desk, user.role)
    return Heard(AdminState(step="card", user_id=user.id))


def _hear_new_badge(desk: Desk, state: AdminState, entry: Entry) -> Heard:
    access.change_badge(desk.session, _worker(desk, state), entry.text.strip())
    return _saved(desk, state)


def _hear_new_pin(desk: Desk, state: AdminState, entry: Entry) -> Heard:
    if entry.how == "scan":
        raise Refusal("E40")
    access.set_pin(desk.session, _worker(desk, state), entry.text.strip())
    return _saved(desk, state)


def _worker(desk: Desk, state: AdminState) -> User:
    """The worker on the card. Raises Refusal when the role is above the supervisor's own by now."""
    user = fetch(desk.session, User, state.user_id, resource="user")
    _refuse_above(desk, user.role)
    return user


def _refuse_above(desk: Desk, role: str) -> None:
    """A supervisor keeps operators; only an administrator keeps supervisors and administrators."""
    if role != "operator" and desk.user.role != "admin":
        raise Refusal("E71")


def _saved(desk: Desk, state: AdminState) -> Heard:
    return Heard(AdminState(step="card", user_id=state.user_id), Verdict("G77", {"name": _worker(desk, state).name}))


# --- choices --------------------------------------------------------------------------------------------------------


def _choice(desk: Desk, state: AdminState, chosen: str) -> Heard:
    if state.step == "menu" and chosen in PAGES:
        _refuse_operations(desk, chosen)
        return Heard(state, opens=(chosen, ADMITTED))
    if state.step == "menu" and chosen in MENU:
        _refuse_operations(desk, chosen)
        return Heard(AdminState.model_validate({"step": MENU[chosen]}))
    if state.step == "modules" and chosen in MODULES:
        return _switch(desk, state, chosen)
    if state.step == "role" and chosen in ROLES:
        _refuse_above(desk, chosen)
        return Heard(state.model_copy(update={"step": "badge", "role": chosen}))
    if state.step == "card" and chosen in ("new_badge", "new_pin"):
        _worker(desk, state)
        return Heard(state.model_copy(update={"step": chosen}))
    if state.step == "card" and chosen == "language":
        return _other_language(desk, state)
    if state.step == "card" and chosen == "lock":
        return _turn_lock(desk, state)
    raise Refusal("E54", found=shown(chosen))


def _other_language(desk: Desk, state: AdminState) -> Heard:
    user = _worker(desk, state)
    access.set_language(desk.session, user, _after(user.language))
    return _saved(desk, state)


def _turn_lock(desk: Desk, state: AdminState) -> Heard:
    user = _worker(desk, state)
    if user.id == desk.user.id:
        raise Refusal("E71")
    if user.status != "active":
        access.open_badge(desk.session, user)
        return _saved(desk, state)
    access.lock_badge(desk.session, user)
    sessions.send_away(desk.session, user)
    return Heard(state, Verdict("G78", {"name": user.name}))


def _after(language: str) -> str:
    known = languages()
    return known[(known.index(language) + 1) % len(known)] if language in known else known[0]


# --- modules --------------------------------------------------------------------------------------------------------


def _refuse_operations(desk: Desk, chosen: str) -> None:
    """Modules, keys and webhooks concern the whole organization: administrators keep them."""
    if chosen in ("modules", *PAGES) and desk.user.role != "admin":
        raise Refusal("E71")


def _switch(desk: Desk, state: AdminState, module: str) -> Heard:
    _refuse_operations(desk, "modules")
    was_on = module in desk.modules
    switch_modules(desk.session, off=[module]) if was_on else switch_modules(desk.session, on=[module])
    now = desk.say("admin.off" if was_on else "admin.on")
    return Heard(state, Verdict("G77", {"name": f"{desk.say(f'admin.module_{module}')}: {now}"}))


# --- words ----------------------------------------------------------------------------------------------------------


def _facts(desk: Desk, state: AdminState) -> tuple[Row, ...]:
    if state.step in ("role", "badge"):
        return (Row(state.name, desk.say(f"home.role_{state.role}") if state.role else ""),)
    if state.step == "modules":
        return tuple(Row(desk.say(f"admin.module_{module}"), _state_of(desk, module)) for module in MODULES)
    if not state.user_id:
        return ()
    user = fetch(desk.session, User, state.user_id, resource="user")
    badge = desk.say("admin.badge_open" if user.status == "active" else "admin.badge_locked")
    return (Row(user.name, desk.say(f"home.role_{user.role}")), Row(name_of(user.language), badge))


def _choices(desk: Desk, state: AdminState) -> tuple[Choice, ...]:
    if state.step == "menu":
        is_admin = desk.user.role == "admin"
        shown = [each for each in (*MENU, *PAGES) if is_admin or each not in ("modules", *PAGES)]
        names = [(each, desk.say(f"admin.{each}")) for each in shown]
    elif state.step == "modules":
        names = [
            (module, f"{desk.say(f'admin.module_{module}')} > {_state_of(desk, module, turned=True)}")
            for module in MODULES
        ]
    elif state.step == "role":
        allowed = ROLES if desk.user.role == "admin" else ROLES[:1]
        names = [(role, desk.say(f"home.role_{role}")) for role in allowed]
    elif state.step == "card":
        user = fetch(desk.session, User, state.user_id, resource="user")
        lock = "lock" if user.status == "active" else "unlock"
        words = {"language": name_of(_after(user.language)), "lock": desk.say(f"admin.{lock}")}
        names = [(each, words.get(each) or desk.say(f"admin.{each}")) for each in CARD]
    else:
        names = []
    return tuple(Choice(str(digit), name, label) for digit, (name, label) in enumerate(names, start=1))


def _state_of(desk: Desk, module: str, *, turned: bool = False) -> str:
    """On or off; `turned`: what it would be after the switch."""
    return desk.say("admin.on" if (module in desk.modules) != turned else "admin.off")


_CODES: dict[str, Callable[[Desk, AdminState, Entry], Heard]] = {
    "password": _hear_password,
    "name": _hear_name,
    "badge": _hear_badge,
    "find": _hear_worker,
    "new_badge": _hear_new_badge,
    "new_pin": _hear_new_pin,
}

FLOW = Admin()
