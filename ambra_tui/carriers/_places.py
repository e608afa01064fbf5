"""Zones: by distance within the United States, by part of the world between countries.

The three leading digits of a ZIP code name an area; `data/tariffs/us_areas.csv` has the main place of each. The zone is
the distance between the two places as the crow flies in the bands of the U.S. Postal Service (Notice 123): up to 50
miles 1, 150 miles 2, 300 3, 600 4, 1,000 5, 1,400 6, 1,800 7, farther 8. Carriers' own zone charts go by the exact
three digits of both ends and differ from it at the edges of a band.

Example::

    us_zone("10001", "90210")       # '8'
    world_zone("US", "DE")          # 'W2'
"""

from __future__ import annotations

import csv
import math
import re
import tomllib
from bisect import bisect_right
from functools import cache
from typing import NamedTuple

from ambra_tui.carriers._model import Place
from ambra_tui.errors import Invalid
from ambra_tui.kit.resources import data_path

MILES = ((50, "1"), (150, "2"), (300, "3"), (600, "4"), (1000, "5"), (1400, "6"), (1800, "7"))
FARTHEST = "8"
EARTH_MILES = 3958.8
BEYOND = frozenset(("AK", "HI", "PR", "VI", "GU"))
MILITARY = frozenset(("AA", "AE", "AP"))
_ZIP = re.compile(r"\d{5}(-?\d{4})?")
MAX_ZIP = 12


class Area(NamedTuple):
    """The ZIP codes from `first` to `last` (three digits) and their main place."""

    first: str
    last: str
    state: str
    latitude: float
    longitude: float


@cache
def us_areas() -> tuple[Area, ...]:
    """Every area, in the order of its digits."""
    with data_path("tariffs/us_areas.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return tuple(
            Area(row["first"], row["last"], row["state"], float(row["latitude"]), float(row["longitude"]))
            for row in rows
        )


def us_area(zip_code: str) -> Area | None:
    """The area of a ZIP code; None for digits that no area has."""
    areas, digits = us_areas(), zip_code[:3]
    index = bisect_right([area.first for area in areas], digits) - 1
    return areas[index] if index >= 0 and digits <= areas[index].last else None


def us_zone(origin: str, destination: str) -> str:
    """The zone between two ZIP codes, 1 to 8; empty when one of them is in no area."""
    start, end = us_area(origin), us_area(destination)
    if start is None or end is None:
        return ""
    miles = _miles(start, end)
    return next((zone for most, zone in MILES if miles <= most), FARTHEST)


def is_beyond(zip_code: str) -> bool:
    """Alaska, Hawaii, Puerto Rico and the islands."""
    area = us_area(zip_code)
    return area is not None and area.state in BEYOND


def is_military(zip_code: str) -> bool:
    """A post office of the forces, which only the Postal Service serves."""
    area = us_area(zip_code)
    return area is not None and area.state in MILITARY


def _miles(start: Area, end: Area) -> float:
    """The distance on a great circle."""
    one, other = math.radians(start.latitude), math.radians(end.latitude)
    turn = math.radians(end.longitude - start.longitude)
    half = math.sin((other - one) / 2) ** 2 + math.cos(one) * math.cos(other) * math.sin(turn / 2) ** 2
    return 2 * EARTH_MILES * math.asin(math.sqrt(half))


@cache
def parts_of_world() -> dict[str, str]:
    """Country -> its part of the world."""
    parts = tomllib.loads(data_path("tariffs/countries.toml").read_text(encoding="utf-8"))
    return {country: part for part, countries in parts.items() for country in countries.split()}


COUNTRIES = frozenset(parts_of_world())
_NEAR = frozenset(("north_america", "europe"))


def world_zone(origin: str, destination: str) -> str:
    """``W1`` within a part of the world, ``W2`` between Europe and North America, ``W3`` to or from Asia and the
    Pacific, ``W4`` everywhere else."""
    start, end = parts_of_world()[origin], parts_of_world()[destination]
    if start == end:
        return "W1"
    if {start, end} == _NEAR:
        return "W2"
    return "W3" if "asia_pacific" in (start, end) and {start, end} <= _NEAR | {"asia_pacific"} else "W4"


def check_place(country: str, zip_code: str, *, field: str) -> Place:
    """The place, spelled as carriers do. Raises Invalid for an unknown country, or no ZIP code in the States."""
    code = country.strip().upper()
    if code not in COUNTRIES:
        raise Invalid(f"'{country}' is no country: two letters such as US (ISO 3166-1)", field=f"{field}.country")
    text = " ".join(zip_code.split()).upper()
    if len(text) > MAX_ZIP:
        raise Invalid(f"a postal code has at most {MAX_ZIP} characters", field=f"{field}.zip")
    if code == "US" and not _ZIP.fullmatch(text):
        raise Invalid("a ZIP code has five digits, or nine", field=f"{field}.zip")
    if code == "US" and us_area(text) is None:
        raise Invalid(f"no ZIP code begins with {text[:3]}", field=f"{field}.zip")
    return Place(code, text)
