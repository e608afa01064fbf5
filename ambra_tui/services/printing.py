"""The queue of labels: what was asked for, for which printer, and what became of it. Nobody waits for a printer.

A station has one printer. A job is a row; the process of its station sends it (`print_sender`), and a failed one is
told and can be sent again.

Example::

    set_printer(session, "dock-1", "tcp://10.0.0.7:9100")
    job = add_job(session, labels, kind="bin")
    reprint(session, job.id)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, update
from sqlmodel import Session, col, func, select

from ambra_tui.errors import Conflict, Invalid, NotFound, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.labels.model import Label, label_from_json, label_to_json
from ambra_tui.labels.printer import file_name, parse_printer
from ambra_tui.settings import data_folder
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import PrintJob, StationPrinter
from ambra_tui.store.scope import actor_of, now_of, organization_of, scoped

NO_PRINTER = "none"
MAX_LABELS, MAX_COPIES, MAX_WAITING = 500, 100, 1_000
KEPT_DAYS = 30
MAX_STATION = 60


@dataclass(frozen=True, slots=True)
class Work:
    """A job as the sender needs it, apart from the store's row. `attempt`: this one, counted from 1."""

    id: str
    title: str
    labels: tuple[Label, ...]
    copies: int
    printer: str
    attempt: int


# -- printers --------------------------------------------------------------------------------------------------------


def set_printer(session: Session, station: str, address: str) -> None:
    """Gives a station its printer; ``none`` takes it away. Raises Invalid for what is no address."""
    name = clean_line(station, field="station", max_length=MAX_STATION)
    row = session.get(StationPrinter, (organization_of(session), name))
    if address == NO_PRINTER:
        if row is not None:
            session.delete(row)
            session.flush()
        return
    parse_printer(address)
    if row is not None and row.address == address:
        return
    row = row or StationPrinter(
        organization_id=organization_of(session), station=name, address="", updated_at=now_of(session)
    )
    row.address = clean_line(address, field="printer")
    row.updated_at = now_of(session)
    session.add(row)
    session.flush()
    audit(session, "printer_set", name, printer=row.address)


def printer_of(session: Session, station: str) -> str:
    """The address of a station's printer; empty: it has none."""
    row = session.get(StationPrinter, (organization_of(session), station))
    return row.address if row is not None else ""


def folder() -> Path:
    """Where labels go as PDF while a station has no printer."""
    return data_folder() / "labels"


def saved_as(job: PrintJob) -> Path:
    """The file that a job without a printer becomes."""
    return folder() / file_name(job.id, job.title)


# -- the queue -------------------------------------------------------------------------------------------------------


def add_job(
    session: Session,
    labels: Sequence[Label],
    *,
    kind: str,
    copies: int = 1,
    printer: str | None = None,
    station: str | None = None,
) -> PrintJob:
    """Puts labels into the queue of a station (the asking one unless told). `printer` None: the station's own.

    Raises Invalid for nothing or too much, Conflict when too many jobs wait already.
    """
    if not 1 <= len(labels) <= MAX_LABELS:
        raise Invalid(f"a print job has 1 to {MAX_LABELS} labels, not {len(labels)}", field="labels")
    if not 1 <= copies <= MAX_COPIES:
        raise Invalid(f"copies are 1 to {MAX_COPIES}", field="copies")
    actor = actor_of(session)
    name = actor.station if station is None else station
    if printer is not None:
        parse_printer(printer)
    _refuse_flood(session, name)
    more = f" +{len(labels) - 1}" if len(labels) > 1 else ""
    job = PrintJob(
        organization_id=organization_of(session),
        id=new_id("prt"),
        kind=kind,
        title=(labels[0].title + more)[:255],
        labels=[label_to_json(label) for label in labels],
        copies=copies,
        station=name,
        printer=printer_of(session, name) if printer is None else printer,
        user_id=actor.id,
        user_name=actor.name,
        created_at=now_of(session),
        updated_at=now_of(session),
    )
    session.add(job)
    session.flush()
    publish(session, "labels_queued", job.id, {"kind": kind, "station": name})
    return job


def _refuse_flood(session: Session, station: str) -> None:
    statement = select(func.count()).where(
        PrintJob.organization_id == organization_of(session), PrintJob.station == station, PrintJob.state == "queued"
    )
    if session.exec(statement).one() >= MAX_WAITING:
        raise Conflict(f"{MAX_WAITING} print jobs wait for this station's printer already. See to the printer first.")


def jobs(session: Session, *, state: str | None = None, limit: int = 50) -> list[PrintJob]:
    """The newest jobs first."""
    statement = scoped(session, PrintJob)
    if state is not None:
        statement = statement.where(PrintJob.state == state)
    return list(session.exec(statement.order_by(col(PrintJob.created_at).desc(), col(PrintJob.id).desc()).limit(limit)))


def find_job(session: Session, text: str) -> PrintJob:
    """The job with this id, or the one whose id ends so. Raises NotFound, Conflict naming several."""
    exact = session.get(PrintJob, (organization_of(session), text))
    if exact is not None:
        return exact
    found = [job for job in jobs(session, limit=MAX_WAITING) if text and job.id.endswith(text.upper())]
    if len(found) > 1:
        raise Conflict(f"several print jobs end in {text}: {', '.join(job.id for job in found[:5])}")
    if not found:
        raise NotFound("print_job", text)
    return found[0]


def reprint(session: Session, job_id: str, *, printer: str | None = None) -> PrintJob:
    """The same labels once more, as they were, sent by the station that asks. `printer` None: where they went, else
    the printer that their station has today.

    Raises NotFound, WrongState while the first attempt is still to come."""
    job = find_job(session, job_id)
    if job.state == "queued":
        raise WrongState("print job", job.id, state="queued", step="reprint")
    address = printer if printer is not None else job.printer or printer_of(session, job.station)
    again = add_job(
        session,
        [label_from_json(values) for values in job.labels],
        kind=job.kind,
        copies=job.copies,
        printer=address or None,
    )
    audit(session, "labels_reprinted", job.id, again=again.id)
    return again


# -- the sender's part -----------------------------------------------------------------------------------------------


def waiting(session: Session, station: str, *, limit: int = 20) -> list[str]:
    """Ids of a station's jobs that are to be sent, oldest first."""
    statement = select(PrintJob.id).where(
        PrintJob.organization_id == organization_of(session), PrintJob.station == station, PrintJob.state == "queued"
    )
    return list(session.exec(statement.order_by(col(PrintJob.created_at), col(PrintJob.id)).limit(limit)))


def begin(session: Session, job_id: str) -> Work | None:
    """Takes a job for one attempt; None when it is gone or done."""
    job = session.get(PrintJob, (organization_of(session), job_id), with_for_update=True)
    if job is None or job.state != "queued":
        return None
    job.attempts += 1
    job.updated_at = now_of(session)
    session.add(job)
    session.flush()
    labels = tuple(label_from_json(values) for values in job.labels)
    return Work(job.id, job.title, labels, job.copies, job.printer, job.attempts)


def printed(session: Session, job_id: str) -> None:
    """The labels are out."""
    _finish(session, job_id, "printed", "")


def failed(session: Session, job_id: str, error: str) -> None:
    """The labels are not out, and nobody tries again by himself; every terminal looks."""
    _finish(session, job_id, "failed", error)
    publish(session, "labels_failed", job_id, {"error": error[:200]})


def _finish(session: Session, job_id: str, state: str, error: str) -> None:
    moment = now_of(session)
    statement = (
        update(PrintJob)
        .where(col(PrintJob.organization_id) == organization_of(session), col(PrintJob.id) == job_id)
        .values(
            state=state,
            error=error[:500],
            updated_at=moment,
            printed_at=moment if state == "printed" else None,
        )
    )
    session.connection().execute(statement)


def forget_old(session: Session) -> None:
    """Takes away what was printed longer than `KEPT_DAYS` ago."""
    before = now_of(session) - timedelta(days=KEPT_DAYS)
    statement = delete(PrintJob).where(
        col(PrintJob.organization_id) == organization_of(session),
        col(PrintJob.state) == "printed",
        col(PrintJob.created_at) < before,
    )
    session.connection().execute(statement)
