"""A barcode learned by mistake: it means nothing again.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.errors import NotFound
from ambra_tui.services import catalog
from ambra_tui.services.acts import _trail
from ambra_tui.store.models import Act


class _Learn:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        try:
            catalog.remove_barcode(session, code=act.details["code"], variant_id=act.details["variant_id"])
        except NotFound as error:
            raise _trail.CannotUndo("the barcode means something else now", reason="reversed") from error


ACT = _Learn()
