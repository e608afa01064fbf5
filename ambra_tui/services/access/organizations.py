"""Organizations and their sandbox twins.

Example::

    organization = create_organization(store, "Acme", ["traceability"])
    sandbox_of(store, organization.id).name   # 'Acme (sandbox)'
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import update
from sqlmodel import Session, col

from ambra_tui import ledger
from ambra_tui.kit.text import clean_line
from ambra_tui.services import access_system
from ambra_tui.services.access.networks import checked_networks
from ambra_tui.services.catalog import clean_currency
from ambra_tui.services.modules import known_modules
from ambra_tui.services.secrets import ensure_pepper
from ambra_tui.store import Store
from ambra_tui.store.facts import audit
from ambra_tui.store.models import Organization
from ambra_tui.store.scope import SYSTEM, Actor, organization_of

MAX_NAME = 120


def create_organization(
    store: Store, name: str, modules: Sequence[str] = (), *, currency: str = "EUR", actor: Actor = SYSTEM
) -> Organization:
    """A tenant with its virtual locations. Raises Invalid for an unknown module, Duplicate for a name that is taken."""
    return make_organization(store, name, modules, currency=currency, sandbox_of=None, actor=actor)


def sandbox_of(store: Store, organization_id: int, *, actor: Actor = SYSTEM) -> Organization:
    """The organization's sandbox twin, where its `test_` keys work; made with its sample when it is first asked for.

    That takes several transactions: never call it inside one.
    """
    from ambra_tui.services.sandboxes import sets  # its sample needs nearly every service, and those need this one

    return sets.sandbox_of(store, organization_id, actor=actor)


def allowed_networks(session: Session) -> list[str]:
    """Where the keys and programs of the session's organization may be used from; empty: anywhere."""
    found = session.get(Organization, organization_of(session), populate_existing=True)
    return list(found.allowed_networks or ()) if found else []


def set_allowed_networks(session: Session, networks: Sequence[str]) -> list[str]:
    """All keys and programs of the organization work from these addresses and networks alone, from the commit on; none:
    from anywhere. Its sandbox has a list of its own. Raises Invalid."""
    chosen, before = checked_networks(networks), allowed_networks(session)
    own = update(Organization).where(col(Organization.id) == organization_of(session))
    session.connection().execute(own.values(allowed_networks=chosen or None))
    audit(session, "allowed_networks_changed", str(organization_of(session)), before=before, after=chosen)
    return chosen


def make_organization(
    store: Store,
    name: str,
    modules: Sequence[str],
    *,
    currency: str,
    sandbox_of: int | None,
    actor: Actor,
    is_retired: bool = False,
) -> Organization:
    """An organization with its virtual locations; `is_retired`: nothing shows it."""
    checked_name = clean_line(name, field="name", max_length=MAX_NAME)
    checked_modules = known_modules(modules)
    organization_id = access_system.insert_organization(
        store,
        name=checked_name,
        modules=checked_modules,
        currency=clean_currency(currency),
        sandbox_of=sandbox_of,
        is_retired=is_retired,
        actor=actor,
    )

    def furnish(session: Session) -> None:
        ensure_pepper(session)
        ledger.make_virtual_locations(session)
        audit(session, "organization_created", str(organization_id), name=checked_name, modules=checked_modules)

    store.writer.run(furnish, organization_id=organization_id, actor=actor)
    return access_system.organization_by_id(store, organization_id)
