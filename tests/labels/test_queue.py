"""The queue: labels as they were asked for, a printer that is slow or gone, posting that waits for neither (F11)."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlmodel import Session

from ambra_tui.errors import Conflict, Invalid, NotFound, WrongState
from ambra_tui.labels import printer as printers
from ambra_tui.labels.printer import Printer, parse_printer
from ambra_tui.services import label_lists, labels, places, print_sender, printing
from ambra_tui.services.print_sender import Failure, PrintSender
from ambra_tui.store import Store
from ambra_tui.store.models import CycleCount, PrintJob, ReturnAuthorization, StockTransfer
from tests import factories
from tests.labels.conftest import DEADLINE_SECONDS, LABELS, PaperPrinter

T = TypeVar("T")
Write = Callable[[Callable[[Session], T]], T]
STATION = factories.TESTER.station
NOBODY_LISTENS = "tcp://127.0.0.1:1"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(print_sender, "RETRY_SECONDS", (0.01, 0.01))
    monkeypatch.setenv("AMBRA_HOME", str(tmp_path / "home"))


@pytest.fixture
def sender(store: Store, organization_id: int) -> Iterator[Callable[..., PrintSender]]:
    started: list[PrintSender] = []

    def begin(**more: Any) -> PrintSender:
        started.append(PrintSender(store, organization_id, STATION, **more))
        started[-1].start()
        return started[-1]

    yield begin
    for one in started:
        one.stop(timeout_seconds=DEADLINE_SECONDS)


def job_of(write: Write[PrintJob], job_id: str) -> PrintJob:
    return write(lambda session: printing.find_job(session, job_id))


def queued(write: Write[str], address: str | None = None, count: int = 1) -> str:
    return write(lambda session: printing.add_job(session, LABELS[:count], kind="bin", printer=address).id)


def test_a_job_reaches_the_printer_of_its_station(write, sender, paper_printer: PaperPrinter) -> None:
    write(lambda session: printing.set_printer(session, STATION, paper_printer.address))
    job_id = queued(write, count=3)
    begun = sender()
    text = paper_printer.next_job()
    assert text.count("^XA") == 3
    assert "^FDWH1-A01-1^FS" in text
    begun.stop(timeout_seconds=DEADLINE_SECONDS)
    job = job_of(write, job_id)
    assert (job.state, job.attempts, job.error, job.title) == ("printed", 1, "", "A01-1 +2")
    assert job.user_name == factories.TESTER.name
    assert job.printed_at is not None


def test_copies_resolution_and_stock_follow_the_printer(write, sender, paper_printer: PaperPrinter) -> None:
    address = f"{paper_printer.address}?dpi=300&sheet=57x32"
    write(lambda session: printing.add_job(session, LABELS[:1], kind="bin", copies=2, printer=address).id)
    sender()
    text = paper_printer.next_job()
    assert (text.count("^XA"), text.count("^PQ2"), text.count("^PW673\n^LL377\n")) == (1, 1, 1)


def test_a_dead_printer_fails_the_job_and_it_can_be_printed_again(write, sender, paper_printer: PaperPrinter) -> None:
    told: queue.Queue[Failure] = queue.Queue()
    job_id = queued(write, NOBODY_LISTENS)
    begun = sender(failed=told.put)
    failure = told.get(timeout=DEADLINE_SECONDS)
    assert (failure.job_id, failure.title) == (job_id, "A01-1")
    assert "127.0.0.1:1" in failure.error
    job = job_of(write, job_id)
    assert (job.state, job.attempts, job.error) == ("failed", print_sender.MAX_ATTEMPTS, failure.error)
    again = write(lambda session: printing.reprint(session, job_id, printer=paper_printer.address))
    begun.wake()
    assert "^FDWH1-A01-1^FS" in paper_printer.next_job()
    assert again.labels == job.labels


def test_a_printer_that_hangs_holds_up_nobody(
    write, sender, hanging_printer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printers, "SEND_SECONDS", 0.2)
    told: queue.Queue[Failure] = queue.Queue()
    many = [replace(LABELS[0], lines=("Жук" * 20, str(number))) for number in range(60)]  # more than the line holds
    write(lambda session: printing.add_job(session, many, kind="bin", printer=hanging_printer).id)
    sender(failed=told.put)
    posted = [write(lambda session, number=number: places.find_or_create_plate(session, f"LP-{number}").code)
              for number in range(20)]  # fmt: skip
    assert len(posted) == 20
    assert told.get(timeout=DEADLINE_SECONDS).error.endswith("does not answer")


def test_a_label_that_cannot_be_drawn_fails_at_once(write, sender) -> None:
    told: queue.Queue[Failure] = queue.Queue()
    address = f"{NOBODY_LISTENS}?sheet=20x10"
    job_id = write(lambda session: printing.add_job(session, LABELS[7:8], kind="case", printer=address).id)
    sender(failed=told.put)
    assert "does not fit" in told.get(timeout=DEADLINE_SECONDS).error
    assert job_of(write, job_id).attempts == 1


def test_what_waited_when_the_program_ended_is_printed_after_the_next_start(
    write, sender, paper_printer: PaperPrinter
) -> None:
    job_id = queued(write, paper_printer.address)
    write(lambda session: printing.begin(session, job_id))  # taken, and then the power was gone
    sender()
    assert paper_printer.next_job().count("^XA") == 1


def test_another_station_s_labels_are_left_to_it(write, sender, paper_printer: PaperPrinter) -> None:
    write(lambda s: printing.add_job(s, LABELS[:1], kind="bin", printer=paper_printer.address, station="far").id)
    own = queued(write, paper_printer.address)
    begun = sender()
    paper_printer.next_job()
    begun.stop(timeout_seconds=DEADLINE_SECONDS)
    assert {job.station: job.state for job in write(printing.jobs)} == {"far": "queued", STATION: "printed"}
    assert job_of(write, own).state == "printed"


def test_without_a_printer_the_label_is_a_pdf_in_the_data_folder(write, sender) -> None:
    job_id = queued(write)
    begun = sender()
    while job_of(write, job_id).state == "queued":
        begun.wake()
    path = printing.saved_as(job_of(write, job_id))
    assert path.parent == printing.folder()
    assert path.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("ending", ["", "lp0"])
def test_a_file_or_a_folder_is_a_printer_too(ending: str, tmp_path: Path) -> None:
    address = f"file://{tmp_path}/{ending}"
    printer = parse_printer(address)
    for _ in range(2):
        printers.send(printer, "job_123456", "A01-1", LABELS[:1])
    if ending:
        assert (tmp_path / "lp0").read_text().count("^XA") == 2
    else:
        assert (tmp_path / "A01-1-123456.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    "address",
    ["", "lp", "http://x", "tcp://", "tcp://h:99999", "file://", "file://host/x", "tcp://h?dpi=600", "tcp://h?x=1",
     "tcp://h?sheet=nope"],
)  # fmt: skip
def test_what_is_no_printer_is_refused(address: str) -> None:
    with pytest.raises(Invalid):
        parse_printer(address)


def test_the_port_is_9100_unless_told() -> None:
    assert parse_printer("tcp://10.0.0.7") == Printer("tcp", host="10.0.0.7", port=9100)
    assert parse_printer("tcp://[::1]:9101?dpi=300").port == 9101


def test_a_station_has_one_printer_until_it_is_taken_away(store: Store, write) -> None:
    for address in ("tcp://a:9100", "tcp://b:9100"):
        write(lambda session, address=address: printing.set_printer(session, "dock-1", address))
    assert write(lambda session: printing.printer_of(session, "dock-1")) == "tcp://b:9100"
    assert write(lambda session: printing.printer_of(session, "dock-2")) == ""
    write(lambda session: printing.set_printer(session, "dock-1", printing.NO_PRINTER))
    assert write(lambda session: printing.printer_of(session, "dock-1")) == ""
    with pytest.raises(Invalid):
        write(lambda session: printing.set_printer(session, "dock-1", "nonsense"))


def test_the_queue_has_limits(store: Store, write, monkeypatch: pytest.MonkeyPatch) -> None:
    for count, copies in ((0, 1), (printing.MAX_LABELS + 1, 1), (1, 0), (1, printing.MAX_COPIES + 1)):
        with pytest.raises(Invalid):
            write(lambda s, n=count, c=copies: printing.add_job(s, LABELS[:1] * n, kind="bin", copies=c))
    monkeypatch.setattr(printing, "MAX_WAITING", 2)
    for _ in range(2):
        queued(write)
    with pytest.raises(Conflict, match="wait for this station's printer"):
        queued(write)


def test_a_job_that_waits_is_not_printed_twice(store: Store, write) -> None:
    job_id = queued(write)
    with pytest.raises(WrongState):
        write(lambda session: printing.reprint(session, job_id))
    with pytest.raises(NotFound):
        write(lambda session: printing.reprint(session, "prt_none"))
    write(lambda session: printing.printed(session, job_id))
    assert write(lambda session: printing.begin(session, job_id)) is None
    assert write(lambda session: printing.reprint(session, job_id[-8:])).id != job_id


def test_labels_say_what_the_store_knows(store: Store, write) -> None:
    house = write(factories.warehouse)
    milk = write(lambda s: factories.variant(s, sku="MILK-1L", name="Milk", is_lot_tracked=True))
    lot = write(lambda s: factories.lot(s, milk, number="M1", expiry=date(2026, 7, 15)))
    write(lambda s: labels_barcodes(s, milk.id))
    plate = write(lambda s: places.find_or_create_plate(s, "050010000000000019"))
    own = write(lambda s: places.find_or_create_plate(s, "LP-7"))

    def codes(kind: str, subject_id: str, detail: str = "") -> list[tuple[str, str]]:
        (label,) = write(lambda s: labels.labels_of(s, kind, subject_id, detail))
        return [(code.symbology, code.text) for code in label.codes]

    assert codes("bin", house.bin.id) == [("code128", "WH1-A01-1")]
    assert codes("item", milk.id) == [("ean13", "5001000000019")]
    assert codes("lot", lot.id) == [
        ("ean13", "5001000000019"),
        ("gs1_datamatrix", "01050010000000191726071510M1"),
    ]
    assert codes("serial", milk.id, "SN1")[1] == ("gs1_datamatrix", "010500100000001921SN1")
    assert codes("plate", plate.id) == [("gs1_128", "00050010000000000019")]
    assert codes("plate", own.id) == [("code128", "LP-7")]
    (case,) = write(label_lists.case_labels)
    assert [(code.symbology, code.text) for code in case.codes] == [("itf14", "15001000000016")]
    assert case.lines == ("MILK-1L", "12 ea")
    with pytest.raises(Invalid, match="no label for a wish"):
        write(lambda s: labels.labels_of(s, "wish", "x"))


def test_every_open_document_has_a_label_and_any_by_its_number(store: Store, write) -> None:
    def documents(session: Session) -> None:
        home, shop = factories.site(session), factories.site(session, code="ST1")
        milk = factories.variant(session)
        factories.purchase_order(session, home, (milk, 5), number="PO-1")
        order = factories.sales_order(session, home, (milk, 1), number="SO-1", customer={"name": "Käthe"})
        factories.sales_order(session, home, (milk, 1), number="SO-2", status="shipped")
        common = {
            "organization_id": home.organization_id,
            "created_at": order.created_at,
            "updated_at": order.created_at,
        }
        session.add_all([
            StockTransfer(
                id="tr", number="TR-1", source_site_id=home.id, destination_site_id=shop.id, **common
            ),
            ReturnAuthorization(id="rma", number="RMA-1", order_id=order.id, site_id=home.id, **common),
            CycleCount(id="cc", number="CC-1", site_id=home.id, **common),
        ])  # fmt: skip

    write(documents)
    found = {label.title: label.lines for label in write(label_lists.document_labels)}
    assert found == {
        "PO-1": ("Dairy Ltd",),
        "SO-1": ("Käthe",),
        "TR-1": ("Site WH1 → Site ST1",),
        "RMA-1": ("SO-1",),
        "CC-1": ("Site WH1",),
    }
    (shipped,) = write(lambda session: label_lists.document_labels(session, ["so-2"]))
    assert [(code.symbology, code.text) for code in shipped.codes] == [("code128", "SO-2"), ("qr", "SO-2")]
    with pytest.raises(NotFound):
        write(lambda session: label_lists.document_labels(session, ["XX-1"]))


def labels_barcodes(session: Session, variant_id: str) -> None:
    from ambra_tui.services.catalog import add_barcode

    add_barcode(session, variant_id=variant_id, code="5001000000019")
    add_barcode(session, variant_id=variant_id, code="15001000000016", kind="case", quantity=12)


@pytest.mark.parametrize(
    ("stored", "symbology", "text"),
    [
        ("05001000000019", "ean13", "5001000000019"),
        ("00012345678905", "upca", "012345678905"),
        ("00000096385074", "ean8", "96385074"),
        ("15001000000016", "itf14", "15001000000016"),
        ("15001000000017", "code128", "15001000000017"),
        ("BOX/7", "code128", "BOX/7"),
        ("Größe-1", "datamatrix", "Größe-1"),
    ],
)
def test_a_barcode_is_printed_as_the_symbol_that_it_is(stored: str, symbology: str, text: str) -> None:
    code = labels.item_code(stored)
    assert (code.symbology, code.text) == (symbology, text)
