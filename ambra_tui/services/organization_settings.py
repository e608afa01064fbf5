"""What an organization chose about how it works, by name; a sandbox chooses for itself.

Example::

    set_setting(session, "orders", {"reserve_at": "paid"})
    setting(session, "orders")      # {'reserve_at': 'paid'}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, select

from ambra_tui.store.facts import audit
from ambra_tui.store.models import OrganizationSetting
from ambra_tui.store.prepared import ORGANIZATION, PreparedRows, given
from ambra_tui.store.scope import now_of, organization_of

_VALUE = PreparedRows(
    select(OrganizationSetting.value).where(
        OrganizationSetting.organization_id == ORGANIZATION, OrganizationSetting.name == given("name")
    )
)


def setting(session: Session, name: str) -> dict[str, Any]:
    """What was chosen under `name`; empty when nothing was."""
    row = _VALUE.first(session, name=name)
    return dict(row[0]) if row else {}


def set_setting(session: Session, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Chooses `values` beside what was chosen under `name` before; what holds then. They are JSON and no secret."""
    before = setting(session, name)
    after = {**before, **values}
    if after == before:
        return after
    row = session.get(OrganizationSetting, (organization_of(session), name))
    if row is None:
        row = OrganizationSetting(organization_id=organization_of(session), name=name, updated_at=now_of(session))
    row.value, row.updated_at = after, now_of(session)
    session.add(row)
    session.flush()
    audit(session, "setting_changed", name, before=before, after=after)
    return after
