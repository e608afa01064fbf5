"""The catalogue: SKUs, barcodes, and what a scanned code means."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from ambra_tui.errors import Duplicate, Invalid, NotFound
from ambra_tui.scan.model import Scan
from ambra_tui.scan.parse import parse
from ambra_tui.services import catalog
from ambra_tui.services.catalog import NewBarcode, NewVariant

pytestmark = pytest.mark.usefixtures("store")

MILK = "5001000000019"
MILK_14 = "05001000000019"
CASE = "15001000000016"


def plain(text):
    return Scan(raw=text, kind="plain", text=text)


def gtin(text):
    return Scan(raw=text, kind="gtin", text=text, gtin=text.zfill(14))


@pytest.fixture
def milk(write):
    variant = NewVariant(
        sku="MILK-1L", barcode=MILK, barcodes=[NewBarcode(CASE, "case", Decimal(12))], is_expiry_tracked=True
    )
    product = write(lambda s: catalog.create_product(s, name="Whole milk", variants=[variant]))
    return write(lambda s: catalog.variants_of(s, product.id))[0]


def test_a_product_without_variants_has_one_that_carries_its_sku(write):
    product = write(lambda s: catalog.create_product(s, name="Bolt", sku="BOLT-M8", price_minor=125))
    (variant,) = write(lambda s: catalog.variants_of(s, product.id))
    assert (variant.sku, variant.name, variant.price_minor, variant.currency) == ("BOLT-M8", "Bolt", 125, "EUR")


def test_a_sku_is_numbered_when_none_is_given_and_jumps_over_one_that_is_taken(write):
    write(lambda s: catalog.create_product(s, name="First", sku="SKU-000001"))
    product = write(lambda s: catalog.create_product(s, name="Second"))
    assert [v.sku for v in write(lambda s: catalog.variants_of(s, product.id))] == ["SKU-000002"]


def test_tracking_expiry_means_tracking_lots(milk):
    assert milk.is_lot_tracked and milk.is_expiry_tracked


def test_a_taken_sku_is_refused_and_nothing_of_the_product_stays(write, milk):
    with pytest.raises(Duplicate) as refusal:
        write(lambda s: catalog.create_product(s, name="Other", variants=[NewVariant("NEW-1"), NewVariant("MILK-1L")]))
    assert refusal.value.value == "MILK-1L"
    with pytest.raises(NotFound):
        write(lambda s: catalog.variant_by_sku(s, "NEW-1"))


def test_a_sku_is_found_in_any_case_unless_twins_differ_in_case_alone(write, milk):
    assert write(lambda s: catalog.variant_by_sku(s, "milk-1l")).id == milk.id
    write(lambda s: catalog.create_product(s, name="Twin a", sku="85123A"))
    write(lambda s: catalog.create_product(s, name="Twin b", sku="85123a"))
    assert write(lambda s: catalog.variant_by_sku(s, "85123a")).name == "Twin b"
    write(lambda s: catalog.create_product(s, name="Twin c", sku="x7"))
    write(lambda s: catalog.create_product(s, name="Twin d", sku="X7"))
    assert write(lambda s: catalog.find_variant_by_sku(s, "x7")).name == "Twin c"
    assert write(lambda s: catalog.find_variant_by_sku(s, "nothing")) is None


@pytest.mark.parametrize("field", ["name", "sku", "barcode"])
def test_control_characters_are_refused_everywhere(write, field):
    values = {"name": "Bolt", "sku": "B-1", "barcode": "OWN-1", field: "a\x1b[31mb"}
    with pytest.raises(Invalid) as refusal:
        write(lambda s: catalog.create_product(s, **values))
    assert refusal.value.field == field


def test_markup_is_only_text(write):
    product = write(lambda s: catalog.create_product(s, name="[@click=app.quit]go[/]", sku="[/]"))
    assert product.name == "[@click=app.quit]go[/]"
    assert write(lambda s: catalog.variant_by_sku(s, "[/]")).product_id == product.id


def test_gtins_of_every_length_are_stored_as_fourteen_digits(write, milk):
    for code, stored in (("96385074", "00000096385074"), ("036000291452", "00036000291452")):
        assert write(lambda s, c=code: catalog.add_barcode(s, variant_id=milk.id, code=c)).code == stored
    assert {b.code for b in write(lambda s: catalog.barcodes_of(s, milk.id))} >= {MILK_14, CASE}


def test_a_upc_e_is_stored_written_out_and_found_however_it_is_scanned(write, milk):
    stored = write(lambda s: catalog.add_barcode(s, variant_id=milk.id, code="01234565"))
    assert stored.code == "00012345000065"
    for text in ("01234565", "012345000065", "0012345000065"):
        found = parse(text, today=date(2026, 3, 2))
        assert write(lambda s, scan=found: catalog.match_code(s, scan)).variant.id == milk.id
        assert write(lambda s, t=text: catalog.match_text(s, t)).variant.id == milk.id


def test_a_restricted_number_is_found_as_it_is_printed(write, milk):
    write(lambda s: catalog.add_barcode(s, variant_id=milk.id, code="2012345015005"))
    scan = parse("2012345015005", today=date(2026, 3, 2))
    assert scan.kind == "restricted"
    assert write(lambda s: catalog.match_code(s, scan)).variant.id == milk.id


def test_a_wrong_check_digit_is_refused_unless_the_code_is_an_own_label(write, milk):
    with pytest.raises(Invalid, match="check digit: 8 instead of 9"):
        write(lambda s: catalog.add_barcode(s, variant_id=milk.id, code="5001000000018"))
    own = write(lambda s: catalog.add_barcode(s, variant_id=milk.id, code="5001000000018", kind="own_label"))
    assert own.code == "5001000000018"
    assert write(lambda s: catalog.match_code(s, plain("5001000000018"))).variant.id == milk.id


def test_a_barcode_belongs_to_one_variant(write, milk):
    product = write(lambda s: catalog.create_product(s, name="Bolt", sku="BOLT"))
    (bolt,) = write(lambda s: catalog.variants_of(s, product.id))
    with pytest.raises(Duplicate):
        write(lambda s: catalog.add_barcode(s, variant_id=bolt.id, code=MILK_14))
    assert write(lambda s: catalog.match_code(s, gtin(MILK))).variant.id == milk.id


@pytest.mark.parametrize("quantity", [Decimal(0), Decimal(-1), Decimal("0.0000001"), Decimal("NaN"), Decimal("1e12")])
def test_a_barcode_means_a_positive_exact_quantity(write, milk, quantity):
    with pytest.raises(Invalid):
        write(lambda s: catalog.add_barcode(s, variant_id=milk.id, code="BOX", quantity=quantity))


def test_a_case_code_means_its_units(write, milk):
    match = write(lambda s: catalog.match_code(s, gtin(CASE)))
    assert (match.variant.id, match.quantity) == (milk.id, Decimal(12))


def test_own_labels_come_before_gtins_and_gtins_before_skus(write, milk):
    number = write(lambda s: catalog.create_product(s, name="Numbered", sku=MILK))
    assert write(lambda s: catalog.match_code(s, gtin(MILK))).variant.id == milk.id
    (own,) = write(lambda s: catalog.variants_of(s, number.id))
    write(lambda s: catalog.add_barcode(s, variant_id=own.id, code=MILK, kind="own_label"))
    assert write(lambda s: catalog.match_code(s, gtin(MILK))).variant.id == own.id


def test_a_weighed_item_is_found_by_its_item_number(write, milk):
    write(lambda s: catalog.add_barcode(s, variant_id=milk.id, code="12345", kind="alias"))
    scan = Scan(raw="2012345015001", kind="restricted", text="2012345015001", item_reference="12345")
    assert write(lambda s: catalog.match_code(s, scan)).variant.id == milk.id


def test_an_unknown_code_matches_nothing(write, milk):
    assert write(lambda s: catalog.match_code(s, gtin("5001000000026"))) is None
    assert write(lambda s: catalog.match_code(s, plain("MILK-1"))) is None
    assert write(lambda s: catalog.match_code(s, plain(""))) is None


def test_a_learned_barcode_works_at_the_next_scan_and_is_audited(store, organization_id, write, milk):
    from tests.trail import list_entries

    assert write(lambda s: catalog.match_code(s, plain("SHELF-7"))) is None
    write(lambda s: catalog.add_barcode(s, variant_id=milk.id, code="SHELF-7", quantity=6))
    assert write(lambda s: catalog.match_code(s, plain("SHELF-7"))).quantity == 6
    with store.read(organization_id) as session:
        (entry,) = list_entries(session, act="barcode_added")
    assert (entry.actor_name, entry.details["code"]) == ("Tess Tester", "SHELF-7")


def test_another_organization_sees_nothing_of_it(store, milk):
    from tests import factories

    other = factories.organization(store, "Other")
    with store.read(other) as session:
        assert catalog.match_code(session, gtin(MILK)) is None
        assert catalog.find_variant_by_sku(session, "MILK-1L") is None
        assert catalog.search(session, "milk") == []
        assert catalog.variants_of(session, milk.product_id) == []
