"""Parcels are handed to their carrier: each label is scanned, and with the last one of a shipment its stock leaves.

Example::

    heard = hear_parcel(desk, PackState(step="hand"), Entry("code", "1Z5R89390357567127"))
"""

from __future__ import annotations

from ambra_tui.floor.codes import text_of, unknown
from ambra_tui.floor.conversation import Entry, Heard, Refusal, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.pack_state import PackState
from ambra_tui.floor.pack_words import told
from ambra_tui.services import orders, packing, shipping
from ambra_tui.store.models import Shipment, ShipmentPackage, Site
from ambra_tui.store.scope import fetch


def hear_parcel(desk: Desk, state: PackState, entry: Entry) -> Heard:
    """The label of a parcel, or the number of an order that goes without a carrier."""
    text = text_of(entry)
    parcel = packing.parcel_with(desk.session, text)
    if parcel is not None:
        return scan_parcel(desk, state, parcel)
    order = orders.find_order(desk.session, text)
    if order is None:
        raise unknown(entry)
    labelled = [row for row in packing.shipments_here(desk.session, order.id) if row.status == "created"]
    if not labelled:
        raise Refusal("E33" if order.status in ("shipped", "delivered") else "E80", document=order.number, found=text)
    if labelled[0].carrier:
        raise Refusal("E87", document=order.number)
    return _leave(desk, state, labelled[0])


def scan_parcel(desk: Desk, state: PackState, parcel: ShipmentPackage) -> Heard:
    """One parcel is on its way out; with the last of its shipment the stock leaves. Parcels of an order that was
    cancelled meanwhile are given up."""
    shipment = packing.shipment_of(desk.session, parcel)
    order = orders.get_order(desk.session, shipment.order_id)
    if shipment.site_id != desk.site.id:
        site = fetch(desk.session, Site, shipment.site_id, resource="location")
        raise Refusal("E42", found=order.number, site=site.code)
    if order.status == "cancelled":
        packing.give_up(desk.session, shipment)
    if shipment.status == "cancelled":
        return Heard(state.model_copy(update={"step": "hand"}), Verdict("E32", {"document": order.number}))
    if shipment.status != "created" or shipment.left_at is not None:
        raise Refusal("E33", document=order.number)
    packages = shipping.packages_of(desk.session, shipment.id)
    if parcel.id in state.scanned:
        return Heard(state, Verdict("W08", {"found": parcel.tracking_number or order.number}))
    scanned = (*state.scanned, parcel.id)
    done = sum(package.id in scanned for package in packages)
    if done < len(packages):
        told_of = {"done": str(done), "total": str(len(packages)), "document": order.number}
        return Heard(state.model_copy(update={"step": "hand", "scanned": scanned}), Verdict("G85", told_of))
    return _leave(desk, state, shipment)


def _leave(desk: Desk, state: PackState, shipment: Shipment) -> Heard:
    order = orders.get_order(desk.session, shipment.order_id)
    number = order.number
    packages = shipping.packages_of(desk.session, shipment.id)
    with told(order):
        left = packing.hand_over(desk.session, shipment)
    desk.did(
        "pack_hand",
        moves=left.posted,
        document_kind=orders.DOCUMENT,
        document_id=order.id,
        summary={"document": number, "found": packages[0].tracking_number if shipment.carrier else ""},
        details={"shipment_id": shipment.id},
    )
    gone = {package.id for package in packages}
    kept = tuple(scanned for scanned in state.scanned if scanned not in gone)
    following = PackState(step="hand", scanned=kept)
    return Heard(following, Verdict("G13", {"document": number}))
