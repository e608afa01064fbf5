"""Purchase orders to receive, and what receiving left behind, for the tests of the floor."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import select

from ambra_tui.services import catalog, purchasing, suppliers
from ambra_tui.services.purchasing import NewPurchaseLine
from ambra_tui.store.models import AuditEntry, Discrepancy, LicensePlate, Location, StockLevel
from ambra_tui.store.scope import organization_of, scoped
from tests.floor.worker import Worker

GS = "\x1d"
MILK, YOG, BOLT, PHONE, PAINT, CHOC, GLOVE = (
    "5001000000019", "5001000000026", "5001000000033", "5001000000064", "5001000000071", "5001000000095",
    "5001000000040",
)  # fmt: skip
MILK_CASE, BOLT_CASE = "15001000000016", "15001000000030"
PLATE, NEXT_PLATE, THIRD_PLATE = "050010000000000019", "050010000000000026", "050010000000000033"
MILK_LABEL = f"]C102{MILK_CASE}172607153710{GS}10M130"
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])  # the rule does not lie in the database


def buy(worker: Worker, number: str, *lines: tuple[str, int], tolerance: int | None = None, **more: Any) -> None:
    """A purchase order of (SKU, quantity) lines."""

    def work(session: Any) -> None:
        vendor = suppliers.find_supplier(session, "ACME") or suppliers.create_supplier(session, name="A", code="ACME")
        new = [
            NewPurchaseLine(
                catalog.variant_by_sku(session, sku).id,
                Decimal(quantity),
                tolerance_percent=None if tolerance is None else Decimal(tolerance),
            )
            for sku, quantity in lines
        ]
        site_id = worker.place.site_id
        purchasing.create_purchase_order(
            session, supplier_id=vendor.id, site_id=site_id, lines=new, number=number, **more
        )

    worker.write(work)


def order_of(worker: Worker, number: str) -> tuple[str, str, list[int]]:
    """Status, reason of a short close, and what each line received."""

    def work(session: Any) -> tuple[str, str, list[int]]:
        order = purchasing.find_purchase_order(session, number)
        lines = purchasing.lines_of(session, order.id)
        return order.status, order.close_reason, [int(line.received) for line in lines]

    return worker.write(work)


def plates(worker: Worker) -> dict[str, tuple[str, int]]:
    """What each plate carries, and where: code -> (bin, quantity)."""

    def work(session: Any) -> dict[str, tuple[str, int]]:
        found = {}
        for plate in session.exec(scoped(session, LicensePlate)).all():
            rows = session.exec(
                scoped(session, StockLevel).where(StockLevel.plate_id == plate.id, StockLevel.on_hand > 0)
            ).all()
            for row in rows:
                bin_code = session.get(Location, (row.organization_id, row.location_id)).code
                found[plate.code] = (bin_code, int(row.on_hand))
        return found

    return worker.write(work)


def exceptions(worker: Worker) -> list[tuple[str, int, str, str]]:
    return worker.write(
        lambda session: [
            (row.kind, int(row.quantity), row.reason, row.status)
            for row in session.exec(scoped(session, Discrepancy).order_by(Discrepancy.created_at)).all()
        ]
    )


def audits(worker: Worker, act: str) -> list[dict[str, Any]]:
    return worker.write(
        lambda session: [
            dict(row.details)
            for row in session.exec(
                select(AuditEntry).where(AuditEntry.organization_id == organization_of(session), AuditEntry.act == act)
            ).all()
        ]
    )


def begin(worker: Worker, number: str) -> Worker:
    worker.menu("receive").scan(number)
    assert worker.verdict == "G20"
    worker.codes.clear()
    return worker
