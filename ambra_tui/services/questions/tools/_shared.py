"""What the tools share: names to rows of the store, periods to conditions, and rows to JSON values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, func
from sqlmodel import Session, col, select

from ambra_tui.errors import NotFound
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.catalog import variant_by_sku
from ambra_tui.services.questions.tool import Found, InPeriod, Row, number
from ambra_tui.store.models import Location, Site, Supplier, Variant
from ambra_tui.store.scope import clock_of, organization_of, scoped


def own(session: Session, model: Any) -> ColumnElement[bool]:
    """The condition that rows of `model` are the organization's."""
    return col(model.organization_id) == organization_of(session)


def joined(session: Session, model: Any, key: Any) -> ColumnElement[bool]:
    """The condition that joins `model` by its id."""
    return and_(own(session, model), col(model.id) == key)


def today_of(session: Session) -> date:
    """The store's day."""
    return clock_of(session).today()


def last_thirty(session: Session) -> tuple[date, date]:
    """The thirty days that end today."""
    today = today_of(session)
    return today - timedelta(days=29), today


def moments(first: date, last: date) -> tuple[datetime, datetime]:
    """The first and the last moment of these days."""
    return datetime.combine(first, time.min, UTC), datetime.combine(last, time.max, UTC)


def within(moment: Any, asked: InPeriod, session: Session) -> list[Any]:
    """The conditions that `moment` lies in the period that was asked for; none where none was."""
    if asked.from_ is None and asked.to is None:
        return []
    since, until = moments(*asked.between(last_thirty(session)))
    return [moment >= since, moment <= until]


def asked_for(*pairs: tuple[Any, Any]) -> list[ColumnElement[bool]]:
    """The conditions that columns have the values that were asked for; none of a value that was left out."""
    return [col(column) == value for column, value in pairs if value is not None]


def variant_named(session: Session, sku: str | None) -> Variant | None:
    """The variant with this SKU; None without one. Raises NotFound."""
    return variant_by_sku(session, sku) if sku else None


def site_named(session: Session, code: str | None) -> Site | None:
    """The site with this code; None without one, or where the code is a bin's."""
    if not code:
        return None
    return session.exec(scoped(session, Site).where(col(Site.code) == code)).first()


def place_named(session: Session, code: str | None) -> tuple[Site | None, Location | None]:
    """The site or the bin with this code. Raises NotFound where neither has it."""
    if not code:
        return None, None
    site = site_named(session, code)
    if site is not None:
        return site, None
    is_bin = (col(Location.code) == code) | (col(Location.barcode) == code)
    statement = scoped(session, Location).where(is_bin, col(Location.site_id).is_not(None))
    found = session.exec(statement.order_by(col(Location.id))).first()
    if found is None:
        raise NotFound("location", code)
    return None, found


def site_id_named(session: Session, code: str | None) -> str | None:
    """The id of the site that `code` names; of a bin, its site's."""
    site, location = place_named(session, code)
    return site.id if site else location.site_id if location else None


def supplier_named(session: Session, name: str | None) -> Supplier | None:
    """The supplier of this name; None without one. Raises NotFound."""
    if not name:
        return None
    found = session.exec(scoped(session, Supplier).where(col(Supplier.name) == name).limit(1)).first()
    if found is None:
        raise NotFound("supplier", name)
    return found


def site_codes(session: Session) -> dict[str, str]:
    """Site id -> its code."""
    statement = select(Site.id, Site.code).where(own(session, Site))
    return {row[0]: row[1] for row in session.connection().execute(statement)}


def names_of(session: Session, ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Variant id -> SKU and name."""
    if not ids:
        return {}
    statement = select(Variant.id, Variant.sku, Variant.name).where(
        own(session, Variant), col(Variant.id).in_(sorted(ids))
    )
    return {row[0]: (row[1], row[2]) for row in session.connection().execute(statement)}


def counted(session: Session, statement: Any) -> int:
    """How many rows a statement has."""
    inner = statement.order_by(None).with_only_columns(func.count(), maintain_column_froms=True)
    return int(session.connection().execute(inner).scalar_one())


def day(moment: datetime | date | None) -> str | None:
    """A day as JSON."""
    if moment is None:
        return None
    return (moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment).isoformat()


def customer_of(customer: Mapping[str, Any] | None) -> str:
    """The customer's name."""
    return str((customer or {}).get("name") or (customer or {}).get("email") or "")


def total_of(rows: Sequence[Mapping[str, Any]], column: str) -> int | float:
    """The sum of a column of JSON numbers, exact to six places."""
    found = sum((Decimal(str(row[column])) for row in rows if row[column] is not None), Decimal(0))
    return int(found) if found == found.to_integral_value() else float(found)


def grouped(group: str, sums: Mapping[str, Sequence[Decimal]], limit: int) -> Found:
    """The entries of each name added up, the largest sum first."""
    ranked = sorted(sums.items(), key=lambda entry: (-sum(entry[1], ZERO), entry[0]))
    rows: list[Row] = [
        {group: name, "quantity": number(sum(parts, ZERO)), "entries": len(parts)} for name, parts in ranked
    ]
    return Found(rows[:limit], len(rows), {"quantity": total_of(rows, "quantity")})
