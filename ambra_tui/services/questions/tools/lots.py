"""Lots: which there are, what expires, where one came from and went to."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field
from sqlmodel import Session, col, select

from ambra_tui.errors import NotFound
from ambra_tui.services import tracing
from ambra_tui.services.questions.tool import Found, InPeriod, Limited, Row, Tool, number
from ambra_tui.services.questions.tools._shared import (
    counted,
    day,
    joined,
    names_of,
    own,
    site_codes,
    site_id_named,
    today_of,
    total_of,
    variant_named,
)
from ambra_tui.store.models import Lot, Variant
from ambra_tui.store.scope import scoped

MAX_DAYS = 3650
DEFAULT_DAYS = 30


class Expiring(InPeriod):
    """`days`: from today, 30 unless others are named. `status` expired: what is past its date already."""

    statuses: ClassVar[tuple[str, ...]] = ("expired",)
    days: int | None = Field(default=None, ge=0, le=MAX_DAYS)
    sku: str | None = None
    location: str | None = None
    lot: str | None = None
    status: Literal["expired"] | None = None


class Lots(Limited):
    """`lot`: its number."""

    statuses: ClassVar[tuple[str, ...]] = ("quarantine", "recalled", "exhausted", "active")
    sku: str | None = None
    lot: str | None = None
    status: Literal["active", "quarantine", "exhausted", "recalled"] | None = None


class Trace(Limited):
    """`direction`: forward to customers and products made of it, backward to what it was made of; both without."""

    lot: str
    direction: Literal["forward", "backward"] | None = None


def expiring_lots(session: Session, asked: Expiring) -> Found:
    """Lots in stock by expiry date, soonest first."""
    today = today_of(session)
    last = asked.to or today + timedelta(days=DEFAULT_DAYS if asked.days is None else asked.days)
    is_expired = asked.status == "expired" or (asked.to is not None and asked.to < today)
    found = tracing.expiring(session, days=max(0, (last - today).days), include_expired=True)
    if is_expired:
        found = [lot for lot in found if lot.expiry_date < today]
    else:
        first = max(today, asked.from_ or today)
        found = [lot for lot in found if first <= lot.expiry_date <= last]
    variant, site_id, codes = (
        variant_named(session, asked.sku),
        site_id_named(session, asked.location),
        site_codes(session),
    )
    names = names_of(session, {lot.variant_id for lot in found})
    rows = [
        {
            "lot": lot.lot_number, "sku": lot.sku, "name": names[lot.variant_id][1],
            "expiry_date": day(lot.expiry_date),
            "days_left": lot.days_left, "location": codes.get(site, ""), "on_hand": number(on_hand),
            "status": lot.status,
        }
        for lot in found
        for site, on_hand in lot.by_site.items()
        if site_id in (None, site) and (variant is None or lot.variant_id == variant.id)
        and asked.lot in (None, lot.lot_number)
    ]  # fmt: skip
    return Found(rows[: asked.rows], len(rows), {"until": day(last), "on_hand": total_of(rows, "on_hand")})


def lots(session: Session, asked: Lots) -> Found:
    """Lots with their state, dates and what is left of them."""
    statement = (
        select(Lot, Variant)
        .join(Variant, joined(session, Variant, col(Lot.variant_id)))
        .where(own(session, Lot), own(session, Variant))
    )
    variant = variant_named(session, asked.sku)
    if variant is not None:
        statement = statement.where(col(Lot.variant_id) == variant.id)
    if asked.lot:
        statement = statement.where(col(Lot.lot_number) == asked.lot)
    if asked.status:
        statement = statement.where(col(Lot.status) == asked.status)
    page = list(session.exec(statement.order_by(col(Lot.id).desc()).limit(asked.rows)))
    if not page and asked.lot:
        raise NotFound("lot", asked.lot)
    on_hand = tracing.on_hand_of(session, [lot.id for lot, _ in page])
    rows: list[Row] = [
        {
            "lot": lot.lot_number, "sku": item.sku, "name": item.name, "status": lot.status,
            "expiry_date": day(lot.expiry_date), "on_hand": number(on_hand.get(lot.id)) or 0,
        }
        for lot, item in page
    ]  # fmt: skip
    return Found(rows, counted(session, statement), {"on_hand": total_of(rows, "on_hand")})


def lot_trace(session: Session, asked: Trace) -> Found:
    """Where lots of this number went (orders, products made) and what they came from (receipts, ingredients)."""
    matching = scoped(session, Lot).where(col(Lot.lot_number).in_({asked.lot, asked.lot.upper()}))
    found = list(session.exec(matching.order_by(col(Lot.id)).limit(20)))
    if not found:
        raise NotFound("lot", asked.lot)
    rows: list[Row] = []
    for lot in found:
        if asked.direction != "backward":
            rows += _forward(session, lot)
        if asked.direction != "forward":
            rows += _backward(session, lot)
    codes, held = site_codes(session), tracing.stock_of(session, [lot.id for lot in found])
    sites: dict[str, int | float] = {}
    for part in held.bins:
        sites[codes[part.site_id]] = sites.get(codes[part.site_id], 0) + (number(part.on_hand) or 0)
    where = ", ".join(f"{code} {quantity:g}" for code, quantity in sorted(sites.items())) or "-"
    facts = {
        "lot": found[0].lot_number, "on_hand": number(held.on_hand), "where": where,
        "orders": sum(1 for row in rows if row["step"] == "order"),
        "lots": sum(1 for row in rows if row["step"] == "lot"),
    }  # fmt: skip
    return Found(rows[: asked.rows], len(rows), facts)


def _forward(session: Session, lot: Lot) -> list[Row]:
    family = tracing.descendants_of(session, lot.id, limit=200)
    reached = tracing.orders_reached(session, [lot.id, *family.lot_ids], limit=200)
    numbers = _numbers(session, [lot.id, *family.lot_ids])
    rows = [_link("forward", link, numbers) for link in family.links if link.lot_id]
    return rows + [
        {
            "direction": "forward", "step": "order", "lot": numbers.get(one.lot_id, ""), "document": one.number,
            "partner": one.customer_name, "quantity": number(one.shipped), "date": day(one.last_shipped_at),
        }
        for one in reached
    ]  # fmt: skip


def _backward(session: Session, lot: Lot) -> list[Row]:
    family = tracing.ancestors_of(session, lot.id, limit=200)
    numbers = _numbers(session, [lot.id, *family.lot_ids])
    rows = [_link("backward", link, numbers) for link in family.links if link.lot_id]
    return rows + [
        {
            "direction": "backward", "step": "receipt", "lot": numbers.get(one.lot_id, ""), "document": one.number,
            "partner": one.supplier_name, "quantity": number(one.quantity), "date": day(one.received_at),
        }
        for one in tracing.receipts_of(session, [lot.id, *family.lot_ids])
    ]  # fmt: skip


def _link(direction: str, link: tracing.Link, numbers: dict[str, str]) -> Row:
    return {
        "direction": direction, "step": "lot", "lot": numbers.get(link.lot_id, ""), "document": "", "partner": "",
        "quantity": number(link.quantity), "date": None,
    }  # fmt: skip


def _numbers(session: Session, ids: list[str]) -> dict[str, str]:
    statement = select(Lot.id, Lot.lot_number).where(own(session, Lot), col(Lot.id).in_(ids))
    return {row[0]: row[1] for row in session.connection().execute(statement)}


_LOTS = "/api/v1/lots"
TOOLS = (
    Tool(
        "expiring_lots",
        "Lots in stock that expire soon, or have",
        Expiring,
        expiring_lots,
        "/api/v1/expiry/alerts",
        module="traceability",
        chart=("expiry_date", "on_hand"),
        resource="lots",
    ),
    Tool(
        "lots",
        "Lots, their state and what is left",
        Lots,
        lots,
        _LOTS,
        module="traceability",
        chart=("lot", "on_hand"),
        resource="lots",
    ),
    Tool(
        "lot_trace",
        "Whom a lot reached and what it was made of",
        Trace,
        lot_trace,
        f"{_LOTS}/:id/trace_forward",
        module="traceability",
        resource="lots",
    ),
)
