"""What an event is about, as a GET of this edition answers it.

Example::

    object_of(session, happened)    # of stock_level.low: one row of GET /v1/stock_levels
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from ambra_tui.api.editions.ambra._movements import movement_object
from ambra_tui.api.editions.ambra.products import product_object
from ambra_tui.api.editions.ambra.stock_levels import level_object
from ambra_tui.services.webhooks import Happened


def object_of(session: Session, event: Happened) -> Any:
    """None for what this edition does not show, such as a move between two bins."""
    if event.noun == "product":
        return product_object(session, event.subject) or {"id": event.subject, **event.payload}
    if event.noun == "stock_level":
        return level_object(session, event.subject, event.payload["site_id"])
    return movement_object(session, event.payload["move"] if event.fact == "stock_moved" else event.subject)
