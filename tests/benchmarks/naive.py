"""The naive build: what a competent first draft does.

One SQLModel session per request: read the row, change it, add the ledger row and the outbox row, commit, refresh. It
loses updates under concurrency; it is here to be measured against.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlmodel import Field, Session, SQLModel, select


class NaiveLevel(SQLModel, table=True):
    __tablename__ = "naive_level"
    id: int | None = Field(default=None, primary_key=True)
    sku: str = Field(index=True)
    barcode: str = Field(default="", index=True)
    on_hand: int


class NaiveLedger(SQLModel, table=True):
    __tablename__ = "naive_ledger"
    id: int | None = Field(default=None, primary_key=True)
    sku: str = Field(index=True)
    change: int
    balance: int
    kind: str
    actor: str


class NaiveOutbox(SQLModel, table=True):
    __tablename__ = "naive_outbox"
    id: int | None = Field(default=None, primary_key=True)
    topic: str
    payload: str


TABLES = [SQLModel.metadata.tables[name] for name in ("naive_level", "naive_ledger", "naive_outbox")]


def naive_engine(url: str) -> Engine:
    """An engine with the library's defaults, and WAL with full durability so that both sides are equally safe."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=32)
    engine = create_engine(url, pool_size=32, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def durable(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    return engine


def make_naive(engine: Engine, rows: int) -> None:
    """The naive tables with `rows` levels."""
    SQLModel.metadata.create_all(engine, tables=TABLES)
    with Session(engine) as session:
        session.add_all(
            NaiveLevel(sku=f"SKU-{n}", barcode=f"{4_000_000_000_000 + n}", on_hand=1_000_000) for n in range(rows)
        )
        session.commit()


def naive_post(engine: Engine, sku: str) -> int:
    """Takes one unit of `sku`; answers the balance."""
    with Session(engine) as session:
        level = session.exec(select(NaiveLevel).where(NaiveLevel.sku == sku)).one()
        if level.on_hand < 1:
            raise ValueError("nothing there")
        level.on_hand -= 1
        session.add(level)
        session.add(NaiveLedger(sku=sku, change=-1, balance=level.on_hand, kind="order_fulfilled", actor="u1"))
        session.add(NaiveOutbox(topic="stock_moved", payload=f'{{"sku":"{sku}"}}'))
        session.commit()
        session.refresh(level)
        return level.on_hand
