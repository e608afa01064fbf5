"""A house with three people who count, for the tests of cycle counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.kit.ids import new_id
from ambra_tui.services import count_plans, counts
from ambra_tui.store import Actor, Store
from ambra_tui.store.models import CycleCount, CycleCountBin, CycleCountLine, Lot, StockLevel, StockMove, User, Variant
from ambra_tui.store.scope import organization_of, scoped
from tests import factories


@dataclass(slots=True)
class House:
    """A warehouse with 40 gloves in A01-1 and nothing in A01-2, and three people."""

    store: Store
    organization_id: int
    places: factories.Warehouse
    glove: Variant
    ana: User
    ben: User
    cleo: User

    def work(self, work: Callable[[Session], Any], who: User | None = None) -> Any:
        """Runs `work` as a person."""
        user = who or self.ana
        actor = Actor(user.id, user.name, station=f"st-{user.name}", role=user.role)
        return self.store.writer.run(work, organization_id=self.organization_id, actor=actor)

    def plan(self, *locations: Any, method: str = "bins") -> CycleCount:
        ids = [location.id for location in locations or (self.places.bin,)]
        return self.work(
            lambda s: count_plans.plan_count(s, site_id=self.places.site.id, method=method, location_ids=ids), self.cleo
        )

    def count(
        self, who: User, found: dict[str, int], *, location: Any = None, rest: Any = None, lot: Lot | None = None
    ) -> CycleCountBin:
        """A person counts a bin: so many of each variant."""

        def work(session: Session) -> CycleCountBin:
            count_bin = counts.find_bin(session, location or self.places.bin)
            assert count_bin is not None
            counts.begin_bin(session, count_bin)
            for variant_id, quantity in found.items():
                counts.tally(
                    session, count_bin, variant_id=variant_id, quantity=Decimal(quantity), is_total=True,
                    lot_id=lot.id if lot else "",
                )  # fmt: skip
            return counts.submit_bin(session, count_bin, rest=rest).bin

        return self.work(work, who)

    def submit(self, who: User, *, location: Any = None) -> CycleCountBin:
        """A person is done with a bin."""

        def work(session: Session) -> CycleCountBin:
            count_bin = counts.find_bin(session, location or self.places.bin)
            assert count_bin is not None
            return counts.submit_bin(session, count_bin).bin

        return self.work(work, who)

    def complete(self, count: CycleCount, **more: Any) -> Any:
        return self.work(
            lambda s: counts.complete_count(s, counts.get_count(s, count.id), idempotency_key=new_id("key"), **more),
            self.cleo,
        )

    def decide(self, decision: str, who: User | None = None) -> CycleCountBin:
        return self.work(
            lambda s: counts.decide(s, counts.waiting_lines(s, self.places.site.id)[0], decision), who or self.cleo
        )

    def move(
        self, quantity: int, *, source: Any = None, destination: Any = None, variant: Variant | None = None
    ) -> None:
        """A worker carries stock from the bin to elsewhere (or as told)."""
        posting = ledger.Posting(
            self.glove.id, (source or self.places.bin).id, (destination or self.places.stage).id,
            Decimal(quantity), ledger.MoveKind.BIN_MOVE, new_id("key"), guard=ledger.Guard.FREE,
        )  # fmt: skip
        self.work(lambda s: ledger.post(s, [posting]))

    def waste(self, quantity: int) -> None:
        posting = ledger.Posting(
            self.glove.id, self.places.bin.id, ledger.WASTE, Decimal(quantity), ledger.MoveKind.WASTE_RECORDED,
            new_id("key"), guard=ledger.Guard.PHYSICAL,
        )  # fmt: skip
        self.work(lambda s: ledger.post(s, [posting]))

    def on_hand(self, variant: Variant | None = None, location: Any = None) -> Decimal:
        def work(session: Session) -> Decimal:
            statement = scoped(session, StockLevel).where(
                StockLevel.variant_id == (variant or self.glove).id,
                StockLevel.location_id == (location or self.places.bin).id,
            )
            return sum((level.on_hand for level in session.exec(statement)), Decimal(0))

        return self.work(work)

    def lines(self, count: CycleCount) -> list[CycleCountLine]:
        return self.work(lambda s: counts.lines_of(s, count.id))

    def line(self, count: CycleCount) -> CycleCountLine:
        return self.lines(count)[0]

    def status(self, count: CycleCount) -> str:
        return self.work(lambda s: counts.get_count(s, count.id).status)

    def adjustments(self) -> list[Decimal]:
        """Signed quantities of the count's moves, in order."""

        def work(session: Session) -> list[Decimal]:
            statement = select(StockMove).where(
                StockMove.organization_id == organization_of(session), StockMove.kind == "cycle_count_adjustment"
            )
            moves = session.exec(statement.order_by(col(StockMove.sequence))).all()
            return [m.quantity if m.source_id == ledger.INVENTORY_LOSS else -m.quantity for m in moves]

        return self.work(work)


def open_house(store: Store, organization_id: int) -> House:
    """The house in an organization that has nothing else."""

    def work(session: Session) -> Any:
        places = factories.warehouse(session)
        glove = factories.variant(session, sku="GLOVE-L")
        factories.stock(session, glove, places.bin, 40)
        people = [
            factories.user(session, name=name, role=role)
            for name, role in (("Ana", "operator"), ("Ben", "operator"), ("Cleo", "supervisor"))
        ]
        return (places, glove, *people)

    made = store.writer.run(work, organization_id=organization_id, actor=factories.TESTER)
    return House(store, organization_id, *made)
