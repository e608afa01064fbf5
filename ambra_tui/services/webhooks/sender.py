"""Sends what is due: many receivers at once, few attempts to each, so that slow ones hold back nobody else.

Each attempt resolves the receiver's name, judges every address, connects to one that was judged, asks for its
certificate by name, follows no redirect, and reads nothing of the answer but its status.

Example::

    sender = Sender(store)
    await sender.run(stopped)     # until the event is set
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from ambra_tui.errors import Invalid
from ambra_tui.services.webhooks import claims, schedule
from ambra_tui.services.webhooks.claims import Job, Key, Outcome
from ambra_tui.services.webhooks.signing import signed_headers
from ambra_tui.services.webhooks.targets import DEFAULT_PORTS, Target, allowed_addresses, parse_target, resolve
from ambra_tui.settings import WebhookSettings
from ambra_tui.store import Store
from ambra_tui.store.leases import this_process

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TIMEOUT_SECONDS = 10.0
POLL_SECONDS = 0.5
DEAD_SECONDS = 5.0
AT_ONCE, AT_ONCE_PER_ENDPOINT = 256, 8
WINDOW, NARROW_WINDOW = 32, AT_ONCE_PER_ENDPOINT  # the last of a window is tried before its claim ends
QUICK_MILLISECONDS = 500
SETTLED_AT_ONCE = 128
LOOKUPS_AT_ONCE = 32
AGENT = "AmbraWMS-Webhooks/1"
Resolve = Callable[[str, int], list[str]]
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Endpoint:
    """How a receiver does: how much of it is in hand, and whether it answers quickly."""

    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE_PER_ENDPOINT))
    in_hand: int = 0
    is_quick: bool = False

    @property
    def room(self) -> int:
        return (WINDOW if self.is_quick else NARROW_WINDOW) - self.in_hand


class Sender:
    """One process's share of the sending. `trust`: whose certificates are good, the system's when None."""

    def __init__(
        self,
        store: Store,
        *,
        settings: WebhookSettings | None = None,
        resolve: Resolve = resolve,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._store = store
        self._networks = (settings or WebhookSettings.from_environment()).allowed_networks
        self._resolve = resolve
        self._trust = trust
        self._holder = this_process()
        self._endpoints: dict[Key, _Endpoint] = {}
        self._jobs: dict[asyncio.Task[None], Job] = {}
        self._outcomes: asyncio.Queue[Outcome] = asyncio.Queue()
        self._freed = asyncio.Event()
        self._looked_for_dead = -DEAD_SECONDS
        self._lookups = ThreadPoolExecutor(LOOKUPS_AT_ONCE, thread_name_prefix="ambra-resolve")

    async def run(self, stopped: asyncio.Event) -> None:
        """Sends until told to stop; what is not sent then is given back."""
        async with self._client() as client, self._settling():
            while not stopped.is_set():
                if not await self._try_round(client):
                    await self._pause(stopped)
            await self._give_back()
        self._lookups.shutdown(wait=False, cancel_futures=True)

    def wake(self) -> None:
        """There is something new to send. Called on the loop that runs this."""
        self._freed.set()

    async def drain(self) -> int:
        """Sends what is due now, and ends; how many attempts were made."""
        made = 0
        async with self._client() as client, self._settling():
            while True:
                taken = await self._round(client)
                made += taken
                if not taken and not self._jobs and self._outcomes.empty():
                    return made
                if not taken:
                    await self._wait_freed()

    async def _try_round(self, client: httpx.AsyncClient) -> int:
        try:
            return await self._round(client)
        except Exception:  # the edge of a task: a store that does not answer comes back
            log.warning("deliveries could not be claimed; trying again", exc_info=True)
            return 0

    async def _round(self, client: httpx.AsyncClient) -> int:
        """Claims what is due and begins to send it."""
        self._freed.clear()
        limit = AT_ONCE - len(self._jobs)
        if limit <= 0:
            return 0
        self._endpoints = {key: each for key, each in self._endpoints.items() if each.in_hand or each.is_quick}
        room = {key: each.room for key, each in self._endpoints.items()}
        busy = [key for key, left in room.items() if left <= 0]
        jobs = await asyncio.to_thread(self._claim, busy, room, limit)
        for job in jobs:
            endpoint = self._endpoints.setdefault(job.endpoint, _Endpoint())
            endpoint.in_hand += 1
            task = asyncio.create_task(self._work(client, endpoint, job))
            self._jobs[task] = job
        return len(jobs)

    def _claim(self, busy: list[Key], room: dict[Key, int], limit: int) -> list[Job]:
        now = schedule.now()
        if time.monotonic() - self._looked_for_dead >= DEAD_SECONDS:
            self._looked_for_dead = time.monotonic()
            claims.free_claims_of_the_dead(self._store, now)
        keys = claims.due(self._store, now, busy=busy, room=room, window=NARROW_WINDOW, limit=limit)
        return claims.claim(self._store, self._holder, keys, now) if keys else []

    async def _work(self, client: httpx.AsyncClient, endpoint: _Endpoint, job: Job) -> None:
        async with endpoint.slots:
            outcome = await self.attempt(client, job)
        endpoint.is_quick = outcome.is_delivered and outcome.milliseconds < QUICK_MILLISECONDS
        await self._outcomes.put(outcome)

    async def attempt(self, client: httpx.AsyncClient, job: Job) -> Outcome:
        """One attempt, whatever comes of it."""
        started, begun = schedule.now(), time.monotonic()
        status, error = None, job.why_not
        if not error:
            status, error = await self._post(client, job)
        return Outcome(job, started, status, error, round((time.monotonic() - begun) * 1000))

    async def _post(self, client: httpx.AsyncClient, job: Job) -> tuple[int | None, str]:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                target = parse_target(job.url)
                addresses = await self._addresses(target)
                status = await self._send(client, target, addresses, job)
        except TimeoutError:
            return None, f"no answer within {TIMEOUT_SECONDS:.0f} seconds"
        except Invalid as refused:
            return None, refused.message[:200]
        except OSError:
            return None, "the host's name cannot be looked up"
        except httpx.HTTPError as failure:
            return None, _told(failure)
        except Exception:  # whatever one receiver's answer did, it is an attempt that failed, and the next is sent
            log.exception("delivery %s could not be sent", job.id)
            return None, "the request could not be made"
        return status, "" if 200 <= status < 300 else f"answered {status}"

    async def _addresses(self, target: Target) -> list[str]:
        """Every address of the host, all of them allowed."""
        looking = asyncio.get_running_loop().run_in_executor(self._lookups, self._resolve, target.host, target.port)
        found = await looking
        return allowed_addresses(found, self._networks)

    async def _send(self, client: httpx.AsyncClient, target: Target, addresses: list[str], job: Job) -> int:
        """The receiver's status, from the first of its addresses that takes a connection."""
        for address in addresses[:-1]:
            try:
                return await self._request(client, target, address, job)
            except httpx.ConnectError:
                continue
        return await self._request(client, target, addresses[-1], job)

    async def _request(self, client: httpx.AsyncClient, target: Target, address: str, job: Job) -> int:
        body = job.body.encode()
        own = {"Host": _host_header(target), "Content-Type": "application/json", "User-Agent": AGENT, "Accept": "*/*"}
        signed = signed_headers(body, event_id=job.event_id, sent_at=schedule.now(), secrets=job.secrets)
        request = client.build_request(
            "POST",
            httpx.URL(target.url).copy_with(host=address),
            content=body,
            headers={**own, **signed, "X-Webhook-Event": job.event_type},
            extensions={"sni_hostname": target.host},
        )
        response = await client.send(request, stream=True)
        await response.aclose()
        return response.status_code

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[httpx.AsyncClient]:
        """No redirects, no proxies, no cookies, no connection that outlives its attempt."""
        async with httpx.AsyncClient(
            verify=self._trust or ssl.create_default_context(),
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # noqa: S113 - the attempt as a whole has one
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        ) as client:
            yield client

    @asynccontextmanager
    async def _settling(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._settle_all())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _settle_all(self) -> None:
        while True:
            outcomes = [await self._outcomes.get()]
            while len(outcomes) < SETTLED_AT_ONCE and not self._outcomes.empty():
                outcomes.append(self._outcomes.get_nowait())
            await self._settle(outcomes)

    async def _settle(self, outcomes: list[Outcome]) -> None:
        try:
            await asyncio.to_thread(claims.settle, self._store, self._holder, outcomes)
        except Exception:  # the edge of a task: they are sent again when their claims have ended
            log.warning("attempts could not be noted", exc_info=True)
        settled = {(outcome.job.organization_id, outcome.job.id) for outcome in outcomes}
        for task, job in list(self._jobs.items()):
            if (job.organization_id, job.id) in settled:
                del self._jobs[task]
                self._endpoints[job.endpoint].in_hand -= 1
        self._freed.set()

    async def _pause(self, stopped: asyncio.Event) -> None:
        """Until something ended, somebody calls it off, or it is time to look again."""
        waiting = [asyncio.create_task(each.wait()) for each in (self._freed, stopped)]
        await asyncio.wait(waiting, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    async def _wait_freed(self) -> None:
        await self._freed.wait()

    async def _give_back(self) -> None:
        unsent = list(self._jobs.items())
        for task, _ in unsent:
            task.cancel()
        await asyncio.gather(*(task for task, _ in unsent), return_exceptions=True)
        outcomes = []
        while not self._outcomes.empty():
            outcomes.append(self._outcomes.get_nowait())
        if outcomes:
            await self._settle(outcomes)
        left = list(self._jobs.values())
        if left:
            await asyncio.to_thread(claims.give_back, self._store, left, self._holder)


def _host_header(target: Target) -> str:
    name = f"[{target.host}]" if ":" in target.host else target.host
    return name if target.port == DEFAULT_PORTS[target.scheme] else f"{name}:{target.port}"


def _told(failure: httpx.HTTPError) -> str:
    """What went wrong on the way, in our own words: the receiver's would be a window into the network."""
    if isinstance(failure, httpx.ConnectError):
        cause = failure.__cause__ or failure
        return "its certificate is not good" if "certificate" in str(cause).lower() else "the connection was refused"
    return "the connection broke before an answer came"
