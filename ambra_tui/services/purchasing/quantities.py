"""What of an order has not come yet, and how much more of it may come.

Example::

    if quantity > maximum_more(session, line):
        ...  # a supervisor decides
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlmodel import Session

from ambra_tui.kit.quantity import SCALE, ZERO
from ambra_tui.services.purchasing.terms import Over, OverReceipt
from ambra_tui.store.models import PurchaseOrderLine, Variant
from ambra_tui.store.scope import fetch

_MILLIONTH = Decimal(1) / SCALE


def outstanding(line: PurchaseOrderLine) -> Decimal:
    """What of a line has not come yet."""
    return max(line.quantity - line.received, ZERO)


def maximum_more(session: Session, line: PurchaseOrderLine) -> Decimal:
    """How much more of a line may come, its tolerance included."""
    tolerance = line.tolerance_percent
    if tolerance is None:
        tolerance = fetch(session, Variant, line.variant_id, resource="variant").receipt_tolerance_percent or ZERO
    most = (line.quantity * (100 + tolerance) / 100).quantize(_MILLIONTH, rounding="ROUND_FLOOR")
    return max(most - line.received, ZERO)


def refuse_over(session: Session, parts: Sequence[tuple[PurchaseOrderLine, Decimal]], is_over_allowed: bool) -> None:
    """Raises OverReceipt with every line whose parts are together more than may come."""
    if is_over_allowed:
        return
    totals: dict[str, Decimal] = {}
    lines = {line.id: line for line, _ in parts}
    for line, quantity in parts:
        totals[line.id] = totals.get(line.id, ZERO) + quantity
    overs = []
    for line_id, quantity in totals.items():
        maximum = maximum_more(session, lines[line_id])
        if quantity > maximum:
            sku = fetch(session, Variant, lines[line_id].variant_id, resource="variant").sku
            overs.append(Over(sku, quantity, maximum))
    if overs:
        raise OverReceipt(overs)


def fill(lines: Sequence[PurchaseOrderLine], quantity: Decimal) -> list[tuple[PurchaseOrderLine, Decimal]]:
    """What each line gets of `quantity`; what is left over goes to the last one, whose tolerance judges it."""
    parts = {line.id: ZERO for line in lines}
    rest = quantity
    for line in lines:
        parts[line.id] = min(rest, outstanding(line))
        rest -= parts[line.id]
    parts[lines[-1].id] += rest
    return [(line, parts[line.id]) for line in lines if parts[line.id] > 0]


def spread(
    session: Session, lines: Sequence[PurchaseOrderLine], quantity: Decimal, is_over_allowed: bool
) -> list[tuple[PurchaseOrderLine, Decimal]]:
    """How much each line gets: what is outstanding, then what its tolerance takes, the rest on the last line."""
    parts: dict[str, Decimal] = {line.id: ZERO for line in lines}
    rest = quantity
    for room in (outstanding, lambda line: maximum_more(session, line) - outstanding(line)):
        for line in lines:
            part = min(rest, max(room(line), ZERO))
            parts[line.id] += part
            rest -= part
    if rest and not is_over_allowed:
        sku = fetch(session, Variant, lines[0].variant_id, resource="variant").sku
        raise OverReceipt([Over(sku, quantity, quantity - rest)])
    parts[lines[-1].id] += rest
    return [(line, parts[line.id]) for line in lines if parts[line.id] > 0]
