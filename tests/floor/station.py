"""The real program at one station behind a pseudo-terminal, and what a person does there: scan, press, type, look.

Example::

    ana = Station.open(store_url, tmp_path, rows=16, columns=20)
    ana.sign_in("BDG-1001")
    ana.key("1", "Scan the purchase order")
    ana.scan("PO-1001", "DOCUMENT OK")
    ana.kill()
    ana.restart()
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import Self

from tests.floor.worker import NOW
from tests.pty_harness import Terminal

ROOT = Path(__file__).resolve().parents[2]
KEYS = {
    "esc": "\x1b", "enter": "\r", "tab": "\t", "backspace": "\x7f",
    "up": "\x1b[A", "down": "\x1b[B", "left": "\x1b[D", "right": "\x1b[C",
    "home": "\x1b[H", "end": "\x1b[F", "pageup": "\x1b[5~", "pagedown": "\x1b[6~",
    "f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS", "f5": "\x1b[15~", "f6": "\x1b[17~",
    "ctrl+c": "\x03", "ctrl+l": "\x0c", "ctrl+o": "\x0f", "ctrl+z": "\x1a", "ctrl+g": "\x07",
    "f7": "\x1b[18~", "f8": "\x1b[19~", "f9": "\x1b[20~", "f10": "\x1b[21~", "f11": "\x1b[23~", "f12": "\x1b[24~",
}  # fmt: skip
BADGE = "BDG-1001"
A_KEY_S_PAUSE = 0.05  # keys closer together are a scanner's
A_PERSON_S_PAUSE = 0.3  # an Esc and a digit closer together are an Alt key
ERROR_TONE = re.compile(rb"\x07{3}")


class Station:
    """One running terminal; every wait has a deadline. Texts are looked for however the screen wraps them."""

    def __init__(self, terminal: Terminal, argv: list[str], environment: dict[str, str]) -> None:
        self.terminal, self._argv, self._environment = terminal, argv, environment
        self.badge = BADGE
        self.has_server = "--server" in argv

    @classmethod
    def open(
        cls,
        store_url: str,
        home: Path,
        *,
        rows: int = 16,
        columns: int = 40,
        station: str = "st-1",
        site: str = "WH1",
        has_server: bool = False,
        now: str = NOW,
        serial: str = "",
    ) -> Self:
        """Starts the program on a store; `has_server`: with the server beside it; `serial`: a port or a recording."""
        argv = [
            sys.executable, "-m", "ambra_tui.cli", "--store", store_url, "--site", site, "--station", station,
            "--server" if has_server else "--no-server", *(["--serial", serial] if serial else []),
        ]  # fmt: skip
        environment = {"AMBRA_NOW": now, "AMBRA_HOME": str(home)}
        terminal = Terminal.start(argv, rows=rows, columns=columns, folder=ROOT, environment=environment)
        return cls(terminal, argv, environment)

    # ------------------------------------------------------------------ in

    def sign_in(self, badge: str = BADGE, *expected: str) -> None:
        """Scans a badge at the sign-in screen."""
        self.badge = badge
        self.wait_for("Scan your badge")
        self.scan(badge, *(expected or ("SIGNED IN",)))

    def send(self, raw: str) -> None:
        """Writes bytes as they are, in one write."""
        self.terminal.send(raw)

    def scan(self, code: str, *expected: str) -> None:
        """Scans a code in one write and waits for everything expected on the screen."""
        self.terminal.scan(code)
        self.wait_for(*expected)

    def key(self, name: str, *expected: str) -> None:
        """Presses a key ('F10', 'Esc', 'Enter', a digit or letter) and waits."""
        if name.casefold() == "esc":
            self.terminal.send(KEYS["esc"])
            self.terminal.pump_until(time.monotonic() + A_PERSON_S_PAUSE)
        else:
            self.terminal.send(KEYS.get(name.casefold(), name))
        self.wait_for(*expected)

    def type(self, text: str, *expected: str) -> None:
        """A person types: the text stands in the entry line before Enter is pressed."""
        self.terminal.send(text)
        self.wait_for(f"› {text}")
        self.key("Enter", *expected)

    def type_secret(self, text: str, *expected: str) -> None:
        """A person types a PIN or password: dots stand in the entry line, and the text nowhere."""
        for count, character in enumerate(text, start=1):
            self.terminal.send(character)
            self.wait_for("› " + "•" * count)
            self.terminal.pump_until(time.monotonic() + A_KEY_S_PAUSE)
        self.key("Enter", *expected)
        assert text not in self.screen

    # ------------------------------------------------------------------ out

    @property
    def screen(self) -> str:
        """What the screen shows, its words in one line, however they were wrapped."""
        return " ".join(self.terminal.screen.split())

    @property
    def output(self) -> str:
        """Everything that was written to the terminal so far."""
        return self.terminal.output.decode(errors="replace")

    @property
    def error_tones(self) -> int:
        """How often the tone of a refusal was heard."""
        return len(ERROR_TONE.findall(bytes(self.terminal.output)))

    def wait_for(self, *texts: str) -> None:
        """Waits for every text."""
        self.terminal.wait(lambda _: all(text in self.screen for text in texts), what=str(texts))

    def wait_gone(self, text: str) -> None:
        """Waits until the screen holds `text` no more."""
        self.terminal.wait(lambda _: text not in self.screen, what=f"the end of {text!r}")

    # ------------------------------------------------------------------ end

    def kill(self) -> None:
        """kill -9 of the program."""
        self.terminal.kill()

    def restart(self, *expected: str) -> None:
        """Starts the program again on the same terminal and signs the same badge in."""
        self.terminal.start_again(self._argv, folder=ROOT, environment=self._environment)
        self.terminal.wait_gone("SIGNED IN")
        self.sign_in(self.badge, *expected)

    def close(self) -> None:
        """Ends the program, whatever it does."""
        self.terminal.close()
