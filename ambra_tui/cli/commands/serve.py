"""`ambra serve`: the REST API alone, in the foreground, until a signal ends it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command

if TYPE_CHECKING:
    from ambra_tui.store import Store

BEHIND_THE_FLOOR = 10  # a server beside a terminal lets scans go first


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen, on which store."""
    add_store_arguments(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=_port, default=8080, help="port to listen on, 0 takes a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--sample",
        metavar="NAME",
        choices=("demo", "ds1"),
        help="a sample store of its own, made when it is absent: demo or ds1",
    )
    parser.add_argument("--status", action="store_true", help="say where servers of this store listen, and end")
    parser.add_argument("--access-log", metavar="FILE", help="append a JSON line for each request to FILE")
    parser.add_argument("--tls-certificate", metavar="FILE", default="", help="speak HTTPS with this certificate (PEM)")
    parser.add_argument("--tls-key", metavar="FILE", default="", help="the certificate's key (PEM)")
    parser.add_argument(
        "--tls-minimum", choices=("1.2", "1.3"), default="", help="the oldest TLS that is spoken (default: 1.2)"
    )
    parser.add_argument(
        "--require-https",
        action="store_true",
        help="refuse plain HTTP, except on this machine; a proxy in AMBRA_TRUSTED_PROXIES may bring HTTPS",
    )
    parser.add_argument("--managed", action="store_true", help=argparse.SUPPRESS)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Serve, or tell who does."""
    if arguments.status:
        return _tell(arguments)
    with _open(arguments) as store:
        return _serve(store, arguments)


def _open(arguments: argparse.Namespace) -> Store:
    from ambra_tui.settings import Settings
    from ambra_tui.store import open_store

    settings = Settings.from_environment(store_url=_url(arguments))
    store = open_store(settings.store_url, now=settings.now)
    if arguments.sample:
        _fill(store, arguments.sample)
    return store


def _url(arguments: argparse.Namespace) -> str | None:
    from ambra_tui.settings import data_folder

    if arguments.sample and arguments.store is None:
        return f"sqlite:///{data_folder() / f'sample-{arguments.sample}.db'}"
    return cast("str | None", arguments.store)


def _fill(store: Store, name: str) -> None:
    from ambra_tui.cli.progress import progress_bar
    from ambra_tui.errors import AmbraError
    from ambra_tui.services.sample import load_sample

    try:
        with progress_bar("sample") as show:
            load_sample(store, name, lambda done, total: show(done / total, f"{done:,} of {total:,}"))
    except AmbraError:
        store.close()
        raise


def _tell(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import open_existing
    from ambra_tui.store.leases import server_addresses

    arguments.store = _url(arguments)
    with open_existing(arguments) as store:
        addresses = server_addresses(store)
    print("\n".join(f"listening on {address}" for address in addresses) or "no server")
    return 0 if addresses else 1


def _serve(store: Store, arguments: argparse.Namespace) -> int:
    import logging
    import os

    from ambra_tui.api.server import ServeOptions, serve
    from ambra_tui.settings import SecuritySettings, Settings, TlsSettings

    if arguments.managed:
        os.nice(BEHIND_THE_FLOOR)
    security = SecuritySettings.from_environment()
    if arguments.require_https:
        security = security._replace(require_https=True)
    options = ServeOptions(
        host=arguments.host,
        port=arguments.port,
        is_managed=arguments.managed,
        access_log=Path(arguments.access_log) if arguments.access_log else None,
        trusted_proxies=Settings.from_environment().trusted_proxies,
        security=security,
        tls=TlsSettings.from_environment(
            certificate=arguments.tls_certificate, key=arguments.tls_key, minimum=arguments.tls_minimum
        ),
    )
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    serve(store, options, on_ready=_announce)
    return 0


def _announce(address: str) -> None:
    print(f"listening on {address}", flush=True)


COMMAND = Command(name="serve", help="answer the REST API, in the foreground", add_arguments=add_arguments, run=run)
