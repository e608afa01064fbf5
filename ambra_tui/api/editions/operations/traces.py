"""Where a lot has been and went, what it was made of, and what a recall of it concerns.

Example::

    GET /api/v1/lots/lot_.../trace_forward?per_page=50
    GET /api/v1/lots/lot_.../trace_backward
    GET /api/v1/lots/lot_.../recall
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.operations.lots import lot_view
from ambra_tui.api.editions.operations.orders import STATES
from ambra_tui.api.editions.operations.traces_views import (
    BackwardTraceView,
    CarryingView,
    ForwardTraceView,
    InputLotView,
    LotBinView,
    LotLedgerEntryView,
    LotStockView,
    ReachedOrderView,
    RecallRecordView,
    RecallTotalsView,
    RecallView,
    ReceiptSourceView,
    SourceBatchView,
    TracedLotView,
    TraceDocumentView,
    TracePlaceView,
)
from ambra_tui.api.editions.operations.views import Meta
from ambra_tui.api.paging import Paging, total_pages
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import ZERO, to_json
from ambra_tui.services import recalls, tracing
from ambra_tui.services.lots import get_lot
from ambra_tui.services.stock_views import rows_by_id
from ambra_tui.services.tracing import BinStock, Document, Link, LotMove, LotStock, Place, Reached, Receipt
from ambra_tui.services.tracing.terms import chunks
from ambra_tui.store.models import Lot, LotRecall, ProductionBatch, Site, Variant

catalogue = Catalogue("Lots", module="traceability")
MAX_MADE = 100  # made lots beside a page of movements
MAX_INPUTS = 1_000


@catalogue.read(
    "/lots/{id}/trace_forward", Paging, scope="lots:read", operation_id="traceLotForward", is_long=True,
    summary="Where a lot has been, lies and went: its movements newest first, a page at a time",
    shape=ForwardTraceView,
)  # fmt: skip
def trace_forward(session: Session, call: Call, query: Paging) -> Answer:
    """A page of movements; stock, what was made of it and whom it reached beside every page."""
    lot_id = call.path["id"]
    lot = lot_view(session, lot_id)
    moves, total = tracing.movements_of(session, lot_id, offset=query.offset, limit=query.per_page)
    stock = tracing.stock_of(session, [lot_id])
    family = tracing.descendants_of(session, lot_id, limit=MAX_MADE)
    orders = tracing.orders_reached(session, (lot_id, *family.lot_ids), limit=query.per_page + 1)
    shown = set(_order_ids(orders)[: query.per_page])
    listed = [row for row in orders if row.order_id in shown]
    answer: ForwardTraceView = {
        "lot": lot,
        "lot_ledger_entries": [_entry(move) for move in moves],
        "current_stock": _stock(session, stock),
        "in_transit": to_json(stock.in_transit),
        "transfers_in_transit": _carrying(session, (lot_id,), stock),
        "made_lots": _traced(session, family.links),
        "orders": [_reached(row) for row in listed],
        "is_complete": family.is_complete and len(listed) == len(orders),
        "meta": _meta(query, total),
    }
    return Answer(answer)


@catalogue.read(
    "/lots/{id}/trace_backward", Nothing, scope="lots:read", operation_id="traceLotBackward", is_long=True,
    summary="What went into a lot, through every level of production, down to the purchase orders",
    shape=BackwardTraceView,
)  # fmt: skip
def trace_backward(session: Session, call: Call, _query: Nothing) -> Answer:
    """The batch that made it and the lots that went in, nearest first; null and empty for what was bought."""
    lot_id = call.path["id"]
    lot = lot_view(session, lot_id)
    family = tracing.ancestors_of(session, lot_id, limit=MAX_INPUTS)
    batches = [_batch(row) for row in tracing.source_batches(session, lot_id)]
    receipts: dict[str, list[ReceiptSourceView]] = {}
    for receipt in tracing.receipts_of(session, (lot_id, *family.lot_ids)):
        receipts.setdefault(receipt.lot_id, []).append(_receipt(receipt))
    inputs: list[InputLotView] = [
        {**row, "received_from": receipts.get(row["id"] or "", [])} for row in _traced(session, family.links)
    ]
    answer: BackwardTraceView = {
        "lot": lot,
        "source_batch": batches[0] if batches else None,
        "source_batches": batches,
        "input_lots": inputs,
        "received_from": receipts.get(lot_id, []),
        "is_complete": family.is_complete,
    }
    return Answer(answer)


@catalogue.read(
    "/lots/{id}/recall", Paging, scope="lots:read", operation_id="getLotRecall", is_long=True,
    summary="The recall of a lot, or what one would concern: lots, orders, customers, stock", shape=RecallView,
)  # fmt: skip
def get_recall(session: Session, call: Call, query: Paging) -> Answer:
    """The recall's lists; a page of its orders."""
    lot = lot_view(session, call.path["id"])
    record, hits = recalls.report(session, get_lot(session, lot["id"]))
    page = hits.orders[query.offset : query.offset + query.per_page]
    answer: RecallView = {
        "lot": lot,
        "recall": _record(record) if record else None,
        "lots": _traced(session, hits.family.links),
        "orders": [_reached(row) for row in page],
        "customers": list(hits.customers),
        "current_stock": _stock(session, hits.stock),
        "in_transit": to_json(hits.stock.in_transit),
        "transfers_in_transit": _carrying(session, hits.lot_ids, hits.stock),
        "open_orders": list(hits.open_orders),
        "open_production_batches": list(hits.open_batches),
        "totals": _totals(hits),
        "meta": _meta(query, len(hits.orders)),
    }
    return Answer(answer)


def _meta(query: Paging, total: int) -> Meta:
    return {
        "page": query.page,
        "per_page": query.per_page,
        "total": total,
        "total_pages": total_pages(total, query.per_page),
    }


def _order_ids(orders: Iterable[Reached]) -> list[str]:
    return list(dict.fromkeys(row.order_id for row in orders))


# --- views ----------------------------------------------------------------------------------------------------------


def _entry(move: LotMove) -> LotLedgerEntryView:
    codes = {place.site_id: place.site_code for place in (move.source, move.destination)}
    return {
        "id": move.id,
        "entry_type": move.kind,
        "quantity": to_json(move.change),
        "quantity_moved": to_json(move.quantity),
        "location_id": move.site_id or None,
        "location_code": codes.get(move.site_id) or None,
        "source": _place(move.source),
        "destination": _place(move.destination),
        "document": _document(move.document) if move.document else None,
        "serial_number": move.serial or None,
        "reason": move.reason or None,
        "notes": move.note or None,
        "reverses_id": move.reverses_id or None,
        "created_by": move.actor_id or None,
        "created_by_name": move.actor_name or None,
        "station": move.station or None,
        "occurred_at": to_iso(move.occurred_at),
        "created_at": to_iso(move.posted_at),
    }


def _place(place: Place) -> TracePlaceView:
    return {
        "id": place.id,
        "code": place.code,
        "kind": place.kind,
        "location_id": place.site_id or None,
        "location_code": place.site_code or None,
    }


def _document(document: Document) -> TraceDocumentView:
    return {
        "type": document.kind,
        "id": document.id,
        "number": document.number or None,
        "customer": dict(document.customer) if document.customer is not None else None,
    }


def _stock(session: Session, stock: LotStock) -> list[LotStockView]:
    by_site: dict[str, list[BinStock]] = {}
    for held in stock.bins:
        by_site.setdefault(held.site_id, []).append(held)
    sites = {row.id: row for row in rows_by_id(session, Site, sorted(by_site))}
    return [
        {
            "location_id": site_id,
            "location_code": sites[site_id].code,
            "location_name": sites[site_id].name,
            "on_hand": to_json(sum((held.on_hand for held in bins), ZERO)),
            "held": to_json(sum((held.on_hand for held in bins if held.is_held), ZERO)),
            "allocated": to_json(sum((held.allocated for held in bins), ZERO)),
            "bins": [_bin(held) for held in bins],
        }
        for site_id, bins in sorted(by_site.items(), key=lambda pair: str(sites[pair[0]].code))
    ]


def _bin(held: BinStock) -> LotBinView:
    return {
        "id": held.location_id,
        "code": held.code,
        "kind": held.kind,
        "lot_id": held.lot_id,
        "on_hand": to_json(held.on_hand),
        "allocated": to_json(held.allocated),
        "held": held.is_held,
        "serial_number": held.serial or None,
        "license_plate": held.plate_code or None,
    }


def _carrying(session: Session, lot_ids: Sequence[str], stock: LotStock) -> list[CarryingView]:
    if not stock.in_transit:
        return []
    return [
        {
            "stock_transfer_id": row.transfer_id,
            "number": row.number,
            "status": row.status,
            "source_location_id": row.source_site_id,
            "destination_location_id": row.destination_site_id,
            "lot_id": row.lot_id,
            "quantity": to_json(row.quantity),
        }
        for row in tracing.transfers_carrying(session, lot_ids)
    ]


def _traced(session: Session, links: Sequence[Link]) -> list[TracedLotView]:
    lots = _by_id(session, Lot, {link.lot_id for link in links})
    variants = _by_id(session, Variant, {link.variant_id for link in links})
    batches = _by_id(session, ProductionBatch, {link.batch_id for link in links})
    return [_link(link, lots.get(link.lot_id), variants[link.variant_id], batches[link.batch_id]) for link in links]


def _by_id(session: Session, model: Any, ids: Iterable[str]) -> dict[str, Any]:
    return {row.id: row for part in chunks(sorted(set(ids) - {""})) for row in rows_by_id(session, model, part)}


def _link(link: Link, lot: Any, variant: Any, batch: Any) -> TracedLotView:
    return {
        "id": lot.id if lot else None,
        "lot_number": lot.lot_number if lot else None,
        "variant_id": link.variant_id,
        "sku": variant.sku,
        "status": lot.status if lot else None,
        "expiry_date": lot.expiry_date.isoformat() if lot and lot.expiry_date else None,
        "level": link.level,
        "parent_lot_id": link.parent_id,
        "production_batch_id": link.batch_id,
        "production_batch_number": batch.number,
        "quantity": to_json(link.quantity),
    }


def _reached(row: Reached) -> ReachedOrderView:
    return {
        "order_id": row.order_id,
        "number": row.number,
        "status": STATES[row.status],
        "customer": dict(row.customer),
        "lot_id": row.lot_id,
        "shipped": to_json(row.shipped),
        "returned": to_json(row.returned),
        "last_shipped_at": to_iso(row.last_shipped_at),
    }


def _receipt(receipt: Receipt) -> ReceiptSourceView:
    return {
        "purchase_order_id": receipt.purchase_order_id,
        "number": receipt.number,
        "supplier_id": receipt.supplier_id,
        "supplier_name": receipt.supplier_name,
        "quantity": to_json(receipt.quantity),
        "received_at": to_iso(receipt.received_at),
    }


def _batch(row: Any) -> SourceBatchView:
    made = row.actual_quantity_produced
    return {
        "id": row.id,
        "number": row.number,
        "recipe_id": row.recipe_id,
        "location_id": row.site_id,
        "status": row.status,
        "planned_quantity": to_json(row.planned_quantity),
        "actual_quantity_produced": None if made is None else to_json(made),
        "completed_at": to_iso(row.completed_at) if row.completed_at else None,
    }


def _record(record: LotRecall) -> RecallRecordView:
    return {
        "id": record.id,
        "lot_id": record.lot_id,
        "status": record.status,  # type: ignore[typeddict-item]  # the store's CHECK knows the same words
        "reason": record.reason or None,
        "includes_made_lots": record.includes_descendants,
        "recalled_at": to_iso(record.recalled_at),
        "recalled_by": record.actor_name or None,
        "replanned_orders": list(record.replanned),
        "short_orders": list(record.short),
        "lifted_at": to_iso(record.lifted_at) if record.lifted_at else None,
        "lift_reason": record.lift_reason or None,
    }


def _totals(hits: recalls.Hits) -> RecallTotalsView:
    return {
        "lots": len(hits.lot_ids),
        "orders": len(_order_ids(hits.orders)),
        "customers": len(hits.customers),
        "shipped": to_json(sum((row.shipped for row in hits.orders), ZERO)),
        "returned": to_json(sum((row.returned for row in hits.orders), ZERO)),
        "on_hand": to_json(hits.stock.on_hand),
        "in_transit": to_json(hits.stock.in_transit),
    }
