"""Which transfers there are: what a site ships, what comes to it, a page of all.

Example::

    incoming(session, site.id)
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from ambra_tui.store.models import StockTransfer
from ambra_tui.store.scope import organization_of, scoped


def outgoing(session: Session, site_id: str, *, limit: int = 100) -> list[StockTransfer]:
    """Drafts that a site is to ship, oldest first."""
    statement = scoped(session, StockTransfer).where(
        StockTransfer.source_site_id == site_id, StockTransfer.status == "draft"
    )
    return list(session.exec(statement.order_by(col(StockTransfer.id)).limit(limit)).all())


def incoming(session: Session, site_id: str, *, limit: int = 100) -> list[StockTransfer]:
    """Transfers on their way to a site, oldest first."""
    statement = scoped(session, StockTransfer).where(
        StockTransfer.destination_site_id == site_id, StockTransfer.status == "in_transit"
    )
    return list(session.exec(statement.order_by(col(StockTransfer.id)).limit(limit)).all())


def page_of_transfers(
    session: Session,
    *,
    status: str | None = None,
    number: str | None = None,
    site_id: str | None = None,
    source_site_id: str | None = None,
    destination_site_id: str | None = None,
    offset: int,
    limit: int,
) -> tuple[list[str], int]:
    """The ids of one page, newest first, and how many match. `site_id`: transfers from it or to it."""
    matching: list[ColumnElement[bool]] = [col(StockTransfer.organization_id) == organization_of(session)]
    wanted = {
        col(StockTransfer.status): status,
        col(StockTransfer.number): number,
        col(StockTransfer.source_site_id): source_site_id,
        col(StockTransfer.destination_site_id): destination_site_id,
    }
    matching += [column == value for column, value in wanted.items() if value is not None]
    if site_id is not None:
        is_source, is_destination = (
            column == site_id for column in (col(StockTransfer.source_site_id), col(StockTransfer.destination_site_id))
        )
        matching.append(is_source | is_destination)
    total = session.exec(select(func.count()).select_from(StockTransfer).where(*matching)).one()
    page = select(StockTransfer.id).where(*matching).order_by(col(StockTransfer.id).desc())
    return list(session.exec(page.offset(offset).limit(limit)).all()), total
