"""What there is: stock of a product, of a place, what is low or out, what it is worth, how old it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import func
from sqlmodel import Session, col, select

from ambra_tui.kit.quantity import ZERO
from ambra_tui.services import reports
from ambra_tui.services.questions.tool import Found, Limited, Parameters, Row, Tool, number
from ambra_tui.services.questions.tools._shared import (
    asked_for,
    counted,
    day,
    joined,
    names_of,
    own,
    place_named,
    site_codes,
    site_id_named,
    total_of,
    variant_named,
)
from ambra_tui.store.models import Location, Lot, SiteStock, StockLevel, Variant

Bucket = Literal["0-30", "31-60", "61-90", "90+"]


class StockLevelOf(Parameters):
    """`location`: a site or a bin."""

    sku: str
    location: str | None = None


class StockByLocation(Limited):
    """At least a product, a lot or a place; without any: every site with its totals."""

    sku: str | None = None
    location: str | None = None
    lot: str | None = None


class LowStock(Limited):
    """`threshold`: available below this number instead of below the reorder point."""

    location: str | None = None
    sku: str | None = None
    threshold: int | None = Field(default=None, ge=0)


class OutOfStock(Limited):
    """Nothing available."""

    location: str | None = None
    sku: str | None = None


class Aging(Limited):
    """`age_bucket`: days since the last receipt; `days`: at least so old."""

    sku: str | None = None
    location: str | None = None
    age_bucket: Bucket | None = None
    days: int | None = Field(default=None, ge=0)


class Value(Parameters):
    """Of everything, of a site, of a product."""

    sku: str | None = None
    location: str | None = None


def stock_level(session: Session, asked: StockLevelOf) -> Found:
    """On hand, reserved and available of one product by site, or in one bin."""
    variant = variant_named(session, asked.sku)
    assert variant is not None
    site, location = place_named(session, asked.location)
    if location is not None:
        return _in_bin(session, variant, location)
    statement = select(SiteStock).where(own(session, SiteStock), col(SiteStock.variant_id) == variant.id)
    if site is not None:
        statement = statement.where(col(SiteStock.site_id) == site.id)
    codes = site_codes(session)
    found = [
        {
            "sku": variant.sku, "name": variant.name, "location": codes[row.site_id], "on_hand": number(row.on_hand),
            "reserved": number(row.reserved), "held": number(row.held),
            "available": number(row.on_hand - row.reserved - row.held),
        }
        for row in session.exec(statement)
    ]  # fmt: skip
    return _level_of(variant, sorted(found, key=lambda row: str(row["location"])))


def _in_bin(session: Session, variant: Variant, location: Location) -> Found:
    statement = select(func.sum(StockLevel.on_hand), func.sum(StockLevel.allocated)).where(
        own(session, StockLevel),
        col(StockLevel.variant_id) == variant.id, col(StockLevel.location_id) == location.id,
    )  # fmt: skip
    on_hand, allocated = session.connection().execute(statement).one()
    held = on_hand if location.is_held else None
    row: Row = {
        "sku": variant.sku, "name": variant.name, "location": location.code, "on_hand": number(_quantity(on_hand)),
        "reserved": number(_quantity(allocated)), "held": number(_quantity(held)),
        "available": number(ZERO if location.is_held else _quantity(on_hand) - _quantity(allocated)),
    }  # fmt: skip
    return _level_of(variant, [row] if on_hand else [])


def _quantity(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(int(value or 0)) / 1_000_000


def _level_of(variant: Variant, rows: list[Row]) -> Found:
    sums = {name: total_of(rows, name) for name in ("on_hand", "reserved", "available")}
    return Found(rows, facts={**sums, "sku": variant.sku, "name": variant.name})


def stock_by_location(session: Session, asked: StockByLocation) -> Found:
    """Where a product or lot lies, bin by bin; what a place holds; or every site's totals."""
    if not (asked.sku or asked.location or asked.lot):
        return _sites(session, asked.rows)
    statement = (
        select(StockLevel, Location, Variant, Lot)
        .join(Location, joined(session, Location, col(StockLevel.location_id)))
        .join(Variant, joined(session, Variant, col(StockLevel.variant_id)))
        .outerjoin(Lot, joined(session, Lot, col(StockLevel.lot_id)))
        .where(
            own(session, StockLevel), own(session, Location), own(session, Variant),
            col(StockLevel.on_hand) > ZERO, col(Location.site_id).is_not(None),
        )
    )  # fmt: skip
    variant = variant_named(session, asked.sku)
    if variant is not None:
        statement = statement.where(col(StockLevel.variant_id) == variant.id)
    site, location = place_named(session, asked.location)
    if site is not None:
        statement = statement.where(col(Location.site_id) == site.id)
    if location is not None:
        statement = statement.where(col(StockLevel.location_id) == location.id)
    if asked.lot:
        lots = select(Lot.id).where(own(session, Lot), col(Lot.lot_number) == asked.lot)
        statement = statement.where(col(StockLevel.lot_id).in_(lots), col(StockLevel.lot_id) != "")
    codes = site_codes(session)
    page = statement.order_by(col(Location.site_id), col(Location.code), col(Variant.sku)).limit(asked.rows)
    rows = [
        {
            "sku": item.sku, "name": item.name, "location": codes[str(place.site_id)], "bin": place.code,
            "lot": lot.lot_number if lot else "", "on_hand": number(level.on_hand),
        }
        for level, place, item, lot in session.exec(page)
    ]  # fmt: skip
    return Found(rows, counted(session, statement), {"on_hand": total_of(rows, "on_hand")})


def _sites(session: Session, limit: int) -> Found:
    sites, total = reports.stock_by_location(session, offset=0, limit=limit)
    rows = [
        {
            "location": row.code, "name": row.name, "products": row.variants, "on_hand": number(row.on_hand),
            "available": number(row.available),
        }
        for row in sites
    ]  # fmt: skip
    return Found(rows, total, {"on_hand": total_of(rows, "on_hand")})


def low_stock(session: Session, asked: LowStock) -> Found:
    """What is below its reorder point, or below a number."""
    variant, site_id = variant_named(session, asked.sku), site_id_named(session, asked.location)
    codes = site_codes(session)
    if asked.threshold is not None:
        return _below(session, asked, variant.id if variant else None, site_id, codes)
    found, total = reports.low_stock(
        session, site_id=site_id, variant_id=variant.id if variant else None, offset=0, limit=asked.rows
    )
    rows = [
        {
            "sku": row.sku, "name": row.name, "location": codes[row.site_id], "available": number(row.available),
            "reorder_point": number(row.reorder_point), "on_order": number(row.on_order),
            "suggested_quantity": number(row.suggested_quantity),
        }
        for row in found
    ]  # fmt: skip
    return Found(rows, total)


def _available() -> Any:
    return col(SiteStock.on_hand) - col(SiteStock.reserved) - col(SiteStock.held)


def _below(
    session: Session, asked: LowStock, variant_id: str | None, site_id: str | None, codes: dict[str, str]
) -> Found:
    assert asked.threshold is not None
    statement = select(SiteStock).where(own(session, SiteStock), _available() < Decimal(asked.threshold))
    return _totals(session, statement, asked.rows, variant_id, site_id, codes)


def _totals(
    session: Session, statement: Any, limit: int, variant_id: str | None, site_id: str | None, codes: dict[str, str]
) -> Found:
    statement = statement.where(*asked_for((SiteStock.variant_id, variant_id), (SiteStock.site_id, site_id)))
    page = list(
        session.exec(statement.order_by(_available(), col(SiteStock.variant_id), col(SiteStock.site_id)).limit(limit))
    )
    names = names_of(session, {row.variant_id for row in page})
    rows = [
        {
            "sku": names[row.variant_id][0], "name": names[row.variant_id][1], "location": codes[row.site_id],
            "available": number(row.on_hand - row.reserved - row.held), "on_hand": number(row.on_hand),
        }
        for row in page
    ]  # fmt: skip
    return Found(rows, counted(session, statement))


def out_of_stock(session: Session, asked: OutOfStock) -> Found:
    """What has nothing available, per site."""
    variant, site_id = variant_named(session, asked.sku), site_id_named(session, asked.location)
    statement = select(SiteStock).where(own(session, SiteStock), col(SiteStock.status) == "out_of_stock")
    return _totals(
        session, statement, asked.rows, variant.id if variant else None, site_id, site_codes(session)
    )  # fmt: skip


def inventory_aging(session: Session, asked: Aging) -> Found:
    """Stock by the days since it last came in, oldest first."""
    codes = site_codes(session)
    variant = variant_named(session, asked.sku)
    narrowed = variant is not None or asked.days is not None
    found, total = reports.inventory_aging(
        session, site_id=site_id_named(session, asked.location), age_bucket=asked.age_bucket, offset=0,
        limit=5000 if narrowed else asked.rows,
    )  # fmt: skip
    if variant is not None:
        found = [row for row in found if row.variant_id == variant.id]
    if asked.days is not None:
        found = [row for row in found if row.age_days is not None and row.age_days >= (asked.days or 0)]
    rows = [
        {
            "sku": row.sku, "name": row.name, "location": codes[row.site_id], "quantity": number(row.quantity),
            "age_days": row.age_days, "age_bucket": row.age_bucket, "last_inbound": day(row.last_inbound_at),
        }
        for row in found[: asked.rows]
    ]  # fmt: skip
    return Found(rows, len(found) if narrowed else total, {"quantity": total_of(rows, "quantity")})


def inventory_value(session: Session, asked: Value) -> Found:
    """On hand at average cost, per site."""
    codes = site_codes(session)
    site_id, variant = site_id_named(session, asked.location), variant_named(session, asked.sku)
    if variant is None:
        found, _ = reports.stock_by_location(session, site_id=site_id, offset=0, limit=100)
        rows: list[Row] = [
            {
                "location": row.code, "name": row.name, "on_hand": number(row.on_hand), "value": float(row.value),
                "currency": row.currency, "without_cost": row.without_cost,
            }
            for row in found
        ]  # fmt: skip
    else:
        statement = select(SiteStock).where(own(session, SiteStock), col(SiteStock.variant_id) == variant.id)
        if site_id is not None:
            statement = statement.where(col(SiteStock.site_id) == site_id)
        rows = [
            {
                "sku": variant.sku, "location": codes[row.site_id], "on_hand": number(row.on_hand),
                "value": float((row.on_hand * (row.average_cost or 0) / 1_000_000).quantize(Decimal("0.01"))),
                "currency": variant.currency, "without_cost": int(row.average_cost is None),
            }
            for row in session.exec(statement)
        ]  # fmt: skip
    currency = rows[0]["currency"] if rows else ""
    return Found(rows, facts={"value": f"{total_of(rows, 'value'):.2f}", "currency": currency})


_LEVELS, _REPORTS = "/api/v1/inventory_levels", "/api/v1/reports"
TOOLS = (
    Tool("stock_level", "How much of one product there is, by site or in one bin", StockLevelOf, stock_level, _LEVELS,
         chart=("location", "available")),
    Tool("stock_by_location", "Where a product or lot lies, or what a site or bin holds", StockByLocation,
         stock_by_location, f"{_REPORTS}/stock_by_location", chart=("bin", "on_hand")),
    Tool("low_stock", "What is below its reorder point, or below a number", LowStock, low_stock,
         f"{_REPORTS}/low_stock", chart=("sku", "available")),
    Tool("out_of_stock", "What has nothing available", OutOfStock, out_of_stock, _LEVELS),
    Tool("inventory_aging", "Stock by the days since it last came in", Aging, inventory_aging,
         f"{_REPORTS}/inventory_aging", chart=("sku", "age_days")),
    Tool("inventory_value", "What the stock is worth at average cost", Value, inventory_value,
         f"{_REPORTS}/stock_by_location", chart=("location", "value")),
)  # fmt: skip
