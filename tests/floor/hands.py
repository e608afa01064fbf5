"""What a person does at a terminal behind a pseudo-terminal: scan, press, type, look.

Example::

    sign_in(terminal); press(terminal, "1", "Scan the purchase order"); scan(terminal, "PO-1001", "DOCUMENT OK")
"""

from __future__ import annotations

import re

from tests.pty_harness import Terminal

F5, F7, F8, F10, ESCAPE = "\x1b[15~", "\x1b[18~", "\x1b[19~", "\x1b[21~", "\x1b"
ERROR_TONE = re.compile(rb"\x07{3}")


def awaits(terminal: Terminal, *expected: str) -> None:
    """Waits for every text, however its words are spaced."""

    def holds(screen: str) -> bool:
        plain = " ".join(screen.split())
        return all(text in plain for text in expected)

    terminal.wait(holds, what=str(expected))


def scan(terminal: Terminal, code: str, *expected: str) -> None:
    """Scans a code in one write and waits for everything expected on the screen."""
    terminal.scan(code)
    awaits(terminal, *expected)


def press(terminal: Terminal, key: str, *expected: str) -> None:
    """Presses a key and waits."""
    terminal.send(key)
    awaits(terminal, *expected)


def type_text(terminal: Terminal, text: str, *expected: str) -> None:
    """A person types: the text stands in the entry line before Enter is pressed."""
    terminal.send(text)
    terminal.wait_for(f"› {text}")
    press(terminal, "\r", *expected)
