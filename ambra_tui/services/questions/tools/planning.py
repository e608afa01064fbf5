"""What to do about it: reorder suggestions, policies, days of cover, movers, forecasts, insights."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pydantic import Field
from sqlalchemy import func
from sqlmodel import Session, col, select

from ambra_tui.kit.quantity import ZERO
from ambra_tui.services import forecasts, reports
from ambra_tui.services.policies import read_policies
from ambra_tui.services.questions.tool import Found, InPeriod, Limited, Row, Tool, number
from ambra_tui.services.questions.tools._shared import (
    asked_for,
    counted,
    customer_of,
    day,
    joined,
    last_thirty,
    moments,
    names_of,
    own,
    site_codes,
    site_id_named,
    supplier_named,
    today_of,
    variant_named,
)
from ambra_tui.services.reports.movers import SOLD, was_reversed
from ambra_tui.store.models import (
    InventoryPolicy,
    PurchaseOrder,
    PurchaseOrderLine,
    SalesOrder,
    SiteStock,
    StockMove,
    table_of,
)

MAX_SUGGESTIONS = 2_000
_move = table_of(StockMove)


class Reorder(Limited):
    """`supplier`: what was bought of this supplier before."""

    supplier: str | None = None
    sku: str | None = None
    location: str | None = None


class PolicyOf(Limited):
    """Without a product: every policy."""

    sku: str | None = None
    location: str | None = None


class Cover(Limited):
    """`days`: less cover than this; without a product: what lasts shortest."""

    sku: str | None = None
    location: str | None = None
    days: int | None = Field(default=None, ge=0)


class Movers(InPeriod):
    """The last 30 days unless others are named."""

    location: str | None = None


class ForecastOf(Limited):
    """`days`: the horizon."""

    sku: str | None = None
    location: str | None = None
    days: int | None = Field(default=None, ge=1, le=365)


class Customers(InPeriod):
    """The last 30 days unless others are named."""

    sku: str | None = None


def reorder_suggestion(session: Session, asked: Reorder) -> Found:
    """What is low and how much of it to order, in packs."""
    codes = site_codes(session)
    variant, supplier = variant_named(session, asked.sku), supplier_named(session, asked.supplier)
    found, total = reports.low_stock(
        session, site_id=site_id_named(session, asked.location), variant_id=variant.id if variant else None,
        offset=0, limit=MAX_SUGGESTIONS if supplier else asked.rows,
    )  # fmt: skip
    if supplier is not None:
        bought = _bought_of(session, supplier.id)
        found = [row for row in found if row.variant_id in bought]
        total = len(found)
    rows = [
        {
            "sku": row.sku, "name": row.name, "location": codes[row.site_id], "available": number(row.available),
            "reorder_point": number(row.reorder_point), "on_order": number(row.on_order),
            "suggested_quantity": number(row.suggested_quantity), "lead_time_days": row.lead_time_days,
        }
        for row in found[: asked.rows]
    ]  # fmt: skip
    return Found(rows, total)


def _bought_of(session: Session, supplier_id: str) -> set[str]:
    statement = (
        select(PurchaseOrderLine.variant_id)
        .join(PurchaseOrder, joined(session, PurchaseOrder, col(PurchaseOrderLine.purchase_order_id)))
        .where(own(session, PurchaseOrderLine), own(session, PurchaseOrder))
        .where(col(PurchaseOrder.supplier_id) == supplier_id)
        .distinct()
    )
    return set(session.connection().execute(statement).scalars())


def policy_lookup(session: Session, asked: PolicyOf) -> Found:
    """Reorder point, safety stock, lead time and the rest, as they hold for a product in each site."""
    site_id, variant, codes = (
        site_id_named(session, asked.location),
        variant_named(session, asked.sku),
        site_codes(session),
    )
    if variant is not None:
        stocked = select(SiteStock.site_id).where(own(session, SiteStock), col(SiteStock.variant_id) == variant.id)
        sites = sorted(set(session.connection().execute(stocked).scalars()) | set(_own_sites(session, variant.id)))
        pairs = [(variant.id, key) for key in sites or sorted(codes) if site_id in (None, key)][: asked.rows]
        total = len(pairs)
    else:
        statement = select(InventoryPolicy).where(own(session, InventoryPolicy))
        if site_id is not None:
            statement = statement.where(col(InventoryPolicy.site_id) == site_id)
        page = session.exec(statement.order_by(col(InventoryPolicy.id)).limit(asked.rows))
        pairs = [(row.variant_id, row.site_id) for row in page]
        total = counted(session, statement)
    book = read_policies(session, sorted({key for key, _ in pairs}))
    names = names_of(session, {key for key, _ in pairs})
    return Found([_policy(names[key], codes[site], book.of(key, site)) for key, site in pairs], total)


def _own_sites(session: Session, variant_id: str) -> list[str]:
    statement = select(InventoryPolicy.site_id).where(
        own(session, InventoryPolicy), col(InventoryPolicy.variant_id) == variant_id
    )
    return list(session.connection().execute(statement).scalars())


def _policy(named: tuple[str, str], code: str, policy: Any) -> Row:
    return {
        "sku": named[0], "name": named[1], "location": code, "reorder_point": number(policy.reorder_point),
        "reorder_quantity": number(policy.reorder_quantity), "safety_stock": number(policy.safety_stock),
        "max_stock_level": number(policy.max_stock_level), "lead_time_days": policy.lead_time_days,
        "service_level": float(policy.service_level),
    }  # fmt: skip


def days_of_cover(session: Session, asked: Cover) -> Found:
    """How many days the available stock lasts at the rate of the last weeks."""
    variant, site_id, codes = (
        variant_named(session, asked.sku),
        site_id_named(session, asked.location),
        site_codes(session),
    )
    statement = select(SiteStock).where(own(session, SiteStock))
    wanted = asked_for((SiteStock.variant_id, variant and variant.id), (SiteStock.site_id, site_id))
    statement = statement.where(*wanted)
    rates = _rates(session, variant.id if variant else None, site_id)
    lasting = []
    for row in session.exec(statement):
        rate = rates.get((row.variant_id, row.site_id), 0.0)
        available = max(ZERO, row.on_hand - row.reserved - row.held)
        if rate > 0 or variant is not None:
            lasting.append((float(available) / rate if rate > 0 else None, rate, available, row))
    lasting.sort(key=lambda entry: (entry[0] is None, entry[0] or 0.0, entry[3].variant_id, entry[3].site_id))
    if asked.days is not None:
        lasting = [entry for entry in lasting if entry[0] is not None and entry[0] < (asked.days or 0)]
    names = names_of(session, {entry[3].variant_id for entry in lasting[: asked.rows]})
    rows = [
        {
            "sku": names[row.variant_id][0], "name": names[row.variant_id][1], "location": codes[row.site_id],
            "available": number(available), "daily_rate": round(rate, 2),
            "days_of_cover": None if days is None else int(days),
            "until": None if days is None or days > 3650 else day(today_of(session) + timedelta(days=int(days))),
        }
        for days, rate, available, row in lasting[: asked.rows]
    ]  # fmt: skip
    return Found(rows, len(lasting))


def _rates(session: Session, variant_id: str | None, site_id: str | None) -> dict[tuple[str, str], float]:
    """Units a day by variant and site; of one variant from its own forecast, of many from the last twelve weeks."""
    if variant_id is None:
        return dict(forecasts.daily_rates(session, site_id=site_id))
    keys, _ = forecasts.forecast_keys(session, variant_id=variant_id, site_id=site_id, offset=0, limit=100)
    return {(made.variant_id, made.site_id): float(made.daily_rate) for made in forecasts.forecast(session, keys)}


def _sold(session: Session, first: date, last: date, site_id: str | None) -> list[Any]:
    since, until = moments(first, last)
    matching = [
        _move.c.kind == SOLD, _move.c.occurred_at >= since, _move.c.occurred_at <= until, ~was_reversed(_move),
    ]  # fmt: skip
    if site_id is not None:
        matching.append(_move.c.source_site_id == site_id)
    return matching


def fast_movers(session: Session, asked: Movers) -> Found:
    """What sold most in the period."""
    first, last = asked.between(last_thirty(session))
    units = func.sum(_move.c.quantity, type_=_move.c.quantity.type).label("units")
    orders = func.count(_move.c.origin_id.distinct()).label("orders")
    matching = _sold(session, first, last, site_id_named(session, asked.location))
    own_moves = own(session, StockMove)
    statement = (
        select(_move.c.variant_id, units, orders)
        .where(own_moves, *matching)
        .group_by(_move.c.variant_id)
        .order_by(units.desc(), _move.c.variant_id)
        .limit(asked.rows)
    )
    found = session.connection().execute(statement).all()
    names = names_of(session, {row.variant_id for row in found})
    days = max(1, (last - first).days + 1)
    rows = [
        {
            "rank": rank, "sku": names[row.variant_id][0], "name": names[row.variant_id][1],
            "units": number(row.units), "orders": row.orders, "units_a_day": round(float(row.units) / days, 2),
        }
        for rank, row in enumerate(found, start=1)
    ]  # fmt: skip
    return Found(rows, facts={"from": first, "to": last})


def slow_movers(session: Session, asked: Movers) -> Found:
    """What is in stock and did not sell in the period, most first."""
    first, last = asked.between(last_thirty(session))
    site_id, codes = site_id_named(session, asked.location), site_codes(session)
    sold = select(_move.c.variant_id).where(own(session, StockMove), *_sold(session, first, last, site_id)).distinct()
    statement = select(SiteStock).where(
        own(session, SiteStock), col(SiteStock.on_hand) > ZERO, col(SiteStock.variant_id).not_in(sold)
    )
    if site_id is not None:
        statement = statement.where(col(SiteStock.site_id) == site_id)
    page = list(
        session.exec(statement.order_by(col(SiteStock.on_hand).desc(), col(SiteStock.variant_id)).limit(asked.rows))
    )
    names = names_of(session, {row.variant_id for row in page})
    rows = [
        {
            "sku": names[row.variant_id][0], "name": names[row.variant_id][1], "location": codes[row.site_id],
            "on_hand": number(row.on_hand), "last_sold": None,
        }
        for row in page
    ]  # fmt: skip
    lately = _last_sales(session, {row.variant_id for row in page})
    for made, row in zip(rows, page, strict=True):
        made["last_sold"] = day(lately.get(row.variant_id))
    return Found(rows, counted(session, statement), {"from": first, "to": last})


def _last_sales(session: Session, ids: set[str]) -> dict[str, Any]:
    if not ids:
        return {}
    latest = func.max(_move.c.occurred_at, type_=_move.c.occurred_at.type)
    statement = (
        select(_move.c.variant_id, latest)
        .where(own(session, StockMove), _move.c.kind == SOLD, _move.c.variant_id.in_(sorted(ids)))
        .group_by(_move.c.variant_id)
    )
    return {row[0]: row[1] for row in session.connection().execute(statement)}


def forecast(session: Session, asked: ForecastOf) -> Found:
    """Expected demand over the horizon with its spread, and the reorder point that follows."""
    variant, site_id, codes = (
        variant_named(session, asked.sku),
        site_id_named(session, asked.location),
        site_codes(session),
    )
    days = max(forecasts.MIN_HORIZON_DAYS, min(asked.days or forecasts.HORIZON_DAYS, forecasts.MAX_HORIZON_DAYS))
    keys, total = forecasts.forecast_keys(
        session, variant_id=variant.id if variant else None, site_id=site_id, offset=0, limit=asked.rows
    )
    made = forecasts.forecast(session, keys, horizon_days=days)
    names = names_of(session, {one.variant_id for one in made})
    rows = [
        {
            "sku": one.sku, "name": names[one.variant_id][1], "location": codes[one.site_id], "days": one.horizon_days,
            "mean": float(one.mean), "p50": float(one.p50), "p80": float(one.p80), "p95": float(one.p95),
            "reorder_point": float(one.reorder_point), "available": number(one.available),
            "suggested_quantity": float(one.suggested_quantity), "confidence": one.confidence,
            "reason": one.reason(),
        }
        for one in made
    ]  # fmt: skip
    expected = round(sum(float(one.mean) for one in made), 1)
    return Found(rows, total, {"days": days, "mean": f"{expected:g}", "p95": f"{sum(float(o.p95) for o in made):g}"})


def top_customers(session: Session, asked: Customers) -> Found:
    """Who bought most units in the period."""
    first, last = asked.between(last_thirty(session))
    variant = variant_named(session, asked.sku)
    statement = (
        select(_move.c.origin_id, func.sum(_move.c.quantity, type_=_move.c.quantity.type).label("units"))
        .where(own(session, StockMove), *_sold(session, first, last, None))
        .group_by(_move.c.origin_id)
        .order_by(func.sum(_move.c.quantity).desc())
        .limit(MAX_SUGGESTIONS)
    )
    if variant is not None:
        statement = statement.where(_move.c.variant_id == variant.id)
    bought = {row.origin_id: row.units for row in session.connection().execute(statement)}
    orders = _customers(session, list(bought))
    sums: dict[str, list[Decimal]] = {}
    for order_id, units in bought.items():
        sums.setdefault(orders.get(order_id, ""), []).append(units)
    ranked = sorted(sums.items(), key=lambda entry: (-sum(entry[1], ZERO), entry[0]))
    rows = [
        {"customer": name or "-", "units": number(sum(units, ZERO)), "orders": len(units)} for name, units in ranked
    ]
    return Found(rows[: asked.rows], len(rows), {"from": first, "to": last})


def _customers(session: Session, ids: list[str]) -> dict[str, str]:
    if not ids:
        return {}
    statement = select(SalesOrder.id, SalesOrder.customer).where(own(session, SalesOrder), col(SalesOrder.id).in_(ids))
    return {row[0]: customer_of(row[1]) for row in session.connection().execute(statement)}


_POLICIES, _REPORTS = "/api/v1/inventory_policies", "/api/v1/reports"
TOOLS = (
    Tool(
        "reorder_suggestion",
        "What to order and how much, in packs",
        Reorder,
        reorder_suggestion,
        f"{_REPORTS}/low_stock",
        chart=("sku", "suggested_quantity"),
        resource="reports",
    ),
    Tool(
        "policy_lookup",
        "Reorder point, safety stock, lead time of a product",
        PolicyOf,
        policy_lookup,
        _POLICIES,
        resource="inventory_policies",
    ),
    Tool(
        "days_of_cover",
        "How long stock lasts",
        Cover,
        days_of_cover,
        "/api/v1/ai/forecasts",
        chart=("sku", "days_of_cover"),
        resource="ai",
    ),
    Tool(
        "fast_movers",
        "What sold most",
        Movers,
        fast_movers,
        f"{_REPORTS}/fast_movers",
        chart=("sku", "units"),
        resource="reports",
    ),
    Tool(
        "slow_movers",
        "What is in stock and did not sell",
        Movers,
        slow_movers,
        f"{_REPORTS}/inventory_aging",
        chart=("sku", "on_hand"),
        resource="reports",
    ),
    Tool(
        "forecast",
        "Expected demand and the reorder point that follows",
        ForecastOf,
        forecast,
        "/api/v1/ai/forecasts",
        chart=("sku", "mean"),
        resource="ai",
    ),
    Tool(
        "top_customers",
        "Who bought most",
        Customers,
        top_customers,
        "/api/v1/orders",
        chart=("customer", "units"),
        resource="orders",
    ),
)
