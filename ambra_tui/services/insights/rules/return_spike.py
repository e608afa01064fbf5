"""Items of which far more comes back than before.

What customers sent back in the last four weeks, in any condition, against what was shipped in those weeks, and against
the share of the half year before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select

from ambra_tui.kit.clock import to_microseconds
from ambra_tui.kit.quantity import SCALE, ZERO
from ambra_tui.services.insights.facts import MAX_LISTED, Facts, Key, number, shown, units_of
from ambra_tui.services.insights.insight import Evidence, Insight
from ambra_tui.store.models import MoveKind, ReturnAuthorization, ReturnLine, StockMove, table_of

WINDOW_DAYS = 28  # four whole weeks: no weekday counts more often than another
BEFORE_DAYS = 182
LEAST_UNITS = 5 * SCALE  # three of four returned pieces are a customer, not a fault
LEAST_SHARE = 0.10  # of what was shipped; a tenth coming back eats the margin of most goods
TIMES_BEFORE = 2.0
CRITICAL_SHARE = 0.30
CRITICAL_UNITS = 20 * SCALE
SHOWN_RETURNS = 5
_move, _rma, _line = table_of(StockMove), table_of(ReturnAuthorization), table_of(ReturnLine)
_CAME = number(_line.c.sellable) + number(_line.c.damaged) + number(_line.c.discarded)
_CAME_AT = func.coalesce(_rma.c.received_at, _rma.c.updated_at)  # one that waits for its rest: when a part came last


@dataclass
class _Flow:
    """Scaled units of the last weeks, and of the time before."""

    shipped: int = 0
    returned: int = 0
    shipped_before: int = 0
    returned_before: int = 0

    @property
    def share(self) -> float:
        return self.returned / max(self.shipped, self.returned)

    @property
    def share_before(self) -> float:
        return self.returned_before / self.shipped_before if self.shipped_before else 0.0


class ReturnSpike:
    """More comes back than usual."""

    type = "return_spike"

    def find(self, facts: Facts) -> Iterable[Insight]:
        """One for each variant and site."""
        found = [(key, flow) for key, flow in sorted(_flows(facts).items()) if _is_spike(flow)]
        facts.name(key[0] for key, _ in found)
        for key, flow in found:
            if key[1] in facts.sites:
                yield _insight(facts, key, flow)

    def evidence(self, facts: Facts, insight: Insight) -> Sequence[Evidence]:
        """The latest returns, with their reasons."""
        statement = (
            select(_rma.c.id, _rma.c.number, _rma.c.reason, _rma.c.updated_at, func.sum(_CAME).label("came"))
            .join(_line, (_line.c.return_authorization_id == _rma.c.id)
                  & (_line.c.organization_id == _rma.c.organization_id))
            .where(
                _rma.c.organization_id == facts.organization_id,
                _line.c.organization_id == facts.organization_id,
                _rma.c.site_id == insight.site_id,
                _line.c.variant_id == insight.variant_id,
                facts.since(_CAME_AT, WINDOW_DAYS),
                _CAME > 0,
            )
            .group_by(_rma.c.id, _rma.c.number, _rma.c.reason, _rma.c.updated_at)
            .order_by(_rma.c.updated_at.desc(), _rma.c.id)
            .limit(SHOWN_RETURNS)
        )  # fmt: skip
        return [
            Evidence("return", row.id, row.number, units_of(row.came), row.updated_at.date(), row.reason)
            for row in facts.rows(statement)
        ]


def _flows(facts: Facts) -> Mapping[Key, _Flow]:
    """What went to customers and came back, of everything of which enough came back lately."""
    flows: dict[Key, _Flow] = defaultdict(_Flow)
    for variant_id, site_id, is_late, units in facts.rows(_returned(facts)):
        flow = flows[variant_id, site_id]
        if is_late:
            flow.returned += int(units)
        else:
            flow.returned_before += int(units)
    lately = {key: flow for key, flow in flows.items() if flow.returned >= LEAST_UNITS}
    variant_ids = sorted({variant_id for variant_id, _ in lately})
    for first in range(0, len(variant_ids), MAX_LISTED):
        for variant_id, site_id, is_late, units in facts.rows(_shipped(facts, variant_ids[first : first + MAX_LISTED])):
            shipped = lately.get((variant_id, site_id))
            if shipped is not None and is_late:
                shipped.shipped += int(units)
            elif shipped is not None:
                shipped.shipped_before += int(units)
    return lately


def _returned(facts: Facts) -> Any:
    late = _late(facts, _CAME_AT)
    return (
        select(_line.c.variant_id, _rma.c.site_id, late, func.sum(_CAME))
        .join(_rma, (_rma.c.id == _line.c.return_authorization_id)
              & (_rma.c.organization_id == _line.c.organization_id))
        .where(
            _line.c.organization_id == facts.organization_id,
            _rma.c.organization_id == facts.organization_id,
            _rma.c.status != "cancelled",
            facts.since(_CAME_AT, BEFORE_DAYS),
            _CAME > 0,
            *facts.here(_rma.c.site_id),
        )
        .group_by(_line.c.variant_id, _rma.c.site_id, late)
    )  # fmt: skip


def _shipped(facts: Facts, variant_ids: Sequence[str]) -> Any:
    site = _move.c.source_site_id
    late = _late(facts, _move.c.occurred_at)
    return (
        select(_move.c.variant_id, site, late, func.sum(number(_move.c.quantity)))
        .where(
            _move.c.organization_id == facts.organization_id,
            _move.c.variant_id.in_(variant_ids),
            _move.c.kind == MoveKind.ORDER_FULFILLED.value,
            facts.since(_move.c.occurred_at, BEFORE_DAYS),
            *facts.here(site),
        )
        .group_by(_move.c.variant_id, site, late)
    )


def _late(facts: Facts, moment: Any) -> Any:
    """1 for the last weeks, 0 for the time before them."""
    return case((number(moment) >= to_microseconds(facts.days_ago(WINDOW_DAYS)), 1), else_=0)


def _is_spike(flow: _Flow) -> bool:
    return flow.returned >= LEAST_UNITS and flow.share >= LEAST_SHARE and flow.share >= TIMES_BEFORE * flow.share_before


def _insight(facts: Facts, key: Key, flow: _Flow) -> Insight:
    is_critical = flow.share >= CRITICAL_SHARE and flow.returned >= CRITICAL_UNITS
    return Insight(
        type=ReturnSpike.type,
        severity="critical" if is_critical else "warning",
        subject=f"{key[0]}:{key[1]}",
        words="return_spike",
        told={
            "returned": shown(flow.returned),
            "shipped": shown(flow.shipped),
            "share": f"{100 * flow.share:.0f}",
            "before": f"{100 * flow.share_before:.0f}",
            "days": str(WINDOW_DAYS),
        },
        path=f"/inventory_ledger?variant_id={key[0]}&location_id={key[1]}&entry_type=return_received",
        value=max(facts.worth(key, flow.returned), ZERO),
        units=units_of(flow.returned),
        variant_id=key[0],
        site_id=key[1],
        sku=facts.named(key[0]).sku,
        site_code=facts.sites[key[1]],
    )


RULE = ReturnSpike()
