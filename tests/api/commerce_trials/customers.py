"""Trials of customers."""

from __future__ import annotations

from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

PATH = "/customers"
ADDRESS = {"line1": "1 Main St", "city": "Springfield", "country": "US"}

TRIALS: dict[str, tuple[Trial, ...]] = {
    "listCustomers": (
        Trial(PATH),
        Trial(PATH, query={"cursor": ""}),
        Trial(PATH, query={"email": "$customer_email"}),
        Trial(PATH, query={"name": "$customer_name"}),
        Trial(PATH, query={"tags": "$customer_tag"}),
    ),
    "createCustomer": (Trial(PATH, {"email": "+customer_email", "first_name": "Jane", "addresses": [ADDRESS]}),),
    "getCustomer": (Trial(f"{PATH}/$customer"),),
    "updateCustomer": (
        Trial(f"{PATH}/$customer", {"last_name": "Doe", "tags": ["vip"]}),
        Trial(f"{PATH}/$customer", {"addresses": [{"id": "$customer_address", "zip": "10115"}]}),
    ),
    "addCustomerAddress": (Trial(f"{PATH}/$customer/addresses", ADDRESS),),
    "updateCustomerAddress": (Trial(f"{PATH}/$customer/addresses/$customer_address", {"line2": "Apt 4"}),),
    "setDefaultCustomerAddress": (Trial(f"{PATH}/$customer/addresses/$customer_address/set-default", {}),),
    "exportCustomer": (Trial(f"{PATH}/$customer/export"),),
    "eraseCustomer": (Trial(f"{PATH}/$customer/erase", {"confirm": False}),),
    "deleteCustomerAddress": (Trial(f"{PATH}/$customer/addresses/$customer_address"),),
}

NEUTRAL = """
    tags created_from created_to order first_name last_name phone addresses company line1 line2 city state zip country
    is_default confirm
"""


def furnish(api: Api, mark: str, names: Names) -> None:
    """A customer with an address and a tag."""
    names["$customer_email"] = f"{mark.lower()}@shop.example"
    names["$customer_name"], names["$customer_tag"] = f"{mark}son", f"{mark}-tag"
    body = {
        "email": names["$customer_email"], "last_name": names["$customer_name"], "tags": [names["$customer_tag"]],
        "addresses": [ADDRESS],
    }  # fmt: skip
    answer = api.client.post("/v2/customers", json=body)
    assert answer.status_code == 201, answer.text
    names["$customer"] = answer.json()["id"]
    names["$customer_address"] = answer.json()["addresses"][0]["id"]
