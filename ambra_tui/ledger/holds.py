"""Holds: lots and locations whose stock is on hand but not to be used.

Example::

    set_lot_status(session, lot, "quarantine")
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import ColumnElement, literal_column, text, type_coerce, update
from sqlmodel import Session, col, select

from ambra_tui.errors import Invalid
from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger.books import HELD_LOT_STATES
from ambra_tui.ledger.status import STATUS_FELL, fall, told
from ambra_tui.ledger.stocked import in_stock
from ambra_tui.store.facts import publish
from ambra_tui.store.models import Location, Lot, SiteStock, StockLevel
from ambra_tui.store.scope import now_of, organization_of
from ambra_tui.store.types import QuantityColumn

SETTABLE_LOT_STATES = ("active", "quarantine", "recalled")


def set_lot_status(session: Session, lot: Lot, status: str) -> None:
    """Makes a lot active, quarantined or recalled and keeps every site's `held` right.

    A lot without stock that is made active shows as exhausted. Raises Invalid for any other status.
    """
    if status not in SETTABLE_LOT_STATES:
        raise Invalid(f"status must be one of {', '.join(SETTABLE_LOT_STATES)}", field="status")
    _stop_postings(session, lot)
    was_held, is_held = lot.status in HELD_LOT_STATES, status in HELD_LOT_STATES
    rows = _levels(session, (col(StockLevel.lot_id) == lot.id) & (col(StockLevel.lot_id) != literal_column("''")))
    on_hand = sum((level.on_hand for level, _ in rows), ZERO)
    lot.status = "exhausted" if status == "active" and on_hand == 0 else status
    lot.updated_at = now_of(session)
    session.add(lot)
    if was_held != is_held:
        _change_held(session, [(lv, lo) for lv, lo in rows if not lo.is_held], 1 if is_held else -1)
    publish(session, "lot_status_changed", lot.id, {"status": lot.status, "variant_id": lot.variant_id})
    session.flush()


def set_location_held(session: Session, location: Location, is_held: bool) -> None:
    """Puts a location on hold or takes it off, and keeps its site's `held` right."""
    _stop_postings(session, location)
    if location.is_held == is_held:
        return
    rows = _levels(session, col(StockLevel.location_id) == location.id)
    held_lots = _held_lots(session, {level.lot_id for level, _ in rows if level.lot_id})
    location.is_held = is_held
    location.updated_at = now_of(session)
    session.add(location)
    _change_held(session, [(lv, lo) for lv, lo in rows if lv.lot_id not in held_lots], 1 if is_held else -1)
    publish(session, "location_changed", location.id, {"is_held": is_held})
    session.flush()


def _stop_postings(session: Session, held: Lot | Location) -> None:
    """A hold counts levels while no posting changes them; on SQLite the transaction itself sees to that.

    `held` is locked first, as postings do: the other way round the two would wait for each other.
    """
    session.flush()
    session.refresh(held, with_for_update=True)
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("LOCK TABLE stock_level IN EXCLUSIVE MODE"))


def _levels(session: Session, condition: ColumnElement[bool]) -> Sequence[tuple[StockLevel, Location]]:
    statement = (
        in_stock(select(StockLevel, Location), organization_of(session))
        .where(condition)
        .execution_options(populate_existing=True)
    )
    return session.exec(statement).all()


def _held_lots(session: Session, lot_ids: set[str]) -> set[str]:
    statement = select(Lot.id).where(
        Lot.organization_id == organization_of(session),
        col(Lot.id).in_(lot_ids),
        col(Lot.status).in_(HELD_LOT_STATES),
    )
    return set(session.exec(statement).all())


def _change_held(session: Session, rows: Sequence[tuple[StockLevel, Location]], sign: int) -> None:
    totals: dict[tuple[str, str], Decimal] = {}
    for level, location in rows:
        if location.site_id:
            key = (level.variant_id, location.site_id)
            totals[key] = totals.get(key, ZERO) + level.on_hand
    for (variant_id, site_id), quantity in sorted(totals.items()):
        statement = (
            update(SiteStock)
            .where(
                col(SiteStock.organization_id) == organization_of(session),
                col(SiteStock.variant_id) == variant_id,
                col(SiteStock.site_id) == site_id,
            )
            .values(held=col(SiteStock.held) + sign * quantity, updated_at=now_of(session))
            .returning(
                type_coerce(col(SiteStock.on_hand) - col(SiteStock.reserved) - col(SiteStock.held), QuantityColumn()),
                col(SiteStock.reorder_point),
                col(SiteStock.safety_stock),
            )
            .execution_options(synchronize_session=False)
        )
        for available, reorder_point, safety_stock in session.connection().execute(statement).all():
            before = available + sign * quantity
            fallen = fall(before, available, reorder_point=reorder_point, safety_stock=safety_stock)
            if fallen is not None:
                publish(session, STATUS_FELL, variant_id, told(site_id, fallen))
    for row in list(session.identity_map.values()):
        if isinstance(row, SiteStock):
            session.expire(row)
