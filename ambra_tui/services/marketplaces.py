"""Whose shelves a read-only site stands for, and filling them with what the marketplace tells.

Example::

    set_marketplace(session, site, "amazon_eu")
    marketplaces_of(session)      # {'wh_01HY...': 'amazon_eu'}
    sync_stock(session, site, [(mug, Decimal(60))], idempotency_key="sync-1")
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlmodel import Session

from ambra_tui.errors import Invalid, WrongState
from ambra_tui.kit.text import clean_line
from ambra_tui.services import places
from ambra_tui.services.site_counts import Counted, SetOnHand, set_on_hand
from ambra_tui.store.facts import audit
from ambra_tui.store.models import MarketplaceSite, Site, Variant
from ambra_tui.store.scope import organization_of, scoped

MAX_MARKETPLACE = 60
SHELF, PLACES = "SHELF", frozenset({"dock", "pick", "reserve"})
SYNC = "marketplace_sync"
"""The reason of what a sync changes."""


def set_marketplace(session: Session, site: Site, marketplace: str) -> None:
    """Says which marketplace fills a read-only site. Raises Invalid for a site of our own."""
    if not site.is_read_only:
        raise Invalid(f"{site.name} is a site of your own: only a marketplace's has a marketplace", field="marketplace")
    name = clean_line(marketplace, field="marketplace", max_length=MAX_MARKETPLACE)
    session.merge(MarketplaceSite(organization_id=organization_of(session), site_id=site.id, marketplace=name))
    session.flush()
    audit(session, "marketplace_set", site.id, site=site.code, marketplace=name)


def marketplaces_of(session: Session) -> dict[str, str]:
    """Site id -> marketplace, for the sites that have one."""
    return {row.site_id: row.marketplace for row in session.exec(scoped(session, MarketplaceSite))}


def marketplace_site(session: Session, site: Site) -> Site:
    """`site`, when it is a marketplace's. Raises Invalid for one of our own, WrongState for one that is not used."""
    if not site.is_read_only:
        raise Invalid(
            f"{site.name} is a site of your own: its stock is counted, received and shipped, not synced",
            field="warehouse_id",
        )
    if site.status != "active":
        raise WrongState("site", site.code, state=site.status, step="sync")
    return site


def sync_stock(
    session: Session, site: Site, levels: Sequence[tuple[Variant, Decimal]], *, idempotency_key: str
) -> list[SetOnHand]:
    """Sets what a marketplace's site holds to what the marketplace tells; the differences are posted.

    A site without any place gets one, where all of it lies. Raises as `marketplace_site` and `set_on_hand` do.
    """
    marketplace_site(session, site)
    if not any(place.kind in PLACES for place in places.locations_of(session, site.id)):
        places.create_location(session, site_id=site.id, code=SHELF, kind="pick")
    counts = [Counted(variant, site, quantity, SYNC, is_count=False) for variant, quantity in levels]
    return set_on_hand(session, counts, idempotency_key=idempotency_key)
