"""What nobody looked after in a sample: so that its insights have something to tell.

Two items were not ordered again and sell out; the order of a third is late; two lie there for more than a year.

Example::

    neglect(session)
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sqlmodel import Session

from ambra_tui.kit.money import COST_SCALE
from ambra_tui.ledger import INVENTORY_LOSS, MoveKind, Posting, post
from ambra_tui.services import catalog, places, purchasing, suppliers
from ambra_tui.store.models import Variant
from ambra_tui.store.scope import now_of

FORGOTTEN = frozenset({"HEX-M6X60", "SCREW-4.5X30", "HEX-M8X25"})
FORGOTTEN_DAYS = 42  # longer than the shelf lasts
LATE = ("HEX-M8X25", 1120)
LATE_DAYS = 4
DEAD = (("CABLE-5M", "G06-1", 36), ("BOOT-44", "G06-2", 5))
DEAD_DAYS = 400


def is_forgotten(sku: str, *, days_ago: int) -> bool:
    """Nobody orders the item any more, so many days before today."""
    return sku in FORGOTTEN and days_ago <= FORGOTTEN_DAYS


def neglect(session: Session) -> None:
    """The late order, and what lies there since last year."""
    today, site = now_of(session).date(), places.site_by_code(session, "WH1")
    supplier = suppliers.find_supplier(session, "STEEL")
    sku, quantity = LATE
    if supplier is not None:
        late = catalog.variant_by_sku(session, sku)
        purchasing.create_purchase_order(
            session, supplier_id=supplier.id, site_id=site.id, number="PO-1006",
            lines=[purchasing.NewPurchaseLine(late.id, Decimal(quantity), unit_cost=_cost(late))],
            expected_on=today - timedelta(days=LATE_DAYS),
        )  # fmt: skip
    post(session, [_dead(session, site.id, *each) for each in DEAD])


def _dead(session: Session, site_id: str, sku: str, code: str, quantity: int) -> Posting:
    variant, location = catalog.variant_by_sku(session, sku), places.find_location(session, code, site_id=site_id)
    assert location is not None
    return Posting(
        variant_id=variant.id,
        source_id=INVENTORY_LOSS,
        destination_id=location.id,
        quantity=Decimal(quantity),
        kind=MoveKind.OPENING_BALANCE,
        idempotency_key=f"sample:neglect:{sku}",
        reason="opening balance",
        unit_cost=_cost(variant),
        occurred_at=now_of(session) - timedelta(days=DEAD_DAYS),
    )


def _cost(variant: Variant) -> int | None:
    return None if variant.cost_minor is None else variant.cost_minor * COST_SCALE
