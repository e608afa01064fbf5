"""Rows with good defaults. Every function writes through the session that it is given; stock comes from the ledger.

Example::

    house = write(factories.warehouse)
    milk = write(lambda s: factories.variant(s, sku="MILK-1L"))
    write(lambda s: factories.stock(s, milk, house.bin, 12))
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ambra_tui.kit.ids import new_id
from ambra_tui.store.models import (
    Location,
    Lot,
    Organization,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    SalesOrder,
    SalesOrderLine,
    Site,
    Supplier,
    User,
    Variant,
)
from ambra_tui.store.scope import Actor, now_of, organization_of

if TYPE_CHECKING:
    from sqlmodel import Session

    from ambra_tui.ledger import Posted
    from ambra_tui.store import Store

TESTER = Actor("usr_tester", "Tess Tester", station="test-1", role="admin", request_id="req-test")


def organization(store: Store, name: str = "Acme") -> int:
    """An organization with its virtual locations; returns its id."""
    from ambra_tui.ledger import make_virtual_locations

    def work(session: Session) -> int:
        row = Organization(name=name, created_at=now_of(session))
        session.add(row)
        session.flush()
        assert row.id is not None
        return row.id

    organization_id = store.writer.run(work, organization_id=None, actor=TESTER)
    store.writer.run(make_virtual_locations, organization_id=organization_id, actor=TESTER)
    return organization_id


def site(session: Session, *, code: str = "WH1", **values: Any) -> Site:
    """A warehouse."""
    return _add(session, Site(**_dated(session, "site"), code=code, **{"name": f"Site {code}", **values}))


def location(session: Session, site: Site, *, code: str = "A01-1", kind: str = "pick", **values: Any) -> Location:
    """A place inside `site`; quarantine and damaged places are held."""
    defaults: dict[str, Any] = {
        "barcode": f"{site.code}-{code}",
        "is_held": kind in ("quarantine", "damaged"),
        "site_id": site.id,
    }
    return _add(session, Location(**_dated(session, "loc"), code=code, kind=kind, **{**defaults, **values}))


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A site with one place of each kind that tests ask for most."""

    site: Site
    dock: Location
    bin: Location
    other_bin: Location
    reserve: Location
    stage: Location
    quarantine: Location


def warehouse(session: Session, code: str = "WH1") -> Warehouse:
    """A site with a dock RECV, pick bins A01-1 and A01-2, reserve R01-1, stage STAGE and quarantine QUAR."""
    home = site(session, code=code)
    return Warehouse(
        site=home,
        dock=location(session, home, code="RECV", kind="dock"),
        bin=location(session, home, code="A01-1", sequence=1),
        other_bin=location(session, home, code="A01-2", sequence=2),
        reserve=location(session, home, code="R01-1", kind="reserve", sequence=10),
        stage=location(session, home, code="STAGE", kind="stage"),
        quarantine=location(session, home, code="QUAR", kind="quarantine"),
    )


def variant(session: Session, *, sku: str = "MILK-1L", **values: Any) -> Variant:
    """A product with this one variant."""
    name = values.pop("name", f"Product {sku}")
    product = _add(session, Product(**_dated(session, "prod"), name=name))
    return _add(session, Variant(**_dated(session, "var"), product_id=product.id, sku=sku, name=name, **values))


def lot(session: Session, variant: Variant, *, number: str = "LOT-1", expiry: date | None = None, **values: Any) -> Lot:
    """A lot of `variant`."""
    row = Lot(**_dated(session, "lot"), variant_id=variant.id, lot_number=number, expiry_date=expiry, **values)
    return _add(session, row)


def supplier(session: Session, *, name: str = "Dairy Ltd", **values: Any) -> Supplier:
    """A vendor."""
    return _add(session, Supplier(**_dated(session, "sup"), name=name, **values))


def user(session: Session, *, name: str = "Olga Operator", role: str = "operator", **values: Any) -> User:
    """A person; the badge is no real digest, so nobody signs in as this one."""
    defaults = {"badge_digest": new_id("badge")}
    return _add(session, User(**_dated(session, "usr"), name=name, role=role, **{**defaults, **values}))


def purchase_order(
    session: Session, site: Site, *lines: tuple[Variant, int], number: str = "PO-1", **values: Any
) -> PurchaseOrder:
    """An order of (variant, quantity) lines from a new supplier."""
    vendor = supplier(session)
    order = _add(
        session,
        PurchaseOrder(**_dated(session, "po"), number=number, supplier_id=vendor.id, site_id=site.id, **values),
    )
    for position, (ordered, quantity) in enumerate(lines, start=1):
        _add(
            session,
            PurchaseOrderLine(
                organization_id=organization_of(session),
                id=new_id("pol"),
                purchase_order_id=order.id,
                position=position,
                variant_id=ordered.id,
                quantity=Decimal(quantity),
            ),
        )
    return order


def sales_order(
    session: Session, site: Site, *lines: tuple[Variant, int], number: str = "SO-1", **values: Any
) -> SalesOrder:
    """A confirmed order of (variant, quantity) lines; nothing is reserved."""
    from ambra_tui.services.analytics.facts import record_order

    order = _add(session, SalesOrder(**_dated(session, "so"), number=number, site_id=site.id, **values))
    for position, (ordered, quantity) in enumerate(lines, start=1):
        _add(
            session,
            SalesOrderLine(
                organization_id=organization_of(session),
                id=new_id("sol"),
                sales_order_id=order.id,
                position=position,
                variant_id=ordered.id,
                quantity=Decimal(quantity),
            ),
        )
    record_order(session, order.id)
    return order


def stock(
    session: Session,
    variant: Variant,
    location: Location,
    quantity: Decimal | int,
    *,
    lot: Lot | None = None,
    **values: Any,
) -> Posted:
    """An opening balance of `variant` at `location`."""
    from ambra_tui.ledger import INVENTORY_LOSS, Posting, post
    from ambra_tui.store.models import MoveKind

    posting = Posting(
        variant_id=variant.id,
        source_id=INVENTORY_LOSS,
        destination_id=location.id,
        quantity=Decimal(quantity),
        kind=MoveKind.OPENING_BALANCE,
        lot_id=lot.id if lot else "",
        **{"idempotency_key": new_id("key"), **values},
    )
    return post(session, [posting])[0]


def _dated(session: Session, prefix: str) -> dict[str, Any]:
    now = now_of(session)
    return {"organization_id": organization_of(session), "id": new_id(prefix), "created_at": now, "updated_at": now}


def _add(session: Session, row: Any) -> Any:
    """Insert at once, so that the ledger's driver-level statements find the row."""
    session.add(row)
    session.flush()
    return row
