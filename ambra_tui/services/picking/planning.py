"""Assigning what an order was promised to bins: earliest expiry first, pick bins before reserve bins before docks.

Example::

    plan(session, order).missing        # what no bin can give now
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import InsufficientStock
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.lot_rules import may_leave
from ambra_tui.services.orders import (
    CARRIED_KINDS,
    DOCUMENT,
    assigned,
    lines_of,
    lock_order,
    lots_by_id,
    promised,
    ratios_of,
)
from ambra_tui.services.picking.stops import stops
from ambra_tui.services.picking.terms import ONE, Missing, Plan
from ambra_tui.services.tasks import stopped_bins
from ambra_tui.store.models import SalesOrder, StockLevel, Variant
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows, given
from ambra_tui.store.scope import clock_of, fetch

Key = tuple[str, str]

_OVERDRAWN = PreparedRows(
    select(  # type: ignore[call-overload]  # more than it has types for
        col(StockLevel.variant_id),
        col(StockLevel.location_id),
        col(StockLevel.lot_id),
        col(StockLevel.serial),
        col(StockLevel.plate_id),
    ).where(
        StockLevel.organization_id == ORGANIZATION,
        col(StockLevel.location_id).in_(given("location_ids", is_list=True)),
        col(StockLevel.allocated) > col(StockLevel.on_hand),
    )
)


def plan(session: Session, order: SalesOrder) -> Plan:
    """Assigns what the order has been promised to bins, as far as that is not done yet.

    Assignments to bins that wait for a count, to held or expired lots and held bins, to levels that hold less than is
    assigned there, are given up first and sought elsewhere. Repeating it changes nothing while the stock stays.
    """
    order = lock_order(session, order.id)
    stopped = stopped_bins(session, order.site_id)
    _give_up_forbidden(session, order, stopped)
    missing = _assign(session, order, stopped)
    return Plan(stops(session, order.id), missing)


def _give_up_forbidden(session: Session, order: SalesOrder, stopped: set[Key]) -> None:
    today = clock_of(session).today()
    rows = [row for row in assigned(session, order.id) if row[1].kind not in CARRIED_KINDS]
    overdrawn = _overdrawn(session, rows)
    for allocation, location, lot in rows:
        level = (
            allocation.variant_id, allocation.location_id, allocation.lot_id, allocation.serial, allocation.plate_id,
        )  # fmt: skip
        is_doubtful = is_stopped(stopped, location.id, allocation.variant_id) or level in overdrawn
        if location.is_held or is_doubtful or (lot is not None and not may_leave(lot, today)):
            ledger.unallocate(session, allocation)


def _overdrawn(session: Session, rows: list[Any]) -> set[tuple[str, ...]]:
    places = sorted({location.id for _, location, _ in rows})
    return {tuple(row) for row in _OVERDRAWN.all(session, location_ids=places)} if places else set()


def _assign(session: Session, order: SalesOrder, stopped: set[Key]) -> list[Missing]:
    wanted = promised(session, order.id)
    for allocation, _, _ in assigned(session, order.id):
        key = (allocation.line_id, allocation.variant_id)
        wanted[key] = wanted.get(key, ZERO) - allocation.quantity
    lines = {line.id: line for line in lines_of(session, order.id)}
    missing = []
    for line_id, variant_id in sorted(wanted, key=lambda key: (key[1], lines[key[0]].position)):
        rest = _assign_part(session, order, line_id, variant_id, wanted[line_id, variant_id], stopped)
        if rest > 0:
            missing.append(_missing(session, order, lines[line_id], variant_id, rest, stopped))
    return sorted(missing, key=lambda gap: gap.line.position)


def _missing(
    session: Session, order: SalesOrder, line: Any, variant_id: str, quantity: Decimal, stopped: set[Key]
) -> Missing:
    variant = fetch(session, Variant, variant_id, resource="variant")
    ratio = ONE
    if variant_id != line.variant_id:
        ratio = ratios_of(session, [order.id]).get((line.id, variant_id), ONE)
    return Missing(line, variant, quantity, _stopped_codes(session, order.site_id, variant_id, stopped), ratio)


def _assign_part(
    session: Session, order: SalesOrder, line_id: str, variant_id: str, wanted: Decimal, stopped: set[Key]
) -> Decimal:
    for source in candidates(session, order.site_id, variant_id, stopped=stopped) if wanted > 0 else ():
        part = min(source.quantity, wanted)
        level = source.level
        try:
            ledger.allocate(
                session,
                location_id=level.location_id,
                variant_id=variant_id,
                quantity=part,
                document_kind=DOCUMENT,
                document_id=order.id,
                line_id=line_id,
                lot_id=level.lot_id,
                serial=level.serial,
                plate_id=level.plate_id,
            )
        except InsufficientStock:  # another station was assigned it a moment ago
            continue
        wanted -= part
        if wanted == 0:
            break
    return wanted


def candidates(
    session: Session,
    site_id: str,
    variant_id: str,
    *,
    stopped: set[Key] | None = None,
    avoid_location_id: str = "",
) -> list[ledger.Source]:
    """Where a variant may be taken from, best first: pick bins before reserve bins before docks, earliest expiry first;
    never held or expired stock, never a bin that waits for a count."""
    if stopped is None:
        stopped = stopped_bins(session, site_id)
    sources = [
        source
        for source in ledger.open_sources(session, site_id=site_id, variant_id=variant_id)
        if source.location.id != avoid_location_id and not is_stopped(stopped, source.location.id, variant_id)
    ]
    lots = lots_by_id(session, {source.level.lot_id for source in sources})
    today = clock_of(session).today()
    return [s for s in sources if s.level.lot_id not in lots or may_leave(lots[s.level.lot_id], today)]


def is_stopped(stopped: set[Key], location_id: str, variant_id: str) -> bool:
    """True for a bin that waits for a count of the variant, or of everything in it."""
    return (location_id, variant_id) in stopped or (location_id, "") in stopped


def _stopped_codes(session: Session, site_id: str, variant_id: str, stopped: set[Key]) -> tuple[str, ...]:
    held_back = [
        source.location.code
        for source in ledger.open_sources(session, site_id=site_id, variant_id=variant_id)
        if is_stopped(stopped, source.location.id, variant_id)
    ]
    return tuple(dict.fromkeys(held_back))
