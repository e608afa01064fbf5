"""Picking orders: which bins in which order, from bin to tote or stage, and what happens when the bin holds less.

A reservation promises stock of the site; `plan` assigns it to bins (earliest expiry first, pick bins before reserve
bins), `stops` gives them in walking order, `pick` moves stock into a tote or onto the stage, where it stays assigned
to the order until the order leaves. A short pick never adjusts stock: it asks for a count, and nobody is sent to that
bin for that item until it is counted. Orders are picked in clusters: several in one walk, each into totes of its own.

Example::

    plan(session, order)
    stop = stops(session, order.id)[0]
    pick(session, order, stop=stop, quantity=stop.quantity, destination=tote, idempotency_key="step-7")
"""

from ambra_tui.services.lot_rules import HELD_LOT_STATES, is_expired, is_later, lot_order
from ambra_tui.services.picking.planning import candidates, plan
from ambra_tui.services.picking.post import check_lot, pick
from ambra_tui.services.picking.short import preview_short, short_pick
from ambra_tui.services.picking.stops import levels_at, stops, stops_in
from ambra_tui.services.picking.terms import (
    EarlierLotFirst,
    Missing,
    Picked,
    Plan,
    ShortPick,
    Stop,
    Taken,
    ToteTaken,
)
from ambra_tui.services.picking.totes import carried, check_tote, owners_of, ship_picked

__all__ = [
    "HELD_LOT_STATES",
    "EarlierLotFirst",
    "Missing",
    "Picked",
    "Plan",
    "ShortPick",
    "Stop",
    "Taken",
    "ToteTaken",
    "candidates",
    "carried",
    "check_lot",
    "check_tote",
    "is_expired",
    "is_later",
    "levels_at",
    "lot_order",
    "owners_of",
    "pick",
    "plan",
    "preview_short",
    "ship_picked",
    "short_pick",
    "stops",
    "stops_in",
]
