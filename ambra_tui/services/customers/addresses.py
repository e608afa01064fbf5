"""A customer's addresses: where things are sent or billed. One of each type is the default, as long as there is one.

Example::

    add_address(session, jane, line1="1 Main St", city="Springfield", country="US")      # the default: the first
    set_default_address(session, jane, other)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, select

from ambra_tui.errors import Invalid, NotFound
from ambra_tui.kit.ids import new_id
from ambra_tui.services.customers.terms import ADDRESS_TYPES, MAX_ADDRESSES, clean_address
from ambra_tui.store.models import Customer, CustomerAddress
from ambra_tui.store.prepared import ORGANIZATION, Prepared, given
from ambra_tui.store.scope import now_of, scoped

_OWN: Prepared[CustomerAddress] = Prepared(
    select(CustomerAddress)
    .where(CustomerAddress.organization_id == ORGANIZATION, CustomerAddress.customer_id == given("customer_id"))
    .order_by(col(CustomerAddress.position), col(CustomerAddress.id))
)


def addresses_of(session: Session, customer_id: str) -> list[CustomerAddress]:
    """A customer's addresses, in their order."""
    session.flush()
    return _OWN.all(session, customer_id=customer_id)


def addresses_of_all(session: Session, customer_ids: Sequence[str]) -> dict[str, list[CustomerAddress]]:
    """Customer -> addresses, in their order."""
    statement = (
        scoped(session, CustomerAddress)
        .where(col(CustomerAddress.customer_id).in_(customer_ids))
        .order_by(col(CustomerAddress.customer_id), col(CustomerAddress.position), col(CustomerAddress.id))
    )
    found: dict[str, list[CustomerAddress]] = {}
    for address in session.exec(statement):
        found.setdefault(address.customer_id, []).append(address)
    return found


def address_of(session: Session, customer: Customer, address_id: str) -> CustomerAddress:
    """The customer's own address with this id. Raises NotFound for one of another customer, too."""
    for address in addresses_of(session, customer.id):
        if address.id == address_id:
            return address
    raise NotFound("address", address_id)


def add_address(session: Session, customer: Customer, *, is_default: bool = False, **values: Any) -> CustomerAddress:
    """One more address; the first of its type is the default. Raises Invalid."""
    known = addresses_of(session, customer.id)
    if len(known) >= MAX_ADDRESSES:
        raise Invalid(f"a customer has at most {MAX_ADDRESSES} addresses", field="addresses")
    if not values.get("line1"):
        raise Invalid("line1 is required", field="line1")
    address = _new(session, customer, max((row.position for row in known), default=-1) + 1, clean_address(values))
    _settle_defaults(session, [*known, address], chosen=address if is_default else None)
    return address


def change_address(
    session: Session, customer: Customer, address: CustomerAddress, *, is_default: bool | None = None, **values: Any
) -> CustomerAddress:
    """Changes what is given. `is_default` False hands the default on to the next of its type. Raises Invalid."""
    cleaned = clean_address(values)
    is_handed_on = is_default is False or cleaned.get("type", address.type) != address.type
    for name, value in cleaned.items():
        setattr(address, name, value)
    address.updated_at = now_of(session)
    session.add(address)
    known = addresses_of(session, customer.id)
    if is_handed_on:
        address.is_default = False
        known = [*(row for row in known if row is not address), address]
    _settle_defaults(session, known, chosen=address if is_default else None)
    return address


def set_default_address(session: Session, customer: Customer, address: CustomerAddress) -> CustomerAddress:
    """The address is the default of its type from now on, and the one before is not."""
    _settle_defaults(session, addresses_of(session, customer.id), chosen=address)
    return address


def remove_address(session: Session, customer: Customer, address: CustomerAddress) -> None:
    """The address goes; the next of its type takes its place as the default."""
    known = [row for row in addresses_of(session, customer.id) if row is not address]
    session.delete(address)
    session.flush()
    _settle_defaults(session, known)


def replace_addresses(session: Session, customer: Customer, wanted: Sequence[Mapping[str, Any]]) -> None:
    """The customer has these addresses and no others; one with the `id` of an address that is there changes it.
    Raises Invalid naming the field, also for an id of another customer's address."""
    if len(wanted) > MAX_ADDRESSES:
        raise Invalid(f"a customer has at most {MAX_ADDRESSES} addresses", field="addresses")
    known = {address.id: address for address in addresses_of(session, customer.id)}
    rows: list[CustomerAddress] = []
    chosen: dict[str, CustomerAddress] = {}
    for place, told in enumerate(wanted):
        field = f"addresses.{place}."
        address = _taken(session, customer, known, dict(told), place, field)
        if told.get("is_default"):
            if address.type in chosen:
                raise Invalid(f"only one {address.type} address is the default", field=f"{field}is_default")
            chosen[address.type] = address
        elif told.get("is_default") is False:
            address.is_default = False
        rows.append(address)
    for address in known.values():
        session.delete(address)
    session.flush()
    for address in rows:
        if address.type in chosen:
            address.is_default = chosen[address.type] is address
    _settle_defaults(session, rows)


def _taken(
    session: Session,
    customer: Customer,
    known: dict[str, CustomerAddress],
    told: dict[str, Any],
    place: int,
    field: str,
) -> CustomerAddress:
    """The address that `told` means, out of `known`, else a new one."""
    address_id, _ = told.pop("id", None), told.pop("is_default", None)
    if address_id is None:
        if not told.get("line1"):
            raise Invalid(f"{field}line1 is required", field=f"{field}line1")
        return _new(session, customer, place, clean_address(told, place=field))
    address = known.pop(address_id, None)
    if address is None:
        raise Invalid(f"the customer has no address {address_id}", field=f"{field}id")
    cleaned = clean_address(told, place=field)
    address.is_default &= cleaned.get("type", address.type) == address.type
    for name, value in {**cleaned, "position": place, "updated_at": now_of(session)}.items():
        setattr(address, name, value)
    session.add(address)
    return address


def _new(session: Session, customer: Customer, position: int, values: Mapping[str, Any]) -> CustomerAddress:
    now = now_of(session)
    address = CustomerAddress(
        organization_id=customer.organization_id, id=new_id("addr"), customer_id=customer.id, position=position,
        created_at=now, updated_at=now, **values,
    )  # fmt: skip
    session.add(address)
    return address


def _settle_defaults(
    session: Session, addresses: Sequence[CustomerAddress], *, chosen: CustomerAddress | None = None
) -> None:
    """Exactly one default of each type that there is: `chosen`, else the one that is, else the first."""
    for kind in ADDRESS_TYPES:
        own = [address for address in addresses if address.type == kind]
        if not own:
            continue
        present = next((address for address in own if address.is_default), own[0])
        default = chosen if chosen is not None and chosen.type == kind else present
        for address in own:
            if address.is_default != (address is default):
                address.is_default = address is default
                address.updated_at = now_of(session)
                session.add(address)
    session.flush()


__all__ = [
    "add_address",
    "address_of",
    "addresses_of",
    "addresses_of_all",
    "change_address",
    "remove_address",
    "replace_addresses",
    "set_default_address",
]
