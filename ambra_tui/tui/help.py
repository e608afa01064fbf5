"""The documentation pages in the terminal: the same Markdown that the server shows, laid out for any width.

Example::

    render("# Receive\\n\\nScan the order.", width=20)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ambra_tui.kit.resources import docs_path
from ambra_tui.kit.text import printable
from ambra_tui.scan.sources.wedge import Stroke
from ambra_tui.tui.arrange import Line
from ambra_tui.tui.keys import EVERYWHERE
from ambra_tui.tui.pages import Page
from ambra_tui.tui.text import clip, wrap
from ambra_tui.tui.view import key_label

FIRST_PAGE, VERDICTS_PAGE = "terminal", "verdicts"
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_MARKS = re.compile(r"\*+|__|`")
_ITEM = re.compile(r"^(\s*)(?:[-*]|\d+\.)\s+(.*)$")
_PAGE_NAME = re.compile(r"^[a-z0-9_-]+$")
_EMPTY: Line = (("", ""),)


def page_names() -> list[str]:
    """Names of the pages, as `help_page` of a step may give them."""
    return sorted(path.stem for path in docs_path().glob("*.md"))


def page_text(name: str, language: str) -> str:
    """The Markdown of a page, in `language` where it has been translated; empty when there is none."""
    stem = name.removesuffix(".md").partition("#")[0]
    if not _PAGE_NAME.match(stem):
        return ""
    for path in (docs_path() / language / f"{stem}.md", docs_path() / f"{stem}.md"):
        if path.is_file():
            return _read(path)
    return ""


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def render(markdown: str, width: int) -> list[Line]:
    """Headings, lists, tables, code and paragraphs as lines of at most `width` columns."""
    lines: list[Line] = []
    paragraph: list[str] = []
    in_code = False

    def finish() -> None:
        if paragraph:
            lines.extend(((row, "value"),) for row in wrap(_plain(" ".join(paragraph)), width))
            paragraph.clear()

    for raw in markdown.splitlines():
        if raw.startswith("```"):
            finish()
            in_code = not in_code
        elif in_code:
            lines.append(((clip(printable(raw), width), "code"),))
        elif not raw.strip():
            finish()
            if lines and lines[-1] != _EMPTY:
                lines.append(_EMPTY)
        elif raw.startswith("#"):
            finish()
            lines.extend(((row, "heading"),) for row in wrap(_plain(raw.lstrip("# ")), width))
        elif raw.startswith("|"):
            finish()
            lines.extend(_table_row(raw, width))
        elif match := _ITEM.match(raw):
            finish()
            lines.extend(_hanging("·", _plain(match[2]), width, style="value"))
        elif raw.startswith(" ") and lines and not paragraph:
            lines.extend(((f"  {row}", "value"),) for row in wrap(_plain(raw), max(4, width - 2)))
        else:
            paragraph.append(raw.strip())
    finish()
    return lines


def _plain(text: str) -> str:
    return printable(_MARKS.sub("", _LINK.sub(r"\1", text)))


def _table_row(raw: str, width: int) -> list[Line]:
    cells = [_plain(cell.strip()) for cell in raw.strip().strip("|").split("|")]
    if all(set(cell) <= set("-: ") for cell in cells):
        return []
    head, rest = cells[0], "  ".join(cell for cell in cells[1:] if cell)
    if not rest:
        return [((row, "value"),) for row in wrap(head, width)]
    if width >= 40 and len(head) <= 12:
        return _hanging(head, rest, width, style="strong")
    rows = wrap(rest, max(4, width - 1))
    return [((clip(head, width), "strong"),), *(((f" {row}", "value"),) for row in rows)]


def _hanging(head: str, rest: str, width: int, *, style: str) -> list[Line]:
    indent = len(head) + 1
    rows = wrap(rest, max(4, width - indent)) or [""]
    first: Line = ((f"{head} ", style), (rows[0], "value"))
    return [first, *(((" " * indent + row, "value"),) for row in rows[1:])]


class HelpPage(Page):
    """Help for the step at hand: its keys, the verdict on the screen in full, then its page."""

    own_key = "f1"

    def __init__(self, name: str) -> None:
        super().__init__()
        self._page = name if name in page_names() else name.removesuffix(".md").partition("#")[0]
        if not page_text(self._page, "en"):
            self._page = FIRST_PAGE
        self._sought = ""

    def title_text(self) -> str:
        suffix = f" /{self._sought}" if self._sought else f" {self._page}"
        return self.station.say("terminal.help_title") + suffix

    def content(self, width: int) -> list[Line]:
        head = self._about_now(width) if self._page not in (VERDICTS_PAGE,) else []
        return head + render(page_text(self._page, self.station.language), width)

    def _about_now(self, width: int) -> list[Line]:
        station = self.station
        lines: list[Line] = []
        if station.notice is not None:
            notice = station.notice
            lines += [((row, notice.level),) for row in wrap(f"{notice.code} {notice.headline}", width)]
            lines += [((row, "value"),) for row in wrap(notice.detail, width)]
            lines.append(_EMPTY)
        lines += [((row, "heading"),) for row in wrap(station.say("terminal.help_keys"), width)]
        commands = station.prompt.commands if station.prompt else ()
        pairs = [(key_label(command.key), printable(command.label)) for command in commands if command.label]
        pairs += [(key_label(key), station.say(meaning.label)) for key, meaning in EVERYWHERE.items()]
        for key, label in pairs:
            lines += _hanging(key.ljust(4), label, width, style="key")
        return [*lines, _EMPTY]

    def keys(self) -> Sequence[tuple[str, str]]:
        say = self.station.say
        return (
            ("Esc", say("terminal.key_back")),
            ("F5", say("terminal.key_verdicts")),
            ("F6", say("terminal.key_next_page")),
        )

    def stroke(self, stroke: Stroke, *, is_lone: bool) -> None:
        if stroke.key == "f5":
            self._turn_to(VERDICTS_PAGE)
            if self.station.notice is not None:
                self._sought = self.station.notice.code
                self._seek()
        elif stroke.key == "f6":
            names = page_names() or [FIRST_PAGE]
            here = names.index(self._page) if self._page in names else -1
            self._turn_to(names[(here + 1) % len(names)])
        elif stroke.key == "enter" and self._sought:
            self._seek()
        elif stroke.key == "backspace":
            self._sought = self._sought[:-1]
            self.redraw()
        elif stroke.character and stroke.character.isprintable() and stroke.key != "space":
            self._sought = (self._sought + stroke.character)[-20:]
            self.redraw()
        else:
            super().stroke(stroke, is_lone=is_lone)

    def _turn_to(self, name: str) -> None:
        self._page, self.first_row, self._sought = name, 0, ""
        self.redraw()

    def _seek(self) -> None:
        """The next line that holds what was typed, after the first one shown."""
        content = self.content(self.app.size.width)
        texts = ["".join(part for part, _ in line).lower() for line in content]
        wanted = self._sought.lower()
        order = [*range(self.first_row + 1, len(texts)), *range(self.first_row + 1)]
        found = next((index for index in order if index < len(texts) and wanted in texts[index]), None)
        if found is not None:
            self.first_row = found
        self.redraw()
