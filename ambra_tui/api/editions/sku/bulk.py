"""Levels of many SKUs in one request; what cannot be set is told row by row, or nothing is set.

Example::

    POST /api/inventory/bulk?atomic=true
    {"updates": [{"sku": "SKU-001", "warehouse_id": "wh_01HX...", "quantity": 500, "reason": "cycle_count"}]}
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue
from ambra_tui.api.editions._sites import all_failed, tried
from ambra_tui.api.editions.sku.setting import Change, check_expected, wanted
from ambra_tui.api.editions.sku.views import BulkView, sku_view
from ambra_tui.api.failures import Failure
from ambra_tui.api.fields import Body, Flag, Identifier, Rows
from ambra_tui.errors import Invalid
from ambra_tui.services.catalog import variants_by_sku
from ambra_tui.services.site_counts import Counted, Key, on_hand_of, set_on_hand
from ambra_tui.services.site_levels import sku_rows_in
from ambra_tui.store.models import Variant

catalogue = Catalogue("Inventory")
MAX_UPDATES = 500
Refusals = list[tuple[int, Failure]]


class Update(Change):
    """One SKU in one warehouse."""

    sku: Identifier


class Updates(Body):
    """At most 500."""

    updates: Annotated[list[Update], Rows, Field(min_length=1)]


class BulkOptions(BaseModel):
    """`atomic`: all or nothing."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    atomic: Flag = False


@catalogue.write(
    "POST", "/bulk", Updates, scope="inventory:write", operation_id="setInventoryInBulk", options=BulkOptions,
    summary="Set the stock levels of up to 500 SKUs", shape=BulkView,
    example={"updates": [
        {"sku": "SKU-001", "warehouse_id": "wh_01HX", "quantity": 500, "reason": "supplier_receipt"},
        {"sku": "SKU-002", "warehouse_id": "wh_01HX", "quantity": 200, "reason": "cycle_count"},
    ]},
)  # fmt: skip
def set_in_bulk(session: Session, call: Call, body: Updates) -> Answer:
    """Sets what can be set, in the order of the rows. Raises Refused when all or nothing is asked and one cannot."""
    if len(body.updates) > MAX_UPDATES:
        raise Invalid(f"at most {MAX_UPDATES} updates go into one request", field="updates")
    variants = variants_by_sku(session, [update.sku for update in body.updates])
    good, failures = _read(session, body.updates, variants)
    good, present = _expected(session, body.updates, good, failures)
    if failures and call.options.atomic:
        raise all_failed(sorted(failures, key=lambda failure: failure[0]), "updates")
    _post(session, call, good, present, failures)
    updated = list(dict.fromkeys(count.variant.id for count in good.values()))
    return Answer(
        {
            "data": [sku_view(row) for row in sku_rows_in(session, updated)],
            "meta": {"total": len(body.updates), "updated": len(good), "failed": len(failures)},
            "errors": [
                {"index": index, "sku": body.updates[index].sku, "code": failure.code, "message": failure.message}
                for index, failure in sorted(failures, key=lambda failure: failure[0])
            ],
        }
    )


def _read(session: Session, updates: list[Update], variants: dict[str, Variant]) -> tuple[dict[int, Counted], Refusals]:
    good: dict[int, Counted] = {}
    failures: Refusals = []
    for index, update in enumerate(updates):
        found = tried(partial(wanted, session, variants.get(update.sku), update.sku, update))
        if isinstance(found, Failure):
            failures.append((index, found))
        else:
            good[index] = found
    return good, failures


def _expected(
    session: Session, updates: list[Update], good: dict[int, Counted], failures: Refusals
) -> tuple[dict[int, Counted], dict[Key, Decimal]]:
    """Those whose `expected_quantity` is right, earlier rows of the same level counted in; and what is there now."""
    present = on_hand_of(session, [count.key for count in good.values()])
    running = dict(present)
    kept: dict[int, Counted] = {}
    for index, count in good.items():
        found = tried(partial(check_expected, updates[index], count, running))
        if isinstance(found, Failure):
            failures.append((index, found))
        else:
            kept[index] = count
            running[count.key] = count.quantity
    return kept, present


def _post(
    session: Session, call: Call, good: dict[int, Counted], present: dict[Key, Decimal], failures: Refusals
) -> None:
    """Posts all at once; when the ledger refuses that, row by row, moving the refused ones to `failures`."""
    done = tried(lambda: set_on_hand(session, list(good.values()), idempotency_key=call.key("bulk"), before=present))
    if not isinstance(done, Failure):
        return
    if call.options.atomic:
        raise all_failed([(next(iter(good)), done)], "updates")
    for index, count in list(good.items()):
        one = tried(partial(set_on_hand, session, [count], idempotency_key=call.key(f"row{index}")))
        if isinstance(one, Failure):
            failures.append((index, one))
            del good[index]
