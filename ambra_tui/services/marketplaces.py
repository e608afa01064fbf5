"""Whose shelves a read-only site stands for.

Example::

    set_marketplace(session, site, "amazon_eu")
    marketplaces_of(session)      # {'wh_01HY...': 'amazon_eu'}
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.errors import Invalid
from ambra_tui.kit.text import clean_line
from ambra_tui.store.facts import audit
from ambra_tui.store.models import MarketplaceSite, Site
from ambra_tui.store.scope import organization_of, scoped

MAX_MARKETPLACE = 60


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
