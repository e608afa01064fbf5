"""Levels of SKUs over their sites: one status each, found alike in the list and in what is told of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui.services import policies
from ambra_tui.services.site_levels import STATUSES, full_name, levels_page, skus_page
from ambra_tui.store import Store
from ambra_tui.store.models.policies import EVERY_VARIANT
from tests import factories

CASES = {  # available, safety stock, reorder point
    "out_of_stock": [(0, 0, 0), (0, 5, 10)],
    "critical": [(5, 5, 20), (4, 5, 20), (10, 0, 20), (1, 0, 2)],
    "low": [(6, 5, 20), (11, 0, 20), (19, 5, 20)],
    "normal": [(20, 5, 20), (1, 0, 0), (1, 0, 1)],
}


def test_the_first_status_that_fits_is_told_and_found(store: Store, organization_id: int, write: Any) -> None:
    def make(session: Session) -> dict[str, set[str]]:
        house, made = factories.warehouse(session), dict[str, set[str]]()
        for status, cases in CASES.items():
            for available, safety, point in cases:
                sku = f"{status}-{available}-{safety}-{point}"
                variant = factories.variant(session, sku=sku)
                if available:
                    factories.stock(session, variant, house.bin, available)
                values = {"reorder_point": point, "reorder_quantity": 1, "safety_stock": safety}
                policies.create_policy(session, variant_id=variant.id, site_id=house.site.id, values=values)
                made.setdefault(status, set()).add(sku)
        return made

    made = write(make)
    for status in STATUSES:
        rows, total = skus_page(store, organization_id, {"status": status}, after=None, limit=50)
        assert ({row.sku for row in rows}, {row.status for row in rows}, total) == (made[status], {status}, len(rows))
    every, _ = skus_page(store, organization_id, {}, after=None, limit=50)
    for row in every:
        _, available, safety, _ = row.sku.rsplit("-", 3)
        assert row.total("to_promise") == max(int(available) - int(safety), 0) * 1_000_000, row.sku


def test_a_maximum_is_the_policy_s_else_the_variant_s_else_everybody_s(
    store: Store, organization_id: int, write: Any
) -> None:
    def make(session: Session) -> None:
        house = factories.warehouse(session)
        for sku in ("OWN", "VARIANT", "NONE"):
            variant = factories.variant(session, sku=sku)
            factories.stock(session, variant, house.bin, 1)
            if sku != "NONE":
                policies.set_default(session, variant.id, {"max_stock_level": 50})
            if sku == "OWN":
                values = {"reorder_point": 1, "reorder_quantity": 1, "max_stock_level": 30}
                policies.create_policy(session, variant_id=variant.id, site_id=house.site.id, values=values)
        policies.set_default(session, EVERY_VARIANT, {"max_stock_level": 100})

    write(make)
    rows, _ = levels_page(store, organization_id, {}, offset=0, limit=9)
    assert {row.sku: row.max_stock_level for row in rows} == {
        "OWN": 30_000_000, "VARIANT": 50_000_000, "NONE": 100_000_000,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("product", "variant", "name"),
    [
        ("Milk", "", "Milk"),
        ("Milk", "Milk", "Milk"),
        ("Milk", "Milk 1 l", "Milk 1 l"),
        ("Shirt", "red, L", "Shirt red, L"),
    ],
)
def test_a_variant_is_called_by_its_product_once(product: str, variant: str, name: str) -> None:
    assert full_name(product, variant) == name
