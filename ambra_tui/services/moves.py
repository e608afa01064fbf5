"""Moves inside a site: a whole bin, a license plate, so many of an item; and which stock of a bin an item means.

What is assigned to picks never moves away: the picker who is on the way would find nothing. The refusal names the
document and how much may go.

Example::

    level = level_in(session, bin, milk)                       # SeveralLots when there is more than one
    move(session, contents=contents_of_bin(session, bin), location=other, idempotency_key="step-4", keeps_plates=True)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlmodel import Session, col

from ambra_tui import ledger
from ambra_tui.errors import Conflict, InsufficientStock, Invalid, WrongState
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.ledger import Posted
from ambra_tui.services.putaway import lock_bin, refuse_illegal_bin
from ambra_tui.services.receiving import Content
from ambra_tui.store.models import Allocation, Location, SalesOrder, StockLevel, Variant
from ambra_tui.store.scope import fetch, scoped

DOCUMENT = "move"
HOLD_KINDS = ("quarantine", "damaged")


class NotThere(Conflict):
    """`location` holds none of what was asked for."""

    def __init__(self, location: Location, item: str) -> None:
        super().__init__(f"{location.code} holds no {item}.")
        self.location, self.item = location, item


class Ambiguous(Conflict):
    """The item lies in the bin in several lots, serials or plates: `what` is lot, serial or plate."""

    def __init__(self, what: str, variant: Variant) -> None:
        super().__init__(f"{variant.sku} lies there in more than one {what}. Name the {what}.")
        self.what, self.variant = what, variant


class Promised(Conflict):
    """Some of it is assigned to picks: `free` may go. `documents`: their numbers."""

    def __init__(
        self, location: Location, variant: Variant, *, assigned: Decimal, free: Decimal, documents: Sequence[str]
    ) -> None:
        named = ", ".join(documents) or "picks"
        super().__init__(
            f"{show(assigned)} {variant.sku} in {location.code} are assigned to {named}: at most {show(free)} may go."
        )
        self.location, self.variant, self.documents = location, variant, tuple(documents)
        self.assigned, self.free = assigned, free


@dataclass(frozen=True, slots=True)
class Part:
    """Which stock of a variant is meant; None: not told."""

    lot_id: str | None = None
    serial: str | None = None
    plate_id: str | None = None


# --- which stock ----------------------------------------------------------------------------------------------------


def levels_in(session: Session, location_id: str, variant_id: str | None = None) -> list[StockLevel]:
    """What a location holds (of one variant), as it is now."""
    statement = scoped(session, StockLevel).where(StockLevel.location_id == location_id, col(StockLevel.on_hand) > ZERO)
    if variant_id is not None:
        statement = statement.where(StockLevel.variant_id == variant_id)
    ordered = statement.order_by(
        col(StockLevel.variant_id), col(StockLevel.lot_id), col(StockLevel.serial), col(StockLevel.plate_id)
    )
    return list(session.exec(ordered.execution_options(populate_existing=True)).all())


def matching(levels: Sequence[StockLevel], part: Part) -> list[StockLevel]:
    """The levels that `part` may mean."""
    return [
        level
        for level in levels
        if part.lot_id in (None, level.lot_id)
        and part.serial in (None, level.serial)
        and part.plate_id in (None, level.plate_id)
    ]


def ambiguity(levels: Sequence[StockLevel]) -> str:
    """What must still be told to mean one of `levels`: lot, serial, plate, or nothing."""
    if len({level.lot_id for level in levels}) > 1:
        return "lot"
    if any(level.serial for level in levels) and len(levels) > 1:
        return "serial"
    return "plate" if len({level.plate_id for level in levels}) > 1 else ""


def level_in(session: Session, location: Location, variant: Variant, part: Part | None = None) -> StockLevel:
    """The one level of a bin that an item means. Raises NotThere, Ambiguous."""
    found = matching(levels_in(session, location.id, variant.id), part or Part())
    if not found:
        raise NotThere(location, variant.sku)
    if what := ambiguity(found):
        raise Ambiguous(what, variant)
    return found[0]


def contents_of_bin(session: Session, location: Location) -> list[Content]:
    """All that a location holds."""
    return [content_of(level, level.on_hand) for level in levels_in(session, location.id)]


def content_of(level: StockLevel, quantity: Decimal) -> Content:
    """`quantity` of a level."""
    return Content(level.variant_id, level.location_id, quantity, level.lot_id, level.serial, level.plate_id)


# --- the move -------------------------------------------------------------------------------------------------------


def move(
    session: Session,
    *,
    contents: Sequence[Content],
    location: Location,
    idempotency_key: str,
    keeps_plates: bool = False,
    plate_id: str = "",
    reason: str = "",
    note: str = "",
    document: tuple[str, str] = (DOCUMENT, ""),
    occurred_at: datetime | None = None,
) -> list[Posted]:
    """Moves `contents` of one location to another of the same site, all or nothing.

    `keeps_plates`: plates go along whole; `plate_id`: the plate that takes them in at the destination. `document`:
    kind and id of what asks. `occurred_at`: when it happened, if not now. Raises BinRefused, Promised,
    InsufficientStock, Invalid for another site, WrongState for the same place.
    """
    if not contents:
        raise Invalid("there is nothing to move", field="contents")
    origin = fetch(session, Location, contents[0].location_id, resource="location")
    if origin.site_id != location.site_id:
        raise Invalid(f"{location.code} is in another site", field="location_id")
    if origin.id == location.id:
        raise WrongState("location", location.code, state="its own destination", step="move")
    ledger.refuse_read_only(session, location.site_id or "")
    lock_bin(session, location)
    refuse_target(session, location, contents)
    refuse_promised(session, contents)
    postings = [
        replace(
            content.moved(
                location,
                plate_id=plate_id or (content.plate_id if keeps_plates else ""),
                idempotency_key=f"{idempotency_key}:{number}",
                origin_kind=document[0],
            ),
            reason=reason,
            note=note,
            origin_id=document[1],
            occurred_at=occurred_at,
        )
        for number, content in enumerate(contents)
    ]
    try:
        return ledger.post(session, postings)
    except InsufficientStock as error:
        raise ledger.name_shortages(session, error) from error


def refuse_target(session: Session, location: Location, contents: Sequence[Content]) -> None:
    """Raises BinRefused by the rules of putaway; a place for held stock takes anything."""
    if location.kind in HOLD_KINDS and location.status == "active":
        return
    refuse_illegal_bin(session, location, contents)


def refuse_promised(session: Session, contents: Sequence[Content]) -> None:
    """Raises Promised for the first content that picks are assigned to, as far as what is free is less than asked."""
    for content in contents:
        level = _level_of(session, content)
        if level is None or not level.allocated or content.quantity <= level.on_hand - level.allocated:
            continue
        raise Promised(
            fetch(session, Location, content.location_id, resource="location"),
            fetch(session, Variant, content.variant_id, resource="variant"),
            assigned=level.allocated,
            free=max(level.on_hand - level.allocated, ZERO),
            documents=order_numbers(session, assigned_documents(session, level)),
        )


def assigned_documents(session: Session, level: StockLevel) -> list[str]:
    """The ids of the documents that open picks at a level are for."""
    return list(dict.fromkeys(row.document_id for row in open_allocations(session, level)))


def order_numbers(session: Session, ids: Sequence[str]) -> list[str]:
    """The numbers of orders, in the order of `ids`; what is no order is left out."""
    statement = scoped(session, SalesOrder).where(col(SalesOrder.id).in_(ids))
    numbers = {row.id: row.number for row in session.exec(statement).all()}
    return [numbers[order_id] for order_id in ids if order_id in numbers]


def open_allocations(session: Session, level: StockLevel) -> list[Allocation]:
    """The open assignments of a level to pick work, oldest first."""
    statement = scoped(session, Allocation).where(
        Allocation.location_id == level.location_id,
        Allocation.variant_id == level.variant_id,
        Allocation.lot_id == level.lot_id,
        Allocation.serial == level.serial,
        Allocation.plate_id == level.plate_id,
        Allocation.status == "open",
        col(Allocation.quantity) > ZERO,
    )
    return list(session.exec(statement.order_by(col(Allocation.created_at), col(Allocation.id))).all())


def _level_of(session: Session, content: Content) -> StockLevel | None:
    statement = scoped(session, StockLevel).where(
        StockLevel.variant_id == content.variant_id,
        StockLevel.location_id == content.location_id,
        StockLevel.lot_id == content.lot_id,
        StockLevel.serial == content.serial,
        StockLevel.plate_id == content.plate_id,
    )
    return session.exec(statement.execution_options(populate_existing=True)).first()
