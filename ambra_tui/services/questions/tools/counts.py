"""Cycle counts: how far they are, and what they found to differ from the book."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from sqlalchemy import func
from sqlmodel import Session, col, select

from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.questions.tool import Found, InPeriod, Tool, number
from ambra_tui.services.questions.tools._documents import in_state
from ambra_tui.services.questions.tools._shared import (
    asked_for,
    counted,
    day,
    joined,
    own,
    place_named,
    site_codes,
    site_id_named,
    total_of,
    variant_named,
    within,
)
from ambra_tui.store.models import CycleCount, CycleCountLine, Location, Variant

_OPEN = ("draft", "in_progress")


class Counts(InPeriod):
    """`count`: one count's number."""

    statuses: ClassVar[tuple[str, ...]] = ("draft", "in_progress", "completed", "cancelled", "open")
    status: Literal["draft", "in_progress", "completed", "cancelled", "open"] | None = None
    location: str | None = None
    count: str | None = None


class Variance(InPeriod):
    """Of completed and running counts."""

    sku: str | None = None
    location: str | None = None
    count: str | None = None


def cycle_counts(session: Session, asked: Counts) -> Found:
    """Cycle counts, newest first."""
    statement = select(CycleCount).where(own(session, CycleCount), *within(col(CycleCount.created_at), asked, session))
    if asked.count:
        statement = statement.where(col(CycleCount.number) == asked.count)
    statement = statement.where(
        *in_state(CycleCount.status, asked.status, _OPEN),
        *asked_for((CycleCount.site_id, site_id_named(session, asked.location))),
    )
    codes = site_codes(session)
    page = list(session.exec(statement.order_by(col(CycleCount.id).desc()).limit(asked.rows)))
    progress = _progress(session, [row.id for row in page])
    rows = [
        {
            "count": row.number, "status": row.status, "location": codes[row.site_id], "method": row.method,
            "lines": progress[row.id][0], "counted": progress[row.id][1],
            "created": day(row.created_at), "completed": day(row.completed_at),
        }
        for row in page
    ]  # fmt: skip
    return Found(rows, counted(session, statement))


def _progress(session: Session, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Each count's id -> how many lines it has, and how many of them are counted."""
    if not ids:
        return {}
    statement = (
        select(CycleCountLine.cycle_count_id, func.count(), func.count(col(CycleCountLine.counted)))
        .where(own(session, CycleCountLine), col(CycleCountLine.cycle_count_id).in_(list(ids)))
        .group_by(col(CycleCountLine.cycle_count_id))
    )
    found = {row[0]: (row[1], row[2]) for row in session.connection().execute(statement)}
    return {key: found.get(key, (0, 0)) for key in ids}


def count_variance(session: Session, asked: Variance) -> Found:
    """Lines of counts that differ from the book, the largest difference first."""
    statement = (
        select(CycleCountLine, CycleCount, Variant, Location)
        .join(CycleCount, joined(session, CycleCount, col(CycleCountLine.cycle_count_id)))
        .join(Variant, joined(session, Variant, col(CycleCountLine.variant_id)))
        .join(Location, joined(session, Location, col(CycleCountLine.location_id)))
        .where(
            own(session, CycleCountLine), own(session, CycleCount), own(session, Variant), own(session, Location),
            col(CycleCountLine.variance).is_not(None), col(CycleCountLine.variance) != ZERO,
            col(CycleCount.status) != "cancelled", *within(col(CycleCountLine.counted_at), asked, session),
        )
    )  # fmt: skip
    variant = variant_named(session, asked.sku)
    site, location = place_named(session, asked.location)
    wanted = asked_for(
        (CycleCountLine.variant_id, variant and variant.id),
        (CycleCount.site_id, site and site.id),
        (CycleCountLine.location_id, location and location.id),
    )
    statement = statement.where(*wanted)
    if asked.count:
        statement = statement.where(col(CycleCount.number) == asked.count)
    codes = site_codes(session)
    order = (func.abs(col(CycleCountLine.variance)).desc(), col(CycleCountLine.id))
    rows = [
        {
            "count": count.number, "sku": item.sku, "name": item.name, "location": codes[count.site_id],
            "bin": place.code, "counted": number(line.counted), "variance": number(line.variance),
            "status": count.status, "date": day(line.counted_at),
        }
        for line, count, item, place in session.exec(statement.order_by(*order).limit(asked.rows))
    ]  # fmt: skip
    return Found(rows, counted(session, statement), {"variance": total_of(rows, "variance")})


TOOLS = (
    Tool(
        "cycle_counts",
        "Cycle counts and how far they are",
        Counts,
        cycle_counts,
        "/api/v1/cycle_counts",
        resource="cycle_counts",
    ),
    Tool(
        "count_variance",
        "What counts found to differ from the book",
        Variance,
        count_variance,
        "/api/v1/cycle_counts/:id",
        chart=("sku", "variance"),
        resource="cycle_counts",
    ),
)
