"""What was sold at a site, week by week, as the ledger tells it. Reads only.

Demand is what left with orders, on the day that it left. An order's shipment that was taken back counts for nothing,
and neither does one that came back whole within a day: that is a cancelled order by another door. Transfers, waste,
counts and other returns are no demand. Days on which nothing lay at the site say nothing about demand: a week without
any such day counts for less, one without stock throughout is missing (`None`), and so is all the time before the first
receipt.

Example::

    weeks = weekly_history(session, variant_ids=[milk.id])[milk.id, site.id]      # 52 values, the oldest first
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, cast, func, literal, or_, select, type_coerce
from sqlmodel import Session

from ambra_tui.kit.clock import EPOCH
from ambra_tui.kit.quantity import SCALE
from ambra_tui.store.models import MoveKind, ReturnAuthorization, SiteStock, StockMove, table_of
from ambra_tui.store.scope import now_of, organization_of

WEEKS = 52
ENOUGH_DAYS = 4  # in stock: fewer of them in a week are stretched no further than this
CANCELLED_WITHIN_DAYS = 1
_CHUNK = 500
_DAY = 86_400_000_000  # microseconds
_NO_ID = literal("", literal_execute=True)  # an index of rows that have an id is open to statements that say so

Key = tuple[str, str]
"""The ids of a variant and a site."""
Weeks = tuple[float | None, ...]
"""Units of each week, the oldest first; None where it says nothing."""
_move, _stock, _rma = (table_of(model) for model in (StockMove, SiteStock, ReturnAuthorization))


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose history is read: some variants or all, so many days up to yesterday."""

    organization_id: int
    today: int  # days since 1970
    days: int
    variant_ids: tuple[str, ...] | None = None

    @property
    def since(self) -> int:
        """The first moment that counts, in microseconds."""
        return (self.today - self.days) * _DAY

    @property
    def until(self) -> int:
        """The first moment of today, which is not over yet."""
        return self.today * _DAY

    def sold(self, move: Any = _move) -> list[ColumnElement[bool]]:
        """Conditions of the moves that are sales within the scope."""
        return [
            move.c.organization_id == self.organization_id,
            move.c.kind == literal(MoveKind.ORDER_FULFILLED.value, literal_execute=True),
            *self._while(move),
            *self.of(move.c.variant_id),
        ]

    def _while(self, move: Any) -> tuple[ColumnElement[bool], ...]:
        """The index by time serves all variants best. Some are found sooner by their own, so a sum hides the time."""
        moment = _number(move.c.occurred_at)
        if self.variant_ids is not None:
            moment = moment + literal(0, BigInteger, literal_execute=True)
        return moment >= self.since, moment < self.until

    def of(self, variant: Any) -> list[ColumnElement[bool]]:
        """The condition of the variants; none when all of them are meant."""
        return [] if self.variant_ids is None else [variant.in_(self.variant_ids)]


@dataclass(slots=True)
class _Past:
    """What is known of one variant at one site. `sold`: week -> units, week 0 is the last one; `edges`: day and
    whether stock came then (else the last of it left), in the ledger's order; `is_here`: there is stock now."""

    sold: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    edges: list[tuple[int, bool]] = field(default_factory=list)
    is_here: bool = False


def scopes(session: Session, *, variant_ids: Iterable[str] | None, days: int = 7 * WEEKS) -> list[Scope]:
    """The scope of all variants, or scopes of so many variants as one statement takes."""
    organization_id, today = organization_of(session), days_of(now_of(session).date())
    if variant_ids is None:
        return [Scope(organization_id, today, days)]
    ids = sorted(set(variant_ids))
    chunks = (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
    return [Scope(organization_id, today, days, tuple(chunk)) for chunk in chunks]


def days_of(day: date) -> int:
    """Days since 1970."""
    return (day - EPOCH.date()).days


def day_of(days: int) -> date:
    """The inverse of `days_of`."""
    return EPOCH.date() + timedelta(days=days)


def weekly_history(session: Session, *, variant_ids: Iterable[str]) -> dict[Key, Weeks]:
    """Sales of the last 52 weeks per variant and site, of every pair that holds or held stock."""
    history: dict[Key, Weeks] = {}
    for scope in scopes(session, variant_ids=variant_ids):
        pasts: dict[Key, _Past] = defaultdict(_Past)
        for variant_id, site, week, quantity in sales(session, scope, period_days=7):
            pasts[variant_id, site].sold[week] += quantity
        for key, on_hand in _present(session, scope):
            pasts[key].is_here = on_hand > 0
        for key, day, is_arrival in _edges(session, scope):
            pasts[key].edges.append((day, is_arrival))
        history |= {key: _weeks(past, scope.today) for key, past in sorted(pasts.items())}
    return history


def sales(session: Session, scope: Scope, *, period_days: int) -> Iterator[tuple[str, str, int, float]]:
    """Variant, site, period and units sold; period 0 ended yesterday. What was taken back is subtracted."""
    connection = session.connection()
    for statement in (_sold(scope, period_days), _reversed(scope, period_days)):
        for variant_id, site_id, period, units in connection.execute(statement):
            yield variant_id, site_id, period, units / SCALE
    for variant_id, site_id, period, units in _cancelled(session, scope, period_days):
        yield variant_id, site_id, period, units / SCALE


def sales_by_weekday(scope: Scope) -> Any:
    """A statement: site, days before today that are the same weekday (0 to 6), and how many sales left on those."""
    days_ago = (_period(scope, _move.c.occurred_at, 1) % literal(7, BigInteger, literal_execute=True)).label("days_ago")
    return (
        select(_move.c.source_site_id, days_ago, func.count())
        .where(*scope.sold())
        .group_by(_move.c.source_site_id, days_ago)
    )


# --- statements -----------------------------------------------------------------------------------------------------


def _number(column: Any) -> ColumnElement[int]:
    return type_coerce(column, BigInteger)


def _over(value: ColumnElement[int], divisor: int) -> ColumnElement[int]:
    """A whole number over another, the rest left away."""
    return value // literal(divisor, BigInteger, literal_execute=True)


def _units(move: Any) -> ColumnElement[int]:
    """Scaled units in all; a sum of whole numbers is no whole number to every database."""
    return cast(func.sum(_number(move.c.quantity)), BigInteger)


def _period(scope: Scope, moment: Any, period_days: int) -> ColumnElement[int]:
    elapsed: ColumnElement[int] = literal(scope.until - 1, BigInteger) - _number(moment)
    return _over(elapsed, period_days * _DAY).label("period")


def _sold(scope: Scope, period_days: int) -> Any:
    period = _period(scope, _move.c.occurred_at, period_days)
    return (
        select(_move.c.variant_id, _move.c.source_site_id, period, _units(_move))
        .where(*scope.sold())
        .group_by(_move.c.variant_id, _move.c.source_site_id, period)
    )


def _reversed(scope: Scope, period_days: int) -> Any:
    """What was taken back, on the day that it had left."""
    back, sold = _move.alias("back"), _move.alias("sold")
    period = _period(scope, sold.c.occurred_at, period_days)
    return (
        select(sold.c.variant_id, sold.c.source_site_id, period, -_units(back))
        .select_from(back)
        .join(sold, and_(sold.c.organization_id == back.c.organization_id, sold.c.id == back.c.reverses_id))
        .where(
            back.c.organization_id == scope.organization_id,
            back.c.reverses_id != _NO_ID,
            *scope.of(back.c.variant_id),
            *scope.sold(sold),
        )
        .group_by(sold.c.variant_id, sold.c.source_site_id, period)
    )


def _cancelled(session: Session, scope: Scope, period_days: int) -> list[tuple[str, str, int, int]]:
    """Shipments that came back whole within a day."""
    connection = session.connection()
    returned = {(row.order_id, row.variant_id): row for row in connection.execute(_came_back(scope))}
    orders = sorted({order_id for order_id, _ in returned})
    netted: list[tuple[str, str, int, int]] = []
    for start in range(0, len(orders), _CHUNK):
        shipped: dict[Key, list[Any]] = defaultdict(list)
        for row in connection.execute(_shipped(scope, orders[start : start + _CHUNK], period_days)):
            if (row.origin_id, row.variant_id) in returned:
                shipped[row.origin_id, row.variant_id].append(row)
        for key, rows in shipped.items():
            back = returned[key]
            is_whole = back.units >= sum(row.units for row in rows)
            is_soon = back.last - min(row.first for row in rows) <= CANCELLED_WITHIN_DAYS * _DAY
            if is_whole and is_soon:
                netted += [(row.variant_id, row.site_id, row.period, -row.units) for row in rows]
    return netted


def _came_back(scope: Scope) -> Any:
    last = func.max(_number(_move.c.occurred_at)).label("last")
    return (
        select(_rma.c.order_id, _move.c.variant_id, _units(_move).label("units"), last)
        .select_from(_move)
        .join(_rma, and_(_rma.c.organization_id == _move.c.organization_id, _rma.c.id == _move.c.origin_id))
        .where(
            _move.c.organization_id == scope.organization_id,
            _rma.c.organization_id == scope.organization_id,
            _rma.c.status == "received",
            _move.c.origin_id != _NO_ID,
            _move.c.kind == MoveKind.RETURN_RECEIVED.value,
            _number(_move.c.occurred_at) >= scope.since,
            *scope.of(_move.c.variant_id),
        )
        .group_by(_rma.c.order_id, _move.c.variant_id)
    )


def _shipped(scope: Scope, orders: Sequence[str], period_days: int) -> Any:
    period = _period(scope, _move.c.occurred_at, period_days)
    return (
        select(
            _move.c.origin_id, _move.c.variant_id, _move.c.source_site_id.label("site_id"), period,
            _units(_move).label("units"), func.min(_number(_move.c.occurred_at)).label("first"),
        )
        .where(*scope.sold(), _move.c.origin_id != _NO_ID, _move.c.origin_id.in_(orders))
        .group_by(_move.c.origin_id, _move.c.variant_id, _move.c.source_site_id, period)
    )  # fmt: skip


def _present(session: Session, scope: Scope) -> list[tuple[Key, int]]:
    statement = select(_stock.c.variant_id, _stock.c.site_id, _number(_stock.c.on_hand)).where(
        _stock.c.organization_id == scope.organization_id, *scope.of(_stock.c.variant_id)
    )
    return [((variant, site), on_hand) for variant, site, on_hand in session.connection().execute(statement)]


def _edges(session: Session, scope: Scope) -> list[tuple[Key, int, bool]]:
    """Moves that emptied a site of a variant, and those that brought the first of it, in the ledger's order."""
    left = and_(_move.c.source_site_id != "", _number(_move.c.source_balance) == 0)
    came = and_(_move.c.destination_site_id != "", _number(_move.c.destination_balance) == _number(_move.c.quantity))
    statement = select(
        _move.c.sequence, _move.c.variant_id, _move.c.source_site_id, _move.c.destination_site_id,
        _over(_number(_move.c.occurred_at), _DAY).label("day"), left.label("has_left"), came.label("has_come"),
    ).where(
        _move.c.organization_id == scope.organization_id,
        _move.c.source_site_id != _move.c.destination_site_id,
        _number(_move.c.occurred_at) >= scope.since,
        or_(left, came),
        *([] if scope.variant_ids is None else [_move.c.variant_id.in_(scope.variant_ids)]),
    )  # fmt: skip
    edges: list[tuple[Key, int, bool]] = []
    for row in sorted(session.connection().execute(statement)):
        if row.has_left:
            edges.append(((row.variant_id, row.source_site_id), row.day, False))
        if row.has_come:
            edges.append(((row.variant_id, row.destination_site_id), row.day, True))
    return edges


# --- weeks ----------------------------------------------------------------------------------------------------------


def _weeks(past: _Past, today: int) -> Weeks:
    """The weeks of one pair, the oldest first."""
    empty_days = [0] * WEEKS
    for first, end in _gaps(past, today):
        for day in range(max(first, today - 7 * WEEKS), min(end, today)):
            empty_days[(today - 1 - day) // 7] += 1
    sold = past.sold
    return tuple([_demand(sold.get(week, 0.0), 7 - empty_days[week]) for week in range(WEEKS - 1, -1, -1)])


def _demand(sold: float, days_in_stock: int) -> float | None:
    """A week's demand from what was sold in the days that it could be sold on."""
    if days_in_stock >= 7:
        return max(0.0, sold)
    if sold <= 0:
        return 0.0 if days_in_stock >= ENOUGH_DAYS else None
    return sold * 7 / max(days_in_stock, ENOUGH_DAYS)


def _gaps(past: _Past, today: int) -> Iterable[tuple[int, int]]:
    """Days without stock, as first day and the day after the last. The days of the last issue and of the arrival are
    days with stock; and whatever was sold shows that stock was there, whatever the order of entry."""
    start = today - 7 * WEEKS
    opens: int | None = start if _began_empty(past) else None
    for day, is_arrival in past.edges:
        if not is_arrival:
            opens = day + 1
        elif opens is not None:
            yield from _unsold(past.sold, opens, day, today)
            opens = None
    if opens is not None:
        yield from _unsold(past.sold, opens, today, today)


def _began_empty(past: _Past) -> bool:
    return past.edges[0][1] if past.edges else not past.is_here


def _unsold(sold: Mapping[int, float], first: int, end: int, today: int) -> Iterable[tuple[int, int]]:
    """A gap without the time between the first and the last week in it that sold something."""
    weeks = [
        week
        for week, units in sold.items()
        if units > 0 and first <= today - 7 * (week + 1) and today - 7 * week <= end
    ]
    if not weeks:
        return [(first, end)]
    return [(first, today - 7 * (max(weeks) + 1)), (today - 7 * min(weeks), end)]
