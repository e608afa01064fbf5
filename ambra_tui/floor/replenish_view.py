"""Where a worker stands in filling pick faces, and what is seen there.

Example::

    draw(desk, state).target        # 'C01-1'
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ambra_tui.floor.conversation import SHOWN_WORK, Choice, Command, FlowState, PracticeCode, Prompt, Row
from ambra_tui.floor.desk import Desk
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.ledger import Source
from ambra_tui.services import claims, replenishment
from ambra_tui.services.replenishment import Need
from ambra_tui.services.tasks import open_tasks
from ambra_tui.store.models import LicensePlate, Location, Lot, Task, Variant
from ambra_tui.store.scope import fetch

CLAIM = "task"
MAX_LISTED = 9
HELP_PAGE = "replenish"
Step = Literal["task", "source", "item", "face"]


class ReplenishState(FlowState):
    """`task_id`: the pick face that is filled; `source`: location, lot, serial and plate of the level that is taken
    from; `quantity`: what is taken so far; `is_counting`: case codes are being added up; `skipped`: bins that are not
    gone to now."""

    step: Step = "task"
    task_id: str = ""
    source: tuple[str, str, str, str] = ("", "", "", "")
    quantity: Decimal = ZERO
    is_counting: bool = False
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """The task, what its bin lacks, and the level to take from (None: there is none)."""

    task: Task
    need: Need
    source: Source | None

    @classmethod
    def of(cls, desk: Desk, state: ReplenishState) -> Standing:
        """Reads the task anew."""
        task = fetch(desk.session, Task, state.task_id, resource="task")
        need = replenishment.need_of(desk.session, task)
        mine = next((source for source in need.sources if key_of(source) == state.source), None)
        return cls(task, need, mine)

    @property
    def directed(self) -> Decimal:
        """How much of the level is wanted."""
        return min(self.need.quantity, self.source.quantity) if self.source else ZERO


def key_of(source: Source) -> tuple[str, str, str, str]:
    """Names the level of a source."""
    level = source.level
    return (level.location_id, level.lot_id, level.serial, level.plate_id)


def waiting(desk: Desk) -> list[Task]:
    """Pick faces to fill, urgent ones first."""
    return open_tasks(desk.session, desk.site.id, kind="replenish")[:MAX_LISTED]


def waiting_rows(desk: Desk) -> list[Row]:
    """What the menu counts."""
    return [Row(*_names(desk, task)) for task in waiting(desk)[:SHOWN_WORK]]


def _names(desk: Desk, task: Task) -> tuple[str, str]:
    face = fetch(desk.session, Location, task.location_id or "", resource="location")
    return face.code, fetch(desk.session, Variant, task.variant_id or "", resource="variant").sku


def draw(desk: Desk, state: ReplenishState) -> Prompt:
    """The prompt of a state. Reads only."""
    if state.step == "task":
        return _tasks(desk)
    standing = Standing.of(desk, state)
    if standing.source is None:
        return _gone(desk, standing)
    return {"source": _source, "item": _item, "face": _face}[state.step](desk, state, standing, standing.source)


def _tasks(desk: Desk) -> Prompt:
    tasks = waiting(desk)
    held = claims.holders(desk.session, CLAIM, [task.id for task in tasks])
    choices, practice = [], []
    for digit, task in enumerate(tasks, start=1):
        code, sku = _names(desk, task)
        holder = held.get(task.id)
        by = f" {holder.name}" if holder is not None and holder.id != desk.user.id else ""
        choices.append(Choice(str(digit), task.id, f"{code} {sku}{by}"))
        practice.append(PracticeCode(code, desk.say("replenish.the_face")))
    return Prompt(
        step="task",
        title=desk.say("replenish.title"),
        ask=desk.say("replenish.ask_task" if tasks else "replenish.ask_none"),
        choices=tuple(choices),
        practice=tuple(practice[:3]),
        help_page=HELP_PAGE,
    )


def _gone(desk: Desk, standing: Standing) -> Prompt:
    return Prompt(
        step="gone",
        title=desk.say("replenish.title"),
        ask=desk.say("replenish.ask_gone"),
        target=standing.need.face.code[:20],
        facts=(Row(standing.need.variant.sku, standing.need.variant.name),),
        help_page=HELP_PAGE,
    )


def _source(desk: Desk, state: ReplenishState, standing: Standing, source: Source) -> Prompt:
    take = Row(desk.say("replenish.take"), f"{show(standing.directed)} {standing.need.variant.sku}", emphasis=True)
    return Prompt(
        step="source",
        title=desk.say("replenish.title"),
        ask=desk.say("replenish.ask_source"),
        target=source.location.code[:20],
        facts=(take, *_what(desk, source), _to(desk, standing)),
        commands=_commands(desk),
        practice=_practice(desk, source.location.barcode, "replenish.the_bin"),
        help_page=HELP_PAGE,
    )


def _item(desk: Desk, state: ReplenishState, standing: Standing, source: Source) -> Prompt:
    return Prompt(
        step="item",
        title=desk.say("replenish.title"),
        ask=desk.say("replenish.ask_item"),
        target=f"{show(standing.directed)} {standing.need.variant.sku}"[:20],
        facts=(
            Row(standing.need.variant.name),
            *_what(desk, source),
            Row(desk.say("replenish.bin"), source.location.code),
            _to(desk, standing),
        ),
        commands=_commands(desk),
        practice=_practice(desk, standing.need.variant.sku, "replenish.the_item"),
        help_page=HELP_PAGE,
    )


def _face(desk: Desk, state: ReplenishState, standing: Standing, source: Source) -> Prompt:
    taken = f"{show(state.quantity)} {standing.need.variant.sku}"
    return Prompt(
        step="face",
        title=desk.say("replenish.title"),
        ask=desk.say("replenish.ask_face"),
        target=standing.need.face.code[:20],
        facts=(
            Row(desk.say("replenish.taken"), taken, emphasis=True),
            *_what(desk, source),
            Row(desk.say("replenish.quantity_hint"), desk.say("replenish.quantity_how")),
        ),
        practice=_practice(desk, standing.need.face.barcode, "replenish.the_face"),
        help_page=HELP_PAGE,
    )


def _what(desk: Desk, source: Source) -> tuple[Row, ...]:
    level, rows = source.level, []
    if level.lot_id:
        lot = fetch(desk.session, Lot, level.lot_id, resource="lot")
        expiry = f" {lot.expiry_date.isoformat()}" if lot.expiry_date else ""
        rows.append(Row(desk.say("replenish.lot"), f"{lot.lot_number}{expiry}"))
    if level.plate_id:
        plate = fetch(desk.session, LicensePlate, level.plate_id, resource="license_plate")
        rows.append(Row(desk.say("replenish.plate"), plate.code))
    return tuple(rows)


def _to(desk: Desk, standing: Standing) -> Row:
    return Row(desk.say("replenish.into"), standing.need.face.code)


def _commands(desk: Desk) -> tuple[Command, ...]:
    return (
        Command("f6", "nothing", desk.say("replenish.nothing")),
        Command("f7", "skip", desk.say("replenish.skip")),
    )


def _practice(desk: Desk, code: str, label: str) -> tuple[PracticeCode, ...]:
    return (PracticeCode(code, desk.say(label)),) if desk.is_sample else ()
