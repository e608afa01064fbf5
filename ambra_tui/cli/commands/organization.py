"""`ambra organization`: make a tenant, list them, switch their modules, choose how its orders are promised stock.

Example::

    $ ambra organization create Acme --modules traceability
    Organization Acme is ready.
    $ ambra organization modules Acme --on manufacturing
    manufacturing
    traceability
    $ ambra organization orders Acme --reserve paid
    reserve paid
    backorders no
"""

from __future__ import annotations

import argparse

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``create``, ``list``, ``modules``, ``orders`` and ``networks``."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make an organization", allow_abbrev=False)
    create.add_argument("name", metavar="NAME")
    create.add_argument(
        "--modules", default="", metavar="LIST", help="what is switched on: manufacturing, traceability or both"
    )
    create.add_argument("--currency", default="EUR", metavar="CODE", help="of costs and prices without one (EUR)")
    listed = actions.add_parser("list", help="print the names of the organizations, one a line", allow_abbrev=False)
    modules = actions.add_parser(
        "modules", help="switch modules on or off; print those that are on, one a line", allow_abbrev=False
    )
    modules.add_argument("name", metavar="NAME")
    modules.add_argument("--on", default="", metavar="LIST", help="modules to switch on: manufacturing, traceability")
    modules.add_argument("--off", default="", metavar="LIST", help="modules to switch off")
    orders = actions.add_parser(
        "orders", help="choose when orders are promised their stock; print what is chosen", allow_abbrev=False
    )
    orders.add_argument("name", metavar="NAME")
    orders.add_argument(
        "--reserve", choices=("always", "paid", "never"), help="as an order is placed, once it is paid, or not at all"
    )
    orders.add_argument("--backorders", choices=("yes", "no"), help="take orders that ask for more than there is")
    networks = actions.add_parser(
        "networks",
        help="choose where all keys and programs may be used from; print what is chosen",
        allow_abbrev=False,
    )
    networks.add_argument("name", metavar="NAME")
    networks.add_argument("--allow", action="append", metavar="NETWORK", help="an address or network; several times")
    networks.add_argument("--anywhere", action="store_true", help="forget the list")
    networks.add_argument("--sandbox", action="store_true", help="of the organization's sandbox")
    for action, work in (
        (create, _create), (listed, _list), (modules, _modules), (orders, _orders), (networks, _networks),
    ):  # fmt: skip
        add_store_arguments(action)
        action.set_defaults(action=work)


def run(arguments: argparse.Namespace) -> int:
    """Do the chosen action."""
    code: int = arguments.action(arguments)
    return code


def _create(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import command_line_actor, open_named
    from ambra_tui.kit.text import printable
    from ambra_tui.services.access import create_organization

    with open_named(arguments) as store:
        made = create_organization(
            store,
            arguments.name,
            arguments.modules.split(","),
            currency=arguments.currency,
            actor=command_line_actor(),
        )
    print(f"Organization {printable(made.name)} is ready.")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import open_named
    from ambra_tui.kit.text import printable
    from ambra_tui.services.access_system import organizations

    with open_named(arguments) as store:
        for organization in organizations(store):
            print(printable(organization.name))
    return 0


def _modules(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import command_line_actor, open_named
    from ambra_tui.services.access_system import choose_organization, sandbox_twin
    from ambra_tui.services.modules import modules_of, switch_everywhere

    with open_named(arguments) as store:
        organization = choose_organization(store, arguments.name)
        assert organization.id is not None
        if arguments.on or arguments.off:
            twin = sandbox_twin(store, organization.id)
            switch_everywhere(
                store,
                [found.id for found in (organization, twin) if found is not None and found.id is not None],
                on=arguments.on.split(","),
                off=arguments.off.split(","),
                actor=command_line_actor(),
            )
        for module in sorted(modules_of(store, organization.id)):
            print(module)
    return 0


def _orders(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import command_line_actor, open_named
    from ambra_tui.services.access_system import choose_organization
    from ambra_tui.services.orders import set_order_policy

    takes = None if arguments.backorders is None else arguments.backorders == "yes"
    with open_named(arguments) as store:
        organization = choose_organization(store, arguments.name)
        assert organization.id is not None
        policy = store.writer.run(
            lambda session: set_order_policy(session, reserve_at=arguments.reserve, takes_backorders=takes),
            organization_id=organization.id,
            actor=command_line_actor(),
        )
    print(f"reserve {policy.reserve_at}\nbackorders {'yes' if policy.takes_backorders else 'no'}")
    return 0


def _networks(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import command_line_actor, open_named
    from ambra_tui.services.access import allowed_networks, sandbox_of, set_allowed_networks
    from ambra_tui.services.access_system import choose_organization

    with open_named(arguments) as store:
        organization = choose_organization(store, arguments.name)
        assert organization.id is not None
        home = sandbox_of(store, organization.id) if arguments.sandbox else organization
        if arguments.allow or arguments.anywhere:
            store.writer.run(
                lambda session: set_allowed_networks(session, arguments.allow or []),
                organization_id=home.id,
                actor=command_line_actor(),
            )
        with store.read(home.id) as session:
            print("\n".join(allowed_networks(session)) or "anywhere")
    return 0


COMMAND = Command(
    name="organization",
    help="make and list organizations, switch modules, choose about orders",
    add_arguments=add_arguments,
    run=run,
)
