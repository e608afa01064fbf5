"""A parcel is closed: what lies in it goes from the totes to the stage, where it waits for its carrier; and back.

The totes are free for the next order. What is moved stays assigned to the order.

Example::

    posted, moves = close(session, order, package, weight=Decimal("1.2"), idempotency_key="step-9")
    reopen(session, order, package, moves)        # `posted` has been reversed
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col

from ambra_tui import ledger
from ambra_tui.errors import Invalid
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.ledger import Guard, MoveKind, Posted, Posting
from ambra_tui.services import shipping
from ambra_tui.services.orders import DOCUMENT, HeldStock, assigned
from ambra_tui.services.packing.contents import packed_here, picked_items
from ambra_tui.services.packing.terms import Changed, Key, key_of
from ambra_tui.services.shipping import contents_of
from ambra_tui.store.models import Allocation, LicensePlate, Location, SalesOrder, ShipmentContent, ShipmentPackage
from ambra_tui.store.scope import scoped

MOST_KILOGRAMS = Decimal(1000)
_Assigned = tuple[Allocation, Location]


@dataclass(frozen=True, slots=True)
class Carried:
    """`quantity` of a line's stock that went from one level to another, assigned to the order all the way."""

    line_id: str
    variant_id: str
    lot_id: str
    serial: str
    source_id: str
    source_plate_id: str
    destination_id: str
    destination_plate_id: str
    quantity: Decimal

    def as_texts(self) -> dict[str, str]:
        """The move as JSON values."""
        return {name: show(value) if isinstance(value, Decimal) else value for name, value in asdict(self).items()}

    @classmethod
    def from_texts(cls, texts: Mapping[str, Any]) -> Carried:
        """What `as_texts` wrote."""
        return cls(**{**texts, "quantity": Decimal(texts["quantity"])})


def close(
    session: Session,
    order: SalesOrder,
    package: ShipmentPackage,
    *,
    weight: Decimal | None = None,
    plate: LicensePlate | None = None,
    idempotency_key: str,
) -> tuple[list[Posted], list[Carried]]:
    """Nothing goes into the parcel any more; what lies in totes of it goes to the stage, onto the carton `plate`.

    `weight` in kilograms. Raises Invalid for an empty parcel or an impossible weight, HeldStock, Changed.
    """
    if weight is not None and not 0 < weight <= MOST_KILOGRAMS:
        raise Invalid("a package weighs more than nothing and at most 1,000 kg", field="weight")
    refuse_held_or_gone(session, order)
    shipping.close_package(session, package, weight=weight)
    package.plate_id = plate.id if plate else ""
    session.add(package)
    rows = contents_of(session, [package.id])
    stage = stage_of(session, order.site_id)
    if stage is None:
        return [], []
    planned = _planned(session, order, rows, stage, package.plate_id)
    return _post(session, order, planned, idempotency_key), planned


def refuse_held_or_gone(session: Session, order: SalesOrder) -> None:
    """Raises HeldStock for what was put on hold since it was picked, Changed for what lies there no more."""
    for item in picked_items(session, order.id):
        if item.packed > item.picked:
            raise Changed(order)
        held = next((place for place in item.places if place.is_held), None)
        is_barred = item.lot is not None and item.lot.status in ("quarantine", "recalled")
        if item.packed and (held is not None or is_barred):
            raise HeldStock(
                sku=item.variant.sku,
                lot_number=item.lot.lot_number if item.lot and is_barred else "",
                location_code=(held or item.places[0]).code if item.places else "",
                is_recalled=item.lot is not None and item.lot.status == "recalled",
            )


def stage_of(session: Session, site_id: str) -> Location | None:
    """Where packed orders wait: the site's first stage."""
    statement = scoped(session, Location).where(
        Location.site_id == site_id, Location.kind == "stage", Location.status == "active"
    )
    return session.exec(statement.order_by(col(Location.code)).limit(1)).first()


def _planned(
    session: Session, order: SalesOrder, rows: Iterable[ShipmentContent], stage: Location, plate_id: str
) -> list[Carried]:
    """From where what of the parcel goes to the stage; nothing for what lies there as it should."""
    wanted: dict[Key, Decimal] = {}
    for row in rows:
        wanted[key_of(row)] = wanted.get(key_of(row), ZERO) + row.quantity
    if not plate_id:
        wanted = {key: _loose(session, order, key) - _at(session, order, key, stage) for key in wanted}
    planned = []
    for key, quantity in wanted.items():
        for allocation, location in _sources(session, order, key, stage, is_for_carton=bool(plate_id)):
            part = min(allocation.quantity, quantity)
            if part <= 0:
                break
            quantity -= part
            planned.append(Carried(*key, location.id, allocation.plate_id, stage.id, plate_id, part))
    return planned


def _own(session: Session, order: SalesOrder, key: Key) -> list[_Assigned]:
    return [
        (row, place)
        for row, place, _ in assigned(session, order.id, line_id=key[0])
        if place.kind in ("tote", "stage") and (row.variant_id, row.lot_id, row.serial) == key[1:]
    ]


def _sources(session: Session, order: SalesOrder, key: Key, stage: Location, *, is_for_carton: bool) -> list[_Assigned]:
    """Totes first, then what lies loose on another stage or, for a carton, on this one."""
    rows = [
        (row, place)
        for row, place in _own(session, order, key)
        if place.kind == "tote" or (not row.plate_id and (place.id != stage.id or is_for_carton))
    ]
    return sorted(rows, key=lambda pair: (pair[1].kind != "tote", pair[1].id == stage.id))


def _at(session: Session, order: SalesOrder, key: Key, stage: Location) -> Decimal:
    rows = _own(session, order, key)
    return sum((row.quantity for row, place in rows if place.id == stage.id and not row.plate_id), ZERO)


def _loose(session: Session, order: SalesOrder, key: Key) -> Decimal:
    """How much of it closed parcels without a carton's code hold."""
    rows = packed_here(session, order.id)
    return sum((c.quantity for _, p, c in rows if p.is_closed and not p.plate_id and key_of(c) == key), ZERO)


def _post(session: Session, order: SalesOrder, planned: Iterable[Carried], idempotency_key: str) -> list[Posted]:
    posted = []
    for number, move in enumerate(planned):
        _take(session, order, move, move.source_id, move.source_plate_id, is_picked=True)
        posting = Posting(
            variant_id=move.variant_id,
            source_id=move.source_id,
            destination_id=move.destination_id,
            quantity=move.quantity,
            kind=MoveKind.BIN_MOVE,
            idempotency_key=f"{idempotency_key}:{number}",
            lot_id=move.lot_id,
            serial=move.serial,
            plate_id=move.source_plate_id,
            destination_plate_id=move.destination_plate_id,
            guard=Guard.FREE,
            allocated=move.quantity,
            reason="packed",
            origin_kind=DOCUMENT,
            origin_id=order.id,
            origin_line_id=move.line_id,
        )
        posted += ledger.post(session, [posting])
        _assign(session, order, move, move.destination_id, move.destination_plate_id)
    return posted


def open_again(
    session: Session, order: SalesOrder, package: ShipmentPackage, *, idempotency_key: str
) -> tuple[list[Posted], list[Carried]]:
    """The closed parcel takes more again; what lies in it is no longer on its carton, and stays where it is."""
    stage = stage_of(session, order.site_id)
    planned = []
    if stage is not None and package.plate_id:
        planned = [
            Carried(*key_of(row), stage.id, package.plate_id, stage.id, "", row.quantity)
            for row in contents_of(session, [package.id])
        ]
    posted = _post(session, order, planned, idempotency_key)
    _unclosed(session, package)
    return posted, planned


def let_go_of(session: Session, order: SalesOrder, moves: Iterable[Carried]) -> None:
    """What was moved is the order's no more, before the moves are reversed. Raises Changed when it is gone."""
    for move in moves:
        _take(session, order, move, move.destination_id, move.destination_plate_id, is_picked=False)


def reopen(session: Session, order: SalesOrder, package: ShipmentPackage, moves: Iterable[Carried]) -> None:
    """The parcel takes more again; what was moved, and moved back, is the order's where it lies."""
    give_back(session, order, moves)
    _unclosed(session, package)


def _unclosed(session: Session, package: ShipmentPackage) -> None:
    package.weight, package.plate_id = None, ""
    shipping.reopen_package(session, package)


def give_back(session: Session, order: SalesOrder, moves: Iterable[Carried]) -> None:
    """What was moved, and moved back, is the order's again where it lies."""
    for move in moves:
        _assign(session, order, move, move.source_id, move.source_plate_id)


def _take(
    session: Session, order: SalesOrder, move: Carried, location_id: str, plate_id: str, *, is_picked: bool
) -> None:
    """Lowers what is assigned at a level by the move's quantity; `is_picked`: the posting lowers the level's part."""
    key = (move.line_id, move.variant_id, move.lot_id, move.serial)
    rest = move.quantity
    for row, place in _own(session, order, key):
        if rest == 0 or (place.id, row.plate_id) != (location_id, plate_id):
            continue
        part = min(row.quantity, rest)
        if is_picked:
            ledger.take(session, row, part)
        else:
            ledger.unallocate(session, row, part)
        rest -= part
    if rest:
        raise Changed(order)


def _assign(session: Session, order: SalesOrder, move: Carried, location_id: str, plate_id: str) -> None:
    ledger.allocate(
        session,
        location_id=location_id,
        variant_id=move.variant_id,
        quantity=move.quantity,
        document_kind=DOCUMENT,
        document_id=order.id,
        line_id=move.line_id,
        lot_id=move.lot_id,
        serial=move.serial,
        plate_id=plate_id,
    )
