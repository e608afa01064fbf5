"""Which carrier is proposed for what a shop calls its shipping method."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from ambra_tui.services.packing import preferred
from ambra_tui.services.shipping import Option


def option(carrier: str, service: str, title: str, cost_minor: int, days: int | None) -> Option:
    return Option(carrier, service, title, cost_minor, "USD", date(2026, 3, 9), days, "2", Fraction(1), "lb")


OPTIONS = (  # cheapest first, as they are quoted
    option("dhl", "ecommerce", "DHL eCommerce", 652, 5),
    option("ups", "ground", "UPS Ground", 972, 2),
    option("fedex", "2day", "FedEx 2Day", 2210, 2),
    option("own", "van", "Own van", 2500, None),
    option("ups", "next_day", "UPS Next Day Air", 4120, 1),
)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("", "DHL eCommerce"),
        ("standard", "DHL eCommerce"),
        ("a word that nobody knows", "DHL eCommerce"),
        ("ups:ground", "UPS Ground"),
        ("UPS Ground", "UPS Ground"),
        ("fedex 2day", "FedEx 2Day"),
        ("own-van", "Own van"),
        ("express", "UPS Ground"),
        ("overnight", "UPS Next Day Air"),
        ("same_day", "UPS Next Day Air"),  # nobody is so fast: the fastest
    ],
)
def test_a_shipping_method_means_a_carrier(method: str, expected: str) -> None:
    found = preferred(OPTIONS, method)
    assert found is not None and found.title == expected


def test_where_nobody_goes_nothing_is_proposed() -> None:
    assert preferred((), "express") is None
