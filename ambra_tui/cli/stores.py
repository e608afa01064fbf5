"""What commands on a store share: opening it, and the organization they work in.

Imported inside `run`, never at the top of a command: it brings the database with it.

Example::

    with opened(arguments) as (store, organization): ...
"""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import make_url

from ambra_tui.errors import Invalid
from ambra_tui.services.access_system import choose_organization
from ambra_tui.settings import Settings
from ambra_tui.store import Actor, Store, open_store
from ambra_tui.store.models import Organization
from ambra_tui.store.schema import schema_number


def open_named(arguments: argparse.Namespace) -> Store:
    """The store of ``--store``, else of `AMBRA_STORE`, else of the user's data folder."""
    settings = Settings.from_environment(store_url=arguments.store)
    return open_store(settings.store_url, now=settings.now)


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[tuple[Store, Organization]]:
    """The store and the organization of ``--organization``, or the only one. Raises Invalid listing several."""
    with open_named(arguments) as store:
        yield store, choose_organization(store, arguments.organization)


def open_existing(arguments: argparse.Namespace) -> Store:
    """`open_named`, but a store that is not there is a refusal, not made."""
    url = Settings.from_environment(store_url=arguments.store).store_url
    if schema_number(url) == 0:
        place = make_url(url).render_as_string(hide_password=True)
        raise Invalid(f"There is no store at {place}. Name another with --store; 'ambra migrate' makes an empty one.")
    return open_named(arguments)


def organization_filter(store: Store, name: str | None) -> int | None:
    """The id of the organization `name`, or None where none is named: all of them. Raises NotFound."""
    return None if name is None else choose_organization(store, name).id


def command_line_actor() -> Actor:
    """Whoever runs a command, as the audit trail names them."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "somebody"
    return Actor(id="command_line", name=name, station="command line", role="admin")
