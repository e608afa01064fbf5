"""What happened in a sandbox before today: deliveries, orders that left, a transfer, a gift box made, a mug broken.

Each event is its own transaction through the services, dated by the days since.

Example::

    tell(store, organization_id)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from sqlmodel import Session

from ambra_tui.errors import NotFound
from ambra_tui.kit.money import COST_SCALE
from ambra_tui.services import (
    adjustments,
    catalog,
    lots,
    marketplaces,
    orders,
    places,
    production,
    purchasing,
    returns,
    site_counts,
    suppliers,
    transfers,
    waste,
)
from ambra_tui.store import SYSTEM, Store
from ambra_tui.store.models import Location, Site
from ambra_tui.store.scope import now_of

Items = tuple[tuple[str, int], ...]
WAREHOUSE, SHOP, MARKETPLACE = "WH1", "ST1", "FBA-EU"
AT_MARKETPLACE: Items = (("MUG-BLUE", 60), ("CUP-GLASS-6", 18), ("FILTER-100", 75))


@dataclass(frozen=True, slots=True)
class Sold:
    """An order that left so many days ago."""

    number: str
    days_ago: int
    customer: str
    email: str
    items: Items


SOLD = (
    Sold("SO-0981", 26, "Café Linde", "linde@cafe.example", (("BEAN-ESP-1KG", 18), ("FILTER-100", 40))),
    Sold("SO-0982", 24, "Jana Weber", "jana.weber@mail.example", (("MUG-BLUE", 2), ("TEA-EARL-50", 1))),
    Sold("SO-0983", 21, "Bistro Nord", "order@bistro.example", (("MUG-WHITE", 36), ("CUP-GLASS-6", 6))),
    Sold("SO-0984", 18, "Omar Haddad", "omar@mail.example", (("KETTLE-GN", 1), ("BEAN-FIL-1KG", 2))),
    Sold("SO-0985", 15, "Café Linde", "linde@cafe.example", (("BEAN-ESP-1KG", 24), ("CHOC-DARK-100", 20))),
    Sold("SO-0986", 12, "Mei Chen", "mei.chen@mail.example", (("PRESS-1L", 2), ("BAG-TOTE", 3))),
    Sold("SO-0987", 9, "Office Quarter 9", "kitchen@q9.example", (("BEAN-FIL-1KG", 30), ("MUG-WHITE", 24))),
    Sold("SO-0988", 5, "Bistro Nord", "order@bistro.example", (("TEA-EARL-50", 12), ("TEA-MINT-50", 8))),
    Sold("SO-0989", 2, "Jana Weber", "jana.weber@mail.example", (("CHOC-DARK-100", 4), ("FILTER-100", 2))),
)


def tell(store: Store, organization_id: int) -> None:
    """Everything that came before today, oldest first."""
    for event in _events():
        store.writer.run(event, organization_id=organization_id, actor=SYSTEM)


def _events() -> Iterator[Callable[[Session], None]]:
    yield _fill_marketplace
    yield partial(_deliver, number="PO-0991", vendor="ROAST", items=(("BEAN-ESP-1KG", 30, "E2403"),), days_ago=22)
    yield partial(_deliver, number="PO-0992", vendor="GEAR", items=(("FILTER-100", 100, ""),), days_ago=17)
    for sold in SOLD:
        yield partial(_sell, sold=sold)
    yield partial(_send, number="TR-0901", items=(("MUG-BLUE", 8), ("BAG-TOTE", 6)), days_ago=10, arrives=True)
    yield partial(_send, number="TR-0902", items=(("MUG-WHITE", 10),), days_ago=1, arrives=False)
    yield _make_gift_boxes
    yield _break_a_mug
    yield _find_and_miss
    yield _take_back
    yield _hold_a_lot


def _fill_marketplace(session: Session) -> None:
    site = places.site_by_code(session, MARKETPLACE)
    marketplaces.set_marketplace(session, site, "amazon_eu")
    counts = [
        site_counts.Counted(catalog.variant_by_sku(session, sku), site, Decimal(quantity), "marketplace_sync")
        for sku, quantity in AT_MARKETPLACE
    ]
    site_counts.set_on_hand(session, counts, idempotency_key="sandbox:marketplace")


def _deliver(
    session: Session, *, number: str, vendor: str, items: Sequence[tuple[str, int, str]], days_ago: int
) -> None:
    supplier = suppliers.find_supplier(session, vendor)
    if supplier is None:
        raise NotFound("supplier", vendor)
    day = now_of(session).date() - timedelta(days=days_ago)
    lines, receipt = [], []
    for sku, quantity, lot_number in items:
        variant = catalog.variant_by_sku(session, sku)
        cost = None if variant.cost_minor is None else variant.cost_minor * COST_SCALE
        lines.append(purchasing.NewPurchaseLine(variant.id, Decimal(quantity), unit_cost=cost))
        expiry = day + timedelta(days=200) if lot_number else None
        receipt.append(purchasing.ReceiptItem(variant_id=variant.id, lot_number=lot_number, expiry_date=expiry))
    order = purchasing.create_purchase_order(
        session, supplier_id=supplier.id, site_id=places.site_by_code(session, WAREHOUSE).id, lines=lines,
        number=number, expected_on=day,
    )  # fmt: skip
    purchasing.receive_order(session, order, receipt, idempotency_key=f"sandbox:{number}")


def _sell(session: Session, *, sold: Sold) -> None:
    moment = _ago(session, sold.days_ago)
    order = orders.create_order(
        session, site_id=places.site_by_code(session, WAREHOUSE).id, lines=_order_lines(session, sold.items),
        number=sold.number, customer={"name": sold.customer, "email": sold.email}, ordered_at=moment,
    )  # fmt: skip
    orders.fulfill_order(session, order, occurred_at=moment)


def _order_lines(session: Session, items: Items) -> list[orders.NewOrderLine]:
    variants = [(catalog.variant_by_sku(session, sku), quantity) for sku, quantity in items]
    return [
        orders.NewOrderLine(variant.id, Decimal(quantity), price_minor=variant.price_minor)
        for variant, quantity in variants
    ]


def _send(session: Session, *, number: str, items: Items, days_ago: int, arrives: bool) -> None:
    lines = [
        transfers.NewTransferLine(catalog.variant_by_sku(session, sku).id, Decimal(quantity)) for sku, quantity in items
    ]
    transfer = transfers.create_transfer(
        session, source_site_id=places.site_by_code(session, WAREHOUSE).id,
        destination_site_id=places.site_by_code(session, SHOP).id, lines=lines, number=number,
    )  # fmt: skip
    transfers.ship(session, transfer, idempotency_key=f"sandbox:{number}:ship", occurred_at=_ago(session, days_ago))
    if arrives:
        transfers.receive(
            session, transfer, [], idempotency_key=f"sandbox:{number}:receive", occurred_at=_ago(session, days_ago - 1)
        )


def _make_gift_boxes(session: Session) -> None:
    recipe = production.find_recipe(session, "RCP-1")
    if recipe is None:
        raise NotFound("recipe", "RCP-1")
    site = places.site_by_code(session, WAREHOUSE)
    batch = production.plan_batch(
        session, recipe_id=recipe.id, site_id=site.id, planned_quantity=Decimal(12), number="PB-0901"
    )
    production.start_batch(session, batch)
    production.complete_batch(
        session, batch, quantity=Decimal(12), location_id=_bin(session, site, "A07-1").id,
        idempotency_key="sandbox:PB-0901",
    )  # fmt: skip


def _break_a_mug(session: Session) -> None:
    site = places.site_by_code(session, WAREHOUSE)
    waste.record_waste(
        session, place=adjustments.Place(site, _bin(session, site, "B01-1")),
        variant=catalog.variant_by_sku(session, "MUG-BLUE"), quantity=Decimal(1), reason="damaged",
        idempotency_key="sandbox:waste", notes="Fell off the shelf",
    )  # fmt: skip


def _find_and_miss(session: Session) -> None:
    site = places.site_by_code(session, WAREHOUSE)
    for sku, quantity, reason in (("FILTER-100", -3, "shrinkage"), ("BAG-TOTE", 2, "found")):
        adjustments.adjust(
            session, place=adjustments.Place(site), variant_id=catalog.variant_by_sku(session, sku).id,
            quantity=Decimal(quantity), reason=reason, idempotency_key=f"sandbox:{reason}",
            occurred_at=_ago(session, 3),
        )  # fmt: skip


def _take_back(session: Session) -> None:
    """A mug comes back as new, and another return is on its way."""
    for number, order_number, sku in (("RMA-0901", "SO-0982", "MUG-BLUE"), ("RMA-0902", "SO-0986", "BAG-TOTE")):
        order = orders.find_order(session, order_number)
        if order is None:
            raise NotFound("order", order_number)
        line = returns.NewReturnLine(catalog.variant_by_sku(session, sku).id, Decimal(1))
        rma = returns.create_return(session, order_id=order.id, reason="Changed my mind", lines=[line], number=number)
        if number == "RMA-0901":
            returns.receive_return(session, rma, idempotency_key=f"sandbox:{number}", occurred_at=_ago(session, 14))


def _hold_a_lot(session: Session) -> None:
    chocolate = catalog.variant_by_sku(session, "CHOC-DARK-100")
    lot = lots.find_lot(session, chocolate.id, "C2399")
    if lot is None:
        raise NotFound("lot", "C2399")
    lots.change_lot_status(session, lot_id=lot.id, status="quarantine", reason="Bloom on the surface")


def _bin(session: Session, site: Site, code: str) -> Location:
    found = places.find_location(session, code, site_id=site.id)
    if found is None:
        raise NotFound("location", code)
    return found


def _ago(session: Session, days: int) -> datetime:
    return now_of(session) - timedelta(days=days)
