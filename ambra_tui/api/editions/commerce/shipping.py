"""What it costs to send packages, by every carrier that takes them.

Example::

    POST /v2/shipping/rates
    {"origin": {"zip": "10001", "country": "US"}, "destination": {"zip": "90210", "country": "US"},
     "packages": [{"weight": 2.5, "length": 12, "width": 8, "height": 6, "weight_unit": "lb", "dimension_unit": "in"}]}
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Protocol

from pydantic import Field
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue
from ambra_tui.api.editions.commerce._addresses import Country, Postcode
from ambra_tui.api.fields import Body, Flag, Identifier, OneOf, PositiveQuantity, Price
from ambra_tui.carriers import Parcel, Place, Size, Weight, carriers, check_place
from ambra_tui.errors import Invalid
from ambra_tui.kit.money import minor_to_json
from ambra_tui.services import shipping
from ambra_tui.services.shipping import MAX_PARCELS, Option, Refusal, Wanted
from ambra_tui.services.shipping.packing import MOST_MEASURE, Lengths
from ambra_tui.store.models.shipping import SIZE_UNITS, WEIGHT_UNITS

catalogue = Catalogue("Shipping", about="What it costs to send packages, and by which carrier and service.")
WeightUnit = Annotated[Identifier, OneOf(WEIGHT_UNITS)]
SizeUnit = Annotated[Identifier, OneOf(SIZE_UNITS)]
Amount = float | int
_SIDES = ("length", "width", "height")


class RateView(TypedDict):
    """One way to send. `cost`: all packages, with insurance and signature. `billable_weight`: what they are charged
    for together, the greater of weight and size. Where it is not `available`, `reason` tells why, and `cost`,
    `estimated_delivery` and what goes with them are null. `sample_tariff`: the price is invented."""

    carrier: str
    service: str
    name: str
    available: bool
    reason: str | None
    cost: Amount | None
    currency: str | None
    estimated_delivery: str | None
    transit_days: int | None
    zone: str | None
    billable_weight: Amount | None
    weight_unit: str | None
    sample_tariff: bool


class RatePlace(Body):
    """A postal code in a country."""

    zip: Postcode = ""
    country: Country


class RatePackage(Body):
    """A package. Without its three lengths it is charged for by weight."""

    weight: PositiveQuantity
    weight_unit: WeightUnit = "lb"
    length: PositiveQuantity | None = None
    width: PositiveQuantity | None = None
    height: PositiveQuantity | None = None
    dimension_unit: SizeUnit = "in"


class RateRequest(Body):
    """What is to be sent. `insurance_value`: of all packages together, in the carrier's currency.
    `include_unavailable`: also tell which services do not take it, and why."""

    origin: RatePlace
    destination: RatePlace
    packages: list[RatePackage] = Field(min_length=1)
    insurance_value: Price | None = None
    signature_required: Flag = False
    include_unavailable: Flag = False


class Sized(Protocol):
    """What has three lengths, or none."""

    @property
    def length(self) -> Decimal | None: ...
    @property
    def width(self) -> Decimal | None: ...
    @property
    def height(self) -> Decimal | None: ...


def size_of(package: Sized, field: str) -> Lengths | None:
    """The three lengths; None when none is told. Raises Invalid when some are."""
    length, width, height = package.length, package.width, package.height
    if length is None and width is None and height is None:
        return None
    if length is None or width is None or height is None:
        missing = next(name for name in _SIDES if getattr(package, name) is None)
        raise Invalid("length, width and height go together", field=f"{field}.{missing}")
    return (length, width, height)


@catalogue.question(
    "/shipping/rates", RateRequest, scope="shipping:read", operation_id="calculateShippingRates", status=201,
    summary="Shipping options, the cheapest first", shape=list[RateView],
    example={
        "origin": {"zip": "10001", "country": "US"},
        "destination": {"zip": "90210", "country": "US"},
        "packages": [{"weight": 2.5, "length": 12, "width": 8, "height": 6, "weight_unit": "lb",
                      "dimension_unit": "in"}],
    },
)  # fmt: skip
def rates(session: Session, call: Call, body: RateRequest) -> Answer:
    """A bare array."""
    wanted = _wanted(body)
    quote = shipping.quoted(session, wanted)
    session.rollback()  # nothing is held while others are asked
    options = shipping.with_connectors(quote, wanted, is_sandbox=call.principal.is_sandbox)
    refused = [_refused(one) for one in options.refused] if body.include_unavailable else []
    return Answer([*(_option(one) for one in options.options), *refused])


def _wanted(body: RateRequest) -> Wanted:
    if len(body.packages) > MAX_PARCELS:
        raise Invalid(f"a shipment has 1 to {MAX_PARCELS} packages", field="packages")
    parcels = tuple(_parcel(package, f"packages.{position}") for position, package in enumerate(body.packages))
    return Wanted(
        _place(body.origin, "origin"),
        _place(body.destination, "destination"),
        parcels,
        body.insurance_value or Decimal(0),
        body.signature_required,
    )


def _place(place: RatePlace, field: str) -> Place:
    return check_place(place.country, place.zip, field=field)


def _parcel(package: RatePackage, field: str) -> Parcel:
    if package.weight > MOST_MEASURE:
        raise Invalid(f"is more than {MOST_MEASURE}", field=f"{field}.weight")
    sides = size_of(package, field)
    size = None if sides is None else Size.of(*sides, package.dimension_unit)
    return Parcel(Weight.of(package.weight, package.weight_unit), size)


def _option(option: Option) -> RateView:
    return {
        "carrier": option.carrier,
        "service": option.service,
        "name": _name(option.carrier, option.title),
        "available": True,
        "reason": None,
        "cost": minor_to_json(option.cost_minor, option.currency),
        "currency": option.currency,
        "estimated_delivery": option.estimated_on.isoformat() if option.estimated_on else None,
        "transit_days": option.days,
        "zone": option.zone or None,
        "billable_weight": None if option.billable is None else float(option.billable),
        "weight_unit": option.weight_unit or None,
        "sample_tariff": option.is_sample,
    }


def _refused(refusal: Refusal) -> RateView:
    return {
        "carrier": refusal.carrier,
        "service": refusal.service,
        "name": _name(refusal.carrier, refusal.title),
        "available": False,
        "reason": refusal.reason,
        "cost": None,
        "currency": None,
        "estimated_delivery": None,
        "transit_days": None,
        "zone": None,
        "billable_weight": None,
        "weight_unit": None,
        "sample_tariff": False,
    }


def _name(carrier: str, title: str) -> str:
    known = carriers().get(carrier)
    return title if known is None or title.startswith(known.title) else f"{known.title} {title}"
