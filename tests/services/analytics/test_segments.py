"""Segments of customers in reports of one's own, at their edges."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session

from ambra_tui.services import customers, orders
from ambra_tui.services.analytics import cube
from ambra_tui.services.analytics.days import span_of
from ambra_tui.services.analytics.dimensions import AT_RISK_DAYS
from ambra_tui.services.orders import NewCheckout, NewOrderLine
from ambra_tui.store.scope import now_of
from tests import factories

pytestmark = pytest.mark.usefixtures("store")
Write = Callable[[Callable[[Session], Any]], Any]


def test_a_customer_is_at_risk_from_the_ninetieth_day_on(write: Write) -> None:
    """Five who bought once, dear to cheap: the first is the fifth that spent most; then the day decides."""
    write(factories.warehouse)
    mug = write(lambda session: factories.variant(session, sku="MUG", price_minor=1000))
    for place, days in enumerate((1, AT_RISK_DAYS - 1, AT_RISK_DAYS, AT_RISK_DAYS + 1, 0)):
        write(lambda session, number=place, ago=days: sell(session, mug, number, ago))

    def told(session: Session) -> dict[str, int]:
        asked = cube.Asked(
            ("customer_segment",), ("customers",), cube.currencies_of(session)[0],
            span=span_of("all_time", now_of(session).date()),
        )  # fmt: skip
        return {row.values["customer_segment"]: row.values["customers"] for row in cube.report(session, asked).rows}

    assert write(told) == {"high_value": 1, "at_risk": 2, "new": 2}


def sell(session: Session, variant: Any, number: int, days: int) -> None:
    buyer = customers.create_customer(session, email=f"buyer{number}@example.com")
    orders.place_order(
        session, NewCheckout(customer_id=buyer.id), lines=[NewOrderLine(variant.id, Decimal(9 - number), 1000)],
        ordered_at=now_of(session) - timedelta(days=days), is_reserved=False,
    )  # fmt: skip
