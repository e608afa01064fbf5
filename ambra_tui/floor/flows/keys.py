"""API keys of the organization, for administrators: listed, made, shown once, rotated, revoked.

Opened from the administration (F12), behind its password. The text of a key is in no stored step: it is on the screen
until that is left, and never again.

Example::

    heard = FLOW.hear(desk, state, Entry("choice", "rotate"))
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

from sqlmodel import col

from ambra_tui.errors import Invalid, WrongState
from ambra_tui.floor import slips
from ambra_tui.floor.codes import shown
from ambra_tui.floor.conversation import Choice, Command, Entry, FlowState, Heard, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.office import PAGE, OfficePage, code_command, moment_of, page_of, secret_facts
from ambra_tui.kit.text import clean_line
from ambra_tui.services import access
from ambra_tui.store.models import ApiKey
from ambra_tui.store.scope import scoped

Step = Literal[
    "list", "card", "name", "scopes", "own_scopes", "plan", "edition", "expiry", "secret", "leave", "rotate", "revoke"
]
SCOPES = {"read": ("read",), "write": ("write",), "delete": ("write", "delete"), "admin": ("admin",), "own": ()}
EXPIRIES: dict[str, int | None] = {"never": None, "month": 30, "quarter": 90, "year": 365}
MAX_UNUSUAL = 3
GRACES = {"day": 86_400, "hour": 3_600, "now": 0}
BEFORE: dict[str, Step] = {
    "card": "list", "name": "list", "scopes": "name", "own_scopes": "scopes", "plan": "scopes", "edition": "plan",
    "expiry": "edition", "secret": "leave", "leave": "secret", "rotate": "card", "revoke": "card",
}  # fmt: skip


class KeysState(FlowState):
    """`offset`: of the page of keys; `key_id`: the one on the card; the rest belongs to the one that is being made.
    `is_code`: the key is shown as a square code."""

    step: Step = "list"
    offset: int = 0
    key_id: str = ""
    name: str = ""
    scopes: tuple[str, ...] = ()
    plan: str = "standard"
    edition: str = ""
    is_code: bool = False


class Keys(OfficePage[KeysState]):
    """The page behind the administration's menu."""

    name = "keys"
    state_type = KeysState

    def prompt(self, desk: Desk, state: KeysState) -> Prompt:
        """The step as it is now."""
        return _PROMPTS.get(state.step, _question)(desk, state)

    def hear(self, desk: Desk, state: KeysState, entry: Entry) -> Heard:
        """One step; an administrator who is none any more is refused."""
        desk.require(self.roles)
        if entry.kind == "command":
            return _command(state, entry.text)
        if entry.kind == "choice":
            return _choose(desk, state, entry.text)
        try:
            return _typed(desk, state, entry)
        except Invalid as error:
            raise Refusal("E99", detail=error.message) from error


def _command(state: KeysState, name: str) -> Heard:
    if name == "new" and state.step == "list":
        return Heard(KeysState(step="name"))
    if name == "more" and state.step == "list":
        return Heard(state.model_copy(update={"offset": state.offset + PAGE}))
    if name == "code" and state.step == "secret":
        return Heard(state.model_copy(update={"is_code": not state.is_code}))
    if name == "back":
        return _back(state)
    if name == "home":
        slips.drop(state.key_id)
        return Heard(None)
    return Heard(state)


def _back(state: KeysState) -> Heard:
    if state.step == "list":
        return Heard(KeysState() if state.offset else None)
    step = BEFORE[state.step]
    return Heard(KeysState() if step == "list" else state.model_copy(update={"step": step, "is_code": False}))


# --- what is typed --------------------------------------------------------------------------------------------------


def _typed(desk: Desk, state: KeysState, entry: Entry) -> Heard:
    if state.step == "name":
        return Heard(
            state.model_copy(
                update={"step": "scopes", "name": clean_line(entry.text, field="name", max_length=access.MAX_NAME)}
            )
        )
    if state.step == "own_scopes":
        scopes = tuple(access.checked_scopes(entry.text.replace(",", " ").split()))
        return Heard(state.model_copy(update={"step": "plan", "scopes": scopes}))
    if state.step == "list":
        return _found(desk, entry.text.strip())
    raise Refusal("E40")


def _found(desk: Desk, text: str) -> Heard:
    """The key whose name or public part begins so."""
    wanted = text.casefold()
    for key in access.list_keys(desk.session):
        if wanted and (key.prefix.startswith(text) or key.label.casefold().startswith(wanted)):
            return Heard(KeysState(step="card", key_id=key.id))
    raise Refusal("E77", found=shown(text))


# --- what is chosen -------------------------------------------------------------------------------------------------


def _choose(desk: Desk, state: KeysState, chosen: str) -> Heard:
    choose = _CHOICES.get(state.step)
    if choose is None or chosen not in {choice.code for choice in _choices(desk, state)}:
        raise Refusal("E78")
    return choose(desk, state, chosen)


def _choose_key(_desk: Desk, _state: KeysState, chosen: str) -> Heard:
    return Heard(KeysState(step="card", key_id=chosen))


def _choose_act(_desk: Desk, state: KeysState, chosen: str) -> Heard:
    return Heard(state.model_copy(update={"step": chosen}))


def _choose_scopes(_desk: Desk, state: KeysState, chosen: str) -> Heard:
    step = "own_scopes" if chosen == "own" else "plan"
    return Heard(state.model_copy(update={"step": step, "scopes": SCOPES[chosen]}))


def _choose_plan(_desk: Desk, state: KeysState, chosen: str) -> Heard:
    return Heard(state.model_copy(update={"step": "edition", "plan": chosen}))


def _choose_edition(_desk: Desk, state: KeysState, chosen: str) -> Heard:
    return Heard(state.model_copy(update={"step": "expiry", "edition": "" if chosen == "any" else chosen}))


def _make(desk: Desk, state: KeysState, chosen: str) -> Heard:
    days = EXPIRIES[chosen]
    key, secret = access.add_key(
        desk.session, label=state.name, scopes=state.scopes, plan=state.plan, edition=state.edition,
        expires_at=None if days is None else desk.now + timedelta(days=days),
    )  # fmt: skip
    return _show_once(key, secret)


def _rotate(desk: Desk, state: KeysState, chosen: str) -> Heard:
    try:
        return _show_once(*access.rotate_key(desk.session, state.key_id, grace_seconds=GRACES[chosen]))
    except WrongState:
        return Heard(KeysState(step="card", key_id=state.key_id), Verdict("E78"))


def _show_once(key: ApiKey, secret: str) -> Heard:
    slips.keep(key.id, secret)
    return Heard(KeysState(step="secret", key_id=key.id), Verdict("W74", {"name": key.label}))


def _noted(_desk: Desk, state: KeysState, chosen: str) -> Heard:
    if chosen == "again":
        return Heard(state.model_copy(update={"step": "secret"}))
    slips.drop(state.key_id)
    return Heard(KeysState(step="card", key_id=state.key_id))


def _revoke(desk: Desk, state: KeysState, chosen: str) -> Heard:
    back = KeysState(step="card", key_id=state.key_id)
    if chosen == "no":
        return Heard(back)
    key = access.revoke_key(desk.session, state.key_id)
    return Heard(back, Verdict("G44", {"name": key.label}))


# --- what is shown --------------------------------------------------------------------------------------------------


def _question(desk: Desk, state: KeysState) -> Prompt:
    """A step that asks one thing."""
    choices = _choices(desk, state)
    return Prompt(
        step=state.step,
        title=desk.say("keys.title"),
        ask=desk.say(f"keys.ask_{state.step}"),
        facts=_facts(desk, state),
        choices=choices,
        is_dialog=bool(choices),
        accepts_text=not choices,
        help_page="keys-and-webhooks",
    )


def _list(desk: Desk, state: KeysState) -> Prompt:
    keys = access.list_keys(desk.session)
    more = (Command("f7", "more", desk.say("keys.more")),) if len(keys) > state.offset + PAGE else ()
    active = sum(access.state_of(key, desk.now) == "active" for key in keys)
    return Prompt(
        step="list",
        title=desk.say("keys.title"),
        ask=desk.say("keys.ask_list" if keys else "keys.ask_none"),
        facts=(Row(desk.say("keys.active"), f"{active}/{len(keys)}"),),
        choices=_choices(desk, state),
        commands=(Command("f5", "new", desk.say("keys.new")), *more),
        todo=tuple(Row(f"{key.label} {key.prefix}", _state_words(desk, key)) for key in page_of(keys, state.offset)),
        help_page="keys-and-webhooks",
    )


def _card(desk: Desk, state: KeysState) -> Prompt:
    drawn = _question(desk, state)
    return Prompt(
        step="card", title=drawn.title, ask=drawn.ask, facts=drawn.facts, choices=drawn.choices,
        accepts_text=False, is_card=True, help_page=drawn.help_page,
    )  # fmt: skip


def _secret(desk: Desk, state: KeysState) -> Prompt:
    secret = slips.read(state.key_id)
    return Prompt(
        step="secret", title=desk.say("keys.title"), ask=desk.say("keys.ask_secret"),
        facts=secret_facts(desk, secret, is_code=state.is_code), choices=_choices(desk, state),
        accepts_text=False, is_dialog=True,
        commands=code_command(desk, is_code=state.is_code) if secret else (),
        symbol=secret if secret and state.is_code else "", help_page="keys-and-webhooks",
    )  # fmt: skip


def _facts(desk: Desk, state: KeysState) -> tuple[Row, ...]:
    if state.step in ("card", "rotate", "revoke"):
        return _card_facts(desk, _key(desk, state.key_id))
    made = (Row(state.name),) if state.name else ()
    return (*made, Row(", ".join(state.scopes))) if state.scopes else made


def _card_facts(desk: Desk, key: ApiKey) -> tuple[Row, ...]:
    used = moment_of(desk, key.last_used_at) or desk.say("keys.never_used")
    old = (Row(desk.say("keys.rotation"), desk.say("keys.rotation_due")),) if _is_due(desk, key) else ()
    unusual = [
        Row(desk.say(f"keys.unusual_{notice.kind}"), moment_of(desk, notice.at))
        for notice in access.recent_notices(desk.session)
        if notice.key_id == key.id
    ]
    return (
        Row(key.label, emphasis=True),
        Row(key.prefix),
        Row(", ".join(key.scopes)),
        Row(desk.say("keys.state"), _state_words(desk, key)),
        Row(desk.say("keys.plan"), key.plan.capitalize()),
        Row(desk.say("keys.used"), used),
        Row(desk.say("keys.expires"), moment_of(desk, key.expires_at) or desk.say("keys.never")),
        *old,
        *unusual[:MAX_UNUSUAL],
    )


def _key(desk: Desk, key_id: str) -> ApiKey:
    """The key as it is now; a look takes no lock."""
    found = scoped(desk.session, ApiKey).where(col(ApiKey.id) == key_id).execution_options(populate_existing=True)
    return desk.session.exec(found).one()


def _is_due(desk: Desk, key: ApiKey) -> bool:
    return access.is_rotation_due(key, desk.now)


def _state_words(desk: Desk, key: ApiKey) -> str:
    if _is_due(desk, key):
        return desk.say("keys.state_old")
    return desk.say(f"keys.state_{access.state_of(key, desk.now)}")


def _choices(desk: Desk, state: KeysState) -> tuple[Choice, ...]:
    names = _names(desk, state)
    return tuple(Choice(str(digit), code, label) for digit, (code, label) in enumerate(names, start=1))


def _names(desk: Desk, state: KeysState) -> list[tuple[str, str]]:
    if state.step == "list":
        return [(key.id, key.label) for key in page_of(access.list_keys(desk.session), state.offset)]
    if state.step == "card":
        key = _key(desk, state.key_id)
        acts = ("rotate", "revoke") if access.state_of(key, desk.now) == "active" else ()
        return [(act, desk.say(f"keys.{act}")) for act in acts]
    if state.step == "plan":
        return [(plan, plan.capitalize()) for plan in access.PLANS]
    words: dict[str, tuple[str, ...]] = {
        "scopes": tuple(SCOPES), "expiry": tuple(EXPIRIES), "rotate": tuple(GRACES), "revoke": ("no", "yes"),
        "secret": ("noted",), "leave": ("noted", "again"),
    }  # fmt: skip
    if state.step == "edition":
        return [("any", desk.say("keys.edition_any")), *((edition, edition) for edition in access.EDITIONS)]
    return [(code, desk.say(f"keys.{state.step}_{code}")) for code in words.get(state.step, ())]


_PROMPTS: dict[str, Callable[[Desk, KeysState], Prompt]] = {"list": _list, "card": _card, "secret": _secret}
_CHOICES: dict[str, Callable[[Desk, KeysState, str], Heard]] = {
    "list": _choose_key,
    "card": _choose_act,
    "scopes": _choose_scopes,
    "plan": _choose_plan,
    "edition": _choose_edition,
    "expiry": _make,
    "rotate": _rotate,
    "revoke": _revoke,
    "secret": _noted,
    "leave": _noted,
}

FLOW = Keys()
