"""One key prints the label of any card, without waiting for the printer (FLOOR F11); the card's code on the screen."""

from __future__ import annotations

import queue
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import zxingcpp
from PIL import Image

from ambra_tui.floor.conversation import Entry
from ambra_tui.floor.host import Reply
from ambra_tui.kit.language import say
from ambra_tui.runtime import TerminalHost, TerminalOptions, open_terminal
from ambra_tui.scan.model import RawScan
from ambra_tui.services import print_sender, printing
from ambra_tui.store.models import PrintJob
from tests.floor.conftest import Start
from tests.floor.counting import Floor
from tests.floor.receiving import buy
from tests.floor.station import Station
from tests.floor.worker import NOW, Worker, open_ds1
from tests.labels.conftest import DEADLINE_SECONDS, PaperPrinter, paper_printer

__all__ = ["paper_printer"]

CELL_WIDTH, CELL_HEIGHT = 8, 16
_LIT = {"▀": (True, False), "▄": (False, True), "█": (True, True)}


@pytest.fixture
def ana(sqlite_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(sqlite_url)
    yield Worker(store, organization_id, "BDG-1001")
    store.close()


def jobs(worker: Worker) -> list[PrintJob]:
    return worker.write(printing.jobs)


def codes(job: PrintJob) -> list[str]:
    return [code["text"] for label in job.labels for code in label["codes"]]


@pytest.mark.parametrize(
    ("scanned", "expected"),
    [
        ("5001000000033", ["5001000000033"]),
        ("WH1-A01-1", ["WH1-A01-1"]),
        ("T1", ["T1"]),
        ("M100", ["5001000000019", "01050010000000191726041010M100"]),
        ("SO-9", ["SO-9", "SO-9"]),
    ],
)
def test_f11_one_key_prints_any_card(ana: Worker, scanned: str, expected: list[str]) -> None:
    """F11: one key prints the label of any card."""
    ana.order("SO-9", ("GLOVE-L", 4))
    ana.write(lambda session: printing.set_printer(session, "st-1", "tcp://10.0.0.7:9100"))
    ana.scan(scanned)
    (key,) = (command for command in ana.prompt.commands if command.key == "f9")
    before = ana.prompt
    ana.command(key.name)
    assert (ana.verdict, ana.prompt) == ("G80", before)
    (job,) = jobs(ana)
    assert (codes(job), job.station, job.printer) == (expected, "st-1", "tcp://10.0.0.7:9100")


def test_without_a_printer_the_card_says_where_the_label_is(ana: Worker) -> None:
    ana.scan("WH1-A01-1").command("label")
    assert ana.verdict == "W80"
    (job,) = jobs(ana)
    assert f"labels/{printing.saved_as(job).name}" in ana.words


def test_the_label_key_means_nothing_before_a_card(ana: Worker) -> None:
    ana.command("inquiry").command("label")
    assert (ana.verdict, jobs(ana)) == ("", [])


def test_f11_a_plate_that_is_received_and_put_away_has_its_label_by_one_key(ana: Worker) -> None:
    buy(ana, "PO-1001", ("MILK-1L", 120))
    ana.menu("receive").scan("PO-1001").command("plate").command("label")
    own = codes(jobs(ana)[0])[0]
    assert (ana.verdict, own[:3]) == ("W80", "LP-")
    ana.scan("]C100050010000000000019", "]C10215001000000016172607153710\x1d10M130", "WH1-RECV")
    ana.command("label")
    assert codes(jobs(ana)[0]) == ["00050010000000000019"]
    assert jobs(ana)[0].labels[0]["lines"] == ["MILK-1L  120  M130  2026-07-15"]
    ana.command("home").menu("putaway").scan("050010000000000019").command("label")
    assert (ana.verdict, ana.prompt.target) == ("W80", "C03-1")
    assert codes(jobs(ana)[0]) == ["00050010000000000019"]


def test_d1_a_plate_s_label_tells_no_quantity_to_who_counts_blind(sqlite_url: str) -> None:
    floor = Floor(sqlite_url)
    ana = floor.ana
    buy(ana, "PO-1001", ("MILK-1L", 120))
    ana.menu("receive").scan("PO-1001", "]C100050010000000000019")
    ana.scan("]C10215001000000016172607153710\x1d10M130", "WH1-RECV").command("home")
    floor.plan("A02-1")
    ana.menu("count").scan("WH1-A02-1").command("inquiry").scan("050010000000000019").command("label")
    assert (codes(jobs(ana)[0]), jobs(ana)[0].labels[0]["lines"]) == (["00050010000000000019"], [])
    floor.store.close()


def test_an_item_without_a_plate_has_its_own_label_while_it_is_received(ana: Worker) -> None:
    buy(ana, "PO-1001", ("BOLT-M8", 1000))
    ana.menu("receive").scan("PO-1001", "15001000000030").command("label")
    assert codes(jobs(ana)[0]) == ["5001000000033"]


def test_a_label_speaks_the_worker_s_language(ana: Worker) -> None:
    ana.speak("de")
    ana.scan("M100").command("label")
    assert jobs(ana)[0].labels[0]["lines"][1] == say("de", "labels.lot", lot="M100")


def test_the_code_is_shown_and_left_again(ana: Worker) -> None:
    ana.scan("WH1-A01-1").command("code")
    assert (ana.prompt.step, ana.prompt.symbol) == ("code", "WH1-A01-1")
    assert ana.command("back").prompt.step == "bin"
    assert ana.command("code").command("code").prompt.step == "bin"
    ana.command("code").scan("5001000000033")
    assert (ana.prompt.step, ana.prompt.symbol) == ("item", "")


# -- the printer behind the real program --------------------------------------------------------------------------


@pytest.fixture
def terminal(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path) -> Iterator[Callable[[str], TerminalHost]]:
    open_ds1(sqlite_url)[0].close()
    monkeypatch.setenv("AMBRA_HOME", str(tmp_path))
    monkeypatch.setattr(print_sender, "RETRY_SECONDS", (0.01, 0.01))
    hosts: list[TerminalHost] = []

    def begin(printer: str) -> TerminalHost:
        options = TerminalOptions(store_url=sqlite_url, station="dock-1", now=NOW, server=False, printer=printer)
        hosts.append(open_terminal(options))
        return hosts[-1]

    yield begin
    for host in hosts:
        host.close()


def at_a_card(host: TerminalHost) -> Reply:
    host.sign_in(Entry("code", "BDG-1001")).result(DEADLINE_SECONDS)
    scan = host.parse(RawScan("WH1-A01-1", "wedge"))
    run = host.look().result(DEADLINE_SECONDS).run
    return host.hear(run, Entry("code", "WH1-A01-1", scan=scan)).result(DEADLINE_SECONDS)


def test_f11_the_terminal_s_printer_gets_the_label(
    terminal: Callable[[str], TerminalHost], paper_printer: PaperPrinter
) -> None:
    host = terminal(paper_printer.address)
    reply = host.hear(at_a_card(host).run, Entry("command", "label")).result(DEADLINE_SECONDS)
    assert reply.words is not None
    assert reply.words.code == "G80"
    assert "^FDWH1-A01-1^FS" in paper_printer.next_job()


def test_f11_a_failed_print_is_told_at_the_next_look_and_blocks_nothing(
    terminal: Callable[[str], TerminalHost],
) -> None:
    """F11: a failed print never blocks a posting."""
    host = terminal("tcp://127.0.0.1:1")
    told: queue.Queue[Reply] = queue.Queue()

    def look() -> None:
        host.look().add_done_callback(lambda done: told.put(done.result()))

    run = at_a_card(host).run
    host.subscribe(look)
    reply = host.hear(run, Entry("command", "label")).result(DEADLINE_SECONDS)
    assert reply.words is not None
    assert reply.words.code == "G80"
    while (seen := told.get(timeout=DEADLINE_SECONDS)).words is None:
        continue
    assert seen.words.code == "W81"
    assert "127.0.0.1:1" in seen.words.detail
    assert seen.prompt is not None


def test_opening_a_terminal_loads_no_drawing_library() -> None:
    program = (
        "import sys, ambra_tui.runtime, ambra_tui.tui.run, ambra_tui.tui.app\n"
        "from ambra_tui.floor import engine\n"
        "engine.flows()\n"
        "print(*{'PIL', 'zxingcpp', 'barcode', 'fpdf', 'fontTools'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "\n"


# -- the code on the screen ---------------------------------------------------------------------------------------


def photograph(station: Station) -> Image.Image:
    """The screen as a camera sees it: every cell's two halves in the colours that the terminal was told."""
    cells = station.terminal.cells
    picture = Image.new("L", (len(cells[0]) * CELL_WIDTH, len(cells) * CELL_HEIGHT))
    for row, line in enumerate(cells):
        for column, (sign, ink, ground) in enumerate(line):
            for half, is_lit in enumerate(_LIT.get(sign, (False, False))):
                left, top = column * CELL_WIDTH, row * CELL_HEIGHT + half * CELL_HEIGHT // 2
                shade = brightness(ink if is_lit else ground)
                picture.paste(shade, (left, top, left + CELL_WIDTH, top + CELL_HEIGHT // 2))
    return picture


def brightness(colour: str) -> int:
    """Of a colour in six hexadecimal digits; the terminal's own ground is dark."""
    return sum(bytes.fromhex(colour)) // 3 if len(colour) == 6 else 0


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(("rows", "columns"), [(16, 20), (24, 80), (40, 120)])
def test_a_code_on_the_screen_is_read_from_a_picture_of_it(start: Start, rows: int, columns: int) -> None:
    ana = start(rows, columns)
    ana.scan("WH1-A01-1", "G14")
    ana.key("F11", "WH1-A01-1 Scan it")
    assert {found.text for found in zxingcpp.read_barcodes(photograph(ana))} == {"WH1-A01-1"}
    ana.key("Esc", "A01-1")
    ana.scan("5001000000019", "G14")
    ana.key("F11", "Scan it")
    assert {found.text for found in zxingcpp.read_barcodes(photograph(ana))} == {"5001000000019"}


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_screen_that_is_too_small_for_the_code_says_so(start: Start) -> None:
    ana = start(8, 40)
    ana.scan("WH1-A01-1", "G14")
    ana.key("F11", "does not fit")
