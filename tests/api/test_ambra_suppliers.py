"""Suppliers of the ambra edition: six operations, what a body may hold, what keeps one from going."""

from __future__ import annotations

from typing import Any

import pytest

from ambra_tui.store.models import VariantSupplier
from tests import factories
from tests.api.ambra import Ambra, left
from tests.api.conftest import Api

KEYS = {"id", "code", "name", "email", "phone", "lead_time_days", "status", "created_at", "updated_at"}
PATH = "/suppliers"
WHOLE = {
    "name": "Dairy North", "code": "DAIRY", "email": "orders@dairy.example", "phone": "+49 30 1234",
    "lead_time_days": 3, "status": "active",
}  # fmt: skip


@pytest.fixture
def ambra(api: Api) -> Ambra:
    """The edition, without any supplier."""
    return Ambra(api)


def test_made_read_replaced_changed_and_removed(ambra: Ambra) -> None:
    """PUT empties what it leaves out, PATCH keeps it; what is removed is not there any more."""
    made = ambra.post(PATH, WHOLE)
    assert set(made) == KEYS and made["id"].startswith("sup_")
    assert {name: made[name] for name in WHOLE} == WHOLE
    path = f"{PATH}/{made['id']}"
    assert ambra.get(path) == made
    assert ambra.post(PATH, {"name": "Plain"})["code"] is None

    replaced = ambra.put(path, {"name": "Dairy South"})
    empty = {"code": None, "email": None, "phone": None, "lead_time_days": None, "status": "active"}
    assert {name: replaced[name] for name in WHOLE} == {"name": "Dairy South", **empty}
    assert replaced["created_at"] == made["created_at"]
    changed = ambra.patch(path, {"phone": "1", "lead_time_days": 9, "status": "inactive"})
    assert (changed["name"], changed["phone"], changed["lead_time_days"]) == ("Dairy South", "1", 9)
    assert changed["status"] == "inactive"
    assert ambra.patch(path, {"phone": None})["phone"] is None
    assert ambra.patch(path, {})["status"] == "inactive"

    ambra.remove(path)
    for method, body in (("GET", None), ("PUT", {"name": "x"}), ("PATCH", {}), ("DELETE", None)):
        error = ambra.refused(404, "SUPPLIER_NOT_FOUND", method, path, body)
        assert error["message"] == f"Supplier with ID '{made['id']}' not found"
        assert error["details"] == {"supplier_id": made["id"]}


def test_lists_filter_sort_and_page(ambra: Ambra) -> None:
    """Newest first; words of names and codes; archived ones only when asked for."""
    names = ("Alpha Foods", "Beta Foods", "Gamma Tools")
    alpha, beta, gamma = (ambra.post(PATH, {"name": name, "code": name[:3].upper()})["id"] for name in names)
    assert ambra.ids(PATH) == [gamma, beta, alpha]
    assert ambra.ids(PATH, sort="name") == [alpha, beta, gamma]
    assert ambra.ids(PATH, sort="-status,-name") == [gamma, beta, alpha]
    assert ambra.ids(PATH, search="foo alp") == ambra.ids(PATH, search="ALP") == [alpha]
    assert ambra.ids(PATH, search="!!") == ambra.ids(PATH, search="zeta") == []
    ambra.patch(f"{PATH}/{beta}", {"status": "inactive"})
    assert ambra.ids(PATH, status="active", search="foods") == [alpha]
    house = ambra.api.write(factories.warehouse)
    ambra.api.write(lambda s: factories.purchase_order(s, house.site, status="received"))
    vendor = ambra.ids(PATH)[0]
    ambra.remove(f"{PATH}/{vendor}")
    assert ambra.ids(PATH) == [gamma, beta, alpha]
    assert ambra.ids(PATH, status="archived") == [vendor]
    rows, pagination = ambra.page(PATH, limit=2, page=2)
    assert [row["id"] for row in rows] == [alpha]
    assert pagination == {"page": 2, "limit": 2, "total": 3, "pages": 2, "has_next": False, "has_prev": True}
    assert ambra.ids(PATH, created_after="2999-01-01") == ambra.ids(PATH, updated_after="2999-01-01") == []
    for wrong in ({"sort": "phone"}, {"status": "gone"}, {"limit": -1}, {"search": ""}):
        ambra.refused(400, "INVALID_REQUEST", "GET", PATH, params=wrong)


def test_what_is_refused(ambra: Ambra) -> None:
    """Wrong fields by name; a code that is taken; a supplier that something open needs."""
    error = ambra.refused(422, "VALIDATION_ERROR", "POST", PATH, {})
    assert error["details"] == {"name": "is required"}
    wrong: dict[str, Any] = {
        "name": "a\u0000b",
        "code": "x" * 41,
        "lead_time_days": -1,
        "status": "archived",
        "email": 7,
    }
    for name, value in wrong.items():
        for method, path in (("POST", PATH), ("PUT", f"{PATH}/sup_none"), ("PATCH", f"{PATH}/sup_none")):
            error = ambra.refused(422, "VALIDATION_ERROR", method, path, {"name": "x", name: value})
            assert set(error["details"]) == {name}
    taken = ambra.post(PATH, WHOLE)
    other = ambra.post(PATH, {"name": "Other"})
    for method, path in (("POST", PATH), ("PUT", f"{PATH}/{other['id']}"), ("PATCH", f"{PATH}/{other['id']}")):
        error = ambra.refused(422, "VALIDATION_ERROR", method, path, {"name": "x", "code": "DAIRY"})
        assert error["details"] == {"code": "Supplier with code 'DAIRY' already exists"}
    assert ambra.put(f"{PATH}/{taken['id']}", WHOLE)["code"] == "DAIRY"
    assert ambra.get(f"{PATH}/{other['id']}") == other

    house, milk = ambra.api.write(factories.warehouse), ambra.api.write(factories.variant)
    order = ambra.api.write(lambda s: factories.purchase_order(s, house.site, (milk, 2)))
    ambra.api.write(
        lambda s: s.add(VariantSupplier(
            organization_id=ambra.api.organization_id, variant_id=milk.id, supplier_id=order.supplier_id
        ))
    )  # fmt: skip
    error = ambra.refused(422, "IN_USE", "DELETE", f"{PATH}/{order.supplier_id}")
    assert left(error) == {"open_purchase_orders": 1, "products": 1}
    assert "open purchase orders: 1, products: 1" in error["message"]
    answer = ambra.ask("PATCH", f"{PATH}/{other['id']}", {"name": "y"}, headers={"If-Match": '"old"'})
    assert answer.status_code == 412 and answer.json()["success"] is False
