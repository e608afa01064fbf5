"""Where a move stands, and how each step of it looks.

Example::

    prompt = draw(desk, MoveState(source_id=bin.id))
"""

from __future__ import annotations

from sqlmodel import col

from ambra_tui.floor.bin_item import BinItem, ambiguous, bin_rows, item_row, levels_of
from ambra_tui.floor.conversation import FlowState, PracticeCode, Prompt, Row
from ambra_tui.floor.desk import Desk
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services import moves
from ambra_tui.services.catalog import barcodes_of
from ambra_tui.services.putaway import STORAGE_KINDS, contents_of_plate
from ambra_tui.store.models import LicensePlate, Location, Lot, StockLevel, Variant
from ambra_tui.store.scope import fetch, scoped

MAX_FACTS = 4
MAX_CODES = 6


class MoveState(FlowState):
    """`source_id`: the bin that stock leaves; `plate_id`: the plate that is carried; `item`: the item that is."""

    source_id: str = ""
    plate_id: str = ""
    item: BinItem | None = None


def step_of(desk: Desk, state: MoveState) -> str:
    """from, what, lot, serial, plate or to."""
    if state.item is not None:
        return ambiguous(desk, state.item) or "to"
    if state.plate_id:
        return "to"
    return "what" if state.source_id else "from"


def draw(desk: Desk, state: MoveState) -> Prompt:
    """The prompt of the step."""
    step = step_of(desk, state)
    source = fetch(desk.session, Location, state.source_id, resource="location") if state.source_id else None
    contents = bin_rows(desk, source) if source else []
    return Prompt(
        step=step,
        title=_say(desk, "title"),
        ask=_say(desk, f"ask_{step}"),
        target=source.code[:20] if source and step == "what" else "",
        facts=_facts(desk, state, source, contents),
        contents_title=desk.say("stock.holds", bin=source.code) if source else "",
        contents=tuple(contents) or ((Row(desk.say("stock.empty")),) if source else ()),
        practice=_practice(desk, state, step),
        help_page="moving",
    )


def _say(desk: Desk, key: str, **params: object) -> str:
    return desk.say(f"move.{key}", **params)


def _facts(desk: Desk, state: MoveState, source: Location | None, contents: list[Row]) -> tuple[Row, ...]:
    if source is None:
        return ()
    if state.item is not None:
        return (item_row(desk, state.item), Row(_say(desk, "from"), source.code))
    if state.plate_id:
        plate = fetch(desk.session, LicensePlate, state.plate_id, resource="license_plate")
        carried = [
            Row(fetch(desk.session, Variant, c.variant_id, resource="variant").sku, show(c.quantity))
            for c in contents_of_plate(desk.session, plate)
        ]
        return (Row(_say(desk, "plate"), plate.code, emphasis=True), *carried[: MAX_FACTS - 1])
    if len(contents) > MAX_FACTS:
        return (*contents[: MAX_FACTS - 1], Row(_say(desk, "more", count=len(contents) - MAX_FACTS + 1)))
    return tuple(contents)


# --- practice codes -------------------------------------------------------------------------------------------------


def _practice(desk: Desk, state: MoveState, step: str) -> tuple[PracticeCode, ...]:
    if not desk.is_sample:
        return ()
    if step == "lot" and state.item is not None:
        lots = sorted({level.lot_id for level in levels_of(desk, state.item) if level.lot_id})
        numbers = [fetch(desk.session, Lot, lot_id, resource="lot").lot_number for lot_id in lots]
        return tuple(PracticeCode(f"]C110{n}", desk.say("stock.practice_lot", lot=n)) for n in numbers[:MAX_CODES])
    if step == "from":
        return _bin_codes(desk, is_full=True)
    items = _item_codes(desk, state.source_id) if step == "what" else ()
    return (*items, *_bin_codes(desk, is_full=False))


def _bin_codes(desk: Desk, *, is_full: bool) -> tuple[PracticeCode, ...]:
    """Bins with stock, or without."""
    filled = (scoped(desk.session, StockLevel).where(col(StockLevel.on_hand) > ZERO)).with_only_columns(
        col(StockLevel.location_id)
    )
    is_filled = col(Location.id).in_(filled)
    statement = scoped(desk.session, Location).where(
        Location.site_id == desk.site.id,
        col(Location.kind).in_(STORAGE_KINDS),
        is_filled if is_full else ~is_filled,
    )
    found = desk.session.exec(statement.order_by(col(Location.sequence)).limit(MAX_CODES)).all()
    return tuple(PracticeCode(b.barcode, desk.say("stock.practice_bin", bin=b.code)) for b in found)


def _item_codes(desk: Desk, location_id: str) -> tuple[PracticeCode, ...]:
    variants = dict.fromkeys(level.variant_id for level in moves.levels_in(desk.session, location_id))
    codes = []
    for variant_id in list(variants)[:MAX_CODES]:
        sku = fetch(desk.session, Variant, variant_id, resource="variant").sku
        codes += [
            PracticeCode(b.code, desk.say("stock.practice_item", item=sku))
            for b in barcodes_of(desk.session, variant_id)[:1]
        ]
    return tuple(codes)
