"""What one screen shows, free of the conversation's own types so that the first frame needs none of them.

Example::

    View(title="Sign in", ask="Scan your badge")
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from ambra_tui.kit.text import printable

if TYPE_CHECKING:
    from ambra_tui.floor.conversation import PastVerdict, Prompt

Level = Literal["good", "doubt", "wrong"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value."""

    label: str
    value: str = ""
    emphasis: bool = False
    done: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A verdict as shown: its code, colour, headline and sentence."""

    code: str
    level: Level
    headline: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """One step: see `ambra_tui.floor.conversation.Prompt` for what each part means. `choices` are pairs of digit and
    label; `keys` are pairs of a key as printed on it and a label; `emblem` stands in the target's place where there
    is room for large letters; `symbol` is drawn as a square code."""

    title: str
    ask: str = ""
    target: str = ""
    facts: tuple[Fact, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    keys: tuple[tuple[str, str], ...] = ()
    progress: tuple[int, int] | None = None
    todo: tuple[Fact, ...] = ()
    contents_title: str = ""
    contents: tuple[Fact, ...] = ()
    history: tuple[tuple[str, Level, str], ...] = ()
    emblem: str = ""
    symbol: str = ""
    is_card: bool = False


@dataclass(frozen=True, slots=True)
class Chrome:
    """What stands around a view. `scanner`: ready, reconnecting or down; `pending`: scans that wait for an answer."""

    place: str = ""
    server: str = ""
    scanner: str = "ready"
    scanner_word: str = ""
    person: str = ""
    banner: str = ""
    typed: str = ""
    echo: str = ""
    pending: int = 0
    placeholder: str = ""
    notice: Notice | None = None
    todo_title: str = ""
    history_title: str = ""


class _RowLike(Protocol):
    @property
    def label(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def emphasis(self) -> bool: ...
    @property
    def done(self) -> bool: ...


def facts_of(rows: Iterable[_RowLike]) -> tuple[Fact, ...]:
    """Rows of a prompt as facts, with controls made visible."""
    return tuple(Fact(printable(r.label), printable(r.value), r.emphasis, r.done) for r in rows)


def key_label(key: str) -> str:
    """A key as it is printed on a keyboard: ``f10`` -> ``F10``, ``ctrl+o`` -> ``^O``."""
    if key.startswith("ctrl+"):
        return "^" + key.removeprefix("ctrl+").upper()
    return {"escape": "Esc", "enter": "Enter"}.get(key, key.upper())


def view_of(prompt: Prompt, *, history: Iterable[PastVerdict] = (), more_keys: Iterable[tuple[str, str]] = ()) -> View:
    """A prompt as a view. `more_keys` follow the step's own."""
    own = tuple((key_label(command.key), printable(command.label)) for command in prompt.commands if command.label)
    return View(
        title=printable(prompt.title),
        ask=printable(prompt.ask),
        target=printable(prompt.target),
        facts=facts_of(prompt.facts),
        choices=tuple((printable(choice.digit), printable(choice.label)) for choice in prompt.choices),
        keys=own + tuple(more_keys),
        progress=prompt.progress,
        todo=facts_of(prompt.todo),
        contents_title=printable(prompt.contents_title),
        contents=facts_of(prompt.contents),
        history=tuple(
            (f"{past.at.astimezone():%H:%M}", past.level, f"{past.code} {printable(past.words)}") for past in history
        ),
        symbol=prompt.symbol,
        is_card=prompt.is_card,
    )
