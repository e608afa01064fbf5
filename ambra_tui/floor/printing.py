"""The label of what a card shows, by one key from any flow: queued with the step, never waited for.

Example::

    Prompt(..., commands=(label_command(desk),))
    return Heard(state, print_label(desk, "plate", plate.id))     # on the command "label"
"""

from __future__ import annotations

from ambra_tui.floor.conversation import Command, Verdict
from ambra_tui.floor.desk import Desk
from ambra_tui.services import labels, printing
from ambra_tui.store.models import PrintJob

LABEL_KEY, LABEL = "f9", "label"


def label_command(desk: Desk) -> Command:
    """F9, heard back as the command ``label``."""
    return Command(LABEL_KEY, LABEL, desk.say("labels.print"))


def print_label(desk: Desk, kind: str, subject_id: str, detail: str = "") -> Verdict:
    """Queues the label of a thing (kinds as in `services.inquiry.Subject`): G80, or W80 where the station has no
    printer. A printer that fails later is told by W81; what the step posted stays."""
    return _told(labels.queue(desk.session, kind, [subject_id], details=[detail], language=desk.language))


def print_plate(desk: Desk, code: str) -> Verdict:
    """Queues the label of a license plate by its code, also before anything stands on it."""
    return _told(printing.add_job(desk.session, [labels.plate_label_of(desk.session, code)], kind="plate"))


def _told(job: PrintJob) -> Verdict:
    if job.printer:
        return Verdict("G80", {"label": job.title})
    return Verdict("W80", {"label": job.title, "file": str(printing.saved_as(job))})
