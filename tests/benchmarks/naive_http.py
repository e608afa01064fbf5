"""The naive server: FastAPI with a SQLModel session a request, related rows loaded as they are touched.

python -m tests.benchmarks.naive_http DATABASE_URL PORT
"""

# FastAPI reads the annotations of the routes, so they are not postponed.

import sys
from collections.abc import Iterator
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel
from sqlalchemy import Engine
from sqlmodel import Field, Relationship, Session, SQLModel, func, select

from tests.benchmarks import naive_documents, naive_raw
from tests.benchmarks.naive import NaiveLedger, NaiveOutbox, naive_engine

KEY = "naive-key"
TABLES = ("naive_ledger", "naive_outbox", "naive_key", "naive_product", "naive_stock")


class NaiveKey(SQLModel, table=True):
    __tablename__ = "naive_key"
    id: int | None = Field(default=None, primary_key=True)
    secret: str = Field(index=True)


class NaiveProduct(SQLModel, table=True):
    __tablename__ = "naive_product"
    id: int | None = Field(default=None, primary_key=True)
    sku: str = Field(index=True)
    barcode: str = Field(index=True)
    name: str
    stock: list["NaiveStock"] = Relationship(back_populates="product")


class NaiveStock(SQLModel, table=True):
    __tablename__ = "naive_stock"
    id: int | None = Field(default=None, primary_key=True)
    product_id: int = Field(foreign_key="naive_product.id", index=True)
    location: str
    on_hand: int
    reserved: int = 0
    product: NaiveProduct = Relationship(back_populates="stock")


class LevelOut(BaseModel):
    sku: str
    name: str
    location: str
    on_hand: int
    reserved: int
    available: int


class LevelsOut(BaseModel):
    data: list[LevelOut]
    total: int


class ProductOut(BaseModel):
    id: int
    sku: str
    barcode: str
    name: str
    on_hand: int


class Adjustment(BaseModel):
    sku: str
    quantity: int


def make_tables(engine: Engine) -> None:
    """The tables, with a key."""
    SQLModel.metadata.create_all(engine, tables=[SQLModel.metadata.tables[name] for name in TABLES])
    with Session(engine) as session:
        session.add(NaiveKey(secret=KEY))
        session.commit()


def make(url: str, products: int) -> None:
    """The tables, with goods, stock and a key."""
    engine = naive_engine(url)
    make_tables(engine)
    with Session(engine) as session:
        for n in range(products):
            product = NaiveProduct(sku=f"SKU-{n}", barcode=f"{4_000_000_000_000 + n}", name=f"Product {n}")
            product.stock = [NaiveStock(location="WH", on_hand=1000, product=product, product_id=0)]
            session.add(product)
        session.commit()
    engine.dispose()


def make_app(url: str) -> FastAPI:
    """The routes."""
    app = FastAPI()
    engine = naive_engine(url)

    def session_of() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    Database = Annotated[Session, Depends(session_of)]

    def authorized(session: Database, authorization: Annotated[str, Header()]) -> None:
        secret = authorization.removeprefix("Bearer ")
        if session.exec(select(NaiveKey).where(NaiveKey.secret == secret)).first() is None:
            raise HTTPException(401)

    guards = [Depends(authorized)]

    @app.get("/levels", dependencies=guards)
    def levels(session: Database, page: int = 1, per_page: int = 50) -> LevelsOut:
        total = session.exec(select(func.count()).select_from(NaiveStock)).one()
        rows = session.exec(select(NaiveStock).offset((page - 1) * per_page).limit(per_page)).all()
        shown = [
            LevelOut(
                sku=row.product.sku,
                name=row.product.name,
                location=row.location,
                on_hand=row.on_hand,
                reserved=row.reserved,
                available=row.on_hand - row.reserved,
            )
            for row in rows
        ]
        return LevelsOut(data=shown, total=total)

    @app.get("/products", dependencies=guards)
    def product(session: Database, barcode: str = "", sku: str = "") -> ProductOut:
        named = NaiveProduct.sku == sku if sku else NaiveProduct.barcode == barcode
        found = session.exec(select(NaiveProduct).where(named)).one()
        on_hand = sum(row.on_hand for row in found.stock)
        return ProductOut(id=found.id or 0, sku=found.sku, barcode=found.barcode, name=found.name, on_hand=on_hand)

    @app.post("/adjustments", dependencies=guards)
    def adjust(session: Database, change: Adjustment) -> LevelOut:
        product = session.exec(select(NaiveProduct).where(NaiveProduct.sku == change.sku)).one()
        row = product.stock[0]
        row.on_hand += change.quantity
        session.add(row)
        session.add(
            NaiveLedger(sku=change.sku, change=change.quantity, balance=row.on_hand, kind="adjustment", actor="u1")
        )
        session.add(NaiveOutbox(topic="stock_moved", payload=f'{{"sku":"{change.sku}"}}'))
        session.commit()
        session.refresh(row)
        return LevelOut(
            sku=change.sku, name=product.name, location=row.location, on_hand=row.on_hand, reserved=row.reserved,
            available=row.on_hand - row.reserved,
        )  # fmt: skip

    naive_raw.add_routes(app, url)
    naive_documents.add_routes(app, session_of, guards, NaiveProduct)
    return app


def main() -> None:
    """Serves until it is killed."""
    url, port = sys.argv[1], int(sys.argv[2])
    print(f"listening on http://127.0.0.1:{port}", flush=True)
    uvicorn.run(make_app(url), port=port, log_level="critical", access_log=False)


if __name__ == "__main__":
    main()
