"""Pick faces: when a pick leaves less than the minimum, somebody fills the bin from a reserve bin, oldest lot first.

Example::

    set_face(session, variant=milk, location=bin, minimum=Decimal(6), maximum=Decimal(48))
    need = need_of(session, task)
    replenish(session, task, source=need.sources[0], quantity=need.quantity, idempotency_key="step-3")
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func
from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import InsufficientStock, Invalid, WrongState
from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger import Guard, MoveKind, Posted, Posting, Source
from ambra_tui.services.lot_rules import may_leave
from ambra_tui.services.putaway import lock_bin, refuse_illegal_bin
from ambra_tui.services.receiving import Content
from ambra_tui.services.tasks import OPEN_STATES, ask_replenish, finish_task, open_tasks, stopped_bins
from ambra_tui.store.facts import audit
from ambra_tui.store.models import Location, Lot, PickFace, StockLevel, Task, Variant
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows, given
from ambra_tui.store.scope import clock_of, fetch, lock_row, now_of, organization_of, scoped

DOCUMENT = "task"
SOURCE_KINDS = ("reserve",)

_FACE = PreparedRows(
    select(col(PickFace.minimum), col(PickFace.maximum), func.sum(col(StockLevel.on_hand)))
    .outerjoin(
        StockLevel,
        (col(StockLevel.organization_id) == ORGANIZATION)
        & (col(StockLevel.variant_id) == PickFace.variant_id)
        & (col(StockLevel.location_id) == PickFace.location_id),
    )
    .where(
        PickFace.organization_id == ORGANIZATION,
        PickFace.variant_id == given("variant_id"),
        PickFace.location_id == given("location_id"),
    )
    .group_by(col(PickFace.minimum), col(PickFace.maximum))
)


@dataclass(frozen=True, slots=True)
class Need:
    """What a pick face lacks. `quantity`: up to its maximum; `sources`: reserve stock, what leaves first first."""

    variant: Variant
    face: Location
    quantity: Decimal
    sources: list[Source]


def set_face(session: Session, *, variant: Variant, location: Location, minimum: Decimal, maximum: Decimal) -> PickFace:
    """Keeps a variant in a pick bin between `minimum` and `maximum`. Raises Invalid."""
    if location.kind != "pick":
        raise Invalid(f"{location.code} is no pick bin", field="location")
    if minimum < 0 or maximum <= 0 or maximum < minimum:
        raise Invalid("the maximum is above 0 and not below the minimum", field="maximum")
    face = session.get(PickFace, (organization_of(session), variant.id, location.id))
    if face is None:
        face = PickFace(
            organization_id=organization_of(session),
            variant_id=variant.id,
            location_id=location.id,
            minimum=minimum,
            maximum=maximum,
            updated_at=now_of(session),
        )
    face.minimum, face.maximum, face.updated_at = minimum, maximum, now_of(session)
    session.add(face)
    session.flush()
    audit(session, "pick_face_set", location.id, sku=variant.sku, minimum=str(minimum), maximum=str(maximum))
    return face


def faces(session: Session) -> list[PickFace]:
    """Every pick face."""
    return list(session.exec(scoped(session, PickFace)).all())


def ask_when_low(session: Session, *, location: Location, variant_id: str) -> Task | None:
    """A new task to fill the bin when it holds less of the variant than its minimum; None when none is needed."""
    level = _level(session, location.id, variant_id)
    if level is None or level[2] >= level[0]:
        return None
    asked = open_tasks(session, location.site_id or "", kind="replenish", location_id=location.id)
    if any(task.variant_id == variant_id for task in asked):
        return None
    return ask_replenish(session, location=location, variant_id=variant_id)


def _level(session: Session, location_id: str, variant_id: str) -> tuple[Decimal, Decimal, Decimal] | None:
    row = _FACE.first(session, variant_id=variant_id, location_id=location_id)
    return None if row is None else (row[0], row[1], row[2] or ZERO)


def need_of(session: Session, task: Task) -> Need:
    """What a task still asks for, and where it is taken from."""
    face = fetch(session, Location, task.location_id or "", resource="location")
    variant = fetch(session, Variant, task.variant_id or "", resource="variant")
    level = _level(session, face.id, variant.id)
    wanted = max(level[1] - level[2], ZERO) if level else ZERO
    stopped = stopped_bins(session, task.site_id)
    sources = [
        source
        for source in ledger.open_sources(session, site_id=task.site_id, variant_id=variant.id)
        if source.location.kind in SOURCE_KINDS
        and not stopped & {(source.location.id, variant.id), (source.location.id, "")}
    ]
    return Need(variant, face, wanted, [source for source in sources if _may_leave(session, source)])


def _may_leave(session: Session, source: Source) -> bool:
    if not source.level.lot_id:
        return True
    return may_leave(fetch(session, Lot, source.level.lot_id, resource="lot"), clock_of(session).today())


def lock_task(session: Session, task_id: str) -> Task:
    """The task as it is now, kept from others until the transaction ends. Raises WrongState when it is done."""
    task = lock_row(session, Task, task_id, resource="task")
    if task.status not in OPEN_STATES:
        raise WrongState("task", task.id, state=task.status, step="replenish")
    return task


def replenish(session: Session, task: Task, *, source: Source, quantity: Decimal, idempotency_key: str) -> Posted:
    """Moves stock of a reserve level into the pick face. The task is done when the bin holds its maximum, or nothing
    is left to fill it with.

    Raises WrongState, BinRefused when the face may not take this lot or so many, InsufficientStock.
    """
    task = lock_task(session, task.id)
    need = need_of(session, task)
    level = source.level
    if quantity <= 0 or quantity > source.quantity:
        raise Invalid("more than lies there, or nothing", field="quantity")
    lock_bin(session, need.face)
    content = Content(need.variant.id, level.location_id, quantity, level.lot_id, level.serial, level.plate_id)
    refuse_illegal_bin(session, need.face, [content])
    posting = Posting(
        variant_id=need.variant.id,
        source_id=level.location_id,
        destination_id=need.face.id,
        quantity=quantity,
        kind=MoveKind.BIN_MOVE,
        idempotency_key=idempotency_key,
        lot_id=level.lot_id,
        serial=level.serial,
        plate_id=level.plate_id,
        guard=Guard.FREE,
        reason="replenish",
        origin_kind=DOCUMENT,
        origin_id=task.id,
    )
    try:
        posted = ledger.post(session, [posting])[0]
    except InsufficientStock as error:
        raise ledger.name_shortages(session, error) from error
    left = need_of(session, task)
    if left.quantity <= 0 or not left.sources:
        finish_task(session, task)
    return posted
