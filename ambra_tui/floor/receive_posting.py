"""What a receipt posts: counted goods at a bin, serials and complete lines at the dock, copies of a pallet.

Example::

    heard = post_counted(desk, standing, location)
"""

from __future__ import annotations

from decimal import Decimal

from ambra_tui.floor.codes import shown
from ambra_tui.floor.conversation import Heard, Refusal, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.receive_state import Deposit, Pallet, ReceiveState, Standing
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.ledger import Posted
from ambra_tui.services import purchasing, receiving
from ambra_tui.services.acts import _trail
from ambra_tui.services.lot_rules import HELD_LOT_STATES
from ambra_tui.services.lots import dates_read, find_lot, find_or_create_lot
from ambra_tui.services.places import find_or_create_plate, find_plate
from ambra_tui.services.putaway import BinRefused, lock_bin, refuse_illegal_bin
from ambra_tui.services.receiving import Content
from ambra_tui.store.models import Location, Site, Variant
from ambra_tui.store.scope import fetch


def dock_of(desk: Desk, variant: Variant) -> Location:
    """Where goods of this item come in when nobody scans a bin."""
    docks = docks_at(desk)
    return docks[0] if docks else receiving.landing_location(desk.session, site_id=desk.site.id, variant=variant)


def docks_at(desk: Desk) -> list[Location]:
    """The docks of the worker's site."""
    return desk.once("docks", lambda: receiving.docks_of(desk.session, desk.site.id))


def landing_of(desk: Desk, state: ReceiveState, variant: Variant) -> Location:
    """The dock, or the quarantine for damaged goods."""
    return receiving.quarantine_location(desk.session, desk.site.id) if state.is_damaged else dock_of(desk, variant)


# --- counted goods --------------------------------------------------------------------------------------------------


def post_counted(desk: Desk, standing: Standing, location: Location) -> Heard:
    """Posts what is counted to the scanned bin."""
    state = standing.state
    contents = [Content(state.variant_id, "", state.quantity, plate_id=state.plate)]
    refuse_bin(desk, standing, location, [_with_lot(desk, standing, content) for content in contents])
    is_mixed = bool(state.plate) and refuse_used_plate(desk, state.plate, at=location)
    deposit = deposit_at(desk, standing, location, state.quantity)
    is_model = bool(state.plate) and not state.is_damaged and standing.is_expected
    pallet = _pallet(state, location, is_mixed=is_mixed) if is_model else None
    following = state.without_item().model_copy(update={"pallet": pallet, "is_damaged": False})
    return Heard(following, posted_verdict(desk, standing, location, deposit.quantity))


def post_landed(desk: Desk, standing: Standing, *, quantity: Decimal, serial: str = "") -> Heard:
    """Posts to the dock (damaged goods to the quarantine); the next bin scan confirms that or moves it."""
    assert standing.variant is not None
    location = landing_of(desk, standing.state, standing.variant)
    deposit = deposit_at(desk, standing, location, quantity, serial=serial)
    following = standing.state.model_copy(
        update={
            "quantity": ZERO,
            "label_quantity": ZERO,
            "is_over_allowed": False,
            "deposits": (*standing.state.deposits, deposit),
            "pallet": None,
        }
    )
    return Heard(following, posted_verdict(desk, standing, location, quantity, serial=serial))


def deposit_at(desk: Desk, standing: Standing, location: Location, quantity: Decimal, *, serial: str = "") -> Deposit:
    """One posting of the item at a location, on the order's lines or on the exception list."""
    state, variant = standing.state, standing.variant
    assert variant is not None
    lot_id = _lot_id(desk, state, variant)
    plate_id = find_or_create_plate(desk.session, state.plate).id if state.plate else ""
    reason = purchasing.DAMAGED if state.is_damaged else ""
    key = desk.key(f"receive:{serial}")
    posted: list[Posted]
    if standing.order is not None and standing.is_expected:
        posted = purchasing.receive_variant(
            desk.session,
            order=standing.order,
            variant_id=variant.id,
            quantity=quantity,
            location_id=location.id,
            idempotency_key=key,
            lot_id=lot_id,
            serial=serial,
            plate_id=plate_id,
            reason=reason,
            is_over_allowed=state.is_over_allowed,
            lines=standing.item_lines,
        )
    else:
        one = receiving.receive_unordered(
            desk.session,
            site=desk.site,
            variant=variant,
            quantity=quantity,
            location_id=location.id,
            idempotency_key=key,
            order=standing.order,
            lot_id=lot_id,
            serial=serial,
            plate_id=plate_id,
            reason=reason,
        )
        posted = [one]
    desk.did(
        "receive",
        moves=posted,
        document_kind="purchase_order" if standing.order else "",
        document_id=standing.order.id if standing.order else "",
        summary=_summary(standing, variant, location, quantity, serial=serial),
        details={"lot_dates": dates_read(desk.session)},
    )
    return Deposit(
        variant_id=variant.id,
        location_id=location.id,
        quantity=quantity,
        lot_id=lot_id,
        serial=serial,
        plate_id=plate_id,
        move_ids=tuple(each.id for each in posted),
    )


def _summary(
    standing: Standing, variant: Variant, location: Location, quantity: Decimal, *, serial: str = ""
) -> dict[str, str]:
    """What is told about a posting before it is taken back."""
    state = standing.state
    return {
        "quantity": show(quantity),
        "item": variant.sku,
        "bin": location.code,
        "lot": state.lot_number,
        "serial": serial,
        "plate": state.plate,
        "document": standing.order.number if standing.order else "",
    }


def _lot_id(desk: Desk, state: ReceiveState, variant: Variant) -> str:
    if not (state.lot_number and variant.is_lot_tracked):
        return ""
    lot = find_or_create_lot(
        desk.session,
        variant=variant,
        lot_number=state.lot_number,
        expiry_date=state.expiry,
        best_before_date=state.best_before,
        production_date=state.production_date,
    )
    return lot.id


def _with_lot(desk: Desk, standing: Standing, content: Content) -> Content:
    assert standing.variant is not None
    lot_id = _lot_id(desk, standing.state, standing.variant)
    return Content(content.variant_id, content.location_id, content.quantity, lot_id, "", content.plate_id)


def posted_verdict(
    desk: Desk, standing: Standing, location: Location, quantity: Decimal, *, serial: str = ""
) -> Verdict:
    """How the posting is told: on hold, not ordered, over, the order's last one, or simply received."""
    assert standing.variant is not None
    after = Standing.of(desk, standing.state.model_copy(update={"quantity": ZERO}))
    told = {
        "quantity": show(quantity),
        "item": standing.variant.sku,
        "bin": location.code,
        "document": after.document,
        "found": serial,
    }
    if standing.order is None:
        return Verdict("W13", told)
    if not standing.is_expected:
        return Verdict("W07", told)
    if standing.state.is_damaged:
        return Verdict("W09", told)
    if _is_lot_held(desk, standing.state, standing.variant):
        return Verdict("W25", told)
    over = after.received - after.ordered
    if over > 0:
        return Verdict("W01", {**told, "quantity": show(min(over, quantity))})
    if serial:
        return Verdict("G08", {**told, "done": show(after.received), "total": show(after.ordered)})
    return Verdict("G28" if after.is_all_received else "G09", told)


def _is_lot_held(desk: Desk, state: ReceiveState, variant: Variant) -> bool:
    """What came is of a lot on hold: it is on hold as well."""
    lot = find_lot(desk.session, variant.id, state.lot_number) if state.lot_number and variant.is_lot_tracked else None
    return lot is not None and lot.status in HELD_LOT_STATES


# --- bins -----------------------------------------------------------------------------------------------------------


def refuse_bin(desk: Desk, standing: Standing, location: Location, contents: list[Content]) -> None:
    """Raises Refusal for a bin of another site, a usable bin for damaged goods, and every bin that may not take it."""
    assert standing.variant is not None
    if location.site_id != desk.site.id:
        site = fetch(desk.session, Site, location.site_id or "", resource="location").code if location.site_id else "-"
        raise Refusal("E42", found=location.barcode, site=site)
    if standing.state.is_damaged:
        if not location.is_held:
            raise Refusal("E03", found=location.code, expected=landing_of(desk, standing.state, standing.variant).code)
        return
    if location.kind == "dock" and not location.is_held:
        return
    lock_bin(desk.session, location)
    try:
        refuse_illegal_bin(desk.session, location, contents)
    except BinRefused as refused:
        raise bin_refusal(refused, expected=dock_of(desk, standing.variant).code) from refused


def bin_refusal(refused: BinRefused, *, expected: str) -> Refusal:
    """A bin that may not take stock, as a verdict."""
    code = {"held": "E17", "mix": "E18", "full": "E19"}.get(refused.rule, "E03")
    found = refused.found if refused.rule == "mix" else refused.location.code
    return Refusal(code, bin=refused.location.code, found=found, maximum=show(refused.room), expected=expected)


def confirm_or_move(desk: Desk, standing: Standing, location: Location) -> Heard:
    """The bin of what was posted without one: the same bin confirms, another one takes it there."""
    state = standing.state
    last = state.deposits[-1]
    following = state.without_item().model_copy(update={"is_damaged": False})
    elsewhere = [deposit for deposit in state.deposits if deposit.location_id != location.id]
    if not elsewhere:
        return Heard(following, Verdict("G04", {"bin": location.code}))
    contents = [Content(d.variant_id, d.location_id, d.quantity, d.lot_id, d.serial, d.plate_id) for d in elsewhere]
    refuse_bin(desk, standing, location, contents)
    posted = receiving.move_received(
        desk.session, contents=contents, location=location, idempotency_key=desk.key("move")
    )
    if following.pallet is not None:
        pallet = following.pallet.model_copy(update={"location_id": location.id})
        following = following.model_copy(update={"pallet": pallet})
    sku = fetch(desk.session, Variant, last.variant_id, resource="variant").sku
    moved = sum((deposit.quantity for deposit in elsewhere), ZERO)
    desk.did("receive", moves=posted, summary={"quantity": show(moved), "item": sku, "bin": location.code})
    return Heard(following, Verdict("G10", {"quantity": show(moved), "item": sku, "bin": location.code}))


# --- plates ---------------------------------------------------------------------------------------------------------


def _pallet(state: ReceiveState, location: Location, *, is_mixed: bool) -> Pallet:
    return Pallet(
        code=state.plate,
        variant_id=state.variant_id,
        location_id=location.id,
        quantity=state.quantity,
        lot_number=state.lot_number,
        expiry=state.expiry,
        best_before=state.best_before,
        production_date=state.production_date,
        is_mixed=is_mixed,
    )


def as_copy(state: ReceiveState, pallet: Pallet, plate: str) -> ReceiveState:
    """The state as if `plate` had been scanned with the label of `pallet`."""
    return state.without_item().model_copy(
        update={
            "plate": plate,
            "variant_id": pallet.variant_id,
            "lot_number": pallet.lot_number,
            "expiry": pallet.expiry,
            "best_before": pallet.best_before,
            "production_date": pallet.production_date,
            "quantity": pallet.quantity,
            "is_damaged": False,
        }
    )


def post_copy(desk: Desk, state: ReceiveState, pallet: Pallet, plate: str) -> Heard:
    """A new plate right after a posted one carries the same and stands beside it: one scan receives it."""
    standing = Standing.of(desk, as_copy(state, pallet, plate))
    location = fetch(desk.session, Location, pallet.location_id, resource="location")
    contents = [_with_lot(desk, standing, Content(pallet.variant_id, "", pallet.quantity, plate_id=plate))]
    refuse_bin(desk, standing, location, contents)
    deposit = deposit_at(desk, standing, location, pallet.quantity)
    following = state.without_item().model_copy(
        update={
            "deposits": (deposit,),
            "is_copied": True,
            "pallet": pallet.model_copy(update={"code": plate}),
            "is_damaged": False,
        }
    )
    return Heard(following, posted_verdict(desk, standing, location, pallet.quantity))


def take_copy_back(desk: Desk, state: ReceiveState) -> ReceiveState:
    """The label says something else than the copied plate: what was copied is reversed, the plate waits again."""
    for deposit in state.deposits:
        for number, move_id in enumerate(deposit.move_ids):
            purchasing.take_back(
                desk.session, move_id=move_id, idempotency_key=desk.key(f"back:{number}"), reason="label differs"
            )
    _trail.withdraw(desk.session, desk.user.id, [each for deposit in state.deposits for each in deposit.move_ids])
    assert state.pallet is not None
    return state.without_item().model_copy(update={"plate": state.pallet.code, "pallet": None})


def refuse_used_plate(desk: Desk, code: str, *, at: Location | None = None) -> bool:
    """Raises E22 for a plate that carries stock already; `at`: where it may stand with some. True if it does."""
    plate = find_plate(desk.session, code)
    place = receiving.plate_location(desk.session, plate) if plate else None
    if place is not None and (at is None or place.id != at.id):
        raise Refusal("E22", found=shown(code), bin=place.code)
    return place is not None
