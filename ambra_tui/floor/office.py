"""What the pages of the administration share: who may see them, pages of rows, moments, and a secret shown once.

Example::

    Heard(state, opens=("keys", ADMITTED))
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar

from ambra_tui.floor import slips
from ambra_tui.floor.conversation import Command, Entry, FlowState, Refusal, Row
from ambra_tui.floor.desk import Desk

T = TypeVar("T")
ADMINS = frozenset({"admin"})
ADMITTED = Entry("command", "admitted")
"""Said by the administration alone, once the password was right; no key and no scan is this."""
PAGE = 8
State = TypeVar("State", bound=FlowState)


class OfficePage(Generic[State]):
    """A page behind the administration's menu: for administrators alone, on no menu of the floor, begun anew each time.
    `state_type` as it is at first is the page's list."""

    menu_digit = ""
    roles = ADMINS
    is_resumable = False
    state_type: type[State]

    def begin(self, desk: Desk, entry: Entry | None = None) -> State:
        """The list. Raises Refusal for whoever does not come through the administration."""
        if entry != ADMITTED:
            raise Refusal("E71")
        return self.state_type()

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """Nothing waits here."""
        return ()


def page_of(rows: Sequence[T], offset: int) -> Sequence[T]:
    """The rows that are chosen by a digit."""
    return rows[offset : offset + PAGE]


def moment_of(desk: Desk, moment: datetime | None) -> str:
    """A moment in few columns, in the station's own time: the hour of today, else the day; empty for none."""
    if moment is None:
        return ""
    here = moment.astimezone()
    return f"{here:%H:%M}" if here.date() == desk.now.astimezone().date() else f"{here:%Y-%m-%d}"


def short_moment(desk: Desk, moment: datetime) -> str:
    """A moment in five columns: the hour of today, else month and day."""
    here = moment.astimezone()
    return f"{here:%H:%M}" if here.date() == desk.now.astimezone().date() else f"{here:%m-%d}"


def secret_facts(desk: Desk, secret: str | None, *, is_code: bool) -> tuple[Row, ...]:
    """The secret in lines that belong together, or that it is gone; for a screen with no room for its code, why."""
    if secret is None:
        return (Row(desk.say("admin.secret_gone")),)
    if is_code:
        return (Row(desk.say("labels.too_small")),)
    return tuple(Row(piece, emphasis=True) for piece in slips.pieces(secret))


def code_command(desk: Desk, *, is_code: bool) -> tuple[Command, ...]:
    """F11: the secret as a square code for a phone or scanner, and back to its letters."""
    return (Command("f11", "code", desk.say("labels.hide" if is_code else "labels.show")),)
