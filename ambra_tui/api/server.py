"""Runs the application on a port until it is told to end: by a signal, or by the last terminal leaving.

Example::

    serve(store, ServeOptions(port=0), on_ready=print)
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import ipaddress
import logging
import signal
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from sqlmodel import select

from ambra_tui.api.app import find_editions, make_app
from ambra_tui.api.events import renderer
from ambra_tui.api.frame import AccessLog
from ambra_tui.api.idempotency import KEPT, forget_before
from ambra_tui.api.protocol import DeadlineProtocol
from ambra_tui.errors import AmbraError, Invalid
from ambra_tui.services import errands
from ambra_tui.services.oauth import forget_old
from ambra_tui.services.webhooks import forget_old_deliveries, schedule
from ambra_tui.settings import SecuritySettings, TlsSettings, WebhookSettings
from ambra_tui.store import SYSTEM, Store, leases
from ambra_tui.store.models import Organization

RENEW_SECONDS = 10.0
TERMINAL_POLL_SECONDS = 2.0
TERMINAL_GRACE_SECONDS = 30.0
CLEANING_SECONDS = 3600.0
SHUTDOWN_SECONDS = 10
KEEP_ALIVE_SECONDS = 10
MAX_HEAD_BYTES = 32 * 1024
BACKLOG = 256
_log = logging.getLogger("ambra.api")


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """`port` 0 takes a free one. `is_managed`: started by a terminal; takes a free port when `port` is taken, and ends
    when no terminal has been there for a while. `trusted_proxies`: whose ``X-Forwarded-For`` and ``X-Forwarded-Proto``
    are believed. `tls`: speaks TLS itself; None: plain HTTP, for this machine or behind a proxy."""

    host: str = "127.0.0.1"
    port: int = 8080
    is_managed: bool = False
    access_log: Path | None = None
    trusted_proxies: tuple[str, ...] = ()
    security: SecuritySettings | None = None
    tls: TlsSettings | None = None


def serve(store: Store, options: ServeOptions, *, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; what is in flight is finished first. `on_ready` hears the address."""
    WebhookSettings.from_environment()  # a wrong one is told of before anything is served
    if options.tls:
        tls_context(options.tls)
    listener = listen(options)
    log = AccessLog(options.access_log) if options.access_log else None
    try:
        asyncio.run(_serve(store, options, listener, log, on_ready))
    finally:
        listener.close()
        if log:
            log.close()


def listen(options: ServeOptions) -> socket.socket:
    """A listening socket. Raises Invalid when the address cannot be had."""
    try:
        return _bound(options.host, options.port)
    except OSError as error:
        if options.is_managed and error.errno == errno.EADDRINUSE:
            return _bound(options.host, 0)
        raise Invalid(f"Cannot listen on {options.host} port {options.port}: {error.strerror or error}") from error


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def address_of(listener: socket.socket, host: str, *, scheme: str = "http") -> str:
    """``http://HOST:PORT``, where HOST can be connected to from this machine."""
    port = listener.getsockname()[1]
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).version == 6:
            host = f"[{host}]"
    return f"{scheme}://{host}:{port}"


def known_as(options: ServeOptions, address: str) -> str:
    """What addresses of this server begin with in notices; empty when it listens everywhere and nobody told it."""
    if options.security is not None and options.security.public_url:
        return options.security.public_url
    return "" if _is_everywhere(options.host) else address


def _is_everywhere(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_unspecified
    return not host


def is_loopback(host: str) -> bool:
    """True for a host that only this machine can connect to."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """What a TLS listener needs. Raises Invalid for files that are no certificate with its key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3 if tls.minimum == "1.3" else ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=_no_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise Invalid(f"Cannot use {tls.certificate} with {tls.key} for TLS: {error}") from None
    return context


def _no_password() -> str:
    raise ValueError("the key has a password; give one without")


class Server(uvicorn.Server):
    """The library's server without its signal handlers, which would raise the signal again at the end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the caller's."""
        yield


async def _serve(
    store: Store,
    options: ServeOptions,
    listener: socket.socket,
    log: AccessLog | None,
    on_ready: Callable[[str], None],
) -> None:
    server = Server(
        server_config(
            store, log, trusted_proxies=options.trusted_proxies, security=options.security, tls=options.tls,
            is_local=is_loopback(options.host),
        )
    )  # fmt: skip
    _end_on_signals(server)
    address = address_of(listener, options.host, scheme="https" if options.tls else "http")
    running = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not running.done():
        await asyncio.sleep(0.01)
    async with _beside(store, server, options, address):
        if server.started:
            gc.collect()
            gc.freeze()
            on_ready(address)
        async with _webhooks(store, known_as(options, address)), _errands(store), _reordering(store):
            await running


@contextlib.asynccontextmanager
async def _webhooks(store: Store, origin: str) -> AsyncIterator[None]:
    """Meanwhile this process does its share of telling receivers what happens, on a thread of its own."""
    from ambra_tui.services.webhooks.worker import Worker  # it brings the HTTP client: after the server is there

    worker = Worker(store, renderer(find_editions(), origin=origin))
    await asyncio.to_thread(worker.start)
    try:
        yield
    finally:
        await asyncio.to_thread(worker.stop)


@contextlib.asynccontextmanager
async def _reordering(store: Store) -> AsyncIterator[None]:
    """Meanwhile this process orders what falls below the threshold of an alert that asks for it."""
    from ambra_tui.services.alerts.follower import Worker  # it brings purchasing: after the server is there

    worker = Worker(store)
    worker.start()
    try:
        yield
    finally:
        await asyncio.to_thread(worker.stop)


@contextlib.asynccontextmanager
async def _errands(store: Store) -> AsyncIterator[None]:
    """Meanwhile this process takes up what was to be asked of gateways and carriers, and was not."""
    from ambra_tui.services.errands.worker import Worker  # what it asks with comes when it is asked

    worker = Worker(store)
    worker.start()
    try:
        yield
    finally:
        await asyncio.to_thread(worker.stop)


def server_config(
    store: Store,
    log: AccessLog | None = None,
    *,
    trusted_proxies: tuple[str, ...] = (),
    security: SecuritySettings | None = None,
    tls: TlsSettings | None = None,
    is_local: bool = True,
) -> uvicorn.Config:
    """How the server library is set up: our protocol, no banner, no log of its own, no trust in proxy headers.
    `is_local`: it listens for this machine alone."""
    config = uvicorn.Config(
        make_app(store, log=log, trusted_proxies=trusted_proxies, security=security, is_loopback=is_local),
        http=DeadlineProtocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    if tls:
        config.load()
        config.ssl = tls_context(tls)
    return config


def _end_on_signals(server: uvicorn.Server) -> None:
    if threading.current_thread() is not threading.main_thread():
        return  # signals reach the main thread alone
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _end, server)


def _end(server: uvicorn.Server) -> None:
    server.should_exit = True


@contextlib.asynccontextmanager
async def _beside(store: Store, server: uvicorn.Server, options: ServeOptions, address: str) -> AsyncIterator[None]:
    """What runs beside the server: its lease, the watch for terminals, the cleaning of old records."""
    lease_id = await asyncio.to_thread(
        leases.announce, store, leases.SERVER, address=address, station=leases.this_process()
    )
    work = [_keep(store, lease_id), _clean(store)]
    if options.is_managed:
        work.append(_end_without_terminals(store, server))
    tasks = [asyncio.create_task(job) for job in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(AmbraError):
            await asyncio.to_thread(leases.withdraw, store, lease_id)


async def _keep(store: Store, lease_id: str) -> None:
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        try:
            await asyncio.to_thread(leases.renew, store, lease_id)
        except AmbraError:
            _log.warning("the server's lease could not be renewed", exc_info=True)


async def _end_without_terminals(store: Store, server: uvicorn.Server) -> None:
    seen = time.monotonic()
    while time.monotonic() - seen < TERMINAL_GRACE_SECONDS:
        await asyncio.sleep(TERMINAL_POLL_SECONDS)
        try:
            if await asyncio.to_thread(leases.has_terminal, store):
                seen = time.monotonic()
        except AmbraError:
            _log.warning("the terminals' leases could not be read", exc_info=True)
    _end(server)


async def _clean(store: Store) -> None:
    while True:
        try:
            await asyncio.to_thread(forget_old_answers, store)
            await asyncio.to_thread(forget_old_webhooks, store)
            await asyncio.to_thread(forget_old_tokens, store)
            await asyncio.to_thread(forget_old_errands, store)
        except AmbraError:
            _log.warning("old records could not be forgotten", exc_info=True)
        await asyncio.sleep(CLEANING_SECONDS)


def forget_old_answers(store: Store) -> None:
    """Drop answers to idempotency keys that are older than a day, organization by organization."""
    before = store.clock.now() - KEPT
    for organization_id in _organizations(store):
        store.writer.run(lambda session: forget_before(session, before), organization_id=organization_id, actor=SYSTEM)


def forget_old_webhooks(store: Store) -> None:
    """Drop finished deliveries of webhooks that are older than their log, a bite at a time."""
    before = schedule.now() - schedule.KEPT
    for organization_id in _organizations(store):
        while store.writer.run(
            lambda session: forget_old_deliveries(session, before), organization_id=organization_id, actor=SYSTEM
        ):
            pass


def forget_old_tokens(store: Store) -> None:
    """Drop codes and tokens of OAuth that nobody can come with any more, organization by organization."""
    for organization_id in _organizations(store):
        store.writer.run(forget_old, organization_id=organization_id, actor=SYSTEM)


def forget_old_errands(store: Store) -> None:
    """Drop errands that were carried out a month ago and before, a bite at a time."""
    for organization_id in _organizations(store):
        while store.writer.run(errands.forget_done, organization_id=organization_id, actor=SYSTEM):
            pass


def _organizations(store: Store) -> list[int]:
    with store.read_system() as session:
        return [row for row in session.exec(select(Organization.id)).all() if row is not None]
