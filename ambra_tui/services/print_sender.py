"""The thread that takes a station's labels to its printer: late or broken, a printer holds up nobody.

Example::

    sender = PrintSender(store, organization_id, "dock-1", failed=told.append)
    sender.start()
    sender.wake()          # something was queued
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlmodel import Session

from ambra_tui.errors import AmbraError, Invalid
from ambra_tui.labels.printer import Printer, folder_printer, parse_printer, send
from ambra_tui.services import printing
from ambra_tui.services.printing import Work
from ambra_tui.store import Actor, Store

MAX_ATTEMPTS = 3
RETRY_SECONDS = (1.0, 5.0)
IDLE_SECONDS = 60.0
ACTOR = Actor("print_sender", "Printing")
Answer = TypeVar("Answer")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that is not printed: what was to be printed, and why it was not."""

    job_id: str
    title: str
    error: str


class PrintSender:
    """See the module. `failed` is called on the sender's thread for every job that it gives up."""

    def __init__(
        self,
        store: Store,
        organization_id: int,
        station: str,
        *,
        failed: Callable[[Failure], None] | None = None,
        font: Path | None = None,
    ) -> None:
        self._store, self._organization_id, self._station = store, organization_id, station
        self._failed, self._font = failed, font
        self._woken, self._stopped = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="ambra-print", daemon=True)

    def start(self) -> None:
        """Begins with what waited from before."""
        self._woken.set()
        self._thread.start()

    def wake(self) -> None:
        """Something may have been queued."""
        self._woken.set()

    def stop(self, *, timeout_seconds: float = 2.0) -> None:
        """Ends after the job that is on its way; a printer that hangs is left behind, its job stays in the queue."""
        self._stopped.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        is_first = True
        while not self._stopped.is_set():
            self._woken.wait(IDLE_SECONDS)
            self._woken.clear()
            try:
                if is_first:
                    self._write(printing.forget_old)
                    is_first = False
                self._send_waiting()
            except Exception:  # the edge of a thread: the store comes back, the jobs wait
                log.warning("the print queue was not read", exc_info=True)
                self._stopped.wait(RETRY_SECONDS[0])

    def _send_waiting(self) -> None:
        while not self._stopped.is_set():
            with self._store.read(self._organization_id) as session:
                ids = printing.waiting(session, self._station)
            if not ids:
                return
            for job_id in ids:
                if self._stopped.is_set():
                    return
                self.send_one(job_id)

    def send_one(self, job_id: str) -> Failure | None:
        """Send one job now, with a few tries; None when it is printed or not to be sent."""
        while True:
            work = self._write(partial(printing.begin, job_id=job_id))
            if work is None:
                return None
            try:
                self._try(work)
            except AmbraError as refusal:
                # A label that cannot be drawn is the same at the next try.
                if isinstance(refusal, Invalid) or work.attempt >= MAX_ATTEMPTS:
                    return self._give_up(work, refusal.message)
                if self._stopped.wait(RETRY_SECONDS[min(work.attempt, len(RETRY_SECONDS)) - 1]):
                    return None
            else:
                self._write(partial(printing.printed, job_id=job_id))
                return None

    def _give_up(self, work: Work, error: str) -> Failure:
        self._write(partial(printing.failed, job_id=work.id, error=error))
        failure = Failure(work.id, work.title, error)
        if self._failed is not None:
            self._failed(failure)
        return failure

    def _try(self, work: Work) -> None:
        try:
            send(self._printer(work.printer), work.id, work.title, work.labels, copies=work.copies, font=self._font)
        except AmbraError:
            raise
        except Exception as fault:  # a library's fault must not end the queue
            log.exception("labels could not be drawn or sent")
            raise Invalid(f"{type(fault).__name__}: {fault}") from fault

    @staticmethod
    def _printer(address: str) -> Printer:
        return parse_printer(address) if address else folder_printer(printing.folder())

    def _write(self, work: Callable[[Session], Answer]) -> Answer:
        return self._store.writer.run(work, organization_id=self._organization_id, actor=ACTOR)
