"""``ambra`` without a command: the terminal. Makes the store if it is absent and helps to fill it when it is empty.

Example::

    ambra --store sqlite:///warehouse.db --site WH1 --station dock-1 --serial auto
"""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Callable
from typing import TYPE_CHECKING

from ambra_tui.cli.arguments import add_terminal_arguments
from ambra_tui.cli.command import TERMINAL, Command
from ambra_tui.cli.terminal_start import require_terminal, run_on
from ambra_tui.errors import Invalid
from ambra_tui.kit.text import clean_line
from ambra_tui.settings import Settings

if TYPE_CHECKING:
    from sqlmodel import Session

    from ambra_tui.store import Store


def run(arguments: argparse.Namespace) -> int:
    """Opens the terminal."""
    settings = Settings.from_environment(store_url=arguments.store)
    require_terminal(f"ambra --store {settings.store_url} serve")
    if _may_be_empty(settings.store_url):
        _fill(settings)
    return run_on(settings, arguments)


def _may_be_empty(store_url: str) -> bool:
    """A cheap look, so that a store in use opens its terminal without loading the store's code first."""
    if not store_url.startswith("sqlite:"):
        return True
    import sqlite3

    from ambra_tui.settings import sqlite_file

    path = sqlite_file(store_url)
    if not path.exists():
        return True
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            return connection.execute("SELECT 1 FROM organization LIMIT 1").fetchone() is None
    except sqlite3.Error:
        return True


def _fill(settings: Settings) -> None:
    """Asks how an empty store is to be filled: with sample data, or with the first facts of a warehouse."""
    from ambra_tui.services.access_system import organizations
    from ambra_tui.services.sample import load_sample
    from ambra_tui.store import open_store

    with open_store(settings.store_url, now=settings.now) as store:
        if organizations(store):
            return
        print(f"The store {settings.store_url} is empty.")
        print("  1  Load sample data and look around")
        print("  2  Set up your own warehouse")
        print("Ctrl+C leaves; nothing is written before the last answer.")
        if _ask("Choose 1 or 2", "1", _one_or_two) == "1":
            print("Loading sample data ...")
            load_sample(store, "demo")
        else:
            _set_up(store)


def _set_up(store: Store) -> None:
    """The least a warehouse needs: an organization, a site with a dock, and a person with a badge."""
    from ambra_tui.services.access import MAX_BADGE, MAX_NAME, create_organization, create_user
    from ambra_tui.services.places import MAX_CODE, create_site
    from ambra_tui.store import SYSTEM

    organization_name = _ask("Organization", "My warehouse", _line(MAX_NAME))
    code = _ask("Code of the first site", "WH1", _line(MAX_CODE))
    name = _ask("Your name", "Admin", _line(MAX_NAME))
    badge = _ask("Your badge code (scan it)", "BDG-1", _line(MAX_BADGE))
    password = _ask_password()

    def write(session: Session) -> None:
        create_site(session, code=code, name=code, kind="warehouse", dock="RECV")
        create_user(session, name=name, badge=badge, role="admin", password=password)

    organization = create_organization(store, organization_name)
    store.writer.run(write, organization_id=organization.id, actor=SYSTEM)
    print(f"Done. Sign in with {badge}. Next: ambra import catalog FILE, ambra import locations FILE")


def _one_or_two(answer: str) -> str:
    if answer not in ("1", "2"):
        raise Invalid("Type 1 or 2 and Enter.")
    return answer


def _line(max_length: int) -> Callable[[str], str]:
    return lambda answer: clean_line(answer, field="the answer", max_length=max_length)


def _ask(question: str, default: str, check: Callable[[str], str]) -> str:
    """The answer that `check` takes; what it refuses is asked again."""
    while True:
        try:
            return check(input(f"{question} [{default}]: ").strip() or default)
        except Invalid as error:
            print(error.message)


def _ask_password() -> str | None:
    """A password typed twice, or None for an empty answer."""
    from ambra_tui.services.access import checked_password

    while True:
        first = getpass.getpass("Password for administration (8 characters or more; empty: none): ")
        if not first:
            return None
        try:
            password = checked_password(first)
        except Invalid as error:
            print(error.message)
            continue
        if getpass.getpass("Once more: ") == password:
            return password
        print("The two passwords differ.")


COMMAND = Command(name=TERMINAL, help="open the terminal", add_arguments=add_terminal_arguments, run=run)
