"""The frame of `ambra`: help is cheap, arguments are shared, refusals are sentences."""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
from pathlib import Path

import pytest

from ambra_tui import __version__
from ambra_tui.cli import arguments as shared
from ambra_tui.cli import build_parser, find_commands, main
from ambra_tui.cli.command import TERMINAL, Command
from ambra_tui.errors import Conflict

HEAVY = (
    "textual",
    "sqlmodel",
    "sqlalchemy",
    "pydantic",
    "fastapi",
    "uvicorn",
    "alembic",
    "serial",
    "barcode",
)


def _nothing(parser: argparse.ArgumentParser) -> None:
    """A command without arguments."""


def _modules_after(argument: str) -> set[str]:
    program = (
        "import sys\n"
        "from ambra_tui.cli import main\n"
        "try:\n"
        f"    main([{argument!r}])\n"
        "except SystemExit as ended:\n"
        "    assert ended.code == 0\n"
        "print('MODULES', *sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.rpartition("MODULES ")[2].split())


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(argument: str) -> None:
    assert _modules_after(argument).isdisjoint(HEAVY)


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    names = [command.name for command in find_commands() if command.name != TERMINAL]
    assert [name for name in names if f"    {name}" not in text] == []


def test_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"ambra {__version__}\n"


def test_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["scam"])
    assert ended.value.code == 2
    assert "usage: ambra" in capsys.readouterr().err


def _parser_with(seen: list[argparse.Namespace]) -> argparse.ArgumentParser:
    def remember(arguments: argparse.Namespace) -> int:
        seen.append(arguments)
        return 0

    return build_parser(
        [
            Command(TERMINAL, "the terminal", shared.add_terminal_arguments, remember),
            Command("check", "check it", shared.add_store_arguments, remember),
        ]
    )


@pytest.mark.parametrize("line", [["--store", "a", "check"], ["check", "--store", "a"]])
def test_store_may_stand_before_or_after_the_command(line: list[str]) -> None:
    parsed = _parser_with([]).parse_args(line)
    assert (parsed.store, parsed.organization, parsed.chosen_command.name) == ("a", None, "check")


def test_without_a_command_the_terminal_is_chosen() -> None:
    parsed = _parser_with([]).parse_args(["--site", "WH1", "--station", "dock 1", "--serial", "auto"])
    assert parsed.chosen_command.name == TERMINAL
    assert (parsed.site, parsed.station, parsed.serial, parsed.server) == ("WH1", "dock 1", "auto", None)


@pytest.mark.parametrize(("line", "server"), [(["--server"], True), (["--no-server"], False), ([], None)])
def test_server_is_yes_no_or_unsaid(line: list[str], server: bool | None) -> None:
    assert _parser_with([]).parse_args(line).server is server


def test_a_refusal_is_one_sentence_without_control_characters(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: argparse.Namespace) -> int:
        raise Conflict("Bin \x1b[31mA-03 holds 4")

    monkeypatch.setattr("ambra_tui.cli.find_commands", lambda: [Command("go", "go", _nothing, refuse)])
    assert main(["go"]) == 1
    assert capsys.readouterr().err == "Bin <1B>[31mA-03 holds 4\n"


def test_an_interrupt_ends_quietly(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("ambra_tui.cli.find_commands", lambda: [Command("go", "go", _nothing, interrupt)])
    assert main(["go"]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("command", [["verify"], ["backup", "x.backup"], ["migrate"], ["organization", "create", "x"]])
@pytest.mark.parametrize("store", ["nonsense", "mysql://ana:secret@host/x", "junk", "folder"])
def test_what_is_no_store_is_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, store: str, command: list[str]
) -> None:
    (tmp_path / "junk").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "folder").mkdir()
    url = f"sqlite:///{tmp_path / store}" if store in ("junk", "folder") else store
    assert main(["--store", url, *command]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "secret" not in printed.err


def test_a_store_that_is_not_there_is_named_with_what_to_do(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--store", f"sqlite:///{tmp_path}/no.db", "verify"]) == 1
    assert capsys.readouterr().err.startswith(f"There is no store at sqlite:///{tmp_path}/no.db. ")
    assert not (tmp_path / "no.db").exists()


@pytest.mark.parametrize(
    ("line", "named"),
    [(["demo", "--sample", "ds1"], "ambra serve --sample ds1"),
     (["--store", "sqlite:///x.db"], "ambra --store sqlite:///x.db serve")],
)  # fmt: skip
def test_without_a_terminal_the_server_s_command_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, line: list[str], named: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert main(line) == 1
    assert capsys.readouterr().err.endswith(f": {named}\n")
