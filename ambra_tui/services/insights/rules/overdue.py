"""Purchase orders that should have come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.insights.facts import NO_STOCK, Facts, money, number, shown, units_of
from ambra_tui.services.insights.insight import Evidence, Insight
from ambra_tui.services.policies import OPEN_PURCHASES
from ambra_tui.store.models import PurchaseOrder, PurchaseOrderLine, Supplier, Variant, table_of

CRITICAL_DAYS = 7  # a week late is no lorry in a queue any more: the supplier has to be called
SHOWN_LINES = 10
_order, _line, _supplier, _variant = (table_of(each) for each in (PurchaseOrder, PurchaseOrderLine, Supplier, Variant))


class OverduePurchaseOrder:
    """Expected before today, and not all here."""

    type = "overdue_purchase_order"

    def find(self, facts: Facts) -> Iterable[Insight]:
        """One for each order."""
        orders: dict[str, list[Any]] = defaultdict(list)
        for row in facts.rows(_outstanding(facts)):
            orders[row.id].append(row)
        facts.name(row.variant_id for rows in orders.values() for row in rows)
        for rows in orders.values():
            if rows[0].site_id in facts.sites:
                yield _insight(facts, rows)

    def evidence(self, facts: Facts, insight: Insight) -> Sequence[Evidence]:
        """What is missing of it."""
        rows = facts.rows(_outstanding(facts).where(_order.c.id == insight.subject).limit(SHOWN_LINES))
        return [
            Evidence("purchase_order", row.id, row.sku, units_of(row.outstanding), row.expected_on, row.number)
            for row in rows
        ]


def _outstanding(facts: Facts) -> Any:
    outstanding = (number(_line.c.quantity) - number(_line.c.received)).label("outstanding")
    return (
        select(
            _order.c.id, _order.c.number, _order.c.site_id, _order.c.expected_on, _line.c.variant_id,
            _line.c.unit_cost, outstanding, _supplier.c.name.label("supplier"), _variant.c.sku,
        )
        .select_from(_order)
        .join(_line, (_line.c.purchase_order_id == _order.c.id) & (_line.c.organization_id == _order.c.organization_id))
        .join(_supplier, (_supplier.c.id == _order.c.supplier_id)
              & (_supplier.c.organization_id == _order.c.organization_id))
        .join(_variant, (_variant.c.id == _line.c.variant_id) & (_variant.c.organization_id == _line.c.organization_id))
        .where(
            _order.c.organization_id == facts.organization_id,
            _line.c.organization_id == facts.organization_id,
            _supplier.c.organization_id == facts.organization_id,
            _variant.c.organization_id == facts.organization_id,
            _order.c.status.in_(OPEN_PURCHASES),
            _order.c.expected_on < facts.today,
            number(_line.c.quantity) > number(_line.c.received),
            *facts.here(_order.c.site_id),
        )
        .order_by(_order.c.expected_on, _order.c.number, _line.c.position)
    )  # fmt: skip


def _insight(facts: Facts, rows: Sequence[Any]) -> Insight:
    first = rows[0]
    late = (facts.today - first.expected_on).days
    is_missed = any(_is_missed(facts, (row.variant_id, row.site_id)) for row in rows)
    units = sum(row.outstanding for row in rows)
    return Insight(
        type=OverduePurchaseOrder.type,
        severity="critical" if is_missed or late > CRITICAL_DAYS else "warning",
        subject=first.id,
        words="overdue_missed" if is_missed else "overdue_purchase_order",
        told={
            "number": first.number,
            "supplier": first.supplier,
            "expected": first.expected_on.isoformat(),
            "days": str(late),
            "units": shown(units),
        },
        path=f"/purchase_orders/{first.id}",
        value=sum((_worth(facts, row) for row in rows), ZERO),
        units=units_of(units),
        site_id=first.site_id,
        site_code=facts.sites[first.site_id],
    )


def _is_missed(facts: Facts, key: tuple[str, str]) -> bool:
    """Something that sells is out of stock while its goods are late."""
    return facts.rates.get(key, 0.0) > 0 and facts.stock.get(key, NO_STOCK).usable == 0


def _worth(facts: Facts, row: Any) -> Decimal:
    if row.unit_cost is None:
        return facts.worth((row.variant_id, row.site_id), row.outstanding)
    return money(row.outstanding, row.unit_cost)


RULE = OverduePurchaseOrder()
