"""How a count looks at each step. Workers see what they counted, never what the book expects.

Example::

    prompt = draw(desk, Standing.of(desk, state))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ambra_tui.floor.conversation import Choice, Command, PracticeCode, Prompt, Row
from ambra_tui.floor.count_state import Standing, Waiting, item_words, waiting_bins
from ambra_tui.floor.desk import Desk
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services import count_plans, counts
from ambra_tui.services.catalog import barcodes_of
from ambra_tui.store.models import CycleCountLine, LicensePlate, Location, Lot, StockLevel, User, Variant
from ambra_tui.store.scope import fetch, organization_of, scoped

HELP_PAGE = "counts"
MAX_FACTS = 6
MAX_ROWS = 24
MAX_CHOICES = 9
ASKED_ITEM = 20  # columns of an item in a question of at most forty


def draw(desk: Desk, standing: Standing) -> Prompt:
    """The prompt of the step."""
    if standing.state.bin_id and standing.step != "take_over" and standing.is_lost:
        return _prompt(desk, "lost", ask=_say(desk, "ask_lost"))
    return _DRAWN[standing.step](desk, standing)


def _say(desk: Desk, key: str, **params: object) -> str:
    return desk.say(f"count.{key}", **params)


def _prompt(desk: Desk, step: str, *, ask: str, **more: Any) -> Prompt:
    return Prompt(step=step, title=_say(desk, "title"), ask=ask, help_page=HELP_PAGE, **more)


# --- which bin ------------------------------------------------------------------------------------------------------


def waiting_rows(desk: Desk) -> list[Row]:
    """Bins to count, for the menu."""
    return [_bin_row(desk, waiting) for waiting in waiting_bins(desk)]


def _bin_row(desk: Desk, waiting: Waiting) -> Row:
    if waiting.bin is None:
        return Row(waiting.location.code, _say(desk, "doubt"))
    return Row(waiting.location.code, _say(desk, "again") if waiting.is_recount else "")


def _bins(desk: Desk, standing: Standing) -> Prompt:
    waiting = standing.waiting
    recounts = sum(1 for row in waiting if row.is_recount)
    facts = [Row(_say(desk, "to_count"), str(len(waiting) - recounts))] if waiting else []
    if recounts:
        facts.append(Row(_say(desk, "again"), str(recounts)))
    if standing.approvals:
        facts.append(Row(_say(desk, "to_approve"), str(len(standing.approvals)), emphasis=standing.is_supervisor))
    ask = "ask_bin" if waiting else "ask_plan" if standing.is_supervisor else "ask_nothing"
    return _prompt(
        desk,
        "bin",
        ask=_say(desk, ask),
        target=waiting[0].location.code[:20] if waiting else "",
        facts=tuple(facts),
        commands=_bin_commands(desk, standing),
        progress=_progress(desk, standing),
        todo=tuple(_bin_row(desk, row) for row in waiting),
        practice=_bin_practice(desk, standing),
    )


def _bin_commands(desk: Desk, standing: Standing) -> tuple[Command, ...]:
    commands = []
    if standing.is_supervisor:
        commands.append(Command("f5", "plan", _say(desk, "key_plan")))
    if standing.approvals:
        commands.append(Command("f6", "approve", _supervisors(desk, standing, "key_approve")))
    if len(standing.waiting) > 1:
        commands.append(Command("f7", "skip", _say(desk, "key_skip")))
    if standing.open_counts:
        commands.append(Command("f10", "complete", _supervisors(desk, standing, "key_complete")))
    return tuple(commands)


def _supervisors(desk: Desk, standing: Standing, label: str) -> str:
    """The label of a key that is not shown to operators."""
    return _say(desk, label) if standing.is_supervisor else ""


def _progress(desk: Desk, standing: Standing) -> tuple[int, int] | None:
    """Bins done of those of the site's counts in progress."""
    bins = [row for count in standing.open_counts for row in counts.bins_of(desk.session, count.id)]
    return (sum(1 for row in bins if row.state == "done"), len(bins)) if bins else None


# --- in the bin -----------------------------------------------------------------------------------------------------


def _items(desk: Desk, standing: Standing) -> Prompt:
    location = standing.location
    assert location is not None
    step = standing.step
    facts = [*_current(desk, standing), *_again_rows(desk, standing)]
    rows = [_tally_row(desk, line) for line in standing.tallied]
    shown = {row.label for row in facts}
    facts += [row for row in rows if row.label not in shown]
    commands = [Command("f10", "done", _say(desk, "key_done"))]
    if not standing.tallied and not standing.state.pending:
        commands.insert(0, Command("f6", "empty", _say(desk, "key_empty")))
    return _prompt(
        desk,
        step,
        ask=_say(desk, "ask_again" if step == "item" and standing.again else f"ask_{step}"),
        target=location.code[:20],
        facts=tuple(facts[:MAX_FACTS]),
        commands=tuple(commands),
        todo=tuple(_bin_row(desk, row) for row in standing.waiting if row.location.id != location.id),
        contents_title=_say(desk, "counted_here", bin=location.code),
        contents=tuple(rows[:MAX_ROWS]),
        practice=_item_practice(desk, standing, location),
    )


def _current(desk: Desk, standing: Standing) -> list[Row]:
    """The item that is being counted, strong; the plate that it stands on."""
    state, variant = standing.state, standing.variant
    rows = []
    if variant is not None:
        mine = [line for line in standing.tallied if line.variant_id == variant.id and line.lot_id == state.lot_id]
        total = sum((line.tally or ZERO for line in mine), state.pending)
        rows.append(Row(item_words(desk, variant.id, state.lot_id), show(total), emphasis=True))
    if state.plate_id:
        plate = fetch(desk.session, LicensePlate, state.plate_id, resource="license_plate")
        rows.append(Row(_say(desk, "plate"), plate.code))
    return rows


def _again_rows(desk: Desk, standing: Standing) -> list[Row]:
    """What is to be counted again, without the numbers of the first count."""
    words = [item_words(desk, line.variant_id, line.lot_id, line.serial) for line in standing.again]
    return [Row(_say(desk, "again"), item) for item in dict.fromkeys(words)][: MAX_FACTS - 2]


def _tally_row(desk: Desk, line: CycleCountLine) -> Row:
    return Row(item_words(desk, line.variant_id, line.lot_id, line.serial), show(line.tally or ZERO))


def _rest(desk: Desk, standing: Standing) -> Prompt:
    assert standing.location is not None
    return _prompt(
        desk,
        "rest",
        ask=_say(desk, "ask_rest"),
        target=standing.location.code[:20],
        choices=(Choice("1", "zero", _say(desk, "rest_zero")), Choice("2", "keep", _say(desk, "rest_keep"))),
        is_dialog=True,
        accepts_text=False,
    )


def _take_over(desk: Desk, standing: Standing) -> Prompt:
    assert standing.location is not None
    return _prompt(
        desk,
        "take_over",
        ask=_say(desk, "ask_take_over"),
        target=standing.location.code[:20],
        choices=(Choice("1", "take_over", _say(desk, "take_over")),),
        is_dialog=True,
        accepts_text=False,
    )


# --- supervisors ----------------------------------------------------------------------------------------------------


def _plan(desk: Desk, standing: Standing) -> Prompt:
    due = len(count_plans.due_bins(desk.session, desk.site.id))
    doubts = len(count_plans.doubtful_bins(desk.session, desk.site.id))
    labels = {
        "bins": _say(desk, "plan_bins"),
        "aisle": _say(desk, "plan_aisle"),
        "abc": f"{_say(desk, 'plan_abc')} ({due})",
        "suspicion": f"{_say(desk, 'plan_suspicion')} ({doubts})",
    }
    return _prompt(
        desk,
        "plan",
        ask=_say(desk, "ask_how"),
        choices=tuple(Choice(str(digit), name, label) for digit, (name, label) in enumerate(labels.items(), start=1)),
        is_dialog=True,
        accepts_text=False,
    )


def _plan_bins(desk: Desk, standing: Standing) -> Prompt:
    planned = [fetch(desk.session, Location, key, resource="location") for key in standing.state.planned]
    practice = [place for place in _some_bins(desk) if place not in planned][:4]
    return _prompt(
        desk,
        "plan_bins",
        ask=_say(desk, "ask_plan_bins"),
        facts=tuple(Row(place.code) for place in planned[::-1][:MAX_FACTS]),
        commands=(Command("f10", "done", _say(desk, "key_done")),) if planned else (),
        contents_title=_say(desk, "plan_bins"),
        contents=tuple(Row(place.code) for place in planned[:MAX_ROWS]),
        practice=_bin_codes(desk, practice) if desk.is_sample else (),
    )


def _plan_aisle(desk: Desk, standing: Standing) -> Prompt:
    return _prompt(desk, "plan_aisle", ask=_say(desk, "ask_plan_aisle"))


def _complete(desk: Desk, standing: Standing) -> Prompt:
    choices = []
    for digit, count in enumerate(standing.open_counts[:MAX_CHOICES], start=1):
        bins = counts.bins_of(desk.session, count.id)
        done = sum(1 for row in bins if row.state == "done")
        choices.append(Choice(str(digit), count.id, f"{count.number} {done}/{len(bins)}"))
    return _prompt(
        desk, "complete", ask=_say(desk, "ask_complete"), choices=tuple(choices), is_dialog=True, accepts_text=False
    )


def _uncounted(desk: Desk, standing: Standing) -> Prompt:
    count = standing.count
    assert count is not None
    left = counts.uncounted_lines(desk.session, count.id)
    return _prompt(
        desk,
        "uncounted",
        ask=_say(desk, "ask_uncounted"),
        facts=(Row(count.number), Row(_say(desk, "uncounted"), str(left), emphasis=True)),
        choices=(Choice("1", "keep", _say(desk, "uncounted_keep")), Choice("2", "zero", _say(desk, "uncounted_zero"))),
        is_dialog=True,
        accepts_text=False,
    )


def _approve(desk: Desk, standing: Standing) -> Prompt:
    line = fetch(desk.session, CycleCountLine, standing.state.line_id, resource="count_line")
    location = fetch(desk.session, Location, line.location_id, resource="location")
    variance = line.variance or ZERO
    item = item_words(desk, line.variant_id, line.lot_id, line.serial)
    facts = [
        Row(item, f"{variance:+f}", emphasis=True),
        Row(_say(desk, "expected"), show(line.expected)),
        Row(_say(desk, "counted"), f"{show(line.counted or ZERO)} {_name(desk, line.counted_by)}".strip()),
    ]
    if line.first_counted is not None:
        facts.append(Row(_say(desk, "first"), f"{show(line.first_counted)} {_name(desk, line.first_by)}".strip()))
    return _prompt(
        desk,
        "approve",
        ask=_say(desk, "ask_approve", variance=f"{variance:+f}", item=item[:ASKED_ITEM]),
        target=location.code[:20],
        facts=tuple(facts),
        choices=tuple(
            Choice(str(digit), name, _say(desk, f"decide_{name}")) for digit, name in enumerate(counts.DECISIONS, 1)
        ),
        is_dialog=True,
        accepts_text=False,
        todo=tuple(_approval_row(desk, other) for other in standing.approvals if other.id != line.id)[:MAX_ROWS],
    )


def _approval_row(desk: Desk, line: CycleCountLine) -> Row:
    location = fetch(desk.session, Location, line.location_id, resource="location")
    words = item_words(desk, line.variant_id, line.lot_id, line.serial)
    return Row(location.code, f"{words} {line.variance or ZERO:+f}")


def _name(desk: Desk, user_id: str) -> str:
    user = desk.session.get(User, (organization_of(desk.session), user_id))
    return user.name if user else ""


# --- practice codes -------------------------------------------------------------------------------------------------


def _bin_practice(desk: Desk, standing: Standing) -> tuple[PracticeCode, ...]:
    if not desk.is_sample:
        return ()
    right = [row.location for row in standing.waiting[:5]]
    wrong = [place for place in _some_bins(desk) if place not in right][:2]
    return (*_bin_codes(desk, right), *_bin_codes(desk, wrong, is_right=False))


def _bin_codes(desk: Desk, places: list[Location], *, is_right: bool = True) -> tuple[PracticeCode, ...]:
    return tuple(
        PracticeCode(place.barcode, _say(desk, "practice_bin", bin=place.code), is_right=is_right) for place in places
    )


def _some_bins(desk: Desk) -> list[Location]:
    statement = scoped(desk.session, Location).where(Location.site_id == desk.site.id, Location.kind == "pick")
    return list(desk.session.exec(statement.order_by(Location.code).limit(12)).all())


def _item_practice(desk: Desk, standing: Standing, location: Location) -> tuple[PracticeCode, ...]:
    """Codes of what lies here, without telling how many, and of something else."""
    if not desk.is_sample:
        return ()
    statement = scoped(desk.session, StockLevel).where(StockLevel.location_id == location.id, StockLevel.on_hand > 0)
    levels = desk.session.exec(statement.limit(6)).all()
    codes = []
    if standing.step == "lot":
        lots = [fetch(desk.session, Lot, level.lot_id, resource="lot") for level in levels if level.lot_id]
        named = [lot.lot_number for lot in lots if lot.variant_id == standing.state.variant_id]
        codes = [PracticeCode(f"]C110{number}", _say(desk, "practice_lot", lot=number)) for number in named]
    for variant_id in dict.fromkeys(level.variant_id for level in levels):
        variant = fetch(desk.session, Variant, variant_id, resource="variant")
        for barcode in barcodes_of(desk.session, variant.id)[:2]:
            told = _say(desk, "practice_item", item=variant.sku, quantity=show(barcode.quantity))
            codes.append(PracticeCode(barcode.code, told))
    wrong = [place for place in _some_bins(desk) if place.id != location.id][:1]
    return (*codes[:8], *_bin_codes(desk, wrong, is_right=False))


_DRAWN: dict[str, Callable[[Desk, Standing], Prompt]] = {
    "bin": _bins,
    "item": _items,
    "lot": _items,
    "serial": _items,
    "rest": _rest,
    "take_over": _take_over,
    "plan": _plan,
    "plan_bins": _plan_bins,
    "plan_aisle": _plan_aisle,
    "complete": _complete,
    "uncounted": _uncounted,
    "approve": _approve,
}
