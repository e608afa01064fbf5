"""Orders and receipts of the naive server: objects loaded as they are touched, one commit a request.

The same three steps of an order and the same receipt as the product's, without tenants, idempotency, bins or guards.
"""

# FastAPI reads the annotations of the routes, so they are not postponed.

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel
from sqlalchemy import Engine, insert
from sqlmodel import Field, Relationship, Session, SQLModel, select

from tests.benchmarks.naive import NaiveLedger, NaiveOutbox

TABLES = ("naive_order", "naive_order_line", "naive_purchase", "naive_purchase_line")
PLENTY = 1_000_000


class NaiveOrder(SQLModel, table=True):
    __tablename__ = "naive_order"
    id: int | None = Field(default=None, primary_key=True)
    status: str = "pending"
    lines: list["NaiveOrderLine"] = Relationship(back_populates="order")


class NaiveOrderLine(SQLModel, table=True):
    __tablename__ = "naive_order_line"
    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(foreign_key="naive_order.id", index=True)
    sku: str
    quantity: int
    fulfilled: int = 0
    order: NaiveOrder = Relationship(back_populates="lines")


class NaivePurchase(SQLModel, table=True):
    __tablename__ = "naive_purchase"
    id: int | None = Field(default=None, primary_key=True)
    status: str = "ordered"
    lines: list["NaivePurchaseLine"] = Relationship(back_populates="purchase")


class NaivePurchaseLine(SQLModel, table=True):
    __tablename__ = "naive_purchase_line"
    id: int | None = Field(default=None, primary_key=True)
    purchase_id: int = Field(foreign_key="naive_purchase.id", index=True)
    sku: str
    quantity: int
    received: int = 0
    purchase: NaivePurchase = Relationship(back_populates="lines")


class Item(BaseModel):
    sku: str
    quantity: int


class NewDocument(BaseModel):
    items: list[Item]


class LineOut(BaseModel):
    id: int
    sku: str
    quantity: int
    done: int


class DocumentOut(BaseModel):
    id: int
    status: str
    items: list[LineOut]


def make(engine: Engine, *, products: int, purchases: Sequence[Sequence[int]]) -> None:
    """Goods without limit in one location, and purchase orders of the numbered goods, twelve of each."""
    metadata = SQLModel.metadata
    metadata.create_all(engine, tables=[metadata.tables[name] for name in TABLES])
    with engine.begin() as connection:
        goods = [{"id": n + 1, "sku": f"SKU-{n}", "barcode": f"{n}", "name": f"Product {n}"} for n in range(products)]
        stock = [
            {"product_id": n + 1, "location": "WH", "on_hand": PLENTY, "reserved": 0} for n in range(products)
        ]  # fmt: skip
        connection.execute(insert(metadata.tables["naive_product"]), goods)
        connection.execute(insert(metadata.tables["naive_stock"]), stock)
        rows = [{"id": n + 1, "status": "ordered"} for n in range(len(purchases))]
        lines = [
            {"purchase_id": n + 1, "sku": f"SKU-{number}", "quantity": 12, "received": 0}
            for n, numbers in enumerate(purchases)
            for number in numbers
        ]
        connection.execute(insert(metadata.tables["naive_purchase"]), rows)
        connection.execute(insert(metadata.tables["naive_purchase_line"]), lines)


def add_routes(app: FastAPI, session_of: Any, guards: list[Any], product_model: Any) -> None:
    """The routes, on sessions of `session_of` and goods of `product_model`."""
    Database = Annotated[Session, Depends(session_of)]

    def stock_of(session: Session, sku: str) -> Any:
        product = session.exec(select(product_model).where(product_model.sku == sku)).one()
        return product.stock[0]

    def found(session: Session, model: Any, document_id: int) -> Any:
        document = session.get(model, document_id)
        if document is None:
            raise HTTPException(404)
        return document

    def shown(document: Any, done: str) -> DocumentOut:
        rows = [
            LineOut(id=line.id, sku=line.sku, quantity=line.quantity, done=getattr(line, done))
            for line in document.lines
        ]
        return DocumentOut(id=document.id, status=document.status, items=rows)

    def moved(session: Session, sku: str, change: int, balance: int, kind: str) -> None:
        session.add(NaiveLedger(sku=sku, change=change, balance=balance, kind=kind, actor="u1"))
        session.add(NaiveOutbox(topic="stock_moved", payload=f'{{"sku":"{sku}"}}'))

    @app.post("/orders", dependencies=guards)
    def create(session: Database, body: NewDocument) -> DocumentOut:
        order = NaiveOrder()
        for item in body.items:
            stock_of(session, item.sku)
            order.lines.append(NaiveOrderLine(sku=item.sku, quantity=item.quantity, order_id=0))
        session.add(order)
        session.commit()
        session.refresh(order)
        return shown(order, "fulfilled")

    @app.post("/orders/{order_id}/reserve", dependencies=guards)
    def reserve(session: Database, order_id: int) -> DocumentOut:
        order = found(session, NaiveOrder, order_id)
        for line in order.lines:
            stock = stock_of(session, line.sku)
            if stock.on_hand - stock.reserved < line.quantity:
                raise HTTPException(422)
            stock.reserved += line.quantity
            session.add(stock)
        order.status = "reserved"
        session.add(NaiveOutbox(topic="order_reserved", payload=f'{{"order":{order_id}}}'))
        session.commit()
        session.refresh(order)
        return shown(order, "fulfilled")

    @app.post("/orders/{order_id}/fulfill", dependencies=guards)
    def fulfill(session: Database, order_id: int) -> DocumentOut:
        order = found(session, NaiveOrder, order_id)
        for line in order.lines:
            stock = stock_of(session, line.sku)
            stock.on_hand -= line.quantity
            stock.reserved -= line.quantity
            line.fulfilled = line.quantity
            moved(session, line.sku, -line.quantity, stock.on_hand, "order_fulfilled")
        order.status = "fulfilled"
        session.commit()
        session.refresh(order)
        return shown(order, "fulfilled")

    @app.post("/purchases/{purchase_id}/receive", dependencies=guards)
    def receive(session: Database, purchase_id: int) -> DocumentOut:
        purchase = found(session, NaivePurchase, purchase_id)
        for line in purchase.lines:
            stock = stock_of(session, line.sku)
            stock.on_hand += line.quantity
            line.received = line.quantity
            moved(session, line.sku, line.quantity, stock.on_hand, "purchase_received")
        purchase.status = "received"
        session.commit()
        session.refresh(purchase)
        return shown(purchase, "received")
