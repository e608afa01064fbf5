"""Automatic reordering, beside the postings: a server reads the outbox in the order of the commits and orders.

A total that falls below its threshold is told by the ledger in the posting's own transaction, so nothing is lost when
a process ends. Ordering follows instead of riding along: a posting stays as quick as it is, and a purchase order that
cannot be made refuses nobody's sale. The cursor moves in the transaction that drafts the order, and only from where it
was read: a server that is killed leaves nothing out, and two servers make no two.

Example::

    Reordering(store).run_once()      # how many orders were drafted
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from ambra_tui.errors import AmbraError, Conflict
from ambra_tui.services.alerts.reordering import reorder
from ambra_tui.store import Actor, Store
from ambra_tui.store.models import (
    OutboxEvent,
    PurchaseOrder,
    PurchaseOrderLine,
    StockAlert,
    WebhookCursor,
)
from ambra_tui.store.outbox import last_position, move_cursor, number_new

CURSOR = "reordering"
FELL, PURCHASED = "stock_status_fell", "purchase_order_changed"
PAGE = 500
KEPT_EVERY = 5_000
POLL_SECONDS, IDLE_SECONDS, RETRY_SECONDS = 0.5, 2.0, 5.0
ACTOR = Actor("reordering", "Automatic reordering", role="admin")
log = logging.getLogger(__name__)
Watched = dict[int, dict[str, int]]
"""Organization -> variant with an alert that reorders -> the newest event that is not its concern."""


@dataclass(frozen=True, slots=True)
class _Look:
    """Totals (variant, site) to look at, because of the event at `position`."""

    position: int
    organization_id: int
    totals: tuple[tuple[str, str], ...]


class Reordering:
    """Reads on where it, or any other server, ended. Costs one look at the alerts while none reorders."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._position: int | None = None
        self.is_idle = True
        """True when no alert reorders."""

    def run_once(self) -> int:
        """Looks at what fell in a page of events; how many orders were drafted."""
        watched = self._watched()
        self.is_idle = not watched
        if not watched:
            self._position = None
            return 0
        number_new(self._store)
        kept, end, events = self._read(watched)
        drafted = 0
        for look in self._looks(events, watched):
            made = self._work(look, kept)
            if made is None:  # another server was quicker: it has looked at this
                self._position = None
                return drafted
            kept, drafted = look.position, drafted + made
        if end - (kept or 0) >= KEPT_EVERY:
            self._keep(kept, end)
        self._position = end
        return drafted

    def _watched(self) -> Watched:
        found: Watched = defaultdict(dict)
        with self._store.read_system() as session:
            for alert in session.exec(select(StockAlert).where(col(StockAlert.is_reordering).is_(True))):
                known = found[alert.organization_id].get(alert.variant_id, alert.after_event)
                found[alert.organization_id][alert.variant_id] = min(known, alert.after_event)
        return dict(found)

    def _read(self, watched: Watched) -> tuple[int | None, int, Sequence[OutboxEvent]]:
        order = col(OutboxEvent.id if self._store.dialect == "sqlite" else OutboxEvent.position)
        with self._store.read_system() as session:
            row = session.get(WebhookCursor, CURSOR)
            kept = row.position if row else None
            newest = last_position(session)
            start = max(kept or 0, self._position or 0)
            if self._position is None:
                oldest = min(after for variants in watched.values() for after in variants.values())
                first = session.exec(select(func.min(order)).where(col(OutboxEvent.id) > oldest)).one()
                start = max(start, newest if first is None else first - 1)
            statement = (
                select(OutboxEvent)
                .where(order > start, order <= newest, col(OutboxEvent.type).in_((FELL, PURCHASED)))
                .where(col(OutboxEvent.organization_id).in_(sorted(watched)))
                .order_by(order)
                .limit(PAGE)
            )
            events = session.exec(statement).all()
        end = _place(events[-1]) if len(events) == PAGE else max(newest, start)
        return kept, end, events

    def _looks(self, events: Sequence[OutboxEvent], watched: Watched) -> Iterator[_Look]:
        for event in events:
            variants = {
                variant_id
                for variant_id, after in watched[event.organization_id].items()
                if event.id is not None and event.id > after
            }
            totals: tuple[tuple[str, str], ...] = ()
            if event.type == FELL and event.subject in variants:
                totals = ((event.subject, event.payload["site_id"]),)
            elif event.type == PURCHASED and event.payload.get("status") == "received":
                totals = self._brought(event, variants)
            if totals:
                yield _Look(_place(event), event.organization_id, totals)

    def _brought(self, event: OutboxEvent, variants: set[str]) -> tuple[tuple[str, str], ...]:
        """A purchase order that came, or was closed short, may not have brought enough."""
        with self._store.read(event.organization_id) as session:
            order = session.get(PurchaseOrder, (event.organization_id, event.subject))
            lines = session.exec(
                select(PurchaseOrderLine.variant_id)
                .where(
                    PurchaseOrderLine.organization_id == event.organization_id,
                    PurchaseOrderLine.purchase_order_id == event.subject,
                )
                .distinct()
            ).all()
            return () if order is None else tuple((variant, order.site_id) for variant in sorted(variants & set(lines)))

    def _work(self, look: _Look, kept: int | None) -> int | None:
        """How many orders were drafted; None when another server moved the cursor meanwhile."""

        def work(session: Session) -> int:
            move_cursor(session, CURSOR, kept, look.position)
            return sum(_reordered(session, *total) for total in look.totals)

        try:
            return self._store.writer.run(work, organization_id=look.organization_id, actor=ACTOR)
        except Conflict:
            return None

    def _keep(self, kept: int | None, end: int) -> None:
        """A long stretch without news is not read again."""
        try:
            self._store.writer.run(lambda s: move_cursor(s, CURSOR, kept, end), organization_id=None, actor=ACTOR)
        except Conflict:
            self._position = None


def _reordered(session: Session, variant_id: str, site_id: str) -> bool:
    """True when an order was drafted; what cannot be ordered holds back nothing else."""
    try:
        with session.begin_nested():
            return reorder(session, variant_id, site_id) is not None
    except AmbraError as error:
        log.warning("%s could not be reordered: %s", variant_id, error)
        return False


def _place(event: OutboxEvent) -> int:
    return event.position or event.id or 0


class Worker:
    """A thread that reorders for as long as its server runs. Several processes may have one each."""

    def __init__(self, store: Store) -> None:
        self._reordering = Reordering(store)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ambra-reordering", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._reordering.run_once()
                pause = IDLE_SECONDS if self._reordering.is_idle else POLL_SECONDS
            except Exception:  # the edge of a thread: a lost connection comes back
                log.warning("the outbox could not be read for reordering; trying again", exc_info=True)
                pause = RETRY_SECONDS
            self._stopped.wait(pause)
