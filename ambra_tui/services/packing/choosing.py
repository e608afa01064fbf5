"""Which carrier an order goes by: the one that its customer chose, else the cheapest that takes it.

Example::

    choice = choose(session, order, shipment)
    choice.proposed.title, [option.title for option in choice.options]
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from ambra_tui.carriers import Parcel, Weight
from ambra_tui.errors import Invalid
from ambra_tui.services import shipping
from ambra_tui.services.orders import checkout_of
from ambra_tui.services.shipping import Option, Wanted
from ambra_tui.services.shipping.packing import parcel_of
from ambra_tui.store.models import SalesOrder, Shipment

ASSUMED = Parcel(Weight.of(1, "kg"))
"""What a parcel that nobody has weighed is taken for while carriers are compared; it has no price."""
NOBODY_KNOWS = 99
_SPEEDS: dict[str, int] = {
    "same_day": 0,
    "sameday": 0,
    "overnight": 1,
    "next_day": 1,
    "nextday": 1,
    "two_day": 2,
    "2day": 2,
    "express": 2,
    "expedited": 2,
    "priority": 3,
}
"""The most business days that a word of a shop promises; every other word means the cheapest."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`proposed`: None where no carrier takes it; `options`: all that do, cheapest first; `why_none`: what
    speaks against all of them."""

    proposed: Option | None
    options: tuple[Option, ...]
    why_none: str = ""


def choose(session: Session, order: SalesOrder, shipment: Shipment) -> Choice:
    """What the order's shipment may go by, and what is proposed. Reads only."""
    parcels = [parcel_of(package) for package in shipping.packages_of(session, shipment.id)]
    try:
        wanted = Wanted(
            shipping.place_of(shipment.ship_from, field="ship_from"),
            shipping.place_of(shipment.ship_to, field="ship_to"),
            tuple(parcel or ASSUMED for parcel in parcels),
        )
        quote = shipping.quoted(session, wanted)
    except Invalid as refusal:
        return Choice(None, (), refusal.message)
    checkout = checkout_of(session, order.id)
    proposed = preferred(quote.options, checkout.shipping_method if checkout else "")
    why = quote.refused[0].reason if quote.refused and not quote.options else ""
    return Choice(proposed, quote.options, why)


def preferred(options: Sequence[Option], method: str) -> Option | None:
    """The option that a shipping method means: a carrier's service by its name, or a word such as express; the
    cheapest for every other word. None where there is no option."""
    if not options:
        return None
    wanted = _word(method)
    named = [option for option in options if wanted and wanted in _names(option)]
    if named:
        return named[0]
    speed = _SPEEDS.get(wanted)
    if speed is not None:
        fast = [option for option in options if option.days is not None and option.days <= speed]
        return fast[0] if fast else min(options, key=_soonest)
    return options[0]


def _soonest(option: Option) -> tuple[int, int]:
    return (NOBODY_KNOWS if option.days is None else option.days, option.cost_minor)


def _names(option: Option) -> set[str]:
    both = (option.carrier, option.service)
    return {_word("_".join(both)), _word(option.title)}


def _word(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")
