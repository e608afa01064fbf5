"""Insights: what the books say that somebody should look at, with the rows that it was read from.

Example::

    GET /api/v1/ai/insights?severity=critical&location_id=wh_1
"""

from __future__ import annotations

from typing import Annotated

from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue
from ambra_tui.api.editions.operations.bodies import own_currency
from ambra_tui.api.fields import Identifier, OneOf
from ambra_tui.api.paging import Paging
from ambra_tui.kit.language import languages
from ambra_tui.kit.money import to_major
from ambra_tui.kit.quantity import to_json
from ambra_tui.services.insights import SEVERITIES, Evidence, Insight, insight_types, read_insights

catalogue = Catalogue("AI")
Amount = int | float


class InsightQuery(Paging):
    """Filters of insights, and the language of their messages."""

    type: Annotated[Identifier, OneOf(insight_types())] | None = None
    severity: Annotated[Identifier, OneOf(SEVERITIES)] | None = None
    location_id: Identifier | None = None
    language: Annotated[Identifier, OneOf(languages())] = "en"


class EvidenceView(TypedDict):
    """One row that an insight rests on. `kind`: what it is of; `label`: its number, SKU or bin."""

    kind: str
    id: str
    label: str
    quantity: Amount | None
    date: str | None
    detail: str | None


class InsightView(TypedDict):
    """`id`: the same whenever the same matter is found again; `value`: the money at stake, in `currency`; `units`: the
    quantity it is about; `link`: where to read on, null where this API has no such list."""

    id: str
    type: str
    severity: str
    message: str
    variant_id: str | None
    sku: str | None
    location_id: str | None
    value: Amount
    currency: str
    units: Amount
    evidence: list[EvidenceView]
    link: str | None


@catalogue.read(
    "/ai/insights", InsightQuery, scope="ai:read", operation_id="listInsights", is_list=True, is_long=True,
    summary="Insights and alerts, the severest first", shape=InsightView,
)  # fmt: skip
def list_insights(session: Session, call: Call, query: InsightQuery) -> Answer:
    """A page of what the rules find now."""
    found, total = read_insights(
        session,
        types=None if query.type is None else [query.type],
        severity=query.severity,
        site_id=query.location_id,
        offset=query.offset,
        limit=query.per_page,
    )
    currency = own_currency(session, None)
    return Answer([_view(call, insight, currency, query.language) for insight in found], total)


def _view(call: Call, insight: Insight, currency: str, language: str) -> InsightView:
    return {
        "id": insight.id,
        "type": insight.type,
        "severity": insight.severity,
        "message": insight.message(language),
        "variant_id": insight.variant_id or None,
        "sku": insight.sku or None,
        "location_id": insight.site_id or None,
        "value": to_json(to_major(int(insight.value), currency)),
        "currency": currency,
        "units": to_json(insight.units),
        "evidence": [_evidence(row) for row in insight.evidence],
        "link": call.url(insight.path) if insight.path else None,
    }


def _evidence(row: Evidence) -> EvidenceView:
    return {
        "kind": row.kind,
        "id": row.id,
        "label": row.label,
        "quantity": None if row.quantity is None else to_json(row.quantity),
        "date": row.on.isoformat() if row.on else None,
        "detail": row.detail or None,
    }
