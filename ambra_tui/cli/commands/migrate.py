"""`ambra migrate`: make the store, or bring it to this release's schema.

Example::

    $ ambra migrate
    The store is up to date (schema 1).
"""

from __future__ import annotations

import argparse

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--store``, ``--organization``."""
    add_store_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Migrate and say from where to where."""
    from ambra_tui.settings import Settings
    from ambra_tui.store.schema import SCHEMA_NUMBER, prepare, schema_number

    url = Settings.from_environment(store_url=arguments.store).store_url
    before = schema_number(url)
    prepare(url)
    if before == SCHEMA_NUMBER:
        print(f"The store is up to date (schema {SCHEMA_NUMBER}).")
    elif before == 0:
        print(f"The store is made (schema {SCHEMA_NUMBER}).")
    else:
        print(f"The store is migrated from schema {before} to {SCHEMA_NUMBER}.")
    return 0


COMMAND = Command(
    name="migrate",
    help="make the store, or bring it to this release's schema",
    add_arguments=add_arguments,
    run=run,
)
