"""Tariff tables: a TOML file a carrier. The product's are samples with invented prices; a site brings its own.

A file says its `currency`, the customer's `account` (what tracking numbers are made of), the prices of `insurance` and
of a `signature`, and for each service its `zones` and `rows`: up to this weight, then a price a zone. Prices are exact
decimals. A service that a file leaves out is not offered.

Example::

    tariff = load_tariff(usps, data_path("tariffs/usps.toml"))
    tariff.price("priority", "8", Fraction(5))      # Decimal('17.60')
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from ambra_tui.carriers._measures import GRAMS
from ambra_tui.carriers._model import Carrier
from ambra_tui.errors import Invalid
from ambra_tui.kit.money import decimals_of
from ambra_tui.kit.resources import data_path

MOST_PRICE = Decimal(1_000_000)
MAX_ROWS = 2_000
MAX_FILE_BYTES = 1_000_000
_PLACES = ("currency", "weight_unit", "is_sample", "account", "insurance", "signature", "services")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Insurance:
    """What is `included` in every price; above it `price` for each `step` begun, up to `most`."""

    included: Decimal
    step: Decimal
    price: Decimal
    most: Decimal


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a carrier asks of one customer. `account`: what its tracking numbers are made of. `is_sample`: the prices
    are invented."""

    carrier: str
    currency: str
    weight_unit: str
    prices: Mapping[str, Mapping[str, tuple[Decimal, ...]]]
    weights: Mapping[str, tuple[Fraction, ...]]
    account: Mapping[str, str] = field(default_factory=dict)
    insurance: Insurance | None = None
    signature: Decimal | None = None
    is_sample: bool = False

    def price(self, service: str, zone: str, weight: Fraction) -> Decimal | None:
        """The price of one parcel that is charged for `weight`; None where the table ends before it."""
        prices = self.prices.get(service, {}).get(zone)
        if prices is None:
            return None
        row = bisect_left(self.weights[service], weight)
        return prices[row] if row < len(prices) else None

    def insurance_price(self, value: Decimal) -> Decimal | None:
        """What it costs to insure `value`; None where the carrier does not insure so much."""
        if self.insurance is None:
            return None if value > 0 else Decimal(0)
        if value > self.insurance.most:
            return None
        above = max(value - self.insurance.included, Decimal(0))
        steps = (above / self.insurance.step).to_integral_value(ROUND_CEILING)
        return steps * self.insurance.price


def tariff_of(carrier: Carrier, folders: tuple[Path, ...] = ()) -> Tariff:
    """The carrier's tariff: of the first folder that has one, else the sample. Raises Invalid naming file and place."""
    for folder in folders:
        path = folder / f"{carrier.code}.toml"
        if path.is_file():
            return _loaded(carrier.code, path, path.stat().st_mtime_ns)
    return _loaded(carrier.code, data_path(f"tariffs/{carrier.code}.toml"), 0)


@lru_cache(maxsize=64)
def _loaded(code: str, path: Path, _changed: int) -> Tariff:
    from ambra_tui.carriers import carriers

    return load_tariff(carriers()[code], path)


def load_tariff(carrier: Carrier, path: Path) -> Tariff:
    """Reads and checks a tariff file. Raises Invalid naming the file and the place in it."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise _wrong(path, "", f"larger than {MAX_FILE_BYTES} bytes")
        told = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise _wrong(path, "", error.strerror or str(error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(path, "", str(error)) from None
    unknown = sorted(set(told) - set(_PLACES))
    if unknown:
        raise _wrong(path, unknown[0], f"is not known here. There are {', '.join(_PLACES)}")
    currency = told.get("currency")
    if not (isinstance(currency, str) and _CURRENCY.fullmatch(currency)):
        raise _wrong(path, "currency", "is three capital letters such as USD (ISO 4217)")
    unit = told.get("weight_unit", carrier.weight_unit)
    if unit not in GRAMS or unit != carrier.weight_unit:
        raise _wrong(path, "weight_unit", f"{carrier.title} charges by {carrier.weight_unit}")
    reader = _Reader(path, carrier, currency)
    weights, prices = reader.services(told.get("services"))
    return Tariff(
        carrier=carrier.code,
        currency=currency,
        weight_unit=unit,
        prices=prices,
        weights=weights,
        account=reader.account(told.get("account", {})),
        insurance=reader.insurance(told.get("insurance")),
        signature=reader.signature(told.get("signature")),
        is_sample=told.get("is_sample") is True,
    )


def _wrong(path: Path, place: str, what: str) -> Invalid:
    where = f"{path}: {place}: " if place else f"{path}: "
    return Invalid(f"{where}{what}", field="tariffs")


@dataclass(frozen=True, slots=True)
class _Reader:
    path: Path
    carrier: Carrier
    currency: str

    def refuse(self, place: str, what: str) -> Invalid:
        return _wrong(self.path, place, what)

    def number(self, value: Any, place: str) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
            raise self.refuse(place, f"'{value}' is no number")
        return Decimal(value)

    def money(self, value: Any, place: str) -> Decimal:
        amount = self.number(value, place)
        if not 0 <= amount <= MOST_PRICE:
            raise self.refuse(place, f"{amount} is not between 0 and {MOST_PRICE}")
        if amount != round(amount, decimals_of(self.currency)):
            raise self.refuse(place, f"{self.currency} has {decimals_of(self.currency)} decimals, {amount} has more")
        return amount

    def services(
        self, told: Any
    ) -> tuple[dict[str, tuple[Fraction, ...]], dict[str, Mapping[str, tuple[Decimal, ...]]]]:
        if not isinstance(told, dict) or not told:
            raise self.refuse("services", "is a table with a table for each service")
        known = {service.code: service for service in self.carrier.services}
        weights: dict[str, tuple[Fraction, ...]] = {}
        prices: dict[str, Mapping[str, tuple[Decimal, ...]]] = {}
        for code, table in told.items():
            place = f"services.{code}"
            if code not in known:
                raise self.refuse(place, f"{self.carrier.title} has no such service. It has {', '.join(known)}")
            if not isinstance(table, dict) or set(table) != {"zones", "rows"}:
                raise self.refuse(place, "has zones and rows, and nothing else")
            zones = self._zones(table["zones"], set(known[code].days), place)
            weights[code], prices[code] = self._rows(table["rows"], zones, place)
        return weights, prices

    def _zones(self, told: Any, known: set[str], place: str) -> list[str]:
        if not isinstance(told, list) or not told or not all(isinstance(zone, str) for zone in told):
            raise self.refuse(f"{place}.zones", "is a list of zone names")
        unknown = [zone for zone in told if zone not in known]
        if unknown:
            raise self.refuse(f"{place}.zones", f"'{unknown[0]}' is no zone. There are {', '.join(sorted(known))}")
        if len(set(told)) != len(told):
            raise self.refuse(f"{place}.zones", "names a zone twice")
        return told

    def _rows(
        self, told: Any, zones: list[str], place: str
    ) -> tuple[tuple[Fraction, ...], dict[str, tuple[Decimal, ...]]]:
        if not isinstance(told, list) or not 0 < len(told) <= MAX_ROWS:
            raise self.refuse(f"{place}.rows", f"is a list of 1 to {MAX_ROWS} rows")
        weights: list[Fraction] = []
        columns: dict[str, list[Decimal]] = {zone: [] for zone in zones}
        for position, row in enumerate(told, start=1):
            where = f"{place}.rows[{position}]"
            if not isinstance(row, list) or len(row) != len(zones) + 1:
                raise self.refuse(where, f"is a weight and {len(zones)} prices, one for each zone")
            weight = Fraction(self.number(row[0], where))
            if weight <= (weights[-1] if weights else 0):
                raise self.refuse(where, "weights rise from row to row, above 0")
            weights.append(weight)
            for zone, price in zip(zones, row[1:], strict=True):
                columns[zone].append(self.money(price, where))
        return tuple(weights), {zone: tuple(column) for zone, column in columns.items()}

    def account(self, told: Any) -> dict[str, str]:
        if not isinstance(told, dict):
            raise self.refuse("account", "is a table of names and texts")
        account = dict(self.carrier.account)
        for name, value in told.items():
            if name not in account:
                known = ", ".join(account) or "nothing"
                raise self.refuse(
                    f"account.{name}", f"is not asked for by {self.carrier.title}, which asks for {known}"
                )
            form = self.carrier.account_forms[name]
            if not (isinstance(value, str) and re.fullmatch(form, value)):
                raise self.refuse(f"account.{name}", f"'{value}' has not the form {form}")
            account[name] = value
        return account

    def insurance(self, told: Any) -> Insurance | None:
        if told is None:
            return None
        names = ("included", "step", "price", "most")
        if not isinstance(told, dict) or set(told) != set(names):
            raise self.refuse("insurance", f"has {', '.join(names)}, and nothing else")
        found = Insurance(*(self.money(told[name], f"insurance.{name}") for name in names))
        if found.step <= 0:
            raise self.refuse("insurance.step", "is above 0")
        return found

    def signature(self, told: Any) -> Decimal | None:
        if told is None:
            return None
        if not isinstance(told, dict) or set(told) != {"price"}:
            raise self.refuse("signature", "has a price, and nothing else")
        return self.money(told["price"], "signature.price")
