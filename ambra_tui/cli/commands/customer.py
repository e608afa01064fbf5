"""`ambra customer`: one person's data given out or erased.

Example::

    $ ambra customer export jane@example.com > jane.json
    $ ambra customer erase jane@example.com --yes
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command

if TYPE_CHECKING:
    from collections.abc import Callable

    from ambra_tui.store import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``export``, ``erase`` and ``compact``."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    def action(name: str, work: Callable[[argparse.Namespace], int], told: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=told, allow_abbrev=False)
        add_store_arguments(made)
        made.set_defaults(action=work)
        return made

    export = action("export", _export, "print everything that is known of a customer, as JSON")
    erase = action("erase", _erase, "erase a customer's words; without --yes only tell what would be erased")
    erase.add_argument("--yes", action="store_true", help="erase, for good")
    action("compact", _compact, "write the store's file anew, so that nothing erased is left in its free pages")
    for one in (export, erase):
        one.add_argument("customer", metavar="CUSTOMER", help="their id or e-mail address")


def run(arguments: argparse.Namespace) -> int:
    """Do the chosen action."""
    code: int = arguments.action(arguments)
    return code


def _named(store: Store, organization_id: int, text: str) -> str:
    """The id of the customer that is meant."""
    from ambra_tui.services import customers

    with store.read(organization_id) as session:
        found = customers.find_customer(session, text) if "@" in text else None
        return found.id if found is not None else customers.get_customer(session, text).id


def _export(arguments: argparse.Namespace) -> int:
    import json

    from ambra_tui.cli.stores import command_line_actor, opened
    from ambra_tui.services import customers

    with opened(arguments) as (store, organization):
        assert organization.id is not None
        customer_id = _named(store, organization.id, arguments.customer)
        with store.read(organization.id) as session:
            told = customers.export_customer(session, customer_id)
        store.writer.run(
            lambda session: customers.note_export(session, customer_id),
            organization_id=organization.id, actor=command_line_actor(),
        )  # fmt: skip
    print(json.dumps(told, ensure_ascii=True, indent=2))
    return 0


def _erase(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import command_line_actor, opened
    from ambra_tui.services import customers
    from ambra_tui.services.compacting import compact

    with opened(arguments) as (store, organization):
        assert organization.id is not None
        customer_id = _named(store, organization.id, arguments.customer)
        done = customers.erase_customer(
            store, organization.id, customer_id, is_dry_run=not arguments.yes, actor=command_line_actor()
        )
        for name, count in done.counts.items():
            print(f"{name.replace('_', ' ')}: {count}")
        if done.erased_at is None:
            print(f"{customer_id} would be erased. Run it again with --yes.")
            return 0
        compact(store)
    print(f"{customer_id} is erased. Backups from before still hold them.")
    return 0


def _compact(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import open_existing
    from ambra_tui.services.compacting import compact

    with open_existing(arguments) as store:
        is_done = compact(store)
    print("The store's file is written anew." if is_done else "PostgreSQL does that by itself.")
    return 0


COMMAND = Command(
    name="customer", help="give out or erase one person's data", add_arguments=add_arguments, run=run
)  # fmt: skip
