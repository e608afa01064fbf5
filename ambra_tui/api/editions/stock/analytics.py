"""FiguresView: what stock is worth, what moved, what is low.

Example::

    GET /api/inventory/analytics?period=30d
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from ambra_tui.api.edition import Answer, Call, Catalogue
from ambra_tui.api.editions.stock.views import AnalyticsView, FiguresView
from ambra_tui.api.fields import Identifier, OneOf
from ambra_tui.kit.quantity import to_json
from ambra_tui.services.site_activity import Analytics, analytics

catalogue = Catalogue("Analytics")
PERIODS = {"7d": 7, "30d": 30, "90d": 90, "1y": 365}


class AnalyticsQuery(BaseModel):
    """The period up to now, and one warehouse instead of all."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    period: Annotated[Identifier, OneOf(PERIODS)] = "30d"
    warehouse_id: Identifier | None = None


@catalogue.read(
    "/analytics", AnalyticsQuery, scope="inventory:read", operation_id="getAnalytics", is_long=True,
    summary="Value, trends, movers and low stock", shape=AnalyticsView,
)  # fmt: skip
def get_analytics(session: Session, _call: Call, query: AnalyticsQuery) -> Answer:
    """Stock as it is, and the movements of the period."""
    return Answer({"data": _figures(analytics(session, days=PERIODS[query.period], site_id=query.warehouse_id))})


def _figures(found: Analytics) -> FiguresView:
    return {
        "overview": {
            "total_products": found.products,
            "total_stock_value": to_json(found.value),
            "low_stock_items": found.low,
            "out_of_stock_items": found.out_of_stock,
        },
        "trends": {
            "stock_in": to_json(found.stock_in),
            "stock_out": to_json(found.stock_out),
            "adjustments": to_json(found.adjusted),
        },
        "top_movers": [
            {
                "product_id": mover.product_id,
                "product_name": mover.name,
                "movement_count": mover.movements,
                "total_quantity": to_json(mover.quantity),
            }
            for mover in found.movers
        ],
        "low_stock_alerts": [
            {
                "product_id": alert.product_id,
                "product_name": alert.name,
                "current_stock": to_json(alert.available),
                "reorder_point": to_json(alert.reorder_point),
                "warehouse": alert.site_name,
                "sku": alert.sku,
            }
            for alert in found.alerts
        ],
    }
