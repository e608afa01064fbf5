"""Asks the rules, puts what they find in order, and reads the evidence of one page.

Example::

    insights, total = read_insights(session, types=["dead_stock"], offset=0, limit=25)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from sqlmodel import Session

from ambra_tui.kit.discover import discover
from ambra_tui.services.insights.facts import Facts
from ambra_tui.services.insights.insight import Insight, Rule

MAX_LIMIT = 500


@cache
def _rules() -> dict[str, Rule]:
    """Type -> its rule."""
    return {rule.type: rule for rule in discover("ambra_tui.services.insights.rules", "RULE").values()}


def insight_types() -> tuple[str, ...]:
    """The types of insights there are."""
    return tuple(sorted(_rules()))


def read_insights(
    session: Session,
    *,
    types: Iterable[str] | None = None,
    severity: str | None = None,
    site_id: str | None = None,
    offset: int = 0,
    limit: int = 25,
) -> tuple[list[Insight], int]:
    """A page of the insights as the books are now, with their evidence, and how many there are in all.

    The severest come first, then those with the most money at stake; the order is the same for the same books.
    """
    rules = _rules()
    wanted = sorted(rules) if types is None else [name for name in sorted(set(types)) if name in rules]
    facts = Facts(session, site_id=site_id)
    found = [insight for name in wanted for insight in rules[name].find(facts)]
    if severity is not None:
        found = [insight for insight in found if insight.severity == severity]
    found.sort(key=lambda insight: insight.order)
    page = found[offset : offset + max(0, min(limit, MAX_LIMIT))]
    return [_proven(facts, rules[insight.type], insight) for insight in page], len(found)


def _proven(facts: Facts, rule: Rule, insight: Insight) -> Insight:
    return replace(insight, evidence=tuple(rule.evidence(facts, insight)))
