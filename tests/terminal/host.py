"""A small program behind the terminal, for tests of the terminal alone: it answers every entry and writes it down.

As a script it runs a terminal on it; `--record` names the file that gets one JSON line an entry.
"""

from __future__ import annotations

import argparse
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TextIO

from ambra_tui.floor.conversation import Choice, Command, Entry, PastVerdict, PracticeCode, Prompt, Row
from ambra_tui.floor.host import Reply, Status, Told, Words
from ambra_tui.scan.model import RawScan, Scan
from ambra_tui.tui.run import run_terminal

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
COUNT = Prompt(
    step="count",
    title="Count",
    ask="Scan every unit",
    target="B02-1",
    facts=(Row("Item", "GLOVE-L"), Row("Lot", "C7", emphasis=True)),
    commands=(Command("f10", "close", "Close"), Command("f6", "ask", "Ask")),
    practice=(PracticeCode("5001000000040", "GLOVE-L"), PracticeCode("A9", "a wrong bin", is_right=False)),
    todo=(Row("A01-1 BOLT-M8", "10", done=True), Row("B02-1 GLOVE-L", "3", emphasis=True)),
    contents_title="In B02-1",
    contents=(Row("GLOVE-L", "36"),),
)
QUESTION = Prompt(
    step="reason",
    title="Count",
    ask="Why is it short?",
    choices=(Choice("1", "lost", "not found"), Choice("2", "broken", "damaged"), Choice("s", "sell", "sellable")),
    is_dialog=True,
)
MENU = Prompt(
    step="home",
    title="Home",
    ask="Choose or scan",
    choices=(Choice("1", "count", "Count"), Choice("5", "pick", "Pick"), Choice("9", "ask", "Ask")),
)


class RecordingHost:
    """Counts units; F6 asks a question; ``SLOW`` makes the store stall; ``E..`` and ``W..`` answer with that code."""

    def __init__(
        self,
        *,
        record: TextIO | None = None,
        names: str = "",
        stall_seconds: float = 1.0,
        language: str = "en",
        gate: threading.Event | None = None,
    ) -> None:
        self.heard: list[Entry] = []
        self._record, self._names, self._stall_seconds, self._language = record, names, stall_seconds, language
        self._store = ThreadPoolExecutor(1)
        self._gate = gate
        self._run, self._prompt, self._flow = 0, MENU, "home"
        self._user = ""
        self._past: list[PastVerdict] = []
        self._callback: Callable[[], None] | None = None
        self.looked: Callable[[], object] = lambda: None

    @property
    def status(self) -> Status:
        return Status("Org", self._names or "WH1", "dock-1", "http://127.0.0.1:8080", is_sample=True)

    def sign_in(self, entry: Entry) -> Future[Reply]:
        return self._store.submit(self._sign_in, entry)

    def hear(self, run: int, entry: Entry) -> Future[Reply]:
        return self._store.submit(self._hear, run, entry)

    def look(self) -> Future[Reply]:
        self.looked()
        return self._store.submit(self._reply, None)

    def parse(self, raw: RawScan) -> Scan:
        return Scan(raw.text, "plain", symbology=raw.text[:3] if raw.text.startswith("]") else "", text=raw.text)

    def sign_in_practice(self) -> tuple[PracticeCode, ...]:
        return (PracticeCode("BDG-1001", self._names or "Ana, operator"),)

    def subscribe(self, callback: Callable[[], None]) -> None:
        self._callback = callback

    def wake(self) -> None:
        """Facts from elsewhere."""
        assert self._callback is not None
        self._callback()

    def ask(self, question: str) -> Future[Told]:
        """``which`` is unclear, ``delete`` is refused, ``days`` is a series; all else is answered with one row."""
        return self._store.submit(self._told, question)

    def _told(self, question: str) -> Told:
        name = self._names or "GLOVE-L"
        if question.startswith("which"):
            return Told("clarify", f"Which {name} do you mean?", suggestions=(f"stock of {name}", "days of BOLT-M8"))
        if question.startswith("delete"):
            return Told("refused", "Questions change nothing.", suggestions=("stock of GLOVE-L",))
        if question.startswith("days"):
            rows = tuple({"date": f"2026-03-{day:02d}", "quantity": day * 3} for day in range(1, 11))
            return Told("answered", question, rows, chart=("date", "quantity"))
        return Told("answered", question, ({"sku": name, "available": 36, "location": "WH1"},))

    def close(self) -> None:
        self._store.shutdown(wait=False)

    def _note(self, entry: Entry) -> None:
        self.heard.append(entry)
        if self._record is not None:
            self._record.write(json.dumps([entry.kind, entry.text, entry.how, entry.source]) + "\n")
            self._record.flush()

    def _sign_in(self, entry: Entry) -> Reply:
        self._note(entry)
        if not entry.text.startswith("BDG-"):
            return self._reply(None, Words("E50", "wrong", "UNKNOWN BADGE", "Nobody has this badge."))
        self._user, self._run = entry.text, self._run + 1
        return self._reply(MENU, Words("G15", "good", "SIGNED IN", "Hello."))

    def _hear(self, run: int, entry: Entry) -> Reply:
        if self._gate is not None:
            self._gate.wait(30)
        self._note(entry)
        if run != self._run:
            return self._reply(None, Words("E41", "wrong", "TASK CHANGED", "The scan was made for an earlier step."))
        if entry.kind == "code":
            return self._code(entry)
        if entry.text == "sign_out":
            self._user = ""
            self._run += 1
            return self._reply(None, Words("G16", "good", "SIGNED OUT", ""))
        if entry.text == "ask":
            return self._begin(QUESTION, "count")
        if entry.text == "back" and self._prompt is COUNT:
            return self._begin(MENU, "home")
        return self._begin(COUNT, "count", Words("G01", "good", "OK", entry.text))

    def _code(self, entry: Entry) -> Reply:
        if entry.text == "SLOW":
            threading.Event().wait(self._stall_seconds)
        if entry.text[:1] in "EW" and entry.text[1:].isdecimal():
            level = "wrong" if entry.text[0] == "E" else "doubt"
            return self._reply(None, Words(entry.text, level, self._names or "NOT SO", self._names or "Look again."))
        units = sum(heard.kind == "code" for heard in self.heard)
        return self._reply(None, Words("G01", "good", f"UNIT {units}", entry.text))

    def _begin(self, prompt: Prompt, flow: str, words: Words | None = None) -> Reply:
        self._prompt, self._flow, self._run = prompt, flow, self._run + 1
        return self._reply(None, words)

    def _reply(self, prompt: Prompt | None, words: Words | None = None) -> Reply:
        if prompt is not None:
            self._prompt, self._flow = prompt, "home"
        if words is not None:
            self._past.insert(0, PastVerdict(AT, words.code, words.headline, words.level))
        shown = _renamed(self._prompt, self._names) if self._names else self._prompt
        return Reply(
            run=self._run,
            prompt=shown if self._user else None,
            words=words,
            flow=self._flow,
            user_id=self._user,
            user_name=self._names or "Ana",
            role="operator",
            language=self._language,
            history=tuple(self._past[:10]),
        )


def _renamed(prompt: Prompt, name: str) -> Prompt:
    """Every dynamic place of a prompt filled with `name`."""
    rows = (Row(name, name), Row(name, name, emphasis=True))
    return Prompt(
        step=prompt.step,
        title=name,
        ask=name,
        target=name,
        facts=rows,
        choices=tuple(Choice(choice.digit, choice.code, name) for choice in prompt.choices),
        commands=tuple(Command(command.key, command.name, name) for command in prompt.commands),
        is_dialog=prompt.is_dialog,
        progress=(1, 2),
        todo=rows,
        contents_title=name,
        contents=rows,
        practice=(PracticeCode(name, name),),
        help_page=name,
    )


def main() -> int:
    """Run a terminal on a recording host."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", required=True)
    parser.add_argument("--names", default="")
    parser.add_argument("--serial")
    parser.add_argument("--language", default="en")
    parser.add_argument("--broken", default="")
    arguments = parser.parse_args()

    def make_host() -> RecordingHost:
        if arguments.broken:
            raise OSError(arguments.broken)
        record = open(arguments.record, "w", encoding="utf-8")  # noqa: SIM115 - open as long as the host
        return RecordingHost(record=record, names=arguments.names, language=arguments.language)

    return run_terminal(make_host, serial=arguments.serial, station="dock-1")


if __name__ == "__main__":
    raise SystemExit(main())
