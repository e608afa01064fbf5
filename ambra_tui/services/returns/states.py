"""The state of a return: who may change it now, and what is told when it did."""

from __future__ import annotations

from sqlmodel import Session

from ambra_tui.errors import WrongState
from ambra_tui.services.returns.terms import DOCUMENT
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import ReturnAuthorization, SalesOrder
from ambra_tui.store.scope import lock_row, now_of


def locked_order(session: Session, order_id: str) -> SalesOrder:
    """The order, alone: two returns of it are judged one after the other."""
    return lock_row(session, SalesOrder, order_id, resource="order")


def lock(session: Session, rma: ReturnAuthorization) -> None:
    """Wait for whoever changes the return, and read it again."""
    session.flush()
    session.refresh(rma, with_for_update=True)


def lock_pending(session: Session, rma: ReturnAuthorization, *, step: str) -> None:
    """As `lock`. Raises WrongState when the return is not pending."""
    lock(session, rma)
    if rma.status != "pending":
        raise WrongState(DOCUMENT, rma.number, state=rma.status, step=step)


def changed(session: Session, rma: ReturnAuthorization, *, act: str) -> None:
    """Keep the change, tell it and note it in the trail."""
    rma.updated_at = now_of(session)
    session.add(rma)
    session.flush()
    publish(session, "return_authorization_changed", rma.id, {"number": rma.number, "status": rma.status})
    audit(session, act, rma.id, number=rma.number, status=rma.status)
