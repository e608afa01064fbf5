"""Two organizations in one store: nothing of the other is seen, changed, or told apart from what does not exist.

`TRIALS` names every operation of the edition. An operation that is not there, a path id or a field that no trial of it
names, fails here: add a line.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args, get_origin

import pytest
from pydantic import AliasChoices, BaseModel

from ambra_tui.api.app import find_editions
from ambra_tui.api.edition import Edition, Operation
from ambra_tui.api.openapi import document_of, template
from tests.api.conftest import Api, LiveServer, open_api
from tests.api.edition_trials import EDITION_NEUTRAL, EDITION_TRIALS, name_of
from tests.api.edition_trials import furnish as furnish_editions
from tests.api.site_trials import SITE_TRIALS
from tests.api.two_organizations import (
    Names,
    Nobodys,
    Trial,
    ask,
    furnished,
    ids_in,
    is_empty,
    likeness,
    spellings,
    whole_data,
)

MARK = "ZEBRA"
ITEM = {"sku": "$sku", "quantity": 1}
ITEM_BY_ID = {"variant_id": "$variant", "quantity": 1}
POINTS = {"reorder_point": 5, "reorder_quantity": 20}

# In this order: what a trial does with the caller's own names must be possible where it stands.
TRIALS: dict[str, tuple[Trial, ...]] = {
    # questions
    "askQuestion": (
        Trial("/ai/query", {"query": "how many $sku do we have?"}),
        Trial("/ai/query", {"query": "where is $barcode"}),
        Trial("/ai/query", {"query": "when does lot $lot_number expire"}),
        Trial("/ai/query", {"query": "status of order $order_number"}),
        Trial("/ai/query", {"query": "status of purchase order $purchase_number"}),
        Trial("/ai/query", {"query": "has transfer $transfer_number arrived"}),
        Trial("/ai/query", {"query": "what is in bin $bin_code"}),
        Trial("/ai/query", {"query": "how much stock is in $site_code"}),
        Trial("/ai/query", {"query": "what do we buy from $supplier_name"}),
    ),
    # stock
    "listInventoryLevels": (
        Trial("/inventory_levels"),
        Trial("/inventory_levels", query={"location_id": "$site"}),
        Trial("/inventory_levels", query={"variant_id": "$variant"}),
        Trial("/inventory_levels", query={"sku": "$sku"}),
        Trial("/inventory_levels", query={"product_id": "$product"}),
    ),
    "listInventoryLedger": (
        Trial("/inventory_ledger"),
        Trial("/inventory_ledger", query={"variant_id": "$variant"}),
        Trial("/inventory_ledger", query={"sku": "$sku"}),
        Trial("/inventory_ledger", query={"location_id": "$site"}),
        Trial("/inventory_ledger", query={"location_id": "$bin"}),
        Trial("/inventory_ledger", query={"reference_id": "$shipped_order"}),
    ),
    "createInventoryAdjustment": (
        Trial("/inventory_adjustments", {"sku": "$sku", "location_id": "$site", "quantity": 1}),
        Trial("/inventory_adjustments", {"variant_id": "$variant", "location_id": "$bin", "quantity": -1}),
        Trial(
            "/inventory_adjustments",
            {"sku": "$lot_sku", "location_id": "$bin", "quantity": -1, "lot_number": "$lot_number"},
        ),
        Trial(
            "/inventory_adjustments",
            {"sku": "$lot_sku", "location_id": "$bin", "quantity": 1, "lot_number": "+lot_number",
             "expiry_date": "2090-02-01"},
        ),
        Trial(
            "/inventory_adjustments",
            {"sku": "$serial_sku", "location_id": "$bin", "quantity": 1, "serial_number": "+serial"},
        ),
        Trial(
            "/inventory_adjustments",
            {"sku": "$serial_sku", "location_id": "$bin", "quantity": -1, "serial_number": "$serial"},
        ),
    ),
    "getInventoryAdjustment": (Trial("/inventory_adjustments/$adjustment"),),
    # products
    "listProducts": (Trial("/products"), Trial("/products", query={"search": "$sku"})),
    "createProduct": (
        Trial("/products", {"name": "+sku", "sku": "+sku", "barcode": "+barcode", "barcodes": [{"code": "+plate"}],
                            "home_location_id": "$bin"}),
        Trial("/products", {"name": "+site_code", "variants": [
            {"sku": "+lot_sku", "barcode": "+serial_sku", "home_location_id": "$bin"}
        ]}),
    ),
    "getProduct": (Trial("/products/$product"),),
    "listProductVariants": (Trial("/products/$product/variants"),),
    "getVariantByBarcode": (
        Trial("/variants/barcode/$barcode"),
        Trial("/variants/barcode/0$barcode"),
        Trial("/variants/barcode/$sku"),
        Trial("/variants/barcode/]C1010$barcode"),
        Trial("/variants/barcode/https://id.example/01/0$barcode"),
    ),
    # orders
    "listOrders": (
        Trial("/orders"),
        Trial("/orders", query={"location_id": "$site"}),
        Trial("/orders", query={"number": "$order_number"}),
    ),
    "createOrder": (
        Trial("/orders", {"location_id": "$site", "items": [ITEM], "number": "+order_number"}),
        Trial("/orders", {"location_id": "$site", "items": [ITEM_BY_ID]}),
    ),
    "getOrder": (Trial("/orders/$order"),),
    "reserveOrder": (Trial("/orders/$order/reserve"),),
    "fulfillOrder": (
        Trial("/orders/$order/fulfill", {"items": [{"id": "$order_item", "quantity": 1}]}),
        Trial("/orders/$order/fulfill", {"items": [ITEM]}),
        Trial("/orders/$order/fulfill", {"items": [ITEM_BY_ID]}),
    ),
    "cancelOrder": (Trial("/orders/$spare_order/cancel"),),
    # purchase orders
    "listPurchaseOrders": (
        Trial("/purchase_orders"),
        Trial("/purchase_orders", query={"supplier_id": "$supplier"}),
        Trial("/purchase_orders", query={"location_id": "$site"}),
        Trial("/purchase_orders", query={"number": "$purchase_number"}),
    ),
    "createPurchaseOrder": (
        Trial(
            "/purchase_orders",
            {"supplier_id": "$supplier", "location_id": "$site", "items": [ITEM], "number": "+purchase_number"},
        ),
        Trial("/purchase_orders", {"supplier_id": "$supplier", "location_id": "$site", "items": [ITEM_BY_ID]}),
    ),
    "getPurchaseOrder": (Trial("/purchase_orders/$purchase_order"),),
    "receivePurchaseOrder": (
        Trial("/purchase_orders/$purchase_order/receive", {"items": [{"id": "$purchase_item", "quantity": 1}]}),
        Trial("/purchase_orders/$purchase_order/receive", {"items": [{**ITEM, "location_id": "$bin"}]}),
        Trial("/purchase_orders/$purchase_order/receive", {"items": [{**ITEM_BY_ID, "location_id": "$site"}]}),
        Trial(
            "/purchase_orders/$purchase_order/receive",
            {"items": [{**ITEM, "lot_number": "+lot_number", "serial_numbers": ["+serial"]}]}, is_done=False,
        ),
    ),
    # returns
    "listReturnAuthorizations": (
        Trial("/return_authorizations"),
        Trial("/return_authorizations", query={"order_id": "$shipped_order"}),
        Trial("/return_authorizations", query={"number": "$return_number"}),
    ),
    "createReturnAuthorization": (
        Trial(
            "/return_authorizations",
            {"order_id": "$shipped_order", "reason": "sour", "number": "+return_number",
             "items": [{"sku": "$sku", "quantity": 0.1, "condition": "sellable"}]},
        ),
        Trial(
            "/return_authorizations",
            {"order_id": "$shipped_order", "reason": "sour",
             "items": [{"variant_id": "$variant", "quantity": 0.1, "condition": "damaged"}]},
        ),
    ),
    "getReturnAuthorization": (Trial("/return_authorizations/$return"),),
    "updateReturnAuthorization": (
        Trial(
            "/return_authorizations/$return",
            {"items": [{"sku": "$sku", "quantity": 1, "condition": "sellable"}]},
        ),
        Trial(
            "/return_authorizations/$return",
            {"items": [{"variant_id": "$variant", "quantity": 1, "condition": "sellable"}]},
        ),
    ),
    "receiveReturnAuthorization": (Trial("/return_authorizations/$return/receive", {"location_id": "$bin"}),),
    "cancelReturnAuthorization": (Trial("/return_authorizations/$spare_return/cancel"),),
    # lots and waste
    "listLots": (
        Trial("/lots"),
        Trial("/lots", query={"variant_id": "$lot_variant"}),
        Trial("/lots", query={"lot_number": "$lot_number"}),
    ),
    "createLot": (
        Trial("/lots", {"lot_number": "+order_number", "sku": "$lot_sku", "expiry_date": "2090-01-01",
                        "quantity_initial": 1, "location_id": "$bin"}),
        Trial("/lots", {"lot_number": "+plate", "variant_id": "$lot_variant"}),
    ),
    "getLot": (Trial("/lots/$lot"),),
    "listWasteRecords": (
        Trial("/waste_records"),
        Trial("/waste_records", query={"variant_id": "$lot_variant"}),
        Trial("/waste_records", query={"location_id": "$site"}),
        Trial("/waste_records", query={"lot_record_id": "$lot"}),
    ),
    "createWasteRecord": (
        Trial("/waste_records", {"sku": "$lot_sku", "location_id": "$bin", "quantity": 1, "reason": "other",
                                 "lot_record_id": "$lot"}),
        Trial("/waste_records", {"variant_id": "$lot_variant", "location_id": "$site", "quantity": 1,
                                 "reason": "other", "lot_record_id": "$lot"}),
        Trial("/waste_records", {"sku": "$serial_sku", "location_id": "$bin", "quantity": 1, "reason": "other",
                                 "serial_number": "$serial"}, is_done=False),
    ),
    "getWasteRecord": (Trial("/waste_records/$waste"),),
    "traceLotForward": (Trial("/lots/$lot/trace_forward"),),
    "traceLotBackward": (Trial("/lots/$lot/trace_backward"),),
    "listExpiryAlerts": (Trial("/expiry/alerts", query={"days": "365"}),),
    # counts
    "listCycleCounts": (
        Trial("/cycle_counts"),
        Trial("/cycle_counts", query={"location_id": "$site"}),
        Trial("/cycle_counts", query={"number": "$count_number"}),
    ),
    "createCycleCount": (
        Trial("/cycle_counts", {"location_id": "$shop", "number": "+count_number"}),
        Trial("/cycle_counts", {"location_id": "$site", "bins": ["$bin"]}),
        Trial("/cycle_counts", {"location_id": "$site", "bins": ["$bin_code"]}),
        Trial("/cycle_counts", {"location_id": "$site", "bins": ["$bin_barcode"]}),
        Trial("/cycle_counts", {"location_id": "$site", "aisle": "$bin_code"}),
    ),
    "getCycleCount": (Trial("/cycle_counts/$count"),),
    "loadCycleCountInventory": (Trial("/cycle_counts/$count/load_inventory"),),
    "startCycleCount": (Trial("/cycle_counts/$count/start"),),
    "updateCycleCount": (
        Trial(
            "/cycle_counts/$count",
            {"cycle_count_items_attributes": [{"id": "$count_item", "counted_quantity": 900}]},
        ),
        Trial(
            "/cycle_counts/$count",
            {"cycle_count_items_attributes": [{"sku": "$sku", "bin": "$bin_code", "counted_quantity": 1}]},
            is_done=False,
        ),
        Trial(
            "/cycle_counts/$count",
            {"cycle_count_items_attributes": [
                {"variant_id": "$lot_variant", "bin": "$bin", "lot_number": "+made_sku", "license_plate": "$plate",
                 "counted_quantity": 1}
            ]},
        ),
        Trial(
            "/cycle_counts/$count",
            {"cycle_count_items_attributes": [
                {"sku": "$serial_sku", "bin": "$bin", "serial_number": "+lot_sku", "counted_quantity": 1}
            ]},
        ),
    ),
    "completeCycleCount": (Trial("/cycle_counts/$count/complete"),),
    # transfers
    "listStockTransfers": (
        Trial("/stock_transfers"),
        Trial("/stock_transfers", query={"location_id": "$site"}),
        Trial("/stock_transfers", query={"from_location_id": "$site"}),
        Trial("/stock_transfers", query={"to_location_id": "$shop"}),
        Trial("/stock_transfers", query={"number": "$transfer_number"}),
    ),
    "createStockTransfer": (
        Trial(
            "/stock_transfers",
            {"from_location_id": "$site", "to_location_id": "$shop", "items": [ITEM], "number": "+transfer_number"},
        ),
        Trial("/stock_transfers", {"from_location_id": "$site", "to_location_id": "$shop", "items": [ITEM_BY_ID]}),
    ),
    "getStockTransfer": (Trial("/stock_transfers/$transfer"),),
    "shipStockTransfer": (
        Trial("/stock_transfers/$short_transfer/ship", {"items": [{"id": "$short_item", "quantity": 1}]}),
        Trial("/stock_transfers/$transfer/ship", {"items": [ITEM_BY_ID]}),
        Trial("/stock_transfers/$third_transfer/ship", {"items": [ITEM]}),
    ),
    "receiveStockTransfer": (
        Trial("/stock_transfers/$transfer/receive", {"items": [{**ITEM, "lot_number": "$lot_number"}]}, is_done=False),
        Trial("/stock_transfers/$transfer/receive", {"items": [{**ITEM_BY_ID, "serial_number": "$serial"}]},
              is_done=False),
        Trial("/stock_transfers/$transfer/receive", {"items": [{"id": "$transfer_item", "location_id": "$shop"}]}),
    ),
    "cancelStockTransfer": (Trial("/stock_transfers/$spare_transfer/cancel"),),
    # locations, suppliers
    "listLocations": (Trial("/locations"),),
    "createLocation": (Trial("/locations", {"name": "+site_code", "code": "+site_code", "parent_id": "$site"}),),
    "getLocation": (Trial("/locations/$site"),),
    "listSuppliers": (Trial("/suppliers"),),
    "createSupplier": (Trial("/suppliers", {"name": "+serial", "code": "+serial"}),),
    "getSupplier": (Trial("/suppliers/$supplier"),),
    # policies and reports
    "listInventoryPolicies": (
        Trial("/inventory_policies"),
        Trial("/inventory_policies", query={"location_id": "$site"}),
        Trial("/inventory_policies", query={"variant_id": "$lot_variant"}),
        Trial("/inventory_policies", query={"sku": "$lot_sku"}),
    ),
    "createInventoryPolicy": (
        Trial("/inventory_policies", {"variant_id": "$variant", "location_id": "$site", **POINTS}),
        Trial("/inventory_policies", {"sku": "$serial_sku", "location_id": "$site", **POINTS}),
        Trial("/inventory_policies", {"sku": "$lot_sku", "location_id": "$site", **POINTS}, is_done=False),
    ),
    "getInventoryPolicy": (Trial("/inventory_policies/$policy"),),
    "updateInventoryPolicy": (Trial("/inventory_policies/$policy", {"reorder_point": 9}),),
    "deleteInventoryPolicy": (Trial("/inventory_policies/$policy"),),
    "getInventoryPolicyDefault": (Trial("/inventory_policy_defaults/$lot_variant"),),
    "replaceInventoryPolicyDefault": (Trial("/inventory_policy_defaults/$lot_variant", {"reorder_point": 3}),),
    "deleteInventoryPolicyDefault": (Trial("/inventory_policy_defaults/$lot_variant"),),
    "reportStockByLocation": (
        Trial("/reports/stock_by_location"),
        Trial("/reports/stock_by_location", query={"location_id": "$site"}),
    ),
    "reportLowStock": (
        Trial("/reports/low_stock"),
        Trial("/reports/low_stock", query={"location_id": "$site"}),
        Trial("/reports/low_stock", query={"variant_id": "$variant"}),
        Trial("/reports/low_stock", query={"sku": "$sku"}),
    ),
    "reportFastMovers": (
        Trial("/reports/fast_movers"),
        Trial("/reports/fast_movers", query={"location_id": "$site"}),
    ),
    "reportInventoryAging": (
        Trial("/reports/inventory_aging"),
        Trial("/reports/inventory_aging", query={"location_id": "$site"}),
    ),
    "listForecasts": (
        Trial("/ai/forecasts"),
        Trial("/ai/forecasts", query={"variant_id": "$variant"}),
        Trial("/ai/forecasts", query={"product_id": "$product"}),
        Trial("/ai/forecasts", query={"sku": "$sku"}),
        Trial("/ai/forecasts", query={"location_id": "$site"}),
    ),
    "listInsights": (
        Trial("/ai/insights"),
        Trial("/ai/insights", query={"location_id": "$site"}),
    ),
    # production
    "listRecipes": (
        Trial("/recipes"),
        Trial("/recipes", query={"output_variant_id": "$made_variant"}),
        Trial("/recipes", query={"number": "$recipe_number"}),
    ),
    "createRecipe": (
        Trial("/recipes", {"number": "+recipe_number", "output_variant_id": "$made_variant", "output_quantity": 1,
                           "name": "+sku", "ingredients": [ITEM_BY_ID]}),
        Trial("/recipes", {"output_sku": "$made_sku", "output_quantity": 1, "ingredients": [ITEM]}),
    ),
    "getRecipe": (Trial("/recipes/$recipe"),),
    "updateRecipe": (Trial("/recipes/$recipe", {"name": "+serial"}),),
    "listProductionBatches": (
        Trial("/production_batches"),
        Trial("/production_batches", query={"recipe_id": "$recipe"}),
        Trial("/production_batches", query={"location_id": "$site"}),
        Trial("/production_batches", query={"number": "$batch_number"}),
    ),
    "createProductionBatch": (
        Trial("/production_batches", {"recipe_id": "$recipe", "location_id": "$site", "planned_quantity": 1,
                                      "number": "+batch_number"}),
    ),
    "getProductionBatch": (Trial("/production_batches/$batch"),),
    "startProductionBatch": (
        Trial("/production_batches/$batch/start"),
        Trial("/production_batches/$second_batch/start"),
    ),
    "completeProductionBatch": (
        Trial("/production_batches/$batch/complete",
              {"actual_quantity_produced": 1, "lot_number": "+lot_number", "location_id": "$bin",
               "inputs": [{"production_batch_input_id": "$batch_input", "actual_quantity": 1,
                           "lots": [{"lot_record_id": "$lot", "quantity": 1}]}]}),
        Trial("/production_batches/$second_batch/complete",
              {"actual_quantity_produced": 1,
               "inputs": [{"production_batch_input_id": "$second_input", "actual_quantity": 1,
                           "lots": [{"lot_number": "$lot_number", "quantity": 1}]}]}),
    ),
    "cancelProductionBatch": (Trial("/production_batches/$spare_batch/cancel"),),
    # what ends a lot
    "updateLot": (Trial("/lots/$lot", {"status": "recalled"}),),
    "getLotRecall": (Trial("/lots/$lot/recall"),),
    # the organization
    "getOrganization": (Trial("/organization"),),
    "updateOrganization": (Trial("/organization", {"modules": ["manufacturing", "traceability"]}),),
}  # fmt: skip

_NEUTRAL = """
    page per_page status quantity reason notes entry_type start_date end_date expiry_date unit_cost description currency
    price cost unit_of_measure is_lot_tracked is_expiry_tracked is_serial_tracked is_made kind abc_class
    minimum_shelf_life_days receipt_tolerance_percent customer priority due_at expected_on tolerance_percent is_draft
    condition blind uncounted tolerance_units plan counted_quantity address email phone lead_time_days
    best_before_date production_date quantity_initial occurred_at ordered_at reorder_point reorder_quantity safety_stock
    max_stock_level minimum_order pack_quantity review_period_days service_level days limit age_bucket horizon_days
    output_quantity shelf_life_days planned_quantity actual_quantity waste_quantity actual_quantity_produced
    include_made_lots include_expired modules type severity language reference_type movement_type expected_quantity
    low_stock out_of_stock cursor period note cost_per_unit reference_id marketplace
"""
NAMES_NOTHING = frozenset(_NEUTRAL.split()) | EDITION_NEUTRAL


TRIALS |= SITE_TRIALS | EDITION_TRIALS


OPERATIONS: dict[str, tuple[Edition, Operation]] = {
    name_of(edition, operation): (edition, operation) for edition in find_editions() for operation in edition.operations
}


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every body inside a field's type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is not None or isinstance(annotation, types.UnionType):
        for argument in get_args(annotation):
            yield from models_in(argument)


def naming_fields(model: type[BaseModel]) -> Iterator[set[str]]:
    """Each field that may name a thing, with its other spellings."""
    for name, declared in model.model_fields.items():
        inner = list(models_in(declared.annotation))
        for found in inner:
            yield from naming_fields(found)
        if not inner and name not in NAMES_NOTHING:
            alias = declared.validation_alias
            yield {name, *(str(choice) for choice in (alias.choices if isinstance(alias, AliasChoices) else ()))}


def test_every_operation_is_tried_with_every_name_it_takes() -> None:
    assert set(TRIALS) == set(OPERATIONS)
    assert len(OPERATIONS) == sum(len(edition.operations) for edition in find_editions())
    missing = []
    for name, (_, operation) in OPERATIONS.items():
        trials = TRIALS[name]
        if "{" in operation.path and not any("$" in trial.path for trial in trials):
            missing.append(f"{name}: its path")
        named = {key for trial in trials for key in trial.keys}
        missing += [
            f"{name}: {min(spellings)}" for spellings in naming_fields(operation.fields) if not spellings & named
        ]
    assert missing == []


def is_list_of(operation: Operation) -> bool:
    """Its answer is a list, in whatever envelope."""
    rows = getattr(operation.shape, "__annotations__", {}).get("data")
    return operation.is_list or "list[" in str(rows)


@pytest.fixture
def owner(store: Any, server: LiveServer) -> Iterator[Api]:
    """Who asks."""
    opened = open_api(store, server.address, "Owner", modules=("manufacturing", "traceability"))
    yield opened
    opened.client.close()


@pytest.fixture
def rival(store: Any, server: LiveServer) -> Iterator[Api]:
    """Whose things are asked for."""
    opened = open_api(store, server.address, MARK.title(), modules=("manufacturing", "traceability"))
    yield opened
    opened.client.close()


class Sweep:
    """Every trial with every name: own, the other's, nobody's. Names that exist come first; names for new things last,
    since whoever may call a thing as the other does has then a thing of that name."""

    def __init__(self, owner: Api, rival: Api) -> None:
        self.owner, self.rival = owner, rival
        self._nobodys = Nobodys()
        self._own = furnished(owner, "OWNER", "NUTS", 400_000_000_100)
        furnish_editions(owner, "OWNER", self._own)
        self._theirs = furnished(rival, MARK, "MILK", 400_000_000_200)
        furnish_editions(rival, MARK, self._theirs)
        self._ids = ids_in(repr(whole_data(rival)))
        self._taken: set[str] = set()
        self._documented = {edition.name: document_of(edition)["paths"] for edition in find_editions()}
        self.faults: list[str] = []
        self.tried = 0

    def run(self, called: str) -> None:
        """Every name of a thing that exists; then the request as the caller may make it."""
        self._edition, operation = OPERATIONS[called]
        for trial in TRIALS[called]:
            for name in trial.names:
                if name.startswith("$"):
                    self._compare(operation, trial, name)
                    if operation.current and name in trial.path:
                        self._compare(operation, trial, name, **{"If-Match": "*", "If-None-Match": "*"})
            self._do(operation, trial)

    def make(self, called: str) -> None:
        """Every name for a new thing, as the other has it."""
        self._edition, operation = OPERATIONS[called]
        for trial in TRIALS[called]:
            for name in trial.names:
                if name.startswith("+"):
                    self._compare(operation, trial, name)
                    self._taken.add(self._theirs[f"${name[1:]}"])

    def _do(self, operation: Operation, trial: Trial) -> None:
        """With the caller's own names. A step that can be made but once calls what it makes as the other does."""
        names = self._names(trial)
        if operation.status != 201:
            named = {name: self._theirs[f"${name[1:]}"] for name in trial.names if name.startswith("+")}
            self._taken |= set(named.values())
            names |= named
        body = trial.body if trial.body is None else {**trial.body, "organization_id": self.rival.organization_id}
        answer = self._ask(operation, replace(trial, body=body), names)
        self._check(operation, trial, answer, asked="")
        if trial.is_done and not answer.is_success:
            self._fault(operation, trial, f"own names: {answer.status_code} {answer.text[:200]}")

    def _ask(self, operation: Operation, trial: Trial, names: Names, **headers: str) -> Any:
        return ask(self.owner, operation.method, trial, names, base=self._edition.base_path, **headers)

    def _names(self, trial: Trial) -> Names:
        fresh = {name: self._nobodys.like(self._own[f"${name[1:]}"]) for name in trial.names if name.startswith("+")}
        return self._own | fresh

    def _compare(self, operation: Operation, trial: Trial, name: str, **headers: str) -> None:
        theirs = self._theirs[f"${name[1:]}"]
        asked = (theirs, self._nobodys.like(theirs))
        answers = [self._ask(operation, trial, {**self._names(trial), name: value}, **headers) for value in asked]
        for answer in answers:
            self._check(operation, trial, answer, asked=theirs)
        is_read = operation.method == "GET" or operation.is_question
        foreign, absent = (likeness(*pair, is_read=is_read) for pair in zip(answers, asked, strict=True))
        apart = [pair for pair in zip(foreign, absent, strict=True) if pair[0] != pair[1]]
        if apart:
            self._fault(operation, trial, f"{name} is told apart: {apart}")
        self._judge(operation, trial, name, answers[0])

    def _judge(self, operation: Operation, trial: Trial, name: str, answer: Any) -> None:
        """A name for a new thing is free whoever else has it; a thing of the other's is not there."""
        status = answer.status_code
        if name.startswith("+"):
            if operation.status == 201 and trial.is_done and not answer.is_success:
                self._fault(operation, trial, f"{name} is taken: {answer.text[:200]}")
        elif name in trial.path and status != 404:
            self._fault(operation, trial, f"{name} in the path: {status}")
        elif operation.method == "GET" and status == 200 and is_list_of(operation) and not is_empty(answer.json()):
            self._fault(operation, trial, f"{name} finds rows: {answer.text[:200]}")
        elif operation.is_question:
            assert status == operation.status
        elif operation.method != "GET" and status not in (404, 422) and trial.is_done:
            self._fault(operation, trial, f"{name} in the body: {status} {answer.text[:200]}")

    def _check(self, operation: Operation, trial: Trial, answer: Any, *, asked: str) -> None:
        self.tried += 1
        text = answer.text
        for known in sorted({asked, *self._taken} - {""}, key=len, reverse=True):
            for spelled in spellings(known):
                text = text.replace(spelled, "")
        if ids_in(text) & self._ids or MARK in text.upper():
            self._fault(operation, trial, f"tells of the other: {text[:300]}")
        described = self._documented[self._edition.name][template(self._edition, operation)][operation.method.lower()][
            "responses"
        ]
        if str(answer.status_code) not in described:
            self._fault(operation, trial, f"answers {answer.status_code}, which is not documented")

    def _fault(self, operation: Operation, trial: Trial, what: str) -> None:
        place = f"{self._edition.name} {operation.operation_id}"
        self.faults.append(f"{place} {trial.path} {trial.body or dict(trial.query) or ''}: {what}")


def test_the_other_organization_is_as_good_as_absent(owner: Api, rival: Api) -> None:
    """Every operation with the other's ids, SKUs, barcodes, filters and bodies: no leak, no change, no difference."""
    sweep = Sweep(owner, rival)
    before = whole_data(rival)
    for name in TRIALS:
        sweep.run(name)
    for name in TRIALS:
        if OPERATIONS[name][1].status == 201:
            sweep.make(name)
    assert not sweep.faults, "\n".join(sweep.faults)
    assert whole_data(rival) == before
    assert sweep.tried > 3 * len(TRIALS)


def test_a_repeat_of_the_others_request_is_a_request_of_ones_own(owner: Api, rival: Api) -> None:
    """An idempotency key belongs to its API key: the other's answer is never given again."""
    made = []
    for api in (rival, owner):
        body = {"name": "Dairy", "code": "DAIRY"}
        made.append(api.post("/suppliers", body, headers={"Idempotency-Key": "one"}))
    assert [answer.status_code for answer in made] == [201, 201]
    assert "idempotent-replayed" not in made[1].headers
    assert made[0].json()["id"] != made[1].json()["id"]
