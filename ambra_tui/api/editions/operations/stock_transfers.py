"""Transfers between locations: made, shipped, received.

Example::

    POST /api/v1/stock_transfers/tr_.../receive    {"items": [{"sku": "CHOC-100", "quantity": 22}]}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AliasChoices, Field
from sqlmodel import Session, col

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.operations.bodies import named_variant, named_variants
from ambra_tui.api.editions.operations.views import StockTransferItemView, StockTransferView
from ambra_tui.api.fields import (
    Body,
    FromMoment,
    Identifier,
    Note,
    NotNegativeQuantity,
    Number,
    OneOf,
    PositiveQuantity,
    Rows,
)
from ambra_tui.api.paging import Paging
from ambra_tui.errors import Invalid, NotFound
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import ZERO, to_json
from ambra_tui.services import transfers
from ambra_tui.services.adjustments import place_of
from ambra_tui.services.lots import find_lot
from ambra_tui.services.stock_views import lines_with_skus, rows_by_id, sum_by, the_one
from ambra_tui.services.transfers import Arrival, Departure, NewTransferLine
from ambra_tui.store.models import (
    Discrepancy,
    Site,
    StockTransfer,
    StockTransferContent,
    StockTransferLine,
    Variant,
)
from ambra_tui.store.models.transfers import TRANSFER_STATES
from ambra_tui.store.scope import fetch, organization_of, scoped

catalogue = Catalogue("Stock transfers")
_ITEMS = AliasChoices("items", "line_items", "items_attributes", "line_items_attributes")
_FROM = AliasChoices("from_location_id", "source_location_id")
_TO = AliasChoices("to_location_id", "destination_location_id")


class TransferQuery(Paging):
    """Filters of transfers. `location_id`: those that leave it or come to it."""

    status: Annotated[Identifier, OneOf(TRANSFER_STATES)] | None = None
    location_id: Identifier | None = None
    from_location_id: Identifier | None = Field(default=None, validation_alias=_FROM)
    to_location_id: Identifier | None = Field(default=None, validation_alias=_TO)
    number: Number | None = None


class NewItem(Body):
    """A line: a variant by id or SKU, and how much of it."""

    variant_id: Identifier | None = None
    sku: Identifier | None = None
    quantity: PositiveQuantity


class NewTransfer(Body):
    """Stock that is to go from one location to another."""

    from_location_id: Identifier = Field(validation_alias=_FROM)
    to_location_id: Identifier = Field(validation_alias=_TO)
    number: Number | None = None
    notes: Note = ""
    items: Annotated[list[NewItem], Rows] = Field(validation_alias=_ITEMS, min_length=1)


class DepartingItem(Body):
    """How much of a line leaves, named by its id, its variant or its SKU; 0: nothing of it."""

    id: Identifier | None = None
    variant_id: Identifier | None = None
    sku: Identifier | None = None
    quantity: NotNegativeQuantity


class Shipment(Body):
    """Without `items` everything leaves. What leaves of a line may be less than it asks for, and of a line that is not
    named nothing leaves: the difference is an open discrepancy. `occurred_at`: when it left, if not now."""

    occurred_at: FromMoment | None = None
    items: Annotated[list[DepartingItem], Rows] | None = Field(default=None, validation_alias=_ITEMS, min_length=1)


class ArrivedItem(Body):
    """What arrived of a line, named by its id, its variant or its SKU. Without a quantity: all that is in transit."""

    id: Identifier | None = None
    variant_id: Identifier | None = None
    sku: Identifier | None = None
    quantity: PositiveQuantity | None = None
    lot_number: Number | None = None
    serial_number: Number | None = None
    location_id: Identifier | None = None


class Receipt(Body):
    """Without `items` everything in transit comes in; what they leave out is missing, and an empty list is refused.
    `occurred_at`: when it came, if not now."""

    occurred_at: FromMoment | None = None
    items: Annotated[list[ArrivedItem], Rows] = Field(default_factory=list, validation_alias=_ITEMS, min_length=1)


@catalogue.read(
    "/stock_transfers", TransferQuery, scope="stock_transfers:read", operation_id="listStockTransfers", is_list=True,
    summary="Transfers between locations, newest first", shape=StockTransferView,
)  # fmt: skip
def list_transfers(session: Session, _call: Call, query: TransferQuery) -> Answer:
    """A page of transfers with their items."""
    ids, total = transfers.page_of_transfers(
        session,
        status=query.status,
        number=query.number,
        site_id=query.location_id,
        source_site_id=query.from_location_id,
        destination_site_id=query.to_location_id,
        offset=query.offset,
        limit=query.per_page,
    )
    return Answer(_transfers(session, ids), total)


@catalogue.read(
    "/stock_transfers/{id}", Nothing, scope="stock_transfers:read", operation_id="getStockTransfer",
    summary="One transfer with its items", shape=StockTransferView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """A transfer with its items."""
    return Answer(_transfer(session, call.path["id"]))


@catalogue.write(
    "POST", "/stock_transfers", NewTransfer, scope="stock_transfers:write", operation_id="createStockTransfer",
    status=201, wrapper="stock_transfer", summary="Make a transfer; nothing moves yet", shape=StockTransferView,
    example={
        "stock_transfer": {
            "from_location_id": "wh_1", "to_location_id": "wh_2", "number": "TR-1",
            "items": [{"sku": "MILK-1L", "quantity": 24}],
        }
    },
)  # fmt: skip
def create(session: Session, call: Call, body: NewTransfer) -> Answer:
    """Makes the draft."""
    variants = named_variants(session, body.items)
    lines = [NewTransferLine(variant.id, item.quantity) for variant, item in zip(variants, body.items, strict=True)]
    made = transfers.create_transfer(
        session,
        source_site_id=_site_id(session, body.from_location_id, field="from_location_id"),
        destination_site_id=_site_id(session, body.to_location_id, field="to_location_id"),
        lines=lines,
        number=body.number,
        notes=body.notes,
    )
    return Answer(_transfer(session, made.id), location=call.url(f"/stock_transfers/{made.id}"))


@catalogue.write(
    "POST", "/stock_transfers/{id}/ship", Shipment, scope="stock_transfers:write", current=get,
    operation_id="shipStockTransfer", wrapper="stock_transfer", shape=StockTransferView,
    summary="Ship the transfer: its stock leaves the source location; what it lacks is an open discrepancy",
)  # fmt: skip
def ship(session: Session, call: Call, body: Shipment) -> Answer:
    """All that is still to go leaves, or what is named, or nothing."""
    transfer = transfers.get_transfer(session, call.path["id"])
    departures = None if body.items is None else _departures(session, transfer, body.items)
    transfers.ship(
        session, transfer, departures=departures, occurred_at=body.occurred_at, idempotency_key=call.key("ship")
    )
    return Answer(_transfer(session, transfer.id))


@catalogue.write(
    "POST", "/stock_transfers/{id}/receive", Receipt, scope="stock_transfers:write", current=get,
    operation_id="receiveStockTransfer", wrapper="stock_transfer", shape=StockTransferView,
    summary="Receive the transfer: its stock comes to the destination location; what is missing stays in transit",
    example={"items": [{"sku": "MILK-1L", "quantity": 22}]},
)  # fmt: skip
def receive(session: Session, call: Call, body: Receipt) -> Answer:
    """One receipt, which ends the transfer."""
    transfer = transfers.get_transfer(session, call.path["id"])
    arrivals = [_arrival(session, transfer, item, position) for position, item in enumerate(body.items)]
    transfers.receive(session, transfer, arrivals, occurred_at=body.occurred_at, idempotency_key=call.key("receive"))
    return Answer(_transfer(session, transfer.id))


@catalogue.write(
    "POST", "/stock_transfers/{id}/cancel", Nothing, scope="stock_transfers:write", current=get,
    operation_id="cancelStockTransfer", shape=StockTransferView, summary="Cancel a draft of which nothing has left",
)  # fmt: skip
def cancel(session: Session, call: Call, _body: Nothing) -> Answer:
    """Nothing is to go."""
    transfer = transfers.get_transfer(session, call.path["id"])
    transfers.cancel_transfer(session, transfer)
    return Answer(_transfer(session, transfer.id))


def _site_id(session: Session, key: str, *, field: str) -> str:
    site = session.get(Site, (organization_of(session), key))
    if site is None:
        raise NotFound("location", key, field=field)
    return site.id


def _departures(session: Session, transfer: StockTransfer, items: Sequence[DepartingItem]) -> list[Departure]:
    named = (
        named_variants(session, items)
        if all(item.id is None for item in items)
        else [_variant_of(session, transfer, item, position) for position, item in enumerate(items)]
    )
    return [Departure(variant.id, item.quantity) for variant, item in zip(named, items, strict=True)]


def _arrival(session: Session, transfer: StockTransfer, item: ArrivedItem, position: int) -> Arrival:
    variant = _variant_of(session, transfer, item, position)
    lot_id = None
    if item.lot_number is not None:
        lot = find_lot(session, variant.id, item.lot_number)
        if lot is None:
            raise NotFound("lot", item.lot_number, field=f"items.{position}.lot_number")
        lot_id = lot.id
    quantity = item.quantity
    if quantity is None:
        line = transfers.line_for(session, transfer, variant)
        quantity = line.shipped - line.received
    if quantity <= ZERO:
        raise Invalid("nothing of this item is in transit", field=f"items.{position}.quantity")
    return Arrival(
        variant.id,
        quantity,
        lot_id=lot_id,
        serial=item.serial_number,
        location_id=_bin_of(session, transfer, item.location_id, position),
    )


def _variant_of(session: Session, transfer: StockTransfer, item: ArrivedItem | DepartingItem, position: int) -> Variant:
    if item.id is None:
        return named_variant(session, item.variant_id, item.sku, field=f"items.{position}.sku")
    statement = scoped(session, StockTransferLine).where(
        StockTransferLine.id == item.id, StockTransferLine.stock_transfer_id == transfer.id
    )
    line = session.exec(statement).first()
    if line is None:
        raise NotFound("item", item.id, field=f"items.{position}.id")
    return fetch(session, Variant, line.variant_id, resource="variant")


def _bin_of(session: Session, transfer: StockTransfer, location_id: str | None, position: int) -> str | None:
    """The bin that a body means; the destination itself means its receiving place."""
    if location_id is None:
        return None
    place = place_of(session, location_id)
    if place.site.id != transfer.destination_site_id:
        raise Invalid("the transfer goes to another location", field=f"items.{position}.location_id")
    return place.location.id if place.location else None


def _transfer(session: Session, transfer_id: str) -> StockTransferView:
    return the_one(_transfers(session, [transfer_id]), "stock_transfer", transfer_id)


def _transfers(session: Session, ids: Sequence[str]) -> list[StockTransferView]:
    if not ids:
        return []
    lines = lines_with_skus(session, StockTransferLine, ids, key="stock_transfer_id")
    settled = sum_by(session, StockTransferContent, "settled", of="stock_transfer_id", keys=ids, by="line_id")
    missing = _open_discrepancies(session, ids)
    rows = rows_by_id(session, StockTransfer, ids)
    return [_view(row, lines[row.id], settled, missing[row.id]) for row in rows]


def _open_discrepancies(session: Session, ids: Sequence[str]) -> Counter[str]:
    """Transfer id -> how many items of it were not sent, or did not arrive, without a reason."""
    statement = scoped(session, Discrepancy).where(
        col(Discrepancy.kind).in_((transfers.TRANSFER_LOSS, transfers.TRANSFER_SHORT)),
        Discrepancy.status == "open",
        col(Discrepancy.document_id).in_(ids),
    )
    return Counter(row.document_id for row in session.exec(statement).all())


def _view(row: Any, lines: Sequence[Any], settled: dict[str, Any], open_discrepancies: int) -> StockTransferView:
    return {
        "id": row.id,
        "number": row.number,
        "status": row.status,
        "from_location_id": row.source_site_id,
        "to_location_id": row.destination_site_id,
        "notes": row.notes,
        "items": [_item(line, settled.get(line.id, ZERO)) for line in lines],
        "open_discrepancies": open_discrepancies,
        "shipped_at": to_iso(row.shipped_at) if row.shipped_at else None,
        "received_at": to_iso(row.received_at) if row.received_at else None,
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def _item(line: Any, settled: Any) -> StockTransferItemView:
    return {
        "id": line.id,
        "variant_id": line.variant_id,
        "sku": line.sku,
        "quantity": to_json(line.quantity),
        "shipped_quantity": to_json(line.shipped),
        "received_quantity": to_json(line.received),
        "in_transit_quantity": to_json(line.shipped - line.received - settled),
    }
