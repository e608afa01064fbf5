"""Orders that are picked and wait to be packed, and what the store says of their parcels."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlmodel import Session

from ambra_tui.services import orders, packing, places, shipping
from ambra_tui.store.models import Lot, Variant
from ambra_tui.store.scope import fetch
from tests.floor.worker import Worker

BOLT, GLOVE, GLOVE_M, MILK, CHOC, CHOC_CASE, PAINT, PHONE = (
    "5001000000033", "5001000000040", "5001000000057", "5001000000019", "5001000000095", "15001000000092",
    "5001000000071", "5001000000064",
)  # fmt: skip
HOME = {"name": "Jane Doe", "line1": "20 W 34th St", "city": "New York", "state": "NY", "zip": "10001", "country": "US"}
DEPOT = {"line1": "2 Depot Road", "city": "Newark", "state": "NJ", "zip": "07102", "country": "US"}


def settle(worker: Worker) -> None:
    """The warehouse stands where carriers come to."""

    def work(session: Session) -> None:
        site = places.site_by_code(session, "WH1")
        site.address = dict(DEPOT)
        session.add(site)

    worker.write(work)


def picked(worker: Worker, number: str, *lines: tuple[str, int], tote: str = "T1", **more: Any) -> str:
    """An order whose lines were picked into a tote; its id."""
    order = worker.order(number, *lines, **{"customer": HOME, **more})
    worker.command("home").menu("pick").scan(number)
    for _ in range(20):
        step = worker.prompt.step
        if step in ("bin", "item", "lot", "serial"):
            worker.scan(worker.prompt.practice[0].text)
        elif step == "tote":
            worker.scan(tote)
        elif step == "zero":
            worker.press("1")
        else:
            break
    assert worker.prompt.step == "done", worker.prompt
    worker.command("home")
    return order.id


def parcels(worker: Worker, number: str) -> list[tuple[str, list[list[tuple[str, str, int]]]]]:
    """The order's shipments that are not cancelled: state, and each package as (SKU, lot or serial, quantity)."""

    def work(session: Session) -> Any:
        order = orders.find_order(session, number)
        assert order is not None
        found = []
        for shipment in shipping.shipments_of(session, order.id):
            if shipment.status == "cancelled":
                continue
            packages = []
            for package in shipping.packages_of(session, shipment.id):
                rows = shipping.contents_of(session, [package.id])
                packages.append(
                    [
                        (
                            fetch(session, Variant, row.variant_id, resource="variant").sku,
                            fetch(session, Lot, row.lot_id, resource="lot").lot_number if row.lot_id else row.serial,
                            int(row.quantity),
                        )
                        for row in rows
                    ]
                )
            found.append((shipment.status, packages))
        return found

    found: list[tuple[str, list[list[tuple[str, str, int]]]]] = worker.write(work)
    return found


def tracking(worker: Worker, number: str) -> list[str]:
    """The tracking numbers of the order's parcels."""

    def work(session: Session) -> list[str]:
        order = orders.find_order(session, number)
        assert order is not None
        return [
            package.tracking_number
            for shipment in shipping.shipments_of(session, order.id)
            if shipment.status != "cancelled"
            for package in shipping.packages_of(session, shipment.id)
        ]

    return worker.write(work)


def status(worker: Worker, number: str) -> str:
    """The order's state."""

    def work(session: Session) -> str:
        order = orders.find_order(session, number)
        assert order is not None
        return order.status

    return worker.write(work)


def waiting(worker: Worker) -> list[str]:
    """Orders that wait to be packed."""
    return worker.write(lambda s: [order.number for order in packing.waiting_orders(s, worker.place.site_id)])


def weights(worker: Worker, number: str) -> list[Decimal | None]:
    """What the order's parcels weigh."""

    def work(session: Session) -> list[Decimal | None]:
        order = orders.find_order(session, number)
        assert order is not None
        return [
            package.weight
            for shipment in shipping.shipments_of(session, order.id)
            for package in shipping.packages_of(session, shipment.id)
        ]

    return worker.write(work)
