"""`ambra mcp`: the questions of the store as tools for programs that speak MCP, over standard input and output.

Example::

    $ ambra --store sqlite:///ambra.db mcp            # or with AMBRA_API_KEY, whose organization counts
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command
from ambra_tui.errors import Invalid, NotAllowed

if TYPE_CHECKING:
    from ambra_tui.store import Store

SCOPE = ("inventory", "read")


def run(arguments: argparse.Namespace) -> int:
    """Serve until the input ends."""
    from ambra_tui.cli.stores import open_existing
    from ambra_tui.services.access_system import choose_organization

    try:
        from ambra_tui.services.assistants.mcp_server import make_server
    except ImportError as error:
        raise Invalid(f"The extra 'mcp' is missing ({error.name}): pip install 'ambra-tui[mcp]'") from error
    with open_existing(arguments) as store:
        organization_id = _organization_of_key(store)
        if organization_id is None:
            organization_id = choose_organization(store, arguments.organization).id
        assert organization_id is not None
        print("answering MCP on standard input and output", file=sys.stderr, flush=True)
        make_server(store, organization_id).run("stdio")
    return 0


def _organization_of_key(store: Store) -> int | None:
    """The organization of `AMBRA_API_KEY`; None where no key is given."""
    from ambra_tui.services.access import key_for

    secret = os.environ.get("AMBRA_API_KEY")
    if not secret:
        return None
    principal = key_for(store, secret)
    if not principal.allows(*SCOPE):
        raise NotAllowed(f"This key may not ask: it needs the scope {':'.join(SCOPE)}")
    return principal.organization_id


COMMAND = Command(
    name="mcp", help="offer the questions of the store to programs that speak MCP", add_arguments=add_store_arguments,
    run=run,
)  # fmt: skip
