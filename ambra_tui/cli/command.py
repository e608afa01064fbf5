"""What a command is: one module in `ambra_tui.cli.commands` that exports `COMMAND`.

A command module imports nothing heavy at its top: `ambra --help` imports every one of them. Whatever a
command needs (the store, Textual, the web server) it imports inside `run`.

Example::

    COMMAND = Command(name="verify", help="check the ledger", add_arguments=add_arguments, run=run)
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NamedTuple

TERMINAL = ""


class Command(NamedTuple):
    """`name` is the word after ``ambra``; the empty name is what `ambra` does without one: the terminal.

    `add_arguments` describes the command's arguments; `run` does the work and returns the exit code. A refusal
    is an AmbraError: its message goes to standard error and the exit code is 1.
    """

    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
