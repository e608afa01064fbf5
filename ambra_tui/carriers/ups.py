"""UPS: Ground, 3 Day Select, 2nd Day Air and Next Day Air within the United States.

Numbers: ``1Z``, the shipper number of six signs, two of the service (03 Ground, 12 3 Day Select, 02 2nd Day Air, 01
Next Day Air), seven digits of the parcel, and a check digit: every second sign counts twice, letters count as numbers
from A = 2, modulo 10 (UPS Guide to Labeling, tracking number); 1Z5R89390357567127 is one. As Code 128.

Weights (UPS Rate and Service Guide, Determining Billable Weight): whole pounds; by size 139 cubic inches to the pound,
each side in whole inches. Up to 150 lb, 108 in long, length and girth 165 in.

Example::

    CARRIER.is_number("1Z5R89390357567127")     # True
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from ambra_tui.carriers import _places
from ambra_tui.carriers._check_digits import ups_mod10
from ambra_tui.carriers._measures import Weight
from ambra_tui.carriers._model import Barcode, Carrier, Limits, Parcel, Place, Service
from ambra_tui.carriers._weights import by_pounds

DIVISOR = 139
_FORM = re.compile(r"1Z[0-9A-Z]{15}\d")
BEYOND = "9"
_STATES = ("1", "2", "3", "4", "5", "6", "7", "8", BEYOND)
_LIMITS = Limits(Weight.of(150, "lb"), Fraction(108), Fraction(165))


def _days(*by_zone: int) -> dict[str, int]:
    return dict(zip(_STATES, by_zone, strict=False))


def _zone(service: Service, origin: Place, destination: Place) -> str:
    """1 to 8 by distance, 9: Alaska, Hawaii, Puerto Rico and the islands."""
    if origin.country != "US" or destination.country != "US":
        return ""
    if _places.is_military(origin.zip) or _places.is_military(destination.zip):
        return ""
    if _places.is_beyond(origin.zip) != _places.is_beyond(destination.zip):
        return BEYOND if BEYOND in service.days else ""
    return _places.us_zone(origin.zip, destination.zip)


def _billable(_service: Service, parcel: Parcel) -> Fraction:
    return by_pounds(parcel, divisor=DIVISOR)


def _number(service: Service, account: Mapping[str, str], serial: int) -> str:
    text = f"{account['shipper_number']}{service.number_code}{serial % 10**7:07d}"
    return f"1Z{text}{ups_mod10(text)}"


def _is_number(number: str) -> bool:
    return _FORM.fullmatch(number) is not None and ups_mod10(number[2:-1]) == number[-1]


def _barcode(number: str, _destination: Place) -> Barcode:
    shown = f"{number[:2]} {number[2:5]} {number[5:8]} {number[8:10]} {number[10:14]} {number[14:]}"
    return Barcode("code128", number, shown)


CARRIER = Carrier(
    code="ups",
    title="UPS",
    services=(
        Service("ground", "UPS Ground", _days(1, 1, 2, 3, 4, 5, 5, 5, 7), _LIMITS, "03"),
        Service("3day", "UPS 3 Day Select", _days(1, 2, 3, 3, 3, 3, 3, 3), _LIMITS, "12"),
        Service("2day", "UPS 2nd Day Air", _days(2, 2, 2, 2, 2, 2, 2, 2, 3), _LIMITS, "02"),
        Service("next_day", "UPS Next Day Air", _days(1, 1, 1, 1, 1, 1, 1, 1, 2), _LIMITS, "01"),
    ),
    weight_unit="lb",
    zone=_zone,
    billable=_billable,
    number=_number,
    is_number=_is_number,
    barcode=_barcode,
    tracking_url="https://www.ups.com/track?tracknum={number}",
    account={"shipper_number": "999999"},
    account_forms={"shipper_number": r"[0-9A-Z]{6}"},
)
