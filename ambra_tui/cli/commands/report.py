"""`ambra report`: a report as comma-separated values.

Example::

    $ ambra report low-stock --at WH1 > low.csv
    $ ambra report sales --period year --group-by category
"""

from __future__ import annotations

import argparse
import csv
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlmodel import Session

STOCK_REPORTS = ("stock-by-location", "low-stock", "fast-movers", "inventory-aging")
SALES_REPORTS = ("sales", "product-performance", "customers")
REPORTS = (*STOCK_REPORTS, *SALES_REPORTS)
PERIODS = ("day", "week", "month", "quarter", "year", "custom")
GROUPS = ("product", "category", "customer", "region")
AGE_BUCKETS = ("0-30", "31-60", "61-90", "90+")
MAX_DAYS = 365
PAGE = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which report, and its filters."""
    parser.description = "Writes a report to standard output as comma-separated values, all its rows."
    parser.add_argument("report", choices=REPORTS, metavar="REPORT", help=", ".join(REPORTS))
    parser.add_argument("--at", metavar="CODE", dest="site_code", help="this site alone")
    parser.add_argument("--days", type=_days, default=30, metavar="N", help="sales of the last N days (30)")
    parser.add_argument("--age-bucket", choices=AGE_BUCKETS, help="stock of this age alone")
    sales = parser.add_argument_group("sales, product-performance, customers")
    sales.add_argument("--period", choices=PERIODS, default="month", help="the one that holds today (month)")
    sales.add_argument("--from", type=date.fromisoformat, metavar="DAY", dest="first", help="the first day, 2026-01-01")
    sales.add_argument("--to", type=date.fromisoformat, metavar="DAY", dest="last", help="the last day")
    sales.add_argument("--group-by", choices=GROUPS, help="of sales: a row a group instead of a step of time")
    sales.add_argument("--currency", metavar="CODE", help="amounts of this currency (the organization's)")
    add_store_arguments(parser)


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= MAX_DAYS:
        raise ValueError
    return days


def run(arguments: argparse.Namespace) -> int:
    """Write the rows page by page, as they are read."""
    from ambra_tui.cli.stores import opened
    from ambra_tui.kit.tables import cell
    from ambra_tui.services.places import site_by_code, sites_of

    if arguments.report in SALES_REPORTS:
        with opened(arguments) as (store, organization), store.read(organization.id) as session:
            sys.stdout.write(_sales(session, arguments))
        return 0

    with opened(arguments) as (store, organization), store.read(organization.id) as session:
        site_id = site_by_code(session, arguments.site_code).id if arguments.site_code else None
        codes = {site.id: site.code for site in sites_of(session)}
        writer = csv.writer(sys.stdout, lineterminator="\n")
        for number, row in enumerate(_rows(session, arguments, site_id)):
            values = row._asdict()
            if number == 0:
                writer.writerow(("site", *values))
            writer.writerow((codes.get(values.get("site_id", ""), ""), *map(cell, values.values())))
    return 0


def _sales(session: Session, arguments: argparse.Namespace) -> str:
    """The table of a report on sales."""
    from ambra_tui.services.analytics import export
    from ambra_tui.services.analytics.spans import chosen
    from ambra_tui.store.scope import now_of

    today = now_of(session).date()
    span, interval = chosen(arguments.period, arguments.first, arguments.last, today=today)
    currency = (arguments.currency or "").upper() or None
    if arguments.report == "sales":
        return export.sales_table(session, span, interval, currency=currency, group_by=arguments.group_by or "")
    if arguments.report == "customers":
        return export.customers_table(session, span, currency=currency)
    return export.products_table(session, span, currency=currency)


def _rows(session: Session, arguments: argparse.Namespace, site_id: str | None) -> Iterator[Any]:
    from ambra_tui.services import reports

    more: Mapping[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        "stock-by-location": (reports.stock_by_location, {}),
        "low-stock": (reports.low_stock, {}),
        "fast-movers": (reports.fast_movers, {"days": arguments.days}),
        "inventory-aging": (reports.inventory_aging, {"age_bucket": arguments.age_bucket}),
    }
    read, filters = more[arguments.report]
    offset, total = 0, 1
    while offset < total:
        rows, total = read(session, site_id=site_id, **filters, offset=offset, limit=PAGE)
        yield from rows
        offset += PAGE


COMMAND = Command(name="report", help="write a report as CSV", add_arguments=add_arguments, run=run)
