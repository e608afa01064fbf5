"""The label of what a card shows, by one key from any flow: queued with the step, never waited for.

Example::

    Prompt(..., commands=(label_command(desk),))
    return Heard(state, print_label(desk, "plate", plate.id))     # on the command "label"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ambra_tui.floor.conversation import Command, Verdict
from ambra_tui.floor.count_state import is_blind
from ambra_tui.floor.desk import Desk
from ambra_tui.labels.model import Label
from ambra_tui.services import labels, printing

LABEL_KEY, LABEL = "f9", "label"


def label_command(desk: Desk) -> Command:
    """F9, heard back as the command ``label``."""
    return Command(LABEL_KEY, LABEL, desk.say("labels.print"))


def print_label(desk: Desk, kind: str, subject_id: str, detail: str = "") -> Verdict:
    """Queues the label of a thing (kinds as in `services.inquiry.Subject`): G80, or W80 where the station has no
    printer. A printer that fails later is told by W81; what the step posted stays."""
    found = labels.labels_of(desk.session, kind, subject_id, detail, language=desk.language)
    return _queue(desk, kind, found)


def print_plate(desk: Desk, code: str) -> Verdict:
    """Queues the label of a license plate by its code, also before anything stands on it."""
    return _queue(desk, "plate", [labels.plate_label_of(desk.session, code)])


def _queue(desk: Desk, kind: str, found: Sequence[Label]) -> Verdict:
    if is_blind(desk):  # a plate's label tells quantities, which who counts blind must not see
        found = [replace(label, lines=()) if label.kind == "plate" else label for label in found]
    job = printing.add_job(desk.session, found, kind=kind)
    if job.printer:
        return Verdict("G80", {"label": job.title})
    return Verdict("W80", {"label": job.title, "file": f"{printing.folder().name}/{printing.saved_as(job).name}"})
