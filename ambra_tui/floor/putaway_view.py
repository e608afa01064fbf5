"""How a putaway looks at each step.

Example::

    prompt = draw(desk, Standing.of(desk, state))
"""

from __future__ import annotations

from ambra_tui.floor.conversation import Choice, Command, PracticeCode, Prompt, Row
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.printing import label_command
from ambra_tui.floor.putaway_state import Standing
from ambra_tui.kit.quantity import show
from ambra_tui.services import putaway, receiving
from ambra_tui.services.catalog import barcodes_of
from ambra_tui.services.receiving import Content
from ambra_tui.store.models import Location, Lot, StockLevel, Variant
from ambra_tui.store.scope import fetch, scoped

REASONS = ("bin_full", "bin_blocked", "nearer", "other")
MAX_ROWS = 30


def draw(desk: Desk, standing: Standing) -> Prompt:
    """The prompt of the step."""
    step = standing.step
    is_question = step == "reason"
    suggested = standing.suggested
    return Prompt(
        step=step,
        title=_say(desk, "title"),
        ask=_ask(desk, standing),
        target=suggested.code[:20] if suggested and step == "bin" else "",
        facts=_facts(desk, standing),
        choices=_choices(desk) if is_question else (),
        commands=(Command("f7", "skip", _say(desk, "key_skip")), label_command(desk)) if step in ("bin", "lot") else (),
        is_dialog=is_question,
        accepts_text=not is_question,
        todo=_dock_rows(desk, standing),
        contents_title=_say(desk, "holds", bin=suggested.code) if suggested else "",
        contents=_bin_rows(desk, suggested) if suggested else (),
        practice=() if is_question else _practice(desk, standing),
        help_page="putaway",
    )


def _say(desk: Desk, key: str, **params: object) -> str:
    return desk.say(f"putaway.{key}", **params)


def _ask(desk: Desk, standing: Standing) -> str:
    if standing.step == "what" and standing.state.source_id:
        return _say(desk, "ask_item")
    if standing.step == "what" and not _waiting(desk):
        return _say(desk, "ask_nothing")
    if standing.step == "bin" and standing.suggested is None:
        return _say(desk, "ask_any_bin")
    return _say(desk, f"ask_{standing.step}")


def _facts(desk: Desk, standing: Standing) -> tuple[Row, ...]:
    if standing.step == "what":
        count = len(_waiting(desk))
        return (Row(_say(desk, "waiting"), str(count)),) if count else ()
    rows: list[Row] = []
    if standing.step == "reason" and standing.chosen and standing.suggested:
        rows.append(Row(_say(desk, "instead"), f"{standing.chosen.code} / {standing.suggested.code}", emphasis=True))
    elif standing.suggested is not None:
        rows.append(Row(standing.suggested.code, _say(desk, f"why_{standing.state.why}"), emphasis=True))
    rows += [_content_row(desk, content) for content in standing.contents[:3]]
    if standing.plate is not None:
        rows.append(Row(_say(desk, "plate"), standing.plate.code))
    return tuple(rows[:6])


def _content_row(desk: Desk, content: Content) -> Row:
    variant = fetch(desk.session, Variant, content.variant_id, resource="variant")
    lot = fetch(desk.session, Lot, content.lot_id, resource="lot").lot_number if content.lot_id else content.serial
    return Row(variant.sku, f"{show(content.quantity)} {lot}".strip())


def _choices(desk: Desk) -> tuple[Choice, ...]:
    return tuple(
        Choice(str(digit), reason, _say(desk, f"reason_{reason}")) for digit, reason in enumerate(REASONS, start=1)
    )


# --- what waits, what the bin holds ---------------------------------------------------------------------------------


def waiting_rows(desk: Desk) -> list[Row]:
    """What stands at the docks, for the menu."""
    return [row for _, row in _waiting(desk)]


def _waiting(desk: Desk) -> list[tuple[str, Row]]:
    """What stands at the docks: its id and its row."""
    waiting: list[tuple[str, Row]] = []
    for dock in receiving.docks_of(desk.session, desk.site.id):
        for plate in putaway.plates_at(desk.session, dock.id, limit=MAX_ROWS):
            contents = putaway.contents_of_plate(desk.session, plate)
            first = _content_row(desk, contents[0])
            waiting.append((plate.id, Row(plate.code, f"{first.value} {first.label}")))
        for content in putaway.loose_at(desk.session, dock.id, limit=MAX_ROWS):
            waiting.append((content.variant_id, _content_row(desk, content)))
    return waiting[:MAX_ROWS]


def _dock_rows(desk: Desk, standing: Standing) -> tuple[Row, ...]:
    """What is left to put away; what was skipped comes last."""
    skipped = standing.state.skipped
    carried = standing.state.plate_id or standing.state.variant_id
    rows = [entry for entry in _waiting(desk) if entry[0] != carried]
    return tuple(row for _, row in sorted(rows, key=lambda entry: entry[0] in skipped))


def _bin_rows(desk: Desk, location: Location) -> tuple[Row, ...]:
    statement = scoped(desk.session, StockLevel).where(StockLevel.location_id == location.id, StockLevel.on_hand > 0)
    levels = desk.session.exec(statement.limit(MAX_ROWS)).all()
    contents = [
        Content(level.variant_id, level.location_id, level.on_hand, level.lot_id, level.serial) for level in levels
    ]
    return tuple(_content_row(desk, content) for content in contents) or (Row(_say(desk, "empty")),)


# --- practice codes -------------------------------------------------------------------------------------------------


def _practice(desk: Desk, standing: Standing) -> tuple[PracticeCode, ...]:
    if not desk.is_sample:
        return ()
    if standing.step == "what":
        return _practice_what(desk)
    if standing.step == "lot":
        lots = {content.lot_id for content in standing.contents if content.lot_id}
        numbers = sorted(fetch(desk.session, Lot, lot_id, resource="lot").lot_number for lot_id in lots)
        return tuple(PracticeCode(f"]C110{number}", _say(desk, "practice_lot", lot=number)) for number in numbers[:8])
    codes = []
    if standing.suggested is not None:
        label = _say(desk, "practice_bin", bin=standing.suggested.code)
        codes.append(PracticeCode(standing.suggested.barcode, label))
    return (*codes, *_practice_wrong_bins(desk, standing))


def _practice_what(desk: Desk) -> tuple[PracticeCode, ...]:
    codes: list[PracticeCode] = []
    for dock in receiving.docks_of(desk.session, desk.site.id):
        for plate in putaway.plates_at(desk.session, dock.id, limit=5):
            text = f"]C100{plate.code}" if len(plate.code) == 18 and plate.code.isdigit() else plate.code
            codes.append(PracticeCode(text, _say(desk, "practice_plate", found=plate.code)))
        for content in putaway.loose_at(desk.session, dock.id, limit=5):
            variant = fetch(desk.session, Variant, content.variant_id, resource="variant")
            found = barcodes_of(desk.session, variant.id)[:1]
            codes += [PracticeCode(b.code, _say(desk, "practice_item", item=variant.sku)) for b in found]
    bins = receiving.docks_of(desk.session, desk.site.id)[:1]
    wrong = [PracticeCode(b.barcode, _say(desk, "practice_bin", bin=b.code), is_right=False) for b in bins]
    return (*codes[:10], *wrong)


def _practice_wrong_bins(desk: Desk, standing: Standing) -> list[PracticeCode]:
    """Bins that may not take it: one of another lot, one on hold."""
    statement = scoped(desk.session, Location).where(Location.site_id == desk.site.id)
    wrong: list[PracticeCode] = []
    for location in desk.session.exec(statement.order_by(Location.code).limit(200)).all():
        if len(wrong) == 3:
            break
        try:
            putaway.refuse_illegal_bin(desk.session, location, standing.contents)
        except putaway.BinRefused:
            label = _say(desk, "practice_bin", bin=location.code)
            wrong.append(PracticeCode(location.barcode, label, is_right=False))
    return wrong
