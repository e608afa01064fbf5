"""The command `ambra`: finds the commands, reads the arguments, runs one and turns a refusal into a sentence.

Example::

    main(["scan", "parse"])   # 0
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence

from ambra_tui import __version__
from ambra_tui.cli.arguments import SHARED_DEFAULTS
from ambra_tui.cli.command import TERMINAL, Command
from ambra_tui.errors import AmbraError
from ambra_tui.kit.discover import discover
from ambra_tui.kit.text import printable

_DESCRIPTION = (
    "Warehouse stock by scan: a terminal for the floor and a REST API over one ledger. "
    "Without a command, `ambra` opens the terminal."
)
_REFUSED, _MISUSED, _INTERRUPTED, _PIPE_CLOSED = 1, 2, 130, 141


def find_commands() -> list[Command]:
    """Every command, found in `ambra_tui.cli.commands`."""
    return list(discover("ambra_tui.cli.commands", "COMMAND").values())


def build_parser(found: Iterable[Command]) -> argparse.ArgumentParser:
    """The parser of `ambra`: a subparser a command; the terminal's arguments belong to `ambra` itself."""
    parser = argparse.ArgumentParser(prog="ambra", description=_DESCRIPTION, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"ambra {__version__}")
    parser.set_defaults(chosen_command=None, **SHARED_DEFAULTS)
    named = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in sorted(found, key=lambda command: command.name):
        if command.name == TERMINAL:
            target = parser
        else:
            target = named.add_parser(command.name, help=command.help, description=command.help, allow_abbrev=False)
        target.set_defaults(chosen_command=command)
        command.add_arguments(target)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code: 0 done, 1 refused, 2 misused."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    parser = build_parser(find_commands())
    arguments = parser.parse_args(argv)
    if arguments.chosen_command is None:
        parser.print_usage(sys.stderr)
        return _MISUSED
    return _run(arguments.chosen_command, arguments)


def _run(command: Command, arguments: argparse.Namespace) -> int:
    try:
        code = command.run(arguments)
        sys.stdout.flush()
    except AmbraError as error:
        print(printable(error.message), file=sys.stderr)
        return _REFUSED
    except (KeyboardInterrupt, EOFError):
        # EOFError: Ctrl+D at a question. The shell's next prompt gets a line of its own.
        if sys.stderr.isatty():
            print(file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # What is still buffered has no reader; without this the interpreter complains while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    return code
