"""What a supervisor allows at a step: a badge is scanned, the PIN is typed, and both are written down.

Example::

    supervisor = supervisor_with(desk, entry)       # None when the code is no supervisor's badge
    confirm(desk, supervisor_id, pin, act="receipt_override", subject=order.id, code="E11")
"""

from __future__ import annotations

from ambra_tui.errors import Unauthenticated
from ambra_tui.floor.codes import text_of
from ambra_tui.floor.conversation import Entry, Refusal
from ambra_tui.floor.desk import SUPERVISORS, Desk, badge_refusal
from ambra_tui.services.access import check_pin_of, user_by_badge
from ambra_tui.store.facts import audit
from ambra_tui.store.models import User
from ambra_tui.store.scope import fetch


def supervisor_with(desk: Desk, entry: Entry) -> User | None:
    """The supervisor whose badge was scanned, None for a code that is nobody's badge. Raises E35 for an operator's."""
    try:
        user = user_by_badge(desk.session, text_of(entry))
    except Unauthenticated:
        return None
    if user.role not in SUPERVISORS:
        raise Refusal("E35", name=user.name)
    return user


def confirm(desk: Desk, supervisor_id: str, pin: str, *, act: str, subject: str, **details: str) -> User:
    """The supervisor, when the PIN is theirs. Wrong tries are counted and raise CountedRefusal."""
    supervisor = fetch(desk.session, User, supervisor_id, resource="user")
    try:
        check_pin_of(desk.session, supervisor, pin, station=desk.station)
    except Unauthenticated as refusal:
        raise badge_refusal(refusal, unknown="E53") from refusal
    audit(desk.session, act, subject, supervisor=supervisor.id, supervisor_name=supervisor.name, **details)
    return supervisor
