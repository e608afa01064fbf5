"""From the text of a frame to a Scan. Parsing never raises: a bad frame is a Scan of kind ``invalid``.

Example::

    scan = parse("]C10105001000000019" + "17260715" + "10M130", today=date(2026, 3, 2))
    scan.gtin, scan.lot, scan.expiry   # ('05001000000019', 'M130', date(2026, 7, 15))
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ambra_tui.kit.text import printable
from ambra_tui.scan import gs1, symbology
from ambra_tui.scan.check_digits import has_check_digit
from ambra_tui.scan.digital_link import holds_key, is_address, read_link
from ambra_tui.scan.model import GS, Kind, RawScan, Scan
from ambra_tui.scan.numbers import expand_upc_e, is_number, is_restricted, to_gtin_14
from ambra_tui.scan.refusal import Code, Refused
from ambra_tui.scan.restricted import Mask, load_masks, read_restricted

MAX_LENGTH = 4096
_BLANKS = " \t\r\n\ufeff"
_CONTROL = re.compile(
    "[\x00-\x1c\x1e\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufeff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_UNDECODABLE = "\ufffd"
_COMPOSITE = "|]e0"
# Keys with a check digit, and 8004: only these open an element string that carries no AIM identifier.
_LEADING_KEY = re.compile(r"\x1d|0[0-3]|25[35]|402|41[0-7]|80(?:03|04|06|13|17|18|26)")
_SEMANTIC = ("bad_check_digit", "bad_date", "missing_ai", "excluded_ai", "repeated_ai")


@dataclass(frozen=True, slots=True)
class _Reading:
    """What every reader needs besides the text."""

    today: date
    masks: Sequence[Mask]
    associations: bool


def parse(raw: str, *, today: date, masks: Sequence[Mask] | None = None, associations: bool = True) -> Scan:
    """What `raw` means on the day `today`.

    `masks`: how restricted numbers are read, by default the active set of `data/scan_masks.toml`. `associations`:
    whether identifiers that require others are refused without them; False for one symbol of a label that has
    several, where `Scan.missing` tells what the label still owes.
    """
    if len(raw) > MAX_LENGTH:
        return _invalid(raw, Refused("too_long", f"more than {MAX_LENGTH} characters"))
    identifier, text = symbology.split(raw.strip(_BLANKS))
    reading = _Reading(today, load_masks() if masks is None else masks, associations)
    try:
        _check_characters(text)
        scan = _read(text, identifier, reading)
    except Refused as refusal:
        return _invalid(raw, refusal, identifier=identifier, text=text)
    return replace(scan, raw=raw, symbology=identifier)


def parse_frame(
    frame: RawScan, *, today: date, masks: Sequence[Mask] | None = None, associations: bool = False
) -> Scan:
    """What a frame of a source means: one symbol, perhaps of a label with several, so `associations` is False."""
    if frame.trouble:
        code: Code = "overflow" if frame.trouble == "overflow" else "broken"
        return _invalid(frame.text, Refused(code, "the frame came incomplete: scan again"))
    scan = parse(frame.text, today=today, masks=masks, associations=associations)
    if frame.suspect and scan.kind != "invalid":
        return replace(scan, warnings=(*scan.warnings, "suspect"))
    return scan


def _invalid(raw: str, refusal: Refused, *, identifier: str = "", text: str = "") -> Scan:
    return Scan(
        raw=raw,
        kind="invalid",
        symbology=identifier,
        text=text,
        error=refusal.code,
        detail=printable(refusal.detail),
    )


def _check_characters(text: str) -> None:
    if not text:
        raise Refused("empty", "nothing was read")
    control = _CONTROL.search(text)
    if control:
        raise Refused("control_character", f"it holds the control character {ord(control.group()):02X}")
    if _UNDECODABLE in text:
        raise Refused("bad_charset", "it holds bytes that are no text")


def _read(text: str, identifier: str, reading: _Reading) -> Scan:
    if identifier in symbology.GS1:
        return _read_gs1(text, reading)
    if identifier in (symbology.EAN_UPC, symbology.EAN_UPC_WITH_ADDON, symbology.EAN_8):
        return _read_ean(text, identifier, reading)
    if identifier in symbology.ITF and is_number(text) and len(text) == 14:
        return _number(text, _checked(text), reading)
    if identifier == symbology.PLAIN_CODE_128:
        return _plain(text)
    return _read_bare(text, reading)


def _read_bare(text: str, reading: _Reading) -> Scan:
    """Text without a telling AIM identifier: the first form that fits whole."""
    if is_address(text):
        return _read_address(text, reading)
    if gs1.is_bracketed(text):
        return _elements(text, gs1.read_bracketed(text), "gs1", reading)
    if is_number(text):
        return _read_bare_number(text, reading)
    if _LEADING_KEY.match(text):
        return _read_bare_elements(text, reading)
    return _plain(text)


def _read_address(text: str, reading: _Reading) -> Scan:
    if not holds_key(text):
        return _plain(text)
    return _elements(text, read_link(text), "digital_link", reading)


def _read_bare_number(text: str, reading: _Reading) -> Scan:
    if len(text) == 8:
        upc_a = expand_upc_e(text)
        is_ean_8 = has_check_digit(text)
        # A GTIN-8 never begins with 0 outside one company, a UPC-E nearly always does.
        if upc_a and (text[0] == "0" or not is_ean_8):
            return _number(text, upc_a, reading, warnings=("upc_e_or_ean_8",) if is_ean_8 else ())
    if not has_check_digit(text):
        return _plain(text, warnings=("bad_check_digit",))
    return _number(text, text, reading)


def _read_bare_elements(text: str, reading: _Reading) -> Scan:
    normal = gs1.with_separators(text)
    try:
        return _elements(normal, gs1.read_elements(normal), "gs1", replace(reading, associations=True))
    except Refused as refusal:
        if GS in text:
            raise
        return _plain(text, warnings=(refusal.code,) if refusal.code in _SEMANTIC else ())


def _read_gs1(text: str, reading: _Reading) -> Scan:
    normal = gs1.with_separators(text)
    if gs1.is_bracketed(normal):
        return _elements(normal, gs1.read_bracketed(normal), "gs1", reading)
    return _elements(normal, gs1.read_elements(normal), "gs1", reading)


def _read_ean(text: str, identifier: str, reading: _Reading) -> Scan:
    linear, composite, component = text.partition(_COMPOSITE)
    if not (linear.isascii() and linear.isdigit()):
        raise Refused("bad_charset", "an EAN or UPC holds digits alone")
    addon = ""
    if identifier == symbology.EAN_UPC_WITH_ADDON:
        linear, addon = linear[:13], linear[13:]
    digits = _ean_digits(linear, addon, identifier)
    if composite:
        elements = [("01", to_gtin_14(digits)), *gs1.read_elements(component)]
        return _elements(text, elements, "gs1", reading)
    scan = _number(linear, digits, reading)
    return replace(scan, other={**scan.other, "addon": addon}) if addon else scan


def _ean_digits(linear: str, addon: str, identifier: str) -> str:
    lengths = {symbology.EAN_8: (8,), symbology.EAN_UPC_WITH_ADDON: (13,)}.get(identifier, (8, 12, 13))
    if len(linear) not in lengths or len(addon) not in (0, 2, 5):
        raise Refused("bad_length", f"{len(linear) + len(addon)} digits in {symbology.name(identifier)}")
    if len(linear) == 8 and identifier == symbology.EAN_UPC:
        upc_a = expand_upc_e(linear)
        if not upc_a:
            raise Refused("bad_check_digit", f"the check digit of the UPC-E {linear} is wrong")
        return upc_a
    return _checked(linear)


def _checked(digits: str) -> str:
    if not has_check_digit(digits):
        raise Refused("bad_check_digit", f"the check digit of {digits} is wrong")
    return digits


def _number(text: str, digits: str, reading: _Reading, *, warnings: tuple[str, ...] = ()) -> Scan:
    gtin = to_gtin_14(digits)
    if not is_restricted(gtin):
        return Scan(raw="", kind="gtin", text=text, gtin=gtin, warnings=warnings, elements=(("01", gtin),))
    fields = read_restricted(gtin, reading.masks)
    return Scan(raw="", kind="restricted", text=text, warnings=warnings, **fields)


def _plain(text: str, *, warnings: tuple[str, ...] = ()) -> Scan:
    if GS in text:
        raise Refused("control_character", "it holds a separator but no Application Identifier")
    return Scan(raw="", kind="plain", text=text, warnings=warnings)


def _elements(text: str, elements: gs1.Elements, kind: Kind, reading: _Reading) -> Scan:
    gs1.check_together(elements)
    missing = gs1.missing_among(elements)
    if missing and reading.associations:
        raise Refused("missing_ai", missing[0])
    fields: dict[str, Any] = gs1.fields_of(elements, today=reading.today)
    return Scan(raw="", kind=kind, text=text, warnings=gs1.doubts_about(elements), missing=missing, **fields)
