"""Customers by what they bought: lifetime value, cohorts by the month of their first order, retention, segments.

Orders without a customer on record (guests) are in none of it. What a customer spent is net revenue.

Example::

    told = customer_analytics(session, span=span, currency="EUR")
    told.cohorts[0].retention     # (Decimal('1'), Decimal('0.4'), ...): the share that ordered 0, 1, ... months later
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, func, select, type_coerce
from sqlmodel import Session

from ambra_tui.kit.money import to_major
from ambra_tui.services.analytics.days import Span
from ambra_tui.services.analytics.dimensions import AT_RISK_DAYS
from ambra_tui.services.analytics.facts import SALE
from ambra_tui.services.analytics.measures import RATIO_PLACES
from ambra_tui.store.scope import organization_of
from ambra_tui.store.types import EMPTY

MAX_COHORTS = 24
SEGMENTS = ("new", "returning", "high_value", "at_risk")


@dataclass(frozen=True, slots=True)
class Group:
    """Customers with something in common. `orders`, `revenue` (net): of the span, of all time for those at risk."""

    name: str
    customers: int
    orders: int
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class Cohort:
    """Customers whose first order was in `month` (2026-03). `active`: how many of them ordered 0, 1, 2, ... months
    later, `retention`: which share that is; `revenue`: what they have spent up to the span's end."""

    month: str
    customers: int
    active: tuple[int, ...]
    retention: tuple[Decimal, ...]
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class CustomerAnalytics:
    """The report. `customers`: who ordered up to the span's end; `active`: who ordered in it. `retained` of the
    `previous` ones, who ordered in the span before of the same length, ordered in this one too."""

    span: Span
    currency: str
    customers: int
    active: int
    guest_orders: int
    lifetime_total: Decimal
    lifetime_average: Decimal | None
    lifetime_median: Decimal | None
    orders_per_customer: Decimal | None
    repeat_rate: Decimal | None
    previous: int
    retained: int
    retention_rate: Decimal | None
    cohorts: Sequence[Cohort]
    segments: Mapping[str, Group]
    geography: Sequence[Group]
    channels: Sequence[Group]


@dataclass(slots=True)
class _Buyer:
    """What is known of one customer up to the span's end: all orders, those of the span, and the first one."""

    orders: int = 0
    net: int = 0
    last_day: int = 0
    span_orders: int = 0
    span_net: int = 0
    is_previous: bool = False
    first_day: int = 10**9
    country: str = ""
    channel: str = ""


def customer_analytics(session: Session, *, span: Span, currency: str) -> CustomerAnalytics:
    """The report on who ordered up to the span's last day."""
    first, last = span.numbers
    assert first is not None and last is not None
    buyers, months = _buyers(session, currency, first, last)
    active = [buyer for buyer in buyers.values() if buyer.span_orders]
    nets = sorted(buyer.net for buyer in buyers.values())
    previous = [buyer for buyer in buyers.values() if buyer.is_previous]
    retained = sum(1 for buyer in previous if buyer.span_orders)

    def money(minor: Decimal | int) -> Decimal:
        return to_major(round(Decimal(minor)), currency)

    def group(name: str, chosen: Iterable[_Buyer], *, is_of_all_time: bool = False) -> Group:
        rows = list(chosen)
        orders = sum(row.orders if is_of_all_time else row.span_orders for row in rows)
        return Group(name, len(rows), orders, money(sum(row.net if is_of_all_time else row.span_net for row in rows)))

    def by(key: Callable[[_Buyer], str]) -> list[Group]:
        found: dict[str, list[_Buyer]] = defaultdict(list)
        for buyer in active:
            found[key(buyer)].append(buyer)
        groups = [group(name, rows) for name, rows in found.items()]
        return sorted(groups, key=lambda each: (-each.revenue, each.name))

    ranked = sorted(active, key=lambda buyer: -buyer.span_net)
    segments = {
        "new": group("new", (buyer for buyer in active if buyer.first_day >= first)),
        "returning": group("returning", (buyer for buyer in active if buyer.first_day < first)),
        "high_value": group("high_value", ranked[: (len(ranked) + 4) // 5]),
        "at_risk": group(
            "at_risk",
            (buyer for buyer in buyers.values() if buyer.last_day <= last - AT_RISK_DAYS),
            is_of_all_time=True,
        ),
    }
    count = len(buyers)
    return CustomerAnalytics(
        span=span,
        currency=currency,
        customers=count,
        active=len(active),
        guest_orders=_guest_orders(session, currency, first, last),
        lifetime_total=money(sum(nets)),
        lifetime_average=money(Decimal(sum(nets)) / count) if count else None,
        lifetime_median=money(_median(nets)) if count else None,
        orders_per_customer=_rate(sum(buyer.orders for buyer in buyers.values()), count),
        repeat_rate=_rate(sum(1 for buyer in buyers.values() if buyer.orders > 1), count),
        previous=len(previous),
        retained=retained,
        retention_rate=_rate(retained, len(previous)),
        cohorts=_cohorts(months, _last_month(span), money),
        segments=segments,
        geography=by(lambda buyer: buyer.country),
        channels=by(lambda buyer: buyer.channel),
    )


def _rate(above: int, below: int) -> Decimal | None:
    return (Decimal(above) / below).quantize(RATIO_PLACES) if below else None


def _median(values: Sequence[int]) -> Decimal:
    middle = len(values) // 2
    return Decimal(values[middle]) if len(values) % 2 else Decimal(values[middle - 1] + values[middle]) / 2


def _buyers(
    session: Session, currency: str, first: int, last: int
) -> tuple[dict[str, _Buyer], dict[str, dict[int, int]]]:
    """The customers, and customer -> month -> what they spent in it; from one row an order."""
    net = type_coerce(SALE.c.revenue - SALE.c.discount - SALE.c.refunded, BigInteger)
    statement = (
        select(SALE.c.customer_id, SALE.c.day, SALE.c.month, net, SALE.c.country, SALE.c.channel)
        .where(
            SALE.c.organization_id == organization_of(session),
            SALE.c.currency == currency,
            SALE.c.customer_id != EMPTY,
            SALE.c.day <= last,
        )
        .order_by(SALE.c.day, SALE.c.key)
    )
    buyers: dict[str, _Buyer] = defaultdict(_Buyer)
    months: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    length = last - first + 1
    for customer_id, day, month, spent, country, channel in session.connection().execute(statement):
        buyer = buyers[customer_id]
        if not buyer.orders:
            buyer.first_day, buyer.channel = day, channel
        buyer.orders += 1
        buyer.net += spent
        buyer.last_day, buyer.country = day, country
        months[customer_id][month] += spent
        if day >= first:
            buyer.span_orders += 1
            buyer.span_net += spent
        elif day >= first - length:
            buyer.is_previous = True
    return dict(buyers), months


def _guest_orders(session: Session, currency: str, first: int, last: int) -> int:
    statement = select(func.count()).where(
        SALE.c.organization_id == organization_of(session),
        SALE.c.currency == currency,
        SALE.c.customer_id == EMPTY,
        SALE.c.day >= first,
        SALE.c.day <= last,
    )
    return int(session.connection().execute(statement).scalar_one())


def _last_month(span: Span) -> int:
    assert span.last is not None
    return span.last.year * 12 + span.last.month - 1


def _cohorts(months: Mapping[str, Mapping[int, int]], last: int, money: Callable[[Any], Decimal]) -> list[Cohort]:
    """The newest cohorts, the oldest of them first."""
    members: dict[int, list[Mapping[int, int]]] = defaultdict(list)
    for bought in months.values():
        members[min(bought)].append(bought)
    cohorts = []
    for month in sorted(members)[-MAX_COHORTS:]:
        rows, start = members[month], _count(month)
        active = [0] * (last - start + 1)
        for bought in rows:
            for each in bought:
                active[_count(each) - start] += 1
        cohorts.append(
            Cohort(
                month=f"{month // 100:04}-{month % 100:02}",
                customers=len(rows),
                active=tuple(active),
                retention=tuple((Decimal(count) / len(rows)).quantize(RATIO_PLACES) for count in active),
                revenue=money(sum(sum(bought.values()) for bought in rows)),
            )
        )
    return cohorts


def _count(month: int) -> int:
    return month // 100 * 12 + month % 100 - 1
