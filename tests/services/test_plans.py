"""How SQLite finds the rows of documents: by what is theirs, never by walking everybody's, however many there are."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from ambra_tui.kit.ids import new_id
from ambra_tui.services import orders, purchasing, returns, stock_views, transfers
from ambra_tui.services.purchasing import ReceiptItem
from ambra_tui.services.receiving import plate_levels
from ambra_tui.store import Store
from ambra_tui.store.scope import organization_of
from tests import factories

GROWING = (
    "stock_move", "reservation", "allocation", "stock_level", "sales_order_line", "purchase_order_line",
    "stock_transfer_line", "stock_transfer_content", "return_authorization", "return_line",
)  # fmt: skip
_STEP = re.compile(rf"(SCAN|SEARCH) ({'|'.join(GROWING)})\b(.*)")
_BY_ORGANIZATION = re.compile(r"\(organization_id=\?\)$")


def walked(session: Session, story: Callable[[], Any]) -> list[str]:
    """The steps of the story's statements that walk all rows of a table which grows, each with its statement."""
    driver: Any = session.connection().connection.driver_connection
    told: list[str] = []
    driver.set_trace_callback(told.append)
    try:
        story()
        session.flush()
    finally:
        driver.set_trace_callback(None)
    found = []
    for statement in dict.fromkeys(told):
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
            for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}"):
                step = _STEP.match(row[3])
                if step and (step[1] == "SCAN" or _BY_ORGANIZATION.search(row[3])):
                    found.append(f"{row[3]}: {statement}")
    return found


def test_no_step_of_a_document_walks_the_rows_of_others(sqlite_store: Store) -> None:
    def story(session: Session) -> list[str]:
        house, shop = factories.warehouse(session), factories.warehouse(session, "ST1")
        milk, glove = factories.variant(session), factories.variant(session, sku="GLOVE-L")
        for variant in (milk, glove):
            factories.stock(session, variant, house.bin, 100)

        def sold() -> None:
            lines = [orders.NewOrderLine(variant.id, Decimal(6)) for variant in (milk, glove)]
            order = orders.create_order(session, site_id=house.site.id, lines=lines)
            orders.reserve_order(session, order)
            orders.fulfill_order(session, order)
            back = [returns.NewReturnLine(milk.id, Decimal(2))]
            rma = returns.create_return(session, order_id=order.id, reason="sour", lines=back)
            returns.receive_return(session, rma, idempotency_key=new_id("key"))
            second = orders.create_order(session, site_id=house.site.id, lines=lines)
            orders.reserve_order(session, second)
            orders.cancel_order(session, second)

        def sent() -> None:
            wanted = [transfers.NewTransferLine(variant.id, Decimal(5)) for variant in (milk, glove)]
            transfer = transfers.create_transfer(
                session, source_site_id=house.site.id, destination_site_id=shop.site.id, lines=wanted
            )
            going = [transfers.Departure(milk.id, Decimal(4)), transfers.Departure(glove.id, Decimal(5))]
            transfers.ship(session, transfer, departures=going, idempotency_key=new_id("key"))
            transfers.receive(session, transfer, [], idempotency_key=new_id("key"))

        def bought() -> None:
            order = factories.purchase_order(session, house.site, (milk, 10), (glove, 10))
            items = [ReceiptItem(variant_id=milk.id, quantity=Decimal(4))]
            purchasing.receive_order(session, order, items, idempotency_key=new_id("key"))
            purchasing.receive_order(session, order, [], idempotency_key=new_id("key"))

        def asked() -> None:
            stock_views.ledger_entries(session, {"origin_id": "ord_1"}, offset=0, limit=25)
            stock_views.ledger_entries(session, {"variant_id": milk.id}, offset=0, limit=25)
            plate_levels(session, "pla_1")

        return [step for part in (sold, sent, bought, asked) for step in walked(session, part)]

    organization_id = factories.organization(sqlite_store)
    assert sqlite_store.writer.run(story, organization_id=organization_id, actor=factories.TESTER) == []


def test_the_watch_sees_a_walk(sqlite_store: Store) -> None:
    organization_id = factories.organization(sqlite_store)

    def story(session: Session) -> list[str]:
        everything = f"SELECT * FROM stock_move WHERE organization_id = {organization_of(session)} AND reason = 'x'"
        return walked(session, lambda: session.connection().exec_driver_sql(everything))

    assert len(sqlite_store.writer.run(story, organization_id=organization_id, actor=factories.TESTER)) == 1
