"""Carriers: what they carry, where, how fast, for what weight, and how they number and mark a parcel. A module each.

Pure: no store, no network. Prices stand in tariff tables (`data/tariffs`, or a site's own folder). A carrier of a
site's own is one more module here that exports `CARRIER`; `regional` is written to be copied.

Example::

    usps = carriers()["usps"]
    usps.number(usps.service("priority"), {"mailer_id": "123456789"}, 7)     # '9205512345678900000073'
"""

from __future__ import annotations

from functools import cache

from ambra_tui.carriers._measures import Size, Weight
from ambra_tui.carriers._model import Barcode, Carrier, Limits, Parcel, Place, Service
from ambra_tui.carriers._places import COUNTRIES, check_place
from ambra_tui.carriers._tariff import Tariff, load_tariff, tariff_of
from ambra_tui.errors import Invalid
from ambra_tui.kit.discover import discover

__all__ = [
    "COUNTRIES",
    "Barcode",
    "Carrier",
    "Limits",
    "Parcel",
    "Place",
    "Service",
    "Size",
    "Tariff",
    "Weight",
    "carrier_named",
    "carriers",
    "check_place",
    "load_tariff",
    "tariff_of",
]


@cache
def carriers() -> dict[str, Carrier]:
    """Every carrier by its code."""
    return {carrier.code: carrier for carrier in discover(__name__, "CARRIER").values()}


def carrier_named(code: str) -> Carrier:
    """The carrier of this code. Raises Invalid listing what there is."""
    found = carriers().get(code.strip().lower())
    if found is None:
        raise Invalid(f"'{code}' is no carrier. There are {', '.join(sorted(carriers()))}", field="carrier")
    return found
