"""The trail of a worker's acts: written with each act, read backwards to take them back one by one.

Example::

    record(session, user_id=user.id, step=12, kind="putaway", flow="putaway", site_id=site.id, moves=posted)
    undo(session, last_act(session, user.id), idempotency_key="step:9")
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from typing import Any, Protocol

from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import Conflict, InsufficientStock, WrongState
from ambra_tui.kit.discover import discover
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.ledger import Posted
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Act, Location, Reservation, SalesOrder, SiteStock, StockMove, User
from ambra_tui.store.scope import actor_of, now_of, organization_of, scoped

REACH = 20  # acts that a worker may take back, newest first


class Undoer(Protocol):
    """Takes back acts of one kind."""

    def undo(self, session: Session, act: Act, *, idempotency_key: str) -> None:
        """Puts ledger and documents back to what they were before `act`. Raises CannotUndo."""
        ...


class CannotUndo(Conflict):
    """Something that happened later depends on the act: `count` later events, the first named in `later`.

    `reason`: the name of the same sentence in the languages (``undo.later_<reason>``), told with `told`.
    """

    def __init__(self, later: str, count: int = 1, *, reason: str = "", **told: str) -> None:
        super().__init__(f"This cannot be taken back: {later}.")
        self.later, self.count, self.reason, self.told = later, count, reason, told


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
    """Notes an act in the transaction that does it; what the same step notes again under its kind joins its moves.

    Raises KeyError for a kind that nothing can take back.
    """
    undoers()[kind]
    noted: dict[tuple[str, int], Act] = session.info.setdefault("acts", {})
    earlier = noted.get((user_id, step))
    if earlier is not None and earlier in session and earlier.kind == kind:
        earlier.move_ids = [*earlier.move_ids, *(posted.id for posted in moves)]
        return earlier
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
    noted[user_id, step] = act
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


def withdraw(session: Session, user_id: str, move_ids: Iterable[str]) -> None:
    """A step took back by itself what an earlier act had posted: that act is no longer there to be undone."""
    wanted, actor = set(move_ids), actor_of(session)
    for act in last_acts(session, user_id):
        if wanted.intersection(act.move_ids):
            act.undone_at, act.undone_by, act.undone_station = now_of(session), actor.id, actor.station
            session.add(act)


def reverse_moves(session: Session, act: Act, *, idempotency_key: str) -> list[Posted]:
    """Posts the reverse of every move of the act, last first. Raises CannotUndo naming what took the stock since, or
    the order that it is promised to."""
    posted = []
    with promises_kept(session, act):
        for number, move_id in enumerate(reversed(act.move_ids)):
            with refusals(session, move_id):
                posted.append(ledger.reverse(session, move_id, idempotency_key=f"{idempotency_key}:{number}"))
    return posted


@contextmanager
def refusals(session: Session, move_id: str) -> Iterator[None]:
    """What speaks against the reversal of a move, as CannotUndo."""
    try:
        yield
    except InsufficientStock as error:
        raise later_moves(session, move_id) from error
    except WrongState as error:
        raise CannotUndo("it was reversed already", reason="reversed") from error


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
        StockMove.serial == moved.serial,
        StockMove.plate_id == moved.destination_plate_id,
    )
    later = session.exec(statement.order_by(col(StockMove.sequence)).limit(100)).all()
    if not later:
        return CannotUndo("the stock is promised to other work", reason="promised")
    first = later[0]
    place = session.get(Location, (organization_id, first.destination_id))
    told = {
        "kind": first.kind,
        "quantity": show(first.quantity),
        "bin": place.code if place else "",
        "name": _name_of(session, first.actor_id),
        "time": f"{first.posted_at:%H:%M}",
    }
    said = f"{first.kind} of {told['quantity']} to {told['bin']} by {told['name']} at {told['time']}"
    return CannotUndo(said, len(later), reason="moved", **told)


def _name_of(session: Session, actor_id: str) -> str:
    user = session.get(User, (organization_of(session), actor_id)) if actor_id else None
    return user.name if user else actor_id or "-"


# --- what is promised -----------------------------------------------------------------------------------------------

Pair = tuple[str, str]  # variant and site


@contextmanager
def promises_kept(session: Session, act: Act) -> Iterator[None]:
    """The moves of the act are reversed within. Raises CannotUndo when a site can no longer keep what it promised."""
    pairs = _touched(session, act)
    before = {key: available for key, (available, _) in _availability(session, pairs).items()}
    yield
    for (variant_id, site_id), (available, reserved) in sorted(_availability(session, pairs).items()):
        if reserved and available < min(before[variant_id, site_id], ZERO):
            raise _promised(session, variant_id, site_id)


def _touched(session: Session, act: Act) -> set[Pair]:
    """The variants that the act moved, with the sites of both ends."""
    organization_id = organization_of(session)
    statement = select(col(StockMove.variant_id), col(StockMove.source_id), col(StockMove.destination_id)).where(
        StockMove.organization_id == organization_id, col(StockMove.id).in_(act.move_ids)
    )
    moved = session.exec(statement).all() if act.move_ids else []
    ends = {(variant_id, end) for variant_id, *both in moved for end in both}
    places = {end: session.get(Location, (organization_id, end)) for _, end in ends}
    return {(variant_id, place.site_id) for variant_id, end in ends if (place := places[end]) and place.site_id}


def _availability(session: Session, pairs: Iterable[Pair]) -> dict[Pair, tuple[Decimal, Decimal]]:
    """What may be promised of each pair still, and what is reserved, at this moment."""
    found: dict[Pair, tuple[Decimal, Decimal]] = {}
    for variant_id, site_id in pairs:
        statement = select(col(SiteStock.on_hand), col(SiteStock.reserved), col(SiteStock.held)).where(
            SiteStock.organization_id == organization_of(session),
            SiteStock.variant_id == variant_id,
            SiteStock.site_id == site_id,
        )
        on_hand, reserved, held = session.exec(statement).first() or (ZERO, ZERO, ZERO)
        found[variant_id, site_id] = (on_hand - reserved - held, reserved)
    return found


def _promised(session: Session, variant_id: str, site_id: str) -> CannotUndo:
    """The refusal that names the order which was promised the variant last."""
    organization_id = organization_of(session)
    statement = (
        select(SalesOrder.number)
        .join(
            Reservation,
            (col(Reservation.organization_id) == col(SalesOrder.organization_id))
            & (col(Reservation.document_id) == col(SalesOrder.id)),
        )
        .where(
            SalesOrder.organization_id == organization_id,
            Reservation.organization_id == organization_id,
            Reservation.variant_id == variant_id,
            Reservation.site_id == site_id,
            col(Reservation.quantity) > ZERO,
        )
        .order_by(col(Reservation.created_at).desc(), col(Reservation.id).desc())
    )
    number = session.exec(statement.limit(1)).first()
    if number is None:
        return CannotUndo("the stock is promised to other work", reason="promised")
    return CannotUndo(f"{number} is promised the stock", reason="reserved", document=number)
