"""The screens: the step itself and the pages that may lie over it. Keys reach the topmost through `stroke`.

A page is a title, lines and keys; where the lines do not fit, the arrow and page keys move through them.

Example::

    app.push_screen(LeavePage())
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from ambra_tui.scan.log import LoggedFrame
from ambra_tui.scan.model import RawScan
from ambra_tui.scan.sources.wedge import Stroke
from ambra_tui.tui.arrange import Line, arrange, key_lines
from ambra_tui.tui.board import Board
from ambra_tui.tui.keys import EVERYWHERE, STEP_KEYS
from ambra_tui.tui.station import Station
from ambra_tui.tui.text import clip, fit, wrap

NARROW = 40  # from here on a code that is too long is shown as far as it goes

if TYPE_CHECKING:
    from ambra_tui.tui.app import Terminal


class Sheet(Screen[None]):
    """One board that fills the screen. `takes_scans`: a scan closes this page and is acted upon."""

    takes_scans = True

    def __init__(self) -> None:
        super().__init__()
        self.board = Board()

    def compose(self) -> ComposeResult:
        yield self.board

    @property
    def terminal(self) -> Terminal:
        """The app, by its own type."""
        from ambra_tui.tui.app import Terminal

        assert isinstance(self.app, Terminal)
        return self.app

    @property
    def station(self) -> Station:
        """What this screen speaks for."""
        return self.terminal.station

    def on_mount(self) -> None:
        self.redraw()

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self.redraw)

    def on_screen_resume(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        """Draw what there is now."""
        width, height = self.app.size
        if self.is_mounted and width and height:
            self.board.show(self.lines(width, height))
            self._paint()

    def _paint(self) -> None:
        """Paint the changed rows now: the toolkit would wait for its next frame."""
        is_free = self.is_current and not (self._layout_required or self.app._batch_count)
        if is_free and self.board in self._compositor:
            self._dirty_widgets.add(self.board)
            self._on_timer_update()
            self.board._repaint_required = False

    def lines(self, width: int, height: int) -> list[Line]:
        """The board's lines at this size."""
        raise NotImplementedError

    def stroke(self, stroke: Stroke, *, is_lone: bool) -> None:
        """One key of a person."""
        raise NotImplementedError

    def scanned(self, raw: RawScan) -> bool:
        """A frame came in while this page is on top; True when the page has dealt with it."""
        return False


class StepScreen(Sheet):
    """Draws any step at any size and turns keys into entries."""

    def lines(self, width: int, height: int) -> list[Line]:
        condition, reason = self.terminal.scanner_state()
        chrome = self.station.chrome(scanner=condition, scanner_reason=reason)
        return arrange(self.station.view(), chrome, width=width, height=height)

    def stroke(self, stroke: Stroke, *, is_lone: bool) -> None:
        key, character, station = stroke.key, stroke.character, self.station
        if key == "enter":
            self._enter()
        elif key == "backspace":
            station.erase()
        elif key == "ctrl+u":
            station.erase(all_of_it=True)
        elif key in EVERYWHERE:
            self._everywhere(EVERYWHERE[key].name)
        elif key in STEP_KEYS:
            self._step_key(key)
        elif character and (character.isprintable() or character == "\x1d"):
            self._character(character, is_lone=is_lone)

    def _enter(self) -> None:
        if self.station.failure:
            self.terminal.open_store()
        else:
            self.station.enter()

    def _character(self, character: str, *, is_lone: bool) -> None:
        prompt = self.station.prompt
        if prompt and is_lone and not self.station.typed:
            for choice in (*prompt.choices, *prompt.barred):
                if choice.digit.lower() == character.lower():
                    self.station.choose(choice.code)
                    return
            if prompt.is_dialog and not prompt.accepts_text:
                self.station.tell("E54", found=character)
                return
        self.station.type(character)

    def _step_key(self, key: str) -> None:
        prompt = self.station.prompt
        for command in prompt.commands if prompt else ():
            if command.key == key and command.name.startswith("page."):
                self.terminal.open_page(command.name)
            elif command.key == key:
                self.station.command(command.name)

    def _everywhere(self, name: str) -> None:
        if name in ("help", "scans", "practice", "leave", "redraw"):
            self.terminal.open_page(name)
        elif name == "back" and self.station.typed:
            self.station.erase(all_of_it=True)
        elif self.station.prompt is None:
            if name == "sign_out":
                self.terminal.open_page("leave")
        elif not (name == "back" and self.station.flow == "home"):
            self.station.command(name)


class Page(Sheet):
    """Lines under a title, with keys below; moves with arrows, page keys, Home and End."""

    def __init__(self) -> None:
        super().__init__()
        self.first_row = 0
        self._room = 1

    def title_text(self) -> str:
        """What this page is."""
        raise NotImplementedError

    def content(self, width: int) -> list[Line]:
        """All lines of the page at this width."""
        raise NotImplementedError

    def keys(self) -> Sequence[tuple[str, str]]:
        """Keys of this page, as printed on them, with labels."""
        return (("Esc", self.station.say("terminal.key_back")),)

    def lines(self, width: int, height: int) -> list[Line]:
        foot = key_lines(self.keys(), width, rows=2 if height >= 16 else 1)
        self._room = max(1, height - 1 - len(foot))
        content = self.content(width)
        self.first_row = max(0, min(self.first_row, len(content) - self._room))
        place = f"{min(len(content), self.first_row + self._room)}/{len(content)}" if len(content) > self._room else ""
        if cell_len(self.title_text()) + cell_len(place) + 3 > width:
            place = ""
        title = clip(self.title_text(), width - cell_len(place) - 3 if place else width - 2)
        pad = " " * (width - cell_len(title) - cell_len(place) - 2)
        header: Line = ((f" {title}{pad}", "title"), (f"{place} ", "title_right"))
        shown = content[self.first_row : self.first_row + self._room]
        return ([header, *shown, *[(("", ""),)] * (self._room - len(shown)), *foot])[:height]

    def move(self, rows: int) -> None:
        """Move down by `rows`, up when negative."""
        self.first_row = max(0, self.first_row + rows)
        self.redraw()

    def stroke(self, stroke: Stroke, *, is_lone: bool) -> None:
        steps = {"down": 1, "up": -1, "pagedown": self._room, "pageup": -self._room, "space": self._room,
                 "home": -10**6, "end": 10**6}  # fmt: skip
        if stroke.key in steps:
            self.move(steps[stroke.key])
        elif stroke.key == "ctrl+l":
            self.terminal.open_page("redraw")
        elif stroke.key in ("escape", "enter") or EVERYWHERE.get(stroke.key) == EVERYWHERE.get(self.own_key):
            self.dismiss()

    own_key = "escape"


class LeavePage(Page):
    """Asks before the program ends. A scan answers nothing here."""

    takes_scans = False
    own_key = "escape"

    def title_text(self) -> str:
        return "AmbraWMS"

    def content(self, width: int) -> list[Line]:
        say = self.station.say
        asked = [((row, "ask"),) for row in wrap(say("terminal.leave_ask"), width)]
        told = [((row, "label"),) for row in wrap(say("terminal.leave_detail"), width)]
        return [(("", ""),), *asked, (("", ""),), *told, *self._verdict(width)]

    def _verdict(self, width: int) -> list[Line]:
        notice = self.station.notice
        if notice is None or notice.code != "E40":
            return []
        return [(("", ""),), *(((row, "wrong"),) for row in wrap(f"{notice.code} {notice.headline}", width))]

    def keys(self) -> Sequence[tuple[str, str]]:
        say = self.station.say
        return (("F10", say("terminal.key_leave")), ("Esc", say("terminal.key_stay")))

    def stroke(self, stroke: Stroke, *, is_lone: bool) -> None:
        if stroke.key in ("f10", "ctrl+c"):
            self.terminal.exit(0)
        elif stroke.key == "escape":
            self.dismiss()

    def scanned(self, raw: RawScan) -> bool:
        self.station.refuse(raw, "E40")
        self.redraw()
        return True


class PracticePage(Page):
    """Codes that make sense at this step, right and wrong; the chosen one comes in as a scan."""

    own_key = "f4"

    def __init__(self, send: Callable[[str], None]) -> None:
        super().__init__()
        self._send = send
        self._chosen = self._chosen_row = self._chosen_end = 0

    def title_text(self) -> str:
        return self.station.say("terminal.practice_title")

    def content(self, width: int) -> list[Line]:
        from ambra_tui.scan.log import visible

        say = self.station.say
        codes = self.station.practice
        if not codes:
            return [((row, "label"),) for row in wrap(say("terminal.practice_none"), width)]
        lines: list[Line] = []
        for index, code in enumerate(codes):
            style = "chosen" if index == self._chosen else "value"
            mark = "✓" if code.is_right else "✗"
            digit = str(index + 1) if index < 9 else " "
            first, *more = wrap(code.label, width - 5) or [""]
            if index == self._chosen:
                self._chosen_row = len(lines)
            lines.append(((fit(f" {digit} {mark} {first}", width), style),))
            lines += [((fit(f"     {row}", width), style),) for row in more]
            shown = f"     {visible(code.text)}"
            if cell_len(shown) <= width or width >= NARROW:
                lines.append(((clip(shown, width), "label"),))
            if index == self._chosen:
                self._chosen_end = len(lines)
        return lines

    def keys(self) -> Sequence[tuple[str, str]]:
        say = self.station.say
        return (
            ("Enter", say("terminal.key_send")),
            ("↑↓", say("terminal.key_choose")),
            ("Esc", say("terminal.key_back")),
        )

    def stroke(self, stroke: Stroke, *, is_lone: bool) -> None:
        codes = self.station.practice
        if stroke.key in ("up", "down") and codes:
            self._chosen = (self._chosen + (1 if stroke.key == "down" else -1)) % len(codes)
            self._follow()
        elif stroke.key == "enter" and codes:
            self._choose(self._chosen)
        elif stroke.character in tuple("123456789") and is_lone:
            self._choose(int(stroke.character) - 1)
        elif stroke.key in ("escape", "f4"):
            self.dismiss()

    def _follow(self) -> None:
        self.content(self.app.size.width)
        if self._chosen_row < self.first_row:
            self.first_row = self._chosen_row
        elif self._chosen_end > self.first_row + self._room:
            self.first_row = self._chosen_end - self._room
        self.redraw()

    def _choose(self, index: int) -> None:
        codes = self.station.practice
        if index >= len(codes):
            return
        text = codes[index].text
        self.dismiss()
        self._send(text)


class ScansPage(Page):
    """The device test: what the scanner sends, byte by byte, and what is wrong with its settings. Nothing scanned
    here reaches a step."""

    own_key = "f2"

    def __init__(self) -> None:
        super().__init__()
        self._tested: LoggedFrame | None = None

    def title_text(self) -> str:
        return self.station.say("terminal.scans_title")

    def content(self, width: int) -> list[Line]:
        from ambra_tui.scan.log import visible

        lines = self._diagnosis(width)
        for logged in self.station.scans:
            raw = logged.raw
            verdict = logged.verdict or "…"
            head = f"{logged.at.astimezone():%H:%M:%S} {logged.symbology or '-'} {raw.source} {raw.how} {verdict}"
            lines += [((row, "label"),) for row in wrap(head, width)]
            style = "past_wrong" if raw.trouble else "value"
            lines += [((row, style),) for row in _broken_up(visible(raw.text) or "-", width)]
            lines += [((row, "done"),) for row in _broken_up(logged.hexadecimal, width)]
        return lines

    def _diagnosis(self, width: int) -> list[Line]:
        from ambra_tui.scan.diagnosis import TEST_CODE, diagnose, layout_differences
        from ambra_tui.scan.log import visible

        say = self.station.say
        lines: list[Line] = [((row, "label"),) for row in wrap(say("terminal.test_ask"), width)]
        lines += [((row, "strong"),) for row in _broken_up(visible(TEST_CODE), width)]
        if self._tested is not None:
            raw = self._tested.raw
            for finding in diagnose(raw):
                style = (
                    "past_good" if finding == "right" else "past_doubt" if finding == "not_test_code" else "past_wrong"
                )
                pairs = " ".join(f"{sent}→{got}" for sent, got in layout_differences(raw))
                lines += [((row, style),) for row in wrap(say(f"terminal.test_{finding}", pairs=pairs), width)]
        return [*lines, (("─" * width, "rule"),)]

    def keys(self) -> Sequence[tuple[str, str]]:
        say = self.station.say
        suffix = "terminal.key_suffix_off" if self.terminal.wedge.settings.has_suffix else "terminal.key_suffix_on"
        return (("Esc", say("terminal.key_back")), ("F8", say(suffix)))

    def stroke(self, stroke: Stroke, *, is_lone: bool) -> None:
        if stroke.key == "f8":
            self.terminal.toggle_suffix()
            self.redraw()
            return
        super().stroke(stroke, is_lone=is_lone)

    def scanned(self, raw: RawScan) -> bool:
        self._tested = self.station.test(raw)
        self.first_row = 0
        self.redraw()
        return True


def _broken_up(value: str, width: int) -> list[str]:
    """`value` cut every `width` columns."""
    rows: list[str] = []
    row = ""
    for character in value:
        if cell_len(row + character) > width:
            rows.append(row)
            row = ""
        row += character
    return [*rows, row] if row else rows
