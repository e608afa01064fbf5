"""Another process on the store of a test: ``python -m tests.ledger.worker URL ORGANIZATION NAME WORK ...``.

It says on standard output what was confirmed to it, a line each, so a test may kill it at any moment and knows what the
store owes. WORK: ``post VARIANT LOCATION`` posts one unit after the other; ``reserve SITE`` reads a variant a line and
races 25 reservations of one unit.
"""

from __future__ import annotations

import sys
import threading
from decimal import Decimal
from functools import partial
from itertools import count

from sqlmodel import Session

from ambra_tui.errors import InsufficientStock
from ambra_tui.ledger import SUPPLIER, MoveKind, Posting, ReserveLine, post, reserve
from ambra_tui.ledger.core import submit
from ambra_tui.store import Store, open_store

RESERVERS = 25


def main(url: str, organization: str, name: str, work: str, *values: str) -> None:
    """Open the store, say so, do the work."""
    with open_store(url) as store:
        print("ready", flush=True)
        if work == "post":
            _post(store, int(organization), name, *values)
        else:
            _reserve(store, int(organization), name, *values)


def receipt(name: str, number: int, variant: str, location: str) -> Posting:
    """The posting number `number` of the process `name`."""
    kind = MoveKind.PURCHASE_RECEIVED
    return Posting(variant, SUPPLIER, location, Decimal(1), kind, idempotency_key=f"{name} {number}")


def _post(store: Store, organization: int, name: str, variant: str, location: str) -> None:
    """By turns through a function and through the fast path; a line of standard input asks for one more."""
    for number in count():
        if not sys.stdin.readline():
            return
        posting = receipt(name, number, variant, location)
        if number % 2:
            submit(store.writer, posting, organization_id=organization).result()
        else:
            store.writer.run(partial(post, postings=[posting]), organization_id=organization)
        print(number, flush=True)


def _reserve(store: Store, organization: int, name: str, site: str) -> None:
    for trial, line in enumerate(sys.stdin):
        print(_race(store, organization, f"{name} {trial}", site, line.strip()), flush=True)


def _race(store: Store, organization: int, name: str, site: str, variant: str) -> int:
    """How many of the reservations were granted."""
    granted: list[int] = []
    start = threading.Barrier(RESERVERS)

    def work(number: int) -> None:
        def promise(session: Session) -> None:
            lines = [ReserveLine("line", variant, Decimal(1))]
            document = f"{name} {number}"
            reserve(session, site_id=site, document_kind="sales_order", document_id=document, lines=lines)

        start.wait()
        try:
            store.writer.run(promise, organization_id=organization)
            granted.append(number)
        except InsufficientStock:
            pass

    threads = [threading.Thread(target=work, args=(number,)) for number in range(RESERVERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(granted)


if __name__ == "__main__":
    main(*sys.argv[1:])
