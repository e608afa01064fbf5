"""The reorder point and safety stock of each site's totals, mirrored from the policies so that `status` is right.

A total that a posting makes takes them along (the gateways' INSERT); what is written here follows a change of policies.
A policy has a total, at zero when nothing was ever there, so that what is missing altogether is low too.

Example::

    mirror_policies(session, [(variant.id, site.id)])     # after a policy of the pair was made, changed or removed
    mirror_defaults(session, [variant.id])                # after the variant's defaults changed; None: of all variants
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, text, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from ambra_tui.store.models import InventoryPolicy, PolicyDefault, SiteStock, table_of
from ambra_tui.store.models.policies import EVERY_VARIANT
from ambra_tui.store.scope import is_alone, organization_of

MIRRORED = ("reorder_point", "safety_stock")
_stock = table_of(SiteStock)
_policy = table_of(InventoryPolicy)
_default = table_of(PolicyDefault)


def mirror_policies(session: Session, pairs: Iterable[tuple[str, str]]) -> None:
    """Writes what holds for these variants and sites; makes the totals that are missing. At most some hundred pairs."""
    keys = sorted(set(pairs))
    if not keys:
        return
    session.flush()
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    organization_id, connection = organization_of(session), session.connection()
    zero = dict.fromkeys(("on_hand", "reserved", "held", *MIRRORED), 0)
    rows = [
        {"organization_id": organization_id, "variant_id": variant_id, "site_id": site_id, **zero}
        for variant_id, site_id in keys
    ]
    connection.execute(insert(_stock).on_conflict_do_nothing(), rows)
    _lock(session, keys)
    for site_id in sorted({site_id for _, site_id in keys}):
        variant_ids = [variant_id for variant_id, other in keys if other == site_id]
        _write(session, _stock.c.site_id == site_id, _stock.c.variant_id.in_(variant_ids))
    _forget(session)


def _lock(session: Session, keys: Sequence[tuple[str, str]]) -> None:
    """Totals are locked in key order, as postings do; on SQLite the transaction itself sees to that."""
    if is_alone(session) or len(keys) == 1:
        return
    order = (_stock.c.variant_id, _stock.c.site_id)
    locked = select(_stock.c.variant_id).where(
        _stock.c.organization_id == organization_of(session), tuple_(*order).in_(keys)
    )
    session.connection().execute(locked.order_by(*order).with_for_update()).all()


def mirror_defaults(session: Session, variant_ids: Sequence[str] | None) -> None:
    """Writes what holds for every total of these variants, of all variants when None.

    On PostgreSQL no posting makes a total meanwhile: it would not have seen the defaults.
    """
    session.flush()
    if not is_alone(session):
        session.connection().execute(text("LOCK TABLE site_stock IN EXCLUSIVE MODE"))
    if variant_ids is None:
        _write(session)
    else:
        _write(session, _stock.c.variant_id.in_(variant_ids))
    _forget(session)


def _write(session: Session, *which: ColumnElement[bool]) -> None:
    """What is right already is not written."""
    organization_id = organization_of(session)
    right = {name: _right(organization_id, name) for name in MIRRORED}
    differs = or_(*(_stock.c[name] != value for name, value in right.items()))
    session.connection().execute(
        update(_stock).where(_stock.c.organization_id == organization_id, *which, differs).values(right)
    )


def _right(organization_id: int, name: str) -> ColumnElement[Any]:
    """The policy's value, else the variant's default, else the organization's, else zero."""
    own = select(_policy.c[name]).where(
        _policy.c.organization_id == organization_id,
        _policy.c.variant_id == _stock.c.variant_id,
        _policy.c.site_id == _stock.c.site_id,
    )
    of_variant, of_all = (
        select(_default.c[name]).where(_default.c.organization_id == organization_id, _default.c.variant_id == variant)
        for variant in (_stock.c.variant_id, EVERY_VARIANT)
    )
    values = (_scalar(statement) for statement in (own, of_variant, of_all))
    return func.coalesce(*values, literal(0, _stock.c[name].type))


def _scalar(statement: Select[Any]) -> ColumnElement[Any]:
    return statement.correlate(_stock).scalar_subquery()


def _forget(session: Session) -> None:
    """Totals that the session knows are read again when next looked at."""
    for row in list(session.identity_map.values()):
        if isinstance(row, SiteStock):
            session.expire(row)
