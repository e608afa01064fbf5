"""What a scan is: the raw frame as a source delivered it, and the frozen value that parsing makes of it.

Example::

    RawScan(text="]E05001000000019", source="wedge", how="scan")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

GS = "\x1d"

How = Literal["scan", "manual"]
Kind = Literal["gs1", "digital_link", "gtin", "restricted", "plain", "invalid"]


@dataclass(frozen=True, slots=True)
class RawScan:
    """One frame of text without its terminator.

    `how`: ``scan`` from a scanner, ``manual`` when a person typed it. `first_ms`, `last_ms`: arrival of the
    first and last byte on a monotonic clock. `suspect`: bytes outside the configured character set were
    dropped. `trouble`: empty, or why the frame cannot be used (``overflow``, ``broken``).
    """

    text: str
    source: str
    how: How = "scan"
    first_ms: float = 0.0
    last_ms: float = 0.0
    suspect: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """What a frame means. Parsing never raises: a bad frame has kind ``invalid`` and an `error` code.

    `gtin`: 14 digits, from AI 01, else AI 02 (then `is_content` is true), else a bare GTIN; `count`: AI 30 or 37;
    `expiry`: AI 17; `best_before`: AI 15; `production_date`: AI 11; `net_weight_kg`: AI 310n or a
    variable-weight mask; `item_reference`: the item digits of a restricted number; `other`: every further
    Application Identifier and its text; `warnings`: codes of doubts that do not refuse the scan; `elements`:
    every Application Identifier in reading order; `missing`: what the label still owes, one sentence a rule.
    """

    raw: str
    kind: Kind
    symbology: str = ""
    text: str = ""
    gtin: str = ""
    is_content: bool = False
    lot: str = ""
    serial: str = ""
    expiry: date | None = None
    best_before: date | None = None
    production_date: date | None = None
    count: Decimal | None = None
    net_weight_kg: Decimal | None = None
    sscc: str = ""
    gln: str = ""
    item_reference: str = ""
    other: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    detail: str = ""
    warnings: tuple[str, ...] = ()
    elements: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceState:
    """`condition`: ready, down or reconnecting; `reason`: a sentence for the person at the scanner."""

    condition: Literal["ready", "down", "reconnecting"]
    reason: str = ""


Deliver = Callable[[RawScan], None]


class ScanSource(Protocol):
    """Anything that delivers frames: started once with a `deliver` callable, which may be called on any thread."""

    name: str

    def start(self, deliver: Deliver) -> None: ...

    def stop(self) -> None: ...

    @property
    def state(self) -> SourceState: ...
