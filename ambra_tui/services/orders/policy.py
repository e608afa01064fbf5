"""When an order of a shop is promised its stock, what happens when there is too little, and which site it goes to.

Example::

    set_order_policy(session, reserve_at="paid", takes_backorders=True)
    order_policy(session).reserve_at      # 'paid'
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select, type_coerce
from sqlmodel import Session

from ambra_tui.errors import Conflict, Invalid
from ambra_tui.kit.quantity import ZERO
from ambra_tui.services.organization_settings import set_setting, setting
from ambra_tui.store.models import Site, SiteStock, table_of
from ambra_tui.store.scope import organization_of
from ambra_tui.store.types import QuantityColumn

RESERVE_AT = ("always", "paid", "never")
"""When a shop's order is promised its stock: as it is placed, as it is paid, or not before the floor begins it."""
SETTING = "orders"


@dataclass(frozen=True, slots=True)
class OrderPolicy:
    """`reserve_at`: one of `RESERVE_AT`. `takes_backorders`: too little stock does not refuse an order: what is there
    is promised to it, the rest waits."""

    reserve_at: str = "always"
    takes_backorders: bool = False


def order_policy(session: Session) -> OrderPolicy:
    """What the organization of the session chose."""
    return OrderPolicy(**setting(session, SETTING))


def set_order_policy(
    session: Session, *, reserve_at: str | None = None, takes_backorders: bool | None = None
) -> OrderPolicy:
    """Chooses what is not None; orders that exist stay as they are. Raises Invalid for an unknown word."""
    if reserve_at is not None and reserve_at not in RESERVE_AT:
        raise Invalid(f"reserve_at must be one of {', '.join(RESERVE_AT)}", field="reserve_at")
    chosen = {"reserve_at": reserve_at, "takes_backorders": takes_backorders}
    return OrderPolicy(
        **set_setting(session, SETTING, {name: value for name, value in chosen.items() if value is not None})
    )


def site_for(session: Session, wanted: Mapping[str, Decimal], *, country: str = "") -> str:
    """The id of the site that an order of `wanted` (variant id -> quantity) goes to when nobody named one.

    Of one's own active sites the one that has everything available, else the one that has the most of the variants in
    full; among equals one in the order's country, warehouses before stores, then by code. Raises Conflict without any.
    """
    sites = _own_sites(session)
    if not sites:
        raise Conflict("there is no warehouse of your own that orders could go to")
    if len(sites) == 1:
        return str(sites[0].id)
    there = _available(session, [site.id for site in sites], list(wanted))

    def rank(site: Any) -> tuple[int, bool, bool, str]:
        covered = sum(there[site.id, variant_id] >= quantity for variant_id, quantity in wanted.items())
        is_abroad = not country or str(site.address.get("country", "")).upper() != country
        return -covered, is_abroad, site.kind != "warehouse", site.code

    return str(min(sites, key=rank).id)


def _own_sites(session: Session) -> list[Any]:
    site = table_of(Site)
    statement = select(site.c.id, site.c.code, site.c.kind, site.c.address).where(
        site.c.organization_id == organization_of(session),
        site.c.status == "active",
        site.c.is_read_only.is_(False),
    )
    return list(session.connection().execute(statement))


def _available(session: Session, site_ids: list[str], variant_ids: list[str]) -> dict[tuple[str, str], Decimal]:
    """(site id, variant id) -> what may still be promised."""
    stock = table_of(SiteStock)
    free = type_coerce(stock.c.on_hand - stock.c.reserved - stock.c.held, QuantityColumn())
    statement = select(stock.c.site_id, stock.c.variant_id, free).where(
        stock.c.organization_id == organization_of(session),
        stock.c.site_id.in_(site_ids),
        stock.c.variant_id.in_(variant_ids),
    )
    found: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for site_id, variant_id, quantity in session.connection().execute(statement):
        found[site_id, variant_id] = quantity
    return found


def available_at(session: Session, site_id: str, variant_ids: list[str]) -> dict[str, Decimal]:
    """Variant id -> what the site may still promise of it, never below 0."""
    there = _available(session, [site_id], variant_ids)
    return {variant_id: max(there[site_id, variant_id], ZERO) for variant_id in variant_ids}
