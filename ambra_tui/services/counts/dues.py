"""Which bins are due: asked for by a doubt, on a count's list, or counted too long ago for their class.

Example::

    if is_due(session, location): ...      # somebody who stands here may as well count it
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from ambra_tui.kit.quantity import ZERO
from ambra_tui.services import claims, tasks
from ambra_tui.services.counts.documents import CLAIM, find_bin
from ambra_tui.store.models import CycleCountBin, Location, StockLevel, Task, Variant
from ambra_tui.store.scope import now_of, organization_of

COUNTED_EVERY = {"A": timedelta(days=30), "B": timedelta(days=91), "C": timedelta(days=365)}


def is_due(session: Session, location: Location) -> bool:
    """Somebody who stands here may as well count it: a count has it on its list, something asked for it, or its class
    is due again since it was counted last. A location that was never counted is not due by itself."""
    if location.kind not in ("pick", "reserve") or location.site_id is None:
        return False
    found = find_bin(session, location)
    if found is not None and found.state != "done":
        return found.state == "open" and not claims.holders(session, CLAIM, [found.id])
    if tasks.open_tasks(session, location.site_id, kind="count", location_id=location.id):
        return True
    last = last_counted(session, [location.id]).get(location.id)
    return last is not None and last + COUNTED_EVERY[class_of(session, [location.id])[location.id]] <= now_of(session)


def last_counted(session: Session, location_ids: Sequence[str]) -> dict[str, datetime]:
    """Location id -> when it was counted last, for those that ever were."""
    statement = (
        select(CycleCountBin.location_id, func.max(CycleCountBin.counted_at))
        .where(
            CycleCountBin.organization_id == organization_of(session),
            col(CycleCountBin.location_id).in_(list(location_ids)),
            CycleCountBin.state == "done",
            col(CycleCountBin.counted_at).is_not(None),
        )
        .group_by(col(CycleCountBin.location_id))
    )
    found = session.exec(statement).all() if location_ids else []
    return {key: at for key, at in found if at is not None}


def class_of(session: Session, location_ids: Sequence[str]) -> dict[str, str]:
    """Location id -> the best ABC class of what lies there; C where nothing has a class."""
    statement = (
        select(StockLevel.location_id, func.min(Variant.abc_class))
        .join(
            Variant,
            (col(Variant.organization_id) == col(StockLevel.organization_id))
            & (col(Variant.id) == col(StockLevel.variant_id)),
        )
        .where(
            StockLevel.organization_id == organization_of(session),
            Variant.organization_id == organization_of(session),
            col(StockLevel.location_id).in_(list(location_ids)),
            col(StockLevel.on_hand) > ZERO,
            col(Variant.abc_class).in_(list(COUNTED_EVERY)),
        )
        .group_by(col(StockLevel.location_id))
    )
    best = dict(session.exec(statement).all()) if location_ids else {}
    return {key: best.get(key) or "C" for key in location_ids}


# --- what was asked for ---------------------------------------------------------------------------------------------


def close_tasks(session: Session, site_id: str, location_ids: Sequence[str]) -> list[str]:
    """The book of these bins is true again: whatever waited for a count of them goes on. The ids of what was closed."""
    wanted = set(location_ids)
    found = [task for task in tasks.open_tasks(session, site_id, kind="count") if task.location_id in wanted]
    for task in found:
        tasks.finish_task(session, task)
    return [task.id for task in found]


def reopen_tasks(session: Session, task_ids: Sequence[str]) -> None:
    """The counts that were asked for are asked for again."""
    if not task_ids:
        return
    statement = (
        update(Task)
        .where(col(Task.organization_id) == organization_of(session), col(Task.id).in_(list(task_ids)))
        .values(status="open", updated_at=now_of(session))
    )
    session.execute(statement)
