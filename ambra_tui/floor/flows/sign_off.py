"""Sign off, for a reason: F12 opens it over any step, Esc returns to that step.

A break keeps the work and the step for the same badge. The end of a shift and a handover set free what the worker
holds; what was counted at an unfinished step and not booked is told first.

Example::

    heard = FLOW.hear(desk, state, Entry("choice", "break"))
"""

from __future__ import annotations

from collections.abc import Sequence

from ambra_tui.floor.conversation import Choice, Entry, FlowState, Heard, Prompt, Refusal, Row
from ambra_tui.floor.desk import SUPERVISORS, Desk
from ambra_tui.floor.known import flows
from ambra_tui.floor.leaving import leave, open_step
from ambra_tui.floor.speech import name_of, next_language, speak_next
from ambra_tui.services import claims, sessions

ADMIN, LANGUAGE = "admin", "language"


class SignOffState(FlowState):
    """Nothing to remember: the card is read anew."""


class SignOff:
    """The flow behind F12."""

    name = "sign_off"
    menu_digit = ""
    roles = frozenset({"operator", "supervisor", "admin"})
    state_type = SignOffState

    def begin(self, desk: Desk, entry: Entry | None = None) -> SignOffState:
        """The card."""
        return SignOffState()

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Nothing waits here."""
        return ()

    def prompt(self, desk: Desk, state: SignOffState) -> Prompt:
        """Who, what is open, and the reasons."""
        return Prompt(
            step="reason",
            title=desk.say("sign_off.title"),
            ask=desk.say("sign_off.ask"),
            facts=_facts(desk),
            choices=_choices(desk),
            is_dialog=True,
            accepts_text=False,
            help_page="signing-off",
        )

    def hear(self, desk: Desk, state: SignOffState, entry: Entry) -> Heard:
        """A reason, another language, or the way back."""
        if entry.kind == "command":
            return Heard(None) if entry.text in ("back", "home") else Heard(state)
        if entry.kind != "choice":
            raise Refusal("E40")
        if entry.text == LANGUAGE:
            return Heard(state, speak_next(desk))
        if entry.text == ADMIN:
            return _administration(desk)
        if entry.text not in sessions.REASONS:
            raise Refusal("E54", found=entry.text)
        return Heard(None, leave(desk, entry.text))


def _administration(desk: Desk) -> Heard:
    """The people of the floor, in place of this card."""
    admin = flows()[ADMIN]
    desk.require(admin.roles)
    below, state = desk.work.frames[:-1], admin.begin(desk)
    desk.work.frames = [*below, {"flow": ADMIN, "state": state.model_dump(mode="json")}, desk.work.frames[-1]]
    return Heard(None)


def _facts(desk: Desk) -> tuple[Row, ...]:
    held = claims.claims_of(desk.session, desk.user.id)
    rows = (
        Row(desk.user.name, desk.say(f"home.role_{desk.user.role}")),
        Row(desk.say("sign_off.open"), open_step(desk)),
        Row(desk.say("sign_off.held"), str(len(held)) if held else ""),
    )
    return tuple(row for row in rows if row.value)


def _choices(desk: Desk) -> tuple[Choice, ...]:
    reasons = [Choice(str(n), reason, desk.say(f"sign_off.{reason}")) for n, reason in enumerate(sessions.REASONS, 1)]
    language = Choice("4", LANGUAGE, name_of(next_language(desk)))
    if desk.user.role not in SUPERVISORS:
        return (*reasons, language)
    return (*reasons, language, Choice("5", ADMIN, desk.say("admin.title")))


FLOW = SignOff()
