"""Online Retail's invoices through the API: orders, cancellations, returns, adjustments, day by day.

Within a day the clients work side by side, one kind of work after another: orders are placed and reserved, whole
orders that were taken back are cancelled, the others leave, returns come in, adjustments are posted.

Example::

    site_id = await replay(client, plan)
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import ZERO
from tests.benchmarks.replaying.books import Figure, differences
from tests.benchmarks.replaying.client import Client
from tests.benchmarks.replaying.retail import RETURN_REASON, Adjustment, Line, Order, Plan, Return

OPENING = "2010-11-30T18:00:00Z"


class Shop:
    """One warehouse, and the ids of the orders in it by their numbers."""

    def __init__(self, client: Client, plan: Plan) -> None:
        self._client, self._plan = client, plan
        self._site_id = ""
        self._orders: dict[str, str] = {}

    async def replay(self) -> None:
        """Everything that the plan holds."""
        body = {"code": "UK", "name": "United Kingdom", "kind": "warehouse"}
        self._site_id = (await self._client.post("/locations", {"location": body}))["id"]
        each = self._client.each
        await each("products", sorted(self._plan.names.items()), self._make_product)
        await each("opening stock, postings", self._plan.opening.items(), self._open)
        for day in self._plan.days:
            cancelled = {order.number for order in day.cancelled}
            await each("orders placed and reserved", day.orders, self._place)
            await each("orders cancelled", day.cancelled, self._cancel)
            leaving = [order for order in day.orders if order.number not in cancelled]
            await each("orders fulfilled", leaving, self._fulfil)
            await each("returns authorized and received", day.returns, self._take_back)
            await each("adjustments", day.adjustments, self._adjust)

    async def _make_product(self, product: tuple[str, str]) -> None:
        sku, name = product
        await self._client.post("/products", {"product": {"name": name, "sku": sku, "currency": "GBP"}})

    async def _open(self, opening: tuple[str, Decimal]) -> None:
        sku, quantity = opening
        body = {"sku": sku, "location_id": self._site_id, "quantity": int(quantity), "reason": "opening"}
        await self._client.post("/inventory_adjustments", {**body, "occurred_at": OPENING})

    async def _place(self, order: Order) -> None:
        body = {
            "number": order.number,
            "location_id": self._site_id,
            "currency": "GBP",
            "customer": {"id": order.customer or None, "country": order.country},
            "ordered_at": to_iso(order.at),
            "items": [_item(line) for line in order.lines],
        }
        made = await self._client.post("/orders", {"order": body})
        self._orders[order.number] = made["id"]
        await self._client.post(f"/orders/{made['id']}/reserve")

    async def _cancel(self, order: Order) -> None:
        await self._client.post(f"/orders/{self._orders[order.number]}/cancel", {"reason": "cancelled by the customer"})

    async def _fulfil(self, order: Order) -> None:
        moment = to_iso(order.leaves_at)
        await self._client.post(f"/orders/{self._orders[order.number]}/fulfill", {"occurred_at": moment})

    async def _take_back(self, taken: Return) -> None:
        items = [{"sku": sku, "quantity": int(units), "condition": "sellable"} for sku, units in taken.units.items()]
        order_id = self._orders[taken.order.number]
        body = {"order_id": order_id, "number": taken.number, "reason": RETURN_REASON, "items": items}
        made = await self._client.post("/return_authorizations", {"return_authorization": body})
        moment = to_iso(taken.at)
        await self._client.post(f"/return_authorizations/{made['id']}/receive", {"occurred_at": moment})

    async def _adjust(self, adjustment: Adjustment) -> None:
        body = {
            "sku": adjustment.sku,
            "location_id": self._site_id,
            "quantity": int(adjustment.quantity),
            "reason": adjustment.reason,
            "notes": adjustment.note,
            "occurred_at": to_iso(adjustment.at),
        }
        await self._client.post("/inventory_adjustments", {"inventory_adjustment": body})

    async def compare(self, ledger: dict[tuple[str, str], Decimal]) -> tuple[list[Figure], list[str]]:
        """The totals of the file beside those of the API and the ledger; where stock differs."""
        plan, units = self._plan, self._plan.units
        orders = await self._client.rows("/orders")
        returns = await self._client.rows("/return_authorizations?status=received")
        levels = await self._client.rows("/inventory_levels")
        items = [item for order in orders for item in order["items"]]
        states = Counter(order["status"] for order in orders)
        made = sum(len(day.orders) for day in plan.days)
        cancelled = sum(len(day.cancelled) for day in plan.days)
        returned = [item for rma in returns for item in rma["items"]]
        adjusted_in = units["adjusted in"] + units["returned without an order"] + int(sum(plan.opening.values(), ZERO))
        figures = [
            _figure("orders", made, len(orders)),
            _figure("orders cancelled", cancelled, states["cancelled"]),
            _figure("orders fulfilled", made - cancelled, states["fulfilled"]),
            _figure("order lines", plan.lines["ordered"], len(items)),
            _figure("units ordered", units["ordered"], _sum(items, "quantity")),
            _figure("units shipped", units["ordered"] - units["cancelled"], _sum(items, "fulfilled_quantity")),
            _figure("returns", sum(len(day.returns) for day in plan.days), len(returns)),
            _figure("units returned to an order", units["returned to an order"], _sum(returned, "received_quantity")),
            _figure("units taken back, all", units["taken back"], units["cancelled"]
                    + _sum(returned, "received_quantity") + units["returned without an order"]),
            _figure("units on hand", sum(plan.closing.values(), ZERO), _sum(levels, "on_hand")),
            _figure("units reserved", 0, _sum(levels, "reserved")),
            _figure("units shipped", units["ordered"] - units["cancelled"],
                    ledger.get(("order_fulfilled", "out"), ZERO), "ledger"),
            _figure("units returned to an order", units["returned to an order"],
                    ledger.get(("return_received", "in"), ZERO), "ledger"),
            _figure("units adjusted in, opening among them", adjusted_in,
                    ledger.get(("manual_adjustment", "in"), ZERO), "ledger"),
            _figure("units adjusted out", units["adjusted out"],
                    ledger.get(("manual_adjustment", "out"), ZERO), "ledger"),
        ]  # fmt: skip
        expected = {("UK", sku): quantity for sku, quantity in plan.closing.items() if quantity}
        found = {("UK", row["sku"]): Decimal(str(row["on_hand"])) for row in levels if row["on_hand"]}
        return figures, differences(expected, found)


def _item(line: Line) -> dict[str, Any]:
    return {"sku": line.sku, "quantity": int(line.quantity), "price": float(line.price)}


def _figure(name: str, files: int | Decimal, found: int | Decimal, where: str = "API") -> Figure:
    return Figure(name, Decimal(files), Decimal(found), where)


def _sum(rows: list[Any], name: str) -> Decimal:
    return sum((Decimal(str(row[name])) for row in rows), ZERO)
