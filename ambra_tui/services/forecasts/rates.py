"""What the items of a site have in common: the rate of a category, and how the days of the week differ.

An item's category here is its ABC class at its site, since how it sells is borrowed, not what it is; where it has no
class, or too few items share it, all items of the site. Both facts are read off the last twelve weeks, each in one pass
of the sales, and kept for the day; a small store is read anew each time.

Example::

    rates_of(session).category(site.id, "A").rate       # units a week of the average class A item there
    profiles_of(session)[site.id]                       # seven factors, Monday first
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, and_, func, select
from sqlmodel import Session

from ambra_tui.services.forecasts.history import Key, Scope, sales, sales_by_weekday, scopes
from ambra_tui.services.forecasts.method import Category
from ambra_tui.services.forecasts.weekdays import profile_of
from ambra_tui.store.models import SiteStock, StockMove, Variant, table_of
from ambra_tui.store.scope import organization_of

RATE_WEEKS = 12
ENOUGH_ITEMS = 5
WHOLE_SITE = "location"
KEPT_FROM = 20_000  # moves: a ledger shorter than this is read faster than it is worth keeping
KEPT_GROWTH = 1.02
_THURSDAY = 3  # the weekday of day 0
_NOTHING = Category(WHOLE_SITE, 0.0, 0.0, 0.0)
Fact = TypeVar("Fact")
_move, _stock, _variant = (table_of(model) for model in (StockMove, SiteStock, Variant))


@dataclass(frozen=True, slots=True)
class Rates:
    """Categories of every site of an organization. `weekly`: units a week per variant and site that sold anything."""

    categories: Mapping[tuple[str, str], Category]
    weekly: Mapping[Key, float]

    def category(self, site_id: str, abc_class: str) -> Category:
        """The category of an item of this class at a site."""
        return self.categories.get((site_id, abc_class)) or self.categories.get((site_id, ""), _NOTHING)


NO_RATES = Rates({}, {})
_kept: WeakKeyDictionary[Engine, dict[tuple[str, int, int], tuple[int, Any]]] = WeakKeyDictionary()
_lock = Lock()


def rates_of(session: Session) -> Rates:
    """The categories of the session's organization."""
    return _of_the_day(session, _read_rates)


def profiles_of(session: Session) -> dict[str, tuple[float, ...]]:
    """Site id -> factors of the weekdays, of every site that sold anything."""
    return _of_the_day(session, _read_profiles)


def _of_the_day(session: Session, read: Callable[[Session, Scope], Fact]) -> Fact:
    scope = scopes(session, variant_ids=None, days=7 * RATE_WEEKS)[0]
    newest = _newest(session, scope)
    if newest < KEPT_FROM:
        return read(session, scope)
    key = (read.__name__, scope.organization_id, scope.today)
    with _lock:
        kept = _kept.setdefault(session.connection().engine, {})
        if key in kept and kept[key][0] <= newest <= kept[key][0] * KEPT_GROWTH:
            return cast("Fact", kept[key][1])
    fact = read(session, scope)
    with _lock:
        for old in [known for known in kept if known[2] != scope.today]:
            del kept[old]
        kept[key] = (newest, fact)
    return fact


def _newest(session: Session, scope: Scope) -> int:
    statement = select(func.max(_move.c.sequence)).where(_move.c.organization_id == scope.organization_id)
    return session.connection().execute(statement).scalar_one() or 0


def _read_profiles(session: Session, scope: Scope) -> dict[str, tuple[float, ...]]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * 7)
    for site_id, days_ago, count in session.connection().execute(sales_by_weekday(scope)):
        counts[site_id][(scope.today - 1 - days_ago + _THURSDAY) % 7] += count
    return {site_id: profile_of(found) for site_id, found in sorted(counts.items())}


def _read_rates(session: Session, scope: Scope) -> Rates:
    by_week: dict[Key, list[float]] = defaultdict(lambda: [0.0] * RATE_WEEKS)
    for variant_id, site_id, week, units in sales(session, scope, period_days=7):
        by_week[variant_id, site_id][week] += units
    weekly = {key: max(0.0, sum(weeks)) / RATE_WEEKS for key, weeks in sorted(by_week.items())}
    return Rates(_categories(session, by_week), weekly)


def _categories(session: Session, by_week: Mapping[Key, list[float]]) -> dict[tuple[str, str], Category]:
    """The class of a site, and under an empty class the whole site."""
    items: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
    nothing = [0.0] * RATE_WEEKS
    for variant_id, site_id, abc_class in session.connection().execute(_stocked(session)):
        weeks = by_week.get((variant_id, site_id), nothing)
        items[site_id, ""].append(weeks)
        if abc_class:
            items[site_id, abc_class].append(weeks)
    return {key: _category(key[1], found) for key, found in sorted(items.items()) if not key[1] or _is_enough(found)}


def _is_enough(items: list[list[float]]) -> bool:
    return sum(1 for weeks in items if any(weeks)) >= ENOUGH_ITEMS


def _category(abc_class: str, items: list[list[float]]) -> Category:
    means = [sum(weeks) / RATE_WEEKS for weeks in items]
    rate = sum(means) / len(items)
    between = sum(mean * mean for mean in means) / len(items) - rate * rate
    squares = sum(sum(units * units for units in weeks) for weeks in items) / (RATE_WEEKS * len(items))
    within = squares - sum(mean * mean for mean in means) / len(items)
    return Category(abc_class or WHOLE_SITE, max(0.0, rate), max(0.0, within), max(0.0, between))


def _stocked(session: Session) -> Any:
    organization_id = organization_of(session)
    return (
        select(_stock.c.variant_id, _stock.c.site_id, _variant.c.abc_class)
        .join(
            _variant,
            and_(_variant.c.organization_id == _stock.c.organization_id, _variant.c.id == _stock.c.variant_id),
        )
        .where(_stock.c.organization_id == organization_id, _variant.c.organization_id == organization_id)
        .order_by(_stock.c.variant_id, _stock.c.site_id)
    )
