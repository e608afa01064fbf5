"""FedEx: Ground and air within the 48 states, Alaska, Hawaii and Puerto Rico; International between countries.

Numbers: twelve digits; the last is the sum of the other eleven weighted 3, 1, 7, modulo 11, and of that the last digit
(FedEx Barcode Guide, ASTRA label); 986578788855 is one. The label carries the number as Code 128.

Weights (FedEx Service Guide, Package Rates and Measurement): whole pounds; by size 139 cubic inches to the pound, each
side in whole inches. Up to 150 lb, length and girth 165 in, 108 in long by Ground and 119 in by air.

Example::

    CARRIER.is_number("986578788855")       # True
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from ambra_tui.carriers import _places
from ambra_tui.carriers._check_digits import mod11_10
from ambra_tui.carriers._measures import Weight
from ambra_tui.carriers._model import Barcode, Carrier, Limits, Parcel, Place, Service
from ambra_tui.carriers._weights import by_pounds

DIVISOR = 139
_FORM = re.compile(r"\d{12}")
BEYOND = "9"
_STATES = ("1", "2", "3", "4", "5", "6", "7", "8", BEYOND)


def _days(*by_zone: int) -> dict[str, int]:
    return dict(zip(_STATES, by_zone, strict=True))


def _zone(service: Service, origin: Place, destination: Place) -> str:
    """1 to 8 by distance, 9: Alaska, Hawaii, Puerto Rico and the islands; W1 to W4 between countries."""
    if service.code == "international":
        return "" if origin.country == destination.country else _places.world_zone(origin.country, destination.country)
    if origin.country != "US" or destination.country != "US":
        return ""
    if _places.is_military(origin.zip) or _places.is_military(destination.zip):
        return ""
    if _places.is_beyond(origin.zip) != _places.is_beyond(destination.zip):
        return BEYOND
    return _places.us_zone(origin.zip, destination.zip)


def _billable(_service: Service, parcel: Parcel) -> Fraction:
    return by_pounds(parcel, divisor=DIVISOR)


def _number(_service: Service, account: Mapping[str, str], serial: int) -> str:
    prefix = account["number_prefix"]
    room = 11 - len(prefix)
    digits = f"{prefix}{serial % 10**room:0{room}d}"
    return digits + mod11_10(digits)


def _is_number(number: str) -> bool:
    return _FORM.fullmatch(number) is not None and mod11_10(number[:-1]) == number[-1]


def _barcode(number: str, _destination: Place) -> Barcode:
    return Barcode("code128", number, f"{number[:4]} {number[4:8]} {number[8:]}")


_AIR = Limits(Weight.of(150, "lb"), Fraction(119), Fraction(165))

CARRIER = Carrier(
    code="fedex",
    title="FedEx",
    services=(
        Service(
            "ground",
            "FedEx Ground",
            _days(1, 1, 2, 3, 4, 5, 5, 5, 7),
            Limits(Weight.of(150, "lb"), Fraction(108), Fraction(165)),
        ),
        Service("2day", "FedEx 2Day", _days(2, 2, 2, 2, 2, 2, 2, 2, 3), _AIR),
        Service("overnight", "FedEx Standard Overnight", _days(1, 1, 1, 1, 1, 1, 1, 1, 2), _AIR),
        Service("international", "FedEx International Priority", {"W1": 2, "W2": 3, "W3": 4, "W4": 5}, _AIR),
    ),
    weight_unit="lb",
    zone=_zone,
    billable=_billable,
    number=_number,
    is_number=_is_number,
    barcode=_barcode,
    tracking_url="https://www.fedex.com/fedextrack/?trknbr={number}",
    account={"number_prefix": "9999"},
    account_forms={"number_prefix": r"\d{2,6}"},
)
