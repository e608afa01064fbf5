"""What a terminal needs of the program behind it: one object to talk to, one reply to draw.

Example::

    reply = host.hear(run=reply.run, entry=entry).result()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ambra_tui.floor.conversation import Entry, Level, PastVerdict, PracticeCode, Prompt
from ambra_tui.scan.model import RawScan, Scan
from ambra_tui.services.desk import Board
from ambra_tui.services.lists import Key, ListPage

if TYPE_CHECKING:
    from ambra_tui.services.analytics.board import SalesBoard
    from ambra_tui.services.forecasts.answer import Forecast
    from ambra_tui.services.insights import Insight
    from ambra_tui.services.reports.board import ReportBoard


@dataclass(frozen=True, slots=True)
class Words:
    """A verdict in the worker's language: `headline` at most 20 columns, `detail` one sentence."""

    code: str
    level: Level
    headline: str
    detail: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The whole state of the conversation after a step.

    `run` changes whenever another flow or dialog begins: an entry made for an older run is refused (E41).
    `prompt` None: nobody is signed in. `words` None: nothing to say (a look, a detour). `flow`: name of the flow on
    top, ``home`` for the menu. `user_id` empty when nobody is signed in.
    """

    run: int
    prompt: Prompt | None
    words: Words | None = None
    flow: str = ""
    user_id: str = ""
    user_name: str = ""
    role: str = ""
    language: str = "en"
    history: tuple[PastVerdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to a question in words. `status`: answered, clarify or refused; `rows`: what the words were made of;
    `chart`: the two names in `rows` that are worth a plot; `suggestions`: whole questions to ask next, and for clarify
    what was perhaps meant; `forecast_of`: the item whose forecast has a page of its own that this worker may open."""

    status: str
    answer: str
    rows: tuple[Mapping[str, Any], ...] = ()
    suggestions: tuple[str, ...] = ()
    chart: tuple[str, str] | None = None
    forecast_of: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """The status line's facts: `server` is the address the API listens on, or empty."""

    organization: str
    site_code: str
    station: str
    server: str = ""
    is_sample: bool = False


class FloorHost(Protocol):
    """The program behind a terminal. Every method but `status` answers with a future; none blocks the caller."""

    @property
    def status(self) -> Status: ...

    def sign_in(self, entry: Entry) -> Future[Reply]:
        """A badge; the reply carries the worker's last step, or E-codes for unknown, locked or ended badges."""
        ...

    def hear(self, run: int, entry: Entry) -> Future[Reply]:
        """One entry for the conversation of `run`. Commands every flow knows: ``back``, ``inquiry``, ``home``,
        ``sign_out``."""
        ...

    def look(self) -> Future[Reply]:
        """The same step drawn again from the store, after a fact from elsewhere."""
        ...

    def parse(self, raw: RawScan) -> Scan:
        """The meaning of a frame, with the organization's own masks. Never raises."""
        ...

    def sign_in_practice(self) -> tuple[PracticeCode, ...]:
        """Badges to show on the sign-in screen of a sample store; empty elsewhere."""
        ...

    def subscribe(self, callback: Callable[[], None]) -> None:
        """`callback` is called, on any thread, when the store has facts that this terminal has not seen."""
        ...

    def board(self) -> Future[Board]:
        """The supervisor's desk of the terminal's site. The future raises NotAllowed for an operator."""
        ...

    def rows(
        self, name: str, *, after: Key | None = None, before: Key | None = None, search: str = "", limit: int = 100
    ) -> Future[ListPage]:
        """A page of a long list (`services.lists.read_page`). The future raises NotAllowed for an operator."""
        ...

    def ask(self, question: str) -> Future[Told]:
        """The answer to a question in words; it reads only. The future raises Invalid for what is no question, and
        NotAllowed while nobody is signed in."""
        ...

    def insights(self) -> Future[tuple[tuple[Insight, ...], int]]:
        """What the books say about the terminal's site that somebody should look at, the severest first, and how many
        there are in all. The future raises NotAllowed for an operator."""
        ...

    def report(self, name: str) -> Future[ReportBoard]:
        """A report of the terminal's site: movers, aging or sites. The future raises NotAllowed for an operator."""
        ...

    def sales(self, window: str, group_by: str) -> Future[SalesBoard]:
        """The organization's sales of a window such as last_30_days, by product, category, customer or region. The
        future raises NotAllowed for an operator."""
        ...

    def forecast(self, text: str) -> Future[Forecast]:
        """The forecast of an item at the terminal's site, named by id, code or words. The future raises NotFound, and
        NotAllowed for an operator."""
        ...

    def take_forecast(self, shown: Forecast) -> Future[None]:
        """The suggestion of a forecast becomes the policy of its item. The future raises as `forecast` does."""
        ...

    def close(self) -> None:
        """Ends what was started for this terminal."""
        ...
