"""AdventureWorks' bills of materials: imported as recipes, a batch made at every level of a bicycle, each lot followed
back to the lots that were bought and forward to the order that it left with. All of it by `ambra import` and the public
API, on a real server; afterwards `ambra verify` goes over the books.

The catalogue, the purchase orders and the bills are the files as they are; of the purchase orders so many are received
as the bicycles need, each line as a lot of its own.

python -m tests.benchmarks bills --datasets FOLDER [--store URL] [--product 749] [--quantity 1]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from ambra_tui.services import access
from ambra_tui.store import open_store
from tests.benchmarks.replaying.files import rows_of
from tests.benchmarks.screen import ROOT
from tests.benchmarks.server import Served, product_command

PAGE = 100
CUSTOMER = "Wheels & Co"


@dataclass
class Works:
    """The server as a client sees it, and what the run has found so far."""

    client: httpx.Client
    site_id: str = ""
    variants: dict[str, str] = field(default_factory=dict)  # SKU -> id
    recipes: dict[str, dict[str, Any]] = field(default_factory=dict)  # output SKU -> recipe
    bought: dict[str, set[str]] = field(default_factory=dict)  # SKU -> lots
    made: dict[str, dict[str, Any]] = field(default_factory=dict)  # SKU -> output of its batch

    def get(self, path: str, **params: Any) -> Any:
        """The answer of a GET."""
        return self._answer(self.client.get(f"/api/v1{path}", params=params))

    def post(self, path: str, body: Any = None) -> Any:
        """The answer of a POST."""
        return self._answer(self.client.post(f"/api/v1{path}", json=body or {}))

    def rows(self, path: str, **params: Any) -> Iterator[Any]:
        """Every row of a list."""
        page = 1
        while True:
            answer = self.get(path, page=page, per_page=PAGE, **params)
            yield from answer["data"]
            if page >= answer["meta"]["total_pages"]:
                return
            page += 1

    @staticmethod
    def _answer(answer: httpx.Response) -> Any:
        if not answer.is_success:
            raise SystemExit(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
        return answer.json()


def main(arguments: Sequence[str]) -> None:
    """Runs the story; the exit code is 1 when a trace lacks anything."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks bills")
    parser.add_argument("--datasets", type=Path, required=True)
    parser.add_argument("--store", help="a store's URL; without it a SQLite file that is thrown away")
    parser.add_argument("--product", default="749", help="the ProductID to make")
    parser.add_argument("--quantity", type=int, default=1)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ambra-bills-") as folder:
        url = given.store or f"sqlite:///{folder}/bills.db"
        if not _run(url, given.datasets / "adventureworks", given.product, given.quantity):
            sys.exit(1)


def _run(url: str, folder: Path, product: str, quantity: int) -> bool:
    name = f"AdventureWorks {time.strftime('%Y-%m-%d %H:%M:%S')}"
    with open_store(url) as store:
        made = access.create_organization(store, name, ["manufacturing", "traceability"], currency="USD")
        assert made.id is not None
        _, key = access.create_key(store, organization_id=made.id, label="bills", scopes=["admin"], plan="enterprise")
    _import_all(url, name, folder)
    with Served(product_command(url)) as served:
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=f"http://{served.address}", headers=headers, timeout=60) as client:
            is_right = _make_and_trace(Works(client), product, quantity, folder)
    clean = subprocess.run(_command("verify", "--store", url), cwd=ROOT, check=False).returncode == 0
    return is_right and clean


# --- the files ------------------------------------------------------------------------------------------------------


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "ambra_tui.cli", *words]


def _import_all(url: str, organization: str, folder: Path) -> None:
    """The commands that the documents name; each twice where a second time must change nothing."""
    where = ("--store", url, "--organization", organization)
    locations = Path(tempfile.mkdtemp()) / "places.csv"
    locations.write_text("site,site_name,code,kind\nWORKS,Works,RECV,dock\n", encoding="utf-8")
    _import("locations", str(locations), *where)
    ids = ("--map", "sku=ProductID", "--map", "barcode=ProductNumber", "--map", "made=MakeFlag")
    _import("catalog", str(folder / "Product.csv.gz"), *ids, *where)
    details = ("--lines", str(folder / "PurchaseOrderDetail.csv.gz"))
    _import("purchase-orders", str(folder / "PurchaseOrderHeader.csv.gz"), *details, *where)
    for _ in range(2):
        _import("recipes", str(folder / "BillOfMaterials.csv.gz"), *where)


def _import(*words: str) -> None:
    began = time.monotonic()
    ran = subprocess.run(_command("import", *words), cwd=ROOT, check=False, capture_output=True, text=True)
    print(f"{ran.stdout.strip()} ({time.monotonic() - began:.1f} s)")
    reasons: dict[str, int] = {}
    for line in ran.stderr.splitlines():
        if not line.startswith("line "):
            continue
        reason = line.partition(": ")[2].split(" on ")[0]
        reasons[reason] = reasons.get(reason, 0) + 1
    for reason, count in reasons.items():
        print(f"    {count:>5} {reason}")


# --- made -----------------------------------------------------------------------------------------------------------


def _make_and_trace(works: Works, product: str, quantity: int, folder: Path) -> bool:
    works.site_id = works.get("/locations")["data"][0]["id"]
    works.recipes = {row["output_sku"]: row for row in works.rows("/recipes")}
    needed, levels = _needed(works, product, Decimal(quantity))
    parts = {sku: amount for sku, amount in needed.items() if sku not in works.recipes}
    print(f"\n{len(works.recipes)} recipes; {product} has {max(levels.values())} levels, {len(parts)} bought parts")
    _receive(works, parts, folder)
    _make(works, needed, levels)
    order = works.post(
        "/orders",
        {"location_id": works.site_id, "customer": CUSTOMER, "items": [{"sku": product, "quantity": quantity}]},
    )
    works.post(f"/orders/{order['id']}/fulfill")
    return _backward(works, product, levels) and _forward(works, product, order["number"])


def _needed(works: Works, product: str, quantity: Decimal) -> tuple[dict[str, Decimal], dict[str, int]]:
    """How much of every part `quantity` of the product takes, and how many levels of recipes stand beneath each."""
    needed: dict[str, Decimal] = {}
    levels: dict[str, int] = {}

    def explode(sku: str, amount: Decimal) -> int:
        needed[sku] = needed.get(sku, Decimal(0)) + amount
        recipe = works.recipes.get(sku)
        beneath = 0
        for part in recipe["ingredients"] if recipe else ():
            share = Decimal(str(part["quantity"])) * amount / Decimal(str(recipe["output_quantity"]))
            beneath = max(beneath, explode(part["sku"], share))
        levels[sku] = beneath + 1 if recipe else 0
        return levels[sku]

    explode(product, quantity)
    return needed, levels


def _receive(works: Works, parts: dict[str, Decimal], folder: Path) -> None:
    """So many of the recorded purchase orders as the parts need, each line as a lot of its own."""
    left = dict(parts)
    orders = 0
    for line in rows_of(folder, "PurchaseOrderDetail"):
        sku, number = line["ProductID"], line["PurchaseOrderID"]
        if left.get(sku, Decimal(0)) <= 0:
            continue
        order = works.get("/purchase_orders", number=number)["data"][0]
        item = next(item for item in order["items"] if item["sku"] == sku and item["outstanding_quantity"])
        lot = f"PO{number}-{sku}"
        receipt = {"id": item["id"], "quantity": item["quantity"], "lot_number": lot}
        works.post(f"/purchase_orders/{order['id']}/receive", {"items": [receipt]})
        works.bought.setdefault(sku, set()).add(lot)
        left[sku] -= Decimal(str(item["quantity"]))
        orders += 1
    lacking = sorted(sku for sku, amount in left.items() if amount > 0)
    print(f"received {orders} lines as {sum(map(len, works.bought.values()))} lots; lacking: {lacking or 'nothing'}")


def _make(works: Works, needed: dict[str, Decimal], levels: dict[str, int]) -> None:
    """A batch of every assembly, the lowest level first."""
    assemblies = sorted((sku for sku in needed if levels[sku]), key=lambda sku: (levels[sku], sku))
    began = time.monotonic()
    for sku in assemblies:
        amount = float(needed[sku])
        plan = {"recipe_id": works.recipes[sku]["id"], "location_id": works.site_id, "planned_quantity": amount}
        batch = works.post("/production_batches", {"production_batch": plan})
        works.post(f"/production_batches/{batch['id']}/start")
        done = works.post(f"/production_batches/{batch['id']}/complete", {"actual_quantity_produced": amount})
        works.made[sku] = done["outputs"][0]
    took = time.monotonic() - began
    counts = {level: sum(levels[sku] == level for sku in assemblies) for level in sorted(set(levels.values()) - {0})}
    told = ", ".join(f"level {level}: {count}" for level, count in counts.items())
    print(f"made {len(assemblies)} batches ({told}) in {took:.1f} s")


# --- traced ---------------------------------------------------------------------------------------------------------


def _beneath(works: Works, sku: str) -> set[str]:
    """Every part of an assembly, through every level."""
    recipe = works.recipes.get(sku)
    parts = {part["sku"] for part in recipe["ingredients"]} if recipe else set()
    return parts.union(*(_beneath(works, part) for part in parts))


def _backward(works: Works, product: str, levels: dict[str, int]) -> bool:
    """From the output of each level back to what was bought."""
    is_right = True
    chain = _longest(works, product, levels)
    for sku in chain:
        trace, took = _timed(partial(works.get, f"/lots/{works.made[sku]['lot_record_id']}/trace_backward"))
        inputs = trace["input_lots"]
        found = {row["sku"] for row in inputs}
        received = {row["lot_number"] for row in inputs if row["received_from"]}
        expected = {part for part in _beneath(works, sku) if part not in works.recipes}
        bought = {row["sku"] for row in inputs if row["received_from"]}
        fits = found == _beneath(works, sku) and bought == expected and trace["is_complete"]
        is_right &= fits
        depth = max(row["level"] for row in inputs)
        print(
            f"backward from {sku:>4} lot {works.made[sku]['lot_number']}: {len(inputs):>3} lots over {depth} levels, "
            f"{len(received):>3} bought on purchase orders, {took * 1000:.0f} ms  {'all there' if fits else 'NOT ALL'}"
        )
    return is_right


def _longest(works: Works, product: str, levels: dict[str, int]) -> list[str]:
    """An assembly of each level, from the product down."""
    chain = [product]
    while True:
        parts = [part["sku"] for part in works.recipes[chain[-1]]["ingredients"]]
        deepest = max(parts, key=lambda sku: levels[sku])
        if not levels[deepest]:
            return chain
        chain.append(deepest)


def _forward(works: Works, product: str, number: str) -> bool:
    """From every bought lot that was used forward to the order."""
    trace = works.get(f"/lots/{works.made[product]['lot_record_id']}/trace_backward")
    used = {row["id"]: row["lot_number"] for row in trace["input_lots"] if row["received_from"]}
    slowest, reached, levels = 0.0, 0, 0
    for lot_id in used:
        forward, took = _timed(partial(works.get, f"/lots/{lot_id}/trace_forward"))
        slowest = max(slowest, took)
        reached += number in {row["number"] for row in forward["orders"]}
        levels = max(levels, *(row["level"] for row in forward["made_lots"]))
    fits = reached == len(used)
    print(
        f"forward: {reached} of {len(used)} bought lots reach order {number} of {CUSTOMER} over up to {levels} levels, "
        f"slowest {slowest * 1000:.0f} ms  {'all there' if fits else 'NOT ALL'}"
    )
    return fits


def _timed(work: Any) -> tuple[Any, float]:
    began = time.monotonic()
    return work(), time.monotonic() - began


__all__ = ["main"]
