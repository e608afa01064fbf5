"""A worker leaves a station: the work is kept or set free, and that is told.

Example::

    verdict = leave(desk, "shift_end")      # Verdict('G75', {'name': 'Ana', 'count': '1'})
"""

from __future__ import annotations

from ambra_tui.floor.conversation import Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.services import sessions


def leave(desk: Desk, reason: str) -> Verdict:
    """Signs the worker off and says what became of the work."""
    released = sessions.sign_off(desk.session, desk.work, reason=reason, station=desk.station)
    if reason == sessions.BREAK:
        return Verdict("G16")
    return Verdict("G75", {"name": desk.user.name, "count": str(released)})


def open_step(desk: Desk) -> str:
    """What the worker is in the middle of, beneath this card; empty at the menu."""
    below = desk.work.frames[:-1]
    return desk.say(f"home.{below[-1]['flow']}") if below else ""
