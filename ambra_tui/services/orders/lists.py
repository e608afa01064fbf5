"""The orders that the floor works on: those with something left to pick, and those that wait to leave.

Example::

    due_orders(session, site.id, zone="A")[0].number
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, func, or_
from sqlmodel import Session, col

from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.orders.terms import CARRIED_KINDS
from ambra_tui.store.models import Allocation, Location, SalesOrder, SalesOrderLine, SiteStock, StockLevel
from ambra_tui.store.scope import scoped


def due_orders(session: Session, site_id: str, *, zone: str = "", limit: int = 9) -> list[SalesOrder]:
    """The site's orders with something left to pick: urgent ones first, then by due time, then by number.

    A backordered rest counts when stock for it has come. `zone`: orders that may be picked from a bin of it.
    """
    conditions = [_has_line_to_pick()] if not zone else [_has_line_to_pick(), _has_stock_in(site_id, zone)]
    return _open_orders(session, site_id, conditions, limit)


def picked_orders(session: Session, site_id: str, *, limit: int = 9) -> list[SalesOrder]:
    """The site's orders that have all that can be picked now in totes or on the stage, and wait to leave."""
    return _open_orders(session, site_id, [~_has_line_to_pick(), _has_carried()], limit)


def _open_orders(
    session: Session, site_id: str, conditions: Sequence[ColumnElement[bool]], limit: int
) -> list[SalesOrder]:
    statement = scoped(session, SalesOrder).where(
        SalesOrder.site_id == site_id, col(SalesOrder.status).in_(("confirmed", "allocated", "picking")), *conditions
    )
    ordered = statement.order_by(
        col(SalesOrder.priority).desc(),
        col(SalesOrder.due_at).is_(None),
        col(SalesOrder.due_at),
        func.length(col(SalesOrder.number)),
        col(SalesOrder.number),
    )
    return list(session.exec(ordered.limit(limit)).all())


def _has_line_to_pick() -> ColumnElement[bool]:
    line = SalesOrderLine
    is_left = (col(line.quantity) - col(line.backordered) > col(line.picked)) & (
        col(line.quantity) - col(line.backordered) > col(line.fulfilled)
    )
    has_come = (col(line.backordered) > ZERO) & (
        exists()
        .where(
            col(SiteStock.organization_id) == col(line.organization_id),
            col(SiteStock.variant_id) == col(line.variant_id),
            col(SiteStock.site_id) == col(SalesOrder.site_id),
            col(SiteStock.on_hand) - col(SiteStock.reserved) - col(SiteStock.held) > ZERO,
        )
        .correlate(SalesOrderLine, SalesOrder)
    )
    return (
        exists()
        .where(
            col(line.organization_id) == col(SalesOrder.organization_id),
            col(line.sales_order_id) == col(SalesOrder.id),
            or_(is_left, has_come),
        )
        .correlate(SalesOrder)
    )


def _has_carried() -> ColumnElement[bool]:
    return (
        exists()
        .where(
            col(Allocation.organization_id) == col(SalesOrder.organization_id),
            col(Allocation.document_id) == col(SalesOrder.id),
            col(Allocation.status) == "open",
            col(Allocation.quantity) > ZERO,
            col(Location.organization_id) == col(SalesOrder.organization_id),
            col(Location.id) == col(Allocation.location_id),
            col(Location.kind).in_(CARRIED_KINDS),
        )
        .correlate(SalesOrder)
    )


def _has_stock_in(site_id: str, zone: str) -> ColumnElement[bool]:
    return (
        exists()
        .where(
            col(SalesOrderLine.organization_id) == col(SalesOrder.organization_id),
            col(SalesOrderLine.sales_order_id) == col(SalesOrder.id),
            col(StockLevel.organization_id) == col(SalesOrder.organization_id),
            col(StockLevel.variant_id) == col(SalesOrderLine.variant_id),
            col(StockLevel.on_hand) > ZERO,
            col(Location.organization_id) == col(SalesOrder.organization_id),
            col(Location.id) == col(StockLevel.location_id),
            col(Location.site_id) == site_id,
            col(Location.zone) == zone,
            col(Location.kind).in_(("pick", "reserve")),
        )
        .correlate(SalesOrder)
    )
