"""An item that a worker takes out of a bin: which lot, serial and plate it is of, and how many.

Example::

    item = begin_item(desk, location, match, scan)
    ambiguous(desk, item)             # 'lot' where the bin holds several
    content_in(desk, item)            # what a service moves
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from ambra_tui.errors import InsufficientStock, NotAllowed
from ambra_tui.floor.codes import refuse_part, scan_of, shown, text_of, unknown
from ambra_tui.floor.conversation import Entry, Refusal, Row, Verdict
from ambra_tui.floor.desk import SUPERVISORS, Desk
from ambra_tui.floor.receive_item import worth
from ambra_tui.floor.receive_posting import bin_refusal
from ambra_tui.kit.quantity import ZERO, show
from ambra_tui.scan.model import Scan
from ambra_tui.services import moves
from ambra_tui.services.catalog import Match, match_code
from ambra_tui.services.lots import find_lot
from ambra_tui.services.moves import Part, Promised
from ambra_tui.services.places import find_location, find_plate
from ambra_tui.services.putaway import BinRefused
from ambra_tui.services.receiving import Content
from ambra_tui.services.set_aside import RecalledLot
from ambra_tui.store.models import LicensePlate, Location, Lot, Site, StockLevel, Variant
from ambra_tui.store.scope import fetch

ASKED = {"lot": "E20", "serial": "E46", "plate": "E21"}


class BinItem(BaseModel):
    """`lot_id`, `serial`, `plate_id` None: not told. `quantity`: counted so far; `seen`: what was free when the worker
    first scanned it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    location_id: str
    variant_id: str
    lot_id: str | None = None
    serial: str | None = None
    plate_id: str | None = None
    quantity: Decimal = ZERO
    seen: Decimal = ZERO

    @property
    def part(self) -> Part:
        return Part(self.lot_id, self.serial, self.plate_id)


# --- where ----------------------------------------------------------------------------------------------------------


def find_bin(desk: Desk, entry: Entry) -> Location | None:
    """The location of this site that was scanned. Raises E42 for one of another site."""
    location = find_location(desk.session, text_of(entry), site_id=desk.site.id)
    if location is not None:
        refuse_other_site(desk, location)
    return location


def scan_bin(desk: Desk, entry: Entry) -> Location:
    """The location that was scanned. Raises E43 for anything else that is known, E01 for what is not."""
    location = find_bin(desk, entry)
    if location is not None:
        return location
    match = match_code(desk.session, scan_of(entry))
    if match is not None:
        raise Refusal("E43", found=match.variant.sku)
    plate = scanned_plate(desk, entry)
    if plate is not None:
        raise Refusal("E43", found=shown(plate.code))
    raise unknown(entry)


def scanned_plate(desk: Desk, entry: Entry) -> LicensePlate | None:
    """The license plate that was scanned."""
    return find_plate(desk.session, scan_of(entry).sscc or text_of(entry))


def refuse_other_site(desk: Desk, location: Location) -> None:
    """Raises E42 for a place of another site, or of none."""
    if location.site_id == desk.site.id:
        return
    site = fetch(desk.session, Site, location.site_id, resource="location").code if location.site_id else "-"
    raise Refusal("E42", found=location.barcode, site=site)


def refuse_held(desk: Desk, location: Location) -> None:
    """Raises E17 for a bin on hold; supervisors may take from it."""
    if location.is_held and desk.user.role not in SUPERVISORS:
        raise Refusal("E17", bin=location.code)


# --- what -----------------------------------------------------------------------------------------------------------


def begin_item(desk: Desk, location: Location, match: Match, scan: Scan, *, plate_id: str | None = None) -> BinItem:
    """The item that was scanned at a bin, with what its label tells. Raises E39 when the bin holds none of it."""
    variant = match.variant
    item = BinItem(location_id=location.id, variant_id=variant.id, plate_id=plate_id)
    if scan.lot and variant.is_lot_tracked:
        item = item.model_copy(update={"lot_id": _lot_id(desk, location, variant, scan.lot)})
    if scan.serial and variant.is_serial_tracked:
        item = item.model_copy(update={"serial": scan.serial})
    levels = levels_of(desk, item)
    if not levels:
        raise Refusal("E39", bin=location.code, item=f"{variant.sku} {shown(scan.lot or scan.serial)}".strip())
    quantity = Decimal(1) if variant.is_serial_tracked else worth(match, scan)
    return item.model_copy(update={"quantity": quantity, "seen": free_of(levels)})


def levels_of(desk: Desk, item: BinItem) -> list[StockLevel]:
    """The levels that the item may mean, as they are now."""
    return moves.matching(moves.levels_in(desk.session, item.location_id, item.variant_id), item.part)


def free_of(levels: list[StockLevel]) -> Decimal:
    """What of the levels no pick is assigned to."""
    return sum((level.on_hand - level.allocated for level in levels), ZERO)


def ambiguous(desk: Desk, item: BinItem) -> str:
    """What must still be told of the item: lot, serial, plate, or nothing."""
    return moves.ambiguity(levels_of(desk, item))


def asked(desk: Desk, item: BinItem) -> Verdict:
    """The verdict that asks for what is still missing."""
    return Verdict(ASKED[ambiguous(desk, item)], {"item": variant_of(desk, item).sku})


def narrow(desk: Desk, item: BinItem, entry: Entry) -> BinItem:
    """The item with the lot, serial or plate that was scanned or typed. Raises E39 when the bin holds none of it."""
    scan, what = scan_of(entry), ambiguous(desk, item)
    match = match_code(desk.session, scan)
    if match is not None and match.variant.id != item.variant_id:
        raise Refusal("E02", found=match.variant.sku, expected=variant_of(desk, item).sku)
    variant, location = variant_of(desk, item), location_of(desk, item)
    if what == "plate":
        plate = scanned_plate(desk, entry)
        if plate is None:
            raise Refusal("E57", found=shown(text_of(entry)))
        told = item.model_copy(update={"plate_id": plate.id})
    else:
        text = (scan.lot if what == "lot" else scan.serial) or ("" if match else text_of(entry))
        if not text:
            raise Refusal(ASKED[what], item=variant.sku)
        known = {"lot_id": _lot_id(desk, location, variant, text)} if what == "lot" else {"serial": text}
        told = item.model_copy(update=known)
    levels = levels_of(desk, told)
    if not levels:
        raise Refusal("E39", bin=location.code, item=f"{variant.sku} {shown(text_of(entry))}")
    return told.model_copy(update={"seen": free_of(levels)})


def _lot_id(desk: Desk, location: Location, variant: Variant, number: str) -> str:
    lot = find_lot(desk.session, variant.id, number)
    if lot is None:
        raise Refusal("E39", bin=location.code, item=f"{variant.sku} {shown(number)}")
    return lot.id


def count_more(desk: Desk, item: BinItem, match: Match, scan: Scan) -> BinItem:
    """The item counted once more by a scan. Raises E04 for a label of another lot."""
    if scan.lot and item.lot_id is not None and match.variant.is_lot_tracked:
        lot_id = _lot_id(desk, location_of(desk, item), match.variant, scan.lot)
        if lot_id != item.lot_id:
            expected = fetch(desk.session, Lot, item.lot_id, resource="lot").lot_number if item.lot_id else "-"
            raise Refusal("E04", found=shown(scan.lot), expected=expected)
    return item.model_copy(update={"quantity": item.quantity + worth(match, scan)})


def set_quantity(desk: Desk, item: BinItem, quantity: Decimal) -> BinItem:
    """The item with a typed quantity. Raises E28 for none, or for a part of a piece."""
    variant = variant_of(desk, item)
    if quantity <= 0 or (variant.is_serial_tracked and quantity != 1):
        raise Refusal("E28", found=show(quantity))
    refuse_part(variant, quantity)
    return item.model_copy(update={"quantity": quantity})


def content_in(desk: Desk, item: BinItem) -> Content:
    """What is to leave the bin. Raises E39 when somebody has taken all of it, and what asks for what is not told."""
    levels = levels_of(desk, item)
    if not levels:
        raise Refusal("E31", quantity="0", bin=location_of(desk, item).code, item=variant_of(desk, item).sku)
    if what := moves.ambiguity(levels):
        raise Refusal(ASKED[what], item=variant_of(desk, item).sku)
    return moves.content_of(levels[0], item.quantity)


# --- refusals -------------------------------------------------------------------------------------------------------


@contextmanager
def refusals(desk: Desk, item: BinItem | None = None) -> Iterator[None]:
    """What a service refuses, as verdicts; with an `item` a shortage tells what is there now."""
    try:
        yield
    except BinRefused as refused:
        raise bin_refusal(refused, expected="-") from refused
    except Promised as refused:
        raise Refusal(
            "E61",
            quantity=show(refused.assigned),
            item=refused.variant.sku,
            bin=refused.location.code,
            document=", ".join(refused.documents) or "-",
            maximum=show(refused.free),
        ) from refused
    except RecalledLot as refused:
        raise Refusal("E76", lot=refused.lot.lot_number) from refused
    except InsufficientStock as error:
        if item is None:
            raise
        raise short(desk, item, available=error.shortages[0].available) from error
    except NotAllowed as error:
        raise Refusal("E56", site=desk.site.code) from error


def short(desk: Desk, item: BinItem, *, available: Decimal | None = None) -> Refusal:
    """The bin holds less than was counted: E31 when somebody was faster, E15 when it never held that much, or when
    the site may give only what is `available` of it."""
    levels, location, sku = levels_of(desk, item), location_of(desk, item), variant_of(desk, item).sku
    now = max(free_of(levels), ZERO)
    if now < item.quantity <= item.seen:
        return Refusal("E31", quantity=show(now), bin=location.code, item=sku)
    now = now if available is None else min(now, available)
    return Refusal("E15", short=desk.say("stock.short", bin=location.code, quantity=show(now), item=sku))


# --- what is shown --------------------------------------------------------------------------------------------------


def variant_of(desk: Desk, item: BinItem) -> Variant:
    """The item's variant."""
    return fetch(desk.session, Variant, item.variant_id, resource="variant")


def location_of(desk: Desk, item: BinItem) -> Location:
    """The bin that the item lies in."""
    return fetch(desk.session, Location, item.location_id, resource="location")


def item_row(desk: Desk, item: BinItem) -> Row:
    """SKU, quantity and, as far as it is known, lot or serial."""
    levels = levels_of(desk, item)
    named = _lot_or_serial(desk, levels[0].lot_id, levels[0].serial) if len(levels) == 1 else ""
    return Row(variant_of(desk, item).sku, f"{show(item.quantity)} {named}".strip(), emphasis=True)


def bin_rows(desk: Desk, location: Location, *, limit: int = 30) -> list[Row]:
    """What a bin holds."""
    rows = []
    for level in moves.levels_in(desk.session, location.id)[:limit]:
        sku = fetch(desk.session, Variant, level.variant_id, resource="variant").sku
        named = _lot_or_serial(desk, level.lot_id, level.serial)
        rows.append(Row(sku, f"{show(level.on_hand)} {named}".strip()))
    return rows


def _lot_or_serial(desk: Desk, lot_id: str, serial: str) -> str:
    return serial or (fetch(desk.session, Lot, lot_id, resource="lot").lot_number if lot_id else "")
