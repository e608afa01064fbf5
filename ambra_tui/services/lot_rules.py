"""Which lot leaves first, and which may not leave at all.

Example::

    is_later(lot, than=proposed)        # True: the proposed one leaves first
"""

from __future__ import annotations

from datetime import date

from ambra_tui.kit.clock import to_microseconds
from ambra_tui.store.models import Lot

HELD_LOT_STATES = ("quarantine", "recalled")


def lot_order(lot: Lot) -> tuple[date, int, str]:
    """What leaves first sorts first: the earliest expiry, else the lot that came first."""
    return (lot.expiry_date or lot.best_before_date or date.max, to_microseconds(lot.created_at), lot.id)


def is_later(lot: Lot, than: Lot) -> bool:
    """True when `lot` must not leave before `than`; equal expiry dates may leave in any order."""
    mine, other = lot_order(lot), lot_order(than)
    return mine[0] > other[0] or (mine[0] == other[0] == date.max and mine[1] > other[1])


def is_expired(lot: Lot, today: date) -> bool:
    """True from the day after the expiry date."""
    return lot.expiry_date is not None and lot.expiry_date < today


def may_leave(lot: Lot, today: date) -> bool:
    """False for a lot on hold and for an expired one."""
    return lot.status not in HELD_LOT_STATES and not is_expired(lot, today)
