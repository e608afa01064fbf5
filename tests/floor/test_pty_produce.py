"""A batch through pseudo-terminals: scanned in lot by lot, killed in the middle, wasted, undone, labelled; and the
module that is switched off while a terminal is open."""

from __future__ import annotations

import pytest

from ambra_tui.services.modules import MANUFACTURING, switch_modules
from ambra_tui.services.printing import jobs
from tests.floor.conftest import Start
from tests.floor.test_produce import FLOUR, MILK, label, plan, promised
from tests.floor.test_pty_p7 import SIZES
from tests.floor.worker import Worker


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_e6_a_batch_at_the_real_program(desk: Worker, start: Start, rows: int, columns: int) -> None:
    """E6: the batch, the lots that go in, waste, the lot that comes out with its label; crash-safe and undoable."""
    number = plan(desk)
    ana = start(rows, columns)
    ana.scan("+A99912345/$$520010510X3", "E01 UNKNOWN CODE")  # a code that begins as the menu's key does
    ana.key("+", "Scan or choose a batch", number)
    ana.scan(number, "DOCUMENT OK", "F10 starts it")
    ana.key("F10", "BATCH STARTED", "10 MILK-1L", "M090")
    ana.scan("WH1-B04-1", "BIN OK")
    ana.scan(label(MILK, "M120"), "E39 NOT THERE")
    ana.scan(label(MILK, "M090"), "USED 10", "2 MILK-1L", "M100")
    assert [move[5] for move in desk.moves("production_consumed")] == [10]
    ana.scan("WH1-C01-1", "BIN OK")
    ana.scan(label(MILK, "M120"), "E12 EARLIER LOT FIRST", "M100", "A04-1")
    ana.scan("WH1-A04-1", "BIN OK")
    ana.type("1", "QTY 1", "Scan its label")
    ana.scan(label(MILK, "M100"), "USED 1")
    ana.key("Ctrl+Z", "Take this back?", "MILK-1L")
    ana.key("1", "UNDONE")
    ana.key("Esc", "2 MILK-1L", "M100")
    assert (desk.on_hand("MILK-1L", "A04-1"), promised(desk)) == (24, 4)
    ana.scan(label(MILK, "M100"), "USED 2")

    ana.key("F8", "Scan the bin or label of the waste")
    ana.scan("WH1-A04-1", "BIN OK")
    ana.scan(label(MILK, "M100"), "Type how much is waste")
    ana.type("3", "Why is it waste?", "3 Production")
    ana.scan(label(MILK, "M100"), "E40 ANSWER FIRST")
    ana.key("2", "WASTE 3")
    ana.scan(label(FLOUR, "F1"), "USED 2", "Type how many were made")
    ana.type("19", "QTY 19", number, "2026-03-07")
    ana.kill()
    ana.restart("SIGNED IN", number)
    ana.scan("WH1-RECV", "MADE 19", "F9 prints the label")
    ana.key("Esc", "No batch waits here")
    assert [move[1:] for move in desk.moves("production_waste", "production_output")] == [
        ("MILK-1L", "A04-1", "waste", "M100", 3),
        ("DOUGH-1", "production", "RECV", number, 19),
    ]
    assert [job.kind for job in desk.write(jobs)] == ["lot"]
    assert ana.error_tones == 4


@pytest.mark.long
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_german_production_fits_sixteen_rows_of_twenty(desk: Worker, start: Start) -> None:
    number = plan(desk)
    cleo = start(16, 20, badge="BDG-9001")
    desk.speak("de")
    cleo.key("+", "Ansatz scannen oder wählen")
    cleo.key("1", "F10 startet und reserviert dies", "MILK-1L")
    cleo.key("F10", "Geh zu diesem Platz und scanne ihn", "M090", "10 MILK-1L")
    cleo.scan("WH1-B04-1", "Etikett der Charge, oder Menge tippen", "M090")
    cleo.scan(label(MILK, "M090"), "VERWENDET 10")
    cleo.key("F8", "Platz oder Etikett des Abfalls scannen")
    cleo.key("F8", "Geh zu diesem Platz")
    cleo.key("F10", "Hergestellte Menge tippen, Enter", "2 FLOUR-25")
    cleo.type("20", "Ziel scannen, oder F10: RECV", number, "2026-03-07")
    cleo.key("F6", "Neue Charge scannen oder tippen")
    cleo.type("D-7", "Ziel scannen", "D-7")
    cleo.key("F10", "HERGESTELLT 20", "Fertig. F9 Etikett, F10 weiter")


@pytest.mark.long
def test_an_open_terminal_follows_the_switch_of_the_module(desk: Worker, start: Start) -> None:
    number = plan(desk)
    ana = start(24, 80)
    ana.wait_for("+ Produce (1)")
    desk.write(lambda session: switch_modules(session, off=[MANUFACTURING]))
    ana.wait_gone("Produce")
    ana.scan(number, "E74 SWITCHED OFF")
    desk.write(lambda session: switch_modules(session, on=[MANUFACTURING]))
    ana.wait_for("+ Produce (1)")
    ana.key("+", "Scan or choose a batch")
    desk.write(lambda session: switch_modules(session, off=[MANUFACTURING]))
    ana.wait_for("Production is switched off")
    ana.key("Esc", "Choose or scan")
