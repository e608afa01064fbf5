"""The reorder point and safety stock of each site's totals, mirrored from the policies so that `status` is right.

A total that a posting makes takes them along (the gateways' INSERT); what is written here follows a change of policies.
A policy has a total, at zero when nothing was ever there, so that what is missing altogether is low too.

Example::

    mirror_policies(session, [(variant.id, site.id)])     # after a policy of the pair was made, changed or removed
    mirror_defaults(session, [variant.id])                # after the variant's defaults changed; None: of all variants
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy import insert as insert_rows
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from ambra_tui.kit.quantity import ZERO
from ambra_tui.ledger.status import SEVERITIES, STATUS_FELL
from ambra_tui.store.models import InventoryPolicy, OutboxEvent, PolicyDefault, SiteStock, table_of
from ambra_tui.store.models.policies import EVERY_VARIANT
from ambra_tui.store.scope import is_alone, now_of, organization_of

MIRRORED = ("reorder_point", "safety_stock")
_stock = table_of(SiteStock)
_policy = table_of(InventoryPolicy)
_default = table_of(PolicyDefault)
_outbox = table_of(OutboxEvent)
NORMAL, LOW, CRITICAL, OUT_OF_STOCK = SEVERITIES


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
        {
            "organization_id": organization_id,
            "variant_id": variant_id,
            "site_id": site_id,
            "updated_at": now_of(session),
            **zero,
        }
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
    """What is right already is not written. A total whose status gets worse by it is told of, as of a posting."""
    organization_id = organization_of(session)
    right = {name: _right(organization_id, name) for name in MIRRORED}
    differs = or_(*(_stock.c[name] != value for name, value in right.items()))
    wrong = and_(_stock.c.organization_id == organization_id, *which, differs)
    _tell_of_falls(session, wrong, right)
    session.connection().execute(update(_stock).where(wrong).values({**right, "updated_at": now_of(session)}))


def _tell_of_falls(session: Session, wrong: ColumnElement[bool], right: Mapping[str, ColumnElement[Any]]) -> None:
    """One statement for however many totals."""
    available = _stock.c.on_hand - _stock.c.reserved - _stock.c.held
    reorder_point, safety_stock = right["reorder_point"], right["safety_stock"]
    status = case(
        (available <= ZERO, OUT_OF_STOCK),
        (available <= safety_stock, CRITICAL),
        (and_(safety_stock == ZERO, available + available <= reorder_point), CRITICAL),
        (available < reorder_point, LOW),
        else_=NORMAL,
    )
    payload = (
        literal('{"site_id":"', String) + _stock.c.site_id + '","before":"' + _stock.c.status + '","after":"' + status
        + '"}'
    )  # fmt: skip
    fell = select(
        _stock.c.organization_id, literal(STATUS_FELL), _stock.c.variant_id, payload,
        literal(now_of(session), _outbox.c.created_at.type),
    ).where(
        _stock.c.organization_id == organization_of(session), wrong, _severity(status) > _severity(_stock.c.status)
    )  # fmt: skip
    names = ("organization_id", "type", "subject", "payload", "created_at")
    session.connection().execute(
        insert_rows(_outbox).from_select(names, fell.order_by(_stock.c.variant_id, _stock.c.site_id))
    )


def _severity(status: ColumnElement[str]) -> ColumnElement[int]:
    return case({name: place for place, name in enumerate(SEVERITIES)}, value=status)


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
