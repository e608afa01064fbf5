"""Insights: what the books say that somebody should look at, with the rows that it was read from.

Nothing is kept: every rule reads the ledger and the documents as they are now. A rule is one module in `rules` that
exports `RULE`; the thresholds stand at its top, with their reasons.

Example::

    insights, total = read_insights(session, site_id=site.id, limit=25)
    insights[0].message("en"), insights[0].evidence
"""

from ambra_tui.services.insights.insight import SEVERITIES, Evidence, Insight
from ambra_tui.services.insights.reading import insight_types, read_insights

__all__ = ["SEVERITIES", "Evidence", "Insight", "insight_types", "read_insights"]
