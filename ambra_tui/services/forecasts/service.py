"""Forecasts of variants at sites: what will be asked for, when to order again and how much, and why.

Example::

    keys, total = forecast_keys(session, site_id=site.id, offset=0, limit=25)
    for answer in forecast(session, keys, horizon_days=28):
        answer.mean, answer.reorder_point, answer.reason()
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, func, select
from sqlmodel import Session

from ambra_tui.errors import Invalid
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.forecasts import reasons
from ambra_tui.services.forecasts.answer import Forecast
from ambra_tui.services.forecasts.history import WEEKS, Key, Weeks, day_of, days_of, weekly_history
from ambra_tui.services.forecasts.method import estimate, is_short
from ambra_tui.services.forecasts.rates import NO_RATES, Rates, profiles_of, rates_of
from ambra_tui.services.forecasts.weekdays import EVEN, spread
from ambra_tui.services.policies import Policies, Policy, on_order, read_policies, suggested_quantity
from ambra_tui.store.models import Site, SiteStock, Variant, table_of
from ambra_tui.store.scope import now_of, organization_of

MIN_HORIZON_DAYS, MAX_HORIZON_DAYS, HORIZON_DAYS = 1, 365, 28
SHOWN = (0.5, 0.8, 0.95)
_CHUNK = 500
_stock, _variant, _site = (table_of(model) for model in (SiteStock, Variant, Site))


def forecast(session: Session, keys: Sequence[Key], *, horizon_days: int = HORIZON_DAYS) -> list[Forecast]:
    """The forecasts of pairs of variant and site, in the order asked for; pairs that are not there are left out.

    Raises Invalid for a horizon outside 1 to 365 days.
    """
    variant_ids = sorted({variant_id for variant_id, _ in keys})
    known = _Known.read(session, variant_ids, horizon_days)
    return [known.answer(key) for key in keys if known.has(key)]


def daily_rates(session: Session, *, site_id: str | None = None) -> dict[Key, float]:
    """Units a day that each variant sold at each site over the last twelve weeks; without spread or trend, quickly."""
    rates = rates_of(session).weekly
    return {key: weekly / 7 for key, weekly in rates.items() if site_id in (None, key[1])}


def forecast_keys(
    session: Session,
    *,
    variant_id: str | None = None,
    product_id: str | None = None,
    sku: str | None = None,
    site_id: str | None = None,
    offset: int = 0,
    limit: int = 25,
) -> tuple[list[Key], int]:
    """A page of the pairs of variant and site that hold or held stock, newest variant first, and how many there are.

    A variant or product asked for by name that never had stock is answered for every active site.
    """
    organization_id = organization_of(session)
    named = [column == value for column, value in (
        (_variant.c.id, variant_id), (_variant.c.product_id, product_id), (_variant.c.sku, sku)
    ) if value is not None]  # fmt: skip
    joined = _stock.join(
        _variant, and_(_variant.c.organization_id == _stock.c.organization_id, _variant.c.id == _stock.c.variant_id)
    )
    matching = [_stock.c.organization_id == organization_id, *named]
    if named:
        matching.append(_variant.c.organization_id == organization_id)
    if site_id is not None:
        matching.append(_stock.c.site_id == site_id)
    source = joined if named else _stock
    connection = session.connection()
    total = connection.execute(select(func.count()).select_from(source).where(*matching)).scalar_one()
    if not total and named:
        return _never_stocked(session, named, site_id, offset=offset, limit=limit)
    page = (
        select(_stock.c.variant_id, _stock.c.site_id)
        .select_from(source)
        .where(*matching)
        .order_by(_stock.c.variant_id.desc(), _stock.c.site_id)
        .offset(offset)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in connection.execute(page)], total


def _never_stocked(
    session: Session, named: Sequence[Any], site_id: str | None, *, offset: int, limit: int
) -> tuple[list[Key], int]:
    organization_id, connection = organization_of(session), session.connection()
    variants = select(_variant.c.id).where(_variant.c.organization_id == organization_id, *named)
    sites = select(_site.c.id).where(_site.c.organization_id == organization_id, _site.c.status == "active")
    if site_id is not None:
        sites = sites.where(_site.c.id == site_id)
    found = list(connection.execute(sites.order_by(_site.c.id)).scalars())
    ids = connection.execute(variants.order_by(_variant.c.id.desc())).scalars()
    keys = [(variant, site) for variant in ids for site in found]
    return keys[offset : offset + limit], len(keys)


@dataclass(frozen=True, slots=True)
class _Known:
    """Everything that the answers need, read at once. `stock`: available per pair."""

    horizon_days: int
    today: int
    history: Mapping[Key, Weeks]
    stock: Mapping[Key, Decimal]
    variants: Mapping[str, Any]
    sites: frozenset[str]
    policies: Policies
    on_order: Mapping[Key, Decimal]
    profiles: Mapping[str, tuple[float, ...]]
    rates: Rates

    @classmethod
    def read(cls, session: Session, variant_ids: Sequence[str], horizon_days: int) -> _Known:
        """Reads it for these variants."""
        if not MIN_HORIZON_DAYS <= horizon_days <= MAX_HORIZON_DAYS:
            raise Invalid(f"horizon_days lies between {MIN_HORIZON_DAYS} and {MAX_HORIZON_DAYS}", field="horizon_days")
        sites = select(_site.c.id).where(_site.c.organization_id == organization_of(session))
        history = weekly_history(session, variant_ids=variant_ids)
        return cls(
            horizon_days=horizon_days,
            today=days_of(now_of(session).date()),
            history=history,
            stock=_available(session, variant_ids),
            variants=_variants(session, variant_ids),
            sites=frozenset(session.connection().execute(sites).scalars()),
            policies=read_policies(session, variant_ids),
            on_order=on_order(session, variant_ids),
            profiles=profiles_of(session),
            rates=rates_of(session) if any(is_short(weeks) for weeks in history.values()) else NO_RATES,
        )

    def has(self, key: Key) -> bool:
        """True when the organization has this variant and this site."""
        return key[0] in self.variants and key[1] in self.sites

    def answer(self, key: Key) -> Forecast:
        """The forecast of one pair."""
        variant, policy = self.variants[key[0]], self.policies.of(*key)
        weeks = self.history.get(key, _NOTHING)
        available, coming = self.stock.get(key, ZERO), self.on_order.get(key, ZERO)
        category = self.rates.category(key[1], variant.abc_class)
        demand = estimate(weeks, category, is_kept=available > 0 or coming > 0)
        profile = self.profiles.get(key[1], EVEN)
        mean, shown = demand.over(self._weeks(profile, self.horizon_days), SHOWN)
        cover_days = policy.lead_time_days + policy.review_period_days
        cover_mean, (point,) = demand.over(self._weeks(profile, cover_days), (float(policy.service_level),))
        reorder_point, starts_on = Decimal(point), day_of(self.today)
        quantity = _suggested(policy, reorder_point, available, coming)
        return Forecast(
            variant_id=key[0],
            sku=variant.sku,
            product_id=variant.product_id,
            site_id=key[1],
            starts_on=starts_on,
            horizon_days=self.horizon_days,
            mean=_rounded(mean),
            p50=Decimal(shown[0]),
            p80=Decimal(shown[1]),
            p95=Decimal(shown[2]),
            daily_rate=_rounded(demand.level / 7, 4),
            profile=profile,
            lead_time_days=policy.lead_time_days,
            review_days=policy.review_period_days,
            service_level=policy.service_level,
            cover_mean=_rounded(cover_mean),
            reorder_point=reorder_point,
            safety_stock=max(ZERO, reorder_point - _rounded(cover_mean)),
            policy_reorder_point=policy.reorder_point,
            available=available,
            on_order=coming,
            suggested_quantity=quantity,
            pack_quantity=policy.pack_quantity,
            history=weeks,
            history_weeks=demand.weeks,
            confidence=demand.confidence,
            method=demand.method,
            reasons=(
                *reasons.history(demand),
                *reasons.doubts(demand, starts_on, max(self.horizon_days, cover_days)),
                reasons.order(available, coming, reorder_point, cover_days, quantity),
            ),
        )

    def _weeks(self, profile: Sequence[float], days: int) -> float:
        """How many average weeks the next days are."""
        whole, rest = divmod(days, 7)
        weekday = day_of(self.today).weekday()
        return whole * sum(profile) / 7 + sum(spread(1 / 7, profile, first_weekday=weekday, days=rest))


_NOTHING: Weeks = (None,) * WEEKS


def _suggested(policy: Policy, reorder_point: Decimal, available: Decimal, coming: Decimal) -> Decimal:
    forecast_policy = replace(policy, reorder_point=reorder_point)
    return suggested_quantity(forecast_policy, available=available, on_order=coming)


def _rounded(value: float, places: int = 2) -> Decimal:
    text = f"{value:.{places}f}".rstrip("0").rstrip(".")
    return Decimal(text)


def _chunks(variant_ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (variant_ids[start : start + _CHUNK] for start in range(0, len(variant_ids), _CHUNK))


def _available(session: Session, variant_ids: Sequence[str]) -> dict[Key, Decimal]:
    statement = select(_stock.c.variant_id, _stock.c.site_id, _stock.c.on_hand, _stock.c.reserved, _stock.c.held).where(
        _stock.c.organization_id == organization_of(session)
    )
    found: dict[Key, Decimal] = {}
    for chunk in _chunks(variant_ids):
        for row in session.connection().execute(statement.where(_stock.c.variant_id.in_(chunk))):
            found[row.variant_id, row.site_id] = row.on_hand - row.reserved - row.held
    return found


def _variants(session: Session, variant_ids: Sequence[str]) -> dict[str, Any]:
    statement = select(_variant.c.id, _variant.c.sku, _variant.c.product_id, _variant.c.abc_class).where(
        _variant.c.organization_id == organization_of(session)
    )
    found: dict[str, Any] = {}
    for chunk in _chunks(variant_ids):
        chosen = statement.where(_variant.c.id.in_(chunk))
        found |= {row.id: row for row in session.connection().execute(chosen)}
    return found
