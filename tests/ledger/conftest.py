"""A warehouse with stock, and words for posting in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui.kit.ids import new_id
from ambra_tui.ledger import CUSTOMER, INVENTORY_LOSS, SUPPLIER, WASTE, Guard, MoveKind, Posted, Posting, post
from ambra_tui.services.verify import verify_store
from ambra_tui.store import Store
from ambra_tui.store.models import Lot, Site, SiteStock, StockLevel, Variant
from ambra_tui.store.scope import organization_of
from tests import factories


@dataclass(frozen=True, slots=True)
class House:
    """A warehouse WH1, a store ST1 with one bin, a variant BOLT and a lot-tracked MILK with its lot."""

    store: Store
    organization_id: int
    warehouse: factories.Warehouse
    shop: Site
    shop_bin: str
    bolt: Variant
    milk: Variant
    lot: Lot

    def write(self, work: Callable[[Session], Any]) -> Any:
        return self.store.writer.run(work, organization_id=self.organization_id, actor=factories.TESTER)

    def receive(self, quantity: Decimal | int = 10, **values: Any) -> Posted:
        return self.post(self.receipt(quantity, **values))

    def receipt(self, quantity: Decimal | int = 10, **values: Any) -> Posting:
        return self._posting(quantity, SUPPLIER, self.warehouse.bin.id, MoveKind.PURCHASE_RECEIVED, values)

    def issue(self, quantity: Decimal | int, **values: Any) -> Posting:
        return self._posting(quantity, self.warehouse.bin.id, CUSTOMER, MoveKind.ORDER_FULFILLED, values)

    def waste(self, quantity: Decimal | int, **values: Any) -> Posting:
        return self._posting(
            quantity, self.warehouse.bin.id, WASTE, MoveKind.WASTE_RECORDED, {"guard": Guard.PHYSICAL, **values}
        )

    def count_loss(self, quantity: Decimal | int, **values: Any) -> Posting:
        values = {"guard": Guard.PHYSICAL, **values}
        return self._posting(quantity, self.warehouse.bin.id, INVENTORY_LOSS, MoveKind.CYCLE_COUNT_ADJUSTMENT, values)

    def bin_move(self, quantity: Decimal | int, **values: Any) -> Posting:
        values = {"guard": Guard.FREE, **values}
        return self._posting(quantity, self.warehouse.bin.id, self.warehouse.other_bin.id, MoveKind.BIN_MOVE, values)

    def _posting(
        self, quantity: Decimal | int, source: str, destination: str, kind: MoveKind, values: dict[str, Any]
    ) -> Posting:
        posting = Posting(self.bolt.id, source, destination, Decimal(quantity), kind, new_id("key"))
        return replace(posting, **values)

    def post(self, *postings: Posting) -> Posted:
        return self.post_all(*postings)[0]

    def post_all(self, *postings: Posting) -> list[Posted]:
        posted: list[Posted] = self.write(lambda session: post(session, postings))
        return posted

    def level(self, location_id: str = "", *, lot_id: str = "", variant_id: str = "") -> tuple[Decimal, Decimal]:
        """On hand and allocated of a level; zeros where there is none."""
        key = (variant_id or self.bolt.id, location_id or self.warehouse.bin.id, lot_id, "", "")
        with self.store.read(self.organization_id) as session:
            row = session.get(StockLevel, (organization_of(session), *key))
            return (row.on_hand, row.allocated) if row else (Decimal(0), Decimal(0))

    def site_stock(self, site_id: str = "", variant_id: str = "") -> tuple[Decimal, Decimal, Decimal]:
        """On hand, reserved and held of a site; zeros where there is none."""
        with self.store.read(self.organization_id) as session:
            key = (organization_of(session), variant_id or self.bolt.id, site_id or self.warehouse.site.id)
            row = session.get(SiteStock, key)
            return (row.on_hand, row.reserved, row.held) if row else (Decimal(0), Decimal(0), Decimal(0))


@pytest.fixture
def house(store: Store, organization_id: int) -> Any:
    """The warehouse; when the test ends, the store must verify."""

    def build(session: Session) -> House:
        warehouse = factories.warehouse(session)
        shop = factories.site(session, code="ST1", kind="store")
        milk = factories.variant(session, sku="MILK-1L", is_lot_tracked=True)
        return House(
            store=store,
            organization_id=organization_id,
            warehouse=warehouse,
            shop=shop,
            shop_bin=factories.location(session, shop, code="S01").id,
            bolt=factories.variant(session, sku="BOLT"),
            milk=milk,
            lot=factories.lot(session, milk),
        )

    yield store.writer.run(build, organization_id=organization_id, actor=factories.TESTER)
    report = verify_store(store)
    assert report.is_clean, [difference.text for difference in report.differences]
