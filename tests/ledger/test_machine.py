"""The ledger against a model of dictionaries: random work of every kind, on both databases.

Each run of the machine has an organization of its own in one store. After every step levels, site totals and promises
equal the model's; at the end the whole store verifies, and the sum over all locations is zero.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count, product
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlmodel import Session

from ambra_tui.errors import InsufficientStock, KeyReused, WrongState
from ambra_tui.ledger import (
    CUSTOMER,
    INVENTORY_LOSS,
    PRODUCTION,
    SUPPLIER,
    TRANSIT,
    WASTE,
    Guard,
    MoveKind,
    Posting,
    ReserveLine,
    allocate,
    consume_lines,
    post,
    release,
    reserve,
    reverse,
    set_location_held,
    set_lot_status,
    take,
    unallocate,
)
from ambra_tui.ledger.core import submit
from ambra_tui.services.verify import verify_store
from ambra_tui.store import Store
from ambra_tui.store.models import Allocation, Location, Lot
from tests import factories

Key = tuple[str, str, str, str]  # variant, location, lot, plate
IN = {
    MoveKind.PURCHASE_RECEIVED: SUPPLIER,
    MoveKind.PRODUCTION_OUTPUT: PRODUCTION,
    MoveKind.RETURN_RECEIVED: CUSTOMER,
    MoveKind.OPENING_BALANCE: INVENTORY_LOSS,
    MoveKind.CYCLE_COUNT_ADJUSTMENT: INVENTORY_LOSS,
    MoveKind.TRANSFER_IN: TRANSIT,
}
OUT = {
    MoveKind.ORDER_FULFILLED: (CUSTOMER, Guard.AVAILABLE),
    MoveKind.TRANSFER_OUT: (TRANSIT, Guard.AVAILABLE),
    MoveKind.MANUAL_ADJUSTMENT: (INVENTORY_LOSS, Guard.AVAILABLE),
    MoveKind.PRODUCTION_CONSUMED: (PRODUCTION, Guard.AVAILABLE),
    MoveKind.WASTE_RECORDED: (WASTE, Guard.PHYSICAL),
    MoveKind.RETURN_DISPOSED: (WASTE, Guard.PHYSICAL),
    MoveKind.PRODUCTION_WASTE: (WASTE, Guard.PHYSICAL),
    MoveKind.CYCLE_COUNT_ADJUSTMENT: (INVENTORY_LOSS, Guard.PHYSICAL),
}
KEPT_OUTSIDE = TRANSIT
QUANTITIES = st.sampled_from([Decimal(n) for n in ("0.000001", "0.5", "1", "2", "3", "5", "8")])


@dataclass(slots=True)
class Model:
    """What QUANTITIES says, in dictionaries. `sites`: location -> site; outside every site: empty."""

    sites: dict[str, str]
    on_hand: defaultdict[Key, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    allocated: defaultdict[Key, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    reserved: defaultdict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    held_places: set[str] = field(default_factory=set)
    held_lots: set[str] = field(default_factory=set)

    def total(self, variant: str, site: str) -> Decimal:
        return sum((q for k, q in self.on_hand.items() if k[0] == variant and self.site(k[1]) == site), Decimal(0))

    def held(self, variant: str, site: str) -> Decimal:
        held = (q for k, q in self.on_hand.items() if k[0] == variant and self.site(k[1]) == site and self.is_held(k))
        return sum(held, Decimal(0))

    def available(self, variant: str, site: str) -> Decimal:
        return self.total(variant, site) - self.reserved[variant, site] - self.held(variant, site)

    def site(self, location: str) -> str:
        return self.sites.get(location, "")

    def is_held(self, key: Key) -> bool:
        return key[1] in self.held_places or key[2] in self.held_lots

    def keeps(self, location: str) -> bool:
        return location in self.sites or location == KEPT_OUTSIDE

    def free(self, key: Key) -> Decimal:
        return self.on_hand[key] - self.allocated[key]

    def allows(self, p: Posting) -> bool:
        """The guards, as QUANTITIES prints them."""
        key = source(p)
        if not self.keeps(p.source_id):
            return True
        if self.on_hand[key] < p.quantity or self.allocated[key] < p.allocated:
            return False
        if p.guard is Guard.PHYSICAL:
            return True
        if p.quantity > p.allocated and self.free(key) < p.quantity - p.allocated:
            return False
        site = self.site(p.source_id)
        if p.guard is Guard.FREE or not site or site == self.site(p.destination_id):
            return True
        if self.is_held(key):
            return False
        return p.quantity == p.reserved or self.available(p.variant_id, site) >= p.quantity - p.reserved

    def apply(self, p: Posting) -> None:
        self.on_hand[source(p)] -= p.quantity
        self.allocated[source(p)] -= p.allocated
        self.reserved[p.variant_id, self.site(p.source_id)] -= p.reserved
        self.on_hand[destination(p)] += p.quantity
        if p.carries_allocation:
            self.allocated[destination(p)] += p.allocated


def source(p: Posting) -> Key:
    return (p.variant_id, p.source_id, p.lot_id, p.plate_id)


def destination(p: Posting) -> Key:
    return (p.variant_id, p.destination_id, p.lot_id, p.destination_plate_id)


_names = count(1)


class LedgerMachine(RuleBasedStateMachine):
    """Two sites, three bins each (one of them quarantine), a plain variant and one with two lots."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.organization_id = factories.organization(store, f"Run {next(_names)}")
        self.write(self._build)
        self.moves: list[Posting] = []
        self.reversed: set[str] = set()
        self.promises: dict[str, tuple[str, str, Decimal]] = {}
        self.assignments: dict[str, tuple[Key, Decimal]] = {}
        for variant, lot, place in product(self.variants, ("", "last"), (self.bins[0], self.bins[1], self.bins[3])):
            lot_id = self.lots[variant][-1] if lot else ""
            kind = MoveKind.OPENING_BALANCE
            self.post(Posting(variant, IN[kind], place, Decimal(10), kind, self.key(), lot_id=lot_id, unit_cost=10_000))

    def _build(self, session: Session) -> None:
        first, second = factories.warehouse(session, "WH1"), factories.warehouse(session, "WH2")
        bolt, milk = factories.variant(session, sku="BOLT"), factories.variant(session, sku="MILK")
        self.variants = [bolt.id, milk.id]
        self.lots = {bolt.id: [""], milk.id: ["", *(factories.lot(session, milk, number=n).id for n in ("L1", "L2"))]}
        self.site_ids = [first.site.id, second.site.id]
        self.bins = [place.id for house in (first, second) for place in (house.bin, house.reserve, house.quarantine)]
        sites = dict.fromkeys(self.bins[:3], first.site.id) | dict.fromkeys(self.bins[3:], second.site.id)
        self.model = Model(sites, held_places={first.quarantine.id, second.quarantine.id})

    def write(self, work: Any) -> Any:
        return self.store.writer.run(work, organization_id=self.organization_id, actor=factories.TESTER)

    def key(self) -> str:
        return f"key {next(_names)}"

    def post(self, *postings: Posting, fast: bool = False) -> bool:
        """Post and compare with the model; answers whether it was allowed."""
        allowed, before = True, (dict(self.model.on_hand), dict(self.model.allocated), dict(self.model.reserved))
        for p in postings:
            if self.model.allows(p):
                self.model.apply(p)
            else:
                allowed = False
        if not allowed:
            books: tuple[Any, ...] = (self.model.on_hand, self.model.allocated, self.model.reserved)
            for kept, saved in zip(books, before, strict=True):
                kept.clear()
                kept.update(saved)
        try:
            if fast:
                assert len(postings) == 1
                submit(self.store.writer, postings[0], organization_id=self.organization_id).result()
            else:
                self.write(lambda session: post(session, postings))
        except InsufficientStock:
            assert not allowed, postings
            return False
        assert allowed, postings
        self.moves += postings
        return True

    # -- moves ---------------------------------------------------------------------------------------------------

    def _incoming(self, draw: Any) -> Posting:
        kind, variant = draw(st.sampled_from(sorted(IN))), draw(st.sampled_from(self.variants))
        plate = draw(st.sampled_from(["", "", "plate_1"]))
        return Posting(
            variant, IN[kind], draw(st.sampled_from(self.bins)), draw(QUANTITIES), kind, self.key(),
            lot_id=draw(st.sampled_from(self.lots[variant])), guard=Guard.FREE, destination_plate_id=plate,
            unit_cost=draw(st.sampled_from([None, 0, 10_000, 33_333])),
        )  # fmt: skip

    def _from_stock(self, draw: Any) -> tuple[Key, Decimal]:
        """A level that holds something (or, now and then, held something), and about as much as it holds."""
        keys = sorted(k for k in self.model.on_hand if self.model.keeps(k[1]))
        full = [k for k in keys if self.model.on_hand[k] > 0]
        key = draw(st.sampled_from(full if full and draw(st.integers(0, 7)) else keys))
        return key, draw(st.one_of(QUANTITIES, st.just(max(self.model.on_hand[key], Decimal("0.000001")))))

    def _outgoing(self, draw: Any) -> Posting:
        key, quantity = self._from_stock(draw)
        kind = draw(st.sampled_from(sorted(OUT)))
        place, guard = OUT[kind]
        if key[1] == place:
            place = CUSTOMER
        return Posting(key[0], key[1], place, quantity, kind, self.key(), lot_id=key[2], plate_id=key[3], guard=guard)

    def _moving(self, draw: Any) -> Posting:
        key, quantity = self._from_stock(draw)
        plate = draw(st.sampled_from(["", key[3]]))
        targets = [place for place in self.bins if (place, plate) != (key[1], key[3])]
        return Posting(
            key[0], key[1], draw(st.sampled_from(targets)), quantity, MoveKind.BIN_MOVE, self.key(), lot_id=key[2],
            plate_id=key[3], destination_plate_id=plate, guard=Guard.FREE,
        )  # fmt: skip

    @property
    def has_stock(self) -> bool:
        return any(self.model.keeps(key[1]) for key in self.model.on_hand)

    @rule(data=st.data(), fast=st.booleans())
    def bring_in(self, data: Any, fast: bool) -> None:
        self.post(self._incoming(data.draw), fast=fast)

    @precondition(lambda self: self.has_stock)
    @rule(data=st.data(), fast=st.booleans())
    def take_out(self, data: Any, fast: bool) -> None:
        self.post(self._outgoing(data.draw), fast=fast)

    @precondition(lambda self: self.has_stock)
    @rule(data=st.data(), fast=st.booleans())
    def move(self, data: Any, fast: bool) -> None:
        self.post(self._moving(data.draw), fast=fast)

    @precondition(lambda self: self.has_stock)
    @rule(data=st.data())
    def post_several_or_none(self, data: Any) -> None:
        made = [data.draw(st.sampled_from([self._incoming, self._outgoing, self._moving])) for _ in range(3)]
        self.post(*(make(data.draw) for make in made))

    @precondition(lambda self: self.moves)
    @rule(data=st.data(), fast=st.booleans(), as_told=st.booleans())
    def use_a_key_again(self, data: Any, fast: bool, as_told: bool) -> None:
        if as_told:
            self.repeat(data, fast)
        else:
            self.use_a_key_for_something_else(data)

    def repeat(self, data: Any, fast: bool) -> None:
        p = data.draw(st.sampled_from(self.moves))
        if fast:
            posted = submit(self.store.writer, p, organization_id=self.organization_id).result()
        else:
            posted = self.write(lambda session: post(session, [p]))[0]
        assert posted.repeated

    def use_a_key_for_something_else(self, data: Any) -> None:
        p = data.draw(st.sampled_from(self.moves))
        with pytest.raises(KeyReused):
            self.write(lambda session: post(session, [replace(p, quantity=p.quantity + 1)]))

    @precondition(lambda self: self.moves)
    @rule(data=st.data())
    def undo(self, data: Any) -> None:
        p = data.draw(st.sampled_from(self.moves))
        back = Posting(
            p.variant_id, p.destination_id, p.source_id, p.quantity, MoveKind.REVERSAL, self.key(), lot_id=p.lot_id,
            plate_id=p.destination_plate_id, destination_plate_id=p.plate_id, guard=Guard.FREE,
        )  # fmt: skip
        from ambra_tui.ledger import move_id

        original = move_id(self.organization_id, p.idempotency_key)
        try:
            self.write(lambda session: reverse(session, original, idempotency_key=back.idempotency_key))
        except WrongState:
            assert p.idempotency_key in self.reversed
        except InsufficientStock:
            assert not self.model.allows(back)
        else:
            assert p.idempotency_key not in self.reversed
            assert self.model.allows(back)
            self.reversed.add(p.idempotency_key)
            self.model.apply(back)

    @precondition(lambda self: self.has_stock)
    @rule(data=st.data())
    def fail_midway(self, data: Any) -> None:
        """Whatever a function posted and promised goes with it when it fails."""
        first = self._incoming(data.draw)

        def work(session: Session) -> None:
            post(session, [replace(first, source_id=SUPPLIER)])
            self._reserve(session, first.variant_id, self.model.site(first.destination_id), Decimal(1))
            raise ZeroDivisionError

        with pytest.raises((ZeroDivisionError, InsufficientStock)):
            self.write(work)

    # -- promises ------------------------------------------------------------------------------------------------

    def _reserve(self, session: Session, variant: str, site: str, quantity: Decimal) -> str:
        document = f"so {next(_names)}"
        lines = [ReserveLine("line", variant, quantity)]
        reserve(session, site_id=site, document_kind="sales_order", document_id=document, lines=lines)
        return document

    @rule(data=st.data(), quantity=QUANTITIES)
    def work_on_promises(self, data: Any, quantity: Decimal) -> None:
        act = data.draw(st.integers(0, 5)) if self.promises else 0
        if act <= 1:
            self.promise(data, quantity)
        elif act <= 4:
            self.ship_what_was_promised(data, quantity)
        else:
            self.give_back(data)

    def promise(self, data: Any, quantity: Decimal) -> None:
        pairs = list(product(self.variants, self.site_ids))
        wealthy = [pair for pair in pairs if self.model.available(*pair) > 0]
        variant, site = data.draw(st.sampled_from(wealthy if wealthy and data.draw(st.integers(0, 7)) else pairs))
        allowed = self.model.available(variant, site) >= quantity
        try:
            document = self.write(lambda session: self._reserve(session, variant, site, quantity))
        except InsufficientStock:
            assert not allowed
            return
        assert allowed
        self.promises[document] = (variant, site, quantity)
        self.model.reserved[variant, site] += quantity

    def give_back(self, data: Any) -> None:
        document = data.draw(st.sampled_from(sorted(self.promises)))
        variant, site, quantity = self.promises.pop(document)
        assert self.write(lambda session: release(session, document_id=document)) == quantity
        self.model.reserved[variant, site] -= quantity

    def ship_what_was_promised(self, data: Any, quantity: Decimal) -> None:
        document = data.draw(st.sampled_from(sorted(self.promises)))
        variant, site, open_quantity = self.promises[document]
        keys = sorted(k for k in self.model.on_hand if k[0] == variant and self.model.site(k[1]) == site)
        keys = [k for k in keys if self.model.on_hand[k] >= quantity] or keys
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        reserved = min(quantity, open_quantity)
        p = Posting(
            variant, key[1], CUSTOMER, quantity, MoveKind.ORDER_FULFILLED, self.key(), lot_id=key[2], plate_id=key[3],
            reserved=reserved,
        )  # fmt: skip

        def work(session: Session) -> None:
            wanted = [("line", variant, quantity)]
            assert consume_lines(session, document_id=document, wanted=wanted) == [reserved]
            post(session, [p])

        allowed = self.model.allows(p)
        try:
            self.write(work)
        except InsufficientStock:
            assert not allowed
            return
        assert allowed
        self.model.apply(p)
        self.moves.append(p)
        self.promises[document] = (variant, site, open_quantity - reserved)
        if open_quantity == reserved:
            del self.promises[document]

    # -- assignments ---------------------------------------------------------------------------------------------

    @rule(data=st.data())
    def work_on_assignments(self, data: Any) -> None:
        act = data.draw(st.integers(0, 5)) if self.assignments else 0
        if act <= 1:
            self.assign(data)
        elif act <= 4:
            self.pick(data)
        else:
            self.unassign(data)

    def assign(self, data: Any) -> None:
        key, quantity = self._from_stock(data.draw)
        allowed = self.model.free(key) >= quantity

        def work(session: Session) -> str:
            return allocate(
                session, location_id=key[1], variant_id=key[0], lot_id=key[2], plate_id=key[3], quantity=quantity,
                document_kind="sales_order", document_id="so", line_id="line",
            ).id  # fmt: skip

        try:
            allocation = self.write(work)
        except InsufficientStock:
            assert not allowed
            return
        assert allowed
        self.assignments[allocation] = (key, quantity)
        self.model.allocated[key] += quantity

    def _allocation(self, session: Session, key: str) -> Allocation:
        found = session.get(Allocation, (self.organization_id, key))
        assert found is not None
        return found

    def unassign(self, data: Any) -> None:
        allocation = data.draw(st.sampled_from(sorted(self.assignments)))
        key, quantity = self.assignments.pop(allocation)
        self.write(lambda session: unallocate(session, self._allocation(session, allocation)))
        self.model.allocated[key] -= quantity

    def pick(self, data: Any) -> None:
        share = data.draw(st.sampled_from([Decimal(1), Decimal("0.5")]))
        allocation = data.draw(st.sampled_from(sorted(self.assignments)))
        key, open_quantity = self.assignments[allocation]
        quantity = (open_quantity * share).quantize(Decimal("0.000001")) or open_quantity
        target = data.draw(st.sampled_from([place for place in self.bins if place != key[1]]))
        p = Posting(
            key[0], key[1], target, quantity, MoveKind.PICK_MOVE, self.key(), lot_id=key[2], plate_id=key[3],
            guard=Guard.FREE, allocated=quantity,
        )  # fmt: skip

        def work(session: Session) -> None:
            take(session, self._allocation(session, allocation), quantity)
            post(session, [p])

        allowed = self.model.allows(p)
        try:
            self.write(work)
        except InsufficientStock:
            assert not allowed
            return
        assert allowed
        self.model.apply(p)
        self.moves.append(p)
        self.assignments[allocation] = (key, open_quantity - quantity)
        if open_quantity == quantity:
            del self.assignments[allocation]

    # -- holds ---------------------------------------------------------------------------------------------------

    @rule(data=st.data(), status=st.sampled_from(["active", "active", "quarantine", "recalled"]), is_lot=st.booleans())
    def hold_or_free(self, data: Any, status: str, is_lot: bool) -> None:
        if is_lot:
            self.judge_a_lot(data, status)
        else:
            self.hold_a_place(data, status != "active")

    def judge_a_lot(self, data: Any, status: str) -> None:
        lot_id = data.draw(st.sampled_from(self.lots[self.variants[1]][1:]))

        def work(session: Session) -> None:
            lot = session.get(Lot, (self.organization_id, lot_id))
            assert lot is not None
            set_lot_status(session, lot, status)

        self.write(work)
        (self.model.held_lots.discard if status == "active" else self.model.held_lots.add)(lot_id)

    def hold_a_place(self, data: Any, is_held: bool) -> None:
        place = data.draw(st.sampled_from(self.bins))

        def work(session: Session) -> None:
            location = session.get(Location, (self.organization_id, place))
            assert location is not None
            set_location_held(session, location, is_held)

        self.write(work)
        (self.model.held_places.add if is_held else self.model.held_places.discard)(place)

    # -- what always holds ---------------------------------------------------------------------------------------

    @invariant()
    def what_is_kept_equals_the_model(self) -> None:
        levels = {k: (q, self.model.allocated[k]) for k, q in self.model.on_hand.items() if self.model.keeps(k[1])}
        assert self._kept(LEVELS) == _scaled(levels)
        totals = {
            (variant, site): (
                self.model.total(variant, site), self.model.reserved[variant, site], self.model.held(variant, site)
            )
            for variant in self.variants
            for site in self.site_ids
        }  # fmt: skip
        assert self._kept(SITES) == _scaled(totals)
        assert sum(self.model.on_hand.values()) == 0

    def _kept(self, statement: str) -> dict[Any, Any]:
        with self.store.read(self.organization_id) as session:
            rows = session.connection().execute(text(statement), {"organization": self.organization_id}).all()
        width = 4 if statement is LEVELS else 2
        return {tuple(row[:width]): tuple(row[width:]) for row in rows if any(row[width:])}

    def teardown(self) -> None:
        report = verify_store(self.store)
        assert report.is_clean, [difference.text for difference in report.differences]


LEVELS = (
    "SELECT variant_id, location_id, lot_id, plate_id, on_hand, allocated FROM stock_level "
    "WHERE organization_id = :organization"
)
SITES = "SELECT variant_id, site_id, on_hand, reserved, held FROM site_stock WHERE organization_id = :organization"


def _scaled(numbers: dict[Any, tuple[Decimal, ...]]) -> dict[Any, tuple[int, ...]]:
    """As the database keeps them, without what is zero throughout; nothing may be negative."""
    assert all(number >= 0 for row in numbers.values() for number in row)
    return {key: tuple(int(number * 1_000_000) for number in row) for key, row in numbers.items() if any(row)}


def run(store: Store, *, runs: int, steps: int) -> None:
    chosen = settings(settings.get_profile("ambra"), max_examples=runs, stateful_step_count=steps)
    run_state_machine_as_test(lambda: LedgerMachine(store), settings=chosen)


def test_random_work_keeps_every_rule(store: Store) -> None:
    run(store, runs=30, steps=40)


@pytest.mark.long
def test_much_random_work_keeps_every_rule(store: Store) -> None:
    run(store, runs=200, steps=50)
