"""More promised than there is: a count, waste or a lot on hold took what orders wait for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select

from ambra_tui.services.insights.facts import Facts, number, shown, stock_path, units_of
from ambra_tui.services.insights.insight import Evidence, Insight
from ambra_tui.store.models import Reservation, SalesOrder, table_of

SHOWN_ORDERS = 10
_reservation, _order = table_of(Reservation), table_of(SalesOrder)


class OverPromised:
    """Somebody will not get what was promised, unless goods come first."""

    type = "over_promised"

    def find(self, facts: Facts) -> Iterable[Insight]:
        """One for each variant and site; every one is critical, because customers were told."""
        found = [
            (key, stock)
            for key, stock in sorted(facts.stock.items())
            if stock.reserved > stock.usable and key[1] in facts.sites
        ]
        facts.name(key[0] for key, _ in found)
        for key, stock in found:
            missing = stock.reserved - stock.usable
            yield Insight(
                type=self.type,
                severity="critical",
                subject=f"{key[0]}:{key[1]}",
                words="over_promised",
                told={
                    "missing": shown(missing), "reserved": shown(stock.reserved), "usable": shown(stock.usable),
                },
                path=stock_path(key),
                value=facts.worth(key, missing),
                units=units_of(missing),
                variant_id=key[0],
                site_id=key[1],
                sku=facts.named(key[0]).sku,
                site_code=facts.sites[key[1]],
            )  # fmt: skip

    def evidence(self, facts: Facts, insight: Insight) -> Sequence[Evidence]:
        """Whom it was promised to, the latest promise first: it is the one to break."""
        promised = func.sum(number(_reservation.c.quantity)).label("promised")
        statement = (
            select(_reservation.c.document_id, _reservation.c.document_kind, _order.c.number, promised,
                   func.max(number(_reservation.c.created_at)).label("moment"))
            .select_from(_reservation)
            .outerjoin(_order, (_order.c.id == _reservation.c.document_id)
                       & (_order.c.organization_id == facts.organization_id))
            .where(
                _reservation.c.organization_id == facts.organization_id,
                _reservation.c.variant_id == insight.variant_id,
                _reservation.c.site_id == insight.site_id,
                number(_reservation.c.quantity) > 0,
            )
            .group_by(_reservation.c.document_id, _reservation.c.document_kind, _order.c.number)
            .order_by(func.max(number(_reservation.c.created_at)).desc(), _reservation.c.document_id)
            .limit(SHOWN_ORDERS)
        )  # fmt: skip
        return [
            Evidence("order" if row.number else row.document_kind, row.document_id, row.number or row.document_id,
                     units_of(row.promised))
            for row in facts.rows(statement)
        ]  # fmt: skip


RULE = OverPromised()
