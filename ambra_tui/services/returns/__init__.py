"""Returns: what a customer may send back of an order, received unit by unit in the condition that it is found in.

Only sellable units come into the stock. A damaged or discarded unit passes through the receiving dock on its way out:
the ledger shows it coming and leaving there, and the site holds what it held before.

Example::

    rma = create_return(session, order_id=order.id, reason="wrong size", lines=[NewReturnLine(glove.id, Decimal(2))])
    receive_part(session, rma, variant_id=glove.id, quantity=Decimal(1), condition="sellable", idempotency_key="r-1")
"""

from ambra_tui.services.returns.documents import (
    bin_of,
    create_return,
    find_return,
    get_return,
    lines_of,
    outstanding,
    pending_returns,
    update_return,
)
from ambra_tui.services.returns.receiving import (
    cancel_return,
    close_return,
    receive_part,
    receive_return,
    reopen,
    uncount,
)
from ambra_tui.services.returns.shipped import only_lot, shipped_with
from ambra_tui.services.returns.terms import (
    DOCUMENT,
    MAX_LINES,
    SELLABLE,
    SHORT_RETURN,
    NewReturnLine,
    NotOut,
    OverReturn,
    ReturnedPart,
    Shipped,
)

__all__ = [
    "DOCUMENT",
    "MAX_LINES",
    "SELLABLE",
    "SHORT_RETURN",
    "NewReturnLine",
    "NotOut",
    "OverReturn",
    "ReturnedPart",
    "Shipped",
    "bin_of",
    "cancel_return",
    "close_return",
    "create_return",
    "find_return",
    "get_return",
    "lines_of",
    "only_lot",
    "outstanding",
    "pending_returns",
    "receive_part",
    "receive_return",
    "reopen",
    "shipped_with",
    "uncount",
    "update_return",
]
