"""`ambra user`: give a person a badge.

Example::

    $ ambra user add Cleo --badge BDG-9001 --role supervisor --pin 4711
    Cleo (supervisor) signs in with the badge BDG-9001.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command
from ambra_tui.errors import Invalid

if TYPE_CHECKING:
    from sqlmodel import Session

MAX_PASSWORD_LINE = 1_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``add`` and ``password`` with their options."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    add = actions.add_parser(
        "add",
        help="give a person a badge",
        description=(
            "Gives a person a badge. The password, for administration, is asked for on a terminal; an empty answer "
            "leaves the person without one."
        ),
        allow_abbrev=False,
    )
    add.add_argument("name", metavar="NAME")
    add.add_argument("--badge", required=True, metavar="CODE", help="what the scanner reads from the badge")
    add.add_argument("--role", default="operator", choices=("operator", "supervisor", "admin"))
    add.add_argument("--pin", metavar="PIN", help="4 to 12 digits, for overrides on the floor")
    add.add_argument("--language", default="en", metavar="CODE", help="of the person's screens: en, de")
    add.add_argument("--label", metavar="FILE", help="write the badge's label: .pdf, .svg, .png or .zpl")
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    add_store_arguments(add)
    password = actions.add_parser(
        "password",
        help="give a person a new password",
        description="Asks for a new password for administration; the person is named by badge or name.",
        allow_abbrev=False,
    )
    password.add_argument("person", metavar="BADGE|NAME")
    password.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    add_store_arguments(password)


def run(arguments: argparse.Namespace) -> int:
    """Add the person, or set the password."""
    return _set_password(arguments) if "person" in arguments else _add(arguments)


def _set_password(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import command_line_actor, opened
    from ambra_tui.errors import NotFound
    from ambra_tui.kit.text import printable
    from ambra_tui.services import access

    with opened(arguments) as (store, organization):
        password = _password(arguments)
        if password is None:
            raise Invalid("No password was given. Nothing has changed.", field="password")

        def change(session: Session) -> str:
            user = access.find_user(session, arguments.person)
            if user is None:
                raise NotFound("user", arguments.person)
            access.set_password(session, user, access.checked_password(password))
            return user.name

        name = store.writer.run(change, organization_id=organization.id, actor=command_line_actor())
    print(f"{printable(name)} has a new password.")
    return 0


def _add(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import command_line_actor, opened
    from ambra_tui.kit.text import printable
    from ambra_tui.services.access import create_user

    if arguments.label:
        from ambra_tui.cli.label_files import format_of

        format_of(arguments.label)
    with opened(arguments) as (store, organization):
        password = _password(arguments)
        user = store.writer.run(
            lambda session: create_user(
                session,
                name=arguments.name,
                badge=arguments.badge,
                role=arguments.role,
                pin=arguments.pin,
                password=password,
                language=arguments.language,
            ),
            organization_id=organization.id,
            actor=command_line_actor(),
        )
    print(f"{printable(user.name)} ({user.role}) signs in with the badge {printable(arguments.badge)}.")
    if arguments.label:
        _write_label(arguments)
    return 0


def _write_label(arguments: argparse.Namespace) -> None:
    """Now or never: the store keeps no more of a badge than its digest."""
    from ambra_tui.cli.label_files import write_labels
    from ambra_tui.services.labels import badge_label

    write_labels([badge_label(arguments.badge, arguments.name)], arguments.label, kind="badges")
    print(f"The badge's label is in {arguments.label}.")


def _password(arguments: argparse.Namespace) -> str | None:
    if arguments.password_stdin:
        return sys.stdin.readline(MAX_PASSWORD_LINE).rstrip("\r\n") or None
    if not sys.stdin.isatty():
        return None
    import getpass

    first = getpass.getpass("Password (empty: none): ")
    if first and getpass.getpass("Once more: ") != first:
        raise Invalid("The two passwords differ. Nothing has changed.", field="password")
    return first or None


COMMAND = Command(name="user", help="add people, change passwords", add_arguments=add_arguments, run=run)
