"""Carriers: numbers and check digits against published ones, zones, limits, what is charged for, tariff tables."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ambra_tui.carriers import Parcel, Place, Size, Weight, carrier_named, carriers, check_place, tariff_of
from ambra_tui.carriers._places import COUNTRIES as KNOWN
from ambra_tui.carriers._places import us_areas, us_zone, world_zone
from ambra_tui.errors import Invalid
from ambra_tui.kit.countries import COUNTRIES
from ambra_tui.services.shipping.quotes import Option, Refusal, Wanted, arrival, offer

US = Place("US", "10001")


def test_the_carriers_and_their_services_are_those_of_the_document() -> None:
    assert {carrier.code: [service.code for service in carrier.services] for carrier in carriers().values()} == {
        "usps": ["priority", "express", "first_class", "parcel_select"],
        "fedex": ["ground", "2day", "overnight", "international"],
        "ups": ["ground", "3day", "2day", "next_day"],
        "dhl": ["express", "ecommerce"],
        "regional": ["standard", "same_day"],
    }
    with pytest.raises(Invalid, match="There are dhl, fedex, regional, ups, usps"):
        carrier_named("pigeon")
    with pytest.raises(Invalid, match="It has ground, 2day"):
        carrier_named("FedEx").service("express")


@pytest.mark.parametrize(
    ("code", "numbers"),
    [
        # Numbers that carriers and collectors of tracking numbers have published.
        ("usps", "9400111201080805483016 9361289878700317633795 9405803699300124287899 9505511069605048600624"),
        ("ups", "1Z5R89390357567127 1Z879E930346834440 1Z410E7W0392751591 1Z8V92A70367203024"),
        ("fedex", "986578788855 477179081230 799531274483 790535312317 974367662710"),
        ("dhl", "3318810025 8487135506 1099255990 3821724944 3318810036 GM295117494011169042"),
        ("regional", "RB123456785GB"),
    ],
)
def test_published_numbers_are_right_and_one_digit_more_is_not(code: str, numbers: str) -> None:
    carrier = carriers()[code]
    for number in numbers.split():
        assert carrier.is_number(number), number
        assert not carrier.is_number(number[:-1]) and not carrier.is_number(f"{number} ")
        if number.startswith("GM"):
            continue
        place = len(number) - 3 if code == "regional" else len(number) - 1
        wrong = [number[:place] + digit + number[place + 1 :] for digit in "0123456789" if digit != number[place]]
        assert not any(carrier.is_number(other) for other in wrong)


@given(serial=st.integers(min_value=1, max_value=10**10))
def test_every_number_made_is_one_of_the_carriers(serial: int) -> None:
    for carrier in carriers().values():
        for service in carrier.services:
            number = carrier.number(service, carrier.account, serial)
            assert carrier.is_number(number), (carrier.code, number)
            assert number in carrier.url(number)
            code = carrier.barcode(number, Place("US", "90210-1234"))
            assert code.shown.replace(" ", "") == number
            assert code.text == (f"42090210\x1d{number}" if carrier.code == "usps" else number)
    usps = carriers()["usps"]
    short = usps.number(usps.services[0], {"mailer_id": "123456"}, serial)
    assert usps.is_number(short) and short.startswith("93055123456") and len(short) == 22


def test_zones_follow_distance_and_parts_of_the_world() -> None:
    zones = {code: us_zone("10001", code) for code in ("10003", "19103", "20001", "15213", "60601", "75201", "90210")}
    assert zones == {
        "10003": "1", "19103": "2", "20001": "3", "15213": "4", "60601": "5", "75201": "6", "90210": "8",
    }  # fmt: skip
    assert all(us_zone(a, b) == us_zone(b, a) for a, b in (("10001", "80202"), ("33101", "99501")))
    firsts = [area.first for area in us_areas()]
    assert firsts == sorted(firsts) and all(
        area.first <= area.last < following.first for area, following in zip(us_areas(), us_areas()[1:], strict=False)
    )
    assert {world_zone("US", other) for other in ("CA", "DE", "JP", "BR")} == {"W1", "W2", "W3", "W4"}
    assert world_zone("DE", "JP") == "W3" and world_zone("ZA", "JP") == "W4" and world_zone("DE", "FR") == "W1"
    assert set(COUNTRIES) == KNOWN
    fedex, ups, usps, dhl, regional = (carriers()[code] for code in ("fedex", "ups", "usps", "dhl", "regional"))
    honolulu, guam, army = Place("US", "96813"), Place("US", "96910"), Place("US", "09021")
    assert fedex.zone(fedex.service("ground"), US, honolulu) == "9" == ups.zone(ups.service("2day"), honolulu, US)
    assert ups.zone(ups.service("3day"), US, honolulu) == "" and fedex.zone(fedex.service("2day"), US, army) == ""
    assert usps.zone(usps.service("priority"), US, guam) == "9" and usps.zone(usps.service("priority"), US, army)
    assert fedex.zone(fedex.service("international"), US, US) == ""
    assert dhl.zone(dhl.service("ecommerce"), Place("DE", "10115"), Place("FR", "75001")) == "W1"
    assert dhl.zone(dhl.service("ecommerce"), US, Place("FR", "75001")) == ""
    near, far = Place("DE", "10115"), Place("DE", "12047")
    assert regional.zone(regional.service("standard"), near, far) == "region"
    assert regional.zone(regional.service("same_day"), near, far) == ""
    for country, code, message in (("XX", "1", "no country"), ("US", "1234", "five digits"), ("US", "00100", "begins")):
        with pytest.raises(Invalid, match=message):
            check_place(country, code, field="to")
    assert check_place("us", "90210-1234", field="to") == Place("US", "90210-1234")


def test_what_is_charged_for_is_the_greater_of_weight_and_size_rounded_as_the_carrier_does() -> None:
    def billable(code: str, service: str, parcel: Parcel) -> Fraction:
        carrier = carriers()[code]
        return carrier.billable(carrier.service(service), parcel)

    box = Size.of(12, 8, 6, "in")
    assert billable("ups", "ground", Parcel(Weight.of(1, "lb"), box)) == 5  # 576 / 139 = 4.14
    assert billable("ups", "ground", Parcel(Weight.of("5.01", "lb"), box)) == 6
    assert billable("ups", "ground", Parcel(Weight.of(5, "lb"), box)) == 5
    assert billable("fedex", "2day", Parcel(Weight.of(1, "lb"), Size.of(Decimal("11.2"), 8, 6, "in"))) == 5
    assert billable("usps", "priority", Parcel(Weight.of(1, "lb"), box)) == 1  # below a cubic foot
    assert billable("usps", "priority", Parcel(Weight.of(1, "lb"), Size.of(12, 12, 12, "in"))) == 1
    assert billable("usps", "priority", Parcel(Weight.of(1, "lb"), Size.of(13, 12, 12, "in"))) == 12  # 1872 / 166
    assert billable("usps", "first_class", Parcel(Weight.of("3.2", "oz"))) == Fraction(4, 16)
    assert billable("dhl", "express", Parcel(Weight.of("1.1", "kg"), Size.of(30, 20, 15, "cm"))) == 2  # 1.8 by size
    assert billable("dhl", "express", Parcel(Weight.of(2000, "g"))) == 2
    assert Weight.of(40, "oz") == Weight.of("2.5", "lb") and Weight.of(1, "lb").grams == Fraction("453.59237")
    assert Weight.of("0.45359237", "kg").pounds == 1 and Size.of(30, 20, 10, "cm").to("in")[0] == Fraction(3000, 254)


def asked(code: str, service: str, parcel: Parcel, **more: object) -> Option | Refusal:
    carrier = carriers()[code]
    wanted = Wanted(US, Place("US", "90210"), (parcel,), **more)
    return offer(carrier, carrier.service(service), tariff_of(carrier), wanted, today=date(2026, 3, 6))


def test_limits_are_told_with_their_number() -> None:
    def reason(code: str, service: str, parcel: Parcel) -> str:
        found = asked(code, service, parcel)
        return found.reason if isinstance(found, Refusal) else ""

    pound = Weight.of(1, "lb")
    assert reason("usps", "priority", Parcel(Weight.of(70, "lb"))) == ""
    assert reason("usps", "priority", Parcel(Weight.of("70.000001", "lb"))) == "package 1 is heavier than 70 lb"
    assert reason("usps", "priority", Parcel(pound, Size.of(60, 12, 12, "in"))) == ""
    assert "108 in" in reason("usps", "priority", Parcel(pound, Size.of(61, 12, 12, "in")))
    assert reason("usps", "parcel_select", Parcel(pound, Size.of(61, 12, 12, "in"))) == ""
    assert reason("fedex", "ground", Parcel(pound, Size.of(109, 1, 1, "in"))) == "package 1 is longer than 108 in"
    assert reason("fedex", "2day", Parcel(pound, Size.of(109, 1, 1, "in"))) == ""
    assert "165 in" in reason("ups", "ground", Parcel(pound, Size.of(60, 30, 30, "in")))
    assert reason("dhl", "express", Parcel(Weight.of(71, "kg"))) == "package 1 is heavier than 70 kg"


def test_insurance_signature_and_days_are_added_to_the_price_of_the_table() -> None:
    parcel = Parcel(Weight.of(3, "lb"))
    plain = asked("ups", "ground", parcel)
    assert isinstance(plain, Option) and plain.cost == tariff_of(carriers()["ups"]).price("ground", "8", Fraction(3))
    for value, steps in ((0, 0), (100, 0), (Decimal("100.01"), 1), (200, 1), (201, 2)):
        insured = asked("ups", "ground", parcel, insured=Decimal(value))
        assert isinstance(insured, Option) and insured.cost - plain.cost == steps * Decimal("1.40")
    signed = asked("ups", "ground", parcel, is_signature_required=True)
    assert isinstance(signed, Option) and signed.cost - plain.cost == Decimal("6.55")
    assert isinstance(asked("regional", "standard", parcel), Refusal)
    too_dear = asked("usps", "priority", parcel, insured=Decimal(5001))
    assert isinstance(too_dear, Refusal) and too_dear.reason == "does not insure so much"
    weekdays, saturday_too = frozenset(range(5)), frozenset(range(6))
    friday = date(2026, 3, 6)
    assert arrival(friday, 1, weekdays) == date(2026, 3, 9) and arrival(friday, 1, saturday_too) == date(2026, 3, 7)
    assert arrival(date(2026, 3, 7), 0, weekdays) == date(2026, 3, 9) and arrival(friday, 5, weekdays) == date(
        2026, 3, 13
    )


GOOD = """
currency = "USD"
weight_unit = "lb"
[account]
shipper_number = "A1B2C3"
[services.ground]
zones = ["1", "8"]
rows = [[1, 5.00, 9.99], [10, 6, 12.5]]
"""


def test_a_site_brings_its_own_tables_and_a_mistake_is_named_with_its_place(tmp_path: Path) -> None:
    ups = carriers()["ups"]
    file = tmp_path / "ups.toml"
    file.write_text(GOOD)
    own = tariff_of(ups, (tmp_path,))
    assert not own.is_sample and own.price("ground", "8", Fraction(2)) == Decimal("12.5")
    assert own.price("ground", "2", Fraction(2)) is None and own.price("ground", "8", Fraction(11)) is None
    assert ups.number(ups.service("ground"), own.account, 7).startswith("1ZA1B2C303")
    wanted = Wanted(US, Place("US", "90210"), (Parcel(Weight.of(2, "lb")),), Decimal(1), True)
    refused = offer(ups, ups.service("ground"), own, wanted, today=date(2026, 3, 6))
    assert isinstance(refused, Refusal) and refused.reason == "does not insure so much"
    assert tariff_of(carriers()["usps"], (tmp_path,)).is_sample
    for old, new, message in (
        ('"USD"', '"usd"', "currency: is three capital letters"),
        ('"lb"', '"kg"', "weight_unit: UPS charges by lb"),
        ("[account]", "[accounts]", "accounts: is not known"),
        ('"A1B2C3"', '"12"', "account.shipper_number: '12' has not the form"),
        ("shipper_number", "mailer_id", "account.mailer_id: is not asked for"),
        ("services.ground", "services.slow", "services.slow: UPS has no such service"),
        ('["1", "8"]', '["1", "12"]', "services.ground.zones: '12' is no zone"),
        ('["1", "8"]', '["1", "1"]', "names a zone twice"),
        ("[10, 6, 12.5]", "[10, 6]", r"services.ground.rows\[2\]: is a weight and 2 prices"),
        ("[10, 6, 12.5]", "[1, 6, 12.5]", r"rows\[2\]: weights rise"),
        ("[10, 6, 12.5]", "[10, 6, 12.555]", r"rows\[2\]: USD has 2 decimals"),
        ("[10, 6, 12.5]", "[10, 6, -1]", "not between"),
        ("[10, 6, 12.5]", '[10, 6, "x"]', "'x' is no number"),
        ("[10, 6, 12.5]", "[10, 6, 12.5", "ups.toml: "),
        ("[10, 6, 12.5]", "[10, 6, nan]", "is no number"),
    ):
        assert old in GOOD
        file.write_text(GOOD.replace(old, new))
        with pytest.raises(Invalid, match=message) as error:
            tariff_of(ups, (tmp_path,))
        assert str(file) in error.value.message
