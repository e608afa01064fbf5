"""Stock that nothing has happened to for half a year: not sold, used, sent, wasted, nor received.

Moves between bins and counts are not life: they say that it is there, not that anybody wants it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select

from ambra_tui.kit.clock import from_microseconds
from ambra_tui.kit.quantity import SCALE
from ambra_tui.services.insights.facts import MAX_LISTED, Facts, Key, number, shown, units_of
from ambra_tui.services.insights.insight import Evidence, Insight
from ambra_tui.store.models import MoveKind, StockMove, table_of

QUIET_DAYS = 180  # covers a season: what sold last summer is not dead in winter
LONG_DAYS = 365  # a whole year with every season in it
LEAST_UNITS = SCALE
_LIFE = tuple(
    kind.value
    for kind in MoveKind
    if kind not in (MoveKind.BIN_MOVE, MoveKind.PICK_MOVE, MoveKind.CYCLE_COUNT_ADJUSTMENT, MoveKind.REVERSAL)
)
_move = table_of(StockMove)


class DeadStock:
    """On hand, and nobody wants it."""

    type = "dead_stock"

    def find(self, facts: Facts) -> Iterable[Insight]:
        """One for each variant and site. What sells is not looked at: its rate says that it lives."""
        resting = [
            key
            for key, stock in sorted(facts.stock.items())
            if stock.on_hand >= LEAST_UNITS and key[1] in facts.sites and key not in facts.rates
        ]
        lived = _lived(facts, resting)
        limit = facts.days_ago(QUIET_DAYS)
        found = [key for key in resting if not (key in lived and lived[key] > limit)]
        facts.name(key[0] for key in found)
        for key in found:
            yield _insight(facts, key, lived.get(key))

    def evidence(self, facts: Facts, insight: Insight) -> Sequence[Evidence]:
        """What lies there, and the last moves that brought or took any."""
        rows = [Evidence("stock", insight.variant_id, insight.sku, insight.units, detail=insight.site_code)]
        statement = (
            select(_move)
            .where(
                _move.c.organization_id == facts.organization_id,
                _move.c.variant_id == insight.variant_id,
                (_move.c.source_site_id == insight.site_id) | (_move.c.destination_site_id == insight.site_id),
                _move.c.source_site_id != _move.c.destination_site_id,
            )
            .order_by(_move.c.sequence.desc())
            .limit(3)
        )
        return rows + [
            Evidence("move", row.id, insight.sku, row.quantity, row.occurred_at.date(), row.kind)
            for row in facts.rows(statement)
        ]


def _lived(facts: Facts, keys: Sequence[Key]) -> Mapping[Key, datetime]:
    """When something last happened to each pair, within the year; read by variant, because what rests moved little."""
    lived: dict[Key, datetime] = {}
    variant_ids = sorted({variant_id for variant_id, _ in keys})
    for first in range(0, len(variant_ids), MAX_LISTED):
        part = variant_ids[first : first + MAX_LISTED]
        for side in (_move.c.source_site_id, _move.c.destination_site_id):
            newest = func.max(number(_move.c.occurred_at))
            statement = (
                select(_move.c.variant_id, side, newest)
                .where(
                    _move.c.organization_id == facts.organization_id,
                    _move.c.variant_id.in_(part),
                    facts.since(_move.c.occurred_at, LONG_DAYS),
                    _move.c.kind.in_(_LIFE),
                    side != "",
                    *facts.here(side),
                )
                .group_by(_move.c.variant_id, side)
            )
            for variant_id, site_id, moment in facts.rows(statement):
                key, moved_at = (variant_id, site_id), from_microseconds(int(moment))
                lived[key] = max(moved_at, lived.get(key, moved_at))
    return lived


def _insight(facts: Facts, key: Key, moved_at: datetime | None) -> Insight:
    stock = facts.stock[key]
    return Insight(
        type=DeadStock.type,
        severity="info" if moved_at else "warning",
        subject=f"{key[0]}:{key[1]}",
        words="dead_stock" if moved_at else "dead_stock_year",
        told={"on_hand": shown(stock.on_hand), "since": moved_at.date().isoformat() if moved_at else ""},
        path=f"/inventory_ledger?variant_id={key[0]}&location_id={key[1]}",
        value=facts.worth(key, stock.on_hand),
        units=units_of(stock.on_hand),
        variant_id=key[0],
        site_id=key[1],
        sku=facts.named(key[0]).sku,
        site_code=facts.sites[key[1]],
    )


RULE = DeadStock()
