"""The trail of a worker's acts: written with each act, read backwards to take them back one by one.

Example::

    record(session, user_id=user.id, step=12, kind="putaway", flow="putaway", site_id=site.id, moves=posted)
    undo(session, last_act(session, user.id), idempotency_key="step:9")
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import Conflict, InsufficientStock, WrongState
from ambra_tui.kit.discover import discover
from ambra_tui.kit.ids import new_id
from ambra_tui.ledger import Posted
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Act, StockMove
from ambra_tui.store.scope import actor_of, now_of, organization_of, scoped

REACH = 20  # acts that a worker may take back, newest first


class Undoer(Protocol):
    """Takes back acts of one kind."""

    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        """Puts ledger and documents back to what they were before `act`. Raises CannotUndo."""
        ...


class CannotUndo(Conflict):
    """Something that happened later depends on the act: `count` later events, the first named in `later`."""

    def __init__(self, later: str, count: int = 1) -> None:
        super().__init__(f"This cannot be taken back: {later}.")
        self.later, self.count = later, count


@cache
def undoers() -> dict[str, Undoer]:
    """Every kind of act that can be taken back."""
    return discover("ambra_tui.services.acts", "ACT")


def record(
    session: Session,
    *,
    user_id: str,
    step: int,
    station: str,
    site_id: str,
    flow: str,
    kind: str,
    moves: Sequence[Posted] = (),
    document_kind: str = "",
    document_id: str = "",
    summary: Mapping[str, str],
    details: Mapping[str, Any] | None = None,
) -> Act:
    """Notes an act in the transaction that does it. Raises KeyError for a kind that nothing can take back."""
    undoers()[kind]
    act = Act(
        organization_id=organization_of(session),
        id=new_id("act"),
        user_id=user_id,
        step=step,
        station=station,
        site_id=site_id,
        flow=flow,
        kind=kind,
        document_kind=document_kind,
        document_id=document_id,
        summary=dict(summary),
        details=dict(details or {}),
        move_ids=[posted.id for posted in moves],
        done_at=now_of(session),
    )
    session.add(act)
    return act


def last_acts(session: Session, user_id: str) -> list[Act]:
    """What the worker did and has not taken back, newest first, as far back as undo reaches."""
    statement = scoped(session, Act).where(Act.user_id == user_id)
    recent = session.exec(statement.order_by(col(Act.step).desc()).limit(REACH)).all()
    return [act for act in recent if act.undone_at is None]


def undo(session: Session, act: Act, *, idempotency_key: str) -> None:
    """Takes an act back, wholly or not at all. Raises CannotUndo, WrongState when it was taken back before."""
    session.refresh(act, with_for_update=True)
    if act.undone_at is not None:
        raise WrongState("act", act.id, state="undone", step="undo")
    undoers()[act.kind].undo(session, act, idempotency_key=idempotency_key)
    actor = actor_of(session)
    act.undone_at, act.undone_by, act.undone_station = now_of(session), actor.id, actor.station
    session.add(act)
    session.flush()
    publish(session, "act_undone", act.id, {"kind": act.kind, "document_id": act.document_id})
    audit(session, "act_undone", act.id, kind=act.kind, document_id=act.document_id, **act.summary)


def reverse_moves(session: Session, act: Act, *, idempotency_key: str) -> list[Posted]:
    """Posts the reverse of every move of the act, last first. Raises CannotUndo naming what took the stock since."""
    posted = []
    for number, move_id in enumerate(reversed(act.move_ids)):
        try:
            posted.append(ledger.reverse(session, move_id, idempotency_key=f"{idempotency_key}:{number}"))
        except InsufficientStock as error:
            raise later_moves(session, move_id) from error
        except WrongState as error:
            raise CannotUndo("it was reversed already") from error
    return posted


def later_moves(session: Session, move_id: str) -> CannotUndo:
    """The refusal that names what left the place that a move brought stock to, since then."""
    organization_id = organization_of(session)
    moved = session.exec(
        select(StockMove).where(StockMove.organization_id == organization_id, StockMove.id == move_id)
    ).one()
    statement = select(StockMove).where(
        StockMove.organization_id == organization_id,
        StockMove.variant_id == moved.variant_id,
        col(StockMove.sequence) > moved.sequence,
        StockMove.source_id == moved.destination_id,
        StockMove.lot_id == moved.lot_id,
    )
    later = session.exec(statement.order_by(col(StockMove.sequence)).limit(100)).all()
    if not later:
        return CannotUndo("the stock is promised to other work")
    return CannotUndo(f"{later[0].kind} of {later[0].quantity.normalize():f} came later", len(later))
