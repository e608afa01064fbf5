"""Purchase orders: made, ordered, received line by line, closed short, cancelled.

Moves of the state: draft -> ordered -> partially_received -> received; a draft or an ordered one may be cancelled, one
that came in part is closed short, which leaves an open discrepancy for each line that is missing something.

Example::

    order = create_purchase_order(
        session, supplier_id=dairy.id, site_id=site.id, lines=[NewPurchaseLine(milk.id, Decimal(120))], number="PO-1001"
    )
    receive_order(session, order, idempotency_key="erp-7")
"""

from ambra_tui.services.purchasing.closing import cancel_purchase_order, close_short, reopen
from ambra_tui.services.purchasing.documents import (
    create_purchase_order,
    expected_orders,
    find_purchase_order,
    get_purchase_order,
    lines_of,
    list_purchase_orders,
    lock_order,
)
from ambra_tui.services.purchasing.quantities import maximum_more, outstanding
from ambra_tui.services.purchasing.receipts import receive_order
from ambra_tui.services.purchasing.receiving import receive_line, receive_variant, take_back
from ambra_tui.services.purchasing.states import place_order
from ambra_tui.services.purchasing.terms import (
    DAMAGED,
    DOCUMENT,
    MAX_LINES,
    RECEIVABLE,
    SHORT_RECEIPT,
    NewPurchaseLine,
    Over,
    OverReceipt,
    ReceiptItem,
)

__all__ = [
    "DAMAGED",
    "DOCUMENT",
    "MAX_LINES",
    "RECEIVABLE",
    "SHORT_RECEIPT",
    "NewPurchaseLine",
    "Over",
    "OverReceipt",
    "ReceiptItem",
    "cancel_purchase_order",
    "close_short",
    "create_purchase_order",
    "expected_orders",
    "find_purchase_order",
    "get_purchase_order",
    "lines_of",
    "list_purchase_orders",
    "lock_order",
    "maximum_more",
    "outstanding",
    "place_order",
    "receive_line",
    "receive_order",
    "receive_variant",
    "reopen",
    "take_back",
]
