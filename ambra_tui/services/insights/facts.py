"""What several rules need, read once: sites, stock, rates of sale, costs. Reads only.

Quantities are scaled integers here (millionths), because a rule may look at a hundred thousand of them.

Example::

    facts = Facts(session)
    facts.rates[milk.id, site.id]       # units a day
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, func, select, type_coerce
from sqlmodel import Session

from ambra_tui.kit.clock import to_microseconds
from ambra_tui.kit.money import COST_SCALE
from ambra_tui.kit.quantity import SCALE, to_decimal
from ambra_tui.services.forecasts import daily_rates
from ambra_tui.services.policies import OPEN_PURCHASES, Policies, read_policies
from ambra_tui.store.models import (
    PurchaseOrder,
    PurchaseOrderLine,
    Site,
    SiteStock,
    StockTransfer,
    StockTransferContent,
    Variant,
    table_of,
)
from ambra_tui.store.scope import now_of, organization_of

Key = tuple[str, str]
MAX_LISTED = 500
_stock, _site, _variant = table_of(SiteStock), table_of(Site), table_of(Variant)
_purchase, _purchase_line = table_of(PurchaseOrder), table_of(PurchaseOrderLine)
_transfer, _content = table_of(StockTransfer), table_of(StockTransferContent)


class Stock(NamedTuple):
    """What a site holds of a variant, scaled; `cost`: its average cost a unit, None when nobody told one."""

    on_hand: int
    reserved: int
    held: int
    cost: int | None

    @property
    def usable(self) -> int:
        """What is there and may be used, promised or not."""
        return max(0, self.on_hand - self.held)


NO_STOCK = Stock(0, 0, 0, None)


class Named(NamedTuple):
    """A variant as people know it."""

    sku: str
    name: str
    status: str
    price_minor: int | None
    cost_minor: int | None


class Facts:
    """Everything is read when it is first asked for. `site_id`: only this site, None: all of them."""

    def __init__(self, session: Session, *, site_id: str | None = None) -> None:
        self.session, self.site_id = session, site_id
        self.organization_id = organization_of(session)
        self.now = now_of(session)
        self.today: date = self.now.date()
        self._named: dict[str, Named] = {}

    def rows(self, statement: Any) -> Any:
        """The rows of a Core select."""
        return self.session.connection().execute(statement)

    def days_ago(self, days: int) -> datetime:
        """The moment so many days before now."""
        return self.now - timedelta(days=days)

    def since(self, column: Any, days: int) -> ColumnElement[bool]:
        """The moment in `column` lies in the last `days` days."""
        condition: ColumnElement[bool] = number(column) >= to_microseconds(self.days_ago(days))
        return condition

    def here(self, column: Any) -> list[ColumnElement[bool]]:
        """The condition on a column of site ids; none for all sites."""
        return [] if self.site_id is None else [column == self.site_id]

    @cached_property
    def sites(self) -> Mapping[str, str]:
        """Id -> code of the sites that are looked at."""
        statement = select(_site.c.id, _site.c.code).where(_site.c.organization_id == self.organization_id)
        return {row.id: row.code for row in self.rows(statement.where(*self.here(_site.c.id)))}

    @cached_property
    def stock(self) -> Mapping[Key, Stock]:
        """Every pair of variant and site that has something, or promised something."""
        columns = (number(_stock.c[name]) for name in ("on_hand", "reserved", "held"))
        statement = select(_stock.c.variant_id, _stock.c.site_id, *columns, _stock.c.average_cost).where(
            _stock.c.organization_id == self.organization_id,
            (number(_stock.c.on_hand) > 0) | (number(_stock.c.reserved) > 0),
            *self.here(_stock.c.site_id),
        )
        return {(row[0], row[1]): Stock(*row[2:]) for row in self.rows(statement)}

    @cached_property
    def rates(self) -> Mapping[Key, float]:
        """Units a day that a pair sells, for those that sell."""
        return {key: rate for key, rate in daily_rates(self.session, site_id=self.site_id).items() if rate > 0}

    @cached_property
    def policies(self) -> Policies:
        """What is agreed about ordering."""
        return read_policies(self.session)

    @cached_property
    def receipts(self) -> Mapping[Key, date]:
        """The day, from today on, that the next open purchase order of a pair is expected."""
        return self._expected(_purchase.c.expected_on >= self.today)

    @cached_property
    def overdue(self) -> Mapping[Key, date]:
        """The day before today that the oldest open purchase order of a pair was expected."""
        return self._expected(_purchase.c.expected_on < self.today)

    def _expected(self, when: ColumnElement[bool]) -> Mapping[Key, date]:
        outstanding = number(_purchase_line.c.quantity) > number(_purchase_line.c.received)
        statement = (
            select(_purchase_line.c.variant_id, _purchase.c.site_id, func.min(_purchase.c.expected_on))
            .join(_purchase_line, (_purchase_line.c.purchase_order_id == _purchase.c.id)
                  & (_purchase_line.c.organization_id == _purchase.c.organization_id))
            .where(
                _purchase.c.organization_id == self.organization_id,
                _purchase_line.c.organization_id == self.organization_id,
                _purchase.c.status.in_(OPEN_PURCHASES),
                when,
                outstanding,
                *self.here(_purchase.c.site_id),
            )
            .group_by(_purchase_line.c.variant_id, _purchase.c.site_id)
        )  # fmt: skip
        return {(row[0], row[1]): row[2] for row in self.rows(statement)}

    @cached_property
    def in_transit(self) -> Mapping[Key, int]:
        """What is on its way to a site from another one, scaled."""
        total = func.sum(number(_content.c.shipped) - number(_content.c.received) - number(_content.c.settled))
        statement = (
            select(_content.c.variant_id, _transfer.c.destination_site_id, total)
            .join(_content, (_content.c.stock_transfer_id == _transfer.c.id)
                  & (_content.c.organization_id == _transfer.c.organization_id))
            .where(
                _transfer.c.organization_id == self.organization_id,
                _content.c.organization_id == self.organization_id,
                _transfer.c.status == "in_transit",
                *self.here(_transfer.c.destination_site_id),
            )
            .group_by(_content.c.variant_id, _transfer.c.destination_site_id)
        )  # fmt: skip
        return {(row[0], row[1]): int(row[2]) for row in self.rows(statement)}

    def name(self, variant_ids: Iterable[str]) -> None:
        """Reads these variants, so that `named` knows them."""
        wanted = sorted(set(variant_ids) - set(self._named))
        columns = (_variant.c[name] for name in ("id", "sku", "name", "status", "price_minor", "cost_minor"))
        statement = select(*columns).where(_variant.c.organization_id == self.organization_id)
        if len(wanted) > 20 * MAX_LISTED:  # most of them: reading all is faster
            self._named |= {row.id: Named(*row[1:]) for row in self.rows(statement)}
            return
        for first in range(0, len(wanted), MAX_LISTED):
            chosen = statement.where(_variant.c.id.in_(wanted[first : first + MAX_LISTED]))
            self._named |= {row.id: Named(*row[1:]) for row in self.rows(chosen)}

    def named(self, variant_id: str) -> Named:
        """A variant that `name` has read."""
        return self._named[variant_id]

    def worth(self, key: Key, units: int) -> Decimal:
        """What so many scaled units are worth, in minor units: at the site's average cost, else the variant's cost,
        else its price; 0 when nobody told any."""
        cost = self.stock.get(key, NO_STOCK).cost
        if cost is None:
            variant = self.named(key[0])
            told = variant.cost_minor if variant.cost_minor is not None else variant.price_minor
            cost = (told or 0) * COST_SCALE
        return money(units, cost)


def number(column: Any) -> Any:
    """A column of quantities or moments as the whole number that is stored."""
    return type_coerce(column, BigInteger)


def money(scaled: int, cost: int) -> Decimal:
    """Minor units that a scaled quantity costs at so many ten-thousandths of a minor unit each."""
    return (Decimal(scaled) * cost / (SCALE * COST_SCALE)).quantize(Decimal(1))


def shown(scaled: float) -> str:
    """A scaled quantity as people read it: whole units, unless there is less than one."""
    units = scaled / SCALE
    return f"{units:.0f}" if units >= 1 or units <= 0 else f"{units:.1f}"


def units_of(scaled: float) -> Decimal:
    """A scaled quantity as a number."""
    return to_decimal(round(scaled))


def about(scaled: float) -> Decimal:
    """An estimate as a number: whole units, because the rest is within the error of any rate."""
    return Decimal(round(scaled / SCALE)) if scaled >= SCALE else units_of(scaled)


def stock_path(key: Key) -> str:
    """Where the API shows the stock of a pair."""
    return f"/inventory_levels?variant_id={key[0]}&location_id={key[1]}"
