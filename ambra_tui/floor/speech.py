"""The language that a worker's screens speak: it belongs to the badge, and changes at any step.

Example::

    verdict = speak_next(desk)      # Verdict('G74', {'found': 'Deutsch'})
"""

from __future__ import annotations

from ambra_tui.floor.conversation import Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.kit.language import languages, say
from ambra_tui.services.access import set_language


def next_language(desk: Desk) -> str:
    """The language after the worker's own."""
    known = languages()
    here = known.index(desk.language) if desk.language in known else -1
    return known[(here + 1) % len(known)]


def name_of(language: str) -> str:
    """A language in its own word."""
    return say(language, "sign_off.language_name")


def speak_next(desk: Desk) -> Verdict:
    """The worker's screens speak the next language from now on; the step stays as it is."""
    set_language(desk.session, desk.user, next_language(desk))
    return Verdict("G74", {"found": name_of(desk.language)})
