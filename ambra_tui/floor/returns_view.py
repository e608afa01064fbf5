"""Where a return stands, and how it looks at each step.

Example::

    prompt = draw(desk, Standing.of(desk, state))
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from ambra_tui.floor.conversation import Choice, Command, FlowState, PracticeCode, Prompt, Row
from ambra_tui.floor.desk import Desk
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services import returns
from ambra_tui.services.catalog import barcodes_of
from ambra_tui.services.returns import Shipped, outstanding
from ambra_tui.store.models import Lot, ReturnAuthorization, ReturnLine, Variant
from ambra_tui.store.scope import fetch

CONDITION_KEYS = {"sellable": "s", "damaged": "d", "discarded": "x"}
CHOSEN = "return:"
OFFERED = 6


class ReturnsState(FlowState):
    """`lot_id` None: it is not told yet; empty: it has none, or an unspecified one."""

    return_id: str = ""
    variant_id: str = ""
    quantity: Decimal = Decimal(1)
    lot_id: str | None = None
    serial: str = ""

    def at_item(self) -> ReturnsState:
        """The next unit is asked for."""
        return ReturnsState(return_id=self.return_id)


@dataclass(frozen=True)
class Standing:
    """The state beside what the store says about it."""

    desk: Desk
    state: ReturnsState
    rma: ReturnAuthorization | None
    variant: Variant | None

    @classmethod
    def of(cls, desk: Desk, state: ReturnsState) -> Standing:
        """Reads the return and the unit in hand."""
        rma = returns.get_return(desk.session, state.return_id) if state.return_id else None
        variant = fetch(desk.session, Variant, state.variant_id, resource="variant") if state.variant_id else None
        return cls(desk, state, rma, variant)

    @cached_property
    def lines(self) -> list[ReturnLine]:
        """The lines of the return."""
        return returns.lines_of(self.desk.session, self.rma.id) if self.rma else []

    @cached_property
    def shipped(self) -> list[Shipped]:
        """What of the item left with the order and is still out."""
        if self.rma is None or not self.state.variant_id:
            return []
        return returns.shipped_with(self.desk.session, self.rma.order_id, self.state.variant_id)

    @property
    def step(self) -> str:
        """document, item, lot, serial or condition."""
        if self.rma is None:
            return "document"
        if self.variant is None:
            return "item"
        if self.variant.is_serial_tracked and not self.state.serial:
            return "serial"
        return "lot" if self.variant.is_lot_tracked and self.state.lot_id is None else "condition"

    @property
    def lot_number(self) -> str:
        """The number of the unit's lot, or nothing."""
        lot_id = self.state.lot_id
        return fetch(self.desk.session, Lot, lot_id, resource="lot").lot_number if lot_id else ""

    @property
    def expected(self) -> Decimal:
        """How many units may come in all."""
        return sum((line.quantity for line in self.lines), ZERO)

    @property
    def received(self) -> Decimal:
        """How many of them came."""
        return sum((line.received for line in self.lines), ZERO)


def draw(desk: Desk, standing: Standing) -> Prompt:
    """The prompt of the step."""
    step = standing.step
    is_question = step == "condition"
    return Prompt(
        step=step,
        title=_say(desk, "title"),
        ask=_ask(desk, standing),
        target=standing.variant.sku[:20] if standing.variant is not None else "",
        facts=_facts(desk, standing),
        choices=_choices(desk, step),
        commands=(Command("f10", "close", _say(desk, "key_close")),) if step == "item" else (),
        is_dialog=is_question,
        accepts_text=not is_question,
        progress=_progress(standing),
        todo=tuple(_line_row(desk, line) for line in standing.lines),
        practice=_practice(desk, standing),
        help_page="returns",
    )


def _say(desk: Desk, key: str, **params: object) -> str:
    return desk.say(f"returns.{key}", **params)


def _ask(desk: Desk, standing: Standing) -> str:
    if standing.step == "document" and not returns.pending_returns(desk.session, desk.site.id, limit=1):
        return _say(desk, "ask_nothing")
    return _say(desk, f"ask_{standing.step}")


def _progress(standing: Standing) -> tuple[int, int] | None:
    return (int(standing.received), int(standing.expected)) if standing.rma is not None else None


def _facts(desk: Desk, standing: Standing) -> tuple[Row, ...]:
    if standing.rma is None:
        return ()
    if standing.variant is None:
        order = sorted(standing.lines, key=lambda line: (not outstanding(line), line.position))
        return (Row(standing.rma.number), *(_line_row(desk, line) for line in order[:4]))
    expected = {line.condition for line in standing.lines if line.variant_id == standing.variant.id}
    rows = [
        Row(standing.variant.name or standing.variant.sku),
        Row(_say(desk, "lot"), standing.lot_number),
        Row(_say(desk, "serial"), standing.state.serial),
        Row(_say(desk, "expected"), ", ".join(_say(desk, f"condition_{each}") for each in sorted(expected))),
    ]
    if standing.state.quantity != 1:
        rows.insert(1, Row(_say(desk, "quantity"), show(standing.state.quantity), emphasis=True))
    return tuple(row for position, row in enumerate(rows) if row.value or not position)


def _line_row(desk: Desk, line: ReturnLine) -> Row:
    sku = fetch(desk.session, Variant, line.variant_id, resource="variant").sku
    return Row(sku, f"{show(line.received)}/{show(line.quantity)}", done=not outstanding(line))


def _choices(desk: Desk, step: str) -> tuple[Choice, ...]:
    if step == "document":
        waiting = returns.pending_returns(desk.session, desk.site.id, limit=OFFERED)
        return tuple(Choice(str(n), f"{CHOSEN}{rma.id}", rma.number) for n, rma in enumerate(waiting, start=1))
    if step != "condition":
        return ()
    return tuple(Choice(key, name, _say(desk, f"condition_{name}")) for name, key in CONDITION_KEYS.items())


def _practice(desk: Desk, standing: Standing) -> tuple[PracticeCode, ...]:
    if not desk.is_sample or standing.step == "condition":
        return ()
    if standing.rma is None:
        waiting = returns.pending_returns(desk.session, desk.site.id, limit=OFFERED)
        return tuple(PracticeCode(rma.number, rma.number) for rma in waiting)
    if standing.step == "item":
        return tuple(code for line in standing.lines for code in _practice_item(desk, line))
    numbers = [
        part.serial or fetch(desk.session, Lot, part.lot_id, resource="lot").lot_number
        for part in standing.shipped
        if part.serial or part.lot_id
    ]
    return tuple(PracticeCode(number, number) for number in numbers[:8])


def _practice_item(desk: Desk, line: ReturnLine) -> list[PracticeCode]:
    variant = fetch(desk.session, Variant, line.variant_id, resource="variant")
    codes = [code for code in barcodes_of(desk.session, variant.id) if code.quantity == 1][:1]
    return [PracticeCode(code.code, variant.sku, is_right=bool(outstanding(line))) for code in codes]
