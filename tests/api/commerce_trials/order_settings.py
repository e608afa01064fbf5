"""Trials of what an organization chose about its orders."""

from __future__ import annotations

from tests.api.two_organizations import Trial

PATH = "/settings/orders"

TRIALS: dict[str, tuple[Trial, ...]] = {
    "getOrderSettings": (Trial(PATH),),
    "updateOrderSettings": (Trial(PATH, {"reserve": "always", "backorders": False}),),
}
NEUTRAL = "reserve backorders"
