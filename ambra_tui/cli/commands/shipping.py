"""`ambra shipping`: tariff tables checked, and what it costs to send a package.

Example::

    $ ambra shipping rates --from 10001 --to 90210 --weight 2.5lb --size 12x8x6in
    dhl       ecommerce            7.48 USD  2026-03-13  SAMPLE
"""

from __future__ import annotations

import argparse
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command
from ambra_tui.errors import Invalid

if TYPE_CHECKING:
    from ambra_tui.carriers import Parcel, Place

_WEIGHT = re.compile(r"([0-9.]{1,12})(g|kg|oz|lb)")
_SIZE = re.compile(r"([0-9.]{1,12})x([0-9.]{1,12})x([0-9.]{1,12})(cm|in)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``tariffs`` and ``rates``."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    tariffs = actions.add_parser("tariffs", help="check the tariff tables in a folder", allow_abbrev=False)
    tariffs.add_argument("folder", nargs="?", help="a folder of your own tables; without it: AMBRA_TARIFFS, or samples")
    tariffs.set_defaults(action=_tariffs)
    rates = actions.add_parser("rates", help="what it costs to send a package, the cheapest first", allow_abbrev=False)
    rates.add_argument("--from", dest="origin", required=True, metavar="ZIP", help="ZIP code, or COUNTRY:CODE")
    rates.add_argument("--to", dest="destination", required=True, metavar="ZIP", help="ZIP code, or COUNTRY:CODE")
    rates.add_argument("--weight", required=True, metavar="WEIGHT", help="such as 2.5lb, 40oz, 1.2kg, 900g")
    rates.add_argument("--size", metavar="SIZE", help="such as 12x8x6in, 30x20x15cm")
    rates.add_argument("--why", action="store_true", help="also tell which services do not take it, and why")
    add_store_arguments(rates)
    rates.set_defaults(action=_rates)


def run(arguments: argparse.Namespace) -> int:
    """Do the chosen action."""
    code: int = arguments.action(arguments)
    return code


def _tariffs(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from ambra_tui.carriers import carriers, tariff_of
    from ambra_tui.settings import ShippingSettings

    folder = Path(arguments.folder) if arguments.folder else ShippingSettings.from_environment().tariffs
    if folder is not None and not folder.is_dir():
        raise Invalid(f"{folder} is no folder", field="folder")
    for carrier in carriers().values():
        tariff = tariff_of(carrier, (folder,) if folder else ())
        services = ", ".join(
            f"{code} ({len(tariff.weights[code])} weights, {len(zones)} zones)" for code, zones in tariff.prices.items()
        )
        mark = "SAMPLE" if tariff.is_sample else "own"
        print(f"{carrier.code:9} {mark:6} {tariff.currency}  {services}")
    return 0


def _rates(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import opened
    from ambra_tui.services.shipping import Wanted, quoted

    wanted = Wanted(
        _place(arguments.origin, "--from"), _place(arguments.destination, "--to"),
        (_parcel(arguments.weight, arguments.size),),
    )  # fmt: skip
    with opened(arguments) as (store, organization):
        assert organization.id is not None
        with store.read(organization.id) as session:
            quote = quoted(session, wanted)
    for option in quote.options:
        mark = "  SAMPLE" if option.is_sample else ""
        print(
            f"{option.carrier:9} {option.service:14} {option.cost:>10} {option.currency}  {option.estimated_on}{mark}"
        )
    for refusal in quote.refused if arguments.why else ():
        print(f"{refusal.carrier:9} {refusal.service:14} no: {refusal.reason}")
    return 0


def _place(text: str, name: str) -> Place:
    from ambra_tui.carriers import check_place

    country, colon, code = text.partition(":")
    return check_place(country if colon else "US", code if colon else text, field=name)


def _parcel(weight: str, size: str | None) -> Parcel:
    from ambra_tui.carriers import Parcel, Size, Weight

    told = _WEIGHT.fullmatch(weight.replace(" ", ""))
    if told is None:
        raise Invalid(f"'{weight}' is no weight: give one such as 2.5lb, 40oz, 1.2kg, 900g", field="--weight")
    sides = None if size is None else _SIZE.fullmatch(size.replace(" ", ""))
    if size is not None and sides is None:
        raise Invalid(f"'{size}' is no size: give one such as 12x8x6in, 30x20x15cm", field="--size")
    try:
        amount = Decimal(told[1])
        length, width, height = (Decimal(sides[place]) if sides else Decimal(1) for place in (1, 2, 3))
    except InvalidOperation:
        raise Invalid("a weight and lengths are numbers", field="--weight") from None
    if min(amount, length, width, height) <= 0:
        raise Invalid("a weight and lengths are above 0", field="--weight")
    found = None if sides is None else Size.of(length, width, height, sides[4])
    return Parcel(Weight.of(amount, told[2]), found)


COMMAND = Command(
    name="shipping", help="tariff tables, and what it costs to send", add_arguments=add_arguments, run=run
)
