"""The events of the ambra edition."""

from __future__ import annotations

from ambra_tui.services.webhooks.event_types import EventTable, EventType, falls_to

EVENTS = EventTable(
    "ambra",
    (
        EventType("product.created", ("product_created",)),
        EventType("product.updated", ("product_updated",)),
        EventType("product.deleted", ("product_deleted",)),
        EventType("stock_movement.created", ("stock_movement_created", "stock_moved")),
        EventType("stock_movement.completed", ("stock_movement_completed", "stock_moved")),
        EventType("stock_level.low", ("stock_status_fell",), falls_to("low")),
        EventType("stock_level.critical", ("stock_status_fell",), falls_to("critical")),
    ),
)
