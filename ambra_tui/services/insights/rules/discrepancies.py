"""Discrepancies that nobody has given a reason for: the longer they wait, the less anybody remembers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, select

from ambra_tui.kit.clock import from_microseconds, to_microseconds
from ambra_tui.services.insights.facts import Facts, number, shown, units_of
from ambra_tui.services.insights.insight import Evidence, Insight
from ambra_tui.store.models import Discrepancy, Variant, table_of

OLD_DAYS = 7  # a week: whoever was there still knows why
WARNING_DAYS = 30
SHOWN_ROWS = 10
_row, _variant = table_of(Discrepancy), table_of(Variant)


class OldDiscrepancies:
    """Open for more than a week."""

    type = "old_discrepancies"

    def find(self, facts: Facts) -> Iterable[Insight]:
        """One for each site and kind."""
        statement = (
            select(_row.c.site_id, _row.c.kind, func.count().label("count"),
                   func.sum(number(_row.c.quantity)).label("units"), func.min(number(_row.c.created_at)).label("first"))
            .where(*_old(facts), *facts.here(_row.c.site_id))
            .group_by(_row.c.site_id, _row.c.kind)
            .order_by(_row.c.site_id, _row.c.kind)
        )  # fmt: skip
        for row in facts.rows(statement):
            if row.site_id in facts.sites:
                yield _insight(facts, row)

    def evidence(self, facts: Facts, insight: Insight) -> Sequence[Evidence]:
        """The oldest ones."""
        site_id, kind = insight.subject.split(":", 1)
        statement = (
            select(_row.c.id, _row.c.quantity, _row.c.created_at, _row.c.kind, _variant.c.sku)
            .outerjoin(_variant, (_variant.c.id == _row.c.variant_id)
                       & (_variant.c.organization_id == facts.organization_id))
            .where(*_old(facts), _row.c.site_id == site_id, _row.c.kind == kind)
            .order_by(_row.c.created_at, _row.c.id)
            .limit(SHOWN_ROWS)
        )  # fmt: skip
        return [
            Evidence("discrepancy", row.id, row.sku or row.kind, row.quantity, row.created_at.date(), row.kind)
            for row in facts.rows(statement)
        ]


def _old(facts: Facts) -> list[Any]:
    return [
        _row.c.organization_id == facts.organization_id,
        _row.c.status == "open",
        number(_row.c.created_at) < to_microseconds(facts.days_ago(OLD_DAYS)),
    ]


def _insight(facts: Facts, row: Any) -> Insight:
    days = (facts.now - from_microseconds(int(row.first))).days
    return Insight(
        type=OldDiscrepancies.type,
        severity="warning" if days > WARNING_DAYS else "info",
        subject=f"{row.site_id}:{row.kind}",
        words="old_discrepancies",
        told={"count": str(row.count), "kind": str(row.kind), "days": str(days),
              "units": shown(int(row.units))},
        path=f"/stock_transfers?location_id={row.site_id}" if str(row.kind).startswith("transfer") else "",
        units=units_of(int(row.units)),
        site_id=row.site_id,
        site_code=facts.sites[row.site_id],
    )  # fmt: skip


RULE = OldDiscrepancies()
