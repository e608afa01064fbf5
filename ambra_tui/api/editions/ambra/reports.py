"""Reports: what there is to ask, and the stock overview of a dashboard.

Example::

    curl -H "Authorization: Bearer $KEY" "http://127.0.0.1:8080/v1/reports/stock_overview?warehouse_id=wh_789"
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.ambra._places import named_warehouse
from ambra_tui.api.fields import Identifier
from ambra_tui.kit.quantity import to_json
from ambra_tui.services.reports.stock_overview import Figures, stock_overview

catalogue = Catalogue("Reports", about="Figures of stock for dashboards, for one warehouse or for all.")
Amount = float | int
OVERVIEW = "/reports/stock_overview"


class ReportView(TypedDict):
    """A report and where it is."""

    name: str
    href: str
    description: str


class FiguresView(TypedDict):
    """``low_stock``, ``critical`` and ``out_of_stock`` exclude each other; a product counts once for each warehouse."""

    total_products: int
    total_units: Amount
    total_value: Amount
    low_stock: int
    critical: int
    out_of_stock: int


class CategoryFiguresView(FiguresView):
    """Figures of one main category; `category_id` null: of what stands in none."""

    category_id: str | None
    name: str | None
    slug: str | None


class StockOverviewView(FiguresView):
    """Stock now, at average cost. `warehouse_id` null: of all warehouses."""

    warehouse_id: str | None
    currency: str
    by_category: list[CategoryFiguresView]


class OverviewQuery(BaseModel):
    """One warehouse, else all."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    warehouse_id: Identifier | None = None


@catalogue.read(
    "/reports", Nothing, scope="reports:read", operation_id="listReports", summary="What reports there are",
    shape=list[ReportView],
)  # fmt: skip
def list_reports(_session: Session, call: Call, _query: object) -> Answer:
    """The index."""
    overview: ReportView = {
        "name": "stock_overview",
        "href": call.url(OVERVIEW),
        "description": "Units, value and stock status, for one warehouse or for all, by category",
    }
    return Answer([overview])


@catalogue.read(
    OVERVIEW, OverviewQuery, scope="reports:read", operation_id="getStockOverview", is_long=True,
    summary="Units, value and stock status now, by category", shape=StockOverviewView,
)  # fmt: skip
def get_stock_overview(session: Session, _call: Call, query: OverviewQuery) -> Answer:
    """Stock now."""
    site = None if query.warehouse_id is None else named_warehouse(session, query.warehouse_id)
    found = stock_overview(session, site_id=site.id if site else None)
    view: StockOverviewView = {
        "warehouse_id": site.id if site else None,
        "currency": found.currency,
        **_figures(found.total),
        "by_category": [
            {"category_id": part.category_id, "name": part.name, "slug": part.slug, **_figures(part.figures)}
            for part in found.categories
        ],
    }
    return Answer(view)


def _figures(figures: Figures) -> FiguresView:
    return {
        "total_products": figures.products,
        "total_units": to_json(figures.units),
        "total_value": to_json(figures.value),
        "low_stock": figures.low,
        "critical": figures.critical,
        "out_of_stock": figures.out_of_stock,
    }
