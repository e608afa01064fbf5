"""Leases: each server tells where it listens, each terminal that it is there.

Leases live by wall time, because a sample store's clock starts anew in every process.

Example::

    lease = announce(store, SERVER, address="http://127.0.0.1:8080")
    server_addresses(store)    # ['http://127.0.0.1:8080']
"""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func
from sqlmodel import Session, col, delete, select

from ambra_tui.kit.clock import Clock
from ambra_tui.kit.ids import new_id
from ambra_tui.store.models import Lease
from ambra_tui.store.scope import SYSTEM
from ambra_tui.store.store import Store

LEASE = timedelta(seconds=30)
STARTING = timedelta(seconds=15)
SERVER, STARTING_SERVER, TERMINAL = "server", "server_starting", "terminal"
MAX_HOST = 36
_wall = Clock()


def announce(store: Store, kind: str, *, address: str = "", station: str = "") -> str:
    """A lease of a server that listens at `address`, or of a terminal; its id."""
    lease_id = new_id("lease")
    now = _wall.now()

    def write(session: Session) -> None:
        session.exec(delete(Lease).where(col(Lease.expires_at) < now - LEASE))
        if kind == SERVER:
            session.exec(delete(Lease).where(col(Lease.kind) == STARTING_SERVER))
        session.add(
            Lease(id=lease_id, kind=kind, address=address, station=station, started_at=now, expires_at=now + LEASE)
        )

    store.writer.run(write, organization_id=None, actor=SYSTEM)
    return lease_id


def this_process() -> str:
    """HOST:NUMBER of this process: a server's lease carries it as its station."""
    return f"{_host()}:{os.getpid()}"


def _host() -> str:
    """This machine, and which processes can be seen on it: two containers may share a name."""
    try:
        seen = str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        seen = ""
    return f"{socket.gethostname()[:MAX_HOST]}/{seen}"


def is_gone(server: Lease) -> bool:
    """True when a server is known to be gone: its process ran on this machine and is no more."""
    return has_ended(server.station)


def has_ended(process: str) -> bool:
    """True when a process (as `this_process` names it) ran on this machine and is no more."""
    host, _, number = process.rpartition(":")
    if host != _host() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False  # a process of somebody else is there
    return False


def claim_server(store: Store) -> bool:
    """True for the one caller who is to start the store's server: none runs and nobody else is starting one."""
    now = _wall.now()

    def write(session: Session) -> bool:
        kinds = (SERVER, STARTING_SERVER)
        taken = session.exec(select(Lease.id).where(col(Lease.kind).in_(kinds), col(Lease.expires_at) > now)).first()
        if taken is None:
            lease = Lease(id=STARTING_SERVER, kind=STARTING_SERVER, started_at=now, expires_at=now + STARTING)
            session.merge(lease)
        return taken is None

    return store.writer.run(write, organization_id=None, actor=SYSTEM)


def renew(store: Store, lease_id: str) -> None:
    """The process of this lease is still there."""

    def write(session: Session) -> None:
        lease = session.get(Lease, lease_id)
        if lease is not None:
            lease.expires_at = _wall.now() + LEASE

    store.writer.run(write, organization_id=None, actor=SYSTEM)


def withdraw(store: Store, lease_id: str) -> None:
    """The process of this lease ends."""
    store.writer.run(
        lambda session: session.exec(delete(Lease).where(col(Lease.id) == lease_id)), organization_id=None, actor=SYSTEM
    )


def server_addresses(store: Store) -> list[str]:
    """Where servers of this store listen now, the newest first."""
    return [server.address for server in servers(store)]


def servers(store: Store) -> list[Lease]:
    """The leases of this store's servers, the newest first."""
    with store.read_system() as session:
        statement = (
            select(Lease)
            .where(Lease.kind == SERVER, col(Lease.expires_at) > _wall.now())
            .order_by(col(Lease.started_at).desc())
        )
        return list(session.exec(statement).all())


def has_terminal(store: Store) -> bool:
    """True while a terminal's lease runs."""
    with store.read_system() as session:
        statement = (
            select(func.count()).select_from(Lease).where(Lease.kind == TERMINAL, col(Lease.expires_at) > _wall.now())
        )
        return session.exec(statement).one() > 0
