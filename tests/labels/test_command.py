"""`ambra labels`: what a person types and what lies there afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from ambra_tui.cli import main
from ambra_tui.services import print_sender, printing
from ambra_tui.store import open_store
from tests.floor.worker import open_ds1
from tests.labels.conftest import PaperPrinter

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ambra(sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `ambra labels` on ds1, in a folder of its own; answers (exit code, standard output, standard error)."""
    open_ds1(sqlite_url)[0].close()
    monkeypatch.setenv("AMBRA_STORE", sqlite_url)
    monkeypatch.setenv("AMBRA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(print_sender, "RETRY_SECONDS", (0.01, 0.01))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["labels", *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def in_pdf(path: str) -> set[str]:
    with pypdfium2.PdfDocument(path) as document:
        pages = [page.render(scale=300 / 72).to_pil() for page in document]
    return {found.text for page in pages for found in zxingcpp.read_barcodes(page, text_mode=zxingcpp.TextMode.Plain)}


def test_all_bins_of_a_site_on_sheets(ambra: Run) -> None:
    assert ambra("bins", "--site", "wh1", "--sheet", "a4-24", "--out", "bins.pdf") == (
        0,
        "15 labels of bins are in bins.pdf.\n",
        "",
    )
    found = in_pdf("bins.pdf")
    assert len(found) == 15
    assert {"WH1-A01-1", "WH1-RECV", "WH1-QUAR"} <= found


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("bins", "WH1-A01-1", "b02-1"), {"WH1-A01-1", "WH1-B02-1"}),
        (("bins", "--zone", "B", "--arrow", "up"), {"WH1-B01-1", "WH1-B02-1", "WH1-B03-1", "WH1-B04-1"}),
        (("totes", "T1", "T9"), {"T1", "T9"}),
        (("badges", "--code", "BDG-1001", "--name", "Ana [b]"), {"BDG-1001"}),
        (("variants", "MILK-1L", "5001000000033"), {"5001000000019", "5001000000033"}),
        (("variants", "MILK-1L", "--lot", "M100"), {"5001000000019", "01050010000000191726041010M100"}),
        (("cases", "BOLT-M8"), {"15001000000030", "25001000000037"}),
        (("cases", "15001000000016", "--lot", "M100"), {"01150010000000161726041010M100"}),
        (("plates", "--prefix", "0500100", "--count", "2"), {"00050010000000000019", "00050010000000000026"}),
    ],
)  # fmt: skip
def test_each_kind_says_what_was_asked_for(ambra: Run, words: tuple[str, ...], expected: set[str]) -> None:
    assert ambra(*words, "--out", "labels.pdf", "--sheet", "100x50")[0] == 0
    assert in_pdf("labels.pdf") == expected


def test_documents_carry_their_number_twice(ambra: Run, sqlite_url: str) -> None:
    from tests.floor.worker import Worker

    with open_store(sqlite_url) as store:
        Worker(store, 1, "BDG-9001").order("SO-9", ("GLOVE-L", 1))
    assert ambra("documents", "so-9", "--out", "so.pdf")[0] == 0
    assert in_pdf("so.pdf") == {"SO-9"}
    assert ambra("documents", "--out", "all.pdf")[:2] == (0, "1 label of documents is in all.pdf.\n")


def test_a_second_run_replaces_the_file_whole(ambra: Run, tmp_path: Path) -> None:
    ambra("bins", "--out", "x.pdf")
    ambra("bins", "WH1-A01-1", "--out", "x.pdf")
    assert in_pdf("x.pdf") == {"WH1-A01-1"}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_many_pictures_go_into_a_folder(ambra: Run, tmp_path: Path) -> None:
    assert ambra("totes", "--format", "png", "--dpi", "300", "--out", "totes/")[0] == 0
    pictures = sorted((tmp_path / "totes").iterdir())
    assert [path.name for path in pictures[:2]] == ["0001-T1.png", "0002-T2.png"]
    with Image.open(pictures[0]) as picture:
        assert zxingcpp.read_barcode(picture.convert("L")).text == "T1"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("bins",), "Say where the labels go"),
        (("bins", "--out", "a.pdf", "--printer", "tcp://x"), "exclude each other"),
        (("bins", "--out", "a.svg"), "do not go into one SVG"),
        (("bins", "--out", "a.doc"), "tells no format"),
        (("bins", "--out", "no/such/folder/a.pdf"), "cannot be written"),
        (("bins", "NOPE", "--out", "a.pdf"), "'NOPE' not found"),
        (("bins", "--site", "WH9", "--out", "a.pdf"), "'WH9' not found"),
        (("bins", "--sheet", "a9", "--out", "a.pdf"), "no label stock 'a9'"),
        (("variants", "BOLT-M8", "--lot", "X", "--out", "a.pdf"), "not found"),
        (("plates", "--prefix", "12", "--out", "a.pdf"), "an SSCC begins with"),
        (("plates", "--prefix", "0500100", "--count", "0", "--out", "a.pdf"), "--count is"),
        (("bins", "--font", "pyproject.toml", "--printer", "nonsense"), "is no printer"),
        (("reprint", "nope"), "not found"),
    ],
)  # fmt: skip
def test_what_cannot_be_printed_is_refused_in_a_sentence(
    ambra: Run, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    code, _, error = ambra(*words)
    assert code == 1
    assert sentence in error
    assert not list(tmp_path.glob("a.*"))


def test_a_printer_gets_them_and_the_queue_remembers(ambra: Run, paper_printer: PaperPrinter) -> None:
    assert ambra("bins", "WH1-A01-1", "--printer", paper_printer.address)[:2] == (0, "1 label of bins is printed.\n")
    assert "^FDWH1-A01-1^FS" in paper_printer.next_job()
    _, listed, _ = ambra("jobs")
    assert "printed" in listed
    assert paper_printer.address in listed
    job_id = next(word for word in listed.split() if word.startswith("prt_"))
    assert ambra("reprint", job_id[-8:])[:2] == (0, "Printed.\n")
    assert "^FDWH1-A01-1^FS" in paper_printer.next_job()


def test_a_dead_printer_is_told_with_the_way_to_try_again(ambra: Run, paper_printer: PaperPrinter) -> None:
    code, _, error = ambra("totes", "T1", "--printer", "tcp://127.0.0.1:1")
    assert code == 1
    command = error.rpartition("ambra labels ")[2].split()
    assert "Not printed: 127.0.0.1:1" in error
    assert ambra(*command, "--printer", paper_printer.address)[0] == 0
    assert "^FDT1^FS" in paper_printer.next_job()


def test_a_badge_s_code_stays_out_of_the_store(ambra: Run, sqlite_url: str, paper_printer: PaperPrinter) -> None:
    words = ("badges", "--code", "BDG-7777", "--name", "Eve", "--printer", paper_printer.address)
    assert ambra(*words)[:2] == (0, "1 label of badges is printed.\n")
    assert "^FDBDG-7777^FS" in paper_printer.next_job()
    assert b"BDG-7777" not in Path(sqlite_url.removeprefix("sqlite:///")).read_bytes()
    with open_store(sqlite_url) as store, store.read(1) as session:
        assert printing.jobs(session) == []


def test_a_station_s_printer_is_shown_set_and_taken_away(ambra: Run) -> None:
    assert "no printer" in ambra("printer", "dock-1")[1]
    assert ambra("printer", "dock-1", "tcp://10.0.0.7:9100")[1] == "dock-1: tcp://10.0.0.7:9100\n"
    assert "no printer" in ambra("printer", "dock-1", "none")[1]


def test_letters_that_the_font_has_not_are_told(ambra: Run) -> None:
    code, _, error = ambra("badges", "--code", "B1", "--name", "漢字", "--out", "b.pdf")
    assert code == 0
    assert "--font FILE" in error


def test_a_person_gets_a_badge_and_its_label(ambra: Run, capsys: pytest.CaptureFixture[str], sqlite_url: str) -> None:
    assert main(["user", "add", "Eve", "--badge", "BDG-7777", "--label", "eve.pdf"]) == 0
    assert "eve.pdf" in capsys.readouterr().out
    assert in_pdf("eve.pdf") == {"BDG-7777"}
    assert main(["user", "add", "Eva", "--badge", "BDG-7778", "--label", "eva.doc"]) == 1
    assert "tells no format" in capsys.readouterr().err
    assert main(["user", "add", "Eva", "--badge", "BDG-7778"]) == 0
