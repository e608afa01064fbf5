"""How large a variance may be before somebody else looks: the count's tolerance and each worker's limits.

Example::

    set_limit(session, user_id=ana.id, quantity=Decimal(10), value_minor=5000)
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from sqlmodel import Session, col, select

from ambra_tui.errors import Invalid
from ambra_tui.kit.money import COST_SCALE
from ambra_tui.kit.quantity import MAX_QUANTITY
from ambra_tui.store.facts import audit
from ambra_tui.store.models import CycleCount, CycleCountLine, SiteStock, User, Variant, WorkerLimit
from ambra_tui.store.scope import actor_of, fetch, now_of, organization_of

MAX_VALUE = 10**15
APPROVERS = frozenset({"supervisor", "admin"})


def set_limit(
    session: Session,
    *,
    user_id: str,
    percent: Decimal | None = None,
    quantity: Decimal | None = None,
    value_minor: int | None = None,
) -> WorkerLimit:
    """A variance of this worker up to all the given limits needs no approval once it is confirmed, and a larger one
    does, however small the count's tolerance finds it. Raises Invalid, NotFound."""
    user = fetch(session, User, user_id, resource="user")
    for name, value, most in (("percent", percent, MAX_QUANTITY), ("quantity", quantity, MAX_QUANTITY)):
        if value is not None and not (value.is_finite() and 0 <= value <= most):
            raise Invalid(f"{name} is between 0 and {most:,}", field=name)
    if value_minor is not None and not 0 <= value_minor <= MAX_VALUE:
        raise Invalid("value is not below 0 nor that large", field="value")
    if percent is None and quantity is None and value_minor is None:
        raise Invalid("name a limit: percent, quantity or value", field="percent")
    limit = limit_of(session, user.id) or WorkerLimit(
        organization_id=organization_of(session), user_id=user.id, updated_at=now_of(session)
    )
    limit.percent, limit.quantity, limit.value_minor = percent, quantity, value_minor
    limit.updated_at = now_of(session)
    session.add(limit)
    session.flush()
    told = {"percent": percent, "quantity": quantity, "value_minor": value_minor}
    audit(session, "count_limit_set", user.id, **{k: None if v is None else str(v) for k, v in told.items()})
    return limit


def clear_limit(session: Session, *, user_id: str) -> None:
    """The worker has no limits of their own any more: what is beyond the tolerance needs approval."""
    limit = limit_of(session, user_id)
    if limit is not None:
        session.delete(limit)
        session.flush()
        audit(session, "count_limit_cleared", user_id)


def limit_of(session: Session, user_id: str) -> WorkerLimit | None:
    """A worker's own limits, if there are any."""
    return session.get(WorkerLimit, (organization_of(session), user_id))


def is_within_tolerance(count: CycleCount, line: CycleCountLine) -> bool:
    """The variance is at most the count's percent of what was expected, or its units, whichever is more."""
    assert line.variance is not None
    return abs(line.variance) <= max(line.expected * count.tolerance_percent / 100, count.tolerance_units)


def is_within_limits(session: Session, line: CycleCountLine, *, cost: int | None, is_small: bool) -> bool:
    """The actor's variance needs no approval. `is_small`: it is within the tolerance, which is all that counts for a
    worker without limits of their own; a supervisor without any has none."""
    limit = limit_of(session, actor_of(session).id)
    if limit is None:
        user = session.get(User, (organization_of(session), actor_of(session).id))
        return is_small or (user is not None and user.role in APPROVERS)
    assert line.variance is not None
    size = abs(line.variance)
    if limit.percent is not None and size * 100 > line.expected * limit.percent:
        return False
    if limit.quantity is not None and size > limit.quantity:
        return False
    return limit.value_minor is None or size * (cost or 0) <= limit.value_minor * COST_SCALE


def unit_costs(session: Session, site_id: str, variant_ids: Collection[str]) -> dict[str, int]:
    """Variant -> what a unit costs at a site, in ten-thousandths of the minor unit: its average, else the variant's."""
    organization_id = organization_of(session)
    statement = (
        select(Variant.id, SiteStock.average_cost, Variant.cost_minor)
        .join(
            SiteStock,
            (col(SiteStock.organization_id) == col(Variant.organization_id))
            & (col(SiteStock.variant_id) == col(Variant.id))
            & (col(SiteStock.site_id) == site_id),
            isouter=True,
        )
        .where(Variant.organization_id == organization_id, col(Variant.id).in_(sorted(variant_ids)))
    )
    costs: dict[str, int] = {}
    for variant_id, average, minor in session.exec(statement) if variant_ids else ():
        if average is not None:
            costs[variant_id] = average
        elif minor is not None:
            costs[variant_id] = minor * COST_SCALE
    return costs
