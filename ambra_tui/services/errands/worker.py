"""What a server process does for errands, on threads of its own: takes up what somebody left, and tries again.

Example::

    worker = Worker(store)
    worker.start()
"""

from __future__ import annotations

import logging
import threading

from ambra_tui.services.errands.running import run
from ambra_tui.services.errands.written import due
from ambra_tui.store import Store

POLL_SECONDS = 2.0
AT_ONCE = 8
log = logging.getLogger(__name__)


class Worker:
    """Several processes may have one each: they share the work."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stopped = threading.Event()
        self._room = threading.Semaphore(AT_ONCE)
        self._thread = threading.Thread(target=self._run, name="ambra-errands", daemon=True)

    def start(self) -> None:
        """Begins; what was left before this process came is looked at first."""
        self._thread.start()

    def stop(self) -> None:
        """Takes up no more. What is under way ends by itself, or is taken up by the next server."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> int:
        """Takes up what is due, and waits for it; how many there were."""
        found = due(self._store)
        threads = [
            threading.Thread(target=self._carry_out, args=place, name="ambra-errand", daemon=True) for place in found
        ]
        for thread in threads:
            self._room.acquire()
            thread.start()
        for thread in threads:
            while thread.is_alive() and not self._stopped.is_set():
                thread.join(POLL_SECONDS)
        return len(found)

    def _carry_out(self, organization_id: int, errand_id: str) -> None:
        try:
            run(self._store, organization_id, errand_id, patience=0)
        except Exception:  # the edge of a thread: it is taken up again
            if not self._stopped.is_set():
                log.warning("errand %s could not be taken up; trying again", errand_id, exc_info=True)
        finally:
            self._room.release()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.look()
            except Exception:  # the edge of a thread: a store that does not answer comes back
                log.warning("errands could not be looked for; trying again", exc_info=True)
            self._stopped.wait(POLL_SECONDS)
