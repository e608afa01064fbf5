"""What was taken out of a package lies in it again, which is closed as it was.

Example::

    ACT.undo(session, act, idempotency_key="step:9")
"""

from __future__ import annotations

from decimal import Decimal

from sqlmodel import Session

from ambra_tui.services import packing, shipping
from ambra_tui.services.acts import _packs, _trail
from ambra_tui.store.models import Act


class _PackOut:
    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        order, package = _packs.package_of(session, act)
        if package.is_closed:
            raise _packs.gone_on(order)
        _packs.reverse_parts(session, order, package, act.details["parts"])
        if not act.details["closed"]:
            return
        carried = _packs.carried_of(act.details)
        try:
            packing.let_go_of(session, order, carried)
        except packing.Changed as error:
            raise _packs.gone_on(order) from error
        _trail.reverse_moves(session, act, idempotency_key=idempotency_key)
        packing.give_back(session, order, carried)
        weight = act.details["weight"]
        shipping.close_package(session, package, weight=Decimal(weight) if weight else None)
        package.plate_id = act.details["plate_id"]
        session.add(package)


ACT = _PackOut()
"""Takes back acts of the kind `pack_out`. `details`: as `pack_item`; `closed`, `weight`, `plate_id`: how the package
was before; `carried`: what left its carton."""
