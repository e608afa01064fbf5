"""`ambra scan parse` as another program sees it: a line in, one JSON object out."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import Any

import pytest

from ambra_tui.cli import main
from ambra_tui.cli.commands.scan import LINE_LIMIT_BYTES, read_scans

KEYS = ("kind", "gtin", "lot", "expiry", "best_before", "production_date", "serial", "count")
KEYS += ("net_weight_kg", "sscc", "other", "error")


def ask(lines: bytes, *options: str) -> list[dict[str, Any]]:
    program = "import sys; from ambra_tui.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", program, "scan", "parse", *options],
        input=lines,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == b""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_pallet_of_the_first_receipt() -> None:
    plate, content = ask(
        b"]C100050010000000000019\n]C10215001000000016172607153710\\x1d10M130\n", "--today", "2026-03-02"
    )
    assert {key: plate[key] for key in KEYS} == dict.fromkeys(KEYS) | {
        "kind": "gs1",
        "sscc": "050010000000000019",
        "other": {},
    }
    assert {key: content[key] for key in KEYS} == dict.fromkeys(KEYS) | {
        "kind": "gs1",
        "gtin": "15001000000016",
        "expiry": "2026-07-15",
        "lot": "M130",
        "count": 10,
        "other": {},
    }


def test_numbers_are_numbers_and_further_identifiers_are_other() -> None:
    [scan] = ask(b"]C101050010000000193103001500422276\\x1d240REF\n")
    assert scan["net_weight_kg"] == 1.5
    assert scan["other"] == {"422": "276", "240": "REF"}


def test_the_day_decides_the_century() -> None:
    line = b"]C1010500100000001917490101\n"
    assert ask(line, "--today", "2026-03-02")[0]["expiry"] == "2049-01-01"
    assert ask(line, "--today", "2099-12-31")[0]["expiry"] == "2149-01-01"


def test_hostile_lines_are_answered_and_the_next_one_is_read() -> None:
    hostile = [
        b"\xff\xfe5001000000019",
        b"A" * 1_000_000,
        b"a\x00b",
        b"\x1b[31m",
        b"",
        b"\xed\xa0\x80",
        b"\\x1b]0;x\\x07",
        b"9" * LINE_LIMIT_BYTES,
    ]
    answers = ask(b"\n".join([*hostile, b"5001000000019"]))
    assert [answer["kind"] for answer in answers] == ["invalid"] * len(hostile) + ["gtin"]
    assert answers[1]["error"] == "too_long"


def test_escapes_and_line_ends() -> None:
    stream = io.BytesIO(b"a\\x1db\\\\x1d\\(\r\nlast")
    assert list(read_scans(stream)) == ["a\x1db\\x1d\\(", "last"]


def test_the_masks_are_chosen_by_name() -> None:
    line = b"2312345612342\n"
    [scan] = ask(line, "--masks", "sweden")
    assert (scan["kind"], scan["item_reference"], scan["net_weight_kg"]) == ("restricted", "123456", 1.234)
    [scan] = ask(line)
    assert (scan["item_reference"], scan["net_weight_kg"]) == ("12345", None)


def test_a_part_of_a_label_is_accepted_when_asked() -> None:
    assert ask(b"]C110M130\n")[0]["error"] == "missing_ai"
    [part] = ask(b"]C110M130\n", "--label-parts")
    assert (part["error"], part["lot"]) == (None, "M130")


def test_an_unknown_mask_set_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "parse", "--masks", "atlantis"]) == 1
    assert "no mask set 'atlantis'" in capsys.readouterr().err


@pytest.mark.parametrize("line", [["scan"], ["scan", "parse", "--today", "tomorrow"]])
def test_misuse_is_a_usage_error(line: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line)
    assert ended.value.code == 2


def test_a_reader_that_leaves_ends_the_command_quietly() -> None:
    program = "import sys; from ambra_tui.cli import main; sys.exit(main(['scan', 'parse']))"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(b"5001000000019\n")
        process.stdin.flush()
        assert b"05001000000019" in process.stdout.readline()
        process.stdout.close()
        process.stdin.write(b"5001000000019\n")
        process.stdin.close()
        assert process.wait(timeout=60) == 141
        assert process.stderr.read() == b""
