"""The events of the commerce edition."""

from __future__ import annotations

from ambra_tui.services.webhooks.event_types import EventTable, EventType, falls_to

EVENTS = EventTable(
    "commerce",
    (
        EventType("order.created", ("order_created",)),
        EventType("order.updated", ("order_updated",)),
        EventType("order.cancelled", ("order_cancelled",)),
        EventType("order.fulfilled", ("order_fulfilled",)),
        EventType("order.refunded", ("order_refunded",)),
        EventType("product.created", ("product_created",)),
        EventType("product.updated", ("product_updated",)),
        EventType("product.deleted", ("product_deleted",)),
        EventType("inventory.low", ("stock_status_fell",), falls_to("low")),
        EventType("inventory.out_of_stock", ("stock_status_fell",), falls_to("out_of_stock")),
        EventType("customer.created", ("customer_created",)),
        EventType("customer.updated", ("customer_updated",)),
        EventType("payment.succeeded", ("payment_succeeded",)),
        EventType("payment.failed", ("payment_failed",)),
        EventType("payment.refunded", ("payment_refunded",)),
        EventType("shipment.created", ("shipment_created",)),
        EventType("shipment.in_transit", ("shipment_in_transit",)),
        EventType("shipment.delivered", ("shipment_delivered",)),
    ),
)
