"""The terms of every floor conversation: what a flow shows, what it hears, what it answers.

A flow holds no terminal and no thread. It is given a `Desk` (one transaction, one worker, one site), shows a
`Prompt`, hears an `Entry` and returns its next state with a `Verdict`, or raises `Refusal`, which undoes
whatever the step wrote. The state and the step's effects are stored in one transaction, so a step happens
wholly or not at all.

Example::

    class Greet:
        name = "greet"; menu_digit = "9"; roles = frozenset({"operator"}); state_type = GreetState
        def begin(self, desk, entry=None): return GreetState()
        def prompt(self, desk, state): return Prompt(step="name", title="Greet", ask="Scan a badge")
        def hear(self, desk, state, entry): return Heard(state, good("G01"))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from ambra_tui.scan.model import How, Scan

Level = Literal["good", "doubt", "wrong"]
_LEVELS: Mapping[str, Level] = {"G": "good", "W": "doubt"}
SHOWN_WORK = 10  # pieces of open work that a flow names for the menu; more show as "9+"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one entry: `code` from the catalogue (``G..`` good, ``W..`` doubt, ``E..`` wrong), its
    `params` for the second line, and the moment."""

    code: str
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def level(self) -> Level:
        return _LEVELS.get(self.code[:1], "wrong")


class Refusal(Exception):
    """Raised by a flow: the step wrote nothing, the state stays, the operator sees the verdict.

    `state`: what the flow remembers of the refusal, in place of the state as it was.
    """

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.verdict = Verdict(code, {k: str(v) for k, v in params.items()})
        self.state: FlowState | None = None


class CountedRefusal(Refusal):
    """A refusal whose step keeps what it wrote: a wrong PIN is counted although it is refused."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing heard. `kind` ``code``: a scan or typed text (`how` tells; `scan` is its meaning, `text` what was
    read); ``choice``: a digit or letter of the prompt's choices (`text`); ``command``: a command's name (`text`).
    """

    kind: Literal["code", "choice", "command"]
    text: str
    how: How = "scan"
    scan: Scan | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A numbered answer: pressing `digit` chooses it. `code`: a stable name the flow hears back as `Entry.text`."""

    digit: str
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Command:
    """A function key of this step: `key` in Textual's spelling (``f10``), `name` heard back, `label` shown; with an
    empty one the key is another role's: not shown, and who presses it is told so."""

    key: str
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """A fact: `label` and `value`. `emphasis`: drawn strong, the thing to look at. `done`: work that is finished."""

    label: str
    value: str = ""
    emphasis: bool = False
    done: bool = False


@dataclass(frozen=True, slots=True)
class PracticeCode:
    """A code that makes sense at this step, for people without a scanner; `is_right` tells which is expected."""

    text: str
    label: str
    is_right: bool = True


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the operator sees at a step; all texts are already in the worker's language.

    `step`: stable name of the step; `title`: the flow; `ask`: the one next thing to do, at most 40 columns;
    `target`: what to look for in large letters (a bin code, a quantity), at most 20 columns; `facts`: at most
    six rows, most important first, seen at every size; `choices`: when not empty the prompt is a menu or a
    question; `barred`: choices of other roles, not shown, refused by their code when pressed; `is_dialog`: a
    question that no scan may answer (E40); `accepts_text`: typed text is welcome;
    `is_secret`: what is typed is shown as dots and never logged (a PIN); `progress`: done and total; `todo`,
    `contents`: what is left and what the bin holds, seen on wide screens; `practice`: codes that make sense here;
    `symbol`: a text that the screen shows as a square code for another scanner, in place of the target; the facts are
    seen only where it does not fit; `is_card`: there to be read, so on the smallest screens its facts come before
    its question.
    """

    step: str
    title: str
    ask: str
    target: str = ""
    facts: tuple[Row, ...] = ()
    choices: tuple[Choice, ...] = ()
    barred: tuple[Choice, ...] = ()
    commands: tuple[Command, ...] = ()
    is_dialog: bool = False
    accepts_text: bool = True
    is_secret: bool = False
    progress: tuple[int, int] | None = None
    todo: tuple[Row, ...] = ()
    contents_title: str = ""
    contents: tuple[Row, ...] = ()
    practice: tuple[PracticeCode, ...] = ()
    help_page: str = ""
    symbol: str = ""
    is_card: bool = False


class FlowState(BaseModel):
    """Base of every flow's state: frozen, stored as JSON between steps."""

    model_config = ConfigDict(frozen=True, extra="ignore")


@dataclass(frozen=True, slots=True)
class Heard:
    """The next state and the verdict. `state` None ends the flow (back to where it was started from).

    `opens`: another flow and the entry that it begins with; it lies over this one and leads back here when it ends.
    """

    state: FlowState | None
    verdict: Verdict | None = None
    opens: tuple[str, Entry] | None = None


@dataclass(frozen=True, slots=True)
class PastVerdict:
    """One of the last verdicts, for the wide screen: its moment, the words shown, and its level."""

    at: datetime
    code: str
    words: str
    level: Level


class Flow(Protocol):
    """One floor flow. `menu_digit`: its key on the home menu, empty: not there. `roles`: who may begin it."""

    name: str
    menu_digit: str
    roles: frozenset[str]
    state_type: type[FlowState]

    def begin(self, desk: Any, entry: Entry | None = None) -> FlowState:
        """The first state; `entry` is the scan that led here, when one did. May raise Refusal."""
        ...

    def open_work(self, desk: Any) -> Sequence[Row]:
        """What waits for this flow at the site, most urgent first, a handful; the menu counts and lists it."""
        ...

    def prompt(self, desk: Any, state: Any) -> Prompt:
        """What to show now. Reads only."""
        ...

    def hear(self, desk: Any, state: Any, entry: Entry) -> Heard:
        """One step. Writes through services on `desk.session`; raises Refusal to refuse and undo."""
        ...


@runtime_checkable
class OfModule(Protocol):
    """A flow that is there only while the organization has its `module` switched on."""

    module: str


@runtime_checkable
class Scannable(Protocol):
    """A flow that a scan at the menu begins, when the code names one of its documents."""

    def is_named(self, desk: Any, entry: Entry) -> bool:
        """True when the code is a document of this flow."""
        ...
