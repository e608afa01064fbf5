"""The organization that a key belongs to, and the switches of its modules.

Example::

    PATCH /api/v1/organization    {"organization": {"modules": ["traceability"]}}
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.fields import Body, Identifier, OneOf
from ambra_tui.errors import NotAllowed
from ambra_tui.services.modules import MODULES, facts_of, modules_of, set_modules

catalogue = Catalogue("Organization")


class OrganizationView(TypedDict):
    """The organization of the key. `modules`: what is switched on."""

    name: str
    currency: str
    is_sandbox: bool
    modules: list[str]


class OrganizationChange(Body):
    """`modules`: the ones that are on from now on; the rest is off."""

    modules: list[Annotated[Identifier, OneOf(MODULES)]]


@catalogue.read(
    "/organization", Nothing, scope="organization:read", operation_id="getOrganization",
    summary="The organization of the key, with its modules", shape=OrganizationView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """The organization."""
    return Answer(_view(session, modules_of(call.store, call.principal.modules_id)))


@catalogue.write(
    "PATCH", "/organization", OrganizationChange, scope="admin", operation_id="updateOrganization",
    wrapper="organization", current=get, summary="Switch modules on and off", shape=OrganizationView,
    example={"organization": {"modules": ["manufacturing", "traceability"]}},
)  # fmt: skip
def update(session: Session, call: Call, body: OrganizationChange) -> Answer:
    """Switches the modules."""
    if call.principal.live_id is not None:
        raise NotAllowed("A sandbox has the modules of its organization: switch them with a live key.")
    return Answer(_view(session, set_modules(session, body.modules)))


def _view(session: Session, modules: Iterable[str]) -> OrganizationView:
    found = facts_of(session)
    return {
        "name": found.name,
        "currency": found.currency,
        "is_sandbox": found.sandbox_of is not None,
        "modules": sorted(modules),
    }
