"""Screens worth looking at, reached as a person reaches them, for snapshot tests and for `screenshots/`.

A scene is a list of steps on the sample ds1 with a document for every flow: a text is scanned, ``key:f10`` is a key,
``type:12`` is typed and entered, ``ask:low stock`` is typed and asked on the page of questions. All scenes begin at
the sign-in screen; the clock stands still.

Example::

    asyncio.run(picture(store_url, SCENES["pick"], rows=16, columns=20))
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from sqlalchemy import select, update
from sqlmodel import Session
from textual.pilot import Pilot

from ambra_tui.kit.clock import FrozenClock, parse_moment
from ambra_tui.ledger import CUSTOMER, INVENTORY_LOSS, MoveKind, Posting, post
from ambra_tui.runtime import TerminalHost, TerminalOptions, open_terminal
from ambra_tui.scan.sources.wedge import Stroke
from ambra_tui.services import (
    access,
    catalog,
    count_plans,
    orders,
    places,
    policies,
    purchasing,
    returns,
    suppliers,
    transfers,
)
from ambra_tui.services.access import keys as access_keys
from ambra_tui.services.access import user_by_badge
from ambra_tui.services.access_system import choose_organization
from ambra_tui.services.catalog import find_variant_by_sku
from ambra_tui.services.secrets import badge_digest
from ambra_tui.services.webhooks import subscriptions
from ambra_tui.store import open_store
from ambra_tui.store.models import ApiKey, OrderSale, Site, User, Webhook, WebhookDelivery, table_of
from ambra_tui.store.scope import now_of, organization_of
from ambra_tui.tui.app import Terminal
from ambra_tui.tui.ask import AskPage
from ambra_tui.tui.desk import LivePage, ShiftPage
from ambra_tui.tui.forecast import ForecastPage
from ambra_tui.tui.insights import InsightsPage
from ambra_tui.tui.reports import ReportPage
from ambra_tui.tui.rows import RowsPage
from ambra_tui.tui.sales import SalesPage
from tests.floor.packing import settle
from tests.floor.test_produce import plan
from tests.floor.worker import NOW, Worker, open_ds1

SIZES = ((16, 20), (24, 80), (40, 120))
LANGUAGES = ("en", "de")
MILK_LABEL = "]C10215001000000016172607153710\x1d10M130"
DEADLINE_SECONDS = 20.0
PASSWORD = "a password for the office"


@dataclass(frozen=True)
class Scene:
    """`steps` after the badge; `badge` empty: nobody signs in. `is_pictured`: its picture is in `screenshots/`."""

    steps: tuple[str, ...] = ()
    badge: str = "BDG-1001"
    is_pictured: bool = False


def scene(*steps: str, badge: str = "BDG-1001", is_pictured: bool = False) -> Scene:
    """A scene of these steps."""
    return Scene(steps, badge, is_pictured)


COLLEAGUE, SUPERVISOR, ADMIN = "BDG-1002", "BDG-9001", "BDG-9900"
OFFICE = ("key:f12", "key:5", f"type:{PASSWORD}")
NEW_KEY = ("key:4", "key:f5", "type:Web shop", "key:2", "key:2", "key:1", "key:4")
SHOWN_KEY = "ambra_live_k3v9x2ab_4uHq7Zp2Wc8LmT1sXyB6nRdE0fGjK5vQaP9oYiNhtM3rSwCdV"
SHOWN_SECRET = "whsec_b3VyIG93biBzZWNyZXQgb2YgYSBzY2VuZQ=="
MILK, BOLT, GLOVE, PAINT = "5001000000019", "5001000000033", "5001000000040", "5001000000071"
PHONE, CHOC, CABLE = "5001000000064", "5001000000095", "5001000000118"
PICK_GLOVES = ("key:3", "SO-2", "WH1-A02-1")
PICKED = ("key:3", "SO-3", "WH1-A02-1", GLOVE, "T1", "WH1-B01-1", CABLE, "T1", "key:escape")
PACK = (*PICKED, "key:-", "T1")
PACKED = (*PACK, GLOVE, "type:3", CABLE, "type:2", "type:1.2")
COUNT_GLOVES = ("key:4", "WH1-A02-1")
BUYER = {"line1": "20 W 34th St", "city": "New York", "state": "NY", "zip": "10001", "country": "US"}
BATCH = ("PB-000001", "key:f10")
FLOUR_LABEL = "]C1010500100000008810F1"
SCENES: dict[str, Scene] = {
    # at the door
    "sign-in": scene(badge="", is_pictured=True),
    "sign-in-unknown": scene("BDG-4444", badge=""),
    "home": scene(is_pictured=True),
    "home-supervisor": scene(badge=SUPERVISOR),
    "home-unknown-code": scene("NO-SUCH-CODE"),
    "sign-off": scene("key:3", "SO-2", "key:f12"),
    "take-over": scene(SUPERVISOR),
    "leave": scene("key:ctrl+c"),
    "help": scene("key:f1"),
    "scanner-test": scene("key:f2"),
    "practice": scene("key:1", "PO-1001", "key:f4", is_pictured=True),
    "language": scene("key:1", "key:ctrl+g"),
    # receiving
    "receive-order": scene("key:1"),
    "receive": scene("key:1", "PO-1001", "]C100050010000000000019", MILK_LABEL, is_pictured=True),
    "receive-lot": scene("key:1", "PO-1001", "15001000000016"),
    "receive-posted": scene("key:1", "PO-1001", BOLT, "type:500", "WH1-RECV"),
    "receive-expired": scene("key:1", "PO-1001", MILK, "]C11726010110OLD"),
    "receive-too-many": scene("key:1", "PO-1001", BOLT, "type:9999"),
    "receive-short": scene("key:1", "PO-1001", BOLT, "type:500", "WH1-RECV", "key:f10"),
    "receive-damaged": scene("key:1", "PO-1001", "key:f8", BOLT),
    "receive-blind": scene("key:1", "key:f6"),
    # putting away
    "putaway-start": scene("key:2"),
    "putaway": scene("key:2", "050010000000000027", is_pictured=True),
    "putaway-wrong-bin": scene("key:2", "050010000000000027", "WH1-C01-1"),
    "putaway-other-bin": scene("key:2", "050010000000000027", "WH1-B03-1"),
    # picking
    "pick-orders": scene("key:3"),
    "pick-zone": scene("key:3", "key:f6"),
    "pick-taken": scene("key:3", "SO-4"),
    "pick-bin": scene("key:3", "SO-2"),
    "pick": scene(*PICK_GLOVES, is_pictured=True),
    "wrong-bin": scene("key:3", "SO-2", "WH1-A03-1", is_pictured=True),
    "pick-wrong-item": scene(*PICK_GLOVES, MILK),
    "pick-tote": scene(*PICK_GLOVES, GLOVE),
    "pick-short": scene(*PICK_GLOVES, GLOVE, "type:1", "T7"),
    "pick-done": scene("key:3", "SO-3", "WH1-A02-1", GLOVE, "T1", "WH1-B01-1", CABLE, "T1"),
    "pick-cluster": scene("key:3", "key:f8", "SO-1", "T1", "SO-2"),
    "pick-cluster-walk": scene("key:3", "key:f8", "SO-1", "T1", "SO-2", "T2", "WH1-A01-1", BOLT, is_pictured=True),
    # packing
    "pack-orders": scene(*PICKED, "key:-"),
    "pack": scene(*PACK, GLOVE, is_pictured=True),
    "pack-weight": scene(*PACK, GLOVE, "key:f10", "CARTON-1"),
    "pack-carrier": scene(*PACKED, is_pictured=True),
    "pack-carriers": scene(*PACKED, "key:2", badge=SUPERVISOR),
    "pack-label": scene(*PACKED, "key:1", is_pictured=True),
    "pack-hand-over": scene(*PACKED, "key:1", "key:f8"),
    # counting
    "count-bins": scene("key:4"),
    "count": scene(*COUNT_GLOVES, GLOVE, "type:38", is_pictured=True),
    "count-nothing": scene(*COUNT_GLOVES, "key:f10"),
    "count-rest": scene("key:4", "WH1-A04-1", CABLE, "type:2", "key:f10"),
    "count-again": scene(*COUNT_GLOVES, GLOVE, "type:30", "key:f10"),
    "count-plan": scene("key:4", "key:f5", badge=SUPERVISOR),
    "count-approve": scene("key:4", "key:f6", badge=SUPERVISOR),
    "count-complete": scene("key:4", "key:f10", badge=SUPERVISOR),
    # moving
    "move-start": scene("key:5"),
    "move": scene("key:5", "WH1-A01-1", BOLT, "type:20", is_pictured=True),
    "move-bin": scene("key:5", "WH1-C01-1"),
    "move-refused": scene("key:5", "WH1-C01-1", "WH1-C02-1"),
    # transfers
    "transfer-start": scene("key:6"),
    "transfer": scene("key:6", "TR-1", "WH1-A02-1", GLOVE, "type:4", is_pictured=True),
    "transfer-send": scene("key:6", "TR-1", "WH1-A02-1", GLOVE, "type:4", "key:f10"),
    "transfer-receive": scene("key:6", "TR-2", GLOVE),
    "transfer-missing": scene("key:6", "TR-2", GLOVE, "type:1", "WH1-RECV", "key:f10"),
    # waste and holds
    "waste-start": scene("key:7"),
    "waste": scene("key:7", "WH1-B04-1", MILK, "type:3", is_pictured=True),
    "waste-too-many": scene("key:7", "WH1-B04-1", MILK, "type:999"),
    "hold": scene("key:7", "key:f8", "M100", badge=SUPERVISOR, is_pictured=True),
    "hold-operator": scene("key:7", "key:f8"),
    "hold-done": scene("key:7", "key:f8", "M100", "key:1", badge=SUPERVISOR),
    # recalls
    "recall-start": scene("key:0", "key:3", badge=SUPERVISOR),
    "recall": scene("key:0", "key:3", "M100", badge=SUPERVISOR, is_pictured=True),
    "recall-moves": scene("key:0", "key:3", "M100", "key:f7", badge=SUPERVISOR),
    "recall-why": scene("key:0", "key:3", "M100", "key:f10", badge=SUPERVISOR),
    "recall-done": scene("key:0", "key:3", "M100", "key:f10", "key:1", badge=SUPERVISOR),
    # returns
    "returns-start": scene("key:8"),
    "returns-item": scene("key:8", "RMA-1"),
    "returns": scene("key:8", "RMA-1", PAINT, is_pictured=True),
    "returns-done": scene("key:8", "RMA-1", PAINT, "key:s"),
    # replenishment
    "replenish": scene("key:9"),
    # production
    "produce-batches": scene("key:+"),
    "produce-start": scene("PB-000001"),
    "produce": scene(*BATCH, is_pictured=True),
    "produce-label": scene(*BATCH, "WH1-C04-1"),
    "produce-wrong-item": scene(*BATCH, CABLE),
    "produce-over": scene(*BATCH, "WH1-C04-1", "type:9", FLOUR_LABEL),
    "produce-more": scene(*BATCH, FLOUR_LABEL, "WH1-C04-1", FLOUR_LABEL),
    "produce-waste-bin": scene(*BATCH, "key:f8"),
    "produce-waste": scene(*BATCH, "key:f8", FLOUR_LABEL),
    "produce-waste-reason": scene(*BATCH, "key:f8", FLOUR_LABEL, "type:1"),
    "produce-made": scene(*BATCH, FLOUR_LABEL, "key:f10"),
    "produce-place": scene(*BATCH, FLOUR_LABEL, "key:f10", "type:20", is_pictured=True),
    "produce-lot": scene(*BATCH, FLOUR_LABEL, "key:f10", "type:20", "key:f6"),
    "produce-expiry": scene(*BATCH, FLOUR_LABEL, "key:f10", "type:20", "key:f7"),
    "produce-done": scene(*BATCH, FLOUR_LABEL, "key:f10", "type:20", "key:f10", "key:enter"),
    # taking back
    "undo": scene("key:5", "WH1-A01-1", BOLT, "type:20", "WH1-B01-1", "key:ctrl+z", is_pictured=True),
    "undo-nothing": scene("key:ctrl+z"),
    "undone": scene("key:5", "WH1-A01-1", BOLT, "type:20", "WH1-B01-1", "key:ctrl+z", "key:1"),
    # cards
    "inquiry-start": scene("key:f3"),
    "inquiry": scene(MILK, is_pictured=True),
    "inquiry-bin": scene("WH1-A04-1"),
    "inquiry-lot": scene("]C1010500100000001910M100"),
    "inquiry-plate": scene("050010000000000027"),
    "inquiry-order": scene("SO-2"),
    "inquiry-purchase-order": scene("PO-1001"),
    "inquiry-batch": scene("key:f3", "PB-000001"),
    "inquiry-unknown": scene("key:f3", "NO-SUCH-CODE"),
    "inquiry-code": scene("WH1-A04-1", "key:f11"),
    # questions
    "ask": scene("key:ctrl+f", "ask:how many GLOVE-L do we have", is_pictured=True),
    "ask-unclear": scene("key:ctrl+f", "ask:how many gloves"),
    "ask-bars": scene("key:ctrl+f", "ask:what is running low"),
    # administration
    "admin-password": scene("key:f12", "key:5", badge=SUPERVISOR),
    "admin": scene("key:f12", "key:5", f"type:{PASSWORD}", badge=SUPERVISOR),
    "admin-worker": scene("key:f12", "key:5", f"type:{PASSWORD}", "key:2", "BDG-1002", badge=SUPERVISOR),
    # keys and webhooks
    "admin-menu": scene(*OFFICE, badge=ADMIN),
    "keys": scene(*OFFICE, "key:4", badge=ADMIN, is_pictured=True),
    "keys-card": scene(*OFFICE, "key:4", "key:1", badge=ADMIN),
    "keys-scopes": scene(*OFFICE, "key:4", "key:f5", "type:Web shop", badge=ADMIN),
    "keys-secret": scene(*OFFICE, *NEW_KEY, badge=ADMIN, is_pictured=True),
    "keys-code": scene(*OFFICE, *NEW_KEY, "key:f11", badge=ADMIN),
    "webhooks": scene(*OFFICE, "key:5", badge=ADMIN, is_pictured=True),
    "webhooks-card": scene(*OFFICE, "key:5", "key:1", badge=ADMIN),
    "webhooks-deliveries": scene(*OFFICE, "key:5", "key:1", "key:1", badge=ADMIN, is_pictured=True),
    "webhooks-delivery": scene(*OFFICE, "key:5", "key:1", "key:1", "key:2", badge=ADMIN),
    # the supervisor's desk
    "desk": scene("key:0", badge=SUPERVISOR, is_pictured=True),
    "desk-exception": scene("key:0", "key:1", badge=SUPERVISOR),
    "desk-work": scene("key:0", "key:2", badge=SUPERVISOR),
    "desk-set-free": scene("key:0", "key:2", "key:1", badge=SUPERVISOR),
    "desk-operator": scene("key:0"),
    "desk-live": scene("key:0", "key:f5", badge=SUPERVISOR, is_pictured=True),
    "desk-shift": scene("key:0", "key:f11", badge=SUPERVISOR, is_pictured=True),
    "forecast": scene(CABLE, "key:f8", badge=SUPERVISOR, is_pictured=True),
    "forecast-ask": scene("key:0", "key:f9", badge=SUPERVISOR),
    "insights": scene("key:0", "key:f10", badge=SUPERVISOR, is_pictured=True),
    "insights-evidence": scene("key:0", "key:f10", "key:enter", badge=SUPERVISOR),
    "desk-reports": scene("key:0", "key:4", badge=SUPERVISOR),
    "report-movers": scene("key:0", "key:4", "key:f6", badge=SUPERVISOR, is_pictured=True),
    "report-aging": scene("key:0", "key:4", "key:f7", badge=SUPERVISOR),
    "report-sites": scene("key:0", "key:4", "key:f8", badge=SUPERVISOR),
    "report-sales": scene("key:0", "key:4", "key:f9", badge=SUPERVISOR, is_pictured=True),
    "list-low-stock": scene("key:0", "key:4", "key:f5", badge=SUPERVISOR),
    "list-stock": scene("key:0", "key:f6", badge=SUPERVISOR, is_pictured=True),
    "list-moves": scene("key:0", "key:f7", badge=SUPERVISOR),
    "list-trail": scene("key:0", "key:f8", badge=SUPERVISOR),
}


# --- the store behind the scenes ------------------------------------------------------------------------------------


def prepare(path: Path) -> None:
    """ds1 at `path`, with documents for every flow."""
    store, organization_id = open_ds1(f"sqlite:///{path}")
    store.clock = FrozenClock(parse_moment(NOW))
    office = Worker(store, organization_id, SUPERVISOR, station="office")
    office.write(_buy)
    office.write(past_sales)
    office.write(_prices)
    office.order("SO-1", ("BOLT-M8", 10), ("MILK-1L", 6))
    office.order("SO-2", ("MILK-1L", 8), ("PAINT-5L", 1), ("GLOVE-L", 3), ("CABLE-2M", 2))
    office.order("SO-3", ("GLOVE-L", 3), ("CABLE-2M", 2), customer=BUYER)
    settle(office)
    office.write(_other_documents)
    plan(office)
    office.write(_policies)
    office.write(_password)
    office.write(_administration)
    office.write(_spread_sales)
    _work(Worker(store, organization_id, COLLEAGUE, station="st-2"), office)
    office.command("sign_out").press("2")
    store.close()


def _work(ben: Worker, office: Worker) -> None:
    """A colleague stands in the middle of a pick; what he did before leaves the supervisor something to decide."""
    ben.menu("receive").command("blind").scan(CABLE).type("5").scan("WH1-RECV").command("home")
    for counter, found in ((ben, "40"), (office, "41")):
        counter.menu("count").scan("WH1-B02-1", CHOC).type(found).type("C7").command("done").command("home")
    office.order("SO-4", ("BOLT-M8", 20))
    ben.menu("pick").scan("SO-4", "WH1-A03-1", "WH1-A01-1")


def _prices(session: Session) -> None:
    for sku, price in (("BOLT-M8", 25), ("MILK-1L", 119), ("PAINT-5L", 3490), ("GLOVE-L", 1295), ("CABLE-2M", 899)):
        variant = find_variant_by_sku(session, sku)
        assert variant is not None
        variant.price_minor = price
        session.add(variant)


def _spread_sales(session: Session) -> None:
    """What was sold counts for several days, so that there is something to draw."""
    sale = table_of(OrderSale)
    own = sale.c.organization_id == organization_of(session)
    connection = session.connection()
    keys = connection.execute(select(sale.c.key).where(own).order_by(sale.c.key)).scalars().all()
    for position, key in enumerate(keys):
        earlier = update(sale).where(own, sale.c.key == key).values(day=sale.c.day - (3 + 7 * position) % 27)
        connection.execute(earlier)


def _policies(session: Session) -> None:
    site = places.site_by_code(session, "WH1")
    for sku, point in (("GLOVE-M", 30), ("FLOUR-25", 40), ("PHONE-X", 5)):
        policies.create_policy(
            session,
            variant_id=catalog.variant_by_sku(session, sku).id,
            site_id=site.id,
            values={"reorder_point": Decimal(point), "reorder_quantity": Decimal(20)},
        )


def _password(session: Session) -> None:
    access.set_password(session, user_by_badge(session, SUPERVISOR), PASSWORD)


def _administration(session: Session) -> None:
    """An administrator, keys and a webhook that are there: rows alone, for the trail of the other scenes tells of all
    else that was done."""
    organization_id, now = organization_of(session), now_of(session)
    boss = user_by_badge(session, SUPERVISOR)
    session.add(
        User(
            organization_id=organization_id, id="usr_admin", name="Ada", role="admin",
            badge_digest=badge_digest(session, ADMIN), password_hash=boss.password_hash, created_at=now, updated_at=now,
        )
    )  # fmt: skip
    for number, (label, scopes, days) in enumerate(
        (("Old connector", ["read"], -1), ("ERP", ["inventory:write", "orders:read"], 90), ("Web shop", ["write"], 0))
    ):
        session.add(
            ApiKey(
                id=f"key_{number}", organization_id=organization_id, label=label, prefix=f"ambra_live_k3v9x2a{number}",
                digest="", scopes=scopes, edition="", created_at=now - timedelta(days=9 - number),
                expires_at=now + timedelta(days=days) if days else None,
                last_used_at=now - timedelta(minutes=7) if days >= 0 else None,
            )
        )  # fmt: skip
    hook = Webhook(
        organization_id=organization_id, id="whk_1", edition="ambra", url="https://shop.example/ambra",
        events=["stock_level.low", "stock_level.critical"], secret=SHOWN_SECRET, created_at=now, updated_at=now,
    )  # fmt: skip
    session.add(hook)
    session.flush()
    for number, (status, event, answer) in enumerate(
        (("delivered", "stock_level.low", 200), ("failed", "stock_level.critical", 500),
         ("pending", "stock_level.low", None))
    ):  # fmt: skip
        moment = now - timedelta(minutes=30 - 10 * number)
        session.add(
            WebhookDelivery(
                organization_id=organization_id, id=f"dlv_{number}", webhook_id=hook.id, event_id=f"evt_{number}",
                event_type=event, body="{}", status=status, attempts=(1, 6, 0)[number], counts_from=moment,
                next_attempt_at=moment if status == "pending" else None, last_status=answer, created_at=moment,
            )
        )  # fmt: skip


def _buy(session: Session) -> None:
    vendor = suppliers.create_supplier(session, name="Green Valley Dairy")
    site = places.site_by_code(session, "WH1")
    for number, wanted in (("PO-1001", (("MILK-1L", 120), ("BOLT-M8", 1000))), ("PO-1002", (("PAINT-5L", 20),))):
        lines = [
            purchasing.NewPurchaseLine(catalog.variant_by_sku(session, sku).id, Decimal(quantity))
            for sku, quantity in wanted
        ]
        order = purchasing.create_purchase_order(
            session, supplier_id=vendor.id, site_id=site.id, lines=lines, number=number
        )
    plate = places.find_or_create_plate(session, "050010000000000027")
    dock = places.find_location(session, "WH1-RECV")
    assert dock is not None
    purchasing.receive_line(
        session, line=purchasing.lines_of(session, order.id)[0], quantity=Decimal(6), location_id=dock.id,
        plate_id=plate.id, idempotency_key="scene-receipt",
    )  # fmt: skip


def past_sales(session: Session) -> None:
    """A year in which cables came and were sold; what lies there now is what lay there before."""
    cable = catalog.variant_by_sku(session, "CABLE-2M")
    place = places.find_location(session, "WH1-B01-1")
    assert place is not None
    chance, today, sold = Random(7), parse_moment(NOW), []
    for week in range(51, -1, -1):
        if chance.random() < 0.8:
            sold.append((today - timedelta(days=7 * week + 3), Decimal(chance.randint(1, 9))))
    came = sum((quantity for _, quantity in sold), Decimal(0))
    base = Posting(
        cable.id, INVENTORY_LOSS, place.id, came, MoveKind.OPENING_BALANCE, "scene-past",
        occurred_at=today - timedelta(days=360),
    )  # fmt: skip
    left = [
        replace(base, source_id=place.id, destination_id=CUSTOMER, quantity=quantity, kind=MoveKind.ORDER_FULFILLED,
                idempotency_key=f"scene-past-{number}", occurred_at=at)
        for number, (at, quantity) in enumerate(sold)
    ]  # fmt: skip
    post(session, [base, *left])


def _other_documents(session: Session) -> None:
    main, shop = (places.site_by_code(session, code) for code in ("WH1", "ST1"))
    _transfer(session, "TR-1", main, shop, ("GLOVE-L", 10), ("CHOC-100", 24))
    transfers.ship(session, _transfer(session, "TR-2", shop, main, ("GLOVE-L", 2)), idempotency_key="scene-ship")
    bins = count_plans.named_bins(session, main.id, ("A02-1", "A03-1", "A04-1", "B02-1"))
    count_plans.plan_count(session, site_id=main.id, method="bins", location_ids=[row.id for row in bins])
    sold = [
        orders.NewOrderLine(catalog.variant_by_sku(session, sku).id, Decimal(2)) for sku in ("PAINT-5L", "CHOC-100")
    ]
    order = orders.create_order(session, site_id=main.id, lines=sold, number="SO-9")
    orders.fulfill_order(session, order)
    coming = [returns.NewReturnLine(line.variant_id, Decimal(2)) for line in sold]
    returns.create_return(session, order_id=order.id, reason="too many", lines=coming, number="RMA-1")


def _transfer(session: Session, number: str, source: Site, target: Site, *lines: tuple[str, int]) -> Any:
    new = [transfers.NewTransferLine(catalog.variant_by_sku(session, sku).id, Decimal(count)) for sku, count in lines]
    return transfers.create_transfer(
        session, source_site_id=source.id, destination_site_id=target.id, lines=new, number=number
    )


def speak(path: Path, language: str) -> None:
    """Everybody in the store at `path` speaks `language`."""
    store = open_store(f"sqlite:///{path}", now=NOW)
    organization_id = choose_organization(store, None).id

    def change(session: Session) -> None:
        for badge in ("BDG-1001", SUPERVISOR, ADMIN):
            user = user_by_badge(session, badge)
            user.language = language
            session.add(user)

    store.writer.run(change, organization_id=organization_id)
    store.close()


def prepared(folder: Path, language: str) -> Path:
    """A template store whose people speak `language`; scenes are played on copies of it."""
    path = folder / f"{language}.db"
    prepare(path)
    speak(path, language)
    return path


# --- how a scene is played ------------------------------------------------------------------------------------------


def terminal_on(path: Path) -> Terminal:
    """The real terminal on the store at `path`; its clock stands still."""

    def host() -> TerminalHost:
        opened = open_terminal(TerminalOptions(f"sqlite:///{path}", "dock-1", site="WH1", server=False, now=NOW))
        opened._store.clock = FrozenClock(parse_moment(NOW))
        return opened

    return Terminal(host, station="dock-1")


def play(played: Scene) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Walks to the scene."""

    async def run(pilot: Pilot[Any]) -> None:
        terminal = pilot.app
        assert isinstance(terminal, Terminal)
        terminal.station.clock = FrozenClock(parse_moment(NOW))
        await until(lambda: terminal.station.is_open)
        with same_secrets():
            for step in ((played.badge,) if played.badge else ()) + played.steps:
                await _do(pilot, terminal, step)
                await settled(pilot, terminal)

    return run


@contextmanager
def same_secrets() -> Iterator[None]:
    """A key or secret that is made in a scene is the same in every picture."""
    with (
        patch.object(access_keys, "new_text", lambda *, is_sandbox: (SHOWN_KEY[:19], SHOWN_KEY)),
        patch.object(subscriptions, "new_secret", lambda: SHOWN_SECRET),
    ):
        yield


async def _do(pilot: Pilot[Any], terminal: Terminal, step: str) -> None:
    kind, _, rest = step.partition(":")
    if kind == "key":
        await pilot.press(rest)
    elif kind == "ask" and isinstance(terminal.screen, AskPage):
        for character in rest:
            terminal.screen.stroke(Stroke(character, character, 0.0), is_lone=False)
        terminal.screen.stroke(Stroke("enter", "\r", 0.0), is_lone=True)
    elif kind == "type":
        terminal.station.type(rest)
        terminal.station.enter()
    else:
        terminal.practice.send(step)


async def settled(pilot: Pilot[Any], terminal: Terminal) -> None:
    """Everything entered is answered and drawn."""
    await until(lambda: _is_answered(terminal) and _is_read(terminal))
    await pilot.pause()


def _is_answered(terminal: Terminal) -> bool:
    """A digit is a key only after the silence of a burst's end; then nothing waits for an answer."""
    intake = terminal.station.intake
    return terminal.wedge.deadline_ms is None and not intake.waiting and not intake.is_answering


def _is_read(terminal: Terminal) -> bool:
    """A page that reads from the store has read."""
    page = terminal.screen
    if isinstance(page, AskPage):
        return not page.is_asking
    if isinstance(page, RowsPage):
        return bool(page.rows)
    if isinstance(page, ForecastPage | InsightsPage | ReportPage | SalesPage):
        return not page.is_reading
    return not isinstance(page, LivePage | ShiftPage) or page.figures is not None


async def until(holds: Callable[[], bool]) -> None:
    """Lets the program run until `holds`."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not holds():
            await asyncio.sleep(0.005)
