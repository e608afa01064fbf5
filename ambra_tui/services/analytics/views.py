"""Views of products, as a storefront reports them: a visitor counts once a product and day.

Example::

    report_views(session, [Seen(product_id=milk.product_id, visitor="7f3a", day=date(2026, 3, 2))])
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import BigInteger, delete, func, select, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from ambra_tui.services.analytics import days
from ambra_tui.services.analytics.days import Span
from ambra_tui.store.models import Product, ProductViewMark, ProductViews, Variant, table_of
from ambra_tui.store.scope import now_of, organization_of

REMEMBERED_DAYS = 7
_views, _mark = table_of(ProductViews), table_of(ProductViewMark)
_product, _variant = table_of(Product), table_of(Variant)


@dataclass(frozen=True, slots=True)
class Seen:
    """A visitor saw a product on a day. `visitor`: any word that stays theirs for the day; only a digest is kept."""

    product_id: str
    visitor: str
    day: date


def is_reportable(session: Session, day: date) -> bool:
    """Views are taken for today and the days before of which repeats are still known (and a day ahead: clocks)."""
    today = now_of(session).date()
    return -1 <= (today - day).days < REMEMBERED_DAYS


def report_views(session: Session, seen: Sequence[Seen]) -> int:
    """Counts what was not counted before; answers how many that were. The products are there: the caller looked."""
    organization_id, today = organization_of(session), now_of(session).date()
    connection = session.connection()
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    marks = {(days.number_of(each.day), each.product_id, _digest(organization_id, each)) for each in seen}
    rows = [
        {"organization_id": organization_id, "day": day, "product_id": product_id, "visitor": visitor}
        for day, product_id, visitor in sorted(marks)
    ]
    if not rows:
        return 0
    known = insert(_mark).values(rows).on_conflict_do_nothing().returning(_mark.c.day, _mark.c.product_id)
    counted = Counter((row.product_id, row.day) for row in connection.execute(known))
    for (product_id, day), views in sorted(counted.items()):
        added = insert(_views).values(
            organization_id=organization_id, product_id=product_id, day=day, views=views
        )  # fmt: skip
        connection.execute(
            added.on_conflict_do_update(
                index_elements=["organization_id", "product_id", "day"],
                set_={"views": _views.c.views + added.excluded.views},
            )
        )
    oldest = (days.number_of(today) or 0) - REMEMBERED_DAYS
    connection.execute(delete(_mark).where(_mark.c.organization_id == organization_id, _mark.c.day < oldest))
    return sum(counted.values())


def products_named(session: Session, names: Collection[str]) -> dict[str, str]:
    """Name -> product id: of the names that are a product's id, or else a SKU."""
    organization_id, wanted = organization_of(session), sorted(names)
    connection = session.connection()
    own = select(_product.c.id).where(_product.c.organization_id == organization_id, _product.c.id.in_(wanted))
    skus = select(_variant.c.sku, _variant.c.product_id).where(
        _variant.c.organization_id == organization_id, _variant.c.sku.in_(wanted)
    )
    by_sku = {row[0]: row[1] for row in connection.execute(skus)}
    return by_sku | {row[0]: row[0] for row in connection.execute(own)}


def views_of(session: Session, product_ids: Collection[str], span: Span) -> dict[str, int]:
    """Product -> how often it was seen in the span; what was never reported is not in it."""
    first, last = span.numbers
    matching = [_views.c.organization_id == organization_of(session), _views.c.product_id.in_(sorted(product_ids))]
    if first is not None:
        matching.append(_views.c.day >= first)
    if last is not None:
        matching.append(_views.c.day <= last)
    total = type_coerce(func.sum(_views.c.views), BigInteger)
    statement = select(_views.c.product_id, total).where(*matching).group_by(_views.c.product_id)
    return {row[0]: int(row[1]) for row in session.connection().execute(statement)}


def _digest(organization_id: int, seen: Seen) -> str:
    """What is kept of a visitor: no word of theirs, and another one each day."""
    words = f"{organization_id}\0{seen.day.isoformat()}\0{seen.visitor}"
    return hashlib.sha256(words.encode()).hexdigest()[:32]
