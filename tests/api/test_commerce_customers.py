"""Customers of the commerce edition: every row with its parameters, limits, statuses and refusals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ambra_tui.services import customers
from ambra_tui.store.models import OutboxEvent, SalesOrder, SalesOrderLine
from ambra_tui.store.scope import now_of, scoped
from tests import factories
from tests.api.commerce import Shop
from tests.api.conftest import Api, client_for

PATH = "/customers"
ROW = {
    "id", "email", "first_name", "last_name", "phone", "addresses", "tags", "status", "created_at", "updated_at",
}  # fmt: skip
ADDRESS = {
    "id", "type", "is_default", "first_name", "last_name", "company", "line1", "line2", "city", "state", "zip",
    "country", "phone", "created_at", "updated_at",
}  # fmt: skip
PRINTED = {
    "email": "customer@example.com", "first_name": "Jane", "last_name": "Doe", "phone": "+1-555-0123",
    "addresses": [{"line1": "1 Main St", "city": "Springfield", "state": "IL", "zip": "62701", "country": "us"}],
    "tags": ["vip", "newsletter"],
}  # fmt: skip


@pytest.fixture
def shop(api: Api) -> Shop:
    """The edition, without any customer."""
    return Shop(api)


def facts(shop: Shop) -> list[tuple[str, str]]:
    """What the outbox tells of customers."""
    with shop.api.store.read(shop.api.organization_id) as session:
        rows = session.exec(scoped(session, OutboxEvent).order_by(OutboxEvent.id))
        found = [row for row in rows if row.type.startswith("customer_")]
        assert all(row.payload == {} for row in found), "a fact tells nobody's words"
        return [(row.type, row.subject) for row in found]


def test_made_read_and_changed(shop: Shop) -> None:
    """The printed body; PUT changes what it names; facts for each; ETags decide races."""
    answer = shop.ask("POST", PATH, PRINTED)
    assert answer.status_code == 201
    made = answer.json()
    assert set(made) == ROW | {"order_summary"} and made["id"].startswith("cust_")
    assert answer.headers["location"] == f"/v2{PATH}/{made['id']}"
    assert {name: made[name] for name in PRINTED if name != "addresses"} == {
        name: value for name, value in PRINTED.items() if name != "addresses"
    }
    (address,) = made["addresses"]
    assert set(address) == ADDRESS and address["id"].startswith("addr_")
    assert (address["type"], address["is_default"], address["country"]) == ("shipping", True, "US")
    assert made["order_summary"] == {
        "orders_count": 0, "cancelled_count": 0, "total_spent": 0, "currency": "EUR", "spent": [],
        "first_order_at": None, "last_order_at": None, "last_orders": [],
    }  # fmt: skip
    path = f"{PATH}/{made['id']}"
    assert shop.get(path) == made

    changed = shop.put(path, {"phone": "+49 30  1234", "tags": ["gold", "vip"]})
    assert (changed["phone"], changed["tags"], changed["first_name"]) == ("+49 30 1234", ["gold", "vip"], "Jane")
    assert changed["addresses"] == made["addresses"]
    assert shop.put(path, {"last_name": None, "tags": None})["last_name"] == ""
    assert shop.get(path)["tags"] == []
    assert shop.put(path, {"email": " Jane.Doe@Example.COM "})["email"] == "jane.doe@example.com"
    tag = shop.ask("GET", path).headers["etag"]
    assert shop.put(path, {"first_name": "Janet"}, headers={"If-Match": tag})["first_name"] == "Janet"
    shop.refused(409, "conflict", "PUT", path, {"first_name": "X"}, headers={"If-Match": tag})
    again = {"headers": {"Idempotency-Key": "once"}}
    twin = {"email": "twin@example.com"}
    assert shop.post(PATH, twin, **again) == shop.post(PATH, twin, **again)
    told = facts(shop)
    assert told[0] == ("customer_created", made["id"]) and told[1] == ("customer_updated", made["id"])
    assert sum(kind == "customer_created" for kind, _ in told) == 2


def test_addresses_have_one_default_of_each_type(shop: Shop) -> None:
    """Added, changed, chosen, removed; PUT of a customer replaces them; another customer's is not there."""
    made = shop.post(PATH, PRINTED)
    path = f"{PATH}/{made['id']}/addresses"
    first = made["addresses"][0]["id"]
    second = shop.post(path, {"line1": "Hauptstr. 5", "zip": "10115", "city": "Berlin", "country": "DE"})
    assert set(second) == ADDRESS and second["is_default"] is False
    bill = shop.post(path, {"type": "billing", "line1": "Box 1", "first_name": "Acme", "company": "Acme Inc"})
    assert bill["is_default"] is True, "the first of its type"

    def defaults() -> set[str]:
        return {row["id"] for row in shop.get(f"{PATH}/{made['id']}")["addresses"] if row["is_default"]}

    assert defaults() == {first, bill["id"]}
    chosen = shop.post(f"{path}/{second['id']}/set-default")
    assert chosen["id"] == second["id"] and chosen["is_default"] is True
    assert defaults() == {second["id"], bill["id"]}
    third = shop.post(path, {"line1": "3rd St", "is_default": True})
    assert defaults() == {third["id"], bill["id"]}
    shop.remove(f"{path}/{third['id']}")
    assert defaults() == {first, bill["id"]}, "the next one takes its place"
    changed = shop.put(f"{path}/{first}", {"line2": "Apt 4", "is_default": False})
    assert (changed["line1"], changed["line2"], changed["is_default"]) == ("1 Main St", "Apt 4", False)
    assert defaults() == {second["id"], bill["id"]}, "handed on to the next"
    assert shop.put(f"{path}/{second['id']}", {"type": "billing"})["is_default"] is False
    assert defaults() == {first, bill["id"]}, "the type that it left has another default"
    assert shop.put(f"{path}/{second['id']}", {"type": "shipping", "is_default": True})["is_default"] is True

    kept = {"addresses": [{"id": second["id"], "city": "Bonn"}, {"line1": "New", "type": "billing"}]}
    after = shop.put(f"{PATH}/{made['id']}", kept)["addresses"]
    assert [(row["line1"], row["city"], row["is_default"]) for row in after] == [
        ("Hauptstr. 5", "Bonn", True), ("New", "", True),
    ]  # fmt: skip
    other = shop.post(PATH, {"email": "other@example.com", "addresses": [{"line1": "x"}]})
    foreign = other["addresses"][0]["id"]
    for method, end in (("PUT", ""), ("DELETE", ""), ("POST", "/set-default")):
        for address in (foreign, "addr_7ZZZZZZZZZZZZZZZZZZZZZ0001"):
            error = shop.refused(404, "not_found", method, f"{path}/{address}{end}", {})
            assert error["details"][0]["field"] == "address_id"
    assert shop.fields("PUT", f"{PATH}/{made['id']}", {"addresses": [{"id": foreign}]}) == ["addresses.0.id"]
    for method, end in (("GET", ""), ("PUT", ""), ("POST", "/addresses")):
        body = None if method == "GET" else {"line1": "x"}
        error = shop.refused(404, "not_found", method, f"{PATH}/cust_7ZZZZZZZZZZZZZZZZZZZZZ0001{end}", body)
        assert error["message"] == "Customer with ID 'cust_7ZZZZZZZZZZZZZZZZZZZZZ0001' not found"


def test_lists_filter_sort_and_page(shop: Shop) -> None:
    """E-mail, names, tags, dates; sorted; by pages and by cursors, which give the same."""
    people = (
        ("ann@alpha.example", "Ann", "Müller", ["vip"]),
        ("bob@beta.example", "Bob", "Miller", ["vip", "news"]),
        ("cy@beta.example", "Cy", "Adams", ["news"]),
    )
    ann, bob, cyd = (
        shop.post(PATH, {"email": email, "first_name": first, "last_name": last, "tags": tags})["id"]
        for email, first, last, tags in people
    )
    assert shop.ids(PATH) == [cyd, bob, ann]
    assert shop.ids(PATH, email="BOB@beta.example") == [bob]
    assert shop.ids(PATH, email="bob@b") == [bob]
    assert shop.ids(PATH, email="beta") == shop.ids(PATH, email="@beta.example") == [cyd, bob]
    assert shop.ids(PATH, email="ob@beta.example") == []
    assert shop.ids(PATH, name="muller") == shop.ids(PATH, name="MÜLL ann") == [ann]
    assert shop.ids(PATH, name="m") == [bob, ann] and shop.ids(PATH, name="zed") == shop.ids(PATH, name="!") == []
    assert shop.ids(PATH, tags="vip") == [bob, ann] and shop.ids(PATH, tags="vip, news") == [bob]
    assert shop.ids(PATH, tags="VIP") == []
    assert shop.ids(PATH, sort="last_name") == [cyd, bob, ann] and shop.ids(PATH, sort="email", order="desc") == [
        cyd, bob, ann,
    ]  # fmt: skip
    assert shop.ids(PATH, sort="created_at", order="asc") == [ann, bob, cyd]

    def age(session: Any) -> None:
        row = customers.get_customer(session, ann)
        row.created_at = now_of(session) - timedelta(days=3)
        session.add(row)

    shop.api.write(age)
    today = shop.get(f"{PATH}/{bob}")["created_at"][:10]
    then = shop.get(f"{PATH}/{ann}")["created_at"][:10]
    assert shop.ids(PATH, created_from=today, created_to=today) == [cyd, bob], "both days belong to it"
    assert shop.ids(PATH, created_from=then, created_to=then) == [ann]
    shop.refused(400, "validation_error", "GET", PATH, params={"created_from": today, "created_to": then})

    rows, pagination = shop.page(PATH, limit=2)
    assert [row["id"] for row in rows] == [cyd, bob] and set(rows[0]) == ROW
    assert (pagination["total_items"], pagination["total_pages"], pagination["has_next"]) == (3, 2, True)
    seen, cursor = [], ""
    while cursor is not None:
        rows, pagination = shop.page(PATH, limit=1, cursor=cursor, sort="email")
        seen += [row["id"] for row in rows]
        cursor = pagination["next_cursor"]
    assert seen == [ann, bob, cyd]
    assert shop.page(PATH, limit=999)[1]["limit"] == 200 and shop.page(PATH, page=9)[0] == []
    for wrong in ({"limit": 0}, {"page": "x"}, {"sort": "phone"}, {"order": "up"}, {"cursor": "x"},
                  {"created_from": "soon"}, {"email": ""}):  # fmt: skip
        shop.refused(400, "validation_error", "GET", PATH, params=wrong)


def test_what_is_refused(shop: Shop, api: Api) -> None:
    """The printed refusal of an e-mail; one that is taken; fields by their names; scopes."""
    made = shop.post(PATH, PRINTED)
    for wrong in ("jane", "jane@", "@x.com", "a b@x.com", "a@x", "a@-x.com", "a..b@x.com", f"{'a' * 65}@x.com", ""):
        error = shop.refused(422, "validation_error", "POST", PATH, {"email": wrong})
        assert error["message"] == "Invalid email format"
        assert error["details"] == [{"field": "email", "message": "Must be a valid email address"}]
    error = shop.refused(409, "conflict", "POST", PATH, {"email": "CUSTOMER@example.com"})
    assert error["details"][0]["field"] == "email"
    other = shop.post(PATH, {"email": "o'hara+x@sub.example.co"})
    shop.refused(409, "conflict", "PUT", f"{PATH}/{other['id']}", {"email": "customer@example.com"})
    email = "new@example.com"
    address = {"line1": "x"}
    for body, field in (
        ({}, "email"),
        ({"email": 7}, "email"),
        ({"email": email, "phone": "call me"}, "phone"),
        ({"email": email, "phone": "12"}, "phone"),
        ({"email": email, "first_name": "x" * 121}, "first_name"),
        ({"email": email, "first_name": "a\nb"}, "first_name"),
        ({"email": email, "tags": "vip"}, "tags"),
        ({"email": email, "tags": ["a,b"]}, "tags"),
        ({"email": email, "tags": [""]}, "tags.0"),
        ({"email": email, "tags": [str(n) for n in range(51)]}, "tags"),
        ({"email": email, "addresses": [{"city": "x"}]}, "addresses.0.line1"),
        ({"email": email, "addresses": [{**address, "country": "Germany"}]}, "addresses.0.country"),
        ({"email": email, "addresses": [{**address, "type": "home"}]}, "addresses.0.type"),
        ({"email": email, "addresses": [address | {"is_default": True}] * 2}, "addresses.1.is_default"),
        ({"email": email, "addresses": [address] * 101}, "addresses"),
    ):
        assert field in shop.fields("POST", PATH, body), body
    assert shop.ids(PATH, email=email) == [], "what is refused leaves nothing"
    path = f"{PATH}/{made['id']}/addresses"
    assert shop.fields("POST", path, {}) == ["line1"] and shop.fields("POST", path, {"line1": " "}) == ["line1"]
    assert shop.fields("PUT", f"{path}/{made['addresses'][0]['id']}", {"line1": ""}) == ["line1"]
    shop.refused(400, "validation_error", "POST", PATH, content=b"{", headers={"Content-Type": "application/json"})
    reader = Shop(api, client_for(api.store, str(api.client.base_url), api.organization_id, ["customers:read"]))
    assert reader.ids(PATH) == [other["id"], made["id"]]
    reader.refused(403, "authorization_error", "POST", PATH, PRINTED)
    assert reader.refused(401, "authentication_error", "GET", PATH, headers={"Authorization": "Bearer no"})


def test_the_summary_counts_orders_and_what_they_cost(shop: Shop) -> None:
    """Orders that were not cancelled, in each currency; the newest five."""
    made = shop.post(PATH, {"email": "jane@example.com"})

    def buy(session: Any) -> list[str]:
        house = factories.warehouse(session)
        milk = factories.variant(session)
        placed = []
        for number, (currency, status) in enumerate(
            [("EUR", "delivered"), ("EUR", "confirmed"), ("JPY", "shipped"), ("EUR", "cancelled"), ("EUR", "draft")]
        ):
            order = factories.sales_order(session, house.site, (milk, 2), number=f"SO-{number}", currency=currency)
            order.customer_id, order.status = made["id"], status
            order.created_at = now_of(session) - timedelta(hours=9 - number)
            session.add(order)
            for line in session.exec(scoped(session, SalesOrderLine).where(SalesOrderLine.sales_order_id == order.id)):
                line.price_minor = 1999
                session.add(line)
            placed.append(order.id)
        return placed

    ids = shop.api.write(buy)
    summary = shop.get(f"{PATH}/{made['id']}")["order_summary"]
    assert (summary["orders_count"], summary["cancelled_count"]) == (4, 1)
    assert (summary["total_spent"], summary["currency"]) == (119.94, "EUR")
    assert summary["spent"] == [{"currency": "EUR", "amount": 119.94}, {"currency": "JPY", "amount": 3998}]
    assert [row["id"] for row in summary["last_orders"]] == ids[::-1]
    assert [row["status"] for row in summary["last_orders"]] == [
        "pending", "cancelled", "shipped", "pending", "delivered",
    ]  # fmt: skip
    assert summary["first_order_at"] < summary["last_order_at"]
    assert shop.api.write(lambda s: len(s.exec(scoped(s, SalesOrder)).all())) == 5


def test_orders_beyond_measure_are_summed(shop: Shop) -> None:
    made = shop.post(PATH, {"email": "rich@example.com"})

    def buy(session: Any) -> None:
        site, gold = factories.site(session), factories.variant(session)
        for number in range(5):
            order = factories.sales_order(session, site, (gold, 1_000_000_000), number=f"SO-{number}", currency="EUR")
            order.customer_id = made["id"]
            session.add(order)
            for line in session.exec(scoped(session, SalesOrderLine).where(SalesOrderLine.sales_order_id == order.id)):
                line.price_minor = 2_147_483_647
                session.add(line)

    shop.api.write(buy)
    summary = shop.get(f"{PATH}/{made['id']}")["order_summary"]
    assert (summary["orders_count"], summary["total_spent"]) == (5, 450_000_000_000)


def test_one_persons_data_is_given_out_and_erased(shop: Shop, api: Api) -> None:
    """Export tells all; erase only with confirm and its scope, not while something is open, and once."""
    made = shop.post(PATH, PRINTED)
    path = f"{PATH}/{made['id']}"
    told = shop.get(f"{path}/export")
    assert set(told) == {
        "exported_at", "customer", "addresses", "tags", "orders", "payments", "shipments", "returns", "history",
    }  # fmt: skip
    assert told["customer"]["email"] == PRINTED["email"] and told["addresses"][0]["line1"] == "1 Main St"
    assert told["tags"] == PRINTED["tags"] and [row["act"] for row in told["history"]] == ["customer_created"]

    def buy(session: Any) -> str:
        order = factories.sales_order(
            session, factories.site(session), (factories.variant(session), 1), customer_id=made["id"]
        )  # fmt: skip
        session.add(order)
        return order.id

    order_id = shop.api.write(buy)
    error = shop.refused(409, "conflict", "POST", f"{path}/erase", {"confirm": True})
    assert error["details"][0]["field"] == "open_orders" and error["details"][0]["count"] == 1
    shop.refused(409, "conflict", "POST", f"{path}/erase", {})

    def leave(session: Any) -> None:
        order = session.get(SalesOrder, (shop.api.organization_id, order_id))
        order.status = "delivered"
        session.add(order)

    shop.api.write(leave)
    planned = shop.post(f"{path}/erase")
    assert (planned["id"], planned["is_erased"], planned["erased_at"]) == (made["id"], False, None)
    assert planned["counts"] == {
        "addresses": 1, "tags": 2, "orders": 1, "shipments": 0, "payments": 0, "returns": 0,
    }  # fmt: skip
    assert shop.get(path)["email"] == PRINTED["email"]
    assert shop.fields("POST", f"{path}/erase", {"confirm": "yes"}) == ["confirm"]
    writer = Shop(
        api, client_for(api.store, str(api.client.base_url), api.organization_id, ["customers:read", "customers:write"])
    )
    writer.refused(403, "authorization_error", "POST", f"{path}/erase", {"confirm": True})
    done = shop.post(f"{path}/erase", {"confirm": True})
    assert done["is_erased"] and done["erased_at"]
    assert shop.post(f"{path}/erase", {"confirm": True})["erased_at"] == done["erased_at"]
    left = shop.get(path)
    assert (left["status"], left["first_name"], left["addresses"], left["tags"]) == ("erased", "", [], [])
    assert left["email"].endswith("@erased.invalid") and left["order_summary"]["orders_count"] == 1
    assert shop.ids(PATH) == []
    shop.refused(409, "conflict", "PUT", path, {"first_name": "Jane"})
    shop.refused(409, "conflict", "POST", f"{path}/addresses", {"line1": "x"})
    for end, method in (("export", "GET"), ("erase", "POST")):
        body = None if method == "GET" else {}
        shop.refused(404, "not_found", method, f"{PATH}/cust_7ZZZZZZZZZZZZZZZZZZZZZ0001/{end}", body)
    assert shop.post(PATH, PRINTED)["id"] != made["id"], "the address is free again"
