"""The sets of sample data of a sandbox: made out of sight, put in use in one step.

Example::

    fresh = make_set(store, live)
    put_in_use(store, live, fresh)      # the twin, whose keys and webhooks work on the fresh set from now on
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, insert, literal, update
from sqlmodel import Session, col, select

from ambra_tui.errors import Duplicate, Unavailable
from ambra_tui.kit.ids import new_ulid
from ambra_tui.services import access_system
from ambra_tui.services.access.organizations import make_organization
from ambra_tui.services.sample import fill
from ambra_tui.services.sandboxes.shop import sell
from ambra_tui.services.sandboxes.story import tell
from ambra_tui.store import SYSTEM, Actor, Store
from ambra_tui.store.models import (
    ApiKey,
    OAuthClient,
    OAuthCode,
    OAuthGrant,
    OAuthToken,
    Organization,
    OutboxEvent,
    Webhook,
    WebhookDelivery,
)
from ambra_tui.store.models.base import table_of
from ambra_tui.store.scope import now_of

SAMPLE = "sandbox"
MAX_NAME = 120


@dataclass(frozen=True, slots=True)
class FreshSet:
    """A set that nothing shows yet. `first_event`: the newest event before it was made."""

    organization_id: int
    first_event: int


def sandbox_of(store: Store, organization_id: int, *, actor: Actor = SYSTEM) -> Organization:
    """The organization's sandbox twin, where its `test_` keys work; made with its sample when it is first asked for.

    That takes several transactions: never call it inside one. Raises Duplicate when its name is taken.
    """
    twin = access_system.sandbox_twin(store, organization_id)
    if twin is not None:
        return twin
    live = access_system.organization_by_id(store, organization_id)
    if live.sandbox_of is not None:
        return live
    name = twin_name(live)
    if access_system.find_organization(store, name) is not None:
        raise Duplicate("organization", "name", name)
    return put_in_use(store, live, make_set(store, live, actor=actor), is_first=True, actor=actor)


def twin_name(live: Organization) -> str:
    """What the sandbox of an organization is called."""
    return f"{live.name[: MAX_NAME - 10]} (sandbox)"


def make_set(store: Store, live: Organization, *, actor: Actor = SYSTEM) -> FreshSet:
    """A whole set for the sandbox of `live`, out of sight."""
    with store.read_system() as session:
        first_event = session.exec(select(func.coalesce(func.max(OutboxEvent.id), 0))).one()
    made = make_organization(
        store, f"{SAMPLE} {new_ulid()}", live.modules, currency=live.currency, sandbox_of=live.id, is_retired=True,
        actor=actor,
    )  # fmt: skip
    assert made.id is not None
    fill(store, made, SAMPLE)
    tell(store, made.id)
    sell(store, made.id)
    return FreshSet(made.id, first_event or 0)


def put_in_use(
    store: Store, live: Organization, fresh: FreshSet, *, is_first: bool = False, actor: Actor = SYSTEM
) -> Organization:
    """The fresh set is the sandbox from now on, with the keys and webhooks of the one before, which is retired.

    `is_first`: only where there is none yet; else the one that somebody made meanwhile stays, and is answered.
    """

    def work(session: Session) -> int:
        session.exec(select(Organization).where(Organization.id == live.id).with_for_update()).one()
        current = session.exec(
            select(Organization).where(Organization.sandbox_of == live.id, col(Organization.retired_at).is_(None))
        ).first()
        if current is not None and is_first:
            assert current.id is not None
            return current.id
        found = session.get(Organization, fresh.organization_id)
        if found is None:
            raise Unavailable("The new set of the sandbox took too long to make. Try again.")
        if current is not None:
            assert current.id is not None
            _take_along(session, current.id, fresh.organization_id)
            current.name, current.retired_at = f"{SAMPLE} {new_ulid()}", now_of(session)
            session.add(current)
            session.flush()  # its name is free before the next one takes it
        found.name, found.retired_at = twin_name(live), None
        found.allowed_networks = current.allowed_networks if current is not None else None
        session.add(found)
        session.exec(  # what making it told is no news
            delete(OutboxEvent).where(
                col(OutboxEvent.id) > fresh.first_event, col(OutboxEvent.organization_id) == fresh.organization_id
            )
        )
        return fresh.organization_id

    return access_system.organization_by_id(store, store.writer.run(work, organization_id=None, actor=actor))


def _take_along(session: Session, old: int, fresh: int) -> None:
    """Keys, clients with tokens and webhooks go to the fresh set; what the old webhooks had to tell is not told."""
    for model in (ApiKey, OAuthClient, OAuthGrant, OAuthCode, OAuthToken):
        session.exec(update(model).where(col(model.organization_id) == old).values(organization_id=fresh))
    session.exec(
        delete(WebhookDelivery).where(
            col(WebhookDelivery.organization_id) == old, col(WebhookDelivery.status) == "pending"
        )
    )
    table = table_of(Webhook)
    others = [column for column in table.columns if column.name != "organization_id"]
    copied = select(literal(fresh), *others).where(table.c.organization_id == old, table.c.removed_at.is_(None))
    session.connection().execute(insert(table).from_select(["organization_id", *(c.name for c in others)], copied))
    session.exec(update(Webhook).where(col(Webhook.organization_id) == old).values(removed_at=now_of(session)))
