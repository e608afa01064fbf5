"""Whatever arrives is answered; whatever is written by the rules is read back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from ambra_tui.scan.check_digits import check_digit, has_check_digit
from ambra_tui.scan.dates import full_year, read_date
from ambra_tui.scan.model import GS, RawScan
from ambra_tui.scan.numbers import expand_upc_e
from ambra_tui.scan.parse import MAX_LENGTH, parse, parse_frame

TODAY = date(2026, 3, 2)
KINDS = {"gs1", "digital_link", "gtin", "restricted", "plain", "invalid"}
CSET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"

AIM = ("]C1", "]E0", "]d2", "]Q1", "]")
IDENTIFIERS = ("01", "02", "10", "17", "21", "37", "3103", "8006", "(01)", "(10)", "\\(")
VALUES = ("05001000000019", "5001000000019", "260715", "260200", "A", "0", "9", "é", "٣", "²")
MARKS = (GS, "|", "{GS}", "^]", "https://a/", "/", "?", "=", "%2F", "%", "&", "#", " ", "\x00", "\ufffd", "\ud800")
scan_like = st.lists(st.sampled_from((*AIM, *IDENTIFIERS, *VALUES, *MARKS)), max_size=14).map("".join)


@given(st.one_of(st.text(max_size=80), scan_like), st.dates(), st.booleans())
@example("]C1", TODAY, True)
@example("https://a/01/", TODAY, True)
@example("]E0٥٠٠١٠٠٠٠٠٠٠١٩", TODAY, True)
@example("]C10105001000000019" + "17000229", date(2100, 1, 1), True)
@example("]C101" + "05001000000019" + "17000101", date(9999, 12, 31), True)
@example("]C101" + "05001000000019" + "17990101", date(1, 1, 1), True)
def test_every_text_has_an_answer(text: str, today: date, associations: bool) -> None:
    scan = parse(text, today=today, associations=associations)
    assert scan.kind in KINDS
    assert scan.raw == text
    assert bool(scan.error) == (scan.kind == "invalid")
    assert scan.gtin == "" or (len(scan.gtin) == 14 and has_check_digit(scan.gtin))


@given(st.binary(max_size=200))
def test_every_byte_string_has_an_answer(noise: bytes) -> None:
    assert parse(noise.decode("utf-8", errors="replace"), today=TODAY).kind in KINDS
    assert parse(noise.decode("latin-1"), today=TODAY).kind in KINDS
    assert parse(noise.decode("utf-8", errors="surrogateescape"), today=TODAY).kind in KINDS


def test_a_text_beyond_the_limit_is_refused_and_one_at_the_limit_is_read() -> None:
    assert parse("A" * MAX_LENGTH, today=TODAY).kind == "plain"
    assert parse("A" * (MAX_LENGTH + 1), today=TODAY).error == "too_long"


lots = st.text(CSET_82, min_size=1, max_size=20)
gtins = st.integers(0, 10**13 - 1).map(lambda number: f"{number:013d}").map(lambda p: p + check_digit(p))
days = st.dates(date(1977, 1, 1), date(2076, 12, 31))


@given(gtins, lots, lots, days, st.integers(0, 99_999_999), st.permutations(range(5)))
def test_a_written_element_string_is_read_back(
    gtin: str, lot: str, serial: str, expiry: date, count: int, order: list[int]
) -> None:
    parts = [
        ("01" + gtin, False),
        ("10" + lot, True),
        ("21" + serial, True),
        ("17" + expiry.strftime("%y%m%d"), False),
        (f"30{count}", True),
    ]
    text = "".join(part + (GS if is_variable else "") for part, is_variable in (parts[i] for i in order))
    scan = parse("]d2" + text, today=TODAY)
    assert (scan.kind, scan.error) == ("gs1", "")
    assert (scan.gtin, scan.lot, scan.serial, scan.expiry) == (gtin, lot, serial, expiry)
    assert scan.count == count


@given(gtins, lots)
def test_brackets_are_read_back_with_their_escapes(gtin: str, lot: str) -> None:
    written = lot.replace("(", "\\(")
    scan = parse(f"(01){gtin}(10){written}", today=TODAY)
    assert (scan.kind, scan.gtin, scan.lot) == ("gs1", gtin, lot)


@given(gtins, lots, days)
def test_a_digital_link_is_read_back(gtin: str, lot: str, expiry: date) -> None:
    written = "".join(f"%{ord(character):02X}" for character in lot)
    scan = parse(f"https://example.com/01/{gtin}/10/{written}?17={expiry:%y%m%d}", today=TODAY)
    assert (scan.kind, scan.gtin, scan.lot, scan.expiry) == ("digital_link", gtin, lot, expiry)


@given(gtins, st.integers(0, 999_999), st.integers(0, 5))
def test_a_weight_keeps_its_decimals(gtin: str, grams: int, decimals: int) -> None:
    scan = parse(f"]C101{gtin}310{decimals}{grams:06d}", today=TODAY)
    assert scan.net_weight_kg == Decimal(grams) / 10**decimals


@given(st.text("0123456789", min_size=1, max_size=20), st.integers(0, 19), st.integers(1, 9))
def test_one_wrong_digit_is_always_seen(payload: str, position: int, shift: int) -> None:
    number = payload + check_digit(payload)
    position %= len(number)
    wrong = str((int(number[position]) + shift) % 10)
    assert has_check_digit(number)
    assert not has_check_digit(number[:position] + wrong + number[position + 1 :])


@given(st.integers(0, 99), st.dates())
def test_the_year_lies_within_fifty_ahead_and_forty_nine_back(two_digits: int, today: date) -> None:
    year = full_year(two_digits, today=today)
    assert year % 100 == two_digits
    assert -49 <= year - today.year <= 50


@given(days)
def test_a_day_is_read_back(day: date) -> None:
    assert read_date(day.strftime("%y%m%d"), today=TODAY) == day


@given(st.sampled_from("01"), st.integers(0, 999_999))
def test_an_expanded_upc_e_holds_its_digits(system: str, body: int) -> None:
    six = f"{body:06d}"
    expanded = [upc for check in "0123456789" if (upc := expand_upc_e(f"{system}{six}{check}"))]
    assert len(expanded) == 1
    assert len(expanded[0]) == 12
    assert expanded[0].startswith(system + six[:2])
    assert has_check_digit(expanded[0])


@given(st.text(max_size=30), st.sampled_from(["overflow", "broken", "anything"]))
def test_a_frame_in_trouble_is_never_read(text: str, trouble: str) -> None:
    scan = parse_frame(RawScan(text=text, source="wedge", trouble=trouble), today=TODAY)
    assert (scan.kind, scan.gtin) == ("invalid", "")
    assert scan.error in ("overflow", "broken")
