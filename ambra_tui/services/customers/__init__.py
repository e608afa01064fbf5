"""Customers: who orders, where they are reached, how a shop groups them, and what may be told or erased of them.

Example::

    jane = create_customer(session, email="jane@example.com", first_name="Jane", tags=["vip"])
    add_address(session, jane, line1="1 Main St", city="Springfield", country="US")
    summary_of(session, jane.id).count      # 0
"""

from ambra_tui.services.customers.addresses import (
    add_address,
    address_of,
    addresses_of,
    addresses_of_all,
    change_address,
    remove_address,
    set_default_address,
)
from ambra_tui.services.customers.erasure import Erasure, erase_customer
from ambra_tui.services.customers.export import export_customer, note_export
from ambra_tui.services.customers.profiles import (
    change_customer,
    create_customer,
    find_customer,
    get_customer,
    lock_customer,
    matching,
    tags_of,
    touch,
)
from ambra_tui.services.customers.summary import OrderSummary, summary_of
from ambra_tui.services.customers.terms import ADDRESS_TYPES, InvalidEmail, clean_email, is_email

__all__ = [
    "ADDRESS_TYPES",
    "Erasure",
    "InvalidEmail",
    "OrderSummary",
    "add_address",
    "address_of",
    "addresses_of",
    "addresses_of_all",
    "change_address",
    "change_customer",
    "clean_email",
    "create_customer",
    "erase_customer",
    "export_customer",
    "find_customer",
    "get_customer",
    "is_email",
    "lock_customer",
    "matching",
    "note_export",
    "remove_address",
    "set_default_address",
    "summary_of",
    "tags_of",
    "touch",
]
