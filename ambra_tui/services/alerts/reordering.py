"""What falls below its threshold is ordered: a draft to the variant's first supplier, for a person to send.

How much is the policies' own rule (`policies.suggested_quantity`): the reorder quantity or what lacks to the threshold,
in whole packs, nothing while open purchase orders, drafts included, cover what lacks.

Example::

    reorder(session, milk.id, wh1.id)      # the draft purchase order, or None
"""

from __future__ import annotations

from decimal import Decimal

from sqlmodel import Session, col, select

from ambra_tui.kit.ids import new_id
from ambra_tui.kit.money import COST_SCALE
from ambra_tui.kit.quantity import show
from ambra_tui.services import policies, purchasing
from ambra_tui.services.documents import own_currency
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Discrepancy, PurchaseOrder, Site, SiteStock, StockAlert, Supplier, Variant
from ambra_tui.store.models import VariantSupplier as Brought
from ambra_tui.store.models.alerts import EVERY_SITE
from ambra_tui.store.scope import actor_of, fetch, is_alone, lock_row, now_of, organization_of, scoped

NO_SUPPLIER = "no_supplier"
DOCUMENT = "stock_alert"
DRAFTED = ("draft", *policies.OPEN_PURCHASES)
"""Purchase orders that are still to bring something, those that nobody has sent yet included."""


def lock_totals(session: Session, variant_id: str) -> None:
    """Nobody changes the variant's totals until the transaction ends."""
    if not is_alone(session):
        statement = scoped(session, SiteStock).where(SiteStock.variant_id == variant_id)
        ordered = statement.order_by(col(SiteStock.variant_id), col(SiteStock.site_id))
        session.exec(ordered.with_for_update().execution_options(populate_existing=True)).all()


def reorder(session: Session, variant_id: str, site_id: str) -> PurchaseOrder | None:
    """Drafts a purchase order when an alert asks for it, the total is below its threshold, and what is on order does
    not cover it. Without a supplier an open exception tells so instead."""
    alert = alert_for(session, variant_id, site_id)
    if alert is None or not alert.is_reordering:
        return None
    if not is_alone(session):  # two servers at once: the second one sees the first one's draft
        alert = lock_row(session, StockAlert, alert.id, resource="alert")
    quantity = _wanted(session, variant_id, site_id)
    site = fetch(session, Site, site_id, resource="location")
    if quantity <= 0 or site.is_read_only or site.status != "active":
        return None
    variant = fetch(session, Variant, variant_id, resource="variant")
    supplier = first_supplier(session, variant_id)
    if supplier is None:
        _ask_for_supplier(session, alert, site, quantity)
        return None
    return _draft(session, alert, site, variant, supplier, quantity)


def alert_for(session: Session, variant_id: str, site_id: str) -> StockAlert | None:
    """The alert that holds for a variant in a site: the site's own, else the one of every site."""
    statement = (
        scoped(session, StockAlert)
        .where(StockAlert.variant_id == variant_id, col(StockAlert.site_id).in_((site_id, EVERY_SITE)))
        .order_by(col(StockAlert.site_id).desc())
    )
    return session.exec(statement).first()


def first_supplier(session: Session, variant_id: str) -> Supplier | None:
    """Who is asked first for a variant, of those that are in use."""
    organization_id = organization_of(session)
    statement = (
        select(Supplier)
        .join(
            Brought,
            (col(Brought.organization_id) == organization_id) & (col(Brought.supplier_id) == col(Supplier.id)),
        )
        .where(
            Supplier.organization_id == organization_id, Brought.organization_id == organization_id,
            Brought.variant_id == variant_id, Supplier.status == "active",
        )
        .order_by(col(Brought.position))
    )  # fmt: skip
    return session.exec(statement).first()


def _wanted(session: Session, variant_id: str, site_id: str) -> Decimal:
    """How much to order now."""
    total = session.exec(
        scoped(session, SiteStock)
        .where(SiteStock.variant_id == variant_id, SiteStock.site_id == site_id)
        .execution_options(populate_existing=True)
    ).first()
    if total is None:
        return Decimal(0)
    coming = policies.on_order(session, [variant_id], states=DRAFTED).get((variant_id, site_id), Decimal(0))
    return policies.suggested_quantity(
        policies.policy_for(session, variant_id, site_id),
        available=total.on_hand - total.reserved - total.held, on_order=coming,
    )  # fmt: skip


def _draft(
    session: Session, alert: StockAlert, site: Site, variant: Variant, supplier: Supplier, quantity: Decimal
) -> PurchaseOrder:
    cost = None if variant.cost_minor is None else variant.cost_minor * COST_SCALE
    order = purchasing.create_purchase_order(
        session, supplier_id=supplier.id, site_id=site.id, is_draft=True, currency=own_currency(session),
        lines=[purchasing.NewPurchaseLine(variant.id, quantity, unit_cost=cost)],
        notes=f"Automatic reorder: {variant.sku} at {site.code} is below its threshold",
    )  # fmt: skip
    alert.last_order_id = order.id
    session.add(alert)
    session.flush()
    publish(session, "stock_reordered", variant.id, {"site_id": site.id, "purchase_order_id": order.id})
    audit(session, "stock_reordered", alert.id, sku=variant.sku, number=order.number, quantity=show(quantity))
    return order


def _ask_for_supplier(session: Session, alert: StockAlert, site: Site, quantity: Decimal) -> None:
    """One open exception for a variant in a site, until a person closes it."""
    known = scoped(session, Discrepancy).where(
        Discrepancy.kind == NO_SUPPLIER, Discrepancy.status == "open", Discrepancy.site_id == site.id,
        Discrepancy.variant_id == alert.variant_id,
    )  # fmt: skip
    if session.exec(known).first() is not None:
        return
    session.add(
        Discrepancy(
            organization_id=organization_of(session), id=new_id("dis"), kind=NO_SUPPLIER, site_id=site.id,
            variant_id=alert.variant_id, document_kind=DOCUMENT, document_id=alert.id, quantity=quantity,
            reason="Low stock, and no supplier to order from", actor_id=actor_of(session).id,
            created_at=now_of(session),
        )
    )  # fmt: skip
    session.flush()
