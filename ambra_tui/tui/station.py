"""One operator's place: what is on the screen, what was typed, what waits for an answer. It draws nothing.

Example::

    station = Station(changed=screen.redraw, heard=screen.redraw_soon, sound=sound, station="dock-1")
    station.opened(host)
    station.frame(RawScan("BDG-1001", source="wedge"))
"""

from __future__ import annotations

import asyncio
import locale
import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

from ambra_tui.errors import AmbraError, Unavailable
from ambra_tui.kit.clock import Clock
from ambra_tui.kit.language import languages, say, verdict_words
from ambra_tui.kit.text import printable
from ambra_tui.scan.log import LoggedFrame, ScanLog, visible
from ambra_tui.scan.model import RawScan
from ambra_tui.tui.draft import Draft
from ambra_tui.tui.intake import Intake, Item, ItemKind
from ambra_tui.tui.sound import Sound
from ambra_tui.tui.view import Chrome, Fact, Level, Notice, View, view_of

if TYPE_CHECKING:
    from ambra_tui.floor.conversation import Entry, PracticeCode, Prompt
    from ambra_tui.floor.host import FloorHost, Reply, Status

log = logging.getLogger(__name__)

TYPED_LIMIT = 255
EMBLEM = "AMBRA"
LOOK_DELAY_SECONDS = 0.1
OVER_A_STEP = frozenset({"inquiry", "undo", "sign_off", "take_over"})  # flows that lead back to the step beneath
_TROUBLES = {"overflow": "E26", "broken": "E27"}


def surrounding_language() -> str:
    """The language of the surroundings when there are texts for it; used until a badge says otherwise."""
    told = (locale.getlocale(locale.LC_MESSAGES)[0] or "")[:2]
    return told if told in languages() else languages()[0]


class Station:
    """See the module. Every method is called on the event loop's thread."""

    def __init__(
        self, *, changed: Callable[[], None], heard: Callable[[], None], sound: Sound, station: str = ""
    ) -> None:
        self._changed, self._heard, self._sound, self._name = changed, heard, sound, station
        self._host: FloorHost | None = None
        self._reply: Reply | None = None
        self._is_open = asyncio.Event()
        self._look_handle: asyncio.TimerHandle | None = None
        self._watchers: list[Callable[[], None]] = []
        self._badges: tuple[PracticeCode, ...] = ()
        self._default_language = surrounding_language()
        self.failure = ""
        self.notice: Notice | None = None
        self.typed = ""
        self.echo = ""
        self._set_aside = ("", "")
        self._draft = Draft(station)
        self.clock = Clock()
        self.scans = ScanLog()
        self.intake = Intake(self._answer)

    # ------------------------------------------------------------------ the program behind

    def opened(self, host: FloorHost) -> None:
        """The store is open: what waited is answered now."""
        self._host, self.failure = host, ""
        loop = asyncio.get_running_loop()
        host.subscribe(lambda: _soon(loop, self._facts_changed))
        self._badges = host.sign_in_practice()
        self._is_open.set()
        self._changed()

    def failed(self, sentence: str) -> None:
        """The store did not open; `sentence` says why."""
        self.failure = printable(sentence)
        self._changed()

    def close(self) -> None:
        """End what runs behind this station."""
        if self._host is not None:
            self._host.close()

    @property
    def host(self) -> FloorHost | None:
        """The program behind this station; None until the store is open."""
        return self._host

    def watch(self, callback: Callable[[], None]) -> None:
        """`callback` is called on the loop whenever the store has new facts, until `unwatch`."""
        self._watchers.append(callback)

    def unwatch(self, callback: Callable[[], None]) -> None:
        """No more calls."""
        self._watchers.remove(callback)

    @property
    def is_open(self) -> bool:
        """There is a program behind this station."""
        return self._host is not None

    @property
    def prompt(self) -> Prompt | None:
        """The step on the screen; None while nobody is signed in."""
        return self._reply.prompt if self._reply else None

    @property
    def flow(self) -> str:
        """Name of the flow on the screen; ``home`` for the menu, empty while nobody is signed in."""
        return self._reply.flow if self._reply and self._reply.prompt else ""

    @property
    def language(self) -> str:
        """The worker's language, else that of the surroundings."""
        return self._reply.language if self._reply and self._reply.prompt else self._default_language

    @property
    def is_secret(self) -> bool:
        """What is entered at this step must not be seen or kept."""
        return self.prompt is not None and self.prompt.is_secret

    def _readable(self, text: str) -> str:
        return "•" * len(text) if self.is_secret else visible(text)

    @property
    def practice(self) -> tuple[PracticeCode, ...]:
        """Codes that make sense now."""
        return self.prompt.practice if self.prompt else self._badges

    @property
    def status(self) -> Status | None:
        """Facts for the status line; None until the store is open."""
        return self._host.status if self._host else None

    def say(self, key: str, **params: object) -> str:
        """A text in the worker's language."""
        return say(self.language, key, **params)

    # ------------------------------------------------------------------ what comes in

    def frame(self, raw: RawScan) -> None:
        """A frame of any source: shown at once, answered in its turn."""
        if raw.how == "manual" and self.typed:
            raw = replace(raw, text=self.typed + raw.text)
        self.typed = ""
        self._keep_draft()
        self.echo = self._readable(raw.text)
        seen = replace(raw, text=self._readable(raw.text)) if self.is_secret else raw
        self._put(self._item("scan", raw=raw, logged=self.scans.add(seen, at=self.clock.now())))

    def refuse(self, raw: RawScan, code: str) -> None:
        """A frame that reaches no step: logged, told, forgotten."""
        self.scans.answer(self.scans.add(raw, at=self.clock.now()), code)
        self.tell(code)

    def test(self, raw: RawScan) -> LoggedFrame:
        """A frame of the device test: logged and read, never acted upon."""
        logged = self.scans.add(raw, at=self.clock.now())
        if self._host is not None:
            self.scans.read(logged, self._host.parse(raw))
        self.scans.answer(logged, "test")
        return logged

    def quote(self, raw: RawScan) -> str:
        """A frame that becomes part of a text: logged, never acted upon. What it names; empty, and told, when it is
        broken."""
        logged = self.scans.add(raw, at=self.clock.now())
        if raw.trouble:
            code = _TROUBLES.get(raw.trouble, "E27")
            self.scans.answer(logged, code)
            self.tell(code)
            return ""
        named = raw.text
        if self._host is not None:
            scan = self._host.parse(raw)
            self.scans.read(logged, scan)
            named = scan.gtin.removeprefix("0") or scan.sscc or scan.text or raw.text
        self.scans.answer(logged, "quoted")
        return visible(named).strip()

    def command(self, name: str) -> None:
        """A key that means something at this step."""
        self._put(self._item("command", text=name))

    def choose(self, code: str) -> None:
        """A choice of the step's."""
        self._put(self._item("choice", text=code))

    def type(self, characters: str) -> None:
        """A person types."""
        self.typed = (self.typed + characters)[:TYPED_LIMIT]
        self.echo = ""
        self._keep_draft()
        self._changed()

    def erase(self, *, all_of_it: bool = False) -> None:
        """Takes back the last character, or all."""
        self.typed = "" if all_of_it else self.typed[:-1]
        self._keep_draft()
        self._changed()

    def enter(self) -> None:
        """Enter: what was typed is an entry; with nothing typed an answer is acknowledged."""
        if self.typed:
            text, self.typed = self.typed, ""
            self.frame(RawScan(text, "keyboard", "manual"))
            return
        self.notice = None
        self.echo = ""
        self._changed()

    def tell(self, code: str, **params: str) -> None:
        """A verdict of the terminal's own."""
        headline, detail = verdict_words(self.language, code, params)
        self._show(Notice(code, _level(code), printable(headline), printable(detail)))

    def _item(
        self, kind: ItemKind, *, text: str = "", raw: RawScan | None = None, logged: LoggedFrame | None = None
    ) -> Item:
        reply = self._reply
        run = reply.run if reply else 0
        step = reply.prompt.step if reply and reply.prompt else ""
        return Item(kind, run, step, bool(step), text, raw, logged)

    def _put(self, item: Item) -> None:
        if not self.intake.put(item):
            if item.logged:
                self.scans.answer(item.logged, "E55")
            self.tell("E55")
            return
        self._heard()

    # ------------------------------------------------------------------ what is answered

    async def _answer(self, item: Item) -> None:
        await self._is_open.wait()
        if item.kind == "look" and (self.intake.waiting or self._reply is None or self.prompt is None):
            return
        code = self._refused_here(item)
        if not code:
            code = await self._ask(item)
        else:
            self.tell(code)
        if item.logged is not None:
            self.scans.answer(item.logged, code)
        if not self.intake.waiting and item.kind == "scan":
            self.echo = visible(item.logged.raw.text) if item.logged else ""
        self._changed()

    def _refused_here(self, item: Item) -> str:
        """The code of a refusal that no flow needs to hear of; empty when the program behind is to be asked."""
        if item.kind == "look":
            return ""
        if item.raw is not None and item.raw.trouble:
            return _TROUBLES.get(item.raw.trouble, "E27")
        prompt = self.prompt
        if item.is_signed_in != (prompt is not None):
            return "E41"
        if prompt is None:
            return "" if item.kind == "scan" else "E41"
        if item.kind == "scan":
            return "E40" if prompt.is_dialog and not prompt.is_secret else ""
        return "E41" if item.kind == "choice" and item.step != prompt.step else ""

    async def _ask(self, item: Item) -> str:
        """Hand the item to the program behind and show its reply; returns the verdict's code."""
        assert self._host is not None
        is_look_spared = self._spare_look()
        try:
            reply = await asyncio.wrap_future(self._send(self._host, item))
            is_look_spared = False
        except Unavailable as error:
            return self._complain("E98", error.message)
        except AmbraError as error:
            return self._complain("E99", error.message)
        except Exception:  # the edge of the worker: whatever it was, the operator must hear of it
            log.exception("an entry was not answered")
            return self._complain("E97", "")
        finally:
            if is_look_spared:
                self._facts_changed()
        return self._take(reply, item)

    def _spare_look(self) -> bool:
        """What is asked now tells of every fact so far: a look that was due for them is not needed any more."""
        if self._look_handle is None:
            return False
        self._look_handle.cancel()
        self._look_handle = None
        return True

    def _send(self, host: FloorHost, item: Item) -> Future[Reply]:
        if item.kind == "look":
            return host.look()
        entry = self._entry(host, item)
        return host.hear(item.run, entry) if item.is_signed_in else host.sign_in(entry)

    def _entry(self, host: FloorHost, item: Item) -> Entry:
        from ambra_tui.floor.conversation import Entry

        if item.raw is None:
            return Entry("choice" if item.kind == "choice" else "command", item.text)
        scan = host.parse(item.raw)
        if item.logged is not None:
            self.scans.read(item.logged, scan)
        return Entry("code", item.raw.text, item.raw.how, scan, item.raw.source)

    def _take(self, reply: Reply, item: Item) -> str:
        before = self._reply
        self._reply = reply
        if before is None or before.run != reply.run:
            self._carry_typing(before, reply, item)
        words = reply.words
        if words is None:
            if item.kind != "look":
                self.notice = None
            elif _goal(before) != _goal(reply):
                self.tell("W24")
            return ""
        self._show(Notice(words.code, words.level, printable(words.headline), printable(words.detail)))
        return words.code

    def _carry_typing(self, before: Reply | None, reply: Reply, item: Item) -> None:
        """Another step has begun: what was typed stays with its own step, through a look-up and through a crash."""
        place = _place(reply)
        if item.kind in ("choice", "command") and not self.intake.waiting:
            self.echo = ""  # the last scan belongs to the step before
        if place and (before is None or before.prompt is None or before.user_id != reply.user_id):
            self.echo = ""  # a badge is a credential: it does not stay on the screen
            self._recall(reply, place)
            return
        if reply.flow in OVER_A_STEP:
            if before is not None and before.flow not in OVER_A_STEP:
                self._set_aside = (_place(before), self.typed)
            self.typed = "" if item.kind != "scan" else self.typed
            return
        (kept_at, kept), self._set_aside = self._set_aside, ("", "")
        if place and kept_at == place:
            self.typed = kept
        elif item.kind != "scan":
            self.typed = ""
        self._keep_draft()

    def _recall(self, reply: Reply, place: str) -> None:
        """Somebody has signed in: what they had typed at this step, or at the step beneath a look-up, is there."""
        where, typed = self._draft.last(reply.user_id)
        self.typed = typed if where == place and not self.is_secret else ""
        self._set_aside = (where, typed) if reply.flow in OVER_A_STEP else ("", "")

    def _keep_draft(self) -> None:
        reply = self._reply
        if reply is not None and reply.prompt is not None and reply.flow not in OVER_A_STEP:
            self._draft.keep(reply.user_id, _place(reply), "" if self.is_secret else self.typed)

    def _complain(self, code: str, sentence: str) -> str:
        headline, detail = verdict_words(self.language, code, {"detail": sentence})
        self._show(Notice(code, "wrong", printable(headline), printable(sentence or detail)))
        return code

    def _show(self, notice: Notice) -> None:
        self.notice = notice
        self._sound.play(notice.level)
        self._changed()

    def _facts_changed(self) -> None:
        """Facts from elsewhere: look again soon, once for all that come together."""
        for callback in self._watchers:
            callback()
        if self._look_handle is None:
            loop = asyncio.get_running_loop()
            self._look_handle = loop.call_later(LOOK_DELAY_SECONDS, self._look)

    def _look(self) -> None:
        self._look_handle = None
        if self.prompt is not None:
            self.intake.put(self._item("look"))

    # ------------------------------------------------------------------ what is shown

    def view(self) -> View:
        """The step as it is to be drawn."""
        if self._reply is not None and self._reply.prompt is not None:
            return view_of(self._reply.prompt, history=self._reply.history, more_keys=self._more_keys())
        if self.failure:
            return View(
                title="AmbraWMS",
                ask=self.say("terminal.store_failed"),
                facts=(Fact(self.failure),),
                keys=(("Enter", self.say("terminal.key_again")), ("^C", self.say("terminal.key_leave"))),
            )
        if not self.is_open:
            return View(title="AmbraWMS", emblem=EMBLEM, ask=self.say("terminal.opening"))
        badges = tuple(Fact(printable(code.label), printable(code.text)) for code in self._badges)
        return View(
            title="AmbraWMS",
            emblem=EMBLEM,
            ask=self.say("terminal.scan_badge"),
            facts=badges[:6],
            keys=self._more_keys(signed_in=False),
        )

    def _more_keys(self, *, signed_in: bool = True) -> tuple[tuple[str, str], ...]:
        shown = [("F1", "terminal.key_help")]
        if self.practice:
            shown.append(("F4", "terminal.key_practice"))
        if not signed_in:
            shown += [("F2", "terminal.key_scans"), ("^C", "terminal.key_leave")]
        elif self.flow == "home":
            shown += [("F3", "terminal.key_inquiry"), ("F12", "terminal.key_sign_out"), ("^Z", "terminal.key_undo")]
            shown += [("^F", "terminal.key_ask")]
        elif self.flow in ("undo", "sign_off", "take_over"):
            shown += [("Esc", "terminal.key_back")]
        else:
            shown += [("F3", "terminal.key_inquiry"), ("Esc", "terminal.key_back"), ("^Z", "terminal.key_undo")]
        return tuple((key, self.say(label)) for key, label in shown)

    def chrome(self, *, scanner: str, scanner_reason: str = "") -> Chrome:
        """What stands around the view."""
        status = self.status
        signed_in = self._reply is not None and self._reply.prompt is not None
        place = f"{status.site_code}/{status.station}" if status else self._name
        is_sample = bool(status and status.is_sample)
        prompt = self.prompt
        may_type = prompt is None or prompt.accepts_text
        return Chrome(
            place=printable(place),
            server=printable(status.server) if status else "",
            scanner=scanner,
            scanner_word=scanner_reason or self.say(f"terminal.scanner_{scanner}"),
            person=printable(self._reply.user_name) if self._reply and signed_in else "",
            banner=self.say("terminal.sample") if is_sample else "",
            typed=self._readable(self.typed),
            echo=self.echo,
            pending=self.intake.waiting,
            placeholder=self.say("terminal.scan_or_type" if may_type else "terminal.scan_only") if self.is_open else "",
            notice=self.notice,
            todo_title=self.say("terminal.todo"),
            history_title=self.say("terminal.history"),
        )


def _place(reply: Reply | None) -> str:
    """Flow and step; empty while nobody is signed in."""
    return f"{reply.flow}.{reply.prompt.step}" if reply is not None and reply.prompt is not None else ""


def _goal(reply: Reply | None) -> tuple[str, str]:
    """The step and what to look for: when these change unasked, an older answer no longer fits."""
    return (_place(reply), reply.prompt.target) if reply is not None and reply.prompt is not None else ("", "")


_LEVELS: dict[str, Level] = {"G": "good", "W": "doubt"}


def _level(code: str) -> Level:
    return _LEVELS.get(code[:1], "wrong")


def _soon(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(callback)
    except RuntimeError:
        return  # the terminal has ended; nobody looks any more
