"""Shipping: what it costs, what is packed, labels, what leaves, and where carriers have seen it.

A shipment is `packing` until its label is made, `created` until a carrier has seen it, then on the road until it is
delivered. What lies in it leaves the ledger when it is handed over.

Example::

    shipment = open_shipment(session, order)
    package = add_package(session, shipment)
    add_content(session, package, line_id=line.id, quantity=Decimal(2))
    close_package(session, package, weight=Decimal("1.2"))
    make_label(session, shipment, carrier="ups", service="ground")
    hand_over(session, shipment)
"""

from ambra_tui.services.shipping.addresses import address_of_order, address_of_site, place_of, read_address
from ambra_tui.services.shipping.connected import (
    CARRIER_ACTOR,
    begin_shipment,
    connect,
    end_shipment,
    label_urls_of,
    notice_codes,
    owner_of_parcel,
    refusal_of,
    take_notice,
    with_connectors,
)
from ambra_tui.services.shipping.creation import NewPackage, NewShipment, PackedItem, create_shipment
from ambra_tui.services.shipping.ending import cancel_in_shop, cancel_order
from ambra_tui.services.shipping.labels import label_of_package, labels_of_shipment
from ambra_tui.services.shipping.leaving import (
    cancel_shipment,
    hand_over,
    make_label,
    moves_of,
    options_for,
    take_back,
    void_label,
)
from ambra_tui.services.shipping.packing import (
    add_content,
    add_package,
    close_package,
    contents_of,
    left_to_pack,
    open_shipment,
    packages_of,
    packages_of_many,
    packing_of,
    remove_content,
    remove_package,
    reopen_package,
    shipments_of,
)
from ambra_tui.services.shipping.quotes import MAX_PARCELS, Option, Quote, Refusal, Wanted, own_tariff, quoted
from ambra_tui.services.shipping.terms import EVENT_STATES, STATE_WORDS, get_shipment
from ambra_tui.services.shipping.tracking import add_event, events_of

__all__ = [
    "CARRIER_ACTOR",
    "EVENT_STATES",
    "MAX_PARCELS",
    "STATE_WORDS",
    "NewPackage",
    "NewShipment",
    "Option",
    "PackedItem",
    "Quote",
    "Refusal",
    "Wanted",
    "add_content",
    "add_event",
    "add_package",
    "address_of_order",
    "address_of_site",
    "begin_shipment",
    "cancel_in_shop",
    "cancel_order",
    "cancel_shipment",
    "close_package",
    "connect",
    "contents_of",
    "create_shipment",
    "end_shipment",
    "events_of",
    "get_shipment",
    "hand_over",
    "label_of_package",
    "label_urls_of",
    "labels_of_shipment",
    "left_to_pack",
    "make_label",
    "moves_of",
    "notice_codes",
    "open_shipment",
    "options_for",
    "own_tariff",
    "owner_of_parcel",
    "packages_of",
    "packages_of_many",
    "packing_of",
    "place_of",
    "quoted",
    "read_address",
    "refusal_of",
    "remove_content",
    "remove_package",
    "reopen_package",
    "shipments_of",
    "take_back",
    "take_notice",
    "void_label",
    "with_connectors",
]
