"""The session of one piece of work: whose rows it sees, who acts, by which clock.

Example::

    site = fetch(session, Site, site_id, resource="site")
    session.exec(scoped(session, Location).where(Location.site_id == site.id))
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, event, inspect
from sqlalchemy.orm.session import JoinTransactionMode
from sqlmodel import Session, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from ambra_tui.errors import NotFound
from ambra_tui.kit.clock import Clock
from ambra_tui.store.prepared import ORGANIZATION, Prepared, given

Model = TypeVar("Model", bound=SQLModel)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a user or an API key, from which station, by which request."""

    id: str
    name: str
    station: str = ""
    role: str = ""
    request_id: str = ""


NOBODY = Actor("", "")
SYSTEM = Actor("system", "AmbraWMS", role="admin")


class StoreSession(Session):
    """A session bound to one organization, or to the named system scope when `organization_id` is None."""

    @classmethod
    def on(
        cls,
        connection: Connection,
        *,
        organization_id: int | None,
        actor: Actor,
        clock: Clock,
        mode: JoinTransactionMode = "create_savepoint",
    ) -> StoreSession:
        """A session on an open connection, inside the transaction that runs there; `mode`: with a savepoint or not."""
        session = cls(
            bind=connection,
            join_transaction_mode=mode,
            expire_on_commit=False,
        )
        session.info["organization_id"] = organization_id
        session.info["scope"] = "system" if organization_id is None else "organization"
        session.info["actor"] = actor
        session.info["clock"] = clock
        return session


@event.listens_for(StoreSession, "loaded_as_persistent")
def _keep(session: Session, row: object) -> None:
    """A row once read stays known until its session ends, so that asking for it again asks no database."""
    session.info.setdefault("kept", []).append(row)


def organization_of(session: Session) -> int:
    """The organization that the session is opened for. Raises RuntimeError in the system scope."""
    organization_id = session.info["organization_id"]
    if organization_id is None:
        raise RuntimeError("the system scope belongs to no organization")
    return int(organization_id)


def actor_of(session: Session) -> Actor:
    """Who acts in this session."""
    actor: Actor = session.info["actor"]
    return actor


def clock_of(session: Session) -> Clock:
    """The store's clock."""
    clock: Clock = session.info["clock"]
    return clock


def now_of(session: Session) -> datetime:
    """The present moment by the store's clock."""
    return clock_of(session).now()


def scoped(session: Session, model: type[Model]) -> SelectOfScalar[Model]:
    """A select of the organization's rows of `model`."""
    own: Any = model
    return select(model).where(col(own.organization_id) == organization_of(session))


def is_alone(session: Session) -> bool:
    """True on SQLite: what a transaction has read nobody else changes until it ends, so rows need no lock."""
    return session.get_bind().dialect.name == "sqlite"


def fetch(session: Session, model: type[Model], key: str, *, resource: str) -> Model:
    """The row with the id `key`. Raises NotFound(`resource`, key) for absent and foreign ids alike."""
    known = known_row(session, model, key)
    if known is not None:
        return known
    found: Model | None = _by_id(model).first(session, key=key)
    if found is None:
        raise NotFound(resource, key)
    return found


def known_row(session: Session, model: type[Model], key: str) -> Model | None:
    """The row with the id `key` where the session has read it already and it was not changed behind its back."""
    known = session.identity_map.get(inspect(model).identity_key_from_primary_key((organization_of(session), key)))
    return cast("Model", known) if known is not None and not inspect(known).expired else None


def lock_row(session: Session, model: type[Model], key: str, *, resource: str) -> Model:
    """The row with the id `key` as it is now, kept from other writers until the transaction ends. Raises NotFound."""
    locked: Model | None = _locked(model).first(session, key=key)
    if locked is None:
        raise NotFound(resource, key)
    return locked


@cache
def _by_id(model: type[Model]) -> Prepared[Model]:
    table: Any = model
    return Prepared(select(model).where(table.organization_id == ORGANIZATION, table.id == given("key")))


@cache
def _locked(model: type[Model]) -> Prepared[Model]:
    table: Any = model
    own = select(model).where(table.organization_id == ORGANIZATION, table.id == given("key"))
    return Prepared(own.with_for_update().execution_options(populate_existing=True))
