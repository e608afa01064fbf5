"""Recalled stock goes to a place for held stock even where it was picked or assigned: its orders look for other stock.

Example::

    set_aside(session, contents, quarantine)        # ('SO-7',): picked anew from other lots
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlmodel import Session

from ambra_tui import ledger
from ambra_tui.errors import Conflict
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.holds import plan_again
from ambra_tui.services.moves import HOLD_KINDS, Part, level_in, open_allocations, order_numbers
from ambra_tui.services.orders import CARRIED_KINDS, DOCUMENT, OPEN_STATES, lines_of, lock_order, ratios_of, stepped
from ambra_tui.services.receiving import Content
from ambra_tui.store.models import Allocation, Location, Lot, Variant
from ambra_tui.store.scope import fetch, now_of

ONE = Decimal(1)


class RecalledLot(Conflict):
    """The lot is recalled: it may go to a place for held stock and nowhere else."""

    def __init__(self, lot: Lot) -> None:
        super().__init__(f"Lot {lot.lot_number} is recalled. Bring it to a place for held stock.")
        self.lot = lot


def is_recalled(session: Session, content: Content) -> bool:
    """The content is of a recalled lot."""
    return bool(content.lot_id) and fetch(session, Lot, content.lot_id, resource="lot").status == "recalled"


def refuse_recalled(session: Session, contents: Sequence[Content], location: Location) -> None:
    """Raises RecalledLot for stock that is to go anywhere but to a place for held stock."""
    for content in contents if location.kind not in HOLD_KINDS else ():
        if is_recalled(session, content):
            raise RecalledLot(fetch(session, Lot, content.lot_id, resource="lot"))


def set_aside(session: Session, contents: Sequence[Content], location: Location) -> tuple[str, ...]:
    """Orders give up recalled stock that is about to leave for a place for held stock; their numbers. What they lack is
    looked for elsewhere. Elsewhere than there nothing is given up."""
    if location.kind not in HOLD_KINDS:
        return ()
    order_ids: list[str] = []
    for content in contents:
        if is_recalled(session, content):
            order_ids += _give_up(session, content)
    affected = list(dict.fromkeys(order_ids))
    plan_again(session, affected)
    return tuple(order_numbers(session, affected))


def _give_up(session: Session, content: Content) -> list[str]:
    """The orders that what is assigned of a level is taken from, the youngest assignment first."""
    place = fetch(session, Location, content.location_id, resource="location")
    variant = fetch(session, Variant, content.variant_id, resource="variant")
    level = level_in(session, place, variant, Part(content.lot_id, content.serial, content.plate_id))
    rest = content.quantity - (level.on_hand - level.allocated)
    given: list[str] = []
    for allocation in reversed(open_allocations(session, level)):
        if rest <= ZERO:
            break
        if allocation.document_kind != DOCUMENT:
            continue
        part = min(rest, allocation.quantity)
        _take_from(session, allocation, part, was_picked=place.kind in CARRIED_KINDS)
        given.append(allocation.document_id)
        rest -= part
    return given


def _take_from(session: Session, allocation: Allocation, quantity: Decimal, *, was_picked: bool) -> None:
    order = lock_order(session, allocation.document_id)
    ledger.unallocate(session, allocation, quantity)
    if not was_picked or order.status not in OPEN_STATES:
        return
    rows = lines_of(session, order.id)
    line = next(row for row in rows if row.id == allocation.line_id)
    ratio = ratios_of(session, [order.id]).get((line.id, allocation.variant_id), ONE)
    line.picked = max(line.picked - quantity / ratio, line.fulfilled)
    before = order.status
    order.status = "allocated" if all(row.picked <= row.fulfilled for row in rows) else "picking"
    order.updated_at = now_of(session)
    session.add_all((line, order))
    session.flush()
    stepped(session, order, before)
