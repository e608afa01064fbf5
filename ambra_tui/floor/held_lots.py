"""Why a lot on hold may not be used, in a word: recalled, or on hold for another reason.

Example::

    raise Refusal(held_code(lot), lot=lot.lot_number)
"""

from __future__ import annotations

from ambra_tui.store.models import Lot

ON_HOLD, RECALLED = "E16", "E76"


def held_code(lot: Lot) -> str:
    """E76 for a recalled lot, E16 for any other on hold."""
    return RECALLED if lot.status == "recalled" else ON_HOLD
