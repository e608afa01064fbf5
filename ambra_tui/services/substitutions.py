"""What may be picked instead of what: rules that a supervisor gives, and how a short line uses one.

A substitute is promised and assigned to the order's own line, so both ledger entries carry that line.

Example::

    set_rule(session, variant=milk, substitute=oat_milk, ratio=Decimal(2))
    for offer in offers(session, order, line): ...
    substitute(session, order, line_id=line.id, substitute_id=offers[0].variant.id)
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import Invalid, Stale, WrongState
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services.orders import DOCUMENT, OPEN_STATES, assigned, lines_of, lock_order
from ambra_tui.services.picking.planning import candidates, plan
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import (
    LineSubstitution,
    SalesOrder,
    SalesOrderLine,
    SiteStock,
    SubstitutionRule,
    Variant,
)
from ambra_tui.store.scope import now_of, organization_of, scoped

WHOLE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Offer:
    """`quantity` of a variant that may stand for `units` of a line now."""

    variant: Variant
    ratio: Decimal
    units: Decimal
    quantity: Decimal


def set_rule(
    session: Session, *, variant: Variant, substitute: Variant, ratio: Decimal = WHOLE, is_active: bool = True
) -> SubstitutionRule:
    """`ratio` units of the substitute may be picked for one of the variant. Raises Invalid."""
    if variant.id == substitute.id:
        raise Invalid("a variant is no substitute for itself", field="substitute")
    if ratio <= 0:
        raise Invalid("the ratio is more than 0", field="ratio")
    now = now_of(session)
    rule = session.get(SubstitutionRule, (organization_of(session), variant.id, substitute.id))
    if rule is None:
        rule = SubstitutionRule(
            organization_id=organization_of(session),
            variant_id=variant.id,
            substitute_id=substitute.id,
            created_at=now,
            updated_at=now,
        )
    rule.ratio, rule.is_active, rule.updated_at = ratio, is_active, now
    session.add(rule)
    session.flush()
    audit(
        session,
        "substitution_rule_set",
        variant.id,
        sku=variant.sku,
        substitute=substitute.sku,
        ratio=show(ratio),
        is_active=is_active,
    )
    return rule


def offers(session: Session, order: SalesOrder, line: SalesOrderLine) -> list[Offer]:
    """What may be picked for the backordered rest of a line now, by rule, the one that covers most first."""
    if line.backordered <= 0:
        return []
    statement = (
        select(SubstitutionRule, Variant)
        .join(
            Variant,
            (col(Variant.organization_id) == col(SubstitutionRule.organization_id))
            & (col(Variant.id) == col(SubstitutionRule.substitute_id)),
        )
        .where(
            SubstitutionRule.organization_id == organization_of(session),
            Variant.organization_id == organization_of(session),
            SubstitutionRule.variant_id == line.variant_id,
            col(SubstitutionRule.is_active).is_(True),
        )
    )
    found = []
    for rule, variant in session.exec(statement).all():
        units = _units_there(session, order, line, variant, rule.ratio)
        if units > 0:
            found.append(Offer(variant, rule.ratio, units, units * rule.ratio))
    return sorted(found, key=lambda offer: (-offer.units, offer.variant.sku))


def _units_there(
    session: Session, order: SalesOrder, line: SalesOrderLine, variant: Variant, ratio: Decimal
) -> Decimal:
    stock = session.get(SiteStock, (organization_of(session), variant.id, order.site_id), populate_existing=True)
    available = stock.on_hand - stock.reserved - stock.held if stock else ZERO
    in_bins = sum((source.quantity for source in candidates(session, order.site_id, variant.id)), ZERO)
    units = min(line.backordered, max(min(available, in_bins), ZERO) / ratio)
    return units.quantize(WHOLE, rounding=ROUND_DOWN) if units != line.backordered else units


def substitute(session: Session, order: SalesOrder, *, line_id: str, substitute_id: str) -> Offer:
    """Promises a substitute to the backordered rest of a line and assigns it to bins.

    Raises Stale when no rule allows it any more or nothing of it is left.
    """
    order = lock_order(session, order.id)
    line = next(line for line in lines_of(session, order.id) if line.id == line_id)
    offer = next((offer for offer in offers(session, order, line) if offer.variant.id == substitute_id), None)
    if offer is None or order.status not in OPEN_STATES:
        raise Stale("This substitute is no longer there.")
    known = session.get(LineSubstitution, (organization_of(session), line_id, substitute_id))
    if known is None:
        session.add(
            LineSubstitution(
                organization_id=organization_of(session),
                line_id=line_id,
                variant_id=substitute_id,
                sales_order_id=order.id,
                ratio=offer.ratio,
                created_at=now_of(session),
            )
        )
    elif known.ratio != offer.ratio:
        raise Stale("This line is taken at another ratio already.")
    wanted = [ledger.ReserveLine(line_id, substitute_id, offer.quantity)]
    ledger.reserve(session, site_id=order.site_id, document_kind=DOCUMENT, document_id=order.id, lines=wanted)
    line.backordered -= offer.units
    session.add(line)
    session.flush()
    plan(session, order)
    told = {"substitute": offer.variant.sku, "quantity": show(offer.quantity), "units": show(offer.units)}
    publish(session, "line_substituted", order.id, {"number": order.number, "line": line_id, **told})
    audit(session, "line_substituted", order.id, number=order.number, line=line_id, **told)
    return offer


def take_back(
    session: Session, order: SalesOrder, *, line_id: str, substitute_id: str, units: Decimal, quantity: Decimal
) -> None:
    """Gives a substitute up again: the rest of the line is backordered as before. Raises WrongState when some of it
    was picked or has left."""
    order = lock_order(session, order.id)
    line = next(line for line in lines_of(session, order.id) if line.id == line_id)
    mine = [row for row in assigned(session, order.id, line_id=line_id) if row[0].variant_id == substitute_id]
    in_bins = [allocation for allocation, place, _ in mine if place.kind not in ("tote", "stage")]
    if order.status not in OPEN_STATES or sum((row.quantity for row in in_bins), ZERO) < quantity:
        raise WrongState("order", order.number, state="picked", step="undo")
    rest = quantity
    for allocation in in_bins:
        part = min(rest, allocation.quantity)
        ledger.unallocate(session, allocation, part)
        rest -= part
    ledger.release_quantity(session, document_id=order.id, line_id=line_id, variant_id=substitute_id, quantity=quantity)
    line.backordered += units
    session.add(line)
    session.flush()
    audit(session, "substitution_undone", order.id, number=order.number, line=line_id, quantity=show(quantity))


def rules(session: Session) -> list[SubstitutionRule]:
    """Every rule."""
    return list(session.exec(scoped(session, SubstitutionRule)).all())
