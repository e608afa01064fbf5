"""Transfers between sites in two steps: what is loaded has left its site and is in transit until the other site takes
it in. What never arrives stays in transit, as an open discrepancy, until a supervisor gives the reason; what was never
sent is an open discrepancy too, and moves no stock.

Lots, serials and costs travel along. From the first load to the last receipt both sites and the transit hold the same
in all.

Example::

    transfer = create_transfer(session, source_site_id=wh.id, destination_site_id=shop.id, lines=[...], number="TR-1")
    ship(session, transfer, idempotency_key="api-7")
    receive(session, transfer, [], idempotency_key="api-8")
"""

from ambra_tui.services.transfers.arriving import close, receive, take_in
from ambra_tui.services.transfers.corrections import reopen, take_back
from ambra_tui.services.transfers.documents import (
    cancel_transfer,
    contents_of,
    create_transfer,
    find_transfer,
    get_transfer,
    in_transit,
    line_for,
    lines_of,
    lock_transfer,
    site_codes,
)
from ambra_tui.services.transfers.lists import incoming, outgoing, page_of_transfers
from ambra_tui.services.transfers.loading import load, send, ship
from ambra_tui.services.transfers.losses import open_losses, settle_loss
from ambra_tui.services.transfers.terms import (
    DOCUMENT,
    LOSS_REASONS,
    TRANSFER_LOSS,
    TRANSFER_SHORT,
    Arrival,
    Carried,
    Departure,
    NewTransferLine,
    NotOnTransfer,
    TooMany,
)

__all__ = [
    "DOCUMENT",
    "LOSS_REASONS",
    "TRANSFER_LOSS",
    "TRANSFER_SHORT",
    "Arrival",
    "Carried",
    "Departure",
    "NewTransferLine",
    "NotOnTransfer",
    "TooMany",
    "cancel_transfer",
    "close",
    "contents_of",
    "create_transfer",
    "find_transfer",
    "get_transfer",
    "in_transit",
    "incoming",
    "line_for",
    "lines_of",
    "load",
    "lock_transfer",
    "open_losses",
    "outgoing",
    "page_of_transfers",
    "receive",
    "reopen",
    "send",
    "settle_loss",
    "ship",
    "site_codes",
    "take_back",
    "take_in",
]
