"""A desk that imports texts as files, for the tests of imports."""

from __future__ import annotations

from sqlmodel import select

from ambra_tui.services.imports._run import run_import
from ambra_tui.store.models import (
    Barcode,
    Location,
    Lot,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    SalesOrder,
    SearchToken,
    Site,
    StockLevel,
    StockMove,
    Supplier,
    Variant,
)
from ambra_tui.store.scope import scoped
from tests import factories

TABLES = (
    Site, Location, Product, Variant, Barcode, Lot, StockMove, StockLevel, Supplier, PurchaseOrder, PurchaseOrderLine,
    SalesOrder, SearchToken,
)  # fmt: skip
ORDERS = (
    "number,supplier,sku,quantity,unit_cost,expected\n"
    "PO-1,Dairy,MILK,120,0.6254,2026-03-05\n"
    "PO-2,Steel,BOLT,3.00,,\n"
    "PO-1,Dairy,BOLT,10,,2026-03-07\n"
)


class Desk:
    """Imports texts as files, and counts what the store holds."""

    def __init__(self, store, organization_id, folder):
        self.store, self.organization_id, self.folder = store, organization_id, folder
        self.refused = []

    def file(self, content, name="file.csv"):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run(self, kind, content, **options):
        self.refused = []
        report = run_import(
            self.store,
            organization_id=self.organization_id,
            kind=kind,
            path=self.file(content),
            on_refused=self.refused.append,
            actor=factories.TESTER,
            **options,
        )
        assert report.refused == len(self.refused)
        assert report.made + report.unchanged + report.refused >= report.rows
        return report.made, report.unchanged, report.refused

    @property
    def reasons(self):
        return {row.line: row.reason for row in self.refused}

    def count(self):
        with self.store.read(self.organization_id) as session:
            return {
                table.__name__: len(
                    session.exec(select(table).where(table.organization_id == self.organization_id)).all()
                )
                for table in TABLES
            }

    def rows(self, model):
        with self.store.read(self.organization_id) as session:
            return session.exec(scoped(session, model)).all()

    def read(self, work):
        with self.store.read(self.organization_id) as session:
            return work(session)

    def on_hand(self):
        variants = {row.id: row.sku for row in self.rows(Variant)}
        bins = {row.id: row.code for row in self.rows(Location)}
        return {(bins[level.location_id], variants[level.variant_id]): level.on_hand for level in self.rows(StockLevel)}


def stock(desk):
    """A warehouse with two bins and three goods."""
    desk.run("locations", "site,code,kind\nWH1,RECV,dock\nWH1,A01,pick\nWH1,A02,pick\n")
    desk.run(
        "catalog",
        "sku,name,barcode,expiry_tracked,serial_tracked,case_barcode,case_quantity\n"
        "BOLT,Bolt,5001000000033,,,15001000000030,100\n"
        "MILK,Milk,5001000000019,yes,,,\n"
        "PHONE,Phone,5001000000064,,yes,,\n",
    )
    return desk
