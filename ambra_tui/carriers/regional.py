"""A courier of the region, in any country: an example of a site's own carrier. Copy the file, change what is yours.

It goes where the postal code begins alike: its two first signs are the same in zone ``local``, its first in ``region``.
Its numbers are item identifiers of the Universal Postal Union (S10-12): two letters, eight digits, a check digit by the
weights 8 6 4 2 3 5 9 7 modulo 11, two letters; RB123456785GB is one. As Code 128.

Example::

    CARRIER.number(CARRIER.service("standard"), {"issuer": "US"}, 12345678)      # 'RC123456785US'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from ambra_tui.carriers._check_digits import s10
from ambra_tui.carriers._measures import Weight
from ambra_tui.carriers._model import Barcode, Carrier, Limits, Parcel, Place, Service
from ambra_tui.carriers._weights import by_kilograms

_FORM = re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}")
_LIMITS = Limits(Weight.of(Fraction(63, 2), "kg"), Fraction(150), Fraction(300), unit="cm")


def _zone(service: Service, origin: Place, destination: Place) -> str:
    """local, region, or not served."""
    if origin.country != destination.country or not origin.zip or not destination.zip:
        return ""
    zone = "region" if origin.zip[0] == destination.zip[0] else ""
    if origin.zip[:2] == destination.zip[:2]:
        zone = "local"
    return zone if zone in service.days else ""


def _billable(_service: Service, parcel: Parcel) -> Fraction:
    return by_kilograms(parcel, divisor=6000, step=Fraction(1))


def _number(_service: Service, account: Mapping[str, str], serial: int) -> str:
    digits = f"{serial % 10**8:08d}"
    return f"RC{digits}{s10(digits)}{account['issuer']}"


def _is_number(number: str) -> bool:
    return _FORM.fullmatch(number) is not None and s10(number[2:10]) == number[10]


def _barcode(number: str, _destination: Place) -> Barcode:
    return Barcode("code128", number, f"{number[:2]} {number[2:5]} {number[5:8]} {number[8:11]} {number[11:]}")


CARRIER = Carrier(
    code="regional",
    title="Regional courier",
    services=(
        Service("standard", "Regional Standard", {"local": 1, "region": 2}, _LIMITS),
        Service("same_day", "Regional Same Day", {"local": 0}, _LIMITS),
    ),
    weight_unit="kg",
    zone=_zone,
    billable=_billable,
    number=_number,
    is_number=_is_number,
    barcode=_barcode,
    tracking_url="https://courier.example/track/{number}",
    account={"issuer": "US"},
    account_forms={"issuer": r"[A-Z]{2}"},
)
