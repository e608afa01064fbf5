"""`ambra oauth`: programs that people let in, with tokens that end.

Example::

    $ ambra oauth client add --name Shop --redirect https://shop.example.com/callback --scopes orders:read
    client id: client_01K...
    secret: ambra_ocs_...
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command

if TYPE_CHECKING:
    from collections.abc import Callable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``client add``, ``client list`` and ``client remove``."""
    nouns = parser.add_subparsers(title="of what", metavar="NOUN", required=True)
    client = nouns.add_parser("client", help="programs that may ask for access", allow_abbrev=False)
    actions = client.add_subparsers(title="actions", metavar="ACTION", required=True)

    def action(name: str, work: Callable[[argparse.Namespace], int], told: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=told, allow_abbrev=False)
        add_store_arguments(made)
        made.add_argument("--sandbox", action="store_true", help="of the organization's sandbox")
        made.set_defaults(action=work)
        return made

    add = action("add", _add, "register a program and print its id and secret, this once")
    add.add_argument("--name", required=True, metavar="NAME", help="what people read when it asks them")
    add.add_argument(
        "--scopes", required=True, metavar="LIST", help="the most that it may ask: orders:read,products:write"
    )
    add.add_argument(
        "--redirect",
        action="append",
        default=[],
        metavar="URI",
        help="where people are sent back to; without one it acts for itself alone (client_credentials)",
    )
    add.add_argument("--public", action="store_true", help="it can keep no secret: on a person's machine, in a browser")
    add.add_argument("--pkce", action="store_true", help="ask for PKCE although it has a secret")
    add.add_argument("--credentials", action="store_true", help="it may act for itself too, beside acting for people")
    add.add_argument("--plan", default="standard", metavar="PLAN", help="whose limits it has (standard)")
    add.add_argument(
        "--allow", action="append", default=[], metavar="NETWORK", help="where it may be used from, such as 10.0.0.0/8"
    )
    action("list", _list, "print the programs, what they may ask, and their last use")
    remove = action("remove", _remove, "end a program with every token of it, at once and everywhere")
    remove.add_argument("client", metavar="ID", help="the id, as `ambra oauth client list` prints it")


def run(arguments: argparse.Namespace) -> int:
    """Do the chosen action."""
    code: int = arguments.action(arguments)
    return code


def _add(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import command_line_actor, opened
    from ambra_tui.services import oauth

    grants: tuple[str, ...] = ()
    if arguments.credentials and arguments.redirect:
        grants = oauth.GRANT_TYPES
    asked = oauth.NewClient(
        name=arguments.name,
        redirect_uris=arguments.redirect,
        scopes=arguments.scopes.split(","),
        grant_types=grants,
        is_public=arguments.public,
        requires_pkce=arguments.pkce,
        plan=arguments.plan,
        allowed_networks=arguments.allow,
    )
    with opened(arguments) as (store, organization):
        assert organization.id is not None
        client, secret = oauth.create_client(
            store, asked, organization_id=organization.id, sandbox=arguments.sandbox, actor=command_line_actor()
        )
    print(f"client id: {client.id}")
    print(f"secret: {secret}" if secret else "no secret: a public client proves itself with PKCE")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import opened
    from ambra_tui.kit.clock import to_iso
    from ambra_tui.kit.text import printable
    from ambra_tui.services import oauth
    from ambra_tui.services.access import sandbox_of

    with opened(arguments) as (store, organization):
        assert organization.id is not None
        home = sandbox_of(store, organization.id) if arguments.sandbox else organization
        with store.read(home.id) as session:
            for client in oauth.list_clients(session):
                kind = "secret" if client.secret_digest else "public"
                used = to_iso(client.last_used_at) if client.last_used_at else "never"
                words = [client.id, kind, f"{client.plan:<12}", f"used {used}", ",".join(client.scopes)]
                print("  ".join([*words, printable(client.name), *client.redirect_uris]))
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import command_line_actor, opened
    from ambra_tui.services import oauth
    from ambra_tui.services.access import sandbox_of

    with opened(arguments) as (store, organization):
        assert organization.id is not None
        home = sandbox_of(store, organization.id) if arguments.sandbox else organization
        removed = store.writer.run(
            lambda session: oauth.remove_client(session, arguments.client),
            organization_id=home.id,
            actor=command_line_actor(),
        )
    print(f"{removed.id} is removed.")
    return 0


COMMAND = Command(
    name="oauth", help="register, list and remove programs that ask for access", add_arguments=add_arguments, run=run
)
