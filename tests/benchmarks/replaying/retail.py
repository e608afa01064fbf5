"""What Online Retail's invoices mean for a warehouse, decided from the file alone.

Each line is one of these, and none is lost:

- *left out*: its code is not goods (postage, discounts, bank charges, gift vouchers, samples of the shop's portal).
- *ordered*: a positive quantity with a price, or for a known customer. The lines of an invoice are one order, a line
  each, duplicates too. An order is placed and reserved when the invoice was written, and leaves at 18:00 of that day.
- *taken back*: a line of an invoice that begins with C. When such an invoice takes back a whole order before it has
  left, the order is cancelled (so were 74,215 pieces within minutes). Otherwise its units are returned, sellable: a
  return authorization of the customer's latest earlier orders with the item, those at the same price first. What the
  file has no order for (it was bought before the file begins, or the customer is unknown) comes in as an adjustment
  with the reason ``customer_return``.
- *adjusted*: a negative quantity without C, or a positive one without price and customer: a stock adjustment with the
  description as its reason ("damages", "wet pallet", "?"), ``no reason given`` where it is empty.

Codes that differ in small and capital letters alone are one SKU: they are written in both for the same goods.

Example::

    plan = plan_of(folder / "online_retail", limit=None)
    [order.number for order in plan.days[0].orders]
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from ambra_tui.kit.quantity import ZERO
from tests.benchmarks.replaying.files import rows_of

FILE = "online_retail_2010-12_2011-09"
NOT_GOODS = frozenset(("POST", "DOT", "M", "D", "C2", "S", "B", "BANK CHARGES", "AMAZONFEE", "PADS", "CRUK"))
NOT_GOODS_PREFIXES = ("GIFT_", "DCGS")
NO_REASON = "no reason given"
RETURN_REASON = "customer_return"
CLOSING = time(18, tzinfo=UTC)
CENT = Decimal("0.01")


@dataclass
class Line:
    """One line of an invoice, for goods."""

    invoice: str
    sku: str
    description: str
    quantity: Decimal
    price: Decimal
    at: datetime
    customer: str
    country: str


@dataclass
class Order:
    """An invoice's goods. `left`: SKU and price -> what was not taken back."""

    number: str
    at: datetime
    customer: str
    country: str
    lines: list[Line] = field(default_factory=list)
    left: dict[tuple[str, Decimal], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    is_cancelled: bool = False

    @property
    def units(self) -> Decimal:
        return sum((line.quantity for line in self.lines), ZERO)

    @property
    def leaves_at(self) -> datetime:
        return max(self.at, datetime.combine(self.at.date(), CLOSING))


@dataclass
class Return:
    """Units of one order that one invoice takes back: SKU -> units."""

    number: str
    order: Order
    at: datetime
    units: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


@dataclass
class Adjustment:
    """A signed change of one SKU's stock."""

    sku: str
    quantity: Decimal
    reason: str
    note: str
    at: datetime


@dataclass
class Day:
    """What happens on one day, in this order."""

    on: date
    orders: list[Order] = field(default_factory=list)
    cancelled: list[Order] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)


@dataclass
class Plan:
    """The days in their order, the names by SKU, and what each kind of line adds up to: lines, units."""

    days: list[Day]
    names: dict[str, str]
    lines: Counter[str]
    units: Counter[str]

    @property
    def opening(self) -> dict[str, Decimal]:
        """SKU -> enough for every promise and every loss."""
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for day in self.days:
            for order in day.orders:
                for line in order.lines:
                    totals[line.sku] += line.quantity
            for adjustment in day.adjustments:
                totals[adjustment.sku] += max(-adjustment.quantity, ZERO)
        return {sku: units for sku, units in totals.items() if units}

    @property
    def closing(self) -> dict[str, Decimal]:
        """SKU -> what is on hand at the end."""
        totals: dict[str, Decimal] = defaultdict(Decimal, self.opening)
        for day in self.days:
            for order in day.orders:
                for line in order.lines if not order.is_cancelled else ():
                    totals[line.sku] -= line.quantity
            for taken in day.returns:
                for sku, units in taken.units.items():
                    totals[sku] += units
            for adjustment in day.adjustments:
                totals[adjustment.sku] += adjustment.quantity
        return totals


def sku_of(code: str) -> str:
    """The SKU of a stock code."""
    return " ".join(code.split()).upper()


def is_goods(sku: str) -> bool:
    """Whether a code is for something that lies in a warehouse."""
    return sku not in NOT_GOODS and not sku.startswith(NOT_GOODS_PREFIXES)


def plan_of(folder: Path, *, limit: int | None = None) -> Plan:
    """What the file asks for; `limit`: so many invoices only."""
    lines, units = Counter[str](), Counter[str]()
    names: dict[str, str] = {}
    invoices: dict[str, list[Line]] = {}
    for row in rows_of(folder, FILE):
        line = _line(row)
        if limit is not None and line.invoice not in invoices and len(invoices) >= limit:
            break
        if not is_goods(line.sku):
            invoices.setdefault(line.invoice, [])
            lines["left out"] += 1
            units["left out"] += int(line.quantity)
            continue
        invoices.setdefault(line.invoice, []).append(line)
        if line.quantity > 0 and line.price > 0:
            names.setdefault(line.sku, line.description or f"Stock code {line.sku}")
    days: dict[date, Day] = {}
    history: dict[str, list[Order]] = defaultdict(list)
    for found in sorted((found for found in invoices.values() if found), key=lambda found: found[0].at):
        day = days.setdefault(found[0].at.date(), Day(found[0].at.date()))
        for line in found:
            names.setdefault(line.sku, f"Stock code {line.sku}")
        _add(day, found, history, lines, units)
    return Plan(list(days.values()), names, lines, units)


def _line(row: dict[str, str]) -> Line:
    text = "".join(letter for letter in row["Description"] if letter.isprintable())
    return Line(
        invoice=row["InvoiceNo"],
        sku=sku_of(row["StockCode"]),
        description=" ".join(text.split()),
        quantity=Decimal(row["Quantity"]),
        price=Decimal(row["UnitPrice"]).quantize(CENT, ROUND_HALF_UP),
        at=datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC),
        customer=row["CustomerID"].removesuffix(".0"),
        country=row["Country"],
    )


def _add(
    day: Day, found: list[Line], history: dict[str, list[Order]], lines: Counter[str], units: Counter[str]
) -> None:
    """Puts an invoice's lines where they belong."""
    if found[0].invoice.startswith("C"):
        assert all(line.quantity < 0 for line in found), found[0].invoice
        lines["taken back"] += len(found)
        units["taken back"] -= int(sum(line.quantity for line in found))
        _take_back(day, found, history, units)
        return
    ordered = [line for line in found if line.quantity > 0 and (line.price > 0 or line.customer)]
    for line in found:
        if line not in ordered:
            kind = "adjusted in" if line.quantity > 0 else "adjusted out"
            lines[kind] += 1
            units[kind] += int(abs(line.quantity))
            day.adjustments.append(
                Adjustment(line.sku, line.quantity, line.description or NO_REASON, f"Invoice {line.invoice}", line.at)
            )
    if ordered:
        first = ordered[0]
        order = Order(first.invoice, first.at, first.customer, first.country, ordered)
        for line in ordered:
            order.left[line.sku, line.price] += line.quantity
        day.orders.append(order)
        history[first.customer].append(order)
        lines["ordered"] += len(ordered)
        units["ordered"] += int(order.units)


def _take_back(day: Day, found: list[Line], history: dict[str, list[Order]], units: Counter[str]) -> None:
    first = found[0]
    known = [order for order in reversed(history[first.customer]) if not order.is_cancelled] if first.customer else []
    whole = _whole_order(found, (order for order in known if order.leaves_at > first.at and order.at.date() == day.on))
    if whole is not None:
        whole.is_cancelled = True
        whole.left.clear()
        day.cancelled.append(whole)
        units["cancelled"] += int(whole.units)
        return
    returns: dict[str, Return] = {}
    for line in found:
        rest = -line.quantity
        for order, key in _sources(known, line):
            part = min(rest, order.left[key])
            if part > 0:
                order.left[key] -= part
                rest -= part
                number = line.invoice if not returns else f"{line.invoice}-{len(returns) + 1}"
                taken = returns.setdefault(order.number, Return(number, order, max(line.at, order.leaves_at)))
                taken.units[line.sku] += part
        units["returned to an order"] += int(-line.quantity - rest)
        if rest > 0:
            units["returned without an order"] += int(rest)
            day.adjustments.append(Adjustment(line.sku, rest, RETURN_REASON, f"Invoice {line.invoice}", line.at))
    day.returns += returns.values()


def _whole_order(found: list[Line], orders: Iterable[Order]) -> Order | None:
    """The order that these lines take back to the last unit."""
    units: dict[str, Decimal] = defaultdict(Decimal)
    for line in found:
        units[line.sku] -= line.quantity
    for order in orders:
        left: dict[str, Decimal] = defaultdict(Decimal)
        for (sku, _), quantity in order.left.items():
            left[sku] += quantity
        if left == units and sum(left.values()) == order.units:
            return order
    return None


def _sources(known: list[Order], line: Line) -> list[tuple[Order, tuple[str, Decimal]]]:
    """Where a returned line may have come from: the latest orders first, those at its price before the others."""
    same = [(order, (line.sku, line.price)) for order in known if (line.sku, line.price) in order.left]
    others = [(order, key) for order in known for key in order.left if key[0] == line.sku and key[1] != line.price]
    return same + others
