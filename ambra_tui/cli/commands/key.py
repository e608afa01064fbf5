"""`ambra key`: API keys of integrators.

Example::

    $ ambra key create --name ERP --scopes inventory:write,orders:read
    ambra_live_Zk3v9x2a_...
"""

from __future__ import annotations

import argparse

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``create``, ``list`` and ``revoke``."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser(
        "create",
        help="make a key and print it, this once, alone on standard output",
        allow_abbrev=False,
    )
    create.add_argument("--name", required=True, metavar="LABEL", help="who or what uses the key")
    create.add_argument(
        "--scopes", required=True, metavar="LIST", help="read, write, delete, admin, or such as inventory:write"
    )
    create.add_argument(
        "--plan", default="standard", metavar="PLAN", help="free, starter, standard, professional, premium, enterprise"
    )
    create.add_argument(
        "--edition",
        default="",
        metavar="NAME",
        help="whose answers it gets where two editions share a path: stock, sku, ambra, commerce or operations "
        "(what the header X-API-Edition says, else stock)",
    )
    create.add_argument("--sandbox", action="store_true", help="a test_ key on the organization's sandbox")
    create.add_argument("--rate-limit", type=int, metavar="N", help="requests an hour, instead of the plan's")
    listed = actions.add_parser("list", help="print the keys' public parts, labels and scopes", allow_abbrev=False)
    revoke = actions.add_parser("revoke", help="end a key", allow_abbrev=False)
    revoke.add_argument("prefix", metavar="PREFIX", help="the key's public part, as `ambra key list` prints it")
    for action, work in ((create, _create), (listed, _list), (revoke, _revoke)):
        add_store_arguments(action)
        action.set_defaults(action=work)
    for action in (listed, revoke):
        action.add_argument("--sandbox", action="store_true", help="the keys of the organization's sandbox")


def run(arguments: argparse.Namespace) -> int:
    """Do the chosen action."""
    code: int = arguments.action(arguments)
    return code


def _create(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import command_line_actor, opened
    from ambra_tui.services.access import create_key

    with opened(arguments) as (store, organization):
        assert organization.id is not None
        _, secret = create_key(
            store,
            organization_id=organization.id,
            label=arguments.name,
            scopes=arguments.scopes.split(","),
            plan=arguments.plan,
            edition=arguments.edition,
            sandbox=arguments.sandbox,
            rate_limit=arguments.rate_limit,
            actor=command_line_actor(),
        )
    print(secret)
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import opened
    from ambra_tui.kit.text import printable
    from ambra_tui.services.access import list_keys, sandbox_of

    with opened(arguments) as (store, organization):
        assert organization.id is not None
        home = sandbox_of(store, organization.id) if arguments.sandbox else organization
        with store.read(home.id) as session:
            for key in list_keys(session):
                state = "revoked" if key.revoked_at else "active"
                print(f"{key.prefix}  {state:<7}  {key.plan}  {','.join(key.scopes)}  {printable(key.label)}")
    return 0


def _revoke(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import command_line_actor, opened
    from ambra_tui.errors import NotFound
    from ambra_tui.services.access import list_keys, revoke_key, sandbox_of

    with opened(arguments) as (store, organization):
        assert organization.id is not None
        home = sandbox_of(store, organization.id) if arguments.sandbox else organization
        with store.read(home.id) as session:
            found = [key.id for key in list_keys(session) if key.prefix == arguments.prefix]
        if not found:
            raise NotFound("key", arguments.prefix)
        store.writer.run(
            lambda session: revoke_key(session, found[0]), organization_id=home.id, actor=command_line_actor()
        )
    print(f"{arguments.prefix} is revoked.")
    return 0


COMMAND = Command(name="key", help="make, list and revoke API keys", add_arguments=add_arguments, run=run)
