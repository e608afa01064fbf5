"""Stock that will be sold out before goods can come.

How long the usable stock, with what is on its way from other sites, lasts at the rate of the last twelve weeks, against
the day of the next expected receipt; without an open order, against the lead time of an order placed today.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import select

from ambra_tui.kit.quantity import SCALE
from ambra_tui.services.forecasts import forecast
from ambra_tui.services.insights.facts import NO_STOCK, Facts, Key, about, number, shown, stock_path, units_of
from ambra_tui.services.insights.insight import Evidence, Insight
from ambra_tui.services.policies import OPEN_PURCHASES
from ambra_tui.store.models import PurchaseOrder, PurchaseOrderLine, table_of

HORIZON_DAYS = 28  # what happens later can be seen in time by then, and rates change
LEAST_MISSING = SCALE  # less than one unit missing is no loss of a sale
CRITICAL_DAYS = 3  # sooner than any supplier delivers: somebody has to act today
SHOWN_ORDERS = 5
_order, _line = table_of(PurchaseOrder), table_of(PurchaseOrderLine)


class StockOut:
    """Runs out before the next receipt."""

    type = "stock_out"

    def find(self, facts: Facts) -> Iterable[Insight]:
        """One for each variant and site."""
        found = [(key, *lasting) for key in sorted(facts.rates) if (lasting := _lasting(facts, key)) is not None]
        facts.name(key[0] for key, *_ in found)
        for key, days, wait, missing in found:
            variant = facts.named(key[0])
            if variant.status == "active" and key[1] in facts.sites:
                yield _insight(facts, key, days, wait, missing)

    def evidence(self, facts: Facts, insight: Insight) -> Sequence[Evidence]:
        """What is there, what is expected to sell until goods come, and the open orders."""
        key = (insight.variant_id, insight.site_id)
        stock = facts.stock.get(key, NO_STOCK)
        rows = [Evidence("stock", key[0], insight.sku, units_of(stock.usable), detail=insight.site_code)]
        if facts.in_transit.get(key):
            rows.append(Evidence("transit", key[0], insight.sku, units_of(facts.in_transit[key])))
        wait = max(1, _wait(facts, key))
        for told in forecast(facts.session, [key], horizon_days=min(wait, 365)):
            until = facts.today + timedelta(days=wait)
            rows.append(Evidence("forecast", key[0], insight.sku, told.mean, until, told.confidence))
        return [*rows, *_open_orders(facts, key)]


def _lasting(facts: Facts, key: Key) -> tuple[float, int, float] | None:
    """Days that the stock lasts, days until goods come, and what is missing between; None when it lasts."""
    rate = facts.rates[key] * SCALE
    days = (facts.stock.get(key, NO_STOCK).usable + facts.in_transit.get(key, 0)) / rate
    if days > HORIZON_DAYS:
        return None
    wait = _wait(facts, key)
    missing = (wait - days) * rate
    return (days, wait, missing) if missing >= LEAST_MISSING else None


def _wait(facts: Facts, key: Key) -> int:
    """Days until the next receipt, or an order of today, can be there."""
    expected = facts.receipts.get(key)
    return (expected - facts.today).days if expected else facts.policies.of(*key).lead_time_days


def _insight(facts: Facts, key: Key, days: float, wait: int, missing: float) -> Insight:
    expected, overdue = facts.receipts.get(key), facts.overdue.get(key)
    is_out = days <= 0
    ending = "" if expected else "_overdue" if overdue else "_no_order"
    sentence = ("stock_out_now" if is_out else "stock_out") + ending
    return Insight(
        type=StockOut.type,
        severity="critical" if days < CRITICAL_DAYS else "warning",
        subject=f"{key[0]}:{key[1]}",
        words=sentence,
        told={
            "days": str(int(days)),
            "rate": f"{facts.rates[key]:.1f}",
            "missing": shown(missing),
            "expected": told.isoformat() if (told := expected or overdue) else "",
            "lead": str(wait),
        },
        path=stock_path(key),
        value=facts.worth(key, round(missing)),
        units=about(missing),
        variant_id=key[0],
        site_id=key[1],
        sku=facts.named(key[0]).sku,
        site_code=facts.sites[key[1]],
    )


def _open_orders(facts: Facts, key: Key) -> list[Evidence]:
    outstanding = (number(_line.c.quantity) - number(_line.c.received)).label("outstanding")
    statement = (
        select(_order.c.id, _order.c.number, _order.c.expected_on, _order.c.status, outstanding)
        .join(_line, (_line.c.purchase_order_id == _order.c.id) & (_line.c.organization_id == _order.c.organization_id))
        .where(
            _order.c.organization_id == facts.organization_id,
            _line.c.organization_id == facts.organization_id,
            _order.c.status.in_(OPEN_PURCHASES),
            _order.c.site_id == key[1],
            _line.c.variant_id == key[0],
            number(_line.c.quantity) > number(_line.c.received),
        )
        .order_by(_order.c.expected_on.is_(None), _order.c.expected_on, _order.c.number)
        .limit(SHOWN_ORDERS)
    )
    return [
        Evidence("purchase_order", row.id, row.number, units_of(row.outstanding), row.expected_on, row.status)
        for row in facts.rows(statement)
    ]


RULE = StockOut()
