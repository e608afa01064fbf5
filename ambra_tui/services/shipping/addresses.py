"""Where a shipment comes from and goes to, in one spelling whatever its source calls the parts.

Example::

    read_address({"street": "1 Main St", "postal_code": "10001", "country": "us"}, field="ship_to")
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from ambra_tui.carriers import Place, check_place
from ambra_tui.errors import Invalid
from ambra_tui.kit.text import clean_line
from ambra_tui.services.orders import checkout_of
from ambra_tui.store.models import SalesOrder, Site
from ambra_tui.store.scope import fetch

Address = dict[str, str]
FIELDS = ("name", "company", "line1", "line2", "city", "state", "zip", "country", "phone", "email")
_SPELLINGS = {
    "line1": ("line1", "line_1", "address1", "address_line1", "street", "street1", "address"),
    "line2": ("line2", "line_2", "address2", "address_line2", "street2"),
    "state": ("state", "province", "region"),
    "zip": ("zip", "zip_code", "postal_code", "postcode"),
    "country": ("country", "country_code"),
}
_LONGEST = {"zip": 12, "country": 2, "phone": 60}


def read_address(values: Mapping[str, Any], *, field: str) -> Address:
    """The address in our spelling, without its empty parts. Raises Invalid for what is no line of text."""
    told = {name: _first(values, _SPELLINGS.get(name, (name,))) for name in FIELDS}
    told["name"] = told["name"] or " ".join(filter(None, (_text(values, "first_name"), _text(values, "last_name"))))
    address: Address = {}
    for name, value in told.items():
        line = clean_line(value, field=f"{field}.{name}", max_length=_LONGEST.get(name, 255), required=False)
        if line:
            address[name] = line.upper() if name == "country" else line
    return address


def _first(values: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := _text(values, name))), "")


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value.strip() if isinstance(value, str) else ""


def address_of_site(session: Session, site_id: str) -> Address:
    """Where the site stands, under its own name unless its address says another."""
    site = fetch(session, Site, site_id, resource="site")
    return {"name": site.name, **read_address(site.address, field="ship_from")}


def address_of_order(session: Session, order: SalesOrder) -> Address:
    """Where the order goes, as its checkout says; else what the order says of its customer."""
    checkout = checkout_of(session, order.id)
    told = dict(checkout.shipping_address) if checkout is not None else {}
    if not told:
        inner = order.customer.get("address")
        told = {**order.customer, **(inner if isinstance(inner, dict) else {})}
    address = read_address(told, field="ship_to")
    name = order.customer.get("name")
    if "name" not in address and isinstance(name, str) and name.strip():
        address["name"] = name.strip()
    return address


def place_of(address: Mapping[str, str], *, field: str) -> Place:
    """What of an address a price depends on. Raises Invalid where that is missing or wrong."""
    if not address.get("country"):
        raise Invalid("the country is missing: two letters such as US", field=f"{field}.country")
    return check_place(address["country"], address.get("zip", ""), field=field)
