"""The modules of an organization: what is switched on beside the floor itself, and the switch.

Manufacturing is recipes and production batches, traceability the lots, waste and expiry of the REST edition; the floor
records waste and handles lots in any case. The sandbox of an organization has the modules of the organization.

Example::

    switch_modules(session, on=["manufacturing"])       # every server and terminal sees it with its next answer
    "manufacturing" in modules_in(session)              # True
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import select, update
from sqlmodel import Session, col

from ambra_tui.errors import Invalid, NotFound
from ambra_tui.store import Actor, Store
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Organization, table_of
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows
from ambra_tui.store.quick import Quick
from ambra_tui.store.scope import SYSTEM, organization_of

MANUFACTURING, TRACEABILITY = "manufacturing", "traceability"
MODULES = (MANUFACTURING, TRACEABILITY)


class Facts(NamedTuple):
    """What everybody may know of an organization."""

    name: str
    currency: str
    sandbox_of: int | None


_table = table_of(Organization)
_SELECT = select(_table.c.modules).where(_table.c.id == ORGANIZATION)
_BY_STORE = Quick(_SELECT)
_BY_SESSION = PreparedRows(_SELECT)
_FACTS = PreparedRows(select(_table.c.name, _table.c.currency, _table.c.sandbox_of).where(_table.c.id == ORGANIZATION))


def known_modules(modules: Iterable[str]) -> list[str]:
    """The names, each once, sorted. Raises Invalid for what is no module."""
    wanted = sorted({module.strip() for module in modules if module.strip()})
    unknown = [module for module in wanted if module not in MODULES]
    if unknown:
        raise Invalid(f"unknown module {unknown[0]}: known are {', '.join(MODULES)}", field="modules")
    return wanted


def facts_of(session: Session) -> Facts:
    """The organization of the session."""
    row = _FACTS.first(session)
    if row is None:
        raise NotFound("organization", str(organization_of(session)))
    return Facts(*row)


def modules_of(store: Store, organization_id: int) -> frozenset[str]:
    """What is switched on now, for doors without a session."""
    rows = _BY_STORE.rows(store, organization_id)
    return frozenset(rows[0][0]) if rows else frozenset()


def modules_in(session: Session) -> frozenset[str]:
    """What the organization of the session has switched on now."""
    row = _BY_SESSION.first(session)
    return frozenset(row[0]) if row else frozenset()


def switch_modules(session: Session, *, on: Iterable[str] = (), off: Iterable[str] = ()) -> frozenset[str]:
    """Switches modules of the session's organization on and off; what is on afterwards.

    Raises Invalid for an unknown name, and for one that is to be both.
    """
    wanted, unwanted = known_modules(on), known_modules(off)
    both = [module for module in wanted if module in unwanted]
    if both:
        raise Invalid(f"{both[0]} cannot be switched on and off at once", field="modules")
    return set_modules(session, (modules_in(session) | set(wanted)) - set(unwanted))


def set_modules(session: Session, modules: Iterable[str]) -> frozenset[str]:
    """Has exactly these modules on from now on. Raises Invalid for an unknown name."""
    organization_id, after = organization_of(session), known_modules(modules)
    before = sorted(modules_in(session))
    if before == after:
        return frozenset(after)
    own = update(Organization).where(col(Organization.id) == organization_id)
    session.connection().execute(own.values(modules=after))
    audit(session, "modules_switched", str(organization_id), before=before, after=after)
    publish(session, "modules_switched", str(organization_id), {"modules": after})
    return frozenset(after)


def switch_everywhere(
    store: Store,
    organizations: Iterable[int],
    *,
    on: Iterable[str] = (),
    off: Iterable[str] = (),
    actor: Actor = SYSTEM,
) -> frozenset[str]:
    """As `switch_modules` for an organization and its sandbox, one after the other; what the last one has on."""
    wanted, unwanted = list(on), list(off)
    switched: frozenset[str] = frozenset()
    for organization_id in organizations:
        switched = store.writer.run(
            lambda session: switch_modules(session, on=wanted, off=unwanted),
            organization_id=organization_id,
            actor=actor,
        )
    return switched
