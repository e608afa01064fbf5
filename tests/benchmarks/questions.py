"""Questions in words: how many of a list are read right, and how long an answer takes.

python -m tests.benchmarks.questions --questions FILE.tsv --fixture FILE.json [--show]
python -m tests.benchmarks.questions --latency [--products 30000]

The list has the columns id, lang, style, question, expect (answer, clarify, refuse), intent, params_json; the fixture
names products, locations (made as sites), suppliers, lots, orders and purchase orders, and the day that is today.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from sqlmodel import Session

from ambra_tui.ledger import INVENTORY_LOSS, Posting, post
from ambra_tui.services import access, catalog, lots, orders, places, purchasing, suppliers
from ambra_tui.services.questions import Answered, ask
from ambra_tui.store import Actor, Store, open_store
from ambra_tui.store.models import MoveKind

OFFICE = Actor("usr_office", "Office", role="admin")
AIM_P95_MS = 30.0
STATUS_OF = {"answer": "answered", "clarify": "clarify", "refuse": "refused"}
_LINES = 3
_WORDS = """
red blue green white black pink ivory cream vintage retro paisley polka spotty woodland heart star bird owl apple pear
lunch party picnic garden kitchen bath travel christmas easter birthday wooden metal glass ceramic paper felt silk zinc
enamel wicker box bag tin mug bowl plate cup jug clock frame sign holder lantern candle ribbon bunting card doormat
cushion apron towel napkin basket brush
"""


def load_fixture(store: Store, fixture: dict[str, Any], name: str = "Questions") -> int:
    """An organization with all that the fixture names; returns its id."""
    organization = access.create_organization(store, name, ("traceability", "manufacturing"))
    assert organization.id is not None
    run = store.writer.run
    products = fixture["products"]
    for start in range(0, len(products), 100):
        part = products[start : start + 100]
        run(partial(_products, products=part), organization_id=organization.id, actor=OFFICE)
    run(lambda session: _documents(session, fixture), organization_id=organization.id, actor=OFFICE)
    return organization.id


def _products(session: Session, products: Sequence[dict[str, str]]) -> None:
    for product in products:
        catalog.create_product(session, name=product["name"], sku=product["sku"])


def _documents(session: Session, fixture: dict[str, Any]) -> None:
    sites = [places.create_site(session, code=one["code"], name=one["name"]) for one in fixture["locations"]]
    vendors = [suppliers.create_supplier(session, name=name) for name in fixture["suppliers"]]
    variants = [catalog.variant_by_sku(session, one["sku"]) for one in fixture["products"][:40]]
    bins = [places.create_location(session, site_id=site.id, code="A1", kind="pick") for site in sites]
    for number in fixture["lots"]:
        lots.create_lot(session, variant_id=variants[0].id, lot_number=number, expiry_date=date(2026, 4, 1))
    post(
        session,
        [
            Posting(
                variant_id=variant.id, source_id=INVENTORY_LOSS, destination_id=bins[place % len(bins)].id,
                quantity=Decimal(10 + place), kind=MoveKind.OPENING_BALANCE, idempotency_key=f"open-{place}",
            )
            for place, variant in enumerate(variants)
        ],
    )  # fmt: skip
    for number in fixture["orders"]:
        lines = [orders.NewOrderLine(variant.id, Decimal(2)) for variant in variants[:_LINES]]
        orders.create_order(session, site_id=sites[0].id, number=number, customer={"name": "Ana"}, lines=lines)
    for number in fixture["purchase_orders"]:
        bought = [purchasing.NewPurchaseLine(variant.id, Decimal(20)) for variant in variants[:_LINES]]
        purchasing.create_purchase_order(
            session, supplier_id=vendors[0].id, site_id=sites[0].id, number=number, lines=bought
        )


@dataclass(frozen=True)
class Judged:
    """A question, what was answered, and what of it is right."""

    row: dict[str, str]
    answered: Answered
    is_intent_right: bool
    are_parameters_right: bool


def judge(row: dict[str, str], answered: Answered) -> Judged:
    """Whether the status and intent are the expected ones, and every expected parameter is there (a day's slack)."""
    status = STATUS_OF[row["expect"]]
    is_right = answered.status == status and answered.intent == row["intent"]
    wanted = json.loads(row["params_json"])
    given = dict(answered.parameters)
    extra = set(given) - set(wanted) - ({"candidates"} if row["expect"] == "clarify" else set())
    are_right = not extra and all(_is_same(given.get(name), value) for name, value in wanted.items())
    return Judged(row, answered, is_right, are_right)


def _is_same(given: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return isinstance(given, list) and len(set(given) & set(wanted)) >= min(len(wanted), 4)
    if isinstance(wanted, str) and len(wanted) == 10 and wanted[:2] == "20" and isinstance(given, str):
        try:
            return abs(date.fromisoformat(given) - date.fromisoformat(wanted)) <= timedelta(days=1)
        except ValueError:
            return False
    return bool(given == wanted)


def judge_all(store: Store, organization_id: int, rows: Sequence[dict[str, str]]) -> list[Judged]:
    """Asks every question."""
    judged = []
    for row in rows:
        with store.read(organization_id) as session:
            judged.append(judge(row, ask(session, row["question"])))
    return judged


def read_questions(path: Path) -> list[dict[str, str]]:
    """The rows of a list of questions."""
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE))


def open_fixture(folder: Path, fixture_path: Path) -> tuple[Store, int]:
    """A store with the fixture, whose clock stands on the fixture's day."""
    fixture = json.loads(fixture_path.read_text(encoding="utf-8"))
    store = open_store(f"sqlite:///{folder / 'questions.db'}", now=f"{fixture['reference_date']}T12:00Z")
    store.become_sample("questions")
    return store, load_fixture(store, fixture)


def accuracy(questions: Path, fixture: Path, *, shows: bool) -> None:
    """Prints how many questions are read right, by style, and those that are not."""
    with tempfile.TemporaryDirectory() as name:
        store, organization_id = open_fixture(Path(name), fixture)
        judged = judge_all(store, organization_id, read_questions(questions))
        store.close()
    for one in judged:
        if shows or not (one.is_intent_right and one.are_parameters_right):
            mark = (
                "ok " if one.is_intent_right and one.are_parameters_right else "par" if one.is_intent_right else "int"
            )
            told = json.dumps(dict(one.answered.parameters), ensure_ascii=False)
            print(f"{mark} {one.row['id']} {one.row['question']!r}: {one.answered.status} {one.answered.intent} {told}")
            if mark != "ok ":
                print(f"      expected {one.row['expect']} {one.row['intent']} {one.row['params_json']}")
            elif shows:
                print(f"      {one.answered.answer}")
    for style in sorted({row.row["style"] for row in judged}):
        part = [one for one in judged if one.row["style"] == style]
        print(f"{style:12} intent {sum(one.is_intent_right for one in part)}/{len(part)}")
    right = [one for one in judged if one.is_intent_right]
    answered = [one for one in judged if one.row["expect"] != "refuse"]
    print(f"intent and status {len(right)}/{len(judged)}")
    print(f"parameters {sum(one.are_parameters_right for one in answered)}/{len(answered)}")


def many_products(count: int, seed: int = 7) -> list[dict[str, str]]:
    """Products with names such as shops give them, the same every time."""
    chosen, words = random.Random(seed), _WORDS.split()
    return [
        {"sku": f"{10000 + n}{chosen.choice(('', '', 'A', 'B'))}", "name": " ".join(chosen.sample(words, 4)).upper()}
        for n in range(count)
    ]


def latency(products: int, rounds: int) -> None:
    """Prints p50 and p95 of an answer, and how much the process grew."""
    made = many_products(products)
    fixture = {
        "products": made,
        "locations": [{"code": "MAIN", "name": "Main Warehouse"}, {"code": "BER", "name": "Berlin DC"}],
        "suppliers": ["Acme Giftware"], "lots": ["A-77"], "orders": ["SO-1"], "purchase_orders": ["PO-1"],
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        store = open_store(f"sqlite:///{Path(name) / 'questions.db'}")
        organization_id = load_fixture(store, fixture)
        asked = _asked(made)
        before = _resident()
        durations: list[tuple[float, str]] = []
        worked: list[float] = []
        for turn in range(rounds + 1):
            for question in asked:
                started, begun = time.perf_counter(), time.process_time()
                with store.read(organization_id) as session:
                    ask(session, question)
                if turn:
                    durations.append(((time.perf_counter() - started) * 1000, question))
                    worked.append((time.process_time() - begun) * 1000)
        grown = _resident() - before
        store.close()
    durations.sort()
    p50, p95 = (durations[int(len(durations) * share)][0] for share in (0.5, 0.95))
    print(f"{products} products, {len(durations)} answers: +{grown:.0f} MB")
    busy = sorted(worked)
    print(f"processor time p50 {busy[len(busy) // 2]:.1f} ms, p95 {busy[int(len(busy) * 0.95)]:.1f} ms")
    print(f"p50 {p50:.1f} ms, p95 {p95:.1f} ms (aim {AIM_P95_MS:.0f})")
    for milliseconds, question in durations[-5:]:
        print(f"  slowest {milliseconds:6.1f} ms  {question}")


def _resident() -> float:
    """Megabytes of this process in memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def _asked(products: Sequence[dict[str, str]]) -> list[str]:
    first, second, third = products[17], products[len(products) // 2], products[-5]
    return [
        f"How many {first['sku']} are in stock?", f"stock of {second['name'].lower()} in Berlin",
        f"how many {third['name'].lower().replace('e', 'ee', 1)}", "how many lunch bags do we have", "red bag",
        f"Where do we keep the {second['name'].lower()}?", "Which products are low?", "Items with less than 5 left",
        "What are we out of?", "What should we order from Acme Giftware?", f"Reorder point of {first['sku']}?",
        f"How long will the {second['name'].lower()} last?", "Top 10 movers last week",
        "What has not sold for 60 days?", "Aged inventory 61-90 days in Berlin",
        f"Movements of {first['sku']} yesterday", "What did we receive this week?",
        f"Open orders for {first['sku']}", "Status of SO-1", "Late purchase orders", "What is still missing on PO-1?",
        "Transfers in transit to Berlin", "Counts in draft", "Pending returns", "Which lots expire within 30 days?",
        "Trace lot A-77 forward", "Waste last month by reason", f"Forecast {first['sku']} for 6 weeks",
        "What is the total value of our stock?", "Batches in progress", "Wie viele rote Taschen sind im Lager Berlin?",
        "Welche Artikel sind ausverkauft?", "¿Qué artículos están por debajo del punto de pedido?",
        "Add 10 to 12345", "Who won the match yesterday?",
    ]  # fmt: skip


def main() -> None:
    """Measures what is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--questions", type=Path, help="the list (TSV)")
    parser.add_argument("--fixture", type=Path, help="what the questions are about (JSON)")
    parser.add_argument("--show", action="store_true", help="print every answer")
    parser.add_argument("--latency", action="store_true")
    parser.add_argument("--products", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    if given.questions and given.fixture:
        accuracy(given.questions, given.fixture, shows=given.show)
    if given.latency:
        latency(given.products, given.rounds)


if __name__ == "__main__":
    main()
