"""F2 for every kind of act: done, taken back at the terminal, and everything stands as it stood.

A kind of act without a story here fails: nothing that a worker does is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import col, select

from ambra_tui.services import catalog, replenishment, tasks
from ambra_tui.services.acts import _trail
from ambra_tui.services.verify import verify_store
from ambra_tui.store.models import Act, AuditEntry, StockMove, SubstitutionRule, metadata
from ambra_tui.store.scope import now_of, organization_of, scoped
from tests.floor import packing
from tests.floor import test_produce as produce
from tests.floor.counting import GLOVE_M, Floor
from tests.floor.receiving import buy
from tests.floor.test_desk import blind
from tests.floor.test_returns import authorize, ship
from tests.floor.test_transfer import plan
from tests.floor.worker import Worker

BOLT, GLOVE, PAINT, MILK, CHOC = (
    "5001000000033", "5001000000040", "5001000000071", "5001000000019", "5001000000095",
)  # fmt: skip
PLATE = "050010000000000019"
LABEL = "]C10215001000000016172607153710\x1d10M130"
Story = Callable[[Floor], Iterator[Worker]]

STORIES: dict[str, Story] = {}
"""Kind of act -> what leads to it; each yields the worker right before the act, and ends right after it."""


def story(kind: str) -> Callable[[Story], Story]:
    def keep(function: Story) -> Story:
        STORIES[kind] = function
        return function

    return keep


# --- the stories ----------------------------------------------------------------------------------------------------


@story("receive")
def _(floor: Floor) -> Iterator[Worker]:
    buy(floor.ana, "PO-7", ("PAINT-5L", 20))
    floor.ana.menu("receive").scan("PO-7", PAINT).type("5")
    yield floor.ana
    floor.ana.scan("WH1-RECV")


@story("receive_close")
def _(floor: Floor) -> Iterator[Worker]:
    buy(floor.ana, "PO-7", ("PAINT-5L", 20))
    floor.ana.menu("receive").scan("PO-7", PAINT).type("5").scan("WH1-RECV").command("close")
    yield floor.ana
    floor.ana.press("1")


@story("learn")
def _(floor: Floor) -> Iterator[Worker]:
    buy(floor.ana, "PO-7", ("PAINT-5L", 20))
    floor.ana.menu("receive").scan("PO-7", "NEW-CODE", "BDG-9001").type("4711")
    yield floor.ana
    floor.ana.scan(PAINT)


@story("putaway")
def _(floor: Floor) -> Iterator[Worker]:
    buy(floor.ana, "PO-7", ("MILK-1L", 120))
    floor.ana.menu("receive").scan("PO-7", f"]C100{PLATE}", LABEL, "WH1-RECV").command("close")
    floor.ana.menu("putaway").scan(PLATE)
    yield floor.ana
    floor.ana.scan("WH1-C03-1")


@story("return_receive")
def _(floor: Floor) -> Iterator[Worker]:
    authorize(floor.ana, "RMA-1", ship(floor.ana, "SO-9", ("CHOC-100", 2)), ("CHOC-100", 1, "damaged"))
    floor.ana.menu("returns").scan("RMA-1", CHOC)
    yield floor.ana
    floor.ana.press("d")


@story("return_close")
def _(floor: Floor) -> Iterator[Worker]:
    authorize(floor.ana, "RMA-1", ship(floor.ana, "SO-9", ("GLOVE-L", 4)), ("GLOVE-L", 2, "sellable"))
    floor.ana.menu("returns").scan("RMA-1", GLOVE).press("s")
    yield floor.ana
    floor.ana.command("close")


@story("pick")
def _(floor: Floor) -> Iterator[Worker]:
    floor.ana.order("SO-1", ("BOLT-M8", 10))
    floor.ana.menu("pick").scan("SO-1", "WH1-A01-1", BOLT)
    yield floor.ana
    floor.ana.scan("T1")


@story("pick_short")
def _(floor: Floor) -> Iterator[Worker]:
    floor.ana.order("SO-4", ("GLOVE-L", 10))
    floor.ana.menu("pick").scan("SO-4", "WH1-A02-1", GLOVE).type("6").scan("T4")
    yield floor.ana
    floor.ana.press("1")


@story("ship")
def _(floor: Floor) -> Iterator[Worker]:
    floor.ana.order("SO-1", ("BOLT-M8", 10))
    floor.ana.menu("pick").scan("SO-1", "WH1-A01-1", BOLT, "T1")
    yield floor.ana
    floor.ana.command("ship")


@story("zero_check")
def _(floor: Floor) -> Iterator[Worker]:
    floor.ana.order("SO-1", ("PAINT-5L", 12))
    floor.ana.menu("pick").scan("SO-1", "WH1-B03-1", PAINT, "T1")
    yield floor.ana
    floor.ana.press("2")


@story("substitute")
def _(floor: Floor) -> Iterator[Worker]:
    def allow(session: Any) -> None:
        wanted, other = (catalog.variant_by_sku(session, sku) for sku in ("GLOVE-L", "GLOVE-M"))
        moment = now_of(session)
        session.add(
            SubstitutionRule(
                organization_id=organization_of(session), variant_id=wanted.id, substitute_id=other.id,
                created_at=moment, updated_at=moment,
            )
        )  # fmt: skip

    floor.ana.write(allow)
    floor.ana.order("SO-4", ("GLOVE-L", 40))
    floor.ana.menu("pick").scan("SO-4", "WH1-A02-1", GLOVE).type("36").scan("T4").press("1")
    assert floor.ana.prompt.step == "substitute"
    yield floor.ana
    floor.ana.press("1")


@story("replenish")
def _(floor: Floor) -> Iterator[Worker]:
    def ask(session: Any) -> None:
        variant = catalog.variant_by_sku(session, "BOLT-M8")
        face = floor.ana.location(session, "A01-1")
        replenishment.set_face(session, variant=variant, location=face, minimum=Decimal(600), maximum=Decimal(700))
        tasks.ask_replenish(session, location=face, variant_id=variant.id)

    floor.ana.write(ask)
    floor.ana.menu("replenish").scan("WH1-A01-1").scan("WH1-C02-1", BOLT)
    yield floor.ana
    floor.ana.scan("WH1-A01-1")


@story("move")
def _(floor: Floor) -> Iterator[Worker]:
    floor.ana.menu("move").scan("WH1-C01-1")
    yield floor.ana
    floor.ana.scan("WH1-C03-1")


@story("waste")
def _(floor: Floor) -> Iterator[Worker]:
    floor.ana.menu("waste").scan("WH1-B04-1", MILK).type("3")
    yield floor.ana
    floor.ana.press("2")


@story("hold")
def _(floor: Floor) -> Iterator[Worker]:
    floor.cleo.menu("waste").command("hold").scan(f"]C1010{MILK}10M100")
    yield floor.cleo
    floor.cleo.press("1")


@story("recall")
def _(floor: Floor) -> Iterator[Worker]:
    floor.cleo.menu("desk").press("3").scan(f"]C1010{MILK}10M100").command("go")
    yield floor.cleo
    floor.cleo.press("1")


@story("transfer_ship")
def _(floor: Floor) -> Iterator[Worker]:
    plan(floor.ana, "TR-1", ("GLOVE-L", 10))
    floor.ana.menu("transfer").scan("TR-1", "WH1-A02-1", GLOVE)
    yield floor.ana
    floor.ana.type("10")


def _store_worker(floor: Floor, badge: str) -> Worker:
    return Worker(floor.store, floor.ana.organization_id, badge, station="st-9", site_code="ST1")


@story("transfer_receive")
def _(floor: Floor) -> Iterator[Worker]:
    plan(floor.ana, "TR-1", ("GLOVE-L", 10))
    floor.ana.menu("transfer").scan("TR-1", "WH1-A02-1", GLOVE).type("10").command("finish")
    ben = _store_worker(floor, "BDG-1002")
    ben.menu("transfer").scan("TR-1", GLOVE)
    yield ben
    ben.type("4")


@story("transfer_settle")
def _(floor: Floor) -> Iterator[Worker]:
    plan(floor.ana, "TR-1", ("GLOVE-L", 10))
    floor.ana.menu("transfer").scan("TR-1", "WH1-A02-1", GLOVE).type("10").command("finish")
    ben = _store_worker(floor, "BDG-1002")
    ben.menu("transfer").scan("TR-1", GLOVE).type("7").command("finish").press("1")
    cleo = _store_worker(floor, "BDG-9001")
    cleo.menu("transfer").press("1")
    yield cleo
    cleo.press("1")


@story("exception_close")
def _(floor: Floor) -> Iterator[Worker]:
    blind(floor.cleo, "PAINT-5L", 2)
    floor.cleo.menu("desk").press("1")
    yield floor.cleo
    floor.cleo.type("free sample")


@story("count_plan")
def _(floor: Floor) -> Iterator[Worker]:
    floor.cleo.menu("count").command("plan").press("2")
    yield floor.cleo
    floor.cleo.type("a0")


@story("count_bin")
def _(floor: Floor) -> Iterator[Worker]:
    floor.plan("A03-1")
    floor.ana.menu("count").scan("WH1-A03-1", GLOVE_M).type("24")
    yield floor.ana
    floor.ana.command("done")


@story("count_complete")
def _(floor: Floor) -> Iterator[Worker]:
    floor.plan("A03-1")
    floor.ana.menu("count").scan("WH1-A03-1", GLOVE_M).type("24").command("done")
    floor.cleo.menu("count")
    yield floor.cleo
    floor.cleo.command("complete")


@story("count_decision")
def _(floor: Floor) -> Iterator[Worker]:
    floor.plan("A03-1")
    floor.ana.menu("count").scan("WH1-A03-1", GLOVE_M).type("10").command("done")
    floor.ben.menu("count").scan("WH1-A03-1", GLOVE_M).type("11").command("done")
    floor.cleo.menu("count").command("approve")
    assert floor.cleo.prompt.choices
    yield floor.cleo
    floor.cleo.press("1")


@story("produce_start")
def _(floor: Floor) -> Iterator[Worker]:
    floor.ana.scan(produce.plan(floor.ana))
    yield floor.ana
    floor.ana.command("done")


@story("produce_take")
def _(floor: Floor) -> Iterator[Worker]:
    produce.started(floor.ana)
    floor.ana.scan("WH1-B04-1")
    yield floor.ana
    floor.ana.scan(produce.label(MILK, "M090"))


@story("produce_waste")
def _(floor: Floor) -> Iterator[Worker]:
    produce.started(floor.ana)
    floor.ana.command("waste").scan("WH1-A04-1", MILK).type("3")
    yield floor.ana
    floor.ana.press("2")


@story("produce_complete")
def _(floor: Floor) -> Iterator[Worker]:
    produce.started(floor.ana)
    floor.ana.scan("WH1-B04-1", produce.label(MILK, "M090")).command("done").type("9")
    yield floor.ana
    floor.ana.scan("WH1-RECV")


def begun(floor: Floor) -> Worker:
    """A package that holds one of two gloves."""
    packing.settle(floor.ana)
    packing.picked(floor.ana, "SO-1", ("GLOVE-L", 2))
    return floor.ana.menu("pack").scan("T1", GLOVE)


@story("pack_item")
def _(floor: Floor) -> Iterator[Worker]:
    yield begun(floor)
    floor.ana.scan(GLOVE)


@story("pack_out")
def _(floor: Floor) -> Iterator[Worker]:
    begun(floor).command("close").scan("CARTON-1").type("1").command("out")
    yield floor.ana
    floor.ana.scan(GLOVE)


@story("pack_close")
def _(floor: Floor) -> Iterator[Worker]:
    begun(floor).command("close").scan("CARTON-1")
    yield floor.ana
    floor.ana.type("1.5")


@story("pack_label")
def _(floor: Floor) -> Iterator[Worker]:
    begun(floor).scan(GLOVE).command("close")
    yield floor.ana
    floor.ana.press("1")


@story("pack_hand")
def _(floor: Floor) -> Iterator[Worker]:
    begun(floor).scan(GLOVE).command("close").press("1")
    yield floor.ana
    floor.ana.scan(*packing.tracking(floor.ana, "SO-1"))


# --- what stands ----------------------------------------------------------------------------------------------------

COLUMNS = {
    "stock_level": ("location_id", "variant_id", "lot_id", "serial", "plate_id", "on_hand", "allocated"),
    "site_stock": ("site_id", "variant_id", "on_hand", "reserved", "held"),
    "reservation": ("document_id", "line_id", "variant_id", "quantity"),
    "allocation": ("location_id", "variant_id", "lot_id", "document_id", "line_id", "quantity"),
    "purchase_order": ("id", "status", "close_reason"),
    "purchase_order_line": ("id", "received"),
    "sales_order": ("id", "status"),
    "sales_order_line": ("id", "variant_id", "quantity", "picked", "fulfilled", "backordered"),
    "return_authorization": ("id", "status"),
    "return_line": ("id", "sellable", "damaged", "discarded"),
    "stock_transfer": ("id", "status"),
    "stock_transfer_line": ("id", "shipped", "received"),
    "stock_transfer_content": ("line_id", "lot_id", "serial", "shipped", "received", "settled"),
    "cycle_count": ("id", "status"),
    "cycle_count_bin": ("cycle_count_id", "location_id", "state"),
    "cycle_count_line": ("cycle_count_id", "location_id", "variant_id", "lot_id", "state", "counted", "variance"),
    "task": ("kind", "status", "location_id", "variant_id"),
    "discrepancy": ("kind", "status", "variant_id", "document_id", "quantity", "reason"),
    "waste_record": ("id", "status", "quantity"),
    "shipment": ("id", "status", "carrier", "service", "cost_minor", "left_at"),
    "shipment_package": ("id", "weight", "plate_id", "is_closed", "tracking_number"),
    "shipment_content": ("package_id", "order_line_id", "variant_id", "lot_id", "serial", "quantity"),
    "tracking_event": ("shipment_id", "status"),
    "production_batch": ("id", "status", "actual_quantity_produced", "started_at", "completed_at"),
    "production_input": ("id", "actual_quantity", "waste_quantity"),
    "production_taking": ("id", "quantity", "reserved"),
    "production_output": ("id", "quantity"),
    "lot": ("id", "status", "expiry_date"),
    "location": ("id", "is_held", "status"),
    "barcode": ("code", "variant_id"),
}
OVER = {
    "cycle_count": ("cancelled",), "task": ("done", "cancelled"), "waste_record": ("reversed",), "lot": ("exhausted",),
}  # fmt: skip
"""States of rows that are no part of what stands: left behind by what was taken back."""
SUMMED = ("reservation", "allocation")
EMPTY = {
    "stock_level": ("on_hand", "allocated"), "site_stock": ("on_hand", "reserved", "held"),
    "reservation": ("quantity",), "allocation": ("quantity",),
    "stock_transfer_content": ("shipped",),
}  # fmt: skip


def standing(worker: Worker) -> dict[str, list[str]]:
    """Ledger totals and documents as they are, without moments and without what is over."""

    def work(session: Any) -> dict[str, list[str]]:
        cancelled = {
            row.id for row in session.connection().execute(_all(session, "cycle_count")) if row.status == "cancelled"
        }
        found = {}
        for name, columns in COLUMNS.items():
            rows = session.connection().execute(_all(session, name)).mappings()
            kept = [
                row
                for row in rows
                if row.get("status") not in OVER.get(name, ())
                and row.get("cycle_count_id") not in cancelled
                and (name not in EMPTY or any(row[column] for column in EMPTY[name]))
                and not (name == "allocation" and row["status"] != "open")
            ]
            found[name] = (
                _summed(kept, columns)
                if name in SUMMED
                else sorted(str([row[column] for column in columns]) for row in kept)
            )
        return found

    return worker.write(work)


def _summed(rows: list[Any], columns: tuple[str, ...]) -> list[str]:
    """Rows that differ in their quantity alone are one: a promise in two parts is the same promise."""
    totals: dict[tuple[str, ...], Decimal] = {}
    for row in rows:
        key = tuple(str(row[column]) for column in columns if column != "quantity")
        totals[key] = totals.get(key, Decimal(0)) + row["quantity"]
    return sorted(f"{key} {total}" for key, total in totals.items())


def _all(session: Any, name: str) -> Any:
    table = metadata.tables[name]
    return select(table).where(table.c.organization_id == organization_of(session))


@pytest.fixture
def floor(store_url: str) -> Iterator[Floor]:
    opened = Floor(store_url)
    yield opened
    opened.store.close()


def last_act(worker: Worker) -> Act:
    def work(session: Any) -> Act:
        statement = scoped(session, Act).where(Act.user_id == worker.reply.user_id)
        return session.exec(statement.order_by(col(Act.step).desc())).first()

    return worker.write(work)


@pytest.mark.parametrize("kind", sorted(_trail.undoers()))
def test_what_was_done_is_taken_back_wholly(floor: Floor, kind: str) -> None:
    assert kind in STORIES, f"no story of an act of the kind {kind}"
    told = STORIES[kind](floor)
    worker = next(told)
    before = standing(worker)
    assert next(told, None) is None
    act = last_act(worker)
    assert (act.kind, standing(worker) != before) == (kind, True), worker.words

    worker.command("undo")
    assert worker.reply.flow == "undo"
    assert all(len(choice.label) <= 16 for choice in worker.prompt.choices)
    assert standing(worker) != before
    worker.press("1")
    assert worker.verdict == "G70", worker.words
    assert standing(worker) == before
    assert verify_store(floor.store).is_clean

    def history(session: Any) -> tuple[list[str], int]:
        organization_id = organization_of(session)
        reversed_ids = session.exec(
            select(StockMove.reverses_id).where(
                StockMove.organization_id == organization_id, col(StockMove.reverses_id).in_(act.move_ids)
            )
        ).all()
        audits = session.exec(
            select(AuditEntry.subject).where(
                AuditEntry.organization_id == organization_id, AuditEntry.act == "act_undone"
            )
        ).all()
        return sorted(reversed_ids), list(audits).count(act.id)

    assert worker.write(history) == (sorted(act.move_ids), 1)
    if worker.reply.flow == "undo":
        worker.command("back")
    assert worker.reply.prompt is not None and worker.verdict != "E41"


def test_every_reason_to_refuse_has_its_words() -> None:
    """A reason that an act gives is told in the worker's language."""
    import re
    from pathlib import Path

    from ambra_tui.kit.language import keys, languages
    from ambra_tui.services import acts

    texts = [path.read_text(encoding="utf-8") for path in Path(acts.__path__[0]).glob("*.py")]
    reasons = {reason for text in texts for reason in re.findall(r'reason="([a-z_]+)"', text)}
    reasons -= {"undo", "undone"}  # of the reversals in the ledger
    for language in languages():
        assert {f"undo.later_{reason}" for reason in reasons} <= keys(language)
