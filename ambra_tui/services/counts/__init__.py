"""Cycle counts: made, loaded with what the book says, counted bin by bin, recounted, approved, completed.

Moves of the state: draft -> in_progress -> completed; either open state may be cancelled. A variance is what was
counted minus the book at the moment of counting, and completing posts that difference, whatever moved since.

Example::

    count = create_count(session, site_id=site.id, location_ids=[bin.id], method="bins")
    load_inventory(session, count)
    start_count(session, count)
"""

from ambra_tui.services.counts.approvals import DECISIONS, decide, take_back, waiting_lines
from ambra_tui.services.counts.completing import (
    Completed,
    StillCounting,
    Unfinished,
    complete_count,
    counted_since,
    reopen_count,
    uncounted_lines,
)
from ambra_tui.services.counts.counting import (
    AlreadyCounted,
    OtherBadge,
    RestUncounted,
    begin_bin,
    leave_bin,
    put_back,
    submit_bin,
    tallied,
    tally,
)
from ambra_tui.services.counts.documents import (
    CLAIM,
    DOCUMENT,
    MAX_LINES,
    bins_of,
    cancel_count,
    change_count,
    create_count,
    find_bin,
    find_count,
    get_count,
    lines_of,
    load_inventory,
    lock_count,
    open_bins,
    open_counts,
    start_count,
)
from ambra_tui.services.counts.dues import is_due
from ambra_tui.services.counts.limits import APPROVERS, clear_limit, limit_of, set_limit
from ambra_tui.services.counts.submitting import CountedItem, submit_items

__all__ = [
    "APPROVERS",
    "CLAIM",
    "DECISIONS",
    "DOCUMENT",
    "MAX_LINES",
    "AlreadyCounted",
    "Completed",
    "CountedItem",
    "OtherBadge",
    "RestUncounted",
    "StillCounting",
    "Unfinished",
    "begin_bin",
    "bins_of",
    "cancel_count",
    "change_count",
    "clear_limit",
    "complete_count",
    "counted_since",
    "create_count",
    "decide",
    "find_bin",
    "find_count",
    "get_count",
    "is_due",
    "leave_bin",
    "limit_of",
    "lines_of",
    "load_inventory",
    "lock_count",
    "open_bins",
    "open_counts",
    "put_back",
    "reopen_count",
    "set_limit",
    "start_count",
    "submit_bin",
    "submit_items",
    "take_back",
    "tallied",
    "tally",
    "uncounted_lines",
    "waiting_lines",
]
