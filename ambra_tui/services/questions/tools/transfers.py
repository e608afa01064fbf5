"""Transfers between sites, and one of them with its lines."""

from __future__ import annotations

from typing import ClassVar, Literal

from sqlmodel import Session, col, select

from ambra_tui.services.questions.tool import Found, InPeriod, Parameters, Tool, number
from ambra_tui.services.questions.tools._documents import (
    document_named,
    in_state,
    lines_of,
    sums_of,
    with_line,
)
from ambra_tui.services.questions.tools._shared import (
    asked_for,
    counted,
    day,
    own,
    site_codes,
    site_id_named,
    total_of,
    variant_named,
    within,
)
from ambra_tui.store.models import StockTransfer, StockTransferLine

_OPEN = ("draft", "in_transit")


class Transfers(InPeriod):
    """`location`: either end."""

    statuses: ClassVar[tuple[str, ...]] = ("in_transit", "draft", "open", "received", "cancelled")
    status: Literal["draft", "in_transit", "received", "cancelled", "open"] | None = None
    from_location: str | None = None
    to_location: str | None = None
    location: str | None = None
    sku: str | None = None


class TransferDetail(Parameters):
    """`transfer`: its number."""

    transfer: str


def transfers(session: Session, asked: Transfers) -> Found:
    """Transfers between sites, newest first."""
    statement = select(StockTransfer).where(
        own(session, StockTransfer), *within(col(StockTransfer.created_at), asked, session)
    )
    source, destination, either = (
        site_id_named(session, code) for code in (asked.from_location, asked.to_location, asked.location)
    )
    statement = statement.where(
        *in_state(StockTransfer.status, asked.status, _OPEN),
        *asked_for((StockTransfer.source_site_id, source), (StockTransfer.destination_site_id, destination)),
    )
    if either is not None:
        statement = statement.where(
            (col(StockTransfer.source_site_id) == either) | (col(StockTransfer.destination_site_id) == either)
        )
    variant = variant_named(session, asked.sku)
    statement = statement.where(*with_line(session, StockTransfer, StockTransferLine, "stock_transfer_id", variant))
    codes = site_codes(session)
    page = list(session.exec(statement.order_by(col(StockTransfer.id).desc()).limit(asked.rows)))
    sums = sums_of(session, StockTransferLine, "stock_transfer_id", [row.id for row in page], "received", variant)
    rows = [
        {
            "transfer": row.number, "status": row.status, "from": codes[row.source_site_id],
            "to": codes[row.destination_site_id], "quantity": number(sums[row.id][0]),
            "received": number(sums[row.id][1]), "shipped_on": day(row.shipped_at),
        }
        for row in page
    ]  # fmt: skip
    return Found(rows, counted(session, statement))


def transfer_detail(session: Session, asked: TransferDetail) -> Found:
    """One transfer: its state and its lines."""
    transfer = document_named(session, StockTransfer, asked.transfer, "stock_transfer")
    rows = lines_of(session, StockTransferLine, "stock_transfer_id", transfer.id, "quantity", "shipped", "received")
    codes = site_codes(session)
    facts = {
        "transfer": transfer.number, "status": transfer.status, "from": codes[transfer.source_site_id],
        "to": codes[transfer.destination_site_id], "shipped": total_of(rows, "shipped"),
        "received": total_of(rows, "received"),
    }  # fmt: skip
    return Found(rows, facts=facts)


TOOLS = (
    Tool(
        "transfers",
        "Transfers between sites",
        Transfers,
        transfers,
        "/api/v1/stock_transfers",
        resource="stock_transfers",
    ),
    Tool(
        "transfer_detail",
        "One transfer and its lines",
        TransferDetail,
        transfer_detail,
        "/api/v1/stock_transfers/:id",
        resource="stock_transfers",
    ),
)
