"""`ambra key`: API keys of integrators.

Example::

    $ ambra key create --name ERP --scopes inventory:write,orders:read
    ambra_live_Zk3v9x2a_...
    $ ambra key rotate ambra_live_Zk3v9x2a --grace 3600
    ambra_live_p81Qs0Lw_...
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command

if TYPE_CHECKING:
    from sqlmodel import Session

    from ambra_tui.store.models import ApiKey, KeyNotice

T = TypeVar("T")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``create``, ``list``, ``rotate`` and ``revoke``."""
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
    create.add_argument(
        "--expires", type=_moment, metavar="WHEN", help="the last day, or a moment such as 2027-03-31T18:00Z"
    )
    create.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="NETWORK",
        help="an address or network that the key may be used from, such as 10.0.0.0/8; may be given several times",
    )
    listed = actions.add_parser(
        "list", help="print the keys' public parts, states, plans, scopes, labels and last use", allow_abbrev=False
    )
    listed.add_argument("--sandbox", action="store_true", help="the keys of the organization's sandbox")
    rotate = actions.add_parser(
        "rotate", help="give a key a new text and print it; the old one works for a while", allow_abbrev=False
    )
    rotate.add_argument(
        "--grace",
        type=int,
        default=None,
        metavar="SECONDS",
        help="how long the old text works on: a day when not given, 0 ends it at once",
    )
    revoke = actions.add_parser("revoke", help="end a key, at once and everywhere", allow_abbrev=False)
    for action in (rotate, revoke):
        action.add_argument("prefix", metavar="PREFIX", help="the key's public part, as `ambra key list` prints it")
        action.add_argument("--sandbox", action="store_true", help=argparse.SUPPRESS)
    for action, work in ((create, _create), (listed, _list), (rotate, _rotate), (revoke, _revoke)):
        add_store_arguments(action)
        action.set_defaults(action=work)


def _moment(text: str) -> datetime:
    """A moment; a day alone is the end of that day."""
    from ambra_tui.kit.clock import parse_moment

    try:
        moment = parse_moment(text)
    except ValueError:
        raise argparse.ArgumentTypeError("give a day such as 2027-03-31, or a moment") from None
    return moment + timedelta(days=1) if _DAY.fullmatch(text) else moment


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
            expires_at=arguments.expires,
            allowed_networks=arguments.allow,
            actor=command_line_actor(),
        )
    print(secret)
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import opened
    from ambra_tui.services.access import list_keys, recent_notices, sandbox_of

    with opened(arguments) as (store, organization):
        assert organization.id is not None
        home = sandbox_of(store, organization.id) if arguments.sandbox else organization
        with store.read(home.id) as session:
            for key in list_keys(session):
                print(_line(key, store.clock.now()))
            for notice in recent_notices(session):
                print(_notice_line(notice))
    return 0


def _line(key: ApiKey, now: datetime) -> str:
    from ambra_tui.kit.clock import to_iso
    from ambra_tui.kit.text import printable
    from ambra_tui.services.access import is_rotation_due, state_of

    used = to_iso(key.last_used_at) if key.last_used_at else "never"
    words = [key.prefix, f"{state_of(key, now):<7}", f"{key.plan:<12}", f"used {used}", ",".join(key.scopes)]
    if key.expires_at:
        words.append(f"until {to_iso(key.expires_at)}")
    if is_rotation_due(key, now):
        words.append(f"rotate: text of {(now - (key.rotated_at or key.created_at)).days} days")
    if key.allowed_networks:
        words.append(f"from {','.join(key.allowed_networks)}")
    if key.previous_ends_at and key.previous_ends_at > now and not key.revoked_at:
        words.append(f"before {key.previous_prefix} until {to_iso(key.previous_ends_at)}")
    return "  ".join([*words, printable(key.label)])


def _notice_line(notice: KeyNotice) -> str:
    from ambra_tui.kit.clock import to_iso
    from ambra_tui.kit.text import printable

    told = ", ".join(f"{name} {value}" for name, value in notice.details.items())
    return f"unusual: {to_iso(notice.at)}  {notice.kind}  {printable(notice.label)}  {told}"


def _rotate(arguments: argparse.Namespace) -> int:
    from ambra_tui.services.access import GRACE_SECONDS, rotate_key

    grace = GRACE_SECONDS if arguments.grace is None else arguments.grace
    _, secret = _change(arguments, lambda session, key_id: rotate_key(session, key_id, grace_seconds=grace))
    print(secret)
    return 0


def _revoke(arguments: argparse.Namespace) -> int:
    from ambra_tui.services.access import revoke_key

    _change(arguments, revoke_key)
    print(f"{arguments.prefix} is revoked.")
    return 0


def _change(arguments: argparse.Namespace, change: Callable[[Session, str], T]) -> T:
    """Changes the key with the prefix that was given; a test_ key is looked for in the sandbox."""
    from ambra_tui.cli.stores import command_line_actor, opened
    from ambra_tui.services.access import SANDBOX_PREFIX, find_key, sandbox_of

    with opened(arguments) as (store, organization):
        assert organization.id is not None
        is_sandbox = arguments.sandbox or arguments.prefix.startswith(SANDBOX_PREFIX)
        home = sandbox_of(store, organization.id) if is_sandbox else organization
        return store.writer.run(
            lambda session: change(session, find_key(session, arguments.prefix).id),
            organization_id=home.id,
            actor=command_line_actor(),
        )


COMMAND = Command(name="key", help="make, list, rotate and revoke API keys", add_arguments=add_arguments, run=run)
