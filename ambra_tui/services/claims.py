"""Work is held by one worker at a time: claimed when begun, released when left, taken over by a supervisor.

Example::

    claim(session, "sales_order", order.id)                    # raises Taken when somebody else holds it
    release_all(session, user.id)                              # the end of a shift
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from ambra_tui.errors import Conflict
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import User, WorkClaim
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows, given
from ambra_tui.store.scope import actor_of, now_of, organization_of, scoped


class Holder(NamedTuple):
    """Who holds a piece of work, and where."""

    id: str
    name: str
    station: str


class Taken(Conflict):
    """Another worker holds the work: `holder`."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(f"{holder.name} works on it at {holder.station or 'another station'}.")
        self.holder = holder


def claim(session: Session, document_kind: str, document_id: str) -> WorkClaim:
    """The work is the actor's from now on; claiming one's own again changes nothing. Raises Taken."""
    organization_id, actor = organization_of(session), actor_of(session)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    made = (
        insert(WorkClaim)
        .values(
            organization_id=organization_id,
            document_kind=document_kind,
            document_id=document_id,
            user_id=actor.id,
            station=actor.station,
            claimed_at=now_of(session),
        )
        .on_conflict_do_nothing()
    )
    session.flush()
    is_new = session.connection().execute(made).rowcount == 1
    held = _held(session, document_kind, document_id)
    if held.user_id != actor.id:
        user = session.get_one(User, (organization_id, held.user_id))
        raise Taken(Holder(user.id, user.name, held.station))
    if is_new:
        publish(session, "work_claimed", document_id, {"kind": document_kind, "user_id": actor.id})
    return held


def release(session: Session, document_kind: str, document_id: str) -> None:
    """Nobody holds the work any more; releasing what nobody holds changes nothing."""
    _delete(session, [(document_kind, document_id)])


def release_all(session: Session, user_id: str) -> int:
    """Releases all that a worker holds; how many pieces of work that were."""
    held = claims_of(session, user_id)
    _delete(session, [(row.document_kind, row.document_id) for row in held])
    return len(held)


def take_over(session: Session, document_kind: str, document_id: str) -> WorkClaim:
    """The actor takes work from whoever holds it; the trail names both. Later acts are the actor's own."""
    earlier = holders(session, document_kind, [document_id]).get(document_id)
    if earlier is not None and earlier.id != actor_of(session).id:
        release(session, document_kind, document_id)
        audit(session, "work_taken_over", document_id, kind=document_kind, held_by=earlier.id, name=earlier.name)
    return claim(session, document_kind, document_id)


def claims_of(session: Session, user_id: str) -> list[WorkClaim]:
    """What a worker holds, longest first."""
    return list(
        session.exec(
            scoped(session, WorkClaim)
            .where(WorkClaim.user_id == user_id)
            .order_by(col(WorkClaim.claimed_at), col(WorkClaim.document_id))
        ).all()
    )


def holders(session: Session, document_kind: str, document_ids: Iterable[str]) -> dict[str, User]:
    """Document id -> the worker who holds it, for those that somebody holds."""
    organization_id = organization_of(session)
    statement = (
        select(WorkClaim.document_id, User)
        .join(
            User,
            (col(User.organization_id) == col(WorkClaim.organization_id)) & (col(User.id) == col(WorkClaim.user_id)),
        )
        .where(
            WorkClaim.organization_id == organization_id,
            User.organization_id == organization_id,
            WorkClaim.document_kind == document_kind,
            col(WorkClaim.document_id).in_(list(document_ids)),
        )
    )
    return dict(session.exec(statement).all())


def _held(session: Session, document_kind: str, document_id: str) -> WorkClaim:
    statement = scoped(session, WorkClaim).where(
        WorkClaim.document_kind == document_kind, WorkClaim.document_id == document_id
    )
    return session.exec(statement.with_for_update().execution_options(populate_existing=True)).one()


_CLAIMED = PreparedRows(
    select(WorkClaim.user_id).where(
        WorkClaim.organization_id == ORGANIZATION,
        WorkClaim.document_kind == given("kind"),
        WorkClaim.document_id == given("document_id"),
    )
)


def _delete(session: Session, keys: Iterable[tuple[str, str]]) -> None:
    session.flush()
    for document_kind, document_id in sorted(keys):
        if _CLAIMED.first(session, kind=document_kind, document_id=document_id) is None:
            continue
        statement = (
            delete(WorkClaim)
            .where(
                col(WorkClaim.organization_id) == organization_of(session),
                col(WorkClaim.document_kind) == document_kind,
                col(WorkClaim.document_id) == document_id,
            )
            .execution_options(synchronize_session=False)
        )
        if session.connection().execute(statement).rowcount:
            publish(session, "work_released", document_id, {"kind": document_kind})
    for row in list(session.identity_map.values()):
        if isinstance(row, WorkClaim):
            session.expunge(row)
