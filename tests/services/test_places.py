"""Sites, locations and license plates."""

from __future__ import annotations

import pytest

from ambra_tui.errors import Duplicate, Invalid, NotFound
from ambra_tui.services import places

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def site(write):
    return write(lambda s: places.create_site(s, code="WH1", name="Main", dock="RECV"))


def test_a_site_comes_with_its_dock_when_asked(write, site):
    assert [(row.code, row.kind, row.barcode) for row in write(lambda s: places.locations_of(s, site.id))] == [
        ("RECV", "dock", "WH1-RECV")
    ]


def test_a_site_code_is_taken_once(write, site):
    with pytest.raises(Duplicate):
        write(lambda s: places.create_site(s, code="WH1", name="Again"))
    assert [row.name for row in write(places.sites_of)] == ["Main"]


def test_marketplace_sites_are_read_only(write):
    assert write(lambda s: places.create_site(s, code="FBA", name="FBA", kind="fba")).is_read_only
    with pytest.raises(Invalid):
        write(lambda s: places.create_site(s, code="X", name="X", kind="moon"))


def test_a_bin_barcode_is_site_and_code_without_change(write, site):
    row = write(lambda s: places.create_location(s, site_id=site.id, code="A01-1", sequence=10))
    assert (row.barcode, row.is_held) == ("WH1-A01-1", False)


@pytest.mark.parametrize("kind", ["quarantine", "damaged"])
def test_what_lies_in_quarantine_is_held(write, site, kind):
    assert write(lambda s: places.create_location(s, site_id=site.id, code="Q", kind=kind)).is_held


def test_a_location_is_found_by_barcode_and_by_code_in_its_site(write, site):
    other = write(lambda s: places.create_site(s, code="ST1", name="Store"))
    made = write(lambda s: places.create_location(s, site_id=site.id, code="A01-1"))
    for text in ("WH1-A01-1", "wh1-a01-1", "A01-1", "a01-1"):
        assert write(lambda s, t=text: places.find_location(s, t, site_id=site.id)).id == made.id
    assert write(lambda s: places.find_location(s, "A01-1", site_id=other.id)) is None
    assert write(lambda s: places.find_location(s, "WH1-A01-1", site_id=other.id)).site_id == site.id
    assert write(lambda s: places.find_location(s, "A01-1")) is None


def test_codes_and_barcodes_are_taken_once(write, site):
    write(lambda s: places.create_location(s, site_id=site.id, code="A01-1"))
    with pytest.raises(Duplicate, match="code"):
        write(lambda s: places.create_location(s, site_id=site.id, code="A01-1", barcode="OTHER"))
    with pytest.raises(Duplicate, match="barcode"):
        write(lambda s: places.create_location(s, site_id=site.id, code="A01-2", barcode="WH1-A01-1"))


def test_locations_are_listed_in_walking_order(write, site):
    for code, sequence in (("A02", 20), ("B01", 10), ("STAGE", None)):
        write(lambda s, c=code, n=sequence: places.create_location(s, site_id=site.id, code=c, sequence=n))
    rows = write(lambda s: places.locations_of(s, site.id))
    assert [row.code for row in rows] == ["B01", "A02", "RECV", "STAGE"]


@pytest.mark.parametrize("values", [{"code": ""}, {"code": "x" * 41}, {"code": "A\x00"}, {"kind": "virtual"}])
def test_what_can_never_be_a_location_is_refused(write, site, values):
    with pytest.raises(Invalid):
        write(lambda s: places.create_location(s, site_id=site.id, **{"code": "A01", **values}))


def test_an_unknown_site_is_refused(write, site):
    with pytest.raises(NotFound):
        write(lambda s: places.create_location(s, site_id="wh_nothing", code="A01"))
    assert write(lambda s: places.site_by_code(s, "wh1")).id == site.id
    with pytest.raises(NotFound):
        write(lambda s: places.site_by_code(s, "WH2"))


def test_a_plate_is_made_at_its_first_scan_only(write, site):
    first = write(lambda s: places.find_or_create_plate(s, "050010000000000019"))
    assert write(lambda s: places.find_or_create_plate(s, "050010000000000019", kind="carton")).id == first.id
    assert write(lambda s: places.find_plate(s, "050010000000000019")).kind == "pallet"
    assert write(lambda s: places.find_plate(s, "nothing")) is None
