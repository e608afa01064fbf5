"""What a flow is given at each step: one transaction, one worker, one site, one step.

Example::

    desk.say("receive.scan_order"), desk.key("line-1"), desk.today
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar, cast

from sqlmodel import Session

from ambra_tui.errors import Unauthenticated
from ambra_tui.floor.conversation import CountedRefusal, Refusal
from ambra_tui.kit.language import say
from ambra_tui.ledger import Posted
from ambra_tui.services.access import check_pin
from ambra_tui.services.acts import _trail
from ambra_tui.services.modules import modules_in
from ambra_tui.store.facts import audit
from ambra_tui.store.models import Site, User, WorkSession
from ambra_tui.store.scope import now_of

Read = TypeVar("Read")
SUPERVISORS = frozenset({"supervisor", "admin"})


@dataclass(slots=True)
class Desk:
    """The surroundings of one step. `session` is inside the step's transaction. `is_sample`: the store holds a sample,
    so steps name codes for the practice scanner. `acts`: how many acts the step has done. `successor_id`: who goes on
    at the station when the step has signed its worker off."""

    session: Session
    user: User
    site: Site
    work: WorkSession
    is_sample: bool = False
    acts: int = 0
    successor_id: str = ""
    _read: dict[str, object] = field(default_factory=dict)

    @property
    def station(self) -> str:
        return self.work.station

    @property
    def language(self) -> str:
        return self.user.language

    @property
    def now(self) -> datetime:
        return now_of(self.session)

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def modules(self) -> frozenset[str]:
        """The modules that the organization has switched on, read anew."""
        return modules_in(self.session)

    def key(self, suffix: str = "") -> str:
        """An idempotency key that belongs to this step alone: the step's number is stored with its effects."""
        return f"step:{self.work.id}:{self.work.steps}:{suffix}"

    def once(self, name: str, read: Callable[[], Read]) -> Read:
        """What `read` gives, read once in this step: for rows that the step changes in place, or not at all."""
        if name not in self._read:
            self._read[name] = read()
        return cast("Read", self._read[name])

    def say(self, key: str, **params: object) -> str:
        """A text in the worker's language."""
        return say(self.language, key, **params)

    def did(
        self,
        kind: str,
        *,
        moves: Sequence[Posted] = (),
        document_kind: str = "",
        document_id: str = "",
        summary: Mapping[str, str],
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Notes what this step did, so that the worker can take it back: at most once a step. `kind` names the module
        of `services.acts` that knows how; `summary` is told to the worker before (item, quantity, bin, document);
        `details` is what the undo needs beside the moves."""
        self.acts = 1
        _trail.record(
            self.session,
            user_id=self.user.id,
            step=self.work.steps,
            station=self.station,
            site_id=self.site.id,
            flow=self.work.frames[-1]["flow"] if self.work.frames else "",
            kind=kind,
            moves=moves,
            document_kind=document_kind,
            document_id=document_id,
            summary=summary,
            details=details,
        )

    def require(self, roles: frozenset[str]) -> None:
        """Raises Refusal E35 when the worker's role is not one of `roles`."""
        if self.user.role not in roles:
            raise Refusal("E35", name=self.user.name)

    def supervisor(self, badge: str, pin: str) -> User:
        """The supervisor with this badge and PIN, for an override. Wrong tries are counted and raise CountedRefusal."""
        try:
            supervisor = check_pin(self.session, badge, pin, station=self.station)
        except Unauthenticated as refusal:
            raise badge_refusal(refusal, unknown="E53") from refusal
        if supervisor.role not in SUPERVISORS:
            raise Refusal("E35", name=supervisor.name)
        audit(self.session, "override_given", self.user.id, supervisor=supervisor.id, name=supervisor.name)
        return supervisor


def badge_refusal(refusal: Unauthenticated, *, unknown: str) -> CountedRefusal:
    """A refused credential as a verdict: locked for so many seconds, or the code `unknown`."""
    seconds = refusal.details.get("retry_after_seconds")
    return CountedRefusal("E51", seconds=seconds) if seconds else CountedRefusal(unknown)
