"""How each step of making a batch looks.

Example::

    prompt = draw(desk, ProduceState(batch_id=batch.id))
"""

from __future__ import annotations

from collections.abc import Callable

from ambra_tui.floor.bin_item import BinItem, bin_rows, item_row, location_of
from ambra_tui.floor.conversation import Choice, Command, PracticeCode, Prompt, Row
from ambra_tui.floor.desk import Desk
from ambra_tui.floor.printing import label_command
from ambra_tui.floor.production_output import default_place
from ambra_tui.floor.production_state import DIALOGS, IDENTIFYING, TAKING, ProduceState, Standing, lot_of
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.ledger import Source
from ambra_tui.services import claims, production
from ambra_tui.services.labels import each_barcode, is_gtin
from ambra_tui.services.modules import MANUFACTURING
from ambra_tui.store.models import Lot, ProductionBatch, ProductionInput, Variant
from ambra_tui.store.models.waste import WASTE_REASONS
from ambra_tui.store.scope import fetch

HELP_PAGE = "producing"
MAX_LISTED = 9
MAX_FACTS = 4
ANSWER_COLUMNS = 16


def named(desk: Desk, batch: ProductionBatch) -> Row:
    """A batch in a list: its number, what it makes and how much."""
    return Row(batch.number, f"{show(batch.planned_quantity)} {_sku(desk, batch.output_variant_id)}")


def draw(desk: Desk, state: ProduceState) -> Prompt:
    """The prompt of a state. Reads only."""
    if MANUFACTURING not in desk.modules:
        return _plain(desk, "off")
    if not state.batch_id:
        return _batches(desk)
    standing = Standing.of(desk, state)
    step = standing.step
    return Prompt(
        step=step,
        title=_say(desk, "title_waste" if state.is_waste else "title"),
        ask=_ask(desk, standing, step),
        target=_target(desk, standing, step)[:20],
        facts=_facts(desk, standing, step),
        choices=_choices(desk, standing, step),
        commands=_commands(desk, standing, step),
        is_dialog=step in DIALOGS,
        accepts_text=step not in DIALOGS,
        progress=_progress(standing) if step in TAKING and not state.is_waste else None,
        todo=tuple(_due_row(desk, row) for row in standing.inputs),
        contents_title=desk.say("stock.holds", bin=standing.location.code) if standing.location else "",
        contents=tuple(bin_rows(desk, standing.location)) if standing.location else (),
        practice=_practice(desk, standing, step),
        help_page=HELP_PAGE,
        is_card=step == "done",
    )


def _say(desk: Desk, key: str, **params: object) -> str:
    return desk.say(f"produce.{key}", **params)


def _sku(desk: Desk, variant_id: str) -> str:
    return fetch(desk.session, Variant, variant_id, resource="variant").sku


def _plain(desk: Desk, step: str) -> Prompt:
    return Prompt(step=step, title=_say(desk, "title"), ask=_say(desk, f"ask_{step}"), help_page=HELP_PAGE)


def _batches(desk: Desk) -> Prompt:
    batches = production.open_batches(desk.session, desk.site.id, limit=MAX_LISTED)
    held = claims.holders(desk.session, production.DOCUMENT, [batch.id for batch in batches])
    choices = []
    for digit, batch in enumerate(batches, start=1):
        holder = held.get(batch.id)
        by = f" {holder.name}" if holder is not None and holder.id != desk.user.id else ""
        choices.append(Choice(str(digit), batch.id, _label(desk, batch, by)))
    return Prompt(
        step="batch",
        title=_say(desk, "title"),
        ask=_say(desk, "ask_batch" if batches else "ask_no_batch"),
        choices=tuple(choices),
        todo=tuple(named(desk, batch) for batch in batches),
        practice=tuple(PracticeCode(batch.number, _say(desk, "a_batch")) for batch in batches[:3])
        if desk.is_sample
        else (),
        help_page=HELP_PAGE,
    )


def _label(desk: Desk, batch: ProductionBatch, by: str) -> str:
    """The number, with what is made and by whom as far as a handheld has room; who makes it goes before what."""
    made = f"{batch.number} {_sku(desk, batch.output_variant_id)}"
    tried = (f"{made}{by}", f"{batch.number}{by}")
    fitting = next((label for label in tried if len(label) <= ANSWER_COLUMNS), batch.number)
    if by or fitting == made:
        return fitting
    return made[:ANSWER_COLUMNS].rstrip(" -")


# --- words ----------------------------------------------------------------------------------------------------------


def _ask(desk: Desk, standing: Standing, step: str) -> str:
    if step in ("bin", "item") and standing.state.is_waste:
        return _say(desk, f"ask_waste_{step}")
    if step == "place":
        return _say(desk, "ask_place", bin=default_place(desk, standing).code)
    return _say(desk, f"ask_{step}")


def _target(desk: Desk, standing: Standing, step: str) -> str:
    source, state = standing.source, standing.state
    if step == "bin" and source is not None and not state.is_waste:
        return source.location.code
    if step == "item" and standing.row is not None and not state.is_waste:
        quantity = state.quantity or standing.directed
        return f"{show(quantity)} {standing.ingredient.sku}" if quantity else standing.ingredient.sku
    if step in ("start", "gone"):
        return standing.batch.number
    if step in ("made", "place"):
        return f"{show(state.made)} {standing.product.sku}" if state.made else standing.product.sku
    if step == "done" and standing.batch.made_lot_id:
        return fetch(desk.session, Lot, standing.batch.made_lot_id, resource="lot").lot_number
    return ""


def _facts(desk: Desk, standing: Standing, step: str) -> tuple[Row, ...]:
    drawn = _FACTS.get(step)
    if drawn is None:
        drawn = _item_facts if step in (*IDENTIFYING, *DIALOGS, "more", "waste_quantity") else _no_facts
    return drawn(desk, standing)[:MAX_FACTS]


def _no_facts(desk: Desk, standing: Standing) -> tuple[Row, ...]:
    return ()


def _start_facts(desk: Desk, standing: Standing) -> tuple[Row, ...]:
    makes = Row(standing.product.sku, show(standing.batch.planned_quantity), emphasis=True)
    return (makes, *(Row(_sku(desk, row.variant_id), show(row.planned_quantity)) for row in standing.inputs))


def _bin_facts(desk: Desk, standing: Standing) -> tuple[Row, ...]:
    if standing.state.is_waste:
        return tuple(_due_row(desk, row) for row in standing.inputs)
    assert standing.source is not None, "without a source the step is another"
    quantity = show(standing.state.quantity or standing.directed)
    take = Row(_say(desk, "take"), f"{quantity} {standing.ingredient.sku}", emphasis=True)
    return (take, *_lot_rows(desk, standing.source), Row(_say(desk, "why"), _why(desk, standing.source)))


def _at_bin_facts(desk: Desk, standing: Standing) -> tuple[Row, ...]:
    """At the bin: where it is, and which lot of it."""
    place = standing.location
    assert place is not None
    here = Row(_say(desk, "bin"), place.code)
    source = standing.source
    if standing.state.is_waste or source is None or source.location.id != place.id:
        return (here, *bin_rows(desk, place, limit=MAX_FACTS - 1))
    return (Row(standing.ingredient.name), *_lot_rows(desk, source), here)


def _short_facts(desk: Desk, standing: Standing) -> tuple[Row, ...]:
    return (Row(standing.ingredient.sku, show(standing.rest), emphasis=True), Row(standing.ingredient.name))


def _item_facts(desk: Desk, standing: Standing) -> tuple[Row, ...]:
    item = standing.state.item
    if item is None:
        return ()
    due = (Row(_say(desk, "due"), show(standing.rest)),) if standing.step == "over" else ()
    return (_item_row(desk, item), *due, Row(_say(desk, "bin"), location_of(desk, item).code))


def _item_row(desk: Desk, item: BinItem) -> Row:
    """The item with its quantity, or without while nobody has told one."""
    if item.quantity:
        return item_row(desk, item)
    lot = fetch(desk.session, Lot, item.lot_id, resource="lot").lot_number if item.lot_id else ""
    return Row(_sku(desk, item.variant_id), lot, emphasis=True)


def _made_facts(desk: Desk, standing: Standing) -> tuple[Row, ...]:
    planned = Row(_say(desk, "planned"), show(standing.batch.planned_quantity))
    left = [row for row in standing.inputs if production.rest_of(row)]
    missing = (
        Row(_say(desk, "not_used"), f"{show(production.rest_of(row))} {_sku(desk, row.variant_id)}") for row in left
    )
    return (planned, *missing)


def _output_facts(desk: Desk, standing: Standing) -> tuple[Row, ...]:
    rows = []
    if standing.lot_number:
        rows.append(Row(_say(desk, "lot"), standing.lot_number, emphasis=True))
    if standing.lot_number and standing.expiry is not None:
        rows.append(Row(_say(desk, "expiry"), standing.expiry.isoformat()))
    if standing.state.plate:
        rows.append(Row(_say(desk, "plate"), standing.state.plate))
    return tuple(rows)


def _done_facts(desk: Desk, standing: Standing) -> tuple[Row, ...]:
    batch = standing.batch
    rows = [Row(standing.product.sku, show(batch.actual_quantity_produced or ZERO), emphasis=True)]
    lot = fetch(desk.session, Lot, batch.made_lot_id, resource="lot") if batch.made_lot_id else None
    if lot is not None and lot.expiry_date is not None:
        rows.append(Row(_say(desk, "expiry"), lot.expiry_date.isoformat()))
    return (*rows, Row(_say(desk, "batch"), batch.number))


_FACTS: dict[str, Callable[[Desk, Standing], tuple[Row, ...]]] = {
    "start": _start_facts,
    "bin": _bin_facts,
    "item": _at_bin_facts,
    "short": _short_facts,
    "made": _made_facts,
    "new_lot": _output_facts,
    "expiry": _output_facts,
    "place": _output_facts,
    "done": _done_facts,
}


def _lot_rows(desk: Desk, source: Source) -> tuple[Row, ...]:
    lot = lot_of(desk, source)
    if lot is None:
        return ()
    expiry = f" {lot.expiry_date.isoformat()}" if lot.expiry_date else ""
    return (Row(_say(desk, "lot"), f"{lot.lot_number}{expiry}"),)


def _why(desk: Desk, source: Source) -> str:
    """Why this bin and lot, in two words."""
    if source.expiry_date is not None:
        return _say(desk, "why_expiry")
    if source.level.lot_id:
        return _say(desk, "why_oldest")
    return _say(desk, "why_reserve" if source.location.kind == "reserve" else "why_bin")


def _due_row(desk: Desk, row: ProductionInput) -> Row:
    done = f"{show(row.actual_quantity)}/{show(row.planned_quantity)}"
    lost = f" -{show(row.waste_quantity)}" if row.waste_quantity else ""
    return Row(_sku(desk, row.variant_id), f"{done}{lost}", done=not production.rest_of(row))


def _progress(standing: Standing) -> tuple[int, int]:
    return sum(not production.rest_of(row) for row in standing.inputs), len(standing.inputs)


# --- keys -----------------------------------------------------------------------------------------------------------


def _choices(desk: Desk, standing: Standing, step: str) -> tuple[Choice, ...]:
    if step == "over":
        return (Choice("1", "yes", _say(desk, "over_yes")), Choice("2", "no", _say(desk, "over_no")))
    if step == "reason":
        reasons = enumerate(WASTE_REASONS, start=1)
        return tuple(Choice(str(digit), reason, desk.say(f"waste.reason_{reason}")) for digit, reason in reasons)
    return ()


def _commands(desk: Desk, standing: Standing, step: str) -> tuple[Command, ...]:
    keys = {
        "start": ("start",),
        "bin": ("finish", "nothing", "skip", "waste"),
        "item": ("finish", "nothing", "skip", "waste"),
        "short": ("finish", "skip", "waste"),
        "made": ("waste",),
        "reason": ("default_reason",),
        "place": ("place", "new_lot", "new_expiry") if standing.lot_number else ("place",),
        "done": ("next",),
    }.get(step, ())
    if standing.state.is_waste and step in TAKING:
        keys = ("used",)
    own = tuple(Command(_KEYS[name][0], _KEYS[name][1], _say(desk, f"key_{name}")) for name in keys)
    return (*own, label_command(desk)) if step in (*TAKING, "start", "done") else own


_KEYS = {
    "start": ("f10", "done"),
    "finish": ("f10", "done"),
    "default_reason": ("f10", "done"),
    "place": ("f10", "done"),
    "next": ("f10", "done"),
    "nothing": ("f6", "nothing"),
    "skip": ("f7", "skip"),
    "waste": ("f8", "waste"),
    "used": ("f8", "waste"),
    "new_lot": ("f6", "new_lot"),
    "new_expiry": ("f7", "new_expiry"),
}


# --- codes to practise with -----------------------------------------------------------------------------------------


def _practice(desk: Desk, standing: Standing, step: str) -> tuple[PracticeCode, ...]:
    if not desk.is_sample:
        return ()
    source = standing.source
    if step == "bin" and source is not None:
        return (PracticeCode(source.location.barcode, _say(desk, "the_bin")),)
    if step == "item" and source is not None:
        later = standing.sources[1:]
        code = each_barcode(desk.session, standing.ingredient.id) or standing.ingredient.sku
        right = PracticeCode(_label_of(desk, code, source), _say(desk, "the_label"))
        wrong = (
            PracticeCode(_label_of(desk, code, each), _say(desk, "another_label"), is_right=False) for each in later
        )
        return (right, *wrong)[:3]
    if step == "place":
        return (PracticeCode(default_place(desk, standing).barcode, _say(desk, "the_dock")),)
    return ()


def _label_of(desk: Desk, code: str, source: Source) -> str:
    """What the label of the stock says: item and lot in one code where the item has a GTIN."""
    lot = lot_of(desk, source)
    if lot is None:
        return code
    return f"]C101{code}10{lot.lot_number}" if is_gtin(code) else lot.lot_number
