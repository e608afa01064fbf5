"""The adjustment history of a SKU.

Example::

    GET /api/inventory/SKU-001/adjustments?start_date=2026-03-01&reason=supplier_receipt
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlmodel import Session

from ambra_tui.api.cursors import make_cursor, read_cursor
from ambra_tui.api.edition import Answer, Call, Catalogue
from ambra_tui.api.editions.sku.inventory import Cursored, next_page
from ambra_tui.api.editions.sku.setting import known_variant, no_record
from ambra_tui.api.editions.sku.views import AdjustmentsView, AdjustmentView
from ambra_tui.api.fields import FromMoment, Identifier, Line, UntilMoment
from ambra_tui.kit.quantity import to_json
from ambra_tui.services.site_activity import AdjustmentRow, actor_names, adjustments_of
from ambra_tui.services.site_levels import sku_row_in

catalogue = Catalogue("Adjustments")


class AdjustmentQuery(Cursored):
    """Filters of adjustments; both dates belong to the period."""

    start_date: FromMoment | None = None
    end_date: UntilMoment | None = None
    warehouse_id: Identifier | None = None
    reason: Line | None = None


@catalogue.read(
    "/{sku:path}/adjustments", AdjustmentQuery, scope="inventory:read", operation_id="listAdjustmentsOfSku",
    is_long=True, summary="Adjustment history of a SKU, newest first", shape=AdjustmentsView,
)  # fmt: skip
def list_adjustments(session: Session, call: Call, query: AdjustmentQuery) -> Answer:
    """A page; the cursor is good for the same filters only."""
    sku = call.path["sku"]
    variant = known_variant(session, sku)
    if sku_row_in(session, sku) is None:
        raise no_record(sku)
    filters = {
        "site_id": query.warehouse_id, "reason": query.reason, "since": query.start_date, "until": query.end_date,
    }  # fmt: skip
    listing = f"adjustments:{call.principal.organization_id}:{variant.id}:{filters}"
    before = int(read_cursor(call.store, listing, query.cursor)) if query.cursor else None
    rows, total = adjustments_of(session, variant.id, filters, before=before, limit=query.limit + 1)
    shown = rows[: query.limit]
    cursor = make_cursor(call.store, listing, str(shown[-1].sequence)) if len(rows) > query.limit else None
    actors = actor_names(session, {row.actor_id for row in shown})
    asked = query.model_dump(mode="json", exclude_none=True, exclude={"cursor"})
    return Answer(
        {
            "data": [_adjustment(row, sku, actors.get(row.actor_id, row.actor_id)) for row in shown],
            "meta": {"total": total, "limit": query.limit, "nextCursor": cursor},
        },
        headers=next_page(call, f"/{sku}/adjustments", asked, cursor, total),
    )


def _milliseconds(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _adjustment(row: AdjustmentRow, sku: str, actor: str) -> AdjustmentView:
    return {
        "id": row.id,
        "sku": sku,
        "warehouse_id": row.site_id,
        "before_quantity": to_json(row.before),
        "after_quantity": to_json(row.after),
        "delta": to_json(row.after - row.before),
        "reason": row.reason or None,
        "note": row.note or None,
        "created_by": actor,
        "created_at": _milliseconds(row.posted_at),
    }
