"""The sample ds1 is FLOOR's DS-1, exactly; samples go into empty stores only."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlmodel import col, select

from ambra_tui.errors import Conflict, Invalid, NotFound
from ambra_tui.scan.check_digits import has_check_digit
from ambra_tui.services import access, catalog, places, secrets
from ambra_tui.services.insights import read_insights
from ambra_tui.services.sample import SAMPLES, load_sample, practice_badges
from ambra_tui.services.verify import verify_store
from ambra_tui.store import open_store
from ambra_tui.store.models import (
    Barcode,
    Location,
    Lot,
    ProductCategory,
    ProductionBatch,
    PurchaseOrder,
    SalesOrder,
    Site,
    StockLevel,
    StockMove,
    User,
    Variant,
    VariantSupplier,
)
from ambra_tui.store.scope import scoped

STOCK = {
    ("WH1", "A01-1", "BOLT-M8", "", 500),
    ("WH1", "A02-1", "GLOVE-L", "", 40),
    ("WH1", "A03-1", "GLOVE-M", "", 25),
    ("WH1", "A04-1", "MILK-1L", "M100", 24),
    ("WH1", "B04-1", "MILK-1L", "M090", 10),
    ("WH1", "B03-1", "PAINT-5L", "", 12),
    ("WH1", "B02-1", "CHOC-100", "C7", 48),
    ("WH1", "B01-1", "CABLE-2M", "", 30),
    ("WH1", "C01-1", "MILK-1L", "M120", 240),
    ("WH1", "C02-1", "BOLT-M8", "", 2000),
    ("WH1", "C04-1", "FLOUR-25", "F1", 20),
    ("ST1", "MAIN", "GLOVE-L", "", 5),
}
EXPIRES = {
    "M100": date(2026, 4, 10),
    "M090": date(2026, 3, 20),
    "C7": date(2026, 9, 30),
    "M120": date(2026, 6, 1),
    "F1": date(2026, 12, 31),
}
EACH = {
    "MILK-1L": "5001000000019",
    "YOG-150": "5001000000026",
    "BOLT-M8": "5001000000033",
    "GLOVE-L": "5001000000040",
    "GLOVE-M": "5001000000057",
    "PHONE-X": "5001000000064",
    "PAINT-5L": "5001000000071",
    "FLOUR-25": "5001000000088",
    "CHOC-100": "5001000000095",
    "CABLE-2M": "5001000000118",
    "DOUGH-1": "5001000000125",
}
CASES = {
    "15001000000016": ("MILK-1L", 12),
    "15001000000030": ("BOLT-M8", 100),
    "25001000000037": ("BOLT-M8", 1000),
    "15001000000047": ("GLOVE-L", 10),
    "15001000000092": ("CHOC-100", 24),
}
WALK = ["A01-1", "A02-1", "A03-1", "A04-1", "B04-1", "B03-1", "B02-1", "B01-1", "C01-1", "C02-1", "C03-1", "C04-1"]
PICKED = set(WALK[:8])


@pytest.fixture
def session(store):
    organization = load_sample(store, "ds1")
    with store.read(organization.id) as opened:
        yield opened


def _by_id(session, model):
    return {row.id: row for row in session.exec(scoped(session, model))}


def test_stock_is_what_the_page_prints(session):
    sites, bins, variants, lots = (_by_id(session, model) for model in (Site, Location, Variant, Lot))
    levels = session.exec(scoped(session, StockLevel)).all()
    found = {
        (
            sites[bins[level.location_id].site_id].code,
            bins[level.location_id].code,
            variants[level.variant_id].sku,
            lots[level.lot_id].lot_number if level.lot_id else "",
            int(level.on_hand),
        )
        for level in levels
    }
    assert found == STOCK
    assert {lot.lot_number: lot.expiry_date for lot in lots.values()} == EXPIRES
    moves = session.exec(select(StockMove).where(StockMove.organization_id == session.info["organization_id"])).all()
    assert {move.kind for move in moves} == {"opening_balance"} and len(moves) == len(STOCK)


def test_places_are_what_the_page_prints(session):
    site = places.site_by_code(session, "WH1")
    rows = places.locations_of(session, site.id)
    walked = [row for row in rows if row.sequence is not None]
    assert [(row.code, row.sequence) for row in walked] == [(code, 10 * n) for n, code in enumerate(WALK, 1)]
    assert {row.code for row in walked if row.kind == "pick"} == PICKED
    assert {row.code for row in walked if row.is_single_lot and row.kind == "reserve"} == set(WALK) - PICKED
    others = {row.code: (row.kind, row.is_held, row.barcode) for row in rows if row.sequence is None}
    assert others == {
        "RECV": ("dock", False, "WH1-RECV"),
        "STAGE": ("stage", False, "WH1-STAGE"),
        "QUAR": ("quarantine", True, "WH1-QUAR"),
        **{f"T{n}": ("tote", False, f"T{n}") for n in range(1, 10)},
    }
    assert all(row.barcode == f"WH1-{row.code}" for row in walked)
    store_site = places.site_by_code(session, "ST1")
    assert store_site.kind == "store"
    assert [row.code for row in places.locations_of(session, store_site.id)] == ["MAIN"]


def test_codes_are_what_the_page_prints(session):
    variants = _by_id(session, Variant)
    codes = {b.code: (variants[b.variant_id].sku, int(b.quantity)) for b in session.exec(scoped(session, Barcode))}
    assert codes == {**{"0" + code: (sku, 1) for sku, code in EACH.items()}, **CASES}


def test_tracking_is_what_the_page_prints(session):
    found = {
        v.sku: (v.is_lot_tracked, v.is_expiry_tracked, v.is_serial_tracked, v.is_made, v.minimum_shelf_life_days)
        for v in _by_id(session, Variant).values()
    }
    none, dated = (False, False, False, False, None), (True, True, False, False, None)
    assert found == {
        **dict.fromkeys(EACH, none),
        "MILK-1L": (*dated[:4], 30),
        "YOG-150": (*dated[:4], 21),
        "FLOUR-25": dated,
        "CHOC-100": dated,
        "PHONE-X": (False, False, True, False, None),
        "DOUGH-1": (True, False, False, True, None),
    }


def test_people_are_what_the_page_prints(session):
    people = {user.name: user.role for user in session.exec(scoped(session, User))}
    assert people == {"Ana": "operator", "Ben": "operator", "Cleo": "supervisor"}
    for badge, name in (("BDG-1001", "Ana"), ("BDG-1002", "Ben"), ("BDG-9001", "Cleo")):
        user = access.user_by_badge(session, badge)
        assert (user.name, user.language) == (name, "en")
    assert secrets.verify_secret(access.user_by_badge(session, "BDG-9001").pin_hash, "4711")


def test_loading_again_changes_nothing(store):
    organization = load_sample(store, "ds1")

    def moves():
        with store.read(organization.id) as session:
            return session.exec(select(StockMove.id).where(StockMove.organization_id == organization.id)).all()

    before = moves()
    assert load_sample(store, "ds1").id == organization.id
    assert moves() == before


def test_a_sample_store_with_a_second_organization_opens_as_before(store):
    first = load_sample(store, "ds1")
    access.create_organization(store, "Acme")
    assert load_sample(store, "ds1").id == first.id


def test_the_badges_of_a_sample_are_known_and_those_of_other_stores_are_not(store):
    assert practice_badges(store) == []
    load_sample(store, "ds1")
    assert [(b.badge, b.name, b.pin) for b in practice_badges(store)] == [
        ("BDG-1001", "Ana", ""),
        ("BDG-1002", "Ben", ""),
        ("BDG-9001", "Cleo", "4711"),
    ]


def test_a_sample_goes_into_an_empty_store_only(store):
    access.create_organization(store, "Acme")
    with pytest.raises(Conflict, match="empty store"):
        load_sample(store, "ds1")
    assert store.sample == ""
    with pytest.raises(NotFound):
        load_sample(store, "ds9")


def test_one_sample_does_not_follow_another(store):
    load_sample(store, "ds1")
    with pytest.raises(Conflict, match="ds1"):
        load_sample(store, "demo")


def test_the_clock_of_a_sample_store_may_be_set(sqlite_url):
    with open_store(sqlite_url, now="2026-03-02T08:00Z") as store:
        assert store.clock.today() != date(2026, 3, 2)
        load_sample(store, "ds1")
        assert store.clock.today() == date(2026, 3, 2)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_every_sample_loads_and_reports_its_progress(store, dialect):
    steps = []
    load_sample(store, "ds1", lambda done, total: steps.append((done, total)))
    assert steps[-1][0] == steps[-1][1] and [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert {"ds1", "demo"} == SAMPLES


def test_case_codes_mean_their_units(session):
    assert catalog.match_text(session, "25001000000037").quantity == Decimal(1000)


# --- the sample demo


def _demo_counts(store, organization):
    with store.read(organization.id) as session:
        return [
            len(session.exec(scoped(session, model)).all())
            for model in (
                Variant,
                Barcode,
                Location,
                Lot,
                StockLevel,
                StockMove,
                SalesOrder,
                PurchaseOrder,
                ProductionBatch,
                User,
            )
        ]


@pytest.mark.parametrize("dialect", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def test_the_demo_is_a_lively_warehouse_that_obeys_the_ledger(store, dialect):
    """Work for every flow, ninety days of past in its own time, valid codes; loading it again changes nothing."""
    organization = load_sample(store, "demo")
    with store.read(organization.id) as demo:
        variants = demo.exec(scoped(demo, Variant)).all()
        assert len(variants) >= 250
        assert any(v.is_serial_tracked for v in variants) and any(v.is_made for v in variants)
        assert len(demo.exec(scoped(demo, Site)).all()) == 3
        orders = {order.number: order for order in demo.exec(scoped(demo, SalesOrder)).all()}
        today = [order.status for number, order in orders.items() if number.count("-") == 1]
        assert len(today) == 8 and today.count("allocated") == 4
        purchases = {order.number: order.status for order in demo.exec(scoped(demo, PurchaseOrder)).all()}
        assert [number for number, status in purchases.items() if status == "ordered"] == [
            f"PO-{number}" for number in range(1001, 1007)
        ]
        lots = demo.exec(scoped(demo, Lot).where(Lot.status != "exhausted")).all()
        assert all(lot.expiry_date is None or lot.expiry_date > store.clock.today() for lot in lots)
        batches = {batch.number: batch.status for batch in demo.exec(scoped(demo, ProductionBatch)).all()}
        assert sorted(batches.values()) == ["completed"] * 6 + ["planned"] * 2
        products = {variant.product_id for variant in variants}
        assert {link.product_id for link in demo.exec(scoped(demo, ProductCategory))} == products
        asked = {link.variant_id for link in demo.exec(scoped(demo, VariantSupplier))}
        assert asked == {variant.id for variant in variants if not variant.is_made}
        codes = [row.code for row in demo.exec(scoped(demo, Barcode)).all()]
        assert all(len(code) == 14 and code[1:4] == "952" and has_check_digit(code) for code in codes)
        moves = demo.exec(
            select(StockMove).where(StockMove.organization_id == organization.id).order_by(col(StockMove.sequence))
        ).all()
        ages = sorted({(store.clock.today() - move.posted_at.date()).days for move in moves})
        assert ages[0] == 0 and ages[-1] == 90 and len(ages) > 80
        assert [move.posted_at for move in moves] == sorted(move.posted_at for move in moves)
        told = {insight.type for insight in read_insights(demo, limit=100)[0]}
        assert told >= {"stock_out", "overdue_purchase_order", "dead_stock", "expiry_before_sale"}
        kinds = {move.kind for move in moves}
        assert {
            "order_fulfilled", "purchase_received", "transfer_in", "transfer_out", "waste_recorded",
            "production_consumed", "production_output", "production_waste",
        } <= kinds  # fmt: skip
    assert len(practice_badges(store)) == 4
    assert verify_store(store).is_clean
    before = _demo_counts(store, organization)
    load_sample(store, "demo")
    assert _demo_counts(store, organization) == before


def test_only_a_sample_lives_in_another_time(store):
    with pytest.raises(Invalid), store.as_of(datetime(2026, 1, 1, tzinfo=UTC)):
        pass
