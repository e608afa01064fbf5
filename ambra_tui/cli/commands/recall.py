"""`ambra recall`: a lot and what was made of it are on hold everywhere; whom they had reached is listed.

Example::

    $ ambra recall M100 --sku MILK-1L --reason "metal found" --out reached.csv
    Lot M100 of MILK-1L is recalled.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command
from ambra_tui.errors import Invalid

if TYPE_CHECKING:
    from decimal import Decimal

    from sqlmodel import Session

    from ambra_tui.services.recalls import Hits
    from ambra_tui.store.models import Lot

COLUMNS = ("order", "customer", "sku", "lot", "shipped", "returned", "outstanding", "last_shipped_at", "contact")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The lot, why, and where the list goes."""
    parser.add_argument("lot", metavar="LOT", help="the lot's number")
    parser.add_argument("--sku", required=True, metavar="SKU", help="the item that the lot is of")
    parser.add_argument("--reason", metavar="TEXT", help="why; needed unless --dry-run")
    parser.add_argument("--dry-run", action="store_true", help="only tell what it would concern; change nothing")
    parser.add_argument("--alone", action="store_true", help="this lot alone, not what was made of it")
    parser.add_argument("--lift", action="store_true", help="end a recall: the stock may be used again")
    parser.add_argument("--out", metavar="FILE.csv", help="write the orders and customers reached to this file")
    add_store_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Recall the lot, or tell what a recall would concern."""
    from ambra_tui.cli.stores import command_line_actor, opened
    from ambra_tui.services import recalls

    if not arguments.dry_run and not arguments.reason:
        raise Invalid("Say why with --reason, or look first with --dry-run.")

    def work(session: Session) -> tuple[Lot, Hits]:
        lot = _lot(session, arguments)
        if arguments.dry_run:
            return lot, recalls.preview(session, lot, include_descendants=not arguments.alone)
        if arguments.lift:
            if lot.status != "recalled":
                raise Invalid(f"Lot {lot.lot_number} is not recalled: it is {lot.status}.")
            recalls.lift(session, lot, reason=arguments.reason)
            return lot, recalls.preview(session, lot)
        done = recalls.recall(session, lot, reason=arguments.reason, include_descendants=not arguments.alone)
        return lot, done.hits

    with opened(arguments) as (store, organization):
        lot, hits = store.writer.run(work, organization_id=organization.id, actor=command_line_actor())
        with store.read(organization.id) as session:
            _tell(session, arguments, lot, hits)
    return 0


def _lot(session: Session, arguments: argparse.Namespace) -> Lot:
    from ambra_tui.errors import NotFound
    from ambra_tui.services.catalog import variant_by_sku
    from ambra_tui.services.lots import find_lot

    lot = find_lot(session, variant_by_sku(session, arguments.sku).id, arguments.lot)
    if lot is None:
        raise NotFound("lot", arguments.lot)
    return lot


def _tell(session: Session, arguments: argparse.Namespace, lot: Lot, hits: Hits) -> None:
    from ambra_tui.kit.text import printable

    done = "would be recalled" if arguments.dry_run else "is free again" if arguments.lift else "is recalled"
    print(f"Lot {printable(lot.lot_number)} of {printable(arguments.sku)} {done}.")
    if arguments.lift and not arguments.dry_run:
        return
    for line in _figures(session, hits):
        print(f"  {printable(line)}")
    rows = _rows(session, hits)
    if arguments.out:
        _write(arguments.out, rows)
        print(f"  {len(rows)} rows are in {printable(arguments.out)}.")
        return
    for row in rows:
        print("  " + printable(f"{row[0]}  {row[1] or '-'}  {row[2]} {row[3]}: {row[4]} shipped, {row[5]} back"))


def _figures(session: Session, hits: Hits) -> list[str]:
    from ambra_tui.kit.quantity import ZERO, show
    from ambra_tui.store.models import Site
    from ambra_tui.store.scope import fetch

    lines = [f"{len(hits.lot_ids)} lots, {len({row.order_id for row in hits.orders})} orders, "
             f"{len(hits.customers)} customers"]  # fmt: skip
    by_bin: dict[str, Decimal] = {}
    for held in hits.stock.bins:
        place = f"{fetch(session, Site, held.site_id, resource='site').code}/{held.code}"
        by_bin[place] = by_bin.get(place, ZERO) + held.on_hand
    lines += [f"{place}: {show(quantity)}" for place, quantity in sorted(by_bin.items())]
    lines += [f"on the way by {row.number}: {show(row.quantity)}" for row in hits.carrying]
    if hits.open_orders:
        lines.append(f"assigned to {', '.join(hits.open_orders)}")
    if hits.open_batches:
        lines.append(f"taken by {', '.join(hits.open_batches)}")
    return lines


def _rows(session: Session, hits: Hits) -> list[tuple[str, ...]]:
    from ambra_tui.kit.clock import to_iso
    from ambra_tui.kit.quantity import show
    from ambra_tui.store.models import Lot, Variant
    from ambra_tui.store.scope import fetch

    rows: list[tuple[str, ...]] = []
    for row in hits.orders:
        lot = fetch(session, Lot, row.lot_id, resource="lot")
        sku = fetch(session, Variant, lot.variant_id, resource="variant").sku
        contact = "; ".join(f"{name}: {value}" for name, value in row.customer.items() if name != "name" and value)
        rows.append((
            row.number, row.customer_name, sku, lot.lot_number, show(row.shipped), show(row.returned),
            show(row.outstanding), to_iso(row.last_shipped_at), contact,
        ))  # fmt: skip
    return rows


def _write(path: str, rows: list[tuple[str, ...]]) -> None:
    import csv
    from pathlib import Path

    try:
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(tuple(_harmless(value) for value in row) for row in rows)
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror}. The recall itself stands.") from error


def _harmless(value: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


COMMAND = Command(
    name="recall",
    help="recall a lot: on hold everywhere, with the list of the orders it had reached",
    add_arguments=add_arguments,
    run=run,
)
