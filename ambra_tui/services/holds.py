"""Quarantine: a lot or a bin is put on hold or freed, and picks that were sent to it are sent elsewhere.

Example::

    changed = hold_lot(session, lot, reason="seal broken")
    changed.orders      # numbers of orders whose picks were planned anew
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, literal_column
from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import WrongState
from ambra_tui.kit.quantity import ZERO
from ambra_tui.kit.text import clean_line
from ambra_tui.ledger import in_stock
from ambra_tui.services.lots import change_lot_status
from ambra_tui.services.moves import HOLD_KINDS, levels_in, order_numbers
from ambra_tui.services.orders import CARRIED_KINDS, OPEN_STATES, assigned
from ambra_tui.services.orders import DOCUMENT as SALES_ORDER
from ambra_tui.services.picking import plan
from ambra_tui.store.facts import audit
from ambra_tui.store.models import Allocation, Location, Lot, Reservation, SalesOrder, SiteStock, StockLevel
from ambra_tui.store.scope import organization_of, scoped

HOLD_REASONS = ("quality", "damaged", "recall", "expired", "other")
FREE_REASONS = ("checked", "mistake", "other")
_NO_LOT: ColumnElement[str] = literal_column("''")


@dataclass(frozen=True, slots=True)
class Held:
    """What a change of hold did. `quantity`: on hand of what it concerns. `replanned`: numbers of orders that are
    picked elsewhere now; `short`: numbers of orders that there is too little for."""

    quantity: Decimal
    replanned: tuple[str, ...] = ()
    short: tuple[str, ...] = ()


def change_lot(session: Session, lot: Lot, status: str, *, reason: str = "") -> Held:
    """A lot into quarantine, recalled or active again, everywhere. Raises WrongState where nothing would change.

    Picks of a lot on hold are sought elsewhere; those of a freed one stay as they are.
    """
    change_lot_status(session, lot_id=lot.id, status=status, reason=reason)
    levels = levels_of_lot(session, lot.id)
    return Held(_on_hand(levels)) if status == "active" else after_hold(session, levels)


def hold_lot(session: Session, lot: Lot, *, reason: str) -> Held:
    """A lot into quarantine. Raises WrongState when it is there already."""
    return change_lot(session, lot, "quarantine", reason=reason)


def free_lot(session: Session, lot: Lot, *, reason: str) -> Held:
    """A lot out of quarantine or recall. Raises WrongState when it is not on hold."""
    return change_lot(session, lot, "active", reason=reason)


def hold_bin(session: Session, location: Location, *, reason: str) -> Held:
    """Whatever lies in a bin is on hold. Raises WrongState when it is already."""
    _change_bin(session, location, is_held=True, reason=reason)
    return after_hold(session, levels_in(session, location.id))


def free_bin(session: Session, location: Location, *, reason: str) -> Held:
    """A bin may be picked from again. Raises WrongState when it was not on hold, or is there for held stock."""
    if location.kind in HOLD_KINDS:
        raise WrongState("location", location.code, state="a place for held stock", step="free")
    _change_bin(session, location, is_held=False, reason=reason)
    return Held(_on_hand(levels_in(session, location.id)))


def _change_bin(session: Session, location: Location, *, is_held: bool, reason: str) -> None:
    why = clean_line(reason, field="reason", required=False)
    if location.is_held == is_held:
        state = "on hold" if is_held else "not on hold"
        raise WrongState("location", location.code, state=state, step="hold" if is_held else "free")
    ledger.set_location_held(session, location, is_held)
    audit(session, "location_held" if is_held else "location_freed", location.id, code=location.code, reason=why)


def levels_of_lot(session: Session, lot_id: str) -> list[StockLevel]:
    """Where a lot lies in the sites, and how much."""
    statement = (
        in_stock(select(StockLevel), organization_of(session))
        .where(
            Location.usage == "internal",
            StockLevel.lot_id == lot_id,
            col(StockLevel.lot_id) != _NO_LOT,  # says it for the index of lots
        )
        .order_by(col(Location.code))
    )
    return list(session.exec(statement.execution_options(populate_existing=True)).all())


def _on_hand(levels: Sequence[StockLevel]) -> Decimal:
    return sum((level.on_hand for level in levels), ZERO)


# --- picks that were sent there -------------------------------------------------------------------------------------


def after_hold(session: Session, levels: Sequence[StockLevel]) -> Held:
    """Sends elsewhere the picks of what lies at `levels` and is on hold by now."""
    quantity = _on_hand(levels)
    replanned = plan_again(session, orders_picking(session, levels))
    return Held(quantity, tuple(order_numbers(session, replanned)), short_orders(session, levels))


def orders_picking(session: Session, levels: Sequence[StockLevel]) -> list[str]:
    """The ids of the orders that open picks at `levels` are for, oldest assignment first."""
    keys = {(lv.variant_id, lv.location_id, lv.lot_id, lv.serial, lv.plate_id) for lv in levels if lv.allocated}
    statement = scoped(session, Allocation).where(
        col(Allocation.location_id).in_(sorted({key[1] for key in keys})),
        Allocation.status == "open",
        Allocation.document_kind == SALES_ORDER,
        col(Allocation.quantity) > ZERO,
    )
    found = session.exec(statement.order_by(col(Allocation.created_at), col(Allocation.id))).all() if keys else []
    mine = [a for a in found if (a.variant_id, a.location_id, a.lot_id, a.serial, a.plate_id) in keys]
    return list(dict.fromkeys(a.document_id for a in mine))


def plan_again(session: Session, order_ids: Sequence[str]) -> list[str]:
    """Gives up what these orders may no longer pick and seeks it elsewhere; the ids of those still open."""
    planned = []
    for order_id in sorted(order_ids):
        order = session.get(SalesOrder, (organization_of(session), order_id))
        if order is not None and order.status in OPEN_STATES:
            plan(session, order)
            planned.append(order_id)
    return planned


def plan_afresh(session: Session, numbers: Sequence[str]) -> None:
    """Seeks anew all that these orders have not picked yet: what was on hold or gone is back."""
    statement = scoped(session, SalesOrder).where(col(SalesOrder.number).in_(numbers))
    for order in session.exec(statement.order_by(col(SalesOrder.id))).all() if numbers else []:
        if order.status not in OPEN_STATES:
            continue
        for allocation, location, _ in assigned(session, order.id):
            if location.kind not in CARRIED_KINDS:
                ledger.unallocate(session, allocation)
        plan(session, order)


def short_orders(session: Session, levels: Sequence[StockLevel]) -> tuple[str, ...]:
    """The numbers of the orders that are promised what is no longer there, in the sites of `levels`."""
    variants = sorted({level.variant_id for level in levels})
    statement = scoped(session, SiteStock).where(
        col(SiteStock.variant_id).in_(variants),
        col(SiteStock.on_hand) - col(SiteStock.reserved) - col(SiteStock.held) < ZERO,
        col(SiteStock.reserved) > ZERO,
    )
    short = {
        (row.variant_id, row.site_id) for row in session.exec(statement.execution_options(populate_existing=True)).all()
    }
    if not short:
        return ()
    promised = scoped(session, Reservation).where(
        col(Reservation.variant_id).in_(variants), col(Reservation.quantity) > ZERO
    )
    rows = session.exec(promised.order_by(col(Reservation.created_at).desc(), col(Reservation.id))).all()
    ids = [row.document_id for row in rows if (row.variant_id, row.site_id) in short]
    return tuple(order_numbers(session, list(dict.fromkeys(ids))))
