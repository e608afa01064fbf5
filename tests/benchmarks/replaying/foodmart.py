"""Foodmart's inventory facts of 1997 as stock transfers from warehouses to stores.

The facts of one day, warehouse and store are one transfer: it asks for `units_ordered`, ships `units_shipped`, and the
store receives what was shipped `supply_time` days later. What was ordered and not shipped has to be an open
discrepancy, a line each. Every warehouse begins with what it will ship, so that it ends empty.

Example::

    report = await replay(client, plan_of(folder / "foodmart", limit=None))
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from ambra_tui.kit.quantity import ZERO
from tests.benchmarks.replaying.books import Figure, differences
from tests.benchmarks.replaying.client import Client
from tests.benchmarks.replaying.files import rows_of

OPENING = "1996-12-31T18:00:00Z"
YEAR = "1997"


@dataclass
class Shipment:
    """What one warehouse sends one store on one day: SKU, units ordered, units shipped."""

    number: str
    warehouse: str
    store: str
    day: date
    supply_days: int = 0
    lines: list[tuple[str, Decimal, Decimal]] = field(default_factory=list)


@dataclass
class Plan:
    """The sites by code, the products by SKU, and the shipments."""

    sites: dict[str, dict[str, Any]]
    products: dict[str, dict[str, Any]]
    shipments: list[Shipment]

    @property
    def lines(self) -> list[tuple[str, Decimal, Decimal]]:
        return [line for shipment in self.shipments for line in shipment.lines]


def plan_of(folder: Path, *, limit: int | None) -> Plan:
    """What the files ask for; `limit`: so many transfers only."""
    skus = {row["product_id"]: row["SKU"] for row in rows_of(folder, "product")}
    days = {row["time_id"]: date.fromisoformat(row["the_date"][:10]) for row in rows_of(folder, "time_by_day")}
    found: dict[tuple[str, str, str], Shipment] = {}
    for row in rows_of(folder, "inventory_fact_1997"):
        key = (row["time_id"], row["warehouse_id"], row["store_id"])
        warehouse, store = f"W{int(row['warehouse_id']):02d}", f"S{int(row['store_id']):02d}"
        if key not in found:
            found[key] = Shipment(f"FM-{len(found) + 1:04d}", warehouse, store, days[row["time_id"]])
        ordered, shipped = Decimal(row["units_ordered"]), Decimal(row["units_shipped"])
        found[key].lines.append((skus[row["product_id"]], ordered, shipped))
        found[key].supply_days = max(found[key].supply_days, int(row["supply_time"]))
    shipments = sorted(found.values(), key=lambda shipment: (shipment.day, shipment.number))[:limit]
    used_sites = {code for shipment in shipments for code in (shipment.warehouse, shipment.store)}
    used = {sku for shipment in shipments for sku, _, _ in shipment.lines}
    sites = {site["code"]: site for site in (*_warehouses(folder), *_stores(folder)) if site["code"] in used_sites}
    products = {row["SKU"]: _product(row) for row in rows_of(folder, "product") if row["SKU"] in used}
    return Plan(sites, products, shipments)


def _warehouses(folder: Path) -> list[dict[str, Any]]:
    return [
        {
            "code": f"W{int(row['warehouse_id']):02d}",
            "name": row["warehouse_name"],
            "kind": "warehouse",
            "address": {
                "line1": row["wa_address1"],
                "city": row["warehouse_city"],
                "country": row["warehouse_country"],
            },
        }
        for row in rows_of(folder, "warehouse")
    ]


def _stores(folder: Path) -> list[dict[str, Any]]:
    return [
        {
            "code": f"S{int(row['store_id']):02d}",
            "name": row["store_name"],
            "kind": "store",
            "address": {
                "line1": row["store_street_address"], "city": row["store_city"], "country": row["store_country"],
            },
        }
        for row in rows_of(folder, "store")
    ]  # fmt: skip


def _product(row: dict[str, str]) -> dict[str, Any]:
    return {
        "name": row["product_name"],
        "sku": row["SKU"],
        "barcode": row["SKU"] + _check_digit(row["SKU"]),
        "price": float(row["SRP"]),
        "currency": "USD",
    }


def _check_digit(digits: str) -> str:
    """The twelfth digit of a UPC-A whose first eleven are `digits`."""
    odd, even = (sum(int(digit) for digit in digits[start::2]) for start in (0, 1))
    return str(-(3 * odd + even) % 10)


async def replay(client: Client, plan: Plan) -> dict[str, str]:
    """Makes everything through the API. Answers the id of each site by its code."""
    sites: dict[str, str] = {}

    async def make_site(site: dict[str, Any]) -> None:
        sites[site["code"]] = (await client.post("/locations", {"location": site}))["id"]

    async def make_product(product: dict[str, Any]) -> None:
        await client.post("/products", {"product": product})

    async def open_stock(opening: tuple[tuple[str, str], Decimal]) -> None:
        (code, sku), quantity = opening
        body = {"sku": sku, "location_id": sites[code], "quantity": int(quantity), "reason": "opening"}
        await client.post("/inventory_adjustments", {"inventory_adjustment": {**body, "occurred_at": OPENING}})

    async def send(shipment: Shipment) -> None:
        items = [{"sku": sku, "quantity": int(ordered)} for sku, ordered, _ in shipment.lines]
        body = {
            "from_location_id": sites[shipment.warehouse],
            "to_location_id": sites[shipment.store],
            "number": shipment.number,
            "items": items,
        }
        transfer = await client.post("/stock_transfers", {"stock_transfer": body})
        going = [{"sku": sku, "quantity": int(shipped)} for sku, _, shipped in shipment.lines]
        left = f"{shipment.day}T08:00:00Z"
        await client.post(f"/stock_transfers/{transfer['id']}/ship", {"items": going, "occurred_at": left})
        came = f"{shipment.day + timedelta(days=shipment.supply_days)}T08:00:00Z"
        await client.post(f"/stock_transfers/{transfer['id']}/receive", {"occurred_at": came})

    await client.each("locations", plan.sites.values(), make_site)
    await client.each("products", plan.products.values(), make_product)
    await client.each("opening stock, postings", _opening(plan).items(), open_stock)
    await client.each("transfers (made, shipped, received)", plan.shipments, send)
    return sites


def _opening(plan: Plan) -> dict[tuple[str, str], Decimal]:
    """(warehouse, SKU) -> what it will ship."""
    totals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for shipment in plan.shipments:
        for sku, _, shipped in shipment.lines:
            totals[shipment.warehouse, sku] += shipped
    return {key: total for key, total in totals.items() if total}


async def compare(
    client: Client, plan: Plan, sites: dict[str, str], ledger: dict[tuple[str, str], Decimal]
) -> tuple[list[Figure], list[str]]:
    """The totals of the files beside those of the API and the ledger; where stock differs."""
    transfers = await client.rows("/stock_transfers")
    items = [item for transfer in transfers for item in transfer["items"]]
    levels = await client.rows("/inventory_levels")
    ordered = sum((line[1] for line in plan.lines), ZERO)
    shipped = sum((line[2] for line in plan.lines), ZERO)
    short = [line for line in plan.lines if line[2] < line[1]]
    opening = sum(_opening(plan).values(), ZERO)
    figures = [
        Figure("transfers", Decimal(len(plan.shipments)), Decimal(len(transfers)), "API"),
        Figure("lines", Decimal(len(plan.lines)), Decimal(len(items)), "API"),
        Figure("units ordered", ordered, _sum(items, "quantity"), "API"),
        Figure("units shipped", shipped, _sum(items, "shipped_quantity"), "API"),
        Figure("units received", shipped, _sum(items, "received_quantity"), "API"),
        Figure("units in transit", ZERO, _sum(items, "in_transit_quantity"), "API"),
        Figure("short lines, open discrepancies", Decimal(len(short)), _sum(transfers, "open_discrepancies"), "API"),
        Figure("units on hand", opening, _sum(levels, "on_hand"), "API"),
        Figure("units transferred out", shipped, ledger.get(("transfer_out", "out"), ZERO), "ledger"),
        Figure("units transferred in", shipped, ledger.get(("transfer_in", "in"), ZERO), "ledger"),
    ]
    codes = {site_id: code for code, site_id in sites.items()}
    expected: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for shipment in plan.shipments:
        for sku, _, quantity in shipment.lines:
            expected[shipment.store, sku] += quantity
    found = {(codes[row["location_id"]], row["sku"]): Decimal(str(row["on_hand"])) for row in levels if row["on_hand"]}
    return figures, differences({key: value for key, value in expected.items() if value}, found)


def _sum(rows: list[Any], name: str) -> Decimal:
    return sum((Decimal(str(row[name])) for row in rows), ZERO)
