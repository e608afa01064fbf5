"""The United States Postal Service: within the States and to their territories and forces.

Numbers: Intelligent Mail package barcode (Publication 199): ``92`` and a Mailer ID of nine digits, or ``93`` and one of
six; between them three digits of the service type code (055 Priority Mail, 701 Priority Mail Express, 001 First-Class,
612 Parcel Select); then the parcel's number and a modulo 10 check digit: 22 digits in all. On the label they stand in a
GS1-128 behind ``420`` and the five digits of the ZIP code.

Weights (Notice 123, Domestic Mail Manual 223 and 253): whole pounds; parcels above one cubic foot by size too, 166
cubic inches to the pound; First-Class up to 15.999 oz by ounces. Up to 70 lb, length and girth 108 in, Parcel Select
130 in.

Example::

    CARRIER.number(CARRIER.service("priority"), {"mailer_id": "123456789"}, 7)
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction

from ambra_tui.carriers import _places
from ambra_tui.carriers._check_digits import mod10
from ambra_tui.carriers._measures import Weight
from ambra_tui.carriers._model import Barcode, Carrier, Limits, Parcel, Place, Service
from ambra_tui.carriers._weights import CUBIC_FOOT, by_pounds

DIVISOR = 166
GS = "\x1d"
_FORM = re.compile(r"9[2345]\d{20}")
_SATURDAY_TOO = frozenset(range(6))
_NAMES = "12345678"
_ISLANDS = "9"


def _days(*by_zone: int) -> dict[str, int]:
    return dict(zip((*_NAMES, _ISLANDS), by_zone, strict=True))


def _zone(_service: Service, origin: Place, destination: Place) -> str:
    """1 to 8 by distance; 9: Guam and the islands beyond."""
    if origin.country != "US" or destination.country != "US":
        return ""
    areas = (_places.us_area(origin.zip), _places.us_area(destination.zip))
    if any(area is not None and area.state == "GU" for area in areas):
        return _ISLANDS
    return _places.us_zone(origin.zip, destination.zip)


def _billable(service: Service, parcel: Parcel) -> Fraction:
    if service.code == "first_class":
        return Fraction(max(math.ceil(parcel.weight.ounces), 1), 16)
    return by_pounds(parcel, divisor=DIVISOR, above_cubic_inches=CUBIC_FOOT)


def _number(service: Service, account: Mapping[str, str], serial: int) -> str:
    mailer = account["mailer_id"]
    channel, room = ("92", 7) if len(mailer) == 9 else ("93", 10)
    digits = f"{channel}{service.number_code}{mailer}{serial % 10**room:0{room}d}"
    return digits + mod10(digits)


def _is_number(number: str) -> bool:
    return _FORM.fullmatch(number) is not None and mod10(number[:-1]) == number[-1]


def _barcode(number: str, destination: Place) -> Barcode:
    shown = " ".join(number[start : start + 4] for start in range(0, len(number), 4))
    return Barcode("gs1_128", f"420{destination.zip[:5]}{GS}{number}", shown)


_LARGE = Limits(Weight.of(70, "lb"), Fraction(108), Fraction(108))

CARRIER = Carrier(
    code="usps",
    title="USPS",
    services=(
        Service("priority", "Priority Mail", _days(1, 2, 2, 2, 3, 3, 3, 3, 5), _LARGE, "055", _SATURDAY_TOO),
        Service("express", "Priority Mail Express", _days(1, 1, 1, 1, 2, 2, 2, 2, 4), _LARGE, "701", _SATURDAY_TOO),
        Service(
            "first_class",
            "First-Class Package",
            _days(2, 2, 3, 3, 4, 4, 4, 5, 7),
            Limits(Weight.of("15.999", "oz"), Fraction(108), Fraction(108)),
            "001",
            _SATURDAY_TOO,
        ),
        Service(
            "parcel_select",
            "Parcel Select",
            _days(2, 3, 4, 5, 6, 7, 7, 8, 14),
            Limits(Weight.of(70, "lb"), Fraction(108), Fraction(130)),
            "612",
            _SATURDAY_TOO,
        ),
    ),
    weight_unit="lb",
    zone=_zone,
    billable=_billable,
    number=_number,
    is_number=_is_number,
    barcode=_barcode,
    tracking_url="https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
    account={"mailer_id": "999999999"},
    account_forms={"mailer_id": r"\d{6}|\d{9}"},
)
