"""Which gateway takes a payment: the sandbox for sandboxes and samples, else what the server's surroundings name.

Example::

    gateway = gateway_for(session)      # raises Conflict that says what to set
"""

from __future__ import annotations

import os
from functools import lru_cache

from sqlmodel import Session

from ambra_tui.errors import Conflict
from ambra_tui.gateways import Gateway, find_gateways, open_gateway
from ambra_tui.store.models import Organization, StoreSetting
from ambra_tui.store.scope import organization_of

CHOSEN = "AMBRA_PAYMENT_GATEWAY"
SANDBOX = "sandbox"
_OURS = "AMBRA_"


def gateway_for(session: Session) -> Gateway:
    """Who takes the money of this session's organization. Raises Conflict where nobody does."""
    if takes_no_money(session):
        sandbox = gateway_named(SANDBOX)
        assert sandbox is not None
        return sandbox
    doors = find_gateways()
    chosen = os.environ.get(CHOSEN, "").strip()
    names = [chosen] if chosen else [name for name in doors if name != SANDBOX]
    for name in names:
        gateway = gateway_named(name) if name != SANDBOX else None
        if gateway is not None:
            return gateway
    wanted = "; ".join(f"{name}: {door.wants}" for name, door in doors.items() if name != SANDBOX)
    raise Conflict(
        f"No payment gateway is set up for live keys. Set what one of them wants ({wanted}), or use a test_ key"
    )


def takes_no_money(session: Session) -> bool:
    """True for the sandbox of an organization, and for a store that holds a sample."""
    own = session.get(Organization, organization_of(session))
    if own is not None and own.sandbox_of is not None:
        return True
    sample = session.get(StoreSetting, "sample")
    return sample is not None and bool(sample.value)


def gateway_named(name: str) -> Gateway | None:
    """The gateway of this name as the surroundings set it up; None where they do not. Raises Invalid."""
    ours = tuple(sorted((key, value) for key, value in os.environ.items() if key.startswith(_OURS)))
    return _opened(name, ours)


@lru_cache(maxsize=8)
def _opened(name: str, environment: tuple[tuple[str, str], ...]) -> Gateway | None:
    return open_gateway(name, dict(environment))
