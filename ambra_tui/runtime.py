"""What runs in a terminal's process: the store, the follower of its facts, the lease, the server beside it.

Example::

    host = open_terminal(TerminalOptions(store_url="sqlite:///ambra.db", station="dock-1"))
    reply = host.sign_in(Entry("code", "BDG-1001")).result()
    host.close()
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlmodel import Session, col

from ambra_tui.errors import AmbraError, Invalid, NotAllowed, Unavailable
from ambra_tui.floor import engine
from ambra_tui.floor.conversation import Entry, PracticeCode
from ambra_tui.floor.desk import SUPERVISORS
from ambra_tui.floor.host import Reply, Status, Told, Words
from ambra_tui.scan.model import RawScan, Scan
from ambra_tui.scan.parse import parse_frame
from ambra_tui.services import printing
from ambra_tui.services.access_system import choose_organization
from ambra_tui.services.desk import Board, read_board
from ambra_tui.services.lists import Key, ListPage, read_page
from ambra_tui.services.print_sender import Failure, PrintSender
from ambra_tui.services.sample import practice_badges
from ambra_tui.settings import data_folder
from ambra_tui.store import Actor, Store, leases, open_store
from ambra_tui.store.models import Lease, Organization, Site
from ambra_tui.store.outbox import Follower
from ambra_tui.store.scope import scoped

if TYPE_CHECKING:
    from ambra_tui.services.analytics.board import SalesBoard
    from ambra_tui.services.forecasts.answer import Forecast
    from ambra_tui.services.insights import Insight
    from ambra_tui.services.questions import Answered
    from ambra_tui.services.reports.board import ReportBoard

RENEW_SECONDS = 10.0
WATCH_SECONDS = 1.0
SEEK_SECONDS = 0.25
SEEK_TRIES = 40
MAX_UNPRINTED = 20  # failures that wait to be told; more of them say nothing new
SHOWN_INSIGHTS = 100  # more than anybody goes through; the API pages them all
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TerminalOptions:
    """`server`: True starts a server beside the terminal, False does not, None: on SQLite only. `site`: a code; empty:
    the first warehouse. `printer`: the station's label printer from now on, ``none`` takes it away; None: as it was."""

    store_url: str
    station: str
    organization: str | None = None
    site: str | None = None
    server: bool | None = None
    now: str | None = None
    printer: str | None = None
    label_font: str | None = None


def open_terminal(options: TerminalOptions) -> TerminalHost:
    """Opens the store and everything a terminal needs of it. Raises AmbraError with a sentence for the operator."""
    store = open_store(options.store_url, now=options.now)
    try:
        organization = choose_organization(store, options.organization)
        site = _choose_site(store, organization, options.site)
        wants_server = store.dialect == "sqlite" if options.server is None else options.server
        if options.printer is not None:
            _set_printer(store, organization, options.station, options.printer)
        font = Path(options.label_font) if options.label_font else None
        return TerminalHost(store, organization, site, options.station, wants_server=wants_server, label_font=font)
    except BaseException:  # an unfinished start leaves no open store; raised again
        store.close()
        raise


def _set_printer(store: Store, organization: Organization, station: str, address: str) -> None:
    store.writer.run(
        lambda session: printing.set_printer(session, station, address),
        organization_id=organization.id,
        actor=Actor("", "", station),
    )


def _choose_site(store: Store, organization: Organization, code: str | None) -> Site:
    with store.read(organization.id) as session:
        sites = session.exec(scoped(session, Site).order_by(col(Site.kind).desc(), col(Site.code))).all()
    if not sites:
        raise Invalid("This organization has no site yet. Import locations first: ambra import locations FILE")
    if not code:
        return sites[0]
    for site in sites:
        if site.code.casefold() == code.casefold():
            return site
    raise Invalid(f"There is no site '{code}'. Known sites: {', '.join(site.code for site in sites)}")


class TerminalHost:
    """The program behind one terminal (`FloorHost`)."""

    def __init__(
        self,
        store: Store,
        organization: Organization,
        site: Site,
        station: str,
        *,
        wants_server: bool,
        label_font: Path | None = None,
    ) -> None:
        assert organization.id is not None
        self._store = store
        self._organization_id = organization.id
        is_sample = bool(store.sample)
        self._place = engine.Place(station, site.id, is_sample)
        self._status = Status(organization.name, site.code, station, is_sample=is_sample)
        self._practice = tuple(
            PracticeCode(badge.badge, f"{badge.name} ({badge.role})") for badge in practice_badges(store)
        )
        self._reply = engine.signed_out()
        self._callbacks: list[Callable[[], None]] = []
        self._readers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ambra-look")
        self._askers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ambra-ask")
        self._closing = threading.Event()
        self._servers: list[Lease] = []
        self._child: subprocess.Popen[bytes] | None = None
        self._unprinted: deque[Failure] = deque(maxlen=MAX_UNPRINTED)
        self._sender = PrintSender(store, organization.id, station, failed=self._not_printed, font=label_font)
        self._follower = Follower(store, self._wake)
        self._keeper = threading.Thread(target=self._keep_lease, args=(wants_server,), name="ambra-lease", daemon=True)
        self._follower.start()
        self._sender.start()
        self._keeper.start()

    # -- FloorHost -----------------------------------------------------------------------------------------------

    @property
    def status(self) -> Status:
        return self._status

    def sign_in(self, entry: Entry) -> Future[Reply]:
        badge = entry.text.strip()
        actor = Actor("", "", self._place.station)
        return self._told(
            self._store.writer.submit(
                lambda session: engine.sign_in(session, self._place, badge),
                organization_id=self._organization_id,
                actor=actor,
            )
        )

    def hear(self, run: int, entry: Entry) -> Future[Reply]:
        user_id = self._reply.user_id
        return self._told(
            self._store.writer.submit(
                lambda session: engine.hear(session, self._place, user_id=user_id, run=run, entry=entry),
                organization_id=self._organization_id,
                actor=self._actor,
            )
        )

    def look(self) -> Future[Reply]:
        return self._told(self._readers.submit(self._look, self._reply.user_id))

    def parse(self, raw: RawScan) -> Scan:
        return parse_frame(raw, today=self._store.clock.today())

    def sign_in_practice(self) -> tuple[PracticeCode, ...]:
        return self._practice

    def subscribe(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def board(self) -> Future[Board]:
        return self._for_supervisors(lambda session: read_board(session, site_id=self._place.site_id))

    def rows(
        self, name: str, *, after: Key | None = None, before: Key | None = None, search: str = "", limit: int = 100
    ) -> Future[ListPage]:
        return self._for_supervisors(
            lambda session: read_page(session, name, after=after, before=before, search=search, limit=limit)
        )

    def ask(self, question: str) -> Future[Told]:
        reply = self._reply

        def work() -> Told:
            if not reply.user_id:
                raise NotAllowed("Sign in first.")
            from ambra_tui.services import assistants, questions  # loaded with the first question

            reader = assistants.configured_engine()
            with self._store.read(self._organization_id) as session:
                found = questions.ask(session, question, language=reply.language, engine=reader)
            tool = questions.TOOLS.get(found.intent)
            return Told(
                found.status,
                found.answer,
                tuple(found.rows),
                tuple(found.suggestions),
                chart=tool.chart if tool else None,
                forecast_of=_forecast_of(found) if reply.role in SUPERVISORS else "",
            )

        return self._askers.submit(work)

    def insights(self) -> Future[tuple[tuple[Insight, ...], int]]:
        from ambra_tui.services.insights import read_insights  # loaded when first asked for

        def work(session: Session) -> tuple[tuple[Insight, ...], int]:
            found, total = read_insights(session, site_id=self._place.site_id, limit=SHOWN_INSIGHTS)
            return tuple(found), total

        return self._for_supervisors(work)

    def report(self, name: str) -> Future[ReportBoard]:
        from ambra_tui.services.reports.board import read_report  # loaded when first asked for

        return self._for_supervisors(lambda session: read_report(session, name, site_id=self._place.site_id))

    def sales(self, window: str, group_by: str) -> Future[SalesBoard]:
        from ambra_tui.services.analytics.board import read_sales  # loaded when first asked for

        return self._for_supervisors(lambda session: read_sales(session, window, group_by))

    def forecast(self, text: str) -> Future[Forecast]:
        from ambra_tui.services.forecasts.card import forecast_card  # loaded with the first forecast

        return self._for_supervisors(lambda session: forecast_card(session, text, site_id=self._place.site_id))

    def take_forecast(self, shown: Forecast) -> Future[None]:
        from ambra_tui.services.forecasts.card import take_forecast

        actor = self._actor

        def take(session: Session) -> None:
            _refuse_others(actor)
            take_forecast(session, shown)

        return self._store.writer.submit(take, organization_id=self._organization_id, actor=actor)

    def close(self) -> None:
        self._closing.set()
        self._follower.stop()
        self._sender.stop()
        self._keeper.join()
        self._readers.shutdown(wait=True)
        self._askers.shutdown(wait=True, cancel_futures=True)
        self._store.close()

    # -- inside --------------------------------------------------------------------------------------------------

    @property
    def _actor(self) -> Actor:
        reply = self._reply
        return Actor(reply.user_id, reply.user_name, self._place.station, reply.role)

    def _for_supervisors(self, read: Callable[[Session], T]) -> Future[T]:
        actor = self._actor

        def work() -> T:
            _refuse_others(actor)
            with self._store.read(self._organization_id) as session:
                return read(session)

        return self._readers.submit(work)

    def _look(self, user_id: str) -> Reply:
        if not user_id:
            return engine.signed_out()
        with self._store.read(self._organization_id) as session:
            reply = engine.look(session, self._place, user_id=user_id)
        if reply.prompt is None or not self._unprinted:
            return reply
        failure = self._unprinted.popleft()
        told = engine.words_of(reply.language, "W81", label=failure.title, error=failure.error)
        return replace(reply, words=told)

    def _told(self, future: Future[Reply]) -> Future[Reply]:
        """The reply, kept as the last one; a fault of the store becomes a verdict on the step as it was."""
        told: Future[Reply] = Future()

        def finish(done: Future[Reply]) -> None:
            error = done.exception()
            if error is None:
                self._reply = done.result()
                told.set_result(self._reply)
                return
            log.error("a step was not saved", exc_info=error)
            told.set_result(replace(self._reply, words=self._fault(error)))

        future.add_done_callback(finish)
        return told

    def _fault(self, error: BaseException) -> Words:
        language = self._reply.language
        if isinstance(error, Unavailable):
            return replace(engine.words_of(language, "E98"), detail=error.message)
        if isinstance(error, AmbraError):
            return engine.words_of(language, "E99", detail=error.message)
        return engine.words_of(language, "E97")

    def _not_printed(self, failure: Failure) -> None:
        """On the sender's thread: the terminal looks again, and is told."""
        self._unprinted.append(failure)
        self._wake()

    def _wake(self) -> None:
        self._sender.wake()
        for callback in self._callbacks:
            callback()

    def _keep_lease(self, wants_server: bool) -> None:
        """Says that the terminal is there, and sees to it that a server is, where one is wanted."""
        store = self._store
        lease_id = ""
        while not self._closing.is_set():
            try:
                if lease_id:
                    leases.renew(store, lease_id)
                else:
                    lease_id = leases.announce(store, leases.TERMINAL, station=self._place.station)
                self._find_server(wants_server)
            except Exception:  # the edge of a thread: the next round tries again
                log.warning("the terminal's lease was not renewed", exc_info=True)
            self._watch_servers()
        if lease_id:
            try:
                leases.withdraw(store, lease_id)
            except AmbraError:
                log.warning("the terminal's lease runs out by itself")

    def _watch_servers(self) -> None:
        """Waits until the lease is to be renewed; at once ends the lease of a server that was killed."""
        due = time.monotonic() + RENEW_SECONDS
        while not self._closing.wait(WATCH_SECONDS) and time.monotonic() < due:
            if self._child is not None:
                self._child.poll()
            gone = [server for server in self._servers if leases.is_gone(server)]
            if gone:
                self._forget(gone)
                return

    def _forget(self, gone: list[Lease]) -> None:
        self._servers = []
        try:
            for server in gone:
                leases.withdraw(self._store, server.id)
        except AmbraError:
            log.warning("the lease of a killed server runs out by itself")

    def _find_server(self, wants_server: bool) -> None:
        self._servers = leases.servers(self._store)
        if not self._servers and wants_server and leases.claim_server(self._store):
            self._child = start_server(self._store.url)
        tries = SEEK_TRIES if not self._servers and wants_server else 0
        while not self._servers and tries and not self._closing.wait(SEEK_SECONDS):
            self._servers = leases.servers(self._store)
            tries -= 1
        address = self._servers[0].address if self._servers else ""
        if address != self._status.server:
            self._status = replace(self._status, server=address)
            self._wake()


def _refuse_others(actor: Actor) -> None:
    if not actor.id or actor.role not in SUPERVISORS:
        raise NotAllowed("Only supervisors see this. Sign in with a supervisor's badge.")


def _forecast_of(found: Answered) -> str:
    """The item that a forecast was asked of."""
    one_item = found.intent == "forecast" and len(found.rows) == 1
    return str(found.rows[0].get("sku", "")) if one_item else ""


def server_log() -> Path:
    """Where a server that a terminal started writes its log."""
    return data_folder() / "server.log"


def start_server(store_url: str) -> subprocess.Popen[bytes]:
    """Starts a server for the store, detached: it outlives the terminal and never writes on its screen."""
    path = server_log()
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "ambra_tui.cli", "--store", store_url, "serve", "--managed"]
    with path.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            close_fds=True,
            cwd="/",
            env={**os.environ, "PYDANTIC_DISABLE_PLUGINS": "__all__"},
        )
