"""Where a person's words were repeated: events that were told, answers kept for repeats, labels, lines of the trail.

Rows are found by the ids that they name. They are read on reading sessions, a page at a time, and changed in short
transactions, so nobody waits for a long look through them.

Example::

    erase_echoes(store, organization_id, person, actor=SYSTEM)      # {'webhook_deliveries': 4, ...}
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import select, tuple_, update
from sqlmodel import Session, SQLModel

from ambra_tui.services.customers.person import Person
from ambra_tui.services.customers.words import bare, impersonal
from ambra_tui.store import Actor, Store
from ambra_tui.store.models import (
    Act,
    AuditEntry,
    Discrepancy,
    Errand,
    IdempotencyRecord,
    OutboxEvent,
    PrintJob,
    WebhookDelivery,
    table_of,
)
from ambra_tui.store.scope import organization_of

PAGE, WRITTEN = 1_000, 100
_ID = re.compile(r"[a-z]{2,5}_[0-9A-HJKMNP-TV-Z]{26}")
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Echo:
    """A table that repeats words. `texts`: columns that tell whom a row is about; `erased`: a row's columns without
    words."""

    model: type[SQLModel]
    texts: tuple[str, ...]
    erased: Callable[[Any], Values]


def _delivery(row: Any) -> Values:
    body = json.loads(row.body)
    shown = body.get("data", {}).get("object", {})
    found = shown.get("id") if isinstance(shown, dict) else None
    return {"body": json.dumps({**bare(body), "type": body.get("type"), "data": {"object": {"id": found}}})}


def _answer(row: Any) -> Values:
    try:
        return {"body": json.dumps(bare(json.loads(row.body)))}
    except ValueError:
        return {"body": ""}


def _act(row: Any) -> Values:
    return {"summary": impersonal(row.summary), "details": impersonal(row.details)}


ECHOES: dict[str, Echo] = {
    "events": Echo(OutboxEvent, ("subject", "payload"), lambda row: {"payload": bare(row.payload)}),
    "webhook_deliveries": Echo(WebhookDelivery, ("body",), _delivery),
    "remembered_answers": Echo(IdempotencyRecord, ("scope", "body"), _answer),
    "labels": Echo(PrintJob, ("title", "labels"), lambda _row: {"title": "", "labels": []}),
    "acts": Echo(Act, ("document_id", "details", "summary"), _act),
    "errands": Echo(
        Errand, ("subject_id", "details"), lambda row: {"details": bare(row.details), "last_error": ""}
    ),
    "exceptions": Echo(Discrepancy, ("document_id",), lambda _row: {"reason": ""}),
    "audit_entries": Echo(AuditEntry, ("subject",), lambda _row: {"details": {}}),
}  # fmt: skip


def erase_echoes(store: Store, organization_id: int, person: Person, *, actor: Actor) -> dict[str, int]:
    """Takes the words out of every row that names something of the person's; kind -> how many rows."""
    return {name: _erase(store, organization_id, person, echo, actor) for name, echo in ECHOES.items()}


def _erase(store: Store, organization_id: int, person: Person, echo: Echo, actor: Actor) -> int:
    done = 0
    for rows in _pages(store, organization_id, echo):
        changes = [
            (row, values)
            for row in rows
            if _is_about(row, echo, person) and _differs(row, values := echo.erased(row))
        ]  # fmt: skip
        for start in range(0, len(changes), WRITTEN):
            part = changes[start : start + WRITTEN]
            work = partial(_write, echo=echo, changes=part)
            store.writer.run(work, organization_id=organization_id, actor=actor)
        done += len(changes)
    return done


def _pages(store: Store, organization_id: int, echo: Echo) -> Iterator[list[Any]]:
    """All rows of the table, by their key."""
    table = table_of(echo.model)
    keys = [key for key in table.primary_key if key.name != "organization_id"]
    statement = select(table).where(table.c.organization_id == organization_id).order_by(*keys).limit(PAGE)
    last: Any = None
    while True:
        page = (
            statement if last is None else statement.where(tuple_(*keys) > tuple(last._mapping[k.name] for k in keys))
        )
        with store.read(organization_id) as session:
            rows = list(session.connection().execute(page))
        yield rows
        if len(rows) < PAGE:
            return
        last = rows[-1]


def _is_about(row: Any, echo: Echo, person: Person) -> bool:
    text = " ".join(_text(row._mapping[name]) for name in echo.texts)
    if not person.ids.isdisjoint(_ID.findall(text)):
        return True
    return echo.model is PrintJob and any(name in text for name in person.names)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _differs(row: Any, values: Values) -> bool:
    return any(row._mapping[name] != value for name, value in values.items())


def _write(session: Session, *, echo: Echo, changes: list[tuple[Any, Values]]) -> None:
    table = table_of(echo.model)
    own = table.c.organization_id == organization_of(session)
    for row, values in changes:
        key = [column == row._mapping[column.name] for column in table.primary_key if column.name != "organization_id"]
        session.connection().execute(update(table).where(own, *key).values(**values))
