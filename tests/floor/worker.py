"""A worker at a station of the sample ds1: scans, types, presses; each step through the engine, in a transaction.

Example::

    ana = Worker(store, organization_id, "BDG-1001")
    ana.menu("pick").scan("SO-1").scan("WH1-A01-1")
    ana.verdict      # 'G04'
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.floor import engine
from ambra_tui.floor.conversation import Entry, Prompt
from ambra_tui.floor.host import Reply
from ambra_tui.kit.ids import new_id
from ambra_tui.scan.parse import parse
from ambra_tui.services import catalog, lots, orders, places
from ambra_tui.store import Actor, Store
from ambra_tui.store.models import Location, Lot, SalesOrder, StockLevel, StockMove, Task, User, Variant
from ambra_tui.store.scope import organization_of, scoped
from tests.samples import NOW, open_ds1

OFFICE = Actor("usr_test", "Test", station="st-1")
T = TypeVar("T")


class Worker:
    """One badge at one station. Every method that enters something answers the worker, so that steps read in a row."""

    def __init__(
        self, store: Store, organization_id: int, badge: str, *, station: str = "st-1", site_code: str = "WH1"
    ) -> None:
        self.store, self.organization_id = store, organization_id
        site_id = self.write(lambda session: places.site_by_code(session, site_code)).id
        self.place = engine.Place(station, site_id, is_sample=True)
        self.reply: Reply = self.write(lambda session: engine.sign_in(session, self.place, badge))
        self.codes: list[str] = []

    def write(self, work: Callable[[Session], T], *, actor: Actor = OFFICE) -> T:
        """Runs a function in one transaction of the organization."""
        return self.store.writer.run(work, organization_id=self.organization_id, actor=actor)

    def enter(self, entry: Entry) -> Worker:
        """One entry for the run that the worker sees."""
        run, user_id = self.reply.run, self.reply.user_id
        actor = Actor(user_id, self.reply.user_name, station=self.place.station, role=self.reply.role)
        self.reply = self.write(
            lambda session: engine.hear(session, self.place, user_id=user_id, run=run, entry=entry), actor=actor
        )
        self.codes.append(self.verdict)
        return self

    def scan(self, *texts: str) -> Worker:
        """Scans codes, each in a step of its own."""
        for text in texts:
            meaning = parse(text, today=self.store.clock.today(), associations=False)
            self.enter(Entry("code", text, how="scan", scan=meaning, source="wedge"))
        return self

    def type(self, text: str) -> Worker:
        """Types text and Enter."""
        meaning = parse(text, today=self.store.clock.today(), associations=False)
        return self.enter(Entry("code", text, how="manual", scan=meaning, source="wedge"))

    def press(self, digit: str) -> Worker:
        """Presses a digit of the choices that are shown."""
        return self.enter(
            Entry("choice", next(choice.code for choice in self.prompt.choices if choice.digit == digit), how="manual")
        )

    def command(self, name: str) -> Worker:
        """A function key."""
        return self.enter(Entry("command", name, how="manual"))

    def menu(self, flow: str) -> Worker:
        """Chooses a flow at home."""
        return self.enter(Entry("choice", flow, how="manual"))

    @property
    def prompt(self) -> Prompt:
        """What is on the screen."""
        assert self.reply.prompt is not None
        return self.reply.prompt

    @property
    def verdict(self) -> str:
        """The code of the last verdict, or empty."""
        return self.reply.words.code if self.reply.words else ""

    @property
    def words(self) -> str:
        """Headline and detail of the last verdict."""
        return f"{self.reply.words.headline}: {self.reply.words.detail}" if self.reply.words else ""

    @property
    def facts(self) -> dict[str, str]:
        """The facts shown, by label."""
        return {row.label: row.value for row in self.prompt.facts}

    # -- documents and what the store says ---------------------------------------------------------------------------

    def order(self, number: str, *lines: tuple[str, int], is_reserved: bool = True, **more: Any) -> SalesOrder:
        """A sales order of (SKU, quantity) lines."""

        def work(session: Session) -> SalesOrder:
            new = [
                orders.NewOrderLine(catalog.variant_by_sku(session, sku).id, Decimal(quantity))
                for sku, quantity in lines
            ]
            order = orders.create_order(session, site_id=self.place.site_id, lines=new, number=number, **more)
            return orders.reserve_order(session, order) if is_reserved else order

        return self.write(work)

    def speak(self, language: str) -> None:
        """Sets the worker's language."""

        def work(session: Session) -> None:
            user = session.get(User, (organization_of(session), self.reply.user_id))
            assert user is not None
            user.language = language
            session.add(user)

        self.write(work)

    def put(
        self, sku: str, code: str, quantity: int, *, lot_number: str = "", serial: str = "", plate_code: str = ""
    ) -> None:
        """Adjusts what a location holds, up or (below 0) down."""

        def work(session: Session) -> None:
            variant = catalog.variant_by_sku(session, sku)
            location = self.location(session, code)
            lot = lots.find_lot(session, variant.id, lot_number)
            plate = places.find_or_create_plate(session, plate_code) if plate_code else None
            ends = (ledger.INVENTORY_LOSS, location.id)
            posting = ledger.Posting(
                variant.id,
                *(ends if quantity > 0 else reversed(ends)),
                Decimal(abs(quantity)),
                ledger.MoveKind.MANUAL_ADJUSTMENT,
                new_id("put"),
                lot_id=lot.id if lot else "",
                serial=serial,
                destination_plate_id=plate.id if plate else "",
                guard=ledger.Guard.PHYSICAL,
            )
            ledger.post(session, [posting])

        self.write(work)

    def hold(self, sku: str, lot_number: str) -> None:
        """Puts a lot into quarantine."""

        def work(session: Session) -> None:
            lot = lots.find_lot(session, catalog.variant_by_sku(session, sku).id, lot_number)
            assert lot is not None
            ledger.set_lot_status(session, lot, "quarantine")

        self.write(work)

    def location(self, session: Session, code: str) -> Location:
        """The site's location with a code."""
        found = places.find_location(session, code, site_id=self.place.site_id)
        assert found is not None
        return found

    def moves(self, *kinds: str) -> list[tuple[str, str, str, str, str, int]]:
        """(kind, SKU, from, to, lot, quantity) of the moves after the opening stock, in order."""

        def work(session: Session) -> list[tuple[str, str, str, str, str, int]]:
            statement = (
                select(StockMove)
                .where(StockMove.organization_id == organization_of(session), StockMove.kind != "opening_balance")
                .order_by(col(StockMove.sequence))
            )
            codes = {row.id: row.code for row in session.exec(scoped(session, Location))}
            skus = {row.id: row.sku for row in session.exec(scoped(session, Variant))}
            lots = {row.id: row.lot_number for row in session.exec(scoped(session, Lot))}
            return [
                (
                    move.kind,
                    skus[move.variant_id],
                    codes[move.source_id],
                    codes[move.destination_id],
                    lots.get(move.lot_id, ""),
                    int(move.quantity),
                )
                for move in session.exec(statement)
                if not kinds or move.kind in kinds
            ]

        return self.write(work)

    def on_hand(self, sku: str, code: str) -> int:
        """What a location holds of a SKU, over all lots."""

        def work(session: Session) -> int:
            variant = catalog.variant_by_sku(session, sku)
            location = self.location(session, code)
            statement = scoped(session, StockLevel).where(
                StockLevel.variant_id == variant.id, StockLevel.location_id == location.id
            )
            return int(sum(level.on_hand for level in session.exec(statement)))

        return self.write(work)

    def serials(self, code: str) -> list[str]:
        """The serial numbers that a location holds."""

        def work(session: Session) -> list[str]:
            statement = scoped(session, StockLevel).where(
                StockLevel.location_id == self.location(session, code).id, col(StockLevel.on_hand) > 0
            )
            return sorted(level.serial for level in session.exec(statement))

        return self.write(work)

    def tasks(self) -> list[tuple[str, str, str]]:
        """(kind, location, reason) of open tasks."""

        def work(session: Session) -> list[tuple[str, str, str]]:
            codes = {row.id: row.code for row in session.exec(scoped(session, Location))}
            found = session.exec(scoped(session, Task).where(Task.status == "open").order_by(col(Task.created_at)))
            return [(task.kind, codes[task.location_id or ""], task.reason) for task in found]

        return self.write(work)


__all__ = ["NOW", "Worker", "open_ds1"]
