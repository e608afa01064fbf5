"""Carries out an errand: claims it, asks, applies.

Example::

    run(store, organization_id, errand_id)     # True: it is over; False: nobody answered yet
"""

from __future__ import annotations

import logging
import threading
import time

from ambra_tui.errors import Unavailable
from ambra_tui.services.errands.written import Asked, claim, find_kinds, finish, note_silence
from ambra_tui.store import SYSTEM, Store
from ambra_tui.store.leases import this_process

ERRAND_PATIENCE = 5.0
"""So many seconds somebody waits for another who carries out the same errand."""
_LOOK_SECONDS = 0.02
log = logging.getLogger(__name__)


def run(store: Store, organization_id: int, errand_id: str, *, patience: float = ERRAND_PATIENCE) -> bool:
    """Outside every transaction. True when the errand is over, by this call or another; False when nobody answered, or
    somebody else is still about it after `patience` seconds. Raises NotFound."""
    holder = f"{this_process()}"
    ends = time.monotonic() + patience
    while True:
        claimed = store.writer.run(
            lambda session: claim(session, errand_id, holder), organization_id=organization_id, actor=SYSTEM
        )
        if isinstance(claimed, Asked):
            return _carry_out(store, claimed)
        if claimed:
            return True
        if time.monotonic() >= ends:
            return False
        threading.Event().wait(_LOOK_SECONDS)


def _carry_out(store: Store, asked: Asked) -> bool:
    try:
        outcome = find_kinds()[asked.kind].call(store, asked)
        store.writer.run(
            lambda session: finish(session, asked, outcome), organization_id=asked.organization_id, actor=SYSTEM
        )
    except Unavailable as error:
        return _give_back(store, asked, error.message)
    except Exception:  # whatever one errand did, the next is carried out, and this one is tried again
        log.exception("errand %s (%s of %s) failed", asked.id, asked.kind, asked.subject_id)
        return _give_back(store, asked, "something broke on our side")
    return True


def _give_back(store: Store, asked: Asked, why: str) -> bool:
    return store.writer.run(
        lambda session: note_silence(session, asked, why), organization_id=asked.organization_id, actor=SYSTEM
    )
