"""Reports of the ambra edition: the index, and the stock overview of the printed dashboard."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ambra_tui.kit.ids import new_id
from ambra_tui.services import policies
from ambra_tui.store.models import Category, ProductCategory
from ambra_tui.store.scope import now_of
from tests import factories
from tests.api.ambra import Ambra
from tests.api.conftest import Api

PATH = "/reports/stock_overview"
FIGURES = {"total_products", "total_units", "total_value", "low_stock", "critical", "out_of_stock"}
KEYS = FIGURES | {"warehouse_id", "currency", "by_category"}
NOTHING = dict.fromkeys(FIGURES, 0)


@pytest.fixture
def ambra(api: Api) -> Ambra:
    """The edition, over nothing."""
    return Ambra(api)


def category(session: Any, name: str, *products: Any) -> str:
    key, now = new_id("cat"), now_of(session)
    own = {"organization_id": products[0].organization_id}
    session.add(Category(**own, id=key, name=name, slug=name.lower(), created_at=now, updated_at=now))
    session.flush()
    session.add_all(ProductCategory(**own, product_id=each.product_id, category_id=key) for each in products)
    return key


def test_the_index_leads_to_each_report(ambra: Ambra) -> None:
    rows = ambra.get("/reports")
    assert [set(row) for row in rows] == [{"name", "href", "description"}]
    assert [(row["name"], row["href"]) for row in rows] == [("stock_overview", "/v1/reports/stock_overview")]
    for row in rows:
        assert ambra.api.client.get(row["href"]).status_code == 200


def test_the_overview_of_a_dashboard(ambra: Ambra, house: factories.Warehouse) -> None:
    """The printed call, its ids as printed; statuses exclude each other; values at average cost; by category."""
    empty = ambra.get(PATH)
    assert empty == {"warehouse_id": None, "currency": "EUR", **NOTHING, "by_category": []}
    error = ambra.refused(404, "WAREHOUSE_NOT_FOUND", "GET", PATH, params={"warehouse_id": "warehouse_123"})
    assert error["message"] == "Warehouse with ID 'warehouse_123' not found"

    east = ambra.post("/warehouses", {"name": "East", "code": "E1"})["id"]
    names = ("MILK", "BREAD", "CHEESE", "NAILS")
    milk, bread, cheese, nails = (ambra.api.write(lambda s, n=n: factories.variant(s, sku=n)) for n in names)
    dairy = ambra.api.write(lambda s: category(s, "Dairy", milk, cheese))
    for variant, point in ((milk, 10), (bread, 10), (cheese, 10)):
        for site in (house.site.id, east):
            ambra.api.write(lambda s, v=variant, p=point, w=site: policies.create_policy(
                s, variant_id=v.id, site_id=w, values={"reorder_point": Decimal(p), "reorder_quantity": Decimal(1)}
            ))  # fmt: skip

    def brought(variant: Any, quantity: float, site: str, cost: float) -> None:
        body = {"product_id": variant.product_id, "type": "in", "quantity": quantity, "warehouse_id": site}
        ambra.post("/stock_movements", {**body, "cost_per_unit": cost})

    brought(milk, 8, house.site.id, 0.79)  # below 10: low
    brought(bread, 5, house.site.id, 2)  # half of it: critical
    brought(nails, 1000.5, house.site.id, 0.011)
    brought(milk, 40, east, 1)
    here = ambra.get(PATH, warehouse_id=house.site.id)
    assert set(here) == KEYS and here["warehouse_id"] == house.site.id
    figures = ("total_products", "total_units", "total_value", "low_stock", "critical", "out_of_stock")
    assert [here[name] for name in figures] == [4, 1013.5, 27.33, 1, 1, 1]
    rows = here["by_category"]
    assert [set(row) for row in rows] == [FIGURES | {"category_id", "name", "slug"}] * 2
    told = [(row["category_id"], row["name"], row["slug"], *(row[name] for name in figures)) for row in rows]
    assert told == [
        (None, None, None, 2, 1005.5, 21.01, 0, 1, 0), (dairy, "Dairy", "dairy", 2, 8, 6.32, 1, 0, 1),
    ]  # fmt: skip

    spelled = ambra.get(PATH, warehouse_id=east.replace("wh_", "warehouse_"))
    assert spelled["warehouse_id"] == east
    assert [spelled[name] for name in figures] == [3, 40, 40, 0, 0, 2]
    whole = ambra.get(PATH)
    assert [whole[name] for name in figures] == [4, 1053.5, 67.33, 1, 1, 3]
    for status, name in (("low", "low_stock"), ("critical", "critical"), ("out", "out_of_stock")):
        assert ambra.page("/stock_levels", stock_status=status)[1]["total"] == whole[name]
