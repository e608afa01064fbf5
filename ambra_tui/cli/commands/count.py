"""`ambra count`: plan a cycle count, and set how far a worker's variance needs no approval.

Example::

    $ ambra count plan --site WH1 --bins A02-1,A03-1
    CC-000001: 2 bins to count.
"""

from __future__ import annotations

import argparse
from decimal import Decimal
from typing import TYPE_CHECKING

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command
from ambra_tui.errors import Invalid

if TYPE_CHECKING:
    from sqlmodel import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``plan`` and ``limit``."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    plan = actions.add_parser(
        "plan",
        help="begin a count of some bins",
        description="Begins a count. Its bins wait at the terminals at once, behind 4 of the menu.",
        allow_abbrev=False,
    )
    plan.add_argument(
        "--site", metavar="CODE", default=argparse.SUPPRESS, help="the site; not needed while there is one"
    )
    ways = plan.add_mutually_exclusive_group(required=True)
    ways.add_argument("--bins", metavar="CODES", help="these bins, with commas between them")
    ways.add_argument("--aisle", metavar="NAME", help="the bins of a zone, or those whose code begins so")
    ways.add_argument("--abc", action="store_true", help="what is due today: A a month, B a quarter, C a year")
    ways.add_argument("--suspicion", action="store_true", help="bins that a short pick or a zero check cast doubt on")
    limit = actions.add_parser(
        "limit",
        help="set how large a worker's confirmed variance needs no approval",
        allow_abbrev=False,
    )
    limit.add_argument("--badge", required=True, metavar="CODE", help="of the worker")
    limit.add_argument("--percent", metavar="N", help="of what is expected")
    limit.add_argument("--quantity", metavar="N", help="units")
    limit.add_argument("--value", metavar="AMOUNT", help="in the organization's currency")
    limit.add_argument("--none", action="store_true", help="take the limits away")
    for action, work in ((plan, _plan), (limit, _limit)):
        add_store_arguments(action)
        action.set_defaults(action=work)


def run(arguments: argparse.Namespace) -> int:
    """Do the chosen action."""
    code: int = arguments.action(arguments)
    return code


def _plan(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import command_line_actor, opened
    from ambra_tui.kit.text import printable
    from ambra_tui.services import count_plans, counts

    method = "bins" if arguments.bins else "aisle" if arguments.aisle else "abc" if arguments.abc else "suspicion"
    codes = [code.strip() for code in (arguments.bins or "").split(",") if code.strip()]

    def work(session: Session) -> tuple[str, int]:
        site_id = _site_id(session, arguments.site)
        bins = count_plans.bins_by(session, site_id, method, codes=codes, aisle=arguments.aisle or "")
        count = count_plans.plan_count(session, site_id=site_id, method=method, location_ids=[row.id for row in bins])
        return count.number, len(counts.bins_of(session, count.id))

    with opened(arguments) as (store, organization):
        number, bins = store.writer.run(work, organization_id=organization.id, actor=command_line_actor())
    print(f"{printable(number)}: {bins} {'bin' if bins == 1 else 'bins'} to count.")
    return 0


def _site_id(session: Session, code: str | None) -> str:
    """The site that is named, else the only one."""
    from ambra_tui.services.places import site_by_code, sites_of

    if code is not None:
        return site_by_code(session, code).id
    sites = [site for site in sites_of(session) if not site.is_read_only]
    if len(sites) != 1:
        raise Invalid(f"Name the site with --site: {', '.join(site.code for site in sites) or 'there is none yet'}")
    return sites[0].id


def _limit(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import command_line_actor, opened
    from ambra_tui.kit.money import to_minor
    from ambra_tui.kit.text import printable
    from ambra_tui.services import counts
    from ambra_tui.services.access import user_by_badge

    given = {name: _number(getattr(arguments, name), name) for name in ("percent", "quantity", "value")}
    if arguments.none == any(value is not None for value in given.values()):
        raise Invalid("Name limits (--percent, --quantity, --value), or --none to take them away.")

    with opened(arguments) as (store, organization):

        def work(session: Session) -> str:
            user = user_by_badge(session, arguments.badge)
            if arguments.none:
                counts.clear_limit(session, user_id=user.id)
            else:
                try:
                    value = None if given["value"] is None else to_minor(given["value"], organization.currency)
                except ValueError as error:
                    raise Invalid(f"value: {error}", field="value") from error
                counts.set_limit(
                    session,
                    user_id=user.id,
                    percent=given["percent"],
                    quantity=given["quantity"],
                    value_minor=value,
                )
            return user.name

        name = store.writer.run(work, organization_id=organization.id, actor=command_line_actor())
    told = ", ".join(f"{name} {text}" for name in given if (text := getattr(arguments, name)) is not None)
    print(f"{printable(name)}: {printable(told) or 'no limits of their own'}.")
    return 0


def _number(text: str | None, name: str) -> Decimal | None:
    from ambra_tui.kit.quantity import parse_quantity

    if text is None:
        return None
    try:
        return parse_quantity(text)
    except ValueError as error:
        raise Invalid(f"--{name}: {error}", field=name) from error


COMMAND = Command(
    name="count",
    help="plan a cycle count; set the limits of a worker's variance",
    add_arguments=add_arguments,
    run=run,
)
