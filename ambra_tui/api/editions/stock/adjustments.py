"""Adjustments: levels set to what was counted; rows that cannot be set are told, the others are done.

Example::

    POST /api/inventory/adjustments
    {"adjustments": [{"product_id": "prod_123", "warehouse_id": "wh_789", "actual_quantity": 195, "reason": "Count"}]}
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import Field
from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue
from ambra_tui.api.editions._products import chosen_variant
from ambra_tui.api.editions._sites import all_failed, own_site, quantity_changed, tried
from ambra_tui.api.editions.stock.views import AdjustedView, CountedView
from ambra_tui.api.failures import Failure
from ambra_tui.api.fields import Body, Identifier, Line, NotNegativeQuantity, Rows
from ambra_tui.errors import Invalid
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import ZERO, to_json
from ambra_tui.services.site_counts import Counted, SetOnHand, on_hand_of, set_on_hand

catalogue = Catalogue("Adjustments")
MAX_ADJUSTMENTS = 500


class NewCount(Body):
    """`actual_quantity`: what is there. `expected_quantity`: refuse when the level is another by now."""

    product_id: Identifier
    warehouse_id: Identifier
    actual_quantity: NotNegativeQuantity
    reason: Line
    expected_quantity: NotNegativeQuantity | None = None
    sku: Identifier | None = None
    variant_id: Identifier | None = None


class NewCounts(Body):
    """One row for each product and warehouse that was counted."""

    adjustments: Annotated[list[NewCount], Rows, Field(min_length=1)]


@catalogue.write(
    "POST", "/adjustments", NewCounts, scope="inventory:write", operation_id="adjustInventory",
    summary="Set levels to what was counted", shape=AdjustedView, status=201,
    example={"adjustments": [
        {"product_id": "prod_123", "warehouse_id": "wh_789", "actual_quantity": 195,
         "reason": "Physical count adjustment"},
        {"product_id": "prod_124", "warehouse_id": "wh_789", "actual_quantity": 85,
         "reason": "Damaged goods removal"},
    ]},
)  # fmt: skip
def adjust_inventory(session: Session, call: Call, body: NewCounts) -> Answer:
    """Posts what can be posted. Raises Refused when that is nothing."""
    if len(body.adjustments) > MAX_ADJUSTMENTS:
        raise Invalid(f"at most {MAX_ADJUSTMENTS} adjustments go into one request", field="adjustments")
    done: list[SetOnHand] = []
    failures: list[tuple[int, Failure]] = []
    for index, row in enumerate(body.adjustments):
        made = tried(partial(_set, session, row, call.key(str(index))))
        if isinstance(made, Failure):
            failures.append((index, made))
        else:
            done.append(made)
    if not done:
        raise all_failed(failures, "adjustments")
    return Answer({"data": {
        "adjustments_processed": len(done),
        "total_adjustments": len(body.adjustments),
        "adjustments": [_view(made) for made in done],
        "errors": [
            {"index": index, "code": failure.code, "message": failure.message} for index, failure in failures
        ],
    }})  # fmt: skip


def _set(session: Session, row: NewCount, key: str) -> SetOnHand:
    site = own_site(session, row.warehouse_id)
    variant = chosen_variant(session, row.product_id, row.variant_id, row.sku)
    count = Counted(variant, site, row.actual_quantity, row.reason)
    before = on_hand_of(session, [count.key])
    present = before.get(count.key, ZERO)
    if row.expected_quantity is not None and row.expected_quantity != present:
        raise quantity_changed(variant.sku, present)
    return set_on_hand(session, [count], idempotency_key=key, before=before)[0]


def _view(made: SetOnHand) -> CountedView:
    count = made.counted
    return {
        "id": made.id,
        "product_id": count.variant.product_id,
        "warehouse_id": count.site.id,
        "quantity_before": to_json(made.before),
        "quantity_after": to_json(count.quantity),
        "adjustment": to_json(made.delta),
        "reason": count.reason,
        "created_at": to_iso(made.posted_at),
        "variant_id": count.variant.id,
        "sku": count.variant.sku,
    }
