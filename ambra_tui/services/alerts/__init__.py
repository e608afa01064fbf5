"""Low-stock alerts, and automatic reordering: what falls below its threshold is ordered as a draft, once.

An alert has no rule of its own: its threshold is the reorder point of the inventory policy.

Example::

    set_alert(session, variant=milk, site_id=wh1.id, threshold=Decimal(24), is_reordering=True)
    reorder(session, milk.id, wh1.id)      # the draft, when the total is below and nothing on order covers it
"""

from ambra_tui.services.alerts.follower import Reordering
from ambra_tui.services.alerts.reordering import DRAFTED, NO_SUPPLIER, reorder
from ambra_tui.services.alerts.settings import AlertRow, alerts_of, alerts_of_variants, set_alert

__all__ = [
    "DRAFTED",
    "NO_SUPPLIER",
    "AlertRow",
    "Reordering",
    "alerts_of",
    "alerts_of_variants",
    "reorder",
    "set_alert",
]
