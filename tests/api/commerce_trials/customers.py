"""Trials of customers."""

from __future__ import annotations

from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

PATH = "/customers"
ADDRESS = {"line1": "+line", "city": "Springfield", "country": "US"}

TRIALS: dict[str, tuple[Trial, ...]] = {
    "listCustomers": (Trial(PATH), Trial(PATH, query={"cursor": ""}), Trial(PATH, query={"email": "$customer_email"})),
    "createCustomer": (Trial(PATH, {"email": "+customer_email", "first_name": "+name", "addresses": [ADDRESS]}),),
    "getCustomer": (Trial(f"{PATH}/$customer"),),
    "updateCustomer": (Trial(f"{PATH}/$customer", {"last_name": "+name", "tags": ["vip"]}),),
    "addCustomerAddress": (Trial(f"{PATH}/$customer/addresses", ADDRESS),),
    "updateCustomerAddress": (Trial(f"{PATH}/$customer/addresses/$address", {"line2": "+line"}),),
    "setDefaultCustomerAddress": (Trial(f"{PATH}/$customer/addresses/$address/set-default", {}),),
    "deleteCustomerAddress": (Trial(f"{PATH}/$customer/addresses/$spare_address"),),
}
