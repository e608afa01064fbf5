"""`ambra labels`: print bins, totes, badges, variants, cases, license plates and documents.

Example::

    $ ambra labels bins --site WH1 --out bins.pdf --sheet a4-24
    182 labels of bins are in bins.pdf.
    $ ambra labels badges --code BDG-1001 --name Ana --printer tcp://10.0.0.7:9100
    1 label of badges is printed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ambra_tui.cli.arguments import add_store_arguments
from ambra_tui.cli.command import Command
from ambra_tui.errors import Invalid

if TYPE_CHECKING:
    from sqlmodel import Session

    from ambra_tui.labels.model import Label
    from ambra_tui.store import Store

FORMATS = ("pdf", "svg", "png", "zpl")
DEFAULT_DPI = 203
MAX_NEW_PLATES = 10_000
_KINDS = {
    "bins": "bins and docks, by code or barcode",
    "totes": "totes, by code",
    "badges": "a badge: --code and --name",
    "variants": "single units, by SKU or barcode",
    "cases": "cases, by SKU or case barcode",
    "plates": "license plates by code, or new ones: --prefix and --count",
    "documents": "orders, purchase orders, transfers, returns, counts, batches, by number",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A subcommand for each kind of label, and ``jobs``, ``reprint``, ``printer``."""
    actions = parser.add_subparsers(title="labels", metavar="KIND", required=True)
    for kind, words in _KINDS.items():
        one = actions.add_parser(kind, help=words, description=f"Labels of {words}.", allow_abbrev=False)
        one.set_defaults(label_action=_print, label_kind=kind)
        if kind != "badges":
            one.add_argument("codes", metavar="CODE", nargs="*", help="which; all when none is named")
        _add_own(one, kind)
        _add_output(one)
        add_store_arguments(one)
    _add_queue(actions)


def _add_own(parser: argparse.ArgumentParser, kind: str) -> None:
    if kind in ("bins", "totes"):
        parser.add_argument("--site", metavar="CODE", default=argparse.SUPPRESS, help="only those of this site")
        parser.add_argument("--zone", metavar="NAME", help="only those of this zone")
        parser.add_argument("--arrow", choices=("up", "down"), default="", help="an arrow to the place")
    if kind in ("variants", "cases"):
        parser.add_argument("--lot", metavar="NUMBER", default="", help="with this lot and its dates")
    if kind == "plates":
        parser.add_argument("--prefix", metavar="DIGITS", help="new SSCCs: extension digit and company prefix")
        parser.add_argument("--first", metavar="N", type=int, default=1, help="the first serial number (1)")
        parser.add_argument("--count", metavar="N", type=int, default=1, help="how many (1)")
    if kind == "badges":
        parser.add_argument("--code", metavar="CODE", required=True, help="what the badge is to say")
        parser.add_argument("--name", metavar="NAME", required=True, help="whose badge it is")


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="FILE", help="a file; for many SVG or PNG labels a folder")
    parser.add_argument("--format", choices=FORMATS, help="else the ending of FILE tells, else pdf")
    parser.add_argument("--sheet", metavar="NAME", help="a4-24, a4-8, 100x50, 4x6 ... or WIDTHxHEIGHT in mm")
    parser.add_argument("--dpi", type=int, choices=(203, 300), help="the printer's dots an inch (203)")
    parser.add_argument("--printer", metavar="ADDRESS", help="tcp://host:9100 or file:///path, instead of --out")
    parser.add_argument("--copies", metavar="N", type=int, default=1, help="of each label (1)")
    parser.add_argument("--font", metavar="FILE", help="a font for letters that ours has not (else AMBRA_LABEL_FONT)")
    parser.add_argument("--language", metavar="CODE", default="en", help="of the few words on labels: en, de")


def _add_queue(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    listed = actions.add_parser("jobs", help="what was sent to printers", allow_abbrev=False)
    listed.add_argument("--state", choices=("queued", "printed", "failed"), help="only those")
    listed.set_defaults(label_action=_list)
    again = actions.add_parser("reprint", help="the labels of a job once more", allow_abbrev=False)
    again.add_argument("job", metavar="JOB", help="its id, or the end of it (see: ambra labels jobs)")
    again.add_argument("--printer", metavar="ADDRESS", help="on another printer")
    again.set_defaults(label_action=_reprint)
    printer = actions.add_parser("printer", help="a station's printer", allow_abbrev=False)
    printer.add_argument("station", metavar="STATION")
    printer.add_argument("address", metavar="ADDRESS", nargs="?", help="tcp://host:9100, file:///path or none")
    printer.set_defaults(label_action=_printer)
    for parser in (listed, again, printer):
        add_store_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Do what the subcommand says."""
    action: Callable[[argparse.Namespace], int] = arguments.label_action
    return action(arguments)


# -- print -----------------------------------------------------------------------------------------------------------


def _print(arguments: argparse.Namespace) -> int:
    if not arguments.out and not arguments.printer:
        raise Invalid("Say where the labels go: --out FILE, or --printer tcp://host:9100")
    if arguments.out and arguments.printer:
        raise Invalid("--out and --printer exclude each other: print now, or write a file")
    if arguments.copies < 1:
        raise Invalid("--copies is 1 or more", field="copies")
    if arguments.label_kind == "badges":
        return _print_badge(arguments)
    labels = _new_plates(arguments) if arguments.label_kind == "plates" and arguments.prefix else _from_store(arguments)
    if not labels:
        print(f"There are no {arguments.label_kind} to print labels of.")
        return 1
    return _write(arguments, labels) if arguments.out else _send(arguments, labels)


def _print_badge(arguments: argparse.Namespace) -> int:
    """Past the queue: what a badge says is a credential, and the store keeps none."""
    from ambra_tui.labels.printer import parse_printer, send
    from ambra_tui.services.labels import badge_label

    label = badge_label(arguments.code, arguments.name)
    if arguments.out:
        return _write(arguments, [label])
    send(
        parse_printer(_address(arguments)),
        "badge",
        label.title,
        [label],
        copies=arguments.copies,
        font=_font(arguments),
    )
    print("1 label of badges is printed.")
    return 0


def _new_plates(arguments: argparse.Namespace) -> list[Label]:
    from ambra_tui.services.label_lists import new_plate_labels

    if not 1 <= arguments.count <= MAX_NEW_PLATES:
        raise Invalid(f"--count is 1 to {MAX_NEW_PLATES}", field="count")
    return new_plate_labels(arguments.prefix, arguments.first, arguments.count)


def _from_store(arguments: argparse.Namespace) -> list[Label]:
    from ambra_tui.cli.stores import opened

    with opened(arguments) as (store, organization):
        assert organization.id is not None
        with store.read(organization.id) as session:
            return _selected(session, arguments)


def _selected(session: Session, arguments: argparse.Namespace) -> list[Label]:
    from ambra_tui.services import label_lists as labels

    kind, codes, language = arguments.label_kind, arguments.codes, arguments.language
    if kind in ("bins", "totes"):
        return labels.location_labels(
            session,
            codes,
            site=arguments.site,
            zone=arguments.zone,
            totes=kind == "totes",
            arrow=arguments.arrow,
        )
    if kind == "variants":
        return labels.variant_labels(session, codes, lot_number=arguments.lot, language=language)
    if kind == "cases":
        return labels.case_labels(session, codes, lot_number=arguments.lot, language=language)
    if kind == "plates":
        return labels.plate_labels(session, codes)
    return labels.document_labels(session, codes)


def _write(arguments: argparse.Namespace, labels: Sequence[Label]) -> int:
    from ambra_tui.cli.label_files import write_labels

    write_labels(
        labels,
        arguments.out,
        kind=arguments.label_kind,
        format_name=arguments.format,
        sheet=arguments.sheet,
        dpi=arguments.dpi or DEFAULT_DPI,
        copies=arguments.copies,
        font=_font(arguments),
    )
    print(f"{_counted(labels, arguments.label_kind)} in {arguments.out}.")
    return 0


def _counted(labels: Sequence[Label], kind: str) -> str:
    return f"{len(labels)} label{'s' if len(labels) > 1 else ''} of {kind} {'are' if len(labels) > 1 else 'is'}"


def _font(arguments: argparse.Namespace) -> Path | None:
    from ambra_tui.settings import Settings

    named = arguments.font or Settings.from_environment().label_font
    return Path(named) if named else None


def _send(arguments: argparse.Namespace, labels: Sequence[Label]) -> int:
    """Through the queue, so that the labels can be printed again, but watched until they are out."""
    from ambra_tui.cli.stores import opened
    from ambra_tui.services import printing

    if len(labels) > printing.MAX_LABELS:
        raise Invalid(
            f"{len(labels)} labels are more than the {printing.MAX_LABELS} of one print job. Name some of them, "
            "or write them with --out labels.zpl and send that file to the printer."
        )
    address = _address(arguments)
    with opened(arguments) as (store, organization):
        assert organization.id is not None
        return _sent(
            store,
            organization.id,
            lambda session: (
                printing.add_job(
                    session, labels, kind=arguments.label_kind, copies=arguments.copies, printer=address
                ).id
            ),
            f"{_counted(labels, arguments.label_kind)} printed.",
            font=_font(arguments),
        )


def _address(arguments: argparse.Namespace) -> str:
    """The printer with what ``--dpi`` and ``--sheet`` say of it."""
    from urllib.parse import urlencode

    told = {"dpi": arguments.dpi, "sheet": arguments.sheet}
    options = urlencode({name: value for name, value in told.items() if value is not None})
    if not options:
        return str(arguments.printer)
    return f"{arguments.printer}{'&' if '?' in arguments.printer else '?'}{options}"


def _sent(
    store: Store, organization_id: int, queued: Callable[[Session], str], done: str, *, font: Path | None = None
) -> int:
    import sys

    from ambra_tui.cli.stores import command_line_actor
    from ambra_tui.kit.text import printable
    from ambra_tui.services.print_sender import PrintSender

    actor = command_line_actor()
    job_id = store.writer.run(queued, organization_id=organization_id, actor=actor)
    failure = PrintSender(store, organization_id, actor.station, font=font).send_one(job_id)
    if failure is None:
        print(done)
        return 0
    print(f"Not printed: {printable(failure.error)}. Try again: ambra labels reprint {job_id}", file=sys.stderr)
    return 1


# -- the queue -------------------------------------------------------------------------------------------------------


def _list(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import opened
    from ambra_tui.kit.text import printable
    from ambra_tui.services import printing

    with opened(arguments) as (store, organization):
        assert organization.id is not None
        with store.read(organization.id) as session:
            rows = printing.jobs(session, state=arguments.state)
            for job in rows:
                place = job.printer or str(printing.saved_as(job))
                told = (f"{job.created_at:%Y-%m-%d %H:%M}", job.id, f"{job.state:7}", job.title, job.station, place)
                print("  ".join(printable(part) for part in (*told, job.error) if part))
    if not rows:
        print("No labels were sent to a printer.")
    return 0


def _reprint(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import opened
    from ambra_tui.services import printing

    with opened(arguments) as (store, organization):
        assert organization.id is not None
        return _sent(
            store,
            organization.id,
            lambda session: printing.reprint(session, arguments.job, printer=arguments.printer).id,
            "Printed.",
        )


def _printer(arguments: argparse.Namespace) -> int:
    from ambra_tui.cli.stores import command_line_actor, opened
    from ambra_tui.kit.text import printable
    from ambra_tui.services import printing

    with opened(arguments) as (store, organization):
        assert organization.id is not None
        if arguments.address:
            store.writer.run(
                lambda session: printing.set_printer(session, arguments.station, arguments.address),
                organization_id=organization.id,
                actor=command_line_actor(),
            )
        with store.read(organization.id) as session:
            address = printing.printer_of(session, arguments.station)
    print(f"{printable(arguments.station)}: {printable(address) or f'no printer; labels go to {printing.folder()}'}")
    return 0


COMMAND = Command(name="labels", help="print labels", add_arguments=add_arguments, run=run)
