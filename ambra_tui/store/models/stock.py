"""The ledger's tables: moves, levels, site totals, reservations, allocations. Only `ambra_tui.ledger` writes them.

Example::

    session.exec(select(SiteStock).where(SiteStock.organization_id == 1, SiteStock.variant_id == variant_id))
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import BigInteger, Column, Computed, Index, String, text
from sqlmodel import Field, SQLModel

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, unique
from ambra_tui.store.models.system import BigId
from ambra_tui.store.types import QuantityColumn


class MoveKind(StrEnum):
    """The ledger's words for why stock moved (QUANTITIES, "Move kinds")."""

    PURCHASE_RECEIVED = "purchase_received"
    PRODUCTION_OUTPUT = "production_output"
    RETURN_RECEIVED = "return_received"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    ORDER_FULFILLED = "order_fulfilled"
    BIN_MOVE = "bin_move"
    PICK_MOVE = "pick_move"
    CYCLE_COUNT_ADJUSTMENT = "cycle_count_adjustment"
    MANUAL_ADJUSTMENT = "manual_adjustment"
    WASTE_RECORDED = "waste_recorded"
    RETURN_DISPOSED = "return_disposed"
    PRODUCTION_CONSUMED = "production_consumed"
    PRODUCTION_WASTE = "production_waste"
    OPENING_BALANCE = "opening_balance"
    REVERSAL = "reversal"


INBOUND_KINDS = (MoveKind.PURCHASE_RECEIVED, MoveKind.TRANSFER_IN, MoveKind.RETURN_RECEIVED)
INBOUND_RULE = "kind IN ('purchase_received', 'transfer_in', 'return_received')"

LOT_DOCUMENT_KINDS = (
    MoveKind.ORDER_FULFILLED,
    MoveKind.PRODUCTION_CONSUMED,
    MoveKind.PRODUCTION_OUTPUT,
    MoveKind.PURCHASE_RECEIVED,
    MoveKind.TRANSFER_OUT,
)
LOT_DOCUMENTS_RULE = f"lot_id != '' AND kind IN ({', '.join(repr(kind.value) for kind in LOT_DOCUMENT_KINDS)})"


class StockMove(SQLModel, table=True):
    """Stock that moved from one location to another; never changed afterwards.

    `sequence`: the order of record. `id`: derived from the idempotency key, so a key posts once. `unit_cost`: in
    ten-thousandths of the currency's minor unit. `source_balance`, `destination_balance`: on hand of the site on that
    side after the move; None on a side outside every site. `plate_id`, `destination_plate_id`: plate left and joined.
    """

    __tablename__ = "stock_move"
    __table_args__ = (
        unique("id"),
        index("stock_move", "sequence"),
        index("stock_move", "variant_id", "sequence"),
        Index(
            "ix_stock_move_origin",
            "organization_id",
            "origin_id",
            "sequence",
            sqlite_where=Column("origin_id") != "",
            postgresql_where=Column("origin_id") != "",
        ),
        Index(
            "ix_stock_move_lot",
            "organization_id",
            "lot_id",
            "sequence",
            sqlite_where=Column("lot_id") != "",
            postgresql_where=Column("lot_id") != "",
        ),
        Index(
            "ix_stock_move_reverses",
            "organization_id",
            "reverses_id",
            sqlite_where=Column("reverses_id") != "",
            postgresql_where=Column("reverses_id") != "",
            unique=True,
        ),
        Index(  # the documents by which a lot came, left or was used up, past all its moves between bins
            "ix_stock_move_lot_documents",
            "organization_id",
            "lot_id",
            "kind",
            "origin_id",
            sqlite_where=text(LOT_DOCUMENTS_RULE),
            postgresql_where=text(LOT_DOCUMENTS_RULE),
        ),
        Index(  # what was sold lately
            "ix_stock_move_sold",
            "organization_id",
            "occurred_at",
            sqlite_where=text("kind = 'order_fulfilled'"),
            postgresql_where=text("kind = 'order_fulfilled'"),
        ),
        Index(  # when something last came into a site from outside it
            "ix_stock_move_inbound",
            "organization_id",
            "variant_id",
            "destination_site_id",
            "occurred_at",
            sqlite_where=text(INBOUND_RULE),
            postgresql_where=text(INBOUND_RULE),
        ),
        check("quantity_positive", "quantity > 0"),
        check("source_is_not_destination", "source_id <> destination_id OR plate_id <> destination_plate_id"),
    )

    sequence: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    organization_id: int
    id: str = Field(max_length=40)
    idempotency_key: str = Field(max_length=300)
    variant_id: str = Field(max_length=40)
    lot_id: str = Field(default="", max_length=40)
    serial: str = Field(default="", max_length=60)
    plate_id: str = Field(default="", max_length=40)
    destination_plate_id: str = Field(default="", max_length=40)
    source_id: str = Field(max_length=40)
    destination_id: str = Field(max_length=40)
    source_site_id: str = Field(default="", max_length=40)
    destination_site_id: str = Field(default="", max_length=40)
    quantity: Decimal = Field(sa_type=QuantityColumn)
    kind: str = Field(max_length=30)
    reason: str = Field(default="", max_length=255)
    note: str = Field(default="", max_length=1000)
    unit_cost: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    origin_kind: str = Field(default="", max_length=30)
    origin_id: str = Field(default="", max_length=40)
    origin_line_id: str = Field(default="", max_length=40)
    actor_id: str = Field(default="", max_length=60)
    station: str = Field(default="", max_length=60)
    reverses_id: str = Field(default="", sa_column=Column(String(40), nullable=False, server_default=""))
    occurred_at: datetime = moment()
    posted_at: datetime = moment()
    source_balance: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    destination_balance: Decimal | None = Field(default=None, sa_type=QuantityColumn)


class StockLevel(Scoped, table=True):
    """What one location holds of a variant, lot, serial and plate. Empty text: unspecified. Kept for internal and
    transit locations only; a row at zero stays."""

    __tablename__ = "stock_level"
    __table_args__ = (
        belongs_to("variant", "variant_id"),
        belongs_to("location", "location_id"),
        index("stock_level", "location_id", "variant_id"),
        Index(  # what stands at a place, past all the levels that were emptied there
            "ix_stock_level_there",
            "organization_id",
            "location_id",
            "plate_id",
            sqlite_where=text("on_hand > 0"),
            postgresql_where=text("on_hand > 0"),
        ),
        Index(
            "ix_stock_level_plate",
            "organization_id",
            "plate_id",
            sqlite_where=Column("plate_id") != "",
            postgresql_where=Column("plate_id") != "",
        ),
        Index(
            "ix_stock_level_lot",
            "organization_id",
            "lot_id",
            sqlite_where=Column("lot_id") != "",
            postgresql_where=Column("lot_id") != "",
        ),
        Index(
            "ix_stock_level_serial",
            "organization_id",
            "variant_id",
            "serial",
            sqlite_where=Column("serial") != "",
            postgresql_where=Column("serial") != "",
        ),
        check("on_hand_not_negative", "on_hand >= 0"),
        check("allocated_not_negative", "allocated >= 0"),
    )

    variant_id: str = Field(primary_key=True, max_length=40)
    location_id: str = Field(primary_key=True, max_length=40)
    lot_id: str = Field(default="", primary_key=True, max_length=40)
    serial: str = Field(default="", primary_key=True, max_length=60)
    plate_id: str = Field(default="", primary_key=True, max_length=40)
    on_hand: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    allocated: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)


STATUS_RULE = (
    "CASE WHEN on_hand - reserved - held <= 0 THEN 'out_of_stock' "
    "WHEN on_hand - reserved - held <= safety_stock "
    "OR (safety_stock = 0 AND (on_hand - reserved - held) * 2 <= reorder_point) THEN 'critical' "
    "WHEN on_hand - reserved - held < reorder_point THEN 'low' ELSE 'normal' END"
)


class SiteStock(Scoped, table=True):
    """Totals of a variant in a site. `average_cost`: moving average, in ten-thousandths of the minor unit.
    `updated_at`: when any of it last changed; None in rows from before that was kept. `reorder_point`,
    `safety_stock`: mirrored from the policy, so that `status` is always right (contracts, 3a.4)."""

    __tablename__ = "site_stock"
    __table_args__ = (
        belongs_to("variant", "variant_id"),
        belongs_to("site", "site_id"),
        index("site_stock", "site_id", "variant_id"),
        index("site_stock", "status"),
        check("on_hand_not_negative", "on_hand >= 0"),
        check("reserved_not_negative", "reserved >= 0"),
        check("held_not_negative", "held >= 0"),
    )

    variant_id: str = Field(primary_key=True, max_length=40)
    site_id: str = Field(primary_key=True, max_length=40)
    on_hand: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    reserved: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    held: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    average_cost: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    reorder_point: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    safety_stock: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    status: str | None = Field(
        default=None, sa_column=Column(String(20), Computed(STATUS_RULE, persisted=True), nullable=True)
    )
    updated_at: datetime | None = moment(default=None, nullable=True)


class Reservation(Scoped, table=True):
    """A promise of `quantity` (still open) of a variant in a site to a document's line."""

    __table_args__ = (
        index("reservation", "document_id"),
        index("reservation", "variant_id", "site_id"),
        check("quantity_not_negative", "quantity >= 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    site_id: str = Field(max_length=40)
    variant_id: str = Field(max_length=40)
    document_kind: str = Field(max_length=30)
    document_id: str = Field(max_length=40)
    line_id: str = Field(max_length=40)
    quantity: Decimal = Field(sa_type=QuantityColumn)
    created_at: datetime = moment()


class Allocation(Scoped, table=True):
    """`quantity` (still open) of a level assigned to pick work for a document's line. `status`: open, picked, released,
    short. `picked`: what was taken so far."""

    __table_args__ = (
        index("allocation", "document_id", "status"),
        index("allocation", "location_id", "status"),
        check("quantity_not_negative", "quantity >= 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    site_id: str = Field(max_length=40)
    location_id: str = Field(max_length=40)
    variant_id: str = Field(max_length=40)
    lot_id: str = Field(default="", max_length=40)
    serial: str = Field(default="", max_length=60)
    plate_id: str = Field(default="", max_length=40)
    document_kind: str = Field(max_length=30)
    document_id: str = Field(max_length=40)
    line_id: str = Field(max_length=40)
    quantity: Decimal = Field(sa_type=QuantityColumn)
    picked: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    status: str = Field(default="open", max_length=20)
    created_at: datetime = moment()
