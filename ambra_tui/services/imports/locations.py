"""Imports sites and their locations: a row a location; a site that is new is made with its first row.

A location that exists keeps what it has. A row without a location code makes the site alone.

Example::

    site,code,kind,sequence
    WH1,RECV,dock,
    WH1,A01-1,pick,10
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from ambra_tui.errors import Invalid
from ambra_tui.kit.text import clean_line
from ambra_tui.services import places
from ambra_tui.services.imports import _values
from ambra_tui.services.imports._bulk import add_rows, add_tokens, as_row, existing, token_rows
from ambra_tui.services.imports._terms import Circumstances, Field, ImportKind, Learned, Outcome, Record, Refused
from ambra_tui.store.models import Location, Site, table_of
from ambra_tui.store.models.places import SITE_KINDS
from ambra_tui.store.scope import now_of, organization_of

FIELDS = (
    Field("site", "the site's code (the only one); a new one is made", ("warehouse", "site_code")),
    Field("site_name", "the site's name (its code)", ("warehouse_name",)),
    Field("site_kind", "warehouse, store, fba or fbs (warehouse)"),
    Field("code", "the location's code", ("location", "bin", "location_code")),
    Field("kind", "pick, reserve, dock, stage, tote, quarantine or damaged (pick)", ("location_kind", "type")),
    Field("barcode", "its printed code (site and code with a hyphen)", ("location_barcode",)),
    Field("name", "a name", ("location_name",)),
    Field("zone", "its zone", ("aisle", "area")),
    Field("sequence", "its place in the walk", ("walk", "pick_sequence")),
    Field("capacity", "most units it takes"),
    Field("single_lot", "yes: one lot at a time"),
    Field("single_variant", "yes: one variant at a time", ("single_item",)),
)


@dataclass(frozen=True, slots=True)
class Item:
    """A checked row; `location` belongs to a site that is known or made when it is written."""

    line: int
    site: str
    site_name: str
    site_kind: str
    location: Location | None


class LocationImport:
    """One run: knows the codes and barcodes that the file brought so far."""

    chunk = 200

    def __init__(self, circumstances: Circumstances) -> None:
        self.only_site = circumstances.only_site
        self.codes: dict[tuple[str, str], int] = {}
        self.barcodes: dict[str, int] = {}

    def prepare(self, record: Record) -> Item:
        """Check a row by itself and against the rows before it."""
        if not record["site"] and not self.only_site:
            raise Invalid("the row names no site, and there is not exactly one", field="site")
        site = clean_line(record["site"] or self.only_site, field="site", max_length=places.MAX_CODE)
        kind = record["site_kind"].casefold() or "warehouse"
        if kind not in SITE_KINDS:
            raise Invalid(f"site_kind is one of {', '.join(SITE_KINDS)}", field="site_kind")
        name = clean_line(record["site_name"], field="site_name", required=False) or site
        location = _location(record, site) if record["code"] else None
        if location is not None:
            self._refuse_repeated(record.line, site, location)
        return Item(record.line, site, name, kind, location)

    def _refuse_repeated(self, line: int, site: str, location: Location) -> None:
        first = self.codes.get((site, location.code)) or self.barcodes.get(location.barcode)
        if first:
            raise Invalid(f"line {first} has this location already", field="code")
        self.codes[(site, location.code)] = line
        self.barcodes[location.barcode] = line

    def write(self, session: Session, items: Sequence[Item]) -> Outcome:
        """Add the sites and locations that are new."""
        outcome = Outcome()
        sites: dict[str, Any] = dict(existing(session, Site, "code", (item.site for item in items)))
        made_sites = set()
        for item in items:
            if item.site not in sites:
                sites[item.site] = places.create_site(session, code=item.site, name=item.site_name, kind=item.site_kind)
                made_sites.add(item.line)
        barcodes = existing(session, Location, "barcode", (i.location.barcode for i in items if i.location))
        codes = _codes(session, [site.id for site in sites.values()], items)
        rows, tokens = [], []
        for item in items:
            if item.location is None:
                outcome.made += item.line in made_sites
                outcome.unchanged += item.line not in made_sites
                continue
            site_id = sites[item.site].id
            if (site_id, item.location.code) in codes:
                outcome.unchanged += 1
                continue
            if item.location.barcode in barcodes:
                other = barcodes[item.location.barcode].code
                reason = f"barcode {item.location.barcode} belongs to location {other}"
                outcome.refused.append(Refused(item.line, item.location.code, reason))
                continue
            row = as_row(item.location)
            row |= {"organization_id": organization_of(session), "site_id": site_id}
            row |= {"created_at": now_of(session), "updated_at": now_of(session)}
            rows.append(row)
            words = (item.location.code, item.location.barcode, item.location.name)
            tokens += token_rows(organization_of(session), "location", item.location.id, *words)
        add_rows(session, Location, rows)
        add_tokens(session, tokens)
        outcome.made += len(rows)
        return outcome

    def remember(self, learned: Learned) -> None:
        """Nothing of a chunk matters to the next."""


def _location(record: Record, site: str) -> Location:
    return places.new_location_row(
        Site(organization_id=0, id="", code=site, name=site),
        code=record["code"],
        kind=record["kind"].casefold() or "pick",
        barcode=record["barcode"] or None,
        name=record["name"],
        zone=record["zone"],
        sequence=_values.whole(record, "sequence"),
        is_single_lot=_values.flag(record, "single_lot"),
        is_single_variant=_values.flag(record, "single_variant"),
        capacity=_values.number(record, "capacity"),
    )


def _codes(session: Session, site_ids: Sequence[str], items: Sequence[Item]) -> set[tuple[str, str]]:
    table = table_of(Location)
    statement = select(table.c.site_id, table.c.code).where(
        table.c.organization_id == organization_of(session),
        table.c.site_id.in_(site_ids),
        table.c.code.in_(sorted({item.location.code for item in items if item.location})),
    )
    return {(row.site_id, row.code) for row in session.connection().execute(statement)}


IMPORT = ImportKind(
    name="locations",
    help="sites and the bins, docks and stages in them",
    fields=FIELDS,
    make=LocationImport,
    subject=("site", "code"),
)
