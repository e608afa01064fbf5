"""Lots: one expiry each, and their holds."""

from __future__ import annotations

from datetime import date

import pytest

from ambra_tui.errors import Duplicate, Invalid, NotFound, WrongState
from ambra_tui.services import lots
from ambra_tui.store.models import SiteStock
from ambra_tui.store.scope import scoped
from tests import factories

pytestmark = pytest.mark.usefixtures("store")

JULY = date(2026, 7, 15)


@pytest.fixture
def milk(write):
    return write(lambda s: factories.variant(s, is_lot_tracked=True, is_expiry_tracked=True))


def test_a_lot_is_made_once(write, milk):
    first = write(lambda s: lots.find_or_create_lot(s, variant=milk, lot_number="M130", expiry_date=JULY))
    again = write(lambda s: lots.find_or_create_lot(s, variant=milk, lot_number="M130", expiry_date=JULY))
    assert again.id == first.id
    with pytest.raises(Duplicate):
        write(lambda s: lots.create_lot(s, variant_id=milk.id, lot_number="M130"))


def test_another_expiry_is_refused_with_both_dates(write, milk):
    write(lambda s: lots.find_or_create_lot(s, variant=milk, lot_number="M130", expiry_date=JULY))
    other = date(2026, 8, 15)
    with pytest.raises(lots.ExpiryDiffers) as refusal:
        write(lambda s: lots.find_or_create_lot(s, variant=milk, lot_number="M130", expiry_date=other))
    assert (refusal.value.stored, refusal.value.given) == (JULY, other)
    assert write(lambda s: lots.find_lot(s, milk.id, "M130")).expiry_date == JULY


def test_a_missing_expiry_never_blanks_one_and_a_given_one_fills_a_gap(write, milk):
    write(lambda s: lots.find_or_create_lot(s, variant=milk, lot_number="M1"))
    assert write(lambda s: lots.find_or_create_lot(s, variant=milk, lot_number="M1", expiry_date=JULY)).expiry_date
    assert write(lambda s: lots.find_or_create_lot(s, variant=milk, lot_number="M1")).expiry_date == JULY


def test_lots_of_one_number_belong_to_their_variants(write, milk):
    other = write(lambda s: factories.variant(s, sku="CHOC"))
    first = write(lambda s: lots.find_or_create_lot(s, variant=milk, lot_number="7"))
    assert write(lambda s: lots.find_or_create_lot(s, variant=other, lot_number="7")).id != first.id


def test_a_quarantined_lot_is_held_until_it_is_freed(write, store, organization_id, milk):
    house = write(factories.warehouse)
    lot = write(lambda s: lots.create_lot(s, variant_id=milk.id, lot_number="M1", expiry_date=JULY))
    write(lambda s: factories.stock(s, milk, house.bin, 24, lot=lot))
    write(lambda s: lots.change_lot_status(s, lot_id=lot.id, status="quarantine", reason="seal broken"))

    def held():
        with store.read(organization_id) as session:
            return session.exec(scoped(session, SiteStock)).one().held

    assert held() == 24
    with pytest.raises(WrongState, match="quarantine"):
        write(lambda s: lots.change_lot_status(s, lot_id=lot.id, status="quarantine"))
    write(lambda s: lots.change_lot_status(s, lot_id=lot.id, status="active"))
    assert held() == 0


def test_exhausted_is_never_chosen(write, milk):
    lot = write(lambda s: lots.create_lot(s, variant_id=milk.id, lot_number="M1"))
    with pytest.raises(Invalid):
        write(lambda s: lots.change_lot_status(s, lot_id=lot.id, status="exhausted"))


def test_a_lot_of_nobody_and_of_somebody_else_answer_alike(write, store, milk):
    lot = write(lambda s: lots.create_lot(s, variant_id=milk.id, lot_number="M1"))
    other = factories.organization(store, "Other")
    for key in (lot.id, "lot_nothing"):
        with store.read(other) as session, pytest.raises(NotFound):
            lots.get_lot(session, key)
