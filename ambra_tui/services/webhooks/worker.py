"""What a server process does for webhooks, on a thread of its own: reads the outbox, sends what is due.

Example::

    worker = Worker(store, render)
    worker.start()
"""

from __future__ import annotations

import asyncio
import logging
import threading

from ambra_tui.services.webhooks.fan_out import FanOut, Render
from ambra_tui.services.webhooks.sender import Sender
from ambra_tui.settings import WebhookSettings
from ambra_tui.store import Store

POLL_SECONDS, IDLE_SECONDS, RETRY_SECONDS = 0.2, 1.0, 2.0
log = logging.getLogger(__name__)


class Worker:
    """Several processes may have one each: they share the work."""

    def __init__(self, store: Store, render: Render, *, settings: WebhookSettings | None = None) -> None:
        self._fan_out = FanOut(store, render)
        self._sender = Sender(store, settings=settings)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self._is_ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ambra-webhooks", daemon=True)

    def start(self) -> None:
        """Begins, and is ready to be stopped."""
        self._thread.start()
        self._is_ready.wait()

    def stop(self) -> None:
        """Ends; what is being sent is given back to whoever works next."""
        if self._loop is not None and self._stopped is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._work())
        except Exception:  # the edge of a thread
            log.exception("webhooks are not sent by this process any more")
        finally:
            self._is_ready.set()

    async def _work(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        self._is_ready.set()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell(self._stopped))
            tasks.create_task(self._sender.run(self._stopped))

    async def _tell(self, stopped: asyncio.Event) -> None:
        while not stopped.is_set():
            pause = POLL_SECONDS
            try:
                made = await asyncio.to_thread(self._fan_out.run_once)
                if made:
                    self._sender.wake()
                    continue
                if self._fan_out.is_idle:
                    pause = IDLE_SECONDS
            except Exception:  # a lost connection comes back; nothing is lost meanwhile
                log.warning("the outbox could not be read for webhooks; trying again", exc_info=True)
                pause = RETRY_SECONDS
            try:
                await asyncio.wait_for(stopped.wait(), pause)
            except TimeoutError:
                continue
