"""`ambra webhook`: programs elsewhere that are told what happens.

Example::

    $ ambra webhook add https://erp.example.com/hooks --events stock_level.low,stock_level.critical
    whk_01K...
    secret: whsec_...
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlmodel import Session

    from ambra_tui.store import Store

SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``list``, ``add``, ``test``, ``deliveries``, ``redeliver``, ``rotate`` and ``remove``."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    def action(name: str, work: Callable[[argparse.Namespace], int], told: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=told, allow_abbrev=False)
        add_store_arguments(made)
        made.add_argument("--sandbox", action="store_true", help="the webhooks of the organization's sandbox")
        made.set_defaults(action=work)
        return made

    action("list", _list, "print the webhooks, their events and how they do")
    add = action("add", _add, "add a webhook and print its secret, this once")
    add.add_argument("url", metavar="URL", help="where events are sent")
    add.add_argument("--events", required=True, metavar="LIST", help="such as stock_level.low,product.created; or all")
    add.add_argument("--secret", metavar="TEXT", help="a secret of your own (one is made)")
    add.add_argument("--edition", default="ambra", metavar="NAME", help="whose events and objects it gets (ambra)")
    test = action("test", _test, "send an event webhook.test")
    deliveries = action("deliveries", _deliveries, "print what was and is to be sent, newest first")
    deliveries.add_argument("--status", default="", metavar="STATUS", help="pending, delivered or failed")
    deliveries.add_argument("--limit", type=int, default=SHOWN, metavar="N", help=f"how many ({SHOWN})")
    redeliver = action("redeliver", _redeliver, "send an event once more")
    rotate = action("rotate", _rotate, "make a new secret and print it, this once")
    rotate.add_argument(
        "--overlap", type=int, metavar="SECONDS", help="how long the old secret signs beside it (a day)"
    )
    remove = action("remove", _remove, "send nothing there any more")
    for one in (test, deliveries, redeliver, rotate, remove):
        one.add_argument("webhook", metavar="ID", help="the webhook's id, as `ambra webhook list` prints it")
    redeliver.add_argument("delivery", metavar="DELIVERY", help="the id that `ambra webhook deliveries` prints")


def run(arguments: argparse.Namespace) -> int:
    """Do the chosen action."""
    code: int = arguments.action(arguments)
    return code


def _home(arguments: argparse.Namespace) -> AbstractContextManager[tuple[Store, int]]:
    """The store, and the organization or its sandbox."""
    from contextlib import contextmanager

    from ambra_tui.cli.stores import opened
    from ambra_tui.services.access import sandbox_of

    @contextmanager
    def home() -> Iterator[tuple[Store, int]]:
        with opened(arguments) as (store, organization):
            assert organization.id is not None
            chosen = sandbox_of(store, organization.id) if arguments.sandbox else organization
            assert chosen.id is not None
            yield store, chosen.id

    return home()


def _write(arguments: argparse.Namespace, work: Callable[[Session], Any]) -> Any:
    from ambra_tui.cli.stores import command_line_actor

    with _home(arguments) as (store, organization_id):
        return store.writer.run(work, organization_id=organization_id, actor=command_line_actor())


def _list(arguments: argparse.Namespace) -> int:
    from ambra_tui.kit.text import printable
    from ambra_tui.services import webhooks

    with _home(arguments) as (store, organization_id), store.read(organization_id) as session:
        rows, _ = webhooks.list_webhooks(session)
        for row in rows:
            state = "paused" if row.paused_at else "active" if row.is_active else "off"
            print(f"{row.id}  {state:<6}  {row.edition}  {printable(row.url)}  {','.join(row.events)}")
            if row.paused_at:
                print(f"    paused: {printable(row.paused_why)}")
    return 0


def _add(arguments: argparse.Namespace) -> int:
    from ambra_tui.services import webhooks

    webhooks.check_target(arguments.url)
    events = [name.strip() for name in arguments.events.split(",") if name.strip()]
    if events == ["all"]:
        events = list(webhooks.event_names(arguments.edition))

    def work(session: Session) -> tuple[str, str]:
        made = webhooks.create_webhook(
            session, url=arguments.url, events=events, secret=arguments.secret, edition=arguments.edition
        )
        return made.id, made.secret

    webhook_id, secret = _write(arguments, work)
    print(webhook_id)
    _print_secret(secret)
    return 0


def _print_secret(secret: str) -> None:
    from ambra_tui.services.webhooks import standard_secret

    print(f"secret: {secret}")
    if standard_secret(secret) != secret:
        print(f"for libraries of Standard Webhooks: {standard_secret(secret)}")


def _test(arguments: argparse.Namespace) -> int:
    from ambra_tui.services import webhooks

    def work(session: Session) -> str:
        return webhooks.send_test_event(session, webhooks.webhook_by_id(session, arguments.webhook)).id

    print(f"{_write(arguments, work)} waits to be sent by the server.")
    return 0


def _deliveries(arguments: argparse.Namespace) -> int:
    from ambra_tui.kit.clock import to_iso
    from ambra_tui.kit.text import printable
    from ambra_tui.services import webhooks

    with _home(arguments) as (store, organization_id), store.read(organization_id) as session:
        webhook = webhooks.webhook_by_id(session, arguments.webhook)
        rows, _ = webhooks.deliveries_of(
            session, webhook.id, status=arguments.status, limit=max(1, min(arguments.limit, 1_000))
        )
        for row in rows:
            line = f"{row.id}  {to_iso(row.created_at)}  {row.status:<9}  {row.attempts}  {row.event_type}"
            print(f"{line}  {printable(row.last_error)}".rstrip())
    return 0


def _redeliver(arguments: argparse.Namespace) -> int:
    from ambra_tui.services import webhooks

    def work(session: Session) -> str:
        webhook = webhooks.webhook_by_id(session, arguments.webhook)
        delivery = webhooks.delivery_by_id(session, webhook.id, arguments.delivery)
        return webhooks.redeliver(session, webhook, delivery).id

    print(f"{_write(arguments, work)} waits to be sent by the server.")
    return 0


def _rotate(arguments: argparse.Namespace) -> int:
    from datetime import timedelta

    from ambra_tui.services import webhooks

    overlap = None if arguments.overlap is None else timedelta(seconds=arguments.overlap)

    def work(session: Session) -> str:
        webhook = webhooks.webhook_by_id(session, arguments.webhook)
        return webhooks.rotate_secret(session, webhook, overlap=overlap).secret

    _print_secret(_write(arguments, work))
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    from ambra_tui.services import webhooks

    _write(
        arguments,
        lambda session: webhooks.remove_webhook(session, webhooks.webhook_by_id(session, arguments.webhook)),
    )
    print(f"{arguments.webhook} is removed.")
    return 0


COMMAND = Command(name="webhook", help="tell programs elsewhere what happens", add_arguments=add_arguments, run=run)
