"""Arguments that several commands share, so that they are spelled alike everywhere.

They may stand before or after the command's name: ``ambra --store URL verify`` and
``ambra verify --store URL`` mean the same. `SHARED_DEFAULTS` holds the values of those that nobody gave, so
`run` can read each without asking.

Example::

    add_store_arguments(parser)
    parser.parse_args(["--store", "sqlite:///here.db"]).store   # 'sqlite:///here.db'
"""

from __future__ import annotations

import argparse

SHARED_DEFAULTS: dict[str, None] = dict.fromkeys(
    ("store", "organization", "site", "station", "serial", "server", "printer")
)


def add_store_arguments(parser: argparse.ArgumentParser) -> None:
    """``--store URL`` and ``--organization NAME``: None when not given."""
    parser.add_argument(
        "--store",
        metavar="URL",
        default=argparse.SUPPRESS,
        help="sqlite:///path or postgresql+psycopg://... (else AMBRA_STORE, else the user's data folder)",
    )
    parser.add_argument(
        "--organization",
        metavar="NAME",
        default=argparse.SUPPRESS,
        help="the organization to work in; not needed while the store holds one",
    )


def add_terminal_arguments(parser: argparse.ArgumentParser) -> None:
    """What a terminal takes: the store's arguments, its site, station, scanner, printer and server."""
    add_store_arguments(parser)
    parser.add_argument("--site", metavar="CODE", default=argparse.SUPPRESS, help="the site this station stands in")
    parser.add_argument(
        "--station", metavar="NAME", default=argparse.SUPPRESS, help="this station's name in the history"
    )
    parser.add_argument(
        "--serial",
        metavar="PORT|auto",
        default=argparse.SUPPRESS,
        help="read a serial scanner at PORT, or find one",
    )
    parser.add_argument(
        "--printer",
        metavar="ADDRESS",
        default=argparse.SUPPRESS,
        help="this station's label printer from now on: tcp://host:9100, file:///path or none (else AMBRA_PRINTER)",
    )
    parser.add_argument(
        "--server",
        action=argparse.BooleanOptionalAction,
        default=argparse.SUPPRESS,
        help="answer the REST API from this process, or not",
    )
