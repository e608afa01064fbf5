"""Where an organization's keys and programs may be used from.

Example::

    PUT /v2/settings/network    {"allowed_ips": ["203.0.113.0/24"]}
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.fields import Body, Identifier
from ambra_tui.errors import Invalid
from ambra_tui.services import access
from ambra_tui.services.access.networks import MAX_NETWORKS, read_networks

catalogue = Catalogue(
    "Network settings", about="Where the keys and programs of an organization may be used from, all of them."
)
PATH = "/settings/network"


class NetworkSettingsView(TypedDict):
    """`allowed_ips`: addresses and networks; none: from anywhere. A key's own list holds beside it."""

    allowed_ips: list[str]


class NetworkSettings(Body):
    """The whole list from now on; the address that this is sent from must be in it."""

    allowed_ips: Annotated[list[Identifier], Field(max_length=MAX_NETWORKS)]


@catalogue.read(
    PATH, Nothing, scope="admin", operation_id="getNetworkSettings", shape=NetworkSettingsView,
    summary="Where keys and programs may be used from",
)  # fmt: skip
def get(session: Session, _call: Call, _query: object) -> Answer:
    """What holds for the next request."""
    return Answer({"allowed_ips": access.allowed_networks(session)})


@catalogue.write(
    "PUT", PATH, NetworkSettings, scope="admin", operation_id="updateNetworkSettings", current=get,
    summary="Choose where keys and programs may be used from", shape=NetworkSettingsView,
    example={"allowed_ips": ["127.0.0.0/8", "203.0.113.0/24"]},
)  # fmt: skip
def update(session: Session, call: Call, body: NetworkSettings) -> Answer:
    """For every request from then on. Raises Invalid for a list that would lock its sender out."""
    chosen = access.checked_networks(body.allowed_ips)
    if chosen and call.address and not access.is_within(call.address, read_networks(chosen)):
        raise Invalid(f"This would lock you out: {call.address} is not in the list", field="allowed_ips")
    return Answer({"allowed_ips": access.set_allowed_networks(session, chosen)})
