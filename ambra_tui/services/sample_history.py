"""The past of a sample: days on which orders left, goods came in, stock was moved between sites and thrown away.

Each day is lived through the services under that day's clock, in one transaction, so the past obeys the ledger like
the present. The same sample has the same past, whenever it is loaded: chance comes from the day's number.

`history.csv` names the items that have a past: ``sku``, ``location`` (its pick bin) and ``weekly`` (units a week).

Example::

    live_through(store, organization_id, rows, days=90, progress=lambda done, total: None)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from random import Random

from sqlmodel import Session, col

from ambra_tui.errors import NotFound
from ambra_tui.kit.money import COST_SCALE
from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger import INVENTORY_LOSS, MoveKind, Posting, post
from ambra_tui.services import (
    catalog,
    count_plans,
    lots,
    orders,
    places,
    purchasing,
    returns,
    sample_neglect,
    sample_production,
    suppliers,
    transfers,
    waste,
)
from ambra_tui.services.adjustments import place_of
from ambra_tui.store import SYSTEM, Store
from ambra_tui.store.models import SalesOrder, SiteStock, StockTransfer, Variant
from ambra_tui.store.scope import fetch, scoped

DAYS = 90
ORDERS_A_DAY = 3
LINES_AN_ORDER = 4
RECEIPT_WEEKDAYS = frozenset({1, 4})  # Tuesday and Friday
TRANSFER_WEEKDAY = 2
WEEKS_KEPT = 5  # what is ordered fills the shelf up to so many weeks of sales
REORDER_WEEKS = 2
CUSTOMERS = ("Corner shop", "Café Müller", "Builders' yard", "Town school", "Office park", "Hotel Linde", "Web order")
SEED = 952


@dataclass(frozen=True, slots=True)
class Item:
    """An item with a past: sold `weekly` units a week from its pick bin. `life_days`: how long a lot keeps; None:
    for ever. Costs in ten-thousandths of the minor unit."""

    variant_id: str
    sku: str
    location_id: str
    weekly: int
    is_lot_tracked: bool
    life_days: int | None
    price_minor: int | None
    unit_cost: int | None

    def lot_number(self, day: date) -> str:
        """The lot that came in on a day; empty for items without lots."""
        return f"{self.sku[:3]}{day:%y%j}" if self.is_lot_tracked else ""

    def expiry(self, day: date) -> date | None:
        """When the lot of a day expires: well after it is sold out."""
        return None if self.life_days is None else day + timedelta(days=self.life_days)


@dataclass(frozen=True, slots=True)
class Floor:
    """What a day is lived with."""

    items: Sequence[Item]
    site_id: str
    store_site_id: str
    vendor_id: str


def live_through(
    store: Store,
    organization_id: int,
    rows: Sequence[dict[str, str]],
    *,
    days: int = DAYS,
    progress: Callable[[int], None],
) -> None:
    """Lives the `days` before today, oldest first; a day that was lived before is left alone. `progress` hears of
    each day."""
    if not rows:
        return
    today = store.clock.today()
    with store.read(organization_id) as session:
        floor = _floor(session, rows)
    for number in range(days, 0, -1):
        day = today - timedelta(days=number)
        with store.as_of(datetime.combine(day, time(8), UTC)):
            store.writer.run(
                partial(_live, floor=floor, day=day, days_ago=number, is_first=number == days),
                organization_id=organization_id,
                actor=SYSTEM,
            )
        progress(1)


def _live(session: Session, floor: Floor, day: date, days_ago: int, *, is_first: bool) -> None:
    if _is_lived(session, day):
        return
    chance = Random(SEED + day.toordinal() - 700_000)  # noqa: S311 - a story, not a secret
    if is_first:
        _open(session, floor, day)
    sample_production.bake(session, day, days_ago=days_ago)
    on_hand = _available(session, floor)
    for number in range(1, 1 + _busy(day, ORDERS_A_DAY)):
        _sell(session, floor, on_hand, day, number, chance)
    if day.weekday() in RECEIPT_WEEKDAYS:
        _fill_up(session, floor, day, days_ago)
    if day.weekday() == TRANSFER_WEEKDAY:
        _send(session, floor, day, chance)
        _throw_away(session, floor, day, chance)


def _is_lived(session: Session, day: date) -> bool:
    return orders.find_order(session, _order_number(day, 1)) is not None


def _order_number(day: date, number: int) -> str:
    return f"SO-{day:%y%m%d}-{number}"


def _busy(day: date, usual: int) -> int:
    """Quiet at the weekend, busy before it."""
    return max(1, usual - 2) if day.weekday() >= 5 else usual + (day.weekday() == 4)


def _floor(session: Session, rows: Sequence[dict[str, str]]) -> Floor:
    site = places.site_by_code(session, "WH1")
    vendor = next(iter(session.exec(suppliers.list_suppliers(session)).all()))
    items = [_item(session, site.id, row) for row in rows]
    return Floor(items, site.id, places.site_by_code(session, "ST1").id, vendor.id)


def _item(session: Session, site_id: str, row: dict[str, str]) -> Item:
    variant = catalog.variant_by_sku(session, row["sku"])
    location = places.find_location(session, row["location"], site_id=site_id)
    if location is None:
        raise NotFound("location", row["location"])
    life_days = (variant.minimum_shelf_life_days or 30) + 200 if variant.is_expiry_tracked else None
    unit_cost = None if variant.cost_minor is None else variant.cost_minor * COST_SCALE
    return Item(
        variant.id, variant.sku, location.id, int(row["weekly"]), variant.is_lot_tracked, life_days,
        variant.price_minor, unit_cost,
    )  # fmt: skip


# --- what happens in a day ------------------------------------------------------------------------------------------


def _open(session: Session, floor: Floor, day: date) -> None:
    """What lay there before the story begins."""
    post(session, [_opening(session, item, day) for item in floor.items])


def _opening(session: Session, item: Item, day: date) -> Posting:
    return Posting(
        variant_id=item.variant_id,
        source_id=INVENTORY_LOSS,
        destination_id=item.location_id,
        quantity=Decimal(item.weekly * WEEKS_KEPT),
        kind=MoveKind.OPENING_BALANCE,
        idempotency_key=f"sample:history:{item.sku}",
        lot_id=_lot_id(session, item, day),
        reason="opening balance",
        unit_cost=item.unit_cost,
    )


def _lot_id(session: Session, item: Item, day: date) -> str:
    number = item.lot_number(day)
    if not number:
        return ""
    variant = fetch(session, Variant, item.variant_id, resource="variant")
    return lots.find_or_create_lot(session, variant=variant, lot_number=number, expiry_date=item.expiry(day)).id


def _sell(session: Session, floor: Floor, on_hand: dict[str, Decimal], day: date, number: int, chance: Random) -> None:
    """An order that was placed and shipped; what is out of stock is not on it."""
    lines = []
    for item in _drawn(floor, chance, LINES_AN_ORDER):
        wanted = Decimal(chance.randint(1, max(1, item.weekly // 2)))
        quantity = min(wanted, on_hand.get(item.variant_id, ZERO))
        if quantity > 0:
            on_hand[item.variant_id] -= quantity
            lines.append(orders.NewOrderLine(item.variant_id, quantity, price_minor=item.price_minor))
    if not lines:
        return
    order: SalesOrder = orders.create_order(
        session,
        site_id=floor.site_id,
        lines=lines,
        number=_order_number(day, number),
        customer={"name": chance.choice(CUSTOMERS)},
    )
    orders.fulfill_order(session, order)


def _drawn(floor: Floor, chance: Random, count: int) -> Iterator[Item]:
    """Different items, what sells well more often."""
    weights = [item.weekly for item in floor.items]
    drawn = {item.variant_id: item for item in chance.choices(floor.items, weights, k=count)}
    return iter(drawn.values())


def _available(session: Session, floor: Floor) -> dict[str, Decimal]:
    statement = scoped(session, SiteStock).where(SiteStock.site_id == floor.site_id)
    rows = session.exec(statement.execution_options(populate_existing=True)).all()
    return {row.variant_id: row.on_hand - row.reserved - row.held for row in rows}


def _fill_up(session: Session, floor: Floor, day: date, days_ago: int) -> None:
    """A purchase order for what runs low, received to the shelves the same day."""
    available = _available(session, floor)
    low = [
        item
        for item in floor.items
        if available.get(item.variant_id, ZERO) < item.weekly * REORDER_WEEKS
        and not sample_neglect.is_forgotten(item.sku, days_ago=days_ago)
    ]
    if not low:
        return
    order = purchasing.create_purchase_order(
        session,
        supplier_id=floor.vendor_id,
        site_id=floor.site_id,
        lines=[
            purchasing.NewPurchaseLine(
                item.variant_id,
                item.weekly * WEEKS_KEPT - available.get(item.variant_id, ZERO),
                unit_cost=item.unit_cost,
            )
            for item in low
        ],
        number=f"PO-{day:%y%m%d}",
        expected_on=day,
    )
    receipt = [
        purchasing.ReceiptItem(
            variant_id=item.variant_id,
            location_id=item.location_id,
            lot_number=item.lot_number(day),
            expiry_date=item.expiry(day),
        )
        for item in low
    ]
    purchasing.receive_order(session, order, receipt, idempotency_key=f"sample:{order.number}")


def _send(session: Session, floor: Floor, day: date, chance: Random) -> None:
    """A transfer to the store, which arrives whole."""
    available = _available(session, floor)
    lines = [
        transfers.NewTransferLine(item.variant_id, Decimal(max(1, item.weekly // 4)))
        for item in _drawn(floor, chance, LINES_AN_ORDER)
        if available.get(item.variant_id, ZERO) >= item.weekly
    ]
    if not lines:
        return
    transfer = transfers.create_transfer(
        session,
        source_site_id=floor.site_id,
        destination_site_id=floor.store_site_id,
        lines=lines,
        number=f"TR-{day:%y%m%d}",
    )
    transfers.ship(session, transfer, idempotency_key=f"sample:{transfer.number}:ship")
    transfers.receive(session, transfer, [], idempotency_key=f"sample:{transfer.number}:receive")


def _throw_away(session: Session, floor: Floor, day: date, chance: Random) -> None:
    """One damaged unit a week."""
    item = chance.choice(floor.items)
    if item.is_lot_tracked or _available(session, floor).get(item.variant_id, ZERO) < 2:
        return
    waste.record_waste(
        session,
        place=place_of(session, item.location_id),
        variant=fetch(session, Variant, item.variant_id, resource="variant"),
        quantity=Decimal(1),
        reason="damaged",
        idempotency_key=f"sample:waste:{day:%y%m%d}",
    )


# --- what waits today -----------------------------------------------------------------------------------------------


def leave_open(store: Store, organization_id: int) -> None:
    """Work of today beside orders and receipts: a transfer to load, one on its way here, a count, a return. What is
    there already is left alone."""
    store.writer.run(_leave_open, organization_id=organization_id, actor=SYSTEM)


def _leave_open(session: Session) -> None:
    if transfers.find_transfer(session, "TR-1001") is not None:
        return
    main, store_site, east = (places.site_by_code(session, code) for code in ("WH1", "ST1", "WH2"))
    _transfer(session, "TR-1001", main.id, store_site.id, (("GLOVE-L", 10), ("CHOC-100", 24)))
    coming = _transfer(session, "TR-1002", east.id, main.id, (("MASK-50", 12), ("BATT-AA", 24)))
    transfers.ship(session, coming, idempotency_key="sample:TR-1002:ship")
    bins = count_plans.named_bins(session, main.id, ("A02-1", "A03-1", "B02-1"))
    count_plans.plan_count(session, site_id=main.id, method="bins", location_ids=[row.id for row in bins])
    _return(session)
    sample_neglect.neglect(session)
    sample_production.plan(session)


def _transfer(
    session: Session, number: str, source_id: str, destination_id: str, lines: Sequence[tuple[str, int]]
) -> StockTransfer:
    new = [
        transfers.NewTransferLine(catalog.variant_by_sku(session, sku).id, Decimal(quantity)) for sku, quantity in lines
    ]
    return transfers.create_transfer(
        session, source_site_id=source_id, destination_site_id=destination_id, lines=new, number=number
    )


def _return(session: Session) -> None:
    """The last order that was shipped comes back in part."""
    shipped = scoped(session, SalesOrder).where(SalesOrder.status == "shipped")
    order = session.exec(shipped.order_by(col(SalesOrder.created_at).desc(), col(SalesOrder.number).desc())).first()
    if order is None:
        return
    line = orders.lines_of(session, order.id)[0]
    new = returns.NewReturnLine(line.variant_id, Decimal(1))
    returns.create_return(session, order_id=order.id, reason="does not fit", lines=[new], number="RMA-1001")
