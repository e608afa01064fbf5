"""Alerts as they are set and listed; threshold and quantity are kept in the inventory policies, where every edition,
report and forecast reads them.

Example::

    set_alert(session, variant=milk, threshold=Decimal(24))      # in every site whose policy says nothing else
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func
from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import Duplicate, Invalid
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services import policies
from ambra_tui.services.alerts.reordering import lock_totals, reorder
from ambra_tui.services.customers.terms import clean_email
from ambra_tui.services.policies import Policy
from ambra_tui.services.rows import add_unique
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import OutboxEvent, SiteStock, StockAlert, Variant, Webhook
from ambra_tui.store.models.alerts import EVERY_SITE
from ambra_tui.store.scope import is_alone, lock_row, now_of, organization_of, scoped

MAX_NOTIFIED = 20
WEBHOOK = "whk_"


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert, the policy that holds where it does, and its variant."""

    alert: StockAlert
    variant: Variant
    policy: Policy


def set_alert(
    session: Session,
    *,
    variant: Variant,
    threshold: Decimal,
    site_id: str = EVERY_SITE,
    is_reordering: bool = False,
    reorder_quantity: Decimal | None = None,
    notify: Sequence[str] = (),
) -> AlertRow:
    """The alert of a variant in a site, or in every site that has none of its own; set again it is changed.

    `threshold` becomes the reorder point, `reorder_quantity` the policy's (None leaves it). What is below already is
    reordered at once. `notify`: e-mail addresses and ids of webhooks, told with the events. Raises Invalid, NotFound,
    ReadOnlySite.
    """
    if is_reordering and site_id != EVERY_SITE:
        ledger.refuse_read_only(session, site_id)
    notified = _notified(session, notify)
    alert = _alert(session, variant, site_id)
    lock_totals(session, variant.id)
    _write_policy(session, variant.id, site_id, threshold, reorder_quantity)
    alert.is_reordering, alert.notify, alert.updated_at = is_reordering, notified, now_of(session)
    alert.after_event = _last_event(session)
    session.add(alert)
    session.flush()
    publish(session, "stock_alert_set", variant.id, {"alert_id": alert.id, "site_id": site_id})
    audit(
        session, "stock_alert_set", alert.id, sku=variant.sku, threshold=str(threshold), reorders=is_reordering
    )  # fmt: skip
    if is_reordering:
        for place in [site_id] if site_id != EVERY_SITE else _sites_of(session, variant.id):
            reorder(session, variant.id, place)
    return AlertRow(alert, variant, policies.policy_for(session, variant.id, site_id))


def alerts_of(session: Session, product_id: str) -> list[AlertRow]:
    """The alerts of a product's variants, in their order, those of every site first."""
    variants = session.exec(
        scoped(session, Variant)
        .where(Variant.product_id == product_id)
        .order_by(col(Variant.position), col(Variant.id))
    ).all()
    return alerts_of_variants(session, variants)


def alerts_of_variants(session: Session, variants: Sequence[Variant]) -> list[AlertRow]:
    """The alerts of these variants."""
    ids = [variant.id for variant in variants]
    statement = (
        scoped(session, StockAlert)
        .where(col(StockAlert.variant_id).in_(ids))
        .order_by(col(StockAlert.site_id), col(StockAlert.id))
    )
    found = session.exec(statement).all()
    known = policies.read_policies(session, ids) if found else None
    return [
        AlertRow(alert, variant, known.of(variant.id, alert.site_id))
        for variant in variants
        for alert in found
        if known is not None and alert.variant_id == variant.id
    ]


def _alert(session: Session, variant: Variant, site_id: str) -> StockAlert:
    """The alert as it is now, kept from others; a new one where there is none."""
    statement = scoped(session, StockAlert).where(StockAlert.variant_id == variant.id, StockAlert.site_id == site_id)
    known = session.exec(statement).first()
    if known is not None:
        return known if is_alone(session) else lock_row(session, StockAlert, known.id, resource="alert")
    now = now_of(session)
    alert = StockAlert(
        organization_id=organization_of(session), id=new_id("alrt"), variant_id=variant.id, site_id=site_id,
        created_at=now, updated_at=now,
    )  # fmt: skip
    add_unique(session, alert, Duplicate("alert", "variant_id", variant.sku))
    return alert


def _write_policy(
    session: Session, variant_id: str, site_id: str, threshold: Decimal, reorder_quantity: Decimal | None
) -> None:
    values: dict[str, Decimal | int | None] = {"reorder_point": threshold}
    if reorder_quantity is not None:
        values["reorder_quantity"] = reorder_quantity
    held = policies.policy_for(session, variant_id, site_id)
    if held.max_stock_level is not None and held.max_stock_level < threshold:
        raise Invalid(f"threshold is above the maximum level, {held.max_stock_level.normalize():f}", field="threshold")
    if site_id == EVERY_SITE:
        policies.change_default(session, variant_id, values)
        return
    policy = policies.find_policy(session, variant_id, site_id)
    if policy is not None:
        policies.change_policy(session, policy, values)
        return
    values.setdefault("reorder_quantity", held.reorder_quantity)
    policies.create_policy(session, variant_id=variant_id, site_id=site_id, values=values)


def _notified(session: Session, notify: Sequence[str]) -> list[str]:
    """Addresses and webhook ids, each once. Raises Invalid for anything else and for a webhook that is not there."""
    if len(notify) > MAX_NOTIFIED:
        raise Invalid(f"at most {MAX_NOTIFIED} are notified", field="notify")
    told: dict[str, None] = {}
    for place, text in enumerate(notify):
        field = f"notify.{place}"
        entry = clean_line(text, field=field)
        if entry.startswith(WEBHOOK):
            known = session.exec(scoped(session, Webhook).where(Webhook.id == entry)).first()
            if known is None or known.removed_at is not None:
                raise Invalid(f"there is no webhook {entry}", field=field)
        else:
            entry = clean_email(entry, field=field)
        told[entry] = None
    return list(told)


def _last_event(session: Session) -> int:
    own = select(func.coalesce(func.max(OutboxEvent.id), 0)).where(
        OutboxEvent.organization_id == organization_of(session)
    )
    return session.exec(own).one() or 0


def _sites_of(session: Session, variant_id: str) -> list[str]:
    statement = scoped(session, SiteStock).where(SiteStock.variant_id == variant_id)
    return sorted(row.site_id for row in session.exec(statement))
