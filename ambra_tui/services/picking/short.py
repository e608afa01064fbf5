"""A bin holds less than the book says: what was found is taken, the rest sought elsewhere, the bin waits for a count.

Example::

    preview_short(session, order, stop=stop, found=Decimal(6)).backordered
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlmodel import Session

from ambra_tui import ledger
from ambra_tui.errors import Invalid
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.orders import DOCUMENT, lock_order
from ambra_tui.services.picking.planning import candidates, plan
from ambra_tui.services.picking.post import open_allocation, pick
from ambra_tui.services.picking.stops import stops
from ambra_tui.services.picking.terms import Missing, Picked, ShortPick, Stop, Taken
from ambra_tui.services.tasks import SHORT_PICK, ask_count, open_tasks
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Location, SalesOrder


def preview_short(session: Session, order: SalesOrder, *, stop: Stop, found: Decimal) -> ShortPick:
    """What `short_pick` would do now. Changes nothing."""
    rest = stop.quantity - found
    elsewhere = []
    for source in candidates(session, order.site_id, stop.variant.id, avoid_location_id=stop.location.id):
        part = min(rest, source.quantity)
        if part > 0:
            elsewhere.append((source.location.code, part))
            rest -= part
    return ShortPick(_summed(elsewhere), rest / stop.ratio)


def short_pick(
    session: Session,
    order: SalesOrder,
    *,
    stop: Stop,
    found: Decimal,
    reason: str,
    idempotency_key: str,
    destination: Location | None = None,
    taken: Taken | None = None,
) -> ShortPick:
    """Takes what was `found` (perhaps nothing) and gives up the rest of the stop.

    The bin waits for a count, nothing is adjusted. The rest is assigned elsewhere, as far as there is stock; what is
    left stays on the line as backorder and its promise is given back.
    """
    order = lock_order(session, order.id)
    picked: Picked | None = None
    if found > 0:
        if destination is None:
            raise Invalid("what was found needs a tote", field="destination")
        picked = pick(
            session, order, stop=stop, quantity=found, destination=destination, taken=taken,
            idempotency_key=idempotency_key,
        )  # fmt: skip
    before = _by_location(stops(session, order.id), stop)
    allocation = open_allocation(session, stop.allocation_id)
    rest = allocation.quantity if allocation is not None else ZERO
    if allocation is not None:
        ledger.unallocate(session, allocation, status="short")
    task_id = _ask_for_count(session, stop, reason)
    backordered = _backorder(session, stop, plan(session, order).missing)
    after = _by_location(stops(session, order.id), stop)
    elsewhere = [(code, more) for code, quantity in after.items() if (more := quantity - before.get(code, ZERO)) > 0]
    details = {"reason": reason, "location": stop.location.code, "sku": stop.variant.sku}
    publish(session, "pick_short", order.id, {"number": order.number, **details})
    audit(session, "pick_short", order.id, number=order.number, missing=str(rest), **details)
    return ShortPick(_summed(elsewhere), backordered, picked, task_id, rest)


def _ask_for_count(session: Session, stop: Stop, reason: str) -> str:
    """The id of the count that is asked for now; empty when one was asked for before."""
    known = {
        task.id for task in open_tasks(session, stop.location.site_id or "", kind="count", location_id=stop.location.id)
    }
    task = ask_count(
        session,
        location=stop.location,
        variant_id=stop.variant.id,
        reason=f"{SHORT_PICK} {reason}",
        document_kind=DOCUMENT,
        document_id=stop.order_id,
    )
    return "" if task.id in known else task.id


def _backorder(session: Session, stop: Stop, missing: Sequence[Missing]) -> Decimal:
    for gap in missing:
        if gap.line.id == stop.line.id and gap.variant.id == stop.variant.id:
            ledger.release_quantity(
                session,
                document_id=stop.order_id,
                line_id=gap.line.id,
                variant_id=gap.variant.id,
                quantity=gap.quantity,
            )
            units = gap.quantity / stop.ratio
            gap.line.backordered += units
            session.add(gap.line)
            session.flush()
            return units
    return ZERO


def _by_location(found: Sequence[Stop], stop: Stop) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for other in found:
        if (other.line.id, other.variant.id) == (stop.line.id, stop.variant.id):
            totals[other.location.code] = totals.get(other.location.code, ZERO) + other.quantity
    return totals


def _summed(parts: Sequence[tuple[str, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
    totals: dict[str, Decimal] = {}
    for code, quantity in parts:
        totals[code] = totals.get(code, ZERO) + quantity
    return tuple(totals.items())
