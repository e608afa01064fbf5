"""Runs an import: reads the file, hands its rows to the kind in chunks, adds up what happened.

Each chunk is one transaction of the writer, so stations and servers work on between two of them. A rehearsal does the
same work and undoes each chunk, so that it reports what the import would.

Example::

    report = run_import(store, organization_id=1, kind="stock", path=Path("stock.csv"), is_rehearsal=True)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlmodel import Session

from ambra_tui.errors import AmbraError, Invalid
from ambra_tui.kit.discover import discover
from ambra_tui.kit.text import printable
from ambra_tui.services.access_system import organization_by_id
from ambra_tui.services.imports._reader import TableFile
from ambra_tui.services.imports._terms import (
    Circumstances,
    Field,
    Importer,
    ImportKind,
    Outcome,
    Record,
    Refused,
    Report,
)
from ambra_tui.services.places import sites_of
from ambra_tui.store import SYSTEM, Actor, Store
from ambra_tui.store.facts import audit, publish

WANTED_SECONDS = 0.03
MAX_CHUNK = 1_000
OnRefused = Callable[[Refused], None]
OnProgress = Callable[[float, Report], None]


def import_kinds() -> dict[str, ImportKind]:
    """Every kind of import by its name."""
    return {kind.name: kind for kind in discover("ambra_tui.services.imports", "IMPORT").values()}


class _Rehearsed(Exception):
    """Carries an outcome out of a transaction that is undone."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("rehearsed")
        self.outcome = outcome


def run_import(
    store: Store,
    *,
    organization_id: int,
    kind: str | ImportKind,
    path: Path,
    lines_path: Path | None = None,
    mapping: Mapping[str, str] | None = None,
    is_rehearsal: bool = False,
    actor: Actor = SYSTEM,
    on_refused: OnRefused = lambda refused: None,
    on_progress: OnProgress = lambda share, report: None,
) -> Report:
    """Import `path`; what it cannot take goes to `on_refused` row by row, the rest stays imported.

    `lines_path`: a second file with the lines of the documents in `path`, joined by the document's number.
    Raises Invalid when the file as a whole cannot be used; nothing is written then.
    """
    chosen = kind if isinstance(kind, ImportKind) else import_kinds().get(kind)
    if chosen is None:
        raise Invalid(f"there is no import '{kind}': there are {', '.join(sorted(import_kinds()))}")
    if lines_path is not None and not chosen.group_by:
        raise Invalid(f"an import of {chosen.name} has no second file of lines")
    run = _Run(store, organization_id, chosen, is_rehearsal, actor, on_refused)
    with ExitStack() as files:
        table = files.enter_context(_table(chosen, path, mapping or {}, is_part=lines_path is not None))
        rows: Iterable[Record | Refused] = table
        if lines_path is not None:
            lines = files.enter_context(_table(chosen, lines_path, mapping or {}, is_part=True))
            rows = _joined(chosen, table, lines, mapping or {})
        run.begin(path.name)
        for share, group in _grouped(rows, chosen.group_by, table):
            run.take(group)
            on_progress(share, run.report)
        run.end(path.name)
    on_progress(1.0, run.report)
    return run.report


class _Run:
    """The chunks of one import, in order: one is written while the next is read."""

    def __init__(
        self,
        store: Store,
        organization_id: int,
        kind: ImportKind,
        is_rehearsal: bool,
        actor: Actor,
        on_refused: OnRefused,
    ) -> None:
        self.store = store
        self.organization_id = organization_id
        self.kind = kind
        self.is_rehearsal = is_rehearsal
        self.actor = actor
        self.on_refused = on_refused
        self.report = Report()
        currency = organization_by_id(store, organization_id).currency
        with store.read(organization_id) as session:
            sites = [site.code for site in sites_of(session)]
        only_site = sites[0] if len(sites) == 1 else ""
        self.importer: Importer = kind.make(Circumstances(is_rehearsal, currency, only_site))
        self.pending: list[Any] = []
        self.weight = 0
        self.chunk = self.importer.chunk
        self.written: tuple[Future[Outcome], int] | None = None
        self.busy_seconds = 0.0

    def begin(self, file: str) -> None:
        if not self.is_rehearsal:
            self._note("import_started", file)

    def take(self, group: list[Record | Refused]) -> None:
        """One row, or all rows of one document: prepared together or refused together."""
        self.report.rows += len(group)
        items, refused = [], []
        for record in group:
            if isinstance(record, Refused):
                refused.append(record)
                continue
            try:
                items.append(self.importer.prepare(record))
            except AmbraError as error:
                refused.append(Refused(record.line, self._subject(record), error.message))
        if refused:
            self._refuse(refused)
            others = {row.line for row in refused}
            left = [row for row in group if isinstance(row, Record) and row.line not in others]
            reason = f"line {refused[0].line} of the same document is refused"
            self._refuse(Refused(row.line, self._subject(row), reason) for row in left)
            return
        self.pending.append(items if self.kind.group_by else items[0])
        self.weight += len(items)
        if self.weight >= self.chunk:
            self._flush()

    def end(self, file: str) -> None:
        """Write the rest and wait for it."""
        self._flush()
        self._settle()
        if not self.is_rehearsal:
            self._note("import_finished", file)

    def _flush(self) -> None:
        self._settle()
        if not self.pending:
            return
        items, self.pending = self.pending, []
        self.written = (
            self.store.writer.submit(
                lambda session: self._write(session, items), organization_id=self.organization_id, actor=self.actor
            ),
            self.weight,
        )
        self.weight = 0

    def _write(self, session: Session, items: list[Any]) -> Outcome:
        begun = time.thread_time()
        outcome = self.importer.write(session, items)
        session.flush()
        self.busy_seconds = time.thread_time() - begun
        if self.is_rehearsal:
            raise _Rehearsed(outcome)
        return outcome

    def _settle(self) -> None:
        if self.written is None:
            return
        future, weight = self.written
        self.written = None
        try:
            outcome = future.result()
        except _Rehearsed as rehearsed:
            outcome = rehearsed.outcome
        self._aim(weight)
        self.importer.remember(outcome.learned)
        self.report.made += outcome.made
        self.report.unchanged += outcome.unchanged
        self._refuse(outcome.refused)

    def _aim(self, weight: int) -> None:
        """Make the next chunk as large as a transaction of the wanted length takes."""
        wanted = weight * WANTED_SECONDS / max(self.busy_seconds, 0.001)
        self.chunk = int(min(max(wanted, self.chunk / 2, 1), self.chunk * 2, MAX_CHUNK))

    def _refuse(self, rows: Iterable[Refused]) -> None:
        for row in rows:
            self.report.refused += 1
            self.on_refused(row)

    def _subject(self, record: Record) -> str:
        return " ".join(printable(record[name])[:60] for name in self.kind.subject if record[name])

    def _note(self, act: str, file: str) -> None:
        report = self.report
        counts = {"rows": report.rows, "made": report.made, "refused": report.refused}

        def work(session: Session) -> None:
            audit(session, act, self.kind.name, file=printable(file)[:200], **counts)
            publish(session, act, self.kind.name, counts)

        self.store.writer.run(work, organization_id=self.organization_id, actor=self.actor)


def _table(kind: ImportKind, path: Path, mapping: Mapping[str, str], *, is_part: bool) -> TableFile:
    return TableFile(path, kind.fields, mapping=mapping, is_part=is_part)


def _grouped(
    rows: Iterable[Record | Refused], group_by: str, table: TableFile
) -> Iterator[tuple[float, list[Record | Refused]]]:
    """Each row by itself, or the rows of each document together, wherever in the file they stand; and which share of
    the work comes before it: of the file that is read, or of the documents, which are only known at its end."""
    if not group_by:
        for row in rows:
            yield table.progress, [row]
        return
    documents: dict[str, list[Record | Refused]] = {}
    for row in rows:
        if isinstance(row, Refused):
            yield 0.0, [row]
        else:
            # Rows without a number are refused one by one, not as one document.
            documents.setdefault(row[group_by] or f"\x00{row.line}", []).append(row)
    for done, document in enumerate(documents.values()):
        yield done / len(documents), document


def _joined(
    kind: ImportKind, heads: TableFile, lines: TableFile, mapping: Mapping[str, str]
) -> Iterator[Record | Refused]:
    """The lines with the fields of their heads; a line names its own file's line number."""
    known: dict[str, dict[str, str]] = {}
    _require_columns(kind.fields, heads, lines, kind.group_by)
    for head in heads:
        if isinstance(head, Refused):
            yield head
        elif head[kind.group_by] in known:
            yield Refused(head.line, head[kind.group_by], f"{heads.path.name} has this {kind.group_by} twice")
        else:
            known[head[kind.group_by]] = head.values
    used: set[str] = set()
    for line in lines:
        if isinstance(line, Refused):
            yield line
            continue
        key = line[kind.group_by]
        if key not in known:
            yield Refused(line.line, key, f"{heads.path.name} has no {kind.group_by} '{key[:60]}'")
            continue
        used.add(key)
        yield Record(line.line, {**known[key], **{name: text for name, text in line.values.items() if text}})
    for key in known:
        if key not in used:
            yield Refused(0, key, f"{lines.path.name} has no lines of it")


def _require_columns(fields: tuple[Field, ...], heads: TableFile, lines: TableFile, group_by: str) -> None:
    for table in (heads, lines):
        if group_by not in table.columns:
            raise Invalid(f"{table.path.name} has no column for {group_by}: the two files are joined by it")
    for field in fields:
        if field.is_required and field.name not in heads.columns and field.name not in lines.columns:
            raise Invalid(f"neither file has a column for {field.name}. Name it with --map {field.name}=COLUMN.")
