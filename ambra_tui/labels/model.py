"""What a label says: codes for machines, a title and lines for people. Light: importing it loads no library.

Example::

    Label("bin", (Code("code128", "WH1-A01-1"),), title="A01-1", lines=("WH1", "pick"))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from ambra_tui.errors import Invalid

Symbology = Literal[
    "code128", "gs1_128", "ean13", "ean8", "upca", "itf14", "datamatrix", "gs1_datamatrix", "qr"
]  # fmt: skip
Arrow = Literal["", "up", "down"]
SQUARE = frozenset({"datamatrix", "gs1_datamatrix", "qr"})
MAX_LINES = 12


@dataclass(frozen=True, slots=True)
class Code:
    """One symbol. `text`: what a scanner reads, GS1 element strings with separators (0x1D) and without a leading FNC1;
    `shown`: what stands below the bars, the text itself when empty."""

    symbology: Symbology
    text: str
    shown: str = ""

    @property
    def is_square(self) -> bool:
        """A two-dimensional symbol."""
        return self.symbology in SQUARE


@dataclass(frozen=True, slots=True)
class Parcel:
    """What stands on a parcel: lines of the sender and, below `caption`, of the receiver; `service`: carrier and
    service in words; `route`: the postal code in large figures; `facts`: weight, which of how many; `notes`: order."""

    sender: tuple[str, ...]
    receiver: tuple[str, ...]
    service: tuple[str, ...]
    route: str
    facts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """One label. `codes`: the first is the main one; a square one after bars stands beside them. `title`: in large
    letters; `lines`: below it; `arrow`: where the thing is, seen from the label. `parcel`: it is laid out as a
    parcel's."""

    kind: str
    codes: tuple[Code, ...]
    title: str
    lines: tuple[str, ...] = ()
    arrow: Arrow = ""
    parcel: Parcel | None = None

    @property
    def name(self) -> str:
        """How refusals and file names call it."""
        return f"{self.kind} {self.title}"


def label_to_json(label: Label) -> dict[str, Any]:
    """The label as JSON values."""
    codes = [{"symbology": code.symbology, "text": code.text, "shown": code.shown} for code in label.codes]
    values = {
        "kind": label.kind,
        "codes": codes,
        "title": label.title,
        "lines": list(label.lines),
        "arrow": label.arrow,
    }
    return values if label.parcel is None else {**values, "parcel": asdict(label.parcel)}


def label_from_json(values: Mapping[str, Any]) -> Label:
    """The label that `label_to_json` wrote. Raises Invalid for a symbology that this version does not draw."""
    for code in values["codes"]:
        if code["symbology"] not in get_args(Symbology):
            raise Invalid(f"'{code['symbology']}' is no kind of barcode that can be drawn")
    codes = tuple(Code(code["symbology"], code["text"], code["shown"]) for code in values["codes"])
    told = values.get("parcel")
    parcel = None if told is None else Parcel(**{name: _frozen(value) for name, value in told.items()})
    return Label(values["kind"], codes, values["title"], tuple(values["lines"]), values["arrow"], parcel)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else value
