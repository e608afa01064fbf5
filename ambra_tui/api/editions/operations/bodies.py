"""Fields that bodies share, and how they name things of the store.

Example::

    variant = named_variant(session, body.variant_id, body.sku, field="items.0.sku")
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Protocol

from sqlmodel import Session

from ambra_tui.errors import Invalid, NotFound
from ambra_tui.kit.money import to_minor, to_unit_cost
from ambra_tui.services.catalog import variant_by_sku, variants_by_sku
from ambra_tui.services.documents import own_currency as organization_currency
from ambra_tui.services.places import sites_of
from ambra_tui.store.models import Site, Variant
from ambra_tui.store.scope import fetch


class Naming(Protocol):
    """An item of a body that names a variant."""

    @property
    def variant_id(self) -> str | None: ...

    @property
    def sku(self) -> str | None: ...


def named_variants(session: Session, items: Sequence[Naming], *, field: str = "items") -> list[Variant]:
    """`named_variant` of each item, read together; what is wrong is told of the first item that has it."""
    skus = [item.sku.strip() for item in items if item.sku is not None and item.variant_id is None]
    by_sku = variants_by_sku(session, skus)
    return [
        (by_sku.get((item.sku or "").strip()) if item.variant_id is None else None)
        or named_variant(session, item.variant_id, item.sku, field=f"{field}.{position}.sku")
        for position, item in enumerate(items)
    ]


def named_variant(session: Session, variant_id: str | None, sku: str | None, *, field: str = "sku") -> Variant:
    """The variant that a body names. Raises Invalid when it names none or two, NotFound when there is none."""
    if variant_id is None and sku is None:
        raise Invalid("name the variant by variant_id or sku", field=field)
    above = field.rpartition(".")[0]
    place = f"{above}." if above else ""
    if variant_id is None:
        with _named_at(f"{place}sku"):
            return variant_by_sku(session, sku or "")
    with _named_at(f"{place}variant_id"):
        variant = fetch(session, Variant, variant_id, resource="variant")
    if sku is not None and variant.sku != sku:
        raise Invalid("variant_id and sku name two variants", field=field)
    return variant


@contextmanager
def _named_at(field: str) -> Iterator[None]:
    """What is not found was named at `field`."""
    try:
        yield
    except NotFound as error:
        raise NotFound(error.resource, error.key, field=field) from error


def named_site(session: Session, location_id: str | None) -> Site:
    """The site that a body names; without a name the only one. Raises Invalid, NotFound."""
    if location_id is not None:
        return fetch(session, Site, location_id, resource="location")
    sites = [site for site in sites_of(session) if not site.is_read_only]
    if len(sites) != 1:
        raise Invalid("location_id is required: there is not exactly one location", field="location_id")
    return sites[0]


def own_currency(session: Session, currency: str | None) -> str:
    """The currency of a body, else the organization's."""
    return organization_currency(session) if currency is None else currency.upper()


def minor_price(amount: Decimal | None, currency: str, *, field: str = "price") -> int | None:
    """A price in minor units. Raises Invalid when it is finer than the currency."""
    if amount is None:
        return None
    try:
        return to_minor(amount, currency)
    except ValueError as error:
        raise Invalid(f"{field}: {error}", field=field) from error


def scaled_cost(amount: Decimal | None, currency: str) -> int | None:
    """A unit cost in ten-thousandths of the minor unit."""
    return None if amount is None else to_unit_cost(amount, currency)
