"""Rows that several steps of picking show, and codes to practise with.

Example::

    contents(desk, stop.location)       # item, lot and quantity a row
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlmodel import col, select

from ambra_tui.floor.conversation import PracticeCode, Row
from ambra_tui.floor.desk import Desk
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.services import picking
from ambra_tui.services.catalog import barcodes_of
from ambra_tui.services.picking import Stop
from ambra_tui.services.picking.clusters import Member
from ambra_tui.store.models import LicensePlate, Location, Lot, StockLevel, Variant
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows, given
from ambra_tui.store.scope import scoped

MAX_ROWS = 12

_CONTENTS = PreparedRows(
    select(  # type: ignore[call-overload]  # more than it has types for
        col(Variant.sku),
        col(StockLevel.on_hand),
        col(Lot.lot_number),
        col(StockLevel.serial),
        col(LicensePlate.code),
    )
    .select_from(StockLevel)
    .join(Variant, (col(Variant.organization_id) == ORGANIZATION) & (Variant.id == StockLevel.variant_id))
    .outerjoin(Lot, (col(Lot.organization_id) == ORGANIZATION) & (Lot.id == StockLevel.lot_id))
    .outerjoin(
        LicensePlate, (col(LicensePlate.organization_id) == ORGANIZATION) & (LicensePlate.id == StockLevel.plate_id)
    )
    .where(
        StockLevel.organization_id == ORGANIZATION,
        StockLevel.location_id == given("location_id"),
        col(StockLevel.on_hand) > ZERO,
    )
    .order_by(col(Variant.sku), col(Lot.lot_number), col(StockLevel.serial), col(LicensePlate.code))
    .limit(MAX_ROWS)
)


def contents(desk: Desk, location: Location) -> tuple[Row, ...]:
    """What a place holds: item, lot and quantity a row."""
    rows: list[Any] = list(_CONTENTS.all(desk.session, location_id=location.id))
    return tuple(
        Row(sku, " ".join((show(on_hand), *(part for part in (lot, serial, plate) if part))))
        for sku, on_hand, lot, serial, plate in rows
    )


def what(desk: Desk, stop: Stop) -> tuple[Row, ...]:
    """The item's name, lot and serial."""
    rows = [Row(stop.variant.name)]
    if stop.lot is not None:
        rows += lot_row(desk, stop.lot)
    if stop.serial:
        rows.append(Row(desk.say("pick.serial"), stop.serial))
    return tuple(rows)


def lot_row(desk: Desk, lot: Lot) -> tuple[Row, ...]:
    """A lot and its expiry."""
    expiry = f" {lot.expiry_date.isoformat()}" if lot.expiry_date else ""
    return (Row(desk.say("pick.lot"), f"{lot.lot_number}{expiry}"),)


# -- codes to practise with ------------------------------------------------------------------------------------------


def bin_practice(desk: Desk, stop: Stop) -> tuple[PracticeCode, ...]:
    """The bin of the stop, and another one."""
    if not desk.is_sample:
        return ()
    statement = scoped(desk.session, Location).where(
        Location.site_id == desk.site.id, Location.kind == "pick", Location.id != stop.location.id
    )
    other = desk.session.exec(statement.order_by(col(Location.code)).limit(1)).first()
    right = PracticeCode(stop.location.barcode, desk.say("pick.the_bin"))
    wrong = (PracticeCode(other.barcode, desk.say("pick.wrong_bin"), is_right=False),) if other else ()
    return (right, *wrong)


def item_practice(desk: Desk, stop: Stop) -> tuple[PracticeCode, ...]:
    """The item's codes, and another item's."""
    if not desk.is_sample:
        return ()
    statement = scoped(desk.session, Variant).where(Variant.id != stop.variant.id)
    other = desk.session.exec(statement.order_by(col(Variant.sku)).limit(1)).first()
    right = tuple(
        PracticeCode(
            code,
            desk.say("pick.the_item" if quantity == 1 else "pick.a_case", quantity=show(quantity)),
            is_right=quantity <= stop.quantity,
        )
        for code, quantity in _codes(desk, stop.variant)[:3]
    )
    wrong = tuple(
        PracticeCode(code, desk.say("pick.wrong_item"), is_right=False) for code, _ in _codes(desk, other)[:1]
    )
    return right + wrong


def _codes(desk: Desk, variant: Variant | None) -> list[tuple[str, Decimal]]:
    """A variant's codes as a scanner sends them: a GTIN-14 that begins with 0 is an EAN-13 on the pack."""
    if variant is None:
        return []
    rows = barcodes_of(desk.session, variant.id)
    named = [
        (row.code[1:] if len(row.code) == 14 and row.code.isdigit() and row.code[0] == "0" else row.code, row.quantity)
        for row in rows
    ]
    return named or [(variant.sku, Decimal(1))]


def tote_practice(desk: Desk, member: Member) -> tuple[PracticeCode, ...]:
    """The order's tote or free ones, and another order's."""
    if not desk.is_sample:
        return ()
    places, owners = _totes(desk)
    own = {member.order.id}
    taken = [place for place in places if place.kind == "tote" and owners.get(place.id, own) != own]
    mine = member.tote.id if member.tote else ""
    free = sorted((place for place in places if place not in taken), key=lambda place: place.id != mine)
    right = tuple(PracticeCode(place.barcode, desk.say("pick.a_tote")) for place in free[: 1 if mine else 3])
    wrong = tuple(PracticeCode(place.barcode, desk.say("pick.wrong_tote"), is_right=False) for place in taken[:1])
    return right + wrong


def free_totes(desk: Desk) -> list[str]:
    """Codes of totes that are nobody's, for practice."""
    if not desk.is_sample:
        return []
    places, owners = _totes(desk)
    return [place.barcode for place in places if place.kind == "tote" and place.id not in owners]


def _totes(desk: Desk) -> tuple[list[Location], dict[str, set[str]]]:
    statement = scoped(desk.session, Location).where(
        Location.site_id == desk.site.id, col(Location.kind).in_(("tote", "stage"))
    )
    ordered = statement.order_by(col(Location.kind).desc(), col(Location.code)).limit(12)
    places = list(desk.session.exec(ordered).all())
    return places, picking.owners_of(desk.session, [place.id for place in places])
