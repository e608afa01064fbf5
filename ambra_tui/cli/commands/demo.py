"""``ambra demo``: the terminal on a sample store of its own; the sign-in screen shows the badges.

Example::

    ambra demo --sample ds1 --fresh
"""

from __future__ import annotations

import argparse

from ambra_tui.cli.arguments import add_terminal_arguments
from ambra_tui.cli.command import Command
from ambra_tui.cli.terminal_start import require_terminal, run_on
from ambra_tui.errors import Conflict, Invalid
from ambra_tui.settings import Settings, data_folder, sqlite_file

_SAMPLES = ("demo", "ds1")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--sample`` and ``--fresh`` beside what every terminal takes."""
    add_terminal_arguments(parser)
    parser.add_argument("--sample", choices=_SAMPLES, default="demo", help="which sample (default: demo)")
    parser.add_argument("--fresh", action="store_true", help="throw the sample's store away and begin anew")


def run(arguments: argparse.Namespace) -> int:
    """Makes the sample store if it is absent and opens the terminal on it."""
    sample = arguments.sample
    store_url = arguments.store or f"sqlite:///{data_folder() / f'sample-{sample}.db'}"
    store_words = f" --store {arguments.store}" if arguments.store else ""
    require_terminal(f"ambra serve --sample {sample}{store_words}")
    settings = Settings.from_environment(store_url=store_url)
    if arguments.fresh:
        _remove(store_url, sample)
    if not _holds_sample(store_url):
        _load(settings, sample)
    return run_on(settings, arguments)


def _holds_sample(store_url: str) -> bool:
    """A cheap look, so that a second start paints at once."""
    if not store_url.startswith("sqlite:"):
        return False
    import sqlite3

    path = sqlite_file(store_url)
    if not path.exists():
        return False
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            found = connection.execute("SELECT value FROM store_setting WHERE name = 'sample_loaded'").fetchone()
    except sqlite3.Error:
        return False
    return found is not None


def _load(settings: Settings, sample: str) -> None:
    from ambra_tui.services.sample import load_sample
    from ambra_tui.store import open_store

    with open_store(settings.store_url, now=settings.now) as store:
        if store.sample and store.sample != sample:
            raise Conflict(f"This store holds the sample '{store.sample}'. Name another --store, or use --fresh.")
        print("Preparing sample data: some seconds, this first time only ...", flush=True)
        load_sample(store, sample)


def _remove(store_url: str, sample: str) -> None:
    """Deletes the store's files, but only those of a sample store."""
    if not store_url.startswith("sqlite:"):
        raise Invalid("--fresh works on a SQLite store. Drop the database yourself and start again without it.")
    path = sqlite_file(store_url)
    if not path.exists():
        return
    if not _holds_sample(store_url) and path.name != f"sample-{sample}.db":
        raise Conflict(f"{path} is not a sample store: --fresh deletes nothing but samples.")
    for suffix in ("", "-wal", "-shm", ".lock", ".requests"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


COMMAND = Command(name="demo", help="open the terminal on sample data", add_arguments=add_arguments, run=run)
