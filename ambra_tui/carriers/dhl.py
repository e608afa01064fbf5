"""DHL: Express between and within countries, eCommerce within the United States and within Europe.

Numbers: Express has a waybill of ten digits, the last the other nine modulo 7; 3318810025 is one. eCommerce has ``GM``
and eighteen digits without a check digit of their own, six of them the pickup account's. Both as Code 128.

Weights (DHL Express Service and Rate Guide, Weight and dimensions): steps of half a kilogram, by size 5,000 cubic
centimetres to the kilogram; a piece up to 70 kg and 120 x 80 x 80 cm. eCommerce up to 25 lb (11.3 kg), length and girth
84 in.

Example::

    CARRIER.is_number("3318810025")     # True
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from ambra_tui.carriers import _places
from ambra_tui.carriers._check_digits import mod7
from ambra_tui.carriers._measures import Weight
from ambra_tui.carriers._model import Barcode, Carrier, Limits, Parcel, Place, Service
from ambra_tui.carriers._weights import by_kilograms

DIVISOR = 5000
_EXPRESS = re.compile(r"\d{10}")
_ECOMMERCE = re.compile(r"GM\d{18}")
HOME = "D"


def _zone(service: Service, origin: Place, destination: Place) -> str:
    """D within a country; W1 to W4 between countries."""
    is_home = origin.country == destination.country
    if service.code == "express":
        return HOME if is_home else _places.world_zone(origin.country, destination.country)
    if origin.country == "US":
        return HOME if is_home else ""
    parts = {_places.parts_of_world()[origin.country], _places.parts_of_world()[destination.country]}
    if parts != {"europe"}:
        return ""
    return HOME if is_home else "W1"


def _billable(_service: Service, parcel: Parcel) -> Fraction:
    return by_kilograms(parcel, divisor=DIVISOR)


def _number(service: Service, account: Mapping[str, str], serial: int) -> str:
    if service.code == "ecommerce":
        return f"GM{account['pickup_account']}{serial % 10**12:012d}"
    prefix = account["waybill_prefix"]
    room = 9 - len(prefix)
    digits = f"{prefix}{serial % 10**room:0{room}d}"
    return digits + mod7(digits)


def _is_number(number: str) -> bool:
    if _ECOMMERCE.fullmatch(number):
        return True
    return _EXPRESS.fullmatch(number) is not None and mod7(number[:-1]) == number[-1]


def _barcode(number: str, _destination: Place) -> Barcode:
    groups = [number[start : start + 4] for start in range(0, len(number), 4)]
    return Barcode("code128", number, " ".join(groups))


CARRIER = Carrier(
    code="dhl",
    title="DHL",
    services=(
        Service(
            "express",
            "DHL Express Worldwide",
            {HOME: 1, "W1": 2, "W2": 3, "W3": 4, "W4": 5},
            Limits(Weight.of(70, "kg"), Fraction(120), Fraction(440), unit="cm"),
        ),
        Service(
            "ecommerce",
            "DHL eCommerce",
            {HOME: 5, "W1": 7},
            Limits(Weight.of(25, "lb"), Fraction(50), Fraction(84)),
        ),
    ),
    weight_unit="kg",
    zone=_zone,
    billable=_billable,
    number=_number,
    is_number=_is_number,
    barcode=_barcode,
    tracking_url="https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}",
    account={"waybill_prefix": "99", "pickup_account": "999999"},
    account_forms={"waybill_prefix": r"\d{1,4}", "pickup_account": r"\d{6}"},
)
