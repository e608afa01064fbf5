"""Reports over stock and the ledger: what stands where and what it is worth, what is low, what sells, what lies long.

Each answers one page of rows and how many there are in all, from indexed statements; nothing is kept for them.

Example::

    rows, total = low_stock(session, site_id=site.id, offset=0, limit=25)
"""

from ambra_tui.services.reports.inventory_aging import (
    AGE_BUCKETS,
    AgeTotal,
    AgingRow,
    age_bucket_of,
    age_totals,
    inventory_aging,
)
from ambra_tui.services.reports.low_stock import LowRow, low_stock
from ambra_tui.services.reports.movers import MoverRow, fast_movers
from ambra_tui.services.reports.stock_by_location import LocationRow, stock_by_location

__all__ = [
    "AGE_BUCKETS",
    "AgeTotal",
    "AgingRow",
    "LocationRow",
    "LowRow",
    "MoverRow",
    "age_bucket_of",
    "age_totals",
    "fast_movers",
    "inventory_aging",
    "low_stock",
    "stock_by_location",
]
