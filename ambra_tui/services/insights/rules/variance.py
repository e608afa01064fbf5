"""Bins whose counts keep disagreeing with the book: a label, a neighbour or a habit is wrong there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from ambra_tui.kit.quantity import ZERO, show, to_scaled
from ambra_tui.services.insights.facts import Facts, units_of
from ambra_tui.services.insights.insight import Evidence, Insight
from ambra_tui.store.models import CycleCount, CycleCountLine, Location, Variant, table_of

WINDOW_DAYS = 90  # long enough for a bin to be counted twice by the usual plans
LEAST_OFF = 2  # one wrong count is an accident
LEAST_SHARE = 0.25  # of the lines counted there; good warehouses are right in 97 of 100
WARNING_SHARE = 0.5
SHOWN_LINES = 10
_line, _count, _location, _variant = (table_of(model) for model in (CycleCountLine, CycleCount, Location, Variant))


@dataclass
class _Bin:
    site_id: str
    code: str
    counted: int = 0
    off: list[Any] = field(default_factory=list)


class VarianceHotSpot:
    """A bin that is counted wrong again and again."""

    type = "variance_hot_spot"

    def find(self, facts: Facts) -> Iterable[Insight]:
        """One for each bin."""
        bins = {key: found for key, found in sorted(_bins(facts).items()) if _is_hot(found)}
        facts.name(row.variant_id for found in bins.values() for row in found.off)
        for location_id, found in bins.items():
            if found.site_id in facts.sites:
                yield _insight(facts, location_id, found)

    def evidence(self, facts: Facts, insight: Insight) -> Sequence[Evidence]:
        """The lines that differed, latest first."""
        rows = facts.rows(_off(facts).where(_line.c.location_id == insight.subject).limit(SHOWN_LINES))
        return [
            Evidence("count", row.cycle_count_id, row.sku, row.variance, row.counted_at.date(), row.number)
            for row in rows
        ]


def _counted(facts: Facts, *columns: Any) -> Any:
    """Lines of completed counts within the window."""
    return (
        select(*columns)
        .select_from(_line)
        .join(_count, (_count.c.id == _line.c.cycle_count_id) & (_count.c.organization_id == _line.c.organization_id))
        .join(_location, (_location.c.id == _line.c.location_id)
              & (_location.c.organization_id == _line.c.organization_id))
        .where(
            _line.c.organization_id == facts.organization_id,
            _count.c.organization_id == facts.organization_id,
            _location.c.organization_id == facts.organization_id,
            _count.c.status == "completed",
            _line.c.counted.is_not(None),
            facts.since(_line.c.counted_at, WINDOW_DAYS),
            *facts.here(_location.c.site_id),
        )
    )  # fmt: skip


def _off(facts: Facts) -> Any:
    columns = (
        _line.c.cycle_count_id, _line.c.variant_id, _line.c.variance, _line.c.counted_at, _count.c.number,
        _variant.c.sku,
    )  # fmt: skip
    named = (_variant.c.id == _line.c.variant_id) & (_variant.c.organization_id == facts.organization_id)
    return (
        _counted(facts, *columns)
        .join(_variant, named)
        .where(_line.c.variance != ZERO)
        .order_by(_line.c.counted_at.desc(), _line.c.id)
    )


def _bins(facts: Facts) -> dict[str, _Bin]:
    columns = (_line.c.location_id, _line.c.variant_id, _line.c.variance, _location.c.site_id, _location.c.code)
    bins: dict[str, _Bin] = {}
    for row in facts.rows(_counted(facts, *columns)):
        found = bins.setdefault(row.location_id, _Bin(row.site_id, row.code))
        found.counted += 1
        if row.variance:
            found.off.append(row)
    return bins


def _is_hot(found: _Bin) -> bool:
    return len(found.off) >= LEAST_OFF and len(found.off) >= LEAST_SHARE * found.counted


def _insight(facts: Facts, location_id: str, found: _Bin) -> Insight:
    by_variant: dict[str, int] = defaultdict(int)
    for row in found.off:
        by_variant[row.variant_id] += abs(to_scaled(row.variance))
    units = units_of(sum(by_variant.values()))
    value = sum((facts.worth((key, found.site_id), scaled) for key, scaled in by_variant.items()), ZERO)
    return Insight(
        type=VarianceHotSpot.type,
        severity="warning" if len(found.off) >= WARNING_SHARE * found.counted else "info",
        subject=location_id,
        words="variance_hot_spot",
        told={
            "bin": found.code, "off": str(len(found.off)), "counted": str(found.counted), "units": show(units),
            "days": str(WINDOW_DAYS),
        },
        path=f"/cycle_counts?location_id={found.site_id}",
        value=value,
        units=units,
        site_id=found.site_id,
        site_code=facts.sites[found.site_id],
    )  # fmt: skip


RULE = VarianceHotSpot()
