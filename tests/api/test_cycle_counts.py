"""Cycle counts of the operations edition: every step, every state, every spelling of a body (FLOOR D5, D8)."""

from __future__ import annotations

from typing import Any

import pytest

from ambra_tui.services import tasks
from tests import factories
from tests.api.conftest import Api


def make(api: Api, house: factories.Warehouse, **more: Any) -> dict[str, Any]:
    answer = api.post("/cycle_counts", {"cycle_count": {"location_id": house.site.id, **more}})
    assert answer.status_code == 201, answer.text
    count: dict[str, Any] = answer.json()
    return count


def step(api: Api, count: dict[str, Any], name: str, body: Any = None, **options: Any) -> dict[str, Any]:
    answer = api.post(f"/cycle_counts/{count['id']}/{name}", body, **options)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


def begun(api: Api, house: factories.Warehouse, **more: Any) -> dict[str, Any]:
    """A count in progress with its items."""
    count = make(api, house, **more)
    step(api, count, "load_inventory")
    return step(api, count, "start")


def send(api: Api, count: dict[str, Any], quantity: Any, *, item: int = 0, **more: Any) -> Any:
    counted = {"id": count["items"][item]["id"], "counted_quantity": quantity}
    body = {"cycle_count": {"cycle_count_items_attributes": [counted], **more}}
    return api.patch(f"/cycle_counts/{count['id']}", body)


def adjustments(api: Api) -> list[Any]:
    entries = api.get("/inventory_ledger", params={"entry_type": "cycle_count_adjustment"}).json()["data"]
    return [entry["quantity"] for entry in reversed(entries)]


def test_a_count_from_draft_to_completed(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    count = make(api, house, notes="October", blind=True)
    assert (count["status"], count["location_id"], count["items"]) == ("draft", house.site.id, [])
    assert (count["started_at"], count["completed_at"], count["notes"]) == (None, None, "October")
    loaded = step(api, count, "load_inventory")
    item = loaded["items"][0]
    assert (item["sku"], item["variant_id"], item["bin"]) == ("MILK-1L", stocked.id, "A01-1")
    assert (item["expected_quantity"], item["counted_quantity"], item["variance"]) == (10, None, None)
    started = step(api, count, "start")
    assert started["status"] == "in_progress" and started["started_at"]
    answer = send(api, started, 7)
    assert answer.status_code == 200
    item = answer.json()["items"][0]
    assert (item["expected_quantity"], item["counted_quantity"], item["variance"]) == (10, 7, -3)
    assert api.on_hand("MILK-1L") == 10
    done = step(api, count, "complete")
    assert done["status"] == "completed" and done["completed_at"]
    assert (done["items"][0]["posted_quantity"], adjustments(api), api.on_hand("MILK-1L")) == (-3, [-3], 7)
    assert api.get(f"/cycle_counts/{count['id']}").json() == done
    entry = api.get("/inventory_ledger").json()["data"][0]
    assert (entry["reference_type"], entry["reference_id"]) == ("cycle_count", count["id"])


def test_completing_twice_posts_nothing(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    """D8: an API retry posts nothing."""
    count = begun(api, house)
    send(api, count, 7)
    key = {"Idempotency-Key": "complete-1"}
    first = step(api, count, "complete", headers=key)
    assert step(api, count, "complete", headers=key) == first
    again = api.post(f"/cycle_counts/{count['id']}/complete")
    assert (again.status_code, again.json()["error"]["code"]) == (422, "INVALID_STATE")
    assert "completed" in again.json()["error"]["message"]
    assert (adjustments(api), api.on_hand("MILK-1L")) == ([-3], 7)


@pytest.mark.parametrize(
    ("steps", "step_name", "status"),
    [
        ([], "complete", "draft"),
        (["start"], "start", "in_progress"),
        (["start", "complete"], "start", "completed"),
        (["start", "complete"], "load_inventory", "completed"),
        (["start", "complete"], "complete", "completed"),
    ],
)
def test_steps_that_the_state_does_not_allow(
    api: Api, house: factories.Warehouse, stocked: Any, steps: list[str], step_name: str, status: str
) -> None:
    count = make(api, house)
    for name in steps:
        step(api, count, name)
    answer = api.post(f"/cycle_counts/{count['id']}/{step_name}")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "INVALID_STATE")
    assert status in error["message"]
    assert api.get(f"/cycle_counts/{count['id']}").json()["status"] == status


def test_counts_come_in_only_while_in_progress_and_the_header_changes_only_in_a_draft(
    api: Api, house: factories.Warehouse, stocked: Any
) -> None:
    count = step(api, make(api, house), "load_inventory")
    refused = send(api, count, 7)
    assert (refused.status_code, "draft" in refused.json()["error"]["message"]) == (422, True)
    path = f"/cycle_counts/{count['id']}"
    changed = api.patch(path, {"notes": "again", "blind": False, "tolerance_percent": 5, "uncounted": "zero"}).json()
    assert (changed["notes"], changed["blind"], changed["tolerance_percent"], changed["uncounted"]) == (
        "again", False, 5, "zero",
    )  # fmt: skip
    step(api, count, "start")
    assert api.patch(path, {"notes": "late"}).json()["notes"] == "late"
    refused = api.patch(path, {"blind": True})
    assert (refused.status_code, "in_progress" in refused.json()["error"]["message"]) == (422, True)
    step(api, count, "complete", {"uncounted": "keep"})
    for body in (
        {"notes": "x"},
        {"cycle_count_items_attributes": [{"id": count["items"][0]["id"], "counted_quantity": 1}]},
    ):
        refused = api.patch(path, body)
        assert (refused.status_code, "completed" in refused.json()["error"]["message"]) == (422, True)
    assert api.on_hand("MILK-1L") == 10


def test_the_body_may_be_wrapped_flat_or_a_form(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    flat = api.post("/cycle_counts", {"location_id": house.site.id, "notes": "flat"})
    assert (flat.status_code, flat.json()["notes"]) == (201, "flat")
    form = api.client.post(
        "/api/v1/cycle_counts", data={"cycle_count[location_id]": house.site.id, "cycle_count[blind]": "false"}
    )
    assert (form.status_code, form.json()["blind"]) == (201, False)
    count = begun(api, house)
    prefix, item = "cycle_count[cycle_count_items_attributes][0]", count["items"][0]["id"]
    answer = api.client.patch(
        f"/api/v1/cycle_counts/{count['id']}", data={f"{prefix}[id]": item, f"{prefix}[counted_quantity]": "9"}
    )
    assert (answer.status_code, answer.json()["items"][0]["variance"]) == (200, -1)
    nested = {"cycle_count_items_attributes": {"0": {"id": item, "counted_quantity": 8}}}
    assert api.patch(f"/cycle_counts/{count['id']}", nested).json()["items"][0]["variance"] == -2
    dashed = api.client.patch(
        f"/api/v1/cycle_counts/{count['id']}",
        data={"cycle_count[cycle_count_items_attributes][][id]": item,
              "cycle_count[cycle_count_items_attributes][][counted_quantity]": "6"},
    )  # fmt: skip
    assert (dashed.status_code, dashed.json()["items"][0]["variance"]) == (200, -4)


def test_the_variance_is_of_the_moment_in_which_the_count_came_in(
    api: Api, house: factories.Warehouse, stocked: Any
) -> None:
    """FLOOR D2."""
    count = begun(api, house)
    api.write(lambda session: factories.stock(session, stocked, house.bin, 5))
    item = send(api, count, 14).json()["items"][0]
    assert (item["expected_quantity"], item["variance"]) == (15, -1)
    api.write(lambda session: factories.stock(session, stocked, house.bin, 4))
    again = send(api, count, 14).json()["items"][0]
    assert (again["expected_quantity"], again["variance"]) == (15, -1)
    step(api, count, "complete")
    assert (adjustments(api), api.on_hand("MILK-1L")) == ([-1], 18)


def test_loading_again_keeps_counts_and_shows_what_is_new(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    count = begun(api, house)
    send(api, count, 9)
    butter = api.write(lambda session: factories.variant(session, sku="BUTTER"))
    api.write(lambda session: factories.stock(session, butter, house.other_bin, 3))
    loaded = step(api, count, "load_inventory")
    assert [(i["sku"], i["expected_quantity"], i["counted_quantity"]) for i in loaded["items"]] == [
        ("MILK-1L", 10, 9), ("BUTTER", 3, None),
    ]  # fmt: skip
    assert step(api, count, "load_inventory")["items"] == loaded["items"]


@pytest.mark.parametrize(("body", "left"), [(None, 10), ({"uncounted": "keep"}, 10), ({"uncounted": "zero"}, 0)])
def test_items_that_nobody_counted(api: Api, house: factories.Warehouse, stocked: Any, body: Any, left: int) -> None:
    """FLOOR D5."""
    count = begun(api, house)
    step(api, count, "complete", body)
    assert api.on_hand("MILK-1L") == left


def test_items_that_the_book_does_not_know_are_added(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    count = begun(api, house)
    found = [
        {"sku": "MILK-1L", "bin": "A01-2", "lot_number": "L9", "counted_quantity": 2},
        {"variant_id": stocked.id, "bin": house.reserve.id, "counted_quantity": 0.5},
    ]
    answer = api.patch(f"/cycle_counts/{count['id']}", {"cycle_count_items_attributes": found})
    assert answer.status_code == 200, answer.text
    added = {(item["bin"], item["lot_number"]): item["variance"] for item in answer.json()["items"][1:]}
    assert added == {("A01-2", "L9"): 2, ("R01-1", None): 0.5}
    step(api, count, "complete")
    assert api.on_hand("MILK-1L") == 12.5


@pytest.mark.parametrize(
    ("items", "status"),
    [
        ([{"id": "ccl_no", "counted_quantity": 1}], 404),
        ([{"counted_quantity": 1}], 422),
        ([{"id": "ITEM"}], 422),
        ([{"id": "ITEM", "counted_quantity": -1}], 422),
        ([{"id": "ITEM", "counted_quantity": "9"}], 422),
        ([{"id": "ITEM", "counted_quantity": True}], 422),
        ([{"id": "ITEM", "counted_quantity": 1}, {"id": "ITEM", "counted_quantity": 2}], 422),
        ([{"sku": "MILK-1L", "bin": "NO", "counted_quantity": 1}], 422),
        ([{"sku": "NO", "bin": "A01-1", "counted_quantity": 1}], 404),
    ],
)
def test_wrong_items_change_nothing(
    api: Api, house: factories.Warehouse, stocked: Any, items: list[dict[str, Any]], status: int
) -> None:
    count = begun(api, house)
    named = [{**item, "id": count["items"][0]["id"]} if item.get("id") == "ITEM" else item for item in items]
    answer = api.patch(f"/cycle_counts/{count['id']}", {"cycle_count": {"cycle_count_items_attributes": named}})
    assert answer.status_code == status, answer.text
    assert api.get(f"/cycle_counts/{count['id']}").json() == count


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"location_id": "wh_no"}, 404),
        ({"uncounted": "maybe"}, 422),
        ({"tolerance_percent": -1}, 422),
        ({"blind": "yes"}, 422),
        ({"bins": ["NO"]}, 422),
        ({"aisle": "Z"}, 422),
        ({"plan": "moon"}, 422),
        ({"plan": "suspicion"}, 422),
        ({"aisle": "A", "plan": "abc"}, 422),
        ({"notes": "a\x00b"}, 422),
    ],
)
def test_counts_that_make_no_sense(api: Api, house: factories.Warehouse, change: dict[str, Any], status: int) -> None:
    answer = api.post("/cycle_counts", {"cycle_count": {"location_id": house.site.id, **change}})
    assert answer.status_code == status, answer.text
    assert api.get("/cycle_counts").json()["meta"]["total"] == 0


def test_counts_of_some_bins(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    api.write(lambda session: factories.stock(session, stocked, house.reserve, 4))
    by_code = begun(api, house, bins=["R01-1"])
    assert [(item["bin"], item["expected_quantity"]) for item in by_code["items"]] == [("R01-1", 4)]
    by_aisle = begun(api, house, aisle="A01")
    assert (by_aisle["plan"], by_aisle["bin_ids"]) == ("aisle", [house.bin.id, house.other_bin.id])
    due = make(api, house, plan="abc")
    assert (due["plan"], len(due["bin_ids"])) == ("abc", 3)
    api.write(lambda s: tasks.ask_count(s, location=house.bin, variant_id=stocked.id, reason=tasks.SHORT_PICK))
    doubted = make(api, house, plan="suspicion")
    assert (doubted["plan"], doubted["bin_ids"]) == ("suspicion", [house.bin.id])


def test_lists_by_location_and_status(api: Api, house: factories.Warehouse) -> None:
    first, second = make(api, house), make(api, house)
    step(api, second, "start")
    other = api.write(lambda session: factories.warehouse(session, "WH2"))

    def listed(**params: Any) -> list[str]:
        return [row["id"] for row in api.get("/cycle_counts", params=params).json()["data"]]

    assert listed() == [second["id"], first["id"]]
    assert listed(status="draft") == [first["id"]]
    assert listed(status="in_progress") == [second["id"]]
    assert listed(location_id=house.site.id, status="completed") == []
    assert listed(location_id=other.site.id) == []
    assert api.get("/cycle_counts", params={"status": "moon"}).status_code == 422
    page = api.get("/cycle_counts", params={"per_page": 1, "page": 2}).json()
    assert ([row["id"] for row in page["data"]], page["meta"]["total_pages"]) == ([first["id"]], 2)


def test_a_stale_reader_changes_nothing(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    count = begun(api, house)
    path = f"/cycle_counts/{count['id']}"
    tag = api.get(path).headers["etag"]
    assert send(api, count, 9).status_code == 200
    stale = api.post(f"{path}/complete", headers={"If-Match": tag})
    assert (stale.status_code, api.get(path).json()["status"]) == (412, "in_progress")
    fresh = api.get(path).headers["etag"]
    assert api.post(f"{path}/complete", headers={"If-Match": fresh}).status_code == 200


def test_counts_of_another_organization_do_not_exist(api: Api, other: Api, house: factories.Warehouse) -> None:
    count = make(api, house)
    for path in (f"/cycle_counts/{count['id']}", "/cycle_counts/cc_no"):
        assert other.get(path).json()["error"]["code"] == "CYCLE_COUNT_NOT_FOUND"
        assert other.patch(path, {"notes": "x"}).status_code == 404
        for name in ("start", "load_inventory", "complete"):
            assert other.post(f"{path}/{name}").status_code == 404
    assert api.get(f"/cycle_counts/{count['id']}").json() == count


def test_a_count_that_a_worker_is_at_is_not_completed(api: Api, house: factories.Warehouse, stocked: Any) -> None:
    from ambra_tui.services import counts
    from ambra_tui.store import Actor

    count = begun(api, house)
    ben = api.write(lambda session: factories.user(session, name="Ben"))

    def at_bin(session: Any) -> None:
        counts.begin_bin(session, counts.find_bin(session, house.bin))

    api.store.writer.run(at_bin, organization_id=api.organization_id, actor=Actor(ben.id, "Ben", "st-1"))
    answer = api.post(f"/cycle_counts/{count['id']}/complete")
    assert answer.status_code == 422
    assert "Ben counts A01-1" in answer.json()["error"]["message"]
    assert send(api, count, 1).status_code == 422
