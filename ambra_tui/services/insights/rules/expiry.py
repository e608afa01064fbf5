"""Lots of which something will be left when they expire.

The lots of a variant in a site are sold earliest expiry first, at the rate of the last twelve weeks. What cannot be
sold by a lot's day is lost. What did not sell at all in that time is told within 30 days of its end only: it may sell
yet, and nobody knows how fast. Lots and bins on hold are left out: somebody looks at them already.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import func, select

from ambra_tui.kit.quantity import SCALE
from ambra_tui.services.insights.facts import Facts, Key, about, number, shown, units_of
from ambra_tui.services.insights.insight import Evidence, Insight
from ambra_tui.store.models import Location, Lot, StockLevel, table_of
from ambra_tui.store.types import EMPTY

HORIZON_DAYS = 60  # time enough for a promotion or a transfer; later lots sell by themselves more often than not
LEAST_LEFT = SCALE  # a part of a unit is within the error of any rate
CRITICAL_DAYS = 7  # within a week only a price cut or another site can still help
WARNING_DAYS = 30
_level, _lot, _location = table_of(StockLevel), table_of(Lot), table_of(Location)


class _Shelf(NamedTuple):
    lot_id: str
    lot_number: str
    expiry_date: date
    on_hand: int


class ExpiryRisk:
    """Expires before it is sold."""

    type = "expiry_before_sale"

    def find(self, facts: Facts) -> Iterable[Insight]:
        """One for each lot and site."""
        shelves = _shelves(facts)
        found = [(key, *left) for key in sorted(shelves) for left in _left(facts, key, shelves[key])]
        facts.name(key[0] for key, *_ in found)
        for key, shelf, left in found:
            if key[1] in facts.sites:
                yield _insight(facts, key, shelf, left)

    def evidence(self, facts: Facts, insight: Insight) -> Sequence[Evidence]:
        """The bins that the lot lies in."""
        lot_id = insight.subject.split(":")[0]
        statement = (
            select(_location.c.id, _location.c.code, func.sum(number(_level.c.on_hand)).label("on_hand"))
            .join(_level, (_level.c.location_id == _location.c.id)
                  & (_level.c.organization_id == _location.c.organization_id))
            .where(
                _location.c.organization_id == facts.organization_id,
                _level.c.organization_id == facts.organization_id,
                _level.c.lot_id == lot_id,
                _level.c.lot_id != EMPTY,
                _location.c.site_id == insight.site_id,
                number(_level.c.on_hand) > 0,
            )
            .group_by(_location.c.id, _location.c.code)
            .order_by(_location.c.code)
            .limit(10)
        )  # fmt: skip
        day = date.fromisoformat(insight.told["expiry"])
        lot = Evidence("unsold_lot", lot_id, insight.told["lot"], insight.units, day)
        rate = Evidence("rate", insight.variant_id, insight.sku, units_of(round(_rate(facts, insight) * SCALE)))
        bins = [Evidence("stock", row.id, row.code, units_of(row.on_hand)) for row in facts.rows(statement)]
        return [lot, rate, *bins]


def _rate(facts: Facts, insight: Insight) -> float:
    return round(facts.rates.get((insight.variant_id, insight.site_id), 0.0), 3)


def _shelves(facts: Facts) -> dict[Key, list[_Shelf]]:
    """The lots that expire soon of each pair, earliest first."""
    statement = (
        select(
            _level.c.variant_id, _location.c.site_id, _lot.c.id, _lot.c.lot_number, _lot.c.expiry_date,
            func.sum(number(_level.c.on_hand)).label("on_hand"),
        )
        .select_from(_lot)
        .join(_level, (_level.c.lot_id == _lot.c.id) & (_level.c.organization_id == _lot.c.organization_id))
        .join(_location, (_location.c.id == _level.c.location_id)
              & (_location.c.organization_id == _level.c.organization_id))
        .where(
            _lot.c.organization_id == facts.organization_id,
            _level.c.organization_id == facts.organization_id,
            _level.c.lot_id != EMPTY,
            _location.c.organization_id == facts.organization_id,
            _lot.c.status == "active",
            _lot.c.expiry_date <= facts.today + timedelta(days=HORIZON_DAYS),
            number(_level.c.on_hand) > 0,
            _location.c.usage == "internal",
            _location.c.is_held.is_(False),
            *facts.here(_location.c.site_id),
        )
        .group_by(_level.c.variant_id, _location.c.site_id, _lot.c.id, _lot.c.lot_number, _lot.c.expiry_date)
        .order_by(_lot.c.expiry_date, _lot.c.lot_number)
    )  # fmt: skip
    shelves: dict[Key, list[_Shelf]] = defaultdict(list)
    for row in facts.rows(statement):
        shelf = _Shelf(row.id, row.lot_number, row.expiry_date, int(row.on_hand))
        shelves[row.variant_id, row.site_id].append(shelf)
    return shelves


def _left(facts: Facts, key: Key, shelves: Sequence[_Shelf]) -> Iterable[tuple[_Shelf, int]]:
    """The lots of which something is left over, and how much."""
    rate, sold_before = facts.rates.get(key, 0.0) * SCALE, 0
    for shelf in shelves:
        days = max(0, (shelf.expiry_date - facts.today).days)
        sold = min(shelf.on_hand, max(0, int(rate * days) - sold_before))
        sold_before += sold
        if shelf.on_hand - sold >= LEAST_LEFT and (key in facts.rates or days <= WARNING_DAYS):
            yield shelf, shelf.on_hand - sold


def _insight(facts: Facts, key: Key, shelf: _Shelf, left: int) -> Insight:
    days = (shelf.expiry_date - facts.today).days
    return Insight(
        type=ExpiryRisk.type,
        severity="critical" if days <= CRITICAL_DAYS else "warning" if days <= WARNING_DAYS else "info",
        subject=f"{shelf.lot_id}:{key[1]}",
        words="expired" if days < 0 else "expiry_before_sale",
        told={
            "lot": shelf.lot_number,
            "expiry": shelf.expiry_date.isoformat(),
            "days": str(days),
            "left": shown(left),
            "on_hand": shown(shelf.on_hand),
        },
        path=f"/lots/{shelf.lot_id}",
        value=facts.worth(key, left),
        units=about(left),
        variant_id=key[0],
        site_id=key[1],
        sku=facts.named(key[0]).sku,
        site_code=facts.sites[key[1]],
    )


RULE = ExpiryRisk()
