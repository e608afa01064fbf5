"""What a carrier is: its services, zones, limits, weights to be paid for, tracking numbers and barcode.

Example::

    carrier.zone(service, Place("US", "10001"), Place("US", "90210"))      # '8'
    carrier.billable(service, Parcel(Weight.of(3, "lb"), Size.of(12, 8, 6, "in")))      # Fraction(5)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from ambra_tui.carriers._measures import Size, Weight
from ambra_tui.errors import Invalid

WEEKDAYS = frozenset(range(5))


class Place(NamedTuple):
    """Where a parcel comes from or goes to, as far as a price depends on it. `country`: ISO 3166-1 alpha-2."""

    country: str
    zip: str = ""


class Parcel(NamedTuple):
    """One parcel. Without a size it is paid for by its weight."""

    weight: Weight
    size: Size | None = None


class Barcode(NamedTuple):
    """The tracking barcode of a label: a symbology of `labels.model`, what a scanner reads, what stands below."""

    symbology: str
    text: str
    shown: str


@dataclass(frozen=True, slots=True)
class Limits:
    """The heaviest and largest parcel that a service takes. `girth`: the longest side and once around it."""

    weight: Weight
    longest: Fraction
    girth: Fraction | None = None
    unit: str = "in"

    def refusal(self, parcel: Parcel) -> str:
        """Why the parcel is not taken; empty when it is."""
        if parcel.weight > self.weight:
            unit = "kg" if self.unit == "cm" else "lb" if self.weight.pounds >= 1 else "oz"
            return f"heavier than {float(self.weight.to(unit)):g} {unit}"
        if parcel.size is None:
            return ""
        longest = parcel.size.to(self.unit)[0]
        if longest > self.longest:
            return f"longer than {float(self.longest):g} {self.unit}"
        girth = longest + 2 * sum(parcel.size.to(self.unit)[1:])
        if self.girth is not None and girth > self.girth:
            return f"length and girth together are more than {float(self.girth):g} {self.unit}"
        return ""


@dataclass(frozen=True, slots=True)
class Service:
    """One way to send. `days`: business days on the road by zone; a zone that is missing is not served. `number_code`:
    how tracking numbers call the service. `delivers_on`: weekdays (Monday is 0) that count as business days."""

    code: str
    title: str
    days: Mapping[str, int]
    limits: Limits
    number_code: str = ""
    delivers_on: frozenset[int] = WEEKDAYS


@dataclass(frozen=True, slots=True)
class Carrier:
    """One carrier.

    `zone`: the tariff's zone between two places, empty when the service does not go from here to there. `billable`:
    what a parcel is charged for in `weight_unit`, the greater of its weight and its size, rounded as the carrier does.
    `number`: the tracking number of the n-th parcel of an account. `is_number`: has the form and the check digit of
    the carrier's numbers. `barcode`: how a number stands on a label to `Place`. `tracking_url`: with ``{number}``.
    `account`: the names of what the carrier gives its customer, with values that are good for trials only.
    """

    code: str
    title: str
    services: tuple[Service, ...]
    weight_unit: str
    zone: Callable[[Service, Place, Place], str]
    billable: Callable[[Service, Parcel], Fraction]
    number: Callable[[Service, Mapping[str, str], int], str]
    is_number: Callable[[str], bool]
    barcode: Callable[[str, Place], Barcode]
    tracking_url: str
    account: Mapping[str, str] = field(default_factory=dict)
    account_forms: Mapping[str, str] = field(default_factory=dict)

    def service(self, code: str) -> Service:
        """The service of this code. Raises Invalid listing what there is."""
        wanted = code.strip().lower()
        for service in self.services:
            if service.code == wanted:
                return service
        known = ", ".join(service.code for service in self.services)
        raise Invalid(f"{self.title} has no service '{code}'. It has {known}", field="service")

    def url(self, number: str) -> str:
        """Where the carrier tells the public of a parcel."""
        return self.tracking_url.replace("{number}", number)
