"""GET /expiry/alerts: a bare array of lots in stock, soonest first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ambra_tui.store.scope import clock_of
from tests import factories
from tests.api.conftest import Api, LiveServer, open_api

CONTRACT = {"id", "lot_number", "variant_id", "expiry_date", "days_until_expiry"}


@pytest.fixture
def lots(api: Api, house: factories.Warehouse, milk: Any) -> None:
    """One that expired yesterday, one today, in 30 and 31 days, in a year, and one without stock."""

    def work(session: Any) -> None:
        today = clock_of(session).today()
        for number, days in (("GONE", -1), ("TODAY", 0), ("L30", 30), ("L31", 31), ("L365", 365), ("EMPTY", 3)):
            lot = factories.lot(session, milk, number=number, expiry=today + timedelta(days=days))
            if number != "EMPTY":
                factories.stock(session, milk, house.bin, 4, lot=lot)
            if number == "L30":
                factories.stock(session, milk, house.reserve, 2, lot=lot)

    api.write(work)


def numbers(api: Api, **params: Any) -> list[str]:
    return [row["lot_number"] for row in api.get("/expiry/alerts", params=params).json()]


@pytest.mark.usefixtures("lots")
def test_alerts_are_a_bare_array_of_lots_in_stock_soonest_first(api: Api, house: Any, milk: Any) -> None:
    rows = api.get("/expiry/alerts").json()
    assert isinstance(rows, list)
    assert [(row["lot_number"], row["days_until_expiry"], row["on_hand"]) for row in rows] == [
        ("TODAY", 0, 4), ("L30", 30, 6),
    ]  # fmt: skip
    assert set(rows[0]) >= CONTRACT
    assert rows[1]["locations"] == [{"location_id": house.site.id, "on_hand": 6}]
    assert (rows[0]["sku"], rows[0]["variant_id"], rows[0]["status"]) == ("MILK-1L", milk.id, "active")
    assert numbers(api, days=1) == ["TODAY"]
    assert numbers(api, days=31) == ["TODAY", "L30", "L31"]
    assert numbers(api, days=365) == ["TODAY", "L30", "L31", "L365"]
    assert numbers(api, include_expired="true") == ["GONE", "TODAY", "L30"]
    assert api.get("/expiry/alerts", params={"include_expired": "true"}).json()[0]["days_until_expiry"] == -1
    known = api.get("/expiry/alerts").headers["etag"]
    assert api.get("/expiry/alerts", headers={"If-None-Match": known}).status_code == 304
    for wrong in (0, 366, -1, "", "ten", "1.5", "9" * 30):
        refused = api.get("/expiry/alerts", params={"days": wrong})
        assert (refused.status_code, refused.json()["error"]["details"][0]["field"]) == (422, "days"), wrong
    assert api.get("/expiry/alerts", params={"include_expired": "maybe"}).status_code == 422


@pytest.mark.usefixtures("lots")
def test_alerts_are_the_organization_s_own_and_need_the_module(other: Api, server: LiveServer, store: Any) -> None:
    assert other.get("/expiry/alerts", params={"days": 365}).json() == []
    plain = open_api(store, server.address, "Plain", modules=())
    for params in ({}, {"days": "0"}):
        refused = plain.get("/expiry/alerts", params=params)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "MODULE_NOT_ENABLED")
    plain.client.close()
