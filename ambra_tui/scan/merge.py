"""Several symbols of one label read as one: the licence plate in one, item, expiry and lot in another.

Example::

    collector = LabelCollector(seconds=5.0)
    collector.add(first, at=0.0)
    collector.add(second, at=1.2).lot
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ambra_tui.scan import gs1
from ambra_tui.scan.model import Scan
from ambra_tui.scan.refusal import Code, Refused

HOLD_SECONDS = 5.0
_DATES = ("expiry", "best_before", "production_date")
_LABEL_KINDS = frozenset({"gs1", "digital_link", "gtin"})
_ITEM_KEYS = ("00", "01", "02")


def merge(scans: Sequence[Scan], *, associations: bool = True) -> Scan:
    """One Scan of everything that the symbols of a label say. Never raises.

    The pairing rules hold over all of them together; two values for one identifier are refused. An invalid symbol
    makes the label invalid. `associations` False leaves out what is still missing, for a label half read.
    """
    if not scans:
        return Scan(raw="", kind="invalid", error="empty", detail="no symbol was read")
    raw = "\n".join(scan.raw for scan in scans)
    bad = next((scan for scan in scans if scan.kind == "invalid"), None)
    if bad is not None:
        return _invalid(raw, bad.error, bad.detail)
    stranger = next((scan for scan in scans if scan.kind not in _LABEL_KINDS), None)
    if stranger is not None and len(scans) == 1:
        return stranger
    if stranger is not None:
        return _invalid(raw, "not_a_label", f"'{stranger.text[:40]}' is no symbol of a label")
    try:
        return _merged(scans, raw, associations=associations)
    except Refused as refusal:
        return _invalid(raw, refusal.code, refusal.detail)


def _merged(scans: Sequence[Scan], raw: str, *, associations: bool) -> Scan:
    elements = [element for scan in scans for element in scan.elements]
    gs1.check_together(elements)
    missing = gs1.missing_among(elements)
    if missing and associations:
        raise Refused("missing_ai", missing[0])
    fields: dict[str, Any] = gs1.undated_fields(elements)
    fields |= {name: _first(scans, name) for name in (*_DATES, "lot", "serial", "sscc")}
    return Scan(
        raw=raw,
        kind=scans[0].kind if len(scans) == 1 else "gs1",
        symbology=scans[0].symbology if len({scan.symbology for scan in scans}) == 1 else "",
        text="\n".join(scan.text for scan in scans),
        warnings=tuple(dict.fromkeys(warning for scan in scans for warning in scan.warnings)),
        missing=missing,
        **fields,
    )


def _first(scans: Sequence[Scan], name: str) -> Any:
    values = [getattr(scan, name) for scan in scans]
    return next((value for value in values if value), values[0])


def _invalid(raw: str, error: Code | str, detail: str) -> Scan:
    return Scan(raw=raw, kind="invalid", error=error, detail=detail)


class LabelCollector:
    """Holds the symbols of one label while they come; the caller tells the time, in seconds of any clock.

    Not safe for several threads: it belongs to one conversation.
    """

    def __init__(self, *, seconds: float = HOLD_SECONDS) -> None:
        self._seconds = seconds
        self._held: list[Scan] = []
        self._last = 0.0

    def add(self, scan: Scan, *, at: float) -> Scan:
        """The label so far, with `scan`: parse each symbol with ``associations=False`` before.

        A symbol that comes too late, or names another item or licence plate, begins a new label. A symbol that
        contradicts the label in anything else is refused: the answer is invalid and the label stays as it was. What
        is no symbol of a label is given back as it is.
        """
        if scan.kind not in _LABEL_KINDS:
            return scan
        if not self.is_open(at=at) or self._names_another(scan):
            self._held = []
        label = merge([*self._held, scan], associations=False)
        if label.kind == "invalid":
            return label
        if scan.elements not in [held.elements for held in self._held]:
            self._held.append(scan)
        self._last = at
        return label

    def is_open(self, *, at: float) -> bool:
        """True while a symbol scanned at `at` would still join the label."""
        return bool(self._held) and at - self._last <= self._seconds

    def finish(self) -> Scan:
        """The label as a whole, its requirements checked; holds nothing afterwards."""
        label = merge(self._held)
        self._held = []
        return label

    def clear(self) -> None:
        """Forget the symbols held."""
        self._held = []

    def _names_another(self, scan: Scan) -> bool:
        held = {element for symbol in self._held for element in symbol.elements}
        held_values = dict(held)
        return any(ai in _ITEM_KEYS and held_values.get(ai, value) != value for ai, value in scan.elements)
