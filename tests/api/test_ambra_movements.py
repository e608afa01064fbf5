"""Stock movements of the ambra edition: four types, pending ones, balances, what else the ledger holds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlmodel import col, select

from ambra_tui.store.models import OutboxEvent
from tests import factories
from tests.api.ambra import Ambra
from tests.api.conftest import Api

KEYS = {
    "id", "product_id", "variant_id", "sku", "type", "quantity", "status", "warehouse_id", "location_id",
    "to_warehouse_id", "to_location_id", "balance_before", "balance_after", "lot_number", "serial_number",
    "cost_per_unit", "reference", "reference_type", "reason", "notes", "cancel_reason", "created_by", "occurred_at",
    "created_at", "completed_at", "cancelled_at", "updated_at",
}  # fmt: skip
PATH = "/stock_movements"


class Movements(Ambra):
    """A warehouse with a product, and movements of it."""

    def __init__(self, api: Api, house: factories.Warehouse, milk: Any) -> None:
        super().__init__(api)
        self.house, self.milk = house, milk

    def body(self, kind: str, quantity: Any, **more: Any) -> dict[str, Any]:
        place = {} if "location_id" in more else {"warehouse_id": self.house.site.id}
        return {"product_id": self.milk.product_id, "type": kind, "quantity": quantity, **place, **more}

    def move(self, kind: str, quantity: float, **more: Any) -> Any:
        return self.post(PATH, self.body(kind, quantity, **more))

    def refuse(
        self, kind: str, quantity: Any, *, status: int = 422, code: str = "VALIDATION_ERROR", **more: Any
    ) -> Any:
        return self.refused(status, code, "POST", PATH, self.body(kind, quantity, **more))

    def facts(self) -> list[tuple[str, str]]:
        with self.api.store.read_system() as session:
            rows = session.exec(select(OutboxEvent).order_by(col(OutboxEvent.id))).all()
        return [(row.type, row.subject) for row in rows if row.type.startswith("stock_movement_")]


@pytest.fixture
def moves(api: Api, house: factories.Warehouse, milk: Any) -> Movements:
    """MILK-1L, none of it yet."""
    return Movements(api, house, milk)


def test_in_out_and_adjusted_at_once(moves: Movements) -> None:
    """Each type posts, tells the balance before and after, and can be tracked; the ledger carries its id."""
    came = moves.move("in", 12, reference="PO-1001", notes="Received from Supplier ABC", cost_per_unit=0.79)
    assert set(came) == KEYS and came["id"].startswith("mov_")
    assert (came["type"], came["quantity"], came["status"]) == ("in", 12, "completed")
    assert (came["balance_before"], came["balance_after"]) == (0, 12)
    assert (came["warehouse_id"], came["location_id"]) == (moves.house.site.id, moves.house.dock.id)
    assert (came["reference"], came["notes"], came["cost_per_unit"]) == ("PO-1001", "Received from Supplier ABC", 0.79)
    assert came["completed_at"] and came["created_by"].startswith("key_")

    left = moves.move("out", 2.5, location_id=moves.house.dock.id)
    assert (left["quantity"], left["balance_before"], left["balance_after"]) == (2.5, 12, 9.5)
    fixed = moves.move("adjustment", -0.5, reason="shrinkage")
    assert (fixed["quantity"], fixed["balance_after"], fixed["reason"]) == (-0.5, 9, "shrinkage")
    assert moves.api.on_hand("MILK-1L") == 9
    assert moves.get(f"{PATH}/{left['id']}") == left
    assert moves.ids(PATH) == [fixed["id"], left["id"], came["id"]]
    ledger = moves.api.get("/inventory_ledger", params={"reference_id": left["id"]}).json()["data"]
    assert [(row["reference_type"], row["quantity"]) for row in ledger] == [("stock_movement", -2.5)]
    created, completed = "stock_movement_created", "stock_movement_completed"
    assert moves.facts() == [(fact, row["id"]) for row in (came, left, fixed) for fact in (created, completed)]


def test_a_pending_movement_posts_once_when_it_is_completed(moves: Movements) -> None:
    """pending -> completed; nothing moves before, INVALID_STATE with the state afterwards."""
    waiting = moves.move("in", 5, complete=False, location_id=moves.house.bin.id)
    assert (waiting["status"], waiting["completed_at"]) == ("pending", None)
    assert (waiting["balance_before"], waiting["balance_after"]) == (None, None)
    assert moves.api.on_hand("MILK-1L") == 0
    assert moves.facts() == [("stock_movement_created", waiting["id"])]

    done = moves.post(f"{PATH}/{waiting['id']}/complete", status=200)
    assert (done["status"], done["balance_before"], done["balance_after"]) == ("completed", 0, 5)
    assert done["location_id"] == moves.house.bin.id and done["completed_at"] >= done["created_at"]
    assert moves.facts()[1:] == [("stock_movement_completed", waiting["id"])]
    for step in ("complete", "cancel"):
        error = moves.refused(422, "INVALID_STATE", "POST", f"{PATH}/{waiting['id']}/{step}", {})
        assert "is completed" in error["message"] and error["details"]["status"] == "completed"
    assert moves.api.on_hand("MILK-1L") == 5

    dropped = moves.move("out", 99, complete=False)
    short = moves.refused(422, "INSUFFICIENT_STOCK", "POST", f"{PATH}/{dropped['id']}/complete", {})
    assert short["details"]["items"][0]["available"] == 5
    assert moves.get(f"{PATH}/{dropped['id']}")["status"] == "pending"
    gone = moves.post(f"{PATH}/{dropped['id']}/cancel", {"reason": "The truck did not come"}, status=200)
    assert (gone["status"], gone["cancel_reason"]) == ("cancelled", "The truck did not come")
    for step in ("complete", "cancel"):
        error = moves.refused(422, "INVALID_STATE", "POST", f"{PATH}/{dropped['id']}/{step}", {})
        assert "is cancelled" in error["message"]
    assert moves.api.on_hand("MILK-1L") == 5


def test_transfers_between_warehouses_and_inside_one(moves: Movements) -> None:
    """Another warehouse: what left arrives, at its cost. Inside one: between named locations, no balance changes."""
    other = moves.api.write(lambda session: factories.warehouse(session, code="WH2"))
    moves.move("in", 10, location_id=moves.house.bin.id, cost_per_unit=2)
    sent = moves.move("transfer", 4, to_location_id=other.bin.id)
    assert (sent["to_warehouse_id"], sent["to_location_id"]) == (other.site.id, other.bin.id)
    assert (sent["balance_before"], sent["balance_after"]) == (10, 6)
    arrived = moves.get(PATH, warehouse_id=other.site.id)
    assert [row["id"] for row in arrived] == [sent["id"]]
    levels = moves.api.get("/inventory_levels", params={"location_id": other.site.id}).json()["data"]
    assert [row["on_hand"] for row in levels] == [4]

    moved = moves.move("transfer", 3, location_id=moves.house.bin.id, to_location_id=moves.house.reserve.id)
    assert (moved["balance_before"], moved["balance_after"]) == (6, 6)
    assert moves.ids(PATH, location=moves.house.reserve.id) == [moved["id"]]
    assert moves.ids(PATH, location=other.site.id) == [sent["id"]]

    error = moves.refuse("transfer", 1)
    assert error["details"] == {"to_warehouse_id": "to_warehouse_id is required, or to_location_id"}
    moves.refuse("transfer", 1, to_warehouse_id=moves.house.site.id)
    moves.refuse("transfer", 1, to_warehouse_id=moves.house.site.id, complete=False)
    moves.refuse("in", 1, to_warehouse_id=other.site.id)
    moves.refuse("transfer", 1, to_warehouse_id=other.site.id, to_location_id=moves.house.bin.id)
    moves.refuse(
        "transfer", 99, code="INSUFFICIENT_STOCK", location_id=moves.house.bin.id, to_location_id=moves.house.reserve.id
    )


def test_bodies_that_are_refused(moves: Movements) -> None:
    """Each wrong field by name; absent things by their noun; nothing is posted."""
    error = moves.refused(422, "VALIDATION_ERROR", "POST", PATH, {})
    assert set(error["details"]) == {"product_id", "type", "quantity"}
    for quantity in (0, -1, "5", True, None, 1e30, 0.0000001):
        assert "quantity" in moves.refuse("in", quantity)["details"]
    assert "quantity" in moves.refuse("adjustment", 0)["details"]
    assert "quantity" in moves.refuse("out", -1, complete=False)["details"]
    assert "type" in moves.refuse("steal", 1)["details"]
    assert "complete" in moves.refuse("in", 1, complete="yes")["details"]
    body = {"product_id": moves.milk.product_id, "type": "in", "quantity": 1}
    error = moves.refused(422, "VALIDATION_ERROR", "POST", PATH, body)
    assert error["details"] == {"warehouse_id": "warehouse_id is required, or location_id"}
    error = moves.refuse("in", 1, status=404, code="PRODUCT_NOT_FOUND", product_id="prod_none")
    assert error["message"] == "Product with ID 'prod_none' not found"
    assert error["details"] == {"product_id": "prod_none"}
    error = moves.refuse("in", 1, status=404, code="WAREHOUSE_NOT_FOUND", warehouse_id="wh_none")
    assert error["details"] == {"warehouse_id": "wh_none"}
    moves.refuse("in", 1, status=404, code="LOCATION_NOT_FOUND", location_id="loc_none")
    moves.refuse("in", 1, status=404, code="LOCATION_NOT_FOUND", location_id="loc_supplier")
    moves.refuse("out", 1, code="INSUFFICIENT_STOCK")
    moves.refuse("in", 2, serial_number="SN-1", complete=False)
    moves.refuse("in", 1, occurred_at="2999-01-01T00:00:00Z", complete=False)
    market = moves.api.write(lambda s: factories.site(s, code="FBA", kind="fba", is_read_only=True))
    for complete in (True, False):
        moves.refuse(
            "in", 1, status=403, code="READONLY_WAREHOUSE", warehouse_id=market.id, complete=complete
        )  # fmt: skip
        moves.refuse(
            "transfer", 1, status=403, code="READONLY_WAREHOUSE", to_warehouse_id=market.id, complete=complete
        )  # fmt: skip
    for path in (f"{PATH}/mov_none", f"{PATH}/mov_none/complete", f"{PATH}/mov_none/cancel"):
        method = "GET" if path.endswith("none") else "POST"
        error = moves.refused(404, "MOVEMENT_NOT_FOUND", method, path, None if method == "GET" else {})
        assert error["message"] == "Movement with ID 'mov_none' not found"
    assert moves.page(PATH)[1]["total"] == 0 and moves.api.on_hand("MILK-1L") == 0


def test_warehouses_may_be_spelled_as_printed(moves: Movements) -> None:
    """`warehouse_<x>` is `wh_<x>`, in bodies and in filters."""
    site = moves.api.post("/locations", {"name": "East", "code": "E1"}).json()
    spelled = site["id"].replace("wh_", "warehouse_")
    assert spelled.startswith("warehouse_")
    made = moves.move("in", 3, warehouse_id=spelled)
    assert made["warehouse_id"] == site["id"]
    assert moves.ids(PATH, warehouse_id=spelled) == moves.ids(PATH, location=spelled) == [made["id"]]
    error = moves.refuse("in", 1, status=404, code="WAREHOUSE_NOT_FOUND", warehouse_id="warehouse_123")
    assert error["message"] == "Warehouse with ID 'warehouse_123' not found"


def test_the_list_tells_of_the_whole_ledger(moves: Movements) -> None:
    """Moves of the floor and of other editions stand among the documents, in the order of record."""
    first = moves.move("in", 5, location_id=moves.house.bin.id)
    counted = {"sku": "MILK-1L", "location_id": moves.house.bin.id, "quantity": -1, "reason": "shrinkage"}
    assert moves.api.post("/inventory_adjustments", counted).status_code == 201
    waiting = moves.move("out", 1, complete=False)
    bread = moves.api.write(lambda session: factories.variant(session, sku="BREAD"))
    moves.api.write(lambda session: factories.stock(session, bread, moves.house.other_bin, 7))

    rows, pagination = moves.page(PATH)
    assert pagination == {"page": 1, "limit": 25, "total": 4, "pages": 1, "has_next": False, "has_prev": False}
    assert [row["sku"] for row in rows] == ["BREAD", "MILK-1L", "MILK-1L", "MILK-1L"]
    assert [row["id"] for row in (rows[1], rows[3])] == [waiting["id"], first["id"]]
    shrunk = rows[2]
    assert set(shrunk) == KEYS and shrunk["id"].startswith("mov_")
    assert (shrunk["type"], shrunk["quantity"], shrunk["status"]) == ("adjustment", -1, "completed")
    assert (shrunk["balance_before"], shrunk["balance_after"]) == (5, 4)
    assert (shrunk["location_id"], shrunk["reference_type"]) == (moves.house.bin.id, "inventory_adjustment")
    assert moves.get(f"{PATH}/{shrunk['id']}") == shrunk
    error = moves.refused(422, "INVALID_STATE", "POST", f"{PATH}/{shrunk['id']}/cancel", {})
    assert "is completed" in error["message"]

    everything = [row["id"] for row in rows]
    for limit in (1, 3):
        paged = [each for page in range(1, 6) for each in moves.ids(PATH, page=page, limit=limit)]
        assert paged == everything
    assert moves.ids(PATH, sort="created_at") == everything[::-1]
    by_quantity = moves.page(PATH, sort="-quantity,created_at")[0]
    assert [row["quantity"] for row in by_quantity] == [7, 5, 1, -1]
    assert moves.ids(PATH, status="pending") == [waiting["id"]]
    assert moves.ids(PATH, status="cancelled") == []
    assert moves.ids(PATH, type="adjustment") == [shrunk["id"]]
    assert moves.ids(PATH, product_id=bread.product_id) == moves.ids(PATH, sku="BREAD") == everything[:1]
    assert moves.ids(PATH, product_id="prod_none") == moves.ids(PATH, warehouse_id="wh_none") == []
    assert moves.ids(PATH, location=moves.house.other_bin.id) == everything[:1]
    assert moves.ids(PATH, created_after="2020-01-01", type="in") == [row["id"] for row in rows if row["type"] == "in"]
    assert moves.ids(PATH, created_after="2999-01-01") == moves.ids(PATH, updated_after="2999-01-01") == []
    assert moves.page(PATH, limit=500)[1]["limit"] == 100
    assert moves.ids(PATH, page=9) == []
    for wrong in ({"type": "x"}, {"status": "open"}, {"sort": "price"}, {"limit": 0}, {"page": "a"},
                  {"created_after": "yesterday"}):  # fmt: skip
        moves.refused(400, "INVALID_REQUEST", "GET", PATH, params=wrong)


def test_a_movement_of_many_completes_posts_once(moves: Movements) -> None:
    """Completed by eight callers at once, with and without cancels between: it posts once or never."""
    waiting = [moves.move("in", 1, complete=False)["id"] for _ in range(3)]
    steps = [(each, step) for each in waiting for step in ("complete", "complete", "cancel", "complete")]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda step: moves.ask("POST", f"{PATH}/{step[0]}/{step[1]}", {}), steps))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [422] * 9
    done = [moves.get(f"{PATH}/{each}")["status"] for each in waiting].count("completed")
    assert moves.api.on_hand("MILK-1L") == done


def test_transfers_that_cross_wait_for_each_other(moves: Movements) -> None:
    """Both ways between two warehouses at once: every one posts, and nothing is lost on the way."""
    here, there = moves.house.site.id, moves.api.write(lambda session: factories.warehouse(session, code="WH2")).site.id
    for site in (here, there):
        moves.move("in", 40, warehouse_id=site)

    def cross(number: int) -> int:
        start, end = (here, there) if number % 2 else (there, here)
        asked = moves.body("transfer", 1, warehouse_id=start, to_warehouse_id=end)
        return moves.ask("POST", PATH, asked).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(cross, range(32))) == {201}
    assert moves.api.on_hand("MILK-1L") == 80


def test_a_repeat_with_its_key_is_answered_again(moves: Movements) -> None:
    """The same Idempotency-Key: the same answer, one movement; another body: refused."""
    headers = {"Idempotency-Key": "truck-7"}
    first = moves.ask("POST", PATH, moves.body("in", 3), headers=headers)
    again = moves.ask("POST", PATH, moves.body("in", 3), headers=headers)
    assert first.json() == again.json() and again.headers["idempotent-replayed"] == "true"
    moves.refused(422, "IDEMPOTENCY_KEY_REUSED", "POST", PATH, moves.body("in", 4), headers=headers)
    waiting = moves.move("out", 1, complete=False)["id"]
    done = [moves.ask("POST", f"{PATH}/{waiting}/complete", {}, headers={"Idempotency-Key": "c"}) for _ in range(2)]
    assert [answer.status_code for answer in done] == [200, 200] and done[0].json() == done[1].json()
    assert moves.api.on_hand("MILK-1L") == 2


def test_what_is_left_of_a_removed_product_may_leave(moves: Movements) -> None:
    """None of it comes in or is ordered any more; what is there is written off as before."""
    moves.move("in", 3)
    moves.remove(f"/products/{moves.milk.product_id}")
    for complete in (True, False):
        moves.refuse("in", 1, status=404, code="PRODUCT_NOT_FOUND", complete=complete)
    vendor = moves.post("/suppliers", {"name": "Dairy"})["id"]
    items = [{"product_id": moves.milk.product_id, "quantity": 1}]
    order = {"supplier_id": vendor, "items": items}
    moves.refused(404, "PRODUCT_NOT_FOUND", "POST", "/purchase_orders", order)
    assert moves.move("adjustment", -1)["balance_after"] == 2
    assert moves.move("out", 2)["balance_after"] == 0


def test_lots_and_serials_go_along(moves: Movements) -> None:
    """A lot is made when its movement posts, found again when it leaves; an unknown one is not there."""
    moves.milk = moves.api.write(
        lambda s: factories.variant(s, sku="LOTTED", is_lot_tracked=True, is_expiry_tracked=True)
    )  # fmt: skip
    told = {"lot_number": "M130", "expiry_date": "2090-07-15"}
    waiting = moves.move("in", 4, complete=False, **told)
    assert waiting["lot_number"] == "M130"
    assert moves.api.get("/lots").json()["data"] == []
    moves.post(f"{PATH}/{waiting['id']}/complete", status=200)
    assert [lot["lot_number"] for lot in moves.api.get("/lots").json()["data"]] == ["M130"]
    moves.refuse("out", 1, status=404, code="LOT_NOT_FOUND", lot_number="M999")
    assert moves.move("out", 4, lot_number="M130")["balance_after"] == 0
