"""Transfers between sites: load and send what leaves this site, take in what comes, explain what never came.

Example::

    heard = FLOW.hear(desk, state, Entry("code", "TR-1"))
"""

from __future__ import annotations

from collections.abc import Sequence

from ambra_tui.floor.codes import shown, text_of, unknown
from ambra_tui.floor.conversation import Entry, Heard, Prompt, Refusal, Row, Verdict
from ambra_tui.floor.desk import SUPERVISORS, Desk
from ambra_tui.floor.transfer_receive import close, finish_receive, hear_receive, settle
from ambra_tui.floor.transfer_ship import finish_ship, hear_ship, send
from ambra_tui.floor.transfer_state import Standing, TransferState, sku_of
from ambra_tui.floor.transfer_view import ENDINGS, draw, offered, waiting_rows
from ambra_tui.kit.quantity import show
from ambra_tui.scan.model import Scan
from ambra_tui.services import claims, transfers
from ambra_tui.services.catalog import match_code
from ambra_tui.services.transfers import DOCUMENT, LOSS_REASONS
from ambra_tui.store.models import Site, StockTransfer
from ambra_tui.store.scope import fetch


class Transfer:
    """The flow behind digit 6."""

    name = "transfer"
    menu_digit = "6"
    roles = frozenset({"operator", "supervisor", "admin"})
    state_type = TransferState

    def begin(self, desk: Desk, entry: Entry | None = None) -> TransferState | Heard:
        """Asking for the transfer, or beginning with what was scanned."""
        return TransferState() if entry is None else _hear_document(desk, entry)

    def open_work(self, desk: Desk) -> Sequence[Row]:
        """What comes in, what is to go out, and for supervisors what lacks a reason."""
        return waiting_rows(desk)

    def prompt(self, desk: Desk, state: TransferState) -> Prompt:
        """The step as it is now."""
        return draw(desk, Standing.of(desk, state))

    def hear(self, desk: Desk, state: TransferState, entry: Entry) -> Heard:
        """One step. A transfer that was sent, received or cancelled elsewhere meanwhile is answered first."""
        standing = Standing.of(desk, state)
        if state.transfer_id and standing.transfer is None and (entry.kind, entry.text) != ("command", "back"):
            return Heard(TransferState(), _gone_on(desk, state))
        if entry.kind == "command":
            return _command(desk, standing, entry.text)
        if entry.kind == "choice":
            return _choose(desk, standing, entry.text)
        if standing.transfer is None:
            return _hear_document(desk, entry)
        if standing.step in ("ending", "settle"):
            raise Refusal("E40")
        return (hear_ship if state.task == "ship" else hear_receive)(desk, standing, entry)


def _gone_on(desk: Desk, state: TransferState) -> Verdict:
    transfer = transfers.get_transfer(desk.session, state.transfer_id)
    if transfer.status == "draft":
        return Verdict("E41")
    return Verdict("E32" if transfer.status == "cancelled" else "E33", {"document": transfer.number})


# --- which one ------------------------------------------------------------------------------------------------------


def _hear_document(desk: Desk, entry: Entry) -> Heard:
    transfer = transfers.find_transfer(desk.session, text_of(entry))
    if transfer is not None:
        return _begin(desk, transfer)
    scan = entry.scan or Scan(entry.text, "plain")
    if scan.kind == "invalid":
        raise unknown(entry)
    match = match_code(desk.session, scan)
    raise Refusal("E47", found=match.variant.sku if match else shown(text_of(entry)))


def _begin(desk: Desk, transfer: StockTransfer) -> Heard:
    """What is to be done with the transfer here. Raises the refusal that says why nothing is."""
    is_source, is_destination = (
        desk.site.id == site_id for site_id in (transfer.source_site_id, transfer.destination_site_id)
    )
    if transfer.status == "cancelled":
        raise Refusal("E32", document=transfer.number)
    if transfer.status == "received":
        return _begin_settling(desk, transfer, is_here=is_source or is_destination)
    task = "ship" if transfer.status == "draft" else "receive"
    if not (is_source if task == "ship" else is_destination):
        where = transfer.source_site_id if task == "ship" else transfer.destination_site_id
        raise Refusal("E42", found=transfer.number, site=fetch(desk.session, Site, where, resource="location").code)
    _claim(desk, transfer)
    count = len(transfers.lines_of(desk.session, transfer.id))
    told = {"document": transfer.number, "count": str(count)}
    return Heard(TransferState(transfer_id=transfer.id, task=task), Verdict("G20", told))


def _begin_settling(desk: Desk, transfer: StockTransfer, *, is_here: bool) -> Heard:
    losses = transfers.open_losses(desk.session, transfer_id=transfer.id)
    if not losses:
        raise Refusal("E33", document=transfer.number)
    if not is_here:
        site = fetch(desk.session, Site, transfer.destination_site_id, resource="location")
        raise Refusal("E42", found=transfer.number, site=site.code)
    desk.require(SUPERVISORS)
    _claim(desk, transfer)
    return Heard(
        TransferState(transfer_id=transfer.id, task="settle", loss_id=losses[0].id),
        Verdict("G20", {"document": transfer.number, "count": str(len(losses))}),
    )


def _claim(desk: Desk, transfer: StockTransfer) -> None:
    try:
        claims.claim(desk.session, DOCUMENT, transfer.id)
    except claims.Taken as taken:
        raise Refusal("E30", badge=taken.holder.name[:11], found=taken.holder.name) from taken


# --- answers and commands -------------------------------------------------------------------------------------------


def _choose(desk: Desk, standing: Standing, answer: str) -> Heard:
    if standing.transfer is None:
        chosen = next((each for each in offered(desk) if each.id == answer), None)
        if chosen is None:
            raise Refusal("E54", found=shown(answer))
        return _begin(desk, chosen)
    if standing.step == "settle" and answer in LOSS_REASONS:
        desk.require(SUPERVISORS)
        return settle(desk, standing, answer)
    if standing.step != "ending" or answer not in ENDINGS:
        raise Refusal("E54", found=shown(answer))
    if answer == "more":
        return Heard(standing.state.model_copy(update={"is_ending": False}))
    return (send if standing.state.task == "ship" else close)(desk, standing, [])


def _command(desk: Desk, standing: Standing, name: str) -> Heard:
    if name == "back":
        return _back(desk, standing)
    if name != "finish" or standing.transfer is None or standing.step in ("ending", "settle"):
        return Heard(standing.state)
    return (finish_ship if standing.state.task == "ship" else finish_receive)(desk, standing)


def _back(desk: Desk, standing: Standing) -> Heard:
    """One step back; what was counted and not posted is dropped, and said so."""
    state = standing.state
    if standing.transfer is None:
        return Heard(TransferState() if state.transfer_id else None)
    if state.is_ending:
        return Heard(state.model_copy(update={"is_ending": False}))
    counted = state.item or state.arriving
    if counted is not None:
        told = {"quantity": show(counted.quantity), "item": sku_of(desk, counted.variant_id)}
        return Heard(state.model_copy(update={"item": None, "arriving": None}), Verdict("W21", told))
    if state.location_id:
        return Heard(state.model_copy(update={"location_id": ""}))
    claims.release(desk.session, DOCUMENT, standing.transfer.id)
    return Heard(TransferState())


FLOW = Transfer()
