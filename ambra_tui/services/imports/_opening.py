"""Opening balances of many rows at once: what a file says is on hand, posted once per place.

A place (location, variant, lot, serial) is posted once, under a key made of these; so a file that is imported again
posts nothing, whatever was sold in between, and another quantity for the same place is refused: that is a count's or
an adjustment's work. A row without a location stands for its site's receiving, whichever dock that is.

Example::

    openings = Openings()
    openings.post(session, [Opening(3, "MILK-1L", "WH1", "A01-1", Decimal(24), "M100")], {"MILK-1L": row}, outcome)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session

from ambra_tui.errors import AmbraError, Invalid
from ambra_tui.kit.ids import derived_id, new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.ledger import INVENTORY_LOSS, MoveKind, Posting, post, receiving_location
from ambra_tui.ledger import move_id as ledger_move_id
from ambra_tui.services.imports._bulk import add_rows, add_tokens, existing, token_rows
from ambra_tui.services.imports._terms import Learned, Outcome, Refused
from ambra_tui.services.lots import MAX_LOT_NUMBER
from ambra_tui.store.models import Location, Lot, Site, StockLevel, StockMove, Variant, table_of
from ambra_tui.store.scope import now_of, organization_of

MAX_SERIAL = 60


@dataclass(frozen=True, slots=True)
class Opening:
    """What a row says is on hand. `site` empty: the only one; `location` empty: where the site receives."""

    line: int
    sku: str
    site: str
    location: str
    quantity: Decimal
    lot: str = ""
    expiry: date | None = None
    serial: str = ""
    unit_cost: int | None = None


def checked_opening(
    *,
    line: int,
    sku: str,
    site: str,
    location: str,
    quantity: Decimal,
    lot: str,
    expiry: date | None,
    serial: str,
    unit_cost: int | None,
) -> Opening:
    """An Opening whose texts are clean. Raises Invalid."""
    if expiry is not None and not lot:
        raise Invalid("expiry needs a lot: dates belong to lots", field="lot")
    if serial and quantity != 1:
        raise Invalid("a serial number is one unit: quantity must be 1", field="quantity")
    return Opening(
        line=line,
        sku=sku,
        site=clean_line(site, field="site", max_length=40, required=False),
        location=clean_line(location, field="location", max_length=80, required=False),
        quantity=quantity,
        lot=clean_line(lot, field="lot", max_length=MAX_LOT_NUMBER, required=False),
        expiry=expiry,
        serial=clean_line(serial, field="serial", max_length=MAX_SERIAL, required=False),
        unit_cost=unit_cost,
    )


class Openings:
    """Posts openings chunk by chunk; remembers places and lots' dates, so that a file cannot contradict itself."""

    def __init__(self) -> None:
        self.expiries: dict[tuple[str, str], date | None] = {}
        self.lines: dict[str, int] = {}

    def post(self, session: Session, openings: Sequence[Opening], variants: dict[str, Any], outcome: Outcome) -> None:
        """Post `openings` of the variants in `variants` (by SKU); counts and refusals go to `outcome`."""
        places = _Places(session, openings)
        lots = _Lots(session, openings, variants, self.expiries)
        serials = _serials_in_stock(session, openings, variants)
        lines: dict[str, int] = {}
        postings: list[tuple[Opening, Posting]] = []
        for opening in openings:
            try:
                posting = _posting(session, opening, variants, places, lots)
                self._refuse_second_statement(posting, lines)
                _refuse_second_serial(session, posting, serials)
                lines[posting.idempotency_key] = opening.line
                postings.append((opening, posting))
            except AmbraError as error:
                outcome.refused.append(Refused(opening.line, opening.sku, error.message))
        lots.save(session)
        self._post(session, postings, outcome)
        outcome.learned.update({("lot", *key): expiry for key, expiry in lots.expiries.items()})
        outcome.learned.update({("place", key): line for key, line in lines.items()})

    def _refuse_second_statement(self, posting: Posting, lines: dict[str, int]) -> None:
        first = lines.get(posting.idempotency_key) or self.lines.get(posting.idempotency_key)
        if first:
            raise Invalid(f"line {first} states the stock of this place already")

    def remember(self, learned: Learned) -> None:
        """Take in the places and lots of a chunk that was written."""
        for key, value in learned.items():
            if key[0] == "lot":
                self.expiries[(key[1], key[2])] = value
            elif key[0] == "place":
                self.lines[key[1]] = value

    def _post(self, session: Session, postings: Sequence[tuple[Opening, Posting]], outcome: Outcome) -> None:
        known = _posted_before(session, [posting.idempotency_key for _, posting in postings])
        fresh = []
        for opening, posting in postings:
            before = known.get(posting.idempotency_key)
            if before is None:
                fresh.append(posting)
            elif before == posting.quantity:
                outcome.unchanged += 1
            else:
                reason = f"this place was imported before with {before:f}: count it or adjust it"
                outcome.refused.append(Refused(opening.line, opening.sku, reason))
        post(session, fresh)
        outcome.made += len(fresh)


def _posting(session: Session, opening: Opening, variants: dict[str, Any], places: _Places, lots: _Lots) -> Posting:
    variant = variants.get(opening.sku)
    if variant is None:
        raise Invalid(f"SKU '{opening.sku}' is not in the catalogue: import the catalogue first", field="sku")
    _check_tracking(opening, variant)
    site, location = places.of(opening, variant)
    place = location.id if opening.location else f"receiving:{site.id}"
    return Posting(
        variant_id=variant.id,
        source_id=INVENTORY_LOSS,
        destination_id=location.id,
        quantity=opening.quantity,
        kind=MoveKind.OPENING_BALANCE,
        idempotency_key="import:stock:" + derived_id("place", place, variant.id, opening.lot, opening.serial),
        lot_id=lots.of(opening, variant),
        serial=opening.serial,
        reason="import",
        unit_cost=opening.unit_cost,
    )


def _check_tracking(opening: Opening, variant: Any) -> None:
    if opening.serial and not variant.is_serial_tracked:
        raise Invalid(f"{opening.sku} does not track serial numbers", field="serial")
    if opening.lot and not variant.is_lot_tracked:
        raise Invalid(f"{opening.sku} does not track lots", field="lot")


def _posted_before(session: Session, keys: Sequence[str]) -> dict[str, Decimal]:
    organization_id = organization_of(session)
    by_id = {ledger_move_id(organization_id, key): key for key in keys}
    table = table_of(StockMove)
    statement = select(table.c.id, table.c.quantity).where(
        table.c.organization_id == organization_id, table.c.id.in_(sorted(by_id))
    )
    return {by_id[row.id]: row.quantity for row in session.connection().execute(statement)} if by_id else {}


def _serials_in_stock(
    session: Session, openings: Sequence[Opening], variants: dict[str, Any]
) -> dict[tuple[str, str], str]:
    """(variant, serial) -> id of the location where that unit is."""
    wanted = sorted({opening.serial for opening in openings if opening.serial})
    if not wanted:
        return {}
    table = table_of(StockLevel)
    statement = select(table.c.variant_id, table.c.serial, table.c.location_id).where(
        table.c.organization_id == organization_of(session),
        table.c.variant_id.in_(sorted({variant.id for variant in variants.values()})),
        table.c.serial.in_(wanted),
        table.c.on_hand > 0,
    )
    return {(row.variant_id, row.serial): row.location_id for row in session.connection().execute(statement)}


def _refuse_second_serial(session: Session, posting: Posting, serials: dict[tuple[str, str], str]) -> None:
    if not posting.serial:
        return
    elsewhere = serials.get((posting.variant_id, posting.serial))
    if elsewhere is not None and elsewhere != posting.destination_id:
        place = session.get(Location, (organization_of(session), elsewhere))
        raise Invalid(f"serial {posting.serial} is in {place.code if place else 'another place'} already")
    serials[(posting.variant_id, posting.serial)] = posting.destination_id


class _Places:
    """Sites and locations of a chunk, found by two statements."""

    def __init__(self, session: Session, openings: Sequence[Opening]) -> None:
        self.session = session
        self.sites = existing(session, Site, "code", (o.site for o in openings if o.site))
        self.only_site = self._only_site() if any(not o.site for o in openings) else None
        wanted = sorted({o.location for o in openings if o.location})
        self.by_code: dict[tuple[str, str], Any] = {}
        self.by_barcode: dict[str, Any] = {}
        self.receiving: dict[str, Location] = {}
        if wanted:
            table = table_of(Location)
            statement = select(table).where(
                table.c.organization_id == organization_of(session),
                table.c.code.in_(wanted) | table.c.barcode.in_(wanted),
            )
            for row in session.connection().execute(statement):
                self.by_code[(row.site_id, row.code)] = row
                self.by_barcode[row.barcode] = row

    def _only_site(self) -> Any:
        table = table_of(Site)
        statement = select(table).where(table.c.organization_id == organization_of(self.session)).limit(2)
        rows = self.session.connection().execute(statement).all()
        return rows[0] if len(rows) == 1 else None

    def of(self, opening: Opening, variant: Any) -> tuple[Any, Any]:
        """The site and location of an opening. Raises Invalid."""
        site = self.sites.get(opening.site) if opening.site else self.only_site
        if site is None and opening.site:
            raise Invalid(f"there is no site '{opening.site}': import locations first", field="site")
        if site is None:
            raise Invalid("the row names no site, and there is not exactly one", field="site")
        if site.is_read_only:
            raise Invalid(f"site {site.code} is read-only: only its marketplace sync changes it", field="site")
        if not opening.location:
            return site, self._receiving(site, variant)
        found = self.by_code.get((site.id, opening.location)) or self.by_barcode.get(opening.location)
        if found is None or found.site_id != site.id:
            raise Invalid(f"there is no location '{opening.location}' in {site.code}", field="location")
        return site, found

    def _receiving(self, site: Any, variant: Any) -> Location:
        if site.id not in self.receiving or variant.home_location_id:
            row = self.session.get(Variant, (organization_of(self.session), variant.id))
            assert row is not None
            self.receiving[site.id] = receiving_location(self.session, site_id=site.id, variant=row)
        return self.receiving[site.id]


class _Lots:
    """Lots of a chunk: the known ones by one statement, the new ones added by one."""

    def __init__(
        self,
        session: Session,
        openings: Sequence[Opening],
        variants: dict[str, Any],
        expiries: dict[tuple[str, str], date | None],
    ) -> None:
        self.now = now_of(session)
        self.organization_id = organization_of(session)
        self.before = expiries
        self.expiries: dict[tuple[str, str], date | None] = {}
        self.ids: dict[tuple[str, str], str] = {}
        self.fresh: list[dict[str, Any]] = []
        self.dated: dict[str, date] = {}
        numbers = sorted({o.lot for o in openings if o.lot})
        ids = sorted({variants[o.sku].id for o in openings if o.lot and o.sku in variants})
        if not numbers or not ids:
            return
        table = table_of(Lot)
        statement = select(table).where(
            table.c.organization_id == self.organization_id,
            table.c.variant_id.in_(ids),
            table.c.lot_number.in_(numbers),
        )
        for row in session.connection().execute(statement):
            self.ids[(row.variant_id, row.lot_number)] = row.id
            self.expiries[(row.variant_id, row.lot_number)] = row.expiry_date

    def of(self, opening: Opening, variant: Any) -> str:
        """The id of an opening's lot, new ones included; empty without a lot. Raises Invalid for another expiry."""
        if not opening.lot:
            return ""
        key = (variant.id, opening.lot)
        known = self.expiries.get(key) or self.before.get(key)
        if known is not None and opening.expiry is not None and known != opening.expiry:
            raise Invalid(f"lot {opening.lot} expires on {known.isoformat()}, not on {opening.expiry.isoformat()}")
        if key in self.ids and known is None and opening.expiry is not None:
            self.dated[self.ids[key]] = self.expiries[key] = opening.expiry
        if key not in self.ids:
            self.ids[key] = new_id("lot")
            self.expiries[key] = opening.expiry
            self.fresh.append(
                {
                    "organization_id": self.organization_id,
                    "id": self.ids[key],
                    "variant_id": variant.id,
                    "lot_number": opening.lot,
                    "expiry_date": opening.expiry,
                    "status": "active",
                    "quantity_initial": Decimal(0),
                    "created_at": self.now,
                    "updated_at": self.now,
                }
            )
        return self.ids[key]

    def save(self, session: Session) -> None:
        """Add the new lots, and the dates that known ones lacked."""
        add_rows(session, Lot, self.fresh)
        table = table_of(Lot)
        for lot_id, expiry in self.dated.items():
            own = update(table).where(table.c.organization_id == self.organization_id, table.c.id == lot_id)
            session.connection().execute(own.values(expiry_date=expiry, updated_at=self.now))
        rows = [
            token
            for lot in self.fresh
            for token in token_rows(self.organization_id, "lot", lot["id"], lot["lot_number"])
        ]
        add_tokens(session, rows)
