"""Where lots lie now: bin by bin, and what is between two sites, with the transfers that carry it.

Example::

    stock_of(session, [lot.id]).on_hand
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, literal_column, select
from sqlmodel import Session

from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.stock_views import own
from ambra_tui.services.tracing.terms import BinStock, Carrying, LotStock, chunks
from ambra_tui.store.models import (
    LicensePlate,
    Location,
    Lot,
    StockLevel,
    StockMove,
    StockTransfer,
    StockTransferContent,
    table_of,
)
from ambra_tui.store.models.stock import LOT_DOCUMENT_KINDS
from ambra_tui.store.scope import organization_of

HELD = ("quarantine", "recalled")
EMPTY: ColumnElement[str] = literal_column("''")  # in so many words, or the index of lots is not used
_level, _location, _plate, _lot, _move, _transfer, _content = (
    table_of(model)
    for model in (StockLevel, Location, LicensePlate, Lot, StockMove, StockTransfer, StockTransferContent)
)

BY_DOCUMENT = _move.c.kind.in_([literal_column(f"'{kind.value}'") for kind in LOT_DOCUMENT_KINDS])  # as the index says


def of_lots(column: ColumnElement[str]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The conditions that `column` names one of the bound lots; the second one says so for the index of lots."""
    return column.in_(bindparam("lot_ids", expanding=True)), column != EMPTY


def bound(session: Session, **values: Any) -> dict[str, Any]:
    """The parameters of a statement of this organization."""
    return {"organization_id": organization_of(session), **values}


_LEVELS = (
    select(
        _level,
        _location.c.code,
        _location.c.kind,
        _location.c.site_id,
        (_location.c.is_held | _lot.c.status.in_(HELD)).label("is_held"),
        _plate.c.code.label("plate_code"),
    )
    .select_from(_level)
    .join(_location, and_(_location.c.organization_id == own(), _location.c.id == _level.c.location_id))
    .join(_lot, and_(_lot.c.organization_id == own(), _lot.c.id == _level.c.lot_id))
    .outerjoin(_plate, and_(_plate.c.organization_id == own(), _plate.c.id == _level.c.plate_id))
    .where(_level.c.organization_id == own(), *of_lots(_level.c.lot_id), _level.c.on_hand > ZERO)
    .order_by(_location.c.site_id, _location.c.code, _level.c.lot_id, _level.c.serial, _level.c.plate_id)
)
_ON_HAND = (
    select(_level.c.lot_id, func.sum(_level.c.on_hand, type_=_level.c.on_hand.type).label("on_hand"))
    .select_from(_level)
    .join(_location, and_(_location.c.organization_id == own(), _location.c.id == _level.c.location_id))
    .where(
        _level.c.organization_id == own(),
        *of_lots(_level.c.lot_id),
        _level.c.on_hand > ZERO,
        _location.c.site_id.is_not(None),
    )
    .group_by(_level.c.lot_id)
)
_SHIPPING = (
    select(_move.c.origin_id)
    .distinct()
    .where(
        _move.c.organization_id == own(),
        *of_lots(_move.c.lot_id),
        BY_DOCUMENT,
        _move.c.kind == "transfer_out",
    )
)
_CARRIED = (
    select(
        _transfer.c.id,
        _transfer.c.number,
        _transfer.c.status,
        _transfer.c.source_site_id,
        _transfer.c.destination_site_id,
        _content.c.lot_id,
        func.sum(_content.c.shipped - _content.c.received - _content.c.settled, type_=_content.c.shipped.type).label(
            "quantity"
        ),
    )
    .select_from(_transfer)
    .join(_content, and_(_content.c.organization_id == own(), _content.c.stock_transfer_id == _transfer.c.id))
    .where(
        _transfer.c.organization_id == own(),
        _transfer.c.id.in_(bindparam("transfer_ids", expanding=True)),
        *of_lots(_content.c.lot_id),
        _content.c.shipped > _content.c.received + _content.c.settled,
    )
    .group_by(*(_transfer.c[name] for name in ("id", "number", "status", "source_site_id", "destination_site_id")))
    .group_by(_content.c.lot_id)
    .order_by(_transfer.c.id, _content.c.lot_id)
)


def stock_of(session: Session, lot_ids: Collection[str]) -> LotStock:
    """Where these lots lie."""
    bins: list[BinStock] = []
    in_transit = ZERO
    for part in chunks(sorted(set(lot_ids) - {""})):
        for row in session.connection().execute(_LEVELS, bound(session, lot_ids=part)):
            if row.site_id:
                bins.append(_bin(row))
            else:
                in_transit += row.on_hand
    return LotStock(tuple(bins), in_transit)


def on_hand_of(session: Session, lot_ids: Sequence[str]) -> dict[str, Decimal]:
    """Lot id -> what lies of it in sites; lots without stock are left out."""
    rows = session.connection().execute(_ON_HAND, bound(session, lot_ids=list(lot_ids)))
    return {row.lot_id: row.on_hand for row in rows}


def _bin(row: Any) -> BinStock:
    return BinStock(
        row.lot_id, row.site_id, row.location_id, row.code, row.kind, row.on_hand, row.allocated, bool(row.is_held),
        row.serial, row.plate_code or "",
    )  # fmt: skip


def transfers_carrying(session: Session, lot_ids: Collection[str]) -> list[Carrying]:
    """The transfers that carry these lots now, oldest first."""
    found: list[Carrying] = []
    for lots in chunks(sorted(set(lot_ids) - {""})):
        sent = sorted(session.connection().execute(_SHIPPING, bound(session, lot_ids=lots)).scalars())
        for part in chunks(sent):
            found += _carried(session, part, lots)
    return found


def _carried(session: Session, transfer_ids: Sequence[str], lot_ids: Sequence[str]) -> list[Carrying]:
    rows = session.connection().execute(_CARRIED, bound(session, transfer_ids=transfer_ids, lot_ids=lot_ids))
    return [
        Carrying(
            row.id, row.number, row.status, row.source_site_id, row.destination_site_id, row.lot_id,
            Decimal(row.quantity),
        )
        for row in rows
    ]  # fmt: skip
