"""A recall is one act: a lot and all that was made of it are on hold everywhere, picks go elsewhere, and the list of
the orders and customers that they had reached is kept with it.

Example::

    recall(session, lot, reason="metal found")      # Recall(orders=(Reached(number="SO-7", ...), ...), ...)
    lift(session, lot, reason="false alarm")        # the stock may be used again
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from ambra_tui.errors import WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services import tracing
from ambra_tui.services.holds import Held, after_hold, change_lot, levels_of_lot, orders_picking
from ambra_tui.services.lots import change_lot_status
from ambra_tui.services.moves import order_numbers
from ambra_tui.services.tracing import Carrying, Family, LotStock, Reached
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Lot, LotRecall, LotRecallLot, LotRecallOrder, StockLevel
from ambra_tui.store.scope import actor_of, fetch, now_of, organization_of, scoped

OPEN, LIFTED = "open", "lifted"


@dataclass(frozen=True, slots=True)
class Hits:
    """What a recall of a lot concerns. `open_orders`: numbers of orders that it is assigned to, in bins, totes or on
    stages; `open_batches`: numbers of production batches in work that have taken it."""

    lot: Lot
    family: Family
    stock: LotStock
    carrying: tuple[Carrying, ...]
    orders: tuple[Reached, ...]
    open_orders: tuple[str, ...]
    open_batches: tuple[str, ...]

    @property
    def customers(self) -> tuple[str, ...]:
        """The names of the customers reached, by the alphabet."""
        return tuple(sorted({row.customer_name for row in self.orders} - {""}))

    @property
    def lot_ids(self) -> tuple[str, ...]:
        """The lot and what was made of it."""
        return (self.lot.id, *self.family.lot_ids)


@dataclass(frozen=True, slots=True)
class Recall:
    """A recall that was done: what it hit, and the orders that are picked elsewhere now or lack stock."""

    record: LotRecall
    hits: Hits
    replanned: tuple[str, ...]
    short: tuple[str, ...]


def preview(
    session: Session, lot: Lot, *, include_descendants: bool = True, orders: Sequence[Reached] | None = None
) -> Hits:
    """What a recall of the lot would concern now. Changes nothing. `orders`: those it reached, where they are known."""
    family = tracing.descendants_of(session, lot.id) if include_descendants else Family(())
    lot_ids = (lot.id, *family.lot_ids)
    stock = tracing.stock_of(session, lot_ids)
    return Hits(
        lot=lot,
        family=family,
        stock=stock,
        carrying=tuple(tracing.transfers_carrying(session, lot_ids)) if stock.in_transit else (),
        orders=tuple(tracing.orders_reached(session, lot_ids) if orders is None else orders),
        open_orders=tuple(order_numbers(session, orders_picking(session, _levels(session, lot_ids)))),
        open_batches=tuple(batch.number for batch in tracing.open_batches(session, lot_ids)),
    )


def recall(session: Session, lot: Lot, *, reason: str, include_descendants: bool = True) -> Recall:
    """Recalls a lot, and what was made of it. Raises WrongState for a lot that is recalled already.

    Open picks of it are sought elsewhere; what lies in totes and on stages stays assigned and is refused when it is to
    leave. What is made of it from now on is recalled too.
    """
    why = clean_line(reason, field="reason", required=False)
    _lock(session, [lot.id])
    if lot.status == "recalled":
        raise WrongState("lot", lot.lot_number, state="recalled", step="recall")
    record = _record(session, lot, why, include_descendants)
    hits = _hold_all(session, record, lot)
    _keep_orders(session, record, hits.orders)
    held = after_hold(session, _levels(session, hits.lot_ids))
    record.replanned, record.short = list(held.replanned), list(held.short)
    session.add(record)
    session.flush()
    told = {
        "lot_number": lot.lot_number,
        "lots": len(hits.lot_ids),
        "orders": len({row.order_id for row in hits.orders}),
    }
    publish(session, "lot_recalled", lot.id, {**told, "variant_id": lot.variant_id, "recall_id": record.id})
    audit(session, "lot_recalled", lot.id, **told, reason=why)
    return Recall(record, hits, held.replanned, held.short)


def lift(session: Session, lot: Lot, *, status: str = "active", reason: str = "") -> Held:
    """Sets a recalled lot free, or into quarantine; what was recalled with it is again what it was before.

    A lot that was recalled with another one is set free alone. What another recall still holds stays recalled, until
    that one is lifted as well.
    """
    record = _open_recall(session, lot.id)
    if record is None:
        return change_lot(session, lot, status, reason=reason)
    why = clean_line(reason, field="reason", required=False)
    for row in _lots_of(session, record.id):
        each = fetch(session, Lot, row.lot_id, resource="lot")
        session.refresh(each)
        if each.id == lot.id:
            change_lot_status(session, lot_id=each.id, status=status, reason=why)
        elif each.status == "recalled" and row.status_before != "recalled" and not _leave_to_another(session, row):
            before = "active" if row.status_before == "exhausted" else row.status_before
            change_lot_status(session, lot_id=each.id, status=before, reason=why)
    record.status, record.lifted_at, record.lift_reason = LIFTED, now_of(session), why
    session.add(record)
    session.flush()
    publish(session, "lot_recall_lifted", lot.id, {"lot_number": lot.lot_number, "recall_id": record.id})
    audit(session, "lot_recall_lifted", lot.id, lot_number=lot.lot_number, reason=why)
    return Held(tracing.stock_of(session, [lot.id]).on_hand)


def change_status(
    session: Session, lot: Lot, status: str, *, reason: str = "", include_descendants: bool = True
) -> None:
    """Any change of a lot's status: a recall, the end of one, quarantine, free again."""
    if status == "recalled":
        recall(session, lot, reason=reason, include_descendants=include_descendants)
    elif lot.status == "recalled":
        lift(session, lot, status=status, reason=reason)
    else:
        change_lot(session, lot, status, reason=reason)


def join_recall(session: Session, lot: Lot) -> bool:
    """A lot that was just made is recalled when something that went into it is; True when it was.

    What went in and was set free alone, while the recall goes on, passes nothing on.
    """
    went_in = {link.lot_id for link in tracing.ancestors_of(session, lot.id).links if link.level == 1}
    joined = False
    for parent_id in _recalled_among(session, went_in):
        for record, member in _recalls_of(session, parent_id):
            if record.includes_descendants and _member(session, record.id, lot.id) is None:
                _join(session, record, lot, level=member.level + 1, parent_id=parent_id)
                joined = True
    return joined


def latest_of(session: Session, lot_id: str) -> LotRecall | None:
    """The last recall that named the lot or reached it, open or lifted."""
    return session.exec(_having(session, lot_id).order_by(col(LotRecall.id).desc()).limit(1)).first()


def report(session: Session, lot: Lot) -> tuple[LotRecall | None, Hits]:
    """The last recall that named the lot or reached it, and what it concerns; without one that is open, what a recall
    of the lot would concern. The orders of an open recall are those that were kept with it."""
    record = latest_of(session, lot.id)
    if record is None or record.status != OPEN:
        return record, preview(session, lot)
    root = fetch(session, Lot, record.lot_id, resource="lot")
    known = orders_of(session, record)
    return record, preview(session, root, include_descendants=record.includes_descendants, orders=known)


def orders_of(session: Session, record: LotRecall) -> list[Reached]:
    """The orders that a recall had reached, newest first, with what has come back by now."""
    statement = scoped(session, LotRecallOrder).where(LotRecallOrder.recall_id == record.id)
    kept = {(row.sales_order_id, row.lot_id) for row in session.exec(statement).all()}
    order_ids = sorted({order_id for order_id, _ in kept})
    reached = tracing.reached_of(session, {lot_id for _, lot_id in kept}, order_ids)
    return [row for row in reached if (row.order_id, row.lot_id) in kept]


# --- rows -----------------------------------------------------------------------------------------------------------


def _hold_all(session: Session, record: LotRecall, lot: Lot) -> Hits:
    """Holds the lot and what was made of it; what it concerns once nothing of it moves any more.

    Holding stops every posting, so what a shipment or a batch has done meanwhile is seen afterwards.
    """
    known = tracing.descendants_of(session, lot.id).lot_ids if record.includes_descendants else ()
    _lock(session, [lot.id, *known])
    _join(session, record, lot, level=0, parent_id="")
    hits = preview(session, lot, include_descendants=record.includes_descendants)
    first = {link.lot_id: link for link in reversed(hits.family.links)}
    for lot_id in hits.family.lot_ids:
        link = first[lot_id]
        made = fetch(session, Lot, lot_id, resource="lot")
        _join(session, record, made, level=link.level, parent_id=link.parent_id)
    return hits


def _levels(session: Session, lot_ids: Sequence[str]) -> list[StockLevel]:
    return [level for lot_id in lot_ids for level in levels_of_lot(session, lot_id)]


def _lock(session: Session, lot_ids: Sequence[str]) -> None:
    """Locks lots in one order, before any stock is, and reads them anew."""
    statement = scoped(session, Lot).where(col(Lot.id).in_(lot_ids)).order_by(col(Lot.id)).with_for_update()
    session.exec(statement.execution_options(populate_existing=True)).all()


def _record(session: Session, lot: Lot, reason: str, include_descendants: bool) -> LotRecall:
    actor = actor_of(session)
    record = LotRecall(
        organization_id=organization_of(session),
        id=new_id("rcl"),
        lot_id=lot.id,
        reason=reason,
        includes_descendants=include_descendants,
        actor_id=actor.id,
        actor_name=actor.name,
        recalled_at=now_of(session),
    )
    session.add(record)
    session.flush()
    return record


def _join(session: Session, record: LotRecall, lot: Lot, *, level: int, parent_id: str) -> None:
    """Makes a lot one of a recall's; one that is recalled already keeps that."""
    session.add(
        LotRecallLot(
            organization_id=record.organization_id,
            recall_id=record.id,
            lot_id=lot.id,
            level=level,
            parent_id=parent_id,
            status_before=lot.status,
        )
    )
    session.flush()
    if lot.status != "recalled":
        change_lot_status(session, lot_id=lot.id, status="recalled", reason=record.reason)


def _keep_orders(session: Session, record: LotRecall, orders: Sequence[Reached]) -> None:
    rows: list[dict[str, Any]] = [
        {
            "organization_id": record.organization_id,
            "recall_id": record.id,
            "sales_order_id": row.order_id,
            "lot_id": row.lot_id,
            "shipped": row.shipped,
            "returned": row.returned,
        }
        for row in orders
    ]
    if rows:
        session.connection().execute(insert(LotRecallOrder), rows)


def _having(session: Session, lot_id: str) -> SelectOfScalar[LotRecall]:
    members = select(LotRecallLot.recall_id).where(
        LotRecallLot.organization_id == organization_of(session), LotRecallLot.lot_id == lot_id
    )
    return scoped(session, LotRecall).where(col(LotRecall.id).in_(members))


def _open_recall(session: Session, lot_id: str) -> LotRecall | None:
    """The open recall that named the lot."""
    statement = scoped(session, LotRecall).where(LotRecall.lot_id == lot_id, LotRecall.status == OPEN)
    return session.exec(statement.with_for_update()).first()


def _lots_of(session: Session, recall_id: str) -> list[LotRecallLot]:
    statement = scoped(session, LotRecallLot).where(LotRecallLot.recall_id == recall_id)
    return list(session.exec(statement.order_by(col(LotRecallLot.level), col(LotRecallLot.lot_id))).all())


def _member(session: Session, recall_id: str, lot_id: str) -> LotRecallLot | None:
    return session.get(LotRecallLot, (organization_of(session), recall_id, lot_id))


def _recalls_of(session: Session, lot_id: str) -> list[tuple[LotRecall, LotRecallLot]]:
    """The open recalls that a lot is one of, as that lot's."""
    found = session.exec(_having(session, lot_id).where(LotRecall.status == OPEN).order_by(col(LotRecall.id))).all()
    return [(record, member) for record in found if (member := _member(session, record.id, lot_id)) is not None]


def _recalled_among(session: Session, lot_ids: Collection[str]) -> list[str]:
    statement = scoped(session, Lot).where(col(Lot.id).in_(lot_ids), Lot.status == "recalled").order_by(col(Lot.id))
    return [lot.id for lot in session.exec(statement.execution_options(populate_existing=True)).all()]


def _leave_to_another(session: Session, row: LotRecallLot) -> bool:
    """True when another recall holds the lot: that one knows from now on what the lot was before either of them."""
    others = [member for record, member in _recalls_of(session, row.lot_id) if record.id != row.recall_id]
    if others and all(member.status_before == "recalled" for member in others):
        others[0].status_before = row.status_before
        session.add(others[0])
        session.flush()
    return bool(others)
