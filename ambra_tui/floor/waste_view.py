"""Where waste or a hold stands, and how each step of them looks.

Example::

    prompt = draw(desk, WasteState())
"""

from __future__ import annotations

from decimal import Decimal

from sqlmodel import col

from ambra_tui.floor.bin_item import BinItem, ambiguous, bin_rows, item_row, levels_of
from ambra_tui.floor.conversation import Choice, Command, FlowState, PracticeCode, Prompt, Row
from ambra_tui.floor.desk import SUPERVISORS, Desk
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.ledger.books import HELD_LOT_STATES
from ambra_tui.services import moves
from ambra_tui.services.catalog import barcodes_of
from ambra_tui.services.holds import FREE_REASONS, HOLD_REASONS, levels_of_lot
from ambra_tui.store.models import Location, Lot, StockLevel, Variant
from ambra_tui.store.models.waste import WASTE_REASONS
from ambra_tui.store.scope import fetch, scoped

MAX_FACTS = 4
MAX_CODES = 6
DIALOGS = ("reason", "why")


class WasteState(FlowState):
    """Waste: `location_id`, `item`; `is_counted`: the quantity stands, the reason is asked. A hold (`is_hold`): the
    `lot_id` or `bin_id` that is put on hold, or freed where it `was_held`; `variant_id`: an item whose lot is asked."""

    location_id: str = ""
    item: BinItem | None = None
    is_counted: bool = False
    is_hold: bool = False
    variant_id: str = ""
    lot_id: str = ""
    bin_id: str = ""
    was_held: bool = False


def step_of(desk: Desk, state: WasteState) -> str:
    """bin, item, lot, serial, plate, quantity or reason; of a hold: hold, hold_lot or why."""
    if state.is_hold:
        return "why" if state.lot_id or state.bin_id else "hold_lot" if state.variant_id else "hold"
    if state.item is None:
        return "item" if state.location_id else "bin"
    return ambiguous(desk, state.item) or ("reason" if state.is_counted else "quantity")


def reasons_of(state: WasteState) -> tuple[str, ...]:
    """The reasons that may be chosen at the step, the digit 1 first."""
    if not state.is_hold:
        return WASTE_REASONS
    return FREE_REASONS if state.was_held else HOLD_REASONS


def is_on_hold(desk: Desk, state: WasteState) -> bool:
    """The lot or bin in question is on hold now."""
    if state.bin_id:
        return fetch(desk.session, Location, state.bin_id, resource="location").is_held
    return fetch(desk.session, Lot, state.lot_id, resource="lot").status in HELD_LOT_STATES


def draw(desk: Desk, state: WasteState) -> Prompt:
    """The prompt of the step."""
    step = step_of(desk, state)
    location = fetch(desk.session, Location, state.location_id, resource="location") if state.location_id else None
    is_question = step in DIALOGS
    return Prompt(
        step=step,
        title=_say(desk, "title_hold" if state.is_hold else "title"),
        ask=_ask(desk, state, step),
        target=location.code[:20] if location and step == "item" else "",
        facts=_facts(desk, state, location),
        choices=_choices(desk, state) if is_question else (),
        commands=_commands(desk, state, step),
        is_dialog=is_question,
        accepts_text=not is_question,
        contents_title=desk.say("stock.holds", bin=location.code) if location else "",
        contents=tuple(bin_rows(desk, location)) if location else (),
        practice=() if is_question else _practice(desk, state, step),
        help_page="waste-and-quarantine",
    )


def _say(desk: Desk, key: str, **params: object) -> str:
    return desk.say(f"waste.{key}", **params)


def _ask(desk: Desk, state: WasteState, step: str) -> str:
    if step == "why":
        return _say(desk, "ask_free" if state.was_held else "ask_hold")
    return _say(desk, "ask_hold_what" if step == "hold" else f"ask_{step}")


def _choices(desk: Desk, state: WasteState) -> tuple[Choice, ...]:
    group = "reason" if not state.is_hold else "free" if state.was_held else "hold"
    reasons = enumerate(reasons_of(state), start=1)
    return tuple(Choice(str(digit), reason, _say(desk, f"{group}_{reason}")) for digit, reason in reasons)


def _commands(desk: Desk, state: WasteState, step: str) -> tuple[Command, ...]:
    if step in DIALOGS:
        return ()
    commands = []
    if desk.user.role in SUPERVISORS and step in ("bin", "hold"):
        commands.append(Command("f8", "hold", _say(desk, "key_waste" if state.is_hold else "key_hold")))
    if step == "quantity":
        commands.append(Command("f10", "done", _say(desk, "key_done")))
    return tuple(commands)


def _facts(desk: Desk, state: WasteState, location: Location | None) -> tuple[Row, ...]:
    if state.is_hold:
        return _held_facts(desk, state)
    if location is None:
        return ()
    if state.item is not None:
        return (item_row(desk, state.item), Row(_say(desk, "bin"), location.code))
    return tuple(bin_rows(desk, location, limit=MAX_FACTS))


def _held_facts(desk: Desk, state: WasteState) -> tuple[Row, ...]:
    if state.bin_id:
        location = fetch(desk.session, Location, state.bin_id, resource="location")
        return (Row(location.code, _status(desk, state), emphasis=True), *bin_rows(desk, location, limit=3))
    if not state.lot_id:
        known = fetch(desk.session, Variant, state.variant_id, resource="variant") if state.variant_id else None
        return (Row(known.sku, emphasis=True),) if known else ()
    lot = fetch(desk.session, Lot, state.lot_id, resource="lot")
    sku = fetch(desk.session, Variant, lot.variant_id, resource="variant").sku
    rows = [Row(sku, f"{lot.lot_number} {_status(desk, state)}", emphasis=True)]
    by_bin: dict[str, Decimal] = {}
    for level in levels_of_lot(desk.session, lot.id):
        by_bin[level.location_id] = by_bin.get(level.location_id, ZERO) + level.on_hand
    for location_id, quantity in list(by_bin.items())[:3]:
        rows.append(Row(fetch(desk.session, Location, location_id, resource="location").code, show(quantity)))
    return tuple(rows)


def _status(desk: Desk, state: WasteState) -> str:
    return _say(desk, "on_hold" if is_on_hold(desk, state) else "usable")


# --- practice codes -------------------------------------------------------------------------------------------------


def _practice(desk: Desk, state: WasteState, step: str) -> tuple[PracticeCode, ...]:
    if not desk.is_sample:
        return ()
    if step in ("bin", "hold"):
        return (*(_lot_codes(desk) if step == "hold" else ()), *_bin_codes(desk))
    if step == "item":
        return _item_codes(desk, state.location_id)
    if step == "lot" and state.item is not None:
        lots = sorted({level.lot_id for level in levels_of(desk, state.item) if level.lot_id})
        return tuple(_lot_code(desk, fetch(desk.session, Lot, lot_id, resource="lot")) for lot_id in lots[:MAX_CODES])
    return ()


def _bin_codes(desk: Desk) -> tuple[PracticeCode, ...]:
    filled = scoped(desk.session, StockLevel).where(col(StockLevel.on_hand) > ZERO)
    statement = scoped(desk.session, Location).where(
        Location.site_id == desk.site.id,
        col(Location.id).in_(filled.with_only_columns(col(StockLevel.location_id))),
    )
    found = desk.session.exec(statement.order_by(col(Location.sequence)).limit(MAX_CODES)).all()
    return tuple(PracticeCode(b.barcode, desk.say("stock.practice_bin", bin=b.code)) for b in found)


def _lot_codes(desk: Desk) -> tuple[PracticeCode, ...]:
    statement = scoped(desk.session, Lot).where(Lot.status == "active").order_by(Lot.lot_number).limit(MAX_CODES)
    return tuple(_lot_code(desk, lot) for lot in desk.session.exec(statement).all())


def _lot_code(desk: Desk, lot: Lot) -> PracticeCode:
    return PracticeCode(f"]C110{lot.lot_number}", desk.say("stock.practice_lot", lot=lot.lot_number))


def _item_codes(desk: Desk, location_id: str) -> tuple[PracticeCode, ...]:
    codes = []
    for variant_id in dict.fromkeys(level.variant_id for level in moves.levels_in(desk.session, location_id)):
        sku = fetch(desk.session, Variant, variant_id, resource="variant").sku
        label = desk.say("stock.practice_item", item=sku)
        codes += [PracticeCode(barcode.code, label) for barcode in barcodes_of(desk.session, variant_id)[:1]]
    return tuple(codes[:MAX_CODES])
