"""Insights: what each rule finds, what lies just outside it, their order, their evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui import ledger
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.language import keys, languages, say
from ambra_tui.ledger import CUSTOMER, Guard, MoveKind, Posting
from ambra_tui.services.insights import SEVERITIES, Insight, insight_types, read_insights
from ambra_tui.services.orders import fulfill_order, reserve_order
from ambra_tui.services.returns import NewReturnLine, create_return, receive_return
from ambra_tui.store import Store
from ambra_tui.store.models import CycleCount, CycleCountLine, Discrepancy
from ambra_tui.store.scope import fetch, now_of, organization_of
from tests import factories

pytestmark = pytest.mark.usefixtures("store")


@dataclass
class Shop:
    """One warehouse, and what a session of it reads."""

    session: Session
    house: factories.Warehouse

    @property
    def now(self) -> Any:
        return now_of(self.session)

    def item(self, sku: str, **values: Any) -> Any:
        return factories.variant(self.session, sku=sku, cost_minor=100, **values)

    def has(self, variant: Any, units: int, *, days_ago: int = 0, **values: Any) -> None:
        moment = self.now - timedelta(days=days_ago)
        factories.stock(self.session, variant, self.house.bin, units, occurred_at=moment, **values)

    def sells(self, variant: Any, units: int, *, weeks: int = 12, every: int = 7) -> None:
        """`units` a week over the last weeks, from stock of their own that came before them."""
        self.has(variant, weeks * units, days_ago=7 * weeks + 1)
        for week in range(weeks):
            self.posts(variant, units, MoveKind.ORDER_FULFILLED, days_ago=every * week + 1)

    def posts(self, variant: Any, units: int, kind: MoveKind, *, days_ago: int) -> None:
        moment = self.now - timedelta(days=days_ago)
        key, guard = new_id("key"), Guard.PHYSICAL
        sale = Posting(variant.id, self.house.bin.id, CUSTOMER, Decimal(units), kind, key, guard=guard,
                       occurred_at=moment)  # fmt: skip
        ledger.post(self.session, [sale])

    def found(self, *types: str, **filters: Any) -> list[Insight]:
        self.session.flush()
        return read_insights(self.session, types=types or None, **filters)[0]


def shop(session: Session) -> Shop:
    return Shop(session, factories.warehouse(session))


def stake(insight: Insight) -> Any:
    return insight.units, insight.value


def rows_of(insight: Insight) -> list[tuple[str, str, Any]]:
    return [(row.kind, row.label, row.quantity) for row in insight.evidence]


def sentences(found: Sequence[Insight]) -> list[tuple[str, str, str]]:
    return [(insight.sku, insight.severity, insight.words) for insight in found]


def test_stock_that_is_sold_out_before_goods_come(write: Any) -> None:
    def story(session: Session) -> None:
        here = shop(session)
        out, soon, covered, enough, late = (here.item(sku) for sku in ("OUT", "SOON", "COVERED", "ENOUGH", "LATE"))
        for variant in (out, soon, covered, enough, late):
            here.sells(variant, 14)
        here.has(soon, 10)  # five days at two a day; an order takes seven
        here.has(covered, 10)
        here.has(enough, 14)  # seven days: what is ordered today comes just in time
        here.has(late, 20)
        today = here.now.date()
        factories.purchase_order(session, here.house.site, (covered, 50), expected_on=today + timedelta(days=4))
        late_day = today + timedelta(days=15)
        factories.purchase_order(session, here.house.site, (late, 50), number="PO-2", expected_on=late_day)
        found = here.found("stock_out")
        assert sentences(found) == [
            ("OUT", "critical", "stock_out_now_no_order"),
            ("LATE", "warning", "stock_out"),
            ("SOON", "warning", "stock_out_no_order"),
        ]
        assert stake(found[0]) == (14, 1400)  # seven days of an order, two a day, a euro each
        assert found[1].told["expected"] == late_day.isoformat() and found[1].units == 10
        assert [row.kind for row in found[1].evidence] == ["stock", "forecast", "purchase_order"]
        assert rows_of(found[1])[-1] == ("purchase_order", "PO-2", 50)
        assert "SOON at WH1 lasts 5 days at 2.0 a day" in found[2].message("en")
        missed = today - timedelta(days=2)
        factories.purchase_order(session, here.house.site, (out, 9), (soon, 9), number="PO-3", expected_on=missed)
        again = here.found("stock_out")
        assert [told.words for told in again] == ["stock_out_now_overdue", "stock_out", "stock_out_overdue"]
        assert f"the receipt due {missed} is overdue" in again[0].message("en")
        assert f"der Eingang vom {missed} ist überfällig" in again[2].message("de")

    write(story)


def test_what_is_on_its_way_from_another_site_counts_as_stock(write: Any) -> None:
    def story(session: Session) -> None:
        from ambra_tui.services import transfers

        here = shop(session)
        milk, far = here.item("MILK"), factories.warehouse(session, "FAR")
        here.sells(milk, 14)
        factories.stock(session, milk, far.bin, 100)
        assert sentences(here.found("stock_out")) == [("MILK", "critical", "stock_out_now_no_order")]
        lines = [transfers.NewTransferLine(milk.id, Decimal(100))]
        made = transfers.create_transfer(
            session, source_site_id=far.site.id, destination_site_id=here.house.site.id, lines=lines
        )
        transfers.ship(session, made, idempotency_key="ship")
        assert here.found("stock_out") == []

    write(story)


def test_lots_that_expire_before_they_are_sold(write: Any) -> None:
    def story(session: Session) -> None:
        here = shop(session)
        milk = here.item("MILK", is_lot_tracked=True)
        here.sells(milk, 14)  # two a day

        def lot(number: str, days: int, units: int, **values: Any) -> Any:
            made = factories.lot(session, milk, number=number, expiry=here.now.date() + timedelta(days=days), **values)
            here.has(milk, units, lot=made)
            return made

        lot("GONE", -2, 3)
        lot("FIRST", 10, 18)  # sold by then: twenty may be
        lot("SECOND", 20, 30)  # forty may be sold by then, eighteen of them of the lot before it
        lot("THIRD", 40, 40)
        lot("HELD", 5, 50, status="quarantine")
        lot("FAR", 61, 500)
        slow = here.item("SLOW", is_lot_tracked=True)  # never sold: nobody knows how fast it goes
        for number, days in (("S-1", 30), ("S-2", 31)):
            expiry = here.now.date() + timedelta(days=days)
            here.has(slow, 5, lot=factories.lot(session, slow, number=number, expiry=expiry))
        found = here.found("expiry_before_sale")
        assert [(f.told["lot"], f.severity, f.words, stake(f)[0]) for f in found] == [
            ("GONE", "critical", "expired", 3),
            ("SECOND", "warning", "expiry_before_sale", 8),
            ("S-1", "warning", "expiry_before_sale", 5),
        ]
        assert [(row.kind, row.label) for row in found[1].evidence] == [
            ("unsold_lot", "SECOND"), ("rate", "MILK"), ("stock", "A01-1"),
        ]  # fmt: skip

    write(story)


def test_dead_stock_is_what_nothing_happened_to(write: Any) -> None:
    def story(session: Session) -> None:
        here = shop(session)
        old, older, fresh, sold, counted = (here.item(sku) for sku in ("OLD", "OLDER", "FRESH", "SOLD", "COUNTED"))
        here.has(old, 5, days_ago=181)
        here.has(older, 7, days_ago=400)
        here.has(fresh, 5, days_ago=179)
        here.has(sold, 5, days_ago=400)
        here.posts(sold, 1, MoveKind.ORDER_FULFILLED, days_ago=100)
        here.has(counted, 5, days_ago=400)
        here.posts(counted, 1, MoveKind.CYCLE_COUNT_ADJUSTMENT, days_ago=3)
        found = here.found("dead_stock")
        assert sentences(found) == [
            ("OLDER", "warning", "dead_stock_year"),
            ("COUNTED", "warning", "dead_stock_year"),
            ("OLD", "info", "dead_stock"),
        ]
        assert [row.kind for row in found[0].evidence] == ["stock", "move"]

    write(story)


def test_bins_that_are_counted_wrong_again_and_again(write: Any) -> None:
    def story(session: Session) -> None:
        here = shop(session)
        milk = here.item("MILK")
        counted(here, milk, here.house.bin, variances=[-2, 0, 3, 0], days_ago=10)
        counted(here, milk, here.house.other_bin, variances=[-2, 0, 0, 0], days_ago=10)  # once is an accident
        counted(here, milk, here.house.reserve, variances=[-2, -2], days_ago=91)
        found = here.found("variance_hot_spot")
        assert [(f.told["bin"], f.told["off"], f.told["counted"], f.severity) for f in found] == [
            ("A01-1", "2", "4", "warning")
        ]
        assert stake(found[0]) == (5, 500)
        assert sorted(row.quantity for row in found[0].evidence if row.quantity) == [-2, 3]

    write(story)


def counted(here: Shop, variant: Any, location: Any, *, variances: Sequence[int], days_ago: int) -> None:
    """A completed count of a bin for each of these variances."""
    session, moment = here.session, here.now - timedelta(days=days_ago)
    for number, variance in enumerate(variances):
        count = CycleCount(
            organization_id=organization_of(session), id=new_id("cc"), number=f"{location.code}-{number}",
            site_id=here.house.site.id, status="completed", created_at=moment, updated_at=moment, completed_at=moment,
        )  # fmt: skip
        session.add(count)
        session.flush()
        session.add(
            CycleCountLine(
                organization_id=count.organization_id,
                id=new_id("ccl"),
                cycle_count_id=count.id,
                position=1,
                location_id=location.id,
                variant_id=variant.id,
                state="accepted",
                expected=Decimal(10),
                counted=Decimal(10 + variance),
                variance=Decimal(variance),
                counted_at=moment,
            )
        )
    session.flush()


def test_purchase_orders_that_should_have_come(write: Any) -> None:
    def story(session: Session) -> None:
        here = shop(session)
        milk, bread = here.item("MILK"), here.item("BREAD")
        here.sells(bread, 7)
        today, site = here.now.date(), here.house.site
        for number, days, variant in (("PO-1", 1, milk), ("PO-2", 8, milk), ("PO-3", 1, bread), ("PO-4", 0, milk)):
            factories.purchase_order(session, site, (variant, 10), number=number, expected_on=today - timedelta(days))
        factories.purchase_order(
            session, site, (milk, 10), number="PO-5", expected_on=today - timedelta(20), status="cancelled"
        )
        found = here.found("overdue_purchase_order")
        assert [(f.told["number"], f.severity, f.words) for f in found] == [
            ("PO-2", "critical", "overdue_purchase_order"),
            ("PO-3", "critical", "overdue_missed"),
            ("PO-1", "warning", "overdue_purchase_order"),
        ]
        assert rows_of(found[0]) == [("purchase_order", "MILK", 10)]

    write(story)


def test_items_of_which_far_more_comes_back(write: Any) -> None:
    def story(session: Session) -> None:
        here = shop(session)
        shirt, shoe, sock = (here.item(sku) for sku in ("SHIRT", "SHOE", "SOCK"))
        for variant, back in ((shirt, 6), (shoe, 4), (sock, 6)):
            here.has(variant, 300)
            shipped = 40 if variant is not sock else 61
            order = factories.sales_order(session, here.house.site, (variant, shipped), number=f"SO-{variant.sku}")
            fulfill_order(session, order)
            lines = [NewReturnLine(variant.id, Decimal(back))]
            rma = create_return(session, order_id=order.id, reason="too small", lines=lines)
            receive_return(session, rma, idempotency_key=new_id("back"))
        found = here.found("return_spike")
        assert sentences(found) == [("SHIRT", "warning", "return_spike")]  # four are few, and 6 of 61 are no tenth
        assert (found[0].told["share"], found[0].told["before"]) == ("15", "0")
        assert [row[2] for row in rows_of(found[0])] == [6]
        assert [(row.kind, row.detail) for row in found[0].evidence] == [("return", "too small")]

    write(story)


def test_more_is_promised_than_there_is(write: Any) -> None:
    def story(session: Session) -> None:
        here = shop(session)
        milk = here.item("MILK")
        here.has(milk, 10)
        order = factories.sales_order(session, here.house.site, (milk, 10))
        reserve_order(session, order)
        assert here.found("over_promised") == []
        here.posts(milk, 3, MoveKind.WASTE_RECORDED, days_ago=0)
        found = here.found("over_promised")
        assert [(f.sku, f.severity, stake(f)) for f in found] == [("MILK", "critical", (3, 300))]
        assert rows_of(found[0]) == [("order", "SO-1", 10)]

    write(story)


def test_discrepancies_without_a_reason_for_a_week(write: Any) -> None:
    def story(session: Session) -> None:
        here = shop(session)
        milk = here.item("MILK")
        for kind, days in (("transfer_short", 8), ("transfer_short", 31), ("short_receipt", 8), ("short_return", 6)):
            session.add(
                Discrepancy(
                    organization_id=organization_of(session),
                    id=new_id("dis"),
                    kind=kind,
                    site_id=here.house.site.id,
                    variant_id=milk.id,
                    quantity=Decimal(2),
                    created_at=here.now - timedelta(days=days),
                )
            )
        found = here.found("old_discrepancies")
        assert [(f.told["kind"], f.told["count"], f.told["days"], f.severity) for f in found] == [
            ("transfer_short", "2", "31", "warning"),
            ("short_receipt", "1", "8", "info"),
        ]
        assert "(not sent on transfer)" in found[0].message("en") and "nicht versandt" in found[0].message("de")
        assert [row.label for row in found[0].evidence] == ["MILK", "MILK"]
        row = fetch(session, Discrepancy, found[1].evidence[0].id, resource="discrepancy")
        row.status = "resolved"
        session.add(row)
        assert [f.told["kind"] for f in here.found("old_discrepancies")] == ["transfer_short"]

    write(story)


def test_the_severest_and_dearest_come_first_and_pages_add_up(store: Store, write: Any) -> None:
    def fill(session: Session) -> str:
        here = shop(session)
        for number in range(5):
            here.has(here.item(f"OLD-{number}"), number + 1, days_ago=181)
        here.has(here.item("OLDER"), 1, days_ago=400)
        other = factories.warehouse(session, "WH2")
        lost = here.item("LOST")
        factories.stock(session, lost, other.bin, 9, occurred_at=here.now - timedelta(days=400))
        return other.site.id

    second = write(fill)
    organization_id = write(organization_of)
    with store.read(organization_id) as session:
        everything, total = read_insights(session, limit=100)
        assert [f.sku for f in everything] == ["LOST", "OLDER", "OLD-4", "OLD-3", "OLD-2", "OLD-1", "OLD-0"]
        assert total == 7 and everything == read_insights(session, limit=100)[0]
        pages = [read_insights(session, offset=first, limit=3) for first in (0, 3, 6, 9)]
        assert [f for page, _ in pages for f in page] == everything and {count for _, count in pages} == {7}
        assert read_insights(session, severity="info")[1] == 5
        assert [f.sku for f in read_insights(session, site_id=second)[0]] == ["LOST"]
        assert read_insights(session, site_id="wh_no") == ([], 0)
        assert read_insights(session, types=["stock_out", "nothing"]) == ([], 0)


def test_every_type_and_sentence_has_its_words() -> None:
    for language in languages():
        own = keys(language)
        for name in (*(f"type_{name}" for name in insight_types()), *(f"severity_{name}" for name in SEVERITIES)):
            assert f"insight.{name}" in own and len(say(language, f"insight.{name}")) <= 18, (language, name)
    assert {key for key in keys("en") if key.startswith("insight.")} == {
        key for key in keys("de") if key.startswith("insight.")
    }
