"""Search: exact before prefix before words before likeness, the same on both databases."""

from __future__ import annotations

import pytest

from ambra_tui.services import catalog, search

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def goods(write):
    names = {
        "CHOC-100": "Dark chocolate 100 g",
        "CHOC-200": "Milk chocolate 200 g",
        "CREME-1": "Crème brûlée",
        "LOT-7": "Label roll",
        "UV-1": "UV lamp",
        "STR-1": "Große Straße",
        "PCT-1": "100% juice_mix",
    }
    for sku, name in names.items():
        write(lambda s, n=name, k=sku: catalog.create_product(s, name=n, sku=k))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("LOT-7", ["LOT-7"]),
        ("lot 7", ["LOT-7"]),
        ("creme brulee", ["CREME-1"]),
        ("BRÛLÉE", ["CREME-1"]),
        ("strasse", ["STR-1"]),
        ("uv", ["UV-1"]),
        ("choc dark", ["CHOC-100"]),
        ("choc-2", ["CHOC-200"]),
        ("chocolat", ["CHOC-100", "CHOC-200"]),
        ("choclate dark", ["CHOC-100"]),
        ("100%", ["CHOC-100", "PCT-1"]),
        ("e_m", []),
        ("%", []),
        ("", []),
        ("zzzz", []),
    ],
)
def test_found(write, goods, text, found):
    assert sorted(v.sku for v in write(lambda s: catalog.search(s, text))) == found


def test_the_exact_form_comes_first(write, goods):
    write(lambda s: catalog.create_product(s, name="CHOC-100 display box", sku="BOX"))
    assert [v.sku for v in write(lambda s: catalog.search(s, "choc-100"))] == ["CHOC-100", "BOX"]


def test_a_barcode_is_found_by_its_first_digits(write, goods):
    variant = write(lambda s: catalog.variant_by_sku(s, "UV-1"))
    write(lambda s: catalog.add_barcode(s, variant_id=variant.id, code="5001000000019"))
    for text in ("5001000000019", "500100", "05001000000019"):
        assert [v.sku for v in write(lambda s, t=text: catalog.search(s, t))] == ["UV-1"]


def test_a_renamed_subject_is_found_by_its_new_words_only(write, goods):
    variant = write(lambda s: catalog.variant_by_sku(s, "UV-1"))
    write(lambda s: search.reindex_subject(s, "variant", variant.id, "UV-1", "Black light"))
    assert [v.sku for v in write(lambda s: catalog.search(s, "black"))] == ["UV-1"]
    assert write(lambda s: search.subjects_with(s, "variant", "lamp")) == []


def test_answers_are_limited(write):
    for number in range(30):
        write(lambda s, n=number: catalog.create_product(s, name=f"Screw {n}", sku=f"S-{n}"))
    assert len(write(lambda s: catalog.search(s, "screw", limit=7))) == 7
