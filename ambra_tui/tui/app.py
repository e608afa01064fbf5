"""The terminal: keys and scanners in, one step on the screen.

Every key is heard here first, before any screen or command, and told apart into scans and typing. The first frame
is painted before the store is touched; the store opens on a thread of its own.

Example::

    Terminal(make_host=open_floor, station="dock-1").run()
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.notifications import SeverityLevel
from textual.theme import Theme

from ambra_tui.errors import AmbraError, Invalid
from ambra_tui.kit.clock import monotonic_milliseconds
from ambra_tui.kit.text import printable
from ambra_tui.scan.model import RawScan, ScanSource, SourceState
from ambra_tui.scan.sources.practice import PracticeSource
from ambra_tui.scan.sources.wedge import Typed, WedgeSettings, WedgeSource
from ambra_tui.settings import data_folder
from ambra_tui.tui.driver import KeyBatch, TerminalDriver
from ambra_tui.tui.keys import stroke_of
from ambra_tui.tui.pages import LeavePage, PracticePage, ScansPage, Sheet, StepScreen
from ambra_tui.tui.sound import Sound, bell_gap_ms
from ambra_tui.tui.station import Station
from ambra_tui.tui.text import ControlFilter, PlainFilter

if TYPE_CHECKING:
    from ambra_tui.floor.host import FloorHost

log = logging.getLogger(__name__)

AMBER = Theme(
    name="ambra",
    primary="#f0b23c",
    secondary="#8fb8d8",
    success="#5fbf7f",
    warning="#f0b23c",
    error="#f06a5f",
    foreground="#e6e3dc",
    background="#12151a",
    surface="#191d24",
    panel="#232932",
    dark=True,
    variables={"text-muted": "#98a0ab"},
)
REARM_SECONDS = 0.005
ASK_KEY = "ctrl+f"  # heard on every page, not only at a step
ECHO_SECONDS = 0.008  # an answer that comes sooner is painted together with the echo of its scan


class Terminal(App[int]):
    """See the module. `make_host` runs on a thread after the first frame and may raise."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self,
        make_host: Callable[[], FloorHost],
        *,
        sources: Sequence[ScanSource] = (),
        station: str = "",
        wedge: WedgeSettings | None = None,
        is_ascii: bool = False,
    ) -> None:
        super().__init__(driver_class=TerminalDriver)
        self.register_theme(AMBER)
        self.theme = "ambra"
        self.animation_level = "none"
        self._filters.append(PlainFilter() if is_ascii else ControlFilter())
        self._make_host = make_host
        self._station_name = station
        self.wedge = WedgeSource(wedge)
        self.practice = PracticeSource()
        self._sources = tuple(sources)
        self._flush_timer: asyncio.TimerHandle | None = None
        self._consumer: asyncio.Task[None] | None = None
        self._redraw_handle: asyncio.Handle | None = None
        self._echo_handle: asyncio.Handle | None = None
        self.station: Station
        self.refusal = ""

    # ------------------------------------------------------------------ start and end

    def get_default_screen(self) -> StepScreen:
        self.station = Station(
            changed=self._changed,
            heard=self._heard,
            sound=Sound(self._ring, gap_ms=bell_gap_ms()),
            station=self._station_name,
        )
        return StepScreen()

    def on_mount(self) -> None:
        self.wedge.start(self._frame)
        self.practice.start(self._frame)
        loop = asyncio.get_running_loop()
        for source in self._sources:
            if hasattr(source, "on_change"):
                source.on_change = lambda: loop.call_soon_threadsafe(self._changed)
            source.start(partial(self._frame_from_thread, loop))
        self._end_in_order_on(signal.SIGTERM)
        self._consumer = asyncio.create_task(self.station.intake.run(), name="intake")
        self.call_after_refresh(self.open_store)

    def _end_in_order_on(self, number: signal.Signals) -> None:
        """Give the terminal back when asked to end, where this thread may listen for that."""
        try:
            asyncio.get_running_loop().add_signal_handler(number, self.exit, 128 + number)
        except (NotImplementedError, RuntimeError, ValueError):
            return

    def open_store(self) -> None:
        """Open the store on a thread; afterwards what was scanned meanwhile is answered."""
        if self.station.is_open:
            return
        self.station.failure = ""
        self._changed()
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._open, args=(loop,), name="open-store", daemon=True).start()

    def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        start_log()
        try:
            host = self._make_host()
        except Invalid as error:
            _from_thread(loop, self._refuse_start, error.message)
        except AmbraError as error:
            _from_thread(loop, self.station.failed, error.message)
        except Exception as error:  # the edge of a thread: the person must read why
            log.exception("the store could not be opened")
            _from_thread(loop, self.station.failed, str(error) or type(error).__name__)
        else:
            if not _from_thread(loop, self._opened, host):
                host.close()

    def _refuse_start(self, sentence: str) -> None:
        """What was asked for can never be opened: there is nothing to try again."""
        self.refusal = sentence
        self.exit(1)

    def _opened(self, host: FloorHost) -> None:
        self.station.opened(host)
        gc.collect()
        gc.freeze()

    async def on_unmount(self) -> None:
        if self._consumer is not None:
            self._consumer.cancel()
        stopped: list[ScanSource] = [self.wedge, self.practice, *self._sources]
        for source in stopped:
            source.stop()
        self.station.close()

    # ------------------------------------------------------------------ keys

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, KeyBatch):
            for key in event.keys:
                self._hear(key)
            if isinstance(self._driver, TerminalDriver):
                self._driver.batch_done()
            self._arm()
        elif isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded:
            self._hear(event)
            self._arm()
        else:
            await super().on_event(event)

    def _hear(self, event: events.Key | events.Paste) -> None:
        if isinstance(event, events.Paste):
            self.wedge.paste(event.text, event.time * 1000.0)
            return
        stroke = stroke_of(event)
        if stroke is not None:
            self._typed(self.wedge.feed(stroke))

    def _typed(self, found: list[Typed]) -> None:
        for typed in found:
            for stroke in typed.strokes:
                screen = self.screen
                if stroke.key == ASK_KEY and not self._is_asking:
                    self.open_page("ask")
                elif isinstance(screen, Sheet):
                    screen.stroke(stroke, is_lone=typed.is_lone)

    def _arm(self) -> None:
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        due_ms = self.wedge.deadline_ms
        if due_ms is not None:
            wait_seconds = max(0.0, due_ms - monotonic_milliseconds()) / 1000 + 0.0005
            self._flush_timer = asyncio.get_running_loop().call_later(wait_seconds, self._expire)

    def _expire(self) -> None:
        """Silence has lasted: decide, unless keys are on their way after all."""
        self._flush_timer = None
        driver = self._driver
        is_quiet = not isinstance(driver, TerminalDriver) or driver.is_quiet
        if not is_quiet or not self._message_queue.empty():
            self._flush_timer = asyncio.get_running_loop().call_later(REARM_SECONDS, self._expire)
            return
        self._typed(self.wedge.expire(monotonic_milliseconds()))
        self._arm()

    # ------------------------------------------------------------------ scans

    def _frame(self, raw: RawScan) -> None:
        screen = self.screen
        if isinstance(screen, Sheet) and screen.scanned(raw):
            return
        while not isinstance(self.screen, StepScreen) and len(self.screen_stack) > 1:
            self.pop_screen()
        self.station.frame(raw)

    def _frame_from_thread(self, loop: asyncio.AbstractEventLoop, raw: RawScan) -> None:
        _from_thread(loop, self._frame, raw)

    def toggle_suffix(self) -> None:
        """The scanner ends its codes with a key, or by silence."""
        self.wedge.settings = replace(self.wedge.settings, has_suffix=not self.wedge.settings.has_suffix)

    def scanner_state(self) -> tuple[str, str]:
        """Condition and, where something is wrong, the reason of the scanner that is worst off."""
        worst = SourceState("ready")
        for source in self._sources:
            state = source.state
            if state.condition != "ready" and worst.condition == "ready":
                worst = state
        return worst.condition, printable(worst.reason) if worst.condition != "ready" else ""

    # ------------------------------------------------------------------ pages

    def open_page(self, name: str) -> None:
        """Open the page of a key that works everywhere."""
        if name == "redraw":
            self._paint_all()
        elif name == "help":
            self._open_help()
        elif name == "scans":
            self.push_screen(ScansPage())
        elif name == "practice":
            self.push_screen(PracticePage(self.practice.send))
        elif name.startswith("page."):
            self._open_desk(name.removeprefix("page."))
        elif name == "ask" and self.station.prompt is not None:
            self._open_ask()
        elif name == "leave" and (self.station.prompt is None or self.station.flow == "home"):
            self.push_screen(LeavePage())

    def _open_help(self) -> None:
        from ambra_tui.tui.help import FIRST_PAGE, HelpPage

        prompt = self.station.prompt
        self.push_screen(HelpPage(prompt.help_page if prompt and prompt.help_page else FIRST_PAGE))

    @property
    def _is_asking(self) -> bool:
        """The page of questions is on top already."""
        return getattr(self.screen, "own_key", "") == ASK_KEY

    def _open_ask(self) -> None:
        from ambra_tui.tui.ask import AskPage

        self.push_screen(AskPage())

    def _open_desk(self, name: str) -> None:
        """A supervisor's page: loaded when first opened, so that an operator's terminal never pays for it."""
        from ambra_tui.tui.desk import LivePage, ShiftPage
        from ambra_tui.tui.forecast import ForecastPage
        from ambra_tui.tui.insights import InsightsPage
        from ambra_tui.tui.reports import REPORTS, ReportPage
        from ambra_tui.tui.rows import RowsPage
        from ambra_tui.tui.sales import SalesPage

        page, _, subject = name.partition(":")
        if page == "forecast":
            self.push_screen(ForecastPage(subject))
            return
        if page == "insights":
            self.push_screen(InsightsPage())
            return
        if page == "sales":
            self.push_screen(SalesPage())
            return
        if page in REPORTS:
            self.push_screen(ReportPage(page))
            return
        pages = {"desk": LivePage, "shift": ShiftPage}
        self.push_screen(pages[name]() if name in pages else RowsPage(name))

    def _paint_all(self) -> None:
        self.screen.refresh(layout=True)
        for board in self.screen.query("Board"):
            board.refresh()

    # ------------------------------------------------------------------ drawing

    def _changed(self) -> None:
        """Draw once for all changes of one turn of the loop."""
        if self._redraw_handle is None and self.is_running:
            self._redraw_handle = asyncio.get_running_loop().call_soon(self._redraw)

    def _heard(self) -> None:
        """Something was entered and is being answered: draw it soon, unless the answer is drawn before that."""
        if self._echo_handle is None and self.is_running:
            self._echo_handle = asyncio.get_running_loop().call_later(ECHO_SECONDS, self._redraw)

    def _redraw(self) -> None:
        for handle in (self._redraw_handle, self._echo_handle):
            if handle is not None:
                handle.cancel()
        self._redraw_handle = self._echo_handle = None
        screen = self.screen_stack[-1] if self.screen_stack else None
        if isinstance(screen, Sheet):
            with self._context():
                screen.redraw()

    def _ring(self, bells: str) -> None:
        if self._driver is not None and not self.is_headless:
            self._driver.write(bells)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """A notification whose words are letters, never markup."""
        super().notify(printable(message), title=printable(title), severity=severity, timeout=timeout, markup=False)

    def _fatal_error(self) -> None:
        """What went wrong goes to the log, in full; the person reads one sentence."""
        log.critical("the terminal stopped", exc_info=True)
        super()._fatal_error()


def _from_thread(loop: asyncio.AbstractEventLoop, callback: Callable[..., Any], *arguments: Any) -> bool:
    """Run `callback` on the loop; False when the terminal has ended."""
    try:
        loop.call_soon_threadsafe(callback, *arguments)
    except RuntimeError:
        return False
    return True


def start_log() -> None:
    """Warnings and faults go to a file in the user's data folder; the screen belongs to the operator."""
    if logging.getLogger().handlers:
        return
    path = data_folder() / "terminal.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        logging.basicConfig(
            filename=path, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s"
        )
    except OSError:
        logging.getLogger().addHandler(logging.NullHandler())


def wants_ascii() -> bool:
    """`AMBRA_ASCII` set to 1: the client cannot show more."""
    return os.environ.get("AMBRA_ASCII", "") == "1"
