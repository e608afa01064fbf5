"""What was put into a package is out of it again.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.services.acts import _packs
from ambra_tui.store.models import Act


class _PackItem:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        order, package = _packs.package_of(session, act)
        if package.is_closed:
            raise _packs.gone_on(order)
        _packs.reverse_parts(session, order, package, act.details["parts"])


ACT = _PackItem()
"""Takes back acts of the kind `pack_item`. `details`: `package_id`; `parts`, rows of line, variant, lot, serial and
quantity, below 0 for what came out."""
