"""The carrier is chosen and the labels are printed; both can be taken back until the parcels leave.

Example::

    heard = choose_service(desk, Standing.of(desk, state), "print")
"""

from __future__ import annotations

from ambra_tui.errors import Invalid
from ambra_tui.floor.codes import shown
from ambra_tui.floor.conversation import Heard, Refusal, Verdict
from ambra_tui.floor.desk import SUPERVISORS, Desk
from ambra_tui.floor.pack_state import PackState, Standing
from ambra_tui.floor.pack_words import told
from ambra_tui.services import orders, packing, printing, shipping
from ambra_tui.services.packing import Choice
from ambra_tui.services.shipping import Option
from ambra_tui.store.models import Shipment
from ambra_tui.store.scope import fetch

PRINT, OTHER, WITHOUT, MORE = "print", "other", "without", "more"
A_PAGE = 8  # carriers that are listed at once, where there are too many for a digit each


def choice_of(desk: Desk, standing: Standing) -> Choice:
    """What the order may go by; read once a step."""
    shipment = standing.shipment
    if shipment is None:
        return Choice(None, ())
    return desk.once("pack_choice", lambda: packing.choose(desk.session, standing.order, shipment))


def chosen_of(desk: Desk, standing: Standing) -> Option | None:
    """What a supervisor chose, else what is proposed."""
    choice, state = choice_of(desk, standing), standing.state
    wanted = (state.carrier, state.service)
    return next((each for each in choice.options if (each.carrier, each.service) == wanted), choice.proposed)


def choose_service(desk: Desk, standing: Standing, answer: str) -> Heard:
    """The label is printed, or another carrier is chosen, which is a supervisor's to do."""
    state = standing.state
    if state.step == "services":
        desk.require(SUPERVISORS)
        if answer == MORE:
            return Heard(state.model_copy(update={"page": state.page + 1}))
        carrier, _, service = answer.partition(":")
        if not any((each.carrier, each.service) == (carrier, service) for each in choice_of(desk, standing).options):
            raise Refusal("E54", found=shown(answer))
        return Heard(state.model_copy(update={"step": "service", "carrier": carrier, "service": service}))
    chosen = chosen_of(desk, standing)
    if answer == PRINT and chosen is not None:
        return _send(desk, standing, chosen.carrier, chosen.service)
    if answer == WITHOUT:
        if chosen is not None:
            desk.require(SUPERVISORS)
        return _send(desk, standing, "", "")
    if answer == OTHER:
        desk.require(SUPERVISORS)
        return Heard(state.model_copy(update={"step": "services", "page": 0}))
    raise Refusal("E54", found=shown(answer))


def listed(desk: Desk, standing: Standing) -> tuple[tuple[Option, ...], bool]:
    """The carriers on this page of the list, and whether there are more pages; after the last comes the first."""
    options = choice_of(desk, standing).options
    if len(options) <= A_PAGE + 1:
        return options, False
    start = standing.state.page % -(-len(options) // A_PAGE) * A_PAGE
    return options[start : start + A_PAGE], True


def _send(desk: Desk, standing: Standing, carrier: str, service: str) -> Heard:
    order, shipment = standing.order, standing.shipment
    assert shipment is not None, "only what is packed has a carrier"
    number = order.number
    try:
        with told(order):
            before = packing.label(desk.session, order, shipment, carrier=carrier, service=service)
    except Invalid as error:
        raise Refusal("E85", document=number, detail=error.message.rstrip(".")) from error
    numbers = [package.tracking_number for package in shipping.packages_of(desk.session, shipment.id)]
    desk.did(
        "pack_label",
        document_kind=orders.DOCUMENT,
        document_id=order.id,
        summary={"found": numbers[0] if carrier else "", "document": number},
        details={"shipment_id": shipment.id, "status": before},
    )
    following = PackState(step="label", order_id=order.id, shipment_id=shipment.id)
    if not carrier:
        return Heard(following, Verdict("G86", {"document": number}))
    return Heard(following, _print(desk, shipment))


def _print(desk: Desk, shipment: Shipment) -> Verdict:
    labels = shipping.labels_of_shipment(desk.session, shipment, language=desk.language)
    job = printing.add_job(desk.session, labels, kind="parcel")
    count = {"count": str(len(labels))}
    return Verdict("G87", count) if job.printer else Verdict("W34", {**count, "file": printing.folder().name})


def print_again(desk: Desk, state: PackState) -> Heard:
    """F9: the labels once more. Raises E38 for a shipment without a carrier, or one that has left."""
    shipment = fetch(desk.session, Shipment, state.shipment_id, resource="shipment")
    if not shipment.carrier or shipment.status != "created":
        raise Refusal("E38", document=orders.get_order(desk.session, shipment.order_id).number)
    return Heard(state, _print(desk, shipment))


def short_name(option: Option, room: int = 16) -> str:
    """A carrier's service in a row of a small screen: whole words as far as they fit, the last one cut."""
    title = option.title
    if len(title) <= room:
        return title
    words = title.split()
    while len(words) > 2 and len(" ".join(words)) > room:
        words.pop(1)
    return " ".join(words)[:room].rstrip()
