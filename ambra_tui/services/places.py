"""Sites, the locations in them, and license plates.

Example::

    site = create_site(session, code="WH1", name="Main warehouse", dock="RECV")
    create_location(session, site_id=site.id, code="A01-1", kind="pick", sequence=10)
    find_location(session, "WH1-A01-1", site_id=site.id)
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from ambra_tui.errors import Duplicate, Invalid, NotFound
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services.catalog import positive_quantity
from ambra_tui.services.rows import add_unique
from ambra_tui.services.search import index_subject
from ambra_tui.store.facts import audit, next_number, publish
from ambra_tui.store.models import LicensePlate, Location, Site
from ambra_tui.store.models.places import LOCATION_KINDS, SITE_KINDS
from ambra_tui.store.prepared import ORGANIZATION, Prepared, given
from ambra_tui.store.scope import fetch, now_of, organization_of, scoped

MAX_CODE = 40
MAX_LOCATION_BARCODE = 80
MAX_PLATE_CODE = 60
MAX_ADDRESS_FIELDS = 30
PLATE_KINDS = ("pallet", "carton", "tote")
HELD_KINDS = frozenset({"quarantine", "damaged"})
READ_ONLY_KINDS = frozenset({"fba", "fbs"})


def create_site(
    session: Session,
    *,
    code: str,
    name: str,
    kind: str = "warehouse",
    address: dict[str, Any] | None = None,
    parent_id: str | None = None,
    dock: str | None = None,
) -> Site:
    """A warehouse or store. `dock`: the code of a receiving dock to make with it. Marketplace sites are read-only."""
    if kind not in SITE_KINDS:
        raise Invalid(f"kind is one of {', '.join(SITE_KINDS)}", field="kind")
    if parent_id is not None:
        fetch(session, Site, parent_id, resource="site")
    now = now_of(session)
    site = Site(
        organization_id=organization_of(session),
        id=new_id("wh"),
        code=clean_line(code, field="code", max_length=MAX_CODE),
        name=clean_line(name, field="name"),
        kind=kind,
        is_read_only=kind in READ_ONLY_KINDS,
        address=clean_address(address),
        parent_id=parent_id,
        created_at=now,
        updated_at=now,
    )
    taken = Duplicate("site", "code", site.code)
    if session.exec(scoped(session, Site).where(Site.code == site.code)).first() is not None:
        raise taken
    add_unique(session, site, taken)
    index_subject(session, "site", site.id, site.code, site.name)
    publish(session, "site_created", site.id, {"code": site.code})
    audit(session, "site_created", site.id, code=site.code, name=site.name)
    if dock is not None:
        create_location(session, site_id=site.id, code=dock, kind="dock")
    return site


def free_site_code(session: Session) -> str:
    """The next number that no site has for its code, such as ``WH-000001``."""
    while True:
        code = next_number(session, "WH")
        if session.exec(scoped(session, Site).where(Site.code == code)).first() is None:
            return code


def clean_address(address: dict[str, Any] | None) -> dict[str, Any]:
    """An address: a few named lines of text. Raises Invalid."""
    if address is None:
        return {}
    if len(address) > MAX_ADDRESS_FIELDS:
        raise Invalid(f"address has more than {MAX_ADDRESS_FIELDS} fields", field="address")
    return {
        clean_line(str(name), field="address", max_length=60): clean_line(
            str(value), field=f"address.{name}", required=False
        )
        for name, value in address.items()
        if value is not None
    }


def create_location(
    session: Session,
    *,
    site_id: str,
    code: str,
    kind: str = "pick",
    barcode: str | None = None,
    name: str = "",
    zone: str = "",
    sequence: int | None = None,
    parent_id: str | None = None,
    is_single_lot: bool = False,
    is_single_variant: bool = False,
    capacity: Decimal | None = None,
) -> Location:
    """A bin, dock, stage or tote of a site. Without `barcode` it is the site's code, a hyphen and `code`.

    What lies in a quarantine or damaged location is held: on hand, but not to be used.
    """
    site = fetch(session, Site, site_id, resource="site")
    location = new_location_row(
        site,
        code=code,
        kind=kind,
        barcode=barcode,
        name=name,
        zone=zone,
        sequence=sequence,
        is_single_lot=is_single_lot,
        is_single_variant=is_single_variant,
        capacity=capacity,
    )
    if parent_id is not None and fetch(session, Location, parent_id, resource="location").site_id != site.id:
        raise Invalid("the parent location is in another site", field="parent_id")
    location.parent_id = parent_id
    location.created_at = location.updated_at = now_of(session)
    _refuse_taken(session, location)
    add_unique(session, location, Duplicate("location", "barcode", location.barcode))
    index_subject(session, "location", location.id, location.code, location.barcode, location.name)
    audit(session, "location_created", location.id, code=location.code, site=site.code)
    return location


def new_location_row(
    site: Site,
    *,
    code: str,
    kind: str = "pick",
    barcode: str | None = None,
    name: str = "",
    zone: str = "",
    sequence: int | None = None,
    is_single_lot: bool = False,
    is_single_variant: bool = False,
    capacity: Decimal | None = None,
) -> Location:
    """The checked row of a location, without its moments. Raises Invalid naming the field that is wrong."""
    if kind not in LOCATION_KINDS or kind == "virtual":
        raise Invalid(f"kind is one of {', '.join(k for k in LOCATION_KINDS if k != 'virtual')}", field="kind")
    if sequence is not None and not 0 <= sequence <= 10**9:
        raise Invalid("sequence is between 0 and 1,000,000,000", field="sequence")
    text = clean_line(code, field="code", max_length=MAX_CODE)
    own = clean_line(barcode or "", field="barcode", max_length=MAX_LOCATION_BARCODE, required=False)
    return Location(
        organization_id=site.organization_id,
        id=new_id("loc"),
        site_id=site.id,
        code=text,
        barcode=own or clean_line(f"{site.code}-{text}", field="barcode", max_length=MAX_LOCATION_BARCODE + 1),
        name=clean_line(name, field="name", required=False),
        usage="internal",
        kind=kind,
        zone=clean_line(zone, field="zone", max_length=MAX_CODE, required=False),
        sequence=sequence,
        is_held=kind in HELD_KINDS,
        is_single_lot=is_single_lot,
        is_single_variant=is_single_variant,
        capacity=None if capacity is None else positive_quantity(capacity, field="capacity"),
    )


def _refuse_taken(session: Session, location: Location) -> None:
    same_barcode = scoped(session, Location).where(Location.barcode == location.barcode)
    if session.exec(same_barcode).first() is not None:
        raise Duplicate("location", "barcode", location.barcode)
    same_code = scoped(session, Location).where(Location.site_id == location.site_id, Location.code == location.code)
    if session.exec(same_code).first() is not None:
        raise Duplicate("location", "code", location.code)


_OWN = select(Location).where(Location.organization_id == ORGANIZATION)
_IN_USE = _OWN.where(Location.status == "active")
_BY_BARCODE: Prepared[Location] = Prepared(_IN_USE.where(Location.barcode == given("barcode")))
_BY_CODE: Prepared[Location] = Prepared(
    _IN_USE.where(Location.site_id == given("site_id"), Location.code == given("code"))
)
_PLATE: Prepared[LicensePlate] = Prepared(
    select(LicensePlate).where(LicensePlate.organization_id == ORGANIZATION, LicensePlate.code == given("code"))
)


def find_location(session: Session, text: str, *, site_id: str | None = None) -> Location | None:
    """The location in use with the barcode `text`, else the one of site `site_id` with that code; typed small letters
    do too.

    A barcode of another site is found as well: the caller tells the worker that the bin is elsewhere.
    """
    wanted = text.strip()
    for spelling in dict.fromkeys((wanted, wanted.upper())):
        found = _BY_BARCODE.first(session, barcode=spelling)
        if found is None and site_id is not None:
            found = _BY_CODE.first(session, site_id=site_id, code=spelling)
        if found is not None:
            return found
    return None


def site_by_code(session: Session, code: str) -> Site:
    """The site with this code, in any case. Raises NotFound."""
    wanted = code.strip()
    for spelling in dict.fromkeys((wanted, wanted.upper())):
        found = session.exec(scoped(session, Site).where(Site.code == spelling)).first()
        if found is not None:
            return found
    raise NotFound("site", wanted)


def sites_of(session: Session) -> list[Site]:
    """Every site that is not archived, by code."""
    statement = scoped(session, Site).where(Site.status != "archived")
    return list(session.exec(statement.order_by(col(Site.code))).all())


def locations_of(session: Session, site_id: str) -> list[Location]:
    """A site's locations: the walked ones in walking order, then the others by code."""
    statement = scoped(session, Location).where(Location.site_id == site_id)
    rows = session.exec(statement).all()
    return sorted(rows, key=lambda row: (row.sequence is None, row.sequence or 0, row.code))


def find_plate(session: Session, code: str) -> LicensePlate | None:
    """The license plate with this code."""
    return _PLATE.first(session, code=code.strip())


def find_or_create_plate(session: Session, code: str, *, kind: str = "pallet") -> LicensePlate:
    """The license plate with this code, made when it is new."""
    if kind not in PLATE_KINDS:
        raise Invalid(f"kind is one of {', '.join(PLATE_KINDS)}", field="kind")
    text = clean_line(code, field="license_plate", max_length=MAX_PLATE_CODE)
    found = find_plate(session, text)
    if found is not None:
        return found
    plate = LicensePlate(
        organization_id=organization_of(session), id=new_id("lp"), code=text, kind=kind, created_at=now_of(session)
    )
    try:
        add_unique(session, plate, Duplicate("license_plate", "code", text))
    except Duplicate:  # another station made it a moment ago
        return session.exec(scoped(session, LicensePlate).where(LicensePlate.code == text)).one()
    return plate
