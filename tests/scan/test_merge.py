"""Several symbols of one label: together they are judged, apart they are waited for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from ambra_tui.scan.merge import LabelCollector, merge
from ambra_tui.scan.model import GS, RawScan, Scan
from ambra_tui.scan.parse import parse, parse_frame

TODAY = date(2026, 3, 2)
PLATE = "]C100050010000000000019"
OTHER_PLATE = "]C100050010000000000026"
CONTENT = "]C10215001000000016" + "17260715" + "3710" + GS + "10M130"
ITEM = "]C10105001000000019"


def part(text: str) -> Scan:
    return parse(text, today=TODAY, associations=False)


def test_plate_and_content_make_one_label() -> None:
    label = merge([part(PLATE), part(CONTENT)])
    assert (label.kind, label.error) == ("gs1", "")
    assert (label.sscc, label.gtin, label.is_content) == ("050010000000000019", "15001000000016", True)
    assert (label.lot, label.expiry, label.count) == ("M130", date(2026, 7, 15), Decimal(10))
    assert label.other == {}


def test_lot_and_expiry_join_in_any_order() -> None:
    symbols = [part(ITEM), part("]C110M130"), part("]C117260715")]
    for order in (symbols, symbols[::-1], [symbols[1], symbols[0], symbols[2]]):
        label = merge(order)
        assert (label.gtin, label.lot, label.expiry) == ("05001000000019", "M130", date(2026, 7, 15))
        assert label.missing == ()


def test_an_ean_13_is_the_item_of_its_label() -> None:
    label = merge([part("5001000000019"), part("]C110M130")])
    assert (label.kind, label.gtin, label.lot) == ("gs1", "05001000000019", "M130")


def test_requirements_hold_over_the_whole_label_only() -> None:
    lot = part("]C110M130")
    assert (lot.kind, lot.error) == ("gs1", "")
    assert lot.missing == ("10 needs 01 or 02 or 03 or 8006 or 8026",)
    assert merge([lot]).error == "missing_ai"
    assert merge([lot], associations=False).missing == lot.missing
    assert merge([part(PLATE), lot]).error == "missing_ai"
    assert merge([part(ITEM), lot]).error == ""


def test_conflicting_and_excluding_symbols_are_refused() -> None:
    assert merge([part(ITEM), part("]C110M130"), part("]C110M131")]).error == "repeated_ai"
    assert merge([part(ITEM), part("]C110M130"), part("]C110M130")]).lot == "M130"
    assert merge([part(ITEM), part(CONTENT)]).error == "excluded_ai"


def test_a_bad_or_strange_symbol_spoils_the_label() -> None:
    bad = part("]C117260230")
    assert merge([part(ITEM), bad]).error == "bad_date"
    assert merge([part(ITEM), part("WH1-A01-1")]).error == "not_a_label"
    assert merge([]).error == "empty"


def test_one_symbol_alone_stays_what_it_is() -> None:
    assert merge([part("5001000000019")]).kind == "gtin"
    assert merge([part("WH1-A01-1")]).kind == "plain"
    link = merge([part("https://example.com/01/05001000000019")])
    assert (link.kind, link.gtin) == ("digital_link", "05001000000019")


def test_symbols_within_the_time_join_and_later_ones_do_not() -> None:
    collector = LabelCollector(seconds=5.0)
    collector.add(part(PLATE), at=10.0)
    assert collector.add(part(CONTENT), at=15.0).sscc == "050010000000000019"
    assert collector.is_open(at=20.0)
    assert not collector.is_open(at=20.1)
    assert collector.add(part("]C110M130"), at=20.1).sscc == ""


def test_another_plate_or_item_begins_another_label() -> None:
    collector = LabelCollector()
    collector.add(part(PLATE), at=0.0)
    collector.add(part(CONTENT), at=1.0)
    second = collector.add(part(OTHER_PLATE), at=2.0)
    assert (second.sscc, second.gtin) == ("050010000000000026", "")


def test_a_contradiction_is_refused_and_the_label_stays() -> None:
    collector = LabelCollector()
    collector.add(part(ITEM), at=0.0)
    collector.add(part("]C110M130"), at=1.0)
    assert collector.add(part("]C110M131"), at=2.0).error == "repeated_ai"
    label = collector.add(part("]C117260715"), at=3.0)
    assert (label.lot, label.expiry) == ("M130", date(2026, 7, 15))


def test_the_same_symbol_twice_is_one() -> None:
    collector = LabelCollector()
    collector.add(part(ITEM), at=0.0)
    label = collector.add(part(ITEM), at=0.3)
    assert label.elements == (("01", "05001000000019"),)
    assert collector.finish().raw == ITEM


def test_what_is_no_symbol_of_a_label_passes_by() -> None:
    collector = LabelCollector()
    collector.add(part(ITEM), at=0.0)
    assert collector.add(part("WH1-A01-1"), at=0.5).kind == "plain"
    assert collector.add(part("]E05001000000018"), at=0.6).error == "bad_check_digit"
    assert collector.finish().gtin == "05001000000019"
    assert collector.finish().error == "empty"


def test_finishing_asks_for_what_is_missing() -> None:
    collector = LabelCollector()
    collector.add(part("]C110M130"), at=0.0)
    assert collector.finish().error == "missing_ai"
    collector.add(part(ITEM), at=0.0)
    collector.clear()
    assert not collector.is_open(at=0.0)


def test_a_frame_is_one_symbol_of_a_label() -> None:
    scan = parse_frame(RawScan(text="]C110M130", source="wedge"), today=TODAY)
    assert (scan.kind, scan.lot, scan.warnings) == ("gs1", "M130", ())
    suspect = parse_frame(RawScan(text="]C110M130", source="serial", suspect=True), today=TODAY)
    assert suspect.warnings == ("suspect",)
