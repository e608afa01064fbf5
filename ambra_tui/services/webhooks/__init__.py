"""Webhooks: what happens here is told to programs elsewhere, signed, at least once.

A change writes its facts to the outbox in its own transaction, whichever process makes it. A server turns them into
deliveries, one for each endpoint that asked (`fan_out`), and sends them until the receiver says yes (`sender`).

Example::

    check_target(url)                                     # first, and outside the transaction
    webhook = create_webhook(session, url=url, events=["stock_level.low"])
    deliveries_of(session, webhook.id)
"""

from ambra_tui.services.webhooks.claims import forget_old_deliveries
from ambra_tui.services.webhooks.deliveries import (
    STATUSES,
    deliveries_of,
    delivery_by_id,
    redeliver,
    send_test_event,
)
from ambra_tui.services.webhooks.event_types import TEST_EVENT, event_names, event_tables
from ambra_tui.services.webhooks.fan_out import Happened
from ambra_tui.services.webhooks.signing import standard_secret
from ambra_tui.services.webhooks.subscriptions import (
    MAX_OVERLAP,
    MAX_SECRET,
    MAX_WEBHOOKS,
    MIN_SECRET,
    OVERLAP,
    change_webhook,
    create_webhook,
    list_webhooks,
    remove_webhook,
    rotate_secret,
    webhook_by_id,
)
from ambra_tui.services.webhooks.targets import MAX_URL, check_target

__all__ = [
    "MAX_OVERLAP",
    "MAX_SECRET",
    "MAX_URL",
    "MAX_WEBHOOKS",
    "MIN_SECRET",
    "OVERLAP",
    "STATUSES",
    "TEST_EVENT",
    "Happened",
    "change_webhook",
    "check_target",
    "create_webhook",
    "deliveries_of",
    "delivery_by_id",
    "event_names",
    "event_tables",
    "forget_old_deliveries",
    "list_webhooks",
    "redeliver",
    "remove_webhook",
    "rotate_secret",
    "send_test_event",
    "standard_secret",
    "webhook_by_id",
]
