"""Imports of orders, purchase orders and recipes: each is taken wholly or not at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from ambra_tui.services import orders
from ambra_tui.store.models import (
    Customer,
    PurchaseOrder,
    PurchaseOrderLine,
    Recipe,
    RecipeIngredient,
    SalesOrder,
    Supplier,
    Variant,
)
from tests.services.importing import ORDERS, Desk, stock


@pytest.fixture
def desk(store, organization_id, tmp_path):
    return Desk(store, organization_id, tmp_path)


@pytest.fixture
def stocked(desk):
    return stock(desk)


# --- documents -------------------------------------------------------------------------------------------------------


def test_purchase_orders_keep_their_numbers_and_make_their_suppliers(stocked):
    assert stocked.run("purchase-orders", ORDERS) == (3, 0, 0)
    orders = {order.number: order for order in stocked.rows(PurchaseOrder)}
    assert set(orders) == {"PO-1", "PO-2"} and orders["PO-1"].expected_on == date(2026, 3, 7)
    lines = [line for line in stocked.rows(PurchaseOrderLine) if line.purchase_order_id == orders["PO-1"].id]
    assert [(line.quantity, line.unit_cost) for line in sorted(lines, key=lambda line: line.position)] == [
        (120, 625400),
        (10, None),
    ]
    assert {s.name for s in stocked.rows(Supplier)} == {"Dairy", "Steel"}
    before = stocked.count()
    assert stocked.run("purchase-orders", ORDERS) == (0, 3, 0)
    assert stocked.count() == before


def test_an_order_is_taken_wholly_or_not_at_all(stocked):
    content = (
        "number,supplier,sku,quantity\n"
        "PO-1,Dairy,MILK,120\n"
        "PO-2,Dairy,MILK,1\n"
        "PO-1,Dairy,NONE,1\n"
        "PO-3,Dairy,MILK,zero\n"
        "PO-3,Dairy,MILK,1\n"
        ",Dairy,MILK,1\n"
    )
    assert stocked.run("purchase-orders", content) == (1, 0, 5)
    assert [order.number for order in stocked.rows(PurchaseOrder)] == ["PO-2"]
    assert stocked.reasons[2] == "line 4 of the same document is refused"
    assert "'NONE' is not in the catalogue" in stocked.reasons[4]
    assert stocked.reasons[6] == "line 5 of the same document is refused"
    assert stocked.reasons[7] == "number is empty"


def test_a_known_number_with_other_lines_is_refused(stocked):
    stocked.run("purchase-orders", ORDERS)
    assert stocked.run("purchase-orders", ORDERS.replace("120", "121")) == (0, 1, 2)
    assert "PO-1 exists with other lines" in stocked.reasons[2]


def test_rows_of_one_order_agree_on_its_supplier(stocked):
    content = "number,supplier,sku,quantity\nPO-1,Dairy,MILK,1\nPO-1,Steel,BOLT,1\n"
    assert stocked.run("purchase-orders", content) == (0, 0, 2)
    assert stocked.reasons[2] == stocked.reasons[3] == "the rows of PO-1 differ in supplier: Dairy, Steel"
    assert stocked.rows(Supplier) == []


def test_a_case_code_orders_units_at_the_cost_of_a_unit(stocked):
    content = "number,supplier,barcode,quantity,unit_cost\nPO-1,Steel,15001000000030,3,2.00\n"
    assert stocked.run("purchase-orders", content) == (1, 0, 0)
    assert [(line.quantity, line.unit_cost) for line in stocked.rows(PurchaseOrderLine)] == [(300, 20_000)]


def test_heads_and_lines_in_two_files_are_joined(stocked):
    lines = stocked.file(
        "PurchaseOrderID,OrderQty,ProductID,UnitPrice\n1,4,MILK,50.2600\n1,3,BOLT,.0000\n3,1,BOLT,1\n", "lines.csv"
    )
    heads = "PurchaseOrderID,VendorID,OrderDate\n1,1580,2022-04-15\n2,1496,2022-04-15\n"
    mapping = {"expected": "OrderDate"}
    assert stocked.run("purchase-orders", heads, lines_path=lines, mapping=mapping) == (2, 0, 2)
    assert {row.subject: row.reason for row in stocked.refused} == {
        "3": "file.csv has no number '3'",
        "2": "lines.csv has no lines of it",
    }
    (order,) = stocked.rows(PurchaseOrder)
    assert (order.number, order.expected_on) == ("1", date(2022, 4, 15))
    assert [s.name for s in stocked.rows(Supplier)] == ["1580"]


def test_orders_are_made_and_nothing_is_reserved(stocked):
    content = "number,customer,sku,quantity,price,due,priority\nSO-1,Shop,MILK,6,1.19,2026-03-05,3\nSO-1,,BOLT,1,,,\n"
    assert stocked.run("orders", content) == (2, 0, 0)
    (order,) = stocked.rows(SalesOrder)
    assert (order.number, order.customer, order.priority, order.status) == ("SO-1", {"name": "Shop"}, 3, "confirmed")
    assert order.due_at.date() == date(2026, 3, 5)
    before = stocked.count()
    assert stocked.run("orders", content) == (0, 2, 0)
    assert stocked.count() == before


def test_orders_bring_their_customers_channel_country_and_amounts(stocked):
    """One customer an e-mail, made once; the earliest of several moments; amounts once an order."""
    content = (
        "invoice_no,customer,email,sku,quantity,price,invoice_date,channel,country,state,freight,discount\n"
        "1,Ana Gray,Ana@Example.com,MILK,2,1.19,2010-12-01 08:27,web,gb,Kent,4.50,0.38\n"
        "1,,,BOLT,3,0.10,2010-12-01 08:26,,,,,\n"
        "2,Ana Gray,ana@example.com,MILK,1,1.19,2010-12-02T09:00:00+01:00,phone,DE,,,\n"
        "3,,not-an-email,MILK,1,1,,,,,,\n"
        "4,,,MILK,1,1,last week,,,,,\n"
        "5,,,MILK,1,1,,,Germany,,,\n"
        "6,,,MILK,1,1,,,,,,2\n"
    )
    assert stocked.run("orders", content) == (3, 0, 4)
    assert [reason.split(" ")[0] for reason in stocked.reasons.values()] == ["Invalid", "ordered_at", "country", "the"]
    (ana,) = stocked.rows(Customer)
    assert (ana.email, ana.first_name, ana.last_name) == ("ana@example.com", "Ana", "Gray")
    first, second = sorted(stocked.rows(SalesOrder), key=lambda order: order.number)
    assert (first.created_at.isoformat(), first.status) == ("2010-12-01T08:26:00+00:00", "confirmed")
    assert (first.customer_id, first.channel, first.ship_country, first.ship_state) == (ana.id, "web", "GB", "Kent")
    assert (second.customer_id, second.channel, second.ship_country) == (ana.id, "phone", "DE")
    assert second.created_at.hour == 8
    totals = stocked.read(lambda s: [orders.order_total(s, order) for order in (first, second)])
    assert totals == [2 * 119 + 3 * 10 + 450 - 38, 119]
    assert stocked.run("orders", content)[:2] == (0, 3)


# --- recipes ---------------------------------------------------------------------------------------------------------


RECIPES = (
    "output,output_quantity,ingredient,quantity,name,shelf_life_days,ended\n"
    "KIT,2,BOLT,4,Kit,30,\n"
    "KIT,,5001000000019,0.5,,,2099-03-31\n"
    "KIT,,GLUE,1,,,2020-01-31 00:00:00.000\n"
    "BOX,,KIT,12,,,\n"
    ",,KIT,1,,,\n"
)


@pytest.fixture
def workshop(stocked):
    stocked.run("catalog", "sku,name,unit\nKIT,Kit,ea\nBOX,Box,ea\nGLUE,Glue,oz\n")
    return stocked


def test_recipes_come_once_level_by_level_and_what_has_ended_is_named(workshop):
    assert workshop.run("recipes", RECIPES, is_rehearsal=True) == (3, 0, 2)
    assert workshop.rows(Recipe) == []
    for expected in ((3, 0, 2), (0, 3, 2)):
        assert workshop.run("recipes", RECIPES) == expected
        assert workshop.reasons == {
            4: "ended on 2020-01-31: no longer part of the recipe", 6: "the row names no output",
        }  # fmt: skip
    skus = {variant.id: variant.sku for variant in workshop.rows(Variant)}
    recipes = {skus[row.output_variant_id]: row for row in workshop.rows(Recipe)}
    assert {sku: (row.name, row.output_quantity, row.shelf_life_days) for sku, row in recipes.items()} == {
        "KIT": ("Kit", 2, 30), "BOX": ("Box", 1, None),
    }  # fmt: skip
    parts = {(row.recipe_id, skus[row.variant_id], row.quantity) for row in workshop.rows(RecipeIngredient)}
    assert parts == {
        (recipes["KIT"].id, "BOLT", 4), (recipes["KIT"].id, "MILK", Decimal("0.5")), (recipes["BOX"].id, "KIT", 12),
    }  # fmt: skip


def test_a_recipe_is_taken_wholly_or_not_at_all(workshop):
    workshop.run("recipes", "output,ingredient,quantity\nKIT,BOLT,4\n")
    content = (
        "number,output,ingredient,quantity,unit\n"
        ",BOX,KIT,1,EA\n"
        ",BOX,NONE,1,EA\n"
        ",GLUE,MILK,2,kg\n"
        ",KIT,BOLT,5,\n"
        "K-2,KIT,BOLT,5,\n"
        ",BOLT,KIT,1,\n"
        ",MILK,BOLT,none,\n"
    )
    assert workshop.run("recipes", content) == (1, 0, 6)
    assert workshop.reasons == {
        2: "line 3 of the same recipe is refused",
        3: "'NONE' is not in the catalogue: import the catalogue first",
        4: "the row counts in kg, MILK is counted in ea",
        5: "KIT has recipe RCP-000001 with other ingredients: give these rows a number of their own",
        7: "BOLT goes into KIT already: a recipe cannot contain what it makes",
        8: "quantity: 'none' is not a number",
    }
    assert sorted(row.number for row in workshop.rows(Recipe)) == ["K-2", "RCP-000001"]
    assert workshop.run("recipes", content.replace("K-2,KIT,BOLT,5", "K-2,KIT,BOLT,6")) == (0, 1, 6)
    assert workshop.reasons[6] == "recipe K-2 exists with other ingredients"
