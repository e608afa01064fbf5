"""What was lost beside a batch, recorded by mistake: it lies in its bin again, and the waste record is reversed.

Example::

    desk.did("produce_waste", moves=[taken.posted], document_kind="production_batch", document_id=batch.id, ...)
"""

from __future__ import annotations

from ambra_tui.services.acts.produce_take import UndoTake

ACT = UndoTake()
"""Takes back acts of the kind `produce_waste`."""
