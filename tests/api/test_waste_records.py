"""Waste records of the operations edition (contract rows 211-213, P8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from ambra_tui.services.waste import get_waste, reverse_waste
from tests import factories
from tests.api.conftest import Api, LiveServer, open_api

KEYS = {"id", "variant_id", "location_id", "quantity", "reason", "recorded_at", "lot_record_id"}


@pytest.fixture
def plain(store: Any, server: LiveServer) -> Iterator[Api]:
    """An organization without the traceability module."""
    opened = open_api(store, server.address, "Plain", modules=())
    yield opened
    opened.client.close()


@pytest.fixture
def lots(api: Api, house: factories.Warehouse, milk: Any) -> Any:
    """Milk of lot M090: 10 in the pick bin."""

    def work(session: Any) -> Any:
        lot = factories.lot(session, milk, number="M090", expiry=date(2030, 1, 1))
        factories.stock(session, milk, house.bin, 10, lot=lot)
        session.refresh(lot)
        return lot

    return api.write(work)


def waste(api: Api, house: Any, milk: Any, quantity: Any = 3, **more: Any) -> Any:
    body = {"variant_id": milk.id, "location_id": house.site.id, "quantity": quantity, "reason": "damaged", **more}
    return api.post("/waste_records", body)


def test_waste_is_recorded_with_a_flat_body_and_the_single_lot_is_known(
    api: Api, house: Any, milk: Any, lots: Any
) -> None:
    answer = waste(api, house, milk, notes="dropped")
    assert answer.status_code == 201, answer.text
    record = answer.json()
    assert set(record) >= KEYS
    assert (record["quantity"], record["reason"], record["lot_record_id"]) == (3, "damaged", lots.id)
    assert api.client.get(answer.headers["location"]).json() == record
    assert api.get("/waste_records").json()["data"] == [record]
    assert api.on_hand("MILK-1L") == 7
    entry = api.get("/inventory_ledger").json()["data"][0]
    assert (entry["entry_type"], entry["quantity"], entry["reason"]) == ("waste_recorded", -3, "damaged")
    assert (entry["lot_number"], entry["reference_id"]) == ("M090", record["id"])


def test_more_than_there_is_and_wrong_reasons_are_refused(api: Api, house: Any, milk: Any, lots: Any) -> None:
    more = waste(api, house, milk, 999)
    assert (more.status_code, more.json()["error"]["code"]) == (422, "INSUFFICIENT_STOCK")
    for change, field in (
        ({"reason": "stolen"}, "reason"),
        ({"reason": None}, "reason"),
        ({"quantity": 0}, "quantity"),
        ({"location_id": None}, "location_id"),
    ):
        answer = waste(api, house, milk, **change)
        assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (422, field)
    assert waste(api, house, milk, location_id="wh_no").status_code == 404
    assert waste(api, house, milk, lot_record_id="lot_no").status_code == 404
    assert api.on_hand("MILK-1L") == 10
    assert api.get("/waste_records").json()["meta"]["total"] == 0


def test_the_lot_must_be_named_where_there_are_several(api: Api, house: Any, milk: Any, lots: Any) -> None:
    def work(session: Any) -> Any:
        lot = factories.lot(session, milk, number="M100")
        factories.stock(session, milk, house.other_bin, 5, lot=lot)
        session.refresh(lot)
        return lot

    second = api.write(work)
    unnamed = waste(api, house, milk)
    assert (unnamed.status_code, unnamed.json()["error"]["details"][0]["field"]) == (422, "lot_record_id")
    named = waste(api, house, milk, lot_record_id=second.id).json()
    assert named["lot_record_id"] == second.id
    assert waste(api, house, milk, 3, lot_record_id=second.id).status_code == 422
    assert waste(api, house, milk, location_id=house.bin.id).json()["lot_record_id"] == lots.id
    listed = api.get("/waste_records", params={"lot_record_id": second.id}).json()["data"]
    assert [row["id"] for row in listed] == [named["id"]]


def test_the_serial_must_be_named_where_there_are_several(api: Api, house: Any) -> None:
    def work(session: Any) -> Any:
        phone = factories.variant(session, sku="PHONE-X", is_serial_tracked=True)
        factories.stock(session, phone, house.bin, 1, serial="SN1")
        factories.stock(session, phone, house.bin, 1, serial="SN2")
        session.refresh(phone)
        return phone

    phone = api.write(work)
    for place in (house.site.id, house.bin.id):
        unnamed = waste(api, house, phone, 1, location_id=place)
        assert (unnamed.status_code, unnamed.json()["error"]["details"][0]["field"]) == (422, "serial_number")
    assert waste(api, house, phone, 2).status_code == 422
    assert api.on_hand("PHONE-X") == 2
    assert waste(api, house, phone, 1, serial_number="SN2").json()["serial_number"] == "SN2"
    assert waste(api, house, phone, 1).json()["serial_number"] == "SN1"  # the only one that is left


def test_every_printed_reason_is_taken_and_filtered(api: Api, house: Any, milk: Any, lots: Any) -> None:
    for reason in ("expired", "damaged", "production", "spoilage", "contamination", "other"):
        assert waste(api, house, milk, 1, reason=reason).status_code == 201
        found = api.get("/waste_records", params={"reason": reason, "variant_id": milk.id}).json()
        assert [row["reason"] for row in found["data"]] == [reason]
    assert api.get("/waste_records", params={"location_id": house.site.id}).json()["meta"]["total"] == 6
    assert api.get("/waste_records", params={"reason": "stolen"}).status_code == 422


def test_what_was_taken_back_is_no_waste_any_more(api: Api, house: Any, milk: Any, lots: Any) -> None:
    record = waste(api, house, milk).json()
    api.write(lambda s: reverse_waste(s, get_waste(s, record["id"])))
    assert api.get("/waste_records").json()["data"] == []
    listed = api.get("/waste_records", params={"status": "reversed"}).json()["data"]
    assert [(row["id"], row["status"], row["reversed_at"] is not None) for row in listed] == [
        (record["id"], "reversed", True)
    ]


def test_waste_may_take_what_is_reserved(api: Api, house: Any, milk: Any, lots: Any) -> None:
    order = api.post("/orders", {"items": [{"sku": "MILK-1L", "quantity": 10}], "location_id": house.site.id}).json()
    api.post(f"/orders/{order['id']}/reserve")
    assert waste(api, house, milk, 4).status_code == 201
    level = api.get("/inventory_levels").json()["data"][0]
    assert (level["on_hand"], level["reserved"], level["available"]) == (6, 10, -4)


def test_without_the_module_every_call_is_403(plain: Api) -> None:
    for answer in (
        plain.get("/waste_records"),
        plain.get("/waste_records/wst_1"),
        plain.post("/waste_records", {}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "MODULE_NOT_ENABLED")


def test_waste_of_another_organization_does_not_exist(api: Api, other: Api, house: Any, milk: Any, lots: Any) -> None:
    record = waste(api, house, milk).json()
    assert other.get(f"/waste_records/{record['id']}").json()["error"]["code"] == "WASTE_RECORD_NOT_FOUND"
    assert other.get("/waste_records").json()["data"] == []
    assert waste(other, house, milk).status_code == 404
