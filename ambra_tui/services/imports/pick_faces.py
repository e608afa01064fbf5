"""Imports pick faces: the bins that items are picked from, filled up when they hold less than their minimum.

A pick face that exists takes the file's limits.

Example::

    sku,site,location,minimum,maximum
    BOLT-M8,WH1,A01-1,100,500
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlmodel import Session

from ambra_tui.errors import AmbraError, Invalid
from ambra_tui.services.catalog import clean_sku
from ambra_tui.services.imports import _values
from ambra_tui.services.imports._bulk import existing
from ambra_tui.services.imports._terms import Circumstances, Field, ImportKind, Learned, Outcome, Record, Refused
from ambra_tui.services.places import find_location
from ambra_tui.services.replenishment import faces, set_face
from ambra_tui.store.models import Site, Variant
from ambra_tui.store.scope import fetch

FIELDS = (
    Field("sku", "the SKU that is picked there", ("item", "variant"), is_required=True),
    Field("site", "the site's code (the only one)", ("warehouse", "site_code")),
    Field("location", "the pick bin's code or barcode", ("bin", "location_code"), is_required=True),
    Field("minimum", "below this it is filled", ("min",), is_required=True),
    Field("maximum", "up to this it is filled", ("max",), is_required=True),
)


@dataclass(frozen=True, slots=True)
class Item:
    """A checked row."""

    line: int
    sku: str
    site: str
    location: str
    minimum: Decimal
    maximum: Decimal


class PickFaceImport:
    """One run."""

    chunk = 100

    def __init__(self, circumstances: Circumstances) -> None:
        self.only_site = circumstances.only_site

    def prepare(self, record: Record) -> Item:
        """Check a row by itself."""
        site = record["site"] or self.only_site
        if not site:
            raise Invalid("the row names no site, and there is not exactly one", field="site")
        minimum, maximum = _values.quantity(record, "minimum"), _values.quantity(record, "maximum")
        if minimum is None or maximum is None:
            raise Invalid("minimum or maximum is empty", field="minimum")
        if not record["location"]:
            raise Invalid("location is empty", field="location")
        return Item(record.line, clean_sku(record["sku"]), site, record["location"], minimum, maximum)

    def write(self, session: Session, items: Sequence[Item]) -> Outcome:
        """Set the limits that are new or different."""
        outcome = Outcome()
        variants = existing(session, Variant, "sku", (item.sku for item in items))
        sites = existing(session, Site, "code", (item.site for item in items))
        known = {(face.variant_id, face.location_id): (face.minimum, face.maximum) for face in faces(session)}
        for item in items:
            site = sites.get(item.site)
            place = find_location(session, item.location, site_id=site.id) if site else None
            if item.sku not in variants or site is None or place is None or place.site_id != site.id:
                missing = item.sku if item.sku not in variants else f"{item.site} {item.location}"
                outcome.refused.append(Refused(item.line, item.sku, f"there is no {missing}"))
                continue
            variant = variants[item.sku]
            if known.get((variant.id, place.id)) == (item.minimum, item.maximum):
                outcome.unchanged += 1
                continue
            try:
                own = fetch(session, Variant, variant.id, resource="variant")
                set_face(session, variant=own, location=place, minimum=item.minimum, maximum=item.maximum)
            except AmbraError as error:
                outcome.refused.append(Refused(item.line, item.sku, error.message))
                continue
            outcome.made += 1
        return outcome

    def remember(self, learned: Learned) -> None:
        """Nothing of a chunk matters to the next."""


IMPORT = ImportKind(
    name="pick-faces",
    help="bins that items are picked from, and how full they are kept",
    fields=FIELDS,
    make=PickFaceImport,
    subject=("sku", "location"),
)
