"""Forecasts: arithmetic against sums by hand, history as the ledger tells it, and what follows for ordering."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from math import exp, lgamma, log
from random import Random
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui import ledger
from ambra_tui.errors import Conflict, Invalid, NotFound
from ambra_tui.kit.language import languages
from ambra_tui.ledger import CUSTOMER, TRANSIT, WASTE, MoveKind, Posting
from ambra_tui.services import policies, returns
from ambra_tui.services.forecasts import Forecast, daily_rates, forecast, forecast_keys
from ambra_tui.services.forecasts.card import forecast_card, stretches, take_forecast
from ambra_tui.services.forecasts.method import Category, estimate
from ambra_tui.services.forecasts.quantiles import quantiles
from ambra_tui.services.forecasts.smoothing import fit
from ambra_tui.services.forecasts.weekdays import EVEN, profile_of, spread
from ambra_tui.store.models import Location, SalesOrder, Variant
from ambra_tui.store.scope import now_of
from tests import factories

Write = Callable[[Callable[[Session], Any]], Any]
on_a_store = pytest.mark.usefixtures("store")
SHELF = Category("location", 3.0, 4.0, 2.0)


# --- arithmetic -----------------------------------------------------------------------------------------------------


def by_hand(mean: float, variance: float, probability: float) -> int:
    """The quantile from the mass function by logarithms of gamma functions."""
    reached, count = 0.0, -1
    size = mean * mean / (variance - mean) if variance > mean else 0.0
    while reached < probability:
        count += 1
        if size:
            mass = lgamma(count + size) - lgamma(size) - lgamma(count + 1)
            mass += size * log(mean / variance) + count * log(1 - mean / variance)
        else:
            mass = count * log(mean) - mean - lgamma(count + 1)
        reached += exp(mass)
    return count


@pytest.mark.parametrize("mean", [0.05, 0.7, 3.0, 29.0, 31.0, 400.0])
@pytest.mark.parametrize("dispersion", [1.0, 1.3, 4.0, 30.0])
def test_quantiles_are_those_of_the_summed_mass(mean: float, dispersion: float) -> None:
    asked = (0.5, 0.8, 0.95, 0.99)
    found = quantiles(mean, mean * dispersion, asked)
    for answer, probability in zip(found, asked, strict=True):
        assert abs(answer - by_hand(mean, mean * dispersion, probability)) <= (1 if mean > 30 else 0)


def test_what_reaches_far_is_counted_in_larger_units() -> None:
    mean, variance = 900.0, 3_000_000.0  # rare and lumpy, far beyond what is summed unit by unit
    for answer, probability in zip(quantiles(mean, variance, (0.8, 0.95)), (0.8, 0.95), strict=True):
        assert abs(answer / by_hand(mean, variance, probability) - 1) < 0.01
    assert quantiles(0.0, 5.0, (0.5, 0.99)) == [0, 0]
    assert quantiles(5.0, 0.0, (0.5, 0.99)) == quantiles(5.0, 5.0, (0.5, 0.99))


def test_a_level_follows_the_history_and_its_spread_is_that_of_sums() -> None:
    steady = fit([6.0] * 52)
    assert steady.level == pytest.approx(6.0)
    assert steady.variance(4) == pytest.approx(0.0, abs=1e-9)
    risen = fit([2.0] * 26 + [8.0] * 26)
    assert 5.0 < risen.level < 8.0
    alternating = fit([0.0, 10.0] * 26)
    assert alternating.variance(2) < alternating.variance(1)  # two weeks together are always ten
    assert alternating.variance(1.5) == pytest.approx((alternating.variance(1) + alternating.variance(2)) / 2)
    assert alternating.variance(0.5) == pytest.approx(alternating.variance(1) / 2)
    chance = Random(7)
    calm = [float(chance.randint(4, 6)) for _ in range(39)]
    assert fit([*calm, *(float(chance.randint(0, 40)) for _ in range(13))]).has_grown_wilder(4)
    assert not fit([float(chance.randint(0, 40)) for _ in range(52)]).has_grown_wilder(4)


def test_without_sales_there_is_no_forecast_and_with_few_weeks_the_category_helps() -> None:
    nothing = estimate([0.0] * 52, SHELF)
    assert (nothing.over(4, (0.5, 0.99)), nothing.confidence, nothing.method) == ((0.0, [0, 0]), "none", "none")
    unknown = estimate([None] * 52, SHELF, is_kept=False)
    assert (unknown.level, unknown.confidence, unknown.weeks) == (0.0, "none", 0)
    assert estimate([None] * 52, SHELF).level == SHELF.rate
    short = estimate([None] * 45 + [11.0] * 7, SHELF)
    assert (short.method, short.confidence, short.weeks) == ("category_rate", "low", 7)
    assert short.level == pytest.approx((7 * 11 + 3) / 8)
    assert estimate([None] * 44 + [11.0] * 8, SHELF).method == "smoothing"
    assert estimate([None] * 44 + [11.0] * 8, SHELF).confidence == "low"
    sure = estimate([None] * 38 + [11.0, None] + [11.0] * 12, SHELF)
    assert (sure.weeks, sure.missing_weeks, sure.confidence) == (13, 1, "ok")
    rare = estimate([0.0] * 49 + [11.0] * 3, SHELF)
    assert (rare.weeks, rare.selling_weeks, rare.confidence) == (52, 3, "low")


def test_a_week_is_shaped_by_the_profile_and_keeps_its_sum() -> None:
    profile = profile_of([40, 40, 40, 40, 80, 0, 0])
    assert sum(profile) == pytest.approx(7)
    assert profile[4] > profile[0] > profile[6] > 0
    assert sum(spread(2.0, profile, first_weekday=3, days=7)) == pytest.approx(14)
    assert spread(2.0, profile, first_weekday=3, days=2)[1] == pytest.approx(2 * profile[4])
    assert max(profile_of([1, 0, 0, 0, 0, 0, 0])) < 1.2  # one sale makes no weekday
    assert profile_of([0] * 7) == pytest.approx(EVEN)


def test_the_arithmetic_needs_nothing_but_the_standard_library() -> None:
    script = (
        "import sys; before = set(sys.modules)\n"
        "import importlib.util as u\n"
        "for name in ('smoothing', 'weekdays', 'quantiles'):\n"
        "    spec = u.spec_from_file_location(name, f'ambra_tui/services/forecasts/{name}.py')\n"
        "    module = u.module_from_spec(spec); sys.modules[name] = module; spec.loader.exec_module(module)\n"
        "print(sorted({n.partition('.')[0] for n in sys.modules} - sys.stdlib_module_names - before))\n"
    )
    found = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, timeout=30, check=True)
    assert found.stdout.strip() == "['quantiles', 'smoothing', 'weekdays']"


# --- history --------------------------------------------------------------------------------------------------------


class Shop:
    """A site that sells one item, written in the past."""

    def __init__(self, session: Session, house: factories.Warehouse, variant: Variant) -> None:
        self.session, self.house, self.variant = session, house, variant
        self.today = now_of(session).replace(hour=0, minute=0, second=0, microsecond=0)
        self._turn = 0

    def move(self, days_ago: float, quantity: int, kind: MoveKind, source: str, destination: str, **more: Any) -> Any:
        self._turn += 1
        posting = Posting(
            variant_id=self.variant.id,
            source_id=source,
            destination_id=destination,
            quantity=Decimal(quantity),
            kind=kind,
            idempotency_key=f"{self.variant.sku}-{self._turn}",
            occurred_at=self.today - timedelta(days=days_ago) + timedelta(hours=12),
            **more,
        )
        return ledger.post(self.session, [posting])[0]

    def receive(self, days_ago: float, quantity: int) -> None:
        place = self.house.bin.id
        self.move(days_ago, quantity, MoveKind.OPENING_BALANCE, ledger.INVENTORY_LOSS, place)

    def sell(self, days_ago: float, quantity: int, **more: Any) -> Any:
        return self.move(days_ago, quantity, MoveKind.ORDER_FULFILLED, self.house.bin.id, CUSTOMER, **more)

    def answer(self, horizon_days: int = 28) -> Forecast:
        return forecast(self.session, [(self.variant.id, self.house.site.id)], horizon_days=horizon_days)[0]

    def weeks(self) -> list[float | None]:
        return list(self.answer().history)


def shop(session: Session, sku: str = "MILK-1L", code: str = "WH1", **values: Any) -> Shop:
    return Shop(session, factories.warehouse(session, code=code), factories.variant(session, sku=sku, **values))


@on_a_store
def test_only_what_left_with_orders_is_demand(write: Write) -> None:
    def story(session: Session) -> None:
        milk = shop(session)
        place = milk.house.bin.id
        milk.receive(100, 1000)
        milk.sell(9, 10)
        milk.sell(8.5, 4)
        milk.sell(0, 7)  # today is not over
        milk.move(10, 20, MoveKind.WASTE_RECORDED, place, WASTE)
        milk.move(10, 20, MoveKind.TRANSFER_OUT, place, TRANSIT)
        milk.move(10, 20, MoveKind.CYCLE_COUNT_ADJUSTMENT, place, ledger.INVENTORY_LOSS)
        milk.move(3, 5, MoveKind.RETURN_RECEIVED, CUSTOMER, place)
        undone = milk.sell(20, 500)
        ledger.reverse(session, undone.id, idempotency_key="back")
        weeks = milk.weeks()
        assert weeks[-4:] == [0.0, 0.0, 14.0, 0.0]
        assert weeks[:38] == [None] * 38  # before the first receipt, and the two days after it in the same week
        assert milk.answer().history_weeks == 14
        rate = daily_rates(session)[milk.variant.id, milk.house.site.id]
        assert rate == pytest.approx(14 / 84)

    write(story)


@on_a_store
def test_days_without_stock_are_missing(write: Write) -> None:
    def story(session: Session) -> None:
        milk = shop(session)
        milk.receive(70, 30)
        milk.sell(40, 30)  # week 5 counted back from 0: four days with stock, the last one that of the sale
        milk.receive(17, 100)  # week 2: days 17, 16, 15 are with stock
        milk.sell(16, 8)
        weeks = milk.weeks()
        assert weeks[-6] == pytest.approx(30 * 7 / 4)
        assert weeks[-5:-3] == [None, None]
        assert weeks[-3] == pytest.approx(8 * 7 / 4)
        assert weeks[-2:] == [0.0, 0.0]
        bread = Shop(session, milk.house, factories.variant(session, sku="BREAD"))
        bread.receive(0, 1000)  # entered late: the sales below show that it was there
        bread.sell(30, 5)
        bread.sell(12, 6)
        assert bread.weeks()[-5:] == [5.0, 0.0, 0.0, 6.0, None]

    write(story)


@on_a_store
def test_an_order_that_came_back_whole_at_once_was_cancelled(write: Write) -> None:
    def story(session: Session) -> None:
        milk = shop(session)
        milk.receive(100, 5000)
        for number, sent, back, days in (("SO-1", 900, 900, 0), ("SO-2", 50, 20, 0), ("SO-3", 60, 60, 5)):
            order = factories.sales_order(session, milk.house.site, (milk.variant, sent), number=number)
            _ship(session, milk, order, sent)
            rma = returns.create_return(
                session,
                order_id=order.id,
                reason="wrong",
                lines=[returns.NewReturnLine(milk.variant.id, Decimal(back))],
            )
            milk.move(
                10 - days, back, MoveKind.RETURN_RECEIVED, CUSTOMER, milk.house.bin.id,
                origin_kind="return_authorization", origin_id=rma.id,
            )  # fmt: skip
            rma.status = "received"
            session.add(rma)
            session.flush()
        assert milk.weeks()[-2] == 110.0

    write(story)


def _ship(session: Session, milk: Shop, order: SalesOrder, quantity: int) -> None:
    milk.sell(10, quantity, origin_kind="sales_order", origin_id=order.id)
    order.status = "shipped"
    session.add(order)
    session.flush()


# --- answers --------------------------------------------------------------------------------------------------------


def sold_for_a_year(session: Session, milk: Shop) -> None:
    chance = Random(3)
    milk.receive(364, 10_000)
    for week in range(52):
        milk.sell(7 * week + 3, chance.randint(10, 30))


@on_a_store
def test_a_forecast_says_when_to_order_how_much_and_why(write: Write) -> None:
    def story(session: Session) -> None:
        milk = shop(session)
        sold_for_a_year(session, milk)
        answer = milk.answer()
        assert answer == milk.answer()
        assert (answer.confidence, answer.method, answer.history_weeks) == ("ok", "smoothing", 52)
        assert 60 < answer.mean < 100 and answer.p50 < answer.p80 < answer.p95
        assert sum(answer.days) == pytest.approx(float(answer.mean), rel=0.01) and len(answer.days) == 28
        assert (answer.cover_days, answer.service_level) == (14, Decimal("0.95"))
        assert answer.safety_stock == answer.reorder_point - answer.cover_mean > 0
        assert answer.suggested_quantity == 0 and "52 weeks" in answer.reason()
        assert milk.answer(14).p95 == answer.reorder_point
        key = {"variant_id": milk.variant.id, "site_id": milk.house.site.id}
        values = {"reorder_point": Decimal(1), "reorder_quantity": Decimal(0), "pack_quantity": Decimal(24)}
        policies.create_policy(
            session, **key, values={**values, "lead_time_days": 35, "service_level": Decimal("0.99")}
        )
        longer = milk.answer()
        assert longer.cover_days == 42 and longer.reorder_point > 2 * answer.reorder_point
        milk.move(0, int(longer.available) - 10, MoveKind.WASTE_RECORDED, milk.house.bin.id, WASTE)
        factories.purchase_order(session, milk.house.site, (milk.variant, 48))
        low = milk.answer()
        assert (low.available, low.on_order) == (10, 48)
        lacking = low.reorder_point - 58
        assert lacking <= low.suggested_quantity < lacking + 24 and low.suggested_quantity % 24 == 0
        assert f"order {low.suggested_quantity}" in low.reason()
        for language in languages():
            assert "?" not in low.reason(language)
        taken = take_forecast(session, low)
        assert taken.reorder_point == low.reorder_point
        assert taken.safety_stock == int(taken.safety_stock or 0) and 0 <= taken.safety_stock - low.safety_stock < 1
        assert milk.answer().policy_reorder_point == low.reorder_point

    write(story)


@on_a_store
def test_a_young_item_is_told_by_its_class_at_its_site(write: Write) -> None:
    def story(session: Session) -> None:
        house = factories.warehouse(session)
        for number in range(6):
            quick = Shop(session, house, factories.variant(session, sku=f"A-{number}", abc_class="A"))
            slow = Shop(session, house, factories.variant(session, sku=f"C-{number}"))
            for item, each in ((quick, 40), (slow, 1)):
                item.receive(90, 2000)
                for week in range(12):
                    item.sell(7 * week + 2, each)
        young = Shop(session, house, factories.variant(session, sku="NEW-A", abc_class="A"))
        plain = Shop(session, house, factories.variant(session, sku="NEW"))
        for item in (young, plain):
            item.receive(14, 100)
        first, second = young.answer(), plain.answer()
        assert (first.method, first.confidence, first.history_weeks) == ("category_rate", "low", 2)
        assert "class A" in first.reason() and "category" in first.reason()
        assert "items of this location" in second.reason()
        assert first.mean > Decimal("1.9") * second.mean > 0
        assert "Nothing was sold" in _unsold(session, house).reason()
        keys, total = forecast_keys(session, site_id=house.site.id, limit=5)
        assert (len(keys), total) == (5, 15)
        keys, total = forecast_keys(session, site_id=house.site.id, limit=25)
        assert {row.sku for row in forecast(session, keys)} >= {"NEW", "NEW-A", "A-0", "C-5"}

    write(story)


def _unsold(session: Session, house: factories.Warehouse) -> Forecast:
    dust = Shop(session, house, factories.variant(session, sku="DUST"))
    dust.receive(90, 5)
    answer = dust.answer()
    assert (answer.mean, answer.p95, answer.reorder_point, answer.confidence) == (0, 0, 0, "none")
    with pytest.raises(Conflict):
        take_forecast(session, answer)
    return answer


@on_a_store
def test_sites_are_apart_and_names_are_looked_up(write: Write) -> None:
    def story(session: Session) -> None:
        milk = shop(session)
        sold_for_a_year(session, milk)
        store = factories.warehouse(session, code="ST1")
        there: Location = store.bin
        factories.stock(session, milk.variant, there, 5, occurred_at=milk.today - timedelta(days=200))
        factories.stock(session, milk.variant, store.quarantine, 4)
        at_store = forecast(session, [(milk.variant.id, store.site.id)])[0]
        assert (at_store.mean, at_store.confidence, at_store.available) == (0, "none", 5)
        card = forecast_card(session, "MILK-1L", site_id=milk.house.site.id)
        assert (card.variant_id, card.horizon_days) == (milk.variant.id, card.cover_days)
        ended, units = stretches(card)[-1]
        last = card.history[-2:]
        assert (ended, float(units)) == (0, pytest.approx(sum(week or 0.0 for week in last)))
        with pytest.raises(NotFound):
            forecast_card(session, "NO-SUCH", site_id=milk.house.site.id)
        for days in (0, 366):
            with pytest.raises(Invalid):
                milk.answer(days)
        new = factories.variant(session, sku="NEVER")
        factories.site(session, code="OLD", status="closed")
        keys, total = forecast_keys(session, variant_id=new.id)
        assert total == 2
        never = forecast(session, keys)[0]
        assert (never.mean, never.confidence) == (0, "none") and "never in stock" in never.reason()
        assert forecast_keys(session, variant_id="var_no") == ([], 0)
        assert forecast(session, [("var_no", milk.house.site.id), (new.id, "wh_no")]) == []

    write(story)
