"""`ambra sandbox`: the sample data that an organization's `test_` keys work on.

Example::

    $ ambra sandbox reset
    The sandbox of Acme is fresh: 3 warehouses, 16 products, 14 orders.
"""

from __future__ import annotations

import argparse

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``reset``."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    reset = actions.add_parser(
        "reset", help="put fresh sample data in place of everything in the sandbox; its keys and webhooks stay",
        allow_abbrev=False,
    )  # fmt: skip
    add_store_arguments(reset)
    reset.set_defaults(action=_reset)


def run(arguments: argparse.Namespace) -> int:
    """Do the chosen action."""
    code: int = arguments.action(arguments)
    return code


def _reset(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import command_line_actor, opened
    from ambra_tui.kit.text import printable
    from ambra_tui.services.sandboxes import reset_sandbox

    with opened(arguments) as (store, organization):
        live_id = organization.sandbox_of or organization.id
        assert live_id is not None
        done = reset_sandbox(store, live_id, actor=command_line_actor())
    held = ", ".join(f"{done.counts[noun]} {noun}" for noun in ("warehouses", "products", "orders"))
    print(f"The sandbox of {printable(organization.name)} is fresh: {held}.")
    return 0


COMMAND = Command(name="sandbox", help="begin the sandbox anew", add_arguments=add_arguments, run=run)
