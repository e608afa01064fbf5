"""What a marketplace says it holds: the one call that changes a marketplace's warehouse.

Example::

    POST /sku/api/inventory/warehouses/wh_01HY.../sync
    {"levels": [{"sku": "SKU-001", "quantity": 137}, {"sku": "SKU-002", "quantity": 0}]}
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import Field
from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue
from ambra_tui.api.editions._sites import all_failed, tried
from ambra_tui.api.editions.sku.bulk import BulkOptions
from ambra_tui.api.editions.sku.setting import no_record
from ambra_tui.api.editions.sku.views import SyncView
from ambra_tui.api.failures import Failure, Refused
from ambra_tui.api.fields import Blank, Body, Identifier, Quantity, Rows
from ambra_tui.errors import Invalid
from ambra_tui.kit.quantity import ZERO, to_json
from ambra_tui.services.catalog import variants_by_sku
from ambra_tui.services.marketplaces import marketplace_site, set_marketplace, sync_stock
from ambra_tui.store.models import Site, Variant
from ambra_tui.store.scope import fetch

catalogue = Catalogue("Warehouses")
MAX_LEVELS = 500


class Level(Body):
    """What the marketplace holds of one SKU."""

    sku: Identifier
    quantity: Quantity


class Levels(Body):
    """At most 500. `marketplace`: whose warehouse it is, when that is to be noted, such as ``amazon_eu``."""

    levels: Annotated[list[Level], Rows, Field(min_length=1)]
    marketplace: Blank = ""


@catalogue.write(
    "POST", "/warehouses/{id}/sync", Levels, scope="marketplaces:write", operation_id="syncWarehouse",
    options=BulkOptions, summary="Set a marketplace's warehouse to what the marketplace tells", shape=SyncView,
    example={"levels": [{"sku": "SKU-001", "quantity": 137}, {"sku": "SKU-002", "quantity": 0}]},
)  # fmt: skip
def sync(session: Session, call: Call, body: Levels) -> Answer:
    """Sets what is known; SKUs that nobody knows are told row by row, and those that are not named stay. Raises
    Refused when all or nothing is asked and one cannot be set."""
    if len(body.levels) > MAX_LEVELS:
        raise Invalid(f"at most {MAX_LEVELS} levels go into one request", field="levels")
    site = marketplace_site(session, fetch(session, Site, call.path["id"], resource="warehouse"))
    if body.marketplace:
        set_marketplace(session, site, body.marketplace)
    variants = variants_by_sku(session, [level.sku for level in body.levels])
    seen: set[str] = set()
    known, failures = [], []
    for index, level in enumerate(body.levels):
        found = tried(partial(_known, variants, level, seen))
        if isinstance(found, Failure):
            failures.append((index, found))
        else:
            known.append((found, level.quantity))
    if failures and call.options.atomic:
        raise all_failed(failures, "levels")
    done = sync_stock(session, site, known, idempotency_key=call.key("sync"))
    changed = [made for made in done if made.delta]
    return Answer(
        {
            "data": [
                {
                    "sku": made.counted.variant.sku,
                    "before_quantity": to_json(made.before),
                    "after_quantity": to_json(made.counted.quantity),
                    "delta": to_json(made.delta),
                }
                for made in changed
            ],
            "meta": {
                "total": len(body.levels),
                "updated": len(changed),
                "unchanged": len(done) - len(changed),
                "failed": len(failures),
            },
            "errors": [
                {"index": index, "sku": body.levels[index].sku, "code": failure.code, "message": failure.message}
                for index, failure in failures
            ],
        }
    )


def _known(variants: dict[str, Variant], level: Level, seen: set[str]) -> Variant:
    """The variant of a level. Raises Refused for one below zero, NotFound, Invalid for a SKU that is named twice."""
    if level.quantity < ZERO:
        message = f"{level.sku} cannot be {level.quantity:f}: a quantity is 0 or more"
        raise Refused(Failure(422, "NEGATIVE_QUANTITY", message))
    if level.sku not in variants:
        raise no_record(level.sku)
    if level.sku in seen:
        raise Invalid(f"{level.sku} is named twice", field="sku")
    seen.add(level.sku)
    return variants[level.sku]
