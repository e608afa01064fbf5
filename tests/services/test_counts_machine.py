"""Counts race with picks, moves, waste, receipts and putaways in any order; a model knows what is really there.

Real stock is moved by the workers together with the book, and now and then it is lost or found behind the book's back.
Workers count what they really see, line by line, while others go on. Whatever the order: a completed count brings the
book of each level to where the real stock was, relative to the moment of counting, and never a unit further (FLOOR D2).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlmodel import Session

from ambra_tui import ledger
from ambra_tui.errors import InsufficientStock
from ambra_tui.kit.ids import new_id
from ambra_tui.ledger import Guard, MoveKind, Posting
from ambra_tui.services import claims, count_plans, counts
from ambra_tui.services.verify import verify_store
from ambra_tui.store import Actor, Store
from ambra_tui.store.models import CycleCountBin, CycleCountLine, User
from tests import factories

Level = tuple[str, str, str]  # location, variant, lot
ZERO = Decimal(0)
QUANTITIES = st.sampled_from([Decimal(n) for n in ("1", "2", "3", "5", "8", "0.5")])
LEVELS = "SELECT location_id, variant_id, lot_id, on_hand FROM stock_level WHERE organization_id = :organization"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a count of a level knew: how far the real stock had drifted from the moves, at the moment `at`."""

    drift: Decimal
    at: int


class CountMachine(RuleBasedStateMachine):
    """One site, two bins, a dock and a stage, two items (one by lot), two workers and a supervisor."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.organization_id = factories.organization(store, new_id("name"))
        self.people: dict[str, User] = {}
        self.really: defaultdict[Level, Decimal] = defaultdict(Decimal)
        self.book: defaultdict[Level, Decimal] = defaultdict(Decimal)
        self.drift: defaultdict[Level, Decimal] = defaultdict(Decimal)  # found (+) or lost (-) behind the book's back
        self.adjusted: defaultdict[Level, Decimal] = defaultdict(Decimal)
        self.newest: dict[Level, int] = {}  # the latest moment of counting that was completed
        self.tallied: dict[tuple[str, Level], Seen] = {}  # by bin of a count
        self.scanned: dict[tuple[str, Level], tuple[int, Decimal]] = {}  # of these: moves before, adjusted at the last
        self.moves: defaultdict[Level, int] = defaultdict(int)
        self.seen: dict[tuple[str, Level], Seen] = {}  # by count
        self.at_bin: dict[str, tuple[str, str]] = {}  # worker -> count and bin of it
        self.moment = 0
        self._build()

    def _build(self) -> None:
        def work(session: Session) -> Any:
            house = factories.warehouse(session)
            glove = factories.variant(session, sku="GLOVE")
            milk = factories.variant(session, sku="MILK", is_lot_tracked=True)
            lots = [factories.lot(session, milk, number=f"M{n}") for n in (1,)]
            for name, role in (("Ana", "operator"), ("Ben", "operator"), ("Cleo", "supervisor")):
                self.people[name] = factories.user(session, name=name, role=role)
            return house, [(glove.id, ""), *((milk.id, lot.id) for lot in lots)]

        self.house, self.items = self.write(work, who="")
        self.bins = [self.house.bin.id, self.house.other_bin.id]
        for place in self.bins:
            self._post(ledger.SUPPLIER, place, self.items[0], Decimal(10), MoveKind.PURCHASE_RECEIVED)
        self._post(ledger.SUPPLIER, self.bins[0], self.items[1], Decimal(10), MoveKind.PURCHASE_RECEIVED)

    def write(self, work: Any, *, who: str = "Cleo") -> Any:
        user = self.people.get(who)
        actor = Actor(user.id, user.name, f"st-{who}", user.role) if user else factories.TESTER
        return self.store.writer.run(work, organization_id=self.organization_id, actor=actor)

    # -- stock that moves in the book and on the floor -----------------------------------------------------------

    def _post(
        self, source: str, destination: str, item: tuple[str, str], quantity: Decimal, kind: MoveKind, **more: Any
    ) -> bool:
        posting = Posting(item[0], source, destination, quantity, kind, new_id("k"), lot_id=item[1], **more)
        try:
            self.write(lambda session: ledger.post(session, [posting]))
        except InsufficientStock:
            return False
        for place, sign in ((source, -1), (destination, 1)):
            if not place.startswith("loc_supplier") and place not in (ledger.WASTE, ledger.SUPPLIER):
                self.really[place, *item] += sign * quantity
                self.book[place, *item] += sign * quantity
                self.moves[place, item[0], item[1]] += 1
        self.moment += 1
        return True

    def _order(self, key: Level) -> tuple[int, int]:
        """Ids differ from run to run; places and items do not."""
        return self.bins.index(key[0]), self.items.index((key[1], key[2]))

    def _carry(self, data: Any, quantity: Decimal) -> tuple[str, tuple[str, str], Decimal] | None:
        """Something that lies in a bin really, and as much of it as is there."""
        there = sorted(
            (key for key, found in self.really.items() if found > 0 and key[0] in self.bins), key=self._order
        )
        if not there:
            return None
        place, *item = data.draw(st.sampled_from(there))
        return place, (item[0], item[1]), min(quantity, self.really[place, item[0], item[1]])

    @rule(data=st.data(), quantity=QUANTITIES, kind=st.sampled_from(["pick", "move", "waste", "receive"]))
    def work_goes_on(self, data: Any, quantity: Decimal, kind: str) -> None:
        ways = {"pick": self.pick, "move": self.move, "waste": self.waste, "receive": self.receive_and_put_away}
        ways[kind](data, quantity)

    def pick(self, data: Any, quantity: Decimal) -> None:
        """Allocated to an order, then carried to the stage."""
        if (taken := self._carry(data, quantity)) is None:
            return
        place, item, amount = taken

        def allocate(session: Session) -> None:
            allocation = ledger.allocate(
                session, location_id=place, variant_id=item[0], lot_id=item[1], quantity=amount,
                document_kind="sales_order", document_id="so", line_id="line",
            )  # fmt: skip
            ledger.take(session, allocation, amount)

        try:
            self.write(allocate)
        except InsufficientStock:
            return
        more = {"guard": Guard.FREE, "allocated": amount}
        assert self._post(place, self.house.stage.id, item, amount, MoveKind.PICK_MOVE, **more)

    def move(self, data: Any, quantity: Decimal) -> None:
        if (taken := self._carry(data, quantity)) is not None:
            place, item, amount = taken
            target = data.draw(st.sampled_from([key for key in self.bins if key != place]))
            self._post(place, target, item, amount, MoveKind.BIN_MOVE, guard=Guard.FREE)

    def waste(self, data: Any, quantity: Decimal) -> None:
        if (taken := self._carry(data, quantity)) is not None:
            place, item, amount = taken
            self._post(place, ledger.WASTE, item, amount, MoveKind.WASTE_RECORDED, guard=Guard.PHYSICAL)

    def receive_and_put_away(self, data: Any, quantity: Decimal) -> None:
        item = data.draw(st.sampled_from(self.items))
        self._post(ledger.SUPPLIER, self.house.dock.id, item, quantity, MoveKind.PURCHASE_RECEIVED)
        target = data.draw(st.sampled_from(self.bins))
        self._post(self.house.dock.id, target, item, quantity, MoveKind.BIN_MOVE, guard=Guard.FREE)

    @rule(data=st.data(), quantity=QUANTITIES, is_found=st.booleans())
    def lose_or_find(self, data: Any, quantity: Decimal, is_found: bool) -> None:
        """Nobody books it."""
        key: Level = (data.draw(st.sampled_from(self.bins)), *data.draw(st.sampled_from(self.items)))
        change = quantity if is_found else -min(quantity, self.really[key])
        self.really[key] += change
        self.drift[key] += change

    # -- counts ------------------------------------------------------------------------------------------------

    def _plan(self, data: Any) -> list[CycleCountBin]:
        """A count of one or two bins that no other floor count has open."""
        bins = self.write(lambda s: counts.open_bins(s, self.house.site.id, states=UNDONE))
        free = [key for key in self.bins if key not in {row.location_id for row in bins}]
        if not free:
            return []
        chosen = data.draw(st.lists(st.sampled_from(free), min_size=1, unique=True))
        tolerance = data.draw(st.sampled_from([Decimal(1), Decimal(1000)]))

        def plan(session: Session) -> None:
            count = count_plans.plan_count(session, site_id=self.house.site.id, method="bins", location_ids=chosen)
            count.tolerance_units = tolerance
            session.add(count)

        self.write(plan)
        return list(self.write(lambda s: counts.open_bins(s, self.house.site.id)))

    @rule(who=st.sampled_from(["Ana", "Ben"]), data=st.data())
    def go_to_a_bin(self, who: str, data: Any) -> None:
        if who in self.at_bin:
            return
        bins = self.write(lambda s: counts.open_bins(s, self.house.site.id)) or self._plan(data)
        if bins:
            self._begin(who, data.draw(st.sampled_from(bins)))

    def _begin(self, who: str, row: CycleCountBin) -> bool:
        try:
            self.write(lambda s: counts.begin_bin(s, s.get_one(CycleCountBin, (row.organization_id, row.id))), who=who)
        except (counts.OtherBadge, claims.Taken):
            return False
        lines = self.write(lambda s: counts.tallied(s, row))
        mine = {(line.location_id, line.variant_id, line.lot_id) for line in lines}
        for key in [key for key in self.tallied if key[0] == row.id and key[1] not in mine]:
            del self.tallied[key]
            self.scanned.pop(key, None)
        self.at_bin[who] = (row.cycle_count_id, row.id)
        return True

    def _tally(self, session: Session, who: str, key: Level) -> None:
        """The worker sees what is really there."""
        row = session.get_one(CycleCountBin, (self.organization_id, self.at_bin[who][1]))
        try:
            counts.tally(session, row, variant_id=key[1], lot_id=key[2], quantity=self.really[key], is_total=True)
        except (counts.AlreadyCounted, counts.OtherBadge):
            return
        self.moment += 1
        self.tallied[row.id, key] = Seen(self.drift[key], self.moment)
        self.scanned.pop((row.id, key), None)

    def _place(self, who: str) -> str:
        row = self.write(lambda s: s.get_one(CycleCountBin, (self.organization_id, self.at_bin[who][1])))
        return str(row.location_id)

    @precondition(lambda self: self.at_bin)
    @rule(data=st.data(), is_moved=st.booleans())
    def count_a_line(self, data: Any, is_moved: bool) -> None:
        """Somebody else may take some of it at once, before the worker is done with the bin."""
        who = data.draw(st.sampled_from(sorted(self.at_bin)))
        key: Level = (self._place(who), *data.draw(st.sampled_from(self.items)))
        self.write(lambda session: self._tally(session, who, key), who=who)
        if is_moved and self.really[key] > 0:
            self._move_away(key, min(self.really[key], Decimal(3)))

    def _move_away(self, key: Level, amount: Decimal) -> bool:
        """To the stage; from the stage, which may be counted too, to a bin."""
        target = self.bins[0] if key[0] == self.house.stage.id else self.house.stage.id
        return self._post(key[0], target, (key[1], key[2]), amount, MoveKind.BIN_MOVE, guard=Guard.FREE)

    @precondition(lambda self: self.at_bin)
    @rule(data=st.data(), is_moved=st.booleans(), was_scanned=st.booleans())
    def scan_units(self, data: Any, is_moved: bool, was_scanned: bool) -> None:
        """Half of it, then the rest; between the two somebody may take a unit that was scanned, or one that was not."""
        who = data.draw(st.sampled_from(sorted(self.at_bin)))
        key: Level = (self._place(who), *data.draw(st.sampled_from(self.items)))
        bin_id, there, before = self.at_bin[who][1], self.really[key], self.moves[key]
        if (bin_id, key) in self.tallied or there < 2 or not self._scan(who, key, there - 1):
            return
        taken = is_moved and self._move_away(key, Decimal(1))
        if not taken or was_scanned:
            assert self._scan(who, key, Decimal(1))
        self.moment += 1
        self.tallied[bin_id, key] = Seen(self.drift[key], self.moment)
        self.scanned[bin_id, key] = (before, self.adjusted[key])

    def _scan(self, who: str, key: Level, quantity: Decimal) -> bool:
        def work(session: Session) -> bool:
            row = session.get_one(CycleCountBin, (self.organization_id, self.at_bin[who][1]))
            try:
                counts.tally(session, row, variant_id=key[1], lot_id=key[2], quantity=quantity)
            except (counts.AlreadyCounted, counts.OtherBadge):
                return False
            return True

        return bool(self.write(work, who=who))

    @precondition(lambda self: self.at_bin)
    @rule(data=st.data(), leaves=st.integers(0, 4))
    def submit_or_leave(self, data: Any, leaves: int) -> None:
        self._submit(data.draw(st.sampled_from(sorted(self.at_bin))), is_left=leaves == 0)

    def _submit(self, who: str, *, is_left: bool = False) -> None:
        count_id, bin_id = self.at_bin[who]
        place = self._place(who)

        def submit(session: Session) -> Any:
            row = session.get_one(CycleCountBin, (self.organization_id, bin_id))
            if is_left:
                counts.leave_bin(session, row)
                return []
            for item in self.items:
                key: Level = (place, *item)
                if self.really[key] and (bin_id, key) not in self.tallied:
                    self._tally(session, who, key)
            return counts.submit_bin(session, row, rest="zero").lines

        lines = self.write(submit, who=who)
        del self.at_bin[who]
        self.moment += 1
        for line in lines:
            key = (line.location_id, line.variant_id, line.lot_id)
            seen = self.tallied.pop((bin_id, key), Seen(self.drift[key], self.moment))
            self.seen[count_id, key] = self._judged(line, key, seen, self.scanned.pop((bin_id, key), None))

    def _judged(self, line: CycleCountLine, key: Level, seen: Seen, scanned: tuple[int, Decimal] | None) -> Seen:
        """What was scanned while stock moved is never believed by itself; a supervisor may believe it."""
        if scanned is None or self.moves[key] == scanned[0]:
            return seen
        assert line.variance is not None
        assert line.state != "accepted" or line.variance == ZERO, line
        return Seen(scanned[1] + line.variance, seen.at)

    @rule(data=st.data())
    def decide(self, data: Any) -> None:
        waiting = self.write(lambda s: counts.waiting_lines(s, self.house.site.id))
        if waiting:
            lines = sorted(waiting, key=lambda row: self._order((row.location_id, row.variant_id, row.lot_id)))
            line = data.draw(st.sampled_from(lines))
            self._decide(line, data.draw(st.sampled_from(["approve", "again"])))

    def _decide(self, line: CycleCountLine, decision: str) -> None:
        self.write(lambda s: counts.decide(s, s.get_one(CycleCountLine, (line.organization_id, line.id)), decision))

    @rule()
    def count_the_site_from_elsewhere(self) -> None:
        """Another system counts all of the site, at once, beside whatever is in progress."""

        def work(session: Session) -> Any:
            count = counts.create_count(session, site_id=self.house.site.id)
            counts.load_inventory(session, count)
            counts.start_count(session, count)
            lines = [line for line in counts.lines_of(session, count.id) if line.location_id in self.bins]
            items = [
                counts.CountedItem(line.id, self.really[line.location_id, line.variant_id, line.lot_id])
                for line in lines
            ]
            counts.submit_items(session, count, items)
            return count.id, [(line.location_id, line.variant_id, line.lot_id) for line in lines]

        count_id, keys = self.write(work)
        self.moment += 1
        for key in keys:
            self.seen[count_id, key] = Seen(self.drift[key], self.moment)

    @rule(data=st.data())
    def complete(self, data: Any) -> None:
        found = self.write(lambda s: counts.open_counts(s, self.house.site.id))
        if found:
            self._complete(data.draw(st.sampled_from([row.id for row in found])))

    @rule()
    def finish_everything(self) -> None:
        """The end of a shift: all bins are counted, counted again, decided, all counts completed."""
        for who in list(self.at_bin):
            self._submit(who)
        while bins := self.write(lambda s: counts.open_bins(s, self.house.site.id)):
            assert any(self._begin(who, bins[0]) for who in ("Ana", "Ben"))
            self._submit(next(iter(self.at_bin)))
        for line in self.write(lambda s: counts.waiting_lines(s, self.house.site.id)):
            self._decide(line, "approve")
        for row in self.write(lambda s: counts.open_counts(s, self.house.site.id)):
            self._complete(row.id)
        assert self.write(lambda s: counts.open_counts(s, self.house.site.id)) == []

    def _complete(self, count_id: str) -> None:
        def work(session: Session) -> list[CycleCountLine]:
            count = counts.get_count(session, count_id)
            counts.complete_count(session, count, idempotency_key=new_id("k"))
            return counts.lines_of(session, count_id)

        try:
            lines = self.write(work)
        except (counts.Unfinished, counts.StillCounting):
            return
        self.moment += 1
        for line in lines:
            key = (line.location_id, line.variant_id, line.lot_id)
            if line.state == "accepted":
                assert self._expected(key, self.seen[count_id, key]) == (line.posted or ZERO), line
                self._book(key, self.seen[count_id, key], line.posted or ZERO)

    def _expected(self, key: Level, seen: Seen) -> Decimal:
        """What completing must add to the book: the drift that the count saw, less what was adjusted already; nothing
        when a newer count of the level is completed; never more than the level holds."""
        if self.newest.get(key, -1) > seen.at:
            return ZERO
        return max(seen.drift - self.adjusted[key], -self.book[key])

    def _book(self, key: Level, seen: Seen, posted: Decimal) -> None:
        self.book[key] += posted
        self.adjusted[key] += posted
        self.moves[key] += bool(posted)
        self.newest[key] = max(self.newest.get(key, -1), seen.at)

    # -- what always holds -------------------------------------------------------------------------------------

    @invariant()
    def the_book_is_the_models(self) -> None:
        with self.store.read(self.organization_id) as session:
            rows = session.connection().execute(text(LEVELS), {"organization": self.organization_id}).all()
        kept = {(row[0], row[1], row[2]): row[3] for row in rows if row[3]}
        assert kept == {key: int(held * 1_000_000) for key, held in self.book.items() if held}
        assert all(found >= 0 for found in self.really.values())

    def teardown(self) -> None:
        self.finish_everything()
        report = verify_store(self.store, organization_id=self.organization_id)
        assert report.is_clean, [difference.text for difference in report.differences]


UNDONE = ("open", "recount", "approval", "done")


def run(store: Store, *, runs: int, steps: int) -> None:
    chosen = settings(settings.get_profile("ambra"), max_examples=runs, stateful_step_count=steps)
    run_state_machine_as_test(lambda: CountMachine(store), settings=chosen)


def test_counts_race_with_all_that_moves_stock(store: Store, dialect: str) -> None:
    run(store, runs=12 if dialect == "sqlite" else 4, steps=40)


@pytest.mark.long
def test_many_counts_race_with_all_that_moves_stock(store: Store, dialect: str) -> None:
    run(store, runs=400 if dialect == "sqlite" else 100, steps=60)
