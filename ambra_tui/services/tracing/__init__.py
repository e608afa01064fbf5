"""Tracing a lot: where it was and lies, what was made of it and of what it was made, whom it reached; what expires.

Reads only. Genealogy follows the ledger's moves by production batches; nothing is kept for it.

Example::

    moves, total = tracing.movements_of(session, lot.id, offset=0, limit=25)
    family = tracing.descendants_of(session, lot.id)
    tracing.orders_reached(session, [lot.id, *family.lot_ids])
"""

from ambra_tui.services.tracing.expiring import expiring
from ambra_tui.services.tracing.genealogy import (
    ancestors_of,
    descendants_of,
    open_batches,
    origins_of,
    receipts_of,
    source_batches,
)
from ambra_tui.services.tracing.movements import documents_of, movements_of
from ambra_tui.services.tracing.reach import orders_reached, reached_of
from ambra_tui.services.tracing.stock import on_hand_of, stock_of, transfers_carrying
from ambra_tui.services.tracing.terms import (
    BinStock,
    Carrying,
    Document,
    Expiring,
    Family,
    Link,
    LotMove,
    LotStock,
    Place,
    Reached,
    Receipt,
    name_of,
)

__all__ = [
    "BinStock",
    "Carrying",
    "Document",
    "Expiring",
    "Family",
    "Link",
    "LotMove",
    "LotStock",
    "Place",
    "Reached",
    "Receipt",
    "ancestors_of",
    "descendants_of",
    "documents_of",
    "expiring",
    "movements_of",
    "name_of",
    "on_hand_of",
    "open_batches",
    "orders_reached",
    "origins_of",
    "reached_of",
    "receipts_of",
    "source_batches",
    "stock_of",
    "transfers_carrying",
]
