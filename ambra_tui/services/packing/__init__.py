"""Packing on the floor: what was picked goes from totes into parcels, each parcel gets its label and leaves.

The parcels are a `Shipment` of the order with its packages and contents (`services.shipping`). Stock moves twice: to
the stage when a parcel is closed (the tote is free again), and out of the site when the parcel is handed over.

Example::

    put(session, package, picked_items(session, order.id)[0], Decimal(1))
    close(session, order, package, weight=Decimal("1.2"), idempotency_key="step-9")
"""

from ambra_tui.services.packing.boxes import (
    MOST_KILOGRAMS,
    Carried,
    close,
    give_back,
    let_go_of,
    open_again,
    refuse_held_or_gone,
    reopen,
    stage_of,
)
from ambra_tui.services.packing.choosing import Choice, choose, preferred
from ambra_tui.services.packing.contents import packed_here, picked_items, put, shipments_here, take_out
from ambra_tui.services.packing.leaving import give_up, hand_over, label, refuse_in_parcels, shipment_of, unlabel
from ambra_tui.services.packing.terms import Changed, InParcels, PickedItem, key_of
from ambra_tui.services.packing.waiting import count_waiting, parcel_with, waiting_orders, waiting_shipments

__all__ = [
    "MOST_KILOGRAMS",
    "Carried",
    "Changed",
    "Choice",
    "InParcels",
    "PickedItem",
    "choose",
    "close",
    "count_waiting",
    "give_back",
    "give_up",
    "hand_over",
    "key_of",
    "label",
    "let_go_of",
    "open_again",
    "packed_here",
    "parcel_with",
    "picked_items",
    "preferred",
    "put",
    "refuse_held_or_gone",
    "refuse_in_parcels",
    "reopen",
    "shipment_of",
    "shipments_here",
    "stage_of",
    "take_out",
    "unlabel",
    "waiting_orders",
    "waiting_shipments",
]
