"""What the reports share: exact values of stock in SQL, and the names of variants.

Example::

    select(*value_parts(stock.c.on_hand, stock.c.average_cost)).where(...)     # value_of(row[0:4], currency)
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, func, literal, select, type_coerce
from sqlmodel import Session

from ambra_tui.kit.money import COST_SCALE, to_major
from ambra_tui.kit.quantity import SCALE
from ambra_tui.store.models import Organization, SiteStock, Variant, table_of
from ambra_tui.store.scope import organization_of

STOCK = table_of(SiteStock)
_variant = table_of(Variant)


def available_column(stock: Any = STOCK) -> ColumnElement[Any]:
    """What may still be promised, in scaled integers."""
    on_hand, reserved, held = (type_coerce(stock.c[name], BigInteger) for name in ("on_hand", "reserved", "held"))
    return on_hand - reserved - held


def value_parts(quantity: Any, unit_cost: Any) -> tuple[ColumnElement[Any], ...]:
    """Four sums that `value_of` puts together: one product of both would not fit into 64 bits."""
    scaled, cost = type_coerce(quantity, BigInteger), func.coalesce(unit_cost, literal(0, BigInteger))
    part = literal(SCALE, BigInteger)
    products = (left * right for left in (scaled // part, scaled % part) for right in (cost // part, cost % part))
    return tuple(func.coalesce(func.sum(product), 0) for product in products)


def value_of(sums: Sequence[Any], currency: str) -> Decimal:
    """The value in major units, rounded half to even to the currency's minor unit."""
    both, left, right, neither = (int(each) for each in sums)
    scaled = (both * SCALE + left + right) * SCALE + neither
    return to_major(round(Decimal(scaled) / (SCALE * COST_SCALE)), currency)


def own_currency(session: Session) -> str:
    """The currency of the organization, in which costs are kept."""
    organization = session.get(Organization, organization_of(session))
    return organization.currency if organization else "EUR"


def names_of(session: Session, variant_ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Variant id -> SKU and name."""
    statement = select(_variant.c.id, _variant.c.sku, _variant.c.name).where(
        _variant.c.organization_id == organization_of(session), _variant.c.id.in_(sorted(variant_ids))
    )
    return {row.id: (row.sku, row.name) for row in session.connection().execute(statement)}
