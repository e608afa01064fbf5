"""Setting what a warehouse holds of a SKU: what one request or one row of a bulk request asks for.

Example::

    made = set_levels(session, [wanted(session, "SKU-001", change)], call.key("set"))
"""

from __future__ import annotations

from decimal import Decimal

from sqlmodel import Session

from ambra_tui.api.editions._sites import own_site, quantity_changed
from ambra_tui.api.failures import Failure, Refused
from ambra_tui.api.fields import Blank, Body, Identifier, Note, NotNegativeQuantity, Quantity
from ambra_tui.errors import NotFound
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.catalog import variants_by_sku
from ambra_tui.services.site_counts import Counted, Key
from ambra_tui.store.models import Variant

COUNT = "cycle_count"


class Change(Body):
    """`quantity`: what is on hand from now on. `expected_quantity`: refuse when the present one is another."""

    warehouse_id: Identifier
    quantity: Quantity
    reason: Blank = ""
    note: Note = ""
    expected_quantity: NotNegativeQuantity | None = None


def no_record(sku: str) -> NotFound:
    """There is no stock record of this SKU, or no such SKU."""
    return NotFound("inventory", sku, field="sku")


def known_variant(session: Session, sku: str) -> Variant:
    """The variant with exactly this SKU. Raises NotFound."""
    found = variants_by_sku(session, [sku]).get(sku)
    if found is None:
        raise no_record(sku)
    return found


def wanted(session: Session, variant: Variant | None, sku: str, change: Change) -> Counted:
    """What a change asks for. Raises Refused: 422 below zero, 403 read-only; NotFound."""
    if change.quantity < ZERO:
        message = f"{sku} cannot be set to {change.quantity:f}: a quantity is 0 or more"
        raise Refused(Failure(422, "NEGATIVE_QUANTITY", message, ({"field": "quantity", "message": message},)))
    if variant is None:
        raise no_record(sku)
    site = own_site(session, change.warehouse_id)
    return Counted(variant, site, change.quantity, change.reason, change.note, is_count=change.reason == COUNT)


def check_expected(change: Change, count: Counted, present: dict[Key, Decimal]) -> None:
    """Raises Refused when the caller took another quantity for the present one."""
    quantity = present.get(count.key, ZERO)
    if change.expected_quantity is not None and change.expected_quantity != quantity:
        raise quantity_changed(count.variant.sku, quantity)
