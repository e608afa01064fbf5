"""Orders of the commerce edition: every row with its parameters, limits, statuses and refusals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import col

from ambra_tui.services import orders, shipping
from ambra_tui.store.models import OutboxEvent, Payment
from ambra_tui.store.scope import now_of, scoped
from tests import factories
from tests.api.commerce import Shop
from tests.api.conftest import Api

PATH = "/orders"
ROW = {
    "id", "number", "customer_id", "status", "payment_status", "fulfillment_status", "channel", "currency", "items",
    "totals", "shipping_address", "billing_address", "payment_method", "shipping_method", "warehouse_id", "notes",
    "metadata", "created_at", "updated_at",
}  # fmt: skip
ITEM = {
    "id", "product_id", "variant_id", "sku", "name", "quantity", "price", "total", "fulfilled_quantity",
    "backordered_quantity",
}  # fmt: skip
HOME = {
    "first_name": "Jane",
    "line1": "350 5th Ave",
    "city": "New York",
    "state": "NY",
    "zip": "10001",
    "country": "us",
}


@pytest.fixture
def shop(api: Api, house: factories.Warehouse) -> Shop:
    """Headphones, priced, 10 of them in the pick bin; a cable without a price, 3 of them."""

    def fill(session: Any) -> None:
        for sku, price, count in (("HEADPHONE-001", 19999, 10), ("CABLE-1", None, 3)):
            variant = factories.variant(session, sku=sku, price_minor=price, name=f"Best {sku}")
            factories.stock(session, variant, house.bin, count)

    api.write(fill)
    return Shop(api)


@pytest.fixture
def jane(shop: Shop) -> str:
    body = {"email": "jane@example.com", "first_name": "Jane", "last_name": "Doe", "addresses": [HOME]}
    return str(shop.post("/customers", body)["id"])


def sku(shop: Shop, text: str) -> Any:
    from ambra_tui.services.catalog import variant_by_sku

    return shop.api.write(lambda session: variant_by_sku(session, text))


def place(shop: Shop, customer_id: str, quantity: Any = 1, **more: Any) -> Any:
    body = {"customer_id": customer_id, "items": [{"sku": "HEADPHONE-001", "quantity": quantity}], **more}
    return shop.post(PATH, body)


def level(shop: Shop) -> tuple[float, float]:
    row = shop.api.get("/inventory_levels", params={"sku": "HEADPHONE-001"}).json()["data"][0]
    return row["on_hand"], row["reserved"]


def facts(shop: Shop, order_id: str) -> list[str]:
    """What the outbox tells of an order's life in a shop."""
    with shop.api.store.read(shop.api.organization_id) as session:
        rows = session.exec(
            scoped(session, OutboxEvent).where(OutboxEvent.subject == order_id).order_by(col(OutboxEvent.id))
        )
        wanted = ("order_created", "order_updated", "order_cancelled", "order_fulfilled", "order_refunded")
        return [row.type for row in rows if row.type in wanted]


def pay(shop: Shop, order_id: str, **values: Any) -> None:
    """A payment of the order as a gateway left it, and what the order makes of it."""

    def work(session: Any) -> None:
        order, now = orders.get_order(session, order_id), now_of(session)
        filled = {"amount": 100_000, "method": "card", "status": "succeeded", "currency": order.currency, **values}
        dated = factories._dated(session, "pi") | {"created_at": now, "updated_at": now}
        session.add(Payment(**dated, order_id=order_id, gateway="sandbox", **filled))
        session.flush()
        orders.settle_payment_status(session, order)

    shop.api.write(work)


def test_an_order_is_placed_reserved_and_read_back(shop: Shop, jane: str, house: factories.Warehouse) -> None:
    """The printed body: by product and variant, with addresses and methods; amounts, reservation, history, Location."""
    headphone = sku(shop, "HEADPHONE-001")
    answer = shop.ask("POST", PATH, {
        "customer_id": jane,
        "items": [
            {"product_id": headphone.product_id, "variant_id": headphone.id, "quantity": 2, "price": 199.99},
            {"product_id": sku(shop, "CABLE-1").product_id, "quantity": 1, "price": 9.5},
        ],
        "shipping_address": HOME, "billing_address": {**HOME, "line1": "1 Bank St"}, "payment_method": "card",
        "shipping_method": "standard", "shipping_cost": 4.9, "tax": 0.01, "discount": 10, "channel": "web",
        "metadata": {"cart": "c-7"}, "currency": "eur",
    })  # fmt: skip
    assert answer.status_code == 201, answer.text
    order = answer.json()
    assert set(order) == ROW | {"customer", "history", "payments", "refunds", "shipments"} and order["id"].startswith(
        "ord_"
    )
    assert answer.headers["location"] == f"/v2{PATH}/{order['id']}"
    assert (order["status"], order["payment_status"], order["fulfillment_status"]) == (
        "pending", "pending", "unfulfilled"
    )  # fmt: skip
    assert order["totals"] == {"subtotal": 409.48, "shipping": 4.9, "tax": 0.01, "discount": 10, "total": 404.39}
    assert all(set(item) == ITEM for item in order["items"])
    assert [(item["sku"], item["name"], item["price"], item["total"]) for item in order["items"]] == [
        ("HEADPHONE-001", "Best HEADPHONE-001", 199.99, 399.98), ("CABLE-1", "Best CABLE-1", 9.5, 9.5),
    ]  # fmt: skip
    assert (order["shipping_address"]["country"], order["billing_address"]["line1"]) == ("US", "1 Bank St")
    assert (order["customer"]["email"], order["customer_id"]) == ("jane@example.com", jane)
    assert (order["channel"], order["currency"], order["metadata"], order["warehouse_id"]) == (
        "web", "EUR", {"cart": "c-7"}, house.site.id
    )  # fmt: skip
    assert [(step["status"], step["state"]) for step in order["history"]] == [
        ("pending", "confirmed"), ("pending", "allocated")
    ]  # fmt: skip
    assert level(shop) == (10, 2)
    assert shop.get(f"{PATH}/{order['id']}") == order
    assert shop.page(PATH)[0] == [{name: order[name] for name in ROW}]
    shown = shop.api.get(f"/orders/{order['id']}").json()
    assert (shown["status"], shown["customer"]) == ("reserved", {"name": "Jane Doe"})
    assert facts(shop, order["id"]) == ["order_created"]
    plain = place(shop, jane)
    assert plain["shipping_address"]["line1"] == plain["billing_address"]["line1"] == "350 5th Ave"
    assert (plain["items"][0]["price"], plain["payment_method"]) == (199.99, "")


def test_what_a_new_order_must_name(shop: Shop, jane: str, other: Api) -> None:
    headphone, cable = sku(shop, "HEADPHONE-001"), sku(shop, "CABLE-1")
    item = {"sku": "HEADPHONE-001", "quantity": 1}
    good = {"customer_id": jane, "items": [item]}
    assert shop.fields("POST", PATH, {}) == ["customer_id", "items"]
    for more, field in (
        ({"items": []}, "items"),
        ({"items": [item, {**item, "quantity": 0}]}, "items.1.quantity"),
        ({"items": [{"quantity": 1}]}, "items.0.product_id"),
        ({"items": [{"sku": "CABLE-1", "quantity": 1}]}, "items.0.price"),
        ({"items": [{**item, "price": -1}]}, "items.0.price"),
        ({"items": [{**item, "price": 1.999}]}, "items.0.price"),
        ({"items": [{**item, "product_id": cable.product_id}]}, "items.0.variant_id"),
        ({"items": [{**item, "variant_id": cable.id}]}, "items.0.sku"),
        ({"discount": 200}, "discount"),
        ({"tax": 0.001}, "tax"),
        ({"currency": "euros"}, "currency"),
        ({"currency": "xxx"}, "currency"),
        ({"shipping_cost": 21_474_836.48}, "shipping_cost"),
        ({"currency": "USD"}, "items.0.price"),
        ({"shipping_address": {"line1": "1 Main St", "country": "USA"}}, "shipping_address.country"),
        ({"metadata": {"deep": {}}}, "metadata"),
        ({"ordered_at": "2999-01-01T00:00:00Z"}, "ordered_at"),
    ):
        assert shop.fields("POST", PATH, {**good, **more}) == [field], more
    for more, field in (
        ({"customer_id": "cust_no"}, "customer_id"),
        ({"items": [item, {"product_id": "prod_no", "quantity": 1}]}, "items.1.product_id"),
        ({"items": [{"variant_id": "var_no", "quantity": 1}]}, "items.0.variant_id"),
        ({"items": [{"sku": "NO", "quantity": 1}]}, "items.0.sku"),
        ({"warehouse_id": "wh_no"}, "warehouse_id"),
    ):
        error = shop.refused(404, "not_found", "POST", PATH, {**good, **more})
        assert [detail["field"] for detail in error["details"]] == [field]

    def second(session: Any) -> None:
        variant = factories.variant(session, sku="HEADPHONE-002", price_minor=1)
        variant.product_id = headphone.product_id

    shop.api.write(second)
    error = shop.refused(
        422, "validation_error", "POST", PATH, {**good, "items": [{"product_id": headphone.product_id, "quantity": 1}]}
    )
    assert all(text in error["message"] for text in ("HEADPHONE-001", "HEADPHONE-002", headphone.id))
    assert place(shop, jane, number="WEB-7")["number"] == "WEB-7"
    shop.refused(409, "conflict", "POST", PATH, {**good, "number": "WEB-7"})
    shop.refused(404, "not_found", "GET", f"{PATH}/ord_no")
    assert shop.page(PATH)[1]["total_items"] == 1 and level(shop) == (10, 1)


def test_too_little_stock_is_a_conflict_that_names_every_item(shop: Shop, jane: str) -> None:
    items = [
        {"sku": "HEADPHONE-001", "quantity": 6}, {"sku": "CABLE-1", "quantity": 4, "price": 1},
        {"sku": "HEADPHONE-001", "quantity": 5},
    ]  # fmt: skip
    error = shop.refused(409, "conflict", "POST", PATH, {"customer_id": jane, "items": items})
    assert [(detail["field"], detail["requested"], detail["available"]) for detail in error["details"]] == [
        ("items.2.quantity", 11, 10), ("items.1.quantity", 4, 3),
    ]  # fmt: skip
    assert shop.page(PATH)[0] == [] and level(shop) == (10, 0)
    for _ in range(2):
        place(shop, jane, 0.5)
    error = shop.refused(409, "conflict", "POST", PATH, {"customer_id": jane, "items": items[:1] * 2})
    assert error["details"][0]["message"] == "HEADPHONE-001: 12 asked, 9 available"


def test_orders_are_found_by_every_filter(shop: Shop, jane: str, house: factories.Warehouse) -> None:
    """Status, customer, dates as whole days, payment, fulfilment; page and cursor alike; orders of other doors too."""
    web = [place(shop, jane, ordered_at=f"2026-03-0{day}T23:59:59Z", channel="web")["id"] for day in (1, 2, 3)]
    ops = shop.api.post("/orders", {"order": {"items": [{"sku": "CABLE-1", "quantity": 1}]}}).json()["id"]
    assert shop.ids(PATH) == [ops, web[2], web[1], web[0]]
    assert shop.get(f"{PATH}/{ops}")["customer_id"] is None
    assert shop.ids(PATH, customer_id=jane) == [web[2], web[1], web[0]]
    assert shop.ids(PATH, customer_id=jane, date_from="2026-03-02", date_to="2026-03-03") == [web[2], web[1]]
    assert shop.ids(PATH, date_to="2026-03-01") == [web[0]] == shop.ids(PATH, date_to="2026-03-02T12:00:00Z")
    shop.ask("PATCH", f"{PATH}/{web[0]}/status", {"status": "processing"})
    shop.ask("PATCH", f"{PATH}/{web[1]}/status", {"status": "shipped"})
    shop.post(f"{PATH}/{web[2]}/cancel")
    pay(shop, web[0], amount_captured=100_000)
    for query, found in (
        ({"status": "pending"}, [ops]), ({"status": "processing"}, [web[0]]), ({"status": "shipped"}, [web[1]]),
        ({"status": "cancelled"}, [web[2]]), ({"status": "delivered"}, []),
        ({"payment_status": "paid"}, [web[0]]), ({"payment_status": "refunded"}, []),
        ({"fulfillment_status": "fulfilled"}, [web[1]]), ({"fulfillment_status": "partial"}, []),
        ({"fulfillment_status": "unfulfilled", "status": "processing"}, [web[0]]),
        ({"channel": "web", "payment_status": "pending"}, [web[2], web[1]]), ({"warehouse_id": "wh_no"}, []),
    ):  # fmt: skip
        assert shop.ids(PATH, **query) == found, query
    rows, page = shop.page(PATH, limit=3, page=2)
    assert [row["id"] for row in rows] == [web[0]]
    assert (page["total_items"], page["total_pages"], page["has_next"], page["has_previous"]) == (4, 2, False, True)
    read, cursor = [], ""
    while cursor is not None:
        rows, page = shop.page(PATH, cursor=cursor, limit=3)
        read += [row["id"] for row in rows]
        cursor = page["next_cursor"]
    assert read == [ops, web[2], web[1], web[0]]
    for query in ({"status": "lost"}, {"payment_status": "due"}, {"date_from": "soon"}, {"page": 0}, {"limit": "x"}):
        shop.refused(400, "validation_error", "GET", PATH, params=query)


def test_an_order_moves_forward_at_most_two_steps(shop: Shop, jane: str) -> None:
    """Notes and steps are kept; what is shipped leaves by the ledger; anything else is a conflict with the state."""
    order = place(shop, jane, 2)
    path = f"{PATH}/{order['id']}/status"
    assert shop.fields("PATCH", path, {"status": "lost"}) == ["status"]
    for status in ("pending", "delivered"):
        assert "pending" in shop.refused(409, "conflict", "PATCH", path, {"status": status})["message"]
    body = {"status": "processing", "note": "Payment confirmed, preparing shipment"}
    answer = shop.ask("PATCH", path, body)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["history"][-1]["note"]) == ("processing", body["note"])
    assert answer.json()["history"][-1]["actor"]
    stale = shop.refused(409, "conflict", "PATCH", path, body, headers={"If-Match": '"old"'})
    assert "If-Match" in stale["message"]
    assert "processing" in shop.refused(409, "conflict", "PATCH", path, body)["message"]
    shipped = shop.ask("PATCH", path, {"status": "shipped"}).json()
    assert (shipped["status"], shipped["fulfillment_status"]) == ("shipped", "fulfilled")
    assert shipped["items"][0]["fulfilled_quantity"] == 2 and level(shop) == (8, 0)
    assert shop.ask("PATCH", path, {"status": "delivered"}).json()["status"] == "delivered"
    for status in ("pending", "shipped", "delivered", "cancelled"):
        assert "delivered" in shop.refused(409, "conflict", "PATCH", path, {"status": status})["message"]
    assert [step["state"] for step in shop.get(f"{PATH}/{order['id']}")["history"]] == [
        "confirmed", "allocated", "picking", "shipped", "delivered"
    ]  # fmt: skip
    assert facts(shop, order["id"]) == [
        "order_created", "order_updated", "order_fulfilled", "order_updated", "order_updated"
    ]  # fmt: skip
    quick = place(shop, jane)
    assert shop.ask("PATCH", f"{PATH}/{quick['id']}/status", {"status": "shipped"}).json()["status"] == "shipped"
    begun = place(shop, jane)
    shop.ask("PATCH", f"{PATH}/{begun['id']}/status", {"status": "processing"})
    done = shop.ask("PATCH", f"{PATH}/{begun['id']}/status", {"status": "delivered"}).json()
    assert (done["status"], done["fulfillment_status"]) == ("delivered", "fulfilled") and level(shop) == (6, 0)
    shop.refused(404, "not_found", "PATCH", f"{PATH}/ord_no/status", {"status": "shipped"})


def test_an_order_is_cancelled_once_and_not_once_it_has_left(shop: Shop, jane: str) -> None:
    body = {"reason": "customer_request", "refund": True, "note": "Customer changed mind"}
    order = place(shop, jane, 4)
    cancelled = shop.post(f"{PATH}/{order['id']}/cancel", body)
    assert (cancelled["status"], level(shop)) == ("cancelled", (10, 0))
    last = cancelled["history"][-1]
    assert (last["status"], last["reason"], last["note"]) == ("cancelled", body["reason"], body["note"])
    assert "cancelled" in shop.refused(409, "conflict", "POST", f"{PATH}/{order['id']}/cancel", body)["message"]
    assert facts(shop, order["id"]) == ["order_created", "order_cancelled"]
    part = place(shop, jane, 4)
    item = {"id": part["items"][0]["id"], "quantity": 1}
    assert shop.api.post(f"/orders/{part['id']}/fulfill", {"items": [item]}).status_code == 200
    assert shop.get(f"{PATH}/{part['id']}")["fulfillment_status"] == "partial"
    assert facts(shop, part["id"]) == ["order_created", "order_updated"]
    error = shop.refused(409, "conflict", "POST", f"{PATH}/{part['id']}/cancel", body)
    assert "partly shipped" in error["message"]
    shop.ask("PATCH", f"{PATH}/{part['id']}/status", {"status": "shipped"})
    assert "shipped" in shop.refused(409, "conflict", "POST", f"{PATH}/{part['id']}/cancel", body)["message"]
    shop.refused(404, "not_found", "POST", f"{PATH}/ord_no/cancel", body)
    by_status = place(shop, jane)
    answer = shop.ask("PATCH", f"{PATH}/{by_status['id']}/status", {"status": "cancelled", "note": "Out of season"})
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    paid = place(shop, jane)
    pay(shop, paid["id"], amount_captured=100)
    error = shop.refused(409, "conflict", "PATCH", f"{PATH}/{paid['id']}/status", {"status": "cancelled"})
    assert "/cancel" in error["message"]


def test_a_repeat_with_one_key_is_one_order(shop: Shop, jane: str) -> None:
    body = {"customer_id": jane, "items": [{"sku": "HEADPHONE-001", "quantity": 2}]}
    first, second = (shop.ask("POST", PATH, body, headers={"Idempotency-Key": "cart-7"}) for _ in range(2))
    assert first.json() == second.json() and second.headers["idempotent-replayed"] == "true"
    assert level(shop) == (10, 2)


def test_amounts_follow_the_currency(shop: Shop, jane: str) -> None:
    """Yen have no decimals, dinars three; a part of a unit is rounded half up."""
    item = {"sku": "CABLE-1", "quantity": 0.5, "price": 101}
    yen = shop.post(PATH, {"customer_id": jane, "items": [item], "currency": "jpy", "tax": 5})
    assert yen["totals"] == {"subtotal": 51, "shipping": 0, "tax": 5, "discount": 0, "total": 56}
    assert shop.fields("POST", PATH, {"customer_id": jane, "items": [{**item, "price": 1.5}], "currency": "JPY"}) == [
        "items.0.price"
    ]
    dinar = shop.post(PATH, {"customer_id": jane, "items": [{**item, "price": 1.001}], "currency": "KWD"})
    assert (dinar["totals"]["total"], dinar["items"][0]["total"]) == (0.501, 0.501)
    total = shop.api.write(lambda session: orders.order_total(session, orders.get_order(session, dinar["id"])))
    assert total == 501


def test_payments_decide_the_payment_status(shop: Shop, jane: str) -> None:
    """Paid by the last cent of several payments, failed by the latest attempt, refunded when all of it went back."""
    order = place(shop, jane)
    path = f"{PATH}/{order['id']}"
    for values, word in (
        ({"status": "failed"}, "failed"),
        ({"amount_captured": 19998}, "pending"),
        ({"amount_captured": 5, "currency": "USD"}, "pending"),
        ({"amount_captured": 1}, "paid"),
        ({"status": "failed"}, "paid"),
        ({"amount_captured": 10, "amount_refunded": 10}, "paid"),
    ):
        pay(shop, order["id"], **values)
        assert shop.get(path)["payment_status"] == word, values
    assert len(shop.get(path)["payments"]) == 6
    assert facts(shop, order["id"]) == ["order_created", *["order_updated"] * 3]
    back = place(shop, jane)
    pay(shop, back["id"], amount_captured=19999, amount_refunded=19999)
    assert shop.get(f"{PATH}/{back['id']}")["payment_status"] == "refunded"
    assert place(shop, jane, discount=199.99)["payment_status"] == "paid"
    assert Decimal(level(shop)[1]) == 3


def test_what_an_organization_chose_holds_for_its_next_order(shop: Shop, jane: str) -> None:
    path = "/settings/orders"
    assert shop.get(path) == {"reserve": "always", "backorders": False}
    assert shop.put(path, {"reserve": "paid"}) == {"reserve": "paid", "backorders": False}
    assert shop.fields("PUT", path, {"reserve": "later", "backorders": 1}) == ["reserve", "backorders"]
    waiting = place(shop, jane, 11)
    assert (waiting["status"], level(shop)) == ("pending", (10, 0))
    assert shop.put(path, {"reserve": "always", "backorders": True}) == shop.get(path)
    short = place(shop, jane, 11)
    assert (short["items"][0]["backordered_quantity"], level(shop)) == (1, (10, 10))


def test_parcels_go_with_their_order(shop: Shop, jane: str) -> None:
    """Handed over with it, delivered with it, given up with it."""
    order, later, gone = (place(shop, jane, 1) for _ in range(3))
    parcel = {"weight": 2, "weight_unit": "lb", "length": 12, "width": 8, "height": 6, "dimension_unit": "in"}
    body = {
        "carrier": "fedex",
        "service": "ground",
        "packages": [parcel],
        "ship_from": {"zip": "10001", "country": "US"},
    }
    shipment = shop.post("/shipments", {**body, "order_id": order["id"]})
    assert shop.get(f"{PATH}/{order['id']}")["shipments"] == [shipment["id"]]
    delivered = shop.ask("PATCH", f"{PATH}/{order['id']}/status", {"status": "delivered"})
    assert (delivered.status_code, delivered.json()["status"]) == (200, "delivered")
    assert shop.get(f"/shipments/{shipment['id']}")["status"] == "delivered"

    def pack(session: Any, order_id: str, *, is_labelled: bool) -> str:
        found = orders.get_order(session, order_id)
        (line,) = orders.lines_of(session, order_id)
        made = shipping.open_shipment(session, found)
        shipping.add_content(session, shipping.add_package(session, made), line_id=line.id, quantity=line.quantity)
        made.status = "created" if is_labelled else made.status
        session.add(made)
        return str(made.id)

    packed = shop.api.write(lambda session: pack(session, later["id"], is_labelled=True))
    shipped = shop.ask("PATCH", f"{PATH}/{later['id']}/status", {"status": "shipped", "note": "noon van"}).json()
    assert (shipped["status"], shipped["history"][-1]["note"]) == ("shipped", "noon van")
    assert shop.get(f"/shipments/{packed}")["shipped_at"] and level(shop) == (8, 1)
    shop.api.write(lambda session: pack(session, gone["id"], is_labelled=True))
    cancelled = shop.post(f"{PATH}/{gone['id']}/cancel")
    assert [shop.get(f"/shipments/{found}")["status"] for found in cancelled["shipments"]] == ["cancelled"]
    assert level(shop) == (8, 0)
