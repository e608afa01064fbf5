"""What it costs to send parcels, by every carrier and service that takes them, cheapest first.

Example::

    quote = quoted(session, Place("US", "10001"), Place("US", "90210"), [Parcel(Weight.of(3, "lb"))])
    quote.options[0].service, quote.refused[0].reason
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from sqlmodel import Session

from ambra_tui.carriers import Carrier, Parcel, Place, Service, Tariff, carriers, tariff_of
from ambra_tui.errors import Invalid
from ambra_tui.kit.money import to_major, to_minor
from ambra_tui.settings import ShippingSettings
from ambra_tui.store.scope import now_of, organization_of

MAX_PARCELS = 50


@dataclass(frozen=True, slots=True)
class Option:
    """One way to send. `cost_minor`: all parcels, insurance and signature, in minor units of `currency`. `billable`:
    what the parcels are charged for together, in `weight_unit`."""

    carrier: str
    service: str
    title: str
    cost_minor: int
    currency: str
    estimated_on: date | None
    days: int | None
    zone: str
    billable: Fraction | None
    weight_unit: str
    is_sample: bool = False

    @property
    def cost(self) -> Decimal:
        """The cost in major units."""
        return to_major(self.cost_minor, self.currency)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a service does not carry it."""

    carrier: str
    service: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Quote:
    """`options` cheapest first, `refused` in the order of carriers and services."""

    options: tuple[Option, ...]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be sent from where to where. `insured`: in major units of the carrier's currency."""

    origin: Place
    destination: Place
    parcels: tuple[Parcel, ...]
    insured: Decimal = Decimal(0)
    is_signature_required: bool = False


def folders_of(session: Session) -> tuple[Path, ...]:
    """Where the organization's own tariffs may stand: ``<AMBRA_TARIFFS>/<number of the organization>``, then
    ``<AMBRA_TARIFFS>``."""
    folder = ShippingSettings.from_environment().tariffs
    return (folder / str(organization_of(session)), folder) if folder is not None else ()


def own_tariff(session: Session, carrier: Carrier) -> Tariff:
    """What the carrier asks of this organization."""
    return tariff_of(carrier, folders_of(session))


def quoted(session: Session, wanted: Wanted) -> Quote:
    """Every service of every carrier, offered or refused. Raises Invalid for no parcel or too many."""
    if not 1 <= len(wanted.parcels) <= MAX_PARCELS:
        raise Invalid(f"a shipment has 1 to {MAX_PARCELS} packages", field="packages")
    today = now_of(session).date()
    options: list[Option] = []
    refused: list[Refusal] = []
    for carrier in carriers().values():
        tariff = own_tariff(session, carrier)
        for service in carrier.services:
            found = offer(carrier, service, tariff, wanted, today=today)
            if isinstance(found, Option):
                options.append(found)
            else:
                refused.append(found)
    options.sort(key=lambda option: (option.cost, option.estimated_on or today, option.carrier, option.service))
    return Quote(tuple(options), tuple(refused))


def offer(carrier: Carrier, service: Service, tariff: Tariff, wanted: Wanted, *, today: date) -> Option | Refusal:
    """What one service asks for it, or why it does not take it."""

    def refuse(reason: str) -> Refusal:
        return Refusal(carrier.code, service.code, service.title, reason)

    if service.code not in tariff.prices:
        return refuse("the tariff has no prices for it")
    zone = carrier.zone(service, wanted.origin, wanted.destination)
    if not zone or zone not in tariff.prices[service.code]:
        return refuse(f"does not go from {_named(wanted.origin)} to {_named(wanted.destination)}")
    cost = Decimal(0)
    billable = Fraction(0)
    for position, parcel in enumerate(wanted.parcels, start=1):
        reason = service.limits.refusal(parcel)
        if reason:
            return refuse(f"package {position} is {reason}" if not reason.startswith("length") else reason)
        weight = carrier.billable(service, parcel)
        price = tariff.price(service.code, zone, weight)
        if price is None:
            return refuse(f"package {position} counts as {float(weight):g} {tariff.weight_unit}, above the tariff")
        cost += price
        billable += weight
    insurance = tariff.insurance_price(wanted.insured)
    if insurance is None:
        return refuse("does not insure so much")
    cost += insurance
    if wanted.is_signature_required:
        if tariff.signature is None:
            return refuse("takes no signature")
        cost += tariff.signature * len(wanted.parcels)
    days = service.days[zone]
    return Option(
        carrier.code,
        service.code,
        service.title,
        to_minor(cost, tariff.currency),
        tariff.currency,
        arrival(today, days, service.delivers_on),
        days,
        zone,
        billable,
        tariff.weight_unit,
        tariff.is_sample,
    )


def _named(place: Place) -> str:
    return f"{place.country} {place.zip}".rstrip()


def arrival(today: date, days: int, weekdays: frozenset[int]) -> date:
    """The day `days` business days after the next on which parcels are taken; today when it is one. Holidays count
    as business days."""
    day = today
    while day.weekday() not in weekdays:
        day += timedelta(days=1)
    for _ in range(days):
        day += timedelta(days=1)
        while day.weekday() not in weekdays:
            day += timedelta(days=1)
    return day
