"""What was thrown away and why."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from sqlmodel import Session, col, select

from ambra_tui.services.questions.tool import Found, InPeriod, Tool, number
from ambra_tui.services.questions.tools._shared import (
    asked_for,
    counted,
    day,
    grouped,
    joined,
    own,
    site_codes,
    site_id_named,
    total_of,
    variant_named,
    within,
)
from ambra_tui.store.models import Variant, WasteRecord


class Waste(InPeriod):
    """`group`: sums by reason, product or location instead of entries."""

    sku: str | None = None
    location: str | None = None
    reason: Literal["expired", "damaged", "production", "spoilage", "contamination", "other"] | None = None
    group: Literal["reason", "product", "location", "day", "week", "month"] | None = None


def waste(session: Session, asked: Waste) -> Found:
    """What was thrown away and why, newest first; or sums."""
    statement = (
        select(WasteRecord, Variant)
        .join(Variant, joined(session, Variant, col(WasteRecord.variant_id)))
        .where(
            own(session, WasteRecord), own(session, Variant), col(WasteRecord.status) == "recorded",
            *within(col(WasteRecord.recorded_at), asked, session),
        )
    )  # fmt: skip
    variant, site_id = variant_named(session, asked.sku), site_id_named(session, asked.location)
    wanted = asked_for(
        (WasteRecord.variant_id, variant and variant.id),
        (WasteRecord.site_id, site_id),
        (WasteRecord.reason, asked.reason),
    )
    statement = statement.where(*wanted)
    codes = site_codes(session)
    limit = 10_000 if asked.group else asked.rows
    page = list(session.exec(statement.order_by(col(WasteRecord.recorded_at).desc(), col(WasteRecord.id)).limit(limit)))
    if asked.group:
        sums: dict[str, list[Decimal]] = {}
        for record, item in page:
            sums.setdefault(_label(asked.group, record, item.sku, codes), []).append(record.quantity)
        return grouped(asked.group, sums, asked.rows)
    rows = [
        {
            "date": day(record.recorded_at), "sku": item.sku, "name": item.name, "location": codes[record.site_id],
            "quantity": number(record.quantity), "reason": record.reason, "notes": record.notes,
        }
        for record, item in page
    ]  # fmt: skip
    return Found(rows, counted(session, statement), {"quantity": total_of(rows, "quantity")})


def _label(group: str, record: WasteRecord, sku: str, codes: dict[str, str]) -> str:
    named = {"reason": record.reason, "product": sku, "location": codes[record.site_id]}
    return named.get(group) or _span(group, record.recorded_at)


def _span(group: str, moment: datetime) -> str:
    year, week, _ = moment.isocalendar()
    return {"month": moment.strftime("%Y-%m"), "week": f"{year}-W{week:02d}"}.get(group, moment.date().isoformat())


TOOLS = (
    Tool(
        "waste",
        "What was thrown away and why",
        Waste,
        waste,
        "/api/v1/waste_records",
        module="traceability",
        chart=("reason", "quantity"),
        resource="waste_records",
    ),
)
