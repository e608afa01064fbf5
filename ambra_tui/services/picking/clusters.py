"""Clusters: orders that one worker picks in one walk, each into totes of its own. One order alone is a cluster of one.

What a worker has begun is claimed; it stays so until the worker gives it back, ships it, or signs off.

Example::

    cluster = begin(session, site_id=site.id)
    join(session, cluster.id, order, tote)      # raises claims.Taken, ToteTaken
    give_back(session, cluster.id)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from ambra_tui.kit.ids import new_id
from ambra_tui.services import claims
from ambra_tui.services.orders import DOCUMENT, leave_floor
from ambra_tui.services.picking.terms import ToteTaken
from ambra_tui.services.picking.totes import check_tote
from ambra_tui.store.facts import audit
from ambra_tui.store.models import Location, PickCluster, PickClusterOrder, SalesOrder, SalesOrderLine, WorkClaim
from ambra_tui.store.prepared import ORGANIZATION, Prepared, PreparedRows, given
from ambra_tui.store.scope import actor_of, fetch, now_of, organization_of

MAX_ORDERS = 30


@dataclass(frozen=True, slots=True)
class Member:
    """An order of a cluster, the tote that it goes into (None: not chosen yet), who holds it (empty: nobody); `zone`:
    the cluster's."""

    order: SalesOrder
    tote: Location | None
    holder_id: str
    zone: str = ""


_MEMBERS: Prepared[Any] = Prepared(
    select(PickClusterOrder, SalesOrder, Location, WorkClaim, PickCluster)  # type: ignore[call-overload]  # more than it has types for
    .join(
        PickCluster,
        (col(PickCluster.organization_id) == ORGANIZATION) & (PickCluster.id == PickClusterOrder.cluster_id),
    )
    .join(
        SalesOrder,
        (col(SalesOrder.organization_id) == ORGANIZATION) & (SalesOrder.id == PickClusterOrder.sales_order_id),
    )
    .outerjoin(
        Location,
        (col(Location.organization_id) == ORGANIZATION) & (Location.id == PickClusterOrder.tote_id),
    )
    .outerjoin(
        WorkClaim,
        (col(WorkClaim.organization_id) == ORGANIZATION)
        & (WorkClaim.document_kind == DOCUMENT)
        & (WorkClaim.document_id == PickClusterOrder.sales_order_id),
    )
    .where(
        PickClusterOrder.organization_id == ORGANIZATION,
        SalesOrder.organization_id == ORGANIZATION,
        PickCluster.organization_id == ORGANIZATION,
        PickClusterOrder.cluster_id == given("cluster_id"),
    )
    .order_by(col(PickClusterOrder.position), col(PickClusterOrder.sales_order_id))
    .execution_options(populate_existing=True)
)
_LINES: Prepared[SalesOrderLine] = Prepared(
    select(SalesOrderLine)
    .where(
        SalesOrderLine.organization_id == ORGANIZATION,
        col(SalesOrderLine.sales_order_id).in_(
            select(PickClusterOrder.sales_order_id).where(
                PickClusterOrder.organization_id == ORGANIZATION, PickClusterOrder.cluster_id == given("cluster_id")
            )
        ),
    )
    .order_by(col(SalesOrderLine.sales_order_id), col(SalesOrderLine.position))
    .execution_options(populate_existing=True)
)
_CLUSTER_OF = PreparedRows(
    select(col(PickClusterOrder.cluster_id)).where(
        PickClusterOrder.organization_id == ORGANIZATION, PickClusterOrder.sales_order_id == given("order_id")
    )
)
_TOTE = PreparedRows(
    update(PickClusterOrder)
    .where(
        col(PickClusterOrder.organization_id) == ORGANIZATION,
        col(PickClusterOrder.sales_order_id) == given("order_id"),
    )
    .values(tote_id=given("new_tote_id"))
)


def begin(session: Session, *, site_id: str, zone: str = "") -> PickCluster:
    """A cluster without orders. `zone`: only bins of this zone are walked."""
    now = now_of(session)
    cluster = PickCluster(
        organization_id=organization_of(session),
        id=new_id("clu"),
        site_id=site_id,
        zone=zone,
        created_by=actor_of(session).id,
        created_at=now,
        updated_at=now,
    )
    session.add(cluster)
    session.flush()
    return cluster


def join(session: Session, cluster_id: str, order: SalesOrder, tote: Location | None = None) -> None:
    """Claims an order and puts it last into the cluster; out of an earlier cluster it is taken.

    Raises claims.Taken when somebody else holds the order, ToteTaken for a tote that is not free for it.
    """
    claims.claim(session, DOCUMENT, order.id)
    if cluster_of(session, order.id) not in ("", cluster_id):
        leave_floor(session, order.id)
        claims.claim(session, DOCUMENT, order.id)
    if tote is not None:
        check_tote(session, order, tote)
    position = max((row[0].position for row in _rows(session, cluster_id)), default=0) + 1
    row = PickClusterOrder(
        organization_id=organization_of(session),
        cluster_id=cluster_id,
        sales_order_id=order.id,
        position=position,
        tote_id=tote.id if tote and tote.kind == "tote" else "",
    )
    with _one_order_a_tote(session, tote):
        session.add(row)
        session.flush()
    audit(session, "pick_begun", order.id, number=order.number, cluster=cluster_id, tote=tote.code if tote else "")


def members(session: Session, cluster_id: str) -> list[Member]:
    """The orders of a cluster, in the order in which they joined."""
    return [
        Member(order, tote, held.user_id if held else "", cluster.zone)
        for _, order, tote, held, cluster in _rows(session, cluster_id)
    ]


def _rows(session: Session, cluster_id: str) -> list[tuple[Any, ...]]:
    return _MEMBERS.rows(session, cluster_id=cluster_id)


def lines(session: Session, cluster_id: str) -> list[SalesOrderLine]:
    """The lines of all orders of a cluster, as they are now."""
    return _LINES.all(session, cluster_id=cluster_id)


def zone_of(session: Session, cluster_id: str) -> str:
    """The zone that a cluster walks; empty: all bins."""
    return fetch(session, PickCluster, cluster_id, resource="pick_cluster").zone


def cluster_of(session: Session, order_id: str) -> str:
    """The id of the open cluster that an order is in; empty when it is in none."""
    row = _CLUSTER_OF.first(session, order_id=order_id)
    return str(row[0]) if row else ""


def choose_tote(session: Session, order_id: str, tote: Location) -> None:
    """What is picked for the order from now on goes into `tote`, checked by the caller. Raises ToteTaken."""
    with _one_order_a_tote(session, tote):
        _TOTE.run(session, order_id=order_id, new_tote_id=tote.id if tote.kind == "tote" else "")


@contextmanager
def _one_order_a_tote(session: Session, tote: Location | None) -> Iterator[None]:
    """Two stations that choose one tote at the same moment: the second one is refused."""
    try:
        with session.begin_nested():
            yield
    except IntegrityError as error:
        if tote is None:
            raise
        raise ToteTaken(tote, "") from error


def hold(session: Session, cluster_id: str) -> None:
    """Claims every order of a cluster for the actor. Raises claims.Taken."""
    for member in members(session, cluster_id):
        claims.claim(session, DOCUMENT, member.order.id)


def take_over(session: Session, cluster_id: str) -> None:
    """The actor takes every order of a cluster from whoever holds it."""
    for member in members(session, cluster_id):
        claims.take_over(session, DOCUMENT, member.order.id)


def give_back(session: Session, cluster_id: str) -> None:
    """Nobody works on the cluster any more. Its orders stay assigned; what is picked stays in its totes."""
    for member in members(session, cluster_id):
        leave_floor(session, member.order.id)
        audit(session, "pick_given_back", member.order.id, number=member.order.number, cluster=cluster_id)


def set_claims_down(session: Session, cluster_id: str) -> None:
    """All of a cluster is picked: its claims end, its totes stay its orders'."""
    for member in members(session, cluster_id):
        claims.release(session, DOCUMENT, member.order.id)


def zones_of(session: Session, site_id: str) -> list[str]:
    """The zones that a site's bins are in, by name."""
    statement = (
        select(Location.zone)
        .where(
            Location.organization_id == organization_of(session),
            Location.site_id == site_id,
            Location.zone != "",
            col(Location.kind).in_(("pick", "reserve")),
        )
        .distinct()
        .order_by(col(Location.zone))
    )
    return list(session.exec(statement.limit(9)).all())
