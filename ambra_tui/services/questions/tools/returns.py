"""What customers send back and why."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar, Literal

from sqlmodel import Session, col, select

from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.questions.tool import Found, InPeriod, Tool, number
from ambra_tui.services.questions.tools._documents import in_state, with_line
from ambra_tui.services.questions.tools._shared import (
    asked_for,
    counted,
    day,
    grouped,
    joined,
    own,
    site_codes,
    site_id_named,
    total_of,
    variant_named,
    within,
)
from ambra_tui.store.models import ReturnAuthorization, ReturnLine, SalesOrder, Variant

_OPEN = ("pending",)


class Returns(InPeriod):
    """`rma`: one return's number."""

    statuses: ClassVar[tuple[str, ...]] = ("received", "cancelled", "pending", "open")
    status: Literal["pending", "received", "cancelled", "open"] | None = None
    sku: str | None = None
    location: str | None = None
    order: str | None = None
    rma: str | None = None
    group: Literal["reason", "product", "location", "status"] | None = None


def returns(session: Session, asked: Returns) -> Found:
    """Return authorizations with the reasons given, newest first; or their number by reason, product or site."""
    statement = (
        select(ReturnAuthorization, SalesOrder.number)
        .join(SalesOrder, joined(session, SalesOrder, col(ReturnAuthorization.order_id)))
        .where(
            own(session, ReturnAuthorization), own(session, SalesOrder),
            *within(col(ReturnAuthorization.created_at), asked, session),
        )
    )  # fmt: skip
    if asked.rma:
        statement = statement.where(col(ReturnAuthorization.number) == asked.rma)
    if asked.order:
        statement = statement.where(col(SalesOrder.number) == asked.order)
    variant, site_id = variant_named(session, asked.sku), site_id_named(session, asked.location)
    statement = statement.where(
        *in_state(ReturnAuthorization.status, asked.status, _OPEN),
        *with_line(session, ReturnAuthorization, ReturnLine, "return_authorization_id", variant),
        *asked_for((ReturnAuthorization.site_id, site_id)),
    )
    codes = site_codes(session)
    limit = 1000 if asked.group else asked.rows
    page = list(session.exec(statement.order_by(col(ReturnAuthorization.id).desc()).limit(limit)))
    total, keys = counted(session, statement), [row.id for row, _ in page]
    items = _return_items(session, keys, variant)
    if asked.group:
        return _grouped_returns(asked.group, page, items, codes, asked.rows)
    rows = [
        {
            "rma": row.number, "status": row.status, "order": order, "reason": row.reason,
            "location": codes[row.site_id], "items": ", ".join(sorted({sku for sku, _ in items.get(row.id, [])})[:5]),
            "quantity": number(sum((quantity for _, quantity in items.get(row.id, [])), ZERO)),
            "created": day(row.created_at),
        }
        for row, order in page
    ]  # fmt: skip
    return Found(rows, total, {"quantity": total_of(rows, "quantity")})


def _return_items(
    session: Session, ids: Sequence[str], variant: Variant | None
) -> dict[str, list[tuple[str, Decimal]]]:
    if not ids:
        return {}
    statement = (
        select(ReturnLine, Variant.sku)
        .join(Variant, joined(session, Variant, col(ReturnLine.variant_id)))
        .where(own(session, ReturnLine), own(session, Variant), col(ReturnLine.return_authorization_id).in_(list(ids)))
    )
    if variant is not None:
        statement = statement.where(col(ReturnLine.variant_id) == variant.id)
    found: dict[str, list[tuple[str, Decimal]]] = {}
    for line, sku in session.exec(statement):
        found.setdefault(line.return_authorization_id, []).append((sku, line.quantity))
    return found


def _grouped_returns(
    group: str, page: Sequence[Any], items: dict[str, list[tuple[str, Decimal]]], codes: dict[str, str], limit: int
) -> Found:
    sums: dict[str, list[Decimal]] = {}
    for row, _ in page:
        label = {"reason": row.reason or "-", "status": row.status, "location": codes[row.site_id]}.get(group, "")
        for sku, quantity in items.get(row.id, []):
            sums.setdefault(label or sku, []).append(quantity)
    return grouped(group, sums, limit)


TOOLS = (
    Tool(
        "returns",
        "What customers send back and why",
        Returns,
        returns,
        "/api/v1/return_authorizations",
        resource="return_authorizations",
    ),
)
