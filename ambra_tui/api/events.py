"""What editions show of an event: the object that webhooks carry.

Example::

    worker = Worker(store, renderer(find_editions()))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from ambra_tui.api.edition import Edition
from ambra_tui.api.links import begin_with
from ambra_tui.services.webhooks import Happened
from ambra_tui.services.webhooks.fan_out import Render


def renderer(editions: Sequence[Edition], *, origin: str = "") -> Render:
    """How the object of an event is made, by the edition that its receiver belongs to. `origin`: scheme and host by
    which this server is known."""
    by_name = {edition.name: edition.object_of for edition in editions}

    def render(session: Session, edition: str, event: Happened) -> Any:
        begin_with(session, origin)
        show = by_name.get(edition)
        return show(session, event) if show is not None else None

    return render
