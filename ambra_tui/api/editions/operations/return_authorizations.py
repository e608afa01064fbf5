"""Returns (RMA): authorized for an order that was shipped, edited while they are pending, received, cancelled.

Example::

    POST /api/v1/return_authorizations
    {"return_authorization": {"order_id": "ord_...", "reason": "wrong size",
                              "items": [{"sku": "GLOVE-L", "quantity": 2, "condition": "sellable"}]}}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AliasChoices, Field
from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.operations.bodies import named_variants
from ambra_tui.api.editions.operations.views import ReturnAuthorizationView, ReturnItemView
from ambra_tui.api.fields import Body, FromMoment, Identifier, Line, Number, OneOf, PositiveQuantity, Rows
from ambra_tui.api.paging import Paging
from ambra_tui.errors import Invalid
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import to_json
from ambra_tui.services.returns import (
    NewReturnLine,
    bin_of,
    cancel_return,
    create_return,
    get_return,
    receive_return,
    update_return,
)
from ambra_tui.services.stock_views import lines_with_skus, page_of_ids, rows_by_id, the_one
from ambra_tui.store.models import ReturnAuthorization, ReturnLine
from ambra_tui.store.models.returns import CONDITIONS, RETURN_STATES

catalogue = Catalogue("Returns")
_ITEMS = AliasChoices(
    "items", "line_items", "items_attributes", "return_items", "return_authorization_items_attributes"
)


class ReturnQuery(Paging):
    """Filters of returns."""

    status: Annotated[Identifier, OneOf(RETURN_STATES)] | None = None
    order_id: Identifier | None = None
    number: Number | None = None


class NewItem(Body):
    """How much of a variant, by SKU or id, comes back in which condition."""

    sku: Identifier | None = None
    variant_id: Identifier | None = None
    quantity: PositiveQuantity
    condition: Annotated[Identifier, OneOf(CONDITIONS)]


class NewReturn(Body):
    """What may come back of an order."""

    order_id: Identifier
    reason: Line
    number: Number | None = None
    items: Annotated[list[NewItem], Rows] = Field(validation_alias=_ITEMS, min_length=1)


class ReturnChange(Body):
    """What is to change; `items` replace all items."""

    reason: Line | None = None
    items: Annotated[list[NewItem], Rows] | None = Field(default=None, validation_alias=_ITEMS, min_length=1)


class ReturnReceipt(Body):
    """Where sellable items go: without a location, to the receiving dock. `occurred_at`: when they came, if not now."""

    location_id: Identifier | None = None
    occurred_at: FromMoment | None = None


@catalogue.read(
    "/return_authorizations", ReturnQuery, scope="return_authorizations:read", operation_id="listReturnAuthorizations",
    is_list=True, summary="Returns, newest first", shape=ReturnAuthorizationView,
)  # fmt: skip
def list_returns(session: Session, _call: Call, query: ReturnQuery) -> Answer:
    """A page of returns with their items."""
    filters = {"status": query.status, "order_id": query.order_id, "number": query.number}
    ids, total = page_of_ids(session, ReturnAuthorization, filters, offset=query.offset, limit=query.per_page)
    return Answer(_returns(session, ids), total)


@catalogue.read(
    "/return_authorizations/{id}", Nothing, scope="return_authorizations:read", operation_id="getReturnAuthorization",
    summary="One return with its items", shape=ReturnAuthorizationView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """A return with its items."""
    return Answer(_return(session, call.path["id"]))


@catalogue.write(
    "POST", "/return_authorizations", NewReturn, scope="return_authorizations:write", status=201,
    operation_id="createReturnAuthorization", wrapper="return_authorization", shape=ReturnAuthorizationView,
    summary="Authorize the return of items of a shipped order",
    example={
        "return_authorization": {
            "order_id": "ord_1", "reason": "wrong size",
            "items": [{"sku": "MILK-1L", "quantity": 1, "condition": "sellable"}],
        }
    },
)  # fmt: skip
def create(session: Session, call: Call, body: NewReturn) -> Answer:
    """Makes the return."""
    rma = create_return(
        session, order_id=body.order_id, reason=body.reason, number=body.number, lines=_lines(session, body.items)
    )
    return Answer(_return(session, rma.id), location=call.url(f"/return_authorizations/{rma.id}"))


@catalogue.write(
    "PATCH", "/return_authorizations/{id}", ReturnChange, scope="return_authorizations:write", current=get,
    operation_id="updateReturnAuthorization", wrapper="return_authorization", shape=ReturnAuthorizationView,
    summary="Change reason or items while the return is pending", example={"reason": "damaged in transit"},
)  # fmt: skip
def update(session: Session, call: Call, body: ReturnChange) -> Answer:
    """Changes the return."""
    rma = get_return(session, call.path["id"])
    if body.reason is None and body.items is None:
        raise Invalid("name reason or items", field="reason")
    lines = _lines(session, body.items) if body.items is not None else None
    update_return(session, rma, reason=body.reason, lines=lines)
    return Answer(_return(session, rma.id))


@catalogue.write(
    "POST", "/return_authorizations/{id}/receive", ReturnReceipt, scope="return_authorizations:write", current=get,
    operation_id="receiveReturnAuthorization", wrapper="return_authorization", shape=ReturnAuthorizationView,
    summary="Receive the return: sellable items add stock, damaged and discarded ones do not",
)  # fmt: skip
def receive(session: Session, call: Call, body: ReturnReceipt) -> Answer:
    """Everything that has not come yet, in the conditions that are expected."""
    rma = get_return(session, call.path["id"])
    receive_return(
        session,
        rma,
        location_id=bin_of(session, rma, body.location_id),
        occurred_at=body.occurred_at,
        idempotency_key=call.key("return"),
    )
    return Answer(_return(session, rma.id))


@catalogue.write(
    "POST", "/return_authorizations/{id}/cancel", Nothing, scope="return_authorizations:write", current=get,
    operation_id="cancelReturnAuthorization", shape=ReturnAuthorizationView,
    summary="Cancel a pending return of which nothing came",
)  # fmt: skip
def cancel(session: Session, call: Call, _body: Nothing) -> Answer:
    """Nothing is to come back."""
    rma = get_return(session, call.path["id"])
    cancel_return(session, rma)
    return Answer(_return(session, rma.id))


def _lines(session: Session, items: Sequence[NewItem]) -> list[NewReturnLine]:
    variants = named_variants(session, items)
    return [
        NewReturnLine(variant.id, item.quantity, item.condition) for variant, item in zip(variants, items, strict=True)
    ]


def _return(session: Session, return_id: str) -> ReturnAuthorizationView:
    return the_one(_returns(session, [return_id]), "return_authorization", return_id)


def _returns(session: Session, ids: Sequence[str]) -> list[ReturnAuthorizationView]:
    lines = lines_with_skus(session, ReturnLine, ids, key="return_authorization_id")
    return [_view(row, lines[row.id]) for row in rows_by_id(session, ReturnAuthorization, ids)]


def _view(row: Any, lines: Sequence[Any]) -> ReturnAuthorizationView:
    return {
        "id": row.id,
        "number": row.number,
        "order_id": row.order_id,
        "location_id": row.site_id,
        "reason": row.reason,
        "status": row.status,
        "items": [_item(line) for line in lines],
        "received_at": to_iso(row.received_at) if row.received_at else None,
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def _item(line: Any) -> ReturnItemView:
    return {
        "id": line.id,
        "variant_id": line.variant_id,
        "sku": line.sku,
        "quantity": to_json(line.quantity),
        "condition": line.condition,
        "received_quantity": to_json(line.sellable + line.damaged + line.discarded),
        "sellable_quantity": to_json(line.sellable),
    }
