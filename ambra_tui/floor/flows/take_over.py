"""Somebody else's badge at a station in use: who works there signs off for a reason, and the other one goes on.

The question is answered by a digit, so a badge that is scanned by mistake changes nothing. Each act stays with the
badge that was signed in when it was done.

Example::

    heard = FLOW.hear(desk, state, Entry("choice", "break"))
"""

from __future__ import annotations

from collections.abc import Sequence

from ambra_tui.floor.conversation import Choice, Entry, FlowState, Heard, Prompt, Refusal, Row
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.leaving import leave, open_step
from ambra_tui.services import sessions
from ambra_tui.store.models import User
from ambra_tui.store.scope import fetch

OFFERED = (sessions.BREAK, sessions.SHIFT_END)


class TakeOverState(FlowState):
    """`user_id`: who wants to work here."""

    user_id: str = ""


class TakeOver:
    """The flow behind another worker's badge."""

    name = "take_over"
    menu_digit = ""
    roles = frozenset({"operator", "supervisor", "admin"})
    state_type = TakeOverState

    def begin(self, desk: Desk, entry: Entry | None = None) -> TakeOverState:
        """The question; `entry` names the user whose badge was scanned."""
        return TakeOverState(user_id=entry.text if entry is not None else "")

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Nothing waits here."""
        return ()

    def prompt(self, desk: Desk, state: TakeOverState) -> Prompt:
        """Who goes, who comes."""
        other = fetch(desk.session, User, state.user_id, resource="user")
        rows = (Row(desk.say("sign_off.goes"), desk.user.name), Row(desk.say("sign_off.open"), open_step(desk)))
        return Prompt(
            step="take_over",
            title=desk.say("sign_off.take_over"),
            ask=desk.say("sign_off.ask_take_over", name=other.name),
            facts=tuple(row for row in rows if row.value),
            choices=tuple(
                Choice(str(digit), reason, desk.say(f"sign_off.{reason}")) for digit, reason in enumerate(OFFERED, 1)
            ),
            is_dialog=True,
            accepts_text=False,
            help_page="signing-off",
        )

    def hear(self, desk: Desk, state: TakeOverState, entry: Entry) -> Heard:
        """A reason for the one who goes, or the way back."""
        if entry.kind == "command":
            return Heard(None) if entry.text in ("back", "home") else Heard(state)
        if entry.kind != "choice":
            raise Refusal("E40")
        if entry.text not in OFFERED:
            raise Refusal("E54", found=entry.text)
        desk.successor_id = state.user_id
        return Heard(None, leave(desk, entry.text))


FLOW = TakeOver()
