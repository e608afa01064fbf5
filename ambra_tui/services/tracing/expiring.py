"""Lots in stock that expire soon, or have expired.

Example::

    expiring(session, days=30)[0].days_left
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import and_, bindparam, func, select
from sqlmodel import Session

from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.stock_views import own
from ambra_tui.services.tracing.stock import EMPTY, bound
from ambra_tui.services.tracing.terms import Expiring
from ambra_tui.store.models import Location, Lot, StockLevel, Variant, table_of
from ambra_tui.store.scope import clock_of

_lot, _level, _location, _variant = (table_of(model) for model in (Lot, StockLevel, Location, Variant))
_LONG_AGO = date.min
_EXPIRING = (
    select(
        _lot.c.id,
        _lot.c.lot_number,
        _lot.c.variant_id,
        _variant.c.sku,
        _lot.c.status,
        _lot.c.expiry_date,
        func.coalesce(_location.c.site_id, "").label("site_id"),
        func.sum(_level.c.on_hand, type_=_level.c.on_hand.type).label("on_hand"),
    )
    .select_from(_lot)
    .join(
        _level,
        and_(
            _level.c.organization_id == own(),
            _level.c.variant_id == _lot.c.variant_id,
            _level.c.lot_id == _lot.c.id,
            _level.c.lot_id != EMPTY,
            _level.c.on_hand > ZERO,
        ),
    )
    .join(_location, and_(_location.c.organization_id == own(), _location.c.id == _level.c.location_id))
    .join(_variant, and_(_variant.c.organization_id == own(), _variant.c.id == _lot.c.variant_id))
    .where(
        _lot.c.organization_id == own(),
        _lot.c.expiry_date >= bindparam("since", type_=_lot.c.expiry_date.type),
        _lot.c.expiry_date <= bindparam("until", type_=_lot.c.expiry_date.type),
    )
    .group_by(
        _lot.c.id, _lot.c.lot_number, _lot.c.variant_id, _variant.c.sku, _lot.c.status, _lot.c.expiry_date,
        _location.c.site_id,
    )
    .order_by(_lot.c.expiry_date, _lot.c.id, _location.c.site_id)
)  # fmt: skip


def expiring(session: Session, *, days: int, include_expired: bool = False) -> list[Expiring]:
    """The lots in stock that expire within so many days from today, soonest first; those that expire today with them.

    With `include_expired` those of the past as well.
    """
    today = clock_of(session).today()
    named = bound(session, since=_LONG_AGO if include_expired else today, until=today + timedelta(days=days))
    found: dict[str, Expiring] = {}
    for row in session.connection().execute(_EXPIRING, named):
        known = found.get(row.id)
        by_site: dict[str, Decimal] = dict(known.by_site) if known else {}
        in_transit = known.in_transit if known else ZERO
        if row.site_id:
            by_site[row.site_id] = row.on_hand
        else:
            in_transit += row.on_hand
        found[row.id] = Expiring(
            row.id, row.lot_number, row.variant_id, row.sku, row.status, row.expiry_date,
            (row.expiry_date - today).days, by_site, in_transit,
        )  # fmt: skip
    return list(found.values())
