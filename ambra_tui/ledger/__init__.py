"""The ledger: the only writer of moves, levels, site totals, reservations, allocations and holds.

Stock only moves from one location to another, so the sum over all locations is zero, always. A move is never edited:
its reverse is posted.

Example::

    from ambra_tui.ledger import SUPPLIER, Posting, post
"""

from ambra_tui.ledger.core import move_id, name_shortages, post, reverse, submit
from ambra_tui.ledger.doors import (
    Source,
    issue_sources,
    make_virtual_locations,
    open_sources,
    open_sources_of,
    receiving_location,
    refuse_read_only,
)
from ambra_tui.ledger.holds import set_location_held, set_lot_status
from ambra_tui.ledger.mirror import mirror_defaults, mirror_policies
from ambra_tui.ledger.posting import (
    CUSTOMER,
    INVENTORY_LOSS,
    PRODUCTION,
    SUPPLIER,
    TRANSIT,
    WASTE,
    Guard,
    Posted,
    Posting,
)
from ambra_tui.ledger.reservations import (
    ReserveLine,
    allocate,
    consume_lines,
    release,
    release_quantity,
    reserve,
    reserved_for,
    take,
    unallocate,
)
from ambra_tui.ledger.status import SEVERITIES, STATUS_FELL, status_of
from ambra_tui.ledger.stocked import in_stock
from ambra_tui.store.models import MoveKind

__all__ = [
    "CUSTOMER",
    "INVENTORY_LOSS",
    "PRODUCTION",
    "SEVERITIES",
    "STATUS_FELL",
    "SUPPLIER",
    "TRANSIT",
    "WASTE",
    "Guard",
    "MoveKind",
    "Posted",
    "Posting",
    "ReserveLine",
    "Source",
    "allocate",
    "consume_lines",
    "in_stock",
    "issue_sources",
    "make_virtual_locations",
    "mirror_defaults",
    "mirror_policies",
    "move_id",
    "name_shortages",
    "open_sources",
    "open_sources_of",
    "post",
    "receiving_location",
    "refuse_read_only",
    "release",
    "release_quantity",
    "reserve",
    "reserved_for",
    "reverse",
    "set_location_held",
    "set_lot_status",
    "status_of",
    "submit",
    "take",
    "unallocate",
]
