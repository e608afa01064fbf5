"""Making a batch on the floor (E6): lots scanned in by FEFO, waste beside them, a labelled lot that comes out."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui.services import catalog, claims, printing, production, recalls, tasks
from ambra_tui.services.label_lists import document_labels
from ambra_tui.services.lots import find_lot
from ambra_tui.services.modules import MANUFACTURING, switch_modules
from ambra_tui.services.printing import jobs
from ambra_tui.services.verify import verify_store
from ambra_tui.services.waste import get_waste
from ambra_tui.store.models import ProductionBatch, Reservation
from ambra_tui.store.scope import scoped
from tests.floor.worker import Worker

MILK, FLOUR, DOUGH, GLOVE, CHOC = "5001000000019", "5001000000088", "5001000000125", "5001000000040", "5001000000095"
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])  # the rule does not lie in the database


def label(code: str, lot: str) -> str:
    """The GS1 label of a lot."""
    return f"]C1010{code}10{lot}"


def plan(worker: Worker, quantity: int = 20, *, shelf_life_days: int | None = 5, sku: str = "DOUGH-1") -> str:
    """The number of a batch of dough: 12 milk and 2 flour for 20."""

    def work(session: Session) -> str:
        def ingredient(name: str, amount: int) -> production.NewIngredient:
            return production.NewIngredient(catalog.variant_by_sku(session, name).id, Decimal(amount))

        recipe = production.create_recipe(
            session,
            name="Dough",
            output_variant_id=catalog.variant_by_sku(session, sku).id,
            output_quantity=Decimal(20),
            ingredients=[ingredient("MILK-1L", 12), ingredient("FLOUR-25", 2)],
            shelf_life_days=shelf_life_days,
        )
        made = production.plan_batch(
            session, recipe_id=recipe.id, site_id=worker.place.site_id, planned_quantity=Decimal(quantity)
        )
        return made.number

    return worker.write(work)


def batch_of(worker: Worker, number: str) -> ProductionBatch:
    found = worker.write(lambda session: production.find_batch(session, number))
    assert found is not None
    return found


def promised(worker: Worker) -> int:
    """What all open reservations hold."""
    return int(worker.write(lambda s: sum(row.quantity for row in s.exec(scoped(s, Reservation)))))


def used(worker: Worker, number: str) -> list[tuple[int, int]]:
    """(used, wasted) of each ingredient."""

    def work(session: Session) -> list[tuple[int, int]]:
        batch = production.find_batch(session, number)
        assert batch is not None
        rows = production.inputs_of(session, batch.id)
        return [(int(row.actual_quantity), int(row.waste_quantity)) for row in rows]

    return worker.write(work)


@pytest.fixture
def ana(desk: Worker) -> Worker:
    """An operator at a station."""
    return Worker(desk.store, desk.organization_id, "BDG-1001", station="st-1")


@pytest.fixture
def ben(desk: Worker) -> Worker:
    """Another one."""
    return Worker(desk.store, desk.organization_id, "BDG-1002", station="st-2")


def started(worker: Worker, quantity: int = 20, **more: Any) -> str:
    number = plan(worker, quantity, **more)
    worker.scan(number).command("done")
    assert worker.verdict == "G66", worker.words
    return number


def all_taken(worker: Worker, **more: Any) -> str:
    number = started(worker, **more)
    worker.scan("WH1-B04-1", label(MILK, "M090"), "WH1-A04-1", label(MILK, "M100"), label(FLOUR, "F1"))
    assert (worker.prompt.step, worker.verdict) == ("made", "G65"), worker.words
    return number


def test_a_batch_from_its_label_to_the_label_of_its_lot(desk: Worker, ana: Worker) -> None:
    """E6: batch, lots by FEFO, waste, output lot with its label; each scan is posted at once."""
    number = plan(ana)
    ana.menu("produce")
    assert [choice.label for choice in ana.prompt.choices] == [f"{number} DOUGH"]
    assert [(row.label, row.value) for row in ana.prompt.todo] == [(number, "20 DOUGH-1")]
    ana.scan(number)
    assert (ana.verdict, ana.prompt.step, promised(ana)) == ("G20", "start", 0)
    assert ana.facts == {"DOUGH-1": "20", "MILK-1L": "12", "FLOUR-25": "2"}
    ana.command("done")
    assert (ana.verdict, ana.prompt.step, ana.prompt.target, promised(ana)) == ("G66", "bin", "B04-1", 14)
    assert ana.facts == {"Take": "10 MILK-1L", "Lot": "M090 2026-03-20", "Why": "expires first"}

    ana.scan("WH1-B04-1", label(MILK, "M090"))
    assert (ana.verdict, promised(ana)) == ("G65", 4)
    assert ana.moves() == [("production_consumed", "MILK-1L", "B04-1", "production", "M090", 10)]
    ana.scan("WH1-C01-1", label(MILK, "M120"))
    assert (ana.verdict, "M100" in ana.words, "A04-1" in ana.words) == ("E12", True, True)
    ana.scan("WH1-A04-1", label(MILK, "M100"))
    assert (ana.verdict, ana.prompt.target) == ("G65", "C04-1")

    ana.command("waste").scan("WH1-A04-1", label(MILK, "M100")).type("3")
    assert (ana.prompt.step, ana.prompt.is_dialog, len(ana.prompt.choices)) == ("reason", True, 6)
    ana.press("4")
    assert (ana.verdict, ana.prompt.step) == ("G37", "bin")
    ana.scan(label(FLOUR, "F1"))
    assert (ana.verdict, ana.prompt.step, used(ana, number)) == ("G65", "made", [(12, 3), (2, 0)])

    ana.type("19")
    assert ana.facts == {"Lot": number, "Expires": "2026-03-07"}
    ana.scan("WH1-RECV")
    assert (ana.verdict, ana.prompt.step, ana.prompt.target) == ("W27", "done", number)
    assert ana.moves()[1:] == [
        ("production_consumed", "MILK-1L", "A04-1", "production", "M100", 2),
        ("production_waste", "MILK-1L", "A04-1", "waste", "M100", 3),
        ("production_consumed", "FLOUR-25", "C04-1", "production", "F1", 2),
        ("production_output", "DOUGH-1", "production", "RECV", number, 19),
    ]
    assert (batch_of(ana, number).status, promised(ana)) == ("completed", 0)
    printed = ana.write(lambda session: [(job.kind, job.labels[0]["lines"]) for job in jobs(session)])
    assert printed == [("lot", ["DOUGH-1", f"Lot {number}", "Use by 2026-03-07"])]
    ana.command("label")
    assert (ana.verdict, len(ana.write(jobs))) == ("W80", 2)

    def wasted(session: Session) -> tuple[str, int]:
        taking = next(row for row in production.takings_of(session, made_id) if row.is_waste)
        record = get_waste(session, taking.waste_record_id)
        return record.reason, int(record.quantity)

    made_id = batch_of(ana, number).id
    assert ana.write(wasted) == ("spoilage", 3)
    assert verify_store(desk.store).is_clean


@on_sqlite
def test_a_batch_scanned_at_the_menu_opens_and_is_one_worker_s(ana: Worker, ben: Worker) -> None:
    number = plan(ana)
    ana.scan(number.lower())
    assert (ana.reply.flow, ana.verdict) == ("produce", "G20")
    ben.scan(number)
    assert (ben.reply.flow, ben.verdict) == ("home", "E30")
    assert [choice.label for choice in ben.menu("produce").prompt.choices] == [f"{number} Ana"]
    ana.command("back").command("back")
    assert ana.reply.flow == "home"
    ben.command("home").scan(number).command("done")
    assert (ben.reply.flow, ben.verdict) == ("produce", "G66")
    assert ana.scan(number).verdict == "E30"


@on_sqlite
def test_what_may_not_go_in(desk: Worker, ana: Worker) -> None:
    """Held lots and bins, expired lots, other items, other bins: refused, nothing posted, the step stays."""
    started(ana)
    assert ana.scan("WH1-A02-1").verdict == "E03"
    assert ana.scan(GLOVE).verdict == "E06"
    assert ana.scan("WH1-QUAR").verdict == "E17"
    desk.hold("MILK-1L", "M090")
    assert (ana.scan("WH1-B04-1").verdict, ana.scan(label(MILK, "M090")).verdict) == ("G04", "E16")
    assert ana.prompt.step == "item"
    assert ana.scan(CHOC).verdict == "E06"
    assert ana.scan("WH1-A04-1", label(MILK, "M090")).verdict == "E39"
    assert ana.scan("NO-SUCH").verdict == "E01"
    assert ana.type("-5").verdict == "E28"
    assert ana.moves() == []
    assert ana.scan(label(MILK, "M100")).verdict == "G65"


@on_sqlite
def test_a_number_takes_less_and_more_than_planned_is_asked(ana: Worker) -> None:
    number = started(ana)
    assert ana.scan("WH1-B04-1").type("4").verdict == "G68"
    assert ana.prompt.target == "4 MILK-1L"
    assert (ana.scan(label(MILK, "M090")).verdict, used(ana, number)) == ("G65", [(4, 0), (0, 0)])
    ana.scan("WH1-B04-1", label(MILK, "M090"), "WH1-A04-1").type("9").scan("M100")
    assert (ana.verdict, ana.prompt.step, ana.prompt.is_dialog) == ("W29", "over", True)
    assert ana.scan(label(MILK, "M100")).verdict == "E40"
    ana.press("2")
    assert (ana.prompt.step, used(ana, number)) == ("item", [(10, 0), (0, 0)])
    ana.type("9").scan(label(MILK, "M100")).press("1")
    assert (ana.verdict, used(ana, number)) == ("G65", [(19, 0), (0, 0)])
    ana.scan("WH1-A04-1", label(MILK, "M100"))
    assert (ana.verdict, ana.prompt.step) == ("W30", "more")
    assert ana.type("99").verdict == "E15"
    assert (ana.type("2").verdict, used(ana, number)) == ("G65", [(21, 0), (0, 0)])
    assert verify_store(ana.store).is_clean


@on_sqlite
def test_a_missing_ingredient_is_counted_and_gone_round(ana: Worker) -> None:
    number = started(ana)
    ana.command("nothing")
    assert (ana.verdict, ana.prompt.target) == ("W04", "A04-1")
    assert ana.tasks() == [("count", "B04-1", f"{tasks.SHORT_PICK} not_found")]
    assert ana.command("skip").prompt.target == "C04-1"
    assert ana.command("skip").prompt.target == "A04-1"
    ana.command("done")
    assert (ana.prompt.step, ana.facts["Not used"]) == ("made", "2 FLOUR-25")
    assert ana.command("back").prompt.step == "bin"
    ana.command("done").type("5").command("done")
    assert (ana.prompt.step, batch_of(ana, number).status, promised(ana)) == ("done", "completed", 0)
    assert ana.on_hand("DOUGH-1", "RECV") == 5


@on_sqlite
def test_lot_expiry_plate_and_place_of_the_output(ana: Worker) -> None:
    number = all_taken(ana)
    ana.scan(DOUGH, DOUGH)
    assert ana.prompt.target == "2 DOUGH-1"
    ana.command("back").type("0")
    assert ana.verdict == "E28"
    ana.type("20").command("new_lot").type("D-7")
    assert (ana.verdict, ana.facts["Lot"]) == ("G06", "D-7")
    ana.command("new_expiry").type("nonsense")
    assert ana.verdict == "E29"
    ana.type("2026-01-01")
    assert ana.verdict == "E10"
    ana.type("2026-03-31")
    assert (ana.verdict, ana.facts["Expires"]) == ("G27", "2026-03-31")
    ana.scan("]C100050010000000000019")
    assert (ana.verdict, ana.facts["LP"]) == ("G07", "050010000000000019")
    assert ana.scan("WH1-C01-1").verdict == "E18"
    assert ana.scan("WH1-QUAR").verdict == "E17"
    assert ana.moves("production_output") == []
    ana.scan("WH1-C03-1")
    assert (ana.prompt.step, ana.on_hand("DOUGH-1", "C03-1")) == ("done", 20)
    assert ana.facts == {"DOUGH-1": "20", "Expires": "2026-03-31", "Batch": number}
    assert ana.command("done").prompt.step == "batch"
    again = all_taken(ana)
    ana.type("20").command("new_lot").type("D-7")
    assert ana.verdict == "E75"
    assert ana.type(again).command("done").prompt.step == "done"


@on_sqlite
def test_the_expiry_is_asked_where_nobody_knows_it(ana: Worker) -> None:
    all_taken(ana, shelf_life_days=None, sku="YOG-150")
    ana.type("20")
    assert ana.prompt.step == "expiry"
    ana.scan("]C117260331")
    assert (ana.verdict, ana.prompt.step, ana.facts["Expires"]) == ("G27", "place", "2026-03-31")


@on_sqlite
def test_what_happens_to_the_batch_meanwhile(desk: Worker, ana: Worker) -> None:
    number = started(ana)

    def cancel(session: Session) -> None:
        batch = production.find_batch(session, number)
        assert batch is not None
        production.cancel_batch(session, batch, idempotency_key="office")

    desk.write(cancel)
    ana.scan("WH1-B04-1")
    assert (ana.verdict, ana.prompt.step) == ("E32", "batch")
    assert ana.scan(number).verdict == "E32"

    number = all_taken(ana)

    def complete(session: Session) -> None:
        batch = production.find_batch(session, number)
        assert batch is not None
        production.complete_batch(session, batch, quantity=Decimal(7), idempotency_key="office")

    desk.write(complete)
    ana.type("20")
    assert (ana.verdict, ana.prompt.step) == ("E33", "done")
    assert ana.on_hand("DOUGH-1", "RECV") == 7


@on_sqlite
def test_production_is_hidden_and_refused_while_it_is_switched_off(desk: Worker, ana: Worker) -> None:
    number = plan(ana)
    assert ("+", "produce") in [(choice.digit, choice.code) for choice in ana.command("home").prompt.choices]
    ana.scan(number).command("done")
    desk.write(lambda session: switch_modules(session, off=[MANUFACTURING]))
    assert ana.prompt.step == "bin"
    ana.scan("WH1-B04-1")
    assert (ana.verdict, ana.reply.flow) == ("E74", "home")
    assert "produce" not in [choice.code for choice in ana.prompt.choices]
    assert ana.scan(number).verdict == "E74"
    assert ana.menu("produce").verdict == "E74"
    assert ana.command("inquiry").scan(number).verdict == "E74"
    assert ana.scan("NO-SUCH").verdict == "E01"
    assert ana.write(lambda session: claims.holders(session, production.DOCUMENT, [batch_of_id(session, number)])) == {}
    desk.write(lambda session: switch_modules(session, on=[MANUFACTURING]))
    assert ana.scan(number).verdict == "G14"
    assert ana.command("back").scan(number).verdict == "G20"


def batch_of_id(session: Session, number: str) -> str:
    found = production.find_batch(session, number)
    assert found is not None
    return found.id


@on_sqlite
def test_a_batch_of_another_site_is_named_so(desk: Worker) -> None:
    number = plan(desk)
    store = Worker(desk.store, desk.organization_id, "BDG-1001", station="till", site_code="ST1")
    assert store.scan(number).verdict == "E42"


@on_sqlite
def test_the_card_of_a_batch_and_its_label(ana: Worker) -> None:
    number = plan(ana)
    ana.command("inquiry").scan(number)
    assert (ana.verdict, ana.prompt.target, ana.facts["State"]) == ("G14", number, "planned")
    ana.command("label")
    titles = ana.write(lambda session: [(job.kind, job.title) for job in jobs(session)])
    assert titles == [("production_batch", number)]
    wanted: tuple[list[str], ...] = ([], [number], [number.lower()])
    for numbers in wanted:
        found = ana.write(partial(document_labels, numbers=numbers))
        assert [(each.title, each.lines, each.codes[0].text) for each in found] == [
            (number, ("20 DOUGH-1", "Dough 1 kg"), number)
        ]


@on_sqlite
def test_what_others_went_on_with_is_not_taken_back(desk: Worker, ana: Worker) -> None:
    number = all_taken(ana)
    ana.type("20").command("done")
    desk.put("DOUGH-1", "RECV", -5, lot_number=number)
    assert ana.command("undo").press("1").verdict == "E37"
    assert batch_of(ana, number).status == "completed"
    ana.command("home")

    number = started(ana)
    ana.scan("WH1-A04-1", label(MILK, "M100"))

    def cancel(session: Session) -> None:
        batch = production.find_batch(session, number)
        assert batch is not None
        production.cancel_batch(session, batch, idempotency_key="office")

    desk.write(cancel)
    ana.command("undo").press("1")
    assert (ana.verdict, number in ana.words) == ("E37", True)
    assert (desk.on_hand("MILK-1L", "A04-1"), promised(desk)) == (22, 0)
    assert verify_store(desk.store).is_clean


@on_sqlite
def test_a_label_that_cannot_be_queued_stops_nothing(ana: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    number = all_taken(ana)
    monkeypatch.setattr(printing, "MAX_WAITING", 0)
    ana.type("20").command("done")
    assert (ana.verdict, ana.prompt.step, batch_of(ana, number).status) == ("W28", "done", "completed")
    assert ana.on_hand("DOUGH-1", "RECV") == 20
    monkeypatch.undo()
    ana.command("label")
    assert (ana.verdict, len(ana.write(jobs))) == ("W80", 1)


@on_sqlite
def test_what_must_be_told_apart_is_asked(ana: Worker) -> None:
    """Several lots in a bin without a lot on the label; serials one by one; a label where the item lies in two bins."""
    number = started(ana)
    ana.put("MILK-1L", "B04-1", 5, lot_number="M100")
    assert ana.scan("WH1-B04-1", MILK).verdict == "E20"
    assert (ana.prompt.step, ana.prompt.facts[0].label) == ("lot", "MILK-1L")
    assert ana.scan("M100").verdict == "E12"
    assert ana.scan(label(MILK, "M090")).verdict == "G65"
    assert ana.scan(label(MILK, "M100")).verdict == "E43"
    assert ana.scan("WH1-B04-1", label(MILK, "M100")).verdict == "G65"
    assert used(ana, number) == [(12, 0), (0, 0)]

    def phones(session: Session) -> str:
        def ingredient(name: str) -> production.NewIngredient:
            return production.NewIngredient(catalog.variant_by_sku(session, name).id, Decimal(2))

        kit = catalog.variant_by_sku(session, "CABLE-2M").id
        recipe = production.create_recipe(
            session, name="Kit", output_variant_id=kit, output_quantity=Decimal(1), ingredients=[ingredient("PHONE-X")]
        )
        site_id = ana.place.site_id
        return production.plan_batch(session, recipe_id=recipe.id, site_id=site_id, planned_quantity=Decimal(1)).number

    for serial in ("SN1", "SN2", "SN3"):
        ana.put("PHONE-X", "A01-1", 1, serial=serial)
    ana.scan(ana.write(phones)).command("done").scan("WH1-A01-1", "5001000000064")
    assert (ana.verdict, ana.prompt.step) == ("E46", "serial")
    assert ana.scan("SN2").verdict == "G65"
    assert ana.scan("WH1-A01-1", "]d201050010000000642" + "1SN3").verdict == "G65"
    assert (ana.prompt.step, ana.serials("A01-1")) == ("made", ["", "SN1"])


@on_sqlite
def test_a_batch_goes_on_after_an_undo_and_a_supervisor_may_take_it(desk: Worker, ana: Worker, ben: Worker) -> None:
    number = all_taken(ana)
    ana.type("20").command("done").command("undo").press("1")
    assert ana.verdict == "G70", ana.words
    ana.command("back")
    assert (ana.prompt.step, batch_of(ana, number).status) == ("made", "in_progress")
    assert ben.scan(number).verdict == "E30"
    ana.command("undo").press("1").command("back")
    assert (ana.prompt.step, ana.prompt.target, used(ana, number)) == ("bin", "C04-1", [(12, 0), (0, 0)])
    ana.command("back")
    ben.scan(number, label(FLOUR, "F1")).type("18")
    assert (ben.prompt.step, ana.scan(number).verdict) == ("place", "E30")
    assert ben.command("done").prompt.step == "done"
    assert ana.scan(number).verdict == "E33"
    assert verify_store(desk.store).is_clean


@on_sqlite
def test_a_label_that_is_read_twice_at_once_goes_in_once(ana: Worker) -> None:
    number = started(ana)
    ana.scan("WH1-B04-1").type("4").scan(label(MILK, "M090"), label(MILK, "M090"))
    assert (ana.verdict, used(ana, number)) == ("W08", [(4, 0), (0, 0)])
    ana.scan("WH1-B04-1", label(MILK, "M090"))
    assert (ana.verdict, used(ana, number)) == ("G65", [(10, 0), (0, 0)])


@on_sqlite
def test_what_is_made_of_a_recalled_lot_is_told_to_be_on_hold(desk: Worker, ana: Worker) -> None:
    number = all_taken(ana)

    def recall(session: Session) -> None:
        lot = find_lot(session, catalog.variant_by_sku(session, "MILK-1L").id, "M100")
        assert lot is not None
        recalls.recall(session, lot, reason="glass")

    desk.write(recall)
    ana.type("20").command("done")
    assert (ana.verdict, ana.prompt.step, ana.prompt.target) == ("W31", "done", number)
    made = ana.write(lambda s: find_lot(s, catalog.variant_by_sku(s, "DOUGH-1").id, number))
    assert made is not None and made.status == "recalled"
    ana.command("undo").press("1")
    assert (ana.verdict, batch_of(ana, number).status, ana.on_hand("DOUGH-1", "RECV")) == ("G70", "in_progress", 0)
    ana.command("home")
    started(ana)
    assert (ana.scan("WH1-A04-1").verdict, ana.scan(label(MILK, "M100")).verdict) == ("G04", "E76")


@on_sqlite
def test_the_list_says_what_is_made_as_far_as_there_is_room(ana: Worker) -> None:
    ana.write(lambda session: setattr(catalog.variant_by_sku(session, "DOUGH-1"), "sku", "DOUGH-OF-WHOLEMEAL"))
    number = plan(ana, sku="DOUGH-OF-WHOLEMEAL")
    labels = [choice.label for choice in ana.menu("produce").prompt.choices]
    assert labels == [f"{number} DOUGH"]
