"""One insight, what it rests on, and what a rule is.

Example::

    class Overdue:
        type = "overdue_purchase_order"
        def find(self, facts): ...
        def evidence(self, facts, insight): ...
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from ambra_tui.kit.ids import derived_id
from ambra_tui.kit.language import say
from ambra_tui.kit.quantity import ZERO

if TYPE_CHECKING:
    from ambra_tui.services.insights.facts import Facts

SEVERITIES = ("critical", "warning", "info")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One row that an insight was read from. `kind`: what it is of (stock, transit, rate, forecast, unsold_lot,
    purchase_order, order, move, count, return, discrepancy); `label`: its number or name; `detail`: a word of it."""

    kind: str
    id: str
    label: str
    quantity: Decimal | None = None
    on: date | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Insight:
    """Something to look at.

    `subject`: what it is about, unique among insights of its type and the same whenever it is found again. `words`:
    the sentence of its message, and `told` what fills it. `value`: the money at stake in minor units, `units` the
    quantity: they order insights of one severity. `path`: where in the API it can be read on.
    """

    type: str
    severity: str
    subject: str
    words: str
    told: Mapping[str, str]
    path: str
    value: Decimal = ZERO
    units: Decimal = ZERO
    variant_id: str = ""
    site_id: str = ""
    sku: str = ""
    site_code: str = ""
    evidence: Sequence[Evidence] = field(default_factory=tuple)

    @property
    def id(self) -> str:
        """The same for the same matter, today and tomorrow."""
        return derived_id("ins", self.type, self.subject)

    @property
    def order(self) -> tuple[int, Decimal, Decimal, str, str]:
        """Severest first, then what is worth most, then the largest quantity; never by chance."""
        return SEVERITIES.index(self.severity), -self.value, -self.units, self.type, self.subject

    def message(self, language: str = "en") -> str:
        """One sentence."""
        told = {**self.told, "sku": self.sku, "site": self.site_code}
        if "kind" in told:
            told["kind"] = kind_words(language, told["kind"])
        return say(language, f"insight.{self.words}", **told)

    def title(self, language: str = "en") -> str:
        """What kind of insight it is, in at most 18 columns."""
        return say(language, f"insight.type_{self.type}")


def kind_words(language: str, kind: str) -> str:
    """A kind of discrepancy in words; its bare name where there are none."""
    try:
        return say(language, f"desk.kind_{kind}")
    except KeyError:
        return kind.replace("_", " ")


class Rule(Protocol):
    """Finds the insights of one type. `find` reads all of them at once; `evidence` reads the rows of one."""

    type: str

    def find(self, facts: Facts) -> Iterable[Insight]: ...

    def evidence(self, facts: Facts, insight: Insight) -> Sequence[Evidence]: ...
